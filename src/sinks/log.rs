//! Rows of `deliveries`: what was tried, and what that means for the next time. Losing them costs repetitions, never a delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use crate::error::Result;
use crate::event::Micros;
use crate::lake::tables;

/// Refusals of one change until it is a dead letter, where a sink does not say otherwise.
pub const ATTEMPTS_MAX: u32 = 10;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The sink has it.
    Delivered,
    /// The sink could not be reached; counts for nothing.
    Unavailable,
    /// The sink refused it, or broke over it.
    Failed,
    /// It was refused too often; it stays here until somebody decides.
    Dead,
    /// Somebody decided that it is not to be delivered.
    Dropped,
    /// There is nobody to deliver it to.
    Skipped,
    /// No attempt: everything up to `change_time` is settled.
    Cursor,
}

impl State {
    /// The value of the `state` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
            Self::Skipped => "skipped",
            Self::Cursor => "cursor",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Delivered, Self::Unavailable, Self::Failed, Self::Dead, Self::Dropped, Self::Skipped, Self::Cursor];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

/// One row. Columns under the same names.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/deliver.md")]
pub struct Attempt {
    pub sink: String,
    pub change_id: String,
    pub alert_id: String,
    pub case_id: String,
    /// Of a cursor: the hash of what the sink's filter was then.
    pub payload_hash: String,
    pub change: String,
    pub change_time: Micros,
    pub attempt: i64,
    pub state: State,
    pub delivery_time: Micros,
    pub retry_time: Option<Micros>,
    pub error: Option<String>,
}

/// The rows as a batch of the table.
pub fn batch(rows: &[Attempt]) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&Attempt) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let time = |of: &dyn Fn(&Attempt) -> Option<Micros>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    };
    let columns = vec![
        text(&|row| Some(row.sink.clone())),
        text(&|row| Some(row.change_id.clone())),
        text(&|row| Some(row.alert_id.clone())),
        text(&|row| Some(row.case_id.clone())),
        text(&|row| Some(row.payload_hash.clone())),
        text(&|row| Some(row.change.clone())),
        time(&|row| Some(row.change_time)),
        Arc::new(rows.iter().map(|row| row.attempt).collect::<Int64Array>()),
        text(&|row| Some(row.state.as_str().to_owned())),
        time(&|row| Some(row.delivery_time)),
        time(&|row| row.retry_time),
        text(&|row| row.error.clone()),
    ];
    Ok(RecordBatch::try_new(tables::deliveries().schema, columns)?)
}

/// Reads rows of the table, in the order of the batch.
pub fn read(batch: &RecordBatch) -> Vec<Attempt> {
    let column = |name: &str, row: usize| batch.column_by_name(name).filter(|column| column.is_valid(row));
    let text = |name: &str, row: usize| column(name, row).map(|c| c.as_string::<i32>().value(row).to_owned());
    let time = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<TimestampMicrosecondType>().value(row));
    let attempt = |row: usize| {
        Some(Attempt {
            sink: text("sink", row)?,
            change_id: text("change_id", row).unwrap_or_default(),
            alert_id: text("alert_id", row).unwrap_or_default(),
            case_id: text("case_id", row).unwrap_or_default(),
            payload_hash: text("payload_hash", row).unwrap_or_default(),
            change: text("change", row).unwrap_or_default(),
            change_time: time("change_time", row)?,
            attempt: column("attempt", row).map_or(0, |c| c.as_primitive::<Int64Type>().value(row)),
            state: State::parse(&text("state", row)?)?,
            delivery_time: time("delivery_time", row)?,
            retry_time: time("retry_time", row),
            error: text("error", row),
        })
    };
    (0..batch.num_rows()).filter_map(attempt).collect()
}

/// What was tried of one change at one sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// Attempts of any kind.
    pub attempts: i64,
    /// Refusals since it was last a dead letter.
    pub failures: i64,
    /// Not to be tried before.
    pub retry_time: Option<Micros>,
    /// Nothing more is to be done.
    pub done: bool,
    /// It waits for somebody to decide.
    pub dead: bool,
}

/// What a sink's rows say.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// By change.
    pub tried: BTreeMap<String, Tried>,
    /// Cases that were told or passed over.
    pub cases: BTreeSet<String>,
    /// Attempts in a row that did not reach the sink.
    pub streak: u32,
    /// When it may be tried again.
    pub retry_time: Option<Micros>,
}

/// Goes through the rows of one sink.
pub fn past(rows: &[Attempt]) -> Past {
    let mut rows: Vec<&Attempt> = rows.iter().filter(|row| row.state != State::Cursor).collect();
    rows.sort_by_key(|row| (row.delivery_time, row.attempt));
    let mut past = Past::default();
    for row in rows {
        let tried = past.tried.entry(row.change_id.clone()).or_default();
        tried.attempts = tried.attempts.max(row.attempt);
        tried.retry_time = None;
        // After a dead letter any further attempt means that somebody asked for it.
        match row.state {
            State::Delivered => {
                tried.done = true;
                past.cases.insert(row.case_id.clone());
                (past.streak, past.retry_time) = (0, None);
            }
            State::Dropped => tried.done = true,
            State::Skipped => {
                tried.done = true;
                past.cases.insert(row.case_id.clone());
            }
            State::Unavailable => {
                tried.dead = false;
                past.streak = past.streak.saturating_add(1);
                past.retry_time = row.retry_time;
            }
            State::Failed => {
                (tried.dead, tried.retry_time) = (false, row.retry_time);
                tried.failures += 1;
            }
            State::Dead => (tried.dead, tried.failures) = (true, 0),
            State::Cursor => {}
        }
    }
    past
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_is_done_and_what_waits() {
        let row = |change: &str, attempt, state, time, retry_time| Attempt {
            sink: "s".into(),
            change_id: change.into(),
            alert_id: "a".into(),
            case_id: "c".into(),
            payload_hash: "h".into(),
            change: "new".into(),
            change_time: 1,
            attempt,
            state,
            delivery_time: time,
            retry_time,
            error: None,
        };
        let rows = [
            row("one", 1, State::Failed, 1, Some(5)),
            row("two", 1, State::Delivered, 2, None),
            row("one", 2, State::Dead, 3, None),
            row("three", 1, State::Unavailable, 4, Some(9)),
            row("three", 2, State::Unavailable, 5, Some(11)),
        ];
        let round: Vec<Attempt> = read(&batch(&rows).expect("a batch"));
        assert_eq!(round, rows);
        let past = past(&rows);
        assert!(past.tried["one"].dead && !past.tried["one"].done && past.tried["two"].done);
        assert_eq!((past.streak, past.retry_time, past.tried["three"].attempts), (2, Some(11), 2));
        let again = super::past(&[rows.to_vec(), vec![row("one", 3, State::Failed, 6, Some(20))]].concat());
        assert_eq!((again.tried["one"].dead, again.tried["one"].failures, again.tried["one"].retry_time), (false, 1, Some(20)));
    }
}
