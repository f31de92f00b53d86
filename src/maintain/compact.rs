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

/// A file of so many rows is no small one, however few bytes they take: what is put together is sorted in memory, and a file that grew with
/// each night's small ones would be sorted again each time.
const ROWS: usize = 500_000;

/// How many rows may be sorted at once.
const ROWS_SORTED: usize = 2 * ROWS;

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
    let newest = entries.iter().filter_map(|file| file.times).map(|(_, last)| last).max().unwrap_or(Micros::MAX);
    let restated = if spec.time_column() == "interval_start" { newest.saturating_sub(RESTATED) } else { Micros::MAX };
    let mut by_partition: BTreeMap<Vec<Option<String>>, Vec<FileEntry>> = BTreeMap::new();
    for file in entries {
        if is_small(&file, settings) && file.times.is_none_or(|(_, last)| last < restated) {
            by_partition.entry(file.partition.clone()).or_default().push(file);
        }
    }
    let mut found = Vec::new();
    // What fills a file is worth it however few there are.
    let mut end = |group: Vec<FileEntry>, is_full: bool| {
        if group.len() >= if is_full { 2 } else { settings.small_files_min.max(2) } {
            found.push(group);
        }
    };
    for mut files in by_partition.into_values() {
        files.sort_by(|a, b| (a.times, &a.path).cmp(&(b.times, &b.path)));
        let mut group: Vec<FileEntry> = Vec::new();
        for file in files {
            let bytes = group.iter().map(|file| file.bytes).sum::<u64>() + file.bytes;
            let full = bytes > LARGE * small_bytes(settings) || group.iter().map(rows).sum::<usize>() + rows(&file) > ROWS_SORTED;
            if full || (spec.name == "events" && leaves_a_gap(&group, &file)) {
                end(std::mem::take(&mut group), full);
            }
            group.push(file);
        }
        end(group, false);
    }
    found
}

/// Whether the file is one of those that are put together where there are enough of them.
pub fn is_small(file: &FileEntry, settings: &Maintain) -> bool {
    file.bytes < small_bytes(settings) && rows(file) < ROWS
}

fn small_bytes(settings: &Maintain) -> u64 {
    settings.small_mib.max(1) * 1024 * 1024
}

/// The rows of a file; none where the log does not say.
fn rows(file: &FileEntry) -> usize {
    file.rows.unwrap_or_default()
}

/// Whether a whole hour without rows lies between a group and a file. What hours have rows is told by the files' least and greatest times:
/// one file over the gap would make hours look answerable that nobody ever had to answer.
fn leaves_a_gap(group: &[FileEntry], file: &FileEntry) -> bool {
    let last = group.iter().filter_map(|file| file.times).map(|(_, last)| last.div_euclid(HOUR)).max();
    last.zip(file.times).is_some_and(|(last, (first, _))| first.div_euclid(HOUR) > last + 1)
}

#[cfg(test)]
mod tests {
    use super::{ROWS, groups};
    use crate::config::Maintain;
    use crate::lake::rewrite::FileEntry;
    use crate::lake::tables;

    fn sizes(rows: &[usize]) -> Vec<Vec<usize>> {
        let spec = tables::all().into_iter().find(|spec| spec.name == "events").expect("a table");
        let minute = 60_000_000;
        let file = |(at, rows): (i64, &usize)| FileEntry::sized(&format!("{at:03}"), 1_000, *rows, (at * minute, (at + 1) * minute));
        let settings = Maintain { small_files_min: 4, ..Maintain::default() };
        let found = groups(&spec, (0..).zip(rows).map(file).collect(), &settings);
        found.iter().map(|group| group.iter().filter_map(|file| file.rows).collect()).collect()
    }

    #[test]
    fn what_is_put_together_never_grows_beyond_what_can_be_sorted() {
        assert_eq!(sizes(&[10, 10, 10]), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(&[10, 10, 10, 10]), [[10, 10, 10, 10]]);
        // A file that has grown is left alone.
        assert_eq!(sizes(&[ROWS, 10, 10, 10, 10]), [[10, 10, 10, 10]]);
        // Three that fill a file are worth it; the fourth waits for others.
        let large = 300_000;
        assert_eq!(sizes(&[large, large, large, large]), [[large, large, large]]);
    }
}
