//! What a new answer changes: rows of `alert_changes`, from which sinks are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};

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

/// What goes with it and alone is no change: so that a sink can tell of an alert that is no longer there.
#[derive(Debug, Clone)]
struct Besides {
    alert_key: String,
    entity_type: String,
    group_name: Option<String>,
    risk_score: Option<i64>,
    first_event_time: Option<Micros>,
    last_event_time: Option<Micros>,
    expected: Option<f64>,
    evidence_total: Option<i64>,
    fingerprint: Option<String>,
}

fn told(batch: &RecordBatch) -> BTreeMap<String, (Told, Besides)> {
    let column = |name: &str, row: usize| batch.column_by_name(name).filter(|c| c.is_valid(row));
    let word = |name: &str, row: usize| column(name, row).map(|c| c.as_string::<i32>().value(row).to_owned());
    let text = |name: &str, row: usize| word(name, row).unwrap_or_default();
    let moment = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<TimestampMicrosecondType>().value(row));
    let time = |name: &str, row: usize| moment(name, row).unwrap_or(0);
    let float = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<Float64Type>().value(row));
    let int = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<Int64Type>().value(row));
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
            let besides = Besides {
                alert_key: text("alert_key", row),
                entity_type: text("entity_type", row),
                group_name: word("group_name", row),
                risk_score: int("risk_score", row),
                first_event_time: moment("first_event_time", row),
                last_event_time: moment("last_event_time", row),
                expected: float("expected", row),
                evidence_total: int("evidence_total", row),
                fingerprint: word("fingerprint", row),
            };
            (text("alert_id", row), (told, besides))
        })
        .collect()
}

/// Compares two answers over the same intervals; `reason` says why the new one was made.
pub fn between(detection: &str, old: &RecordBatch, new: &RecordBatch, run_id: &str, reason: &str, now: Micros) -> Result<RecordBatch> {
    type Row<'a> = (&'a str, &'a str, &'a Told, &'a Besides);
    let (old, new) = (told(old), told(new));
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (id, (alert, besides)) in &new {
        match old.get(id) {
            None => rows.push(("new", id, alert, besides)),
            Some((before, _)) if before != alert => rows.push(("changed", id, alert, besides)),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(id, _)| !new.contains_key(*id));
    rows.extend(gone.map(|(id, (alert, besides))| ("retracted", id.as_str(), alert, besides)));
    let word = |of: &dyn Fn(&Row<'_>) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let text = |of: &dyn Fn(&Row<'_>) -> String| word(&|row| Some(of(row)));
    let moment = |of: &dyn Fn(&Row<'_>) -> Option<Micros>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    };
    let time = |of: &dyn Fn(&Row<'_>) -> Micros| moment(&|row| Some(of(row)));
    let float = |of: &dyn Fn(&Row<'_>) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let int = |of: &dyn Fn(&Row<'_>) -> Option<i64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Int64Array>()) };
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
        float(&|row| row.2.observed),
        text(&|row| row.2.summary.clone()),
        text(&|row| row.2.payload_hash.clone()),
        text(&|row| row.3.alert_key.clone()),
        text(&|row| row.3.entity_type.clone()),
        word(&|row| row.3.group_name.clone()),
        int(&|row| row.3.risk_score),
        moment(&|row| row.3.first_event_time),
        moment(&|row| row.3.last_event_time),
        float(&|row| row.3.expected),
        int(&|row| row.3.evidence_total),
        word(&|row| row.3.fingerprint.clone()),
    ];
    Ok(RecordBatch::try_new(tables::alert_changes().schema, columns)?)
}
