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
}

impl Note {
    /// A note with a fresh run id.
    pub fn new(changed: Option<Hours>) -> Self {
        Self { run_id: uuid::Uuid::new_v4().to_string(), changed }
    }

    fn metadata(&self) -> HashMap<String, Value> {
        let intervals = self.changed.as_ref().map(Hours::intervals).unwrap_or_default();
        let hours: Vec<Value> = intervals.iter().map(|i| json!([i.start / HOUR, i.end / HOUR])).collect();
        HashMap::from([("run_id".into(), json!(self.run_id)), ("changed_hours".into(), Value::Array(hours))])
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
    settle(table, outcome.map(|_| ()).map_err(Error::from), note).await
}

/// The table after a commit; an error only if the log does not hold the run id.
pub async fn settle(before: &DeltaTable, outcome: Result<()>, note: &Note) -> Result<DeltaTable> {
    if let Err(error) = outcome {
        let log_store = before.log_store();
        if !committed(log_store.as_ref(), before.version().unwrap_or(0), &note.run_id).await? {
            return Err(error);
        }
        tracing::warn!(error = %error, "the commit was reported as failed but stands in the log");
    }
    let mut after = before.clone();
    after.update_state().await?;
    Ok(after)
}

/// Whether a commit after `version` carries the run id.
async fn committed(log_store: &dyn LogStore, version: Version, run_id: &str) -> Result<bool> {
    let mut next = version + 1;
    while let Some(entry) = log_store.read_commit_entry(next).await? {
        if memchr::memmem::find(&entry, run_id.as_bytes()).is_some() {
            return Ok(true);
        }
        next += 1;
    }
    Ok(false)
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

/// The hours of event time that commits after `version` changed; `None` where the log no longer says, or another writer does not.
pub async fn changed_since(table: &DeltaTable, version: Version) -> Result<Option<Vec<Interval>>> {
    let log_store = table.log_store();
    let mut found = Vec::new();
    for next in version + 1..=table.version().unwrap_or(0) {
        let Some(entry) = log_store.read_commit_entry(next).await? else { return Ok(None) };
        let Some(intervals) = changed_hours(&get_actions(next, &entry)?) else { return Ok(None) };
        found.extend(intervals);
    }
    Ok(Some(found))
}

fn changed_hours(actions: &[Action]) -> Option<Vec<Interval>> {
    let touches_data = actions.iter().any(|action| matches!(action, Action::Add(_) | Action::Remove(_)));
    if !touches_data {
        return Some(Vec::new());
    }
    let info = actions.iter().find_map(|action| match action {
        Action::CommitInfo(info) => Some(info),
        _ => None,
    })?;
    let hours = info.info.get("changed_hours")?.as_array()?;
    let interval = |pair: &Value| Some(Interval { start: pair.get(0)?.as_i64()? * HOUR, end: pair.get(1)?.as_i64()? * HOUR });
    hours.iter().map(interval).collect()
}
