//! One person's day while it is being filled, and what channels hold from day to day.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::event::{Micros, SECOND};
use crate::sources::Source;

use super::acts::{Client, File, Place, What};
use super::ids::mix;
use super::population::Person;
use super::rhythm::LocalDay;
use super::texts;
use super::world::{Haunts, World};

/// Files that every Slack channel had before the run; `slack_state` lists them.
pub(super) const SLACK_FILES_BEFORE: u32 = 24;
/// Files that every site, drive and room had before the run.
pub(super) const FILES_BEFORE: u32 = 400;

/// What changes from day to day: which files channels have by now, and what was said last.
pub(super) struct Shelf {
    /// Files of each channel, those of today too.
    pub(super) files: Vec<u32>,
    /// Files of each channel at the beginning of the day: what can be downloaded.
    known: Vec<u32>,
    /// The last message of each channel.
    pub(super) recent: Vec<Option<Micros>>,
}

impl Shelf {
    /// Before the first day.
    pub(super) fn new(channels: usize) -> Self {
        Self { files: vec![SLACK_FILES_BEFORE; channels], known: vec![SLACK_FILES_BEFORE; channels], recent: vec![None; channels] }
    }

    /// At the end of a day.
    pub(super) fn close_day(&mut self) {
        self.known.clone_from(&self.files);
    }

    /// How many files of a Slack channel can be downloaded today.
    pub(super) fn files_in(&self, channel: u32) -> u32 {
        self.known[channel as usize]
    }
}

/// One entry of a day: the second of the person's own day, the time, the act.
pub(super) struct Entry {
    pub(super) second: i32,
    pub(super) time: Micros,
    pub(super) what: What,
}

/// A person's day while it is being filled.
pub(super) struct Day<'w> {
    pub(super) world: &'w World,
    pub(super) shelf: &'w mut Shelf,
    pub(super) local: &'w LocalDay,
    pub(super) index: u32,
    pub(super) day: i32,
    pub(super) rng: ChaCha8Rng,
    pub(super) entries: Vec<Entry>,
}

impl<'w> Day<'w> {
    /// An empty day of one person, with random numbers of its own: nobody's day depends on anybody else's.
    pub(super) fn new(world: &'w World, shelf: &'w mut Shelf, local: &'w LocalDay, index: u32, day: i32) -> Self {
        let seed = mix(mix(world.settings.seed, u64::from(index)), day as u64);
        Self { world, shelf, local, index, day, rng: ChaCha8Rng::seed_from_u64(seed), entries: Vec::new() }
    }

    /// The person whose day it is.
    pub(super) fn person(&self) -> &'w Person {
        self.world.person(self.index)
    }

    /// Where that person is.
    pub(super) fn haunts(&self) -> &'w Haunts {
        &self.world.haunts[self.index as usize]
    }

    /// The UTC time of a second of the day, with a random fraction.
    pub(super) fn time(&mut self, second: i32) -> Micros {
        self.local.utc(self.person().zone, second) + self.rng.random_range(0..SECOND)
    }

    /// Notes an act at a second of the day.
    pub(super) fn add(&mut self, second: i32, what: What) -> Micros {
        let time = self.time(second);
        self.entries.push(Entry { second, time, what });
        time
    }

    /// Notes an act some seconds after a time of the same day.
    pub(super) fn add_after(&mut self, second: i32, time: Micros, seconds: i64, what: What) {
        self.entries.push(Entry { second, time: time + seconds * SECOND + 700, what });
    }

    /// One of a list of channels.
    pub(super) fn one_of(&mut self, channels: &[u32]) -> Option<u32> {
        let count = channels.len() as u32;
        (count > 0).then(|| channels[self.rng.random_range(0..count) as usize])
    }

    /// Something to say.
    pub(super) fn talk(&mut self) -> String {
        let language = super::words::ZONES[self.person().zone].2;
        texts::talk(&mut self.rng, language, &self.world.projects)
    }

    /// Somebody to say it to.
    pub(super) fn colleague(&mut self) -> u32 {
        let number = self.rng.random();
        self.world.colleague(self.index, number)
    }

    /// A file of a place where old files are opened less than those at hand.
    pub(super) fn file_of(&mut self, place: Place) -> File {
        let skewed = self.rng.random::<f32>().powi(2) * FILES_BEFORE as f32;
        File::new(place, skewed as u32)
    }

    /// A file of a Slack channel that is there by today.
    pub(super) fn slack_file(&mut self, channel: u32) -> File {
        let n = self.rng.random_range(0..self.shelf.files_in(channel));
        File::new(Place::Channel(channel), n)
    }
}

/// A Slack message with a file: the message, and the two rows of the audit log that go with it.
pub(super) fn post_file(day: &mut Day<'_>, second: i32, place: Place, file: File) -> Micros {
    let text = if day.rng.random_bool(0.5) { day.talk() } else { String::new() };
    let time = day.add(second, What::SlackPost { place, text, thread: None, file: Some(file.clone()) });
    if day.world.settings.wants(Source::SlackAudit) {
        day.add_after(second, time, 0, What::SlackFile { action: "file_uploaded", file: file.clone() });
        day.add_after(second, time, 1, What::SlackFile { action: "file_shared", file });
    }
    time
}

/// A Teams message with its audit row and, where a file goes with it, that file's.
pub(super) fn post_in_teams(day: &mut Day<'_>, second: i32, place: Place, html: String, file: Option<File>) -> Micros {
    let uploaded = file.clone();
    let time = day.add(second, What::TeamsMessage { place, html, file });
    if day.world.settings.wants(Source::M365Audit) {
        day.entries.push(Entry { second, time, what: What::TeamsSent { place } });
        if let Some(file) = uploaded {
            day.add_after(second, time, -3, What::M365File { operation: "FileUploaded", file, client: Client::Interactive });
        }
    }
    time
}
