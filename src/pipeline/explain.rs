//! Why a detection did or did not tell of a person on a day.
//!
//! No detection is written twice for it: its own SELECT is run with every threshold moved out of the way, and then once for each
//! threshold in its place. What makes the row go away is what kept the detection quiet.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use chrono::{NaiveDate, NaiveTime, TimeZone};
use datafusion::prelude::DataFrame;
use datafusion::scalar::ScalarValue;
use serde::Serialize;

use super::{Bittern, pseudonym};
use crate::alerts::{self, Alert};
use crate::error::{Error, Result};
use crate::event::{DAY, HOUR};
use crate::interval::Interval;
use crate::jobs::{Job, Kind};
use crate::lake::columns::utc;
use crate::policy::Policy;

/// Beyond every count, score and share there is.
const FAR: f64 = 1e9;

/// What a detection says of a person and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It tells of it.
    Firing,
    /// It tells of it, without enough history to be sure.
    Learning,
    /// It would, but the policy says not to.
    Silenced,
    /// It does not.
    Quiet,
}

/// Why.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The detection.
    pub detection: String,
    /// The person's pseudonym.
    pub entity_id: String,
    /// The local day.
    pub date: String,
    /// What it says.
    pub state: State,
    /// Why, in words; never empty.
    pub why: Vec<String>,
    /// Thresholds that keep it quiet, each by itself, with their values.
    pub stopped_by: BTreeMap<String, String>,
    /// What was counted.
    pub observed: Option<f64>,
    /// What was to be expected.
    pub expected: Option<f64>,
    /// How much that varies.
    pub spread: Option<f64>,
    /// How unlikely as much or more is.
    pub p_value: Option<f64>,
    /// Known days before.
    pub history_days: Option<i64>,
    /// What the alert says or would say.
    pub summary: Option<String>,
}

struct Who {
    entity_id: String,
    time_zone: chrono_tz::Tz,
    in_policy: bool,
}

impl Bittern {
    /// Explains some detections (all about people if none is named) for a person and one of their days.
    ///
    /// `person` is a key, name, address or account of the policy's people, any other account, or a pseudonym.
    ///
    /// # Errors
    /// `Usage` for a date that is none, a detection that there is not, and one that is not about people.
    pub async fn explain(&mut self, person: &str, date: &str, detections: &[String]) -> Result<Vec<Explained>> {
        self.healthy()?;
        let day: NaiveDate = date.parse().map_err(|_| Error::usage(format!("`{date}` is no date like 2026-03-02")))?;
        let who = self.who(person, day).await?;
        let about_people = |job: &&Job| job.kind == Kind::Detection && job.header.entity.as_deref() == Some("person_id");
        let jobs: Vec<Job> = if detections.is_empty() {
            self.nodes.iter().map(|node| &node.job).filter(about_people).cloned().collect()
        } else {
            detections.iter().map(|name| self.detection_named(name).cloned()).collect::<Result<_>>()?
        };
        let mut explained = Vec::new();
        for job in jobs {
            if !about_people(&&job) {
                return Err(Error::usage(format!("`{}` is not about people, so no person explains it", job.id)));
            }
            let found = self.explained(&job, &who, day).await.map_err(|e| e.context(format!("`{}` cannot be explained", job.id)))?;
            explained.push(found);
        }
        Ok(explained)
    }

