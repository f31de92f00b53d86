//! The objects that Slack's feeds, lists and exports share: users, channels, files, and values that are an id here and an object there.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::lenient::{List, Str};
use crate::event::{ActorClass, ChannelType, Text};

/// An object read in place, or the id that stands for it; null, lists and blank strings are neither.
///
/// Fields of `T` should accept any value: an error inside the object is an error of the whole record.
#[derive(Debug, Clone)]
pub(in crate::sources) struct Object<'a, T> {
    /// The bare id, where only that is written.
    pub bare: Str<'a>,
    /// The object, where it is written out.
    pub inner: Option<T>,
}

impl<T> Default for Object<'_, T> {
    fn default() -> Self {
        Self { bare: Str(None), inner: None }
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Object<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<'a, T>(PhantomData<(&'a (), T)>);
        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<'a, T> {
            type Value = Object<'a, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or an id")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let inner = T::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Object { bare: Str(None), inner: Some(inner) })
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Object { bare: Str((!v.is_empty()).then_some(v.into())), inner: None })
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Object { bare: Str((!v.is_empty()).then(|| v.to_owned().into())), inner: None })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Object::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Object::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Object::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Object::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Object::default())
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Object::default())
            }
        }
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

/// A user as `users.list`, events and profiles of messages write one.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::sources) struct User<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow)]
    pub name: Str<'a>,
    #[serde(borrow)]
    pub real_name: Str<'a>,
    #[serde(borrow)]
    pub display_name: Str<'a>,
    #[serde(borrow)]
    pub email: Str<'a>,
    #[serde(borrow)]
    pub team_id: Str<'a>,
    #[serde(borrow)]
    pub team: Str<'a>,
    #[serde(borrow)]
    pub deleted: Str<'a>,
    #[serde(borrow)]
    pub is_bot: Str<'a>,
    #[serde(borrow)]
    pub is_workflow_bot: Str<'a>,
    #[serde(borrow)]
    pub is_restricted: Str<'a>,
    #[serde(borrow)]
    pub is_ultra_restricted: Str<'a>,
    #[serde(borrow)]
    pub is_stranger: Str<'a>,
    #[serde(borrow)]
    pub is_admin: Str<'a>,
    #[serde(borrow)]
    pub is_owner: Str<'a>,
    #[serde(borrow)]
    pub is_primary_owner: Str<'a>,
    #[serde(borrow)]
    pub profile: Object<'a, Profile<'a>>,
}

/// The part of a user that people fill in.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::sources) struct Profile<'a> {
    #[serde(borrow)]
    pub real_name: Str<'a>,
    #[serde(borrow)]
    pub display_name: Str<'a>,
    #[serde(borrow)]
    pub email: Str<'a>,
    #[serde(borrow)]
    pub team: Str<'a>,
}

impl<'a> User<'a> {
    /// The name that people see.
    pub fn shown_name(&self) -> Text<'a> {
        let profile = self.profile.inner.as_ref();
        let of_profile = || profile.and_then(|p| p.real_name.text().or_else(|| p.display_name.text()));
        self.real_name.text().or_else(of_profile).or_else(|| self.display_name.text()).or_else(|| self.name.text())
    }

    /// The mail address, wherever it stands.
    pub fn mail(&self) -> Text<'a> {
        self.email.text().or_else(|| self.profile.inner.as_ref().and_then(|p| p.email.text()))
    }

    /// The workspace that the account belongs to.
    pub fn home_team(&self) -> Text<'a> {
        self.team_id.text().or_else(|| self.team.text()).or_else(|| self.profile.inner.as_ref().and_then(|p| p.team.text()))
    }

    /// What the flags of the account prove.
    pub fn class(&self) -> Option<ActorClass> {
        let set = |flag: &Str<'_>| flag.bool() == Some(true);
        if set(&self.is_bot) || set(&self.is_workflow_bot) {
            Some(ActorClass::Service)
        } else if set(&self.is_restricted) || set(&self.is_ultra_restricted) || set(&self.is_stranger) {
            Some(ActorClass::Guest)
        } else {
            None
        }
    }
}

