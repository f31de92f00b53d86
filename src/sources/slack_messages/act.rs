//! The fields of a Slack event or message, and the columns that all of them share: where it was and who acted.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::address;
use super::super::lenient::{List, Str};
use super::Around;
use super::shapes::{Channel, File, Object, User, type_of_id};
use crate::event::{ActorClass, ChannelType, ClientClass, Event, Surface};

/// Any event or message: the fields that have columns.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Act<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Str<'a>,
    #[serde(borrow)]
    pub subtype: Str<'a>,
    #[serde(borrow)]
    pub channel: Object<'a, Channel<'a>>,
    #[serde(borrow)]
    pub channel_id: Str<'a>,
    #[serde(borrow)]
    pub channel_type: Str<'a>,
    #[serde(borrow)]
    pub user: Object<'a, User<'a>>,
    #[serde(borrow)]
    pub user_id: Str<'a>,
    #[serde(borrow)]
    pub actor_id: Str<'a>,
    #[serde(borrow)]
    pub bot_id: Str<'a>,
    #[serde(borrow)]
    pub bot_profile: Object<'a, BotProfile<'a>>,
    #[serde(borrow)]
    pub username: Str<'a>,
    #[serde(borrow)]
    pub app_id: Str<'a>,
    #[serde(borrow)]
    pub text: Str<'a>,
    #[serde(borrow)]
    pub ts: Str<'a>,
    #[serde(borrow)]
    pub event_ts: Str<'a>,
    #[serde(borrow)]
    pub deleted_ts: Str<'a>,
    #[serde(borrow)]
    pub message_ts: Str<'a>,
    #[serde(borrow)]
    pub thread_ts: Str<'a>,
    #[serde(borrow)]
    pub team: Str<'a>,
    #[serde(borrow)]
    pub team_id: Str<'a>,
    #[serde(borrow)]
    pub user_team: Str<'a>,
    #[serde(borrow)]
    pub source_team: Str<'a>,
    #[serde(borrow)]
    pub user_profile: Object<'a, User<'a>>,
    #[serde(borrow)]
    pub edited: Object<'a, Edited<'a>>,
    #[serde(borrow)]
    pub files: List<'a>,
    #[serde(borrow)]
    pub file: Object<'a, File<'a>>,
    #[serde(borrow)]
    pub file_id: Str<'a>,
    #[serde(borrow)]
    pub blocks: Option<&'a RawValue>,
    #[serde(borrow)]
    pub attachments: List<'a>,
    #[serde(borrow)]
    pub message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub previous_message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub item: Object<'a, Item<'a>>,
    #[serde(borrow)]
    pub reaction: Str<'a>,
    #[serde(borrow)]
    pub links: List<'a>,
    #[serde(borrow)]
    pub permalink: Str<'a>,
    #[serde(borrow)]
    pub client_msg_id: Str<'a>,
    #[serde(borrow)]
    pub minute_rate_limited: Str<'a>,
}

/// The bot that wrote a message.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct BotProfile<'a> {
    #[serde(borrow)]
    pub name: Str<'a>,
    #[serde(borrow)]
    pub app_id: Str<'a>,
}

/// Who edited a message last, and when.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Edited<'a> {
    #[serde(borrow)]
    pub user: Str<'a>,
    #[serde(borrow)]
    pub ts: Str<'a>,
}

/// What a reaction, pin or star stands on.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub channel: Str<'a>,
    #[serde(borrow)]
    pub ts: Str<'a>,
    #[serde(borrow)]
    pub file: Str<'a>,
}

/// An event with the columns that every kind fills alike: where it was and who acted.
pub(super) fn base<'a>(act: &Act<'a>, around: &Around<'a>) -> Event<'a> {
    let mut event = Event { surface: Surface::Chat, permalink: act.permalink.text(), ..Event::default() };
    channel_columns(&mut event, act, around);
    let home = around.team.clone().or_else(|| act.team_id.text()).or_else(|| act.team.text());
    actor_columns(&mut event, act, around, home.as_deref());
    event.workspace_id = home;
    event
}

