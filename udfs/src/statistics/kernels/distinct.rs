//! The different values of each group, exactly: values are gathered as they come and looked through group by group when it is time.
//!
//! A set a group, or one hash table of (group, value), jumps through memory with every row. A vector that grows and is put in
//! order of groups does not, and one small table that is used again for each group stays within the caches. Now and then groups
//! are cut down to their different values: memory stays within a small multiple of what is different. Where values hardly ever
//! repeat, that is done seldom, and what is handed over is not cut down at all.

use std::cmp::Ordering;

use super::grouped::{GroupedRows, Runs};

/// New rows after which groups are cut down, if these lie close together and repeat: few enough for the caches.
const ROWS_A_CUT: usize = 1 << 18;
/// Otherwise cutting down waits until there is so many times as much as the last one left.
const GROWTH: usize = 4;
const ROWS_BEFORE_A_CUT: usize = 1 << 22;
/// Bytes of texts that no row points to which are not worth going through the others for.
const TEXTS_KEPT: usize = 1 << 26;

/// When to cut down next.
#[derive(Debug, Clone, Copy)]
struct Cut {
    rows: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Cut { rows: ROWS_BEFORE_A_CUT }
    }
}

impl Cut {
    /// After one that had so many rows, looked at some of them and left so many of all.
    fn after(before: usize, looked_at: usize, left: usize) -> Cut {
        let is_cheap = looked_at.min(left) <= 4 * ROWS_A_CUT;
        let repeats = before - left >= looked_at / 4;
        let rows = if is_cheap && repeats { left + ROWS_A_CUT } else { (left * GROWTH).max(ROWS_BEFORE_A_CUT) };
        Cut { rows }
    }
}

/// Looks at some groups and tells whether cutting down is worth it: where seven of eight values are different, it is not.
#[derive(Debug, Default)]
struct Samples {
    groups: usize,
    rows: usize,
    different: usize,
}

impl Samples {
    /// One group in so many is a sample.
    const ONE_IN: usize = 16;
    /// Fewer rows say too little.
    const ROWS_MIN: usize = 1 << 14;

    fn cut<T>(&mut self, rows: &mut [T], cut: impl FnOnce(&mut [T]) -> usize) -> usize {
        self.groups += 1;
        let hardly_repeat = self.rows >= Samples::ROWS_MIN && self.different > self.rows / 8 * 7;
        if hardly_repeat && !self.groups.is_multiple_of(Samples::ONE_IN) {
            return rows.len();
        }
        let different = cut(rows);
        self.rows += rows.len();
        self.different += different;
        different
    }
}

/// A table of places, used again for each group.
#[derive(Debug, Clone, Default)]
struct Table {
    slots: Vec<u32>,
}

/// Groups of so few are compared each with each.
const FEW: usize = 6;

/// What makes two rows the same value.
trait Same<T> {
    fn hash(&self, row: &T) -> u64;
    fn compare(&self, a: &T, b: &T) -> Ordering;
}

impl Table {
    /// Moves the first of each value to the front and says how many these are.
    fn bring_forward<T: Copy>(&mut self, rows: &mut [T], same: &impl Same<T>) -> usize {
        if rows.len() <= FEW {
            let mut different = 0;
            for index in 0..rows.len() {
                let Some(row) = rows.get(index).copied() else { break };
                if !rows.iter().take(different).any(|other| same.compare(other, &row).is_eq()) {
                    different = put(rows, different, row);
                }
            }
            return different;
        }
        let size = (rows.len() * 2).next_power_of_two();
        if u32::try_from(size).is_err() {
            return sort_forward(rows, 0, 0, same);
        }
        self.slots.clear();
        self.slots.resize(size, 0);
        let shift = 64 - size.trailing_zeros();
        // Whoever chooses the values could make them all hash alike: then sorting is the better way.
        let mut steps_left = 16 * rows.len();
        let mut different = 0;
        for index in 0..rows.len() {
            let Some(row) = rows.get(index).copied() else { break };
            let mut place = (same.hash(&row).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize;
            // A slot holds a place among the different ones, counted from one; half of the slots stay empty.
            while let Some(slot) = self.slots.get_mut(place) {
                let Some(found) = (*slot as usize).checked_sub(1) else {
                    different = put(rows, different, row);
                    *slot = different as u32;
                    break;
                };
                if rows.get(found).is_some_and(|other| same.compare(other, &row).is_eq()) {
                    break;
                }
                place = (place + 1) & (size - 1);
                steps_left -= 1;
                if steps_left == 0 {
                    return sort_forward(rows, different, index, same);
                }
            }
        }
        different
    }
}

fn put<T>(rows: &mut [T], place: usize, row: T) -> usize {
    if let Some(slot) = rows.get_mut(place) {
        *slot = row;
    }
    place + 1
}

/// The same by sorting, of the first `done` rows and those from `rest` on.
fn sort_forward<T: Copy>(rows: &mut [T], done: usize, rest: usize, same: &impl Same<T>) -> usize {
    let left = done + (rows.len() - rest);
    rows.copy_within(rest.., done);
    let rows = rows.get_mut(..left).unwrap_or_default();
    rows.sort_unstable_by(|a, b| same.compare(a, b));
    let mut different = 0usize;
    for index in 0..rows.len() {
        let Some(row) = rows.get(index).copied() else { break };
        let last = different.checked_sub(1).and_then(|last| rows.get(last));
        if last.is_none_or(|last| same.compare(last, &row).is_ne()) {
            different = put(rows, different, row);
        }
    }
    different
}

struct SameNumber;

impl Same<i64> for SameNumber {
    fn hash(&self, number: &i64) -> u64 {
        number.cast_unsigned()
    }

