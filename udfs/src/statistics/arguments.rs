//! What the functions here take: each argument has a kind, which says what types it is taken from and what it arrives as.

use std::ops::RangeInclusive;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Float64Array, PrimitiveArray};
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{Signature, Volatility};

use super::kernels::calendar::{Bucket, countable};
use super::options;

/// The days one may look back on: ten years and a bit.
pub(super) const HISTORY_DAYS: RangeInclusive<i64> = 1..=3_660;

/// A kind of argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A day: a date, or a timestamp, of which the date in its own zone counts.
    Day,
    /// A moment.
    Time,
    /// A moment on the person's own clock: a timestamp without time zone.
    LocalTime,
    /// How much.
    Number,
    /// A whole number that sets something.
    Whole,
    /// Yes or no.
    Flag,
    /// Something that is the same or not: text, bytes or whole numbers.
    Key,
    /// A struct of named options; as a last argument it may be left out.
    Options,
}

/// An argument's name and kind.
pub(super) type Argument = (&'static str, Kind);

/// Types are checked by [`coerced`], which can say what is wrong.
pub(super) fn signature() -> Signature {
    Signature::user_defined(Volatility::Immutable)
}

/// The types the arguments are brought to before a function sees them.
pub(super) fn coerced(function: &str, arguments: &[Argument], given: &[DataType]) -> Result<Vec<DataType>> {
    let optional = usize::from(arguments.last().is_some_and(|(_, kind)| *kind == Kind::Options));
    if given.len() > arguments.len() || given.len() + optional < arguments.len() {
        let names: Vec<&str> = arguments.iter().map(|(name, _)| *name).collect();
        let number = if optional == 0 { arguments.len().to_string() } else { format!("{} or {}", arguments.len() - 1, arguments.len()) };
        return plan_err!("{function} takes {number} arguments ({}), got {}", names.join(", "), given.len());
    }
    let coerce = |((name, kind), given): (&Argument, &DataType)| match kind.coerced(given) {
        Some(coerced) => Ok(coerced),
        None => plan_err!("{function}: {name} must be {}, got {given}", kind.wanted()),
    };
    arguments.iter().zip(given).map(coerce).collect()
}

impl Kind {
    fn coerced(self, given: &DataType) -> Option<DataType> {
        if let DataType::Dictionary(_, values) = given {
            return self.coerced(values);
        }
        let null = given.is_null();
        match self {
            Kind::Day if null || given.is_temporal() => {
                matches!(given, DataType::Null | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)).then_some(DataType::Date32)
            }
            Kind::Time => time_type(given),
            Kind::LocalTime => match given {
                DataType::Null | DataType::Timestamp(_, None) => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
                _ => None,
            },
            Kind::Number if null || given.is_numeric() => Some(DataType::Float64),
            Kind::Whole if null || given.is_integer() => Some(DataType::Int64),
            Kind::Flag if null || *given == DataType::Boolean => Some(DataType::Boolean),
            Kind::Key => match given {
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                    Some(DataType::BinaryView)
                }
                text if null || text.is_string() || text.is_integer() => Some(DataType::Utf8View),
                _ => None,
            },
            Kind::Options => match given {
                DataType::Null => Some(DataType::Null),
                DataType::Struct(fields) if options::are_options(fields) => Some(given.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn wanted(self) -> String {
        let wanted = match self {
            Kind::Day => "a date or a timestamp",
            Kind::Time => "a timestamp or a date",
            Kind::LocalTime => "a timestamp without time zone, on the person's own clock (see to_local_time)",
            Kind::Number => "a number",
            Kind::Whole => "a whole number",
            Kind::Flag => "a boolean",
            Kind::Key => "text, bytes or a whole number",
            Kind::Options => return format!("a struct with any of {}", options::NAMES),
        };
        wanted.to_owned()
    }
}

/// Moments keep their time zone and come in microseconds.
pub(super) fn time_type(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
        DataType::Null | DataType::Date32 | DataType::Date64 => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        DataType::Dictionary(_, values) => time_type(values),
        _ => None,
    }
}

/// One argument's column.
pub(super) fn argument(values: &[ArrayRef], index: usize) -> Result<&ArrayRef> {
    values.get(index).ok_or_else(|| exec_datafusion_err!("argument {} is missing", index + 1))
}

/// A column whose type [`coerced`] has settled.
pub(super) fn primitive<T: ArrowPrimitiveType>(values: &[ArrayRef], index: usize) -> Result<&PrimitiveArray<T>> {
    let column = argument(values, index)?;
    let typed = column.as_primitive_opt::<T>();
    typed.ok_or_else(|| exec_datafusion_err!("argument {} must have come as {}, not as {}", index + 1, T::DATA_TYPE, column.data_type()))
}

/// The day of each row.
pub(super) fn days(values: &[ArrayRef], index: usize) -> Result<impl Iterator<Item = Option<i64>> + '_> {
    Ok(primitive::<Date32Type>(values, index)?.iter().map(|day| day.map(i64::from)))
}

/// The moment of each row, in microseconds.
pub(super) fn times(values: &[ArrayRef], index: usize) -> Result<impl Iterator<Item = Option<i64>> + '_> {
    Ok(primitive::<TimestampMicrosecondType>(values, index)?.iter())
}

