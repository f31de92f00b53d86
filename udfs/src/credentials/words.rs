//! People's own words: "the password is …", "pw: …", "login admin / …", in many languages.
//!
//! A keyword says that a credential may be near. The pieces of text behind it (and, more rarely, before it) are weighed: by their own
//! shape, by how they are joined to the keyword, and by words between that speak against. No dictionary of sentences: a value
//! that is a plain word needs quotes or an assignment, a value that nobody would write as a word needs little.

use std::ops::Range;

use super::documented;
use super::keywords::{COPULA_SIGNS, COPULAS, Class, DOUBTS, Joint, KEYWORDS, Keyword};
use super::placeholder;
use super::ruleset::{Candidate, RuleNumber};
use super::tokens::{Token, tokens};
use super::value::{is_email, lookalike, password_strength, token_strength};

/// A rule of the grammar.
#[derive(Debug)]
pub struct WordRule {
    /// The rule's id beside those of the rule files.
    pub id: &'static str,
    /// What it finds.
    pub kind: &'static str,
}

/// The grammar's rules, in the order of [`Class`].
pub const WORD_RULES: &[WordRule] = &[
    WordRule { id: "words-password", kind: "password" },
    WordRule { id: "words-pin", kind: "pin" },
    WordRule { id: "words-secret", kind: "api_key" },
    WordRule { id: "words-login", kind: "login" },
];

/// The keywords whose literals lead here.
pub fn keywords() -> &'static [Keyword] {
    KEYWORDS
}

/// Bytes behind and before a keyword that are read.
const BEHIND_BYTES: usize = 320;
const BEFORE_BYTES: usize = 120;

/// A value needs this weight.
const WEIGHT_MIN: f64 = 0.75;

/// How a value is joined to its keyword.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    Assigned,
    Copula,
    Adjacent,
    Divided,
    Near,
    Reverse,
}

impl Link {
    fn weight(self) -> f64 {
        match self {
            Self::Assigned => 0.45,
            Self::Copula | Self::Divided => 0.35,
            Self::Adjacent => 0.25,
            Self::Reverse => 0.1,
            Self::Near => 0.05,
        }
    }

    fn test(self) -> &'static str {
        match self {
            Self::Assigned => "assigned to a credential word",
            Self::Copula => "a sentence gives it to a credential word",
            Self::Adjacent => "right behind a credential word",
            Self::Divided => "behind a user name",
            Self::Near => "near a credential word",
            Self::Reverse => "before a credential word",
        }
    }
}

/// Weighs what stands around the keyword at `place` and hands on the candidates.
pub fn judge(text: &[u8], place: Range<usize>, number: u32, found: &mut impl FnMut(Candidate)) {
    let Some(keyword) = KEYWORDS.get(number as usize) else { return };
    let Some(place) = bounded(text, place, keyword) else { return };
    let behind_end = (place.end + BEHIND_BYTES).min(text.len());
    let behind = valid_prefix(text.get(place.end..behind_end).unwrap_or_default());
    let context = Context { keyword, base: place.end, text: behind };
    if context.behind(found) {
        return;
    }
    if keyword.class == Class::Password {
        let start = place.start.saturating_sub(BEFORE_BYTES);
        let before = valid_suffix(text.get(start..place.start).unwrap_or_default());
        Context { keyword, base: place.start - before.len(), text: before }.before(behind, found);
    }
}

/// The longest valid beginning: a cut character or broken bytes end it.
fn valid_prefix(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes.get(..error.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or(""),
    }
}

