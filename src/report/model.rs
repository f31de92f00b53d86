//! What stands in a report, whatever it is written as. This is the document that `--format json` prints.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::{DAY, Micros};
use crate::interval::time_text;
use crate::sources::time;

/// An instant: microseconds here, RFC 3339 in documents and in the engine's answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Micros);

impl Time {
    /// Days since 1970-01-01.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time_text(self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        time::parse(&text).map(Self).ok_or_else(|| serde::de::Error::custom("this is no time"))
    }
}

/// The report of a day.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The day, `2026-03-02` in UTC.
    pub date: String,
    /// Days since 1970-01-01.
    #[serde(skip)]
    pub day: i64,
    /// First instant of the four weeks that are looked at.
    pub from: Time,
    /// First instant after the day.
    pub to: Time,
    /// When it was made; runs of the 24 hours before are told.
    pub as_of: Time,
    /// What is not there at all, and what to do about it.
    pub missing: Vec<Missing>,
    /// What needs a look and why, in sentences.
    pub sentences: Vec<String>,
    /// The cases to look at first.
    pub first: Vec<First>,
    /// The counts on top.
    pub counts: Counts,
    /// Alerts of each day.
    pub days: Vec<DayAlerts>,
    /// People by risk.
    pub people: Vec<Person>,
    /// People with any risk; more than are listed, maybe.
    pub people_total: u64,
    /// Open cases, the most pressing first. Those from the first on that have no `detail` are told in a line.
    pub open: Vec<Case>,
    /// Open cases of detections that have too little history to be sure.
    pub learning: Vec<Case>,
    /// Cases that were closed or suppressed.
    pub done: Vec<Case>,
    /// Cases beyond what is read.
    pub cases_left_out: u64,
    /// Secrets that stand or stood somewhere in the weeks, counted by kind and place.
    pub credentials: Vec<CredentialCount>,
    /// How long secrets of the weeks stood until they were removed.
    pub removals: Vec<Removal>,
    /// The secrets that still stand and that most people could see since.
    pub standing: Vec<Exposure>,
    /// When people are active, by weekday and hour.
    pub hours: Vec<HourCell>,
    /// What groups of five people or more do.
    pub groups: Vec<Group>,
    /// What the runs of the last day changed, by detection.
    pub changes: Vec<Change>,
    /// Alerts that those runs changed or took back.
    pub changed: Vec<Changed>,
    /// How many of these there are.
    pub changed_total: u64,
    /// What each source delivered.
    pub sources: Vec<Source>,
    /// What could not be read.
    pub quarantine: Vec<Quarantined>,
    /// What each detection did, and whether it can.
    pub detections: Vec<Detection>,
    /// What is switched off, why and by whom.
    pub switched_off: Vec<String>,
}

/// Something without which the report says little.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// What.
    pub what: String,
    /// What to do.
    pub todo: String,
}

/// A case to look at first.
#[derive(Debug, Clone, Serialize)]
pub struct First {
    /// The case.
    pub case_id: String,
    /// Who, in words.
    pub who: String,
    /// What, in a sentence.
    pub what: String,
    /// Why it stands here.
    pub why: String,
}

/// The counts on top of the page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Open cases of severity high.
    pub open_high: usize,
    /// Open cases.
    pub open: usize,
    /// Open cases whose first alert lies on the day or the day before.
    pub new: usize,
    /// Secrets that still stand where they were posted.
    pub standing: usize,
    /// Sources that were silent on the day.
    pub silent_sources: usize,
    /// Detections that cannot fire.
    pub blind_detections: usize,
    /// Events in the lake.
    pub events: u64,
}

/// Alerts of one day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DayAlerts {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Of severity high.
    pub high: u64,
    /// Of the others.
    pub other: u64,
}

/// A person with what lies against them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// The pseudonym.
    pub person_id: String,
    /// The name, on pages that show names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The group.
    pub group_name: Option<String>,
    /// The view `person_risk` on the day.
    pub risk: f64,
    /// Whether the person leaves.
    pub leaves: bool,
    /// Cases that count.
    pub cases: i64,
    /// Detections that fired.
    pub detections: Vec<String>,
    /// Days since 1970-01-01 with a risk, and the risk.
    #[serde(default)]
    pub history: Vec<(i64, f64)>,
}

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

/// Secrets of a kind in a kind of place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CredentialCount {
    /// What they are.
    pub kind: String,
    /// What kind of place.
    pub place: String,
    /// Posted in the weeks.
    pub posted: usize,
    /// Of all, those that still stand.
    pub standing: usize,
}

/// How many secrets stood how long.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Removal {
    /// In words.
    pub after: String,
    /// How many.
    pub secrets: usize,
}

/// Acts in an hour of the week.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HourCell {
    /// 0 is Sunday.
    pub weekday: i64,
    /// 0–23, of people's own days.
    pub hour: i64,
    /// Acts; none where fewer than five people did something.
    #[serde(default)]
    pub events: Option<u64>,
}

/// What a group does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub group_name: String,
    /// People who did something.
    pub people: u64,
    /// Files they took in the last seven days.
    #[serde(default)]
    pub files_week: Option<f64>,
    /// Files a week in the three weeks before.
    #[serde(default)]
    pub files_usual: Option<f64>,
    /// Open cases.
    #[serde(default)]
    pub cases: usize,
}

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
    /// `delivers`, `silent`, `late`, `quiet` or `ended`.
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
