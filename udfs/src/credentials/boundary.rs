//! Where a keyword begins and ends: alone, as a part of an identifier, grown together with other words, or with an ending.

use std::ops::Range;

use super::keywords::{Class, Keyword};
use super::languages::ENGLISH;

/// What may follow a keyword inside an identifier that still holds the value itself.
const SUFFIXES: &[&[u8]] = &[
    b"_prod",
    b"_dev",
    b"_test",
    b"_staging",
    b"_new",
    b"_old",
    b"_admin",
    b"_root",
    b"_user",
    b"_value",
    b"_plain",
    b"_db",
    b"_live",
    b"_tmp",
    b"_temp",
    b"_main",
    b"_api",
    b"_app",
    b"-prod",
    b"-dev",
    b"-new",
];

/// The longest valid beginning: a cut character or broken bytes end it.
pub fn valid_prefix(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes.get(..error.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or(""),
    }
}

/// The longest valid end.
pub fn valid_suffix(mut bytes: &[u8]) -> &str {
    loop {
        match std::str::from_utf8(bytes) {
            Ok(text) => return text,
            Err(error) => {
                let skip = error.valid_up_to() + error.error_len().unwrap_or(1);
                bytes = bytes.get(skip..).unwrap_or_default();
            }
        }
    }
}

/// Whether the part stands in the text.
pub fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A letter of a script that writes words without blanks, or grows particles on them.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0e7f}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}')
}

/// A letter, or a mark that belongs to one (vowel signs of Hindi, points of Hebrew).
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    c.is_alphabetic()
        || matches!(c, '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' | '\u{064b}'..='\u{065f}' | '\u{0900}'..='\u{097f}'
            | '\u{0e00}'..='\u{0e4f}' | '\u{200c}' | '\u{200d}')
            && !c.is_numeric()
}

/// The keyword as it stands in the text, with its ending, or nothing where it is a part of another word or of a link.
pub fn bounded(text: &[u8], place: Range<usize>, keyword: &Keyword) -> Option<Range<usize>> {
    // Short keywords carry the sign behind them: it is not a part of the word.
    let end = place.start + keyword.text.trim_start().trim_end_matches(|c: char| !is_letter(c)).len();
    let found = text.get(place.start..end)?;
    let behind = text.get(end..).unwrap_or_default();
    if found.eq_ignore_ascii_case(b"key") && (is_named_key(text, place.start, end) || behind.starts_with(b" of "))
        || &*keyword.text == "pass" && is_verb(behind)
        || keyword.shared && behind.get(..4).is_some_and(|next| next.eq_ignore_ascii_case(b" usb"))
        || is_in_variable(text, place.start, end)
        || is_in_name(text, place.start, found, keyword)
        || is_grown(text, place.start, found, keyword)
        || is_in_link(text, place.start, end, keyword)
        || is_in_hex(text, place.start, end)
    {
        return None;
    }
    if valid_prefix(found).starts_with(is_unspaced) {
        return Some(place.start..end);
    }
    let ending = if keyword.ending { with_ending(behind)? } else { 0 };
    if ending > 0 {
        return Some(place.start..end + ending);
    }
    let plural = matches!(behind.first(), Some(b's' | b'S')) && !behind.get(1).is_some_and(u8::is_ascii_alphanumeric);
    let end = end + usize::from(plural);
    identifier_rest(text.get(end..).unwrap_or_default()).map(|rest| place.start..end + rest)
}

/// Whether the sign before the keyword makes it a part of a name that says something else.
fn is_in_name(text: &[u8], start: usize, found: &[u8], keyword: &Keyword) -> bool {
    let Some(before) = start.checked_sub(1).and_then(|at| text.get(at)) else { return false };
    match keyword.class {
        // A verb is a word of its own; in a name it is what a parameter is about: `response_type=`.
        Class::Act | Class::Says => {
            found.first().is_some_and(u8::is_ascii_alphabetic) && matches!(before, b'_' | b'-' | b'.' | b'/' | b'=' | b'&')
        }
        // "palavra-chave": the other language's word for a key is a part of another word.
        Class::Secret => keyword.shared && keyword.tongue != ENGLISH && *before == b'-',
        _ => false,
    }
}

