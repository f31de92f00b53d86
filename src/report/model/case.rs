//! A case as the report tells it: its newest alert, why that matters, and what stands on its card.

use serde::{Deserialize, Serialize};

use super::Time;

/// A case as of the day: its newest alert, and what was decided.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub case_id: String,
    /// Its newest alert.
    pub alert_id: String,
    /// The detection.
    pub detection_id: String,
    /// The detection's title.
    #[serde(default)]
    pub title: String,
    /// `open`, `acknowledged`, `closed` or `suppressed`.
    pub state: String,
    /// Of the newest alert.
    pub severity: String,
    /// `firing` or `learning`.
    pub status: String,
    /// The greatest of its alerts.
    pub risk: i64,
    /// What `entity_id` is.
    #[serde(default)]
    pub entity_type: Option<String>,
    /// Whom or what it is about.
    pub entity_id: String,
    /// The person's name, on pages that show names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What tells it from others of the same entity.
    #[serde(default)]
    pub alert_key: Option<String>,
    /// The person's group.
    #[serde(default)]
    pub group_name: Option<String>,
    /// Alerts up to the day.
    pub alerts: u64,
    /// When it began.
    pub first_time: Time,
    /// When something last belonged to it.
    pub last_time: Time,
    /// The newest alert's interval.
    pub interval_start: Time,
    /// What was counted.
    #[serde(default)]
    pub observed: Option<f64>,
    /// What was to be expected.
    #[serde(default)]
    pub expected: Option<f64>,
    /// How much that scatters.
    #[serde(default)]
    pub spread: Option<f64>,
    /// How likely so much or more is by the person's own history.
    #[serde(default)]
    pub p_value: Option<f64>,
    /// Days behind the expectation.
    #[serde(default)]
    pub history_days: Option<i64>,
    /// People compared with.
    #[serde(default)]
    pub peers: Option<i64>,
    /// The newest alert's sentence.
    pub summary: String,
    /// Events behind it.
    #[serde(default)]
    pub evidence_total: Option<i64>,
    /// The secret, keyed.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// What it answers for.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// How it ended.
    #[serde(default)]
    pub verdict: Option<String>,
    /// The last words about it.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whose they are.
    #[serde(default)]
    pub last_by: Option<String>,
    /// Whether it began on the day or the day before.
    #[serde(default)]
    pub new: bool,
    /// Why it matters, in sentences.
    #[serde(default)]
    pub why: Vec<String>,
    /// What stands on its card, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// Cases there are in all.
    #[serde(default, skip_serializing)]
    pub total: u64,
}

/// What a card shows besides the case itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Detail {
    /// What the person did a day.
    pub series: Option<Series>,
    /// What the person read at which hours.
    pub hours: Vec<PersonHour>,
    /// What became of the secret.
    pub chain: Vec<Step>,
    /// The first events.
    pub evidence: Vec<Evidence>,
}

/// A count a day, beside what was to be expected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What is counted, in words.
    pub measure: String,
    /// The first day, since 1970-01-01.
    pub first_day: i64,
    /// The day of the alert.
    pub alert_day: i64,
    /// Values from the first day on.
    pub values: Vec<f64>,
    /// Days of which nothing is known.
    pub unknown_days: Vec<i64>,
    /// Expected and spread, if they are of the same measure.
    pub band: Option<(f64, f64)>,
}

/// What a person read in an hour of their own day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonHour {
    /// The person.
    pub person_id: String,
    /// Days since 1970-01-01.
    pub day: i64,
    /// 0–23.
    pub hour: i64,
    /// Downloads, openings, searches.
    pub readings: u64,
}

/// A step of a secret's way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When; none for what is still so.
    pub time: Option<Time>,
    /// `posted`, `elsewhere`, `searched`, `opened`, `seen`, `removed` or `standing`.
    pub kind: String,
    /// What, in words.
    pub text: String,
}

/// An event behind an alert.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    /// The alert.
    #[serde(skip_serializing)]
    pub alert_id: String,
    /// When.
    #[serde(default)]
    pub event_time: Option<Time>,
    /// What was done.
    #[serde(default)]
    pub action: Option<String>,
    /// To what, masked.
    #[serde(default)]
    pub object: Option<String>,
}

/// Where a secret stands or stood.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exposure {
    /// The secret, keyed.
    pub fingerprint: String,
    /// What it is.
    #[serde(default)]
    pub kind: Option<String>,
    /// What of it may be shown.
    #[serde(default)]
    pub masked: Option<String>,
    /// The log.
    #[serde(default)]
    pub source: Option<String>,
    /// The place's name, or its id.
    #[serde(default)]
    pub channel: Option<String>,
    /// What kind of place.
    #[serde(default)]
    pub channel_type: Option<String>,
    /// Whether people outside can read there.
    #[serde(default)]
    pub channel_external: bool,
    /// When it was first posted there.
    pub first_posted_time: Time,
    /// Messages that hold it.
    pub messages: i64,
    /// Members then, as far as logs say.
    #[serde(default)]
    pub readers: Option<i64>,
    /// People who did something there from that day on.
    #[serde(default)]
    pub active_after: i64,
    /// Places it is in.
    pub places: i64,
    /// When the last message with it was removed.
    #[serde(default)]
    pub removed_time: Option<Time>,
}
