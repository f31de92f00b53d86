//! What stands at both sides of a piece of text: does something give it, is it beside a user, is it the name of somebody?

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::boundary::{valid_prefix, valid_suffix};
use super::super::languages::{LANGUAGES, MARKS, Senses, Tongue, VOCABULARY};
use super::super::lookalike::{HOST_OR_FILE, is_email, lookalike};
use super::super::pair::is_user;
use super::super::scene::{without_tags_behind, words};
use super::super::sighting::ends_line;

/// Bytes that are read to each side.
const BYTES: usize = 64;

/// What the text at both sides of a piece says of it.
#[derive(Debug, Default)]
pub struct Sides {
    /// In quotes, bold or code.
    pub quoted: bool,
    /// Nothing else stands on its line.
    pub alone: bool,
    /// A word or a sign gives it.
    pub given: bool,
    /// A word for typing in or trying stands before it.
    pub typed: bool,
    /// A user's name or an address stands before it.
    pub paired: bool,
    /// That is an address.
    pub addressed: bool,
    /// Nothing but a comma stands between it and what may be a user's name: so do the members of a list.
    pub listed: bool,
    /// A word that names go with stands before it: "room".
    pub named: bool,
    /// A word for a user or a login labels it: "login: kim42".
    pub labelled: bool,
    /// How it is spelled stands right behind it: "all lower case".
    pub spelled: bool,
    /// A question mark stands behind it.
    pub asked: bool,
}

/// Signs that may stand between a user's name and what is beside it.
const BETWEEN: [char; 14] = [' ', ',', '/', '|', '&', '+', '-', ':', '`', '*', '"', '(', '>', '\n'];

/// The text at both sides of a piece, before its words are looked up.
#[derive(Debug)]
pub struct Ends<'t> {
    left: &'t str,
    right: &'t str,
    /// What stands before the piece on its line, without markup.
    line: &'t str,
    quoted: bool,
}

impl<'t> Ends<'t> {
    pub fn of(text: &'t [u8], range: &Range<usize>) -> Self {
        let left = valid_suffix(text.get(range.start.saturating_sub(BYTES)..range.start).unwrap_or_default());
        let right = valid_prefix(text.get(range.end..(range.end + BYTES).min(text.len())).unwrap_or_default());
        let line = without_tags_behind(line_of(left)).trim_end();
        let quoted = left.ends_with(['`', '"', '*', '>', '“', '\'', '}']) || left.ends_with("{{");
        Self { left, right, line, quoted }
    }

    /// Whether more than a word before it may speak for the piece: quotes, a sign, a line of its own, how it is spelled, a user.
    pub fn may_stand_out(&self) -> bool {
        let signs = [',', '/', '|', '&', '+', '`'];
        self.quoted
            || self.line.is_empty()
            || self.is_assigned()
            || self.line.ends_with(signs)
            || self.line.contains(['@', '_'])
            || is_spelled(self.right)
    }

    /// A colon, a dash, an arrow stands right before the piece.
    fn is_assigned(&self) -> bool {
        self.line.ends_with([':', '→', '-', '–', '—', '=']) || self.line.ends_with("=&gt;") || self.line.ends_with("-&gt;")
    }

    /// Whether the word right before the piece gives it, in some language.
    pub fn may_be_given(&self) -> bool {
        words(self.line).last().is_some_and(|word| gives(VOCABULARY.senses_anywhere(word)) || is_typed(word))
    }

    /// Nothing where the piece is a part of something else, or names somebody.
    pub fn sides(&self, tongue: Tongue) -> Option<Sides> {
        let &Self { left, right, line, quoted } = self;
        let last = ends_line(right, &[' ', '.', '!', '`', '*', '"', '\'', '”', ')']);
        let first = line.is_empty() && (left.is_empty() || left.ends_with(['\n', '>']));
        if is_part(left, right) || first && !quoted && right.starts_with([':', ',']) {
            return None;
        }
        let senses = |word: &str| VOCABULARY.senses(word, tongue);
        let said: Vec<&str> = words(line).collect();
        let (before_that, word) = match said.as_slice() {
            [.., before_that, word] => (*before_that, *word),
            [word] => ("", *word),
            [] => ("", ""),
        };
        let says = senses(word);
        let beside = line.ends_with(word);
        let named = beside && (says.any(Senses::NAMED) || says.any(Senses::JOIN) && senses(before_that).any(Senses::NAMED));
        // A sentence that ended says nothing of what follows.
        let ended = line.ends_with(['.', '?', '!']);
        let typed = !ended && is_typed(word);
        let joins = typed || !ended && gives(says);
        let assigned = self.is_assigned() && !line.ends_with("--") && !left.ends_with(':');
        let signed = assigned && !says.any(Senses::NAMED);
        let mut ahead = line;
        // "and then".
        for word in [word, before_that] {
            if joins && (is_typed(word) || gives(senses(word))) {
                ahead = ahead.trim_end_matches(BETWEEN).strip_suffix(word).unwrap_or(ahead);
            }
        }
        let user = ahead.trim_end_matches(BETWEEN).rsplit([' ', '|', '`', '*', '"', '(', '>', '\n', '、']).next().unwrap_or_default();
        let divided = joins || line.ends_with([',', '/', '|', '&', '+', '-', ':', '`']);
        Some(Sides {
            quoted,
            alone: (first || signed) && last,
            typed,
            given: joins && !typed || line.ends_with(" /") || signed && (last || quoted || right.starts_with([' ', ',', '.'])),
            paired: divided && is_of_system(user, line.ends_with('/')),
            addressed: is_email(user),
            listed: !joins && line.ends_with([',', '`']) && !is_email(user),
            named,
            labelled: assigned && says.any(Senses::LOGIN),
            spelled: is_spelled(right),
            asked: right.starts_with('?'),
        })
    }
}

