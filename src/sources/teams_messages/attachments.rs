//! Attachments of Teams messages: files that lie elsewhere, cards with text of their own, forwarded messages.

use std::borrow::Cow;

use serde::Deserialize;

use crate::event::Event;
use crate::sources::lenient::Str;
use crate::sources::{address, html};

/// One attachment.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Attachment<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    content_type: Str<'a>,
    #[serde(borrow)]
    content_url: Str<'a>,
    #[serde(borrow)]
    content: Str<'a>,
    #[serde(borrow)]
    name: Str<'a>,
}

/// Keys of cards and forwarded messages whose values people read.
const SHOWN_KEYS: &[&str] = &["title", "subtitle", "text", "summary", "originalMessageContent", "name", "value", "displayText", "altText"];

impl<'a> Attachment<'a> {
    /// Whether this is a file in SharePoint or OneDrive.
    pub(super) fn is_file(&self) -> bool {
        self.content_type.get() == Some("reference")
    }

    /// What tells this attachment from the message's others.
    pub(super) fn key(&self, at: usize) -> String {
        self.id.get().map_or_else(|| at.to_string(), str::to_owned)
    }

    /// Fills the file's columns. The id is the file's `ListItemUniqueId` in the audit log.
    pub(super) fn fill_file(&self, event: &mut Event<'a>) {
        event.file_id = self.id.text();
        event.object_url = self.content_url.text();
        event.file_name =
            self.name.text().or_else(|| self.content_url.get().and_then(address::file_name).map(|name| Cow::Owned(name.to_owned())));
        event.file_type = event.file_name.as_deref().and_then(address::extension).map(|extension| Cow::Owned(extension.to_owned()));
    }

    /// The name and what a card shows. A quoted message is not said again.
    pub(super) fn texts(&self) -> Vec<Cow<'a, str>> {
        let mut texts: Vec<Cow<'a, str>> = self.name.text().into_iter().collect();
        if self.content_type.get() == Some("messageReference") {
            return texts;
        }
        if let Some(content) = self.content.get() {
            match serde_json::from_str::<serde_json::Value>(content) {
                Ok(card) => collect(&card, &mut texts),
                Err(_) => texts.push(Cow::Owned(html::to_text(content))),
            }
        }
        texts
    }
}

/// The texts of a card; JSON of more than 128 levels was refused before.
fn collect(card: &serde_json::Value, texts: &mut Vec<Cow<'_, str>>) {
    match card {
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| collect(part, texts)),
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                match member {
                    serde_json::Value::String(text) if SHOWN_KEYS.contains(&key.as_str()) => {
                        let text = html::to_text(text);
                        // Buttons say the same text three times.
                        if !texts.iter().any(|known| *known == text) {
                            texts.push(Cow::Owned(text));
                        }
                    }
                    _ => collect(member, texts),
                }
            }
        }
        _ => {}
    }
}
