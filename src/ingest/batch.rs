//! Events on their way to Arrow: column builders, sorting, and which rows of a batch are already known.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, BooleanBuilder, DictionaryArray, Int32Array, Int64Array, Int64Builder, ListBuilder,
    RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::event::{Event, Micros};
use crate::interval::Hours;
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

/// Events that wait to be written.
pub struct EventBatch {
    hashes: Vec<IdHash>,
    times: Vec<Micros>,
    actions: Vec<u8>,
    ids: StringBuilder,
    source: Coded,
    object: Coded,
    line: Vec<i64>,
    text: Vec<TextColumn>,
    device_managed: BooleanBuilder,
    channel_external: BooleanBuilder,
    file_size: Int64Builder,
    recipients: ListBuilder<StringBuilder>,
    bytes: usize,
}

impl Default for EventBatch {
    fn default() -> Self {
        Self::with_capacity(0, 0, TEXT.iter().map(|(name, _)| TextColumn::new(name)).collect())
    }
}

impl EventBatch {
    fn with_capacity(rows: usize, id_bytes: usize, text: Vec<TextColumn>) -> Self {
        let element = Field::new("element", DataType::Utf8, true);
        Self {
            hashes: Vec::with_capacity(rows),
            times: Vec::with_capacity(rows),
            actions: Vec::with_capacity(rows),
            ids: StringBuilder::with_capacity(rows, id_bytes),
            source: Coded::with_capacity(rows),
            object: Coded::with_capacity(rows),
            line: Vec::with_capacity(rows),
            text,
            device_managed: BooleanBuilder::new(),
            channel_external: BooleanBuilder::new(),
            file_size: Int64Builder::new(),
            recipients: ListBuilder::new(StringBuilder::new()).with_field(element),
            bytes: 0,
        }
    }

    /// An empty batch with room for as much as this one holds: batches of one ingest are alike, and growing copies.
    pub fn successor(&self) -> Self {
        let rows = self.times.len();
        let room = |bytes: usize| bytes + bytes / 16;
        Self::with_capacity(room(rows), room(self.ids.values_slice().len()), self.text.iter().map(TextColumn::successor).collect())
    }

    /// Adds an event under its final id.
    pub fn push(&mut self, event: &Event<'_>, id: &str, hash: IdHash, time: Micros, place: Place<'_>) {
        self.hashes.push(hash);
        self.times.push(time);
        self.actions.push(event.action as u8);
        self.ids.append_value(id);
        self.source.push(Some(place.source));
        self.object.push(Some(place.object));
        self.line.push(i64::try_from(place.line).unwrap_or(i64::MAX));
        // What a row costs beside its text: offsets and validity of every column.
        let mut bytes = 6 * TEXT.len() + id.len();
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
        let times = std::mem::take(&mut self.times);
        let utc = |times: Vec<Micros>| Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) as ArrayRef;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            utc(times.clone()),
            utc(vec![ingest_time; rows]),
            self.source.finish()?,
            self.object.finish()?,
            Arc::new(Int64Array::from(std::mem::take(&mut self.line))),
        ];
        for column in &mut self.text {
            columns.push(column.finish()?);
        }
        columns.push(Arc::new(self.device_managed.finish()));
        columns.push(Arc::new(self.channel_external.finish()));
        columns.push(Arc::new(self.file_size.finish()));
        columns.push(Arc::new(self.recipients.finish()));
        let schema = schema_of(&columns);
        let hashes = order.iter().map(|row| self.hashes[*row as usize]).collect();
        let times = order.iter().map(|row| times[*row as usize]).collect();
        Ok(SortedBatch { schema, columns, order, times, hashes })
    }
}

/// The schema of `events` with the types that the columns have here: text of few values is coded in memory, plain in files.
fn schema_of(columns: &[ArrayRef]) -> SchemaRef {
    let schema = events_file_schema();
    let typed = |(field, column): (&Arc<Field>, &ArrayRef)| field.as_ref().clone().with_data_type(column.data_type().clone());
    Arc::new(Schema::new(schema.fields().iter().zip(columns).map(typed).collect::<Vec<Field>>()))
}

