//! The writing half of ingest: batches → files and commits. An event that the lake already has is not written again.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::{OwnedRow, RowConverter, SortField};
use bittern_udfs::setup::Setup;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;
use deltalake_core::kernel::Add;
use futures::StreamExt;
use std::sync::Arc;

use super::Flush;
use super::batch::{EventBatch, IdSet, SortedBatch, id_hash};
use super::redact;
use super::rows::{ObjectRow, QuarantineRows, SnapshotRows};
use crate::error::{Error, Kind, Result};
use crate::interval::Hours;
use crate::lake::Lake;
use crate::lake::columns::utc;
use crate::lake::commit::Note;
use crate::lake::files::{append, append_files_on, date_runs, write_file};
use crate::lake::provider::LakeTable;
use crate::lake::tables::{self, TableSpec};

/// How often a commit is planned anew because another ingest committed first.
const CONFLICTS_MAX: usize = 50;

/// The lock that ingests share: of two that commit at once, one is refused and looks again at what is there.
const MUTEX: &str = "bittern-ingest";

/// By what rows of a table are told apart.
struct Distinct<'k> {
    /// Columns that no two rows share.
    key: &'k [&'k str],
    /// Only rows of the table for which this is true count.
    among: Option<Expr>,
}

/// Writes batches to the lake.
pub struct Writer<'a> {
    lake: &'a Lake,
    context: SessionContext,
    /// Masks credentials, if it is to.
    redact: Option<Setup>,
    /// Files that this ingest wrote itself: the reader remembers their ids.
    own: HashSet<String>,
    /// What could not be read, where it is not to be added to `quarantine`: a second reading takes the place of the first.
    pub still: Option<QuarantineRows>,
    /// Events written.
    pub events: u64,
    /// Of these, those whose action is `other`.
    pub other: u64,
    /// Of these, those that stand at the time of their raw object.
    pub undated: u64,
    /// Events that the lake had already.
    pub duplicates: u64,
    /// Events written, by source.
    pub by_source: BTreeMap<String, u64>,
}

impl<'a> Writer<'a> {
    /// A writer of one ingest.
    pub fn new(lake: &'a Lake, context: SessionContext, redact: Option<Setup>) -> Self {
        Self {
            lake,
            context,
            redact,
            own: HashSet::new(),
            still: None,
            events: 0,
            other: 0,
            undated: 0,
            duplicates: 0,
            by_source: BTreeMap::new(),
        }
    }

    /// Writes events first, then what was read of their objects: a crash between the two costs a second reading, never an event.
    /// Gives the batch back, empty.
    pub async fn write(&mut self, flush: Flush) -> Result<EventBatch> {
        let now = self.lake.clock().now();
        if !flush.seen_all {
            self.own.clear();
        }
        let mut sorted = flush.events.sorted();
        self.events(&mut sorted).await?;
        self.snapshots(flush.snapshots).await?;
        if let Some(still) = &mut self.still {
            still.extend(flush.quarantine);
            return Ok(sorted.emptied());
        }
        // A crash between the two leaves places in quarantine of objects that will be read again.
        let places = flush.quarantine.batch(now)?;
        let place = Distinct { key: &["object", "line", "line_to", "column", "source", "reason"], among: Some(col("state").is_null()) };
        self.append_new(&tables::quarantine(), places, place, false).await?;
        // What was known of objects was looked at before they were read: only who committed since has to be looked at.
        let object = Distinct { key: &["object", "etag"], among: None };
        self.append_new(&tables::objects(), ObjectRow::batch(&flush.objects, now)?, object, true).await?;
        Ok(sorted.emptied())
    }

