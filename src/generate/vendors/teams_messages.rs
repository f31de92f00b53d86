//! Microsoft Graph's `chatMessage`: one message a line.

use super::super::acts::{Act, Place, What};
use super::super::ids::{Form, Iso};
use super::super::json;
use super::super::world::World;
use super::m365_audit::{message_id, object_id};

/// The id of a chat of two.
pub(super) fn chat_id(world: &World, place: Place) -> String {
    match place {
        Place::Direct(a, b) => {
            let (first, second) = (world.person(a.min(b)), world.person(a.max(b)));
            format!("19:{}_{}@unq.gbl.spaces", object_id(first), object_id(second))
        }
        Place::Channel(at) => world.channel(at).id(),
        Place::Drive(person) | Place::ChatFiles(person) => format!("19:{}@thread.v2", object_id(world.person(person))),
    }
}

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    let What::TeamsMessage { place, html, file } = &act.what else { return };
    let person = world.person(act.person);
    let id = message_id(act.time);
    json::line(bytes, |o| {
        o.show("id", id);
        o.raw("replyToId", "null");
        o.show("etag", id);
        o.text("messageType", "message");
        o.show("createdDateTime", Iso(act.time, Form::Millis));
        o.show("lastModifiedDateTime", Iso(act.time, Form::Millis));
        o.raw("lastEditedDateTime", "null");
        o.raw("deletedDateTime", "null");
        o.raw("subject", "null");
        o.text("importance", "normal");
        o.text("locale", "en-us");
        match place {
            Place::Channel(at) => {
                let channel = world.channel(*at);
                o.raw("chatId", "null");
                let link = format!("https://teams.microsoft.com/l/message/{}/{id}?groupId={}", channel.id(), channel.team());
                o.text("webUrl", &link);
                o.object("channelIdentity", |o| {
                    o.show("teamId", channel.team());
                    o.text("channelId", &channel.id());
                });
            }
            _ => {
                o.text("chatId", &chat_id(world, *place));
                o.raw("webUrl", "null");
                o.raw("channelIdentity", "null");
            }
        }
        o.object("from", |o| {
            o.raw("application", "null");
            o.raw("device", "null");
            o.object("user", |o| {
                o.show("id", object_id(person));
                o.text("displayName", &person.name);
                o.text("userIdentityType", "aadUser");
                o.show("tenantId", world.tenant());
            });
        });
        o.object("body", |o| {
            o.text("contentType", "html");
            o.text("content", html);
        });
        o.list("attachments", |l| {
            if let Some(file) = file {
                l.object(|o| {
                    o.show("id", super::super::ids::Uuid(file.seed()));
                    o.text("contentType", "reference");
                    o.text("name", &file.name());
                });
            }
        });
        o.list("mentions", |_| {});
        o.list("reactions", |_| {});
    });
}
