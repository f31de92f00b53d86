//! What a planted incident amounted to, and whether it can be found: the rules of `docs/detectability.md`, as code.

use std::collections::BTreeSet;
use std::io;

use crate::event::Micros;

use super::acts::{Exit, What};
use super::day::Entry;
use super::ids::{Form, Iso};
use super::json;
use super::output::Out;
use super::rhythm::HOUR;
use super::secrets::Kind;
use super::stories::{Medium, Story};
use super::words::{BENIGN_CREDENTIAL_SEARCHES, CREDENTIAL_SEARCHES};
use super::world::World;

/// Days of history without which nothing that depends on habits is called detectable.
const HISTORY_DAYS_MIN: usize = 14;
/// Files in a day below which no day is a bulk download.
const BULK_FILES_MIN: f64 = 20.0;
/// How many times the usual busiest day a bulk download is at least.
const BULK_FACTOR_MIN: f64 = 6.0;
/// Files in 28 days below which no month is a drip.
const DRIP_FILES_MIN: f64 = 60.0;
/// How many times the largest 28 days before it a drip's 28 days are at least.
const DRIP_FACTOR_MIN: f64 = 2.5;
/// Days of history before the first day of a drip.
const DRIP_HISTORY_DAYS_MIN: usize = 28;
/// Downloads and openings between midnight and five that make a night.
const NIGHT_ACTS_MIN: u32 = 8;
/// Searches for different credential terms in a day that make a hunt.
const SEARCHES_MIN: u32 = 8;
/// How many times the own busiest day of such searches a hunt is at least.
const SEARCH_FACTOR_MIN: u32 = 5;
/// Files written outside that make a transfer.
const TRANSFER_FILES_MIN: usize = 3;

/// A planted story with what became of it.
pub(super) struct Incident {
    pub(super) number: usize,
    pub(super) story: Story,
    pub(super) person: u32,
    pub(super) days: Vec<i32>,
    pub(super) strength: f64,
    pub(super) channel: Option<String>,
    /// Why nobody can see it, if nobody can.
    pub(super) blind: Option<&'static str>,
    first: Option<Micros>,
    last: Option<Micros>,
    events: usize,
    detectable: bool,
    why: String,
}

impl Incident {
    /// A story that has not happened yet.
    pub(super) fn new(number: usize, story: Story, person: u32, days: Vec<i32>, strength: f64) -> Self {
        Self {
            number,
            story,
            person,
            days,
            strength,
            channel: None,
            blind: None,
            first: None,
            last: None,
            events: 0,
            detectable: false,
            why: String::new(),
        }
    }

    /// Takes in what happened on one of its days: `told` is the story's own part.
    pub(super) fn judge(&mut self, told: &[&Entry], day: i32, facts: Facts, history: &History) {
        self.events += told.len();
        self.first = self.first.into_iter().chain(told.iter().map(|entry| entry.time)).min();
        self.last = self.last.into_iter().chain(told.iter().map(|entry| entry.time)).max();
        let (found, why) = self.rule(told, day, facts, history);
        // Of several days the first that can be found decides; without one, the last says why not.
        if !self.detectable {
            self.detectable = found && !told.is_empty();
            self.why = why;
        }
    }

