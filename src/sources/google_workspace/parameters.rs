//! The parameters of one event, whatever shape they came in: a list of name and typed value, a map, or a row of BigQuery's export.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::Text;
use crate::sources::lenient::{List, Str};

/// Endings of parameters that name a thing, the plainest first, and what else ends so: where the act took place, and whose it was.
const NAMING: &[&str] = &["_email", "_name", "_title", "_alias", "_application", "_id"];
const AROUND: &[&str] = &[
    "calendar_id",
    "customer_id",
    "device_name",
    "domain_name",
    "gsuite_product_name",
    "log_id",
    "org_unit_name",
    "organizer_calendar_id",
    "organizer_email",
    "owner_email",
    "subscriber_calendar_id",
];

/// Messages within messages that are followed; Google's own nest three deep.
const DEPTH_MAX: usize = 8;

/// Name → value as JSON text, in the order of the record.
#[derive(Debug, Default)]
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// One parameter of the list form; exactly one of the values is set, or none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    bool_value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    int_value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    multi_value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    multi_int_value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message_value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    multi_message_value: Option<&'a RawValue>,
}

/// A nested message: parameters again.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    parameter: List<'a>,
}

impl<'a> Parameter<'a> {
    /// The value as JSON text; messages become objects, as the other envelopes write them.
    fn json(&self, depth: usize) -> Option<Cow<'a, str>> {
        let plain = [self.value, self.bool_value, self.int_value, self.multi_value, self.multi_int_value];
        if let Some(raw) = plain.into_iter().flatten().next() {
            return Some(Cow::Borrowed(raw.get()));
        }
        if let Some(raw) = self.message_value {
            return message(raw, depth).map(Cow::Owned);
        }
        let messages: Vec<&'a RawValue> = List(Some(self.multi_message_value?)).items();
        let objects: Vec<String> = messages.into_iter().filter_map(|raw| message(raw, depth)).collect();
        Some(Cow::Owned(format!("[{}]", objects.join(","))))
    }
}

/// A nested message as a JSON object.
fn message(raw: &RawValue, depth: usize) -> Option<String> {
    if depth >= DEPTH_MAX {
        return None;
    }
    let message: Message<'_> = serde_json::from_str(raw.get()).ok()?;
    let mut json = String::from("{");
    for parameter in message.parameter.items::<Parameter<'_>>() {
        if let Some(value) = parameter.json(depth + 1) {
            member(&mut json, parameter.name.get().unwrap_or_default(), &value);
        }
    }
    json.push('}');
    Some(json)
}

/// Adds `"name":value` to an object that is being written.
fn member(json: &mut String, name: &str, value: &str) {
    if json.len() > 1 {
        json.push(',');
    }
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        json.push('"');
        json.push_str(name);
        json.push('"');
    } else {
        json.push_str(&serde_json::to_string(name).unwrap_or_default());
    }
    json.push(':');
    json.push_str(value);
}

impl<'a> Parameters<'a> {
    /// Reads a list of parameters or a map of them; anything else is no parameters.
    pub(super) fn read(raw: Option<&'a RawValue>) -> Self {
        let Some(raw) = raw else { return Self::default() };
        if raw.get().starts_with('[') {
            // One pass over a good list; one with a broken member is read member by member.
            let list: Vec<Parameter<'a>> = serde_json::from_str(raw.get()).unwrap_or_else(|_| List(Some(raw)).items());
            let entry = |parameter: Parameter<'a>| Some((parameter.name.text()?, parameter.json(0)?));
            return Self(list.into_iter().filter_map(entry).collect());
        }
        Self::of_object(raw.get(), &[])
    }

