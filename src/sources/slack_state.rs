//! The state of a Slack workspace: channels and their members, users, and where files lie.
//!
//! Read from responses of the Web API and from the lists of an export.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::lenient::{List, Str};
use super::slack_messages::shapes::{Channel, File, Object, User, is_conversation_id, type_of_id};
use super::{ExportChannels, Origin, Receiver, Record, Reject, time};
use crate::event::{ActorClass, ChannelType, Snapshot, SnapshotKind, Text};

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Json(json) = *record else { return false };
    const KEYS: [&str; 5] = ["\"ok\"", "\"creator\"", "\"members\"", "\"team_id\"", "\"filetype\""];
    if !KEYS.iter().any(|key| memchr::memmem::find(json.as_bytes(), key.as_bytes()).is_some()) {
        return false;
    }
    let json = json.trim_ascii_start();
    if json.starts_with('[') {
        let members: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
        return members.first().is_some_and(|member| shape(member.get()).is_some());
    }
    shape(json).is_some()
}

pub(super) fn normalize(record: &Record<'_>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = *record else { return Err(Reject::NotThisSource) };
    let json = json.trim_ascii();
    if json.starts_with('[') {
        let members: Vec<&RawValue> = serde_json::from_str(json)?;
        for member in members {
            match one(member.get(), origin, out) {
                Ok(()) | Err(Reject::Nothing) => {}
                Err(Reject::NotThisSource) => out.reject(Reject::bad("a member of the list is no channel, user or file")),
                Err(bad) => out.reject(bad),
            }
        }
        return Ok(());
    }
    one(json, origin, out)
}

/// Adds what one of an export's lists says of its channels; the list's name says what kind they are.
pub(super) fn read_export_list(channels: &mut ExportChannels, name: &str, json: &str) {
    let listed = type_of_list(name);
    let Ok(all) = serde_json::from_str::<Vec<&RawValue>>(json) else { return };
    for channel in all {
        let Ok(Object { inner: Some(channel), .. }) = serde_json::from_str::<Object<'_, Channel<'_>>>(channel.get()) else { continue };
        let Some(id) = channel.id.get() else { continue };
        let kind = channel.flagged_type().or(listed).or_else(|| type_of_id(id)).unwrap_or(ChannelType::Public);
        for folder in [channel.name.get(), Some(id)].into_iter().flatten() {
            channels.by_folder.insert(folder.to_owned(), (id.to_owned(), kind));
        }
    }
}

/// The type of the channels in an export's list of that name (`groups.json`, or flattened `export.groups.json`).
fn type_of_list(name: &str) -> Option<ChannelType> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split_once(".json").map_or(file, |(stem, _)| stem);
    match stem.rsplit('.').next().unwrap_or(stem) {
        "channels" => Some(ChannelType::Public),
        "groups" => Some(ChannelType::Private),
        "dms" => Some(ChannelType::Direct),
        "mpims" => Some(ChannelType::Group),
        _ => None,
    }
}

/// What a record of this source can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Response,
    Channel,
    User,
    File,
}

/// The few keys that tell the shapes apart.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Probe<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    ok: Str<'a>,
    created: Option<IgnoredAny>,
    creator: Option<IgnoredAny>,
    members: Option<IgnoredAny>,
    team_id: Option<IgnoredAny>,
    profile: Option<IgnoredAny>,
    filetype: Option<IgnoredAny>,
    mode: Option<IgnoredAny>,
    url_private: Option<IgnoredAny>,
}

fn shape(json: &str) -> Option<Shape> {
    if !json.trim_ascii_start().starts_with('{') {
        return None;
    }
    let probe: Probe<'_> = serde_json::from_str(json).ok()?;
    if matches!(probe.ok.get(), Some("true" | "false")) {
        return Some(Shape::Response);
    }
    let id = probe.id.get()?;
    let begins = |letters: &[u8]| id.len() >= 4 && id.as_bytes().first().is_some_and(|b| letters.contains(b));
    if is_conversation_id(id) && probe.created.is_some() && (probe.creator.is_some() || probe.members.is_some()) {
        Some(Shape::Channel)
    } else if begins(b"UWB") && probe.profile.is_some() && probe.team_id.is_some() {
        Some(Shape::User)
    } else if begins(b"F") && probe.filetype.is_some() && (probe.mode.is_some() || probe.url_private.is_some()) {
        Some(Shape::File)
    } else {
        None
    }
}

