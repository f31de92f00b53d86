//! `ingest.redact`: credentials are masked before events are written, and what was found is written beside them instead.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, Int64Builder, RecordBatch, StringArray, StringBuilder, UInt32Builder};
use arrow::compute::take;
use bittern_udfs::setup::Setup;

use crate::error::{Error, Result};
use crate::lake::columns::PROSE;
use crate::lake::tables;

/// Columns whose findings are kept: those that `credential_findings` reads. In the others credentials are masked, no more.
const KEPT: [&str; 3] = ["text", "file_name", "search_query"];

/// A batch of events with every credential masked, and the rows of `ingest_findings` that tell what was there.
pub fn redacted(batch: &RecordBatch, setup: &Setup) -> Result<(RecordBatch, RecordBatch)> {
    let mut columns = batch.columns().to_vec();
    let mut findings = Findings::default();
    for name in PROSE {
        let Ok(at) = batch.schema().index_of(name) else { continue };
        let texts = batch.column(at).as_string::<i32>();
        if texts.null_count() == texts.len() {
            continue;
        }
        columns[at] = Arc::new(column(name, texts, setup, &mut findings));
    }
    Ok((RecordBatch::try_new(batch.schema(), columns)?, findings.batch(batch)?))
}

fn column(name: &str, texts: &StringArray, setup: &Setup, findings: &mut Findings) -> StringArray {
    let rules = setup.rules();
    let mut masked = StringBuilder::with_capacity(texts.len(), texts.values().len());
    for (row, text) in texts.iter().enumerate() {
        let Some(text) = text else {
            masked.append_null();
            continue;
        };
        if KEPT.contains(&name) && !text.is_empty() {
            findings.of(name, row, text, setup);
        }
        match rules.redact(text.as_bytes()) {
            None => masked.append_value(text),
            Some(bytes) => masked.append_value(String::from_utf8_lossy(&bytes)),
        }
    }
    masked.finish()
}

#[derive(Default)]
struct Findings {
    rows: UInt32Builder,
    field: StringBuilder,
    rule: StringBuilder,
    kind: StringBuilder,
    confidence: Float64Builder,
    start: Int64Builder,
    end: Int64Builder,
    masked: StringBuilder,
    fingerprint: StringBuilder,
}

impl Findings {
    fn of(&mut self, field: &str, row: usize, text: &str, setup: &Setup) {
        let rules = setup.rules();
        for found in rules.find(text.as_bytes()) {
            self.rows.append_value(u32::try_from(row).unwrap_or(u32::MAX));
            self.field.append_value(field);
            self.rule.append_value(rules.name(&found));
            self.kind.append_value(rules.kind(&found));
            self.confidence.append_value(found.confidence);
            self.start.append_value(i64::try_from(found.range.start).unwrap_or(i64::MAX));
            self.end.append_value(i64::try_from(found.range.end).unwrap_or(i64::MAX));
            self.masked.append_value(rules.masked(&found, text.as_bytes()));
            self.fingerprint.append_value(setup.fingerprint(found.secret(text.as_bytes())));
        }
    }

    /// The rows of `ingest_findings`: which event and when come from the events themselves.
    fn batch(mut self, events: &RecordBatch) -> Result<RecordBatch> {
        let rows = self.rows.finish();
        let of = |name: &str| -> Result<ArrayRef> {
            let column = events.column_by_name(name).ok_or_else(|| Error::internal(format!("events have no column `{name}`")))?;
            Ok(take(column, &rows, None)?)
        };
        let columns: Vec<ArrayRef> = vec![
            of("event_id")?,
            of("event_time")?,
            Arc::new(self.field.finish()),
            Arc::new(self.rule.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.confidence.finish()),
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.masked.finish()),
            Arc::new(self.fingerprint.finish()),
        ];
        Ok(RecordBatch::try_new(tables::ingest_findings().schema, columns)?)
    }
}
