//! A user and a password with a stroke between them, and no word that says so: "CMS: editor1 / Gravel#5".

use std::ops::Range;

use super::bare;
use super::boundary::{valid_prefix, valid_suffix};
use super::keywords::Keyword;
use super::lookalike::{HOST_OR_FILE, is_email, lookalike};
use super::ruleset::Candidate;
use super::shape::{Shape, is_technical};
use super::sighting::{Link, Reading, Sighting};
use super::tokens::{Before, Token};
use super::value::password_strength;
use super::words::Reader;

const SIDE_BYTES_MAX: usize = 64;

const QUOTES: [char; 6] = ['`', '"', '*', '\'', '{', '}'];

/// Looks at both sides of the stroke at `place`.
pub fn judge(text: &[u8], place: Range<usize>, keyword: &Keyword, found: &mut impl FnMut(Candidate)) {
    // The sign that opens the value belongs to it.
    let end = place.end - usize::from(keyword.text.ends_with('`'));
    let tag = markup(text.get(end..).unwrap_or_default());
    let place = place.start..end + tag;
    let right = text.get(place.end..(place.end + SIDE_BYTES_MAX).min(text.len())).unwrap_or_default();
    let length = right.iter().take_while(|b| !b.is_ascii_whitespace()).count();
    // Most strokes stand between words: they end here.
    let unusual = |b: &u8| b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-' | b'!' | b'#' | b'$' | b'@');
    let letters = right.iter().take(length).any(u8::is_ascii_alphabetic);
    if length < 6 || length == SIDE_BYTES_MAX || !letters || !right.iter().take(length).any(unusual) {
        return;
    }
    let left = valid_suffix(text.get(place.start.saturating_sub(SIDE_BYTES_MAX)..place.start).unwrap_or_default());
    let left = left.trim_end().trim_end_matches(QUOTES).trim_end_matches(',').trim_end_matches(QUOTES);
    // An address as a link of Slack: `<mailto:kim@example.com|kim@example.com>`.
    let left = left.strip_suffix('>').filter(|link| link.rsplit(['|', ':']).next().is_some_and(is_email)).unwrap_or(left);
    let user = left
        .rsplit(|c: char| c.is_whitespace() || matches!(c, ':' | '>' | '(' | '|' | '、' | '，') || QUOTES.contains(&c))
        .next()
        .unwrap_or_default();
    let stretch = valid_prefix(right);
    let piece = stretch.get(..length).unwrap_or_default();
    let start = piece.len() - piece.trim_start_matches(QUOTES).len();
    let value = piece.trim_start_matches(QUOTES).split(['<', '`', '"', '}']).next().unwrap_or_default();
    let value = value.trim_end_matches([',', ';', ')', '.', '*', ':', '\'']);
    // A stroke divides users and passwords; other signs join whatever there is.
    let stroke = keyword.text.contains('/');
    let joined = user.contains(['_', '.']);
    let system = is_email(user) || joined || user.contains(|c: char| c.is_ascii_digit());
    // A word joins whatever there is as well: what stands before it must be a user's name for sure.
    let word = keyword.text.contains(char::is_alphabetic);
    let quoted = start > 0 || tag > 0;
    if word && !(is_email(user) || joined && lookalike(user) != Some(HOST_OR_FILE) || is_named_user(left, user)) {
        return;
    }
    if !is_user(user)
        || !(stroke || system || word && quoted)
        || !(is_strong(value) || is_email(user) || system && is_worded(value) && Shape::of(value).signs > 0)
    {
        return;
    }
    // Beside an address small words will do as well.
    if !is_strong(value) && !is_worded(value) {
        return bare::beside_address(text, place.end + start..place.end + start + value.len(), found);
    }
    let rest = stretch.get(start + value.len()..).unwrap_or_default();
    let before = Before { quoted, ..Before::default() };
    let token = Token { range: start..start + value.len(), before, line: 0, behind: rest.chars().next(), alone: false, last: false };
    let mut reader = Reader::new(text, place, keyword);
    reader.stretch = stretch;
    let sighting = Sighting { value, token: &token, link: Link::Divided, place: 1, reading: Reading::default(), rest };
    reader.hand(&sighting, found);
}

