//! Vendor log formats → events. Pure: bytes in, [`Event`]s out; no IO, no clock, no async.
//!
//! One file a vendor log. `ingest` splits raw objects into [`Record`]s and asks [`Source::recognise`] whose they are;
//! [`Source::normalize`] turns each into events and snapshots, or says in words why it cannot.

pub mod address;
pub mod client;
pub mod html;
pub mod lenient;
pub mod time;

mod atlassian_audit;
mod atlassian_document;
mod confluence;
mod email;
mod events;
mod google_workspace;
mod jira;
mod m365_audit;
mod names;
mod scan;
mod slack_audit;
mod slack_messages;
mod slack_search;
mod slack_state;
mod slack_text;
mod teams_messages;
mod teams_state;
mod trello;

use std::collections::HashMap;

use crate::event::{ChannelType, Event, Micros, Snapshot};

/// One record of a raw object: a JSON value, a CSV row or a whole mail.
#[derive(Debug, Clone, Copy)]
pub enum Record<'a> {
    /// One JSON value as it stands: a line, an element of a top-level array, or a whole document.
    Json(&'a str),
    /// One CSV row under its header.
    Csv {
        /// Column names, trimmed.
        header: &'a csv::StringRecord,
        /// The fields of this row.
        row: &'a csv::StringRecord,
    },
    /// One RFC 5322 message.
    Mail(&'a [u8]),
}

impl<'a> Record<'a> {
    /// The field of a CSV row under `name` (ASCII case ignored); `None` for other records, unknown columns and empty fields.
    pub fn csv(&self, name: &str) -> Option<&'a str> {
        let Self::Csv { header, row } = self else { return None };
        let at = header.iter().position(|column| column.eq_ignore_ascii_case(name))?;
        row.get(at).filter(|field| !field.is_empty())
    }
}

/// What is known of a record besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The raw object's key, `/` between its parts.
    pub path: &'a str,
    /// When the raw object was written.
    pub object_time: Micros,
    /// Channels of the Slack export that the object lies in, if it lies in one.
    pub export: Option<&'a ExportChannels>,
}

/// A Slack export's channels by folder name, from its `channels.json`, `groups.json`, `dms.json` and `mpims.json`.
#[derive(Debug, Clone, Default)]
pub struct ExportChannels {
    /// Folder name → channel id and type.
    pub by_folder: HashMap<String, (String, ChannelType)>,
}

impl ExportChannels {
    /// Adds what one of the export's lists (`name` is its file name, `channels.json`, ...) says.
    pub fn read(&mut self, name: &str, json: &str) {
        slack_state::read_export_list(self, name, json);
    }
}

/// Why a record became no event. Never holds text of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reject {
    /// The record has another source's shape, or none that is known.
    NotThisSource,
    /// The record is this source's but broken: what is wrong, in words, and at which byte column if that is known (1 is the first).
    Bad {
        /// What is wrong.
        reason: String,
        /// Where in the record.
        column: Option<u64>,
    },
    /// The record is right and deliberately yields nothing (a handshake, a list of known actions).
    Nothing,
}

impl Reject {
    /// A broken record.
    pub fn bad(reason: impl Into<String>) -> Self {
        Self::Bad { reason: reason.into(), column: None }
    }
}

impl From<serde_json::Error> for Reject {
    /// Keeps the place and the kind; serde's own text may quote the value, so it is dropped.
    fn from(e: serde_json::Error) -> Self {
        let reason = match e.classify() {
            serde_json::error::Category::Eof => "the JSON ends too early",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "this is not JSON",
            serde_json::error::Category::Data => "a field has a type that this source does not have",
        };
        Self::Bad { reason: reason.into(), column: Some(e.column() as u64) }
    }
}

