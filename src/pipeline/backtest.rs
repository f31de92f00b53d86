//! What a detection would have told over the past with other parameters, and which value of one meets a budget of alerts. Nothing
//! is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use datafusion::scalar::ScalarValue;
use serde::Serialize;

use super::judge::{Fired, Judgement, judged, read_labels};
use super::{Bittern, pseudonym};
use crate::alerts::{self, Alert};
use crate::error::{Error, Result};
use crate::event::{DAY, Micros};
use crate::interval::{Interval, date_of, date_text};
use crate::jobs::{Job, Kind};

/// Tries at most for one budget: doubling, then halving the gap, comes down to one in a thousand well before.
const TRIES_MAX: usize = 40;

/// What to try.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The stretch of event time; all that the lake holds if none.
    pub span: Option<Interval>,
    /// Values for parameters, as written.
    pub params: Vec<(String, String)>,
    /// At most so many alerts a week.
    pub budget: Option<f64>,
    /// The parameter to move for the budget; none takes the first whose name ends in `_min`, else in `_max`.
    pub vary: Option<String>,
}

/// Alerts of one day and group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Count {
    /// The day (UTC) of the intervals.
    pub day: String,
    /// The group of the people.
    pub group: String,
    /// Alerts.
    pub alerts: usize,
}

/// The value that meets a budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Met {
    /// The parameter.
    pub param: String,
    /// Its value.
    pub value: String,
    /// Alerts with it.
    pub alerts: usize,
    /// Alerts a week with it.
    pub per_week: f64,
}

/// What came of a backtest.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The detection.
    pub detection: String,
    /// First day.
    pub from: String,
    /// The day after the last.
    pub to: String,
    /// Every parameter with the value that was tried.
    pub params: BTreeMap<String, String>,
    /// Alerts of all days.
    pub alerts: usize,
    /// The same, a week in which there are events.
    pub per_week: f64,
    /// By day and group, days without alerts left out.
    pub counts: Vec<Count>,
    /// What labels say, if there are some.
    pub judgement: Option<Judgement>,
    /// What meets the budget, if one was asked for.
    pub budget: Option<Met>,
}

impl Bittern {
    /// Tries a detection over the past; rollups are read as they stand.
    ///
    /// # Errors
    /// `Usage` for a detection, parameter or value that is none, and for a budget that no value meets.
    pub async fn backtest(&mut self, detection: &str, settings: &Settings, labels: Option<&Path>) -> Result<Outcome> {
        self.healthy()?;
        let mut job = self.detection_named(detection)?.clone();
        for (name, value) in &settings.params {
            job = job.with_param(name, value)?;
        }
        let span = settings.span.or_else(|| self.extent()).ok_or_else(|| Error::usage("the lake holds no events yet"))?.aligned(DAY);
        let found = self.would_tell(&job, span).await?;
        let weeks = self.weeks_with_events(span);
        let per_week = |alerts: usize| alerts as f64 / weeks;
        let judgement = match labels {
            Some(path) => {
                let mine = read_labels(path)?.into_iter().filter(|label| label.detections.iter().any(|name| name == detection));
                Some(judged(mine.collect(), &self.as_fired(&job, &found)))
            }
            None => None,
        };
        let budget = match settings.budget {
            Some(budget) => {
                let param = self.varied(&job, settings.vary.as_deref())?;
                let (value, alerts) = self.within(&job, span, &param, budget * weeks, found.len()).await?;
                Some(Met { param, value: value.to_string(), alerts, per_week: per_week(alerts) })
            }
            None => None,
        };
        Ok(Outcome {
            detection: detection.to_owned(),
            from: date_text(date_of(span.start)),
            to: date_text(date_of(span.end)),
            params: job.params().iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
            alerts: found.len(),
            per_week: per_week(found.len()),
            counts: counts(&found),
            judgement,
            budget,
        })
    }

    /// The detection of that name.
    pub(super) fn detection_named(&self, name: &str) -> Result<&Job> {
        let mut detections = self.nodes.iter().map(|node| &node.job).filter(|job| job.kind == Kind::Detection);
        detections.clone().find(|job| job.id == name).ok_or_else(|| {
            let known: Vec<&str> = detections.by_ref().map(|job| job.id.as_str()).collect();
            Error::usage(format!("there is no detection `{name}`; there are {}", known.join(", ")))
        })
    }

    /// From the first event to the last.
    fn extent(&self) -> Option<Interval> {
        Some(Interval { start: self.occupied.first()?.start, end: self.occupied.last()?.end })
    }

    /// How many weeks the days with events make: a single old event must not thin out a rate. At least one day.
    fn weeks_with_events(&self, span: Interval) -> f64 {
        let inside = |part: &Interval| Interval { start: part.start.max(span.start), end: part.end.min(span.end) };
        let parts = self.occupied.iter().map(inside).filter(|part| part.start < part.end);
        let days: BTreeSet<Micros> = parts.flat_map(|part| part.tiles(DAY)).map(|day| day.start).collect();
        days.len().max(1) as f64 / 7.0
    }

