//! Rows of many groups in one vector: what the aggregate forms gather until they are asked.
//!
//! One growing vector costs far less than one a group, its size is known exactly, and it is put in order of groups by counting,
//! not by comparing. Groups that come close together in time (a day's) lie close together in it: putting what is new in order
//! then leaves alone what came long before, and stays within the caches.

/// Rows, each with the group it belongs to.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct GroupedRows<T> {
    groups: Vec<u32>,
    rows: Vec<T>,
    /// What lies before has left already.
    head: usize,
    /// How many groups have left: groups are counted on from them, so that those that stay need no new numbers.
    gone: u32,
    /// What lies before has been put in order of groups.
    in_order: usize,
    /// What lies before has been cut down since it was put in order; at most `in_order`.
    cut_down: usize,
    scratch: Scratch<T>,
}

/// What putting in order needs besides, kept for the next time if it is small: fresh memory costs more than the work in it.
#[derive(Debug, Clone, Default)]
struct Scratch<T> {
    moved: Vec<T>,
    next: Vec<usize>,
}

/// Rows or groups for which scratch memory is kept.
const SCRATCH_KEPT: usize = 1 << 20;

impl<T: Copy + Default> GroupedRows<T> {
    pub(in crate::statistics) fn push(&mut self, group: usize, row: T) {
        self.groups.push(self.gone.saturating_add(number(group)));
        self.rows.push(row);
    }

    /// A row for each group, in one go.
    pub(in crate::statistics) fn extend(&mut self, groups: &[usize], rows: impl Iterator<Item = T>) {
        let gone = self.gone;
        self.rows.extend(rows.take(groups.len()));
        // One group a row, also if there were fewer rows than groups.
        let added = self.rows.len() - self.groups.len();
        self.groups.extend(groups.iter().take(added).map(|group| gone.saturating_add(number(*group))));
    }

    /// Several rows of one group.
    pub(in crate::statistics) fn extend_group(&mut self, group: usize, rows: impl IntoIterator<Item = T>) {
        self.rows.extend(rows);
        self.groups.resize(self.rows.len(), self.gone.saturating_add(number(group)));
    }

    pub(in crate::statistics) fn len(&self) -> usize {
        self.rows.len() - self.head
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        let scratch = self.scratch.moved.capacity() * size_of::<T>() + self.scratch.next.capacity() * size_of::<usize>();
        self.groups.capacity() * size_of::<u32>() + self.rows.capacity() * size_of::<T>() + scratch
    }

    /// Changes the rows that have not left.
    pub(in crate::statistics) fn for_each(&mut self, change: impl FnMut(&mut T)) {
        self.rows.get_mut(self.head..).unwrap_or_default().iter_mut().for_each(change);
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
            (self.in_order, self.cut_down) = (0, 0);
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
    /// What has been cut down and has got no further rows is passed over. Says how many rows were looked at.
    pub(in crate::statistics) fn cut_down(&mut self, mut keep: impl FnMut(&mut [T]) -> usize) -> usize {
        self.put_in_order();
        let from = self.cut_down.max(self.head);
        let (mut read, mut write) = (from, from);
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
        (self.in_order, self.cut_down) = (write, write);
        read - from
    }

    /// Puts in order what is not yet, and of what is only the groups that it may belong to.
    fn put_in_order(&mut self) {
        let Some(lowest) = self.groups.get(self.in_order..).and_then(|new| new.iter().min().copied()) else { return };
        let before = self.groups.get(self.head..self.in_order).unwrap_or_default();
        let from = self.head + before.partition_point(|group| *group < lowest);
        self.in_order = self.groups.len();
        self.cut_down = self.cut_down.min(from);
        let (Some(groups), Some(rows)) = (self.groups.get_mut(from..), self.rows.get_mut(from..)) else { return };
        if groups.is_sorted() {
            return;
        }
        let highest = groups.iter().max().copied().unwrap_or(lowest);
        let place = |group: u32| (group - lowest) as usize;
        let Scratch { moved, next } = &mut self.scratch;
        next.clear();
        next.resize(place(highest) + 1, 0);
        for group in groups.iter() {
            if let Some(count) = next.get_mut(place(*group)) {
                *count += 1;
            }
        }
        let mut start = 0;
        for count in next.iter_mut() {
            start += std::mem::replace(count, start);
        }
        moved.clear();
        moved.extend_from_slice(rows);
        for (group, row) in groups.iter().zip(rows.iter()) {
            if let Some(to) = next.get_mut(place(*group)) {
                if let Some(slot) = moved.get_mut(*to) {
                    *slot = *row;
                }
                *to += 1;
            }
        }
        rows.copy_from_slice(moved);
        // Each place now is where its group ends.
        let mut start = 0;
        for (group, end) in (lowest..=highest).zip(next.iter().copied()) {
            groups.get_mut(std::mem::replace(&mut start, end)..end).unwrap_or_default().fill(group);
        }
        if moved.len().max(next.len()) > SCRATCH_KEPT {
            self.scratch = Scratch::default();
        }
    }

    /// Gives memory back, and starts to count again before the numbers run out.
    fn make_smaller(&mut self) {
        if self.head > self.rows.len() / 2 {
            self.groups.drain(..self.head);
            self.rows.drain(..self.head);
            self.in_order -= self.head;
            self.cut_down = self.cut_down.saturating_sub(self.head);
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
                grouped.cut_down(odd_last);
                expected.iter_mut().skip(first).for_each(|rows| rows.retain(|row| row % 2 == 0));
            }
            prop_assert_eq!(grouped.len(), expected.iter().skip(first).map(Vec::len).sum::<usize>());
            taken.extend(vectors(&grouped.take(second)));
            taken.extend(vectors(&grouped.take(18 - first - second)));
            prop_assert_eq!(taken, expected);
            prop_assert_eq!(grouped.len(), 0);
        }
    }

    proptest! {
        #[test]
        fn cutting_down_looks_only_at_groups_with_new_rows(
            batches in prop::collection::vec((0usize..6, prop::collection::vec(0usize..4, 0..20)), 0..8),
        ) {
            let mut grouped = GroupedRows::default();
            let mut expected: Vec<Vec<usize>> = vec![Vec::new(); 10];
            for (lowest, groups) in &batches {
                for group in groups {
                    // Rows of a group are all alike, so one of them stays.
                    grouped.push(lowest + group, lowest + group);
                    expected[lowest + group] = vec![lowest + group];
                }
                let looked_at = grouped.cut_down(|rows| rows.len().min(1));
                prop_assert!(looked_at <= groups.len() + expected.iter().skip(*lowest).map(Vec::len).sum::<usize>());
                prop_assert_eq!(grouped.len(), expected.iter().map(Vec::len).sum::<usize>());
            }
            prop_assert_eq!(vectors(&grouped.take(10)), expected);
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
            let scratch = 8 * (10_000 + 100);
            assert!(grouped.size() <= (10_000 - group * 100) * 12 * 8 + scratch, "{} bytes after {group}", grouped.size());
        }
        assert_eq!(grouped.rows.capacity() + grouped.groups.capacity(), 0);
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
