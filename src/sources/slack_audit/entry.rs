//! An audit entry as Slack writes it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::lenient::{List, Str};
use super::super::slack_messages::shapes::Object;
use crate::event::{Text, When};

/// An entry of the log, or the page around entries. Read by hand, so that fields nobody knows are kept and none is read twice.
#[derive(Default)]
pub(super) struct Entry<'a> {
    pub entries: List<'a>,
    pub id: Str<'a>,
    pub date_create: When,
    pub p_event_time: When,
    pub action: Str<'a>,
    pub actor: Object<'a, Actor<'a>>,
    pub entity: Object<'a, Entity<'a>>,
    pub context: Object<'a, Context<'a>>,
    pub details: Object<'a, Fields<'a>>,
    pub unknown: Fields<'a>,
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
                        "entries" => entry.entries = map.next_value()?,
                        "id" => entry.id = map.next_value()?,
                        "date_create" => entry.date_create = map.next_value()?,
                        "p_event_time" => entry.p_event_time = map.next_value()?,
                        "action" => entry.action = map.next_value()?,
                        "actor" => entry.actor = map.next_value()?,
                        "entity" => entry.entity = map.next_value()?,
                        "context" => entry.context = map.next_value()?,
                        "details" => entry.details = map.next_value()?,
                        // What Panther adds repeats what the entry says.
                        known if known.starts_with("p_") || known == "response_metadata" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            let value = map.next_value()?;
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
#[derive(Default)]
pub(super) struct Actor<'a> {
    pub kind: Str<'a>,
    pub account: Account<'a>,
}

/// A user, app or bot.
#[derive(Default, serde::Deserialize)]
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
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Context<'a> {
    #[serde(borrow)]
    pub ip_address: Str<'a>,
    #[serde(borrow)]
    pub ua: Str<'a>,
    #[serde(borrow)]
    pub session_id: Str<'a>,
    #[serde(borrow)]
    pub location: Object<'a, Named<'a>>,
    #[serde(borrow)]
    pub app: Object<'a, Named<'a>>,
}

/// A workspace or app.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow)]
    pub name: Str<'a>,
}

/// `{"type": "file", "file": {…}}`: the kind and the one object, whatever its key.
#[derive(Default)]
pub(super) struct Entity<'a> {
    pub kind: Text<'a>,
    pub object: Fields<'a>,
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
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The field as text.
    pub fn text(&self, name: &str) -> Text<'a> {
        self.str(name).0
    }

    /// The field as a boolean.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.str(name).bool()
    }

    /// The field's JSON.
    pub fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    /// Writes the fields that are not in `taken` and say something as a JSON object; whether there are any.
    pub fn write_rest(&self, taken: &[&str], json: &mut String) -> bool {
        let start = json.len();
        for (key, value) in self.0.iter().filter(|(key, _)| !taken.contains(&key.as_ref())) {
            if !matches!(value.get(), "null" | "\"\"" | "[]" | "{}") {
                json.push(if json.len() == start { '{' } else { ',' });
                push_key(json, key);
                json.push_str(value.get());
            }
        }
        if json.len() > start {
            json.push('}');
        }
        json.len() > start
    }

    fn str(&self, name: &str) -> Str<'a> {
        self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
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
                    fields.push((key.unwrap_or_default(), map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}
