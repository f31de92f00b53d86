//! The reading half of ingest: raw objects → batches of events, on a thread that may block. The other half is [`super::writer`].

mod mapped;
mod taker;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::BufRead;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use self::taker::Taker;
use super::batch::{EventBatch, IdSet, Place};
use super::records::{self, Framing, Piece};
use super::rows::{ObjectRow, QuarantineRows, SnapshotRows};
use super::sql_source::SqlSource;
use super::{Flush, Settings, Summary};
use crate::error::{Error, Kind, Result};
use crate::lake::raw::{BrokenOff, RawObject};
use crate::sources::{ExportChannels, Origin, Record, Reject, Source};

/// Bytes of events that are gathered before they are written: with what sorting and encoding need, well under a gigabyte.
const BATCH_BYTES: usize = 96 * 1024 * 1024;

/// Ids remembered to tell duplicates within one ingest; beyond it, the lake itself is asked.
const SEEN_MAX: usize = 8_000_000;

/// Endings of names of objects that have bytes even where they hold no record.
const NEVER_EMPTY: [&str; 3] = [".gz", ".zst", ".parquet"];

/// Reads objects one after the other and sends batches on.
pub struct Reader<'a> {
    settings: &'a Settings,
    sql_sources: &'a [SqlSource],
    context: datafusion::prelude::SessionContext,
    batches: Sender<Flush>,
    /// Batches that were written, empty again.
    emptied: std::sync::mpsc::Receiver<EventBatch>,
    batch: EventBatch,
    snapshots: SnapshotRows,
    quarantine: QuarantineRows,
    objects: Vec<ObjectRow>,
    seen: IdSet,
    /// What was read.
    pub summary: Summary,
    exports: HashMap<String, Option<ExportChannels>>,
}

/// Whose an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Native(Source),
    Sql(usize),
}

impl<'a> Reader<'a> {
    /// A reader that sends what it reads to `batches`, and gets the batches back.
    pub fn new(
        settings: &'a Settings,
        sql_sources: &'a [SqlSource],
        context: datafusion::prelude::SessionContext,
        (batches, emptied): (Sender<Flush>, std::sync::mpsc::Receiver<EventBatch>),
    ) -> Self {
        Self {
            settings,
            sql_sources,
            context,
            batches,
            emptied,
            batch: EventBatch::default(),
            snapshots: SnapshotRows::default(),
            quarantine: QuarantineRows::default(),
            objects: Vec::new(),
            seen: IdSet::default(),
            summary: Summary::default(),
            exports: HashMap::new(),
        }
    }

    /// Reads one object, or some of its lines. An object that cannot be opened goes to quarantine whole; one that the store does not give
    /// is counted, and stays one that nobody has read.
    pub fn object(&mut self, object: &RawObject, lines: Option<&[(u64, u64)]>) -> Result<()> {
        let mut row = ObjectRow::new(object);
        let reached = match self.opened(object) {
            Ok((input, broken_off)) => {
                self.content(object, lines, input, &mut row)?;
                !broken_off.is_so()
            }
            Err(error) if error.kind() == Kind::Unavailable => {
                tracing::warn!(object = object.key, error = format!("{error:#}"), "the store does not give the object");
                false
            }
            Err(error) => {
                tracing::warn!(object = object.key, error = format!("{error:#}"), "the object cannot be opened");
                self.quarantine.push(&object.key, 0, None, None, "the object cannot be opened");
                row.state = "unreadable";
                row.quarantined += 1;
                true
            }
        };
        if !reached {
            // What was read of it lands, and is known when it is read again. Its end is not broken, only not there yet.
            self.quarantine.forget(&object.key);
            self.summary.unreached += 1;
            self.summary.first_unreached.get_or_insert_with(|| object.key.clone());
            return Ok(());
        }
        self.summary.objects += 1;
        self.summary.bytes += object.size;
        self.summary.lines += row.lines;
        self.summary.quarantined += row.quarantined;
        self.objects.push(row);
        Ok(())
    }

    fn opened(&self, object: &RawObject) -> Result<(Box<dyn BufRead + Send>, BrokenOff)> {
        if object.size == 0 && NEVER_EMPTY.iter().any(|ending| object.key.ends_with(ending)) {
            return Err(Error::data("it is empty, which no such file is"));
        }
        let opened = Handle::current().block_on(object.open())?;
        let broken_off = opened.watch();
        match opened.decompressed() {
            Ok(input) => Ok((input, broken_off)),
            Err(error) if broken_off.is_so() => Err(error.into()),
            Err(error) => Err(Error::data("its beginning cannot be read").caused_by(error)),
        }
    }

