//! Trello: a board's actions (API lists, webhooks, board exports) and the Enterprise audit log.
//!
//! An action has one id wherever it arrives. Its text is what was written then: a comment, a card's name and description.

mod actions;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use self::actions::ACTIONS;
use super::atlassian_audit::{Part, find, first_of, instant};
use super::lenient::{self, Str};
use super::{Origin, Receiver, Record, Reject, address};
use crate::event::{Action, ChannelType, ClientClass, Event, Surface, Text};

/// What tells the envelopes apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(borrow, default)]
    action: Option<&'a RawValue>,
    #[serde(borrow, default)]
    actions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id_action: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id_member_creator: Str<'a>,
    #[serde(borrow, default)]
    member_creator: Option<&'a RawValue>,
}

impl Shape<'_> {
    /// An action, or an entry of the audit log.
    fn is_action(&self) -> bool {
        let has_data = self.data.is_some_and(|raw| raw.get().starts_with('{'));
        let has_creator = self.id_member_creator.get().is_some() || self.member_creator.is_some();
        self.kind.get().is_some() && (self.id_action.get().is_some() || has_data && has_creator)
    }
}

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Json(json) = record else { return false };
    let has = |mark: &str| memmem::find(json.as_bytes(), mark.as_bytes()).is_some();
    if !has("emberCreator\"") && !has("\"idAction\"") {
        return false;
    }
    let is_action = |json: &str| serde_json::from_str::<Shape<'_>>(json).is_ok_and(|shape| shape.is_action());
    if json.trim_start().starts_with('[') {
        return first_of(json).is_some_and(is_action);
    }
    let Ok(shape) = serde_json::from_str::<Shape<'_>>(json) else {
        return false;
    };
    let inner = shape.action.map(RawValue::get).filter(|json| json.starts_with('{'));
    shape.is_action() || inner.is_some_and(is_action) || shape.actions.is_some_and(|list| first_of(list.get()).is_some_and(is_action))
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = *record else {
        return Err(Reject::NotThisSource);
    };
    if json.trim_start().starts_with('[') {
        return each(json, out);
    }
    let shape: Shape<'_> = serde_json::from_str(json)?;
    if shape.is_action() {
        return one(json, out);
    }
    let list = shape.actions.map(RawValue::get).filter(|json| json.starts_with('['));
    match (shape.action.map(RawValue::get).filter(|json| json.starts_with('{')), list) {
        (Some(action), _) => one(action, out),
        (None, Some(list)) => each(list, out),
        (None, None) => Err(Reject::NotThisSource),
    }
}

/// Every action of a list; a bad one does not stop the others.
fn each(list: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let members: Vec<&RawValue> = serde_json::from_str(list)?;
    for member in members {
        match one(member.get(), out) {
            Ok(()) | Err(Reject::Nothing) => {}
            Err(Reject::NotThisSource) => out.reject(Reject::bad("a member of the list is no action of Trello's")),
            Err(bad) => out.reject(bad),
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BoardAction<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    id_action: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id_member_creator: Str<'a>,
    #[serde(borrow, default)]
    member_creator: Part<Member<'a>>,
    #[serde(borrow, default)]
    member: Part<Member<'a>>,
    #[serde(borrow, default)]
    app_creator: Part<App<'a>>,
    #[serde(borrow, default)]
    organization: Part<Thing<'a>>,
    #[serde(borrow, default)]
    data: Part<Subject<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    username: Str<'a>,
    #[serde(borrow, default)]
    full_name: Str<'a>,
    #[serde(borrow, default)]
    email: Str<'a>,
}

#[derive(Deserialize)]
struct App<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
}

/// What an action is about. Which members there are depends on its type.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Subject<'a> {
    #[serde(borrow, default)]
    board: Part<Thing<'a>>,
    #[serde(borrow, default)]
    board_source: Part<Thing<'a>>,
    #[serde(borrow, default)]
    card: Part<Thing<'a>>,
    #[serde(borrow, default)]
    organization: Part<Thing<'a>>,
    #[serde(borrow, default)]
    enterprise: Part<Thing<'a>>,
    #[serde(borrow, default)]
    attachment: Part<Attachment<'a>>,
    #[serde(borrow, default)]
    plugin: Part<Thing<'a>>,
    #[serde(borrow, default)]
    checklist: Part<Thing<'a>>,
    #[serde(borrow, default)]
    check_item: Part<Thing<'a>>,
    #[serde(borrow, default)]
    custom_field_item: Part<CustomFieldItem<'a>>,
    /// The comment that an action changed or deleted.
    #[serde(borrow, default)]
    action: Part<Thing<'a>>,
    #[serde(borrow, default)]
    text: Str<'a>,
    #[serde(borrow, default)]
    value: Str<'a>,
    #[serde(borrow, default)]
    id_member: Str<'a>,
    #[serde(borrow, default)]
    old: Part<Old<'a>>,
}

