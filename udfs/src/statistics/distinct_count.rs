//! `distinct_count(value)`

use std::hash::BuildHasher;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, LargeBinaryArray, PrimitiveArray};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, UInt64Type};
use datafusion::common::hash_utils::RandomState;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, included};
use super::kernels::distinct::{DistinctNumbers, DistinctTexts, texts_in};
use super::single_group::SingleGroup;
use super::states::{leaving, offsets};
use crate::functions::FunctionInfo;

const NAME: &str = "distinct_count";
const NUMBER_BYTES: usize = size_of::<i64>();

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "distinct_count(value)",
    description: "The number of different values, exactly: what count(DISTINCT value) gives, in less time where there are many groups. \
                  NULLs are not counted. Takes text, bytes, numbers, dates and times.",
    example: "SELECT actor_id, event_date, distinct_count(file_id) AS files FROM events GROUP BY actor_id, event_date",
    version: 2,
};

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DistinctCount {
    signature: Signature,
}

impl DistinctCount {
    pub(super) fn new() -> DistinctCount {
        DistinctCount { signature: arguments::signature() }
    }
}

impl AggregateUDFImpl for DistinctCount {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [value] => match countable(value) {
                Some(coerced) => Ok(vec![coerced]),
                None => plan_err!("{NAME}: value must be text, bytes, a number, a date or a time, got {value}"),
            },
            _ => plan_err!("{NAME} takes 1 argument (value), got {}", given.len()),
        }
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _data_type: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "values"), DataType::LargeBinary, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup::new(Distinct { groups: 1, ..distinct(&args) })))
    }

    // DISTINCT changes nothing here, so it is allowed.
    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(distinct(&args)))
    }
}

/// The type a value is compared in: equal values stay equal in it, different ones different.
fn countable(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Dictionary(_, values) => countable(values),
        DataType::Null | DataType::Boolean => Some(DataType::Int64),
        DataType::UInt64 => Some(DataType::UInt64),
        integer if integer.is_integer() => Some(DataType::Int64),
        float if float.is_floating() => Some(DataType::Float64),
        decimal if decimal.is_decimal() => Some(DataType::Utf8),
        DataType::FixedSizeBinary(_) => Some(DataType::Binary),
        text if is_text(text) => Some(text.clone()),
        DataType::Interval(_) => None,
        time if time.is_temporal() => Some(DataType::Int64),
        _ => None,
    }
}