    fn content(
        &mut self,
        object: &RawObject,
        lines: Option<&[(u64, u64)]>,
        input: Box<dyn BufRead + Send>,
        row: &mut ObjectRow,
    ) -> Result<()> {
        let export = self.export(object);
        let mut reading = Reading { object, lines, owner: None, sql_lines: Vec::new(), sql_first_line: 0, export, row };
        reading.owner = self.forced();
        let framing = records::read(&object.key, input, &mut |piece| self.piece(piece, &mut reading))?;
        if framing == Framing::Parquet {
            self.parquet(&mut reading)?;
        }
        self.flush_sql(&mut reading)
    }

    /// Sends what is left.
    pub fn finish(mut self) -> Result<Summary> {
        self.send()?;
        Ok(self.summary)
    }

    fn forced(&self) -> Option<Owner> {
        let name = self.settings.source.as_deref()?;
        Source::parse(name).map(Owner::Native).or_else(|| self.sql_sources.iter().position(|source| source.name() == name).map(Owner::Sql))
    }

    /// The channels of the export that an object lies in: the lists beside it (flattened names) or one folder up.
    fn export(&mut self, object: &RawObject) -> Option<ExportChannels> {
        let name = object.key.rsplit('/').next().unwrap_or_default();
        let dated = name.len() > 15 && name.ends_with(".json") || name.len() == 15;
        if !dated {
            return None;
        }
        let folder = object.key.rsplitn(3, '/').nth(2).unwrap_or_default().to_owned();
        let beside = object.key.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let key = format!("{folder}\n{beside}");
        if let Some(known) = self.exports.get(&key) {
            return known.clone();
        }
        let prefix = name.split('.').next().unwrap_or_default();
        let mut channels = ExportChannels::default();
        let runtime = Handle::current();
        for list in ["channels.json", "groups.json", "dms.json", "mpims.json"] {
            let flattened = format!("{prefix}.{list}");
            let json = runtime
                .block_on(object.relative(1, list))
                .or_else(|| runtime.block_on(object.relative(0, list)))
                .or_else(|| runtime.block_on(object.relative(0, &flattened)));
            if let Some(json) = json {
                channels.read(list, &json);
            }
        }
        let found = (!channels.by_folder.is_empty()).then_some(channels);
        self.exports.insert(key, found.clone());
        found
    }

    fn piece(&mut self, piece: Piece<'_>, reading: &mut Reading<'_>) -> Result<()> {
        let (Piece::Broken(_, line, _) | Piece::Record(_, line)) = &piece;
        if reading.lines.is_some_and(|lines| !lines.iter().any(|(first, last)| (first..=last).contains(&line))) {
            return Ok(());
        }
        if reading.lines.is_some() {
            // Places read again are each recognised by themselves: what stood before them was another source's, or nobody's.
            self.flush_sql(reading)?;
            reading.owner = self.forced();
        }
        match piece {
            Piece::Broken(reason, line, column) => self.broken(reading, line, column, &reason),
            Piece::Record(record, line) => {
                reading.row.lines += 1;
                self.record(&record, line, reading)?;
            }
        }
        if self.batch.bytes() + self.snapshots.bytes() > BATCH_BYTES {
            self.send()?;
        }
        Ok(())
    }

    fn broken(&mut self, reading: &mut Reading<'_>, line: u64, column: Option<u64>, reason: &str) {
        reading.row.quarantined += 1;
        let source = reading.owner.map(|owner| self.owner_name(owner));
        self.quarantine.push(&reading.object.key, line, column, source.as_deref(), reason);
    }

    fn owner_name(&self, owner: Owner) -> String {
        match owner {
            Owner::Native(source) => source.as_str().to_owned(),
            Owner::Sql(at) => self.sql_sources.get(at).map_or_else(String::new, |source| source.name().to_owned()),
        }
    }

