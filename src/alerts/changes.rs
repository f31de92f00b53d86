//! What a new answer changes: rows of `alert_changes`, from which sinks are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};

use crate::error::Result;
use crate::event::Micros;
use crate::lake::tables;

/// What a change tells of an alert.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    case_id: String,
    severity: String,
    status: String,
    entity_id: String,
    interval_start: Micros,
    interval_end: Micros,
    observed: Option<f64>,
    summary: String,
    payload_hash: String,
}

fn told(batch: &RecordBatch) -> BTreeMap<String, Told> {
    let text = |name: &str, row: usize| {
        batch
            .column_by_name(name)
            .map(|c| c.as_string::<i32>())
            .filter(|c| c.is_valid(row))
            .map_or_else(String::new, |c| c.value(row).to_owned())
    };
    let time = |name: &str, row: usize| batch.column_by_name(name).map_or(0, |c| c.as_primitive::<TimestampMicrosecondType>().value(row));
    let float = |name: &str, row: usize| {
        batch.column_by_name(name).map(|c| c.as_primitive::<Float64Type>()).filter(|c| c.is_valid(row)).map(|c| c.value(row))
    };
    (0..batch.num_rows())
        .map(|row| {
            let told = Told {
                case_id: text("case_id", row),
                severity: text("severity", row),
                status: text("status", row),
                entity_id: text("entity_id", row),
                interval_start: time("interval_start", row),
                interval_end: time("interval_end", row),
                observed: float("observed", row),
                summary: text("summary", row),
                payload_hash: text("payload_hash", row),
            };
            (text("alert_id", row), told)
        })
        .collect()
}

/// Compares two answers over the same intervals; `reason` says why the new one was made.
pub fn between(detection: &str, old: &RecordBatch, new: &RecordBatch, run_id: &str, reason: &str, now: Micros) -> Result<RecordBatch> {
    let (old, new) = (told(old), told(new));
    let mut rows: Vec<(&str, &str, &Told)> = Vec::new();
    for (id, alert) in &new {
        match old.get(id) {
            None => rows.push(("new", id, alert)),
            Some(before) if before != alert => rows.push(("changed", id, alert)),
            Some(_) => {}
        }
    }
    rows.extend(old.iter().filter(|(id, _)| !new.contains_key(*id)).map(|(id, alert)| ("retracted", id.as_str(), alert)));
    let text = |of: &dyn Fn(&(&str, &str, &Told)) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let time = |of: &dyn Fn(&(&str, &str, &Told)) -> Micros| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(of)).with_timezone("UTC"))
    };
    let columns = vec![
        text(&|row| row.0.to_owned()),
        text(&|_| reason.to_owned()),
        text(&|_| run_id.to_owned()),
        time(&|_| now),
        text(&|row| row.1.to_owned()),
        text(&|row| row.2.case_id.clone()),
        text(&|_| detection.to_owned()),
        text(&|row| row.2.severity.clone()),
        text(&|row| row.2.status.clone()),
        text(&|row| row.2.entity_id.clone()),
        time(&|row| row.2.interval_start),
        time(&|row| row.2.interval_end),
        Arc::new(rows.iter().map(|row| row.2.observed).collect::<Float64Array>()) as ArrayRef,
        text(&|row| row.2.summary.clone()),
        text(&|row| row.2.payload_hash.clone()),
    ];
    Ok(RecordBatch::try_new(tables::alert_changes().schema, columns)?)
}