fn one(json: &str, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match shape(json) {
        Some(Shape::Response) => response(&serde_json::from_str(json)?, origin, out),
        Some(Shape::Channel) => channel(&serde_json::from_str(json)?, None, origin, out),
        Some(Shape::User) => user(&serde_json::from_str(json)?, out),
        Some(Shape::File) => file(&serde_json::from_str(json)?, out),
        None => {
            serde_json::from_str::<IgnoredAny>(json)?;
            Err(Reject::NotThisSource)
        }
    }
}

/// A response of the Web API: whatever list or object it holds.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(borrow)]
    members: List<'a>,
    #[serde(borrow)]
    users: List<'a>,
    #[serde(borrow)]
    user: Object<'a, User<'a>>,
    #[serde(borrow)]
    channels: List<'a>,
    #[serde(borrow)]
    conversations: List<'a>,
    #[serde(borrow)]
    groups: List<'a>,
    #[serde(borrow)]
    ims: List<'a>,
    #[serde(borrow)]
    channel: Object<'a, Channel<'a>>,
    #[serde(borrow)]
    files: List<'a>,
    #[serde(borrow)]
    file: Object<'a, File<'a>>,
}

fn response(response: &Response<'_>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mut found = 0_usize;
    let mut take = |done: Result<(), Reject>, out: &mut dyn Receiver| {
        found += 1;
        if let Err(bad @ Reject::Bad { .. }) = done {
            out.reject(bad);
        }
    };
    let mut member_ids = Vec::new();
    for member in response.members.items::<Object<'_, User<'_>>>() {
        match (member.inner, member.bare.0) {
            (Some(row), _) => take(user(&row, out), out),
            (None, Some(id)) => member_ids.push(id),
            (None, None) => {}
        }
    }
    // A bare id in `users` is a member of a user group: that is no channel.
    for row in
        response.users.items::<Object<'_, User<'_>>>().into_iter().filter_map(|object| object.inner).chain(response.user.inner.clone())
    {
        take(user(&row, out), out);
    }
    for list in [&response.channels, &response.conversations, &response.groups, &response.ims] {
        for row in list.items::<Object<'_, Channel<'_>>>().into_iter().filter_map(|object| object.inner) {
            take(channel(&row, None, origin, out), out);
        }
    }
    let described = response.channel.inner.as_ref();
    if let Some(row) = described.filter(|row| row.id.get().is_some()) {
        take(channel(row, None, origin, out), out);
    }
    for row in
        response.files.items::<Object<'_, File<'_>>>().into_iter().filter_map(|object| object.inner).chain(response.file.inner.clone())
    {
        take(file(&row, out), out);
    }
    if !member_ids.is_empty() {
        let named = response.channel.bare.text().or_else(|| described.and_then(|channel| channel.id.text()));
        let of_path = || origin.path.rsplit(['/', '.', '_', '=']).find(|part| is_conversation_id(part)).map(Cow::Borrowed);
        let Some(id) = named.or_else(of_path) else {
            return Err(Reject::bad("neither the record nor its path names the channel that these are the members of"));
        };
        members_of(&Channel { id: Str(Some(id)), ..Channel::default() }, None, &member_ids, out);
        found += 1;
    }
    if found == 0 { Err(Reject::Nothing) } else { Ok(()) }
}

fn channel<'a>(row: &Channel<'a>, listed: Option<ChannelType>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Some(id) = row.id.get() else { return Err(Reject::bad("the channel has no id")) };
    let listed = listed.or_else(|| type_of_list(origin.path));
    let kind = row.flagged_type().or(listed).or_else(|| type_of_id(id));
    out.snapshot(Snapshot {
        workspace_id: row.context_team_id.text(),
        channel_id: row.id.text(),
        channel_name: row.name.text(),
        channel_type: kind,
        channel_external: row.is_ext_shared.bool(),
        ..Snapshot::new(SnapshotKind::Channel)
    });
    let mut members: Vec<Cow<'a, str>> = row.members.items::<Str<'a>>().into_iter().filter_map(|member| member.0).collect();
    // A direct conversation of `conversations.list` names the other side only.
    if members.is_empty() {
        members.extend(row.user.text());
    }
    members_of(row, kind, &members, out);
    Ok(())
}

