//! Teams messages with their text, as Microsoft Graph gives them: `chatMessage` objects, pages of them, and change notifications
//! whose content a receiver has decrypted.
//!
//! A record is a message's state, not an act: `deletedDateTime` makes it a deletion, `lastEditedDateTime` an edit, else it is a post.
//! Files that a message refers to, violations of policies and expanded replies are events of their own.

mod attachments;
mod notification;

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use self::attachments::Attachment;
pub(super) use self::notification::named_place;
use super::lenient::{List, Maybe, Str, rest};
use super::{Origin, Receiver, Record, Reject, html, time};
use crate::event::{Action, ActorClass, ChannelType, ClientClass, Event, Outcome, Surface, Text, When};

/// Messages hold their replies, pages hold messages, notifications hold both.
const DEPTH_MAX: u32 = 4;

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    /// A page may be long; its first messages show what it is.
    const SHOWN: usize = 256 * 1024;
    let Record::Json(json) = record else { return false };
    let shown = json.as_bytes();
    let shown = &shown[..shown.len().min(SHOWN)];
    let has = |name: &str| memchr::memmem::find(shown, name.as_bytes()).is_some();
    // A list of chats shows each chat's last message, but is state.
    let messages = has("\"messageType\"") && has("\"createdDateTime\"") && has("\"body\"") && !has("\"chatType\"");
    messages || (has("\"subscriptionId\"") && has("\"resourceData\""))
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = record else { return Err(Reject::NotThisSource) };
    value(json.trim(), None, 0, out)
}

/// What may stand at the top: a page, a notification or a message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource: Str<'a>,
    #[serde(default)]
    encrypted_content: Option<IgnoredAny>,
    #[serde(borrow, default, rename = "@odata.context")]
    context: Str<'a>,
    #[serde(borrow, default)]
    message_type: Str<'a>,
    #[serde(borrow, default)]
    id: Str<'a>,
}

/// Reads what stands at the top or inside a page; `place` is the chat or channel that what is around it names.
fn value(json: &str, place: Option<&str>, depth: u32, out: &mut dyn Receiver) -> Result<(), Reject> {
    if depth > DEPTH_MAX {
        return Err(Reject::bad("pages are nested too deeply"));
    }
    if json.starts_with('[') {
        return each(json, place, depth, out);
    }
    let shape: Shape<'_> = serde_json::from_str(json)?;
    let named = [&shape.context, &shape.resource].into_iter().find_map(|path| named_place(path.get()?, &["channels('", "chats('"]));
    let place = named.as_deref().or(place);
    if let Some(page) = shape.value.map(RawValue::get).filter(|page| page.starts_with('[')) {
        return each(page, place, depth, out);
    }
    if let Some(data) = shape.resource_data {
        let decrypted = data.get().contains("\"createdDateTime\"");
        return if decrypted { value(data.get(), place, depth + 1, out) } else { Err(notification::without_content(&shape)) };
    }
    match (shape.message_type.get(), shape.id.get()) {
        (Some(_), Some(_)) => message(json, place, depth, out),
        (Some(_), None) => Err(Reject::Nothing),
        _ => Err(Reject::NotThisSource),
    }
}

/// Reads each element; a broken one does not keep the others back, and a page without any message yields nothing.
fn each(list: &str, place: Option<&str>, depth: u32, out: &mut dyn Receiver) -> Result<(), Reject> {
    let elements: Vec<&RawValue> = serde_json::from_str(list)?;
    let mut last = Err(Reject::Nothing);
    let only_one = elements.len() == 1;
    for element in elements {
        match value(element.get(), place, depth + 1, out) {
            Ok(()) => last = Ok(()),
            Err(Reject::Nothing) => {}
            Err(reject) if only_one => return Err(reject),
            Err(reject) => {
                out.reject(reject);
                last = Ok(());
            }
        }
    }
    last
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    reply_to_id: Str<'a>,
    #[serde(borrow)]
    message_type: Str<'a>,
    created_date_time: When,
    last_modified_date_time: When,
    last_edited_date_time: When,
    deleted_date_time: When,
    #[serde(borrow)]
    subject: Str<'a>,
    #[serde(borrow)]
    chat_id: Str<'a>,
    #[serde(borrow)]
    web_url: Str<'a>,
    #[serde(borrow)]
    channel_identity: Maybe<ChannelIdentity<'a>>,
    #[serde(borrow)]
    from: Maybe<Identities<'a>>,
    #[serde(borrow)]
    body: Maybe<Body<'a>>,
    #[serde(borrow)]
    attachments: List<'a>,
    #[serde(borrow)]
    policy_violation: Option<&'a RawValue>,
    #[serde(borrow)]
    event_detail: Maybe<EventDetail<'a>>,
    #[serde(borrow)]
    replies: Option<&'a RawValue>,
}

