//! Trello's actions of boards: one `commentCard` a line.

use super::super::acts::{Act, What};
use super::super::ids::{Form, Hex, Iso, mix};
use super::super::json;
use super::super::population::Person;
use super::super::world::World;

/// The id of a member of Trello.
pub(in super::super) fn member_id(person: &Person) -> Hex {
    Hex(mix(person.seed, 0x7e1), 24)
}

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    let What::TrelloComment { project, card, text } = &act.what else { return };
    let person = world.person(act.person);
    let board = mix(world.settings.seed, u64::from(*project) + 900);
    let name = &world.projects[usize::from(*project)];
    json::line(bytes, |o| {
        o.show("id", Hex(act.number, 24));
        o.show("idMemberCreator", member_id(person));
        o.object("data", |o| {
            o.text("text", text);
            o.object("board", |o| {
                o.show("id", Hex(board, 24));
                o.text("name", name);
                o.show("shortLink", Hex(board, 8));
            });
            o.object("card", |o| {
                o.show("id", Hex(mix(board, u64::from(*card)), 24));
                o.text("name", &format!("{name} {card}"));
                o.int("idShort", i64::from(*card));
                o.show("shortLink", Hex(mix(board, u64::from(*card)), 8));
            });
            o.object("list", |o| {
                o.show("id", Hex(mix(board, 1), 24));
                o.text("name", "Doing");
            });
        });
        o.text("type", "commentCard");
        o.show("date", Iso(act.time, Form::Millis));
        o.object("memberCreator", |o| {
            o.show("id", member_id(person));
            o.text("username", &person.login().replace('.', ""));
            o.text("fullName", &person.name);
        });
    });
}
