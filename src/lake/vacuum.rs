//! Files that no state of a table needs: superseded ones after a while, and those whose commit never came.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::Lake;
use super::rewrite::files;
use super::tables::TableSpec;
use crate::error::{Error, Result};
use crate::event::Micros;

/// How old a file must be before it goes, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Ages {
    /// Since the commit that superseded it.
    pub superseded: Micros,
    /// Since it was written, where no commit names it: a running ingest may be about to.
    pub uncommitted: Micros,
}

/// What was, or would be, deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Files deleted.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that no state needs but that are too young to go.
    pub waiting: usize,
}

/// Deletes the files of a table that its newest state does not name and that are old enough.
pub async fn vacuum(lake: &Lake, spec: &TableSpec, ages: Ages, dry_run: bool) -> Result<Vacuumed> {
    let place = lake.place();
    let root = place.path.clone().join(spec.name.as_str());
    // Listed before the state is read: a file that is committed in between is named by it.
    let listed: Vec<ObjectMeta> = place.store.list(Some(&root)).try_collect().await.map_err(Error::from)?;
    let newest = files(lake, spec).await?;
    let below = |location: &Path| location.as_ref().strip_prefix(root.as_ref()).map(|rest| rest.trim_start_matches('/').to_owned());
    let named: std::collections::HashSet<&str> = newest.entries.iter().map(|file| file.path.as_str()).collect();
    let superseded = superseded(lake, spec).await?;
    let now = lake.clock().now();
    let mut found = Vacuumed::default();
    let mut doomed = Vec::new();
    for meta in &listed {
        let Some(path) = below(&meta.location).filter(|path| !path.starts_with('_') && !named.contains(path.as_str())) else { continue };
        let old_enough = match superseded.get(&path) {
            Some(Some(since)) => now - since >= ages.superseded,
            Some(None) => true,
            None => now - meta.last_modified.timestamp_micros() >= ages.uncommitted,
        };
        if old_enough {
            found.files += 1;
            found.bytes += meta.size;
            doomed.push(meta.location.clone());
        } else {
            found.waiting += 1;
        }
    }
    if !dry_run && !doomed.is_empty() {
        let locations = futures::stream::iter(doomed.into_iter().map(Ok)).boxed();
        let mut deleted = place.store.delete_stream(locations);
        while let Some(outcome) = deleted.next().await {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(Error::from(e).context(format!("cannot delete old files of table `{}`", spec.name))),
            }
        }
    }
    Ok(found)
}

/// When files were superseded, as far as the log says.
async fn superseded(lake: &Lake, spec: &TableSpec) -> Result<HashMap<String, Option<Micros>>> {
    let table = lake.table(&spec.name).await?;
    let log_store = table.log_store();
    let mut tombstones = table.snapshot()?.all_tombstones(log_store.as_ref());
    let mut found = HashMap::new();
    while let Some(tombstone) = tombstones.next().await {
        let tombstone = tombstone?;
        found.insert(tombstone.path().into_owned(), tombstone.deletion_timestamp().and_then(|ms| ms.checked_mul(1_000)));
    }
    Ok(found)
}

/// Staging files that a process which was killed left in a folder (`name#1`): no reader sees them. Deletes those older than `age`.
///
/// # Errors
/// `Unavailable` where the folder cannot be read.
pub fn remove_staging(lake: &Lake, age: Micros, dry_run: bool) -> Result<Vacuumed> {
    let mut found = Vacuumed::default();
    if !lake.place().is_local() {
        return Ok(found);
    }
    let now = lake.clock().now();
    let mut folders = vec![std::path::PathBuf::from(lake.place().url.path())];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|e| Error::from(e).context(format!("cannot read `{}`", folder.display())))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let name = entry.file_name();
            let staged = name.to_string_lossy().rsplit_once('#').is_some_and(|(_, end)| end.bytes().all(|b| b.is_ascii_digit()));
            let Some(metadata) = entry.metadata().ok().filter(|_| kind.is_file() && staged) else { continue };
            let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            if modified.is_some_and(|since| now - i64::try_from(since.as_micros()).unwrap_or(i64::MAX) >= age) {
                found.files += 1;
                found.bytes += metadata.len();
                if !dry_run {
                    std::fs::remove_file(entry.path())?;
                }
            }
        }
    }
    Ok(found)
}
