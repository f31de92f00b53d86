//! Which intervals of a job are stale, and why. Follows from the ledger and the tables' logs alone; a [`Horizon`] only says which of
//! them are taken now.

use std::collections::btree_map::Entry as Entered;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::Job;
use super::ledger::{Entry, Inputs};
use crate::error::Result;
use crate::event::{DAY, HOUR, Micros};
use crate::interval::Interval;
use crate::lake::Lake;
use crate::lake::commit::{Changed, changed_by};

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
    /// Another run wrote over the answer after it was written down.
    Overwritten,
    /// Asked for with `--from`, `--to` or `--full`.
    Asked,
}

impl Reason {
    /// Whether rows came, and nothing that decides about them changed.
    fn is_rows(&self) -> bool {
        matches!(self, Self::Changed(_) | Self::Overwritten)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverRun => f.write_str("never run"),
            Self::Version => f.write_str("the job changed"),
            Self::Policy => f.write_str("the policy changed"),
            Self::Changed(table) => write!(f, "rows changed in {table}"),
            Self::Overwritten => f.write_str("another run wrote over it"),
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

/// What is to be done for a job, and what is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Todo {
    /// Spans to run.
    pub stale: Vec<Stale>,
    /// Intervals that are stale but older than the lookback: left as they are until asked for.
    pub too_old: usize,
    /// Intervals that are stale but whose inputs are past their retention: their answers stand.
    pub sealed: usize,
    /// Intervals with rows that begin after now: no clock is that far.
    pub future: usize,
    /// Open intervals that were answered a short while ago.
    pub waiting: usize,
    /// Intervals that are stale and left to the next tick.
    pub later: usize,
}

/// How far event time is taken. The default sets no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// What begins after this is not answered.
    pub now: Micros,
    /// How long after its end an interval still counts as open.
    pub delay: Micros,
    /// How often an open interval longer than an hour is answered.
    pub restate_open: Micros,
    /// What begins at or after this is left to the next tick.
    pub until: Micros,
}

impl Default for Horizon {
    fn default() -> Self {
        Self { now: Micros::MAX, delay: 0, restate_open: 0, until: Micros::MAX }
    }
}

/// What a horizon says of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It lies after now.
    Future,
    /// Its rows are still arriving.
    Open,
    /// It is over, and so is the time its logs may take.
    Closed,
}

impl Horizon {
    /// Where an interval lies.
    pub fn phase(&self, interval: Interval) -> Phase {
        if interval.start >= self.now {
            Phase::Future
        } else if interval.end.saturating_add(self.delay) > self.now {
            Phase::Open
        } else {
            Phase::Closed
        }
    }

    /// Whether an open interval that was last answered at `answered` waits for its turn. A time after now is no time.
    fn waits(&self, interval: Interval, answered: Micros) -> bool {
        interval.end - interval.start > HOUR && answered <= self.now && self.now - answered < self.restate_open
    }
}

/// A table, the version after which, the version up to which, and the job whose commits are asked for.
type Question = (String, u64, u64, Option<String>);

/// Reads from the logs what each commit changed, once a commit.
#[derive(Debug, Default)]
pub struct Changes {
    commits: HashMap<String, BTreeMap<u64, Option<Vec<Changed>>>>,
    /// What was asked before.
    since: HashMap<Question, Option<Vec<Interval>>>,
}

impl Changes {
    /// The hours that commits of a table changed after version `from` up to `to`; with a job, only its own and those of nobody known.
    /// `None` where the log no longer says.
    async fn since(&mut self, lake: &Lake, table: &str, from: u64, to: u64, job: Option<&str>) -> Result<Option<&[Interval]>> {
        let key = (table.to_owned(), from, to, job.map(str::to_owned));
        if !self.since.contains_key(&key) {
            // What was asked for other states of the table will not be asked again.
            self.since.retain(|(name, _, last, _), _| name != table || *last == to);
            let hours = self.read(lake, table, from, to, job).await?;
            self.since.insert(key.clone(), hours);
        }
        Ok(self.since.get(&key).and_then(|found| found.as_deref()))
    }

