//! A person's erasure: their rows go, and what others' rows say of them is masked, in every file of every table, old versions included.

use aho_corasick::{AhoCorasick, MatchKind};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::people::People;
use super::{Action, Ground, record, text_column, while_conflicts};
use crate::error::{Error, Result};
use crate::event::{HOUR, Micros};
use crate::lake::rewrite::files;
use crate::lake::tables::TableSpec;
use crate::lake::vacuum::{Ages, vacuum};

/// What stands where something of the person stood.
const MASK: &str = "[erased]";

/// Ids shorter than this may be words: they are masked only where they stand alone or between marks.
const PLAIN_BYTES_MIN: usize = 5;

/// What an erasure did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Erased {
    /// The person under the pseudonym that `maintenance` names.
    pub person_id: String,
    /// What was done, by table.
    pub actions: Vec<Action>,
    /// Files that no commit names and that are too young to be deleted: what an interrupted ingest left. The next round takes them.
    pub waiting: usize,
}

/// Erases people from every table, up to a time of each table's own.
///
/// # Errors
/// `Usage` where the reason names the person: it is written down.
pub async fn erase(
    ground: &Ground<'_>,
    people: &People,
    why: &str,
    until: Micros,
    dry_run: bool,
    progress: &ProgressBar,
) -> Result<Erased> {
    let eraser = Eraser::new(people, until)?;
    if eraser.masked(why).is_some() {
        return Err(Error::usage("`--why` names the person, and it is kept: say it without"));
    }
    let person_id = people.pseudonyms.first().cloned().unwrap_or_default();
    let mut erased = Erased { person_id, ..Erased::default() };
    // Cases go with the alerts that opened them: decisions name cases alone.
    let cases = cases(ground, people).await?;
    let eraser = Eraser { cases, ..eraser };
    progress.set_length(ground.specs.len() as u64);
    for spec in &ground.specs {
        progress.set_message(spec.name.clone());
        let action = table(ground, spec, &eraser, dry_run).await.map_err(|e| e.context(format!("table `{}` is not done", spec.name)))?;
        if !action.is_nothing() {
            erased.actions.push(action);
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    if dry_run {
        return Ok(erased);
    }
    for pseudonym in &people.pseudonyms {
        let none = [Action { action: "erase".into(), before: Some(until.min(ground.lake.clock().now())), ..Action::default() }];
        let actions = if *pseudonym == erased.person_id && !erased.actions.is_empty() { &erased.actions[..] } else { &none };
        record(ground.lake, actions, Some((pseudonym, why))).await?;
    }
    // Old versions hold what was erased: their files go now, whoever still reads them.
    for spec in &ground.specs {
        let gone = vacuum(ground.lake, spec, Ages { superseded: 0, uncommitted: HOUR }, false).await?;
        erased.waiting += gone.waiting;
    }
    Ok(erased)
}

async fn cases(ground: &Ground<'_>, people: &People) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for table in ["alerts", "alert_changes"] {
        let frame = ground.context.table(table).await?.select_columns(&["case_id", "entity_id"])?;
        for batch in frame.collect().await? {
            let theirs = filter_record_batch(&batch, &people.rows(&batch))?;
            found.extend(text_column(&theirs, "case_id").into_iter().flat_map(|ids| ids.iter().flatten().map(str::to_owned)));
        }
    }
    Ok(found)
}

async fn table(ground: &Ground<'_>, spec: &TableSpec, eraser: &Eraser, dry_run: bool) -> Result<Action> {
    let mut action = Action { before: Some(eraser.until), ..Action::new("erase", spec) };
    if eraser.until == Micros::MAX {
        action.before = None;
    }
    let mut passed: BTreeSet<String> = BTreeSet::new();
    loop {
        let done = while_conflicts(async || {
            let newest = files(ground.lake, spec).await?;
            for file in &newest.entries {
                if passed.contains(&file.path) {
                    continue;
                }
                let hit = |batch: &RecordBatch| Ok(eraser.left(batch, spec)?.1 > 0);
                if !newest.any(ground.lake, ground.context, spec, (file, &[]), &hit).await? {
                    passed.insert(file.path.clone());
                    continue;
                }
                let mut rows = 0;
                let mut keep = |batch: RecordBatch| {
                    let (left, changed) = eraser.left(&batch, spec)?;
                    rows += changed;
                    Ok(Some(left))
                };
                if dry_run {
                    passed.insert(file.path.clone());
                    return Ok(Some((file.bytes, file.rows.unwrap_or_default())));
                }
                let new = newest.written(ground.lake, ground.context, spec, std::slice::from_ref(file), false, &mut keep).await?;
                let written: Vec<String> = new.iter().map(|add| add.path.clone()).collect();
                newest.replace(ground.lake, spec, std::slice::from_ref(file), new.into_iter().collect(), false).await?;
                passed.extend(written);
                return Ok(Some((file.bytes, rows)));
            }
            Ok(None)
        })
        .await?;
        let Some((bytes, rows)) = done else { return Ok(action) };
        action.files += 1;
        action.bytes += bytes;
        action.rows += rows;
    }
}

/// Finds people in rows.
struct Eraser {
    people: People,
    cases: BTreeSet<String>,
    until: Micros,
    /// Everything that stands for them in text, in any case.
    words: AhoCorasick,
    /// Of each word, whether it may also be an ordinary word.
    short: Vec<bool>,
}

impl Eraser {
    fn new(people: &People, until: Micros) -> Result<Self> {
        let words: Vec<&String> = people.accounts.iter().chain(&people.pseudonyms).chain(&people.names).collect();
        let short = words.iter().map(|word| word.len() < PLAIN_BYTES_MIN).collect();
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(words);
        let words = automaton.map_err(|e| Error::internal("the person's ids cannot be searched for").caused_by(e))?;
        Ok(Self { people: people.clone(), cases: BTreeSet::new(), until, words, short })
    }

    /// The batch without their rows and with the rest masked, and how many rows that changed.
    fn left(&self, batch: &RecordBatch, spec: &TableSpec) -> Result<(RecordBatch, usize)> {
        let theirs = self.theirs(batch, spec);
        let gone = theirs.true_count();
        let rest = filter_record_batch(batch, &not(&theirs)?)?;
        let mut changed = vec![false; rest.num_rows()];
        let open = self.in_time(&rest, spec);
        let columns: Result<Vec<ArrayRef>> = rest.columns().iter().map(|column| self.masked_column(column, &open, &mut changed)).collect();
        let masked = changed.iter().filter(|changed| **changed).count();
        Ok((RecordBatch::try_new(rest.schema(), columns?)?, gone + masked))
    }

    fn theirs(&self, batch: &RecordBatch, spec: &TableSpec) -> BooleanArray {
        let by_case = text_column(batch, "case_id").filter(|_| spec.name == "alert_actions");
        let case = |row: usize| by_case.is_some_and(|cases| cases.is_valid(row) && self.cases.contains(cases.value(row)));
        // What was erased before stays written down under the pseudonym.
        if spec.name == "maintenance" {
            return vec![false; batch.num_rows()].into();
        }
        let open = self.in_time(batch, spec);
        let rows = self.people.rows(batch);
        (0..batch.num_rows()).map(|row| Some(open[row] && (rows.value(row) || case(row)))).collect()
    }

    fn in_time(&self, batch: &RecordBatch, spec: &TableSpec) -> Vec<bool> {
        let times = batch.column_by_name(spec.time_column()).and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
        let open = spec.name != "maintenance";
        (0..batch.num_rows()).map(|row| open && times.is_none_or(|times| times.is_null(row) || times.value(row) < self.until)).collect()
    }

    /// Masks text wherever it stands in a column; `rows` says which rows may be, `changed` takes which were.
    fn masked_column(&self, column: &ArrayRef, rows: &[bool], changed: &mut [bool]) -> Result<ArrayRef> {
        match column.data_type() {
            DataType::Utf8 => {
                let texts = column.as_string::<i32>();
                let masked = texts.iter().enumerate().map(|(row, text)| {
                    let masked = text.filter(|_| rows[row]).and_then(|text| self.masked(text));
                    changed[row] |= masked.is_some();
                    masked.or_else(|| text.map(str::to_owned))
                });
                Ok(Arc::new(masked.collect::<StringArray>()))
            }
            DataType::List(field) => {
                let lists = column.as_list::<i32>();
                let mut item_rows = vec![false; lists.values().len()];
                let mut owner = vec![0; lists.values().len()];
                for (row, ends) in lists.value_offsets().windows(2).enumerate() {
                    for item in ends[0]..ends[1] {
                        let item = usize::try_from(item).unwrap_or_default();
                        item_rows[item] = rows[row];
                        owner[item] = row;
                    }
                }
                let mut item_changed = vec![false; item_rows.len()];
                let values = self.masked_column(lists.values(), &item_rows, &mut item_changed)?;
                item_changed.iter().zip(owner).filter(|(item, _)| **item).for_each(|(_, row)| changed[row] = true);
                let list = ListArray::try_new(Arc::clone(field), lists.offsets().clone(), values, lists.nulls().cloned())?;
                Ok(Arc::new(list))
            }
            DataType::Struct(fields) => {
                let parts = column.as_struct();
                let columns: Result<Vec<ArrayRef>> = parts.columns().iter().map(|part| self.masked_column(part, rows, changed)).collect();
                Ok(Arc::new(StructArray::try_new(fields.clone(), columns?, parts.nulls().cloned())?))
            }
            _ => Ok(Arc::clone(column)),
        }
    }

    /// The text with everything that stands for them masked; `None` where nothing does.
    fn masked(&self, text: &str) -> Option<String> {
        let mut masked = String::new();
        let mut from = 0;
        for found in self.words.find_iter(text) {
            let before = text.get(..found.start()).and_then(|head| head.chars().next_back());
            let after = text.get(found.end()..).and_then(|tail| tail.chars().next());
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
            let marks = |c: Option<char>| c.is_none_or(|c| matches!(c, '"' | '\'' | '<' | '>' | '@' | '|' | ':' | '/' | '\\'));
            let whole =
                if self.short[found.pattern().as_usize()] { marks(before) && marks(after) } else { !inside(before) && !inside(after) };
            if whole {
                masked.push_str(text.get(from..found.start()).unwrap_or_default());
                masked.push_str(MASK);
                from = found.end();
            }
        }
        if from == 0 {
            return None;
        }
        masked.push_str(text.get(from..).unwrap_or_default());
        Some(masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_masked_where_they_stand_as_words() {
        let people = People {
            accounts: ["ana@example.com", "U1", "U0ANALONG"].map(str::to_owned).into(),
            pseudonyms: ["p_0123456789abcdef".to_owned()].into(),
            names: ["Ana Silva".to_owned()].into(),
        };
        let eraser = Eraser::new(&people, Micros::MAX).expect("ids");
        for (text, expected) in [
            ("mail Ana@Example.com now", Some("mail [erased] now")),
            ("mariana@example.com", None),
            ("see <@U0ANALONG> and {\"user\":\"U1\"}", Some("see <@[erased]> and {\"user\":\"[erased]\"}")),
            ("the U1 line", None),
            ("ana silva's file", Some("[erased]'s file")),
            ("p_0123456789abcdef", Some("[erased]")),
        ] {
            assert_eq!(eraser.masked(text).as_deref(), expected, "{text}");
        }
    }
}
