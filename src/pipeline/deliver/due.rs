//! Which changes are due at which sink: read from `alert_changes` since the sink's cursor, and from what `deliveries` says was done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, TimestampMicrosecondType};
use chrono::NaiveDate;
use datafusion::scalar::ScalarValue;

use super::{Bittern, QUEUE_MAX, Settings};
use crate::alerts::digest;
use crate::config::sinks::{SEVERITIES, Sink, SinkKind};
use crate::error::Result;
use crate::event::{DAY, HOUR, Micros, SECOND};
use crate::jobs::Job;
use crate::lake::columns::utc;
use crate::lake::commit;
use crate::lake::tables;
use crate::session;
use crate::sinks::change::{Change, Kind, due};
use crate::sinks::coach;
use crate::sinks::log::{self, Attempt, Past, Tried};
use crate::sinks::rotation::matches;

/// How far behind a cursor changes are still looked at: clocks of several machines differ.
const SLACK: Micros = HOUR;

/// How long a change may wait for the commit that it announces. What is older was announced by a run that died.
const UNCOMMITTED: Micros = 7 * DAY;

/// Commits of `alerts` that are searched for a run that the ledger does not know.
const COMMITS_MAX: u64 = 1_000;

/// What a poster is told of at most, in days after the posting.
const WITHIN_DAYS: u32 = 7;

/// What is due at one sink.
pub(super) struct Found {
    /// Its settings.
    pub settings: Sink,
    /// Changes in order, what each is to the sink, and what was tried.
    pub items: Vec<(Change, Kind, Tried)>,
    /// Attempts in a row that did not reach it.
    pub streak: u32,
    /// When it may be tried again.
    pub retry_time: Option<Micros>,
    /// The least time of what is due but not in `items`.
    pub unsettled: Option<Micros>,
    /// The greatest time looked at.
    pub seen: Option<Micros>,
    /// Where the cursor stands.
    pub cursor: Option<Micros>,
    /// The hash of the filter.
    pub filter: String,
    /// Changes of suppressed cases.
    pub held: usize,
    /// Changes behind dead letters, and those themselves.
    pub behind: usize,
    /// Dead letters.
    pub dead: usize,
    /// Whether there is more than `items`.
    pub more: bool,
}

impl Found {
    fn leave(&mut self, change: &Change) {
        self.unsettled = Some(self.unsettled.map_or(change.change_time, |time| time.min(change.change_time)));
    }
}

/// What the tables say, read once for all sinks.
struct Read {
    /// Of each alert, in order; committed changes only. Alerts stand in the order in which they were told and happened.
    histories: Vec<Vec<Change>>,
    /// The least time of a change whose commit may still come.
    uncommitted: Option<Micros>,
    seen: Option<Micros>,
    attempts: BTreeMap<String, Vec<Attempt>>,
    suppressed: BTreeSet<String>,
}

impl Bittern {
    /// What is due at each of the sinks, in their order.
    pub(super) async fn due(&self, jobs: &[Job], sinks: &[Sink], settings: &Settings) -> Result<Vec<Found>> {
        let cursors = self.cursors().await?;
        let cursor = |sink: &Sink| cursors.get(&(sink.name.clone(), filter_hash(sink))).copied();
        // Without a cursor everything is looked at; the tables hold nothing from before 1970.
        let since = sinks.iter().map(|sink| cursor(sink).map_or(0, |time| time.saturating_sub(SLACK))).min().unwrap_or(0);
        let read = self.history_since(since).await?;
        let mut found = Vec::new();
        for sink in sinks {
            let mut past = log::past(read.attempts.get(&sink.name).map(Vec::as_slice).unwrap_or_default());
            if sink.kind == Some(SinkKind::Coach) {
                past.cases.extend(self.coached(&sink.name).await?);
            }
            found.push(self.due_at(jobs, sink, cursor(sink), &read, past, settings));
        }
        Ok(found)
    }

