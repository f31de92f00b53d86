//! State of Teams from Microsoft Graph: chats, channels, teams, who is in them, and the files in their drives.
//!
//! Which chat or channel a list of members belongs to stands in `@odata.context`, or in each member's id.

use std::borrow::Cow;

use base64::Engine;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::{List, Maybe, Str};
use super::{Origin, Receiver, Record, Reject, address, teams_messages};
use crate::event::{ChannelType, Snapshot, SnapshotKind, Text};

/// Pages hold objects, chats hold members.
const DEPTH_MAX: u32 = 3;

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    /// A page may be long; its first objects show what it is.
    const SHOWN: usize = 256 * 1024;
    let Record::Json(json) = record else { return false };
    let shown = json.as_bytes();
    let shown = &shown[..shown.len().min(SHOWN)];
    let has = |name: &str| memchr::memmem::find(shown, name.as_bytes()).is_some();
    let member = has("ConversationMember") && has("\"roles\"");
    let chat = has("\"chatType\"") && has("\"topic\"");
    let channel = has("\"displayName\"") && (has("\"membershipType\"") || (has("\"internalId\"") && has("\"memberSettings\"")));
    let file = has("\"size\"") && has("\"parentReference\"") && has("\"webUrl\"");
    member || chat || channel || file
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = record else { return Err(Reject::NotThisSource) };
    let stated = value(json.trim(), None, 0, out)?;
    if stated { Ok(()) } else { Err(Reject::Nothing) }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Object<'a> {
    #[serde(borrow, rename = "@odata.context")]
    context: Str<'a>,
    #[serde(borrow, rename = "@odata.type")]
    kind: Str<'a>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Str<'a>,
    // chats, channels and teams
    #[serde(borrow)]
    topic: Str<'a>,
    #[serde(borrow)]
    chat_type: Str<'a>,
    #[serde(borrow)]
    membership_type: Str<'a>,
    #[serde(borrow)]
    visibility: Str<'a>,
    #[serde(borrow)]
    internal_id: Str<'a>,
    #[serde(borrow)]
    tenant_id: Str<'a>,
    #[serde(borrow)]
    members: List<'a>,
    // members
    #[serde(borrow)]
    display_name: Str<'a>,
    #[serde(borrow)]
    user_id: Str<'a>,
    #[serde(borrow)]
    email: Str<'a>,
    #[serde(borrow)]
    roles: Option<List<'a>>,
    // files
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    size: Str<'a>,
    #[serde(borrow)]
    e_tag: Str<'a>,
    #[serde(borrow)]
    folder: Option<&'a RawValue>,
    #[serde(borrow)]
    parent_reference: Maybe<ParentReference<'a>>,
    #[serde(borrow)]
    sharepoint_ids: Maybe<SharepointIds<'a>>,
    #[serde(borrow)]
    created_by: Maybe<CreatedBy<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ParentReference<'a> {
    #[serde(borrow)]
    site_id: Str<'a>,
    #[serde(borrow)]
    drive_id: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SharepointIds<'a> {
    #[serde(borrow)]
    list_item_unique_id: Str<'a>,
    #[serde(borrow)]
    site_id: Str<'a>,
    #[serde(borrow)]
    tenant_id: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CreatedBy<'a> {
    #[serde(borrow)]
    user: Maybe<Person<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Person<'a> {
    #[serde(borrow)]
    email: Str<'a>,
    #[serde(borrow)]
    id: Str<'a>,
}

/// Reads one object or page; says whether it stated anything. `place` is the chat or channel that the envelope names.
fn value(json: &str, place: Option<&str>, depth: u32, out: &mut dyn Receiver) -> Result<bool, Reject> {
    if depth > DEPTH_MAX {
        return Err(Reject::bad("pages are nested too deeply"));
    }
    if json.starts_with('[') {
        return each(json, place, depth, out);
    }
    let object: Object<'_> = serde_json::from_str(json)?;
    let named = object.context.get().and_then(place_of_context);
    let place = named.as_deref().or(place);
    if let Some(page) = object.value.map(RawValue::get).filter(|page| page.starts_with('[')) {
        return each(page, place, depth, out);
    }
    if object.id.get().is_none() {
        // What is sent to Graph has no id yet.
        return Ok(false);
    }
    let is_member = object.kind.get().is_some_and(|kind| kind.ends_with("ConversationMember"))
        || (object.user_id.0.is_some() && object.roles.is_some());
    if is_member {
        member(&object, place, out);
        return Ok(true);
    }
    let is_place = object.chat_type.0.is_some() || object.membership_type.0.is_some() || object.internal_id.0.is_some();
    if is_place {
        channel(&object, depth, out)?;
        return Ok(true);
    }
    let is_file = object.name.0.is_some() && object.size.0.is_some() && object.folder.is_none();
    if is_file {
        file(&object, out);
    }
    Ok(is_file)
}

