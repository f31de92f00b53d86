//! `activity_baseline_at(bucket, value, known, history, at)`

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int32Type};
use datafusion::common::{Result, exec_err, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, HISTORY_DAYS, Kind, Parameter, in_range, included};
use super::baseline_result::{baseline_array, baseline_fields};
use super::kernels::baseline::{Baseline, Options, Settings, at};
use super::kernels::calendar::{Bucket, buckets};
use super::kernels::grouped::GroupedRows;
use super::options::{self, OptionColumns};
use super::single_group::SingleGroup;
use super::states::{group_lists, list_type, lists, places};
use crate::functions::FunctionInfo;

const NAME: &str = "activity_baseline_at";
const ARGUMENTS: &[Argument] = &[
    ("bucket", Kind::Day),
    ("value", Kind::Number),
    ("known", Kind::Flag),
    ("history", Kind::Whole),
    ("at", Kind::Day),
    ("options", Kind::Options),
];
const OPTIONS: usize = 5;

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "activity_baseline_at(bucket, value, known, history, at [, options])",
    description: "activity_baseline for the one day at, as an aggregate: the same answer as the window form gives in that day's row, \
                  without a row for every other day. A day at without a row counts as zero; before the first row (without the option \
                  since) the answer is NULL. The rows of the history days and the person's first row are all that matters.",
    example: "SELECT actor_id, activity_baseline_at(local_day, files, complete, 28, DATE '2026-11-20') AS baseline \
              FROM activity_daily GROUP BY actor_id",
    version: 2,
};

/// The aggregate form: a baseline for one day.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ActivityBaselineAt {
    signature: Signature,
}

impl ActivityBaselineAt {
    pub(super) fn new() -> ActivityBaselineAt {
        ActivityBaselineAt { signature: arguments::signature() }
    }
}

impl AggregateUDFImpl for ActivityBaselineAt {
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
        Ok(DataType::Struct(baseline_fields()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), of, true));
        Ok(vec![
            field("days", list_type(DataType::Int32)),
            field("values", list_type(DataType::Float64)),
            field("first_day", DataType::Int64),
            field("history", DataType::Int64),
            field("at", DataType::Int64),
            field("options", DataType::Struct(options::state_fields())),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(SingleGroup::new(Histories { buckets: GroupedRows::default(), people: vec![Person::default()] })))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(Histories::default()))
    }
}

fn refuse_distinct(args: &AccumulatorArgs) -> Result<()> {
    if args.is_distinct { not_impl_err!("{NAME}(DISTINCT ...) is not supported") } else { Ok(()) }
}

/// The buckets of each group that matter for its day.
#[derive(Debug, Clone, Default)]
struct Histories {
    buckets: GroupedRows<Compact>,
    people: Vec<Person>,
}

/// A bucket of which millions may be held: an unknown value is NaN.
#[derive(Debug, Clone, Copy, Default)]
struct Compact {
    day: i32,
    value: f64,
}

/// What a group's rows have in common.
#[derive(Debug, Clone, Default)]
struct Person {
    first_day: Option<i64>,
    history: Parameter<i64>,
    at: Parameter<i64>,
    /// Shared with the others of the batch, as most often all have the same.
    options: Option<Arc<Options>>,
}

impl Person {
    fn agree(&mut self, history: Option<i64>, at: Option<i64>, options: &Arc<Options>) -> Result<()> {
        self.history.agree("history", in_range("history", history, &HISTORY_DAYS)?)?;
        self.at.agree("at", at)?;
        match &self.options {
            Some(before) if !Arc::ptr_eq(before, options) && before != options => {
                exec_err!("options must be the same in all rows of a group")
            }
            Some(_) => Ok(()),
            None => {
                self.options = Some(Arc::clone(options));
                Ok(())
            }
        }
    }

    fn saw(&mut self, day: i64) {
        self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
    }

    /// The days whose buckets the answer depends on, if it is known yet which day is asked for.
    fn looks_at(&self, day: i64) -> bool {
        match self.history.value.zip(self.at.value) {
            Some((history, at)) => (at - history..=at).contains(&day),
            None => true,
        }
    }

    fn baseline(&self, rows: &[Compact]) -> Option<Baseline> {
        let bucket = |row: &Compact| Bucket { day: i64::from(row.day), value: Some(row.value).filter(|value| !value.is_nan()) };
        let merged = buckets(rows.iter().map(bucket).collect());
        let options = self.options.as_deref().cloned().unwrap_or_default();
        at(&merged, self.first_day, self.at.value?, &Settings::trailing(self.history.value?, options))
    }
}

