//! One look: land what arrived, answer what is stale. `schedule` decides when; this decides what.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::functions_aggregate::expr_fn::{count, max};
use datafusion::logical_expr::{col, lit, not, when};
use indicatif::ProgressBar;
use serde::Serialize;

use super::Bittern;
use super::run::{self, Done};
use crate::clock::Stop;
use crate::config::{Inbox, Schedule};
use crate::error::Result;
use crate::event::{DAY, Micros};
use crate::ingest;
use crate::jobs::stale::Horizon;
use crate::lake::columns::utc;
use crate::lake::provider::LakeTable;
use crate::lake::tables;

/// What was landed from an inbox.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Landed {
    /// The inbox, as `bittern.toml` names it.
    pub inbox: String,
    /// What was landed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<ingest::Summary>,
    /// Why it could not be, if it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a look did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Look {
    /// `done`; `standby` where another scheduler has the lease.
    pub state: &'static str,
    /// The inboxes, in order.
    pub inboxes: Vec<Landed>,
    /// The jobs that ran or failed.
    pub jobs: Vec<Done>,
    /// Why the jobs did not run at all, if they did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Intervals answered.
    pub intervals: usize,
    /// Alerts that are new, changed or retracted.
    pub changes: usize,
    /// Whether stale intervals are left that the next look takes at once.
    pub more: bool,
    /// Seconds it took.
    pub seconds: f64,
}

impl Look {
    /// Everything that failed, by step: an inbox, a job, or the run.
    pub fn failures(&self) -> Vec<(&'static str, &str)> {
        let inboxes = self.inboxes.iter().filter_map(|landed| Some(("ingest", landed.error.as_deref()?)));
        let jobs = self.jobs.iter().filter_map(|job| Some(("job", job.error.as_deref()?)));
        inboxes.chain(jobs).chain(self.error.as_deref().map(|error| ("run", error))).collect()
    }

    /// Whether something was landed that is no event.
    pub fn is_degraded(&self) -> bool {
        self.inboxes.iter().filter_map(|landed| landed.landed.as_ref()).any(|landed| landed.quarantined > 0)
    }
}

/// The newest event of each source, kept across looks: of `events` only the files that are new are read.
#[derive(Debug, Default)]
pub struct Newest {
    files: HashSet<String>,
    times: BTreeMap<String, Micros>,
}

impl Newest {
    /// Reads what was written since; at first the last three days. An event with a clock ahead does not count until its time has come.
    async fn refresh(&mut self, bittern: &Bittern) -> Result<()> {
        let now = bittern.lake.clock().now();
        let table = LakeTable::open(&bittern.lake, &tables::events()).await?;
        let files = table.names();
        if files.is_subset(&self.files) {
            return Ok(());
        }
        let since = col("event_time").gt_eq(lit(utc(now - 3 * DAY))).and(col("time_origin").is_null());
        let come = col("event_time").lt_eq(lit(utc(now)));
        let frame = bittern.context.read_table(Arc::new(table.excluding(&self.files)))?.filter(since)?;
        let latest = vec![max(when(come.clone(), col("event_time")).end()?), count(when(not(come), lit(1)).end()?)];
        let mut ahead = false;
        for batch in frame.aggregate(vec![col("source")], latest)?.collect().await? {
            let sources = cast(batch.column(0), &DataType::Utf8)?;
            let (sources, times) = (sources.as_string::<i32>(), batch.column(1).as_primitive::<TimestampMicrosecondType>());
            ahead |= batch.column(2).as_primitive::<Int64Type>().values().iter().any(|count| *count > 0);
            for row in (0..batch.num_rows()).filter(|row| sources.is_valid(*row) && times.is_valid(*row)) {
                let known = self.times.entry(sources.value(row).to_owned()).or_insert(Micros::MIN);
                *known = times.value(row).max(*known);
            }
        }
        if !ahead {
            self.files = files;
        }
        Ok(())
    }
}

