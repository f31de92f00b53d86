//! An audit entry as Slack writes it.
//!
//! There are two readings. Entries that stand as Slack documents them are walked over, which is several times as fast. Whatever else
//! stands where (a bare string for an object, a field twice, an escaped name, no JSON at all) is left to `serde`, which reads every
//! shape that the walk reads, and the same from it: a test compares them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::lenient::{List, Str, when};
use super::super::scan::Walk;
use super::super::slack_messages::shapes::Object;
use crate::event::{Text, When};

/// An entry of the log, or the page around entries. Read by hand, so that fields nobody knows are kept and none is read twice.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    /// Raw JSON.
    pub entries: Option<&'a str>,
    pub id: Str<'a>,
    pub date_create: When,
    pub p_event_time: When,
    pub action: Str<'a>,
    pub actor: Option<Actor<'a>>,
    pub entity: Option<Entity<'a>>,
    pub context: Option<Context<'a>>,
    pub details: Option<Fields<'a>>,
    pub unknown: Fields<'a>,
}

impl<'a> Entry<'a> {
    /// Reads an entry or a page.
    pub fn read(json: &'a str) -> serde_json::Result<Self> {
        match Self::walked(json) {
            Some(entry) => Ok(entry),
            None => serde_json::from_str(json),
        }
    }

    /// The entry, if it stands as Slack writes entries.
    pub fn walked(json: &'a str) -> Option<Self> {
        let mut entry = Self::default();
        let mut walk = Walk::new(json);
        walk.object(|walk, name| {
            match name {
                "entries" => entry.entries = Some(walk.value()?),
                "id" => entry.id = walk.text()?,
                "date_create" => entry.date_create = when(walk.value()?),
                "p_event_time" => entry.p_event_time = when(walk.value()?),
                "action" => entry.action = walk.text()?,
                "actor" => entry.actor = object(walk, Actor::walked)?,
                "entity" => entry.entity = object(walk, Entity::walked)?,
                "context" => entry.context = object(walk, Context::walked)?,
                "details" => entry.details = object(walk, Fields::walked)?,
                _ if says_nothing_new(name) => {
                    walk.value()?;
                }
                _ => entry.unknown.0.push((Cow::Borrowed(unescaped(name)?), walk.value()?)),
            }
            Some(())
        })?;
        walk.is_at_end().then_some(entry)
    }
}

/// Whether a field of that name repeats what the entry says, as what Panther adds does, or speaks of the page only.
fn says_nothing_new(name: &str) -> bool {
    name.starts_with("p_") || name == "response_metadata"
}

/// What `walked` reads of the object that begins here; null and plain strings are none.
#[inline(always)]
fn object<'a, T>(walk: &mut Walk<'a>, walked: impl FnOnce(&mut Walk<'a>) -> Option<T>) -> Option<Option<T>> {
    if walk.is_at_object() {
        return walked(walk).map(Some);
    }
    let raw = walk.value()?;
    (raw == "null" || (raw.starts_with('"') && unescaped(raw).is_some())).then_some(None)
}

/// A name that is what it looks like: one that has no escapes.
#[inline(always)]
fn unescaped(name: &str) -> Option<&str> {
    (!name.as_bytes().contains(&b'\\')).then_some(name)
}

/// Which fields of an object were met. `serde` calls one that stands twice an error, and so its reading decides.
#[derive(Default)]
struct Met(u8);

impl Met {
    #[inline(always)]
    fn first(&mut self, field: u8) -> Option<()> {
        let is_first = self.0 & (1 << field) == 0;
        self.0 |= 1 << field;
        is_first.then_some(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an audit entry")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry<'de>, A::Error> {
                let mut entry = Entry::default();
                while let Some(Str(key)) = map.next_key::<Str<'de>>()? {
                    let key = key.unwrap_or_default();
                    match key.as_ref() {
                        "entries" => entry.entries = Some(map.next_value::<&RawValue>()?.get()),
                        "id" => entry.id = map.next_value()?,
                        "date_create" => entry.date_create = map.next_value()?,
                        "p_event_time" => entry.p_event_time = map.next_value()?,
                        "action" => entry.action = map.next_value()?,
                        "actor" => entry.actor = map.next_value::<Object<'de, _>>()?.inner,
                        "entity" => entry.entity = map.next_value::<Object<'de, _>>()?.inner,
                        "context" => entry.context = map.next_value::<Object<'de, _>>()?.inner,
                        "details" => entry.details = map.next_value::<Object<'de, _>>()?.inner,
                        known if says_nothing_new(known) => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            let value = map.next_value::<&RawValue>()?.get();
                            entry.unknown.0.push((key, value));
                        }
                    }
                }
                Ok(entry)
            }
        }
        deserializer.deserialize_map(EntryVisitor)
    }
}