    async fn explained(&self, job: &Job, who: &Who, day: NaiveDate) -> Result<Explained> {
        let span = span_of(job, who, day);
        let mut explained = Explained {
            detection: job.id.clone(),
            entity_id: who.entity_id.clone(),
            date: day.to_string(),
            state: State::Quiet,
            why: Vec::new(),
            stopped_by: BTreeMap::new(),
            observed: None,
            expected: None,
            spread: None,
            p_value: None,
            history_days: None,
            summary: None,
        };
        if let Some(alert) = self.rows_of(job, who, span).await?.into_iter().next() {
            explained.state = self.state(job, &alert, &mut explained.why);
            explained.take(&alert);
            return Ok(explained);
        }
        let (relaxed, rows) = self.relaxed(job, who, span).await?;
        match rows.into_iter().max_by(|a, b| a.observed.unwrap_or_default().total_cmp(&b.observed.unwrap_or_default())) {
            Some(alert) => {
                explained.take(&alert);
                for (name, value) in job.params() {
                    if relaxed.params().get(name) != Some(value)
                        && self.rows_of(&relaxed.with_value(name, value.clone()), who, span).await?.is_empty()
                    {
                        explained.why.push(format!("the threshold {name} = {value} is not passed"));
                        explained.stopped_by.insert(name.clone(), value.to_string());
                    }
                }
                if explained.why.is_empty() {
                    explained.why.push("each threshold alone is passed, all together are not".into());
                }
                if alert.status == "learning" {
                    explained.why.push("there is not enough history yet: only the ceilings hold".into());
                }
            }
            None => explained.why.push(self.acts_that_day(who, span).await?),
        }
        if let Some(approval) = self.approval(who, span).await? {
            explained.why.push(approval);
        }
        if !who.in_policy {
            explained.why.push("the account belongs to nobody in the policy: its group is Unknown, its days are UTC's".into());
        }
        Ok(explained)
    }

    /// A job's rows about the person, whatever the policy says of them.
    async fn rows_of(&self, job: &Job, who: &Who, span: Interval) -> Result<Vec<Alert>> {
        let answer = self.answer(job, span).await?;
        let open = Policy::from_texts(&BTreeMap::new());
        let mut rows = alerts::from_answer(job, &answer, &open, &|_| String::new())?;
        rows.retain(|row| row.entity_id == who.entity_id && (span.start..span.end).contains(&row.interval_start));
        Ok(rows)
    }

    /// Whether the policy lets an alert through, and why (not).
    fn state(&self, job: &Job, alert: &Alert, why: &mut Vec<String>) -> State {
        let group = alert.group_name.as_deref().unwrap_or("Unknown");
        if !self.policy.is_monitored(&job.id, group, alert.interval_start) {
            why.push(format!("it is switched off for the group {group}"));
        }
        let hidden = |person: &str| pseudonym(&self.key, person);
        if self.policy.is_excepted(&job.id, &[&alert.entity_id, &alert.alert_key], alert.interval_start, &hidden) {
            why.push("an exception of the policy holds".into());
        }
        if !why.is_empty() {
            return State::Silenced;
        }
        why.push(alert.summary.clone());
        if alert.status == "learning" { State::Learning } else { State::Firing }
    }

    /// The job with every threshold out of the way that can be moved (one that is also reckoned with may not), and its rows.
    async fn relaxed(&self, job: &Job, who: &Who, span: Interval) -> Result<(Job, Vec<Alert>)> {
        let mut relaxed = job.clone();
        for (name, value) in job.params() {
            if let Some(far) = far(name, value) {
                relaxed = relaxed.with_value(name, far);
            }
        }
        if let Ok(rows) = self.rows_of(&relaxed, who, span).await {
            return Ok((relaxed, rows));
        }
        // Unmoved, the job has no row: that is why it is to be explained.
        let mut found = (job.clone(), Vec::new());
        for (name, value) in job.params() {
            let Some(far) = far(name, value) else { continue };
            let tried = found.0.with_value(name, far);
            if let Ok(rows) = self.rows_of(&tried, who, span).await {
                found = (tried, rows);
            }
        }
        Ok(found)
    }

    async fn acts_that_day(&self, who: &Who, span: Interval) -> Result<String> {
        let sql = "SELECT action, count(*) AS acts FROM acts
                   WHERE person_id = $person AND event_time >= $start AND event_time < $end
                   GROUP BY action ORDER BY acts DESC, action LIMIT 5";
        let frame = self.asked(sql, who, span).await?;
        let mut acts = Vec::new();
        for batch in frame.collect().await? {
            let counts = batch.column(1).as_primitive::<Int64Type>();
            let names = batch.column(0).as_string::<i32>();
            acts.extend(names.iter().flatten().zip(counts.values()).map(|(name, count)| format!("{count} {name}")));
        }
        Ok(match acts.is_empty() {
            true => "no act of this person is recorded on that day".into(),
            false => format!("nothing of what it looks for was recorded; the day's acts: {}", acts.join(", ")),
        })
    }

