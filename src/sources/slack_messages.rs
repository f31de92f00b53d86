//! Slack messages and what happens around them: Events API callbacks, exports, responses of the Web API.
//!
//! A message is its channel and `ts`, with the time of the edit for an edit: the same wherever it comes from, and without the team,
//! which differs from side to side of a shared channel. A message with files is one event, and one more for each file.
//!
//! Exports and histories show a message that was edited as it stands after the edit, with the edit's time. That is the edit
//! (the same event as the feed's `message_changed`), not the post: what was posted first is not known there.

mod act;
mod happening;
mod message;
mod path;
pub(in crate::sources) mod shapes;
mod team_logs;

#[cfg(test)]
pub(in crate::sources) mod tests;

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::lenient::{List, Str};
use super::{Origin, Receiver, Record, Reject};
use path::Place;

/// What a record of this source can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `{"event": {…}}` with what Slack puts around it.
    Callback,
    /// The question whether the receiver is there.
    Handshake,
    /// A message of an export or an event without its callback.
    Bare,
    /// A page of messages: `messages` as a list, or as `{"matches": […]}`.
    Messages,
    /// The answer to posting: `message` beside its `channel`.
    Posted,
    /// A row of an export's `integration_logs.json`.
    Integration,
    /// A page of these rows.
    Integrations,
    /// A page of `team.accessLogs`.
    Accesses,
}

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Json(json) = *record else { return false };
    const KEYS: [&str; 7] =
        ["\"ts\"", "\"event\"", "\"event_ts\"", "\"messages\"", "\"challenge\"", "\"user_id\"", "\"minute_rate_limited\""];
    if !KEYS.iter().any(|key| memmem::find(json.as_bytes(), key.as_bytes()).is_some()) {
        return false;
    }
    if json.trim_ascii_start().starts_with('[') {
        let members: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
        return members.first().is_some_and(|member| shape(member.get()).is_some());
    }
    shape(json).is_some()
}

pub(super) fn normalize(record: &Record<'_>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = *record else { return Err(Reject::NotThisSource) };
    let place = path::of(origin);
    if json.trim_ascii_start().starts_with('[') {
        let members: Vec<&RawValue> = serde_json::from_str(json)?;
        return each(&members, out, |member, out| one(member, &place, out));
    }
    one(json, &place, out)
}

/// What is known of an event from around it.
#[derive(Debug, Clone, Default)]
struct Around<'a> {
    place: Place<'a>,
    team: crate::event::Text<'a>,
    app_id: crate::event::Text<'a>,
    event_id: crate::event::Text<'a>,
    event_time: crate::event::When,
    ext_shared: Option<bool>,
}

fn one(json: &str, place: &Place<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let probe = Probe::read(json);
    let Some((probe, shape)) = probe.and_then(|probe| probe.shape().map(|shape| (probe, shape))) else {
        // A broken record of a file that was recognised by its other records says where it breaks.
        serde_json::from_str::<IgnoredAny>(json)?;
        return Err(Reject::NotThisSource);
    };
    let around = || Around { place: place.clone(), ..Around::default() };
    match shape {
        Shape::Handshake => Err(Reject::Nothing),
        Shape::Bare => happening::normalize(json, &around(), out),
        Shape::Callback => callback(&probe, place, out),
        Shape::Integration => team_logs::integration(json, &around(), out),
        Shape::Messages | Shape::Posted | Shape::Integrations | Shape::Accesses => page(json, shape, place, out),
    }
}

fn callback(probe: &Probe<'_>, place: &Place<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let around = Around {
        place: place.clone(),
        team: probe.team_id.text().or_else(|| probe.context_team_id.text()),
        app_id: probe.api_app_id.text(),
        event_id: probe.event_id.text(),
        event_time: probe.event_time,
        ext_shared: probe.is_ext_shared_channel.bool(),
    };
    match probe.event {
        Some(event) => happening::normalize(event.get(), &around, out),
        None => Err(Reject::bad("the callback holds no event")),
    }
}

fn page(json: &str, shape: Shape, place: &Place<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let page: Page<'_> = serde_json::from_str(json)?;
    let mut around = Around { place: place.clone(), ..Around::default() };
    if let Some(channel) = page.channel.text() {
        around.place = Place::of_channel(channel);
    }
    match shape {
        Shape::Posted => page.message.map_or(Err(Reject::Nothing), |message| happening::normalize(message.get(), &around, out)),
        Shape::Integrations => each(&page.logs.items(), out, |row, out| team_logs::integration(row, &around, out)),
        Shape::Accesses => each(&page.logins.items(), out, team_logs::access),
        _ => {
            let found = page.messages.0.filter(|raw| raw.get().starts_with('{'));
            let found: Option<Matches<'_>> = found.and_then(|raw| serde_json::from_str(raw.get()).ok());
            let messages = found.map_or(page.messages, |found| found.matches);
            each(&messages.items(), out, |message, out| happening::normalize(message, &around, out))
        }
    }
}

