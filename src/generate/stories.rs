//! Planted incidents: who does what on which days, and how strongly. [`super::telling`] does it; what of it can be found is judged in
//! [`super::labels`].

use chrono::TimeDelta;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::sources::Source;

use super::channels::Platform;
use super::ids::mix;
use super::labels::Incident;
use super::population::{Group, Person, Suite};
use super::rhythm::is_working_day;
use super::secrets::Kind;
use super::world::World;

/// Days without stories, so that everybody has a history.
const QUIET_DAYS: i32 = 16;

/// Working days of a slow drip that can be found.
const DRIP_DAYS: usize = 20;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    LeaverBulkDownload,
    BulkDownload,
    SlowDrip,
    OffScopeAccess,
    DownloadThenUsb,
    DownloadThenCloud,
    NightWork,
    CredentialSearch,
    PastedSecret(Kind, Medium),
    /// A large export that an approval allows: no incident.
    ApprovedExport,
    /// Writing to a stick that an exception allows: no incident.
    ExcusedTransfer,
}

/// Where a secret is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    SlackChannel,
    SlackDirect,
    SlackFile,
    Teams,
    SiteFile,
    Jira,
    Trello,
    Email,
}

impl Medium {
    fn source(self) -> Source {
        match self {
            Self::SlackChannel | Self::SlackDirect | Self::SlackFile => Source::SlackMessages,
            Self::Teams => Source::TeamsMessages,
            Self::SiteFile => Source::M365Audit,
            Self::Jira => Source::Jira,
            Self::Trello => Source::Trello,
            Self::Email => Source::Email,
        }
    }

    fn suits(self, person: &Person) -> bool {
        match self {
            Self::Teams | Self::SiteFile => person.suite == Suite::Microsoft,
            Self::Jira => matches!(person.group, Group::Research | Group::It),
            Self::Trello => person.group == Group::Sales,
            _ => true,
        }
    }
}

impl Story {
    /// The value of a label's `story`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::LeaverBulkDownload => "leaver_bulk_download",
            Self::BulkDownload => "bulk_download",
            Self::SlowDrip => "slow_drip",
            Self::OffScopeAccess => "off_scope_access",
            Self::DownloadThenUsb => "download_then_usb",
            Self::DownloadThenCloud => "download_then_cloud",
            Self::NightWork => "night_work",
            Self::CredentialSearch => "credential_search",
            Self::PastedSecret(..) => "pasted_secret",
            Self::ApprovedExport => "approved_export",
            Self::ExcusedTransfer => "excused_transfer",
        }
    }

    /// Whether this is an incident and not something that is allowed.
    pub(super) fn is_incident(self) -> bool {
        !matches!(self, Self::ApprovedExport | Self::ExcusedTransfer)
    }
}

/// The stories about a person's behaviour, each with its strengths in the order in which they are planted: the first can be
/// found, the second is too weak, the rest lie between and beyond.
const BEHAVIOUR: &[(Story, &[f64])] = &[
    (Story::LeaverBulkDownload, &[12.0, 2.0, 7.0, 3.5, 25.0]),
    (Story::BulkDownload, &[10.0, 2.5, 7.0, 4.0, 20.0]),
    (Story::SlowDrip, &[1.6, 1.3, 2.0, 3.0, 4.0, 6.0]),
    (Story::OffScopeAccess, &[6.0, 1.0, 3.0]),
    (Story::DownloadThenUsb, &[12.0, 2.0, 5.0]),
    (Story::DownloadThenCloud, &[8.0, 2.0, 4.0]),
    (Story::NightWork, &[14.0, 3.0, 9.0]),
    (Story::CredentialSearch, &[18.0, 4.0, 35.0, 10.0]),
];

