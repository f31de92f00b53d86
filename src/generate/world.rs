//! Everything that stands before the first day: people, projects, channels, and who does what how often.

use chrono::{NaiveDate, TimeDelta};

use super::Settings;
use super::channels::{Channel, Platform, channels};
use super::habits::{Habit, habits};
use super::ids::mix;
use super::lookalikes::{self, LookAlikes};
use super::population::{Person, Suite, people};
use super::words::PROJECTS;

/// The invented organisation.
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) people: Vec<Person>,
    /// Names of projects; the first two are confidential.
    pub(super) projects: Vec<String>,
    pub(super) channels: Vec<Channel>,
    /// Where each person is, in the order of `people`.
    pub(super) haunts: Vec<Haunts>,
    /// What each person does, in the order of `people`.
    pub(super) habits: Vec<Habit>,
    /// What looks like an incident and is none.
    pub(super) lookalikes: LookAlikes,
}

/// Indices of the channels somebody is in.
#[derive(Default)]
pub(super) struct Haunts {
    pub(super) slack: Vec<u32>,
    pub(super) sites: Vec<u32>,
    pub(super) rooms: Vec<u32>,
    /// Those of high sensitivity that are this person's business.
    pub(super) confidential: Vec<u32>,
}

impl World {
    /// The organisation that follows from the settings.
    pub(super) fn new(settings: &Settings) -> Self {
        let projects = projects(settings.people);
        let mut people = people(settings, projects.len());
        let lookalikes = lookalikes::plan(settings, &mut people);
        let channels = channels(settings.seed, &people, &projects);
        let mut haunts: Vec<Haunts> = people.iter().map(|_| Haunts::default()).collect();
        for (at, channel) in channels.iter().enumerate() {
            for member in &channel.members {
                let of = &mut haunts[*member as usize];
                let list = match channel.platform {
                    _ if channel.high() => &mut of.confidential,
                    Platform::Slack => &mut of.slack,
                    Platform::Microsoft => &mut of.sites,
                    Platform::Google => &mut of.rooms,
                };
                list.push(at as u32);
            }
        }
        let habits = people.iter().zip(&haunts).map(|(person, haunts)| habits(settings, person, haunts)).collect();
        Self { settings: settings.clone(), people, projects, channels, haunts, habits, lookalikes }
    }

    /// The date of a day of the run.
    pub(super) fn date(&self, day: i32) -> NaiveDate {
        self.settings.start + TimeDelta::days(day.into())
    }

    /// A person by index.
    pub(super) fn person(&self, index: u32) -> &Person {
        &self.people[index as usize]
    }

    /// A channel by index.
    pub(super) fn channel(&self, index: u32) -> &Channel {
        &self.channels[index as usize]
    }

    /// The organisation's id in Microsoft's cloud.
    pub(super) fn tenant(&self) -> super::ids::Uuid {
        super::ids::Uuid(mix(self.settings.seed, 0x7e4a47))
    }

    /// Somebody to talk to: of the same department, the same project, or anybody with the same suite.
    pub(super) fn colleague(&self, of: u32, number: u64) -> u32 {
        let person = self.person(of);
        let circle = self.haunts[of as usize]
            .slack
            .iter()
            .map(|at| self.channel(*at))
            .find(|channel| if number.is_multiple_of(3) { channel.department.is_some() } else { !channel.projects.is_empty() });
        let members = circle.map_or(&[][..], |channel| &channel.members);
        let alike = |other: u32| other != of && (person.suite == Suite::None || self.person(other).suite == person.suite);
        let candidates = members.len() as u64;
        for attempt in 0..candidates.min(8) {
            let other = members[((number >> 8).wrapping_add(attempt) % candidates) as usize];
            if alike(other) {
                return other;
            }
        }
        let everybody = self.people.len() as u64;
        let other = ((number >> 8) % everybody) as u32;
        if other == of { (other + 1) % self.people.len() as u32 } else { other }
    }
}

fn projects(people: u32) -> Vec<String> {
    let ordinary = (people / 8).clamp(4, 300) as usize;
    let mut projects = vec!["heron".to_owned(), "payroll".to_owned()];
    for index in 0..ordinary {
        let name = PROJECTS[index % PROJECTS.len()];
        let round = index / PROJECTS.len();
        projects.push(if round == 0 { name.to_owned() } else { format!("{name}-{}", round + 1) });
    }
    projects
}