/// Who acted: `{"type": "user", "user": {…}}`.
#[derive(Debug, Default)]
pub(super) struct Actor<'a> {
    pub kind: Str<'a>,
    pub account: Account<'a>,
}

/// A user, app or bot.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Account<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow)]
    pub name: Str<'a>,
    #[serde(borrow)]
    pub email: Str<'a>,
    #[serde(borrow)]
    pub team: Str<'a>,
    #[serde(borrow)]
    pub account_type: Str<'a>,
}

impl<'a> Account<'a> {
    fn walked(walk: &mut Walk<'a>) -> Option<Self> {
        let (mut account, mut met) = (Self::default(), Met::default());
        walk.object(|walk, name| {
            let (number, field) = match name {
                "id" => (0, &mut account.id),
                "name" => (1, &mut account.name),
                "email" => (2, &mut account.email),
                "team" => (3, &mut account.team),
                "account_type" => (4, &mut account.account_type),
                _ => {
                    unescaped(name)?;
                    walk.value()?;
                    return Some(());
                }
            };
            met.first(number)?;
            *field = walk.text()?;
            Some(())
        })?;
        Some(account)
    }
}

impl<'a> Actor<'a> {
    fn walked(walk: &mut Walk<'a>) -> Option<Self> {
        let mut actor = Self::default();
        let mut key_of_account = Str(None);
        walk.object(|walk, name| {
            match name {
                "type" => actor.kind = walk.text()?,
                "id" => actor.account.id = walk.text()?,
                "name" => actor.account.name = walk.text()?,
                "email" => actor.account.email = walk.text()?,
                _ => {
                    let key = Str::plain(unescaped(name)?);
                    if let Some(account) = object(walk, Account::walked)? {
                        actor.account = account;
                        key_of_account = key;
                    }
                }
            }
            Some(())
        })?;
        if actor.kind.get().is_none() {
            actor.kind = key_of_account;
        }
        Some(actor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Actor<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ActorVisitor;
        impl<'de> Visitor<'de> for ActorVisitor {
            type Value = Actor<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an actor")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Actor<'de>, A::Error> {
                let mut actor = Actor::default();
                let mut key_of_account = Str(None);
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    match key.get() {
                        Some("type") => actor.kind = map.next_value()?,
                        // Some shippers write the account without the object around it.
                        Some("id") => actor.account.id = map.next_value()?,
                        Some("name") => actor.account.name = map.next_value()?,
                        Some("email") => actor.account.email = map.next_value()?,
                        _ => {
                            if let Some(account) = map.next_value::<Object<'de, Account<'de>>>()?.inner {
                                actor.account = account;
                                key_of_account = key;
                            }
                        }
                    }
                }
                if actor.kind.get().is_none() {
                    actor.kind = key_of_account;
                }
                Ok(actor)
            }
        }
        deserializer.deserialize_map(ActorVisitor)
    }
}

/// From where and through what.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Context<'a> {
    #[serde(borrow)]
    pub ip_address: Str<'a>,
    #[serde(borrow)]
    pub ua: Str<'a>,
    #[serde(borrow)]
    pub session_id: Str<'a>,
    #[serde(borrow, deserialize_with = "inner")]
    pub location: Option<Named<'a>>,
    #[serde(borrow, deserialize_with = "inner")]
    pub app: Option<Named<'a>>,
}

fn inner<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Named<'a>>, D::Error> {
    Ok(Object::deserialize(deserializer)?.inner)
}

impl<'a> Context<'a> {
    fn walked(walk: &mut Walk<'a>) -> Option<Self> {
        let (mut context, mut met) = (Self::default(), Met::default());
        walk.object(|walk, name| {
            match name {
                "ip_address" => {
                    met.first(0)?;
                    context.ip_address = walk.text()?;
                }
                "ua" => {
                    met.first(1)?;
                    context.ua = walk.text()?;
                }
                "session_id" => {
                    met.first(2)?;
                    context.session_id = walk.text()?;
                }
                "location" => {
                    met.first(3)?;
                    context.location = object(walk, Named::walked)?;
                }
                "app" => {
                    met.first(4)?;
                    context.app = object(walk, Named::walked)?;
                }
                _ => {
                    unescaped(name)?;
                    walk.value()?;
                }
            }
            Some(())
        })?;
        Some(context)
    }
}