/// The longest valid end.
fn valid_suffix(mut bytes: &[u8]) -> &str {
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

/// The keyword with the identifier's end behind it (`password2`, `passwordProd`), or nothing where it is a part of another word.
fn bounded(text: &[u8], place: Range<usize>, keyword: &Keyword) -> Option<Range<usize>> {
    let found = text.get(place.clone())?;
    let trimmed = found.len() - found.trim_ascii_end().len() + usize::from(found.last().is_some_and(|b| b.is_ascii_punctuation()));
    let before = place.start.checked_sub(1).and_then(|at| text.get(at).copied());
    let end = place.end - trimmed;
    let behind = text.get(end..).unwrap_or_default();
    let first = behind.first().copied().unwrap_or(b' ');
    let grown = before.is_some_and(|b| {
        b.is_ascii_alphabetic() || b >= 0x80 && keyword.joint != Joint::Ending && !looks_like_punctuation(text, place.start)
    });
    let camel = before.is_some_and(|b| b.is_ascii_lowercase()) && found.first().is_some_and(u8::is_ascii_uppercase);
    if grown && !camel && keyword.joint == Joint::Alone {
        return None;
    }
    if keyword.joint == Joint::Ending {
        // The ending is a part of the word: up to six letters.
        let rest = valid_prefix(behind.get(..behind.len().min(48)).unwrap_or_default());
        let ending: usize = rest.chars().take(6).take_while(|c| c.is_alphabetic() && !is_east_asian(*c)).map(char::len_utf8).sum();
        let ends = !rest.get(ending..).is_some_and(|r| r.starts_with(|c: char| c.is_alphabetic() && !is_east_asian(c)));
        return ends.then_some(place.start..end + ending);
    }
    let plural = matches!(first, b's' | b'S') && !behind.get(1).is_some_and(|b| b.is_ascii_alphanumeric());
    let end = end + usize::from(plural);
    let behind = text.get(end..).unwrap_or_default();
    let name: Vec<u8> = behind
        .iter()
        .copied()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || *b >= 0x80)
        .take(40)
        .collect();
    let name = name.strip_suffix(b".").unwrap_or(&name);
    let code = behind.get(name.len()).copied();
    if name.first().is_some_and(|&b| b >= 0x80) {
        // A letter of another alphabet grows the word; a sign (a dash, an arrow, a full-width colon) ends it.
        let rest = valid_prefix(behind.get(..behind.len().min(8)).unwrap_or_default());
        return rest.chars().next().is_none_or(|c| !c.is_alphabetic() || is_east_asian(c)).then_some(place.start..end);
    }
    if name.is_empty() || name.starts_with(b"-") && name.len() == 1 || name.starts_with(b"->") {
        return Some(place.start..end);
    }
    let rest = name.to_ascii_lowercase();
    let rest = rest.as_slice();
    let allowed: &[&[u8]] = &[
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
    let digits = rest.iter().all(u8::is_ascii_digit) && rest.len() <= 2;
    let assigns = matches!(code, Some(b':' | b'=' | b' ' | b'"' | b'\''));
    let suffix = allowed.iter().any(|a| rest == *a) || rest.starts_with(b"_") && rest.iter().skip(1).all(u8::is_ascii_digit);
    ((digits || suffix) && assigns || name.starts_with(b"-") && !name.get(1).is_some_and(u8::is_ascii_lowercase))
        .then_some(place.start..if digits || suffix { end + name.len() } else { end })
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{ff00}'..='\u{ffef}')
}

/// Whether the character that ends before `at` is no letter (a curly quote, a dash).
fn looks_like_punctuation(text: &[u8], at: usize) -> bool {
    let start = at.saturating_sub(4);
    valid_suffix(text.get(start..at).unwrap_or_default()).chars().next_back().is_none_or(|c| !c.is_alphabetic() || is_east_asian(c))
}

struct Context<'t> {
    keyword: &'t Keyword,
    /// Where `text` lies in the whole text.
    base: usize,
    text: &'t str,
}

fn is_word(value: &str) -> bool {
    value.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’'))
}

