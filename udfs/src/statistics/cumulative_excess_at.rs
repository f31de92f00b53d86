//! `cumulative_excess_at(bucket, value, expected, at)`

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

use super::arguments::{self, Argument, Kind};
use super::gathered::{Asked, AtForm, Row};
use super::kernels::drift::{Expectation, by_day, cumulative_excess};
use crate::functions::FunctionInfo;

const NAME: &str = "cumulative_excess_at";

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "cumulative_excess_at(bucket, value, expected, at [, options])",
    description: "cumulative_excess as of the one day at, as an aggregate: the same answer as the window form gives in that day's row. A \
                  day at without a row is one without activity, of which was expected what was expected last. Later rows are passed over.",
    example: "SELECT actor_id, cumulative_excess_at(local_day, files, expected, DATE '2026-11-20') AS excess FROM expectations \
              GROUP BY actor_id",
    version: 1,
};

/// The form.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CumulativeExcessAt;

impl AtForm for CumulativeExcessAt {
    type Answer = f64;
    const NAME: &'static str = NAME;
    const ARGUMENTS: &'static [Argument] =
        &[("bucket", Kind::Day), ("value", Kind::Number), ("expected", Kind::Number), ("at", Kind::Day), ("options", Kind::Options)];
    const SETTING: &'static str = "nothing";
    const OPTIONS: usize = 4;

    fn answer_type(_given: &[DataType]) -> DataType {
        DataType::Float64
    }

    fn rows(values: &[ArrayRef]) -> Result<Vec<Option<Row>>> {
        let amounts = arguments::amounts(values, 1)?.zip(arguments::amounts(values, 2)?);
        let row = |(day, (value, expected)): (Option<i64>, (Option<f64>, Option<f64>))| {
            let known = value.zip(expected);
            let (value, other) = known.unwrap_or((f64::NAN, f64::NAN));
            Some(Row { when: day?, value, other })
        };
        Ok(arguments::days(values, 0)?.zip(amounts).map(row).collect())
    }

    /// There is none to give.
    fn settings(values: &[ArrayRef]) -> Result<Vec<Option<f64>>> {
        Ok(arguments::days(values, 0)?.map(|_| Some(0.0)).collect())
    }

    fn moments(values: &[ArrayRef]) -> Result<Vec<Option<i64>>> {
        Ok(arguments::days(values, 3)?.collect())
    }

    fn answer(rows: &[Row], asked: Asked) -> Option<f64> {
        let amounts = |row: &Row| Some((row.value, row.other)).filter(|(value, _)| !value.is_nan());
        let mut days = by_day(rows.iter().map(|row| Expectation { day: row.when, amounts: amounts(row) }).collect());
        if days.last()?.day < asked.at {
            let known = days.iter().rev().find(|day| day.amounts.is_some() && asked.options.covers(day.day));
            let expected = known.and_then(|day| day.amounts).map_or(0.0, |(_, expected)| expected);
            days.push(Expectation { day: asked.at, amounts: Some((0.0, expected)) });
        }
        cumulative_excess(&days, asked.options).pop().flatten()
    }

    fn column(answers: Vec<Option<f64>>, _of: &DataType) -> Result<ArrayRef> {
        Ok(Arc::new(Float64Array::from(answers)))
    }
}