    fn record(&mut self, record: &Record<'_>, line: u64, reading: &mut Reading<'_>) -> Result<()> {
        let export = reading.export.clone();
        let origin = Origin { path: &reading.object.key, object_time: reading.object.modified, export: export.as_ref() };
        let owner = match reading.owner {
            Some(owner) => owner,
            None => match self.recognise(record, &origin) {
                Some(owner) => *reading.owner.insert(owner),
                None => {
                    self.broken(reading, line, None, not_recognised(record));
                    return Ok(());
                }
            },
        };
        match owner {
            Owner::Native(source) => self.native(source, record, &origin, line, reading),
            Owner::Sql(_) => {
                self.sql_record(record, line, reading)?;
                return Ok(());
            }
        }
        Ok(())
    }

    fn recognise(&self, record: &Record<'_>, origin: &Origin<'_>) -> Option<Owner> {
        if let Some(source) = Source::recognise(record, origin) {
            return Some(Owner::Native(source));
        }
        let columns = columns_of(record);
        self.sql_sources.iter().position(|source| source.recognises(origin.path, &columns)).map(Owner::Sql)
    }

    fn native(&mut self, source: Source, record: &Record<'_>, origin: &Origin<'_>, line: u64, reading: &mut Reading<'_>) {
        let mut outcome = self.normalize(source, record, origin, line, reading);
        // One object may hold records of several sources: a record that is not this one's is offered to the others.
        if outcome == Err(Reject::NotThisSource)
            && let Some(Owner::Native(other)) = self.recognise(record, origin)
            && other != source
        {
            outcome = self.normalize(other, record, origin, line, reading);
        }
        match outcome {
            Ok(()) => {}
            Err(Reject::Nothing) => reading.row.nothing += 1,
            Err(Reject::NotThisSource) => self.broken(reading, line, None, not_recognised(record)),
            Err(Reject::Bad { reason, column }) => self.broken(reading, line, column, &reason),
        }
    }

    fn normalize(
        &mut self,
        source: Source,
        record: &Record<'_>,
        origin: &Origin<'_>,
        line: u64,
        reading: &mut Reading<'_>,
    ) -> std::result::Result<(), Reject> {
        let place = Place { source: source.as_str(), object: &reading.object.key, line };
        let before = reading.row.events;
        let mut taker = Taker { reader: self, place, record: Some(record), count: 0, rejects: Vec::new(), object_time: origin.object_time };
        let outcome = source.normalize(record, origin, &mut taker);
        let (count, rejects) = (taker.count, taker.rejects);
        reading.row.events = before + count;
        for reject in rejects {
            if let Reject::Bad { reason, column } = reject {
                self.broken(reading, line, column, &reason);
            }
        }
        outcome
    }

    fn send(&mut self) -> Result<()> {
        self.summary.duplicates += self.batch.tell_repeated(&mut self.seen);
        let next = self.emptied.try_recv().unwrap_or_default();
        let flush = Flush {
            events: std::mem::replace(&mut self.batch, next),
            snapshots: std::mem::take(&mut self.snapshots),
            quarantine: std::mem::take(&mut self.quarantine),
            objects: std::mem::take(&mut self.objects),
            seen_all: self.seen.len() < SEEN_MAX,
        };
        if !flush.seen_all {
            self.seen.clear();
        }
        self.batches.blocking_send(flush).map_err(|_| Error::internal("the writer ended early"))
    }
}

/// One object while it is read.
struct Reading<'o> {
    object: &'o RawObject,
    /// The lines that are asked for; all if none are named.
    lines: Option<&'o [(u64, u64)]>,
    owner: Option<Owner>,
    sql_lines: Vec<u8>,
    sql_first_line: u64,
    export: Option<ExportChannels>,
    row: &'o mut ObjectRow,
}

fn not_recognised(record: &Record<'_>) -> &'static str {
    match record {
        Record::Json(text) if serde_json::from_str::<IgnoredAny>(text).is_err() => "this is not JSON",
        Record::Json(_) => "no source has records of this shape",
        Record::Csv { .. } => "no source has these columns",
        Record::Mail(_) => "this is no mail with a sender and a date",
    }
}

/// Top-level keys of a JSON object, or the header of a CSV row.
fn columns_of<'r>(record: &Record<'r>) -> Vec<Cow<'r, str>> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<Cow<'de, str>>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                keys.push(Cow::Owned(key));
            }
            Ok(keys)
        }
    }
    match record {
        Record::Json(text) => serde_json::Deserializer::from_str(text).deserialize_map(Keys).unwrap_or_default(),
        Record::Csv { header, .. } => header.iter().map(|name| Cow::Owned(name.to_owned())).collect(),
        Record::Mail(_) => Vec::new(),
    }
}
