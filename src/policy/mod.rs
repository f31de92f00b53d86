//! The organisation's own tables, from CSV files: who people are, what is watched, what is sensitive, what is allowed.
//!
//! Reading finds every problem of every file at once. Nothing of policy is stored in events: views join it as of the event.

pub mod tables;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::event::{DAY, Micros, SECOND};
use crate::lake::columns::time_type;
use tables::{Kind, Spec};

/// The groups that exist without being named: people from outside, and accounts that no row of `people` explains.
pub const BUILT_IN_GROUPS: [&str; 2] = ["Guests", "Unknown"];

/// 1900-01-01 and 9999-12-31: "always".
const ALWAYS_FROM: Micros = -2_208_988_800 * SECOND;
const ALWAYS_TO: Micros = 253_402_214_400 * SECOND;

/// A problem in a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `people.csv:3:5`: file, line, column of the table.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// One row: values by column, and when they hold.
#[derive(Debug, Clone)]
struct Row {
    line: u64,
    values: Vec<String>,
    from: Micros,
    to: Micros,
}

/// What `people` says of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The `person` key.
    pub key: String,
    /// Addresses (in lower case) and account ids.
    pub accounts: BTreeSet<String>,
    /// Names.
    pub names: BTreeSet<String>,
}

/// The policy as it was read.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    rows: BTreeMap<&'static str, Vec<Row>>,
    /// Every problem found, by file and line.
    pub problems: Vec<Problem>,
    hash: String,
}

impl Policy {
    /// Reads `<folder>/*.csv`. Missing files are empty tables.
    pub fn read(folder: Option<&Path>) -> Result<Self> {
        let mut texts = BTreeMap::new();
        for spec in tables::ALL {
            let Some(path) = folder.map(|folder| folder.join(format!("{}.csv", spec.name))) else { continue };
            match std::fs::read(&path) {
                Ok(bytes) => drop(texts.insert(spec.name.to_owned(), String::from_utf8_lossy(&bytes).into_owned())),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(Error::from(e).context(format!("cannot read policy file `{}`", path.display()))),
            }
        }
        Ok(Self::from_texts(&texts))
    }

    /// The policy of CSV texts by table name.
    pub fn from_texts(texts: &BTreeMap<String, String>) -> Self {
        let mut policy = Self::default();
        let mut hasher = Sha256::new();
        for spec in tables::ALL {
            let text = texts.get(spec.name).map(String::as_str).unwrap_or_default();
            hasher.update(spec.name.as_bytes());
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
            policy.table(spec, &format!("{}.csv", spec.name), text);
        }
        policy.check_identities();
        policy.hash = hex::encode(&hasher.finalize()[..8]);
        policy
    }