fn members_of<'a>(row: &Channel<'a>, kind: Option<ChannelType>, members: &[Cow<'a, str>], out: &mut dyn Receiver) {
    for member in members {
        let is_creator = row.creator.get() == Some(member.as_ref());
        out.snapshot(Snapshot {
            workspace_id: row.context_team_id.text(),
            channel_id: row.id.text(),
            channel_name: row.name.text(),
            channel_type: kind.or_else(|| row.id.get().and_then(type_of_id)),
            channel_external: row.is_ext_shared.bool(),
            actor_id: Some(member.clone()),
            role: is_creator.then_some("creator".into()),
            ..Snapshot::new(SnapshotKind::ChannelMember)
        });
    }
}

fn user(row: &User<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    if row.id.get().is_none() {
        return Err(Reject::bad("the user has no id"));
    }
    let set = |flag: &Str<'_>| flag.bool() == Some(true);
    let role = if set(&row.deleted) {
        "deleted"
    } else if row.class() == Some(ActorClass::Service) || row.id.get() == Some("USLACKBOT") {
        "bot"
    } else if row.class() == Some(ActorClass::Guest) {
        "guest"
    } else if set(&row.is_owner) || set(&row.is_primary_owner) {
        "owner"
    } else if set(&row.is_admin) {
        "admin"
    } else {
        "member"
    };
    let mail = row.mail();
    out.snapshot(Snapshot {
        workspace_id: row.home_team(),
        actor_id: row.id.text(),
        actor_name: row.shown_name(),
        actor_email: mail.as_deref().and_then(super::address::email),
        role: Some(role.into()),
        ..Snapshot::new(SnapshotKind::User)
    });
    Ok(())
}

/// One statement for each channel the file lies in; a share says since when.
fn file<'a>(row: &File<'a>, out: &mut dyn Receiver) -> Result<(), Reject> {
    if row.id.get().is_none() {
        return Err(Reject::bad("the file has no id"));
    }
    let mut places: Vec<(Text<'a>, Option<ChannelType>, Option<crate::event::Micros>)> = Vec::new();
    for (visibility, by_channel) in row.shares.map(|raw| entries(raw.get())).unwrap_or_default() {
        let kind = if visibility == "public" { Some(ChannelType::Public) } else { None };
        for (channel, shares) in entries(by_channel.get()) {
            let kind =
                kind.or_else(|| type_of_id(&channel).map(|kind| if kind == ChannelType::Public { ChannelType::Private } else { kind }));
            let shares = List(Some(shares)).items::<Object<'a, Share<'a>>>();
            let since = shares.iter().filter_map(|share| time::from_slack_ts(share.inner.as_ref()?.ts.get()?)).min();
            places.push((Some(channel), kind, since));
        }
    }
    let shared: HashSet<Text<'a>> = places.iter().map(|(channel, ..)| channel.clone()).collect();
    for (list, kind) in
        [(&row.channels, Some(ChannelType::Public)), (&row.groups, Some(ChannelType::Private)), (&row.ims, Some(ChannelType::Direct))]
    {
        for channel in list.items::<Str<'a>>() {
            if channel.0.is_some() && !shared.contains(&channel.0) {
                places.push((channel.0, kind, None));
            }
        }
    }
    if places.is_empty() {
        places.push((None, None, None));
    }
    for (channel_id, channel_type, since) in places {
        out.snapshot(Snapshot {
            snapshot_time: since,
            workspace_id: row.user_team.text(),
            channel_id,
            channel_type,
            file_id: row.id.text(),
            file_name: row.shown_name(),
            file_size: row.bytes(),
            file_owner: row.user.text(),
            ..Snapshot::new(SnapshotKind::FileLocation)
        });
    }
    Ok(())
}

/// One sharing of a file into a channel.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Share<'a> {
    #[serde(borrow)]
    ts: Str<'a>,
}

/// The entries of a JSON object; none of anything else.
fn entries(json: &str) -> Vec<(Cow<'_, str>, &RawValue)> {
    let found: std::collections::BTreeMap<Key<'_>, &RawValue> = serde_json::from_str(json).unwrap_or_default();
    found.into_iter().map(|(Key(key), value)| (key, value)).collect()
}

/// A key that borrows where the JSON has no escapes.
#[derive(PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