/// How the lake stands, for those who watch over it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Standing {
    /// The newest event of each source that had one in the last days, or since the start.
    pub newest: BTreeMap<String, Micros>,
    /// Places in quarantine.
    pub quarantine: i64,
    /// Alerts that fire, by severity.
    pub alerts: BTreeMap<String, i64>,
}

const QUARANTINE: &str = "SELECT count(*) AS n FROM quarantine WHERE state IS NULL";
const ALERTS: &str = "SELECT severity, count(*) AS n FROM alerts WHERE status = 'firing' GROUP BY severity";

impl Bittern {
    /// Lands what lies in the inboxes and answers what is stale. What fails is said and stops nothing else.
    pub async fn look(&mut self, inboxes: &[Inbox], schedule: &Schedule, stop: &Stop) -> Result<Look> {
        let started = Instant::now();
        let mut look = Look { state: "done", ..Look::default() };
        for inbox in inboxes {
            if stop.is_asked() {
                return Ok(look);
            }
            let settings = ingest::Settings {
                inputs: vec![inbox.path.clone()],
                source: inbox.source.clone(),
                may_be_empty: true,
                settle: inbox.settle.0,
                ..ingest::Settings::default()
            };
            let outcome = self.ingest(&settings, &ProgressBar::hidden()).await;
            let mut landed = Landed { inbox: inbox.path.clone(), ..Landed::default() };
            match outcome {
                Ok(summary) => landed.landed = Some(summary),
                Err(error) => {
                    tracing::error!(inbox = inbox.path, error = format!("{error:#}"), "the inbox could not be landed; the others go on");
                    landed.error = Some(format!("{error:#}"));
                }
            }
            look.inboxes.push(landed);
        }
        let horizon = Horizon {
            now: self.lake.clock().now(),
            delay: inboxes.iter().map(|inbox| inbox.delay.0).max().unwrap_or_default(),
            restate_open: schedule.restate_open.0,
            ..Horizon::default()
        };
        let catch_up = Some(schedule.catch_up.0);
        let jobs = schedule.jobs.clone();
        let settings = run::Settings { jobs, horizon, catch_up, keep_going: true, stop: stop.clone(), ..run::Settings::default() };
        match self.run(&settings, &ProgressBar::hidden()).await {
            Ok(done) => look.jobs = done,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the jobs could not be run");
                look.error = Some(format!("{error:#}"));
            }
        }
        look.intervals = look.jobs.iter().map(|job| job.intervals).sum();
        look.changes = look.jobs.iter().map(|job| job.changes).sum();
        look.more = look.jobs.iter().any(|job| job.later > 0);
        look.seconds = started.elapsed().as_secs_f64();
        Ok(look)
    }

    /// How the lake stands, of sources those with events in the last three days or since it was first asked.
    pub async fn standing(&mut self) -> Result<Standing> {
        let mut newest = std::mem::take(&mut self.newest);
        let outcome = newest.refresh(self).await;
        self.newest = newest;
        outcome?;
        let mut standing = Standing { newest: self.newest.times.clone(), ..Standing::default() };
        let pairs = |batch: &RecordBatch| {
            let names = batch.column(0).as_string::<i32>().clone();
            (0..batch.num_rows()).filter(|row| names.is_valid(*row)).map(|row| (row, names.value(row).to_owned())).collect::<Vec<_>>()
        };
        for batch in self.context.sql(QUARANTINE).await?.collect().await? {
            standing.quarantine += batch.column(0).as_primitive::<Int64Type>().values().iter().sum::<i64>();
        }
        for batch in &self.context.sql(ALERTS).await?.collect().await? {
            let counts = batch.column(1).as_primitive::<Int64Type>();
            standing.alerts.extend(pairs(batch).into_iter().map(|(row, severity)| (severity, counts.value(row))));
        }
        Ok(standing)
    }
}