/// Normalizes each member; one that is broken does not stop the others, one that yields nothing is no matter.
fn each(
    members: &[&RawValue],
    out: &mut dyn Receiver,
    mut normalize: impl FnMut(&str, &mut dyn Receiver) -> Result<(), Reject>,
) -> Result<(), Reject> {
    for member in members {
        match normalize(member.get(), out) {
            Ok(()) | Err(Reject::Nothing) => {}
            Err(Reject::NotThisSource) => out.reject(Reject::bad("a member of the list has no shape that Slack's messages have")),
            Err(bad) => out.reject(bad),
        }
    }
    if members.is_empty() { Err(Reject::Nothing) } else { Ok(()) }
}

/// The keys that tell the shapes apart, and what Slack puts around an event.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Probe<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    subtype: Str<'a>,
    #[serde(borrow)]
    ts: Str<'a>,
    event_ts: Option<IgnoredAny>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    team_id: Str<'a>,
    #[serde(borrow)]
    context_team_id: Str<'a>,
    #[serde(borrow)]
    api_app_id: Str<'a>,
    #[serde(borrow)]
    event_id: Str<'a>,
    event_time: crate::event::When,
    #[serde(borrow)]
    is_ext_shared_channel: Str<'a>,
    token: Option<IgnoredAny>,
    event_context: Option<IgnoredAny>,
    authorizations: Option<IgnoredAny>,
    challenge: Option<IgnoredAny>,
    ok: Option<IgnoredAny>,
    has_more: Option<IgnoredAny>,
    messages: Option<IgnoredAny>,
    message: Option<IgnoredAny>,
    logs: Option<IgnoredAny>,
    logins: Option<IgnoredAny>,
    text: Option<IgnoredAny>,
    user: Option<IgnoredAny>,
    bot_id: Option<IgnoredAny>,
    username: Option<IgnoredAny>,
    user_id: Option<IgnoredAny>,
    change_type: Option<IgnoredAny>,
    date: Option<IgnoredAny>,
    blocks: Option<IgnoredAny>,
    files: Option<IgnoredAny>,
    attachments: Option<IgnoredAny>,
}

impl<'a> Probe<'a> {
    fn read(json: &'a str) -> Option<Self> {
        // A list would be read as an object without names.
        json.trim_ascii_start().starts_with('{').then(|| serde_json::from_str(json).ok())?
    }

    fn shape(&self) -> Option<Shape> {
        let kind = self.kind.get().unwrap_or_default();
        let is_slacks =
            self.api_app_id.get().is_some() || self.event_context.is_some() || self.authorizations.is_some() || self.token.is_some();
        let holds_event =
            self.event.is_some_and(|raw| raw.get().starts_with('{') && memmem::find(raw.get().as_bytes(), b"\"type\"").is_some());
        if holds_event && (kind == "event_callback" || is_slacks) {
            return Some(Shape::Callback);
        }
        if kind == "url_verification" && self.challenge.is_some() {
            return Some(Shape::Handshake);
        }
        if self.ok.is_some() || self.has_more.is_some() {
            let pages = [
                (self.messages.is_some(), Shape::Messages),
                (self.message.is_some(), Shape::Posted),
                (self.logs.is_some(), Shape::Integrations),
                (self.logins.is_some(), Shape::Accesses),
            ];
            return pages.into_iter().find_map(|(present, shape)| present.then_some(shape));
        }
        if self.change_type.is_some() && self.user_id.is_some() && self.date.is_some() {
            return Some(Shape::Integration);
        }
        let says = self.text.is_some() || self.blocks.is_some() || self.files.is_some() || self.attachments.is_some();
        let named = self.user.is_some() || self.bot_id.is_some() || self.username.is_some() || self.subtype.get().is_some();
        let is_message = self.ts.get().is_some_and(is_ts) && (kind == "message" || (kind.is_empty() && says && named));
        let is_event = !kind.is_empty() && (self.event_ts.is_some() || kind == "app_rate_limited");
        (is_message || is_event).then_some(Shape::Bare)
    }
}

fn shape(json: &str) -> Option<Shape> {
    Probe::read(json)?.shape()
}

/// Whether this is Slack's `ts`: ten digits or so, a dot, digits.
fn is_ts(ts: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    ts.split_once('.').is_some_and(|(seconds, counter)| seconds.len() >= 9 && digits(seconds) && digits(counter))
}

/// A response of the Web API.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Page<'a> {
    #[serde(borrow)]
    channel: Str<'a>,
    #[serde(borrow)]
    messages: List<'a>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    logs: List<'a>,
    #[serde(borrow)]
    logins: List<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Matches<'a> {
    #[serde(borrow)]
    matches: List<'a>,
}
