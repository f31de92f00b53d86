//! Events on their way to Arrow: columns, their order in files, and which rows of a batch are already known.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use sha2::{Digest, Sha256};

use super::growing::{Coded, Lists, Texts};
use crate::error::Result;
use crate::event::{DAY, Event, Micros};
use crate::interval::{Hours, date_of};
use crate::lake::columns::{CLOSED, TEXT, events_file_schema};

/// 128 bits of a SHA-256: what stands for an event id in memory. Nobody can make two ids collide on purpose.
pub type IdHash = [u8; 16];

/// A set of hashes. They are as good as random already: their first bytes serve as their hash.
pub type IdSet = HashSet<IdHash, BuildHasherDefault<FirstBytes>>;

/// Takes the first eight bytes of what is hashed.
#[derive(Default)]
pub struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length that comes before the bytes of an array says nothing.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The hash of an event id.
pub fn id_hash(event_id: &str) -> IdHash {
    let digest = Sha256::digest(event_id.as_bytes());
    let mut hash = IdHash::default();
    hash.copy_from_slice(&digest[..16]);
    hash
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its source's name.
    pub source: &'a str,
    /// The raw object.
    pub object: &'a str,
    /// The line it begins on.
    pub line: u64,
}

/// Events that wait to be written. A batch that was written is used again: its columns keep their room, and fresh memory costs more
/// than filling it.
pub struct EventBatch {
    hashes: Vec<IdHash>,
    times: Vec<Micros>,
    actions: Vec<u8>,
    ids: Texts,
    source: Coded,
    object: Coded,
    line: Vec<i64>,
    text: Vec<TextColumn>,
    device_managed: Vec<Option<bool>>,
    channel_external: Vec<Option<bool>>,
    file_size: Vec<Option<i64>>,
    recipients: Lists,
    bytes: usize,
    /// Rows whose ids came before, in order.
    repeated: Vec<u32>,
}

/// A text column: of a closed list of values, or of any.
enum TextColumn {
    Open(Texts),
    Closed(Coded),
}

impl Default for EventBatch {
    fn default() -> Self {
        let column = |(name, _): &(&str, _)| {
            if CLOSED.contains(name) { TextColumn::Closed(Coded::default()) } else { TextColumn::Open(Texts::default()) }
        };
        Self {
            hashes: Vec::new(),
            times: Vec::new(),
            actions: Vec::new(),
            ids: Texts::default(),
            source: Coded::default(),
            object: Coded::default(),
            line: Vec::new(),
            text: TEXT.iter().map(column).collect(),
            device_managed: Vec::new(),
            channel_external: Vec::new(),
            file_size: Vec::new(),
            recipients: Lists::default(),
            bytes: 0,
            repeated: Vec::new(),
        }
    }
}

impl EventBatch {
    /// Adds an event under its final id.
    pub fn push(&mut self, event: &Event<'_>, id: &str, hash: IdHash, time: Micros, place: Place<'_>) {
        let row = self.times.len();
        self.hashes.push(hash);
        self.times.push(time);
        self.actions.push(event.action as u8);
        self.ids.push(row, id);
        self.source.push(Some(place.source));
        self.object.push(Some(place.object));
        self.line.push(i64::try_from(place.line).unwrap_or(i64::MAX));
        // What a row costs beside its text: offsets and validity of every column.
        let mut bytes = 6 * TEXT.len() + id.len();
        for (column, (_, text_of)) in self.text.iter_mut().zip(TEXT) {
            let text = text_of(event);
            bytes += text.map_or(0, str::len);
            match (column, text) {
                (TextColumn::Open(column), Some(text)) => column.push(row, text),
                (TextColumn::Open(_), None) => {}
                (TextColumn::Closed(column), text) => column.push(text),
            }
        }
        self.device_managed.push(event.device_managed);
        self.channel_external.push(event.channel_external);
        self.file_size.push(event.file_size);
        self.recipients.push(&event.recipients);
        self.bytes += bytes;
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the rows' ids to `seen`; rows whose ids are there already will not be written. Returns how many those are.
    ///
    /// All rows at once, because each look into a large set waits for memory, and neighbouring looks wait together.
    pub fn tell_repeated(&mut self, seen: &mut IdSet) -> u64 {
        seen.reserve(self.hashes.len());
        self.repeated = (0..).zip(&self.hashes).filter(|(_, hash)| !seen.insert(**hash)).map(|(row, _)| row).collect();
        self.repeated.len() as u64
    }

    /// The rows sorted by date, action and time, as they will lie in files.
    pub fn sorted(self) -> SortedBatch {
        let mut repeated = self.repeated.iter().copied().peekable();
        // Date, action, time of day and row, the greatest first, in one number: numbers sort much faster than what they are made of.
        let mut keys: Vec<u128> = (0..)
            .zip(&self.times)
            .zip(&self.actions)
            .filter(|((row, _), _)| repeated.next_if_eq(row).is_none())
            .map(|((row, time), action)| {
                let day = u128::from(date_of(*time).wrapping_sub(i32::MIN).cast_unsigned());
                let time_of_day = u128::from(time.rem_euclid(DAY).cast_unsigned());
                (day << 80) | (u128::from(*action) << 72) | (time_of_day << 32) | u128::from(row)
            })
            .collect();
        keys.sort_unstable();
        let order: Vec<u32> = keys.into_iter().map(|key: u128| key as u32).collect();
        let times = order.iter().map(|row| self.times[*row as usize]).collect();
        let hashes = order.iter().map(|row| self.hashes[*row as usize]).collect();
        SortedBatch { batch: self, order, times, hashes }
    }

    /// Without its rows, with their room.
    fn cleared(mut self) -> Self {
        self.hashes.clear();
        self.times.clear();
        self.actions.clear();
        self.ids.clear();
        self.source.clear();
        self.object.clear();
        self.line.clear();
        for column in &mut self.text {
            match column {
                TextColumn::Open(column) => column.clear(),
                TextColumn::Closed(column) => column.clear(),
            }
        }
        self.device_managed.clear();
        self.channel_external.clear();
        self.file_size.clear();
        self.recipients.clear();
        self.bytes = 0;
        self.repeated.clear();
        self
    }
}

/// Rows in the order of date, action and time. They become Arrow piece by piece as they are written: a copy of all at once would
/// double what is held.
pub struct SortedBatch {
    batch: EventBatch,
    /// Which row stands where.
    order: Vec<u32>,
    times: Vec<Micros>,
    hashes: Vec<IdHash>,
}

impl SortedBatch {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The event times.
    pub fn times(&self) -> &[Micros] {
        &self.times
    }

