//! Running what is stale, in graph order.

mod answer;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde::Serialize;

use super::Bittern;
use super::kept::Kept;
use crate::clock::Stop;
use crate::error::{Error, Result};
use crate::event::{DAY, Micros};
use crate::interval::Interval;
use crate::jobs::Job;
use crate::jobs::graph::Node;
use crate::jobs::ledger::{self, Entry};
use crate::jobs::stale::{self, Changes, Horizon, Todo};
use crate::lake::Lake;
use crate::lake::tables;

/// Entries of the ledger wait at most so long for a commit that they share.
const LEDGER_WAITS: Duration = Duration::from_secs(10);

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Only these jobs and those they read; all if empty.
    pub jobs: Vec<String>,
    /// Run this stretch of event time whether stale or not.
    pub asked: Option<Interval>,
    /// Run everything whether stale or not.
    pub full: bool,
    /// How far event time is taken.
    pub horizon: Horizon,
    /// How much stale event time is taken, from the oldest on; the rest is left for another run.
    pub catch_up: Option<Micros>,
    /// Go on with the other jobs after one that fails.
    pub keep_going: bool,
    /// Ends the run between two answers.
    pub stop: Stop,
}

/// What a run did of one job.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Done {
    /// The job.
    pub job: String,
    /// Intervals answered.
    pub intervals: usize,
    /// Rows of the answers.
    pub rows: usize,
    /// Commits made: an unchanged answer makes none.
    pub commits: usize,
    /// Alerts that are new, changed or retracted.
    pub changes: usize,
    /// Intervals older than the lookback, left as they are.
    pub too_old: usize,
    /// Stale intervals whose inputs are past their retention: their answers stand.
    pub sealed: usize,
    /// Intervals with rows that begin after now, left alone.
    pub future: usize,
    /// Open intervals that were answered a short while ago.
    pub waiting: usize,
    /// Stale intervals left to the next run.
    pub later: usize,
    /// Why the first of them ran.
    pub reason: String,
    /// Why it failed, if it did; `the jobs it reads failed` where it was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Seconds it took.
    pub seconds: f64,
}

impl Done {
    fn of(job: &Job, todo: &Todo) -> Self {
        Self {
            job: job.id.clone(),
            too_old: todo.too_old,
            sealed: todo.sealed,
            future: todo.future,
            waiting: todo.waiting,
            later: todo.later,
            reason: todo.stale.first().map_or_else(String::new, |stale| stale.reason.to_string()),
            ..Self::default()
        }
    }
}

impl Bittern {
    /// Runs what is stale.
    ///
    /// # Errors
    /// Of the first job that fails, unless the settings say to go on.
    pub async fn run(&mut self, settings: &Settings, progress: &ProgressBar) -> Result<Vec<Done>> {
        let mut settings = settings.clone();
        if let Some(length) = settings.catch_up {
            let planned = self.plan(&settings).await?;
            let oldest = planned.iter().flat_map(|(_, todo)| todo.stale.iter().map(|stale| stale.span.start)).min();
            settings.horizon.until = oldest.map_or(Micros::MAX, |oldest| oldest.saturating_add(length.max(DAY)));
        }
        self.healthy()?;
        self.refresh().await?;
        let mut entries = ledger::read(&self.context, &self.lake).await?;
        let kept = self.kept().await?;
        let mut done: Vec<Done> = Vec::new();
        let mut unwritten = Unwritten::default();
        let mut failed: BTreeSet<String> = BTreeSet::new();
        let nodes = self.chosen(&settings.jobs)?;
        progress.set_length(nodes.len() as u64);
        for node in nodes {
            if settings.stop.is_asked() {
                break;
            }
            progress.set_message(node.job.id.clone());
            if node.inputs.iter().any(|input| failed.contains(input)) {
                failed.insert(node.job.id.clone());
                done.push(Done { job: node.job.id.clone(), error: Some("the jobs it reads failed".into()), ..Done::default() });
                continue;
            }
            let known = entries.remove(&node.job.id).unwrap_or_default();
            let todo = self.todo(&node, &known, &settings, &kept).await?;
            let mut job = Done::of(&node.job, &todo);
            let outcome = self.run_job(&node, todo, &settings.stop, &mut job, &mut unwritten).await;
            if let Err(error) = outcome {
                let error = error.context(format!("job `{}` failed", node.job.id));
                if !settings.keep_going {
                    unwritten.write(&self.lake).await?;
                    return Err(error);
                }
                tracing::error!(job = node.job.id, error = format!("{error:#}"), "the job failed; the others go on");
                job.error = Some(format!("{error:#}"));
                failed.insert(node.job.id.clone());
            }
            done.push(job);
            unwritten.write_if_due(&self.lake).await?;
            progress.inc(1);
        }
        unwritten.write(&self.lake).await?;
        progress.finish_and_clear();
        self.refresh().await?;
        if !settings.stop.is_asked() && !self.close_settled().await?.is_empty() {
            self.refresh_tables(&[tables::alert_actions()]).await?;
        }
        Ok(done)
    }

    /// What is stale of each job, as the tables stand. A job after one that will run may become stale by it.
    pub async fn plan(&mut self, settings: &Settings) -> Result<Vec<(String, Todo)>> {
        self.healthy()?;
        self.refresh().await?;
        let mut entries = ledger::read(&self.context, &self.lake).await?;
        let kept = self.kept().await?;
        let mut found = Vec::new();
        for node in self.chosen(&settings.jobs)? {
            let known = entries.remove(&node.job.id).unwrap_or_default();
            let todo = self.todo(&node, &known, settings, &kept).await?;
            found.push((node.job.id.clone(), todo));
        }
        Ok(found)
    }

