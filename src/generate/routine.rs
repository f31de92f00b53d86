//! An ordinary day of a person: messages, files, searches, tickets.

use rand::RngExt;
use rand_distr::{Distribution, Gamma, Poisson};

use crate::sources::Source;

use super::acts::{Client, Exit, File, Place, What};
use super::channels::Platform;
use super::day::{Day, Entry, FILES_BEFORE, post_file, post_in_teams};
use super::habits::Kind;
use super::lookalikes;
use super::population::{Group, Suite};
use super::rhythm::{HOUR, day_weight, is_working_day, second_of_day};
use super::texts;
use super::words::{BENIGN_CREDENTIAL_SEARCHES, SEARCHES};
use super::world::{Haunts, World};

/// Fills an ordinary day.
pub(super) fn ordinary_day(day: &mut Day<'_>) {
    let person = day.person();
    let nights = person.works_nights(day.day);
    let weight = day_weight(day.world.date(day.day), nights) * day.world.lookalikes.factor(day.index, person, day.day);
    // A day is rarely like the one before: this factor has mean 1 and a spread of 0.4.
    let factor = Gamma::new(6.0, 1.0 / 6.0).map_or(1.0, |distribution| distribution.sample(&mut day.rng));
    let mean = person.rate * weight * factor;
    if mean > 1e-6 {
        let count = Poisson::new(mean).map_or(0.0, |distribution| distribution.sample(&mut day.rng)) as u32;
        for _ in 0..count {
            let second = second_of_day(person, nights, &mut day.rng);
            if let Some(kind) = day.world.habits[day.index as usize].draw(&mut day.rng) {
                do_one(day, kind, second);
            }
        }
    }
    if person.night_owl && is_working_day(day.world.date(day.day)) && day.rng.random_bool(0.1) {
        for _ in 0..day.rng.random_range(2..6) {
            let second = day.rng.random_range(0..HOUR + HOUR / 2);
            if let Some(kind) = day.world.habits[day.index as usize].draw(&mut day.rng) {
                do_one(day, kind, second);
            }
        }
    }
    if person.first_day == day.day {
        join_channels(day);
    }
    lookalikes::fetch(day);
    if person.new_machine_day == Some(day.day) && person.suite == Suite::Microsoft {
        fill_new_machine(day);
    }
}

fn do_one(day: &mut Day<'_>, kind: Kind, second: i32) {
    use Kind::{Assistant, ChatFileDownload, Endpoint, M365Login, SiteAccess, SiteDownload, SiteModify, SitePreview};
    use Kind::{SiteSearch, SiteShare, SiteUpload, SyncBurst, TeamsMessage};
    match kind {
        Kind::Post | Kind::PostFile | Kind::PostAndEdit | Kind::PostAndDelete | Kind::SlackDownload => slack(day, kind, second),
        Kind::Join | Kind::Preview => {
            let open: Vec<u32> = (0..day.world.channels.len() as u32)
                .filter(|at| !day.world.channel(*at).private && day.world.channel(*at).platform == Platform::Slack)
                .collect();
            if let Some(channel) = day.one_of(&open) {
                let action = if kind == Kind::Join { "user_channel_join" } else { "public_channel_preview" };
                day.add(second, What::SlackChannel { action, place: Place::Channel(channel) });
            }
        }
        Kind::SlackLogin => {
            day.add(second, What::SlackLogin);
        }
        SiteAccess | SitePreview | SiteModify | SiteUpload | SiteDownload | ChatFileDownload | SyncBurst | SiteShare | Assistant => {
            site(day, kind, second);
        }
        SiteSearch => search(day, second),
        M365Login => {
            day.add(second, What::M365Login);
        }
        TeamsMessage => teams(day, second),
        Endpoint => {
            let place = Place::Drive(day.index);
            let file = day.file_of(place);
            let exit = [Exit::Printer, Exit::Printer, Exit::Share, Exit::CompanyCloud, Exit::CompanyStick]
                [day.rng.random_range(0..5_u32) as usize];
            day.add(second, What::Endpoint { file, exit });
        }
        Kind::Issue | Kind::Card | Kind::Mail => ticket_or_mail(day, kind, second),
        _ => google(day, kind, second),
    }
}