/// The fields of a message that have columns, or repeat what has.
const KNOWN: &[&str] = &[
    "@odata.context",
    "@odata.type",
    "id",
    "replyToId",
    "etag",
    "messageType",
    "createdDateTime",
    "lastModifiedDateTime",
    "lastEditedDateTime",
    "deletedDateTime",
    "subject",
    "chatId",
    "webUrl",
    "from",
    "body",
    "attachments",
    "policyViolation",
    "replies",
];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ChannelIdentity<'a> {
    #[serde(borrow)]
    channel_id: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identities<'a> {
    #[serde(borrow)]
    user: Maybe<Identity<'a>>,
    #[serde(borrow)]
    application: Maybe<Identity<'a>>,
    #[serde(borrow)]
    device: Maybe<Identity<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    display_name: Str<'a>,
    #[serde(borrow)]
    user_identity_type: Str<'a>,
    #[serde(borrow)]
    tenant_id: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    content_type: Str<'a>,
    #[serde(borrow)]
    content: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EventDetail<'a> {
    #[serde(borrow, rename = "@odata.type")]
    kind: Str<'a>,
    #[serde(borrow)]
    members: List<'a>,
    #[serde(borrow)]
    initiator: Maybe<Identities<'a>>,
    #[serde(borrow)]
    teams_app_display_name: Str<'a>,
}

fn message(json: &str, place: Option<&str>, depth: u32, out: &mut dyn Receiver) -> Result<(), Reject> {
    let message: Message<'_> = serde_json::from_str(json)?;
    let attachments: Vec<Attachment<'_>> = message.attachments.items();
    let mut event = Event { surface: Surface::Chat, ..Event::default() };
    fill_place(&message, place, &mut event);
    let channel = event.channel_id.clone();
    let id = message.id.get().unwrap_or_default();
    let base = format!("teams:{}:{id}", event.channel_id.as_deref().unwrap_or_default());
    // A message's id is the millisecond in which it was made.
    let created = message.created_date_time.or(time::parse(id).map_or(When::Unsaid, When::At));
    fill_actor(message.from.0.as_ref(), &mut event);
    event.vendor_action = message.message_type.text();

    if let Some(detail) = &message.event_detail.0 {
        return system_event(detail, json, &base, created, event, out);
    }
    // Graph writes year 1 for never.
    let (deleted, edited) = (message.deleted_date_time, message.last_edited_date_time);
    (event.action, event.event_time) = match (deleted, edited) {
        (When::Unsaid, When::Unsaid) => (Action::MessagePosted, created),
        (When::Unsaid, _) => (Action::MessageEdited, edited),
        _ => (Action::MessageDeleted, deleted),
    };
    event.event_id = match deleted.at().or(edited.at()) {
        Some(changed) => Cow::Owned(format!("{base}:{changed}")),
        None => Cow::Owned(base.clone()),
    };
    if event.action != Action::MessageDeleted {
        for (at, attachment) in attachments.iter().enumerate().filter(|(_, attachment)| attachment.is_file()) {
            let mut shared = Event { action: Action::FileShared, event_time: created, ..event.clone() };
            shared.event_id = Cow::Owned(format!("{base}:file:{}", attachment.key(at)));
            attachment.fill_file(&mut shared);
            out.event(shared);
        }
    }
    send_violation(&message, &base, created, &event, out);
    event.text = text(&message, &attachments);
    event.attributes = rest(json, KNOWN).map(Cow::Owned);
    out.event(event);
    if let Some(replies) = message.replies.map(RawValue::get).filter(|replies| replies.starts_with('[')) {
        match each(replies, channel.as_deref(), depth, out) {
            Ok(()) | Err(Reject::Nothing) => {}
            Err(reject) => out.reject(reject),
        }
    }
    Ok(())
}

fn fill_place<'a>(message: &Message<'a>, place: Option<&str>, event: &mut Event<'a>) {
    let channel = message.channel_identity.0.as_ref().and_then(|identity| identity.channel_id.text());
    event.channel_id = message.chat_id.text().or(channel).or_else(|| place.map(|place| Cow::Owned(place.to_owned())));
    event.channel_type = event.channel_id.as_deref().and_then(chat_type);
    event.message_id = message.id.text();
    event.thread_id = message.reply_to_id.text();
    event.permalink = message.web_url.text();
    event.workspace_id = message.web_url.get().and_then(|url| url.split_once("tenantId=")).map(|(_, behind)| {
        let tenant = behind.split('&').next().unwrap_or(behind);
        Cow::Owned(tenant.to_owned())
    });
}

/// What a chat's id shows of its kind: two people's ids, or a thread of several.
pub(super) fn chat_type(chat_id: &str) -> Option<ChannelType> {
    if chat_id.ends_with("@unq.gbl.spaces") {
        return Some(ChannelType::Direct);
    }
    chat_id.ends_with("@thread.v2").then_some(ChannelType::Group)
}

