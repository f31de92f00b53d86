//! Jobs: SQL files that fill tables. A job runs when it is stale; what it reads is taken from its plan.

pub mod bounds;
pub mod catalog;
pub mod graph;
pub mod header;
pub mod ledger;
pub mod rows;
pub mod stale;

use std::collections::{BTreeMap, HashSet};

use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::scalar::ScalarValue;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::event::{DAY, HOUR, Micros};
use crate::interval::{Interval, parse_duration};
use crate::lake::columns::utc;
use catalog::{Catalog, Text};
use header::{SqlFile, parse};

/// What a job's result becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A table of its own.
    Rollup,
    /// Alerts.
    Detection,
}

/// How much an alert matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nobody is told; it is there to be counted and joined.
    Informational,
    /// Look when there is time.
    Low,
    /// Look today.
    Medium,
    /// Look now.
    High,
}

impl Severity {
    /// The value of the `severity` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The severity of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Informational, Self::Low, Self::Medium, Self::High].into_iter().find(|severity| severity.as_str() == text)
    }
}

/// The header of a job's SQL file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What it is, in a few words.
    pub title: String,
    /// Of a detection: how much its alerts matter.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Ids of the techniques it answers for.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// The length of an interval.
    pub interval: String,
    /// How far before its interval it reads (`-90 days`).
    #[serde(default)]
    pub reads: Option<String>,
    /// How far after its interval it reads: a local day ends after the UTC day of its date.
    #[serde(default)]
    pub reads_after: Option<String>,
    /// How far back late rows restate it.
    #[serde(default)]
    pub lookback: Option<String>,
    /// What kind of thing an alert is about.
    #[serde(default)]
    pub entity: Option<String>,
    /// What it cannot see.
    #[serde(default)]
    pub known_gaps: Option<String>,
    /// Whether its alerts go to sinks.
    #[serde(default = "yes")]
    pub deliver: bool,
    /// Values for `$name` in the SQL.
    #[serde(default)]
    pub params: BTreeMap<String, toml::Value>,
}

fn yes() -> bool {
    true
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// The file's stem.
    pub id: String,
    /// The file.
    pub path: String,
    /// What its result becomes.
    pub kind: Kind,
    /// What its header says.
    pub header: Header,
    /// The SELECT.
    pub sql: String,
    /// The length of an interval.
    pub interval: Micros,
    /// How far before its interval it reads, as a positive duration.
    pub reads: Micros,
    /// How far after its interval it reads.
    pub reads_after: Micros,
    /// How far back late rows restate it.
    pub lookback: Micros,
    params: BTreeMap<String, ScalarValue>,
    /// Hash of all that decides its answer besides data and policy.
    pub version: String,
}

impl Job {
    /// Reads a job's file. `environment` stands for everything outside the file that decides the answer: functions, rules, time zones.
    pub fn parse(kind: Kind, id: &str, text: &Text, views: &BTreeMap<String, String>, environment: &str) -> Result<Self> {
        let SqlFile { header, .. }: SqlFile<Header> = parse(id, &text.path, &text.sql)?;
        let wrong = |what: String| Error::usage(format!("{}: {what}", text.path));
        let duration = |name: &str, value: Option<&String>, otherwise: Micros| {
            value.map_or(Ok(otherwise), |value| {
                parse_duration(value).ok_or_else(|| wrong(format!("`{name}` is no duration like \"7 days\"")))
            })
        };
        let interval = duration("interval", Some(&header.interval), DAY)?;
        if interval != DAY && interval != HOUR {
            return Err(wrong("`interval` is \"1 day\" or \"1 hour\"".into()));
        }
        let reads = duration("reads", header.reads.as_ref(), 0)?;
        let reads_after = duration("reads_after", header.reads_after.as_ref(), 0)?;
        let lookback = duration("lookback", header.lookback.as_ref(), 7 * DAY)?;
        if reads > 0 || reads_after < 0 || lookback < 0 {
            return Err(wrong("`reads` lies before the interval (\"-1 day\"), `reads_after` after it".into()));
        }
        if kind == Kind::Detection && (header.severity.is_none() || header.entity.is_none()) {
            return Err(wrong("a detection says its `severity` and `entity`".into()));
        }
        let mut params = BTreeMap::new();
        for (name, value) in &header.params {
            params.insert(name.clone(), scalar(value).ok_or_else(|| wrong(format!("parameter `{name}` is a number, text or boolean")))?);
        }
        let version = version(&text.sql, views, environment);
        Ok(Self {
            id: id.into(),
            path: text.path.clone(),
            kind,
            sql: text.sql.clone(),
            interval,
            reads: -reads,
            reads_after,
            lookback,
            params,
            version,
            header,
        })
    }

