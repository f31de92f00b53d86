//! Alerts: what a detection's rows become, how they are told apart, and what changed since the last answer.

pub mod actions;
pub mod changes;
pub mod evidence;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, TimestampMicrosecondType};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::event::Micros;
use crate::interval::date_text;
use crate::jobs::{Job, Severity, rows::interval_starts};
use crate::lake::columns::time_type;
use crate::lake::tables;
use crate::policy::Policy;
use evidence::Evidence;

/// One thing for a person to look at. Columns of the table `alerts` under the same names.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/alerts.md")]
pub struct Alert {
    pub alert_id: String,
    pub case_id: String,
    pub severity: Severity,
    pub risk_score: i64,
    pub entity_id: String,
    pub alert_key: String,
    pub group_name: Option<String>,
    pub interval_start: Micros,
    pub first_event_time: Option<Micros>,
    pub last_event_time: Option<Micros>,
    pub observed: Option<f64>,
    pub expected: Option<f64>,
    pub spread: Option<f64>,
    pub score: Option<f64>,
    pub p_value: Option<f64>,
    pub history_days: Option<i64>,
    pub peers: Option<i64>,
    pub status: String,
    pub summary: String,
    pub evidence: Vec<Evidence>,
    pub evidence_ids: Vec<String>,
    pub evidence_total: i64,
    pub fingerprint: Option<String>,
}

/// Events an alert names at most; the total stands beside them.
pub const EVIDENCE_MAX: usize = 50;

/// Columns of a detection's SELECT that become columns of the alert. The first three must be there.
pub const COLUMNS: [&str; 19] = [
    "entity_id",
    "interval_time",
    "summary",
    "alert_key",
    "group_name",
    "severity",
    "risk_score",
    "first_event_time",
    "last_event_time",
    "observed",
    "expected",
    "spread",
    "score",
    "p_value",
    "history_days",
    "peers",
    "status",
    "evidence_ids",
    "fingerprint",
];

/// Reads a detection's answer: rows of groups that are not watched and of entities with an exception are left out.
pub fn from_answer(job: &Job, batches: &[RecordBatch], policy: &Policy, pseudonym: &dyn Fn(&str) -> String) -> Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    for batch in batches {
        let columns = Columns::of(batch, job)?;
        for row in 0..batch.num_rows() {
            let alert = columns.alert(row, job)?;
            let group = alert.group_name.as_deref().unwrap_or("Unknown");
            let watched = policy.is_monitored(&job.id, group, alert.interval_start);
            let excepted = policy.is_excepted(&job.id, &[&alert.entity_id, &alert.alert_key], alert.interval_start, pseudonym);
            if watched && !excepted {
                alerts.push(alert);
            }
        }
    }
    alerts.sort_by(|a, b| (a.interval_start, &a.alert_id).cmp(&(b.interval_start, &b.alert_id)));
    // The detection's own key tells its alerts of one entity and interval apart; two rows with one key are one alert.
    alerts.dedup_by(|a, b| a.alert_id == b.alert_id);
    Ok(alerts)
}

/// Text columns of the answer by name, cast once.
struct Columns<'b> {
    batch: &'b RecordBatch,
    starts: ArrayRef,
    cast: Vec<Option<ArrayRef>>,
}

