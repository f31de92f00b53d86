//! How an installation stands: what arrives and how late, what detections lack, what is stored, run, delivered and unmasked.

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::Bittern;
use super::deliver;
use crate::error::Result;
use crate::event::DAY;
use crate::interval::Interval;
use crate::lake::rewrite::files;
use crate::lake::tables;
use crate::maintain::compact::is_small;
use crate::report::Settings;
use crate::report::model::Time;
use crate::report::model::coverage::{Detection, Quarantined};
use crate::report::queries::{Queries, Scope};

/// Weeks that are looked at, in days: those of the report.
const DAYS: i64 = 28;

/// Everything that `bittern status` says.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// What each source delivered.
    pub sources: Vec<Source>,
    /// Vendor actions that no mapping names.
    pub unmapped: Vec<Unmapped>,
    /// Places that could not be read.
    pub quarantine: Vec<Quarantined>,
    /// Columns that detections need and that are empty.
    pub missing: Vec<Missing>,
    /// What each detection told, what became of that, and why it cannot tell anything.
    pub detections: Vec<Detection>,
    /// What each table holds.
    pub storage: Vec<Storage>,
    /// When each job last ran.
    pub jobs: Vec<Job>,
    /// What each sink has still to be told.
    pub sinks: Vec<deliver::Delivered>,
    /// Why sinks cannot be asked about, if they cannot.
    pub sinks_error: Option<String>,
    /// Who saw names lately.
    pub unmaskings: Vec<Unmasked>,
    /// What is switched off, why and by whom.
    pub switched_off: Vec<String>,
    /// Jobs whose answers are stale, and stale intervals that are older than the lookback.
    pub stale: (usize, usize),
}

/// A source over the weeks.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// Its name.
    pub source: String,
    /// `delivers`, `silent` (against its own rhythm), `late`, `read later`, `quiet`, `ended`, or `not run yet`.
    pub state: String,
    /// The hour of its last event.
    pub last_hour: Time,
    /// Events of the weeks.
    pub events: u64,
    /// Of these, the share that no mapping names.
    pub unmapped: f64,
    /// Seconds from the act to the lake: the median.
    pub late_p50: Option<f64>,
    /// Nineteen of twenty were faster.
    pub late_p95: Option<f64>,
    /// Ninety-nine of a hundred were faster.
    pub late_p99: Option<f64>,
    /// The share of records that added no event: they were there already, or state something.
    pub repeated: Option<f64>,
    /// Days of the weeks that were not seen whole.
    pub silent_days: usize,
}

/// A vendor action without a mapping.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unmapped {
    /// The source.
    pub source: String,
    /// The vendor's word.
    pub vendor_action: String,
    /// How often it came.
    pub events: u64,
}

/// A column that is empty where a detection needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Missing {
    /// The source.
    pub source: String,
    /// In which acts.
    pub acts: String,
    /// The column.
    pub column_name: String,
    /// Who needs it.
    pub needed_by: String,
    /// Acts of that kind.
    pub events: u64,
    /// Of these, those without it.
    pub missing: u64,
}

/// What a table takes.
#[derive(Debug, Clone, Serialize)]
pub struct Storage {
    /// Its name.
    pub table: String,
    /// Files.
    pub files: usize,
    /// Of these, those that are put together where there are enough of them.
    pub small_files: usize,
    /// Bytes of the files.
    pub bytes: u64,
    /// Rows, if the log says.
    pub rows: Option<usize>,
}

/// A job's last run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub job: String,
    /// When it ran.
    #[serde(default)]
    pub last_time: Option<Time>,
    /// Until when it has an answer.
    #[serde(default)]
    pub answered_to: Option<Time>,
    /// How it ended.
    #[serde(default)]
    pub state: Option<String>,
    /// How long it took.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Failures of the last day.
    pub failed: u64,
}