    fn due_at(&self, jobs: &[Job], sink: &Sink, cursor: Option<Micros>, read: &Read, mut past: Past, settings: &Settings) -> Found {
        let now = self.lake.clock().now();
        let mut found = Found {
            settings: sink.clone(),
            items: Vec::new(),
            streak: past.streak,
            retry_time: past.retry_time.filter(|_| !settings.ignore_waits),
            unsettled: read.uncommitted,
            seen: read.seen,
            cursor,
            filter: filter_hash(sink),
            held: 0,
            behind: 0,
            dead: 0,
            more: false,
        };
        let since = cursor.map_or(0, |time| time.saturating_sub(SLACK));
        let coaches = sink.kind == Some(SinkKind::Coach);
        let wanted = |change: &Change| Self::wants(jobs, sink, change);
        for history in &read.histories {
            let due = due(history, &wanted, now);
            if let Some(place) = due.later {
                found.leave(&history[place]);
            }
            let mut blocked = false;
            for (place, kind) in due.told {
                let change = &history[place];
                let tried = past.tried.remove(&change.change_id()).unwrap_or_default();
                if change.change_time < since || tried.done {
                    continue;
                }
                if coaches && !(kind == Kind::New && is_fresh(sink, change, now) && past.cases.insert(change.case_id.clone())) {
                    continue;
                }
                let suppressed = read.suppressed.contains(&change.case_id);
                let dead = tried.dead && !settings.retry_dead;
                if suppressed || dead || blocked {
                    blocked = true;
                    found.leave(change);
                    found.held += usize::from(suppressed);
                    found.dead += usize::from(!suppressed && dead);
                    found.behind += usize::from(!suppressed);
                    continue;
                }
                found.items.push((change.clone(), kind, tried));
            }
        }
        found.items.sort_by_key(|(change, ..)| change.change_time);
        if found.items.len() > QUEUE_MAX {
            let rest = found.items.split_off(QUEUE_MAX);
            rest.iter().for_each(|(change, ..)| found.leave(change));
            found.more = true;
        }
        if settings.ignore_waits {
            found.items.iter_mut().for_each(|(.., tried)| tried.retry_time = None);
        }
        found
    }

    /// Whether a sink's filter wants an alert it does not know.
    fn wants(jobs: &[Job], sink: &Sink, change: &Change) -> bool {
        let place = |severity: &str| SEVERITIES.iter().position(|known| *known == severity).unwrap_or(0);
        let detection = match (sink.kind, sink.detections.as_slice()) {
            (Some(SinkKind::Coach), []) => coach::DETECTIONS.contains(&change.detection_id.as_str()),
            (_, []) => jobs.iter().find(|job| job.id == change.detection_id).is_none_or(|job| job.header.deliver),
            (_, patterns) => patterns.iter().any(|pattern| matches(pattern, &change.detection_id)),
        };
        let group = change.group_name.as_deref().unwrap_or("Unknown");
        detection
            && sink.severity_min.as_ref().is_none_or(|least| place(&change.severity) >= place(least))
            && (sink.groups.is_empty() || sink.groups.iter().any(|wanted| wanted == group))
            && sink.since.as_deref().and_then(day_start).is_none_or(|since| change.change_time >= since)
    }

    async fn told_rows(&self, sql: &str, values: Vec<(&str, ScalarValue)>) -> Result<Vec<RecordBatch>> {
        Ok(self.context.sql(sql).await?.with_param_values(values)?.collect().await?)
    }

