//! The acts of a planted story on one of its days.

use rand::RngExt;
use rand_distr::{Distribution, Poisson};

use super::acts::{Client, Exit, File, Place, What};
use super::channels::Platform;
use super::day::{Day, post_file, post_in_teams};
use super::labels::{History, Incident};
use super::phrases;
use super::rhythm::HOUR;
use super::secrets::Kind;
use super::stories::{Medium, Story, foreign_channel, foreign_ordinary_site, way_out};
use super::texts;
use super::words::CREDENTIAL_SEARCHES;

/// Does what a story has for this day.
pub(super) fn tell(day: &mut Day<'_>, incident: &mut Incident, history: &History) {
    let start = 13 * HOUR + day.rng.random_range(0..3 * HOUR);
    match incident.story {
        Story::LeaverBulkDownload | Story::BulkDownload | Story::ApprovedExport => {
            let count = (incident.strength * history.busiest_usual_day().max(3.0)).ceil() as usize;
            let pace = day.rng.random_range(20..90);
            take_files(day, start, pace, count);
        }
        Story::SlowDrip => {
            let mean = (incident.strength - 1.0) * history.mean_before(incident.days[0]).max(1.0);
            let count = Poisson::new(mean).map_or(0.0, |distribution| distribution.sample(&mut day.rng)) as usize;
            take_files(day, start, 900, count);
        }
        Story::OffScopeAccess => trespass(day, incident, start),
        Story::DownloadThenUsb | Story::DownloadThenCloud | Story::ExcusedTransfer => {
            let files = take_files(day, start, 40, incident.strength as usize);
            let exit = if incident.story == Story::DownloadThenCloud { Exit::OwnCloud } else { Exit::OwnStick };
            let later = start + day.rng.random_range(HOUR / 2..3 * HOUR);
            for (step, file) in files.into_iter().enumerate() {
                day.add(later + step as i32 * 4, What::Endpoint { file, exit });
            }
        }
        Story::NightWork => {
            let night = 2 * HOUR + day.rng.random_range(0..HOUR);
            take_files(day, night, 150, incident.strength as usize);
        }
        Story::CredentialSearch => {
            let mut at = start;
            let first = day.rng.random_range(0..CREDENTIAL_SEARCHES.len() as u32) as usize;
            for query in CREDENTIAL_SEARCHES.iter().cycle().skip(first).take(incident.strength as usize) {
                day.add(at, What::M365Search { query: (*query).to_owned() });
                // Slower than a person types, so that no query is taken for the beginning of the next.
                at += day.rng.random_range(40..200);
            }
        }
        Story::PastedSecret(kind, medium) => incident.channel = paste(day, kind, medium, start),
    }
}

/// Downloads `count` different files, one every `pace` seconds or so.
pub(super) fn take_files(day: &mut Day<'_>, start: i32, pace: i32, count: usize) -> Vec<File> {
    let mut files = Vec::with_capacity(count);
    match way_out(day.world, day.index) {
        Some(Platform::Slack) => {
            for channel in &day.haunts().slack {
                files.extend((0..day.shelf.files_in(*channel)).map(|n| File::new(Place::Channel(*channel), n)));
            }
        }
        _ => {
            for _ in 0..count.div_ceil(30) {
                let place = Place::ChatFiles(day.colleague());
                files.extend((0..30).map(|n| File::new(place, n)));
            }
        }
    }
    // A partial shuffle: the first `count` are a random choice.
    let count = count.min(files.len());
    for at in 0..count {
        let other = day.rng.random_range(at as u32..files.len() as u32) as usize;
        files.swap(at, other);
    }
    files.truncate(count);
    let mut second = start;
    for file in &files {
        download(day, second, file.clone());
        second += day.rng.random_range(pace / 2..=pace);
    }
    files
}

fn download(day: &mut Day<'_>, second: i32, file: File) {
    let what = match way_out(day.world, day.index) {
        Some(Platform::Slack) => What::SlackFile { action: "file_downloaded", file },
        _ => What::M365File { operation: "FileDownloaded", file, client: Client::Interactive },
    };
    day.add(second, what);
}

