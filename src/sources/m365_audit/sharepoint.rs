//! SharePoint and OneDrive: files, sharing, synchronisation and searches. Files of Teams chats lie here too.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::fields::{Fields, Key};
use crate::event::{Action, ChannelType, ClientClass, Event, Outcome, Surface, Text};
use crate::sources::address;

/// Fills what SharePoint and OneDrive say of the file, the site, the link or the search.
pub(super) fn fill<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.surface = Surface::FileShare;
    event.object_url = fields.text(Key::ObjectId);
    fill_site(fields, event);
    match event.action {
        Action::Search => fill_search(fields, event),
        Action::FileShared | Action::LinkCreated | Action::PermissionChanged => fill_sharing(fields, event),
        _ => {}
    }
    fill_file(fields, event);
    correct_by_client(fields, event);
    if is_chat_file(fields) {
        event.surface = Surface::Chat;
    }
}

fn fill_site<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let site_url = fields.text(Key::SiteUrl);
    event.channel_id = fields.text(Key::Site).or_else(|| site_url.clone());
    event.channel_name = site_url.as_ref().and_then(site_name);
    event.channel_type = event.channel_id.is_some().then_some(ChannelType::Site);
}

/// The last part of a site's address.
fn site_name<'a>(site_url: &Cow<'a, str>) -> Text<'a> {
    fn last_part(url: &str) -> Option<&str> {
        address::file_name(url.trim_end_matches('/'))
    }
    match site_url {
        Cow::Borrowed(url) => last_part(url).map(Cow::Borrowed),
        Cow::Owned(url) => last_part(url).map(|name| Cow::Owned(name.to_owned())),
    }
}

fn fill_search<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.search_query = fields.first(&[Key::SearchQueryText, Key::QueryText, Key::Query]);
    if event.vendor_action.as_deref().is_some_and(|operation| operation.ends_with("Exchange")) {
        event.surface = Surface::Email;
    }
}

fn fill_file<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.file_id = fields.text(Key::ListItemUniqueId);
    event.sensitivity_label = fields.text(Key::SensitivityLabelId);
    let is_file = fields.text(Key::ItemType).is_none_or(|item| item == "File" || item == "Folder");
    if is_file && event.action != Action::Search {
        event.file_name = fields.text(Key::SourceFileName).or_else(|| event.object_url.as_ref().and_then(site_name));
        event.file_type = fields.text(Key::SourceFileExtension).or_else(|| {
            let extension = event.file_name.as_deref().and_then(address::extension);
            extension.map(|extension| Cow::Owned(extension.to_owned()))
        });
    }
    event.file_size = fields.count(Key::FileSizeBytes).or_else(|| fields.count(Key::FileSize));
    let destination = [Key::DestinationRelativeUrl, Key::DestinationFileName].map(|key| fields.text(key));
    if event.target.is_none() {
        event.target = match destination {
            [Some(folder), Some(name)] => Some(Cow::Owned(format!("{folder}/{name}"))),
            [folder, name] => folder.or(name),
        };
        event.target_type = event.target.is_some().then_some(Cow::Borrowed("file"));
    }
}

fn fill_sharing<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let Some(shared_with) = fields.first(&[Key::TargetUserOrGroupName, Key::UserSharedWith]) else { return };
    event.target_type = fields.text(Key::TargetUserOrGroupType).map(|kind| Cow::Owned(kind.to_lowercase()));
    let home = super::actor::home_address(&shared_with);
    let email = home.or_else(|| address::email(&shared_with).map(Cow::into_owned));
    event.target_domain = email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| Cow::Owned(domain.to_owned()));
    event.target = Some(email.map_or(shared_with, Cow::Owned));
}

/// What the client shows of the act: renders are views, members of one zip belong together, a synchronisation is made by a sync client.
fn correct_by_client<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let rendered = event.user_agent.as_deref().and_then(|agent| agent.strip_prefix("OneDriveMpc-Transform_"));
    let is_zip = rendered.is_some_and(|what| what.starts_with("Zip"));
    if rendered.is_some() && !is_zip && event.action == Action::FileDownloaded {
        event.action = Action::FileViewed;
    }
    if let Some(zip) = fields.text(Key::ZipFileName) {
        let actor = event.actor_id.as_deref().unwrap_or_default();
        event.batch_id = Some(Cow::Owned(format!("{actor}/{zip}")));
    } else if is_zip {
        event.batch_id = fields.text(Key::CorrelationId);
    }
    let syncs = event.vendor_action.as_deref().is_some_and(|operation| operation.starts_with("FileSync"));
    if syncs && event.client_class.is_none() {
        event.client_class = Some(ClientClass::Sync);
    }
    if event.vendor_action.as_deref().is_some_and(|operation| operation.ends_with("Blocked")) {
        event.outcome = Outcome::Blocked;
    }
}

