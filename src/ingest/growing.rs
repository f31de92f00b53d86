//! Columns of events while they grow: plain vectors that keep their room from batch to batch, and give Arrow arrays of any rows in
//! any order.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBufferBuilder, DictionaryArray, Int32Array, StringArray, new_null_array};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;

use crate::error::{Error, Result};

/// Texts, one a row at most. Rows without one cost nothing until a text follows.
#[derive(Default)]
pub struct Texts {
    bytes: Vec<u8>,
    /// Where each row's text ends in `bytes`; with [`NONE`] where the row has none.
    ends: Vec<u32>,
    /// Rows that have a text.
    texts: usize,
}

const NONE: u32 = 1 << 31;

impl Texts {
    /// The text of row number `row`, which is greater than that of any row before.
    pub fn push(&mut self, row: usize, text: &str) {
        let end = self.ends.last().copied().unwrap_or_default() | NONE;
        self.ends.resize(row, end);
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len() as u32);
        self.texts += 1;
    }

    fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let end = *self.ends.get(row)?;
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before] & !NONE);
        (end & NONE == 0).then_some(start as usize..end as usize)
    }

    /// The texts of some rows.
    ///
    /// # Errors
    /// `Internal` if they are more than 2 GiB.
    pub fn array(&self, rows: &[u32]) -> Result<ArrayRef> {
        if self.texts == 0 {
            return Ok(new_null_array(&DataType::Utf8, rows.len()));
        }
        let mut length = 0_usize;
        let mut offsets: Vec<i32> = Vec::with_capacity(rows.len() + 1);
        let mut known = BooleanBufferBuilder::new(rows.len());
        offsets.push(0);
        for row in rows {
            let range = self.range(*row as usize);
            known.append(range.is_some());
            length += range.map_or(0, |range| range.len());
            offsets.push(i32::try_from(length).map_err(|e| Error::internal("a column of a file is larger than 2 GiB").caused_by(e))?);
        }
        let mut bytes: Vec<u8> = Vec::with_capacity(length);
        for row in rows {
            bytes.extend_from_slice(self.range(*row as usize).and_then(|range| self.bytes.get(range)).unwrap_or_default());
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls(known))?))
    }

    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.texts = 0;
    }
}

fn nulls(mut known: BooleanBufferBuilder) -> Option<NullBuffer> {
    Some(NullBuffer::new(known.finish())).filter(|nulls| nulls.null_count() > 0)
}

/// Texts of few different values: each value once, and a code a row.
pub struct Coded {
    values: Vec<String>,
    /// -1 is NULL.
    codes: Vec<i32>,
    /// Where a value may be, by its length and ends: right nearly always, and looked at again.
    guesses: Box<[i32; GUESSES]>,
}

const GUESSES: usize = 64;

impl Default for Coded {
    fn default() -> Self {
        Self { values: Vec::new(), codes: Vec::new(), guesses: Box::new([0; GUESSES]) }
    }
}

impl Coded {
    /// The next row's text.
    pub fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(-1, |text| self.code(text));
        self.codes.push(code);
    }

    fn code(&mut self, text: &str) -> i32 {
        let [first, last] = [text.as_bytes().first(), text.as_bytes().last()].map(|byte| usize::from(byte.copied().unwrap_or_default()));
        let slot = (text.len() * 7 + first * 3 + last) % GUESSES;
        let guess = self.guesses[slot];
        if self.values.get(guess as usize).is_some_and(|value| value == text) {
            return guess;
        }
        // The newest value first: a raw object's name is the last one for as long as it is read.
        let code = self.values.iter().rposition(|value| value == text).unwrap_or_else(|| {
            self.values.push(text.to_owned());
            self.values.len() - 1
        });
        self.guesses[slot] = code as i32;
        code as i32
    }

    /// The texts of some rows, as a dictionary.
    pub fn array(&self, rows: &[u32]) -> Result<ArrayRef> {
        let codes: Vec<i32> = rows.iter().map(|row| self.codes[*row as usize]).collect();
        let codes: Int32Array = if codes.iter().any(|code| *code < 0) {
            codes.into_iter().map(|code| (code >= 0).then_some(code)).collect()
        } else {
            codes.into()
        };
        Ok(Arc::new(DictionaryArray::try_new(codes, Arc::new(StringArray::from_iter_values(&self.values)))?))
    }

    /// How often each value occurs in some rows.
    pub fn counts(&self, rows: &[u32]) -> Vec<(&str, u64)> {
        let mut counts: Vec<(&str, u64)> = self.values.iter().map(|value| (value.as_str(), 0)).collect();
        for row in rows {
            if let Some((_, count)) = usize::try_from(self.codes[*row as usize]).ok().and_then(|code| counts.get_mut(code)) {
                *count += 1;
            }
        }
        counts.retain(|(_, count)| *count > 0);
        counts
    }

    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self) {
        self.values.clear();
        self.codes.clear();
    }
}