fn fill_actor<'a>(from: Option<&Identities<'a>>, event: &mut Event<'a>) {
    let Some(from) = from else {
        event.actor_class = Some(ActorClass::System);
        return;
    };
    if let Some(user) = &from.user.0 {
        event.actor_id = user.id.text();
        event.actor_name = user.display_name.text();
        event.workspace_id = event.workspace_id.take().or_else(|| user.tenant_id.text());
        event.actor_class = match user.user_identity_type.get() {
            Some("aadUser" | "onPremiseAadUser") => Some(ActorClass::Human),
            Some("anonymousGuest" | "federatedUser" | "personalMicrosoftAccountUser" | "skypeUser" | "phoneUser" | "emailUser") => {
                Some(ActorClass::Guest)
            }
            _ => None,
        };
    } else if let Some(app) = from.application.0.as_ref().or(from.device.0.as_ref()) {
        event.actor_id = app.id.text();
        event.actor_name = app.display_name.text();
        event.app_id = app.id.text();
        event.app_name = app.display_name.text();
        event.actor_class = Some(ActorClass::Service);
        event.client_class = Some(ClientClass::Api);
    }
}

/// The subject, the body and what the attachments say, a line each.
fn text<'a>(message: &Message<'a>, attachments: &[Attachment<'a>]) -> Text<'a> {
    let body = message.body.0.as_ref().and_then(|body| {
        let content = body.content.text()?;
        let is_html = body.content_type.get().is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
        Some(if is_html { Cow::Owned(html::to_text(&content)) } else { content })
    });
    let mut lines: Vec<Cow<'_, str>> = message.subject.text().into_iter().chain(body).collect();
    lines.extend(attachments.iter().flat_map(Attachment::texts));
    lines.retain(|line| !line.is_empty());
    match lines.len() {
        0 => None,
        1 => lines.pop(),
        _ => Some(Cow::Owned(lines.join("\n"))),
    }
}

/// Who came, who went, what was installed: one event, or one a member.
fn system_event<'a>(
    detail: &'a EventDetail<'a>,
    json: &str,
    base: &str,
    created: When,
    mut event: Event<'a>,
    out: &mut dyn Receiver,
) -> Result<(), Reject> {
    let kind = detail.kind.get().unwrap_or_default();
    let kind = kind.rsplit('.').next().unwrap_or(kind);
    let name = kind.strip_suffix("EventMessageDetail").unwrap_or(kind);
    event.action = match name {
        "membersAdded" | "membersJoined" => Action::ChannelJoined,
        "membersDeleted" | "membersLeft" => Action::ChannelLeft,
        "teamsAppInstalled" => Action::AppInstalled,
        _ => Action::Other,
    };
    let initiator = detail.initiator.0.as_ref().filter(|initiator| initiator.user.0.is_some() || initiator.application.0.is_some());
    if initiator.is_some() {
        fill_actor(initiator, &mut event);
    }
    event.vendor_action = Some(Cow::Borrowed(if name.is_empty() { "systemEventMessage" } else { name }));
    event.event_time = created;
    event.attributes = rest(json, KNOWN).map(Cow::Owned);
    event.target = detail.teams_app_display_name.text();
    event.target_type = event.target.is_some().then_some(Cow::Borrowed("app"));
    let members: Vec<Identity<'_>> = if event.action == Action::Other { Vec::new() } else { detail.members.items() };
    if members.is_empty() {
        event.event_id = Cow::Owned(base.to_owned());
        out.event(event);
        return Ok(());
    }
    for (at, member) in members.iter().enumerate() {
        let mut event = event.clone();
        event.event_id = Cow::Owned(if at == 0 { base.to_owned() } else { format!("{base}/{at}") });
        event.target = member.id.text().or_else(|| member.display_name.text());
        event.target_type = Some(Cow::Borrowed("user"));
        out.event(event);
    }
    Ok(())
}

/// What a data loss prevention rule said of the message.
fn send_violation(message: &Message<'_>, base: &str, created: When, event: &Event<'_>, out: &mut dyn Receiver) {
    let Some(violation) = message.policy_violation.map(RawValue::get).filter(|violation| violation.starts_with('{')) else { return };
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Violation<'a> {
        #[serde(borrow)]
        dlp_action: Str<'a>,
    }
    let action = serde_json::from_str::<Violation<'_>>(violation).unwrap_or_default().dlp_action;
    let blocked = action.get().is_some_and(|action| action.to_ascii_lowercase().contains("block"));
    let mut found = Event { action: Action::DlpMatch, ..event.clone() };
    found.event_id = Cow::Owned(format!("{base}:dlp"));
    found.event_time = message.last_modified_date_time.or(created);
    found.vendor_action = Some(Cow::Borrowed("policyViolation"));
    found.outcome = if blocked { Outcome::Blocked } else { Outcome::Success };
    found.attributes = Some(Cow::Borrowed(violation));
    out.event(found);
}

#[cfg(test)]
mod tests;