    /// The hash of each row's id.
    pub fn hashes(&self) -> &[IdHash] {
        &self.hashes
    }

    /// Some rows, without `event_date`. Their schema is that of `events`, but text of few values is coded in memory.
    pub fn rows(&self, offset: usize, length: usize, ingest_time: Micros) -> Result<RecordBatch> {
        let batch = &self.batch;
        let order = self.order.get(offset..offset + length).unwrap_or_default();
        let utc = |times: Vec<Micros>| Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) as ArrayRef;
        fn pick<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
            order.iter().map(|row| values[*row as usize]).collect()
        }
        let mut columns: Vec<ArrayRef> = vec![
            batch.ids.array(order)?,
            utc(pick(&batch.times, order)),
            utc(vec![ingest_time; order.len()]),
            batch.source.array(order)?,
            batch.object.array(order)?,
            Arc::new(Int64Array::from(pick(&batch.line, order))),
        ];
        for column in &batch.text {
            columns.push(match column {
                TextColumn::Open(column) => column.array(order)?,
                TextColumn::Closed(column) => column.array(order)?,
            });
        }
        columns.push(Arc::new(BooleanArray::from(pick(&batch.device_managed, order))));
        columns.push(Arc::new(BooleanArray::from(pick(&batch.channel_external, order))));
        columns.push(Arc::new(Int64Array::from(pick(&batch.file_size, order))));
        columns.push(batch.recipients.array(order)?);
        let schema = events_file_schema();
        let typed = |(field, column): (&Arc<Field>, &ArrayRef)| field.as_ref().clone().with_data_type(column.data_type().clone());
        let schema = Schema::new(schema.fields().iter().zip(&columns).map(typed).collect::<Vec<Field>>());
        Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
    }

    /// Drops the rows whose ids are in `known`.
    pub fn remove(&mut self, known: &IdSet) {
        let keep: Vec<bool> = self.hashes.iter().map(|hash| !known.contains(hash)).collect();
        fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            values.retain(|_| keep.next() == Some(&true));
        }
        retain(&mut self.order, &keep);
        retain(&mut self.times, &keep);
        retain(&mut self.hashes, &keep);
    }

    /// How often each source occurs.
    pub fn sources(&self) -> Vec<(&str, u64)> {
        self.batch.source.counts(&self.order)
    }

    /// How often each value of a column with a closed list of values occurs.
    pub fn counts(&self, column: &str) -> Vec<(&str, u64)> {
        let at = TEXT.iter().position(|(name, _)| *name == column);
        match at.and_then(|at| self.batch.text.get(at)) {
            Some(TextColumn::Closed(coded)) => coded.counts(&self.order),
            _ => Vec::new(),
        }
    }

    /// The hours that the rows lie in.
    pub fn hours(&self) -> Hours {
        let mut hours = Hours::default();
        let mut last = None;
        for time in &self.times {
            let hour = time.div_euclid(crate::event::HOUR);
            if last != Some(hour) {
                hours.add(*time);
                last = Some(hour);
            }
        }
        hours
    }

    /// The batch without its rows, to be filled again.
    pub fn emptied(self) -> EventBatch {
        self.batch.cleared()
    }
}
