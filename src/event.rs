//! One normalized act: somebody did something to something. The row that every source yields and every job reads.
//!
//! Pure data: no Arrow, no IO. Column names follow OCSF's attribute words where OCSF has one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

/// Text that borrows from the raw record where it can.
pub type Text<'a> = Option<Cow<'a, str>>;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// Microseconds in a second.
pub const SECOND: Micros = 1_000_000;
/// Microseconds in an hour.
pub const HOUR: Micros = 3_600 * SECOND;
/// Microseconds in a day.
pub const DAY: Micros = 24 * HOUR;

/// What a record says of when its act happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// It has no time.
    #[default]
    Unsaid,
    /// It has one that nobody can read, or that no running clock shows.
    Unreadable,
    /// This is it.
    At(Micros),
}

impl When {
    /// The time, if it can be read.
    pub fn at(self) -> Option<Micros> {
        match self {
            Self::At(time) => Some(time),
            Self::Unsaid | Self::Unreadable => None,
        }
    }

    /// The first of two that is a time; else whether one of them should have been.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(_), _) | (Self::Unreadable, Self::Unsaid | Self::Unreadable) => self,
            (_, other) => other,
        }
    }

    /// Whether the record has no time.
    pub fn is_unsaid(&self) -> bool {
        *self == Self::Unsaid
    }
}

impl Serialize for When {
    /// The time as a number; null for one that cannot be read.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.at().serialize(serializer)
    }
}

/// Where an event's time comes from, if not from its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeOrigin {
    /// The record has no time: this is when its raw object was written.
    Object,
}

impl TimeOrigin {
    /// The value of the `time_origin` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
        }
    }
}

/// Where the act took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// Messages and files of chat platforms.
    #[default]
    Chat,
    /// Files in shared storage (SharePoint, OneDrive, Drive).
    FileShare,
    /// Mail.
    Email,
    /// Issues, pages and cards.
    Ticket,
    /// What happened on a person's machine, or on its way out of the network.
    Endpoint,
    /// Sign-ins, accounts, apps and their rights.
    Identity,
}

impl Surface {
    /// The value of the `surface` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::FileShare => "file_share",
            Self::Email => "email",
            Self::Ticket => "ticket",
            Self::Endpoint => "endpoint",
            Self::Identity => "identity",
        }
    }
}

/// What was done: a closed list, so that a job can name every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation; docs/sources.md maps the vendors' actions to them")]
pub enum Action {
    MessagePosted,
    MessageEdited,
    MessageDeleted,
    EmailSent,
    MailRead,
    FileUploaded,
    FileDownloaded,
    FileSynced,
    FileViewed,
    FileCopied,
    FileDeleted,
    FileShared,
    LinkCreated,
    PermissionChanged,
    Search,
    ChannelJoined,
    ChannelLeft,
    ChannelPreviewed,
    Export,
    ContentSearch,
    RemovableMediaWrite,
    CloudUpload,
    NetworkShareWrite,
    ClipboardCopy,
    RemoteSessionCopy,
    Print,
    DlpMatch,
    Login,
    VendorAnomaly,
    AppInstalled,
    AppScopesChanged,
    #[default]
    Other,
}

impl Action {
    /// Every action, in the order of the declaration.
    pub const ALL: [Self; 32] = [
        Self::MessagePosted,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::EmailSent,
        Self::MailRead,
        Self::FileUploaded,
        Self::FileDownloaded,
        Self::FileSynced,
        Self::FileViewed,
        Self::FileCopied,
        Self::FileDeleted,
        Self::FileShared,
        Self::LinkCreated,
        Self::PermissionChanged,
        Self::Search,
        Self::ChannelJoined,
        Self::ChannelLeft,
        Self::ChannelPreviewed,
        Self::Export,
        Self::ContentSearch,
        Self::RemovableMediaWrite,
        Self::CloudUpload,
        Self::NetworkShareWrite,
        Self::ClipboardCopy,
        Self::RemoteSessionCopy,
        Self::Print,
        Self::DlpMatch,
        Self::Login,
        Self::VendorAnomaly,
        Self::AppInstalled,
        Self::AppScopesChanged,
        Self::Other,
    ];

    /// The value of the `action` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessagePosted => "message_posted",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
            Self::EmailSent => "email_sent",
            Self::MailRead => "mail_read",
            Self::FileUploaded => "file_uploaded",
            Self::FileDownloaded => "file_downloaded",
            Self::FileSynced => "file_synced",
            Self::FileViewed => "file_viewed",
            Self::FileCopied => "file_copied",
            Self::FileDeleted => "file_deleted",
            Self::FileShared => "file_shared",
            Self::LinkCreated => "link_created",
            Self::PermissionChanged => "permission_changed",
            Self::Search => "search",
            Self::ChannelJoined => "channel_joined",
            Self::ChannelLeft => "channel_left",
            Self::ChannelPreviewed => "channel_previewed",
            Self::Export => "export",
            Self::ContentSearch => "content_search",
            Self::RemovableMediaWrite => "removable_media_write",
            Self::CloudUpload => "cloud_upload",
            Self::NetworkShareWrite => "network_share_write",
            Self::ClipboardCopy => "clipboard_copy",
            Self::RemoteSessionCopy => "remote_session_copy",
            Self::Print => "print",
            Self::DlpMatch => "dlp_match",
            Self::Login => "login",
            Self::VendorAnomaly => "vendor_anomaly",
            Self::AppInstalled => "app_installed",
            Self::AppScopesChanged => "app_scopes_changed",
            Self::Other => "other",
        }
    }
}

