//! The people of the invented organisation: who they are, where they work, how much they do, when they are away.

use chrono::{Datelike, NaiveDate, TimeDelta};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use super::Settings;
use super::ids::{SlackId, mix};
use super::words::{FIRST, LAST, ZONES};

/// The groups to which monitoring applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Research,
    Sales,
    Executives,
    It,
    Support,
    Guests,
}

impl Group {
    /// The group as policy writes it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Research => "R&D",
            Self::Sales => "Sales",
            Self::Executives => "Executives and Executive Assistants",
            Self::It => "IT Operations/InfoSec",
            Self::Support => "Support Staff/Everyone Else",
            Self::Guests => "Guests",
        }
    }

    /// Its departments.
    pub(super) fn departments(self) -> &'static [&'static str] {
        match self {
            Self::Research => &["Platform", "Applications", "Research"],
            Self::Sales => &["Sales EMEA", "Sales Americas", "Sales APAC"],
            Self::Executives => &["Leadership"],
            Self::It => &["Infrastructure", "Security"],
            Self::Support => &["Customer Support", "Finance", "People", "Legal", "Marketing"],
            Self::Guests => &["External"],
        }
    }

    fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Research => &["Engineer", "Engineer", "Engineer", "Senior Engineer", "Designer"],
            Self::Sales => &["Account Manager", "Account Manager", "Sales Engineer"],
            Self::Executives => &["Executive", "Executive Assistant"],
            Self::It => &["Administrator", "Administrator", "Security Analyst"],
            Self::Support => &["Specialist", "Specialist", "Agent"],
            Self::Guests => &["Guest"],
        }
    }
}

/// Where somebody's files and mail live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    Microsoft,
    Google,
    /// Chat only.
    None,
}

/// One person. Days are counted from the first day of the run.
pub(super) struct Person {
    /// The key of `people.csv`.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) email: String,
    /// Seed of this person's ids on the platforms.
    pub(super) seed: u64,
    pub(super) group: Group,
    pub(super) department: &'static str,
    pub(super) role: &'static str,
    pub(super) suite: Suite,
    /// Indices of projects.
    pub(super) projects: Vec<u16>,
    pub(super) manager: Option<u32>,
    /// Index into [`ZONES`].
    pub(super) zone: usize,
    pub(super) employment: &'static str,
    pub(super) start_date: NaiveDate,
    /// The first day of work; negative for most.
    pub(super) first_day: i32,
    pub(super) leaving_day: Option<i32>,
    /// First and last day of each absence.
    pub(super) absences: Vec<(i32, i32)>,
    pub(super) night_shift: bool,
    /// Day from which somebody of the day shift works at night.
    pub(super) nights_from: Option<i32>,
    /// Whether this person sits down again after midnight now and then.
    pub(super) night_owl: bool,
    /// Acts on a working day.
    pub(super) rate: f64,
    /// How readily this person downloads; 1 is the middle.
    pub(super) download_factor: f64,
    /// Second of the local day at which work usually begins.
    pub(super) begins: i32,
    /// Day on which a new machine is filled.
    pub(super) new_machine_day: Option<i32>,
    /// Whether no story may be planted here: this person stands in an exception or approval.
    pub(super) reserved: bool,
}

impl Person {
    /// The id on Slack.
    pub(super) fn slack_id(&self) -> SlackId {
        SlackId('U', self.seed)
    }

    /// The name that signs in: the part of the address before the `@`.
    pub(super) fn login(&self) -> &str {
        self.email.split('@').next().unwrap_or_default()
    }

    /// The user name in Microsoft 365; guests have theirs rewritten.
    pub(super) fn upn(&self) -> String {
        match self.group {
            Group::Guests => format!("{}#EXT#@example.com", self.email.replace('@', "_")),
            _ => self.email.clone(),
        }
    }

    /// The profile id in Google Workspace.
    pub(super) fn google_id(&self) -> u64 {
        100_000_000_000_000_000 + mix(self.seed, 5) % 900_000_000_000_000_000
    }

    /// Whether this person works at night on that day.
    pub(super) fn works_nights(&self, day: i32) -> bool {
        self.night_shift || self.nights_from.is_some_and(|from| day >= from)
    }

    /// Whether this person is employed and not away on that day.
    pub(super) fn present(&self, day: i32) -> bool {
        day >= self.first_day
            && self.leaving_day.is_none_or(|leaving| day <= leaving)
            && !self.absences.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }
}

