//! Commits that know whether they happened.
//!
//! A commit error does not mean "not committed": a store may answer 500 after it stored. Each commit therefore carries a
//! run id, which is looked for in the log after any error.

use std::collections::HashMap;

use deltalake_core::DeltaTable;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Transaction, Version};
use deltalake_core::logstore::{LogStore, get_actions};
use deltalake_core::protocol::DeltaOperation;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::event::HOUR;
use crate::interval::{Hours, Interval};

/// What a commit says about itself in the log.
#[derive(Debug, Clone)]
pub struct Note {
    /// Unique to this commit.
    pub run_id: String,
    /// Hours of event time whose rows it changed; `None` for commits that change no answer (compaction).
    pub changed: Option<Hours>,
    /// The job whose rows they are, in a table that a job fills.
    pub job: Option<String>,
}

/// What a commit changed, as its note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Hours of event time, in a row.
    pub hours: Interval,
    /// The job that committed, if it was one.
    pub job: Option<String>,
}

impl Note {
    /// A note with a fresh run id.
    pub fn new(changed: Option<Hours>) -> Self {
        Self { run_id: uuid::Uuid::new_v4().to_string(), changed, job: None }
    }

    /// The same for the rows of a job.
    #[must_use]
    pub fn of_job(mut self, job: &str) -> Self {
        self.job = Some(job.to_owned());
        self
    }

    fn metadata(&self) -> HashMap<String, Value> {
        let intervals = self.changed.as_ref().map(Hours::intervals).unwrap_or_default();
        let hours: Vec<Value> = intervals.iter().map(|i| json!([i.start / HOUR, i.end / HOUR])).collect();
        let mut metadata = HashMap::from([("run_id".into(), json!(self.run_id)), ("changed_hours".into(), Value::Array(hours))]);
        metadata.extend(self.job.as_ref().map(|job| ("job".into(), json!(job))));
        metadata
    }

    /// The same as properties of a commit that delta-rs makes.
    pub fn properties(&self) -> CommitProperties {
        CommitProperties::default().with_metadata(self.metadata()).with_max_retries(3)
    }
}

/// Commits actions on top of the state that `table` shows. `mutex` names a lock: of two commits at once that name the same, one gets
/// a conflict.
pub async fn commit(
    table: &DeltaTable,
    actions: Vec<Action>,
    operation: DeltaOperation,
    note: &Note,
    mutex: Option<&str>,
) -> Result<DeltaTable> {
    let mut properties = note.properties();
    if let Some(name) = mutex {
        let version = i64::try_from(table.version().unwrap_or(0)).unwrap_or(i64::MAX).saturating_add(1);
        properties = properties.with_application_transaction(Transaction { app_id: name.into(), version, last_updated: None });
    }
    let state = table.snapshot()?;
    let outcome = CommitBuilder::from(properties).with_actions(actions).build(Some(state), table.log_store(), operation).await;
    Ok(settle(table, outcome.map(|done| Some(done.version())).map_err(Error::from), note).await?.0)
}

/// The table after a commit, and the commit's own version; an error only if the log does not hold the run id.
pub async fn settle(before: &DeltaTable, outcome: Result<Option<Version>>, note: &Note) -> Result<(DeltaTable, Version)> {
    let version = match outcome {
        Ok(version) => version,
        Err(error) => {
            let log_store = before.log_store();
            let Some(version) = committed(log_store.as_ref(), before.version().unwrap_or(0), &note.run_id).await? else {
                return Err(error);
            };
            tracing::warn!(error = %error, "the commit was reported as failed but stands in the log");
            Some(version)
        }
    };
    let mut after = before.clone();
    match (after.update_state().await, version) {
        (Ok(()), version) => Ok((after.clone(), version.or(after.version()).unwrap_or_default())),
        // What is committed is committed: an error would have it done twice. The handle is brought up to date at its next use.
        (Err(error), Some(version)) => {
            tracing::warn!(error = %error, "the log cannot be read after a commit");
            Ok((before.clone(), version))
        }
        (Err(error), None) => Err(error.into()),
    }
}

/// The commit after `version` that carries the run id.
async fn committed(log_store: &dyn LogStore, version: Version, run_id: &str) -> Result<Option<Version>> {
    let mut next = version + 1;
    while let Some(entry) = log_store.read_commit_entry(next).await? {
        if memchr::memmem::find(&entry, run_id.as_bytes()).is_some() {
            return Ok(Some(next));
        }
        next += 1;
    }
    Ok(None)
}

/// Which of the run ids stand in the table's newest `commits_max` commits.
pub async fn in_log(table: &DeltaTable, run_ids: &[String], commits_max: u64) -> Result<Vec<String>> {
    let log_store = table.log_store();
    let newest = table.version().unwrap_or(0);
    let mut missing: Vec<&String> = run_ids.iter().collect();
    for version in (newest.saturating_sub(commits_max)..=newest).rev() {
        if missing.is_empty() {
            break;
        }
        // An older log was cleaned away.
        let Some(entry) = log_store.read_commit_entry(version).await? else { break };
        missing.retain(|run_id| memchr::memmem::find(&entry, run_id.as_bytes()).is_none());
    }
    Ok(run_ids.iter().filter(|run_id| !missing.contains(run_id)).cloned().collect())
}

/// What one version changed; `None` where the log no longer has it, or another writer does not say.
pub async fn changed_by(table: &DeltaTable, version: Version) -> Result<Option<Vec<Changed>>> {
    let Some(entry) = table.log_store().read_commit_entry(version).await? else { return Ok(None) };
    Ok(changes(&get_actions(version, &entry)?))
}

fn changes(actions: &[Action]) -> Option<Vec<Changed>> {
    let touches_data = actions.iter().any(|action| matches!(action, Action::Add(_) | Action::Remove(_)));
    if !touches_data {
        return Some(Vec::new());
    }
    let info = actions.iter().find_map(|action| match action {
        Action::CommitInfo(info) => Some(info),
        _ => None,
    })?;
    let job = info.info.get("job").and_then(Value::as_str).map(str::to_owned);
    let hours = info.info.get("changed_hours")?.as_array()?;
    let interval = |pair: &Value| Some(Interval { start: pair.get(0)?.as_i64()? * HOUR, end: pair.get(1)?.as_i64()? * HOUR });
    hours.iter().map(|pair| Some(Changed { hours: interval(pair)?, job: job.clone() })).collect()
}
