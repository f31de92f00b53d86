//! The sentence and the line around a credential word: is it a question, a policy, an error, a log, code, an invitation to a call?

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::boundary::{is_letter, is_unspaced, valid_prefix, valid_suffix};
use super::languages::{Senses, Tongue, VOCABULARY};
use super::tokens::is_tag;

/// Bytes before and behind a credential word that are read for what is spoken of.
const LEFT_BYTES: usize = 140;
const RIGHT_BYTES: usize = 160;

/// More words about passwords say no more.
const TOPICS_MAX: u8 = 4;

/// What the words of a stretch of text say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said {
    /// All that is said.
    pub senses: Senses,
    /// How many words speak about passwords.
    pub topics: u8,
    /// What the last word says.
    pub last: Senses,
}

impl Said {
    /// Reads the words of a text.
    pub fn of(text: &str, tongue: Tongue) -> Self {
        let mut said = Self::default();
        let mut meeting = false;
        for word in words(text) {
            said.word(word, tongue);
            // A meeting room has doors and screens, a meeting has a link.
            if meeting && !is_room(word) {
                said.senses = said.senses.and(Senses::MEETING);
            }
            meeting = said.last.any(Senses::MEETING);
        }
        if meeting {
            said.senses = said.senses.and(Senses::MEETING);
        }
        said
    }

    fn word(&mut self, word: &str, tongue: Tongue) {
        let mut senses = if word.starts_with(is_unspaced) { VOCABULARY.unspaced(word) } else { VOCABULARY.senses(word, tongue) };
        if senses.is_none() && word.contains(['-', '\'', '’']) {
            senses = word.split(['-', '\'', '’']).fold(senses, |all, part| all.and(VOCABULARY.senses(part, tongue)));
        }
        self.last = senses;
        self.senses = self.senses.and(senses.without(Senses::MEETING));
        self.topics += u8::from(senses.any(Senses::TOPIC) && self.topics < TOPICS_MAX);
    }
}

fn is_room(word: &str) -> bool {
    ["room", "rooms", "raum", "zimmer"].iter().any(|room| word.eq_ignore_ascii_case(room))
}

/// The words of a text, hyphens and apostrophes inside.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    // A dot or an at inside makes it a host, a file or an address.
    text.split(|c: char| !is_letter(c) && !c.is_numeric() && !matches!(c, '\'' | '’' | '-' | '.' | '@'))
        .map(|word| word.trim_matches(['-', '\'', '’', '.', '@']))
        .filter(|word| !word.is_empty())
}

/// What surrounds a credential word.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// Words before it in its sentence.
    pub before: Said,
    /// Words of its line, and of what surrounds that.
    pub around: Said,
    /// The line is one of a log.
    pub log: bool,
    /// The line is code.
    pub code: bool,
}

/// The language of what surrounds `text[start..end]`.
pub fn tongue(text: &[u8], start: usize, end: usize) -> Tongue {
    let left = valid_suffix(text.get(start.saturating_sub(LEFT_BYTES)..start).unwrap_or_default());
    let right = valid_prefix(text.get(end..(end + RIGHT_BYTES).min(text.len())).unwrap_or_default());
    VOCABULARY.tongue(words(left).chain(words(right)))
}

/// Whether the sentence that `text[..end]` begins ends with a question mark.
pub fn asks(text: &[u8], end: usize) -> bool {
    let right = valid_prefix(text.get(end..(end + RIGHT_BYTES).min(text.len())).unwrap_or_default());
    right.split(['.', '\n', '!', '。']).next().is_some_and(|rest| rest.contains(['?', '？', '؟']))
}

impl Scene {
    /// Reads what surrounds `text[start..end]`.
    pub fn around(text: &[u8], start: usize, end: usize, tongue: Tongue) -> Self {
        let left = valid_suffix(text.get(start.saturating_sub(LEFT_BYTES)..start).unwrap_or_default());
        let right = valid_prefix(text.get(end..(end + RIGHT_BYTES).min(text.len())).unwrap_or_default());
        let sentence = last_sentence(left);
        let line_left = left.rsplit('\n').next().unwrap_or_default();
        let line_right = right.split('\n').next().unwrap_or_default();
        let before = Said::of(without_tags_behind(sentence), tongue);
        let mut around = Said::of(left.strip_suffix(sentence).unwrap_or_default(), tongue);
        around.senses = around.senses.and(before.senses);
        around.topics = (around.topics + before.topics).min(TOPICS_MAX);
        let own = Said::of(valid_prefix(text.get(start..end).unwrap_or_default()), tongue);
        let behind = Said::of(right, tongue);
        around.senses = around.senses.and(behind.senses).and(own.senses);
        around.topics = around.topics.saturating_add(behind.topics);
        Self { before, around, log: is_log(line_left) || is_log(line_right), code: is_code(line_left) || is_code(line_right) }
    }
}

