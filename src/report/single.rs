//! One case with everything that is known of it: its card, what else fired about the same person, and their last thirty days.

use std::collections::BTreeMap;

use datafusion::scalar::ScalarValue;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::gather::{begun, cases, details, names};
use super::model::case::Case;
use super::{Installation, Settings};
use crate::error::Result;

/// Days of a person that are shown.
const DAYS: i64 = 30;

/// A case, and what is around it.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The case, with its card.
    pub case: Case,
    /// Other cases about the same person or thing in four weeks up to it, the riskiest first.
    pub others: Vec<Case>,
    /// What the person did in the thirty days up to it.
    pub acts: Vec<Acts>,
    /// What the detection cannot see.
    pub known_gaps: Option<String>,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
}

/// Acts of a kind in thirty days.
#[derive(Debug, Clone, Serialize)]
pub struct Acts {
    /// The kind.
    pub action: String,
    /// How many.
    pub events: f64,
    /// Of each day, up to the case's.
    pub days: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct ActRow {
    action: String,
    day: i64,
    events: f64,
}

/// The case as of its newest alert's day (`settings.day`); `None` if that day's report does not know it.
///
/// # Errors
/// `Usage` for a file of `sql/reports` that is wrong.
pub async fn told(installation: &Installation<'_>, settings: &Settings, case_id: &str) -> Result<Option<Told>> {
    let hidden = ProgressBar::hidden();
    let (asking, mut report, _) = begun(installation, settings, &hidden)?;
    let named = if settings.names { names(&asking).await? } else { BTreeMap::new() };
    cases(&asking, &mut report, &named).await?;
    let mut all = std::mem::take(&mut report.open);
    all.append(&mut report.learning);
    all.append(&mut report.done);
    let Some(at) = all.iter().position(|case| case.case_id == case_id) else { return Ok(None) };
    let case = all.remove(at);
    let mut others: Vec<Case> = all.into_iter().filter(|other| other.entity_id == case.entity_id && case.entity_id != "nobody").collect();
    others.sort_by_key(|other| (-other.risk, -other.last_time.0));
    let person = ScalarValue::from(case.entity_id.as_str());
    report.open = vec![case];
    details(&asking, &mut report, &Settings { cards_max: 1, ..settings.clone() }, &named).await?;
    let Some(case) = report.open.pop() else { return Ok(None) };
    let mut acts: BTreeMap<String, Acts> = BTreeMap::new();
    let first = report.day - DAYS + 1;
    for row in asking.rows::<ActRow>("person_days", &[("person", person)]).await? {
        let Some(day) = usize::try_from(row.day - first).ok().filter(|day| *day < DAYS as usize) else { continue };
        let entry = acts.entry(row.action.clone());
        let acts = entry.or_insert_with(|| Acts { action: row.action, events: 0.0, days: vec![0.0; DAYS as usize] });
        acts.events += row.events;
        acts.days[day] += row.events;
    }
    let mut acts: Vec<Acts> = acts.into_values().collect();
    acts.sort_by(|a, b| b.events.total_cmp(&a.events).then_with(|| a.action.cmp(&b.action)));
    let node = installation.nodes.iter().find(|node| node.job.id == case.detection_id);
    let params = node.map(|node| node.job.params().iter().map(|(name, value)| (name.clone(), value.to_string())).collect());
    Ok(Some(Told {
        others,
        acts,
        known_gaps: node.and_then(|node| node.job.header.known_gaps.clone()),
        params: params.unwrap_or_default(),
        case,
    }))
}
