//! Small files put together: the same rows in fewer files, sorted. Intervals that are still restated keep files of their own.

use std::collections::BTreeMap;

use super::{Action, Ground, while_conflicts};
use crate::config::Maintain;
use crate::error::Result;
use crate::event::{DAY, HOUR, Micros};
use crate::lake::rewrite::{FileEntry, files};
use crate::lake::tables::TableSpec;

/// Answers of intervals younger than this may still be replaced: one file each lets that touch little.
const RESTATED: Micros = 9 * DAY;

/// How large a file may become, in small files.
const LARGE: u64 = 4;

/// Puts the small files of a table together.
pub async fn compact(ground: &Ground<'_>, spec: &TableSpec, settings: &Maintain, dry_run: bool) -> Result<Action> {
    let mut action = Action::new("compact", spec);
    // Each group is one commit: a conflict costs one group.
    loop {
        let done = while_conflicts(async || {
            let newest = files(ground.lake, spec).await?;
            let groups = groups(spec, newest.entries.clone(), settings);
            let Some(group) = groups.first() else { return Ok(None) };
            if dry_run {
                return Ok(Some(groups.concat()));
            }
            let merged = newest.merged(ground.lake, ground.context, spec, group).await?;
            newest.replace(ground.lake, spec, group, merged.into_iter().collect(), true).await?;
            Ok(Some(group.clone()))
        })
        .await?;
        let Some(done) = done else { return Ok(action) };
        action.files += done.len();
        action.bytes += done.iter().map(|file| file.bytes).sum::<u64>();
        if dry_run {
            return Ok(action);
        }
    }
}

/// Files of one partition each that are worth putting together, in the order of their times.
fn groups(spec: &TableSpec, entries: Vec<FileEntry>, settings: &Maintain) -> Vec<Vec<FileEntry>> {
    let small = settings.small_mib.max(1) * 1024 * 1024;
    let newest = entries.iter().filter_map(|file| file.times).map(|(_, last)| last).max().unwrap_or(Micros::MAX);
    let restated = if spec.time_column() == "interval_start" { newest.saturating_sub(RESTATED) } else { Micros::MAX };
    let mut by_partition: BTreeMap<Vec<Option<String>>, Vec<FileEntry>> = BTreeMap::new();
    for file in entries {
        if file.bytes < small && file.times.is_none_or(|(_, last)| last < restated) {
            by_partition.entry(file.partition.clone()).or_default().push(file);
        }
    }
    let mut found = Vec::new();
    for mut files in by_partition.into_values() {
        files.sort_by(|a, b| (a.times, &a.path).cmp(&(b.times, &b.path)));
        let mut group: Vec<FileEntry> = Vec::new();
        for file in files {
            let full = group.iter().map(|file| file.bytes).sum::<u64>() + file.bytes > LARGE * small;
            if full || (spec.name == "events" && leaves_a_gap(&group, &file)) {
                found.push(std::mem::take(&mut group));
            }
            group.push(file);
        }
        found.push(group);
    }
    found.retain(|group| group.len() >= settings.small_files_min.max(2));
    found
}

/// Whether a whole hour without rows lies between a group and a file. What hours have rows is told by the files' least and greatest times:
/// one file over the gap would make hours look answerable that nobody ever had to answer.
fn leaves_a_gap(group: &[FileEntry], file: &FileEntry) -> bool {
    let last = group.iter().filter_map(|file| file.times).map(|(_, last)| last.div_euclid(HOUR)).max();
    last.zip(file.times).is_some_and(|(last, (first, _))| first.div_euclid(HOUR) > last + 1)
}