/// Names that were seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unmasked {
    /// When.
    pub unmask_time: Time,
    /// By whom.
    pub by: String,
    /// By which command.
    pub command: String,
    /// Why.
    pub why: String,
}

#[derive(Debug, Deserialize)]
struct Lateness {
    source: String,
    events: u64,
    last_time: Time,
    #[serde(default)]
    p50: Option<f64>,
    #[serde(default)]
    p95: Option<f64>,
    #[serde(default)]
    p99: Option<f64>,
    #[serde(default)]
    repeated: Option<f64>,
}

impl Bittern {
    /// How everything stands.
    ///
    /// # Errors
    /// `Usage` for a file of `sql/reports` that is wrong.
    pub async fn status(&self, progress: &ProgressBar) -> Result<Status> {
        let report = self.report(&Settings { cards_max: 0, ..Settings::default() }, progress).await?;
        let now = self.lake.clock().now();
        let end = (report.day + 1) * DAY;
        let weeks = Interval { start: end - DAYS * DAY, end };
        let scope = Scope { weeks, runs: Interval { start: now - DAY, end: now + 1 }, unwatched: Vec::new() };
        let queries = Queries::read(&self.catalog, &scope)?;
        let lateness: Vec<Lateness> = queries.rows(&self.context, "status_lateness", &[]).await?;
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let sources = report.sources.into_iter().map(|source| {
            let late = lateness.iter().find(|late| late.source == source.source);
            Source {
                unmapped: share(source.other, source.events),
                late_p50: late.and_then(|late| late.p50),
                late_p95: late.and_then(|late| late.p95),
                late_p99: late.and_then(|late| late.p99),
                repeated: late.and_then(|late| late.repeated),
                silent_days: source.silent_days.len(),
                source: source.source,
                state: source.state,
                last_hour: source.last_hour,
                events: source.events,
            }
        });
        let mut sources: Vec<Source> = sources.collect();
        // What landed before any job ran has no rhythm yet.
        for late in &lateness {
            if !sources.iter().any(|source| source.source == late.source) {
                sources.push(Source {
                    source: late.source.clone(),
                    state: "not run yet".to_owned(),
                    last_hour: late.last_time,
                    events: late.events,
                    unmapped: 0.0,
                    late_p50: late.p50,
                    late_p95: late.p95,
                    late_p99: late.p99,
                    repeated: late.repeated,
                    silent_days: 0,
                });
            }
        }
        // A sink whose secret is not in this process's environment is asked about elsewhere.
        let (sinks, sinks_error) = match self.pass(&deliver::Settings::default()).await {
            Ok(pass) => (pass.outlook(), None),
            Err(error) => (Vec::new(), Some(format!("{error:#}"))),
        };
        Ok(Status {
            sources,
            unmapped: queries.rows(&self.context, "status_unmapped", &[]).await?,
            quarantine: report.quarantine,
            missing: queries.rows(&self.context, "status_missing", &[]).await?,
            detections: report.detections,
            storage: self.storage().await?,
            jobs: queries.rows(&self.context, "status_jobs", &[]).await?,
            sinks,
            sinks_error,
            unmaskings: queries.rows(&self.context, "status_unmaskings", &[]).await?,
            switched_off: report.switched_off,
            stale: self.waiting().await?,
        })
    }

    async fn storage(&self) -> Result<Vec<Storage>> {
        let mut found = Vec::new();
        for spec in tables::all().into_iter().chain(self.answers.clone()) {
            let entries = files(&self.lake, &spec).await?.entries;
            found.push(Storage {
                table: spec.name,
                files: entries.len(),
                small_files: entries.iter().filter(|file| is_small(file, &self.config.maintain)).count(),
                bytes: entries.iter().map(|file| file.bytes).sum(),
                rows: entries.iter().map(|file| file.rows).sum(),
            });
        }
        found.sort_by(|a, b| (b.bytes, &a.table).cmp(&(a.bytes, &b.table)));
        Ok(found)
    }
}
