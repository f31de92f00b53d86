//! The aggregate forms of window functions: the same answer for one bucket alone, with GROUP BY.
//!
//! A form says what it keeps of a row and how a group's rows become an answer; gathering, merging and checking that parameters
//! are the same in all rows is the same for all.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, Argument, Parameter, included};
use super::kernels::baseline::Options;
use super::kernels::grouped::GroupedRows;
use super::options::{self, OptionColumns};
use super::single_group::SingleGroup;
use super::states::{group_lists, list_type, lists, places};

/// What is kept of a row: when it was, and one or two numbers (NaN where unknown).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Row {
    pub when: i64,
    pub value: f64,
    pub other: f64,
}

/// What is the same in all rows of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// alpha, days of history, half-life: the function's own parameter.
    pub setting: f64,
    pub at: i64,
    pub options: &'a Options,
}

/// The aggregate form of one function.
pub(super) trait AtForm: Debug + Default + Clone + Copy + PartialEq + Eq + std::hash::Hash + Send + Sync + 'static {
    /// The answer for one group.
    type Answer;
    const NAME: &'static str;
    const ARGUMENTS: &'static [Argument];
    /// The name of the setting, for messages.
    const SETTING: &'static str;
    /// The place of the options, whether or not there are any.
    const OPTIONS: usize;

    /// The type of answers, by the types of the arguments.
    fn answer_type(given: &[DataType]) -> DataType;
    /// What is kept of each row; `None` where it says nothing.
    fn rows(values: &[ArrayRef]) -> Result<Vec<Option<Row>>>;
    /// The setting in each row.
    fn settings(values: &[ArrayRef]) -> Result<Vec<Option<f64>>>;
    /// The moment asked about in each row, in the unit of `Row::when`.
    fn moments(values: &[ArrayRef]) -> Result<Vec<Option<i64>>>;
    /// The answer from the rows that are not after the moment, in any order.
    fn answer(rows: &[Row], asked: Asked) -> Option<Self::Answer>;
    /// The answers as a column of the answers' type.
    fn column(answers: Vec<Option<Self::Answer>>, of: &DataType) -> Result<ArrayRef>;
}

/// The aggregate function of a form.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct At<F> {
    signature: Signature,
    form: F,
}

impl<F: AtForm> At<F> {
    pub(super) fn new() -> At<F> {
        At { signature: arguments::signature(), form: F::default() }
    }
}

fn row_fields() -> Fields {
    Fields::from(vec![
        Field::new("when", DataType::Int64, true),
        Field::new("value", DataType::Float64, true),
        Field::new("other", DataType::Float64, true),
    ])
}

fn types(args: &AccumulatorArgs) -> Vec<DataType> {
    args.expr_fields.iter().map(|field| field.data_type().clone()).collect()
}

impl<F: AtForm> AggregateUDFImpl for At<F> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        arguments::coerced(F::NAME, F::ARGUMENTS, given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        Ok(F::answer_type(given))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), of, true));
        Ok(vec![
            field("rows", list_type(DataType::Struct(row_fields()))),
            field("setting", DataType::Float64),
            field("at", DataType::Int64),
            field("options", DataType::Struct(options::state_fields())),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct::<F>(&args)?;
        Ok(Box::new(SingleGroup::new(Gathered::<F> { groups: vec![Group::default()], ..Gathered::of(&types(&args)) })))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct::<F>(&args)?;
        Ok(Box::new(Gathered::<F>::of(&types(&args))))
    }
}

fn refuse_distinct<F: AtForm>(args: &AccumulatorArgs) -> Result<()> {
    if args.is_distinct { not_impl_err!("{}(DISTINCT ...) is not supported", F::NAME) } else { Ok(()) }
}

#[derive(Debug, Clone, Default)]
struct Group {
    setting: Parameter<f64>,
    at: Parameter<i64>,
    options: Option<Arc<Options>>,
}

/// The rows of each group until now.
#[derive(Debug, Clone)]
struct Gathered<F> {
    rows: GroupedRows<Row>,
    groups: Vec<Group>,
    answers: DataType,
    form: PhantomData<F>,
}

impl<F: AtForm> Gathered<F> {
    fn of(given: &[DataType]) -> Gathered<F> {
        Gathered::answering(F::answer_type(given))
    }

    fn answering(answers: DataType) -> Gathered<F> {
        Gathered { rows: GroupedRows::default(), groups: Vec::new(), answers, form: PhantomData }
    }

