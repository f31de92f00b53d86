//! A statement from when it came to when it ended: its row in the audit, written however it ends.

use std::time::Instant;

use super::audit::{Audit, Outcome, Record};

/// A statement that is being answered.
pub struct Asked {
    audit: Audit,
    started: Instant,
    record: Option<Record>,
}

impl Asked {
    /// A statement that has just come. `record` is its row, as far as it is known.
    pub fn new(audit: Audit, record: Record) -> Self {
        Self { audit, started: Instant::now(), record: Some(record) }
    }

    /// Counts what was sent.
    pub fn sent(&mut self, rows: usize, bytes: usize) {
        if let Some(record) = self.record.as_mut() {
            record.rows = record.rows.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
            record.bytes = record.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Says how it ended.
    pub fn end(mut self, outcome: Outcome, code: Option<&'static str>) {
        self.write(outcome, code);
    }

    fn write(&mut self, outcome: Outcome, code: Option<&'static str>) {
        if let Some(mut record) = self.record.take() {
            record.seconds = self.started.elapsed().as_secs_f64();
            record.outcome = outcome;
            record.code = code;
            self.audit.record(record);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // Nobody said how it ended: the client closed the answer, or is not there any more.
        self.write(Outcome::Gone, None);
    }
}
