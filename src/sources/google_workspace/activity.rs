//! The shapes of an activity, as serde reads them.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::When;
use crate::sources::lenient::{List, Maybe, Str};

/// An activity in any of its envelopes.
#[derive(Deserialize)]
pub(super) struct Activity<'a> {
    #[serde(borrow, default)]
    pub(super) kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) items: List<'a>,
    #[serde(borrow, default)]
    pub(super) id: Maybe<Id<'a>>,
    #[serde(borrow, default)]
    pub(super) actor: Maybe<Actor<'a>>,
    #[serde(borrow, default, rename = "ipAddress")]
    pub(super) ip_address: Str<'a>,
    #[serde(borrow, default, rename = "networkInfo")]
    pub(super) network: Maybe<Network<'a>>,
    #[serde(borrow, default, rename = "ownerDomain")]
    pub(super) owner_domain: Str<'a>,
    #[serde(borrow, default, rename = "isAgenticAction")]
    pub(super) agentic: Str<'a>,
    #[serde(borrow, default)]
    pub(super) events: VendorEvents<'a>,
    #[serde(borrow, default)]
    pub(super) event: VendorEvents<'a>,
    // an activity that was flattened into its event
    #[serde(borrow, default, rename = "type")]
    pub(super) event_type: Str<'a>,
    #[serde(borrow, default)]
    pub(super) name: Str<'a>,
    #[serde(borrow, default)]
    pub(super) parameters: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) email: Str<'a>,
    #[serde(borrow, default, rename = "ip_address")]
    pub(super) flat_ip: Str<'a>,
    #[serde(default)]
    pub(super) p_event_time: When,
    #[serde(default)]
    pub(super) timestamp: When,
    #[serde(default)]
    pub(super) time: When,
    #[serde(default, rename = "@timestamp")]
    pub(super) at_timestamp: When,
    // BigQuery's export: a row of the REST API, or one that was already named
    #[serde(borrow, default)]
    pub(super) row: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) schema: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) record_type: Str<'a>,
    #[serde(borrow, default)]
    pub(super) event_name: Str<'a>,
    #[serde(default)]
    pub(super) time_usec: When,
    #[serde(borrow, default)]
    pub(super) unique_identifier: Str<'a>,
    #[serde(borrow, default)]
    pub(super) p_log_type: Str<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Id<'a> {
    #[serde(default)]
    pub(super) time: When,
    #[serde(borrow, default)]
    pub(super) unique_qualifier: Str<'a>,
    #[serde(borrow, default)]
    pub(super) application_name: Str<'a>,
    #[serde(borrow, default)]
    pub(super) customer_id: Str<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Actor<'a> {
    #[serde(borrow, default)]
    pub(super) caller_type: Str<'a>,
    #[serde(borrow, default)]
    pub(super) email: Str<'a>,
    #[serde(borrow, default)]
    pub(super) profile_id: Str<'a>,
    #[serde(borrow, default)]
    pub(super) key: Str<'a>,
    #[serde(borrow, default)]
    pub(super) application_info: Maybe<ApplicationInfo<'a>>,
}

/// The app that acted with the actor's consent.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplicationInfo<'a> {
    #[serde(borrow, default)]
    pub(super) oauth_client_id: Str<'a>,
    #[serde(borrow, default)]
    pub(super) application_name: Str<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Network<'a> {
    #[serde(borrow, default)]
    pub(super) region_code: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct VendorEvent<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) event_type: Str<'a>,
    #[serde(borrow, default)]
    pub(super) name: Str<'a>,
    #[serde(borrow, default)]
    pub(super) parameters: Option<&'a RawValue>,
}

/// A list of events, or the one; members that are none are passed over.
#[derive(Default)]
pub(super) struct VendorEvents<'a>(pub(super) Vec<VendorEvent<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for VendorEvents<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = VendorEvents<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("events")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut events = Vec::new();
                while let Some(Maybe(event)) = seq.next_element::<Maybe<VendorEvent<'de>>>()? {
                    events.extend(event);
                }
                Ok(VendorEvents(events))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                VendorEvent::deserialize(MapAccessDeserializer::new(map)).map(|event| VendorEvents(vec![event]))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
            fn visit_borrowed_str<E>(self, _: &'de str) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(VendorEvents::default())
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
