//! The struct that every baseline function returns.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, StructArray};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;

use super::kernels::baseline::Baseline;

/// Made once: a window function answers for one person at a time, and the answers' types are compared when they are joined.
static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
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
});

/// `struct(expected, spread, score, p_value, history, status, mean, variance)`.
pub(super) fn baseline_fields() -> Fields {
    Fields::clone(&FIELDS)
}

/// One struct a row; NULL where there is no baseline at all.
pub(super) fn baseline_array(baselines: &[Option<&Baseline>]) -> Result<ArrayRef> {
    let columns: Vec<ArrayRef> = vec![
        numbers(baselines, |baseline| baseline.expected),
        numbers(baselines, |baseline| baseline.spread),
        numbers(baselines, |baseline| baseline.score),
        numbers(baselines, |baseline| baseline.p_value),
        Arc::new(baselines.iter().map(|baseline| baseline.map(|baseline| baseline.history)).collect::<Int64Array>()),
        Arc::new(baselines.iter().map(|baseline| baseline.map(|baseline| status(baseline.learning))).collect::<StringArray>()),
        numbers(baselines, |baseline| baseline.mean),
        numbers(baselines, |baseline| baseline.variance),
    ];
    let present = present(baselines.iter().map(Option::is_some));
    Ok(Arc::new(StructArray::try_new(baseline_fields(), columns, present)?))
}

fn numbers(baselines: &[Option<&Baseline>], number: fn(&Baseline) -> Option<f64>) -> ArrayRef {
    let numbers = || baselines.iter().map(|baseline| baseline.and_then(number));
    let values: Vec<f64> = numbers().map(Option::unwrap_or_default).collect();
    Arc::new(Float64Array::new(ScalarBuffer::from(values), present(numbers().map(|number| number.is_some()))))
}

/// Nothing where all are there.
fn present(mut rows: impl Iterator<Item = bool> + Clone) -> Option<NullBuffer> {
    let every = rows.clone();
    (!rows.all(|present| present)).then(|| every.collect::<Vec<bool>>().into())
}

/// The status of a history that is long enough.
pub(super) const OK: &str = "ok";

/// How far a history is to be trusted.
pub(super) fn status(learning: bool) -> &'static str {
    if learning { "learning" } else { OK }
}
