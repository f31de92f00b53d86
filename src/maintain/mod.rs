//! Keeping the lake in order: retention, small files put together, logs trimmed, files that nothing needs deleted; and a person's erasure.
//!
//! All of it is safe beside running jobs and readers: a commit that meets another one is planned anew, and nothing becomes stale by it.

pub mod compact;
pub mod erase;
mod ledger;
pub mod people;
mod retention;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::prelude::SessionContext;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::clock::Stop;
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::event::{DAY, HOUR, Micros};
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::tables::{self, TableSpec};
use crate::lake::{Lake, log, vacuum};
use people::People;
pub use retention::Rule;

/// How often a table is looked at anew because another process committed first.
const CONFLICTS_MAX: usize = 10;

/// What maintenance works on.
#[derive(Clone)]
pub struct Ground<'a> {
    /// The tables.
    pub lake: &'a Lake,
    /// The engine that reads them.
    pub context: &'a SessionContext,
    /// Every table there is.
    pub specs: Vec<TableSpec>,
}

/// What to do in a round.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Sizes and ages.
    pub maintain: config::Maintain,
    /// How long rows and columns are kept.
    pub rules: Vec<Rule>,
    /// Whose rows stay whatever the rules say.
    pub held: People,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Ends the round between two tables.
    pub stop: Stop,
}

/// One thing that was done, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Action {
    /// `retention`, `compact`, `checkpoint`, `log`, `vacuum`, `staging` or `erase`.
    pub action: String,
    /// The table.
    pub table: String,
    /// The column, where only its values go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is older goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Micros>,
    /// Files put together, changed or deleted; for logs, entries.
    pub files: usize,
    /// Rows that went, or whose values went.
    pub rows: usize,
    /// Bytes of those files.
    pub bytes: u64,
}

impl Action {
    fn new(action: &str, spec: &TableSpec) -> Self {
        Self { action: action.into(), table: spec.name.clone(), ..Self::default() }
    }

    fn is_nothing(&self) -> bool {
        self.files == 0 && self.rows == 0
    }
}

/// What a round did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// What was done, or would be.
    pub actions: Vec<Action>,
    /// Tables that could not be maintained, and why.
    pub failed: Vec<String>,
    /// Seconds it took.
    pub seconds: f64,
}

/// One round over every table. A table that fails is named, and the others go on.
pub async fn round(ground: &Ground<'_>, settings: &Settings, progress: &ProgressBar) -> Result<Summary> {
    let started = std::time::Instant::now();
    for rule in &settings.rules {
        rule.check(&ground.specs)?;
    }
    let mut summary = Summary::default();
    progress.set_length(ground.specs.len() as u64);
    for spec in &ground.specs {
        if settings.stop.is_asked() {
            break;
        }
        progress.set_message(spec.name.clone());
        if let Err(error) = table(ground, spec, settings, &mut summary.actions).await {
            tracing::error!(table = spec.name, error = format!("{error:#}"), "the table could not be maintained; the others go on");
            summary.failed.push(format!("{}: {error:#}", spec.name));
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let staging = vacuum::remove_staging(ground.lake, DAY, settings.dry_run)?;
    let everywhere = Action { action: "staging".into(), files: staging.files, bytes: staging.bytes, ..Action::default() };
    summary.actions.push(everywhere);
    summary.actions.retain(|action| !action.is_nothing());
    if !settings.dry_run {
        // A round that was cut short is not the night's.
        let done = (!settings.stop.is_asked()).then(|| Action { action: "done".into(), ..Action::default() });
        let rows: Vec<Action> = summary.actions.iter().filter(|action| action.action != "retention").cloned().chain(done).collect();
        record(ground.lake, &rows, None).await?;
    }
    summary.seconds = started.elapsed().as_secs_f64();
    Ok(summary)
}

async fn table(ground: &Ground<'_>, spec: &TableSpec, settings: &Settings, actions: &mut Vec<Action>) -> Result<()> {
    for rule in settings.rules.iter().filter(|rule| rule.table == spec.name) {
        actions.push(retention::apply(ground, spec, rule, &settings.held, settings.dry_run).await?);
    }
    if spec.name == "runs" {
        actions.push(ledger::shorten(ground, spec, settings.maintain.log.0, settings.dry_run).await?);
    }
    actions.push(compact::compact(ground, spec, &settings.maintain, settings.dry_run).await?);
    let trimmed = log::trim(ground.lake, spec, settings.maintain.log.0, settings.dry_run).await?;
    actions.push(Action { files: usize::from(trimmed.checkpoint), ..Action::new("checkpoint", spec) });
    actions.push(Action { files: trimmed.entries, ..Action::new("log", spec) });
    // A file that no commit names may belong to an ingest that still runs.
    let ages = vacuum::Ages { superseded: settings.maintain.vacuum.0, uncommitted: settings.maintain.vacuum.0.max(HOUR) };
    let gone = vacuum::vacuum(ground.lake, spec, ages, settings.dry_run).await?;
    actions.push(Action { files: gone.files, bytes: gone.bytes, ..Action::new("vacuum", spec) });
    Ok(())
}

/// Does `step` again and again while it meets commits of others.
async fn while_conflicts<T>(mut step: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let mut outcome = step().await;
    for _ in 0..CONFLICTS_MAX {
        match &outcome {
            Err(error) if error.kind() == Kind::Conflict => outcome = step().await,
            _ => break,
        }
    }
    outcome
}

/// Writes down what was done; for erasures, whose and why.
pub async fn record(lake: &Lake, actions: &[Action], erased: Option<(&str, &str)>) -> Result<()> {
    if actions.is_empty() {
        return Ok(());
    }
    let note = Note::new(None);
    let text = |of: &dyn Fn(&Action) -> Option<String>| -> ArrayRef { Arc::new(actions.iter().map(of).collect::<StringArray>()) };
    let number = |of: &dyn Fn(&Action) -> u64| -> ArrayRef {
        Arc::new(actions.iter().map(|action| i64::try_from(of(action)).ok()).collect::<Int64Array>())
    };
    let time = |of: &dyn Fn(&Action) -> Option<Micros>| -> ArrayRef {
        Arc::new(actions.iter().map(of).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    };
    let now = lake.clock().now();
    let columns = vec![
        time(&|_| Some(now)),
        text(&|action| Some(action.action.clone())),
        text(&|action| (!action.table.is_empty()).then(|| action.table.clone())),
        text(&|action| action.column.clone()),
        time(&|action| action.before),
        number(&|action| action.files as u64),
        number(&|action| action.rows as u64),
        number(&|action| action.bytes),
        text(&|_| erased.map(|(person, _)| person.to_owned())),
        text(&|_| erased.map(|(_, why)| why.to_owned())),
        text(&|_| Some(note.run_id.clone())),
    ];
    let batch = RecordBatch::try_new(tables::maintenance().schema, columns)?;
    append(lake, &tables::maintenance(), &batch, &note).await
}

/// A column of text of a batch.
fn text_column<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b StringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

fn wrong(key: &str, message: &str) -> Error {
    Error::usage(format!("`retention.{key}`: {message}"))
}
