//! `sliding_peak(event_time, minutes)`

use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, Int64Builder, ListBuilder};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, Kind, Parameter, in_range, included};
use super::kernels::grouped::GroupedRows;
use super::kernels::peak::sliding_peak;
use super::single_group::SingleGroup;
use crate::functions::FunctionInfo;

const NAME: &str = "sliding_peak";
const ARGUMENTS: &[Argument] = &[("event_time", Kind::Time), ("minutes", Kind::Whole)];
/// A year: longer windows are counts, not peaks.
const MINUTES: RangeInclusive<i64> = 1..=527_040;
const MICROSECONDS_A_MINUTE: u64 = 60_000_000;

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "sliding_peak(event_time, minutes)",
    description: "The largest number of events in any window of so many minutes, exactly; both ends of a window count. NULL times are \
                  passed over; without any time it is 0.",
    example: "SELECT actor_id, sliding_peak(event_time, 60) AS peak_60m FROM events GROUP BY actor_id",
    version: 1,
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
        let times = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "times"), times, true)),
            Arc::new(Field::new(format_state_name(args.name, "minutes"), DataType::Int64, true)),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(SingleGroup::new(Peaks::of_groups(1))))
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

/// The times of each group until now.
#[derive(Debug, Clone, Default)]
struct Peaks {
    times: GroupedRows<i64>,
    minutes: Vec<Parameter<i64>>,
}

impl Peaks {
    fn of_groups(groups: usize) -> Peaks {
        Peaks { times: GroupedRows::default(), minutes: vec![Parameter::default(); groups] }
    }

    fn add_minutes(&mut self, group: usize, minutes: Option<i64>) -> Result<()> {
        let checked = in_range("minutes", minutes, &MINUTES)?;
        self.minutes.get_mut(group).map_or(Ok(()), |parameter| parameter.agree("minutes", checked))
    }
}

impl GroupsAccumulator for Peaks {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.minutes.resize(group_count, Parameter::default());
        let rows = arguments::times(values, 0)?.zip(arguments::wholes(values, 1)?);
        for ((index, group), (time, minutes)) in groups.iter().enumerate().zip(rows) {
            if included(filter, index) {
                self.add_minutes(*group, minutes)?;
                if let Some(time) = time {
                    self.times.push(*group, time);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let parameters = emit_to.take_needed(&mut self.minutes);
        let times = self.times.take(parameters.len());
        let peak = |(mut times, minutes): (Vec<i64>, &Parameter<i64>)| {
            if times.is_empty() {
                return Some(0);
            }
            // A length of NULL is an unknown one, and so is its peak.
            let minutes = u64::try_from(minutes.value?).ok()?;
            i64::try_from(sliding_peak(&mut times, minutes * MICROSECONDS_A_MINUTE)).ok()
        };
        Ok(Arc::new(times.into_iter().zip(&parameters).map(peak).collect::<Int64Array>()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let parameters = emit_to.take_needed(&mut self.minutes);
        let mut lists = ListBuilder::new(Int64Builder::new());
        for times in self.times.take(parameters.len()) {
            lists.values().append_slice(&times);
            lists.append(true);
        }
        let minutes: Int64Array = parameters.iter().map(|parameter| parameter.value).collect();
        Ok(vec![Arc::new(lists.finish()), Arc::new(minutes)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.minutes.resize(group_count, Parameter::default());
        let lists = arguments::lists(states, 0)?;
        for ((group, times), minutes) in groups.iter().zip(lists.iter()).zip(arguments::wholes(states, 1)?) {
            self.add_minutes(*group, minutes)?;
            if let Some(times) = times.as_ref().and_then(|times| times.as_primitive_opt::<Int64Type>()) {
                times.iter().flatten().for_each(|time| self.times.push(*group, time));
            }
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
        self.times.size() + self.minutes.capacity() * size_of::<Parameter<i64>>()
    }
}

#[cfg(test)]
mod tests;
