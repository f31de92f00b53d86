//! `sliding_peak(event_time, minutes)`

use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, Kind, Parameter, included};
use super::kernels::grouped::GroupedRows;
use super::kernels::peak::sliding_peak;
use super::single_group::SingleGroup;
use super::states::{group_lists, leaving, list_type, lists, places};
use crate::functions::FunctionInfo;

const NAME: &str = "sliding_peak";
const ARGUMENTS: &[Argument] = &[("event_time", Kind::Time), ("minutes", Kind::Whole)];
/// A year: longer windows are counts, not peaks.
pub(super) const MINUTES: RangeInclusive<i64> = 1..=527_040;
const MICROSECONDS_A_MINUTE: u64 = 60_000_000;

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "sliding_peak(event_time, minutes)",
    description: "The largest number of events in any window of so many minutes, exactly; both ends of a window count. NULL times are \
                  passed over; without any time it is 0. minutes is the same for all rows.",
    example: "SELECT actor_id, sliding_peak(event_time, 60) AS peak_60m FROM events GROUP BY actor_id",
    version: 2,
};

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SlidingPeak {
    signature: Signature,
}

impl SlidingPeak {
    pub(super) fn new() -> SlidingPeak {
        SlidingPeak { signature: arguments::signature() }
    }
}

impl AggregateUDFImpl for SlidingPeak {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        arguments::coerced(NAME, ARGUMENTS, given)
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn default_value(&self, _data_type: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "times"), list_type(DataType::Int64), true)),
            Arc::new(Field::new(format_state_name(args.name, "minutes"), DataType::Int64, true)),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(SingleGroup::new(Peaks { groups: 1, ..Peaks::default() })))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(Peaks::default()))
    }
}

fn refuse_distinct(args: &AccumulatorArgs) -> Result<()> {
    if args.is_distinct { not_impl_err!("{NAME}(DISTINCT ...) is not supported") } else { Ok(()) }
}

/// The length of windows, in microseconds; a length of NULL is an unknown one, and so is its peak.
pub(super) fn length(minutes: Parameter<i64>) -> Option<u64> {
    Some(u64::try_from(minutes.value?).ok()? * MICROSECONDS_A_MINUTE)
}

/// The times of each group until now.
#[derive(Debug, Clone, Default)]
struct Peaks {
    times: GroupedRows<i64>,
    groups: usize,
    minutes: Parameter<i64>,
}

impl Peaks {
    fn agree(&mut self, columns: &[ArrayRef], index: usize) -> Result<()> {
        self.minutes.agree("minutes", arguments::whole_parameter("minutes", columns, index, &MINUTES)?)
    }
}

impl GroupsAccumulator for Peaks {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.groups = group_count;
        self.agree(values, 1)?;
        let times = arguments::primitive::<TimestampMicrosecondType>(values, 0)?;
        if filter.is_none() && times.null_count() == 0 {
            self.times.extend(groups, times.values().iter().copied());
            return Ok(());
        }
        for ((index, group), time) in groups.iter().enumerate().zip(times) {
            if let (Some(time), true) = (time, included(filter, index)) {
                self.times.push(*group, time);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut times = self.times.take(leaving(emit_to, &mut self.groups));
        let length = length(self.minutes);
        let peak = |times: &mut [i64]| match (times.is_empty(), length) {
            (true, _) => Some(0),
            (false, length) => i64::try_from(sliding_peak(times, length?)).ok(),
        };
        Ok(Arc::new(times.iter_mut().map(peak).collect::<Int64Array>()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let leaving = leaving(emit_to, &mut self.groups);
        let (ends, times) = self.times.take(leaving).into_parts();
        let minutes: Int64Array = std::iter::repeat_n(self.minutes.value, leaving).collect();
        Ok(vec![group_lists(&ends, Arc::new(Int64Array::from(times)))?, Arc::new(minutes)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.groups = group_count;
        self.agree(states, 1)?;
        let lists = lists(states, 0)?;
        let times = lists.values().as_primitive::<Int64Type>().values();
        for (group, place) in groups.iter().zip(places(lists)) {
            self.times.extend_group(*group, times.get(place).unwrap_or_default().iter().copied());
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = Peaks::default();
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.times.size()
    }
}

#[cfg(test)]
mod tests;
