//! What can happen in the invented organisation, before a vendor's format is chosen: one [`Act`] becomes one record.

use crate::event::Micros;
use crate::sources::Source;

use super::ids::{mix, one_of};
use super::words::{FILE_TYPES, PROJECTS, TOPICS};

/// Somebody did something.
pub(super) struct Act {
    pub(super) time: Micros,
    /// Index of the person; for machines, whose account they use or nobody's ([`NOBODY`]).
    pub(super) person: u32,
    /// Which act of the whole run this is: ids are made of it.
    pub(super) number: u64,
    pub(super) what: What,
}

/// The actor of machines that act as themselves.
pub(super) const NOBODY: u32 = u32::MAX;

/// Where messages and files stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A channel, site, team or room of the organisation's list.
    Channel(u32),
    /// A conversation of two people.
    Direct(u32, u32),
    /// Somebody's own drive.
    Drive(u32),
    /// The files that somebody sent in Teams chats.
    ChatFiles(u32),
}

impl Place {
    /// A number for this place.
    pub(super) fn seed(self) -> u64 {
        match self {
            Self::Channel(index) => mix(1, index.into()),
            Self::Direct(a, b) => mix(2, (u64::from(a.min(b)) << 32) | u64::from(a.max(b))),
            Self::Drive(person) => mix(3, person.into()),
            Self::ChatFiles(person) => mix(4, person.into()),
        }
    }
}

/// The n-th file of a place. Its name, size and ids follow from that, so no catalogue of files is kept.
#[derive(Clone)]
pub(super) struct File {
    pub(super) place: Place,
    pub(super) n: u32,
    /// A name that does not follow.
    pub(super) given: Option<Box<str>>,
}

impl File {
    /// An ordinary file.
    pub(super) fn new(place: Place, n: u32) -> Self {
        Self { place, n, given: None }
    }

    /// A number for this file.
    pub(super) fn seed(&self) -> u64 {
        mix(self.place.seed(), u64::from(self.n) + 100)
    }

    /// Its name.
    pub(super) fn name(&self) -> String {
        if let Some(given) = &self.given {
            return given.to_string();
        }
        let seed = self.seed();
        let project = one_of(PROJECTS, seed >> 8);
        let topic = one_of(TOPICS, seed >> 20);
        format!("{project}-{topic}-{}.{}", seed >> 40 & 0xfff, self.kind().0)
    }

    /// Ending, MIME type and typical size of its kind.
    pub(super) fn kind(&self) -> (&str, &'static str, u64) {
        let Some(given) = &self.given else { return *one_of(FILE_TYPES, self.seed() >> 32) };
        let ending = given.rsplit_once('.').map_or("", |(_, ending)| ending);
        FILE_TYPES.iter().find(|(known, _, _)| *known == ending).map_or((ending, "application/octet-stream", 2_000), |kind| *kind)
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> i64 {
        let typical = self.kind().2;
        (typical / 4 + self.seed() % (typical * 2)) as i64
    }
}

/// The program in somebody's hand, or without one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// A browser or an app.
    Interactive,
    /// OneDrive or Drive for desktop.
    Sync,
    /// The nightly backup.
    Backup,
    /// An assistant.
    Ai,
    /// What moves a whole organisation's files to another place.
    Migration,
}

/// Where a file went from a machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// A USB stick of somebody's own.
    OwnStick,
    /// A USB drive that the organisation handed out.
    CompanyStick,
    /// A cloud that the organisation does not know.
    OwnCloud,
    /// The organisation's own cloud.
    CompanyCloud,
    /// A printer.
    Printer,
    /// The file server.
    Share,
}

/// What was done.
pub(super) enum What {
    /// A Slack message, with a file or without.
    SlackPost { place: Place, text: String, thread: Option<Micros>, file: Option<File> },
    /// An earlier message got another text.
    SlackEdit { place: Place, ts: Micros, before: String, after: String },
    /// An earlier message went away.
    SlackDelete { place: Place, ts: Micros, before: String },
    /// A bot's message.
    SlackBot { place: Place, text: String },
    /// A row of Slack's audit log about a file.
    SlackFile { action: &'static str, file: File },
    /// A row of Slack's audit log about a channel.
    SlackChannel { action: &'static str, place: Place },
    /// A sign-in to Slack.
    SlackLogin,
    /// A file operation in SharePoint or OneDrive.
    M365File { operation: &'static str, file: File, client: Client },
    /// A search in SharePoint.
    M365Search { query: String },
    /// A sign-in to Microsoft 365.
    M365Login,
    /// The audit row of a Teams message.
    TeamsSent { place: Place },
    /// The Teams message itself.
    TeamsMessage { place: Place, html: String, file: Option<File> },
    /// A file left, or nearly left, a machine.
    Endpoint { file: File, exit: Exit },
    /// Something with a file in Drive.
    GoogleDrive { name: &'static str, file: File },
    /// Something in Google Chat.
    GoogleChat { name: &'static str, place: Place, file: Option<File> },
    /// A sign-in to Google.
    GoogleLogin,
    /// A comment on an issue.
    JiraComment { project: u16, issue: u32, text: String },
    /// A comment on a card.
    TrelloComment { project: u16, card: u32, text: String },
    /// A mail at the gateway.
    Email { to: Vec<u32>, subject: String, body: String, attachment: Option<File> },
}

impl What {
    /// Whose log this stands in.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::SlackPost { .. } | Self::SlackEdit { .. } | Self::SlackDelete { .. } | Self::SlackBot { .. } => Source::SlackMessages,
            Self::SlackFile { .. } | Self::SlackChannel { .. } | Self::SlackLogin => Source::SlackAudit,
            Self::M365File { .. } | Self::M365Search { .. } | Self::M365Login | Self::TeamsSent { .. } | Self::Endpoint { .. } => {
                Source::M365Audit
            }
            Self::TeamsMessage { .. } => Source::TeamsMessages,
            Self::GoogleDrive { .. } | Self::GoogleChat { .. } | Self::GoogleLogin => Source::GoogleWorkspace,
            Self::JiraComment { .. } => Source::Jira,
            Self::TrelloComment { .. } => Source::Trello,
            Self::Email { .. } => Source::Email,
        }
    }

    /// The file that a person took away with their own hand, if this is that.
    pub(super) fn downloaded(&self) -> Option<&File> {
        match self {
            Self::SlackFile { action: "file_downloaded", file }
            | Self::M365File { operation: "FileDownloaded", file, client: Client::Interactive }
            | Self::GoogleDrive { name: "download", file }
            | Self::GoogleChat { name: "attachment_download", file: Some(file), .. } => Some(file),
            _ => None,
        }
    }

    /// The file that a person opened or took away with their own hand, if this is that.
    pub(super) fn accessed(&self) -> Option<&File> {
        match self {
            Self::M365File { operation: "FileAccessed" | "FilePreviewed", file, client: Client::Interactive }
            | Self::GoogleDrive { name: "view", file } => Some(file),
            _ => self.downloaded(),
        }
    }
}