/// The text without the markup that ends it: `the <b>public</b> key`.
pub fn without_tags_behind(text: &str) -> &str {
    const TAG_BYTES_MAX: usize = 12;
    let mut text = text;
    while let Some(inner) = text.trim_end().strip_suffix('>')
        && let Some(open) = inner.rfind('<').filter(|open| inner.len() - open <= TAG_BYTES_MAX)
    {
        text = inner.get(..open).unwrap_or_default();
    }
    text
}

/// What is said behind a value, to the end of its sentence.
pub fn said_behind(text: &str, tongue: Tongue) -> Said {
    const BYTES_MAX: usize = 80;
    let near = valid_prefix(text.as_bytes().get(..text.len().min(BYTES_MAX)).unwrap_or_default());
    let end = near.find(['\n', '?', '!', '。', '？', '！']).into_iter().chain(near.find(". ")).min().unwrap_or(near.len());
    Said::of(near.get(..end).unwrap_or_default(), tongue)
}

/// What stands behind the last end of a sentence.
fn last_sentence(text: &str) -> &str {
    let ends = |at: usize, c: char| match c {
        '\n' | '。' | '？' | '！' => true,
        '.' | '?' => text.get(at + 1..).is_some_and(|rest| rest.starts_with(char::is_whitespace)),
        // Passwords end with one as often as sentences.
        '!' => text.get(at + 1..).is_some_and(|rest| rest.starts_with(' ') && rest.trim_start().starts_with(char::is_uppercase)),
        _ => false,
    };
    text.char_indices().rfind(|(at, c)| ends(*at, *c)).map_or(text, |(at, c)| text.get(at + c.len_utf8()..).unwrap_or_default())
}

/// A time of day to the second, or an address with four numbers.
fn is_log(line: &str) -> bool {
    if line.starts_with("--- ") || line.starts_with("=== ") {
        return true;
    }
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let bytes = line.as_bytes();
    let mut colons = None;
    let mut dots = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let between = digit(at.checked_sub(1).and_then(|before| bytes.get(before))) && digit(bytes.get(at + 1));
        match byte {
            b':' if between => {
                if colons.is_some_and(|before| at - before == 3) {
                    return true;
                }
                colons = Some(at);
            }
            b'.' if between => {
                dots += 1;
                if dots == 3 {
                    return true;
                }
            }
            b' ' => dots = 0,
            _ => {}
        }
    }
    false
}

/// Operators, calls and declarations that people's sentences do not hold.
fn is_code(line: &str) -> bool {
    const SIGNS: &[&str] = &[
        "()",
        "$(",
        ");",
        "==",
        "!=",
        "=> {",
        "&&",
        "def ",
        "return ",
        "function ",
        "const ",
        "String ",
        "import ",
        "});",
        "if (",
        "await ",
        "public ",
        "self.",
        "this.",
        "fn ",
        "::",
    ];
    static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(SIGNS).ok());
    FINDER.as_ref().is_some_and(|finder| finder.is_match(line)) || holds_foreign_tag(line)
}

/// Whether a tag is closed that chats do not write messages with: the line is a program's.
fn holds_foreign_tag(line: &str) -> bool {
    let name = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    let closed = line.split("</").skip(1).map(name);
    let opened = line.split("/>").map(|part| part.rsplit_once('<').map_or(String::new(), |(_, tag)| name(tag)));
    let empty = opened.take(line.matches("/>").count());
    closed.chain(empty).any(|tag| !is_tag(&tag) && !matches!(tag.as_str(), "hr" | "thead"))
}

#[cfg(test)]
mod tests {
    use super::{Scene, asks, last_sentence};
    use crate::credentials::languages::{ENGLISH, Senses};

    #[test]
    fn the_sentence_of_a_word_is_read() {
        assert_eq!(last_sentence("one. two 2.5 three"), " two 2.5 three");
        let text = b"We met. What is the wifi password? It hangs at the door.";
        let scene = Scene::around(text, 25, 33, ENGLISH);
        assert!(scene.before.senses.any(Senses::ASK));
        assert!(asks(text, 33));
        assert!(!scene.log && !scene.code);
        assert!(Scene::around(b"2026-03-14T09:12:44Z WARN login failed", 26, 31, ENGLISH).log);
        assert!(Scene::around(b"if (password == null) {", 4, 12, ENGLISH).code);
    }
}
