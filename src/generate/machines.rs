//! What happens without a person: build bots that talk, and the backup that reads everything.

use chrono::Datelike;
use chrono::Weekday;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::event::{Micros, SECOND};
use crate::sources::Source;

use super::acts::{Client, File, Place, What};
use super::channels::Platform;
use super::ids::mix;
use super::lookalikes::Kind;
use super::rhythm::{is_working_day, utc_midnight};
use super::texts;
use super::world::World;

/// What machines do on a UTC day.
pub(super) fn acts(world: &World, day: i32) -> Vec<(Micros, What)> {
    let mut rng = ChaCha8Rng::seed_from_u64(mix(mix(world.settings.seed, 0xb07), day as u64));
    let mut acts = Vec::new();
    let midnight = utc_midnight(world.date(day));
    if world.settings.wants(Source::SlackMessages) {
        bot_messages(world, day, midnight, &mut rng, &mut acts);
    }
    if world.settings.wants(Source::M365Audit) && world.date(day).weekday() == Weekday::Sat {
        // A full backup every Saturday night.
        fetch_all(world, midnight, 2, Client::Backup, &mut rng, &mut acts);
    }
    if world.settings.wants(Source::M365Audit) && world.lookalikes.on(Kind::Migration, day) {
        fetch_all(world, midnight, 6, Client::Migration, &mut rng, &mut acts);
    }
    acts
}

fn bot_messages(world: &World, day: i32, midnight: Micros, rng: &mut ChaCha8Rng, acts: &mut Vec<(Micros, What)>) {
    let is_theirs = |at: &u32| {
        let channel = world.channel(*at);
        channel.platform == Platform::Slack && channel.name.starts_with("proj-")
    };
    let channels: Vec<u32> = (0..world.channels.len() as u32).filter(is_theirs).collect();
    let count = if is_working_day(world.date(day)) { 6 + world.people.len() / 15 } else { 3 };
    for _ in 0..count {
        let place = Place::Channel(channels[rng.random_range(0..channels.len() as u32) as usize]);
        let time = midnight + rng.random_range(0..86_400 * SECOND);
        acts.push((time, What::SlackBot { place, text: texts::bot(rng, &world.projects) }));
    }
}

/// Files of everybody's, one after the other in one night: more than anybody downloads, and nobody's hand.
fn fetch_all(world: &World, midnight: Micros, each: u32, client: Client, rng: &mut ChaCha8Rng, acts: &mut Vec<(Micros, What)>) {
    let people = world.people.len() as u32;
    for n in 0..people * each {
        let file = File::new(Place::Drive(rng.random_range(0..people)), rng.random_range(0..400));
        let time = midnight + 3_600 * SECOND + Micros::from(n) * 400_000;
        acts.push((time, What::M365File { operation: "FileDownloaded", file, client }));
    }
}