    /// A hash of everything in it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    fn problem(&mut self, file: &str, line: u64, column: usize, message: impl Into<String>) {
        self.problems.push(Problem { place: format!("{file}:{line}:{column}"), message: message.into() });
    }

    fn table(&mut self, spec: &'static Spec, file: &str, text: &str) {
        self.rows.insert(spec.name, Vec::new());
        if text.trim().is_empty() {
            return;
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().cloned().unwrap_or_default();
        let names = || spec.columns.iter().map(|(name, _)| *name).chain(["valid_from", "valid_to"]);
        for (at, name) in header.iter().enumerate() {
            if !names().any(|known| known == name) {
                let known: Vec<&str> = names().collect();
                self.problem(file, 1, at + 1, format!("there is no column `{name}`; there are {}", known.join(", ")));
            }
        }
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    self.problem(file, line, 1, "this row is not CSV");
                    continue;
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            let get = |name: &str| header.iter().position(|h| h == name).and_then(|at| record.get(at)).unwrap_or_default();
            let mut values = Vec::new();
            for (name, kind) in spec.columns {
                let value = get(name);
                if let Some(message) = wrong(*kind, value) {
                    let column = header.iter().position(|h| h == *name).map_or(0, |at| at + 1);
                    self.problem(file, line, column, format!("`{name}` {message}"));
                }
                values.push(value.to_owned());
            }
            let mut date = |name: &str, otherwise: Micros, add: Micros| {
                let value = get(name);
                if value.is_empty() {
                    return otherwise;
                }
                date_micros(value).map_or_else(
                    || {
                        let column = header.iter().position(|h| h == name).map_or(0, |at| at + 1);
                        self.problem(file, line, column, format!("`{name}` is no date like 2026-03-02"));
                        otherwise
                    },
                    |micros| micros + add,
                )
            };
            // `valid_to` is the last day on which the row holds.
            let (from, to) = (date("valid_from", ALWAYS_FROM, 0), date("valid_to", ALWAYS_TO, DAY));
            if let Some(rows) = self.rows.get_mut(spec.name) {
                rows.push(Row { line, values, from, to });
            }
        }
        self.check_overlaps(spec, file);
    }

    fn check_overlaps(&mut self, spec: &Spec, file: &str) {
        let at: Vec<usize> = spec.key.iter().filter_map(|key| spec.columns.iter().position(|(name, _)| name == key)).collect();
        let mut seen: HashMap<Vec<String>, Vec<(Micros, Micros, u64)>> = HashMap::new();
        let mut found = Vec::new();
        for row in self.rows.get(spec.name).into_iter().flatten() {
            let key: Vec<String> = at.iter().map(|at| row.values[*at].to_lowercase()).collect();
            let others = seen.entry(key).or_default();
            if let Some((_, _, line)) = others.iter().find(|(from, to, _)| row.from < *to && *from < row.to) {
                found.push((row.line, *line));
            }
            others.push((row.from, row.to, row.line));
        }
        for (line, other) in found {
            let keys = spec.key.join(" and ");
            self.problem(file, line, 1, format!("the same {keys} as line {other}, at the same time: end one before the other begins"));
        }
    }

    /// An account belongs to one person at a time, else a join would double events.
    fn check_identities(&mut self) {
        let mut seen: HashMap<String, Vec<(Micros, Micros, String, u64)>> = HashMap::new();
        let mut found = Vec::new();
        for row in self.rows.get("people").into_iter().flatten() {
            for identity in identities(row) {
                let others = seen.entry(identity.clone()).or_default();
                let clash = others.iter().find(|(from, to, person, _)| *person != row.values[0] && row.from < *to && *from < row.to);
                if let Some((.., line)) = clash {
                    found.push((row.line, identity, *line));
                }
                others.push((row.from, row.to, row.values[0].clone(), row.line));
            }
        }
        for (line, identity, other) in found {
            self.problem(
                "people.csv",
                line,
                4,
                format!("`{identity}` belongs to the person of line {other} too: an account has one person at a time"),
            );
        }
    }

    /// Whether a detection looks at a group on a day.
    pub fn is_monitored(&self, detection: &str, group: &str, time: Micros) -> bool {
        let rows = self.rows.get("groups").into_iter().flatten();
        let mut exact = None;
        let mut general = None;
        for row in rows.filter(|row| row.values[0] == group && (row.from..row.to).contains(&time)) {
            let until = date_micros(&row.values[5]).map_or(ALWAYS_TO, |day| day + DAY);
            // A switch-off that has ended no longer holds.
            let monitored = row.values[2] != "no" || time >= until;
            if row.values[1] == detection {
                exact = Some(monitored);
            } else if row.values[1] == "*" {
                general = Some(monitored);
            }
        }
        exact.or(general).unwrap_or(true)
    }

    /// Groups that no detection looks at at that time.
    pub fn unwatched(&self, time: Micros) -> Vec<String> {
        let rows = self.rows.get("groups").into_iter().flatten().filter(|row| row.values[1] == "*");
        let mut groups: Vec<String> = rows.map(|row| row.values[0].clone()).filter(|group| !self.is_monitored("*", group, time)).collect();
        groups.sort();
        groups.dedup();
        groups
    }

    /// Whether an exception names this entity for the detection at that time: by `person` key, or by the id that alerts show.
    pub fn is_excepted(&self, detection: &str, entities: &[&str], time: Micros, pseudonym: &dyn Fn(&str) -> String) -> bool {
        self.rows.get("exceptions").into_iter().flatten().any(|row| {
            let until = date_micros(&row.values[4]).map_or(ALWAYS_TO, |day| day + DAY);
            (row.values[0] == detection || row.values[0] == "*")
                && (entities.contains(&row.values[1].as_str()) || entities.contains(&pseudonym(&row.values[1]).as_str()))
                && (row.from..row.to).contains(&time)
                && time < until
        })
    }

    /// Groups that some row of `groups` switches off, in words for `status` and the report.
    pub fn switched_off(&self) -> Vec<String> {
        let rows = self.rows.get("groups").into_iter().flatten().filter(|row| row.values[2] == "no");
        rows.map(|row| {
            format!("{}: {} is off ({}, {}, until {})", row.values[0], row.values[1], row.values[3], row.values[4], row.values[5])
        })
        .collect()
    }

    /// Name and address of every person by `person` key, for those who may see them.
    pub fn names(&self) -> HashMap<String, (String, String)> {
        self.rows
            .get("people")
            .into_iter()
            .flatten()
            .map(|row| (row.values[0].clone(), (row.values[1].clone(), row.values[2].clone())))
            .collect()
    }

    /// The person of a key, an address or an account, over all rows whatever their time.
    pub fn person(&self, id: &str) -> Option<Person> {
        let wanted = canonical(id);
        let rows = || self.rows.get("people").into_iter().flatten();
        let key = rows().find(|row| row.values[0] == id || identities(row).contains(&wanted)).map(|row| row.values[0].clone())?;
        let mut person = Person { key: key.clone(), accounts: BTreeSet::new(), names: BTreeSet::new() };
        for row in rows().filter(|row| row.values[0] == key) {
            person.accounts.extend(identities(row));
            person.names.extend((!row.values[1].is_empty()).then(|| row.values[1].clone()));
        }
        Some(person)
    }

    /// The tables for SQL: `policy_<name>` each, and `identities` (account → person and what views need of them).
    /// `pseudonym` makes the `person_id` of a person.
    pub fn batches(&self, pseudonym: &dyn Fn(&str) -> String) -> Result<Vec<(String, RecordBatch)>> {
        let mut batches = Vec::new();
        for spec in tables::ALL {
            let rows = self.rows.get(spec.name).map(Vec::as_slice).unwrap_or_default();
            batches.push((format!("policy_{}", spec.name), batch(spec, rows, pseudonym)?));
        }
        batches.push(("identities".to_owned(), self.identities_batch(pseudonym)?));
        Ok(batches)
    }

    fn identities_batch(&self, pseudonym: &dyn Fn(&str) -> String) -> Result<RecordBatch> {
        let rows = self.rows.get("people").map(Vec::as_slice).unwrap_or_default();
        let mut repeated = Vec::new();
        let mut accounts = Vec::new();
        for row in rows {
            for identity in identities(row) {
                accounts.push(identity);
                repeated.push(row.clone());
            }
        }
        let people = batch(&tables::PEOPLE, &repeated, pseudonym)?;
        let mut fields: Vec<Arc<Field>> = vec![Arc::new(Field::new("identity", DataType::Utf8, false))];
        fields.extend(people.schema().fields().iter().cloned());
        let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(accounts))];
        columns.extend(people.columns().iter().cloned());
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

