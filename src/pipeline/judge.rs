//! Alerts beside labels: which planted incidents were found, and which alerts nothing was planted for.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use serde::{Deserialize, Serialize};

use super::Bittern;
use crate::error::{Error, Result};
use crate::event::DAY;
use crate::interval::Interval;
use crate::sources::time;

/// A planted incident, a line of `labels.jsonl`.
#[derive(Debug, Clone, Deserialize)]
pub struct Label {
    /// Its number.
    pub incident_id: String,
    /// What kind of story it is.
    pub story: String,
    /// Whose.
    pub person: String,
    /// Detections that may answer for it.
    pub detections: Vec<String>,
    /// First and last event.
    pub start: String,
    /// See `start`.
    pub end: String,
    /// Multiple of the person's own rate.
    #[serde(default)]
    pub strength: f64,
    /// Whether the written rule says that it can be found.
    pub detectable: bool,
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// What became of one planted incident.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// Its number.
    pub incident_id: String,
    /// What kind of story it is.
    pub story: String,
    /// Multiple of the person's own rate.
    pub strength: f64,
    /// Whether it can be found by the written rule.
    pub detectable: bool,
    /// Detections that fired for it.
    pub found_by: Vec<String>,
}

/// How well alerts and labels meet.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Judgement {
    /// One for each incident.
    pub incidents: Vec<Verdict>,
    /// Incidents that can be found.
    pub detectable: usize,
    /// Of these, the found ones.
    pub found: usize,
    /// Alerts that are delivered.
    pub alerts: usize,
    /// Of these, alerts about a planted incident.
    pub right: usize,
    /// Alerts without a planted incident, by detection.
    pub false_alarms: BTreeMap<String, usize>,
}

impl Judgement {
    /// Found of what can be found, 0–1.
    pub fn recall(&self) -> f64 {
        if self.detectable == 0 { 1.0 } else { self.found as f64 / self.detectable as f64 }
    }

    /// Alerts about something planted, of all that are delivered, 0–1.
    pub fn precision(&self) -> f64 {
        if self.alerts == 0 { 1.0 } else { self.right as f64 / self.alerts as f64 }
    }
}

/// An alert as labels see it.
#[derive(Debug, Clone)]
pub struct Fired {
    /// The detection.
    pub detection: String,
    /// Whom it is about, as the policy names people; empty if nobody there.
    pub person: String,
    /// The alert's interval, from its first event on where that lies before.
    pub interval: Interval,
}

/// Compares the lake's alerts with a file of labels.
pub async fn judge(bittern: &Bittern, labels: &Path) -> Result<Judgement> {
    Ok(judged(read_labels(labels)?, &fired(bittern).await?))
}

/// Reads a file of labels, one JSON object a line.
///
/// # Errors
/// `Usage`, with the line, for a file that cannot be read or has something else.
pub fn read_labels(labels: &Path) -> Result<Vec<Label>> {
    let text = std::fs::read_to_string(labels).map_err(|e| Error::usage(format!("cannot read `{}`", labels.display())).caused_by(e))?;
    let mut planted = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let label: Label = serde_json::from_str(line)
            .map_err(|e| Error::usage(format!("{}:{}: not a label", labels.display(), number + 1)).caused_by(e))?;
        planted.push(label);
    }
    Ok(planted)
}

/// Compares alerts with what was planted.
pub fn judged(planted: Vec<Label>, fired: &[Fired]) -> Judgement {
    let mut judgement = Judgement { alerts: fired.len(), ..Judgement::default() };
    let mut right = vec![false; fired.len()];
    for label in planted {
        let (start, end) = (time::parse(&label.start).unwrap_or_default(), time::parse(&label.end).unwrap_or_default());
        let mut found_by = Vec::new();
        for (at, alert) in fired.iter().enumerate() {
            // A local day's interval may lie beside the UTC time of its events.
            let meets = alert.person == label.person && alert.interval.start - DAY / 2 <= end && start <= alert.interval.end + DAY / 2;
            if meets && label.detections.contains(&alert.detection) {
                right[at] = true;
                found_by.push(alert.detection.clone());
            }
        }
        found_by.sort();
        found_by.dedup();
        judgement.detectable += usize::from(label.detectable);
        judgement.found += usize::from(label.detectable && !found_by.is_empty());
        let Label { incident_id, story, strength, detectable, .. } = label;
        judgement.incidents.push(Verdict { incident_id, story, strength, detectable, found_by });
    }
    judgement.right = right.iter().filter(|right| **right).count();
    for (alert, _) in fired.iter().zip(&right).filter(|(_, right)| !**right) {
        *judgement.false_alarms.entry(alert.detection.clone()).or_default() += 1;
    }
    judgement
}

/// Delivered alerts with the person behind the pseudonym.
async fn fired(bittern: &Bittern) -> Result<Vec<Fired>> {
    let quiet: Vec<&str> = bittern.nodes.iter().filter(|node| !node.job.header.deliver).map(|node| node.job.id.as_str()).collect();
    // A review looks far back: it is about the time of its events.
    let sql = "SELECT a.detection_id, p.person, least(a.interval_start, a.first_event_time) AS since, a.interval_end
               FROM alerts a LEFT JOIN (SELECT DISTINCT person_id, person FROM policy_people) p ON a.entity_id = p.person_id
               WHERE a.status = 'firing'";
    let mut found = Vec::new();
    for batch in bittern.context.sql(sql).await?.collect().await? {
        let (detections, people) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let times = |at: usize, row: usize| batch.column(at).as_primitive::<TimestampMicrosecondType>().value(row);
        for row in 0..batch.num_rows() {
            let detection = detections.value(row).to_owned();
            if !quiet.contains(&detection.as_str()) {
                let person = if people.is_valid(row) { people.value(row).to_owned() } else { String::new() };
                found.push(Fired { detection, person, interval: Interval { start: times(2, row), end: times(3, row) } });
            }
        }
    }
    Ok(found)
}

/// Incidents by story: (story, detectable, planted, found).
pub fn by_story(judgement: &Judgement) -> Vec<(String, bool, usize, usize)> {
    let mut stories: HashMap<(String, bool), (usize, usize)> = HashMap::new();
    for verdict in &judgement.incidents {
        let counts = stories.entry((verdict.story.clone(), verdict.detectable)).or_default();
        counts.0 += 1;
        counts.1 += usize::from(!verdict.found_by.is_empty());
    }
    let mut rows: Vec<_> = stories.into_iter().map(|((story, detectable), (planted, found))| (story, detectable, planted, found)).collect();
    rows.sort();
    rows
}