/// Whether the keyword is a part of a variable's name where that stands for its value: `${DB_PASSWORD}`.
fn is_in_variable(text: &[u8], start: usize, end: usize) -> bool {
    const NAME_BYTES_MAX: usize = 40;
    let part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let behind = text.get(end..).unwrap_or_default();
    let rest = behind.iter().take(NAME_BYTES_MAX).take_while(|b| part(b)).count();
    if behind.get(rest) != Some(&b'}') {
        return false;
    }
    let before = text.get(start.saturating_sub(NAME_BYTES_MAX)..start).unwrap_or_default();
    let name = before.iter().rposition(|b| !part(b)).map_or(0, |at| at + 1);
    before.get(..name).is_some_and(|ahead| ahead.ends_with(b"${"))
}

/// Whether the word behind "pass" makes that a verb: "pass it as ...".
fn is_verb(behind: &[u8]) -> bool {
    const OBJECTS: &[&[u8]] = &[b"it", b"them", b"this", b"that", b"the", b"along", b"me", b"us"];
    let word = behind.trim_ascii_start();
    let length = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let word = word.get(..length).unwrap_or_default();
    behind.first() == Some(&b' ') && OBJECTS.iter().any(|object| word.eq_ignore_ascii_case(object))
}

/// Whether a name stands before `key`: those that are secret are words of their own, and most of the others are public. A variable of an
/// environment may be any secret (`MAILER_KEY=`).
fn is_named_key(text: &[u8], start: usize, end: usize) -> bool {
    const NAME_BYTES_MAX: usize = 40;
    const OPEN: &[&[u8]] =
        &[b"PUBLIC", b"PUB", b"PRIMARY", b"FOREIGN", b"CACHE", b"SORT", b"PARTITION", b"SITE", b"HOST", b"UNIQUE", b"PUBLISHABLE", b"ROW"];
    let before = text.get(start.saturating_sub(NAME_BYTES_MAX)..start).unwrap_or_default();
    let name =
        before.iter().rposition(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'-' | b'.')).map_or(before, |at| &before[at + 1..]);
    let variable =
        name.strip_suffix(b"_").is_some_and(|name| name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_'))
            && text.get(end) == Some(&b'=');
    let public = name.split(|b| *b == b'_').any(|part| OPEN.contains(&part));
    !name.is_empty() && (!variable || public)
}

/// The letters that stand right before a keyword and make one word with it.
pub fn grown_before(text: &[u8], start: usize) -> &str {
    const FRONT_BYTES_MAX: usize = 40;
    let before = valid_suffix(text.get(start.saturating_sub(FRONT_BYTES_MAX)..start).unwrap_or_default());
    let letters = before.chars().rev().take_while(|c| is_letter(*c) && !is_unspaced(*c)).map(char::len_utf8).sum::<usize>();
    before.get(before.len() - letters..).unwrap_or_default()
}

/// Whether letters before the keyword make it a part of another word.
fn is_grown(text: &[u8], start: usize, found: &[u8], keyword: &Keyword) -> bool {
    let Some(before) = start.checked_sub(1).and_then(|at| text.get(at).copied()) else { return false };
    // A sign grows together with nothing.
    if found.first().is_some_and(u8::is_ascii_punctuation) {
        return false;
    }
    if found.first().is_some_and(|b| *b >= 0x80) && valid_prefix(found).starts_with(is_unspaced) {
        return false;
    }
    // The manager of that name says so often where a password is not.
    let product = before == b'1' && found.eq_ignore_ascii_case(b"password");
    let letter = product || before.is_ascii_alphabetic() || before >= 0x80 && is_letter_before(text, start);
    // A name has humps, and no digits before them: `dbPassword`, but not `gU7xPw-3nT`.
    let name = || !text.get(..start).unwrap_or_default().iter().rev().take_while(|b| b.is_ascii_alphanumeric()).any(u8::is_ascii_digit);
    let camel = before.is_ascii_lowercase() && found.first().is_some_and(u8::is_ascii_uppercase) && name();
    letter && (!camel || product || keyword.class == Class::Login) && (!keyword.front || product)
}