fn channel_columns<'a>(event: &mut Event<'a>, act: &Act<'a>, around: &Around<'a>) {
    let object = act.channel.inner.as_ref();
    let own = act.channel.bare.text().or_else(|| object.and_then(|channel| channel.id.text())).or_else(|| act.channel_id.text());
    let own = own.or_else(|| act.item.inner.as_ref().and_then(|item| item.channel.text()));
    let told = match act.channel_type.get() {
        Some("channel") => Some(ChannelType::Public),
        Some("group") => Some(ChannelType::Private),
        Some("im" | "app_home") => Some(ChannelType::Direct),
        Some("mpim") => Some(ChannelType::Group),
        // member_joined_channel and others write the first letter of the id.
        Some("C") => Some(ChannelType::Public),
        Some("G") => Some(ChannelType::Private),
        Some("D") => Some(ChannelType::Direct),
        _ => object.and_then(Channel::flagged_type),
    };
    let is_place = own.is_none() || own == around.place.id;
    event.channel_name = object.and_then(|channel| channel.name.text()).or_else(|| around.place.name.clone().filter(|_| is_place));
    event.channel_id = own.or_else(|| around.place.id.clone());
    let of_id = || event.channel_id.as_deref().and_then(type_of_id);
    event.channel_type = told.or(around.place.kind.filter(|_| is_place)).or_else(of_id);
    event.channel_external =
        object.and_then(|channel| channel.is_ext_shared.bool()).or(around.ext_shared.filter(|_| event.channel_id.is_some()));
}

fn actor_columns<'a>(event: &mut Event<'a>, act: &Act<'a>, around: &Around<'a>, home: Option<&str>) {
    let user = act.user.inner.as_ref();
    let profile = act.user_profile.inner.as_ref();
    let bot = act.bot_profile.inner.as_ref();
    let installs = matches!(act.subtype.get(), Some("bot_add" | "bot_remove" | "bot_enable" | "bot_disable"));
    let is_bot = !installs && (act.bot_id.get().is_some() || act.subtype.get() == Some("bot_message"));

    let creator = || act.channel.inner.as_ref().and_then(|channel| channel.creator.text());
    let own_id = act.user.bare.text().or_else(|| user.and_then(|user| user.id.text()));
    event.actor_id = own_id.or_else(|| act.user_id.text()).or_else(|| act.actor_id.text()).or_else(|| act.bot_id.text()).or_else(creator);
    let shown = |user: Option<&User<'a>>| user.and_then(User::shown_name);
    event.actor_name =
        shown(user).or_else(|| shown(profile)).or_else(|| act.username.text()).or_else(|| bot.and_then(|bot| bot.name.text()));
    let mail = user.and_then(User::mail).or_else(|| profile.and_then(User::mail));
    event.actor_email = mail.and_then(|mail| address::email(&mail).map(|mail| Cow::Owned(mail.into_owned())));
    event.app_id = act.app_id.text().or_else(|| bot.and_then(|bot| bot.app_id.text()));
    event.app_name = bot.and_then(|bot| bot.name.text());

    let told = act.source_team.text().or_else(|| act.user_team.text()).or_else(|| user.and_then(User::home_team));
    // In a shared channel an event's `team` is the author's, the callback's the reader's.
    let author_team = || act.team.text().filter(|_| around.ext_shared == Some(true));
    event.actor_org = told.or_else(author_team).or_else(|| profile.and_then(User::home_team));
    let is_foreign = match (event.actor_org.as_deref(), home) {
        (Some(theirs), Some(home)) => theirs != home && is_workspace(theirs) && is_workspace(home),
        _ => false,
    };
    event.actor_class = if event.actor_id.as_deref() == Some("USLACKBOT") {
        Some(ActorClass::System)
    } else if is_bot {
        Some(ActorClass::Service)
    } else {
        user.and_then(User::class).or_else(|| profile.and_then(User::class)).or(is_foreign.then_some(ActorClass::Guest))
    };
    event.client_class = if is_bot {
        Some(ClientClass::Api)
    } else {
        // Only Slack's own programs number the messages that they send.
        act.client_msg_id.get().map(|_| ClientClass::Interactive)
    };
}

/// Whether this is a workspace's id; an organisation's (`E…`) cannot be compared with one.
fn is_workspace(team: &str) -> bool {
    team.starts_with('T')
}