/// A board, card, organization, checklist, ...
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thing<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    desc: Str<'a>,
    #[serde(borrow, default)]
    text: Str<'a>,
    #[serde(borrow, default)]
    short_link: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    url: Str<'a>,
    #[serde(borrow, default)]
    mime_type: Str<'a>,
    #[serde(borrow, default)]
    bytes: Str<'a>,
}

#[derive(Deserialize)]
struct CustomFieldItem<'a> {
    #[serde(borrow, default)]
    value: Part<CustomValue<'a>>,
}

#[derive(Deserialize)]
struct CustomValue<'a> {
    #[serde(borrow, default)]
    text: Str<'a>,
}

/// The values that an update replaced: which of them are there says what changed.
#[derive(Deserialize)]
struct Old<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    desc: Option<&'a RawValue>,
    #[serde(borrow, default)]
    prefs: Option<&'a RawValue>,
}

const KNOWN: &[&str] = &["id", "idAction", "type", "date", "idMemberCreator", "memberCreator", "display", "limits", "appCreator"];

fn one(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let record: BoardAction<'_> = serde_json::from_str(json)?;
    let Some(kind) = record.kind.get() else {
        return Err(Reject::NotThisSource);
    };
    let nothing = Subject::default();
    let data = record.data.0.as_ref().unwrap_or(&nothing);
    let mut event = Event {
        event_id: record.id.get().or(record.id_action.get()).map_or(Cow::Borrowed(""), |id| Cow::Owned(format!("trello:{id}"))),
        event_time: instant(record.date),
        surface: Surface::Ticket,
        vendor_action: record.kind.text(),
        attributes: lenient::rest(json, KNOWN).map(Cow::Owned),
        ..Event::default()
    };
    (event.action, event.text) = act(kind, data);
    add_actor(&record, &mut event);
    add_place(data, &record, &mut event);
    add_target(data, &record, &mut event);
    if event.channel_id.is_none() && !matches!(event.action, Action::MessagePosted | Action::MessageEdited | Action::MessageDeleted) {
        event.surface = Surface::Identity;
    }
    out.event(event);
    Ok(())
}

/// What was done, and the text that it wrote.
fn act<'a>(kind: &str, data: &Subject<'a>) -> (Action, Text<'a>) {
    let name = |thing: &Part<Thing<'a>>| thing.0.as_ref().and_then(|thing| thing.name.text());
    let action = find(ACTIONS, kind).unwrap_or_default();
    match kind {
        "updateCard" | "updateBoard" => updated(kind, data),
        "updateChecklist" if data.old.0.as_ref().is_none_or(|old| old.name.is_none()) => (Action::Other, None),
        "createCard" | "copyCard" | "emailCard" | "convertToCardFromCheckItem" => (action, data.card.0.as_ref().and_then(both)),
        "commentCard" | "copyCommentCard" => (action, data.text.text()),
        "updateComment" => (action, data.action.0.as_ref().and_then(|comment| comment.text.text()).or(data.text.text())),
        "createCheckItem" | "updateCheckItem" => (action, name(&data.check_item)),
        "addChecklistToCard" | "updateChecklist" => (action, name(&data.checklist)),
        "updateCustomFieldItem" => {
            let text = data.custom_field_item.0.as_ref().and_then(|item| item.value.0.as_ref()).and_then(|value| value.text.text());
            (if text.is_some() { action } else { Action::Other }, text)
        }
        _ => (action, None),
    }
}

/// An update is an edit if it changed words, a change of rights if it changed who can see a board, and else neither.
fn updated<'a>(kind: &str, data: &Subject<'a>) -> (Action, Text<'a>) {
    let Some(old) = &data.old.0 else { return (Action::Other, None) };
    let thing = if kind == "updateCard" { data.card.0.as_ref() } else { data.board.0.as_ref() };
    let decides_who_sees = ["permissionLevel", "invitations", "selfJoin"];
    if old.prefs.is_some_and(|prefs| decides_who_sees.iter().any(|name| prefs.get().contains(name))) {
        return (Action::PermissionChanged, None);
    }
    let Some(thing) = thing.filter(|_| old.name.is_some() || old.desc.is_some()) else {
        return (Action::Other, None);
    };
    let name = thing.name.text().filter(|_| old.name.is_some());
    let desc = thing.desc.text().filter(|_| old.desc.is_some());
    (Action::MessageEdited, below(name, desc))
}