    fn compare(&self, a: &i64, b: &i64) -> Ordering {
        a.cmp(b)
    }
}

/// The different numbers of each group; a number is any 64 bits.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct DistinctNumbers {
    rows: GroupedRows<i64>,
    cut: Cut,
    table: Table,
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

    pub(in crate::statistics) fn extend_group(&mut self, group: usize, numbers: impl Iterator<Item = i64>) {
        self.rows.extend_group(group, numbers);
        self.cut_down();
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.rows.size() + self.table.slots.capacity() * size_of::<u32>()
    }

    /// How many different numbers each of the first `groups` groups has, which leave.
    pub(in crate::statistics) fn counts(&mut self, groups: usize) -> Vec<usize> {
        let mut runs = self.rows.take(groups);
        self.cut = Cut::default();
        runs.iter_mut().map(|numbers| self.table.bring_forward(numbers, &SameNumber)).collect()
    }

    /// The numbers themselves; a number may be there more than once.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> Runs<i64> {
        let mut samples = Samples::default();
        self.rows.cut_down(|numbers| samples.cut(numbers, |numbers| self.table.bring_forward(numbers, &SameNumber)));
        self.cut = Cut::default();
        self.rows.take(groups)
    }

    fn cut_down(&mut self) {
        let before = self.rows.len();
        if before >= self.cut.rows {
            let mut samples = Samples::default();
            let looked_at = self.rows.cut_down(|numbers| samples.cut(numbers, |numbers| self.table.bring_forward(numbers, &SameNumber)));
            self.cut = Cut::after(before, looked_at, self.rows.len());
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
}

/// Texts are the same if their bytes are; most comparisons end with the hash.
struct SameText<'a>(&'a [u8]);

impl Same<Placed> for SameText<'_> {
    fn hash(&self, row: &Placed) -> u64 {
        row.hash
    }

    fn compare(&self, a: &Placed, b: &Placed) -> Ordering {
        a.hash.cmp(&b.hash).then_with(|| a.text(self.0).cmp(b.text(self.0)))
    }
}

/// The texts of groups that have left, one after the other.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct TextRuns {
    /// Where each group's bytes end.
    pub ends: Vec<usize>,
    /// Of each text its length, a byte for most, and its bytes.
    pub bytes: Vec<u8>,
}

/// The greatest length that one byte says. A greater one stands in eight bytes behind a byte that says so.
const SHORT: usize = 254;
const LONG: u8 = 255;

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    match u8::try_from(text.len()) {
        Ok(length) if text.len() <= SHORT => bytes.push(length),
        _ => {
            bytes.push(LONG);
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        }
    }
    bytes.extend_from_slice(text);
}

/// The texts in one group's bytes.
pub(in crate::statistics) fn texts_in(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (first, rest) = bytes.split_first()?;
        let (length, rest) = match *first {
            LONG => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::try_from(u64::from_le_bytes(*length)).ok()?, rest)
            }
            length => (usize::from(length), rest),
        };
        let (text, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some(text)
    })
}

/// The different texts (any bytes) of each group.
#[derive(Debug, Clone, Default)]
pub(in crate::statistics) struct DistinctTexts {
    rows: GroupedRows<Placed>,
    texts: Vec<u8>,
    /// Bytes of them after the last time they were gone through.
    texts_left: usize,
    cut: Cut,
    table: Table,
}

impl DistinctTexts {
    /// Equal texts must come with equal hashes; different ones had better not, but may.
    pub(in crate::statistics) fn push(&mut self, group: usize, hash: u64, text: &[u8]) {
        self.rows.push(group, Placed { hash, start: self.texts.len(), length: text.len() });
        self.texts.extend_from_slice(text);
        let before = self.rows.len();
        if before >= self.cut.rows {
            let (mut samples, same) = (Samples::default(), SameText(&self.texts));
            let looked_at = self.rows.cut_down(|rows| samples.cut(rows, |rows| self.table.bring_forward(rows, &same)));
            self.cut = Cut::after(before, looked_at, self.rows.len());
            // Texts that no row points to any more are many only after many rows have gone.
            if self.texts.len() > self.texts_left * 2 + TEXTS_KEPT {
                self.forget_texts();
            }
        }
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.rows.size() + self.texts.capacity() + self.table.slots.capacity() * size_of::<u32>()
    }

    /// How many different texts each of the first `groups` groups has, which leave.
    pub(in crate::statistics) fn counts(&mut self, groups: usize) -> Vec<usize> {
        let mut runs = self.rows.take(groups);
        let same = SameText(&self.texts);
        let counts = runs.iter_mut().map(|rows| self.table.bring_forward(rows, &same)).collect();
        self.forget_texts();
        self.cut = Cut::default();
        counts
    }

    /// The texts themselves; a text may be there more than once.
    pub(in crate::statistics) fn take(&mut self, groups: usize) -> TextRuns {
        let (mut samples, same) = (Samples::default(), SameText(&self.texts));
        self.rows.cut_down(|rows| samples.cut(rows, |rows| self.table.bring_forward(rows, &same)));
        let mut taken = TextRuns::default();
        for rows in self.rows.take(groups).iter() {
            for row in rows {
                put_text(&mut taken.bytes, row.text(&self.texts));
            }
            taken.ends.push(taken.bytes.len());
        }
        self.forget_texts();
        self.cut = Cut::default();
        taken
    }

    /// Drops the texts that no row points to.
    fn forget_texts(&mut self) {
        let before = std::mem::take(&mut self.texts);
        self.rows.for_each(|row| {
            let start = self.texts.len();
            self.texts.extend_from_slice(row.text(&before));
            row.start = start;
        });
        self.texts_left = self.texts.len();
    }
}

#[cfg(test)]
mod tests;
