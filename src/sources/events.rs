//! Our own schema as lines of JSON or CSV: how logs that have no source here are brought in.
//!
//! Keys and columns are named like the columns of `events`; others become `attributes`. Times may have any form, `recipients` may be
//! a list or parted by commas. A value outside a closed list is an error that names the list, never the value.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::lenient::{self, List, Str};
use super::{Origin, Receiver, Record, Reject, address, time};
use crate::event::{Action, ActorClass, ChannelType, ClientClass, Event, Outcome, Surface, Text, TimeOrigin};

/// Columns that `ingest` fills from where it read the record; an exported row brings its old ones along.
const OF_INGEST: &[&str] = &["ingest_time", "event_date", "raw_object", "raw_line"];

/// What makes a record one of these, beside a place for the time.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow, default)]
    action: Str<'a>,
    #[serde(borrow, default)]
    actor_id: Str<'a>,
    #[serde(borrow, default)]
    actor_email: Str<'a>,
}

impl Shape<'_> {
    fn is_one(&self) -> bool {
        let has_actor = self.actor_id.get().or(self.actor_email.get()).is_some();
        has_actor && self.action.get().is_some_and(|name| action(name).is_some())
    }
}

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    match record {
        Record::Json(json) => {
            if memmem::find(json.as_bytes(), b"\"event_time\"").is_none() {
                return false;
            }
            let is_one = |json: &str| serde_json::from_str::<Shape<'_>>(json).is_ok_and(|shape| shape.is_one());
            match members(json) {
                Some(list) => list.first().is_some_and(|first| is_one(first.get())),
                None => is_one(json),
            }
        }
        Record::Csv { header, .. } => {
            let has_actor = record.csv("actor_id").or(record.csv("actor_email")).is_some();
            let has_time = header.iter().any(|column| column.eq_ignore_ascii_case("event_time"));
            has_time && has_actor && record.csv("action").is_some_and(|name| action(name).is_some())
        }
        Record::Mail(_) => false,
    }
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match *record {
        Record::Json(json) => match members(json) {
            Some(list) => {
                for member in list {
                    if let Err(bad) = json_row(member.get(), out) {
                        out.reject(bad);
                    }
                }
                Ok(())
            }
            None => json_row(json, out),
        },
        Record::Csv { header, row } => csv_row(header, row, out),
        Record::Mail(_) => Err(Reject::NotThisSource),
    }
}

/// The members of a list, or of an object's `events`.
fn members(json: &str) -> Option<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        events: &'a RawValue,
    }
    if json.trim_start().starts_with('[') {
        return serde_json::from_str(json).ok();
    }
    memmem::find(json.as_bytes(), b"\"events\"")?;
    let envelope: Envelope<'_> = serde_json::from_str(json).ok()?;
    serde_json::from_str(envelope.events.get()).ok()
}

