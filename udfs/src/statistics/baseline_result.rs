//! The struct that every baseline function returns.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;

use super::kernels::baseline::Baseline;

/// `struct(expected, spread, score, p_value, history, status, mean, variance)`.
pub(super) fn baseline_fields() -> Fields {
    let number = |name| Field::new(name, DataType::Float64, true);
    Fields::from(vec![
        number("expected"),
        number("spread"),
        number("score"),
        number("p_value"),
        Field::new("history", DataType::Int64, true),
        Field::new("status", DataType::Utf8, true),
        number("mean"),
        number("variance"),
    ])
}

/// One struct a row; NULL where there is no baseline at all.
pub(super) fn baseline_array(baselines: &[Option<Baseline>]) -> Result<ArrayRef> {
    let number = |field: fn(&Baseline) -> Option<f64>| -> ArrayRef {
        Arc::new(baselines.iter().map(|baseline| baseline.as_ref().and_then(field)).collect::<Float64Array>())
    };
    let columns = vec![
        number(|baseline| baseline.expected),
        number(|baseline| baseline.spread),
        number(|baseline| baseline.score),
        number(|baseline| baseline.p_value),
        Arc::new(baselines.iter().map(|baseline| baseline.map(|baseline| baseline.history)).collect::<Int64Array>()),
        Arc::new(baselines.iter().map(|baseline| baseline.map(|baseline| status(baseline.learning))).collect::<StringArray>()),
        number(|baseline| baseline.mean),
        number(|baseline| baseline.variance),
    ];
    let present: NullBuffer = baselines.iter().map(Option::is_some).collect::<Vec<bool>>().into();
    Ok(Arc::new(StructArray::try_new(baseline_fields(), columns, Some(present))?))
}

/// The status of a history that is long enough.
pub(super) const OK: &str = "ok";

/// How far a history is to be trusted.
pub(super) fn status(learning: bool) -> &'static str {
    if learning { "learning" } else { OK }
}