fn is_text(given: &DataType) -> bool {
    given.is_string() || matches!(given, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn distinct(args: &AccumulatorArgs) -> Distinct {
    let text = args.expr_fields.first().is_some_and(|field| is_text(field.data_type()));
    let values = if text { Values::Texts(DistinctTexts::default()) } else { Values::Numbers(DistinctNumbers::default()) };
    Distinct { values, groups: 0 }
}

/// What each group has seen until now.
#[derive(Debug, Clone)]
struct Distinct {
    values: Values,
    groups: usize,
}

#[derive(Debug, Clone)]
enum Values {
    Numbers(DistinctNumbers),
    Texts(DistinctTexts),
}

impl Distinct {
    fn empty_like(&self) -> Distinct {
        let values = match self.values {
            Values::Numbers(_) => Values::Numbers(DistinctNumbers::default()),
            Values::Texts(_) => Values::Texts(DistinctTexts::default()),
        };
        Distinct { values, groups: 0 }
    }
}

impl GroupsAccumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.groups = group_count;
        let column = arguments::argument(values, 0)?;
        let rows = Rows { groups, filter };
        match &mut self.values {
            Values::Numbers(numbers) => match column.data_type() {
                DataType::Int64 => rows.add_numbers(numbers, column.as_primitive::<Int64Type>(), |number| number),
                // Only equality counts, so any one-to-one change of type will do.
                DataType::UInt64 => rows.add_numbers(numbers, column.as_primitive::<UInt64Type>(), u64::cast_signed),
                DataType::Float64 => rows.add_numbers(numbers, column.as_primitive::<Float64Type>(), float_bits),
                other => return exec_err!("{NAME}: value must have come as a number, not as {other}"),
            },
            Values::Texts(texts) => match column.data_type() {
                DataType::Utf8 => rows.add_texts(texts, column.as_string::<i32>().iter()),
                DataType::LargeUtf8 => rows.add_texts(texts, column.as_string::<i64>().iter()),
                DataType::Utf8View => rows.add_texts(texts, column.as_string_view().iter()),
                DataType::Binary => rows.add_texts(texts, column.as_binary::<i32>().iter()),
                DataType::LargeBinary => rows.add_texts(texts, column.as_binary::<i64>().iter()),
                DataType::BinaryView => rows.add_texts(texts, column.as_binary_view().iter()),
                other => return exec_err!("{NAME}: value must have come as text, not as {other}"),
            },
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let leaving = leaving(emit_to, &mut self.groups);
        let counts = match &mut self.values {
            Values::Numbers(numbers) => numbers.counts(leaving),
            Values::Texts(texts) => texts.counts(leaving),
        };
        let counts = counts.into_iter().map(|count| i64::try_from(count).ok());
        Ok(Arc::new(counts.collect::<Int64Array>()))
    }

    /// The bytes of each group's values: plans move bytes more cheaply than lists.
    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let leaving = leaving(emit_to, &mut self.groups);
        let (ends, bytes) = match &mut self.values {
            Values::Numbers(numbers) => {
                let (ends, numbers) = numbers.take(leaving).into_parts();
                (ends.into_iter().map(|end| end * NUMBER_BYTES).collect(), Buffer::from_vec(numbers))
            }
            Values::Texts(texts) => {
                let taken = texts.take(leaving);
                (taken.ends, Buffer::from_vec(taken.bytes))
            }
        };
        Ok(vec![Arc::new(LargeBinaryArray::try_new(offsets(ends)?, bytes, None)?)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.groups = group_count;
        let Some(values) = arguments::argument(states, 0)?.as_binary_opt::<i64>() else {
            return exec_err!("{NAME}: a state must have come as bytes");
        };
        let hashes = RandomState::default();
        for (group, bytes) in groups.iter().zip(values) {
            let bytes = bytes.unwrap_or_default();
            match &mut self.values {
                Values::Numbers(numbers) => {
                    numbers.extend_group(*group, bytes.as_chunks().0.iter().map(|number| i64::from_ne_bytes(*number)));
                }
                Values::Texts(texts) => texts_in(bytes).for_each(|text| texts.push(*group, hashes.hash_one(text), text)),
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = self.empty_like();
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.size(),
            Values::Texts(texts) => texts.size(),
        }
    }
}

/// The rows of a batch that count, and the groups they belong to.
struct Rows<'a> {
    groups: &'a [usize],
    filter: Option<&'a BooleanArray>,
}

impl Rows<'_> {
    fn add_numbers<T: ArrowPrimitiveType>(
        &self,
        distinct: &mut DistinctNumbers,
        column: &PrimitiveArray<T>,
        number: impl Fn(T::Native) -> i64,
    ) {
        if self.filter.is_none() && column.null_count() == 0 {
            distinct.extend(self.groups, column.values().iter().map(|value| number(*value)));
            return;
        }
        for ((index, group), value) in self.groups.iter().enumerate().zip(column) {
            if let (Some(value), true) = (value, included(self.filter, index)) {
                distinct.push(*group, number(value));
            }
        }
    }

    fn add_texts<T: AsRef<[u8]>>(&self, distinct: &mut DistinctTexts, column: impl Iterator<Item = Option<T>>) {
        let hashes = RandomState::default();
        for ((index, group), text) in self.groups.iter().enumerate().zip(column) {
            if let (Some(text), true) = (text, included(self.filter, index)) {
                distinct.push(*group, hashes.hash_one(text.as_ref()), text.as_ref());
            }
        }
    }
}

/// One pattern of bits for all that SQL holds equal: -0.0 is 0.0, and NaN is NaN.
fn float_bits(value: f64) -> i64 {
    let one_of_equals = if value.is_nan() { f64::NAN } else { value + 0.0 };
    one_of_equals.to_bits().cast_signed()
}

#[cfg(test)]
mod tests;
