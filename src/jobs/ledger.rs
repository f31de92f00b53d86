//! The ledger `runs`: which interval of which job was answered from which versions. Losing it costs work, never truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::prelude::SessionContext;

use crate::error::Result;
use crate::event::Micros;
use crate::interval::Interval;
use crate::lake::Lake;
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::provider::LakeTable;
use crate::lake::tables;

/// Versions of the tables that an answer was made from.
pub type Inputs = BTreeMap<String, u64>;

/// One answered stretch of intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The job.
    pub job: String,
    /// The intervals, in a row.
    pub span: Interval,
    /// The job's version.
    pub job_version: String,
    /// Versions of the tables read.
    pub inputs: Inputs,
    /// Hash of the policy in force.
    pub policy_hash: String,
    /// Rows of the answer.
    pub rows_out: i64,
    /// Seconds it took.
    pub seconds: f64,
    /// `done`, `unchanged` or `failed`.
    pub state: &'static str,
    /// Why it ran.
    pub reason: String,
    /// Its commit's run id, or a fresh one where nothing was committed.
    pub run_id: String,
    /// When it was written down.
    pub run_time: Micros,
    /// Version of the job's own table that holds the answer; entries of older programs have none.
    pub output_version: Option<u64>,
}

/// What the ledger knows of each job, newest entry last.
pub async fn read(context: &SessionContext, lake: &Lake) -> Result<BTreeMap<String, Vec<Entry>>> {
    let table = LakeTable::open(lake, &tables::runs()).await?;
    let frame = context.read_table(Arc::new(table))?.sort(vec![datafusion::prelude::col("run_time").sort(true, false)])?;
    let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for batch in frame.collect().await? {
        for row in 0..batch.num_rows() {
            if let Some(entry) = entry(&batch, row) {
                found.entry(entry.job.clone()).or_default().push(entry);
            }
        }
    }
    // Of entries of one moment, the one that read more is the newer.
    for entries in found.values_mut() {
        entries.sort_by_key(|entry| (entry.run_time, entry.inputs.values().sum::<u64>(), entry.output_version));
    }
    Ok(found)
}

fn entry(batch: &RecordBatch, row: usize) -> Option<Entry> {
    let text = |name: &str| {
        let column = batch.column_by_name(name)?.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let time = |name: &str| Some(batch.column_by_name(name)?.as_primitive::<TimestampMicrosecondType>().value(row));
    let int = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive::<Int64Type>();
        column.is_valid(row).then(|| u64::try_from(column.value(row)).ok()).flatten()
    };
    if text("state")? == "failed" {
        return None;
    }
    Some(Entry {
        job: text("job")?,
        span: Interval { start: time("interval_start")?, end: time("interval_end")? },
        job_version: text("job_version")?,
        inputs: serde_json::from_str(&text("inputs")?).ok()?,
        policy_hash: text("policy_hash")?,
        rows_out: 0,
        seconds: 0.0,
        state: "done",
        reason: text("reason").unwrap_or_default(),
        run_id: text("run_id")?,
        run_time: time("run_time")?,
        output_version: int("output_version"),
    })
}

/// Writes entries down.
pub async fn write(lake: &Lake, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let text = |of: &dyn Fn(&Entry) -> String| -> ArrayRef { Arc::new(entries.iter().map(|e| Some(of(e))).collect::<StringArray>()) };
    let time = |of: &dyn Fn(&Entry) -> Micros| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from_iter_values(entries.iter().map(of)).with_timezone("UTC"))
    };
    let columns = vec![
        text(&|e| e.run_id.clone()),
        text(&|e| e.job.clone()),
        time(&|e| e.span.start),
        time(&|e| e.span.end),
        text(&|e| e.job_version.clone()),
        text(&|e| serde_json::to_string(&e.inputs).unwrap_or_default()),
        text(&|e| e.policy_hash.clone()),
        Arc::new(entries.iter().map(|e| Some(e.rows_out)).collect::<Int64Array>()),
        Arc::new(entries.iter().map(|e| Some(e.seconds)).collect::<Float64Array>()),
        text(&|e| e.state.to_owned()),
        text(&|e| e.reason.clone()),
        time(&|e| e.run_time),
        Arc::new(entries.iter().map(|e| e.output_version.and_then(|version| i64::try_from(version).ok())).collect::<Int64Array>()),
    ];
    let batch = RecordBatch::try_new(tables::runs().schema, columns)?;
    append(lake, &tables::runs(), &batch, &Note::new(None)).await
}
