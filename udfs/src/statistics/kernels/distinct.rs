//! The different values of each group, exactly: values are gathered as they come and sorted group by group when it is time.
//!
//! A set a group, or one hash table of (group, value), jumps through memory with every row; a vector that grows and is put in
//! order once does not. So that repeated values do not pile up, each group is cut down to its different values whenever there
//! are four times the rows that the last cut left: memory stays within a small multiple of what is different.

use super::grouped::{GroupedRows, Runs};

/// Fewer rows than these are never worth cutting down early.
const ROWS_BEFORE_CUT: usize = 1 << 22;

/// When to cut down next.
#[derive(Debug, Clone, Copy)]
struct Cut {
    rows: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Cut { rows: ROWS_BEFORE_CUT }
    }
}

impl Cut {
    fn after(different: usize) -> Cut {
        Cut { rows: different.saturating_mul(4).max(ROWS_BEFORE_CUT) }
    }
}

/// Sorts, moves the first of equal neighbours to the front and says how many these are.
fn bring_forward<T: Copy>(rows: &mut [T], compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> usize {
    if !rows.is_sorted_by(|a, b| compare(a, b).is_le()) {
        rows.sort_unstable_by(&compare);
    }
    let mut different = 0usize;
    for index in 0..rows.len() {
        let Some(row) = rows.get(index).copied() else { break };
        let last = different.checked_sub(1).and_then(|last| rows.get(last));
        if last.is_none_or(|last| compare(last, &row).is_ne())
            && let Some(slot) = rows.get_mut(different)
        {
            *slot = row;
            different += 1;
        }
    }
    different
}

/// The different numbers of each group; a number is any 64 bits.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct DistinctNumbers {
    rows: GroupedRows<i64>,
    cut: Cut,
}

impl DistinctNumbers {
    pub(in crate::statistics) fn push(&mut self, group: usize, number: i64) {
        self.rows.push(group, number);
        self.cut_down();
    }

    pub(in crate::statistics) fn extend(&mut self, groups: &[usize], numbers: impl Iterator<Item = i64>) {
        self.rows.extend(groups, numbers);
        self.cut_down();
    }

    pub(in crate::statistics) fn extend_group(&mut self, group: usize, numbers: &[i64]) {
        self.rows.extend_group(group, numbers.iter().copied());
        self.cut_down();
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.rows.size()
    }

    /// How many different numbers each of the first `groups` groups has, which leave.
    pub(in crate::statistics) fn counts(&mut self, groups: usize) -> Vec<usize> {
        let mut runs = self.rows.take(groups);
        self.cut = Cut::after(self.rows.len());
        runs.iter_mut().map(|numbers| bring_forward(numbers, i64::cmp)).collect()
    }

    /// The different numbers themselves.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> Runs<i64> {
        self.rows.shrink_groups(|numbers| bring_forward(numbers, i64::cmp));
        let runs = self.rows.take(groups);
        self.cut = Cut::after(self.rows.len());
        runs
    }

    fn cut_down(&mut self) {
        if self.rows.len() >= self.cut.rows {
            self.rows.shrink_groups(|numbers| bring_forward(numbers, i64::cmp));
            self.cut = Cut::after(self.rows.len());
        }
    }
}

/// Where a text lies, and a hash of it: most comparisons need no more.
#[derive(Debug, Clone, Copy, Default)]
struct Placed {
    hash: u64,
    start: usize,
    length: usize,
}

impl Placed {
    fn text<'a>(&self, texts: &'a [u8]) -> &'a [u8] {
        texts.get(self.start..self.start + self.length).unwrap_or_default()
    }

    fn compare(&self, other: &Placed, texts: &[u8]) -> std::cmp::Ordering {
        self.hash.cmp(&other.hash).then_with(|| self.text(texts).cmp(other.text(texts)))
    }
}

/// The texts of groups that have left.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct TextRuns {
    /// Where each group's texts end among all texts.
    pub ends: Vec<usize>,
    /// Where each text ends among all bytes.
    pub text_ends: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// The different texts (any bytes) of each group.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct DistinctTexts {
    rows: GroupedRows<Placed>,
    texts: Vec<u8>,
    cut: Cut,
}

impl DistinctTexts {
    /// Equal texts must come with equal hashes; different ones had better not, but may.
    pub(in crate::statistics) fn push(&mut self, group: usize, hash: u64, text: &[u8]) {
        self.rows.push(group, Placed { hash, start: self.texts.len(), length: text.len() });
        self.texts.extend_from_slice(text);
        if self.rows.len() >= self.cut.rows {
            self.cut_down();
        }
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.rows.size() + self.texts.capacity()
    }

