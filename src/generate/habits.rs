//! How often people do what: the proportions of ordinary acts by suite and group.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::sources::Source;

use super::Settings;
use super::population::{Group, Person, Suite};
use super::world::Haunts;

/// Kinds of ordinary acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Post,
    PostFile,
    PostAndEdit,
    PostAndDelete,
    SlackDownload,
    Join,
    Preview,
    SlackLogin,
    SiteAccess,
    SitePreview,
    SiteModify,
    SiteUpload,
    SiteDownload,
    ChatFileDownload,
    SyncBurst,
    SiteSearch,
    SiteShare,
    M365Login,
    TeamsMessage,
    Assistant,
    Endpoint,
    DriveView,
    DriveEdit,
    DriveDownload,
    DriveUpload,
    DriveSync,
    RoomMessage,
    RoomFile,
    RoomDownload,
    GoogleLogin,
    Issue,
    Card,
    Mail,
}

/// Kind, whose record it is, how often for people of Microsoft's suite, of Google's, and of neither.
const WEIGHTS: &[(Kind, Source, f32, f32, f32)] = &[
    (Kind::Post, Source::SlackMessages, 9.0, 11.0, 12.0),
    (Kind::PostFile, Source::SlackMessages, 0.5, 0.7, 0.5),
    (Kind::PostAndEdit, Source::SlackMessages, 0.3, 0.3, 0.3),
    (Kind::PostAndDelete, Source::SlackMessages, 0.08, 0.08, 0.05),
    (Kind::SlackDownload, Source::SlackAudit, 0.9, 1.2, 0.5),
    (Kind::Join, Source::SlackAudit, 0.03, 0.03, 0.0),
    (Kind::Preview, Source::SlackAudit, 0.08, 0.08, 0.0),
    (Kind::SlackLogin, Source::SlackAudit, 0.6, 0.6, 0.5),
    (Kind::SiteAccess, Source::M365Audit, 3.5, 0.0, 0.0),
    (Kind::SitePreview, Source::M365Audit, 1.0, 0.0, 0.0),
    (Kind::SiteModify, Source::M365Audit, 1.4, 0.0, 0.0),
    (Kind::SiteUpload, Source::M365Audit, 0.5, 0.0, 0.0),
    (Kind::SiteDownload, Source::M365Audit, 0.9, 0.0, 0.0),
    (Kind::ChatFileDownload, Source::M365Audit, 0.3, 0.0, 0.0),
    (Kind::SyncBurst, Source::M365Audit, 0.08, 0.0, 0.0),
    (Kind::SiteSearch, Source::M365Audit, 1.0, 0.0, 0.0),
    (Kind::SiteShare, Source::M365Audit, 0.2, 0.0, 0.0),
    (Kind::M365Login, Source::M365Audit, 0.6, 0.0, 0.0),
    (Kind::TeamsMessage, Source::TeamsMessages, 1.5, 0.0, 0.0),
    (Kind::Assistant, Source::M365Audit, 0.3, 0.0, 0.0),
    (Kind::Endpoint, Source::M365Audit, 0.15, 0.1, 0.0),
    (Kind::DriveView, Source::GoogleWorkspace, 0.0, 3.5, 0.0),
    (Kind::DriveEdit, Source::GoogleWorkspace, 0.0, 1.8, 0.0),
    (Kind::DriveDownload, Source::GoogleWorkspace, 0.0, 0.8, 0.0),
    (Kind::DriveUpload, Source::GoogleWorkspace, 0.0, 0.4, 0.0),
    (Kind::DriveSync, Source::GoogleWorkspace, 0.0, 0.6, 0.0),
    (Kind::RoomMessage, Source::GoogleWorkspace, 0.0, 1.5, 0.0),
    (Kind::RoomFile, Source::GoogleWorkspace, 0.0, 0.15, 0.0),
    (Kind::RoomDownload, Source::GoogleWorkspace, 0.0, 0.25, 0.0),
    (Kind::GoogleLogin, Source::GoogleWorkspace, 0.0, 0.6, 0.0),
    (Kind::Issue, Source::Jira, 2.0, 2.0, 0.0),
    (Kind::Card, Source::Trello, 2.0, 2.0, 0.0),
    (Kind::Mail, Source::Email, 0.8, 0.8, 0.0),
];

/// What somebody does, as kinds with cumulated weights.
pub(super) struct Habit {
    kinds: Vec<(f32, Kind)>,
}

impl Habit {
    /// One kind at random.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Option<Kind> {
        let (total, last) = self.kinds.last()?;
        let at = rng.random::<f32>() * total;
        Some(self.kinds.iter().find(|(upper, _)| at < *upper).map_or(*last, |(_, kind)| *kind))
    }
}

/// The habits of a person, among the sources that are wanted.
pub(super) fn habits(settings: &Settings, person: &Person, haunts: &Haunts) -> Habit {
    let mut total = 0.0;
    let mut kinds = Vec::new();
    for (kind, source, microsoft, google, none) in WEIGHTS {
        let base = match person.suite {
            Suite::Microsoft => *microsoft,
            Suite::Google => *google,
            Suite::None => *none,
        };
        let factor = match kind {
            Kind::RoomMessage | Kind::RoomFile | Kind::RoomDownload if haunts.rooms.is_empty() => 0.0,
            Kind::SlackDownload | Kind::SiteDownload | Kind::ChatFileDownload | Kind::DriveDownload | Kind::RoomDownload => {
                person.download_factor as f32
            }
            Kind::Issue if person.group != Group::Research && person.group != Group::It => 0.0,
            Kind::Card if person.group != Group::Sales => 0.0,
            _ => 1.0,
        };
        if settings.wants(*source) && base * factor > 0.0 {
            total += base * factor;
            kinds.push((total, *kind));
        }
    }
    Habit { kinds }
}