/// The accounts of a row of `people`: its address and the part of each `platform:id` after the colon; addresses in lower case.
fn identities(row: &Row) -> Vec<String> {
    let mut found: Vec<String> =
        row.values[3].split(';').map(|id| id.split_once(':').map_or(id, |(_, id)| id).trim()).map(canonical).collect();
    found.push(canonical(&row.values[2]));
    found.retain(|id| !id.is_empty());
    found.sort();
    found.dedup();
    found
}

fn canonical(id: &str) -> String {
    if id.contains('@') { id.to_lowercase() } else { id.to_owned() }
}

fn wrong(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Required if value.is_empty() => Some("is missing".into()),
        Kind::YesNo if !matches!(value, "yes" | "no" | "") => Some("is `yes` or `no`".into()),
        Kind::Date if !value.is_empty() && date_micros(value).is_none() => Some("is no date like 2026-03-02".into()),
        Kind::Zone if !value.is_empty() && value.parse::<chrono_tz::Tz>().is_err() => Some("is no time zone like Europe/Berlin".into()),
        Kind::One(allowed) if !allowed.contains(&value) => Some(format!("is one of {}", allowed.join(", "))),
        _ => None,
    }
}

fn date_micros(text: &str) -> Option<Micros> {
    let date: NaiveDate = text.parse().ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
}