    /// The newest cursor of each sink and filter.
    async fn cursors(&self) -> Result<BTreeMap<(String, String), Micros>> {
        let sql =
            "SELECT sink, payload_hash, max(change_time) AS change_time FROM deliveries WHERE state = 'cursor' GROUP BY sink, payload_hash";
        let mut found = BTreeMap::new();
        for batch in self.told_rows(sql, vec![]).await? {
            let (sinks, filters) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            let times = batch.column(2).as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                found.insert((sinks.value(row).to_owned(), filters.value(row).to_owned()), times.value(row));
            }
        }
        Ok(found)
    }

    /// Cases whose posters were told, or have no address.
    async fn coached(&self, sink: &str) -> Result<BTreeSet<String>> {
        let sql = "SELECT DISTINCT case_id FROM deliveries WHERE sink = $sink AND state IN ('delivered', 'skipped')";
        Ok(texts(&self.told_rows(sql, vec![("sink", ScalarValue::from(sink))]).await?))
    }

    async fn history_since(&self, since: Micros) -> Result<Read> {
        let since = ("since", utc(since));
        let mut changes = Vec::new();
        for batch in self.told_rows("SELECT * FROM alert_changes WHERE change_time >= $since", vec![since.clone()]).await? {
            changes.extend(read_changes(&batch));
        }
        let seen = changes.iter().map(|change| change.change_time).max();
        changes.extend(self.before(&changes, since.1.clone()).await?);
        let known = self.committed(&changes).await?;
        let recent = self.lake.clock().now().saturating_sub(UNCOMMITTED);
        let (committed, others): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|change| known.contains(&change.run_id));
        let uncommitted = others.iter().map(|change| change.change_time).filter(|time| *time >= recent).min();
        let mut histories: BTreeMap<String, Vec<Change>> = BTreeMap::new();
        for change in committed {
            histories.entry(change.alert_id.clone()).or_default().push(change);
        }
        let mut histories: Vec<Vec<Change>> = histories.into_values().collect();
        for history in &mut histories {
            history.sort_by(|a, b| (a.change_time, &a.run_id).cmp(&(b.change_time, &b.run_id)));
        }
        histories.sort_by_key(|history| history.first().map(|change| (change.change_time, change.interval_start, change.alert_id.clone())));
        let mut attempts: BTreeMap<String, Vec<Attempt>> = BTreeMap::new();
        for batch in self.told_rows("SELECT * FROM deliveries WHERE change_time >= $since AND state <> 'cursor'", vec![since]).await? {
            for attempt in log::read(&batch) {
                attempts.entry(attempt.sink.clone()).or_default().push(attempt);
            }
        }
        Ok(Read { histories, uncommitted, seen, attempts, suppressed: self.suppressed().await? })
    }

    /// What was told before `since` of alerts that changed after it: without their beginning it cannot be said what is news.
    async fn before(&self, changes: &[Change], since: ScalarValue) -> Result<Vec<Change>> {
        let begun: BTreeSet<&str> = changes.iter().filter(|c| c.change == Kind::New).map(|c| c.alert_id.as_str()).collect();
        let older: Vec<&Change> = changes.iter().filter(|change| !begun.contains(change.alert_id.as_str())).collect();
        let starts = || older.iter().map(|change| change.interval_start);
        let (Some(first), Some(last)) = (starts().min(), starts().max()) else { return Ok(Vec::new()) };
        self.register_ids("older_alerts", older.iter().map(|change| change.alert_id.as_str()))?;
        let sql =
            "SELECT c.* FROM alert_changes AS c WHERE c.change_time < $since AND c.interval_start >= $first AND c.interval_start <= $last
                     AND c.alert_id IN (SELECT id FROM older_alerts)";
        let batches = self.told_rows(sql, vec![("since", since), ("first", utc(first)), ("last", utc(last))]).await?;
        Ok(batches.iter().flat_map(read_changes).collect())
    }

    /// Runs whose alerts are committed: the ledger is written after that, and what died in between stands in the log.
    async fn committed(&self, changes: &[Change]) -> Result<BTreeSet<String>> {
        let Some(first) = changes.iter().map(|change| change.change_time).min() else { return Ok(BTreeSet::new()) };
        let sql = "SELECT DISTINCT run_id FROM runs WHERE run_time >= $first AND run_id IS NOT NULL";
        let mut known = texts(&self.told_rows(sql, vec![("first", utc(first.saturating_sub(SLACK)))]).await?);
        let recent = self.lake.clock().now().saturating_sub(UNCOMMITTED);
        let unknown: BTreeSet<String> = changes
            .iter()
            .filter(|change| change.change_time >= recent && !known.contains(&change.run_id))
            .map(|change| change.run_id.clone())
            .collect();
        if !unknown.is_empty() {
            let unknown: Vec<String> = unknown.into_iter().collect();
            known.extend(commit::in_log(&self.lake.table(&tables::alerts().name).await?, &unknown, COMMITS_MAX).await?);
        }
        Ok(known)
    }

    /// Cases that nobody wants to hear of for now. Most lakes have none, and then the cases need not be put together.
    async fn suppressed(&self) -> Result<BTreeSet<String>> {
        let ever = texts(&self.told_rows("SELECT DISTINCT case_id FROM alert_actions WHERE decision = 'suppress'", vec![]).await?);
        if ever.is_empty() {
            return Ok(ever);
        }
        // The view holds the tables as they were when it was planned.
        let views = self.catalog.views().into_iter().filter(|(name, _)| name == "cases").collect();
        session::register_views(&self.context, &views).await?;
        Ok(texts(&self.told_rows("SELECT case_id FROM cases WHERE state = 'suppressed'", vec![]).await?))
    }

    /// Registers ids as a table of one column, to be asked for in a query.
    pub(super) fn register_ids<'a>(&self, name: &str, ids: impl Iterator<Item = &'a str>) -> Result<()> {
        let ids: BTreeSet<&str> = ids.collect();
        let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Utf8, false)]));
        let column: ArrayRef = Arc::new(ids.into_iter().map(Some).collect::<StringArray>());
        session::register_rows(&self.context, name, RecordBatch::try_new(schema, vec![column])?)
    }
}

