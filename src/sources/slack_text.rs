//! What a Slack message says, as plain text: its markup undone, and what stands only in blocks, attachments and files added once.

mod blocks;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::memmem;
use serde_json::value::RawValue;

use super::lenient::{List, Str};
use super::slack_messages::shapes::File;
use crate::event::Text;

/// Bytes of text that are searched for repetitions in one message; what comes after is added unsearched, so that the work stays linear.
const SEARCH_BUDGET: usize = 32 << 20;

/// Shorter parts, without spaces and styling, stand in longer words by chance.
const SQUEEZED_MIN: usize = 8;

/// Undoes Slack's markup: `<url|label>` to both, `<@U1>` to `@U1`, `<#C1|name>` to `#name`, and the three entities to their characters.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        push_decoded(&mut plain, before);
        let inside = from.get(1..).unwrap_or_default();
        match inside.find(['<', '>']).filter(|end| inside.as_bytes().get(*end) == Some(&b'>')) {
            Some(end) => {
                push_reference(&mut plain, inside.get(..end).unwrap_or_default());
                rest = inside.get(end + 1..).unwrap_or_default();
            }
            None => {
                plain.push('<');
                rest = inside;
            }
        }
    }
    push_decoded(&mut plain, rest);
    Cow::Owned(plain)
}

/// [`plain`] that keeps the record's lifetime.
pub(super) fn plain_text<'a>(text: &Text<'a>) -> Text<'a> {
    match text.as_ref()? {
        Cow::Borrowed(text) => Some(plain(text)),
        Cow::Owned(text) => Some(Cow::Owned(plain(text).into_owned())),
    }
}

/// Writes what stood between `<` and `>`.
fn push_reference(plain: &mut String, reference: &str) {
    let (target, label) = match reference.split_once('|') {
        Some((target, label)) => (target, label.trim()),
        None => (reference, ""),
    };
    let shown =
        |sigil: &str| if label.is_empty() { target.get(1..).unwrap_or_default() } else { label.strip_prefix(sigil).unwrap_or(label) };
    match target.as_bytes().first() {
        Some(b'@') => {
            plain.push('@');
            push_decoded(plain, shown("@"));
        }
        Some(b'#') => {
            plain.push('#');
            push_decoded(plain, shown("#"));
        }
        Some(b'!') if target.starts_with("!date") && !label.is_empty() => push_decoded(plain, label),
        Some(b'!') => {
            plain.push('@');
            push_decoded(plain, shown("@"));
        }
        _ if !target.contains(':') && label.is_empty() => {
            // Slack writes a literal `<` as an entity; what comes here was written by other programs.
            plain.push('<');
            push_decoded(plain, reference);
            plain.push('>');
        }
        _ => {
            push_decoded(plain, target);
            if !label.is_empty() && !is_same_link(target, label) {
                plain.push(' ');
                push_decoded(plain, label);
            }
        }
    }
}

/// Whether a link's label is its address again (without scheme or a last `/`), as Slack writes addresses that people typed bare.
fn is_same_link(url: &str, label: &str) -> bool {
    let bare = |link: &str| -> usize { link.trim_end_matches('/').len() };
    let stem = url.split_once("://").map(|(_, stem)| stem).or_else(|| url.strip_prefix("mailto:")).unwrap_or(url);
    let label_stem = label.split_once("://").map_or(label, |(_, stem)| stem);
    stem.get(..bare(stem)) == label_stem.get(..bare(label_stem))
}

/// Writes text with `&lt;`, `&gt;` and `&amp;` decoded once.
fn push_decoded(plain: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (entity, decoded) = if from.starts_with("&amp;") {
            ("&amp;", '&')
        } else if from.starts_with("&lt;") {
            ("&lt;", '<')
        } else if from.starts_with("&gt;") {
            ("&gt;", '>')
        } else {
            ("&", '&')
        };
        plain.push(decoded);
        rest = from.get(entity.len()..).unwrap_or_default();
    }
    plain.push_str(rest);
}

/// A message's text as it grows: the text itself, then what the other parts say beyond it.
pub(super) struct MessageText<'a> {
    text: Text<'a>,
    /// The text without spaces and styling, to find in it what blocks repeat; made when it is first asked for.
    squeezed: Option<String>,
    added: HashSet<String>,
    searched: usize,
}

impl<'a> MessageText<'a> {
    /// Starts with the message's `text`.
    pub fn new(text: &Text<'a>) -> Self {
        let text = plain_text(text).filter(|text| !text.trim().is_empty());
        Self { text, squeezed: None, added: HashSet::new(), searched: 0 }
    }

    /// Adds what the blocks say.
    pub fn add_blocks(&mut self, blocks: Option<&'a RawValue>) {
        if let Some(raw) = blocks {
            blocks::add(self, raw.get());
        }
    }