/// Where a normalizer puts what it finds.
pub trait Receiver {
    /// Takes an act.
    fn event(&mut self, event: Event<'_>);
    /// Takes a statement of state.
    fn snapshot(&mut self, snapshot: Snapshot<'_>);
    /// Takes a part of the record that could not be read, while its other parts could.
    fn reject(&mut self, reject: Reject);
}

/// A vendor log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described at the head of the module of the same name")]
pub enum Source {
    SlackAudit,
    SlackMessages,
    SlackSearch,
    SlackState,
    M365Audit,
    TeamsMessages,
    TeamsState,
    GoogleWorkspace,
    Jira,
    Confluence,
    Trello,
    Email,
    Events,
}

impl Source {
    /// Every source, in the order in which they are asked whether a record is theirs.
    pub const ALL: [Self; 13] = [
        Self::Events,
        Self::SlackAudit,
        Self::SlackSearch,
        Self::SlackMessages,
        Self::SlackState,
        Self::M365Audit,
        Self::TeamsMessages,
        Self::TeamsState,
        Self::GoogleWorkspace,
        Self::Trello,
        Self::Confluence,
        Self::Jira,
        Self::Email,
    ];

    /// The value of the `source` column and of `--source`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SlackAudit => "slack_audit",
            Self::SlackMessages => "slack_messages",
            Self::SlackSearch => "slack_search",
            Self::SlackState => "slack_state",
            Self::M365Audit => "m365_audit",
            Self::TeamsMessages => "teams_messages",
            Self::TeamsState => "teams_state",
            Self::GoogleWorkspace => "google_workspace",
            Self::Jira => "jira",
            Self::Confluence => "confluence",
            Self::Trello => "trello",
            Self::Email => "email",
            Self::Events => "events",
        }
    }

    /// The source of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }

    /// Whose record this is, by its shape first and its path where shapes are alike.
    pub fn recognise(record: &Record<'_>, origin: &Origin<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.recognises(record, origin))
    }

    fn recognises(self, record: &Record<'_>, origin: &Origin<'_>) -> bool {
        match self {
            Self::SlackAudit => slack_audit::recognises(record, origin),
            Self::SlackMessages => slack_messages::recognises(record, origin),
            Self::SlackSearch => slack_search::recognises(record, origin),
            Self::SlackState => slack_state::recognises(record, origin),
            Self::M365Audit => m365_audit::recognises(record, origin),
            Self::TeamsMessages => teams_messages::recognises(record, origin),
            Self::TeamsState => teams_state::recognises(record, origin),
            Self::GoogleWorkspace => google_workspace::recognises(record, origin),
            Self::Jira => jira::recognises(record, origin),
            Self::Confluence => confluence::recognises(record, origin),
            Self::Trello => trello::recognises(record, origin),
            Self::Email => email::recognises(record, origin),
            Self::Events => events::recognises(record, origin),
        }
    }

    /// Turns one record into events and snapshots.
    pub fn normalize(self, record: &Record<'_>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
        match self {
            Self::SlackAudit => slack_audit::normalize(record, origin, out),
            Self::SlackMessages => slack_messages::normalize(record, origin, out),
            Self::SlackSearch => slack_search::normalize(record, origin, out),
            Self::SlackState => slack_state::normalize(record, origin, out),
            Self::M365Audit => m365_audit::normalize(record, origin, out),
            Self::TeamsMessages => teams_messages::normalize(record, origin, out),
            Self::TeamsState => teams_state::normalize(record, origin, out),
            Self::GoogleWorkspace => google_workspace::normalize(record, origin, out),
            Self::Jira => jira::normalize(record, origin, out),
            Self::Confluence => confluence::normalize(record, origin, out),
            Self::Trello => trello::normalize(record, origin, out),
            Self::Email => email::normalize(record, origin, out),
            Self::Events => events::normalize(record, origin, out),
        }
    }

    /// Vendor action → our action, for the reference page; empty where the source has one action only.
    pub fn mapped_actions(self) -> &'static [(&'static str, crate::event::Action)] {
        match self {
            Self::SlackAudit => slack_audit::ACTIONS,
            Self::M365Audit => m365_audit::ACTIONS,
            Self::GoogleWorkspace => google_workspace::ACTIONS,
            Self::Trello => trello::ACTIONS,
            Self::Jira => jira::ACTIONS,
            Self::Confluence => confluence::ACTIONS,
            _ => &[],
        }
    }
}
