//! `activity_baseline_at(bucket, value, known, history, at)`

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Builder, Int64Array, Int64Builder, ListBuilder};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, HISTORY_DAYS, Kind, Parameter, in_range, included};
use super::baseline_result::{baseline_array, baseline_fields};
use super::kernels::baseline::{Baseline, Settings, at};
use super::kernels::calendar::{Bucket, buckets};
use super::kernels::grouped::GroupedRows;
use super::single_group::SingleGroup;
use crate::functions::FunctionInfo;

const NAME: &str = "activity_baseline_at";
const ARGUMENTS: &[Argument] =
    &[("bucket", Kind::Day), ("value", Kind::Number), ("known", Kind::Flag), ("history", Kind::Whole), ("at", Kind::Day)];

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "activity_baseline_at(bucket, value, known, history, at)",
    description: "activity_baseline for the one day at, as an aggregate: the same answer as the window form gives in that day's row, \
                  without a row for every other day. A day at without a row counts as zero; before the first row the answer is NULL. \
                  The rows of the history days and the person's first row are all that matters.",
    example: "SELECT actor_id, activity_baseline_at(local_day, files, complete, 28, DATE '2026-11-20') AS baseline \
              FROM activity_daily GROUP BY actor_id",
    version: 1,
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
        let list = |of| DataType::List(Arc::new(Field::new_list_field(of, true)));
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), of, true));
        Ok(vec![
            field("days", list(DataType::Int64)),
            field("values", list(DataType::Float64)),
            field("first_day", DataType::Int64),
            field("history", DataType::Int64),
            field("at", DataType::Int64),
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
#[derive(Debug, Clone, Copy)]
struct Compact {
    day: i32,
    value: f64,
}

/// What a group's rows have in common.
#[derive(Debug, Clone, Copy, Default)]
struct Person {
    first_day: Option<i64>,
    history: Parameter<i64>,
    at: Parameter<i64>,
}

impl Person {
    fn agree(&mut self, history: Option<i64>, at: Option<i64>) -> Result<()> {
        self.history.agree("history", in_range("history", history, &HISTORY_DAYS)?)?;
        self.at.agree("at", at)
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

    fn baseline(&self, rows: Vec<Compact>) -> Option<Baseline> {
        let bucket = |row: Compact| Bucket { day: i64::from(row.day), value: Some(row.value).filter(|value| !value.is_nan()) };
        let merged = buckets(rows.into_iter().map(bucket).collect());
        at(&merged, self.first_day?, self.at.value?, Settings::trailing(self.history.value?))
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

    fn agree(&mut self, group: usize, history: Option<i64>, at: Option<i64>) -> Result<()> {
        self.people.get_mut(group).map_or(Ok(()), |person| person.agree(history, at))
    }
}

impl GroupsAccumulator for Histories {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.people.resize(group_count, Person::default());
        let known = arguments::flags(values, 2)?.iter();
        let amounts = arguments::amounts(values, 1)?.zip(known);
        let rows = arguments::days(values, 0)?.zip(amounts).map(|(day, (value, known))| arguments::bucket(day, value, known));
        let parameters = arguments::wholes(values, 3)?.zip(arguments::days(values, 4)?);
        for ((index, group), (row, (history, at))) in groups.iter().enumerate().zip(rows.zip(parameters)) {
            if included(filter, index) {
                self.agree(*group, history, at)?;
                if let Some(bucket) = row {
                    self.add(*group, bucket);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let people = emit_to.take_needed(&mut self.people);
        let rows = self.buckets.take(people.len());
        let baselines: Vec<Option<Baseline>> = people.iter().zip(rows).map(|(person, rows)| person.baseline(rows)).collect();
        baseline_array(&baselines)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let people = emit_to.take_needed(&mut self.people);
        let mut days = ListBuilder::new(Int64Builder::new());
        let mut values = ListBuilder::new(Float64Builder::new());
        for rows in self.buckets.take(people.len()) {
            for row in rows {
                days.values().append_value(i64::from(row.day));
                values.values().append_value(row.value);
            }
            days.append(true);
            values.append(true);
        }
        let column = |field: fn(&Person) -> Option<i64>| -> ArrayRef { Arc::new(people.iter().map(field).collect::<Int64Array>()) };
        let parameters = [column(|person| person.first_day), column(|person| person.history.value), column(|person| person.at.value)];
        let lists: [ArrayRef; 2] = [Arc::new(days.finish()), Arc::new(values.finish())];
        Ok(lists.into_iter().chain(parameters).collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.people.resize(group_count, Person::default());
        let lists = arguments::lists(states, 0)?.iter().zip(arguments::lists(states, 1)?.iter());
        let parameters = arguments::wholes(states, 3)?.zip(arguments::wholes(states, 4)?);
        let people = arguments::wholes(states, 2)?.zip(parameters);
        for ((group, (days, values)), (first_day, (history, at))) in groups.iter().zip(lists).zip(people) {
            self.agree(*group, history, at)?;
            if let (Some(first_day), Some(person)) = (first_day, self.people.get_mut(*group)) {
                person.saw(first_day);
            }
            let (Some(days), Some(values)) = (days, values) else { continue };
            let (Some(days), Some(values)) = (days.as_primitive_opt::<Int64Type>(), values.as_primitive_opt::<Float64Type>()) else {
                continue;
            };
            for (day, value) in days.iter().zip(values.iter()) {
                if let Some(day) = day {
                    self.add(*group, Bucket { day, value: value.filter(|value| !value.is_nan()) });
                }
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
