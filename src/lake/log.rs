//! A table's log: checkpoints, and entries that are past their time.
//!
//! Nothing rests on old entries: where the log no longer says what changed, what was answered from it counts as stale.

use deltalake_core::protocol::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use futures::TryStreamExt;
use object_store::ObjectStore;

use super::Lake;
use super::tables::TableSpec;
use crate::error::{Error, Result};
use crate::event::Micros;

/// Commits since the last checkpoint that are worth a new one: each is a request when the table is opened.
const COMMITS_MIN: u64 = 10;

/// What was, or would be, done to a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Whether a checkpoint was made.
    pub checkpoint: bool,
    /// Entries deleted.
    pub entries: usize,
}

/// Makes a checkpoint where enough was committed since the last one, and deletes entries older than `keep` that lie before one.
pub async fn trim(lake: &Lake, spec: &TableSpec, keep: Micros, dry_run: bool) -> Result<Trimmed> {
    let table = lake.table_or_create(spec).await?;
    let version = table.version().unwrap_or(0);
    let folder = lake.place().path.clone().join(spec.name.as_str()).join("_delta_log");
    let listed: Vec<object_store::ObjectMeta> = lake.place().store.list(Some(&folder)).try_collect().await.map_err(Error::from)?;
    let version_of = |name: &str| name.split('.').next().and_then(|digits| digits.parse::<u64>().ok());
    let names = || listed.iter().filter_map(|meta| meta.location.filename());
    let newest = names().filter(|name| name.contains(".checkpoint")).filter_map(version_of).max();
    let since = version - newest.unwrap_or(0).min(version);
    let mut trimmed = Trimmed { checkpoint: since >= COMMITS_MIN, entries: 0 };
    if dry_run {
        let cutoff = lake.clock().now() - keep;
        let before = if trimmed.checkpoint { version } else { newest.unwrap_or(0) };
        let old = |meta: &&object_store::ObjectMeta| {
            let entry = meta.location.filename().filter(|name| name.ends_with(".json")).and_then(version_of);
            entry.is_some_and(|entry| entry < before) && meta.last_modified.timestamp_micros() < cutoff
        };
        trimmed.entries = listed.iter().filter(old).count();
        return Ok(trimmed);
    }
    if trimmed.checkpoint {
        create_checkpoint(&table, None).await.map_err(|e| Error::from(e).context(format!("no checkpoint of table `{}`", spec.name)))?;
    }
    let cutoff = (lake.clock().now() - keep) / 1_000;
    trimmed.entries = cleanup_expired_logs_for(version, table.log_store().as_ref(), cutoff, None).await?;
    Ok(trimmed)
}