/// Everybody, employees first.
pub(super) fn people(settings: &Settings, projects: usize) -> Vec<Person> {
    let mut rng = ChaCha8Rng::seed_from_u64(mix(settings.seed, 0x9e0));
    let employees = settings.people.max(1);
    let guests = (employees / 30).max(2);
    let mut people: Vec<Person> = Vec::with_capacity((employees + guests) as usize);
    for index in 0..employees + guests {
        let group = if index < employees { group_of(index, employees) } else { Group::Guests };
        let person = person(settings, index, group, projects, &mut rng);
        people.push(person);
    }
    appoint_managers(&mut people);
    give_roles_to_the_first(&mut people);
    people
}

/// Shares of the groups, laid out so that even ten people are of every group.
fn group_of(index: u32, employees: u32) -> Group {
    const PATTERN: [Group; 20] = {
        use Group::{Executives as E, It as I, Research as R, Sales as S, Support as U};
        [R, S, U, I, E, R, U, S, R, U, R, S, I, U, R, E, U, R, S, R]
    };
    // In a large organisation the top does not grow with the rest.
    let group = PATTERN[(index % 20) as usize];
    if group == Group::Executives && employees > 200 && index % 100 >= 20 { Group::Support } else { group }
}

fn person(settings: &Settings, index: u32, group: Group, projects: usize, rng: &mut ChaCha8Rng) -> Person {
    let first = FIRST[rng.random_range(0..FIRST.len() as u32) as usize];
    let last = LAST[rng.random_range(0..LAST.len() as u32) as usize];
    let domain = if group == Group::Guests { "partner.example.org" } else { "example.com" };
    // Names repeat in large organisations; the address tells them apart.
    let number = if index < 40 { String::new() } else { (index + 1).to_string() };
    let mut email = format!("{first}.{last}{number}@{domain}").to_lowercase();
    if number.is_empty() {
        // Of the first forty, the index decides the family name, so that no two addresses are alike.
        email = format!("{first}.{}@{domain}", LAST[(index * 7 + 3) as usize % LAST.len()]).to_lowercase();
    }
    let last = if number.is_empty() { LAST[(index * 7 + 3) as usize % LAST.len()] } else { last };
    let department = group.departments()[rng.random_range(0..group.departments().len() as u32) as usize];
    let role = group.roles()[rng.random_range(0..group.roles().len() as u32) as usize];
    let zone = zone_of(rng.random_range(0..100));
    let night_shift = department == "Customer Support" && rng.random_bool(0.35);
    let start_date = settings.start - TimeDelta::days(rng.random_range(60..3_000));
    let mut person = Person {
        key: format!("P{:04}", index + 1),
        name: format!("{first} {last}"),
        email,
        seed: mix(settings.seed, u64::from(index) + 1_000),
        group,
        department,
        role,
        suite: match (group, index % 3) {
            (Group::Guests, _) => Suite::None,
            (_, 2) => Suite::Google,
            _ => Suite::Microsoft,
        },
        projects: Vec::new(),
        manager: None,
        zone,
        employment: match group {
            Group::Guests => "external",
            _ if rng.random_bool(0.06) => "contractor",
            _ => "employee",
        },
        start_date,
        first_day: i32::MIN,
        leaving_day: None,
        absences: absences(settings, rng),
        night_shift,
        nights_from: None,
        night_owl: !night_shift && index % 12 == 7,
        rate: lognormal(rng, 0.45) * settings.events_per_person_day * if group == Group::Guests { 0.2 } else { 1.0 },
        download_factor: lognormal(rng, 0.55),
        begins: (8.6 * 3_600.0) as i32 + rng.random_range(-4_500..4_500),
        new_machine_day: None,
        reserved: false,
    };
    choose_projects(&mut person, projects, rng);
    if index > 20 && index % 25 == 21 {
        join_during_the_run(settings, &mut person, rng);
    } else if index % 40 == 9 {
        person.new_machine_day = Some(rng.random_range(15..settings.days.max(17)) as i32);
    }
    person
}

