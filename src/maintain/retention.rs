//! Rows and values that are past their time. The boundary is written down first: a crash then leaves sealed what is still there, and
//! the next round takes it away.

use arrow::array::{BooleanArray, RecordBatch, new_null_array};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::{DataType, TimestampMicrosecondType};

use super::people::People;
use super::{Action, Ground, record, while_conflicts, wrong};
use crate::error::Result;
use crate::event::{DAY, Micros};
use crate::lake::rewrite::{FileEntry, Files, files};
use crate::lake::tables::TableSpec;

/// How long a table's rows, or a column's values, are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The table.
    pub table: String,
    /// The column; none is whole rows.
    pub column: Option<String>,
    /// How long, in microseconds of the table's own time.
    pub length: Micros,
}

/// Tables whose rows stay: what was read, done and decided. Without them objects would land anew and erasures be forgotten.
const STAY: [&str; 4] = ["objects", "runs", "alert_actions", "maintenance"];

impl Rule {
    /// A rule from a key of `[retention]`, `events` or `events.text`.
    pub fn parse(key: &str, length: Micros) -> Self {
        match key.split_once('.') {
            Some((table, column)) => Self { table: table.into(), column: Some(column.into()), length },
            None => Self { table: key.into(), column: None, length },
        }
    }

    fn key(&self) -> String {
        self.column.as_ref().map_or_else(|| self.table.clone(), |column| format!("{}.{column}", self.table))
    }

    /// What is older than this goes: a midnight, so that whole days go at once.
    pub fn before(&self, now: Micros) -> Micros {
        (now - self.length).div_euclid(DAY) * DAY
    }

    /// # Errors
    /// `Usage` for a table or column that is not there or has to stay.
    pub fn check(&self, specs: &[TableSpec]) -> Result<()> {
        let Some(spec) = specs.iter().find(|spec| spec.name == self.table) else {
            return Err(wrong(&self.key(), &format!("there is no table `{}`", self.table)));
        };
        if STAY.contains(&self.table.as_str()) {
            return Err(wrong(&self.key(), "this table's rows stay: they say what was read, done and decided"));
        }
        let Some(name) = &self.column else { return Ok(()) };
        let schema = spec.file_schema();
        let Ok(field) = schema.field_with_name(name) else {
            return Err(wrong(&self.key(), &format!("table `{}` has no column `{name}`", self.table)));
        };
        let holds = spec.statistics.contains(name) || !field.is_nullable() || name.ends_with("_id") || name == "source";
        if holds || field.data_type() != &DataType::Utf8 {
            return Err(wrong(&self.key(), "only text columns that nothing is told apart by can go by themselves"));
        }
        Ok(())
    }
}

/// Takes away what a rule says, but for rows of people under legal hold.
pub async fn apply(ground: &Ground<'_>, spec: &TableSpec, rule: &Rule, held: &People, dry_run: bool) -> Result<Action> {
    let before = rule.before(ground.lake.clock().now());
    let mut action = Action { column: rule.column.clone(), before: Some(before), ..Action::new("retention", spec) };
    let mut written_down = dry_run;
    let mut passed: Vec<String> = Vec::new();
    loop {
        let done = while_conflicts(async || {
            let newest = files(ground.lake, spec).await?;
            for file in newest.entries.iter().filter(|file| file.times.is_none_or(|(first, _)| first < before)) {
                if passed.contains(&file.path) {
                    continue;
                }
                let Some(way) = way(ground, &newest, spec, file, rule, held, before).await? else {
                    passed.push(file.path.clone());
                    continue;
                };
                if !written_down {
                    record(ground.lake, std::slice::from_ref(&action), None).await?;
                    written_down = true;
                }
                if dry_run {
                    passed.push(file.path.clone());
                    return Ok(Some((file.clone(), file.rows.unwrap_or_default())));
                }
                let mut rows = 0;
                let new = match way {
                    Way::Whole => {
                        rows = file.rows.unwrap_or_default();
                        None
                    }
                    Way::Some => {
                        let mut keep = |batch: RecordBatch| {
                            let (left, gone) = left(&batch, spec, rule, held, before)?;
                            rows += gone;
                            Ok(left)
                        };
                        newest.written(ground.lake, ground.context, spec, std::slice::from_ref(file), false, &mut keep).await?
                    }
                };
                // What was written anew needs no second look.
                passed.extend(new.iter().map(|add| add.path.clone()));
                newest.replace(ground.lake, spec, std::slice::from_ref(file), new.into_iter().collect(), false).await?;
                return Ok(Some((file.clone(), rows)));
            }
            Ok(None)
        })
        .await?;
        let Some((file, rows)) = done else { return Ok(action) };
        action.files += 1;
        action.bytes += file.bytes;
        action.rows += rows;
    }
}

/// How a file gives up what is past its time.
enum Way {
    /// The whole file goes.
    Whole,
    /// Some of it stays.
    Some,
}

async fn way(
    ground: &Ground<'_>,
    newest: &Files,
    spec: &TableSpec,
    file: &FileEntry,
    rule: &Rule,
    held: &People,
    before: Micros,
) -> Result<Option<Way>> {
    let all_old = file.times.is_some_and(|(_, last)| last < before);
    let mut columns = People::columns(&spec.file_schema());
    let may_be_held = !held.is_empty() && !columns.is_empty();
    if rule.column.is_none() && all_old && !may_be_held {
        return Ok(Some(Way::Whole));
    }
    columns.extend(rule.column.as_deref());
    columns.push(spec.time_column());
    let hit = |batch: &RecordBatch| Ok(left(batch, spec, rule, held, before)?.1 > 0);
    let some = newest.any(ground.lake, ground.context, spec, (file, &columns), &hit).await?;
    Ok(some.then_some(Way::Some))
}

/// What stays of a batch, and how many rows lose something.
fn left(batch: &RecordBatch, spec: &TableSpec, rule: &Rule, held: &People, before: Micros) -> Result<(Option<RecordBatch>, usize)> {
    use arrow::array::AsArray;
    let Some(times) = batch.column_by_name(spec.time_column()) else { return Ok((Some(batch.clone()), 0)) };
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let held = held.rows(batch);
    let old: BooleanArray =
        times.iter().zip(held.iter()).map(|(time, held)| Some(time.is_some_and(|time| time < before) && held != Some(true))).collect();
    let Some(column) = &rule.column else {
        let gone = old.true_count();
        return Ok((Some(filter_record_batch(batch, &not(&old)?)?), gone));
    };
    let at = batch.schema().index_of(column)?;
    let values = batch.column(at);
    let gone = (0..batch.num_rows()).filter(|row| old.value(*row) && values.is_valid(*row)).count();
    let nothing = new_null_array(values.data_type(), values.len());
    let mut columns = batch.columns().to_vec();
    columns[at] = arrow::compute::kernels::zip::zip(&old, &nothing, values)?;
    Ok((Some(RecordBatch::try_new(batch.schema(), columns)?), gone))
}
