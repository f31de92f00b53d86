//! `ewma_baseline_at(bucket, value, alpha, at)`

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

use super::arguments::{self, Argument, Kind};
use super::baseline_result::{baseline_array, baseline_fields};
use super::ewma_baseline::alpha_in_range;
use super::gathered::{Asked, AtForm, Row};
use super::kernels::baseline::Baseline;
use super::kernels::calendar::{Bucket, buckets};
use super::kernels::drift::ewma;
use crate::functions::FunctionInfo;

const NAME: &str = "ewma_baseline_at";

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "ewma_baseline_at(bucket, value, alpha, at [, options])",
    description: "ewma_baseline for the one day at, as an aggregate: the same answer as the window form gives in that day's row. A day at \
                  without a row counts as zero; before the first row (without the option since) the answer is NULL. Later rows are passed \
                  over.",
    example: "SELECT actor_id, ewma_baseline_at(local_day, files, 0.1, DATE '2026-11-20') AS baseline FROM activity_daily \
              GROUP BY actor_id",
    version: 1,
};

/// The form.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EwmaBaselineAt;

impl AtForm for EwmaBaselineAt {
    type Answer = Baseline;
    const NAME: &'static str = NAME;
    const ARGUMENTS: &'static [Argument] =
        &[("bucket", Kind::Day), ("value", Kind::Number), ("alpha", Kind::Number), ("at", Kind::Day), ("options", Kind::Options)];
    const SETTING: &'static str = "alpha";
    const OPTIONS: usize = 4;

    fn answer_type(_given: &[DataType]) -> DataType {
        DataType::Struct(baseline_fields())
    }

    fn rows(values: &[ArrayRef]) -> Result<Vec<Option<Row>>> {
        let amounts = arguments::amounts(values, 1)?;
        let row = |(day, value): (Option<i64>, Option<f64>)| Some(Row { when: day?, value: value.unwrap_or(f64::NAN), other: f64::NAN });
        Ok(arguments::days(values, 0)?.zip(amounts).map(row).collect())
    }

    fn settings(values: &[ArrayRef]) -> Result<Vec<Option<f64>>> {
        arguments::settings(values, 2)?.map(alpha_in_range).collect()
    }

    fn moments(values: &[ArrayRef]) -> Result<Vec<Option<i64>>> {
        Ok(arguments::days(values, 3)?.collect())
    }

    fn answer(rows: &[Row], asked: Asked) -> Option<Baseline> {
        let bucket = |row: &Row| Bucket { day: row.when, value: Some(row.value).filter(|value| !value.is_nan()) };
        let mut merged = buckets(rows.iter().map(bucket).collect());
        if merged.is_empty() && asked.options.since.is_none() {
            return None;
        }
        if merged.last().is_none_or(|last| last.day < asked.at) {
            merged.push(Bucket { day: asked.at, value: Some(0.0) });
        }
        ewma(&merged, asked.setting, asked.options).pop()
    }

    fn column(answers: Vec<Option<Baseline>>, _of: &DataType) -> Result<ArrayRef> {
        baseline_array(&answers.iter().map(Option::as_ref).collect::<Vec<_>>())
    }
}
