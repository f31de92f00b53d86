//! One job's answer over a span, and the commit that puts it in the place of the old one.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;

use super::Done;
use crate::alerts::{self, changes, evidence};
use crate::error::{Error, Kind, Result};
use crate::event::Micros;
use crate::interval::Interval;
use crate::jobs::Job;
use crate::jobs::graph::Node;
use crate::jobs::ledger::Inputs;
use crate::jobs::rows::{same_rows, stored};
use crate::jobs::stale::Stale;
use crate::lake::columns::utc;
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::replace::{Basis, replace_where};
use crate::lake::tables::{self, TableSpec};
use crate::pipeline::{Bittern, pseudonym};
use crate::session;

/// How often a job is planned anew because another process committed first.
const CONFLICTS_MAX: usize = 5;

/// One answer: its rows, whether they changed, the run id, and the version of the table that holds it.
pub struct Answer {
    pub rows: usize,
    pub changed: bool,
    pub run_id: String,
    pub output_version: u64,
}

impl Bittern {
    /// Answers a span, and says from which versions. Where another process committed first, from the tables' newest state again.
    pub(super) async fn answered(&mut self, node: &Node, stale: &Stale, done: &mut Done) -> (Result<Answer>, Inputs) {
        let mut conflicts = 0;
        loop {
            let inputs: Inputs = node.inputs.iter().filter_map(|name| Some((name.clone(), *self.versions.get(name)?))).collect();
            let answer = match &node.output {
                Some(spec) => self.rollup(&node.job, spec, stale.span).await,
                None => self.detection(&node.job, stale, done).await,
            };
            match answer {
                Err(error) if error.kind() == Kind::Conflict && conflicts < CONFLICTS_MAX => {
                    conflicts += 1;
                    tracing::debug!(job = node.job.id, error = format!("{error:#}"), "another process committed first: planned anew");
                    if let Err(error) = self.refresh().await {
                        return (Err(error), inputs);
                    }
                }
                answer => {
                    if let Ok(answer) = &answer {
                        self.answered_up_to(node, answer);
                    }
                    return (answer, inputs);
                }
            }
        }
    }

    /// What an answer for a table is made from: its inputs are at least as new as the table was at the last refresh of everything.
    fn basis(&self, table: &str, span: Interval) -> Basis {
        Basis { version: self.refreshed.get(table).copied().unwrap_or_default(), span }
    }

    /// A commit of our own that follows the last known one leaves none of others between.
    fn answered_up_to(&mut self, node: &Node, answer: &Answer) {
        let table = node.output.as_ref().map_or("alerts", |spec| &spec.name);
        if let Some(version) = self.refreshed.get_mut(table).filter(|version| **version + 1 == answer.output_version && answer.changed) {
            *version = answer.output_version;
        }
    }

    /// The rows of a job's query over a span.
    pub(in crate::pipeline) async fn answer(&self, job: &Job, span: Interval) -> Result<Vec<RecordBatch>> {
        let asked = async |context: &SessionContext| context.sql(&job.sql).await?.with_param_values(job.values(span))?.collect().await;
        match asked(&self.context).await {
            Err(error) if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) => {
                tracing::info!(job = job.id, %error, "memory did not suffice: planned anew so that more of it spills");
                Ok(asked(&session::sparing(&self.context)).await?)
            }
            answer => Ok(answer?),
        }
    }

    async fn rollup(&self, job: &Job, spec: &TableSpec, span: Interval) -> Result<Answer> {
        let new = stored(&self.answer(job, span).await?, &spec.schema, job.interval)?;
        check_inside(job, &new, span)?;
        let (old, version) = self.existing(&spec.name, inside(span), spec).await?;
        let note = Note::new(Some(changed_hours(span))).of_job(&job.id);
        let rows = new.num_rows();
        if same_rows(&old, &new)? {
            return Ok(Answer { rows, changed: false, run_id: note.run_id, output_version: version });
        }
        let output_version = replace_where(&self.lake, spec, vec![new], inside(span), &note, self.basis(&spec.name, span)).await?;
        Ok(Answer { rows, changed: true, run_id: note.run_id, output_version })
    }

    async fn detection(&self, job: &Job, stale: &Stale, done: &mut Done) -> Result<Answer> {
        let answer = self.answer(job, stale.span).await?;
        let mut found = alerts::from_answer(job, &answer, &self.policy, &|person| pseudonym(&self.key, person))?;
        if let Some(alert) = found.iter().find(|alert| !(stale.span.start..stale.span.end).contains(&alert.interval_start)) {
            return Err(outside(job, alert.interval_start));
        }
        evidence::fill(&self.context, &mut found).await?;
        let new = alerts::batch(job, &found)?;
        let spec = tables::alerts();
        let mine = inside(stale.span).and(col("detection_id").eq(lit(job.id.as_str())));
        let (old, version) = self.existing(&spec.name, mine.clone(), &spec).await?;
        let note = Note::new(Some(changed_hours(stale.span))).of_job(&job.id);
        if same_rows(&old, &new)? {
            return Ok(Answer { rows: found.len(), changed: false, run_id: note.run_id, output_version: version });
        }
        let told = changes::between(&job.id, &old, &new, &note.run_id, &stale.reason.to_string(), self.lake.clock().now())?;
        // Told first: a crash between the two tells a change twice, never not at all.
        append(&self.lake, &tables::alert_changes(), &told, &Note::new(None)).await?;
        let output_version = replace_where(&self.lake, &spec, vec![new], mine, &note, self.basis(&spec.name, stale.span)).await?;
        done.changes += told.num_rows();
        Ok(Answer { rows: found.len(), changed: true, run_id: note.run_id, output_version })
    }

    /// Rows of a table for which the predicate is true, as one batch, and the version that has them.
    async fn existing(&self, name: &str, predicate: Expr, spec: &TableSpec) -> Result<(RecordBatch, u64)> {
        let table = crate::lake::provider::LakeTable::open(&self.lake, spec).await?;
        let version = table.version();
        let frame = self.context.read_table(Arc::new(table))?.filter(predicate)?;
        let batches = frame.collect().await.map_err(|e| Error::from(e).context(format!("cannot read table `{name}`")))?;
        Ok((concat_batches(&spec.schema, &batches)?, version))
    }
}

/// `interval_start` within the span.
fn inside(span: Interval) -> Expr {
    col("interval_start").gt_eq(lit(utc(span.start))).and(col("interval_start").lt(lit(utc(span.end))))
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
