//! `sequence_match(time, is_first, is_second, key, within_minutes)` with GROUP BY

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, LargeBinaryArray, StructArray, TimestampMicrosecondArray, UInt8Array,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type, TimeUnit, UInt8Type};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, Kind, Parameter, included};
use super::kernels::grouped::GroupedRows;
use super::kernels::sequence::{Act, Sequences, sequences};
use super::single_group::SingleGroup;
use super::sliding_peak::{MINUTES, length};
use super::states::{group_lists, leaving, list_type, lists, places};
use crate::functions::FunctionInfo;

pub(super) const NAME: &str = "sequence_match";
pub(super) const ARGUMENTS: &[Argument] =
    &[("time", Kind::Time), ("is_first", Kind::Flag), ("is_second", Kind::Flag), ("key", Kind::Key), ("within_minutes", Kind::Whole)];

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "sequence_match(time, is_first, is_second, key, within_minutes)",
    description: "This, then that: whether an act of a second kind (a transfer) came at most so many minutes after one of a first kind (a \
                  download) with the same key (the file). Returns struct(matched, first_time, second_time, pairs): the sequence that was \
                  complete first, and how many acts of the second kind completed one. Rows with a NULL time or key are passed over.",
    example: "SELECT actor_id, sequence_match(event_time, action = 'file_downloaded', action = 'removable_media_write', file_name, 1440) \
              AS carried FROM events GROUP BY actor_id",
    version: 1,
};

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SequenceMatch {
    signature: Signature,
}

impl SequenceMatch {
    pub(super) fn new() -> SequenceMatch {
        SequenceMatch { signature: arguments::signature() }
    }
}

fn match_fields(time: DataType) -> Fields {
    Fields::from(vec![
        Field::new("matched", DataType::Boolean, false),
        Field::new("first_time", time.clone(), true),
        Field::new("second_time", time, true),
        Field::new("pairs", DataType::Int64, false),
    ])
}

fn act_fields() -> Fields {
    Fields::from(vec![
        Field::new("time", DataType::Int64, true),
        Field::new("kinds", DataType::UInt8, true),
        Field::new("key", DataType::LargeBinary, true),
    ])
}

fn time_type(given: Option<&DataType>) -> DataType {
    given.and_then(arguments::time_type).unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None))
}

impl AggregateUDFImpl for SequenceMatch {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        arguments::coerced(NAME, ARGUMENTS, given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(match_fields(time_type(given.first()))))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), of, true));
        Ok(vec![field("acts", list_type(DataType::Struct(act_fields()))), field("within_minutes", DataType::Int64)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(SingleGroup::new(Acts { groups: 1, ..Acts::new(&args) })))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(Acts::new(&args)))
    }
}

fn refuse_distinct(args: &AccumulatorArgs) -> Result<()> {
    if args.is_distinct { not_impl_err!("{NAME}(DISTINCT ...) is not supported") } else { Ok(()) }
}

/// Keys, each once: acts hold their numbers.
#[derive(Debug, Clone, Default)]
struct Keys {
    numbers: HashMap<Box<[u8]>, u32>,
    bytes: usize,
}

impl Keys {
    fn number(&mut self, key: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        // So many keys fit in no memory.
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.bytes += key.len();
        self.numbers.insert(key.into(), next);
        next
    }

    fn by_number(&self) -> Vec<&[u8]> {
        let mut keys: Vec<&[u8]> = vec![&[]; self.numbers.len()];
        for (key, number) in &self.numbers {
            if let Some(slot) = keys.get_mut(*number as usize) {
                *slot = key;
            }
        }
        keys
    }

    fn size(&self) -> usize {
        self.bytes + self.numbers.capacity() * (size_of::<Box<[u8]>>() + size_of::<u64>())
    }
}

/// The acts of each group that can be part of a sequence.
#[derive(Debug, Clone)]
struct Acts {
    acts: GroupedRows<Act>,
    keys: Keys,
    groups: usize,
    within_minutes: Parameter<i64>,
    time: DataType,
}

