//! Running what is stale, in graph order.

use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::scalar::ScalarValue;
use indicatif::ProgressBar;
use serde::Serialize;

use super::{Bittern, pseudonym};
use crate::alerts::{self, changes, evidence};
use crate::error::{Error, Result};
use crate::event::Micros;
use crate::interval::Interval;
use crate::jobs::Job;
use crate::jobs::graph::Node;
use crate::jobs::ledger::{self, Entry, Inputs};
use crate::jobs::rows::{same_rows, stored};
use crate::jobs::stale::{self, Changes, Stale, Todo};
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::replace::replace_where;
use crate::lake::tables::{self, TableSpec};

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Only these jobs and those they read; all if empty.
    pub jobs: Vec<String>,
    /// Run this stretch of event time whether stale or not.
    pub asked: Option<Interval>,
    /// Run everything whether stale or not.
    pub full: bool,
}

/// What a run did of one job.
#[derive(Debug, Clone, Serialize)]
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
    /// Why the first of them ran.
    pub reason: String,
    /// Seconds it took.
    pub seconds: f64,
}

impl Bittern {
    /// Runs what is stale.
    pub async fn run(&mut self, settings: &Settings, progress: &ProgressBar) -> Result<Vec<Done>> {
        self.healthy()?;
        self.refresh().await?;
        let mut entries = ledger::read(&self.context, &self.lake).await?;
        let mut done = Vec::new();
        let nodes = self.chosen(&settings.jobs)?;
        progress.set_length(nodes.len() as u64);
        for node in nodes {
            progress.set_message(node.job.id.clone());
            let known = entries.remove(&node.job.id).unwrap_or_default();
            let todo = self.todo(&node, &known, settings, &mut Changes::default()).await?;
            done.push(self.run_job(&node, todo).await.map_err(|e| e.context(format!("job `{}` failed", node.job.id)))?);
            progress.inc(1);
        }
        progress.finish_and_clear();
        self.refresh().await?;
        Ok(done)
    }

    /// What is stale of each job, as the tables stand. A job after one that will run may become stale by it.
    pub async fn plan(&mut self, settings: &Settings) -> Result<Vec<(String, Todo)>> {
        self.healthy()?;
        self.refresh().await?;
        let mut entries = ledger::read(&self.context, &self.lake).await?;
        let mut changes = Changes::default();
        let mut found = Vec::new();
        for node in self.chosen(&settings.jobs)? {
            let known = entries.remove(&node.job.id).unwrap_or_default();
            let todo = self.todo(&node, &known, settings, &mut changes).await?;
            found.push((node.job.id.clone(), todo));
        }
        Ok(found)
    }

    /// How many jobs' answers are stale as the tables stand, and how many stale intervals are older than the lookback.
    pub(super) async fn waiting(&self) -> Result<(usize, usize)> {
        let mut entries = ledger::read(&self.context, &self.lake).await?;
        let mut changes = Changes::default();
        let (mut jobs, mut too_old) = (0, 0);
        for node in &self.nodes {
            let known = entries.remove(&node.job.id).unwrap_or_default();
            let todo = self.todo(node, &known, &Settings::default(), &mut changes).await?;
            jobs += usize::from(!todo.stale.is_empty());
            too_old += todo.too_old;
        }
        Ok((jobs, too_old))
    }

