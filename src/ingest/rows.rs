//! Rows of `snapshots`, `quarantine` and `objects` on their way to the lake.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Int64Array, Int64Builder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use sha2::{Digest, Sha256};

use super::batch::Place;
use crate::error::Result;
use crate::event::{Micros, Snapshot};
use crate::lake::raw::RawObject;
use crate::lake::tables;

/// Rows of quarantine an object may have; what follows is folded into the last.
const QUARANTINE_ROWS_MAX: usize = 1_000;

fn utc(times: Vec<Option<Micros>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
}

fn text<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// What was read of one raw object.
#[derive(Debug, Clone)]
pub struct ObjectRow {
    key: String,
    etag: String,
    bytes: u64,
    /// Records met.
    pub lines: u64,
    /// Events they gave.
    pub events: u64,
    /// Records that are right and hold no event.
    pub nothing: u64,
    /// Pieces that went to quarantine.
    pub quarantined: u64,
    /// `done` or `unreadable`.
    pub state: &'static str,
}

impl ObjectRow {
    /// Nothing read yet.
    pub fn new(object: &RawObject) -> Self {
        Self {
            key: object.key.clone(),
            etag: object.etag.clone(),
            bytes: object.size,
            lines: 0,
            events: 0,
            nothing: 0,
            quarantined: 0,
            state: "done",
        }
    }

    /// The rows as a batch of `objects`.
    pub fn batch(rows: &[Self], now: Micros) -> Result<RecordBatch> {
        let number =
            |of: fn(&Self) -> u64| -> ArrayRef { Arc::new(rows.iter().map(|row| i64::try_from(of(row)).ok()).collect::<Int64Array>()) };
        let columns = vec![
            text(rows.iter().map(|row| Some(&row.key))),
            text(rows.iter().map(|row| Some(&row.etag))),
            number(|row| row.bytes),
            number(|row| row.lines),
            number(|row| row.events),
            number(|row| row.quarantined),
            text(rows.iter().map(|row| Some(row.state))),
            utc(vec![Some(now); rows.len()]),
        ];
        Ok(RecordBatch::try_new(tables::objects().schema, columns)?)
    }
}

#[derive(Debug, Clone)]
struct QuarantineRow {
    object: String,
    line: u64,
    line_to: u64,
    column: Option<u64>,
    source: Option<String>,
    reason: String,
}

/// Places that became no event.
#[derive(Debug, Default)]
pub struct QuarantineRows {
    rows: Vec<QuarantineRow>,
    of_object: usize,
}

impl QuarantineRows {
    /// Adds a place; lines that follow each other for one reason are one row.
    pub fn push(&mut self, object: &str, line: u64, column: Option<u64>, source: Option<&str>, reason: &str) {
        if let Some(last) = self.rows.last_mut().filter(|last| last.object == object) {
            let follows = last.reason == reason && (last.line_to == line || last.line_to + 1 == line);
            if follows {
                last.line_to = line;
                return;
            }
            if self.of_object >= QUARANTINE_ROWS_MAX {
                last.line_to = last.line_to.max(line);
                "and more lines after these, for several reasons".clone_into(&mut last.reason);
                return;
            }
        } else {
            self.of_object = 0;
        }
        self.of_object += 1;
        self.rows.push(QuarantineRow {
            object: object.to_owned(),
            line,
            line_to: line,
            column,
            source: source.map(str::to_owned),
            reason: reason.to_owned(),
        });
    }

    /// Takes the rows of an object away.
    pub fn forget(&mut self, object: &str) {
        self.rows.retain(|row| row.object != object);
    }

    /// Adds the rows of another reading.
    pub fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether any row is about a line of these of an object.
    pub fn touches(&self, object: &str, first: u64, last: u64) -> bool {
        self.rows.iter().any(|row| row.object == object && row.line <= last && first <= row.line_to)
    }

    /// The rows as a batch of `quarantine`.
    pub fn batch(&self, now: Micros) -> Result<RecordBatch> {
        let rows = &self.rows;
        let number = |of: &dyn Fn(&QuarantineRow) -> Option<u64>| -> ArrayRef {
            Arc::new(rows.iter().map(|row| of(row).and_then(|n| i64::try_from(n).ok())).collect::<Int64Array>())
        };
        let columns = vec![
            text(rows.iter().map(|row| Some(&row.object))),
            number(&|row| Some(row.line)),
            number(&|row| Some(row.line_to)),
            number(&|row| row.column),
            text(rows.iter().map(|row| row.source.as_ref())),
            text(rows.iter().map(|row| Some(&row.reason))),
            utc(vec![Some(now); rows.len()]),
            text(rows.iter().map(|_| None::<&str>)),
            utc(vec![None; rows.len()]),
        ];
        Ok(RecordBatch::try_new(tables::quarantine().schema, columns)?)
    }
}

/// Statements of state.
#[derive(Debug, Default)]
pub struct SnapshotRows {
    ids: Vec<String>,
    times: Vec<Option<Micros>>,
    text: [StringBuilder; 12],
    external: BooleanBuilder,
    file_size: Int64Builder,
    owners: StringBuilder,
    object: StringBuilder,
    bytes: usize,
}

impl SnapshotRows {
    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a statement that held at `time`.
    pub fn push(&mut self, snapshot: &Snapshot<'_>, time: Micros, place: Place<'_>) {
        let values = [
            Some(place.source),
            Some(snapshot.kind.as_str()),
            snapshot.workspace_id.as_deref(),
            snapshot.channel_id.as_deref(),
            snapshot.channel_name.as_deref(),
            snapshot.channel_type.map(|kind| kind.as_str()),
            snapshot.actor_id.as_deref(),
            snapshot.actor_name.as_deref(),
            snapshot.actor_email.as_deref(),
            snapshot.role.as_deref(),
            snapshot.file_id.as_deref(),
            snapshot.file_name.as_deref(),
        ];
        let mut hasher = Sha256::new();
        hasher.update(time.to_le_bytes());
        for value in values.iter().chain([&snapshot.file_owner.as_deref()]) {
            hasher.update(value.map_or(u64::MAX, |v| v.len() as u64).to_le_bytes());
            hasher.update(value.unwrap_or_default().as_bytes());
        }
        hasher.update(snapshot.file_size.unwrap_or(-1).to_le_bytes());
        let id = hex::encode(&hasher.finalize()[..16]);
        self.bytes += 256 + values.iter().map(|v| v.map_or(0, str::len)).sum::<usize>();
        self.ids.push(id);
        self.times.push(Some(time));
        for (builder, value) in self.text.iter_mut().zip(values) {
            builder.append_option(value);
        }
        self.external.append_option(snapshot.channel_external);
        self.file_size.append_option(snapshot.file_size);
        self.object.append_value(place.object);
        self.owners.append_option(snapshot.file_owner.as_deref());
    }

    /// The rows as a batch of `snapshots`.
    pub fn batch(mut self) -> Result<RecordBatch> {
        let [source, kind, workspace, channel, channel_name, channel_type, actor, actor_name, email, role, file, file_name] =
            self.text.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let columns: Vec<ArrayRef> = vec![
            text(self.ids.iter().map(Some)),
            utc(self.times),
            source,
            kind,
            workspace,
            channel,
            channel_name,
            channel_type,
            Arc::new(self.external.finish()),
            actor,
            actor_name,
            email,
            role,
            file,
            file_name,
            Arc::new(self.file_size.finish()),
            Arc::new(self.owners.finish()),
            Arc::new(self.object.finish()),
        ];
        Ok(RecordBatch::try_new(tables::snapshots().schema, columns)?)
    }
}
