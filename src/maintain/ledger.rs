//! The ledger made shorter: entries that newer ones have replaced go after a while. What decides about an interval stays.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use futures::StreamExt;

use super::{Action, Ground, text_column, while_conflicts};
use crate::error::Result;
use crate::event::{HOUR, Micros};
use crate::lake::rewrite::files;
use crate::lake::tables::TableSpec;

/// Entries that are worth the trouble.
const ENTRIES_MIN: usize = 1_000;

/// An entry, as far as it matters here: newest first.
type Entry = (std::cmp::Reverse<Micros>, String, String, Micros, Micros, bool);

/// Takes away entries older than `age` of which no hour is left that a newer entry does not answer.
pub async fn shorten(ground: &Ground<'_>, spec: &TableSpec, age: Micros, dry_run: bool) -> Result<Action> {
    let cutoff = ground.lake.clock().now() - age;
    let mut action = Action::new("ledger", spec);
    let superseded = superseded(&entries(ground).await?, cutoff);
    if superseded.len() < ENTRIES_MIN {
        return Ok(action);
    }
    action.rows = superseded.len();
    if dry_run {
        return Ok(action);
    }
    let files_changed = while_conflicts(async || {
        let newest = files(ground.lake, spec).await?;
        let old: Vec<_> = newest.entries.iter().filter(|file| file.times.is_none_or(|(first, _)| first < cutoff)).cloned().collect();
        let mut keep = |batch: RecordBatch| {
            let ids = text_column(&batch, "run_id");
            let stays: BooleanArray =
                (0..batch.num_rows()).map(|row| Some(ids.is_none_or(|ids| !superseded.contains(ids.value(row))))).collect();
            Ok(Some(filter_record_batch(&batch, &stays)?))
        };
        let new = newest.written(ground.lake, ground.context, spec, &old, true, &mut keep).await?;
        newest.replace(ground.lake, spec, &old, new.into_iter().collect(), false).await?;
        Ok(old.len())
    })
    .await?;
    action.files = files_changed;
    Ok(action)
}

async fn entries(ground: &Ground<'_>) -> Result<Vec<Entry>> {
    let sql = "SELECT run_time, job, run_id, interval_start, interval_end, state FROM runs";
    let mut stream = ground.context.sql(sql).await?.execute_stream().await?;
    let mut found = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let time = |at: usize, row: usize| batch.column(at).as_primitive::<TimestampMicrosecondType>().value(row);
        let text = |name: &str, row: usize| text_column(&batch, name).map_or("", |column| column.value(row));
        found.extend((0..batch.num_rows()).map(|row| {
            let failed = text("state", row) == "failed";
            let id = text("run_id", row).to_owned();
            (std::cmp::Reverse(time(0, row)), text("job", row).to_owned(), id, time(3, row), time(4, row), failed)
        }));
    }
    found.sort_unstable();
    Ok(found)
}

/// Run ids of old entries that decide about no hour any more. An entry that failed decides about none.
fn superseded(entries: &[Entry], cutoff: Micros) -> BTreeSet<String> {
    let mut answered: BTreeMap<&str, BTreeSet<Micros>> = BTreeMap::new();
    let mut gone = BTreeSet::new();
    let mut needed = BTreeSet::new();
    for (std::cmp::Reverse(time), job, id, start, end, failed) in entries {
        let hours = answered.entry(job).or_default();
        let mut decides = false;
        if !failed {
            for hour in start.div_euclid(HOUR)..end.div_euclid(HOUR) {
                decides |= hours.insert(hour);
            }
        }
        if decides || *time >= cutoff {
            needed.insert(id.clone());
        } else {
            gone.insert(id.clone());
        }
    }
    // One run id may stand for several entries.
    &gone - &needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_about_an_hour_stays() {
        let entry = |time: Micros, id: &str, start: Micros, end: Micros, failed: bool| {
            (std::cmp::Reverse(time), "job".to_owned(), id.to_owned(), start * HOUR, end * HOUR, failed)
        };
        let mut entries = vec![
            entry(1, "first", 0, 3, false),
            entry(2, "replaced", 1, 2, false),
            entry(3, "again", 1, 2, false),
            entry(4, "failed", 5, 6, true),
            entry(90, "young", 1, 2, false),
        ];
        entries.sort();
        let gone: Vec<String> = superseded(&entries, 50).into_iter().collect();
        assert_eq!(gone, ["again", "failed", "replaced"]);
    }
}