impl Acts {
    fn new(args: &AccumulatorArgs) -> Acts {
        Acts::with_times(time_type(args.expr_fields.first().map(|field| field.data_type())))
    }

    fn with_times(time: DataType) -> Acts {
        Acts { acts: GroupedRows::default(), keys: Keys::default(), groups: 0, within_minutes: Parameter::default(), time }
    }

    fn agree(&mut self, columns: &[ArrayRef], index: usize) -> Result<()> {
        self.within_minutes.agree("within_minutes", arguments::whole_parameter("within_minutes", columns, index, &MINUTES)?)
    }

    fn forget_keys(&mut self) {
        if self.acts.len() == 0 {
            self.keys = Keys::default();
        }
    }
}

impl GroupsAccumulator for Acts {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.groups = group_count;
        self.agree(values, 4)?;
        let kinds = arguments::flags(values, 1)?.iter().zip(arguments::flags(values, 2)?);
        let rows = arguments::times(values, 0)?.zip(arguments::keys(values, 3)?).zip(kinds);
        for ((index, group), ((time, key), (is_first, is_second))) in groups.iter().enumerate().zip(rows) {
            let (is_first, is_second) = (is_first == Some(true), is_second == Some(true));
            if let (Some((time, key)), true) = (time.zip(key), (is_first || is_second) && included(filter, index)) {
                self.acts.push(*group, Act { time, key: self.keys.number(key), is_first, is_second });
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let acts = self.acts.take(leaving(emit_to, &mut self.groups));
        self.forget_keys();
        // A time of NULL is an unknown one, within which nothing can be said to lie.
        let within = length(self.within_minutes);
        let matches: Vec<Option<Sequences>> = acts.iter().map(|acts| sequences(acts, within?)).collect();
        let time = |time: fn(&Sequences) -> i64| -> ArrayRef {
            let times: TimestampMicrosecondArray = matches.iter().map(|found| found.as_ref().map(time)).collect();
            Arc::new(times.with_data_type(self.time.clone()))
        };
        let pairs = matches.iter().map(|found| found.map_or(Some(0), |found| i64::try_from(found.pairs).ok()));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(matches.iter().map(|found| Some(found.is_some())).collect::<BooleanArray>()),
            time(|found| found.first_time),
            time(|found| found.second_time),
            Arc::new(pairs.collect::<Int64Array>()),
        ];
        Ok(Arc::new(StructArray::try_new(match_fields(self.time.clone()), columns, None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let leaving = leaving(emit_to, &mut self.groups);
        let (ends, acts) = self.acts.take(leaving).into_parts();
        let keys = self.keys.by_number();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(acts.iter().map(|act| act.time).collect::<Int64Array>()),
            Arc::new(acts.iter().map(|act| u8::from(act.is_first) + 2 * u8::from(act.is_second)).collect::<UInt8Array>()),
            Arc::new(acts.iter().map(|act| keys.get(act.key as usize)).collect::<LargeBinaryArray>()),
        ];
        let acts = StructArray::try_new(act_fields(), columns, None)?;
        self.forget_keys();
        let within: Int64Array = std::iter::repeat_n(self.within_minutes.value, leaving).collect();
        Ok(vec![group_lists(&ends, Arc::new(acts))?, Arc::new(within)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.groups = group_count;
        self.agree(states, 1)?;
        let lists = lists(states, 0)?;
        let [times, kinds, keys] = lists.values().as_struct().columns() else { return Ok(()) };
        let (times, kinds, keys) = (times.as_primitive::<Int64Type>(), kinds.as_primitive::<UInt8Type>(), keys.as_binary::<i64>());
        for (group, place) in groups.iter().zip(places(lists)) {
            for row in place {
                let key = self.keys.number(keys.value(row));
                let act = Act { time: times.value(row), key, is_first: kinds.value(row) & 1 == 1, is_second: kinds.value(row) & 2 == 2 };
                self.acts.push(*group, act);
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = Acts::with_times(self.time.clone());
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.acts.size() + self.keys.size()
    }
}

#[cfg(test)]
mod tests;
