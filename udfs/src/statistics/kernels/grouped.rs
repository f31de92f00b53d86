//! Rows of many groups in one vector: what the aggregate forms gather until they are asked.
//!
//! One growing vector costs far less than one a group, its size is known exactly, and it is put in order of groups only once.

use std::cmp::Reverse;

/// Rows, each with the group it belongs to.
#[derive(Debug, Clone)]
pub(in crate::statistics) struct GroupedRows<T> {
    rows: Vec<(u32, T)>,
    /// How many groups have left: groups are counted on from them, so that those that stay need no new numbers.
    gone: u32,
    /// Whether the rows are in order, the last groups first.
    in_order: bool,
}

impl<T> Default for GroupedRows<T> {
    fn default() -> Self {
        GroupedRows { rows: Vec::new(), gone: 0, in_order: false }
    }
}

impl<T: Copy> GroupedRows<T> {
    pub(in crate::statistics) fn push(&mut self, group: usize, row: T) {
        // So many groups fit in no memory; four bytes make a row a third smaller than eight.
        let group = u32::try_from(group).unwrap_or(u32::MAX);
        self.rows.push((self.gone.saturating_add(group), row));
        self.in_order = false;
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.rows.capacity() * size_of::<(u32, T)>()
    }

    /// Takes out the rows of the first `groups` groups; those of the others stay, and their groups are counted from zero again.
    ///
    /// Groups may leave a few at a time, so each time costs what leaves and not what stays.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> Vec<Vec<T>> {
        if !self.in_order {
            self.rows.sort_unstable_by_key(|(group, _)| Reverse(*group));
            self.in_order = true;
        }
        let end = self.gone.saturating_add(u32::try_from(groups).unwrap_or(u32::MAX));
        let staying = self.rows.partition_point(|(group, _)| *group >= end);
        let mut taken: Vec<Vec<T>> = Vec::new();
        taken.resize_with(groups, Vec::new);
        for (group, row) in self.rows.drain(staying..).rev() {
            if let Some(rows) = taken.get_mut((group - self.gone) as usize) {
                rows.push(row);
            }
        }
        self.gone = end;
        self.make_smaller();
        taken
    }

    /// Gives memory back, and starts to count again before the numbers run out.
    fn make_smaller(&mut self) {
        if self.rows.len() < self.rows.capacity() / 4 {
            self.rows.shrink_to_fit();
        }
        if self.rows.is_empty() || self.gone > u32::MAX / 2 {
            let gone = std::mem::take(&mut self.gone);
            self.rows.iter_mut().for_each(|(group, _)| *group -= gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn groups_leave_with_their_rows_however_few_at_a_time(
            before in prop::collection::vec(0usize..9, 0..40),
            after in prop::collection::vec(0usize..9, 0..40),
            first in 0usize..9, second in 0usize..9,
        ) {
            let mut grouped = GroupedRows::default();
            let mut expected: Vec<Vec<usize>> = vec![Vec::new(); 18];
            for (row, group) in before.iter().enumerate() {
                grouped.push(*group, row);
                expected[*group].push(row);
            }
            let mut taken = grouped.take(first);
            for (row, group) in after.iter().enumerate() {
                grouped.push(*group, 100 + row);
                expected[first + group].push(100 + row);
            }
            taken.extend(grouped.take(second));
            taken.extend(grouped.take(18 - first - second));
            taken.iter_mut().for_each(|rows| rows.sort_unstable());
            prop_assert_eq!(taken, expected);
            prop_assert_eq!(grouped.rows.len(), 0);
        }
    }

    #[test]
    fn numbers_of_groups_do_not_run_out() {
        let mut grouped = GroupedRows { rows: Vec::new(), gone: u32::MAX / 2, in_order: false };
        grouped.push(0, 'a');
        grouped.push(5, 'b');
        assert_eq!(grouped.take(1), [['a']]);
        assert_eq!((grouped.gone, grouped.take(5).pop()), (0, Some(vec!['b'])));
    }
}