    async fn read(&mut self, lake: &Lake, table: &str, from: u64, to: u64, job: Option<&str>) -> Result<Option<Vec<Interval>>> {
        let known = self.commits.entry(table.to_owned()).or_default();
        let mut found = BTreeSet::new();
        for version in from + 1..=to {
            let changes = match known.entry(version) {
                Entered::Occupied(entry) => entry.into_mut(),
                Entered::Vacant(entry) => entry.insert(changed_by(&lake.last_seen(table).await?, version).await?),
            };
            let Some(changes) = changes else { return Ok(None) };
            let counts = |changed: &&Changed| job.is_none() || changed.job.is_none() || changed.job.as_deref() == job;
            found.extend(changes.iter().filter(counts).map(|changed| changed.hours));
        }
        Ok(Some(found.into_iter().collect()))
    }
}

/// Spans are cut at a length that lets a first run over years stay within memory: a year where planning takes longer than the work, a
/// month where a lake is small, a week where a month of everybody's rows, with their commit, would be gigabytes.
pub fn longest_span(events: usize) -> Micros {
    const FEW_EVENTS: usize = 100_000;
    const MANY_EVENTS: usize = 2_000_000;
    match events {
        ..FEW_EVENTS => 366 * DAY,
        FEW_EVENTS..MANY_EVENTS => 31 * DAY,
        _ => 7 * DAY,
    }
}

/// What decides about a job besides the job itself.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The tables.
    pub lake: &'a Lake,
    /// Their versions as they are registered.
    pub versions: &'a Inputs,
    /// Hash of the policy in force.
    pub policy_hash: &'a str,
    /// Stretches of event time that have rows, in order: where a job never ran and all that it reads is empty, there is nothing to
    /// answer (one event with a clock of years ago costs days, not years).
    pub occupied: &'a [Interval],
    /// The length at which spans are cut.
    pub longest: Micros,
    /// How far event time is taken.
    pub horizon: Horizon,
    /// Intervals that begin before this are sealed for this job.
    pub sealed_before: Micros,
    /// The table that holds the job's answers.
    pub output: &'a str,
}

/// Finds what is stale of `job`, of which `entries` (the newest last) is known.
pub async fn find(scene: &Scene<'_>, job: &Job, entries: &[Entry], changes: &mut Changes) -> Result<Todo> {
    let mut todo = Todo::default();
    let (Some(first), Some(last)) = (scene.occupied.first(), scene.occupied.last()) else { return Ok(todo) };
    let horizon = scene.horizon;
    // One event with a clock of years ahead must not make everything else too old.
    let end = last.end.min(horizon.now);
    let reach = end - job.lookback.max(job.interval);
    let newest = newest(entries, job.interval, scene.versions.get(scene.output).copied().unwrap_or_default());
    for tile in (Interval { start: first.start, end: last.end }).tiles(job.interval) {
        let phase = horizon.phase(tile);
        if phase == Phase::Future {
            todo.future += usize::from(any_overlaps(scene.occupied, tile));
            continue;
        }
        let last = newest.get(&tile.start).copied();
        // Restating reaches back only so far; what never ran is taken however old it is.
        let too_old = last.is_some() && tile.end <= reach;
        let reason = match last {
            None if !any_overlaps(scene.occupied, job.window(tile)) => None,
            None => Some(Reason::NeverRun),
            Some(entry) => reason(scene, job, entry, tile, too_old, changes).await?,
        };
        let Some(reason) = reason else { continue };
        if tile.start < scene.sealed_before {
            todo.sealed += 1;
        } else if too_old {
            todo.too_old += 1;
        } else if tile.start >= horizon.until {
            todo.later += 1;
        } else if phase == Phase::Open && reason.is_rows() && last.is_some_and(|entry| horizon.waits(tile, entry.run_time)) {
            todo.waiting += 1;
        } else {
            push(&mut todo.stale, scene.longest, tile, reason);
        }
    }
    Ok(todo)
}

/// The entry of each interval that saw the newest state of the answers' table, by the interval's start: of two runs at once, that is the one
/// whose answer stands. What names a version that the table never reached is about another table of that name.
fn newest(entries: &[Entry], interval: Micros, output: u64) -> HashMap<Micros, &Entry> {
    let mut found = HashMap::new();
    let mut entries: Vec<&Entry> = entries.iter().filter(|entry| entry.output_version.is_none_or(|version| version <= output)).collect();
    // Stable: those of one version stay in the order of time.
    entries.sort_by_key(|entry| entry.output_version);
    for entry in entries {
        let whole = |tile: &Interval| entry.span.start <= tile.start && tile.end <= entry.span.end;
        found.extend(entry.span.tiles(interval).filter(whole).map(|tile| (tile.start, entry)));
    }
    found
}

