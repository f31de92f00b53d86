//! `activity_baseline(bucket, value, known, history [, options]) OVER (PARTITION BY person ORDER BY bucket)`

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDFImpl};

use super::arguments::{self, Argument, HISTORY_DAYS, Kind};
use super::baseline_result::{baseline_array, baseline_fields};
use super::kernels::baseline::{Baseline, Settings, trailing};
use super::kernels::calendar::{Bucket, buckets};
use super::options::OptionColumns;
use crate::functions::FunctionInfo;

const NAME: &str = "activity_baseline";
const ARGUMENTS: &[Argument] =
    &[("bucket", Kind::Day), ("value", Kind::Number), ("known", Kind::Flag), ("history", Kind::Whole), ("options", Kind::Options)];

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "window",
    syntax: "activity_baseline(bucket, value, known, history [, options]) OVER (PARTITION BY person ORDER BY bucket)",
    description: "Compares each day with the person's own trailing days of the same type (weekday or weekend): median, spread, \
                  distance in spreads and tail probability. Days without a row count as zero, days with known = false are left out. \
                  Returns struct(expected, spread, score, p_value, history, status, mean, variance); status is 'learning' below 10 known \
                  days. options is a struct with any of: since (first day that counts), unknown (list of struct(start, end): days of \
                  which nothing is known, end excluded), weekend ('sat,sun'; 'none': all days alike), spread_min, tail (false: no \
                  p_value, mean and variance), peers (from peer_baseline: what short histories are brought towards).",
    example: "SELECT actor_id, activity_baseline(local_day, files, complete, 28) \
              OVER (PARTITION BY actor_id ORDER BY local_day) AS baseline FROM activity_daily",
    version: 2,
};

/// The window form: a baseline for every row.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ActivityBaseline {
    signature: Signature,
}

impl ActivityBaseline {
    pub(super) fn new() -> ActivityBaseline {
        ActivityBaseline { signature: arguments::signature() }
    }
}

impl WindowUDFImpl for ActivityBaseline {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        arguments::coerced(NAME, ARGUMENTS, given)
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Struct(baseline_fields()), true)))
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator))
    }
}

#[derive(Debug)]
struct Evaluator;

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let Some(history_days) = arguments::whole_parameter("history", values, 3, &HISTORY_DAYS)? else {
            return baseline_array(&vec![None; num_rows]);
        };
        let known = arguments::flags(values, 2)?.iter();
        let amounts = arguments::amounts(values, 1)?.zip(known);
        let rows: Vec<Option<Bucket>> =
            arguments::days(values, 0)?.zip(amounts).map(|(day, (value, known))| arguments::bucket(day, value, known)).collect();
        let merged = buckets(rows.iter().flatten().copied().collect());
        let options = OptionColumns::read(values, 4)?.common(num_rows)?;
        let baselines = trailing(&merged, &Settings::trailing(history_days, options));
        baseline_array(&of_rows(&rows, &merged, &baselines))
    }
}

/// Gives each row the answer of its bucket.
pub(super) fn of_rows<'a>(rows: &[Option<Bucket>], merged: &[Bucket], baselines: &'a [Baseline]) -> Vec<Option<&'a Baseline>> {
    let found = |row: &Bucket| merged.binary_search_by_key(&row.day, |bucket| bucket.day).ok();
    rows.iter().map(|row| row.as_ref().and_then(found).and_then(|index| baselines.get(index))).collect()
}
