//! The answers of the report's queries put together.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::scalar::ScalarValue;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::baseline::{self, Point, Unknown};
use super::blind::Holdings;
use super::chain::{self, Touched};
use super::model::case::{Case, Detail, Evidence, Exposure, PersonHour};
use super::model::coverage::{Change, Changed, Detection, Source};
use super::model::{Group, Person, Report, Time};
use super::queries::{Queries, Scope};
use super::summary::{self, Held};
use super::words;
use super::{Installation, Settings};
use crate::error::Result;
use crate::event::{DAY, Micros};
use crate::interval::{Interval, date_text};
use crate::jobs::Kind;

/// Weeks that the report looks at, in days: as long as `person_risk` remembers.
const DAYS: i64 = 28;
/// A source that was silent for so long has ended, as in `source_days`.
const ENDED_DAYS: i64 = 14;
/// Usual lateness from which a source is called late: a morning's report would miss what came in the evening.
const LATE_SECS: f64 = 6.0 * 3600.0;
/// From here on logs are not late, but were read long after: a lake that was filled with history.
const AFTERWARDS_SECS: f64 = 7.0 * 86_400.0;
/// Steps that the bar takes: queries.
const STEPS: u64 = 22;

/// Asks, and counts what was asked.
pub struct Asking<'a> {
    installation: &'a Installation<'a>,
    queries: Queries,
    progress: &'a ProgressBar,
}

impl Asking<'_> {
    /// The rows of a question.
    pub async fn rows<T: DeserializeOwned>(&self, id: &'static str, given: &[(&str, ScalarValue)]) -> Result<Vec<T>> {
        self.progress.set_message(id);
        let began = std::time::Instant::now();
        let rows = self.queries.rows(self.installation.context, id, given).await?;
        tracing::debug!(query = id, rows = rows.len(), millis = began.elapsed().as_millis(), "asked");
        self.progress.inc(1);
        Ok(rows)
    }
}

#[derive(Debug, Deserialize)]
struct RiskRow {
    #[serde(flatten)]
    person: Person,
    days: Vec<String>,
    risks: Vec<f64>,
    total: u64,
}

#[derive(Debug, Deserialize)]
struct NameRow {
    person_id: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Told {
    detection_id: String,
    alerts: u64,
    cases: u64,
    learning: u64,
}

#[derive(Debug, Deserialize)]
struct Verdicts {
    detection_id: String,
    right: u64,
    benign: u64,
    wrong: u64,
}

#[derive(Debug, Deserialize)]
struct Ran {
    job: String,
    #[serde(default)]
    last_time: Option<Time>,
    failed: u64,
}

#[derive(Debug, Deserialize)]
struct ActionRow {
    #[serde(default)]
    action: Option<String>,
}

/// A report of the settings' day with nothing in it, whoever is to be asked for it, and its weeks.
pub fn begun<'a>(
    installation: &'a Installation<'a>,
    settings: &Settings,
    progress: &'a ProgressBar,
) -> Result<(Asking<'a>, Report, Interval)> {
    let today = i32::try_from(installation.now.div_euclid(DAY)).unwrap_or_default();
    let day = settings.day.or(installation.last_day).unwrap_or(today);
    let end = (i64::from(day) + 1) * DAY;
    // What runs of the last day changed; of a day long past, those of the day after it.
    let as_of: Micros = if settings.day.is_some() { installation.now.min(end + DAY) } else { installation.now };
    let weeks = Interval { start: end - DAYS * DAY, end };
    let runs = Interval { start: as_of - DAY, end: as_of + 1 };
    let unwatched = installation.policy.unwatched(end - 1);
    let queries = Queries::read(installation.catalog, &Scope { weeks, runs, unwatched })?;
    let asking = Asking { installation, queries, progress };
    let report = Report {
        date: date_text(day),
        day: i64::from(day),
        from: Time(weeks.start),
        to: Time(weeks.end),
        as_of: Time(as_of),
        switched_off: installation.policy.switched_off(),
        ..Report::default()
    };
    Ok((asking, report, weeks))
}

/// Makes the report.
pub async fn gather(installation: &Installation<'_>, settings: &Settings, progress: &ProgressBar) -> Result<Report> {
    progress.set_length(STEPS);
    let (asking, mut report, weeks) = begun(installation, settings, progress)?;
    let held: Held = asking.rows("holdings", &[]).await?.pop().unwrap_or_default();
    report.counts.events = held.events;
    let names = if settings.names { names(&asking).await? } else { BTreeMap::new() };
    people(&asking, &mut report, &names).await?;
    cases(&asking, &mut report, &names).await?;
    let exposures = details(&asking, &mut report, settings, &names).await?;
    credentials(&mut report, &exposures);
    report.days = asking.rows("days", &[]).await?;
    report.hours = asking.rows("hours", &[]).await?;
    report.groups = groups(&asking, &report.open).await?;
    report.changes = asking.rows::<Change>("changes", &[]).await?;
    report.changed = asking.rows::<Changed>("changed", &[]).await?;
    report.changed_total = report.changed.first().map_or(0, |changed| changed.total);
    report.sources = sources(&asking, report.day).await?;
    report.quarantine = asking.rows("quarantine", &[]).await?;
    report.detections = detections(&asking, weeks).await?;
    report.missing = summary::missing(&held, &report, installation);
    summary::counts(&mut report, &exposures);
    if settings.aggregate {
        aggregate(&mut report);
    } else {
        summary::first(&mut report);
        report.sentences = summary::sentences(&report);
    }
    progress.finish_and_clear();
    Ok(report)
}