/// A workspace or app.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow)]
    pub name: Str<'a>,
}

impl<'a> Named<'a> {
    fn walked(walk: &mut Walk<'a>) -> Option<Self> {
        let (mut named, mut met) = (Self::default(), Met::default());
        walk.object(|walk, name| {
            match name {
                "id" => {
                    met.first(0)?;
                    named.id = walk.text()?;
                }
                "name" => {
                    met.first(1)?;
                    named.name = walk.text()?;
                }
                _ => {
                    unescaped(name)?;
                    walk.value()?;
                }
            }
            Some(())
        })?;
        Some(named)
    }
}

/// `{"type": "file", "file": {…}}`: the kind and the one object, whatever its key.
#[derive(Debug, Default)]
pub(super) struct Entity<'a> {
    pub kind: Text<'a>,
    pub object: Fields<'a>,
}

impl<'a> Entity<'a> {
    fn walked(walk: &mut Walk<'a>) -> Option<Self> {
        let mut entity = Self::default();
        let mut key_of_object = None;
        walk.object(|walk, name| {
            if name == "type" {
                entity.kind = walk.text()?.0;
                return Some(());
            }
            let key = Str::plain(unescaped(name)?).0;
            if let Some(object) = object(walk, Fields::walked)?
                && (entity.object.0.is_empty() || key == entity.kind)
            {
                entity.object = object;
                key_of_object = key;
            }
            Some(())
        })?;
        entity.kind = entity.kind.or(key_of_object);
        Some(entity)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntityVisitor;
        impl<'de> Visitor<'de> for EntityVisitor {
            type Value = Entity<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entity")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entity<'de>, A::Error> {
                let mut entity = Entity::default();
                let mut key_of_object = None;
                while let Some(Str(key)) = map.next_key::<Str<'de>>()? {
                    if key.as_deref() == Some("type") {
                        entity.kind = map.next_value::<Str<'de>>()?.0;
                    } else if let Some(object) = map.next_value::<Object<'de, Fields<'de>>>()?.inner
                        && (entity.object.0.is_empty() || key == entity.kind)
                    {
                        entity.object = object;
                        key_of_object = key;
                    }
                }
                entity.kind = entity.kind.or(key_of_object);
                Ok(entity)
            }
        }
        deserializer.deserialize_map(EntityVisitor)
    }
}

/// An object whose fields depend on the action: read once, looked up by name, and what nobody took is kept.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Fields<'a> {
    fn walked(walk: &mut Walk<'a>) -> Option<Self> {
        let mut fields = Vec::new();
        walk.object(|walk, name| {
            fields.push((Cow::Borrowed(unescaped(name)?), walk.value()?));
            Some(())
        })?;
        Some(Self(fields))
    }

    /// The field as text.
    pub fn text(&self, name: &str) -> Text<'a> {
        self.str(name).0
    }

    /// The field as a boolean.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.str(name).bool()
    }

    /// The field's JSON.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    /// The field as an object; no fields if it is none.
    pub fn fields(&self, name: &str) -> Fields<'a> {
        self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
    }

    /// The field as a list.
    pub fn list(&self, name: &str) -> List<'a> {
        List(self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()))
    }

    /// Writes the fields that are not in `taken` and say something as a JSON object; whether there are any.
    pub fn write_rest(&self, taken: &[&str], json: &mut String) -> bool {
        let start = json.len();
        for (key, value) in self.0.iter().filter(|(key, _)| !taken.contains(&key.as_ref())) {
            if !matches!(*value, "null" | "\"\"" | "[]" | "{}") {
                json.push(if json.len() == start { '{' } else { ',' });
                push_key(json, key);
                json.push_str(value);
            }
        }
        if json.len() > start {
            json.push('}');
        }
        json.len() > start
    }

    fn str(&self, name: &str) -> Str<'a> {
        self.raw(name).and_then(|raw| Str::of_raw(raw).ok()).unwrap_or_default()
    }
}

/// Writes `"key":`.
pub(super) fn push_key(json: &mut String, key: &str) {
    if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        json.extend(["\"", key, "\":"]);
    } else {
        json.push_str(&serde_json::to_string(key).unwrap_or_default());
        json.push(':');
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(Str(key)) = map.next_key::<Str<'de>>()? {
                    fields.push((key.unwrap_or_default(), map.next_value::<&RawValue>()?.get()));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}
