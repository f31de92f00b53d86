//! Rows of many groups in one vector: what the aggregate forms gather until they are asked.
//!
//! One growing vector costs far less than one a group, its size is known exactly, and it is put in order of groups only once.

/// Rows, each with the group it belongs to, in the order in which they came.
#[derive(Debug, Clone)]
pub(in crate::statistics) struct GroupedRows<T> {
    rows: Vec<(u32, T)>,
}

impl<T> Default for GroupedRows<T> {
    fn default() -> Self {
        GroupedRows { rows: Vec::new() }
    }
}

impl<T: Copy> GroupedRows<T> {
    pub(in crate::statistics) fn push(&mut self, group: usize, row: T) {
        // So many groups fit in no memory; four bytes make a row a third smaller than eight.
        self.rows.push((u32::try_from(group).unwrap_or(u32::MAX), row));
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.rows.capacity() * size_of::<(u32, T)>()
    }

    /// Takes out the rows of the first `groups` groups; those of the others stay, and their groups are counted from zero again.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> Vec<Vec<T>> {
        let mut taken: Vec<Vec<T>> = Vec::new();
        taken.resize_with(groups, Vec::new);
        let first_kept = u32::try_from(groups).unwrap_or(u32::MAX);
        self.rows.retain_mut(|(group, row)| match taken.get_mut(*group as usize) {
            Some(rows) => {
                rows.push(*row);
                false
            }
            None => {
                *group -= first_kept;
                true
            }
        });
        if self.rows.is_empty() {
            self.rows = Vec::new();
        }
        taken
    }
}