/// What is pasted, and where.
const SECRETS: &[(Kind, Medium)] = &[
    (Kind::AwsKeyPair, Medium::SlackChannel),
    (Kind::WordPassword, Medium::SlackDirect),
    (Kind::GithubToken, Medium::SlackDirect),
    (Kind::PasswordFile, Medium::SlackFile),
    (Kind::UrlWithPassword, Medium::Teams),
    (Kind::Password, Medium::SlackDirect),
    (Kind::BarePassword, Medium::SlackDirect),
    (Kind::NpmToken, Medium::Jira),
    (Kind::PrivateKey, Medium::SlackChannel),
    (Kind::ConnectionString, Medium::Email),
    (Kind::SlackToken, Medium::SlackChannel),
    (Kind::StripeKey, Medium::Trello),
    (Kind::Picture, Medium::SlackFile),
    (Kind::PasswordFile, Medium::SiteFile),
    (Kind::GitlabToken, Medium::SlackChannel),
    (Kind::Password, Medium::Teams),
    (Kind::TokenInFileName, Medium::SlackFile),
    (Kind::GoogleApiKey, Medium::SlackDirect),
    (Kind::Password, Medium::Email),
    (Kind::PrivateKey, Medium::Teams),
    (Kind::WordPassword, Medium::Jira),
];

/// Chooses who does what and when. Leavers get their leaving date here.
pub(super) fn plan(world: &mut World) -> Vec<Incident> {
    let mut rng = ChaCha8Rng::seed_from_u64(mix(world.settings.seed, 0x5707));
    let mut incidents = Vec::new();
    let mut taken = vec![false; world.people.len()];
    // A story of each kind for a hundred people in six weeks, and at least two: one that can be found and one that cannot.
    let share = f64::from(world.settings.people) * f64::from(world.settings.days) / 4_200.0 * world.settings.incident_factor;
    let each = if world.settings.incident_factor > 0.0 { (share as usize).max(2) } else { 0 };
    for at in 0..each {
        for (story, strengths) in BEHAVIOUR {
            plant(world, &mut rng, &mut taken, &mut incidents, *story, strengths[at % strengths.len()]);
        }
    }
    let secrets = if each == 0 { 0 } else { SECRETS.len().max(each * 3) };
    for (kind, medium) in SECRETS.iter().cycle().take(secrets) {
        plant(world, &mut rng, &mut taken, &mut incidents, Story::PastedSecret(*kind, *medium), 1.0);
    }
    let allowed: Vec<u32> = (0..world.people.len() as u32).filter(|at| world.person(*at).reserved).collect();
    for person in allowed {
        let story = if world.person(person).group == Group::It { Story::ExcusedTransfer } else { Story::ApprovedExport };
        let days = days_of(world, person);
        if let Some(day) = days.get(days.len() / 2).filter(|_| each > 0) {
            incidents.push(Incident::new(incidents.len(), story, person, vec![*day], 10.0));
        }
    }
    incidents
}

fn plant(world: &mut World, rng: &mut ChaCha8Rng, taken: &mut [bool], incidents: &mut Vec<Incident>, story: Story, strength: f64) {
    let fits = |at: &u32| fits(world, story, *at);
    let mut candidates: Vec<u32> = (0..world.people.len() as u32).filter(|at| !taken[*at as usize]).filter(fits).collect();
    if candidates.is_empty() && matches!(story, Story::PastedSecret(..)) {
        // Pasting a secret disturbs no other story.
        candidates = (0..world.people.len() as u32).filter(fits).collect();
    }
    if candidates.is_empty() {
        return;
    }
    let person = candidates[rng.random_range(0..candidates.len() as u32) as usize];
    let possible = days_of(world, person);
    let first = rng.random_range(0..possible.len() as u32) as usize;
    let days = match story {
        Story::LeaverBulkDownload => possible[first..].iter().copied().take(1 + first % 2).collect(),
        // Four weeks after four weeks without, where there is room; the weakest forms are shorter.
        Story::SlowDrip if strength >= 3.0 && possible.len() > 2 * DRIP_DAYS => {
            let from = DRIP_DAYS + first % (possible.len() - 2 * DRIP_DAYS);
            possible[from..from + DRIP_DAYS].to_vec()
        }
        Story::SlowDrip => possible[first.min(possible.len() / 3)..].iter().copied().take(15).collect(),
        _ => vec![possible[first]],
    };
    if story == Story::LeaverBulkDownload {
        let leaving = days.last().copied().unwrap_or_default() + rng.random_range(3..10);
        world.people[person as usize].leaving_day = Some(leaving);
    }
    taken[person as usize] = true;
    incidents.push(Incident::new(incidents.len(), story, person, days, strength));
}