impl<'b> Columns<'b> {
    fn of(batch: &'b RecordBatch, job: &Job) -> Result<Self> {
        for name in &COLUMNS[..3] {
            if batch.column_by_name(name).is_none() {
                return Err(Error::usage(format!("{}: the SELECT has no column `{name}`", job.path)));
            }
        }
        let list = DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)));
        let mut columns = Vec::new();
        for name in COLUMNS {
            let data_type = match name {
                "interval_time" | "first_event_time" | "last_event_time" => time_type(),
                "observed" | "expected" | "spread" | "score" | "p_value" => DataType::Float64,
                "risk_score" | "history_days" | "peers" => DataType::Int64,
                "evidence_ids" => list.clone(),
                _ => DataType::Utf8,
            };
            columns.push(batch.column_by_name(name).map(|column| cast(column, &data_type)).transpose()?);
        }
        Ok(Self { batch, starts: interval_starts(batch, job.interval)?, cast: columns })
    }

    fn column(&self, name: &str, row: usize) -> Option<&ArrayRef> {
        let at = COLUMNS.iter().position(|column| *column == name)?;
        self.cast[at].as_ref().filter(|column| column.is_valid(row))
    }

    fn text(&self, name: &str, row: usize) -> Option<String> {
        self.column(name, row).map(|column| column.as_string::<i32>().value(row).to_owned())
    }

    fn float(&self, name: &str, row: usize) -> Option<f64> {
        let value = self.column(name, row)?.as_primitive::<Float64Type>().value(row);
        value.is_finite().then(|| rounded(value))
    }

    fn int(&self, name: &str, row: usize) -> Option<i64> {
        Some(self.column(name, row)?.as_primitive::<Int64Type>().value(row))
    }

    fn time(&self, name: &str, row: usize) -> Option<Micros> {
        Some(self.column(name, row)?.as_primitive::<TimestampMicrosecondType>().value(row))
    }

    fn alert(&self, row: usize, job: &Job) -> Result<Alert> {
        let missing = |name: &str| Error::data(format!("{}: `{name}` is NULL in a row", job.path));
        let entity_id = self.text("entity_id", row).ok_or_else(|| missing("entity_id"))?;
        let alert_key = self.text("alert_key", row).unwrap_or_default();
        let starts = self.starts.as_primitive::<TimestampMicrosecondType>();
        if starts.is_null(row) {
            return Err(missing("interval_time"));
        }
        let interval_start = starts.value(row);
        let severity = self.text("severity", row).and_then(|text| Severity::parse(&text)).unwrap_or_else(|| job.severity());
        let score = self.float("score", row);
        let mut evidence_ids: Vec<String> = match self.column("evidence_ids", row) {
            Some(column) => column.as_list::<i32>().value(row).as_string::<i32>().iter().flatten().map(str::to_owned).collect(),
            None => Vec::new(),
        };
        evidence_ids.dedup();
        let total = evidence_ids.len();
        let start = interval_start.to_string();
        Ok(Alert {
            alert_id: digest(&[&job.id, &entity_id, &alert_key, &start]),
            case_id: digest(&[&job.id, &entity_id, &alert_key]),
            severity,
            risk_score: self.int("risk_score", row).unwrap_or_else(|| risk(severity, score)).clamp(0, 100),
            group_name: self.text("group_name", row),
            interval_start,
            first_event_time: self.time("first_event_time", row),
            last_event_time: self.time("last_event_time", row),
            observed: self.float("observed", row),
            expected: self.float("expected", row),
            spread: self.float("spread", row),
            score,
            p_value: self.float("p_value", row),
            history_days: self.int("history_days", row),
            peers: self.int("peers", row),
            status: self.text("status", row).unwrap_or_else(|| "firing".into()),
            summary: self.text("summary", row).ok_or_else(|| missing("summary"))?,
            evidence: Vec::new(),
            evidence_ids,
            evidence_total: i64::try_from(total).unwrap_or(i64::MAX),
            fingerprint: self.text("fingerprint", row),
            entity_id,
            alert_key,
        })
        .inspect(|_| debug_assert!(row < self.batch.num_rows()))
    }
}

/// A score's share of the risk: severity gives the base, the distance from what was expected up to 25 more.
fn risk(severity: Severity, score: Option<f64>) -> i64 {
    let base = match severity {
        Severity::High => 70.0,
        Severity::Medium => 45.0,
        Severity::Low => 20.0,
        Severity::Informational => 5.0,
    };
    let surprise = score.map_or(0.0, |score| 25.0 * (1.0 - (-score.max(0.0) / 10.0).exp()));
    (base + surprise).round() as i64
}

/// Six significant digits: what a sum's order of addition cannot change.
pub fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 5 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits.clamp(-300, 300));
    (value * scale).round() / scale
}

/// A hash of parts, each preceded by its length in bytes as eight little-endian bytes: SHA-256, the first 16 bytes in hex.
pub fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(&hasher.finalize()[..16])
}

impl Alert {
    /// What a receiver of alerts is told again for: id, severity, status and tens of risk.
    pub fn payload_hash(&self) -> String {
        digest(&[&self.alert_id, self.severity.as_str(), &self.status, &(self.risk_score / 10).to_string()])
    }