/// A Slack channel or somebody to talk to; rarely the confidential channels one belongs to.
fn slack_place(day: &mut Day<'_>) -> Place {
    let haunts = day.haunts();
    match day.rng.random_range(0..100) {
        0..72 => day.one_of(&haunts.slack),
        72..76 => day.one_of(&confidential_on_slack(day.world, haunts)),
        _ => None,
    }
    .map_or_else(|| Place::Direct(day.index, day.colleague()), Place::Channel)
}

fn confidential_on_slack(world: &World, haunts: &Haunts) -> Vec<u32> {
    let on_slack = |at: &&u32| world.channel(**at).platform == Platform::Slack;
    haunts.confidential.iter().filter(on_slack).copied().collect()
}

fn slack(day: &mut Day<'_>, kind: Kind, second: i32) {
    let place = slack_place(day);
    match kind {
        Kind::PostFile => {
            let n = match place {
                Place::Channel(at) => {
                    day.shelf.files[at as usize] += 1;
                    day.shelf.files[at as usize] - 1
                }
                _ => 10_000 + day.rng.random_range(0..100_000),
            };
            post_file(day, second, place, File::new(place, n));
        }
        Kind::PostAndEdit => {
            let before = day.talk();
            let after = format!("{before} (edit: {})", day.talk());
            let ts = day.add(second, What::SlackPost { place, text: before.clone(), thread: None, file: None });
            let wait = day.rng.random_range(20..400);
            day.add_after(second, ts, wait, What::SlackEdit { place, ts, before, after });
        }
        Kind::PostAndDelete => {
            let before = day.talk();
            let ts = day.add(second, What::SlackPost { place, text: before.clone(), thread: None, file: None });
            let wait = day.rng.random_range(5..900);
            day.add_after(second, ts, wait, What::SlackDelete { place, ts, before });
        }
        Kind::SlackDownload => {
            let file = match place {
                Place::Channel(at) => day.slack_file(at),
                _ => File::new(place, day.rng.random_range(0..30)),
            };
            day.add(second, What::SlackFile { action: "file_downloaded", file });
        }
        _ => {
            let text = day.talk();
            let time = day.time(second);
            let thread = match place {
                Place::Channel(at) => day.shelf.recent[at as usize].filter(|recent| *recent < time && day.rng.random_bool(0.3)),
                _ => None,
            };
            if let (Place::Channel(at), None) = (place, thread) {
                day.shelf.recent[at as usize] = Some(time);
            }
            day.entries.push(Entry { second, time, what: What::SlackPost { place, text, thread, file: None } });
        }
    }
}

/// A site one belongs to, or one's own drive.
fn site_place(day: &mut Day<'_>) -> Place {
    let haunts = day.haunts();
    match day.rng.random_range(0..100) {
        0..70 => day.one_of(&haunts.sites),
        70..73 => {
            let on_site = |at: &&u32| day.world.channel(**at).platform == Platform::Microsoft;
            let sites: Vec<u32> = haunts.confidential.iter().filter(on_site).copied().collect();
            day.one_of(&sites)
        }
        _ => None,
    }
    .map_or(Place::Drive(day.index), Place::Channel)
}

fn site(day: &mut Day<'_>, kind: Kind, second: i32) {
    let place = if kind == Kind::ChatFileDownload { Place::ChatFiles(day.colleague()) } else { site_place(day) };
    if kind == Kind::SyncBurst {
        let time = day.time(second);
        for step in 0..day.rng.random_range(3..24) {
            let file = day.file_of(place);
            let operation = if day.rng.random_bool(0.8) { "FileSyncDownloadedFull" } else { "FileSyncUploadedFull" };
            day.add_after(second, time, step * 2, What::M365File { operation, file, client: Client::Sync });
        }
        return;
    }
    let mut file = day.file_of(place);
    let (operation, client) = match kind {
        Kind::SitePreview => ("FilePreviewed", Client::Interactive),
        Kind::SiteModify => ("FileModified", Client::Interactive),
        Kind::SiteUpload => ("FileUploaded", Client::Interactive),
        Kind::SiteDownload | Kind::ChatFileDownload => ("FileDownloaded", Client::Interactive),
        Kind::SiteShare if day.rng.random_bool(0.15) => ("AnonymousLinkCreated", Client::Interactive),
        Kind::SiteShare => ("SharingSet", Client::Interactive),
        Kind::Assistant => ("FileAccessed", Client::Ai),
        _ => ("FileAccessed", Client::Interactive),
    };
    if kind == Kind::SiteUpload {
        file.n += FILES_BEFORE + day.rng.random_range(0..10_000);
    }
    day.add(second, What::M365File { operation, file, client });
}

