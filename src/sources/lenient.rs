//! Serde types for what vendors write loosely: numbers as strings, one thing where a list belongs, JSON inside a string.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::time;
use crate::event::{Text, When};

/// A string, or a number or boolean as its text; null, `""`, lists and objects are `None`. Borrows where the JSON has no escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Str<'a>(pub Text<'a>);

impl<'a> Str<'a> {
    /// Reads one raw value that is known to be JSON: where it is a plain string or integer, as most are, it is not parsed again.
    ///
    /// # Errors
    /// What has no value: half a surrogate pair, a number out of range.
    pub fn of_raw(raw: &'a str) -> serde_json::Result<Self> {
        match raw.as_bytes() {
            [b'"', text @ .., b'"'] if memchr::memchr(b'\\', text).is_none() => Ok(Self::plain(&raw[1..raw.len() - 1])),
            // As many digits as every integer type holds.
            digits if digits.len() < 19 && digits.iter().all(u8::is_ascii_digit) => Ok(Self::plain(raw)),
            _ => serde_json::from_str(raw),
        }
    }

    /// Text without escapes.
    pub fn plain(text: &'a str) -> Self {
        Self((!text.is_empty()).then_some(Cow::Borrowed(text)))
    }

    /// The text, if there is any.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text with the record's lifetime, by a cheap copy where it is borrowed.
    pub fn text(&self) -> Text<'a> {
        self.0.clone()
    }

    /// The text as an integer.
    pub fn int(&self) -> Option<i64> {
        let text = self.get()?.trim();
        text.parse().ok().or_else(|| text.parse::<f64>().ok().filter(|f| f.is_finite()).map(|f| f as i64))
    }

    /// The text as a boolean (`true`, `True`, `1`, `yes`).
    pub fn bool(&self) -> Option<bool> {
        match self.get()?.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrVisitor;
        impl<'de> Visitor<'de> for StrVisitor {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Str((!v.is_empty()).then_some(Cow::Borrowed(v))))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Str((!v.is_empty()).then(|| Cow::Owned(v.to_owned()))))
            }
            fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
                Ok(Str(Some(Cow::Borrowed(if v { "true" } else { "false" }))))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
                Ok(Str(Some(Cow::Owned(v.to_string()))))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
                Ok(Str(Some(Cow::Owned(v.to_string()))))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
                Ok(Str(Some(Cow::Owned(v.to_string()))))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Str(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Str(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Str(None))
            }
        }
        deserializer.deserialize_any(StrVisitor)
    }
}

/// A list, one bare element of it, or null. Needs to buffer nothing: elements are kept as raw JSON and read with [`List::items`].
#[derive(Debug, Clone, Copy, Default)]
pub struct List<'a>(pub Option<&'a RawValue>);

impl<'a> List<'a> {
    /// The elements of the list (or the one bare element) that have the type asked for; others are passed over.
    pub fn items<T: Deserialize<'a>>(&self) -> Vec<T> {
        let Some(raw) = self.0 else { return Vec::new() };
        let json = raw.get();
        if json.starts_with('[') {
            let raws: Vec<&'a RawValue> = serde_json::from_str(json).unwrap_or_default();
            return raws.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect();
        }
        if json == "null" {
            return Vec::new();
        }
        serde_json::from_str(json).into_iter().collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Some(<&RawValue>::deserialize(deserializer)?)))
    }
}

/// An object of type `T`; anything else (null, a string, a wrong shape) is `None`.
#[derive(Debug, Clone)]
pub struct Maybe<T>(pub Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).ok()))
    }
}

/// What a time field says, whatever its JSON type: a list or an object is a time that cannot be read.
impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(when(<&'de RawValue>::deserialize(deserializer)?.get()))
    }
}

/// What a raw JSON value says as a time.
pub fn when(raw: &str) -> When {
    match Str::of_raw(raw) {
        Ok(Str(Some(text))) => time::read(Some(&text)),
        _ if matches!(raw, "null" | "\"\"" | "[]" | "{}") => When::Unsaid,
        _ => When::Unreadable,
    }
}