    /// The first day of the month of its interval, `2026-03`.
    fn month(&self) -> String {
        date_text(crate::interval::date_of(self.interval_start)).chars().take(7).collect()
    }
}

/// The alerts as rows of the table.
pub fn batch(job: &Job, alerts: &[Alert]) -> Result<RecordBatch> {
    let schema = tables::alerts().schema;
    let mut columns = Vec::new();
    for field in schema.fields() {
        columns.push(column(field, job, alerts)?);
    }
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn column(field: &Field, job: &Job, alerts: &[Alert]) -> Result<ArrayRef> {
    let text = |of: &dyn Fn(&Alert) -> Option<String>| -> ArrayRef {
        let mut builder = StringBuilder::new();
        alerts.iter().for_each(|alert| builder.append_option(of(alert)));
        Arc::new(builder.finish())
    };
    let float = |of: &dyn Fn(&Alert) -> Option<f64>| -> ArrayRef {
        let mut builder = Float64Builder::new();
        alerts.iter().for_each(|alert| builder.append_option(of(alert)));
        Arc::new(builder.finish())
    };
    let int = |of: &dyn Fn(&Alert) -> Option<i64>| -> ArrayRef {
        let mut builder = Int64Builder::new();
        alerts.iter().for_each(|alert| builder.append_option(of(alert)));
        Arc::new(builder.finish())
    };
    let time = |of: &dyn Fn(&Alert) -> Option<Micros>| -> ArrayRef {
        let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        alerts.iter().for_each(|alert| builder.append_option(of(alert)));
        Arc::new(builder.finish())
    };
    Ok(match field.name().as_str() {
        "alert_id" => text(&|a| Some(a.alert_id.clone())),
        "case_id" => text(&|a| Some(a.case_id.clone())),
        "detection_id" => text(&|_| Some(job.id.clone())),
        "detection_version" => text(&|_| Some(job.version.clone())),
        "severity" => text(&|a| Some(a.severity.as_str().to_owned())),
        "risk_score" => int(&|a| Some(a.risk_score)),
        "techniques" => {
            let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
            for _ in alerts {
                job.header.techniques.iter().for_each(|technique| builder.values().append_value(technique));
                builder.append(true);
            }
            Arc::new(builder.finish())
        }
        "entity_type" => text(&|_| job.header.entity.clone()),
        "entity_id" => text(&|a| Some(a.entity_id.clone())),
        "alert_key" => text(&|a| Some(a.alert_key.clone())),
        "group_name" => text(&|a| a.group_name.clone()),
        "interval_start" => time(&|a| Some(a.interval_start)),
        "interval_end" => time(&|a| Some(a.interval_start + job.interval)),
        "first_event_time" => time(&|a| a.first_event_time),
        "last_event_time" => time(&|a| a.last_event_time),
        "observed" => float(&|a| a.observed),
        "expected" => float(&|a| a.expected),
        "spread" => float(&|a| a.spread),
        "score" => float(&|a| a.score),
        "p_value" => float(&|a| a.p_value),
        "history_days" => int(&|a| a.history_days),
        "peers" => int(&|a| a.peers),
        "status" => text(&|a| Some(a.status.clone())),
        "summary" => text(&|a| Some(a.summary.clone())),
        "evidence" => evidence::column(field, alerts)?,
        "evidence_total" => int(&|a| Some(a.evidence_total)),
        "fingerprint" => text(&|a| a.fingerprint.clone()),
        "payload_hash" => text(&|a| Some(a.payload_hash())),
        "month" => text(&|a| Some(a.month())),
        other => return Err(Error::internal(format!("the table of alerts has a column `{other}` that nothing fills"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_have_their_golden_values() {
        assert_eq!(digest(&["bulk_download", "p_1", "", "0"]), "32e026273b80e50a51e897872ae305ec");
        assert_eq!(digest(&["credential_in_message", "p_0f", "C1 äß", "1772000000000000"]), "d7d34f8a2454a35fb6b0dcb41b7bc965");
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }

    #[test]
    fn measures_keep_six_digits() {
        for (value, expected) in [(123_456.789, 123_457.0), (0.000_123_456_789, 0.000_123_457), (-1.0, -1.0), (f64::NAN, 0.0), (0.0, 0.0)] {
            assert!((rounded(value) - expected).abs() < 1e-12, "{value}");
        }
    }
}