fn search(day: &mut Day<'_>, second: i32) {
    // Those who run the systems look such things up as part of their work.
    let chance = if day.person().group == Group::It { 0.04 } else { 0.003 };
    let list = if day.rng.random_bool(chance) { BENIGN_CREDENTIAL_SEARCHES } else { SEARCHES };
    let query = texts::pick(&mut day.rng, list).to_owned();
    day.add(second, What::M365Search { query });
}

fn teams(day: &mut Day<'_>, second: i32) {
    let haunts = day.haunts();
    let channel = if day.rng.random_bool(0.4) { day.one_of(&haunts.sites) } else { None };
    let place = channel.map_or_else(|| Place::Direct(day.index, day.colleague()), Place::Channel);
    let html = texts::html(&day.talk());
    let file = day.rng.random_ratio(1, 25).then(|| day.file_of(Place::ChatFiles(day.index)));
    post_in_teams(day, second, place, html, file);
}

fn google(day: &mut Day<'_>, kind: Kind, second: i32) {
    let haunts = day.haunts();
    let owner = if day.rng.random_bool(0.6) { day.index } else { day.colleague() };
    let name = match kind {
        Kind::DriveView => "view",
        Kind::DriveEdit => "edit",
        Kind::DriveDownload => "download",
        Kind::DriveUpload => "upload",
        Kind::DriveSync => "sync_item_content",
        Kind::RoomMessage => "message_posted",
        Kind::RoomFile => "attachment_upload",
        Kind::RoomDownload => "attachment_download",
        _ => {
            day.add(second, What::GoogleLogin);
            return;
        }
    };
    if matches!(kind, Kind::RoomMessage | Kind::RoomFile | Kind::RoomDownload) {
        let place = day.one_of(&haunts.rooms).map_or(Place::Direct(day.index, owner), Place::Channel);
        let file = (kind != Kind::RoomMessage).then(|| day.file_of(place));
        day.add(second, What::GoogleChat { name, place, file });
    } else {
        let file = day.file_of(Place::Drive(owner));
        day.add(second, What::GoogleDrive { name, file });
    }
}

fn ticket_or_mail(day: &mut Day<'_>, kind: Kind, second: i32) {
    let projects = &day.person().projects;
    let project = projects.iter().copied().find(|project| *project > 1).unwrap_or(2);
    let text = day.talk();
    let what = match kind {
        Kind::Issue => What::JiraComment { project, issue: day.rng.random_range(1..400), text },
        Kind::Card => What::TrelloComment { project, card: day.rng.random_range(1..120), text },
        _ => {
            let mut to: Vec<u32> = (0..day.rng.random_range(1..=3)).map(|_| day.colleague()).collect();
            to.sort_unstable();
            to.dedup();
            let subject = format!("{}: {}", day.world.projects[usize::from(project)], texts::pick(&mut day.rng, super::words::TOPICS));
            let attachment = day.rng.random_bool(0.15).then(|| day.file_of(Place::Drive(day.index)));
            What::Email { to, subject, body: text, attachment }
        }
    };
    day.add(second, what);
}

/// The first day: a newcomer is put into channels.
fn join_channels(day: &mut Day<'_>) {
    if !day.world.settings.wants(Source::SlackAudit) {
        return;
    }
    for (step, channel) in day.haunts().slack.iter().enumerate() {
        day.add(9 * HOUR + step as i32 * 20, What::SlackChannel { action: "user_channel_join", place: Place::Channel(*channel) });
    }
}

/// A new machine: the sync client fetches everything once. Many files, no incident.
fn fill_new_machine(day: &mut Day<'_>) {
    if !day.world.settings.wants(Source::M365Audit) {
        return;
    }
    let files = day.rng.random_range(1_000..1_500);
    let place = Place::Drive(day.index);
    for n in 0..files {
        let file = File::new(place, n);
        day.add(10 * HOUR + n as i32 * 2, What::M365File { operation: "FileSyncDownloadedFull", file, client: Client::Sync });
    }
}
