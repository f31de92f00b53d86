//! One look: land what arrived, answer what is stale. `schedule` decides when; this decides what.

use std::collections::BTreeMap;
use std::time::Instant;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
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

/// How the lake stands, for those who watch over it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Standing {
    /// The newest event of each source that had one in the last days.
    pub newest: BTreeMap<String, Micros>,
    /// Places in quarantine.
    pub quarantine: i64,
    /// Alerts that fire, by severity.
    pub alerts: BTreeMap<String, i64>,
}

const NEWEST: &str = "SELECT source, max(event_time) AS newest FROM events
WHERE event_time >= $since AND event_time <= $now AND time_origin IS NULL GROUP BY source";
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

    /// How the lake stands, of sources those with events in the last three days.
    pub async fn standing(&self) -> Result<Standing> {
        let now = self.lake.clock().now();
        let times = vec![("since", utc(now - 3 * DAY)), ("now", utc(now))];
        let mut standing = Standing::default();
        let newest = self.context.sql(NEWEST).await?.with_param_values(times)?.collect().await?;
        let pairs = |batch: &RecordBatch| {
            let names = batch.column(0).as_string::<i32>().clone();
            (0..batch.num_rows()).filter(|row| names.is_valid(*row)).map(|row| (row, names.value(row).to_owned())).collect::<Vec<_>>()
        };
        for batch in &newest {
            let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
            standing.newest.extend(pairs(batch).into_iter().map(|(row, source)| (source, times.value(row))));
        }
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