/// Working days of a person after the quiet time, with at least two weeks of presence before them.
fn days_of(world: &World, index: u32) -> Vec<i32> {
    let person = world.person(index);
    let mut present = 0;
    let mut days = Vec::new();
    // The last day is left out: in western zones its evening lies outside the run.
    for day in 0..world.settings.days as i32 - 1 {
        if !person.present(day) {
            continue;
        }
        if day >= QUIET_DAYS && present >= 14 && is_working_day(world.date(day)) {
            days.push(day);
        }
        present += 1;
    }
    days
}

fn fits(world: &World, story: Story, index: u32) -> bool {
    let person = world.person(index);
    let settings = &world.settings;
    let staff = person.group != Group::Guests
        && !person.reserved
        && !person.night_shift
        && person.nights_from.is_none()
        && person.leaving_day.is_none();
    if !staff || days_of(world, index).is_empty() {
        return false;
    }
    let takes = way_out(world, index).is_some();
    match story {
        Story::NightWork => takes && person.group != Group::It && !person.night_owl,
        Story::LeaverBulkDownload | Story::BulkDownload | Story::SlowDrip => takes && person.first_day < 0,
        Story::DownloadThenUsb | Story::DownloadThenCloud => takes && settings.wants(Source::M365Audit),
        Story::OffScopeAccess => takes && foreign_channel(world, index).is_some(),
        Story::CredentialSearch => settings.wants(Source::M365Audit) && person.suite == Suite::Microsoft && person.group != Group::It,
        Story::PastedSecret(_, medium) => settings.wants(medium.source()) && medium.suits(person),
        Story::ApprovedExport | Story::ExcusedTransfer => false,
    }
}

/// By which platform somebody takes files: half of those with Teams by its chat files, the others by Slack.
pub(super) fn way_out(world: &World, index: u32) -> Option<Platform> {
    let person = world.person(index);
    let slack = world.settings.wants(Source::SlackAudit) && !world.haunts[index as usize].slack.is_empty();
    let teams = world.settings.wants(Source::M365Audit) && person.suite == Suite::Microsoft;
    match (slack, teams) {
        (_, true) if !slack || person.seed.is_multiple_of(2) => Some(Platform::Microsoft),
        (true, _) => Some(Platform::Slack),
        _ => None,
    }
}

/// A channel of high sensitivity that is none of this person's business.
pub(super) fn foreign_channel(world: &World, index: u32) -> Option<u32> {
    let way = way_out(world, index)?;
    let person = world.person(index);
    let foreign = |at: &u32| {
        let channel = world.channel(*at);
        channel.platform == way && channel.high() && !channel.in_scope(person)
    };
    let channels: Vec<u32> = (0..world.channels.len() as u32).filter(foreign).collect();
    (!channels.is_empty()).then(|| channels[(person.seed >> 8) as usize % channels.len()])
}

/// A site of ordinary sensitivity that is none of this person's business.
pub(super) fn foreign_ordinary_site(world: &World, index: u32) -> Option<u32> {
    let person = world.person(index);
    (0..world.channels.len() as u32).find(|at| {
        let channel = world.channel(*at);
        channel.platform == Platform::Microsoft && !channel.high() && !channel.in_scope(person)
    })
}

/// The date on which a leaver gave notice.
pub(super) fn notice_date(world: &World, person: &Person) -> Option<chrono::NaiveDate> {
    person.leaving_day.map(|leaving| world.date(leaving) - TimeDelta::days(28))
}