impl Histories {
    fn add(&mut self, group: usize, bucket: Bucket) {
        let Some(person) = self.people.get_mut(group) else { return };
        person.saw(bucket.day);
        if let (true, Ok(day)) = (person.looks_at(bucket.day), i32::try_from(bucket.day)) {
            self.buckets.push(group, Compact { day, value: bucket.value.unwrap_or(f64::NAN) });
        }
    }

    /// Takes the parameters of rows into account: (row, group, history, at).
    fn agree(&mut self, rows: impl Iterator<Item = (usize, usize, Option<i64>, Option<i64>)>, options: &OptionColumns) -> Result<()> {
        let mut last: Option<(usize, Arc<Options>)> = None;
        for (row, group, history, at) in rows {
            let options = match last.take() {
                Some((before, parsed)) if options.same(before, row) => parsed,
                _ => Arc::new(options.row(row)?),
            };
            if let Some(person) = self.people.get_mut(group) {
                person.agree(history, at, &options)?;
            }
            last = Some((row, options));
        }
        Ok(())
    }
}

impl GroupsAccumulator for Histories {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.people.resize(group_count, Person::default());
        let parameters = arguments::wholes(values, 3)?.zip(arguments::days(values, 4)?);
        let chosen = groups.iter().enumerate().zip(parameters).filter(|((index, _), _)| included(filter, *index));
        let chosen = chosen.map(|((index, group), (history, at))| (index, *group, history, at));
        self.agree(chosen, &OptionColumns::read(values, OPTIONS)?)?;
        let known = arguments::flags(values, 2)?.iter();
        let amounts = arguments::amounts(values, 1)?.zip(known);
        let rows = arguments::days(values, 0)?.zip(amounts).map(|(day, (value, known))| arguments::bucket(day, value, known));
        for ((index, group), row) in groups.iter().enumerate().zip(rows) {
            if let (Some(bucket), true) = (row, included(filter, index)) {
                self.add(*group, bucket);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let people = emit_to.take_needed(&mut self.people);
        let rows = self.buckets.take(people.len());
        let baselines: Vec<Option<Baseline>> = people.iter().zip(rows.iter()).map(|(person, rows)| person.baseline(rows)).collect();
        baseline_array(&baselines.iter().map(Option::as_ref).collect::<Vec<_>>())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let people = emit_to.take_needed(&mut self.people);
        let (ends, rows) = self.buckets.take(people.len()).into_parts();
        let days: Int32Array = rows.iter().map(|row| row.day).collect();
        let values: Float64Array = rows.iter().map(|row| row.value).collect();
        let column = |field: fn(&Person) -> Option<i64>| -> ArrayRef { Arc::new(people.iter().map(field).collect::<Int64Array>()) };
        let options: Vec<Option<&Options>> = people.iter().map(|person| person.options.as_deref()).collect();
        Ok(vec![
            group_lists(&ends, Arc::new(days))?,
            group_lists(&ends, Arc::new(values))?,
            column(|person| person.first_day),
            column(|person| person.history.value),
            column(|person| person.at.value),
            options::state(&options)?,
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.people.resize(group_count, Person::default());
        let options = arguments::argument(states, OPTIONS)?;
        let parameters = arguments::wholes(states, 3)?.zip(arguments::wholes(states, 4)?);
        // A group without options is one without rows: others may say which they are.
        let chosen = groups.iter().enumerate().zip(parameters).filter(|((index, _), _)| options.is_valid(*index));
        let chosen = chosen.map(|((index, group), (history, at))| (index, *group, history, at));
        self.agree(chosen, &OptionColumns::read(states, OPTIONS)?)?;
        let (day_lists, value_lists) = (lists(states, 0)?, lists(states, 1)?);
        let (days, values) = (day_lists.values().as_primitive::<Int32Type>(), value_lists.values().as_primitive::<Float64Type>());
        let rows = places(day_lists).zip(places(value_lists));
        for ((group, first_day), (day_place, value_place)) in groups.iter().zip(arguments::wholes(states, 2)?).zip(rows) {
            if let (Some(first_day), Some(person)) = (first_day, self.people.get_mut(*group)) {
                person.saw(first_day);
            }
            for (day, value) in day_place.zip(value_place) {
                let value = Some(values.value(value)).filter(|value| !value.is_nan());
                self.add(*group, Bucket { day: i64::from(days.value(day)), value });
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = Histories::default();
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.buckets.size() + self.people.capacity() * size_of::<Person>()
    }
}

#[cfg(test)]
mod tests;
