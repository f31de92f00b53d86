//! Rows of many groups in one vector: what the aggregate forms gather until they are asked.
//!
//! One growing vector costs far less than one a group, its size is known exactly, and it is put in order of groups by counting,
//! not by comparing. Groups that come close together in time (a day's) lie close together in it, so that putting them in order
//! stays within the caches.

/// Rows, each with the group it belongs to.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct GroupedRows<T> {
    groups: Vec<u32>,
    rows: Vec<T>,
    /// What lies before has left already.
    head: usize,
    /// How many groups have left: groups are counted on from them, so that those that stay need no new numbers.
    gone: u32,
    in_order: bool,
}

impl<T: Copy + Default> GroupedRows<T> {
    pub(in crate::statistics) fn push(&mut self, group: usize, row: T) {
        self.groups.push(self.gone.saturating_add(number(group)));
        self.rows.push(row);
        self.in_order = false;
    }

    /// A row for each group, in one go.
    pub(in crate::statistics) fn extend(&mut self, groups: &[usize], rows: impl Iterator<Item = T>) {
        let gone = self.gone;
        self.rows.extend(rows.take(groups.len()));
        // One group a row, also if there were fewer rows than groups.
        let added = self.rows.len() - self.groups.len();
        self.groups.extend(groups.iter().take(added).map(|group| gone.saturating_add(number(*group))));
        self.in_order = false;
    }

    /// Several rows of one group.
    pub(in crate::statistics) fn extend_group(&mut self, group: usize, rows: impl IntoIterator<Item = T>) {
        self.rows.extend(rows);
        self.groups.resize(self.rows.len(), self.gone.saturating_add(number(group)));
        self.in_order = false;
    }

    pub(in crate::statistics) fn len(&self) -> usize {
        self.rows.len() - self.head
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.groups.capacity() * size_of::<u32>() + self.rows.capacity() * size_of::<T>()
    }

    /// Takes out the rows of the first `groups` groups, each group's in the order in which they came; those of the others stay,
    /// and their groups are counted from zero again.
    ///
    /// Groups may leave a few at a time, so each time costs what leaves and not what stays.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> Runs<T> {
        self.put_in_order();
        let end = self.gone.saturating_add(number(groups));
        let waiting = self.groups.get(self.head..).unwrap_or_default();
        let leaving = waiting.get(..waiting.partition_point(|group| *group < end)).unwrap_or_default();
        let ends = ends_of(leaving, self.gone, groups);
        let rows = if leaving.len() == self.rows.len() {
            self.groups.clear();
            std::mem::take(&mut self.rows)
        } else {
            let from = self.head;
            self.head += leaving.len();
            self.rows.get(from..self.head).unwrap_or_default().to_vec()
        };
        self.gone = end;
        self.make_smaller();
        Runs { ends, rows }
    }

    /// Leaves of each group only what `keep` leaves of it: it brings what is to stay to the front and says how much that is.
    pub(in crate::statistics) fn shrink_groups(&mut self, mut keep: impl FnMut(&mut [T]) -> usize) {
        self.put_in_order();
        let (mut read, mut write) = (self.head, 0);
        while let Some(group) = self.groups.get(read).copied() {
            let length = self.groups.get(read..).unwrap_or_default().iter().take_while(|other| **other == group).count();
            let kept = self.rows.get_mut(read..read + length).map_or(0, &mut keep).min(length);
            self.rows.copy_within(read..read + kept, write);
            // `write` never passes `read`, so no group is overwritten before it is read.
            self.groups.get_mut(write..write + kept).unwrap_or_default().fill(group);
            read += length;
            write += kept;
        }
        self.groups.truncate(write);
        self.rows.truncate(write);
        self.head = 0;
    }

    fn put_in_order(&mut self) {
        if self.in_order {
            return;
        }
        self.in_order = true;
        let (groups, rows) = (self.groups.get(self.head..).unwrap_or_default(), self.rows.get(self.head..).unwrap_or_default());
        if groups.is_sorted() {
            return;
        }
        let (lowest, highest) = groups.iter().fold((u32::MAX, 0), |(lowest, highest), group| (lowest.min(*group), highest.max(*group)));
        let place = |group: u32| (group - lowest) as usize;
        let mut next = vec![0usize; place(highest) + 1];
        for group in groups {
            if let Some(count) = next.get_mut(place(*group)) {
                *count += 1;
            }
        }
        let mut start = 0;
        let mut in_order = Vec::with_capacity(groups.len());
        for (group, count) in (lowest..=highest).zip(&mut next) {
            let length = std::mem::replace(count, start);
            start += length;
            in_order.resize(start, group);
        }
        let mut moved = vec![T::default(); rows.len()];
        for (group, row) in groups.iter().zip(rows) {
            if let Some(to) = next.get_mut(place(*group)) {
                if let Some(slot) = moved.get_mut(*to) {
                    *slot = *row;
                }
                *to += 1;
            }
        }
        (self.groups, self.rows, self.head) = (in_order, moved, 0);
    }

    /// Gives memory back, and starts to count again before the numbers run out.
    fn make_smaller(&mut self) {
        if self.head > self.rows.len() / 2 {
            self.groups.drain(..self.head);
            self.rows.drain(..self.head);
            self.head = 0;
        }
        if self.rows.len() < self.rows.capacity() / 4 {
            self.rows.shrink_to_fit();
        }
        if self.groups.len() < self.groups.capacity() / 4 {
            self.groups.shrink_to_fit();
        }
        if self.len() == 0 || self.gone > u32::MAX / 2 {
            let gone = std::mem::take(&mut self.gone);
            self.groups.iter_mut().for_each(|group| *group = group.saturating_sub(gone));
        }
    }
}

