//! Teams (and Viva Engage): chats, channels, members and messages, without their text.

use std::borrow::Cow;

use serde::Deserialize;

use super::actor::{home_address, lower_email};
use super::fields::{Fields, Key, Pair, pair};
use crate::event::{Action, ChannelType, Event, Surface, Text};
use crate::sources::lenient::Str;

/// Fills the chat or channel, the message and what Teams says of the client.
pub(super) fn fill<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.surface = Surface::Chat;
    event.channel_id = fields.first(&[Key::ChannelGuid, Key::ChatThreadId, Key::TeamGuid]);
    event.channel_name = fields.first(&[Key::ChannelName, Key::ChatName, Key::TeamName]);
    event.channel_type = channel_type(fields);
    let participants: Option<ParticipantInfo<'a>> = fields.object(Key::ParticipantInfo);
    event.channel_external = participants.and_then(|participants| participants.outsiders());
    event.message_id = fields.text(Key::MessageId);
    event.thread_id = fields.text(Key::ParentMessageId);
    if event.action == Action::AppInstalled {
        event.target = fields.first(&[Key::ItemName, Key::ObjectId]);
        event.target_type = event.target.is_some().then_some(Cow::Borrowed("app"));
    }
    if fields.text(Key::Workload).is_some_and(|workload| matches!(workload.as_ref(), "Yammer" | "VivaEngage")) {
        fill_engage(fields, event);
    }
    if fields.has(Key::ExtraProperties) {
        let properties: Vec<Pair<'a>> = fields.list(Key::ExtraProperties);
        event.country = pair(&properties, "Country");
        event.os = event.os.take().or_else(|| pair(&properties, "OsName"));
        event.app_name = event.app_name.take().or_else(|| pair(&properties, "ClientName"));
    }
}

/// What Viva Engage names: communities by their name only, files, and whom an act was done to.
fn fill_engage<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.channel_name = fields.text(Key::GroupName);
    event.channel_id = event.channel_id.take().or_else(|| event.channel_name.clone());
    event.file_id = fields.text(Key::FileId);
    event.file_name = fields.text(Key::FileName);
    if let Some(user) = fields.text(Key::TargetUserId) {
        event.target = Some(lower_email(&user).unwrap_or(user));
        event.target_type = Some(Cow::Borrowed("user"));
    } else if event.message_id.is_none() && event.file_id.is_none() {
        event.target = meaningful(fields.text(Key::ObjectId));
    }
}

fn channel_type(fields: &Fields<'_>) -> Option<ChannelType> {
    if let Some(kind) = fields.text(Key::ChannelType) {
        return match kind.as_ref() {
            "Standard" | "Regular" | "0" => Some(ChannelType::Public),
            "Private" | "Shared" | "1" | "2" => Some(ChannelType::Private),
            _ => None,
        };
    }
    match fields.text(Key::CommunicationType)?.as_ref() {
        "OneOnOne" | "OneToOne" => Some(ChannelType::Direct),
        "GroupChat" | "Group" | "Meeting" => Some(ChannelType::Group),
        _ => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ParticipantInfo<'a> {
    #[serde(borrow)]
    has_foreign_tenant_users: Str<'a>,
    #[serde(borrow)]
    has_guest_users: Str<'a>,
    #[serde(borrow)]
    has_other_guest_users: Str<'a>,
    #[serde(borrow)]
    has_unauthenticated_users: Str<'a>,
}

impl ParticipantInfo<'_> {
    /// Whether anybody from outside takes part; `None` if the record does not say.
    fn outsiders(&self) -> Option<bool> {
        let told = [&self.has_foreign_tenant_users, &self.has_guest_users, &self.has_other_guest_users, &self.has_unauthenticated_users];
        let mut told = told.into_iter().filter_map(Str::bool).peekable();
        told.peek()?;
        Some(told.any(|outside| outside))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Member<'a> {
    #[serde(borrow, rename = "UPN", alias = "upn")]
    principal_name: Str<'a>,
    #[serde(borrow, rename = "UserObjectId", alias = "AADObjectId", alias = "Id")]
    object_id: Str<'a>,
    #[serde(borrow, rename = "DisplayName")]
    display_name: Str<'a>,
}

/// Who joined or left, if the record lists members: one address (else id, else name) each.
pub(super) fn members<'a>(fields: &Fields<'a>, action: Action) -> Vec<Cow<'a, str>> {
    if !matches!(action, Action::ChannelJoined | Action::ChannelLeft | Action::PermissionChanged) || !fields.has(Key::Members) {
        return Vec::new();
    }
    let members: Vec<Member<'a>> = fields.list(Key::Members);
    let named = members.into_iter().filter_map(|member| {
        let principal_name = member.principal_name.0.map(|name| match home_address(&name) {
            Some(home) => Cow::Owned(home),
            None => lower_email(&name).unwrap_or(name),
        });
        principal_name.or(member.object_id.0).or(member.display_name.0)
    });
    named.collect()
}

/// Fills a conversation with an assistant.
pub(super) fn fill_assistant<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Conversation<'a> {
        #[serde(borrow)]
        app_host: Str<'a>,
        #[serde(borrow)]
        thread_id: Str<'a>,
    }
    event.surface = Surface::Chat;
    event.client_class = Some(crate::event::ClientClass::Ai);
    let conversation: Conversation<'a> = fields.object(Key::CopilotEventData).unwrap_or_default();
    event.app_name = event.app_name.take().or(conversation.app_host.0);
    event.channel_id = conversation.thread_id.0;
}

/// Whether the record is a conversation with an assistant.
pub(super) fn is_assistant(fields: &Fields<'_>, operation: &str) -> bool {
    fields.has(Key::CopilotEventData) || matches!(operation, "CopilotInteraction" | "ConnectedAIAppInteraction" | "AIAppInteraction")
}

/// The text of a field of Teams' that names nothing (`Unknown (Unknown)`) is dropped here, so that no target is called that.
pub(super) fn meaningful(text: Text<'_>) -> Text<'_> {
    text.filter(|text| !text.starts_with("Unknown"))
}
