//! The channel that a file's name tells: `<channel>/<YYYY-MM-DD>.json` in an export, also flattened to `….<channel>.<YYYY-MM-DD>.json`.

use std::borrow::Cow;

use super::super::Origin;
use super::shapes::{is_conversation_id, type_of_id};
use crate::event::{ChannelType, Text};

/// A channel as far as it is known from around a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Place<'a> {
    pub id: Text<'a>,
    pub name: Text<'a>,
    pub kind: Option<ChannelType>,
}

impl<'a> Place<'a> {
    /// The channel of that id.
    pub fn of_channel(id: Cow<'a, str>) -> Self {
        let kind = type_of_id(&id);
        Self { id: Some(id), name: None, kind }
    }
}

/// The channel that the raw object's path names, if it names one.
pub(super) fn of<'a>(origin: &Origin<'a>) -> Place<'a> {
    if let Some(folder) = export_folder(origin.path) {
        if let Some((id, kind)) = origin.export.and_then(|export| export.by_folder.get(folder)) {
            let name = (folder != id.as_str()).then_some(Cow::Borrowed(folder));
            return Place { id: Some(Cow::Borrowed(id)), name, kind: Some(*kind) };
        }
        let kind = if folder.starts_with("mpdm-") { Some(ChannelType::Group) } else { type_of_id(folder) };
        let name = (!is_conversation_id(folder)).then_some(Cow::Borrowed(folder));
        return Place { id: Some(Cow::Borrowed(folder)), name, kind };
    }
    // Collectors of histories put the channel's id into the path, as responses do not repeat it.
    match origin.path.rsplit(['/', '.', '_', '=']).find(|part| is_conversation_id(part)) {
        Some(id) => Place::of_channel(Cow::Borrowed(id)),
        None => Place::default(),
    }
}

/// The folder of an export that a day's file lies in.
fn export_folder(path: &str) -> Option<&str> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split_once(".json").map(|(stem, _)| stem)?;
    match stem.rsplit_once('.') {
        Some((before, day)) if is_day(day) => before.rsplit('.').next(),
        None if is_day(stem) => folders.rsplit('/').next(),
        _ => None,
    }
    .filter(|folder| !folder.is_empty())
}

/// Whether this is `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10 && bytes.iter().enumerate().all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn export_files_name_their_channel() {
        for (path, expected) in [
            ("lake/raw/export/general/2024-01-31.json", Some("general")),
            ("export.zip/dev-ops/2024-01-31.json.gz", Some("dev-ops")),
            ("export.dev-ops.2024-01-31.json", Some("dev-ops")),
            ("raw/acme.export.general.2024-01-31.json", Some("general")),
            ("2024-01-31.json", None),
            ("general/canvas.json", None),
            ("general/2024-01-31.csv", None),
            ("general/2024_01_31.json", None),
        ] {
            assert_eq!(export_folder(path), expected, "{path}");
        }
    }
}