/// Lists of texts, one a row.
#[derive(Default)]
pub struct Lists {
    texts: Texts,
    /// For each row, how many texts there are up to its end.
    ends: Vec<u32>,
}

impl Lists {
    /// The next row's texts.
    pub fn push<T: AsRef<str>>(&mut self, texts: &[T]) {
        let before = self.ends.last().copied().unwrap_or_default() as usize;
        for (at, text) in texts.iter().enumerate() {
            self.texts.push(before + at, text.as_ref());
        }
        self.ends.push((before + texts.len()) as u32);
    }

    /// The lists of some rows; an empty one is NULL.
    pub fn array(&self, rows: &[u32]) -> Result<ArrayRef> {
        let mut elements: Vec<u32> = Vec::new();
        let mut offsets: Vec<i32> = vec![0];
        let mut known = BooleanBufferBuilder::new(rows.len());
        for row in rows {
            let row = *row as usize;
            let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
            elements.extend(start..self.ends[row]);
            known.append(start < self.ends[row]);
            offsets.push(i32::try_from(elements.len()).map_err(|e| Error::internal("too many recipients in a file").caused_by(e))?);
        }
        let element = Arc::new(arrow::datatypes::Field::new("element", DataType::Utf8, true));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok(Arc::new(arrow::array::ListArray::try_new(element, offsets, self.texts.array(&elements)?, nulls(known))?))
    }

    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Int32Type;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_text_is_a_text() {
        let mut texts = Texts::default();
        texts.push(1, "");
        let array = texts.array(&[1, 0, 2]).expect("small");
        assert!(array.is_valid(0) && array.is_null(1) && array.is_null(2));
    }

    proptest! {
        #[test]
        fn what_went_in_comes_out_in_any_order_and_again_after_clearing(
            rounds in proptest::collection::vec(proptest::collection::vec((proptest::option::of("[a-cé]{0,3}"), 0_u32..9), 1..20), 1..4)
        ) {
            let (mut texts, mut coded, mut lists) = (Texts::default(), Coded::default(), Lists::default());
            for rows in rounds {
                texts.clear();
                coded.clear();
                lists.clear();
                for (row, (text, _)) in rows.iter().enumerate() {
                    if let Some(text) = text {
                        texts.push(row, text);
                    }
                    coded.push(text.as_deref());
                    lists.push(text.as_slice());
                }
                let order: Vec<u32> = rows.iter().map(|(_, at)| at % rows.len() as u32).collect();
                let expected: Vec<Option<&str>> = order.iter().map(|row| rows[*row as usize].0.as_deref()).collect();
                let array = texts.array(&order).expect("small");
                prop_assert_eq!(array.as_string::<i32>().iter().collect::<Vec<_>>(), expected.clone());
                let array = coded.array(&order).expect("small");
                let array = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().expect("texts");
                prop_assert_eq!(array.into_iter().collect::<Vec<_>>(), expected.clone());
                let array = lists.array(&order).expect("small");
                let found: Vec<Option<String>> =
                    array.as_list::<i32>().iter().map(|list| list.map(|list| list.as_string::<i32>().value(0).to_owned())).collect();
                prop_assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected.clone());
                let counted: u64 = coded.counts(&order).iter().map(|(_, count)| count).sum();
                prop_assert_eq!(counted as usize, expected.iter().flatten().count());
            }
        }
    }
}