/// Takes away all that is about one person, once it is counted.
fn aggregate(report: &mut Report) {
    report.aggregate = true;
    report.people.clear();
    report.sentences = summary::sentences(report);
    for cases in [&mut report.open, &mut report.learning, &mut report.done] {
        cases.clear();
    }
    report.changed.clear();
    report.standing.clear();
}

/// Names by pseudonym.
pub async fn names(asking: &Asking<'_>) -> Result<BTreeMap<String, String>> {
    let rows: Vec<NameRow> = asking.rows("names", &[]).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.person_id, row.name?))).collect())
}

async fn people(asking: &Asking<'_>, report: &mut Report, names: &BTreeMap<String, String>) -> Result<()> {
    let rows: Vec<RiskRow> = asking.rows("people", &[]).await?;
    report.people_total = rows.first().map_or(0, |row| row.total);
    for row in rows {
        let day = |text: &str| Some(i64::from(text.parse::<chrono::NaiveDate>().ok()?.to_epoch_days()));
        let history = row.days.iter().zip(&row.risks).filter_map(|(text, risk)| Some((day(text)?, *risk))).collect();
        let name = names.get(&row.person.person_id).cloned();
        report.people.push(Person { history, name, ..row.person });
    }
    Ok(())
}

/// The cases, sorted into open ones, those still learning, and those that are done with.
pub async fn cases(asking: &Asking<'_>, report: &mut Report, names: &BTreeMap<String, String>) -> Result<()> {
    let rows: Vec<Case> = asking.rows("cases", &[]).await?;
    report.cases_left_out = rows.first().map_or(0, |case| case.total).saturating_sub(rows.len() as u64);
    let last = report.to.0 - 1;
    let headers: BTreeMap<&str, _> = asking.installation.nodes.iter().map(|node| (node.job.id.as_str(), &node.job.header)).collect();
    for mut case in rows {
        let header = headers.get(case.detection_id.as_str());
        let group = case.group_name.as_deref().unwrap_or("Unknown");
        // What is switched off by now is not told, whenever it fired; what is not meant for a person is counted alone.
        if !asking.installation.policy.is_monitored(&case.detection_id, group, last) || header.is_some_and(|header| !header.deliver) {
            continue;
        }
        case.title = header.map_or_else(|| words::plain(&case.detection_id), |header| header.title.clone());
        case.new = case.first_time.day() >= report.day - 1;
        case.name = names.get(&case.entity_id).cloned();
        match case.state.as_str() {
            "closed" | "suppressed" => report.done.push(case),
            _ if case.status == "learning" => report.learning.push(case),
            _ => report.open.push(case),
        }
    }
    let weight = |severity: &str| ["high", "medium", "low"].iter().position(|name| *name == severity).unwrap_or(3);
    report.open.sort_by_key(|case| (weight(&case.severity), !case.new, -case.risk, -case.last_time.0));
    let mut each: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &report.open {
        *each.entry(case.entity_id.as_str()).or_default() += 1;
    }
    let others: Vec<usize> =
        report.open.iter().map(|case| if case.entity_id == "nobody" { 0 } else { each[case.entity_id.as_str()] - 1 }).collect();
    let leaving: BTreeMap<&str, &Person> = report.people.iter().map(|person| (person.person_id.as_str(), person)).collect();
    for (case, others) in report.open.iter_mut().zip(others) {
        case.why = words::compared(case);
        case.why.extend(words::about(leaving.get(case.entity_id.as_str()).copied(), others));
    }
    Ok(())
}

