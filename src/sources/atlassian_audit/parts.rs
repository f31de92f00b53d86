//! Loosely written members of a record, read in one pass over it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// An object of type `T`; null, a string, a number or a list is `None`.
#[derive(Debug, Clone)]
pub struct Part<T>(pub Option<T>);

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for PartVisitor<T> {
            type Value = Part<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Part<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Part(Some(value)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Part<T>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Part(None))
            }
            fn visit_str<E>(self, _: &str) -> Result<Part<T>, E> {
                Ok(Part(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Part<T>, E> {
                Ok(Part(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Part<T>, E> {
                Ok(Part(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Part<T>, E> {
                Ok(Part(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Part<T>, E> {
                Ok(Part(None))
            }
            fn visit_unit<E>(self) -> Result<Part<T>, E> {
                Ok(Part(None))
            }
        }
        deserializer.deserialize_any(PartVisitor(PhantomData))
    }
}

/// The objects of a list, or one bare object; members that are no objects are passed over.
#[derive(Debug, Clone)]
pub struct Parts<T>(pub Vec<T>);

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Parts<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartsVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for PartsVisitor<T> {
            type Value = Parts<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Parts<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Parts(vec![value]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Parts<T>, A::Error> {
                let mut values = Vec::new();
                while let Some(Part(value)) = seq.next_element::<Part<T>>()? {
                    values.extend(value);
                }
                Ok(Parts(values))
            }
            fn visit_str<E>(self, _: &str) -> Result<Parts<T>, E> {
                Ok(Parts::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Parts<T>, E> {
                Ok(Parts::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Parts<T>, E> {
                Ok(Parts::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Parts<T>, E> {
                Ok(Parts::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Parts<T>, E> {
                Ok(Parts::default())
            }
            fn visit_unit<E>(self) -> Result<Parts<T>, E> {
                Ok(Parts::default())
            }
        }
        deserializer.deserialize_any(PartsVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_are_parts() {
        #[derive(serde::Deserialize, Debug)]
        struct Id {
            id: i64,
        }
        for (json, one, many) in [
            (r#"{"id":1}"#, Some(1), vec![1]),
            (r#"[{"id":1},"x",null,{"id":2},[3],4,-5,0.5,true]"#, None, vec![1, 2]),
            ("null", None, vec![]),
            ("\"text\"", None, vec![]),
            ("-7", None, vec![]),
            ("1.5", None, vec![]),
            ("true", None, vec![]),
        ] {
            let part: Part<Id> = serde_json::from_str(json).expect("valid");
            assert_eq!(part.0.map(|value| value.id), one, "{json}");
            let parts: Parts<Id> = serde_json::from_str(json).expect("valid");
            assert_eq!(parts.0.iter().map(|value| value.id).collect::<Vec<_>>(), many, "{json}");
        }
    }
}