/// So many groups fit in no memory; four bytes make a row a third smaller than eight.
fn number(group: usize) -> u32 {
    u32::try_from(group).unwrap_or(u32::MAX)
}

/// Where each of so many groups ends among rows in order of groups.
fn ends_of(in_order: &[u32], first: u32, groups: usize) -> Vec<usize> {
    let mut ends = Vec::with_capacity(groups);
    for (index, group) in in_order.iter().enumerate() {
        // All groups before this row's have ended.
        let ended = (*group - first) as usize;
        if ends.len() < ended {
            ends.resize(ended, index);
        }
    }
    ends.resize(groups, in_order.len());
    ends
}

/// The rows of groups that have left, one group after the other.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct Runs<T> {
    ends: Vec<usize>,
    rows: Vec<T>,
}

impl<T> Runs<T> {
    /// The rows of each group.
    pub(in crate::statistics) fn iter(&self) -> impl Iterator<Item = &[T]> {
        let mut start = 0;
        self.ends.iter().map(move |end| self.rows.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }

    /// The rows of each group, to be put in order or brought together.
    pub(in crate::statistics) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let mut start = 0;
        let mut rest = self.rows.as_mut_slice();
        self.ends.iter().map(move |end| {
            let length = *end - std::mem::replace(&mut start, *end);
            rest.split_off_mut(..length).unwrap_or_default()
        })
    }

    /// All rows, and where each group's end among them.
    pub(in crate::statistics) fn into_parts(self) -> (Vec<usize>, Vec<T>) {
        (self.ends, self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vectors(runs: &Runs<usize>) -> Vec<Vec<usize>> {
        runs.iter().map(<[usize]>::to_vec).collect()
    }

    proptest! {
        #[test]
        fn groups_leave_with_their_rows_in_the_order_they_came_however_few_at_a_time(
            before in prop::collection::vec(0usize..9, 0..40),
            after in prop::collection::vec(0usize..9, 0..40),
            first in 0usize..9, second in 0usize..9, shrinks in any::<bool>(),
        ) {
            let mut grouped = GroupedRows::default();
            let mut expected: Vec<Vec<usize>> = vec![Vec::new(); 18];
            grouped.extend(&before, 0..);
            for (row, group) in before.iter().enumerate() {
                expected[*group].push(row);
            }
            let mut taken = vectors(&grouped.take(first));
            for (row, group) in after.iter().enumerate() {
                grouped.push(*group, 100 + row);
                expected[first + group].push(100 + row);
            }
            if shrinks {
                // Odd rows go.
                let odd_last = |rows: &mut [usize]| { rows.sort_by_key(|row| row % 2); rows.iter().filter(|row| *row % 2 == 0).count() };
                grouped.shrink_groups(odd_last);
                expected.iter_mut().skip(first).for_each(|rows| rows.retain(|row| row % 2 == 0));
            }
            prop_assert_eq!(grouped.len(), expected.iter().skip(first).map(Vec::len).sum::<usize>());
            taken.extend(vectors(&grouped.take(second)));
            taken.extend(vectors(&grouped.take(18 - first - second)));
            prop_assert_eq!(taken, expected);
            prop_assert_eq!(grouped.len(), 0);
        }
    }

    #[test]
    fn numbers_of_groups_do_not_run_out() {
        let mut grouped = GroupedRows { gone: u32::MAX / 2, ..GroupedRows::default() };
        grouped.push(0, 7);
        grouped.push(5, 8);
        assert_eq!(vectors(&grouped.take(1)), [[7]]);
        assert_eq!((grouped.gone, vectors(&grouped.take(5)).pop()), (0, Some(vec![8])));
    }

    #[test]
    fn what_has_left_takes_no_memory() {
        let mut grouped = GroupedRows::default();
        (0..10_000).for_each(|row| grouped.push(row % 100, row));
        for group in 0..100 {
            assert_eq!(grouped.take(1).iter().next().map(<[usize]>::len), Some(100), "group {group}");
            assert!(grouped.size() <= (10_000 - group * 100) * 12 * 5, "{} bytes after {group}", grouped.size());
        }
        assert_eq!(grouped.size(), 0);
    }

    #[test]
    fn rows_can_be_changed_group_by_group() {
        let mut grouped = GroupedRows::default();
        grouped.extend(&[2, 0, 2, 0], [4, 3, 2, 1].into_iter());
        let mut runs = grouped.take(3);
        runs.iter_mut().for_each(<[usize]>::sort_unstable);
        assert_eq!(vectors(&runs), [vec![1, 3], vec![], vec![2, 4]]);
        assert_eq!(runs.into_parts(), (vec![2, 2, 4], vec![1, 3, 2, 4]));
    }
}
