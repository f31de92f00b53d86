//! The events that are no messages: who joined, which file was shared, what an app may do.

use std::borrow::Cow;

use super::super::lenient::{List, Str, rest};
use super::super::{Receiver, Reject, address, time};
use super::act::{Act, base};
use super::{Around, message};
use crate::event::{Action, Event, Surface, Text};

/// Event type → action, for the events that are no messages; the others are `other`.
const ACTIONS: &[(&str, Action)] = &[
    ("app_installed", Action::AppInstalled),
    ("channel_joined", Action::ChannelJoined),
    ("channel_left", Action::ChannelLeft),
    ("channel_shared", Action::PermissionChanged),
    ("channel_unshared", Action::PermissionChanged),
    ("file_created", Action::FileUploaded),
    ("file_deleted", Action::FileDeleted),
    ("file_private", Action::PermissionChanged),
    ("file_public", Action::PermissionChanged),
    ("file_shared", Action::FileShared),
    ("file_unshared", Action::PermissionChanged),
    ("group_joined", Action::ChannelJoined),
    ("group_left", Action::ChannelLeft),
    ("member_joined_channel", Action::ChannelJoined),
    ("member_left_channel", Action::ChannelLeft),
    ("resources_added", Action::AppScopesChanged),
    ("resources_removed", Action::AppScopesChanged),
    ("scope_granted", Action::AppScopesChanged),
    ("shared_channel_invite_accepted", Action::PermissionChanged),
    ("shared_channel_invite_approved", Action::PermissionChanged),
    ("subteam_members_changed", Action::PermissionChanged),
    ("team_access_granted", Action::AppScopesChanged),
    ("team_access_revoked", Action::AppScopesChanged),
    ("tokens_revoked", Action::AppScopesChanged),
    ("user_resource_granted", Action::AppScopesChanged),
    ("user_resource_removed", Action::AppScopesChanged),
];

/// Event types that begin so are about accounts and apps, not about what people say.
const IDENTITY: [&str; 9] = ["app_", "team_", "user_", "tokens_", "scope_", "resources_", "workflow_", "subteam_", "dnd_"];

/// Fields that have a column or whose text stands in one, and pictures of people.
pub(super) const KNOWN: &[&str] = &[
    "type",
    "subtype",
    "channel",
    "channel_id",
    "channel_type",
    "user",
    "user_id",
    "actor_id",
    "bot_id",
    "bot_profile",
    "username",
    "app_id",
    "text",
    "ts",
    "event_ts",
    "deleted_ts",
    "message_ts",
    "thread_ts",
    "team",
    "user_team",
    "source_team",
    "user_profile",
    "edited",
    "files",
    "file",
    "file_id",
    "blocks",
    "attachments",
    "message",
    "previous_message",
    "root",
    "permalink",
    "client_msg_id",
    "item",
    "reaction",
    "links",
    "icons",
    "cache_ts",
    "upload",
    "display_as_bot",
    "iid",
];

/// Normalizes one event or message.
pub(super) fn normalize(json: &str, around: &Around<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let act: Act<'_> = serde_json::from_str(json)?;
    match act.kind.get() {
        None | Some("message" | "app_mention") => message::normalize(&act, json, around, out),
        Some(kind) => {
            let mut event = base(&act, around);
            event.attributes = rest(json, KNOWN).map(Cow::Owned);
            fill(&mut event, kind, &act, around);
            out.event(event);
            Ok(())
        }
    }
}

/// Fills what events have that are no messages.
fn fill<'a>(event: &mut Event<'a>, kind: &str, act: &Act<'a>, around: &Around<'a>) {
    event.action = ACTIONS.binary_search_by_key(&kind, |(name, _)| name).map_or(Action::Other, |at| ACTIONS[at].1);
    event.vendor_action = act.kind.text();
    if IDENTITY.iter().any(|start| kind.starts_with(start)) {
        event.surface = Surface::Identity;
        if kind.starts_with("app_") || kind.starts_with("tokens_") {
            event.app_id = event.app_id.take().or_else(|| around.app_id.clone());
        }
    }
    let stamp = act.event_ts.text().or_else(|| act.ts.text()).or_else(|| act.minute_rate_limited.text());
    event.event_time = time::read(stamp.as_deref()).or(around.event_time);
    if let Some(item) = &act.item.inner {
        event.message_id = item.ts.text();
        event.file_id = item.file.text();
    }
    if act.message_ts.get().is_some() {
        event.message_id = act.message_ts.text();
    }
    event.thread_id = act.thread_ts.text();
    if act.reaction.get().is_some() {
        event.target = act.reaction.text();
        event.target_type = Some("reaction".into());
    }
    if let Some(file) = &act.file.inner {
        message::file_columns(event, file);
    }
    event.file_id = act.file_id.text().or_else(|| act.file.bare.text()).or_else(|| event.file_id.take());
    links(event, &act.links);
    event.event_id = match stamp.filter(|stamp| time::from_slack_ts(stamp).is_some()) {
        Some(stamp) => {
            let part = |text: &Text<'_>| text.clone().unwrap_or_default().into_owned();
            let object = event.message_id.as_ref().or(event.file_id.as_ref()).map_or("", AsRef::as_ref);
            let (channel, actor) = (part(&event.channel_id), part(&event.actor_id));
            Cow::Owned(format!("slack:{kind}:{channel}:{stamp}:{actor}:{object}"))
        }
        None => around.event_id.as_ref().map_or(Cow::Borrowed(""), |id| Cow::Owned(format!("slack:{id}"))),
    };
}

/// Puts the addresses of a `link_shared` into the text and the first into its columns.
fn links<'a>(event: &mut Event<'a>, links: &List<'a>) {
    let urls: Vec<Text<'a>> = links.items::<Link<'a>>().into_iter().map(|link| link.url.text()).collect();
    let urls: Vec<Cow<'a, str>> = urls.into_iter().flatten().collect();
    if let Some(first) = urls.first() {
        event.target_domain = address::domain(first).map(Cow::Owned);
        event.text = Some(Cow::Owned(urls.join("\n")));
        event.object_url = Some(first.clone());
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Link<'a> {
    #[serde(borrow)]
    url: Str<'a>,
}