/// Whether a word gives what follows it: "is", "and", "try".
fn gives(senses: Senses) -> bool {
    senses.any(Senses::JOIN.and(Senses::AND).and(Senses::GIVEN).and(Senses::KEYPAD))
}

/// Whether a word says that what follows it is typed in.
pub fn is_typed(word: &str) -> bool {
    TYPED.contains(&word.to_lowercase().as_str())
}

/// Whether the piece is a part of something longer: a path, a link, a name, an address.
fn is_part(left: &str, right: &str) -> bool {
    left.ends_with(['@', '/', '\\', '#', '.', '[', '~', '$', '%', '<'])
        || left.ends_with('=') && !left.ends_with(" =")
        || right.starts_with(['(', '=', '/', '\\', '@', '['])
        || right.strip_prefix(':').is_some_and(|behind| behind.starts_with(|c: char| !c.is_whitespace()))
}

/// Whether the name is one that a system gives. Before a stroke letters with digits are one too.
fn is_of_system(user: &str, stroke: bool) -> bool {
    const CHARS_MIN: usize = 4;
    let marks = |c: char| matches!(c, '_' | '.') || stroke && c.is_ascii_digit();
    is_email(user)
        || is_user(user) && user.len() >= CHARS_MIN && user.trim_end_matches('.').contains(marks) && lookalike(user) != Some(HOST_OR_FILE)
}

/// Whether the words right behind say how something is spelled.
fn is_spelled(right: &str) -> bool {
    const NEAR_BYTES: usize = 40;
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let words = LANGUAGES.iter().flat_map(|language| &language.spelling).map(|word| word.trim_matches(MARKS));
        AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
    });
    let near = valid_prefix(right.as_bytes().get(..right.len().min(NEAR_BYTES)).unwrap_or_default());
    let clause = near.split(['\n']).next().unwrap_or_default();
    WORDS.as_ref().is_some_and(|words| words.is_match(clause))
}

/// What stands behind the last sign or tag that begins a line.
pub fn line_of(left: &str) -> &str {
    const TAGS: &[&str] = &["<p>", "<br>", "<br/>", "<br />", "<li>", "<div>", "<td>", "</blockquote>"];
    let line = left.rsplit('\n').next().unwrap_or_default();
    if !line.contains('>') {
        return line;
    }
    let start = TAGS.iter().filter_map(|tag| line.rfind(tag).map(|at| at + tag.len())).max();
    line.get(start.unwrap_or(0)..).unwrap_or_default()
}

/// "then", "try", "type", "put": what is typed in next.
const TYPED: &[&str] = &[
    "then",
    "try",
    "type",
    "put",
    "enter",
    "paste",
    "dann",
    "danach",
    "probier",
    "versuch",
    "eingeben",
    "tippe",
    "puis",
    "ensuite",
    "essaie",
    "essayez",
    "tape",
    "tapez",
    "saisis",
    "saisir",
    "mets",
    "mettez",
    "luego",
    "pon",
    "poned",
    "prueba",
    "puse",
    "poi",
    "prova",
    "metti",
    "mettete",
    "dan",
    "daarna",
    "probeer",
    "depois",
    "tenta",
    "testa",
    "coloca",
    "potem",
    "wpisz",
    "spróbuj",
    "sonra",
    "dene",
    "yaz",
    "gir",
    "sedan",
    "sen",
    "så",
    "skriv",
    "prøv",
    "kokeile",
    "taip",
    "coba",
    "попробуй",
    "введи",
    "потом",
];