/// Whether the act took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    #[default]
    Success,
    /// A control stopped it.
    Blocked,
    /// It failed by itself.
    Failed,
}

impl Outcome {
    /// The value of the `outcome` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }
}

/// What kind of account acted, as far as the log itself proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorClass {
    /// A member of the organisation.
    Human,
    /// Somebody from outside with an account here.
    Guest,
    /// A bot, app or service principal.
    Service,
    /// The platform itself.
    System,
}

impl ActorClass {
    /// The value of the `actor_class` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Guest => "guest",
            Self::Service => "service",
            Self::System => "system",
        }
    }
}

/// What kind of program acted, as far as the log itself proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientClass {
    /// A person at a browser or app.
    Interactive,
    /// A sync client that copies by itself.
    Sync,
    /// A backup or migration product.
    Backup,
    /// A program that uses the platform's API.
    Api,
    /// An assistant that reads on somebody's behalf.
    Ai,
}

impl ClientClass {
    /// The value of the `client_class` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Sync => "sync",
            Self::Backup => "backup",
            Self::Api => "api",
            Self::Ai => "ai",
        }
    }
}

/// What kind of place a message or file stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelType {
    /// Everybody of the workspace can join.
    Public,
    /// By invitation.
    Private,
    /// Two people.
    Direct,
    /// Several people, without a name.
    Group,
    /// A site, drive, project or board.
    Site,
}

impl ChannelType {
    /// The value of the `channel_type` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Site => "site",
        }
    }
}

/// One act as a normalizer yields it. `source`, `raw_object`, `raw_line`, `ingest_time` and `event_date` are added by `ingest`.
///
/// An empty `event_id` asks `ingest` for one made from the record's bytes. An `event_time` that is not said takes the raw object's own;
/// one that cannot be read goes to quarantine.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/events.md")]
pub struct Event<'a> {
    // the row
    pub event_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "When::is_unsaid")]
    pub event_time: When,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_origin: Option<TimeOrigin>,
    pub surface: Surface,
    // act
    pub action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_action: Text<'a>,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_id: Text<'a>,
    // who
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_email: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_org: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_class: Option<ActorClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_class: Option<ClientClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_ip: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_managed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Text<'a>,
    // where
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_external: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permalink: Text<'a>,
    // what
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_query: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_type: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_hash: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_owner: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_url: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity_label: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_type: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_domain: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_account: Text<'a>,
    // rest
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Text<'a>,
}

/// What a [`Snapshot`] states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotKind {
    /// `actor_*` is a member of `channel_id`.
    ChannelMember,
    /// `channel_id` exists under this name and type.
    Channel,
    /// `file_id` lies in `channel_id` (or nowhere that is known).
    FileLocation,
    /// `actor_*` has this name and address.
    User,
}

impl SnapshotKind {
    /// The value of the `kind` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChannelMember => "channel_member",
            Self::Channel => "channel",
            Self::FileLocation => "file_location",
            Self::User => "user",
        }
    }
}

/// One statement of state (not an act): who is in a channel, where a file lies, who a user is, at a time.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/events.md")]
pub struct Snapshot<'a> {
    pub kind: SnapshotKind,
    /// When this was so; `None` takes the raw object's own time.
    pub snapshot_time: Option<Micros>,
    pub workspace_id: Text<'a>,
    pub channel_id: Text<'a>,
    pub channel_name: Text<'a>,
    pub channel_type: Option<ChannelType>,
    pub channel_external: Option<bool>,
    pub actor_id: Text<'a>,
    pub actor_name: Text<'a>,
    pub actor_email: Text<'a>,
    pub role: Text<'a>,
    pub file_id: Text<'a>,
    pub file_name: Text<'a>,
    pub file_size: Option<i64>,
    pub file_owner: Text<'a>,
}

impl Snapshot<'_> {
    /// An empty statement of that kind.
    pub fn new(kind: SnapshotKind) -> Self {
        Self {
            kind,
            snapshot_time: None,
            workspace_id: None,
            channel_id: None,
            channel_name: None,
            channel_type: None,
            channel_external: None,
            actor_id: None,
            actor_name: None,
            actor_email: None,
            role: None,
            file_id: None,
            file_name: None,
            file_size: None,
            file_owner: None,
        }
    }
}