    /// The alerts that a job gives over a span, without evidence.
    pub(super) async fn would_tell(&self, job: &Job, span: Interval) -> Result<Vec<Alert>> {
        let answer = self.answer(job, span).await?;
        alerts::from_answer(job, &answer, &self.policy, &|person| pseudonym(&self.key, person))
    }

    fn as_fired(&self, job: &Job, found: &[Alert]) -> Vec<Fired> {
        let people = self.policy.names();
        let behind: HashMap<String, &str> = people.keys().map(|person| (pseudonym(&self.key, person), person.as_str())).collect();
        let fired = |alert: &Alert| Fired {
            detection: job.id.clone(),
            person: behind.get(&alert.entity_id).map_or_else(String::new, |person| (*person).to_owned()),
            interval: Interval {
                start: alert.first_event_time.unwrap_or(alert.interval_start).min(alert.interval_start),
                end: alert.interval_start + job.interval,
            },
        };
        found.iter().filter(|alert| alert.status == "firing").map(fired).collect()
    }

    fn varied(&self, job: &Job, asked: Option<&str>) -> Result<String> {
        let number = |name: &str| matches!(job.params().get(name), Some(ScalarValue::Int64(_) | ScalarValue::Float64(_)));
        if let Some(name) = asked {
            return if number(name) { Ok(name.to_owned()) } else { Err(Error::usage(format!("`{name}` is no number of this detection"))) };
        }
        let ending = |suffix: &str| job.params().keys().find(|name| name.ends_with(suffix) && number(name)).cloned();
        ending("_min").or_else(|| ending("_max")).ok_or_else(|| Error::usage("this detection has no threshold: say which with --vary"))
    }

    /// The mildest value of a threshold with which at most so many alerts are left. A `_max` is lowered, everything else raised.
    async fn within(&self, job: &Job, span: Interval, param: &str, alerts_max: f64, now: usize) -> Result<(ScalarValue, usize)> {
        let start = job.params().get(param).cloned().unwrap_or(ScalarValue::Null);
        if now as f64 <= alerts_max {
            return Ok((start, now));
        }
        let scale = Scale::of(&start, param.ends_with("_max"));
        let (mut too_many, mut enough) = (0, None);
        let mut step = 1;
        for _ in 0..TRIES_MAX {
            let value = scale.value(step);
            let count = self.would_tell(&job.with_value(param, value.clone()), span).await?.len();
            if count as f64 <= alerts_max {
                enough = Some((step, value, count));
            } else {
                too_many = step;
            }
            step = match &enough {
                Some((found, ..)) if found - too_many <= 1 => break,
                Some((found, ..)) => too_many + (found - too_many) / 2,
                None => step * 2,
            };
        }
        let found = enough.map(|(_, value, count)| (value, count));
        found.ok_or_else(|| Error::usage(format!("no value of `{param}` leaves so few alerts: move another parameter with --vary")))
    }
}

/// Values of a threshold, from what it is on, stricter by each step: whole numbers by one, others by a hundredth of themselves.
struct Scale {
    start: ScalarValue,
    falls: bool,
}

impl Scale {
    fn of(start: &ScalarValue, falls: bool) -> Self {
        Self { start: start.clone(), falls }
    }

    fn value(&self, step: i64) -> ScalarValue {
        match self.start {
            ScalarValue::Int64(Some(start)) => ScalarValue::Int64(Some(if self.falls { start - step } else { start + step })),
            ScalarValue::Float64(Some(start)) => {
                let factor = 1.01_f64.powi(step.min(50_000) as i32);
                ScalarValue::Float64(Some(alerts::rounded(if self.falls { start / factor } else { start * factor })))
            }
            _ => self.start.clone(),
        }
    }
}

fn counts(found: &[Alert]) -> Vec<Count> {
    let mut by: BTreeMap<(String, String), usize> = BTreeMap::new();
    for alert in found {
        let group = alert.group_name.clone().unwrap_or_else(|| "Unknown".into());
        *by.entry((day(alert.interval_start), group)).or_default() += 1;
    }
    by.into_iter().map(|((day, group), alerts)| Count { day, group, alerts }).collect()
}

fn day(time: Micros) -> String {
    date_text(date_of(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_get_stricter_by_each_step() {
        let files = Scale::of(&ScalarValue::Int64(Some(20)), false);
        assert_eq!(files.value(3), ScalarValue::Int64(Some(23)));
        let p = Scale::of(&ScalarValue::Float64(Some(0.0001)), true);
        assert_eq!(p.value(1), ScalarValue::Float64(Some(0.000_099_009_9)));
    }
}