/// The entries of a JSON object whose keys are not in `known`, as JSON text: what becomes `attributes`. `None` if there are none.
///
/// Values that are null, `""`, `[]` or `{}` say nothing and are left out.
pub fn rest(object: &str, known: &[&str]) -> Option<String> {
    struct Rest<'k>(&'k [&'k str]);
    impl<'de> Visitor<'de> for Rest<'_> {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
            let mut json = String::new();
            while let Some(Str(key)) = map.next_key::<Str<'de>>()? {
                let key = key.unwrap_or_default();
                if self.0.contains(&key.as_ref()) {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                let value = map.next_value::<&'de RawValue>()?.get();
                if matches!(value, "null" | "\"\"" | "[]" | "{}") {
                    continue;
                }
                json.push(if json.is_empty() { '{' } else { ',' });
                json.push_str(&serde_json::to_string(key.as_ref()).unwrap_or_default());
                json.push(':');
                json.push_str(value);
            }
            if !json.is_empty() {
                json.push('}');
            }
            Ok(json)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(object);
    deserializer.deserialize_map(Rest(known)).ok().filter(|json| !json.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_booleans_are_text() {
        let values: Vec<Str<'_>> = serde_json::from_str(r#"["a\n", 6, true, null, "", [1], {"a":1}, 1.5]"#).expect("valid");
        let texts: Vec<Option<&str>> = values.iter().map(Str::get).collect();
        assert_eq!(texts, [Some("a\n"), Some("6"), Some("true"), None, None, None, None, Some("1.5")]);
    }

    #[test]
    fn raw_values_are_read_as_serde_reads_them() {
        for raw in [
            "\"\"",
            "\"a\"",
            "\"a\\n\\\"\"",
            "\"é\"",
            "0",
            "-0",
            "12",
            "999999999999999999",
            "99999999999999999999",
            "1e3",
            "true",
            "null",
            "[1]",
            "{}",
        ] {
            assert_eq!(Str::of_raw(raw).expect("valid"), serde_json::from_str(raw).expect("valid"), "{raw}");
        }
        assert!(Str::of_raw(r#""\ud800""#).is_err() && Str::of_raw("1e999").is_err());
    }

    #[test]
    fn one_stands_for_a_list_of_one() {
        #[derive(serde::Deserialize)]
        struct Holder<'a> {
            #[serde(borrow, default)]
            list: List<'a>,
        }
        for (json, expected) in [(r#"{"list":["a","b"]}"#, 2), (r#"{"list":"a"}"#, 1), (r#"{"list":null}"#, 0), ("{}", 0)] {
            let holder: Holder<'_> = serde_json::from_str(json).expect("valid");
            assert_eq!(holder.list.items::<&str>().len(), expected, "{json}");
        }
    }

    #[test]
    fn a_time_in_a_form_that_no_source_has_is_no_missing_time() {
        for (json, expected) in [
            ("1658996552", When::At(1_658_996_552_000_000)),
            (r#""2022-07-28T08:22:32Z""#, When::At(1_658_996_552_000_000)),
            ("null", When::Unsaid),
            (r#""""#, When::Unsaid),
            ("{}", When::Unsaid),
            ("true", When::Unreadable),
            (r#"{"$date":1658996552000}"#, When::Unreadable),
            (r#"["2022-07-28"]"#, When::Unreadable),
        ] {
            assert_eq!(serde_json::from_str::<When>(json).expect("valid"), expected, "{json}");
        }
    }

    #[test]
    fn rest_keeps_what_has_no_column() {
        let rest = rest(r#"{"Id":"1","Extra":{"a":[1, 2]},"Empty":"","N":3}"#, &["Id"]);
        assert_eq!(rest.as_deref(), Some(r#"{"Extra":{"a":[1, 2]},"N":3}"#));
    }
}
