//! What Slack's Web API says of users, channels and files at the beginning: the lists of an export.

use std::io;

use crate::event::{Micros, SECOND};
use crate::sources::Source;

use super::super::acts::{File, Place};
use super::super::channels::Platform;
use super::super::day::SLACK_FILES_BEFORE;
use super::super::ids::mix;
use super::super::json;
use super::super::output::Out;
use super::super::population::Group;
use super::super::rhythm::utc_midnight;
use super::super::words::ZONES;
use super::super::world::World;
use super::slack_audit::{file_id, url};

/// Writes `users.json`, `channels.json`, `groups.json` (as an export has them) and `files.ndjson` (pages of `files.list`).
pub(in super::super) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    if !world.settings.wants(Source::SlackState) {
        return Ok(());
    }
    let start = utc_midnight(world.settings.start);
    out.write_file("raw/slack_state/users.json", &users(world, start))?;
    for (name, private) in [("channels", false), ("groups", true)] {
        out.write_file(&format!("raw/slack_state/{name}.json"), &channels(world, start, private))?;
    }
    out.append(Source::SlackState, "files", &files(world, start))
}

/// A JSON array of objects, one a line.
fn array(objects: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = b"[\n".to_vec();
    for (at, object) in objects.enumerate() {
        if at > 0 {
            bytes.extend_from_slice(b",\n");
        }
        bytes.extend_from_slice(&object);
    }
    bytes.extend_from_slice(b"\n]\n");
    bytes
}

fn users(world: &World, start: Micros) -> Vec<u8> {
    let present = world.people.iter().filter(|person| person.first_day <= 0);
    array(present.map(|person| {
        let mut bytes = Vec::new();
        json::object(&mut bytes, |o| {
            let guest = person.group == Group::Guests;
            o.show("id", person.slack_id());
            o.text("team_id", "T0EXAMPLE01");
            o.text("name", person.login());
            o.bool("deleted", false);
            o.text("real_name", &person.name);
            o.text("tz", ZONES[person.zone].0.name());
            o.object("profile", |o| {
                o.text("real_name", &person.name);
                o.text("email", &person.email);
                o.text("team", "T0EXAMPLE01");
            });
            o.bool("is_bot", false);
            o.bool("is_restricted", guest);
            o.int("updated", start.div_euclid(SECOND));
        });
        bytes
    }))
}

fn channels(world: &World, start: Micros, private: bool) -> Vec<u8> {
    let listed = world.channels.iter().filter(|channel| channel.platform == Platform::Slack && channel.private == private);
    array(listed.map(|channel| {
        let mut bytes = Vec::new();
        json::object(&mut bytes, |o| {
            o.text("id", &channel.id());
            o.text("name", &channel.name);
            o.int("created", start.div_euclid(SECOND) - (mix(channel.seed, 3) % 60_000_000) as i64);
            o.bool("is_archived", false);
            o.bool("is_private", private);
            o.bool("is_general", channel.name == "general");
            let members = channel.members.iter().map(|member| world.person(*member));
            o.list("members", |l| members.filter(|person| person.first_day <= 0).for_each(|person| l.show(person.slack_id())));
            o.object("topic", |o| o.text("value", ""));
            o.object("purpose", |o| o.text("value", ""));
        });
        bytes
    }))
}

/// One page of `files.list` a channel.
fn files(world: &World, start: Micros) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, channel) in world.channels.iter().enumerate() {
        if channel.platform != Platform::Slack || channel.members.is_empty() {
            continue;
        }
        let id = channel.id();
        json::line(&mut bytes, |o| {
            o.bool("ok", true);
            o.list("files", |l| {
                for n in 0..SLACK_FILES_BEFORE {
                    let file = File::new(Place::Channel(at as u32), n);
                    let created = start.div_euclid(SECOND) - 86_400 - (mix(file.seed(), 9) % 10_000_000) as i64;
                    let owner = channel.members[(file.seed() % channel.members.len() as u64) as usize];
                    l.object(|o| {
                        let name = file.name();
                        o.show("id", file_id(&file));
                        o.int("created", created);
                        o.text("name", &name);
                        o.text("title", &name);
                        o.text("mimetype", file.kind().1);
                        o.text("filetype", file.kind().0);
                        o.show("user", world.person(owner).slack_id());
                        o.int("size", file.size());
                        o.bool("is_public", !channel.private);
                        o.text("url_private", &url(&file));
                        o.list("channels", |l| {
                            if !channel.private {
                                l.text(&id)
                            }
                        });
                        o.list("groups", |l| {
                            if channel.private {
                                l.text(&id)
                            }
                        });
                        o.list("ims", |_| {});
                    });
                }
            });
        });
    }
    bytes
}