impl Context<'_> {
    fn value(&self, token: &Token) -> &str {
        self.text.get(token.range.clone()).unwrap_or_default()
    }

    fn hand(&self, token: &Token, weight: f64, test: &'static str, found: &mut impl FnMut(Candidate)) {
        let number = match self.keyword.class {
            Class::Password => 0,
            Class::Pin => 1,
            Class::Secret => 2,
            Class::Login => 3,
        };
        let confidence = if weight >= WEIGHT_MIN { (0.55 + (weight - WEIGHT_MIN) * 0.7).clamp(0.5, 0.97) } else { 0.0 };
        let range = self.base + token.range.start..self.base + token.range.end;
        found(Candidate { rule: RuleNumber::Words(number), range, confidence, test });
    }

    /// Looks behind the keyword. Says whether it found something.
    fn behind(&self, found: &mut impl FnMut(Candidate)) -> bool {
        let pieces = tokens(self.text);
        let mut doubts = 0.0;
        let mut copula_at: Option<usize> = None;
        let mut any = false;
        for (place, token) in pieces.iter().enumerate() {
            let value = self.value(token);
            // What is not on the keyword's line belongs to it only where the keyword ends its line.
            if token.line > 0 && place > 0 && !(self.keyword.class == Class::Login && token.line <= 2) || token.line > 2 {
                break;
            }
            if token.new_sentence && place > 0 && !token.assigned && place > 3 {
                doubts += 0.1;
            }
            let link = self.link(token, place, copula_at);
            let lower = value.to_lowercase();
            let plain_word = !token.quoted && is_word(value);
            if plain_word && COPULAS.contains(&lower.as_str())
                || lower.chars().any(is_east_asian) && lower.chars().all(|c| !c.is_ascii()) && lower.contains(COPULA_SIGNS)
            {
                copula_at = Some(place);
                continue;
            }
            if plain_word && DOUBTS.contains(&lower.as_str()) {
                doubts += 0.2;
            }
            let (weight, test) = match self.weigh(value, token, link, place) {
                Ok(weight) => (weight - doubts, link.test()),
                Err(test) => (0.0, test),
            };
            if weight >= WEIGHT_MIN {
                any = true;
                self.hand(token, weight, test, found);
                if self.keyword.class != Class::Login && link == Link::Assigned {
                    break;
                }
            } else if matches!(link, Link::Assigned | Link::Copula) {
                self.hand(token, 0.0, if weight > 0.0 { "too little speaks for a credential" } else { test }, found);
            }
        }
        any
    }

    fn link(&self, token: &Token, place: usize, copula_at: Option<usize>) -> Link {
        let after_copula = copula_at.is_some_and(|at| at + 2 >= place);
        match self.keyword.class {
            // Behind a login word the user comes first.
            Class::Login => match place {
                _ if token.divided && place > 0 => Link::Divided,
                _ if token.assigned && place > 0 => Link::Divided,
                0 if token.assigned => Link::Adjacent,
                _ => Link::Near,
            },
            _ if token.assigned && place == 0 => Link::Assigned,
            _ if token.assigned && place <= 6 => Link::Copula,
            _ if after_copula => Link::Copula,
            _ if place == 0 => Link::Adjacent,
            _ => Link::Near,
        }
    }

    /// The weight of a value, or what it is instead.
    fn weigh(&self, value: &str, token: &Token, link: Link, place: usize) -> Result<f64, &'static str> {
        if let Some(reason) = placeholder::password(value.as_bytes()) {
            return Err(reason);
        }
        if documented::is_documented(value.as_bytes()) {
            return Err("a documented example key");
        }
        if is_email(value) {
            return Err("a mail address");
        }
        let quoted = if token.quoted && !value.contains(' ') { 0.15 } else { 0.0 };
        let question = if token.behind == Some('?') { -0.3 } else { 0.0 };
        let far = place.saturating_sub(8) as f64 * 0.02;
        let linked = link.weight() + quoted + question - far;
        if token.behind == Some('(') {
            return Err("code");
        }
        match self.keyword.class {
            Class::Pin => {
                let digits = value.bytes().filter(u8::is_ascii_digit).count();
                let only = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'#' | b'*'));
                let year = value.len() == 4
                    && (value.starts_with("19") || value.starts_with("20"))
                    && link != Link::Assigned
                    && link != Link::Copula;
                if only && (4..=10).contains(&digits) && !year && link != Link::Near {
                    return Ok(linked + 0.5);
                }
                Err("no PIN")
            }
            Class::Secret => {
                if let Some(reason) = lookalike(value).filter(|reason| *reason != "a UUID") {
                    return Err(reason);
                }
                let strength =
                    token_strength(value).max(if link == Link::Assigned && token.quoted { password_strength(value) * 0.7 } else { 0.0 });
                if strength < 0.3 { Err("too little chance in it for a token") } else { Ok(linked + strength) }
            }
            Class::Password | Class::Login => {
                if value.contains(' ') {
                    return Err("a sentence");
                }
                let name = lookalike(value);
                let assigned = link == Link::Assigned && self.keyword.class == Class::Password;
                if let Some(reason) = name.filter(|_| !(assigned && token.quoted && password_strength(value) >= 0.3)) {
                    return Err(reason);
                }
                let strength = password_strength(value);
                let own = if self.keyword.class == Class::Password { 0.15 } else { 0.0 };
                let digits = value.bytes().all(|b| b.is_ascii_digit());
                if digits && (link != Link::Assigned && link != Link::Copula || value.len() > 12) {
                    return Err("a number");
                }
                if is_word(value) && !(assigned && token.quoted) {
                    return Err("a word");
                }
                Ok(linked + strength + own)
            }
        }
    }

    /// "`X` is the password": looks before the keyword for a value that is nothing else. `behind` tells a question.
    fn before(&self, behind: &str, found: &mut impl FnMut(Candidate)) {
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(start..).unwrap_or_default();
        if behind.split(['\n', '.']).next().is_some_and(|rest| rest.contains('?')) {
            return;
        }
        let pieces = tokens(line);
        let shifted = Context { keyword: self.keyword, base: self.base + start, text: line };
        let last = pieces.len().saturating_sub(8);
        for token in pieces.iter().skip(last) {
            let value = shifted.value(token);
            let weight = match shifted.weigh(value, token, Link::Reverse, 0) {
                Ok(weight) if password_strength(value) >= 0.5 => weight,
                _ => continue,
            };
            if weight >= WEIGHT_MIN {
                shifted.hand(token, weight, Link::Reverse.test(), found);
            }
        }
    }
}
