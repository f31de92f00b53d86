//! Slack's Audit Logs API: one entry a line.

use crate::event::SECOND;

use super::super::acts::{Act, File, Place, What};
use super::super::ids::{SlackId, Uuid, mix};
use super::super::json::{self, Object};
use super::super::population::Group;
use super::super::words::SLACK_APPS;
use super::super::world::World;
use super::{ip_address, usual};

/// The id of a file on Slack.
pub(super) fn file_id(file: &File) -> SlackId {
    SlackId('F', file.seed())
}

/// The id of a channel or conversation on Slack.
pub(super) fn place_id(world: &World, place: Place) -> String {
    match place {
        Place::Channel(at) => world.channel(at).id(),
        other => SlackId('D', other.seed()).to_string(),
    }
}

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    let person = world.person(act.person);
    let action = match &act.what {
        What::SlackFile { action, .. } | What::SlackChannel { action, .. } => action,
        _ => "user_login",
    };
    json::line(bytes, |o| {
        o.show("id", Uuid(act.number));
        o.int("date_create", act.time.div_euclid(SECOND));
        o.text("action", action);
        o.object("actor", |o| {
            o.text("type", "user");
            o.object("user", |o| {
                o.show("id", person.slack_id());
                o.text("name", &person.name);
                o.text("email", &person.email);
                o.text("team", if person.group == Group::Guests { "T0PARTNER01" } else { "T0EXAMPLE01" });
            });
        });
        o.object("entity", |o| entity(world, act, o));
        o.object("context", |o| {
            o.object("location", |o| {
                o.text("type", "workspace");
                o.text("id", "T0EXAMPLE01");
                o.text("name", "Example");
                o.text("domain", "example");
            });
            o.text("ua", usual(SLACK_APPS, person));
            o.show("session_id", 1_000_000_000_000 + mix(person.seed, act.time.div_euclid(86_400 * SECOND) as u64) % 1_000_000_000_000);
            o.text("ip_address", &ip_address(world, act));
        });
        if let What::SlackFile { action: "file_shared", file } = &act.what {
            o.object("details", |o| {
                o.object("shared_with", |o| {
                    o.text("channel_id", &place_id(world, file.place));
                    o.text("access_level", "read");
                });
            });
        } else if let What::SlackFile { file, .. } = &act.what {
            o.object("details", |o| o.text("url_private", &url(file)));
        }
    });
}

/// The address of a file.
pub(super) fn url(file: &File) -> String {
    format!("https://files.slack.com/files-pri/T0EXAMPLE01-{}/{}", file_id(file), file.name().to_lowercase().replace(' ', "_"))
}

fn entity(world: &World, act: &Act, o: &mut Object<'_>) {
    match &act.what {
        What::SlackFile { file, .. } => {
            o.text("type", "file");
            o.object("file", |o| {
                let name = file.name();
                o.show("id", file_id(file));
                o.text("name", &name);
                o.text("filetype", file.kind().1);
                o.text("title", &name);
            });
        }
        What::SlackChannel { place: Place::Channel(at), .. } => {
            let channel = world.channel(*at);
            o.text("type", "channel");
            o.object("channel", |o| {
                o.text("id", &channel.id());
                o.text("name", &channel.name);
                o.text("privacy", if channel.private { "private" } else { "public" });
                o.bool("is_shared", false);
                o.bool("is_org_shared", false);
            });
        }
        _ => {
            let person = world.person(act.person);
            o.text("type", "user");
            o.object("user", |o| {
                o.show("id", person.slack_id());
                o.text("name", &person.name);
                o.text("email", &person.email);
                o.text("team", "T0EXAMPLE01");
            });
        }
    }
}