    /// Adds what the attachments say: all of them, or only those that the author wrote and no link unfurled.
    pub fn add_attachments(&mut self, attachments: &List<'a>, unfurled_too: bool) {
        for attachment in attachments.items::<Attachment<'a>>() {
            if unfurled_too || !attachment.is_unfurled() {
                self.add_attachment(&attachment);
            }
        }
    }

    /// Adds the names and the shown content of files.
    pub fn add_files(&mut self, files: &[File<'a>]) {
        for file in files {
            for part in [file.title.get().or(file.name.get()), file.shown_content()].into_iter().flatten() {
                self.add(part);
            }
        }
    }

    /// The whole text; borrowed where nothing was added.
    pub fn finish(self) -> Text<'a> {
        self.text
    }

    fn add_attachment(&mut self, attachment: &Attachment<'a>) {
        let before = self.added.len();
        for part in [&attachment.pretext, &attachment.author_name, &attachment.title, &attachment.title_link, &attachment.text] {
            if let Some(part) = part.get() {
                self.add(&plain(part));
            }
        }
        for field in attachment.fields.items::<Field<'a>>() {
            match (field.title.get(), field.value.get()) {
                (Some(title), Some(value)) => self.add(&format!("{}: {}", plain(title), plain(value))),
                (one, other) => one.or(other).into_iter().for_each(|part| self.add(&plain(part))),
            }
        }
        self.add_blocks(attachment.blocks);
        self.add_blocks(attachment.message_blocks);
        self.add_files(&attachment.files.items::<File<'a>>());
        if let Some(footer) = attachment.footer.get() {
            self.add(&plain(footer));
        }
        // The fallback is a short form of the rest; it says something where there is no rest.
        if self.added.len() == before
            && attachment.text.get().is_none()
            && let Some(fallback) = attachment.fallback.get()
        {
            self.add(&plain(fallback));
        }
    }

    /// Whether the text already says this, spaces and styling aside.
    fn says(&mut self, part: &str) -> bool {
        let Some(text) = self.text.as_deref() else { return false };
        if self.searched > SEARCH_BUDGET {
            return false;
        }
        self.searched = self.searched.saturating_add(text.len());
        // Most blocks repeat the text to the letter.
        let part = part.trim();
        if memmem::find_iter(text.as_bytes(), part.as_bytes()).any(|at| stands_alone(text, at, part.len())) {
            return true;
        }
        let squeezed_part = squeeze(part);
        if squeezed_part.len() < SQUEEZED_MIN {
            return squeezed_part.is_empty();
        }
        let squeezed = self.squeezed.get_or_insert_with(|| squeeze(text));
        self.searched = self.searched.saturating_add(squeezed.len());
        memmem::find(squeezed.as_bytes(), squeezed_part.as_bytes()).is_some()
    }

    /// Adds a part on a line of its own, unless the text or an earlier part says it.
    fn add(&mut self, part: &str) {
        let part = part.trim();
        if part.is_empty() || self.says(part) || !self.added.insert(squeeze(part)) {
            return;
        }
        match &mut self.text {
            None => self.text = Some(Cow::Owned(part.to_owned())),
            Some(text) => {
                let text = text.to_mut();
                text.push('\n');
                text.push_str(part);
            }
        }
    }
}

/// Whether what stands there is no part of a longer word: `ci` is not said by `circle`.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (before, found) = (text.get(..at).unwrap_or_default(), text.get(at..at + length).unwrap_or_default());
    let after = text.get(at + length..).unwrap_or_default();
    let begins = !(is_word(before.chars().next_back()) && is_word(found.chars().next()));
    begins && !(is_word(found.chars().next_back()) && is_word(after.chars().next()))
}

/// What is left of a text without white space and the characters that style it in Slack.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '~' | '`' | '>' | '•')).collect()
}

/// A secondary attachment, as apps write them and links unfurl into.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Attachment<'a> {
    #[serde(borrow)]
    pretext: Str<'a>,
    #[serde(borrow)]
    author_name: Str<'a>,
    #[serde(borrow)]
    title: Str<'a>,
    #[serde(borrow)]
    title_link: Str<'a>,
    #[serde(borrow)]
    text: Str<'a>,
    #[serde(borrow)]
    fallback: Str<'a>,
    #[serde(borrow)]
    footer: Str<'a>,
    #[serde(borrow)]
    from_url: Str<'a>,
    #[serde(borrow)]
    original_url: Str<'a>,
    #[serde(borrow)]
    is_msg_unfurl: Str<'a>,
    #[serde(borrow)]
    is_app_unfurl: Str<'a>,
    #[serde(borrow)]
    fields: List<'a>,
    #[serde(borrow)]
    files: List<'a>,
    #[serde(borrow)]
    blocks: Option<&'a RawValue>,
    #[serde(borrow)]
    message_blocks: Option<&'a RawValue>,
}

impl Attachment<'_> {
    fn is_unfurled(&self) -> bool {
        self.from_url.get().is_some()
            || self.original_url.get().is_some()
            || self.is_msg_unfurl.bool() == Some(true)
            || self.is_app_unfurl.bool() == Some(true)
    }
}

/// A titled value of an attachment.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Field<'a> {
    #[serde(borrow)]
    title: Str<'a>,
    #[serde(borrow)]
    value: Str<'a>,
}