/// A card's name and description.
fn both<'a>(card: &Thing<'a>) -> Text<'a> {
    below(card.name.text(), card.desc.text())
}

fn below<'a>(first: Text<'a>, second: Text<'a>) -> Text<'a> {
    match (first, second) {
        (Some(first), Some(second)) => Some(Cow::Owned(format!("{first}\n\n{second}"))),
        (first, second) => first.or(second),
    }
}

fn add_actor<'a>(record: &BoardAction<'a>, event: &mut Event<'a>) {
    let creator = record.member_creator.0.as_ref();
    event.actor_email = creator.and_then(|member| member.email.get()).and_then(address::email).map(|email| Cow::Owned(email.into_owned()));
    event.actor_id = record.id_member_creator.text().or_else(|| creator.and_then(|member| member.id.text().or(member.username.text())));
    event.actor_name = creator.and_then(|member| member.full_name.text().or(member.username.text()));
    if let Some(app) = &record.app_creator.0 {
        event.app_id = app.id.text();
        event.app_name = app.name.text();
        event.client_class = app.id.get().map(|_| ClientClass::Api);
    }
}

fn add_place<'a>(data: &Subject<'a>, record: &BoardAction<'a>, event: &mut Event<'a>) {
    if let Some(board) = &data.board.0 {
        event.channel_id = board.id.text();
        event.channel_name = board.name.text();
        event.channel_type = Some(ChannelType::Site);
        event.permalink = board.short_link.get().map(|link| Cow::Owned(format!("https://trello.com/b/{link}")));
    }
    let organization = data.organization.0.as_ref().or(record.organization.0.as_ref());
    event.workspace_id = organization.and_then(|organization| organization.id.text());
    let Some(card) = &data.card.0 else { return };
    event.message_id = card.id.text();
    event.permalink = card.short_link.get().map(|link| Cow::Owned(format!("https://trello.com/c/{link}")));
    let comment = match record.kind.get() {
        Some("commentCard" | "copyCommentCard") => record.id.text().or(record.id_action.text()),
        Some("updateComment" | "deleteComment") => data.action.0.as_ref().and_then(|comment| comment.id.text()),
        _ => None,
    };
    if comment.is_some() {
        event.thread_id = event.message_id.take();
        if let Some((link, id)) = event.permalink.as_ref().zip(comment.as_ref()) {
            event.permalink = Some(Cow::Owned(format!("{link}#comment-{id}")));
        }
        event.message_id = comment;
    }
}

/// The file, app, member, organization or copied thing that was acted on.
fn add_target<'a>(data: &Subject<'a>, record: &BoardAction<'a>, event: &mut Event<'a>) {
    if let Some(attachment) = &data.attachment.0 {
        event.file_id = attachment.id.text();
        event.file_name = attachment.name.text();
        event.file_type = attachment.mime_type.text();
        event.file_size = attachment.bytes.int().filter(|bytes| *bytes >= 0);
        event.object_url = attachment.url.text();
    }
    if let (Action::FileCopied, Some(source)) = (event.action, &data.board_source.0) {
        event.file_id = source.id.text();
        event.file_name = source.name.text();
    }
    if matches!(event.action, Action::AppInstalled) {
        let plugin = data.plugin.0.as_ref();
        event.target = plugin.and_then(|plugin| plugin.name.text()).or(data.value.text());
        event.target_account = plugin.and_then(|plugin| plugin.id.text());
        event.target_type = Some(Cow::Borrowed("app"));
        return;
    }
    let member = record.member.0.as_ref();
    let id = member.and_then(|member| member.id.text()).or(data.id_member.text());
    if id.is_some() {
        // Who adds or removes themselves joins or leaves; done to others it is a change of rights.
        match record.kind.get() {
            Some("addMemberToBoard") if id == event.actor_id => event.action = Action::ChannelJoined,
            Some("removeMemberFromBoard") if id == event.actor_id => event.action = Action::ChannelLeft,
            _ => {}
        }
        event.target = member.and_then(|member| member.full_name.text().or(member.username.text())).or_else(|| id.clone());
        event.target_type = Some(Cow::Borrowed("user"));
        event.target_account = id;
    } else if event.channel_id.is_none() {
        let things = [(&data.enterprise, "enterprise"), (&data.organization, "organization"), (&record.organization, "organization")];
        if let Some((thing, kind)) = things.into_iter().find_map(|(thing, kind)| thing.0.as_ref().map(|thing| (thing, kind))) {
            event.target = thing.name.text().or(thing.id.text());
            event.target_type = Some(Cow::Borrowed(kind));
        }
    }
}
