//! `cumulative_excess(bucket, value, expected [, options]) OVER (PARTITION BY person ORDER BY bucket)`

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDFImpl};

use super::arguments::{self, Argument, Kind};
use super::kernels::drift::{Expectation, by_day, cumulative_excess};
use super::options::OptionColumns;
use crate::functions::FunctionInfo;

const NAME: &str = "cumulative_excess";
const ARGUMENTS: &[Argument] = &[("bucket", Kind::Day), ("value", Kind::Number), ("expected", Kind::Number), ("options", Kind::Options)];

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "window",
    syntax: "cumulative_excess(bucket, value, expected [, options]) OVER (PARTITION BY person ORDER BY bucket)",
    description: "Adds up by how many spreads each day lies above what was expected, less half a spread a day and never below zero (a \
                  one-sided CUSUM): high after weeks in which no single day stands out. Days without a row count as zero, days with \
                  value or expected NULL are left out. Take expected from a mean (ewma_baseline), not from a median. options is a \
                  struct with any of since and unknown, as in activity_baseline.",
    example: "SELECT actor_id, cumulative_excess(local_day, files, expected) OVER (PARTITION BY actor_id ORDER BY local_day) AS excess \
              FROM expectations",
    version: 2,
};

/// The window function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CumulativeExcess {
    signature: Signature,
}

impl CumulativeExcess {
    pub(super) fn new() -> CumulativeExcess {
        CumulativeExcess { signature: arguments::signature() }
    }
}

impl WindowUDFImpl for CumulativeExcess {
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
        Ok(Arc::new(Field::new(args.name(), DataType::Float64, true)))
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator))
    }
}

#[derive(Debug)]
struct Evaluator;

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let days: Vec<Option<i64>> = arguments::days(values, 0)?.collect();
        let amounts = arguments::amounts(values, 1)?.zip(arguments::amounts(values, 2)?);
        let rows = days
            .iter()
            .zip(amounts)
            .filter_map(|(day, (value, expected))| Some(Expectation { day: (*day)?, amounts: value.zip(expected) }));
        let merged = by_day(rows.collect());
        let options = OptionColumns::read(values, 3)?.common(num_rows)?;
        let sums = cumulative_excess(&merged, &options);
        let found = |day: i64| merged.binary_search_by_key(&day, |expectation| expectation.day).ok();
        let excess = |day: &Option<i64>| day.and_then(found).and_then(|index| sums.get(index)).copied().flatten();
        Ok(Arc::new(days.iter().map(excess).collect::<Float64Array>()))
    }
}