/// What decides which changes a sink is told of: under another filter its cursor says nothing.
fn filter_hash(sink: &Sink) -> String {
    let kind = sink.kind.map_or("", SinkKind::as_str);
    let lists = [sink.detections.join("\n"), sink.groups.join("\n")];
    let (severity, since) = (sink.severity_min.as_deref().unwrap_or_default(), sink.since.as_deref().unwrap_or_default());
    digest(&[kind, severity, since, &lists[0], &lists[1]])
}

/// Whether a posting is young enough for its poster to be told.
fn is_fresh(sink: &Sink, change: &Change, now: Micros) -> bool {
    let within = i64::from(sink.within_days.unwrap_or(WITHIN_DAYS)) * DAY;
    change.last_event_time.unwrap_or(change.interval_end) >= now.saturating_sub(within)
}

fn day_start(day: &str) -> Option<Micros> {
    let date: NaiveDate = day.parse().ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() * SECOND)
}

/// The texts of a first column.
fn texts(batches: &[RecordBatch]) -> BTreeSet<String> {
    batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn read_changes(batch: &RecordBatch) -> Vec<Change> {
    let column = |name: &str, row: usize| batch.column_by_name(name).filter(|column| column.is_valid(row));
    let word = |name: &str, row: usize| column(name, row).map(|c| c.as_string::<i32>().value(row).to_owned());
    let text = |name: &str, row: usize| word(name, row).unwrap_or_default();
    let time = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<TimestampMicrosecondType>().value(row));
    let float = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<Float64Type>().value(row));
    let int = |name: &str, row: usize| column(name, row).map(|c| c.as_primitive::<Int64Type>().value(row));
    let change = |row: usize| {
        Some(Change {
            change: Kind::parse(&text("change", row))?,
            reason: text("reason", row),
            run_id: text("run_id", row),
            change_time: time("change_time", row)?,
            alert_id: word("alert_id", row)?,
            case_id: text("case_id", row),
            detection_id: text("detection_id", row),
            severity: text("severity", row),
            status: text("status", row),
            entity_id: text("entity_id", row),
            interval_start: time("interval_start", row)?,
            interval_end: time("interval_end", row)?,
            observed: float("observed", row),
            summary: text("summary", row),
            payload_hash: text("payload_hash", row),
            entity_type: word("entity_type", row),
            group_name: word("group_name", row),
            risk_score: int("risk_score", row),
            first_event_time: time("first_event_time", row),
            last_event_time: time("last_event_time", row),
            expected: float("expected", row),
            evidence_total: int("evidence_total", row),
            fingerprint: word("fingerprint", row),
        })
    };
    (0..batch.num_rows()).filter_map(change).collect()
}