fn json_row(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    struct Columns;
    impl<'de> Visitor<'de> for Columns {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut columns = Vec::with_capacity(32);
            while let Some(Str(key)) = map.next_key::<Str<'de>>()? {
                columns.push((key.unwrap_or_default(), map.next_value::<&'de RawValue>()?));
            }
            Ok(columns)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let columns = deserializer.deserialize_map(Columns)?;
    let mut row = Row::default();
    for (column, raw) in columns {
        match column.as_ref() {
            "recipients" => {
                let texts = List(Some(raw)).items::<Str<'_>>().into_iter().filter_map(|Str(text)| text);
                let is_list = raw.get().starts_with('[');
                row.event.recipients = if is_list { texts.map(recipient).collect() } else { texts.flat_map(recipients).collect() };
            }
            "attributes" => row.attributes(raw)?,
            "event_time" => row.event.event_time = lenient::when(raw.get()),
            // No column takes a structure; losing it would be worse than keeping it elsewhere.
            _ if raw.get().starts_with(['{', '[']) => {
                if !matches!(raw.get(), "[]" | "{}") {
                    row.keep(&column, raw.get());
                }
            }
            _ => {
                let Str(value) = serde_json::from_str(raw.get())?;
                if !row.set(&column, value)? && !matches!(raw.get(), "null" | "\"\"") {
                    row.keep(&column, raw.get());
                }
            }
        }
    }
    row.finish(out)
}

fn csv_row(header: &csv::StringRecord, record: &csv::StringRecord, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mut row = Row::default();
    for (column, field) in header.iter().zip(record.iter()).filter(|(_, field)| !field.is_empty()) {
        let lower = column.to_ascii_lowercase();
        match lower.as_str() {
            "recipients" => row.event.recipients = recipients(Cow::Borrowed(field)),
            "attributes" => match serde_json::from_str::<&RawValue>(field) {
                Ok(raw) if raw.get().starts_with('{') => row.attributes(raw)?,
                _ => row.keep("attributes", &quoted(field)),
            },
            _ => {
                if !row.set(&lower, Some(Cow::Borrowed(field)))? {
                    row.keep(column, &quoted(field));
                }
            }
        }
    }
    row.finish(out)
}

/// The parts of a list that commas or semicolons part.
fn recipients(text: Cow<'_, str>) -> Vec<Cow<'_, str>> {
    let parts = |text: &str| text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    parts(&text).into_iter().map(|part| recipient(Cow::Owned(part))).collect()
}

/// One recipient; an address in lower case.
fn recipient(text: Cow<'_, str>) -> Cow<'_, str> {
    match address::email(&text) {
        Some(email) if email != text => Cow::Owned(email.into_owned()),
        _ => text,
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A row as it is being read.
#[derive(Default)]
struct Row<'a> {
    event: Event<'a>,
    surface: Option<Surface>,
    has_action: bool,
    /// Members of the JSON object that becomes `attributes`, without its braces.
    rest: String,
}

impl<'a> Row<'a> {
    /// Takes a value for a column; `false` if there is no such column.
    fn set(&mut self, column: &str, value: Text<'a>) -> Result<bool, Reject> {
        if OF_INGEST.contains(&column) {
            return Ok(true);
        }
        let event = &mut self.event;
        if let Some(slot) = text_column(event, column) {
            *slot = value;
            return Ok(true);
        }
        let given = value.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match column {
            "event_id" => event.event_id = value.unwrap_or_default(),
            "event_time" => event.event_time = time::read(given),
            "time_origin" => event.time_origin = one_of("time_origin", given, TIME_ORIGINS, TimeOrigin::as_str)?,
            "action" => {
                event.action = one_of("action", given, &Action::ALL, Action::as_str)?.unwrap_or_default();
                self.has_action = given.is_some();
            }
            "surface" => self.surface = one_of("surface", given, SURFACES, Surface::as_str)?,
            "outcome" => event.outcome = one_of("outcome", given, OUTCOMES, Outcome::as_str)?.unwrap_or_default(),
            "actor_class" => event.actor_class = one_of("actor_class", given, ACTOR_CLASSES, ActorClass::as_str)?,
            "client_class" => event.client_class = one_of("client_class", given, CLIENT_CLASSES, ClientClass::as_str)?,
            "channel_type" => event.channel_type = one_of("channel_type", given, CHANNEL_TYPES, ChannelType::as_str)?,
            "channel_external" => event.channel_external = read(given, "channel_external is neither true nor false", boolean)?,
            "device_managed" => event.device_managed = read(given, "device_managed is neither true nor false", boolean)?,
            "file_size" => event.file_size = read(given, "file_size is no number of bytes", bytes)?,
            "actor_email" => event.actor_email = given.and_then(address::email).map(|email| Cow::Owned(email.into_owned())),
            "src_ip" => event.src_ip = given.and_then(address::ip).map(|ip| Cow::Owned(ip.into_owned())),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Keeps a value that has no column.
    fn keep(&mut self, key: &str, json: &str) {
        if !self.rest.is_empty() {
            self.rest.push(',');
        }
        self.rest.push_str(&quoted(key));
        self.rest.push(':');
        self.rest.push_str(json);
    }

    /// Takes `attributes` given as an object, as a string that holds one, or as anything else.
    fn attributes(&mut self, raw: &RawValue) -> Result<(), Reject> {
        let json = raw.get();
        let inner = if json.starts_with('"') { serde_json::from_str::<String>(json)? } else { json.to_owned() };
        match lenient::rest(&inner, &[]) {
            Some(object) => {
                let members = object.strip_prefix('{').and_then(|object| object.strip_suffix('}')).unwrap_or_default();
                if !self.rest.is_empty() && !members.is_empty() {
                    self.rest.push(',');
                }
                self.rest.push_str(members);
            }
            None if matches!(inner.trim(), "" | "{}" | "null" | "[]") => {}
            None => self.keep("attributes", json),
        }
        Ok(())
    }

    fn finish(mut self, out: &mut dyn Receiver) -> Result<(), Reject> {
        if !self.has_action {
            return Err(Reject::bad(allowed("action", Action::ALL.map(Action::as_str))));
        }
        self.event.surface = self.surface.unwrap_or_else(|| usual_surface(self.event.action));
        if self.event.actor_id.is_none() {
            self.event.actor_id.clone_from(&self.event.actor_email);
        }
        if !self.rest.is_empty() {
            self.event.attributes = Some(Cow::Owned(format!("{{{}}}", self.rest)));
        }
        out.event(self.event);
        Ok(())
    }
}

const TIME_ORIGINS: &[TimeOrigin] = &[TimeOrigin::Object];
const SURFACES: &[Surface] = &[Surface::Chat, Surface::FileShare, Surface::Email, Surface::Ticket, Surface::Endpoint, Surface::Identity];
const OUTCOMES: &[Outcome] = &[Outcome::Success, Outcome::Blocked, Outcome::Failed];
const ACTOR_CLASSES: &[ActorClass] = &[ActorClass::Human, ActorClass::Guest, ActorClass::Service, ActorClass::System];
const CLIENT_CLASSES: &[ClientClass] =
    &[ClientClass::Interactive, ClientClass::Sync, ClientClass::Backup, ClientClass::Api, ClientClass::Ai];
const CHANNEL_TYPES: &[ChannelType] =
    &[ChannelType::Public, ChannelType::Private, ChannelType::Direct, ChannelType::Group, ChannelType::Site];

fn action(name: &str) -> Option<Action> {
    Action::ALL.into_iter().find(|action| action.as_str() == name.trim())
}

/// The surface of an act where the row does not say it.
fn usual_surface(action: Action) -> Surface {
    match action {
        Action::EmailSent | Action::MailRead => Surface::Email,
        Action::FileSynced | Action::LinkCreated => Surface::FileShare,
        Action::RemovableMediaWrite
        | Action::CloudUpload
        | Action::NetworkShareWrite
        | Action::ClipboardCopy
        | Action::RemoteSessionCopy
        | Action::Print => Surface::Endpoint,
        Action::Login | Action::AppInstalled | Action::AppScopesChanged => Surface::Identity,
        _ => Surface::Chat,
    }
}

/// Reads a value that may be absent but not wrong.
fn read<T>(given: Option<&str>, wrong: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reject> {
    given.map(|text| parse(text).ok_or_else(|| Reject::bad(wrong))).transpose()
}

fn one_of<T: Copy>(column: &str, given: Option<&str>, list: &[T], name: fn(T) -> &'static str) -> Result<Option<T>, Reject> {
    let Some(text) = given else { return Ok(None) };
    match list.iter().find(|value| name(**value) == text) {
        Some(value) => Ok(Some(*value)),
        None => Err(Reject::bad(allowed(column, list.iter().map(|value| name(*value))))),
    }
}

fn allowed(column: &str, names: impl IntoIterator<Item = &'static str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    format!("{column} must be one of: {}", names.join(", "))
}

fn boolean(text: &str) -> Option<bool> {
    Str(Some(Cow::Borrowed(text))).bool()
}

fn bytes(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().or_else(|| text.strip_suffix(".0")?.parse().ok()).filter(|bytes| *bytes >= 0)
}

/// The columns that hold text as it is given.
fn text_column<'e, 'a>(event: &'e mut Event<'a>, column: &str) -> Option<&'e mut Text<'a>> {
    Some(match column {
        "vendor_action" => &mut event.vendor_action,
        "batch_id" => &mut event.batch_id,
        "actor_id" => &mut event.actor_id,
        "actor_name" => &mut event.actor_name,
        "actor_org" => &mut event.actor_org,
        "on_behalf_of" => &mut event.on_behalf_of,
        "app_id" => &mut event.app_id,
        "app_name" => &mut event.app_name,
        "session_id" => &mut event.session_id,
        "user_agent" => &mut event.user_agent,
        "country" => &mut event.country,
        "device_name" => &mut event.device_name,
        "os" => &mut event.os,
        "workspace_id" => &mut event.workspace_id,
        "channel_id" => &mut event.channel_id,
        "channel_name" => &mut event.channel_name,
        "permalink" => &mut event.permalink,
        "message_id" => &mut event.message_id,
        "thread_id" => &mut event.thread_id,
        "text" => &mut event.text,
        "search_query" => &mut event.search_query,
        "file_id" => &mut event.file_id,
        "file_name" => &mut event.file_name,
        "file_type" => &mut event.file_type,
        "file_hash" => &mut event.file_hash,
        "file_owner" => &mut event.file_owner,
        "object_url" => &mut event.object_url,
        "sensitivity_label" => &mut event.sensitivity_label,
        "target" => &mut event.target,
        "target_type" => &mut event.target_type,
        "target_domain" => &mut event.target_domain,
        "target_account" => &mut event.target_account,
        _ => return None,
    })
}
