//! A second reading of what went to quarantine, by its place: what can be read now lands, the rest stays marked.
//!
//! Events land first and places are marked after: a crash between the two costs another reading, and no event comes twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::prelude::{SessionContext, col};
use indicatif::ProgressBar;
use serde::Serialize;

use super::rows::QuarantineRows;
use super::sql_source::SqlSource;
use super::{Known, Lines, Settings, Summary, check_source, pump, writer};
use crate::error::{Error, Kind, Result};
use crate::lake::Lake;
use crate::lake::files::{CONFLICTS_MAX, write_file};
use crate::lake::provider::LakeTable;
use crate::lake::raw::{RawObject, find};
use crate::lake::rewrite::files;
use crate::lake::tables;

/// What a second reading did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Retried {
    /// Places that were in quarantine.
    pub places: usize,
    /// Of these, those that are read now.
    pub landed: usize,
    /// Of these, those whose object is gone, or was overwritten.
    pub gone: usize,
    /// Places that cannot be read now.
    pub still: usize,
    /// What was landed.
    pub ingest: Summary,
}

/// Places in quarantine, by object.
#[derive(Default)]
struct Places(BTreeMap<String, Vec<Place>>);

struct Place {
    first: u64,
    last: u64,
    source: Option<String>,
}

/// Reads again what is in quarantine.
pub async fn retry_quarantine(
    lake: &Lake,
    context: &SessionContext,
    sql_sources: Vec<SqlSource>,
    settings: &Settings,
    progress: &ProgressBar,
) -> Result<Retried> {
    check_source(&sql_sources, settings)?;
    let started = lake.clock().now();
    let places = open_places(lake, context).await?;
    let mut known = Known::default();
    known.refresh(lake, context).await?;
    let mut objects: Vec<(RawObject, Option<Lines>)> = Vec::new();
    let mut gone = BTreeSet::new();
    for (key, places) in &places.0 {
        match find(key).await? {
            // Another content under the same key is another object: it is landed as one.
            Some(object) if known.has(&object) => objects.push((object, lines(places, &sql_sources))),
            _ => drop(gone.insert(key.clone())),
        }
    }
    progress.set_length(objects.iter().map(|(object, _)| object.size).sum());
    let read: BTreeSet<String> = objects.iter().map(|(object, _)| object.key.clone()).collect();
    let mut writer = writer::Writer::new(lake, context.clone(), settings.redact.clone());
    writer.still = Some(QuarantineRows::default());
    let mut ingest = pump(&mut writer, context, sql_sources, settings, objects, progress).await?;
    let still = writer.still.take().unwrap_or_default();
    ingest.seconds = (lake.clock().now() - started) as f64 / 1e6;

    let mut retried = Retried { still: still.len(), ingest, ..Retried::default() };
    for (key, places) in &places.0 {
        retried.places += places.len();
        if gone.contains(key) {
            retried.gone += places.len();
        } else {
            retried.landed += places.iter().filter(|place| !still.touches(key, place.first, place.last)).count();
        }
    }
    if retried.places > 0 {
        mark(lake, context, &read, &gone, &still).await?;
    }
    Ok(retried)
}

async fn open_places(lake: &Lake, context: &SessionContext) -> Result<Places> {
    let table = LakeTable::open(lake, &tables::quarantine()).await?;
    let frame = context.read_table(Arc::new(table))?.filter(col("state").is_null())?;
    let mut places = Places::default();
    for batch in frame.select_columns(&["object", "line", "line_to", "source"])?.collect().await? {
        let (objects, sources) = (batch.column(0).as_string::<i32>(), batch.column(3).as_string::<i32>());
        let number = |at: usize, row: usize| u64::try_from(batch.column(at).as_primitive::<Int64Type>().value(row)).unwrap_or_default();
        for row in (0..batch.num_rows()).filter(|row| objects.is_valid(*row)) {
            let source = sources.is_valid(row).then(|| sources.value(row).to_owned());
            let place = Place { first: number(1, row), last: number(2, row), source };
            places.0.entry(objects.value(row).to_owned()).or_default().push(place);
        }
    }
    Ok(places)
}

/// The lines to read; the whole object where a place is not told by line (Parquet, SQL sources, objects that could not be opened).
fn lines(places: &[Place], sql_sources: &[SqlSource]) -> Option<Lines> {
    let by_line = |place: &Place| {
        let sql = |name: &String| sql_sources.iter().any(|source| source.name() == name);
        place.first > 0 && !place.source.as_ref().is_some_and(sql)
    };
    places.iter().all(by_line).then(|| places.iter().map(|place| (place.first, place.last)).collect())
}

/// Writes down what came of each place, in one commit.
async fn mark(
    lake: &Lake,
    context: &SessionContext,
    read: &BTreeSet<String>,
    gone: &BTreeSet<String>,
    still: &QuarantineRows,
) -> Result<()> {
    let spec = tables::quarantine();
    let now = lake.clock().now();
    let mut outcome = Ok(());
    for _ in 0..CONFLICTS_MAX {
        let newest = files(lake, &spec).await?;
        let mut keep = |batch: RecordBatch| marked(&batch, read, gone, still, now).map(Some);
        let mut new: Vec<_> = newest.written(lake, context, &spec, &newest.entries, true, &mut keep).await?.into_iter().collect();
        if still.len() > 0 {
            new.push(write_file(lake, &spec, &still.batch(now)?, None, now).await?);
        }
        outcome = newest.replace(lake, &spec, &newest.entries, new, false).await;
        match &outcome {
            Err(error) if error.kind() == Kind::Conflict => {}
            _ => break,
        }
    }
    outcome
}

/// The rows with their state; those that a row of `still` takes the place of are left out.
fn marked(batch: &RecordBatch, read: &BTreeSet<String>, gone: &BTreeSet<String>, still: &QuarantineRows, now: i64) -> Result<RecordBatch> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| Error::internal(format!("`quarantine` lacks `{name}`")));
    let objects = column("object")?.as_string::<i32>();
    let states = column("state")?.as_string::<i32>();
    let times = column("retry_time")?.as_primitive::<TimestampMicrosecondType>();
    let (first, last) = (column("line")?.as_primitive::<Int64Type>(), column("line_to")?.as_primitive::<Int64Type>());
    let line = |lines: &arrow::array::Int64Array, row: usize| u64::try_from(lines.value(row)).unwrap_or_default();
    let (mut keep, mut state, mut time) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..batch.num_rows() {
        let object = objects.value(row);
        let open = states.is_null(row);
        let (landed, lost) = (open && read.contains(object), open && gone.contains(object));
        keep.push(!(landed && still.touches(object, line(first, row), line(last, row))));
        let old = || states.is_valid(row).then(|| states.value(row).to_owned());
        state.push(if landed {
            Some("landed".to_owned())
        } else if lost {
            Some("gone".to_owned())
        } else {
            old()
        });
        time.push(if landed || lost { Some(now) } else { times.is_valid(row).then(|| times.value(row)) });
    }
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| match field.name().as_str() {
        "state" => Arc::new(StringArray::from(state.clone())) as ArrayRef,
        "retry_time" => Arc::new(TimestampMicrosecondArray::from(time.clone()).with_timezone("UTC")) as ArrayRef,
        _ => Arc::clone(column),
    });
    let columns: Vec<ArrayRef> = columns.collect();
    Ok(filter_record_batch(&RecordBatch::try_new(Arc::clone(&schema), columns)?, &BooleanArray::from(keep))?)
}