    fn rule(&self, told: &[&Entry], day: i32, facts: Facts, history: &History) -> (bool, String) {
        let days = history.known_days();
        match self.story {
            Story::LeaverBulkDownload | Story::BulkDownload | Story::ApprovedExport => {
                let usual = history.busiest_usual_day();
                let needed = BULK_FILES_MIN.max(BULK_FACTOR_MIN * usual);
                let found = days >= HISTORY_DAYS_MIN && f64::from(facts.files) >= needed;
                (found, format!("{} files in a day; {needed} needed (95th percentile {usual} over {days} days)", facts.files))
            }
            Story::SlowDrip => {
                let first = self.days.first().copied().unwrap_or(day);
                let month = history.month(day) + f64::from(facts.files);
                let needed = DRIP_FILES_MIN.max(DRIP_FACTOR_MIN * history.busiest_month_before(first));
                let known = history.known_days_before(first);
                let why = format!("{month} files in 28 days; {needed} needed after {DRIP_HISTORY_DAYS_MIN} days, {known} known");
                (known >= DRIP_HISTORY_DAYS_MIN && month >= needed, why)
            }
            Story::OffScopeAccess => match self.blind {
                Some(why) => (false, why.into()),
                None => (true, format!("{} recorded acts in a channel of high sensitivity out of scope", told.len())),
            },
            Story::DownloadThenUsb | Story::DownloadThenCloud | Story::ExcusedTransfer => {
                let out = |entry: &&&Entry| matches!(entry.what, What::Endpoint { exit: Exit::OwnStick | Exit::OwnCloud, .. });
                // A download whose log was lost is none that anybody could compare with.
                let downloaded = told.iter().filter(|entry| entry.what.downloaded().is_some()).count();
                let written = told.iter().filter(out).count().min(downloaded);
                let found = written >= TRANSFER_FILES_MIN;
                (found, format!("{written} files written outside after their download; {TRANSFER_FILES_MIN} needed"))
            }
            Story::NightWork => {
                let found = facts.night >= NIGHT_ACTS_MIN && days >= HISTORY_DAYS_MIN && history.night == 0;
                let why = format!(
                    "{} downloads and openings between 00 and 05; {NIGHT_ACTS_MIN} needed, {} in {days} days before",
                    facts.night, history.night
                );
                (found, why)
            }
            Story::CredentialSearch => {
                let peak = history.search_peak;
                let found = facts.credential_searches >= SEARCHES_MIN.max(SEARCH_FACTOR_MIN * peak);
                (
                    found,
                    format!(
                        "{} credential terms searched in a day; {SEARCHES_MIN} and {SEARCH_FACTOR_MIN} times the peak of {peak} needed",
                        facts.credential_searches
                    ),
                )
            }
            Story::PastedSecret(kind, _) => (kind.is_detectable(), kind.describe().into()),
        }
    }

    /// Ids of the detections that may answer for it.
    fn detections(&self) -> &'static [&'static str] {
        match self.story {
            Story::LeaverBulkDownload | Story::BulkDownload => &["bulk_download", "leaver_review"],
            Story::SlowDrip => &["bulk_download", "slow_drip", "leaver_review"],
            Story::ApprovedExport => &["bulk_download"],
            Story::OffScopeAccess => &["sensitive_channel_access"],
            Story::DownloadThenUsb | Story::DownloadThenCloud => &["data_transfer", "leaver_review"],
            Story::ExcusedTransfer => &["data_transfer"],
            Story::NightWork => &["unusual_hours"],
            Story::CredentialSearch => &["credential_search_spike"],
            Story::PastedSecret(Kind::TokenInFileName, _) => &["credential_in_file", "credential_in_message"],
            Story::PastedSecret(_, Medium::SlackFile | Medium::SiteFile) => &["credential_in_file"],
            Story::PastedSecret(..) => &["credential_in_message"],
        }
    }
}

/// What a person did on one local day, as far as the rules ask.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    /// Different files downloaded by hand.
    files: u32,
    /// Downloads and openings between 00:00 and 05:00.
    night: u32,
    /// Different queries for credentials.
    credential_searches: u32,
}

impl Facts {
    /// Counts a day.
    pub(super) fn of<'e>(entries: impl Iterator<Item = &'e Entry>) -> Self {
        let mut files = BTreeSet::new();
        let mut queries = BTreeSet::new();
        let mut night = 0;
        for entry in entries {
            files.extend(entry.what.downloaded().map(super::acts::File::seed));
            if (0..5 * HOUR).contains(&entry.second) && entry.what.accessed().is_some() {
                night += 1;
            }
            if let What::M365Search { query } = &entry.what
                && (CREDENTIAL_SEARCHES.contains(&query.as_str()) || BENIGN_CREDENTIAL_SEARCHES.contains(&query.as_str()))
            {
                queries.insert(query.as_str());
            }
        }
        Self { files: files.len() as u32, night, credential_searches: queries.len() as u32 }
    }
}

