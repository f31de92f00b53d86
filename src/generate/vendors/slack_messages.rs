//! Slack's Events API: one `event_callback` a line.

use crate::event::{Micros, SECOND};

use super::super::acts::{Act, File, Place, What};
use super::super::ids::{SlackId, Ts, Uuid, mix};
use super::super::json::{self, Object};
use super::super::population::Person;
use super::super::texts;
use super::super::world::World;
use super::slack_audit::{file_id, place_id, url};

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    json::line(bytes, |o| {
        o.text("team_id", "T0EXAMPLE01");
        o.text("api_app_id", "A0EXAMPLE01");
        o.object("event", |o| event(world, act, o));
        o.text("type", "event_callback");
        o.show("event_id", format_args!("Ev{}", SlackId('E', act.number)));
        o.int("event_time", act.time.div_euclid(SECOND));
        o.bool("is_ext_shared_channel", false);
    });
}

fn event(world: &World, act: &Act, o: &mut Object<'_>) {
    let person = world.people.get(act.person as usize);
    match (&act.what, person) {
        (What::SlackPost { place, text, thread, file }, Some(person)) => {
            post(person, act.time, *thread, text, file.as_ref(), place_id(world, *place), o);
            tail(world, *place, act.time, o);
        }
        (What::SlackEdit { place, ts, before, after }, Some(person)) => {
            o.text("type", "message");
            o.text("subtype", "message_changed");
            o.bool("hidden", true);
            o.object("message", |o| {
                earlier(person, *ts, after, o);
                o.object("edited", |o| {
                    o.show("user", person.slack_id());
                    o.show("ts", Ts(act.time));
                });
            });
            o.object("previous_message", |o| earlier(person, *ts, before, o));
            o.text("channel", &place_id(world, *place));
            o.show("ts", Ts(act.time));
            tail(world, *place, act.time, o);
        }
        (What::SlackDelete { place, ts, before }, Some(person)) => {
            o.text("type", "message");
            o.text("subtype", "message_deleted");
            o.bool("hidden", true);
            o.show("deleted_ts", Ts(*ts));
            o.object("previous_message", |o| earlier(person, *ts, before, o));
            o.text("channel", &place_id(world, *place));
            o.show("ts", Ts(act.time));
            tail(world, *place, act.time, o);
        }
        (What::SlackBot { place, text }, _) => {
            o.text("type", "message");
            o.text("subtype", "bot_message");
            o.text("text", &texts::slack(text));
            o.show("ts", Ts(act.time));
            o.text("username", "build-bot");
            o.text("bot_id", "B0BUILDBOT1");
            o.text("app_id", "A0BUILDBOT1");
            o.text("channel", &place_id(world, *place));
            tail(world, *place, act.time, o);
        }
        _ => {}
    }
}

fn post(person: &Person, time: Micros, thread: Option<Micros>, text: &str, file: Option<&File>, channel: String, o: &mut Object<'_>) {
    o.text("type", "message");
    if file.is_some() {
        o.text("subtype", "file_share");
    }
    o.text("text", &texts::slack(text));
    if let Some(file) = file {
        o.list("files", |l| l.object(|o| file_object(file, time, &person.slack_id().to_string(), o)));
        o.bool("upload", false);
    }
    o.show("user", person.slack_id());
    o.show("ts", Ts(time));
    o.show("client_msg_id", Uuid(mix(person.seed, time as u64)));
    o.text("team", "T0EXAMPLE01");
    if !text.is_empty() {
        o.list("blocks", |l| l.object(|o| rich_text(text, o)));
    }
    if let Some(thread) = thread {
        o.show("thread_ts", Ts(thread));
    }
    o.text("channel", &channel);
}

fn earlier(person: &Person, ts: Micros, text: &str, o: &mut Object<'_>) {
    o.text("type", "message");
    o.show("user", person.slack_id());
    o.text("text", &texts::slack(text));
    o.show("ts", Ts(ts));
    o.text("team", "T0EXAMPLE01");
    o.show("client_msg_id", Uuid(mix(person.seed, ts as u64)));
}

fn tail(world: &World, place: Place, time: Micros, o: &mut Object<'_>) {
    o.show("event_ts", Ts(time));
    let kind = match place {
        Place::Channel(at) if world.channel(at).private => "group",
        Place::Channel(_) => "channel",
        _ => "im",
    };
    o.text("channel_type", kind);
}

/// The text a second time, as the blocks in which Slack's editor keeps it; fenced parts are preformatted.
fn rich_text(text: &str, o: &mut Object<'_>) {
    o.text("type", "rich_text");
    o.list("elements", |l| {
        for (at, part) in text.split("```").enumerate() {
            let part = part.trim_matches('\n');
            if part.is_empty() {
                continue;
            }
            l.object(|o| {
                o.text("type", if at % 2 == 1 { "rich_text_preformatted" } else { "rich_text_section" });
                o.list("elements", |l| {
                    l.object(|o| {
                        o.text("type", "text");
                        o.text("text", part);
                    });
                });
            });
        }
    });
}

fn file_object(file: &File, time: Micros, user: &str, o: &mut Object<'_>) {
    let name = file.name();
    let (ending, mime, _) = file.kind();
    o.show("id", file_id(file));
    o.int("created", time.div_euclid(SECOND));
    o.text("name", &name);
    o.text("title", &name);
    o.text("mimetype", mime);
    o.text("filetype", ending);
    o.text("user", user);
    o.int("size", file.size());
    o.text("mode", "hosted");
    o.bool("is_external", false);
    o.bool("is_public", false);
    o.text("url_private", &url(file));
}
