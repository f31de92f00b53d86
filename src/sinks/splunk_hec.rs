//! Splunk's HTTP Event Collector: event objects one after the other in a body, acknowledged by 200 alone.

use std::time::Duration;

use serde_json::{Value, json};

use super::ask::Ask;
use super::message::Message;
use super::{Failure, Parcel, ocsf, secret};
use crate::config::sinks::{self, Format};
use crate::error::Result;

/// A collector.
#[derive(Debug)]
pub struct Collector {
    ask: Ask,
    index: Option<String>,
    sourcetype: String,
    host: Option<String>,
}

impl Collector {
    /// Reads address and token.
    pub fn open(settings: &sinks::Sink, environment: &dyn Fn(&str) -> Option<String>, timeout: Duration) -> Result<Self> {
        let token = secret(settings.token_env.as_ref(), environment)?.unwrap_or_default();
        Ok(Self {
            ask: Ask::with(settings, environment, timeout, Some(format!("Splunk {token}")))?,
            index: settings.index.clone(),
            sourcetype: settings.sourcetype.clone().unwrap_or_else(|| "bittern:alert".into()),
            host: settings.host.clone(),
        })
    }

    /// One event. Its time is when the change was told: the acts behind it may be weeks old, beyond what an index takes.
    pub fn event(&self, message: &Message, format: Format) -> Vec<u8> {
        let told = match format {
            Format::Bittern => serde_json::to_value(message).unwrap_or_default(),
            Format::Ocsf => ocsf::finding(message),
        };
        let seconds = message.change_time.div_euclid(1_000_000);
        let millis = message.change_time.rem_euclid(1_000_000) / 1_000;
        let mut event = json!({
            "time": format!("{seconds}.{millis:03}"),
            "source": "bittern",
            "sourcetype": self.sourcetype,
            "event": told,
        });
        if let Value::Object(fields) = &mut event {
            for (name, value) in [("index", &self.index), ("host", &self.host)] {
                value.iter().for_each(|value| drop(fields.insert(name.to_owned(), Value::String(value.clone()))));
            }
        }
        super::json(&event)
    }

    /// Posts events in one body.
    pub async fn post(&self, parcels: &[Parcel<'_>]) -> std::result::Result<(), Failure> {
        let headers = [("content-type", "application/json".to_owned())];
        self.ask.post_expecting(super::lines(parcels), &headers, |status| status.as_u16() == 200).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::message::tests::message;

    #[test]
    fn an_event_is_as_written_down() {
        let settings = sinks::Sink {
            url: Some("https://splunk.example.com:8088/services/collector/event".into()),
            token_env: Some("T".into()),
            index: Some("security".into()),
            ..sinks::Sink::default()
        };
        let collector = Collector::open(&settings, &|_| Some("t".into()), Duration::from_secs(1)).expect("opens");
        let event: Value = serde_json::from_slice(&collector.event(&message("52 files"), Format::Bittern)).expect("is JSON");
        insta::assert_snapshot!(serde_json::to_string_pretty(&event).expect("is JSON"));
        let ocsf: Value = serde_json::from_slice(&collector.event(&message("52 files"), Format::Ocsf)).expect("is JSON");
        assert_eq!(ocsf["event"]["class_uid"], 2004);
    }
}