    async fn todo(&self, node: &Node, known: &[Entry], settings: &Settings, changes: &mut Changes) -> Result<Todo> {
        let (Some(first), Some(last)) = (self.occupied.first(), self.occupied.last()) else { return Ok(Todo::default()) };
        let extent = Interval { start: first.start, end: last.end };
        let longest = stale::longest_span(self.events);
        if let Some(span) = settings.asked {
            return Ok(stale::asked(&node.job, span, longest));
        }
        if settings.full {
            return Ok(stale::asked(&node.job, extent, longest));
        }
        stale::find(&self.lake, &node.job, known, self.policy.hash(), &self.occupied, longest, changes).await
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

    async fn run_job(&mut self, node: &Node, todo: Todo) -> Result<Done> {
        let started = Instant::now();
        let mut done = Done {
            job: node.job.id.clone(),
            intervals: 0,
            rows: 0,
            commits: 0,
            changes: 0,
            too_old: todo.too_old,
            reason: todo.stale.first().map_or_else(String::new, |stale| stale.reason.to_string()),
            seconds: 0.0,
        };
        let mut entries = Vec::new();
        for stale in &todo.stale {
            let begun = Instant::now();
            let inputs: Inputs = node.inputs.iter().filter_map(|name| Some((name.clone(), *self.versions.get(name)?))).collect();
            let (rows, changed, run_id) = match &node.output {
                Some(spec) => self.rollup(&node.job, spec, stale.span).await?,
                None => self.detection(&node.job, stale, &mut done).await?,
            };
            done.intervals += stale.span.tiles(node.job.interval).count();
            done.rows += rows;
            done.commits += usize::from(changed);
            entries.push(Entry {
                job: node.job.id.clone(),
                span: stale.span,
                job_version: node.job.version.clone(),
                inputs,
                policy_hash: self.policy.hash().to_owned(),
                rows_out: i64::try_from(rows).unwrap_or(i64::MAX),
                seconds: begun.elapsed().as_secs_f64(),
                state: if changed { "done" } else { "unchanged" },
                reason: stale.reason.to_string(),
                run_id,
            });
        }
        if !entries.is_empty() {
            ledger::write(&self.lake, &entries, self.lake.clock().now()).await?;
        }
        if done.commits > 0 {
            match &node.output {
                Some(spec) => self.refresh_tables(std::slice::from_ref(spec)).await?,
                None => self.refresh_tables(&[tables::alerts(), tables::alert_changes()]).await?,
            }
        }
        done.seconds = started.elapsed().as_secs_f64();
        Ok(done)
    }

    pub(super) async fn answer(&self, job: &Job, span: Interval) -> Result<Vec<RecordBatch>> {
        let frame = self.context.sql(&job.sql).await?.with_param_values(job.values(span))?;
        Ok(frame.collect().await?)
    }

    async fn rollup(&self, job: &Job, spec: &TableSpec, span: Interval) -> Result<(usize, bool, String)> {
        let new = stored(&self.answer(job, span).await?, &spec.schema, job.interval)?;
        check_inside(job, &new, span)?;
        let old = self.existing(&spec.name, inside(span), spec).await?;
        let note = Note::new(Some(changed_hours(span)));
        if same_rows(&old, &new)? {
            return Ok((new.num_rows(), false, note.run_id));
        }
        let rows = new.num_rows();
        replace_where(&self.lake, spec, vec![new], inside(span), &note).await?;
        Ok((rows, true, note.run_id))
    }

    async fn detection(&self, job: &Job, stale: &Stale, done: &mut Done) -> Result<(usize, bool, String)> {
        let answer = self.answer(job, stale.span).await?;
        let mut found = alerts::from_answer(job, &answer, &self.policy, &|person| pseudonym(&self.key, person))?;
        if let Some(alert) = found.iter().find(|alert| !(stale.span.start..stale.span.end).contains(&alert.interval_start)) {
            return Err(outside(job, alert.interval_start));
        }
        evidence::fill(&self.context, &mut found).await?;
        let new = alerts::batch(job, &found)?;
        let spec = tables::alerts();
        let mine = inside(stale.span).and(col("detection_id").eq(lit(job.id.as_str())));
        let old = self.existing(&spec.name, mine.clone(), &spec).await?;
        let note = Note::new(Some(changed_hours(stale.span)));
        if same_rows(&old, &new)? {
            return Ok((found.len(), false, note.run_id));
        }
        let told = changes::between(&job.id, &old, &new, &note.run_id, &stale.reason.to_string(), self.lake.clock().now())?;
        // Told first: a crash between the two tells a change twice, never not at all.
        append(&self.lake, &tables::alert_changes(), &told, &Note::new(None)).await?;
        replace_where(&self.lake, &spec, vec![new], mine, &note).await?;
        done.changes += told.num_rows();
        Ok((found.len(), true, note.run_id))
    }

    /// Rows of a table for which the predicate is true, as one batch.
    async fn existing(&self, name: &str, predicate: Expr, spec: &TableSpec) -> Result<RecordBatch> {
        let table = crate::lake::provider::LakeTable::open(&self.lake, spec).await?;
        let frame = self.context.read_table(std::sync::Arc::new(table))?.filter(predicate)?;
        let batches = frame.collect().await.map_err(|e| Error::from(e).context(format!("cannot read table `{name}`")))?;
        Ok(concat_batches(&spec.schema, &batches)?)
    }
}

/// `interval_start` within the span.
fn inside(span: Interval) -> Expr {
    let utc = |micros: Micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
    col("interval_start").gt_eq(utc(span.start)).and(col("interval_start").lt(utc(span.end)))
}

fn changed_hours(span: Interval) -> crate::interval::Hours {
    let mut hours = crate::interval::Hours::default();
    hours.add_interval(span);
    hours
}

fn check_inside(job: &Job, rows: &RecordBatch, span: Interval) -> Result<()> {
    use arrow::array::AsArray;
    use arrow::datatypes::TimestampMicrosecondType;
    let starts = rows.column(0).as_primitive::<TimestampMicrosecondType>();
    match starts.iter().find(|start| start.is_none_or(|start| !(span.start..span.end).contains(&start))) {
        Some(start) => Err(outside(job, start.unwrap_or_default())),
        None => Ok(()),
    }
}

fn outside(job: &Job, time: Micros) -> Error {
    Error::usage(format!("{}: a row's interval_time ({}) lies outside the intervals asked for", job.path, crate::interval::time_text(time)))
}
