//! Where changes of alerts are told: what is to be told ([`change`]), in which words ([`message`] and the formats), over which wire,
//! and with what patience ([`courier`]). Knows no table but the rows of `deliveries` ([`log`]); `pipeline` reads and writes them.
//!
//! A sink is told at least once, for one alert in the order in which things changed, and never of what is not committed.

pub mod ask;
pub mod cef;
pub mod change;
pub mod coach;
pub mod courier;
pub mod day_file;
pub mod log;
pub mod message;
pub mod ocsf;
pub mod plain;
pub mod rotation;
pub mod splunk_hec;
pub mod syslog;
mod tls;
pub mod webhook;

use std::time::Duration;

use crate::config::sinks::{self, Format, SinkKind};
use crate::error::{Error, Result};
use crate::event::Micros;
use message::Message;

/// Changes of one request where a sink does not say otherwise.
const BATCH_MAX: usize = 100;

/// Seconds until a request counts as lost.
const TIMEOUT_SECS: u64 = 30;

/// Why something did not arrive, and what that says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The sink cannot be reached or asks to wait: the message is not to blame, and this never makes a dead letter.
    Unavailable,
    /// The sink broke over it: perhaps the message's fault.
    Broken,
    /// The sink answered that it does not take this message.
    Refused,
}

/// A delivery that failed. The text holds nothing of the message, of the answer, or of an address: each may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it says about trying again.
    pub kind: FailureKind,
    /// What happened, in a few words.
    pub message: String,
    /// How long the sink asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without a time to wait.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    /// The sink cannot be reached.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unavailable, message)
    }
}

/// A message as bytes, ready to be sent.
#[derive(Debug, Clone)]
pub struct Parcel<'m> {
    /// What is told.
    pub message: &'m Message,
    /// As the sink writes it.
    pub bytes: Vec<u8>,
}

/// An opened sink.
#[derive(Debug)]
pub enum Sink {
    /// JSON lines in a file a day.
    OcsfFile(day_file::DayFile),
    /// JSON lines in a request.
    OcsfHttp(ask::Ask),
    /// A signed request a message.
    Webhook(webhook::Webhook),
    /// Splunk's collector.
    SplunkHec(splunk_hec::Collector),
    /// CEF in syslog.
    Syslog(syslog::Syslog),
}

/// A sink with what its settings say about how to send.
#[derive(Debug)]
pub struct Opened {
    /// Its name.
    pub name: String,
    /// What is spoken.
    pub kind: SinkKind,
    /// The wire.
    sink: Sink,
    format: Format,
    /// Messages of one request.
    pub batch_max: usize,
    /// Refusals until a change is a dead letter.
    pub attempts_max: i64,
    timeout: Duration,
}

/// Opens a sink: reads its secrets from `environment`, and its certificates.
///
/// # Errors
/// `Usage` for a variable that is not set, an address that is none, a file that cannot be read.
pub fn open(settings: &sinks::Sink, environment: &dyn Fn(&str) -> Option<String>) -> Result<Opened> {
    let context = |e: Error| e.context(format!("sink `{}` cannot be opened", settings.name));
    let kind = settings.kind.ok_or_else(|| Error::usage(format!("sink `{}` has no kind", settings.name)))?;
    let timeout = Duration::from_secs(settings.timeout_secs.unwrap_or(TIMEOUT_SECS));
    let sink = match kind {
        SinkKind::OcsfFile => Sink::OcsfFile(day_file::DayFile::new(settings.folder.clone().unwrap_or_default())),
        SinkKind::OcsfHttp => Sink::OcsfHttp(ask::Ask::open(settings, environment, timeout).map_err(context)?),
        SinkKind::Webhook | SinkKind::Coach => Sink::Webhook(webhook::Webhook::open(settings, environment, timeout).map_err(context)?),
        SinkKind::SplunkHec => Sink::SplunkHec(splunk_hec::Collector::open(settings, environment, timeout).map_err(context)?),
        SinkKind::Syslog => Sink::Syslog(syslog::Syslog::open(settings).map_err(context)?),
    };
    let batch_max = match kind {
        SinkKind::Webhook | SinkKind::Coach => 1,
        _ => settings.batch_max.unwrap_or(BATCH_MAX),
    };
    let attempts_max = i64::from(settings.attempts_max.unwrap_or(log::ATTEMPTS_MAX));
    Ok(Opened { name: settings.name.clone(), kind, sink, format: settings.format.unwrap_or_default(), batch_max, attempts_max, timeout })
}

/// A variable of the process's environment, without the white space around it.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The value of a variable that must be set.
fn secret(name: Option<&String>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    environment(name).map(Some).ok_or_else(|| Error::usage(format!("the environment variable `{name}` is not set")))
}

impl Opened {
    /// A message as this sink writes it.
    pub fn encode(&self, message: &Message) -> Vec<u8> {
        match (&self.sink, self.kind, self.format) {
            (_, SinkKind::Coach, _) => coach::body(message),
            (Sink::Syslog(syslog), ..) => syslog.line(message),
            (Sink::SplunkHec(collector), _, format) => collector.event(message, format),
            (Sink::OcsfFile(_) | Sink::OcsfHttp(_), ..) | (_, _, Format::Ocsf) => json(&ocsf::finding(message)),
            (_, _, Format::Bittern) => json(message),
        }
    }

    /// Sends one message.
    pub async fn send_one(&mut self, message: &Message, now: Micros) -> std::result::Result<(), Failure> {
        let bytes = self.encode(message);
        self.send(&[Parcel { message, bytes }], now).await
    }

    /// Sends messages in one request; all arrived, or none counts as such.
    pub async fn send(&mut self, parcels: &[Parcel<'_>], now: Micros) -> std::result::Result<(), Failure> {
        let sending = async {
            match &mut self.sink {
                Sink::OcsfFile(file) => file.append(parcels, now).await,
                Sink::OcsfHttp(ask) => ask.post(lines(parcels), &[("content-type", "application/x-ndjson".into())]).await,
                Sink::Webhook(webhook) => webhook.post(parcels, now).await,
                Sink::SplunkHec(collector) => collector.post(parcels).await,
                Sink::Syslog(syslog) => syslog.send(parcels).await,
            }
        };
        match tokio::time::timeout(self.timeout, sending).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::unavailable(format!("no answer within {} s", self.timeout.as_secs()))),
        }
    }
}

/// A made-up alert, for trying a sink; of a coach's, to the address given.
pub fn trial(kind: SinkKind, to: Option<&str>, now: Micros) -> Option<Message> {
    let mut message = Message::trial(now);
    if kind == SinkKind::Coach {
        message.coaching = Some(coach::Coaching::trial(to?, now));
    }
    Some(message)
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// One message a line.
fn lines(parcels: &[Parcel<'_>]) -> Vec<u8> {
    parcels.iter().flat_map(|parcel| [parcel.bytes.as_slice(), b"\n"]).flatten().copied().collect()
}