/// Bytes of the markup that begins bold, slanted or code.
fn markup(text: &[u8]) -> usize {
    const TAGS: &[&[u8]] = &[b"<b>", b"<i>", b"<em>", b"<code>", b"<strong>"];
    TAGS.iter().find(|tag| text.starts_with(tag)).map_or(0, |tag| tag.len())
}

/// Whether the word before a user's name says that it is one: "log in as", "the user".
fn is_named_user(left: &str, user: &str) -> bool {
    const WORDS: &[&str] =
        &["as", "als", "user", "username", "login", "benutzer", "comme", "como", "come", "utente", "usuario", "gebruiker"];
    let ahead = left.strip_suffix(user).unwrap_or_default().trim_end_matches([' ', '`', '*', '"', '\'', '{', ':', '=']);
    let last = ahead.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    WORDS.iter().any(|word| last.eq_ignore_ascii_case(word))
}

/// A name that a system gives a person or a program: an address, or letters with digits and joints.
pub fn is_user(name: &str) -> bool {
    const CHARS: std::ops::RangeInclusive<usize> = 2..=48;
    is_email(name)
        || CHARS.contains(&name.len())
            && name.starts_with(|c: char| c.is_alphabetic())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '\\' | '@'))
}

/// Words joined by signs with a capital among them: behind an address that is a password too.
fn is_worded(value: &str) -> bool {
    let shape = Shape::of(value);
    shape.chars >= 8 && shape.upper > 0 && shape.lower > 0 && shape.joints + shape.signs > 0 && lookalike(value).is_none()
}

/// A value that nobody would write for another reason.
pub fn is_strong(value: &str) -> bool {
    // What is neither a letter nor a joint, or no small letter: without any of them nothing below holds.
    if value.len() < 6 || value.bytes().all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let shape = Shape::of(value);
    let parts = shape.joints > 0 && shape.digits > 0 && shape.upper > 0 && shape.letters_run >= 4;
    let inside = shape.signs > 0 || shape.capital_inside || shape.digit_inside && shape.chars >= 8;
    let unusual = inside || parts || shape.tail && shape.chars >= 9;
    value.len() >= 6 && unusual && password_strength(value) >= 0.35 && lookalike(value).is_none() && !is_technical(value)
}

/// Looks at what the arrow at `place` points at: "`Gravel-77-tern` ← that one".
pub fn pointed(text: &[u8], place: Range<usize>, keyword: &Keyword, found: &mut impl FnMut(Candidate)) {
    let left = valid_suffix(text.get(place.start.saturating_sub(SIDE_BYTES_MAX)..place.start).unwrap_or_default());
    let line = left.rsplit('\n').next().unwrap_or_default();
    let quotes = |c: char| c == ' ' || QUOTES.contains(&c);
    let value = line.trim_matches(quotes);
    if value.contains(char::is_whitespace) || !value.bytes().any(|b| b.is_ascii_digit()) || !is_strong(value) {
        return;
    }
    let start = line.find(value).unwrap_or(0);
    let before = Before { quoted: line.trim_start().starts_with(QUOTES), ..Before::default() };
    let token = Token { range: start..start + value.len(), before, line: 0, behind: None, alone: false, last: false };
    let base = place.start - line.len();
    let behind = valid_prefix(text.get(place.end..(place.end + SIDE_BYTES_MAX).min(text.len())).unwrap_or_default());
    let mut reader = Reader::new(text, place, keyword);
    reader.base = base;
    let sighting = Sighting { value, token: &token, link: Link::ReverseRole, place: 0, reading: Reading::default(), rest: behind };
    reader.hand(&sighting, found);
}

/// `user:password`, `user//password`, `user/password`: the two sides, where the right one looks like a password.
pub fn split(value: &str) -> Option<(&str, &str)> {
    let (user, password) = value.split_once("//").or_else(|| value.split_once([':', '/']))?;
    (is_user(user) && is_strong(password) && !password.contains('/') && lookalike(value).is_none_or(|reason| reason != "a link"))
        .then_some((user, password))
}