/// Goes where one has no business. The weakest form leaves no trace of the channel, or the channel is an ordinary one.
fn trespass(day: &mut Day<'_>, incident: &mut Incident, start: i32) {
    let Some(channel) = foreign_channel(day.world, day.index) else { return };
    let place = Place::Channel(channel);
    incident.channel = Some(day.world.channel(channel).id());
    if incident.strength < 2.0 {
        if day.world.channel(channel).platform == Platform::Slack {
            incident.blind = Some("no log says to which channel the file belongs");
            download(day, start, File::new(place, 9_000));
        } else if let Some(ordinary) = foreign_ordinary_site(day.world, day.index) {
            incident.blind = Some("the site is out of scope but not of high sensitivity");
            incident.channel = Some(day.world.channel(ordinary).id());
            download(day, start, File::new(Place::Channel(ordinary), 7));
        }
        return;
    }
    let on_slack = day.world.channel(channel).platform == Platform::Slack;
    if on_slack {
        day.add(start, What::SlackChannel { action: "user_channel_join", place });
    }
    for step in 0..incident.strength as i32 - i32::from(on_slack) {
        let file = File::new(place, day.rng.random_range(0..24));
        let second = start + 60 + step * 75;
        match (on_slack, step % 3) {
            (false, 0) => day.add(second, What::M365File { operation: "FileAccessed", file, client: Client::Interactive }),
            (false, 1) => day.add(second, What::M365File { operation: "FilePreviewed", file, client: Client::Interactive }),
            _ => {
                download(day, second, file);
                0
            }
        };
    }
}

/// Pastes a secret; the id of the channel if it has one.
fn paste(day: &mut Day<'_>, kind: Kind, medium: Medium, second: i32) -> Option<String> {
    let world = day.world;
    let secret = kind.make(&mut day.rng);
    let list = match kind {
        Kind::Password | Kind::WordPassword => phrases::AROUND_A_PASSWORD,
        Kind::BarePassword => &["{secret}"],
        Kind::PrivateKey | Kind::AwsKeyPair | Kind::ConnectionString | Kind::UrlWithPassword => phrases::AROUND_A_BLOCK,
        _ => phrases::AROUND_A_TOKEN,
    };
    let text = texts::around(&mut day.rng, list, &world.projects, &secret);
    let direct = Place::Direct(day.index, day.colleague());
    let in_channel = day.one_of(&day.haunts().slack).map_or(direct, Place::Channel);
    let project = day.person().projects.iter().copied().find(|project| *project > 1).unwrap_or(2);
    let given = kind.file_name(&mut day.rng).map(String::into_boxed_str);
    let file = |place| File { place, n: 200_000, given: given.clone() };
    let place = match medium {
        Medium::SlackChannel | Medium::SlackFile => in_channel,
        _ => direct,
    };
    match medium {
        Medium::SlackChannel | Medium::SlackDirect => {
            day.add(second, What::SlackPost { place, text, thread: None, file: None });
        }
        Medium::SlackFile => {
            post_file(day, second, place, file(place));
        }
        Medium::Teams => {
            post_in_teams(day, second, place, texts::html(&text), None);
        }
        Medium::SiteFile => {
            let file = file(Place::Drive(day.index));
            day.add(second, What::M365File { operation: "FileUploaded", file, client: Client::Interactive });
        }
        Medium::Jira => {
            let issue = day.rng.random_range(1..400);
            day.add(second, What::JiraComment { project, issue, text });
        }
        Medium::Trello => {
            let card = day.rng.random_range(1..120);
            day.add(second, What::TrelloComment { project, card, text });
        }
        Medium::Email => {
            let to = vec![day.colleague()];
            day.add(second, What::Email { to, subject: "access".into(), body: text, attachment: None });
        }
    }
    match place {
        Place::Channel(at) => Some(world.channel(at).id()),
        _ => None,
    }
}