    /// The values for `$name` in the SQL that its header gives.
    pub fn params(&self) -> &BTreeMap<String, ScalarValue> {
        &self.params
    }

    /// The job with another value for a parameter.
    pub fn with_value(&self, name: &str, value: ScalarValue) -> Self {
        let mut job = self.clone();
        job.params.insert(name.to_owned(), value);
        job
    }

    /// The job with a parameter's value as text, which must be of the parameter's kind.
    ///
    /// # Errors
    /// `Usage` for a parameter that the header does not have, and for text of another kind.
    pub fn with_param(&self, name: &str, text: &str) -> Result<Self> {
        let value = named_value(&self.id, &self.params, name, text)?;
        Ok(self.with_value(name, value))
    }

    /// The event time that an interval's answer depends on.
    pub fn window(&self, interval: Interval) -> Interval {
        Interval { start: interval.start - self.reads, end: interval.end + self.reads_after }
    }

    /// The typed values for `$name` in the SQL, over an interval or several in a row.
    pub fn values(&self, span: Interval) -> ParamValues {
        let mut values = self.params.clone();
        values.insert("interval_start".into(), utc(span.start));
        values.insert("interval_end".into(), utc(span.end));
        ParamValues::Map(values.into_iter().map(|(name, value)| (name, ScalarAndMetadata::from(value))).collect())
    }

    /// How severe its alerts are unless a row says otherwise.
    pub fn severity(&self) -> Severity {
        self.header.severity.unwrap_or(Severity::Informational)
    }
}

/// Every job of the catalog, and what is wrong with those that cannot be read.
pub fn load(catalog: &Catalog, environment: &str) -> (Vec<Job>, Vec<Error>) {
    let views = catalog.views();
    let mut jobs = Vec::new();
    let mut errors = Vec::new();
    for (kind, folder) in [(Kind::Rollup, "rollups"), (Kind::Detection, "detections")] {
        for (id, text) in catalog.folder(folder) {
            match Job::parse(kind, id, text, &views, environment) {
                Ok(job) => jobs.push(job),
                Err(error) => errors.push(error),
            }
        }
    }
    (jobs, errors)
}

/// A parameter's value from text, of the kind that it has in the header of `id`'s file.
///
/// # Errors
/// `Usage` for a parameter that the header does not have, and for text of another kind.
pub fn named_value(id: &str, params: &BTreeMap<String, ScalarValue>, name: &str, text: &str) -> Result<ScalarValue> {
    let Some(known) = params.get(name) else {
        let names: Vec<&str> = params.keys().map(String::as_str).collect();
        return Err(Error::usage(format!("`{id}` has no parameter `{name}`; it has {}", names.join(", "))));
    };
    ScalarValue::try_from_string(text.to_owned(), &known.data_type())
        .map_err(|e| Error::usage(format!("`{name}` is of type {}: `{text}` is not", known.data_type())).caused_by(e))
}

/// A parameter's value as a header writes it.
pub fn scalar(value: &toml::Value) -> Option<ScalarValue> {
    match value {
        toml::Value::String(text) => Some(ScalarValue::Utf8(Some(text.clone()))),
        toml::Value::Integer(number) => Some(ScalarValue::Int64(Some(*number))),
        toml::Value::Float(number) => Some(ScalarValue::Float64(Some(*number))),
        toml::Value::Boolean(value) => Some(ScalarValue::Boolean(Some(*value))),
        _ => None,
    }
}

/// Those of `texts` (by name) whose names `text` has as words, directly or through another of them.
pub fn mentioned<'t>(text: &str, texts: &BTreeMap<&'t str, &'t str>) -> BTreeMap<&'t str, &'t str> {
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    let mut unread = vec![text];
    while let Some(text) = unread.pop() {
        let words: HashSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for (name, other) in texts {
            if words.contains(name) && found.insert(name, other).is_none() {
                unread.push(other);
            }
        }
    }
    found
}

/// Hash of the SQL with its header, of the views whose names it or they mention, and of the environment.
fn version(sql: &str, views: &BTreeMap<String, String>, environment: &str) -> String {
    let views = views.iter().map(|(name, view)| (name.as_str(), view.as_str())).collect();
    let used = mentioned(sql, &views);
    let mut hasher = Sha256::new();
    for part in [sql, environment].into_iter().chain(used.into_iter().flat_map(|(name, view)| [name, view])) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(&hasher.finalize()[..8])
}
