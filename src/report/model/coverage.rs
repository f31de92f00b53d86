//! What changed, and what could be seen: sources, quarantine, detections.

use serde::{Deserialize, Serialize};

use super::Time;

/// What runs changed of a detection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// The detection.
    pub detection_id: String,
    /// Alerts that were not there.
    pub new: u64,
    /// Alerts that say something else.
    pub changed: u64,
    /// Alerts that are no more.
    pub retracted: u64,
}

/// An alert that a run changed or took back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// `changed` or `retracted`.
    pub change: String,
    /// When.
    pub change_time: Time,
    /// Why the interval ran.
    #[serde(default)]
    pub reason: Option<String>,
    /// The case.
    pub case_id: String,
    /// The detection.
    pub detection_id: String,
    /// How severe.
    #[serde(default)]
    pub severity: Option<String>,
    /// Whom it is or was about.
    #[serde(default)]
    pub entity_id: Option<String>,
    /// Its interval.
    pub interval_start: Time,
    /// Its sentence; of a retracted one as it was.
    #[serde(default)]
    pub summary: Option<String>,
    /// How many there are.
    #[serde(default, skip_serializing)]
    pub total: u64,
}

/// What a source delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub source: String,
    /// `delivers`, `silent`, `late`, `read later` (long after, as when a lake is filled with history), `quiet` or `ended`.
    #[serde(default)]
    pub state: String,
    /// The hour of its last event.
    pub last_hour: Time,
    /// Events of the day.
    pub events_day: u64,
    /// Events of the weeks.
    pub events: u64,
    /// Of these, acts that no mapping names.
    pub other: u64,
    /// Usual seconds from an act to the lake in the last seven days.
    #[serde(default)]
    pub lateness_secs: Option<f64>,
    /// Days with events, since 1970-01-01.
    #[serde(default)]
    pub days: Vec<i64>,
    /// Events of these days.
    #[serde(default)]
    pub day_events: Vec<u64>,
    /// Days that were not seen whole.
    #[serde(default)]
    pub silent_days: Vec<i64>,
    /// Whether the day itself was not.
    pub silent_now: bool,
}

/// Lines that could not be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Quarantined {
    /// Whose.
    pub source: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many lines.
    #[serde(default)]
    pub lines: Option<u64>,
    /// In how many objects.
    pub objects: u64,
    /// The first of them.
    #[serde(default)]
    pub first_object: Option<String>,
    /// And its line.
    #[serde(default)]
    pub first_line: Option<i64>,
}

/// A detection, and what it did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Detection {
    /// Its id.
    pub detection_id: String,
    /// Its title.
    pub title: String,
    /// What it answers for.
    pub techniques: Vec<String>,
    /// Alerts of the weeks.
    pub alerts: u64,
    /// Cases of the weeks.
    pub cases: u64,
    /// Of the alerts, those with too little history.
    pub learning: u64,
    /// Whether its alerts are meant for a person.
    pub delivers: bool,
    /// When it last ran.
    pub last_run: Option<Time>,
    /// Runs of the last day that failed.
    pub failed: u64,
    /// Why it cannot fire, if it cannot.
    pub blind: Option<String>,
    /// What it cannot see.
    pub known_gaps: Option<String>,
    /// Closed as what the alert says, and wrong.
    pub right: u64,
    /// Closed as allowed.
    pub benign: u64,
    /// Closed as not what the alert says.
    pub wrong: u64,
}