    /// The members of a JSON object but those in `without`.
    pub(super) fn of_object(json: &'a str, without: &[&str]) -> Self {
        struct Members<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);
        impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Vec<(Cow<'de, str>, Cow<'de, str>)>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut members = Vec::new();
                        while let Some((name, value)) = map.next_entry::<Str<'de>, &'de RawValue>()? {
                            members.push((name.text().unwrap_or_default(), Cow::Borrowed(value.get())));
                        }
                        Ok(members)
                    }
                }
                deserializer.deserialize_map(Visitor).map(Members)
            }
        }
        let mut members = serde_json::from_str::<Members<'a>>(json).map(|members| members.0).unwrap_or_default();
        members.retain(|(name, _)| !without.contains(&name.as_ref()));
        Self(members)
    }

    /// Puts the members of the object under `name` in its place.
    pub(super) fn unfold(&mut self, name: &str) {
        let Some(at) = self.0.iter().position(|(known, value)| known == name && value.starts_with('{')) else { return };
        let (_, value) = self.0.remove(at);
        if let Cow::Borrowed(json) = value {
            self.0.extend(Self::of_object(json, &[]).0);
        }
    }

    /// Names and values as JSON text, in the order of the record.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The value as JSON text.
    pub(super) fn json(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// The value as text; of a list, the first.
    pub(super) fn text(&self, name: &str) -> Text<'a> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        match value {
            Cow::Borrowed(json) => first(json),
            Cow::Owned(json) => first(json).map(|text| Cow::Owned(text.into_owned())),
        }
    }

    /// What the event is about where nobody listed its parameters: the first that by its name names a thing, and the name without ending.
    pub(super) fn named_thing(&self) -> Option<(String, Cow<'a, str>)> {
        let named = |ending: &&str| {
            self.0.iter().find_map(|(name, _)| {
                let lower = name.to_ascii_lowercase();
                let kind = lower.strip_suffix(*ending).filter(|_| !AROUND.contains(&lower.as_str()))?;
                Some((kind.to_owned(), self.text(name)?))
            })
        };
        NAMING.iter().find_map(named)
    }

    /// The first of these that has a text.
    pub(super) fn text_of(&self, names: &[&str]) -> Text<'a> {
        names.iter().find_map(|name| self.text(name))
    }

    /// All texts of a list, or the one.
    pub(super) fn texts(&self, name: &str) -> Vec<Cow<'a, str>> {
        match self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value) {
            Some(Cow::Borrowed(json)) => all(json),
            Some(Cow::Owned(json)) => all(json).into_iter().map(|text| Cow::Owned(text.into_owned())).collect(),
            None => Vec::new(),
        }
    }

    /// The value as an integer.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        Str(self.text(name)).int()
    }

    /// The value as a boolean.
    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        Str(self.text(name)).bool()
    }

    /// A JSON object of what is not in `known` and says something, with `more` behind it.
    pub(super) fn rest(&self, known: &[&str], more: &[(&str, Text<'_>)]) -> Option<String> {
        let mut json = String::with_capacity(256);
        json.push('{');
        for (name, value) in &self.0 {
            if !known.contains(&name.as_ref()) && !matches!(value.as_ref(), "null" | "\"\"" | "[]" | "{}") {
                member(&mut json, name, value);
            }
        }
        for (name, text) in more {
            if let Some(text) = text {
                member(&mut json, name, &serde_json::to_string(text.as_ref()).unwrap_or_default());
            }
        }
        json.push('}');
        (json.len() > 2).then_some(json)
    }
}

/// The text of a value in JSON; of a list, the first.
pub(super) fn first(json: &str) -> Text<'_> {
    // A string without escapes, which most are, is its own text.
    if let Some(text) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|text| !text.contains('\\')) {
        return (!text.is_empty()).then_some(Cow::Borrowed(text));
    }
    if json.starts_with('[') { all(json).into_iter().next() } else { serde_json::from_str::<Str<'_>>(json).ok()?.0 }
}

fn all(json: &str) -> Vec<Cow<'_, str>> {
    if json.starts_with('[') {
        let list: Vec<Str<'_>> = serde_json::from_str(json).unwrap_or_default();
        return list.into_iter().filter_map(|text| text.0).collect();
    }
    first(json).into_iter().collect()
}