    async fn events(&mut self, rest: &mut SortedBatch) -> Result<()> {
        if rest.len() == 0 {
            return Ok(());
        }
        let spec = tables::events();
        let mut adds: Option<Vec<Add>> = None;
        for _ in 0..CONFLICTS_MAX {
            let table = self.lake.table(&spec.name).await?;
            let existing = LakeTable::at(self.lake, &spec, &table).await?.excluding(&self.own);
            let known = self.known(existing, rest).await?;
            if !known.is_empty() {
                let before = rest.len();
                rest.remove(&known);
                self.duplicates += (before - rest.len()) as u64;
                adds = None;
            }
            if rest.len() == 0 {
                return Ok(());
            }
            let files = match adds.take() {
                Some(files) => files,
                None => self.files(rest).await?,
            };
            let note = Note::new(Some(rest.hours()));
            match append_files_on(self.lake, &spec, &table, files.clone(), &note, Some(MUTEX)).await {
                Ok(()) => {
                    self.own.extend(files.into_iter().map(|add| add.path));
                    self.count(rest);
                    return Ok(());
                }
                Err(error) if error.kind() == Kind::Conflict => {
                    tracing::debug!(error = format!("{error:#}"), "another ingest committed first: looking again");
                    adds = Some(files);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Kind::Conflict, "other ingests kept committing first; run this one again"))
    }

    async fn files(&self, sorted: &SortedBatch) -> Result<Vec<Add>> {
        let spec = tables::events();
        let now = self.lake.clock().now();
        let mut adds = Vec::new();
        for (date, offset, length) in date_runs(sorted.times()) {
            let batch = self.masked(sorted.rows(offset, length, now)?).await?;
            adds.push(write_file(self.lake, &spec, &batch, Some(date), now).await?);
        }
        Ok(adds)
    }

    /// The rows as they are to be written. What was masked is told first: a crash before the events tells it twice, never not at all.
    async fn masked(&self, rows: RecordBatch) -> Result<RecordBatch> {
        let Some(setup) = &self.redact else { return Ok(rows) };
        let (masked, findings) = redact::redacted(&rows, setup)?;
        let hours = hours_of(&findings, "event_time");
        append(self.lake, &tables::ingest_findings(), &findings, &Note::new(Some(hours))).await?;
        Ok(masked)
    }

    /// Which ids of the batch the lake has already. Only files whose times overlap are read, and of those one column.
    async fn known(&self, existing: LakeTable, sorted: &SortedBatch) -> Result<IdSet> {
        let times = sorted.times();
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Ok(IdSet::default()) };
        let inside = col("event_time").gt_eq(lit(utc(*first))).and(col("event_time").lt_eq(lit(utc(*last))));
        // The same record without a time has another one in every raw object.
        let undated = !sorted.counts("time_origin").is_empty();
        let inside = if undated { inside.or(col("time_origin").is_not_null()) } else { inside };
        let wanted: IdSet = sorted.hashes().iter().copied().collect();
        let frame = self.context.read_table(Arc::new(existing))?.filter(inside)?.select_columns(&["event_id"])?;
        let mut stream = frame.execute_stream().await?;
        let mut known = IdSet::default();
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let ids = batch.column(0).as_string::<i32>();
            known.extend(ids.iter().flatten().map(id_hash).filter(|hash| wanted.contains(hash)));
        }
        Ok(known)
    }

    async fn snapshots(&self, rows: SnapshotRows) -> Result<()> {
        let statement = Distinct { key: &["snapshot_id"], among: None };
        self.append_new(&tables::snapshots(), rows.batch()?, statement, false).await
    }

    /// Appends the rows that a table does not have yet. `looked` says that the rows were compared with the table as it was last seen.
    async fn append_new(&self, spec: &TableSpec, batch: RecordBatch, distinct: Distinct<'_>, mut looked: bool) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let mut written: Option<(usize, Add)> = None;
        for _ in 0..CONFLICTS_MAX {
            let (table, fresh) = if looked {
                (self.lake.last_seen(&spec.name).await?, batch.clone())
            } else {
                let table = self.lake.table(&spec.name).await?;
                let existing = LakeTable::at(self.lake, spec, &table).await?;
                (table, self.fresh(existing, &batch, &distinct).await?)
            };
            if fresh.num_rows() == 0 {
                return Ok(());
            }
            let add = match written.take() {
                Some((rows, add)) if rows == fresh.num_rows() => add,
                _ => write_file(self.lake, spec, &fresh, None, self.lake.clock().now()).await?,
            };
            let changed = (spec.name == "snapshots").then(|| hours_of(&fresh, "snapshot_time"));
            match append_files_on(self.lake, spec, &table, vec![add.clone()], &Note::new(changed), Some(MUTEX)).await {
                Err(error) if error.kind() == Kind::Conflict => {
                    looked = false;
                    written = Some((fresh.num_rows(), add));
                }
                outcome => return outcome,
            }
        }
        Err(Error::new(Kind::Conflict, "other ingests kept committing first; run this one again"))
    }

    /// The rows of a batch that are unlike those of a table, and unlike each other.
    async fn fresh(&self, existing: LakeTable, batch: &RecordBatch, distinct: &Distinct<'_>) -> Result<RecordBatch> {
        let frame = self.context.read_table(Arc::new(existing))?;
        let frame = distinct.among.iter().try_fold(frame, |frame, among| frame.filter(among.clone()))?;
        let columns = |batch: &RecordBatch| -> Result<Vec<ArrayRef>> {
            let column = |name: &&str| batch.column_by_name(name).cloned();
            let found: Option<Vec<ArrayRef>> = distinct.key.iter().map(column).collect();
            found.ok_or_else(|| Error::internal("a table lacks a column of its key"))
        };
        let mine = columns(batch)?;
        let converter = RowConverter::new(mine.iter().map(|column| SortField::new(column.data_type().clone())).collect())?;
        let mut known: HashSet<OwnedRow> = HashSet::new();
        for found in frame.select_columns(distinct.key)?.collect().await? {
            known.extend(converter.convert_columns(&columns(&found)?)?.iter().map(|row| row.owned()));
        }
        let keep: Vec<bool> = converter.convert_columns(&mine)?.iter().map(|row| known.insert(row.owned())).collect();
        Ok(arrow::compute::filter_record_batch(batch, &keep.into())?)
    }

    fn count(&mut self, written: &SortedBatch) {
        self.events += written.len() as u64;
        self.undated += written.counts("time_origin").into_iter().map(|(_, count)| count).sum::<u64>();
        self.other += written.counts("action").into_iter().filter(|(action, _)| *action == "other").map(|(_, count)| count).sum::<u64>();
        for (source, count) in written.sources() {
            *self.by_source.entry(source.to_owned()).or_default() += count;
        }
    }
}

/// The hours of a batch's times.
fn hours_of(batch: &RecordBatch, column: &str) -> Hours {
    let mut hours = Hours::default();
    if let Some(times) = batch.column_by_name(column) {
        times.as_primitive::<TimestampMicrosecondType>().iter().flatten().for_each(|time| hours.add(time));
    }
    hours
}