    fn agree(&mut self, group: usize, setting: Option<f64>, at: Option<i64>, options: &Arc<Options>) -> Result<()> {
        let Some(group) = self.groups.get_mut(group) else { return Ok(()) };
        group.setting.agree(F::SETTING, setting)?;
        group.at.agree("at", at)?;
        match &group.options {
            Some(before) if !Arc::ptr_eq(before, options) && before != options => {
                exec_err!("options must be the same in all rows of a group")
            }
            Some(_) => Ok(()),
            None => {
                group.options = Some(Arc::clone(options));
                Ok(())
            }
        }
    }

    /// Rows after the moment asked about say nothing.
    fn add(&mut self, group: usize, row: Row) {
        let at = self.groups.get(group).and_then(|group| group.at.value);
        if at.is_none_or(|at| row.when <= at) {
            self.rows.push(group, row);
        }
    }

    fn answer(group: &Group, rows: &[Row]) -> Option<F::Answer> {
        let at = group.at.value?;
        // Which moment is asked about may have become known only after some rows.
        let known: Vec<Row> = rows.iter().filter(|row| row.when <= at).copied().collect();
        let defaults = Options::default();
        let options = group.options.as_deref().unwrap_or(&defaults);
        F::answer(&known, Asked { setting: group.setting.value?, at, options })
    }
}

impl<F: AtForm> GroupsAccumulator for Gathered<F> {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.groups.resize(group_count, Group::default());
        let (settings, moments) = (F::settings(values)?, F::moments(values)?);
        let columns = OptionColumns::read(values, F::OPTIONS)?;
        let mut last: Option<(usize, Arc<Options>)> = None;
        let rows = F::rows(values)?.into_iter().zip(settings.into_iter().zip(moments));
        for ((index, group), (row, (setting, at))) in groups.iter().enumerate().zip(rows) {
            if !included(filter, index) {
                continue;
            }
            let options = match last.take() {
                Some((before, parsed)) if columns.same(before, index) => parsed,
                _ => Arc::new(columns.row(index)?),
            };
            self.agree(*group, setting, at, &options)?;
            last = Some((index, options));
            if let Some(row) = row {
                self.add(*group, row);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = emit_to.take_needed(&mut self.groups);
        let rows = self.rows.take(groups.len());
        F::column(groups.iter().zip(rows.iter()).map(|(group, rows)| Gathered::<F>::answer(group, rows)).collect(), &self.answers)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = emit_to.take_needed(&mut self.groups);
        let (ends, rows) = self.rows.take(groups.len()).into_parts();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|row| row.when).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
            Arc::new(rows.iter().map(|row| row.other).collect::<Float64Array>()),
        ];
        let options: Vec<Option<&Options>> = groups.iter().map(|group| group.options.as_deref()).collect();
        Ok(vec![
            group_lists(&ends, Arc::new(StructArray::try_new(row_fields(), columns, None)?))?,
            Arc::new(groups.iter().map(|group| group.setting.value).collect::<Float64Array>()),
            Arc::new(groups.iter().map(|group| group.at.value).collect::<Int64Array>()),
            options::state(&options)?,
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.groups.resize(group_count, Group::default());
        let (settings, moments) = (arguments::primitive::<Float64Type>(states, 1)?, arguments::primitive::<Int64Type>(states, 2)?);
        let (given, columns) = (arguments::argument(states, 3)?, OptionColumns::read(states, 3)?);
        let lists = lists(states, 0)?;
        let [whens, values, others] = lists.values().as_struct().columns() else { return Ok(()) };
        let (whens, values, others) = (whens.as_primitive::<Int64Type>(), values.as_primitive::<Float64Type>(), others.as_primitive());
        let others: &Float64Array = others;
        let parameters = settings.iter().zip(moments);
        for ((index, group), (place, (setting, at))) in groups.iter().enumerate().zip(places(lists).zip(parameters)) {
            // A group without options is one without rows: others may say which they are.
            if given.is_valid(index) {
                self.agree(*group, setting, at, &Arc::new(columns.row(index)?))?;
            }
            for row in place {
                self.add(*group, Row { when: whens.value(row), value: values.value(row), other: others.value(row) });
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = Gathered::<F>::answering(self.answers.clone());
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.rows.size() + self.groups.capacity() * size_of::<Group>()
    }
}

#[cfg(test)]
mod tests;