    async fn approval(&self, who: &Who, span: Interval) -> Result<Option<String>> {
        let sql = "SELECT count(*) FROM policy_approvals WHERE person_id = $person AND valid_from < $end AND valid_to > $start";
        let batches = self.asked(sql, who, span).await?.collect().await?;
        let approved = batches.iter().any(|batch| batch.column(0).as_primitive::<Int64Type>().values().iter().any(|count| *count > 0));
        Ok(approved.then(|| "an approval of the policy holds for this person".into()))
    }

    async fn asked(&self, sql: &str, who: &Who, span: Interval) -> Result<DataFrame> {
        let values = vec![("person", ScalarValue::from(who.entity_id.as_str())), ("start", utc(span.start)), ("end", utc(span.end))];
        Ok(self.context.sql(sql).await?.with_param_values(values)?)
    }

    async fn who(&self, person: &str, day: NaiveDate) -> Result<Who> {
        let sql = "SELECT person_id, time_zone FROM identities
                   WHERE (identity = $person OR identity = lower($person) OR person = $person OR person_id = $person
                     OR lower(name) = lower($person))
                   ORDER BY valid_from <= $day AND valid_to > $day DESC, person_id LIMIT 1";
        let noon = day.and_time(NaiveTime::MIN).and_utc().timestamp_micros() + DAY / 2;
        let values = vec![("person", ScalarValue::from(person)), ("day", utc(noon))];
        for batch in self.context.sql(sql).await?.with_param_values(values)?.collect().await? {
            let (ids, zones) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            if batch.num_rows() > 0 && ids.is_valid(0) {
                let zone = if zones.is_valid(0) { zones.value(0) } else { "" };
                let time_zone = zone.parse().unwrap_or(chrono_tz::UTC);
                return Ok(Who { entity_id: ids.value(0).to_owned(), time_zone, in_policy: true });
            }
        }
        let account = if person.contains('@') { person.to_lowercase() } else { person.to_owned() };
        let entity_id = if person.starts_with("p_") { person.to_owned() } else { pseudonym(&self.key, &account) };
        Ok(Who { entity_id, time_zone: chrono_tz::UTC, in_policy: false })
    }
}

impl Explained {
    fn take(&mut self, alert: &Alert) {
        self.observed = alert.observed;
        self.expected = alert.expected;
        self.spread = alert.spread;
        self.p_value = alert.p_value;
        self.history_days = alert.history_days;
        self.summary = Some(alert.summary.clone());
    }
}

/// A job by days: the interval of that date. A job by hours: the hours of the person's day.
fn span_of(job: &Job, who: &Who, day: NaiveDate) -> Interval {
    let midnight = |date: NaiveDate| {
        let local = date.and_time(NaiveTime::MIN);
        who.time_zone
            .from_local_datetime(&local)
            .earliest()
            .map_or_else(|| local.and_utc().timestamp_micros(), |time| time.timestamp_micros())
    };
    if job.interval == DAY {
        let start = day.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        return Interval { start, end: start + DAY };
    }
    Interval { start: midnight(day), end: midnight(day.succ_opt().unwrap_or(day)) }.aligned(HOUR)
}

/// A threshold's value that stops nothing; `None` for what is no threshold.
fn far(name: &str, value: &ScalarValue) -> Option<ScalarValue> {
    let far = match name {
        _ if name.ends_with("_max") => FAR,
        _ if name.ends_with("_min") => -FAR,
        _ => return None,
    };
    match value {
        ScalarValue::Int64(_) => Some(ScalarValue::Int64(Some(far as i64))),
        ScalarValue::Float64(_) => Some(ScalarValue::Float64(Some(far))),
        _ => None,
    }
}
