//! `sliding_peaks(event_time, minutes, day)`

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, StructArray};
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, FieldRef, Fields, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, Kind, Parameter, included};
use super::kernels::grouped::GroupedRows;
use super::kernels::peak::{DayPeak, DayTime, sliding_peaks};
use super::single_group::SingleGroup;
use super::sliding_peak::{MINUTES, length};
use super::states::{group_lists, leaving, list_type, lists, places};
use crate::functions::FunctionInfo;

const NAME: &str = "sliding_peaks";
const ARGUMENTS: &[Argument] = &[("event_time", Kind::Time), ("minutes", Kind::Whole), ("day", Kind::Day)];

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "sliding_peaks(event_time, minutes, day)",
    description: "For each day, the largest number of events in any window of so many minutes that ends at one of the day's events: a list \
                  of struct(day, peak) in order of days. Windows reach back across midnight, which sliding_peak with GROUP BY day does not \
                  see. day is the day an event counts for, as the person's local day.",
    example: "SELECT actor_id, unnest(sliding_peaks(event_time, 60, local_day)) AS peak FROM events GROUP BY actor_id",
    version: 1,
};

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SlidingPeaks {
    signature: Signature,
}

impl SlidingPeaks {
    pub(super) fn new() -> SlidingPeaks {
        SlidingPeaks { signature: arguments::signature() }
    }
}

fn peak_fields() -> Fields {
    Fields::from(vec![Field::new("day", DataType::Date32, true), Field::new("peak", DataType::Int64, true)])
}

impl AggregateUDFImpl for SlidingPeaks {
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
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Struct(peak_fields()), true))))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), of, true));
        Ok(vec![field("times", list_type(DataType::Int64)), field("days", list_type(DataType::Date32)), field("minutes", DataType::Int64)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(SingleGroup::new(Times { groups: 1, ..Times::default() })))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(Times::default()))
    }
}

fn refuse_distinct(args: &AccumulatorArgs) -> Result<()> {
    if args.is_distinct { not_impl_err!("{NAME}(DISTINCT ...) is not supported") } else { Ok(()) }
}

/// The times of each group until now.
#[derive(Debug, Clone, Default)]
struct Times {
    times: GroupedRows<DayTime>,
    groups: usize,
    minutes: Parameter<i64>,
}

impl Times {
    fn agree(&mut self, columns: &[ArrayRef], index: usize) -> Result<()> {
        self.minutes.agree("minutes", arguments::whole_parameter("minutes", columns, index, &MINUTES)?)
    }
}

impl GroupsAccumulator for Times {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.groups = group_count;
        self.agree(values, 1)?;
        let times = arguments::primitive::<TimestampMicrosecondType>(values, 0)?;
        let days = arguments::primitive::<Date32Type>(values, 2)?;
        if filter.is_none() && times.null_count() == 0 && days.null_count() == 0 {
            let rows = times.values().iter().zip(days.values());
            self.times.extend(groups, rows.map(|(time, day)| DayTime { time: *time, day: Some(*day) }));
            return Ok(());
        }
        for ((index, group), (time, day)) in groups.iter().enumerate().zip(times.iter().zip(days)) {
            if let (Some(time), true) = (time, included(filter, index)) {
                self.times.push(*group, DayTime { time, day });
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut times = self.times.take(leaving(emit_to, &mut self.groups));
        let length = length(self.minutes);
        let mut peaks: Vec<DayPeak> = Vec::new();
        let mut ends = Vec::new();
        for times in times.iter_mut() {
            // A length of NULL is an unknown one: no day has a peak.
            if let Some(length) = length {
                sliding_peaks(times, length, &mut peaks);
            }
            ends.push(peaks.len());
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(peaks.iter().map(|peak| Some(peak.day)).collect::<Date32Array>()),
            Arc::new(peaks.iter().map(|peak| i64::try_from(peak.peak).ok()).collect::<Int64Array>()),
        ];
        group_lists(&ends, Arc::new(StructArray::try_new(peak_fields(), columns, None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let leaving = leaving(emit_to, &mut self.groups);
        let (ends, rows) = self.times.take(leaving).into_parts();
        let times: Int64Array = rows.iter().map(|row| row.time).collect();
        let days: Date32Array = rows.iter().map(|row| row.day).collect();
        let minutes: Int64Array = std::iter::repeat_n(self.minutes.value, leaving).collect();
        Ok(vec![group_lists(&ends, Arc::new(times))?, group_lists(&ends, Arc::new(days))?, Arc::new(minutes)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.groups = group_count;
        self.agree(states, 2)?;
        let (times, days) = (lists(states, 0)?, lists(states, 1)?);
        let time_values = times.values().as_primitive::<Int64Type>();
        let day_values = days.values().as_primitive::<Date32Type>();
        for (group, (times, days)) in groups.iter().zip(places(times).zip(places(days))) {
            let rows = times
                .zip(days)
                .map(|(time, day)| DayTime { time: time_values.value(time), day: day_values.is_valid(day).then(|| day_values.value(day)) });
            self.times.extend_group(*group, rows);
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = Times::default();
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.times.size()
    }
}

#[cfg(test)]
mod tests;
