//! How text of every type comes to a function: contiguous, where the array is not, piece by piece.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, LargeBinaryArray, OffsetSizeTrait, StringArray, downcast_dictionary_array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Signature, Volatility};

use crate::credentials::ruleset::{Candidate, RuleSet};

/// One argument of text, in any of its types.
pub fn signature() -> Signature {
    Signature::user_defined(Volatility::Immutable)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::LargeBinary | DataType::BinaryView
    )
}

/// The type in which an argument arrives: its own, so that nothing is copied.
pub fn coerced(function: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    match types {
        [data_type] if is_text(data_type) => Ok(types.to_vec()),
        [DataType::Dictionary(_, values)] if is_text(values) => Ok(types.to_vec()),
        [DataType::Null | DataType::FixedSizeBinary(_)] => {
            Ok(vec![if types == [DataType::Null] { DataType::Utf8 } else { DataType::Binary }])
        }
        [other] => plan_err!("{function} takes text or binary, not {other}"),
        _ => plan_err!("{function} takes one argument, not {}", types.len()),
    }
}

/// Calls `compute` with the argument as an array that is no dictionary, and gives its answer the shape of the argument.
pub fn evaluate(function: &str, args: &ScalarFunctionArgs, compute: impl Fn(&Texts) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    match args.args.as_slice() {
        [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(over(array, &compute)?)),
        [ColumnarValue::Scalar(scalar)] => {
            let answer = over(&scalar.to_array_of_size(1)?, &compute)?;
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?))
        }
        other => exec_err!("{function} takes one argument, not {}", other.len()),
    }
}

fn over(array: &ArrayRef, compute: &impl Fn(&Texts) -> Result<ArrayRef>) -> Result<ArrayRef> {
    let array = array.as_ref();
    downcast_dictionary_array!(
        array => {
            let answers = compute(&Texts::of(array.values())?)?;
            Ok(take(&answers, array.keys(), None)?)
        },
        _ => compute(&Texts::of(array)?)
    )
}

/// Texts as bytes, whatever type they came in.
#[derive(Debug)]
pub enum Texts {
    /// 32-bit offsets into one buffer.
    Small(BinaryArray),
    /// 64-bit offsets into one buffer.
    Large(LargeBinaryArray),
    /// Views: no one buffer.
    View(BinaryViewArray),
}

impl Texts {
    fn of(array: &dyn Array) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Small(BinaryArray::from(array.as_string::<i32>().clone())),
            DataType::LargeUtf8 => Self::Large(LargeBinaryArray::from(array.as_string::<i64>().clone())),
            DataType::Binary => Self::Small(array.as_binary::<i32>().clone()),
            DataType::LargeBinary => Self::Large(array.as_binary::<i64>().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone().to_binary_view()),
            DataType::BinaryView => Self::View(array.as_binary_view().clone()),
            DataType::Null => Self::Small(BinaryArray::from(StringArray::new_null(array.len()))),
            _ => return Self::of(&cast(array, &DataType::Binary)?),
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Small(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::View(array) => array.len(),
        }
    }

    /// Which rows are NULL.
    pub fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Self::Small(array) => array.nulls(),
            Self::Large(array) => array.nulls(),
            Self::View(array) => array.nulls(),
        }
    }

    /// The row's bytes, or nothing where it is NULL.
    pub fn get(&self, row: usize) -> Option<&[u8]> {
        if self.nulls().is_some_and(|nulls| nulls.is_null(row)) || row >= self.len() {
            return None;
        }
        Some(match self {
            Self::Small(array) => array.value(row),
            Self::Large(array) => array.value(row),
            Self::View(array) => array.value(row),
        })
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Calls `hit` for each row in which a credential is.
    pub fn matching(&self, rules: &RuleSet, mut hit: impl FnMut(usize)) {
        match self {
            Self::Small(array) => rules.matching(array.values(), array.len(), offsets(array.offsets()), hit),
            Self::Large(array) => rules.matching(array.values(), array.len(), offsets(array.offsets()), hit),
            Self::View(_) => self.pieces(|first, bytes, ends| rules.matching(bytes, ends.len(), starts(ends), |row| hit(first + row))),
        }
    }

    /// Hands on the findings of each row that has any, in order. A NULL may lie over bytes: what is found there is not handed on.
    pub fn finding(&self, rules: &RuleSet, mut each: impl FnMut(usize, &[u8], &[Candidate])) {
        let mut shown = |row: usize, found: &[Candidate]| {
            if let Some(text) = self.get(row) {
                each(row, text, found);
            }
        };
        match self {
            Self::Small(array) => rules.finding(array.values(), array.len(), offsets(array.offsets()), shown),
            Self::Large(array) => rules.finding(array.values(), array.len(), offsets(array.offsets()), shown),
            Self::View(_) => {
                self.pieces(|first, bytes, ends| rules.finding(bytes, ends.len(), starts(ends), |row, found| shown(first + row, found)));
            }
        }
    }

    /// Brings rows together, so that one pass sees many: calls `with` with the first row of a piece, its bytes, and where in them each row
    /// ends. A text longer than a piece stays where it is.
    fn pieces(&self, mut with: impl FnMut(usize, &[u8], &[usize])) {
        let (mut bytes, mut ends, mut first) = (Vec::with_capacity(PIECE_BYTES), Vec::new(), 0);
        for (row, text) in self.iter().map(Option::unwrap_or_default).enumerate() {
            if bytes.len() + text.len() > PIECE_BYTES {
                with(first, &bytes, &ends);
                bytes.clear();
                ends.clear();
                first = row;
            }
            if text.len() > PIECE_BYTES {
                with(row, text, &[text.len()]);
                first = row + 1;
            } else {
                bytes.extend_from_slice(text);
                ends.push(bytes.len());
            }
        }
        with(first, &bytes, &ends);
    }
}

/// Views are brought together in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Where each of the rows with these ends starts, and the last one ends.
fn starts(ends: &[usize]) -> impl Fn(usize) -> usize {
    move |row| row.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0)
}

fn offsets<O: OffsetSizeTrait>(offsets: &[O]) -> impl Fn(usize) -> usize {
    move |row| offsets.get(row).map_or(0, |offset| offset.as_usize())
}

/// The answer as an array.
pub fn array(answer: impl Array + 'static) -> Result<ArrayRef> {
    Ok(Arc::new(answer))
}

#[cfg(test)]
mod tests;
