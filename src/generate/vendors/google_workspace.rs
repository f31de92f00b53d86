//! Google's Reports API: one activity a line, its events as a list.

use super::super::acts::{Act, File, Place, What};
use super::super::ids::{Form, Hex, Iso, mix};
use super::super::json::{self, List, Object};
use super::super::world::World;
use super::ip_address;

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    let person = world.person(act.person);
    let application = match act.what {
        What::GoogleDrive { .. } => "drive",
        What::GoogleChat { .. } => "chat",
        _ => "login",
    };
    json::line(bytes, |o| {
        o.text("kind", "admin#reports#activity");
        o.object("id", |o| {
            o.show("time", Iso(act.time, Form::Millis));
            o.show("uniqueQualifier", (mix(act.number, 6) >> 1) as i64);
            o.text("applicationName", application);
            o.text("customerId", "C0example");
        });
        o.object("actor", |o| {
            o.text("callerType", "USER");
            o.text("email", &person.email);
            o.show("profileId", person.google_id());
        });
        o.text("ipAddress", &ip_address(world, act));
        o.list("events", |l| l.object(|o| event(world, act, o)));
    });
}

fn event(world: &World, act: &Act, o: &mut Object<'_>) {
    match &act.what {
        What::GoogleDrive { name, file } => {
            o.text("type", "access");
            o.text("name", name);
            o.list("parameters", |l| {
                flag(l, "primary_event", true);
                flag(l, "billable", true);
                flag(l, "owner_is_shared_drive", false);
                drive_file(world, file, l);
            });
        }
        What::GoogleChat { name, place, file } => {
            o.text("type", "user_action");
            o.text("name", name);
            o.list("parameters", |l| room(world, act, *place, file.as_ref(), l));
        }
        _ => {
            o.text("type", "login");
            o.text("name", "login_success");
            o.list("parameters", |l| {
                value(l, "login_type", "google_password");
                flag(l, "is_suspicious", false);
            });
        }
    }
}

fn drive_file(world: &World, file: &File, l: &mut List<'_>) {
    let kind = match file.kind().0 {
        "docx" | "md" => "document",
        "xlsx" | "csv" => "spreadsheet",
        "pptx" => "presentation",
        other => other,
    };
    let owner = match file.place {
        Place::Drive(person) | Place::ChatFiles(person) | Place::Direct(person, _) => world.person(person).email.as_str(),
        Place::Channel(_) => "",
    };
    value(l, "doc_id", &format!("1{}", Hex(file.seed(), 32)));
    value(l, "doc_title", &file.name());
    value(l, "doc_type", kind);
    value(l, "owner", owner);
    value(l, "visibility", "shared_internally");
}

fn room(world: &World, act: &Act, place: Place, file: Option<&File>, l: &mut List<'_>) {
    let (id, name, kind) = match place {
        Place::Channel(at) => (world.channel(at).id(), world.channel(at).name.as_str(), "SPACE"),
        other => (format!("spaces/D{}", Hex(other.seed(), 10)), "", "USER_TO_USER_DIRECT_MESSAGE"),
    };
    value(l, "room_id", &id);
    value(l, "actor", &world.person(act.person).email);
    value(l, "message_id", &format!("{id}/messages/{}", Hex(act.number, 11)));
    value(l, "conversation_type", kind);
    value(l, "external_room", "DISABLED");
    if !name.is_empty() {
        value(l, "room_name", name);
    }
    if let Some(file) = file {
        value(l, "attachment_name", &file.name());
        value(l, "attachment_hash", &Hex(file.seed(), 64).to_string());
    }
}

fn value(l: &mut List<'_>, name: &str, value: &str) {
    l.object(|o| {
        o.text("name", name);
        o.text("value", value);
    });
}

fn flag(l: &mut List<'_>, name: &str, value: bool) {
    l.object(|o| {
        o.text("name", name);
        o.bool("boolValue", value);
    });
}
