//! Raw objects → `events`. Reading and writing are two halves joined by a channel: [`reader`] blocks on bytes, [`writer`] on commits.
//!
//! A second ingest of the same object changes nothing: `objects` names it; and were it not there, every event's id is looked up.

mod batch;
mod growing;
mod known;
mod reader;
pub mod records;
mod redact;
pub mod retry;
mod rows;
pub mod sql_source;
mod writer;

use std::collections::BTreeMap;

use bittern_udfs::setup::Setup;
use datafusion::prelude::SessionContext;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::error::{Error, Kind, Result};
use crate::event::Micros;
use crate::lake::Lake;
use crate::lake::raw::{RawObject, list, list_any};
use batch::EventBatch;
pub use known::Known;
use rows::{ObjectRow, QuarantineRows, SnapshotRows};
use sql_source::SqlSource;

/// What to ingest and how.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Files, folders, globs and URLs.
    pub inputs: Vec<String>,
    /// The source of everything, instead of recognising it.
    pub source: Option<String>,
    /// Read objects again that were read before.
    pub again: bool,
    /// Nothing may lie there yet, as in an inbox.
    pub may_be_empty: bool,
    /// Leave files alone that were changed less than this ago (microseconds): they may still be being written.
    pub settle: Micros,
    /// Mask credentials before events are written, with these rules and this key.
    pub redact: Option<Setup>,
}

/// What an ingest did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Objects read.
    pub objects: u64,
    /// Objects passed over because they were read before.
    pub skipped: u64,
    /// Files left alone because they may still be being written.
    pub settling: u64,
    /// Records met.
    pub lines: u64,
    /// Events written.
    pub events: u64,
    /// Of these, events whose action is `other`.
    pub other: u64,
    /// Of these, events whose record has no time: they stand at the time of their raw object.
    pub undated: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// Statements of state.
    pub snapshots: u64,
    /// Pieces that went to quarantine.
    pub quarantined: u64,
    /// Objects that the store did not give, or not to their end: the next ingest reads them.
    pub unreached: u64,
    /// The first of them.
    #[serde(skip)]
    first_unreached: Option<String>,
    /// Bytes of the objects as stored.
    pub bytes: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// Events written, by source.
    pub by_source: BTreeMap<String, u64>,
}

/// What the reader hands to the writer at once.
struct Flush {
    events: EventBatch,
    snapshots: SnapshotRows,
    quarantine: QuarantineRows,
    objects: Vec<ObjectRow>,
    /// Whether the reader still remembers every id it has sent.
    seen_all: bool,
}

/// Ingests everything that the settings name. `known` is what a process that lives long keeps from one ingest to the next.
pub async fn ingest(
    lake: &Lake,
    context: &SessionContext,
    known: &Mutex<Known>,
    sql_sources: Vec<SqlSource>,
    settings: &Settings,
    progress: &ProgressBar,
) -> Result<Summary> {
    let clock = lake.clock();
    let started = clock.now();
    check_source(&sql_sources, settings)?;
    let mut objects = Vec::new();
    for input in &settings.inputs {
        objects.extend(if settings.may_be_empty { list_any(input).await? } else { list(input).await? });
    }
    // A time after now is another machine's clock, and says nothing.
    let settling = |object: &RawObject| object.is_file() && (0..settings.settle).contains(&(started - object.modified));
    let listed = objects.len();
    objects.retain(|object| !settling(object));
    let settling = (listed - objects.len()) as u64;
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    objects.dedup_by(|a, b| a.key == b.key);
    let before = objects.len();
    if !settings.again {
        let mut known = known.lock().await;
        known.refresh(lake, context).await?;
        objects.retain(|object| !known.has(object));
    }
    let skipped = (before - objects.len()) as u64;
    progress.set_length(objects.iter().map(|object| object.size).sum());

    let objects = objects.into_iter().map(|object| (object, None)).collect();
    let mut writer = writer::Writer::new(lake, context.clone(), settings.redact.clone());
    let mut summary = pump(&mut writer, context, sql_sources, settings, objects, progress).await?;
    summary.skipped = skipped;
    summary.settling = settling;
    summary.seconds = (clock.now() - started) as f64 / 1e6;
    Ok(summary)
}

/// Reads objects on one thread and writes what they give on this one.
async fn pump(
    writer: &mut writer::Writer<'_>,
    context: &SessionContext,
    sql_sources: Vec<SqlSource>,
    settings: &Settings,
    objects: Vec<(RawObject, Option<Lines>)>,
    progress: &ProgressBar,
) -> Result<Summary> {
    let (sender, mut batches) = tokio::sync::mpsc::channel(1);
    let (back, emptied) = std::sync::mpsc::channel();
    let reading = {
        let (settings, context, progress) = (settings.clone(), context.clone(), progress.clone());
        tokio::task::spawn_blocking(move || read_all(&objects, &settings, &sql_sources, context, (sender, emptied), &progress))
    };
    let mut written = Ok(());
    while let Some(flush) = batches.recv().await {
        match writer.write(flush).await {
            // A reader that has ended needs no more batches.
            Ok(batch) => drop(back.send(batch)),
            Err(error) => {
                written = Err(error);
                break;
            }
        }
    }
    // The reader ends by itself once nobody takes its batches.
    drop(batches);
    let read = reading.await?;
    written?;
    let mut summary = read?;
    progress.finish_and_clear();
    if let Some(first) = &summary.first_unreached {
        let (count, written) = (summary.unreached, writer.events);
        let message =
            format!("the store did not give {count} objects, the first `{first}`; {written} events of the others landed: run this again");
        return Err(Error::new(Kind::Unavailable, message));
    }
    summary.events = writer.events;
    summary.other = writer.other;
    summary.undated = writer.undated;
    summary.duplicates += writer.duplicates;
    summary.by_source = std::mem::take(&mut writer.by_source);
    Ok(summary)
}

fn check_source(sql_sources: &[SqlSource], settings: &Settings) -> Result<()> {
    let Some(name) = &settings.source else { return Ok(()) };
    if crate::sources::Source::parse(name).is_some() || sql_sources.iter().any(|source| source.name() == name) {
        return Ok(());
    }
    let mut names: Vec<&str> = crate::sources::Source::ALL.iter().map(|source| source.as_str()).collect();
    names.extend(sql_sources.iter().map(SqlSource::name));
    Err(Error::usage(format!("there is no source `{name}`; there are {}", names.join(", "))))
}

/// Lines of an object that are to be read, first and last.
type Lines = Vec<(u64, u64)>;

fn read_all(
    objects: &[(RawObject, Option<Lines>)],
    settings: &Settings,
    sql_sources: &[SqlSource],
    context: SessionContext,
    batches: (tokio::sync::mpsc::Sender<Flush>, std::sync::mpsc::Receiver<EventBatch>),
    progress: &ProgressBar,
) -> Result<Summary> {
    let mut reader = reader::Reader::new(settings, sql_sources, context, batches);
    for (object, lines) in objects {
        reader.object(object, lines.as_deref())?;
        progress.inc(object.size);
    }
    reader.finish()
}