/// What can be counted on in each row.
pub(super) fn amounts(values: &[ArrayRef], index: usize) -> Result<impl Iterator<Item = Option<f64>> + '_> {
    Ok(numbers(values, index)?.iter().map(|number| number.and_then(countable)))
}

fn numbers(values: &[ArrayRef], index: usize) -> Result<&Float64Array> {
    primitive::<Float64Type>(values, index)
}

/// Yes or no in each row.
pub(super) fn flags(values: &[ArrayRef], index: usize) -> Result<&BooleanArray> {
    let flags = argument(values, index)?.as_boolean_opt();
    flags.ok_or_else(|| exec_datafusion_err!("argument {} must have come as booleans", index + 1))
}

/// The whole number of each row.
pub(super) fn wholes(values: &[ArrayRef], index: usize) -> Result<impl Iterator<Item = Option<i64>> + '_> {
    Ok(primitive::<Int64Type>(values, index)?.iter())
}

/// The key of each row as bytes.
pub(super) fn keys(values: &[ArrayRef], index: usize) -> Result<Vec<Option<&[u8]>>> {
    let keys = argument(values, index)?;
    match keys.data_type() {
        DataType::Utf8View => Ok(keys.as_string_view().iter().map(|key| key.map(str::as_bytes)).collect()),
        DataType::BinaryView => Ok(keys.as_binary_view().iter().collect()),
        other => exec_err!("argument {} must have come as views, not as {other}", index + 1),
    }
}

/// The bucket of each row with a day: without a known value, its day is one that was not seen whole.
pub(super) fn bucket(day: Option<i64>, value: Option<f64>, known: Option<bool>) -> Option<Bucket> {
    day.map(|day| Bucket { day, value: value.filter(|_| known == Some(true)) })
}

/// A parameter that has one value for all rows; `None` where it is NULL in all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter<T> {
    pub(super) value: Option<T>,
}

impl<T> Default for Parameter<T> {
    fn default() -> Self {
        Parameter { value: None }
    }
}

impl<T: Copy + PartialEq> Parameter<T> {
    /// Takes the parameter's value in one more row.
    pub(super) fn agree(&mut self, name: &str, value: Option<T>) -> Result<()> {
        match (self.value, value) {
            (Some(before), Some(value)) if before != value => exec_err!("{name} must be the same in all rows of a group"),
            (None, Some(_)) => {
                self.value = value;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The whole number that an argument has in all rows, checked against its range.
pub(super) fn whole_parameter(name: &str, values: &[ArrayRef], index: usize, range: &RangeInclusive<i64>) -> Result<Option<i64>> {
    let mut parameter = Parameter::default();
    for value in wholes(values, index)? {
        parameter.agree(name, value)?;
    }
    in_range(name, parameter.value, range)
}

/// Refuses what lies outside.
pub(super) fn in_range(name: &str, value: Option<i64>, range: &RangeInclusive<i64>) -> Result<Option<i64>> {
    match value {
        Some(outside) if !range.contains(&outside) => {
            exec_err!("{name} must be from {} to {}, got {outside}", range.start(), range.end())
        }
        _ => Ok(value),
    }
}

/// The number that an argument has in all rows.
pub(super) fn number_parameter(name: &str, values: &[ArrayRef], index: usize) -> Result<Option<f64>> {
    let mut parameter = Parameter::default();
    for value in numbers(values, index)? {
        parameter.agree(name, value.filter(|number| !number.is_nan()))?;
    }
    Ok(parameter.value)
}

/// A number that sets something, in each row; NaN says nothing.
pub(super) fn settings(values: &[ArrayRef], index: usize) -> Result<impl Iterator<Item = Option<f64>> + '_> {
    Ok(numbers(values, index)?.iter().map(|number| number.filter(|number| !number.is_nan())))
}

/// Whether a FILTER lets this row in.
pub(super) fn included(filter: Option<&BooleanArray>, index: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(index) && filter.value(index))
}