/// A text column while it grows.
enum TextColumn {
    Sparse(Sparse),
    Coded(Coded),
}

impl TextColumn {
    fn new(name: &str) -> Self {
        if CLOSED.contains(&name) { Self::Coded(Coded::with_capacity(0)) } else { Self::Sparse(Sparse::default()) }
    }

    fn successor(&self) -> Self {
        match self {
            Self::Coded(column) => Self::Coded(Coded::with_capacity(column.codes.len())),
            Self::Sparse(Sparse { builder, .. }) => {
                let bytes = builder.values_slice().len();
                Self::Sparse(Sparse { builder: StringBuilder::with_capacity(builder.len(), bytes + bytes / 16), nulls: 0 })
            }
        }
    }

    fn push(&mut self, text: Option<&str>) {
        match self {
            Self::Sparse(column) => column.push(text),
            Self::Coded(column) => column.push(text),
        }
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        match self {
            Self::Sparse(column) => Ok(column.finish()),
            Self::Coded(column) => column.finish(),
        }
    }
}

/// A text column of few different values in long runs: each value once, and a code a row.
struct Coded {
    values: Vec<String>,
    /// -1 is NULL.
    codes: Vec<i32>,
}

impl Coded {
    fn with_capacity(rows: usize) -> Self {
        Self { values: Vec::new(), codes: Vec::with_capacity(rows) }
    }

    fn push(&mut self, text: Option<&str>) {
        let code = match text {
            None => -1,
            // The newest value first: a raw object's name is the last one for as long as it is read.
            Some(text) => match self.values.iter().rposition(|value| value == text) {
                Some(code) => code as i32,
                None => {
                    self.values.push(text.to_owned());
                    self.values.len() as i32 - 1
                }
            },
        };
        self.codes.push(code);
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let codes: Int32Array = if self.codes.iter().any(|code| *code < 0) {
            self.codes.iter().map(|code| (*code >= 0).then_some(*code)).collect()
        } else {
            Int32Array::from(std::mem::take(&mut self.codes))
        };
        Ok(Arc::new(DictionaryArray::try_new(codes, Arc::new(StringArray::from_iter_values(&self.values)))?))
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

/// Rows in the order of date, action and time. They are put in that order piece by piece as they are written: a copy of all at once
/// would double what is held.
pub struct SortedBatch {
    schema: SchemaRef,
    columns: Vec<ArrayRef>,
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

    /// Some rows, without `event_date`.
    pub fn rows(&self, offset: usize, length: usize) -> Result<RecordBatch> {
        let order = UInt32Array::from_iter_values(self.order.iter().skip(offset).take(length).copied());
        let columns = self.columns.iter().map(|column| taken(column, &order)).collect::<Result<Vec<ArrayRef>>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// Drops the rows whose ids are in `known`.
    pub fn remove(&mut self, known: &IdSet) {
        let keep: Vec<bool> = self.hashes.iter().map(|hash| !known.contains(hash)).collect();
        let mut kept = keep.iter();
        self.order.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        self.times.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        self.hashes.retain(|_| kept.next() == Some(&true));
    }

    /// How often each value of a column of few values occurs.
    pub fn counts(&self, column: &str) -> Vec<(&str, u64)> {
        let at = self.schema.index_of(column).ok();
        let Some(coded) = at.and_then(|at| self.columns[at].as_dictionary_opt::<Int32Type>()) else { return Vec::new() };
        let mut counts: Vec<(&str, u64)> = coded.values().as_string::<i32>().iter().map(|value| (value.unwrap_or_default(), 0)).collect();
        for row in &self.order {
            if let Some((_, count)) = coded.key(*row as usize).and_then(|code| counts.get_mut(code)) {
                *count += 1;
            }
        }
        counts.retain(|(_, count)| *count > 0);
        counts
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
}

/// The rows of a column in another order; a column without values has none in any order.
fn taken(column: &ArrayRef, order: &UInt32Array) -> Result<ArrayRef> {
    if column.null_count() == column.len() {
        return Ok(column.slice(0, order.len()));
    }
    Ok(take(column, order, None)?)
}