#[cfg(test)]
impl Facts {
    /// Names of the rules that this day would break if it were a planted one.
    pub(super) fn broken(self, history: &History) -> Vec<&'static str> {
        let mut broken = Vec::new();
        let enough = history.known_days() >= HISTORY_DAYS_MIN;
        if enough && f64::from(self.files) >= BULK_FILES_MIN.max(BULK_FACTOR_MIN * history.busiest_usual_day()) {
            broken.push("bulk");
        }
        if enough && self.night >= NIGHT_ACTS_MIN && history.night == 0 {
            broken.push("night");
        }
        if self.credential_searches >= SEARCHES_MIN.max(SEARCH_FACTOR_MIN * history.search_peak) {
            broken.push("search");
        }
        broken
    }
}

/// What a person did on the days before, as far as the rules ask.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// Day and files, for days on which the person was employed and not away.
    files: Vec<(i32, u32)>,
    night: u32,
    search_peak: u32,
}

impl History {
    /// Adds a day.
    pub(super) fn add(&mut self, day: i32, facts: Facts) {
        self.files.push((day, facts.files));
        self.night += facts.night;
        self.search_peak = self.search_peak.max(facts.credential_searches);
    }

    fn known_days(&self) -> usize {
        self.files.len()
    }

    fn known_days_before(&self, day: i32) -> usize {
        self.files.iter().filter(|(at, _)| *at < day).count()
    }

    /// Files of the 27 days before `day`.
    fn month(&self, day: i32) -> f64 {
        self.files.iter().filter(|(at, _)| (day - 27..day).contains(at)).map(|(_, files)| f64::from(*files)).sum()
    }

    /// The most files of any 28 days that end before `day`.
    fn busiest_month_before(&self, day: i32) -> f64 {
        let ends = self.files.iter().filter(|(at, _)| *at < day);
        ends.map(|(at, files)| self.month(*at) + f64::from(*files)).fold(0.0, f64::max)
    }

    /// The 95th percentile (nearest rank) of files in a day.
    pub(super) fn busiest_usual_day(&self) -> f64 {
        let mut files: Vec<u32> = self.files.iter().map(|(_, files)| *files).collect();
        files.sort_unstable();
        let rank = (files.len() * 95).div_ceil(100);
        files.get(rank.saturating_sub(1)).map_or(0.0, |files| f64::from(*files))
    }

    /// Files a day before `day`, on average.
    pub(super) fn mean_before(&self, day: i32) -> f64 {
        let before: Vec<u32> = self.files.iter().filter(|(at, _)| *at < day).map(|(_, files)| *files).collect();
        if before.is_empty() { 0.0 } else { f64::from(before.iter().sum::<u32>()) / before.len() as f64 }
    }
}

/// Writes `labels.jsonl`; how many incidents there are and how many of them can be found.
pub(super) fn write(world: &World, incidents: &[Incident], out: &mut Out) -> io::Result<(u64, u64)> {
    let mut bytes = Vec::new();
    let mut counts = (0, 0);
    for incident in incidents {
        let (Some(first), Some(last)) = (incident.first, incident.last) else { continue };
        if !incident.story.is_incident() {
            continue;
        }
        counts.0 += 1;
        counts.1 += u64::from(incident.detectable);
        json::line(&mut bytes, |o| {
            o.text("incident_id", &format!("I{:05}", incident.number + 1));
            o.text("story", incident.story.as_str());
            o.text("person", &world.person(incident.person).key);
            o.list("detections", |l| incident.detections().iter().for_each(|detection| l.text(detection)));
            o.show("start", Iso(first, Form::Millis));
            o.show("end", Iso(last, Form::Millis));
            o.raw("strength", &incident.strength.to_string());
            o.bool("detectable", incident.detectable);
            o.text("why", &incident.why);
            o.maybe("channel", incident.channel.as_deref());
            o.int("events", incident.events as i64);
        });
    }
    out.write_file("labels.jsonl", &bytes)?;
    Ok(counts)
}
