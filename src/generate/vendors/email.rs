//! A mail gateway's log with bodies: one mail a line.

use super::super::acts::{Act, What};
use super::super::ids::{Form, Hex, Iso};
use super::super::json;
use super::super::world::World;
use super::ip_address;

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    let What::Email { to, subject, body, attachment } = &act.what else { return };
    let person = world.person(act.person);
    json::line(bytes, |o| {
        o.show("message_id", format_args!("<{}@mail.example.com>", Hex(act.number, 20)));
        o.show("timestamp", Iso(act.time, Form::Millis));
        o.text("direction", "outbound");
        o.text("from", &person.email);
        o.list("to", |l| to.iter().for_each(|to| l.text(&world.person(*to).email)));
        o.text("subject", subject);
        o.text("body", body);
        o.text("client_ip", &ip_address(world, act));
        o.int("size", 900 + body.len() as i64 + attachment.as_ref().map_or(0, |file| file.size()));
        o.list("attachments", |l| {
            if let Some(file) = attachment {
                l.object(|o| {
                    o.text("name", &file.name());
                    o.text("content_type", file.kind().1);
                    o.int("size", file.size());
                    o.show("sha256", Hex(file.seed(), 64));
                });
            }
        });
    });
}
