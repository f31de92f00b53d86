//! `ewma_baseline(bucket, value, alpha [, options]) OVER (PARTITION BY person ORDER BY bucket)`

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDFImpl};

use super::activity_baseline::of_rows;
use super::arguments::{self, Argument, Kind};
use super::baseline_result::{baseline_array, baseline_fields};
use super::kernels::calendar::{Bucket, buckets};
use super::kernels::drift::ewma;
use super::options::OptionColumns;
use crate::functions::FunctionInfo;

const NAME: &str = "ewma_baseline";
const ARGUMENTS: &[Argument] = &[("bucket", Kind::Day), ("value", Kind::Number), ("alpha", Kind::Number), ("options", Kind::Options)];

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "window",
    syntax: "ewma_baseline(bucket, value, alpha [, options]) OVER (PARTITION BY person ORDER BY bucket)",
    description: "Compares each day with the exponentially weighted mean and variance of the person's earlier days; alpha is the weight \
                  of the newest (0 < alpha <= 1). Days without a row count as zero, days whose value is NULL are left out. Returns the \
                  struct of activity_baseline and takes its options, but for weekend.",
    example: "SELECT actor_id, ewma_baseline(local_day, files, 0.1) OVER (PARTITION BY actor_id ORDER BY local_day) AS baseline \
              FROM activity_daily",
    version: 2,
};

/// The window function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct EwmaBaseline {
    signature: Signature,
}

impl EwmaBaseline {
    pub(super) fn new() -> EwmaBaseline {
        EwmaBaseline { signature: arguments::signature() }
    }
}

impl WindowUDFImpl for EwmaBaseline {
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
        let Some(alpha) = alpha_in_range(arguments::number_parameter("alpha", values, 2)?)? else {
            return baseline_array(&vec![None; num_rows]);
        };
        let amounts = arguments::amounts(values, 1)?;
        let rows: Vec<Option<Bucket>> =
            arguments::days(values, 0)?.zip(amounts).map(|(day, value)| arguments::bucket(day, value, Some(true))).collect();
        let merged = buckets(rows.iter().flatten().copied().collect());
        let options = OptionColumns::read(values, 3)?.common(num_rows)?;
        baseline_array(&of_rows(&rows, &merged, &ewma(&merged, alpha, &options)))
    }
}

/// The weight of the newest day: some, and at most all.
pub(super) fn alpha_in_range(alpha: Option<f64>) -> Result<Option<f64>> {
    match alpha {
        Some(outside) if !(outside > 0.0 && outside <= 1.0) => exec_err!("alpha must be above 0 and at most 1, got {outside}"),
        _ => Ok(alpha),
    }
}