/// Whether any of the intervals, which are disjoint and in order, overlaps the window.
fn any_overlaps(occupied: &[Interval], window: Interval) -> bool {
    let first = occupied.partition_point(|rows| rows.end <= window.start);
    occupied.get(first).is_some_and(|rows| rows.overlaps(window))
}

/// Every interval of `span` as asked for, in spans of at most the scene's length: without what is sealed and what has not begun.
pub fn asked(scene: &Scene<'_>, job: &Job, span: Interval) -> Todo {
    let mut todo = Todo::default();
    for tile in span.tiles(job.interval) {
        if scene.horizon.phase(tile) == Phase::Future {
            todo.future += 1;
        } else if tile.start < scene.sealed_before {
            todo.sealed += 1;
        } else {
            push(&mut todo.stale, scene.longest, tile, Reason::Asked);
        }
    }
    todo
}

fn push(stale: &mut Vec<Stale>, longest: Micros, tile: Interval, reason: Reason) {
    match stale.last_mut() {
        Some(last) if last.span.end == tile.start && tile.end - last.span.start <= longest => last.span.end = tile.end,
        _ => stale.push(Stale { span: tile, reason }),
    }
}

async fn reason(
    scene: &Scene<'_>,
    job: &Job,
    entry: &Entry,
    tile: Interval,
    too_old: bool,
    changes: &mut Changes,
) -> Result<Option<Reason>> {
    if entry.job_version != job.version {
        return Ok(Some(Reason::Version));
    }
    if entry.policy_hash != scene.policy_hash {
        return Ok(Some(Reason::Policy));
    }
    let newest = |table: &str| scene.versions.get(table).copied().unwrap_or_default();
    let window = job.window(tile);
    for (table, version) in &entry.inputs {
        // A log that no longer reaches back says nothing: unknown means stale, but for what is too old to be answered anyway.
        let changed = changes.since(scene.lake, table, *version, newest(table), None).await?;
        if changed.map_or(!too_old, |changed| changed.iter().any(|hours| hours.overlaps(window))) {
            return Ok(Some(Reason::Changed(table.clone())));
        }
    }
    // Of two runs at once, the one that read older rows may have committed last.
    if let Some(version) = entry.output_version {
        let changed = changes.since(scene.lake, scene.output, version, newest(scene.output), Some(&job.id)).await?;
        if changed.is_some_and(|changed| changed.iter().any(|hours| hours.overlaps(tile))) {
            return Ok(Some(Reason::Overwritten));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_future_then_open_then_closed() {
        let horizon = Horizon { now: 100, delay: 10, restate_open: 5, until: Micros::MAX };
        for (start, end, expected) in
            [(100, 110, Phase::Future), (90, 101, Phase::Open), (80, 91, Phase::Open), (80, 90, Phase::Closed), (0, 80, Phase::Closed)]
        {
            assert_eq!(horizon.phase(Interval { start, end }), expected, "{start} to {end}");
        }
        let unbounded = Horizon::default();
        assert_eq!(unbounded.phase(Interval { start: Micros::MAX - 2, end: Micros::MAX - 1 }), Phase::Closed);
    }

    #[test]
    fn long_open_intervals_wait_and_a_clock_that_went_back_makes_nothing_wait() {
        let horizon = Horizon { now: 10 * DAY, delay: 0, restate_open: HOUR, until: Micros::MAX };
        let day = Interval { start: 10 * DAY, end: 11 * DAY };
        let hour = Interval { start: 10 * DAY, end: 10 * DAY + HOUR };
        for (interval, answered, expected) in
            [(day, 10 * DAY - 1, true), (day, 10 * DAY - HOUR, false), (day, 10 * DAY + 1, false), (hour, 10 * DAY - 1, false)]
        {
            assert_eq!(horizon.waits(interval, answered), expected, "{answered}");
        }
    }

    #[test]
    fn only_windows_with_rows_overlap() {
        let occupied = [Interval { start: 10, end: 20 }, Interval { start: 30, end: 40 }];
        for (start, end, expected) in [(0, 10, false), (0, 11, true), (20, 30, false), (25, 31, true), (39, 50, true), (40, 50, false)] {
            assert_eq!(any_overlaps(&occupied, Interval { start, end }), expected, "{start} to {end}");
        }
        assert!(!any_overlaps(&[], Interval { start: 0, end: 1 }));
    }
}