fn each(list: &str, place: Option<&str>, depth: u32, out: &mut dyn Receiver) -> Result<bool, Reject> {
    let elements: Vec<&RawValue> = serde_json::from_str(list)?;
    let mut stated = false;
    for element in elements {
        match value(element.get(), place, depth + 1, out) {
            Ok(this) => stated |= this,
            Err(reject) => {
                out.reject(reject);
                stated = true;
            }
        }
    }
    Ok(stated)
}

/// The innermost chat, channel or team that `@odata.context` names: `...#teams('a')/channels('b')/members` is b.
fn place_of_context(context: &str) -> Option<String> {
    teams_messages::named_place(context, &["channels('", "chats('", "teams('"])
}

/// The chat or team in a member's id: base64 of `0##tenant##chat##user` or of `team##user`.
fn place_of_member(id: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(id.trim_start_matches('/')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let parts: Vec<&str> = text.split("##").collect();
    match parts.as_slice() {
        [_, _, chat, _] => Some((*chat).to_owned()),
        [team, _] => Some((*team).to_owned()),
        _ => None,
    }
}

fn member(object: &Object<'_>, place: Option<&str>, out: &mut dyn Receiver) {
    let mut user = Snapshot::new(SnapshotKind::User);
    user.workspace_id = object.tenant_id.text();
    user.actor_id = object.user_id.text().or_else(|| object.id.text());
    user.actor_name = object.display_name.text();
    user.actor_email = object.email.get().and_then(address::email);
    let place = place.map(Cow::Borrowed).or_else(|| object.id.get().and_then(place_of_member).map(Cow::Owned));
    if let Some(place) = place {
        let roles: Vec<Str<'_>> = object.roles.map(|roles| roles.items()).unwrap_or_default();
        let role = roles.first().and_then(Str::text).unwrap_or(Cow::Borrowed("member"));
        out.snapshot(Snapshot {
            kind: SnapshotKind::ChannelMember,
            channel_type: teams_messages::chat_type(&place),
            channel_id: Some(place),
            role: Some(role),
            ..user.clone()
        });
    }
    if user.actor_name.is_some() || user.actor_email.is_some() {
        out.snapshot(user);
    }
}

fn channel(object: &Object<'_>, depth: u32, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mut channel = Snapshot::new(SnapshotKind::Channel);
    channel.workspace_id = object.tenant_id.text();
    channel.channel_id = object.id.text();
    channel.channel_name = object.topic.text().or_else(|| object.display_name.text());
    channel.channel_type = channel_type(object);
    out.snapshot(channel);
    if let Some(members) = object.members.0.map(RawValue::get).filter(|members| members.starts_with('[')) {
        each(members, object.id.get(), depth, out)?;
    }
    Ok(())
}

fn channel_type(object: &Object<'_>) -> Option<ChannelType> {
    let told = object.chat_type.get().or(object.membership_type.get()).or(object.visibility.get())?;
    match told {
        "oneOnOne" => Some(ChannelType::Direct),
        "group" | "meeting" => Some(ChannelType::Group),
        "standard" | "public" | "Public" => Some(ChannelType::Public),
        "private" | "shared" | "Private" | "hiddenMembership" => Some(ChannelType::Private),
        _ => None,
    }
}

fn file<'a>(object: &Object<'a>, out: &mut dyn Receiver) {
    let ids = object.sharepoint_ids.0.as_ref();
    let parent = object.parent_reference.0.as_ref();
    let site = parent.and_then(|parent| parent.site_id.text()).map(site_collection);
    let mut file = Snapshot::new(SnapshotKind::FileLocation);
    let unique_id = ids.and_then(|ids| ids.list_item_unique_id.text());
    file.file_id = unique_id.or_else(|| object.e_tag.get().and_then(guid_of_etag).map(Cow::Owned)).or_else(|| object.id.text());
    file.file_name = object.name.text();
    file.file_size = object.size.int().filter(|size| *size >= 0);
    file.channel_id = ids.and_then(|ids| ids.site_id.text()).or(site).or_else(|| parent.and_then(|parent| parent.drive_id.text()));
    file.channel_type = file.channel_id.is_some().then_some(ChannelType::Site);
    file.workspace_id = ids.and_then(|ids| ids.tenant_id.text());
    file.file_owner = owner(object);
    out.snapshot(file);
}

fn owner<'a>(object: &Object<'a>) -> Text<'a> {
    let user = object.created_by.0.as_ref()?.user.0.as_ref()?;
    let email = user.email.get().and_then(address::email).map(|email| Cow::Owned(email.into_owned()));
    email.or_else(|| user.id.text())
}

/// The site collection's id in `host,collection,web`; it is what the audit log calls the site.
fn site_collection(site_id: Cow<'_, str>) -> Cow<'_, str> {
    let collection = site_id.split(',').nth(1).map(str::to_owned);
    collection.map_or(site_id, Cow::Owned)
}

/// The id in `"{GUID},version"`, which is the audit log's `ListItemUniqueId` in lower case.
fn guid_of_etag(e_tag: &str) -> Option<String> {
    let guid = e_tag.split_once('{')?.1.split_once('}')?.0;
    let fits = guid.len() == 36 && guid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    fits.then(|| guid.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