/// Projects 0 and 1 are the confidential ones; a person works on one or two of the others.
fn choose_projects(person: &mut Person, projects: usize, rng: &mut ChaCha8Rng) {
    let ordinary = projects.saturating_sub(2).max(1) as u32;
    for _ in 0..rng.random_range(1..=2) {
        let project = 2 + rng.random_range(0..ordinary) as u16;
        if !person.projects.contains(&project) {
            person.projects.push(project);
        }
    }
    let confidential = match (person.group, person.department) {
        (Group::Executives, _) => rng.random_bool(0.6).then_some(0),
        (_, "Legal") => rng.random_bool(0.5).then_some(0),
        (_, "Finance" | "People") => rng.random_bool(0.6).then_some(1),
        _ => None,
    };
    person.projects.extend(confidential);
    person.projects.sort_unstable();
}

fn join_during_the_run(settings: &Settings, person: &mut Person, rng: &mut ChaCha8Rng) {
    let last = (settings.days as i32 - 7).max(7);
    let mut day = rng.random_range(5..=last);
    // People start on Mondays.
    while (settings.start + TimeDelta::days(day.into())).weekday() != chrono::Weekday::Mon {
        day += 1;
    }
    person.first_day = day;
    person.start_date = settings.start + TimeDelta::days(day.into());
    person.absences.clear();
    person.new_machine_day = Some(day);
}

/// Holidays: about one working week in a quarter, from a Monday to the Sunday after.
fn absences(settings: &Settings, rng: &mut ChaCha8Rng) -> Vec<(i32, i32)> {
    let mut absences = Vec::new();
    let weeks = settings.days as i32 / 7;
    let monday = -(settings.start.weekday().num_days_from_monday() as i32);
    let mut week = 0;
    while week < weeks {
        if rng.random_bool(0.06) {
            let length = if rng.random_bool(0.3) { 2 } else { 1 };
            absences.push((monday + week * 7, monday + (week + length) * 7 - 1));
            week += length + 1;
        } else {
            week += 1;
        }
    }
    absences
}

/// Somebody of each department leads it; leaders answer to the first executive.
fn appoint_managers(people: &mut [Person]) {
    let top = people.iter().position(|person| person.group == Group::Executives).map(|index| index as u32);
    let mut leads: Vec<(&'static str, u32)> = Vec::new();
    for index in 0..people.len() {
        let department = people[index].department;
        let lead = leads.iter().rev().find(|(of, _)| *of == department).map(|(_, lead)| *lead);
        // A lead has about twelve reports; then the next one begins a team.
        let full = lead.is_some_and(|lead| people.iter().take(index).rev().take(400).filter(|p| p.manager == Some(lead)).count() >= 12);
        match lead.filter(|_| !full) {
            Some(lead) => people[index].manager = Some(lead),
            None => {
                people[index].manager = top.filter(|top| *top != index as u32);
                leads.push((department, index as u32));
                if people[index].group != Group::Guests && people[index].group != Group::Executives {
                    people[index].role = "Team Lead";
                }
            }
        }
    }
}

/// Both confidential projects have members however small the organisation is; one person is approved for large exports.
fn give_roles_to_the_first(people: &mut [Person]) {
    if let Some(executive) = people.iter_mut().find(|person| person.group == Group::Executives)
        && !executive.projects.contains(&0)
    {
        executive.projects.insert(0, 0);
    }
    if let Some(payroll) = people.iter_mut().find(|person| person.group == Group::Support && !person.night_shift)
        && !payroll.projects.contains(&1)
    {
        payroll.projects.push(1);
        payroll.projects.sort_unstable();
    }
    let eligible = |person: &Person| person.first_day < 0 && person.suite == Suite::Microsoft && !person.night_shift;
    let mut support = people.iter_mut().filter(|person| person.group == Group::Support && eligible(person));
    if let Some(archivist) = support.next() {
        archivist.reserved = true;
    }
    if let Some(administrator) = people.iter_mut().find(|person| person.group == Group::It && person.first_day < 0) {
        administrator.reserved = true;
    }
}

fn zone_of(hundredth: u32) -> usize {
    let mut passed = 0;
    ZONES
        .iter()
        .position(|(.., share)| {
            passed += share;
            hundredth < passed
        })
        .unwrap_or(0)
}

/// A factor whose median is 1.
fn lognormal(rng: &mut ChaCha8Rng, sigma: f64) -> f64 {
    LogNormal::new(0.0, sigma).map_or(1.0, |distribution| distribution.sample(rng))
}