/// A channel, private channel, direct or group conversation.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::sources) struct Channel<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow)]
    pub name: Str<'a>,
    #[serde(borrow)]
    pub is_channel: Str<'a>,
    #[serde(borrow)]
    pub is_group: Str<'a>,
    #[serde(borrow)]
    pub is_im: Str<'a>,
    #[serde(borrow)]
    pub is_mpim: Str<'a>,
    #[serde(borrow)]
    pub is_private: Str<'a>,
    #[serde(borrow)]
    pub is_ext_shared: Str<'a>,
    #[serde(borrow)]
    pub context_team_id: Str<'a>,
    #[serde(borrow)]
    pub creator: Str<'a>,
    #[serde(borrow)]
    pub user: Str<'a>,
    #[serde(borrow)]
    pub members: List<'a>,
}

impl Channel<'_> {
    /// The type that the flags prove; `None` where there are none.
    pub fn flagged_type(&self) -> Option<ChannelType> {
        let set = |flag: &Str<'_>| flag.bool() == Some(true);
        if set(&self.is_im) {
            Some(ChannelType::Direct)
        } else if set(&self.is_mpim) || self.name.get().is_some_and(|name| name.starts_with("mpdm-")) {
            Some(ChannelType::Group)
        } else if set(&self.is_private) || set(&self.is_group) {
            Some(ChannelType::Private)
        } else if self.is_private.bool() == Some(false) {
            Some(ChannelType::Public)
        } else {
            None
        }
    }
}

/// The type that a conversation's id shows: `C` public unless told otherwise, `G` private, `D` direct.
pub(in crate::sources) fn type_of_id(id: &str) -> Option<ChannelType> {
    if !is_conversation_id(id) {
        return None;
    }
    match id.as_bytes().first() {
        Some(b'C') => Some(ChannelType::Public),
        Some(b'G') => Some(ChannelType::Private),
        Some(b'D') => Some(ChannelType::Direct),
        _ => None,
    }
}

/// Whether this looks like a conversation's id: `C`, `G` or `D`, then at least seven capitals and digits, a digit among them.
pub(in crate::sources) fn is_conversation_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8
        && matches!(bytes[0], b'C' | b'G' | b'D')
        && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && bytes.iter().any(u8::is_ascii_digit)
}

/// A file as messages, `files.info` and `files.list` write one.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::sources) struct File<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow)]
    pub name: Str<'a>,
    #[serde(borrow)]
    pub title: Str<'a>,
    #[serde(borrow)]
    pub filetype: Str<'a>,
    #[serde(borrow)]
    pub mimetype: Str<'a>,
    #[serde(borrow)]
    pub size: Str<'a>,
    #[serde(borrow)]
    pub user: Str<'a>,
    #[serde(borrow)]
    pub user_team: Str<'a>,
    #[serde(borrow)]
    pub permalink: Str<'a>,
    #[serde(borrow)]
    pub url_private: Str<'a>,
    #[serde(borrow)]
    pub preview: Str<'a>,
    #[serde(borrow)]
    pub preview_plain_text: Str<'a>,
    #[serde(borrow)]
    pub plain_text: Str<'a>,
    #[serde(borrow)]
    pub content: Str<'a>,
    #[serde(borrow)]
    pub channels: List<'a>,
    #[serde(borrow)]
    pub groups: List<'a>,
    #[serde(borrow)]
    pub ims: List<'a>,
    #[serde(borrow)]
    pub shares: Option<&'a RawValue>,
}

impl<'a> File<'a> {
    /// The name, else the title (deleted files have neither).
    pub fn shown_name(&self) -> Text<'a> {
        self.name.text().or_else(|| self.title.text())
    }

    /// Slack's short type, else the MIME type.
    pub fn shown_type(&self) -> Text<'a> {
        self.filetype.text().or_else(|| self.mimetype.text())
    }

    /// The size in bytes; deleted and linked files are written with 0, which is no size.
    pub fn bytes(&self) -> Option<i64> {
        self.size.int().filter(|size| *size > 0)
    }

    /// What the feed shows of the content, the fullest form first.
    pub fn shown_content(&self) -> Option<&str> {
        [&self.content, &self.plain_text, &self.preview_plain_text, &self.preview].into_iter().find_map(Str::get)
    }
}
