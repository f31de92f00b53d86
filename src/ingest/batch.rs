//! Events on their way to Arrow: column builders, sorting, and which rows of a batch are already known.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Int64Builder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::{take, take_record_batch};
use arrow::datatypes::{DataType, Field};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::event::{Event, Micros};
use crate::interval::Hours;
use crate::lake::columns::{TEXT, events_file_schema};

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

/// Events that wait to be written.
pub struct EventBatch {
    hashes: Vec<IdHash>,
    times: Vec<Micros>,
    actions: Vec<u8>,
    ids: StringBuilder,
    source: StringBuilder,
    object: StringBuilder,
    line: Int64Builder,
    text: Vec<Sparse>,
    device_managed: BooleanBuilder,
    channel_external: BooleanBuilder,
    file_size: Int64Builder,
    recipients: ListBuilder<StringBuilder>,
    bytes: usize,
}

impl Default for EventBatch {
    fn default() -> Self {
        let element = Field::new("element", DataType::Utf8, true);
        Self {
            hashes: Vec::new(),
            times: Vec::new(),
            actions: Vec::new(),
            ids: StringBuilder::new(),
            source: StringBuilder::new(),
            object: StringBuilder::new(),
            line: Int64Builder::new(),
            text: TEXT.iter().map(|_| Sparse::default()).collect(),
            device_managed: BooleanBuilder::new(),
            channel_external: BooleanBuilder::new(),
            file_size: Int64Builder::new(),
            recipients: ListBuilder::new(StringBuilder::new()).with_field(element),
            bytes: 0,
        }
    }
}

impl EventBatch {
    /// Adds an event under its final id.
    pub fn push(&mut self, event: &Event<'_>, id: &str, hash: IdHash, time: Micros, place: Place<'_>) {
        self.hashes.push(hash);
        self.times.push(time);
        self.actions.push(event.action as u8);
        self.ids.append_value(id);
        self.source.append_value(place.source);
        self.object.append_value(place.object);
        self.line.append_value(i64::try_from(place.line).unwrap_or(i64::MAX));
        // What a row costs beside its text: offsets and validity of every column.
        let mut bytes = 6 * TEXT.len() + id.len() + place.object.len();
        for (builder, (_, text_of)) in self.text.iter_mut().zip(TEXT) {
            let text = text_of(event);
            bytes += text.map_or(0, str::len);
            builder.push(text);
        }
        self.device_managed.append_option(event.device_managed);
        self.channel_external.append_option(event.channel_external);
        self.file_size.append_option(event.file_size);
        for recipient in &event.recipients {
            self.recipients.values().append_value(recipient);
        }
        self.recipients.append(!event.recipients.is_empty());
        self.bytes += bytes;
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rows sorted by date, action and time, as they will lie in files.
    pub fn finish(mut self, ingest_time: Micros) -> Result<SortedBatch> {
        use crate::interval::date_of;
        let rows = self.times.len();
        let mut order: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by_key(|row| {
            let row = *row as usize;
            (date_of(self.times[row]), self.actions[row], self.times[row], row)
        });
        let utc = |times: Vec<Micros>| Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) as ArrayRef;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            utc(std::mem::take(&mut self.times)),
            utc(vec![ingest_time; rows]),
            Arc::new(self.source.finish()),
            Arc::new(self.object.finish()),
            Arc::new(self.line.finish()),
        ];
        columns.extend(self.text.iter_mut().map(Sparse::finish));
        columns.push(Arc::new(self.device_managed.finish()));
        columns.push(Arc::new(self.channel_external.finish()));
        columns.push(Arc::new(self.file_size.finish()));
        columns.push(Arc::new(self.recipients.finish()));
        let batch = RecordBatch::try_new(events_file_schema(), columns)?;
        let hashes = order.iter().map(|row| self.hashes[*row as usize]).collect();
        let order = UInt32Array::from(order);
        let taken = batch.columns().iter().map(|column| taken(column, &order)).collect::<Result<Vec<ArrayRef>>>()?;
        Ok(SortedBatch { batch: RecordBatch::try_new(events_file_schema(), taken)?, hashes })
    }
}

/// A text column of which most rows have none: those are counted, and written when a text comes.
#[derive(Default)]
struct Sparse {
    builder: StringBuilder,
    nulls: usize,
}

impl Sparse {
    fn push(&mut self, text: Option<&str>) {
        match text {
            None => self.nulls += 1,
            Some(text) => {
                self.builder.append_nulls(std::mem::take(&mut self.nulls));
                self.builder.append_value(text);
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        self.builder.append_nulls(std::mem::take(&mut self.nulls));
        Arc::new(self.builder.finish())
    }
}

/// The rows of a column in another order; a column without values has none in any order.
fn taken(column: &ArrayRef, order: &UInt32Array) -> Result<ArrayRef> {
    if column.null_count() == column.len() {
        return Ok(Arc::clone(column));
    }
    Ok(take(column, order, None)?)
}

/// Rows sorted by date, action and time, with the hash of each row's id.
pub struct SortedBatch {
    /// The rows, without `event_date`.
    pub batch: RecordBatch,
    /// One for each row.
    pub hashes: Vec<IdHash>,
}

impl SortedBatch {
    /// The event times.
    pub fn times(&self) -> &[Micros] {
        use arrow::array::AsArray;
        use arrow::datatypes::TimestampMicrosecondType;
        let column = self.batch.column(1);
        column.as_primitive::<TimestampMicrosecondType>().values()
    }

    /// The rows whose ids are not in `known`.
    pub fn without(&self, known: &IdSet) -> Result<Self> {
        let keep: Vec<u32> = (0..self.batch.num_rows())
            .filter(|row| !known.contains(&self.hashes[*row]))
            .map(|row| u32::try_from(row).unwrap_or(u32::MAX))
            .collect();
        let hashes = keep.iter().map(|row| self.hashes[*row as usize]).collect();
        Ok(Self { batch: take_record_batch(&self.batch, &UInt32Array::from(keep))?, hashes })
    }

    /// The hours that the rows lie in.
    pub fn hours(&self) -> Hours {
        let mut hours = Hours::default();
        let mut last = None;
        for time in self.times() {
            let hour = time.div_euclid(crate::event::HOUR);
            if last != Some(hour) {
                hours.add(*time);
                last = Some(hour);
            }
        }
        hours
    }
}