/// Whether the character that ends before `at` is a letter, not a sign (a curly quote, a dash).
fn is_letter_before(text: &[u8], at: usize) -> bool {
    const CHAR_BYTES_MAX: usize = 4;
    let before = valid_suffix(text.get(at.saturating_sub(CHAR_BYTES_MAX)..at).unwrap_or_default());
    before.chars().next_back().is_some_and(|c| is_letter(c) && !is_unspaced(c))
}

/// Whether `text[start..end]` is a piece of a UUID or another long number in hexadecimal: "acc" in `51acc-4009`.
fn is_in_hex(text: &[u8], start: usize, end: usize) -> bool {
    const LONG: usize = 16;
    let hex = |b: &&u8| b.is_ascii_hexdigit() || **b == b'-';
    let number = |part: &[u8]| part.iter().any(u8::is_ascii_digit);
    let (before, found, behind) = (text.get(..start), text.get(start..end), text.get(end..));
    let (Some(before), Some(found), Some(behind)) = (before, found, behind) else { return false };
    if !found.iter().all(|b| hex(&b)) {
        return false;
    }
    let before = &before[before.len() - before.iter().rev().take_while(hex).count()..];
    let behind = &behind[..behind.iter().take_while(hex).count()];
    before.len() + found.len() + behind.len() >= LONG && (number(before) || number(behind))
}

/// Whether the keyword is a part of a URL or a path and not a parameter.
fn is_in_link(text: &[u8], start: usize, end: usize, keyword: &Keyword) -> bool {
    const LINK_BYTES_MAX: usize = 160;
    // A folder's name.
    if text.get(end) == Some(&b'/') && start.checked_sub(1).and_then(|at| text.get(at)) == Some(&b'/') {
        return true;
    }
    let before = text.get(start.saturating_sub(LINK_BYTES_MAX)..start).unwrap_or_default();
    let run = before.iter().rposition(|b| b.is_ascii_whitespace() || matches!(b, b'<' | b'`')).map_or(before, |at| &before[at + 1..]);
    let parameter = text.get(end) == Some(&b'=') && keyword.class != Class::Login;
    !parameter && (holds(run, b"://") || holds(run, b"arn:aws"))
}

/// The length of a grammatical ending, up to six letters, or nothing where the word goes on.
fn with_ending(behind: &[u8]) -> Option<usize> {
    const ENDING_CHARS_MAX: usize = 6;
    const ENDING_BYTES_MAX: usize = 48;
    let letter = |c: char| is_letter(c) && !is_unspaced(c);
    let rest = valid_prefix(behind.get(..behind.len().min(ENDING_BYTES_MAX)).unwrap_or_default());
    let ending: usize = rest.chars().take(ENDING_CHARS_MAX).take_while(|c| letter(*c)).map(char::len_utf8).sum();
    let goes_on = rest.get(ending..).is_some_and(|r| r.starts_with(letter));
    (!goes_on).then_some(ending)
}

/// How much of what follows the keyword belongs to its identifier (`password2`, `password_prod`), or nothing where the identifier names
/// something else (`password_hash`, `password.length`, `passwords`).
fn identifier_rest(behind: &[u8]) -> Option<usize> {
    const NAME_BYTES_MAX: usize = 40;
    if behind.first().is_some_and(|&b| b >= 0x80) {
        let first = valid_prefix(behind.get(..behind.len().min(4)).unwrap_or_default()).chars().next();
        return first.is_none_or(|c| !is_letter(c) || is_unspaced(c)).then_some(0);
    }
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || *b >= 0x80;
    let length = behind.iter().take(NAME_BYTES_MAX).take_while(|b| part(b)).count();
    let name = behind.get(..length).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(b".").unwrap_or(&name);
    if name.is_empty() || name.starts_with(b"-") && !name.get(1).is_some_and(u8::is_ascii_alphabetic) {
        return Some(0);
    }
    let number = |digits: &[u8]| digits.len() <= 2 && digits.iter().all(u8::is_ascii_digit);
    let own = number(name) || name.strip_prefix(b"_").is_some_and(number) || SUFFIXES.contains(&name);
    let assigned = matches!(behind.get(name.len()), Some(b':' | b'=' | b' ' | b'"' | b'\''));
    (own && assigned).then_some(name.len())
}