    /// How many different texts each of the first `groups` groups has, which leave.
    pub(in crate::statistics) fn counts(&mut self, groups: usize) -> Vec<usize> {
        let mut runs = self.rows.take(groups);
        let counts = runs.iter_mut().map(|rows| bring_forward(rows, |a, b| a.compare(b, &self.texts))).collect();
        self.forget_texts();
        counts
    }

    /// The different texts themselves.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> TextRuns {
        let mut runs = self.rows.take(groups);
        let mut taken = TextRuns::default();
        for rows in runs.iter_mut() {
            let different = bring_forward(rows, |a, b| a.compare(b, &self.texts));
            for row in rows.iter().take(different) {
                taken.bytes.extend_from_slice(row.text(&self.texts));
                taken.text_ends.push(taken.bytes.len());
            }
            taken.ends.push(taken.text_ends.len());
        }
        self.forget_texts();
        taken
    }

    fn cut_down(&mut self) {
        let texts = &self.texts;
        self.rows.shrink_groups(|rows| bring_forward(rows, |a, b| a.compare(b, texts)));
        self.forget_texts();
    }

    /// Drops the texts that no row points to.
    fn forget_texts(&mut self) {
        let before = std::mem::take(&mut self.texts);
        self.rows.shrink_groups(|rows| {
            for row in rows.iter_mut() {
                let start = self.texts.len();
                self.texts.extend_from_slice(row.text(&before));
                row.start = start;
            }
            rows.len()
        });
        self.cut = Cut::after(self.rows.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn numbers(rows: &[(usize, i64)], cut: usize) -> DistinctNumbers {
        let mut distinct = DistinctNumbers { cut: Cut { rows: cut }, ..DistinctNumbers::default() };
        rows.iter().for_each(|(group, number)| distinct.push(*group, *number));
        distinct
    }

    fn texts(rows: &[(usize, i64)], cut: usize) -> DistinctTexts {
        let mut distinct = DistinctTexts { cut: Cut { rows: cut }, ..DistinctTexts::default() };
        // Half of all texts share a hash with another one, one of them is empty.
        rows.iter().for_each(|(group, number)| distinct.push(*group, *number as u64 / 2, "x".repeat(*number as usize).as_bytes()));
        distinct
    }

    fn lengths(runs: &TextRuns) -> Vec<BTreeSet<i64>> {
        let text_starts = [0].into_iter().chain(runs.text_ends.iter().copied());
        let lengths: Vec<i64> = text_starts.zip(&runs.text_ends).map(|(start, end)| (end - start) as i64).collect();
        let starts = [0].into_iter().chain(runs.ends.iter().copied());
        starts.zip(&runs.ends).map(|(start, end)| lengths[start..*end].iter().copied().collect()).collect()
    }

    proptest! {
        #[test]
        fn each_group_has_what_its_set_has(
            rows in prop::collection::vec((0usize..6, 0i64..12), 0..120), cut in 1usize..200, first in 0usize..6,
        ) {
            let mut sets = vec![BTreeSet::new(); 6];
            rows.iter().for_each(|(group, number)| { sets[*group].insert(*number); });
            let expected: Vec<usize> = sets.iter().map(BTreeSet::len).collect();
            let in_turn = |mut count: Box<dyn FnMut(usize) -> Vec<usize>>| [count(first), count(6 - first)].concat();
            let (mut counted, mut counted_texts) = (numbers(&rows, cut), texts(&rows, cut));
            prop_assert_eq!(&in_turn(Box::new(move |groups| counted.counts(groups))), &expected);
            prop_assert_eq!(&in_turn(Box::new(move |groups| counted_texts.counts(groups))), &expected);
            let mut taken = numbers(&rows, cut);
            let runs = [taken.take(first), taken.take(6 - first)];
            let of_groups: Vec<Vec<i64>> = runs.iter().flat_map(|runs| runs.iter().map(<[i64]>::to_vec)).collect();
            let sorted: Vec<Vec<i64>> = sets.iter().map(|set| set.iter().copied().collect()).collect();
            prop_assert_eq!(of_groups, sorted);
            let mut taken = texts(&rows, cut);
            let runs = [taken.take(first), taken.take(6 - first)];
            prop_assert_eq!(runs.iter().flat_map(lengths).collect::<Vec<_>>(), sets);
            prop_assert_eq!((taken.rows.len(), taken.texts.len()), (0, 0));
        }
    }

    #[test]
    fn memory_follows_what_is_different_and_not_what_came() {
        let mut distinct = DistinctNumbers::default();
        let groups = vec![3; 1 << 16];
        for _ in 0..200 {
            distinct.extend(&groups, 0..1 << 16);
        }
        // Thirteen million rows, 65,536 different: at most twice the four million that are never cut early, 12 bytes each.
        assert!(distinct.size() <= 2 * ROWS_BEFORE_CUT * 12, "{} bytes", distinct.size());
        assert_eq!(distinct.counts(4), [0, 0, 0, 1 << 16]);
    }
}