fn batch(spec: &Spec, rows: &[Row], pseudonym: &dyn Fn(&str) -> String) -> Result<RecordBatch> {
    let utc = |times: Vec<Option<Micros>>| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) };
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (at, (name, kind)) in spec.columns.iter().enumerate() {
        let values = rows.iter().map(|row| row.values[at].as_str());
        let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        let column: ArrayRef = match kind {
            Kind::YesNo => Arc::new(values.map(|v| Some(v == "yes")).collect::<BooleanArray>()),
            Kind::Date => utc(values.map(date_micros).collect()),
            Kind::List => list(values),
            _ => Arc::new(values.map(some).collect::<StringArray>()),
        };
        // `group` is a word of SQL's.
        let name = if *name == "group" { "group_name" } else { name };
        fields.push(Field::new(name, column.data_type().clone(), true));
        columns.push(column);
    }
    if let Some(person) = spec.columns.iter().position(|(name, _)| *name == "person") {
        fields.push(Field::new("person_id", DataType::Utf8, true));
        columns.push(Arc::new(rows.iter().map(|row| Some(pseudonym(&row.values[person]))).collect::<StringArray>()));
    }
    for (name, of) in [("valid_from", (|row: &Row| row.from) as fn(&Row) -> Micros), ("valid_to", |row| row.to)] {
        fields.push(Field::new(name, time_type(), true));
        columns.push(utc(rows.iter().map(|row| Some(of(row))).collect()));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn list<'v>(values: impl Iterator<Item = &'v str>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    for value in values {
        for part in value.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            builder.values().append_value(part);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Policy {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        Policy::read(Some(folder.path())).expect("read")
    }

    #[test]
    fn every_problem_is_found_with_its_place() {
        let policy = read(&[
            (
                "people.csv",
                "person,email,group,time_zone,colour\nP1,a@example.com,Sales,Mars/Olympus,red\n,b@example.com,Sales,UTC,\nP3,A@example.com,Sales,UTC,\n",
            ),
            ("channels.csv", "channel_id,sensitivity,valid_from\nC1,high,2026-99-01\nC1,secret,\n"),
        ]);
        let places: Vec<&str> = policy.problems.iter().map(|p| p.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "people.csv:1:5",
                "people.csv:2:4",
                "people.csv:3:1",
                "channels.csv:2:3",
                "channels.csv:3:2",
                "channels.csv:3:1",
                "people.csv:4:4"
            ]
        );
    }

    #[test]
    fn a_group_is_watched_unless_a_row_says_no_for_now() {
        let policy = read(&[(
            "groups.csv",
            "group,detection,monitored,why,who,until\nSales,*,yes,,,\nSales,unusual_hours,no,shifts,ana,2026-03-10\n",
        )]);
        let day = |text: &str| date_micros(text).expect("a date");
        assert!(policy.is_monitored("bulk_download", "Sales", day("2026-03-02")));
        assert!(!policy.is_monitored("unusual_hours", "Sales", day("2026-03-10")));
        assert!(policy.is_monitored("unusual_hours", "Sales", day("2026-03-11")));
        assert!(policy.is_monitored("unusual_hours", "Guests", day("2026-03-02")));
    }

    #[test]
    fn an_account_leads_to_its_person() {
        let policy = read(&[("people.csv", "person,email,ids,group\nP1,Ana@Example.com,slack:U1;m365:ana@example.com,R&D\n")]);
        assert_eq!(policy.problems, []);
        let batches = policy.batches(&|person| format!("p_{person}")).expect("batches");
        let identities = &batches.iter().find(|(name, _)| name == "identities").expect("there").1;
        assert_eq!(identities.num_rows(), 2);
    }
}
