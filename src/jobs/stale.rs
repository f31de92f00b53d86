//! Which intervals of a job are stale, and why. Follows from the ledger and the tables' logs alone: no clock decides it.

use std::collections::HashMap;
use std::fmt;

use super::Job;
use super::ledger::Entry;
use crate::error::Result;
use crate::event::{DAY, Micros};
use crate::interval::Interval;
use crate::lake::Lake;
use crate::lake::commit::changed_since;

/// Why an interval is stale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No run of it is known.
    NeverRun,
    /// The job, a view, a function or a rule changed.
    Version,
    /// A policy file changed.
    Policy,
    /// Rows landed in what it reads, in this table.
    Changed(String),
    /// Asked for with `--from`, `--to` or `--full`.
    Asked,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverRun => f.write_str("never run"),
            Self::Version => f.write_str("the job changed"),
            Self::Policy => f.write_str("the policy changed"),
            Self::Changed(table) => write!(f, "rows changed in {table}"),
            Self::Asked => f.write_str("asked for"),
        }
    }
}

/// Stale intervals in a row, and why the first of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The intervals.
    pub span: Interval,
    /// Why.
    pub reason: Reason,
}

/// What is to be done for a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Todo {
    /// Spans to run.
    pub stale: Vec<Stale>,
    /// Intervals that are stale but older than the lookback: left as they are until asked for.
    pub too_old: usize,
}

/// Reads "what changed since" from the logs, once a table and version.
#[derive(Debug, Default)]
pub struct Changes(HashMap<(String, u64), Option<Vec<Interval>>>);

impl Changes {
    async fn since(&mut self, lake: &Lake, table: &str, version: u64) -> Result<Option<&[Interval]>> {
        let key = (table.to_owned(), version);
        if !self.0.contains_key(&key) {
            let changed = changed_since(&lake.table(table).await?, version).await?;
            self.0.insert(key.clone(), changed);
        }
        Ok(self.0.get(&key).and_then(|found| found.as_deref()))
    }
}

/// Spans are cut at a length that lets a first run over years stay within memory: a month where a lake is small, a week where a
/// month of everybody's rows, with their commit, would be gigabytes.
pub fn longest_span(events: usize) -> Micros {
    const MANY_EVENTS: usize = 2_000_000;
    if events < MANY_EVENTS { 31 * DAY } else { 7 * DAY }
}

/// Finds what is stale of `job`. `occupied` are the stretches of event time that have rows, in order: where a job never ran and
/// all that it reads is empty, there is nothing to answer (one event with a clock of years ago costs days, not years). `longest` is the
/// length at which spans are cut.
pub async fn find(
    lake: &Lake,
    job: &Job,
    entries: &[Entry],
    policy_hash: &str,
    occupied: &[Interval],
    longest: Micros,
    changes: &mut Changes,
) -> Result<Todo> {
    let mut todo = Todo::default();
    let (Some(first), Some(last)) = (occupied.first(), occupied.last()) else { return Ok(todo) };
    let extent = Interval { start: first.start, end: last.end };
    let reach = extent.end - job.lookback.max(job.interval);
    for tile in extent.tiles(job.interval) {
        let last = entries.iter().rev().find(|entry| entry.span.start <= tile.start && tile.end <= entry.span.end);
        let reason = match last {
            None if !any_overlaps(occupied, job.window(tile)) => None,
            None => Some(Reason::NeverRun),
            Some(entry) => reason(lake, job, entry, policy_hash, tile, changes).await?,
        };
        let Some(reason) = reason else { continue };
        // Restating reaches back only so far; what never ran is taken however old it is.
        if reason != Reason::NeverRun && tile.end <= reach {
            todo.too_old += 1;
            continue;
        }
        push(&mut todo.stale, longest, tile, reason);
    }
    Ok(todo)
}

/// Whether any of the intervals, which are disjoint and in order, overlaps the window.
fn any_overlaps(occupied: &[Interval], window: Interval) -> bool {
    let first = occupied.partition_point(|rows| rows.end <= window.start);
    occupied.get(first).is_some_and(|rows| rows.overlaps(window))
}

/// Every interval of `span` as asked for, in spans of at most `longest`.
pub fn asked(job: &Job, span: Interval, longest: Micros) -> Todo {
    let mut todo = Todo::default();
    for tile in span.tiles(job.interval) {
        push(&mut todo.stale, longest, tile, Reason::Asked);
    }
    todo
}

fn push(stale: &mut Vec<Stale>, longest: Micros, tile: Interval, reason: Reason) {
    match stale.last_mut() {
        Some(last) if last.span.end == tile.start && tile.end - last.span.start <= longest => last.span.end = tile.end,
        _ => stale.push(Stale { span: tile, reason }),
    }
}

async fn reason(lake: &Lake, job: &Job, entry: &Entry, policy_hash: &str, tile: Interval, changes: &mut Changes) -> Result<Option<Reason>> {
    if entry.job_version != job.version {
        return Ok(Some(Reason::Version));
    }
    if entry.policy_hash != policy_hash {
        return Ok(Some(Reason::Policy));
    }
    let window = job.window(tile);
    for (table, version) in &entry.inputs {
        // A log that no longer reaches back says nothing: unknown means stale.
        let changed = changes.since(lake, table, *version).await?.is_none_or(|changed| changed.iter().any(|hours| hours.overlaps(window)));
        if changed {
            return Ok(Some(Reason::Changed(table.clone())));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_windows_with_rows_overlap() {
        let occupied = [Interval { start: 10, end: 20 }, Interval { start: 30, end: 40 }];
        for (start, end, expected) in [(0, 10, false), (0, 11, true), (20, 30, false), (25, 31, true), (39, 50, true), (40, 50, false)] {
            assert_eq!(any_overlaps(&occupied, Interval { start, end }), expected, "{start} to {end}");
        }
        assert!(!any_overlaps(&[], Interval { start: 0, end: 1 }));
    }
}