/// What stands on the cards: charts, evidence, the way of a secret. Returns where secrets stand.
pub async fn details(
    asking: &Asking<'_>,
    report: &mut Report,
    settings: &Settings,
    names: &BTreeMap<String, String>,
) -> Result<Vec<Exposure>> {
    let shown = report.open.len().min(settings.cards_max);
    let joined = |of: &dyn Fn(&Case) -> Option<String>| {
        let found: BTreeSet<String> = report.open[..shown].iter().filter_map(of).collect();
        ScalarValue::from(found.into_iter().collect::<Vec<_>>().join(","))
    };
    let people = joined(&|case| Some(case.entity_id.clone()));
    let by_hours = joined(&|case| (case.detection_id == "unusual_hours").then(|| case.entity_id.clone()));
    let secrets = joined(&|case| case.fingerprint.clone());
    let alerts = joined(&|case| Some(case.alert_id.clone()));
    let exposures: Vec<Exposure> = asking.rows("exposures", &[("fingerprints", secrets.clone())]).await?;
    if shown == 0 {
        return Ok(exposures);
    }
    let points = baseline::by_measure(asking.rows::<Point>("series", &[("people", people.clone())]).await?);
    let unknown: Vec<Unknown> = asking.rows("unknown", &[("people", people)]).await?;
    let hours: Vec<PersonHour> = asking.rows("person_hours", &[("people", by_hours)]).await?;
    let touched: Vec<Touched> = asking.rows("exposure_acts", &[("fingerprints", secrets)]).await?;
    let mut evidence: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
    for row in asking.rows::<Evidence>("evidence", &[("alerts", alerts)]).await? {
        evidence.entry(row.alert_id.clone()).or_default().push(row);
    }
    // A day that is not over yet does not make a secret older.
    let (to, last_day) = (report.until(), report.day);
    for case in &mut report.open[..shown] {
        let chain = case.fingerprint.as_ref().map_or_else(Vec::new, |secret| chain::steps(secret, &exposures, &touched, names, to));
        let hours = match case.detection_id.as_str() {
            "unusual_hours" => {
                let from = case.interval_start.day() - 14;
                hours.iter().filter(|hour| hour.person_id == case.entity_id && hour.day > from).cloned().collect()
            }
            _ => Vec::new(),
        };
        let series = baseline::series(case, &points, &unknown, last_day);
        case.detail = Some(Detail { series, hours, chain, evidence: evidence.remove(&case.alert_id).unwrap_or_default() });
    }
    Ok(exposures)
}

fn credentials(report: &mut Report, exposures: &[Exposure]) {
    report.credentials = chain::by_kind(exposures, report.from);
    report.removals = chain::removals(exposures, report.from);
    let mut standing: Vec<Exposure> = exposures.iter().filter(|exposure| exposure.removed_time.is_none()).cloned().collect();
    standing.sort_by_key(|exposure| (!exposure.channel_external, -exposure.active_after, exposure.first_posted_time));
    standing.truncate(10);
    report.standing = standing;
}

async fn groups(asking: &Asking<'_>, open: &[Case]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = asking.rows("groups", &[]).await?;
    for group in &mut groups {
        group.cases = open.iter().filter(|case| case.group_name.as_ref() == Some(&group.group_name)).count();
    }
    Ok(groups)
}

async fn sources(asking: &Asking<'_>, day: i64) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = asking.rows("sources", &[]).await?;
    for source in &mut sources {
        let quiet = day - source.last_hour.day();
        source.state = match () {
            () if quiet >= ENDED_DAYS => "ended",
            () if source.silent_now => "silent",
            () if source.lateness_secs.is_some_and(|secs| secs >= AFTERWARDS_SECS) => "read later",
            () if source.lateness_secs.is_some_and(|secs| secs >= LATE_SECS) => "late",
            () if source.events_day == 0 => "quiet",
            () => "delivers",
        }
        .to_owned();
    }
    let order = |state: &str| ["silent", "late", "quiet", "delivers", "read later", "ended"].iter().position(|name| *name == state);
    sources.sort_by(|a, b| (order(&a.state), &a.source).cmp(&(order(&b.state), &b.source)));
    Ok(sources)
}

async fn detections(asking: &Asking<'_>, weeks: Interval) -> Result<Vec<Detection>> {
    let told: Vec<Told> = asking.rows("detections", &[]).await?;
    let verdicts: Vec<Verdicts> = asking.rows("verdicts", &[]).await?;
    let ran: Vec<Ran> = asking.rows("runs", &[]).await?;
    let actions: Vec<ActionRow> = asking.rows("actions", &[]).await?;
    let mut holdings = Holdings::with(actions.into_iter().filter_map(|row| row.action));
    let mut found = Vec::new();
    for node in asking.installation.nodes.iter().filter(|node| node.job.kind == Kind::Detection) {
        let (id, header) = (&node.job.id, &node.job.header);
        let told = told.iter().find(|row| row.detection_id == *id);
        let verdict = verdicts.iter().find(|row| row.detection_id == *id);
        let ran = ran.iter().find(|row| row.job == *id);
        // What told something can; the others are asked.
        let blind = match told {
            Some(_) => None,
            None => holdings.blind(asking.installation.context, node, weeks).await?,
        };
        found.push(Detection {
            detection_id: id.clone(),
            title: header.title.clone(),
            techniques: header.techniques.clone(),
            alerts: told.map_or(0, |row| row.alerts),
            cases: told.map_or(0, |row| row.cases),
            learning: told.map_or(0, |row| row.learning),
            delivers: header.deliver,
            last_run: ran.and_then(|row| row.last_time),
            failed: ran.map_or(0, |row| row.failed),
            blind,
            known_gaps: header.known_gaps.clone(),
            right: verdict.map_or(0, |row| row.right),
            benign: verdict.map_or(0, |row| row.benign),
            wrong: verdict.map_or(0, |row| row.wrong),
        });
    }
    found.sort_by(|a, b| (b.cases, &a.detection_id).cmp(&(a.cases, &b.detection_id)));
    Ok(found)
}