/// What the folder of chat files is called besides "Microsoft Teams", in the languages that Teams speaks.
const CHAT_WORDS: &[&str] = &[
    "chat",
    "convers",
    "czat",
    "sohbet",
    "keskustel",
    "чат",
    "бесед",
    "розмов",
    "聊天",
    "交談",
    "チャット",
    "채팅",
    "συνομιλ",
    "cseveg",
    "discu",
    "razgovor",
    "klepet",
    "konverz",
    "vestlus",
    "tērzē",
    "pokalb",
    "trò chuyện",
    "แชท",
    "चैट",
    "דואר צ'אט",
    "דרדש",
];

/// Folders of a person's OneDrive where recordings of meetings are put.
const RECORDINGS: &[&str] =
    &["Recordings", "Aufzeichnungen", "Enregistrements", "Grabaciones", "Registrazioni", "Gravações", "Opnamen", "録音", "录制"];

static TEAMS: LazyLock<memchr::memmem::Finder<'static>> = LazyLock::new(|| memchr::memmem::Finder::new("Teams"));

/// Whether the file lies in a person's folder of chat files, or is the recording of a meeting there.
fn is_chat_file(fields: &Fields<'_>) -> bool {
    let raw = [Key::SourceRelativeUrl, Key::ObjectId].map(|key| fields.raw(key));
    let hinted = raw.iter().any(|raw| TEAMS.find(raw.as_bytes()).is_some());
    let recorded = fields.raw(Key::SourceFileExtension).eq_ignore_ascii_case("\"mp4\"");
    if !hinted && !recorded {
        return false;
    }
    let site = fields.text(Key::SiteUrl);
    if site.is_some_and(|site| !site.contains("/personal/")) {
        return false;
    }
    let folder = fields.text(Key::SourceRelativeUrl).or_else(|| {
        let path = fields.text(Key::ObjectId)?;
        path.rsplit_once('/').map(|(folder, _)| Cow::Owned(folder.to_owned()))
    });
    let Some(folder) = folder else { return false };
    let folder = percent_encoding::percent_decode_str(&folder).decode_utf8_lossy();
    folder.split('/').any(|part| is_chat_folder(part) || (recorded && RECORDINGS.contains(&part)))
}

fn is_chat_folder(name: &str) -> bool {
    // `Microsoft Teamsin keskustelutiedostot` is inflected, so the words may run on.
    if !name.contains("Microsoft Teams") {
        return false;
    }
    let name = name.to_lowercase();
    CHAT_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_folders_are_known_in_many_languages() {
        for (name, expected) in [
            ("Microsoft Teams Chat Files", true),
            ("Microsoft Teams-Chatdateien", true),
            ("Fichiers de conversation Microsoft Teams", true),
            ("Archivos de chat de Microsoft Teams", true),
            ("Microsoft Teams チャット ファイル", true),
            ("Microsoft Teams 聊天文件", true),
            ("Файлы чата Microsoft Teams", true),
            ("Microsoft Teamsin keskustelutiedostot", true),
            ("Microsoft Teams Data", false),
            ("Chat Files", false),
        ] {
            assert_eq!(is_chat_folder(name), expected, "{name}");
        }
    }

    #[test]
    fn only_a_persons_folder_is_a_chat() {
        for (json, expected) in [
            (r#"{"SourceRelativeUrl":"Documents/Microsoft Teams Chat Files"}"#, true),
            (r#"{"SiteUrl":"https://x.example/personal/a/","SourceRelativeUrl":"Documents/Microsoft Teams Chat Files"}"#, true),
            (r#"{"SiteUrl":"https://x.example/sites/a/","SourceRelativeUrl":"Documents/Microsoft Teams Chat Files"}"#, false),
            (r#"{"ObjectId":"https://x.example/personal/a/Documents/Microsoft%20Teams%20Chat%20Files/b.txt"}"#, true),
            (r#"{"ObjectId":"https://x.example/personal/a/Documents/Microsoft Teams Chat guide.pdf"}"#, false),
            (r#"{"SourceFileExtension":"mp4","SourceRelativeUrl":"Documents/Recordings"}"#, true),
            (r#"{"SourceFileExtension":"txt","SourceRelativeUrl":"Documents/Recordings"}"#, false),
            ("{}", false),
        ] {
            let fields = Fields::scan(json).expect("valid");
            assert_eq!(is_chat_file(&fields), expected, "{json}");
        }
    }
}