    /// How many jobs' answers are stale as the tables stand, and how many stale intervals are older than the lookback.
    pub(super) async fn waiting(&self) -> Result<(usize, usize)> {
        let mut entries = ledger::read(&self.context, &self.lake).await?;
        let kept = self.kept().await?;
        let mut changes = Changes::default();
        let (mut jobs, mut too_old) = (0, 0);
        for node in &self.nodes {
            let known = entries.remove(&node.job.id).unwrap_or_default();
            let scene = self.scene(node, Horizon::default(), &kept);
            let todo = stale::find(&scene, &node.job, &known, &mut changes).await?;
            jobs += usize::from(!todo.stale.is_empty());
            too_old += todo.too_old;
        }
        Ok((jobs, too_old))
    }

    fn scene<'s>(&'s self, node: &'s Node, horizon: Horizon, kept: &Kept) -> stale::Scene<'s> {
        stale::Scene {
            lake: &self.lake,
            versions: &self.versions,
            policy_hash: self.policy.hash(),
            occupied: &self.occupied,
            longest: stale::longest_span(self.events),
            horizon,
            sealed_before: kept.sealed_before(node),
            output: node.output.as_ref().map_or("alerts", |spec| &spec.name),
        }
    }

    async fn todo(&mut self, node: &Node, known: &[Entry], settings: &Settings, kept: &Kept) -> Result<Todo> {
        let (Some(first), Some(last)) = (self.occupied.first(), self.occupied.last()) else { return Ok(Todo::default()) };
        let extent = Interval { start: first.start, end: last.end };
        let mut changes = std::mem::take(&mut self.changes);
        let scene = self.scene(node, settings.horizon, kept);
        let todo = match settings.asked.or(settings.full.then_some(extent)) {
            Some(span) => Ok(stale::asked(&scene, &node.job, span)),
            None => stale::find(&scene, &node.job, known, &mut changes).await,
        };
        self.changes = changes;
        todo
    }

    /// The jobs asked for and all that they read, in order.
    fn chosen(&self, names: &[String]) -> Result<Vec<Node>> {
        if names.is_empty() {
            return Ok(self.nodes.clone());
        }
        for name in names {
            if self.nodes.iter().all(|node| node.job.id != *name) {
                let known: Vec<&str> = self.nodes.iter().map(|node| node.job.id.as_str()).collect();
                return Err(Error::usage(format!("there is no job `{name}`; there are {}", known.join(", "))));
            }
        }
        let mut wanted: Vec<String> = names.to_vec();
        for node in self.nodes.iter().rev() {
            if wanted.contains(&node.job.id) {
                wanted.extend(node.inputs.iter().cloned());
            }
        }
        Ok(self.nodes.iter().filter(|node| wanted.contains(&node.job.id)).cloned().collect())
    }

    async fn run_job(&mut self, node: &Node, todo: Todo, stop: &Stop, done: &mut Done, unwritten: &mut Unwritten) -> Result<()> {
        let started = Instant::now();
        let mut outcome = Ok(());
        for stale in &todo.stale {
            if stop.is_asked() {
                break;
            }
            let begun = Instant::now();
            let (answer, inputs) = self.answered(node, stale, done).await;
            let (state, rows, run_id, output_version) = match &answer {
                Ok(answer) if answer.changed => ("done", answer.rows, answer.run_id.clone(), Some(answer.output_version)),
                Ok(answer) => ("unchanged", answer.rows, answer.run_id.clone(), Some(answer.output_version)),
                Err(_) => ("failed", 0, uuid::Uuid::new_v4().to_string(), None),
            };
            if let Ok(answer) = &answer {
                done.intervals += stale.span.tiles(node.job.interval).count();
                done.rows += answer.rows;
                done.commits += usize::from(answer.changed);
            }
            unwritten.entries.push(Entry {
                job: node.job.id.clone(),
                span: stale.span,
                job_version: node.job.version.clone(),
                inputs,
                policy_hash: self.policy.hash().to_owned(),
                rows_out: i64::try_from(rows).unwrap_or(i64::MAX),
                seconds: begun.elapsed().as_secs_f64(),
                state,
                reason: stale.reason.to_string(),
                run_id,
                run_time: self.lake.clock().now(),
                output_version,
            });
            if let Err(error) = answer {
                outcome = Err(error);
                break;
            }
        }
        if done.commits > 0 {
            match &node.output {
                Some(spec) => self.refresh_tables(std::slice::from_ref(spec)).await?,
                None => self.refresh_tables(&[tables::alerts(), tables::alert_changes()]).await?,
            }
        }
        done.seconds = started.elapsed().as_secs_f64();
        outcome
    }
}

/// Entries of the ledger that were not written down yet. Losing them costs work, never truth.
struct Unwritten {
    entries: Vec<Entry>,
    since: Instant,
}

impl Default for Unwritten {
    fn default() -> Self {
        Self { entries: Vec::new(), since: Instant::now() }
    }
}

impl Unwritten {
    async fn write_if_due(&mut self, lake: &Lake) -> Result<()> {
        if self.since.elapsed() < LEDGER_WAITS { Ok(()) } else { self.write(lake).await }
    }

    async fn write(&mut self, lake: &Lake) -> Result<()> {
        ledger::write(lake, &self.entries).await?;
        *self = Self::default();
        Ok(())
    }
}
