//! What stands in a report, whatever it is written as. This is the document that `--format json` prints.

pub mod case;
pub mod coverage;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use case::{Case, Exposure};
use coverage::{Change, Changed, Detection, Quarantined, Source};

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
    /// Whether single people and cases are left out.
    pub aggregate: bool,
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

impl Report {
    /// Until when things are counted: the end of the day, or when the report was made if that is before.
    pub fn until(&self) -> Time {
        self.to.min(self.as_of)
    }
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
