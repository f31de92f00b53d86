//! People's own words: "the password is …", "pw: …", "login admin / …", in many languages.
//!
//! A keyword says that a credential may be near. The pieces of text behind it (and, more rarely, before it) are weighed: by their own
//! shape, by how they are joined to the keyword, and by words between that speak against. No dictionary of sentences: a value
//! that is a plain word needs quotes or an assignment, a value that nobody would write as a word needs little.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::sync::LazyLock;

use super::boundary::{bounded, is_east_asian, valid_prefix, valid_suffix};
use super::documented;
use super::glance;
use super::keywords::{COPULA_SIGNS, COPULAS, Class, DOUBTS, KEYWORDS, Keyword};
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

/// Pieces of text behind a keyword that are weighed.
const TOKENS_MAX: usize = 24;

/// Bytes behind a keyword within which a sign can assign.
const ASSIGN_BYTES: usize = 48;

/// A value needs this weight.
const WEIGHT_MIN: f64 = 0.75;

/// Sums of the same weights in another order may differ by less than this.
const ROUNDING: f64 = 1e-6;

/// How a value is joined to its keyword.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    Assigned,
    Copula,
    Adjacent,
    Divided,
    Answer,
    Near,
    Reverse,
}

impl Link {
    fn weight(self) -> f64 {
        match self {
            Self::Assigned => 0.45,
            Self::Copula | Self::Divided => 0.35,
            Self::Answer => 0.2,
            Self::Adjacent => 0.25,
            Self::Reverse => 0.1,
            Self::Near => 0.1,
        }
    }

    fn test(self) -> &'static str {
        match self {
            Self::Assigned => "assigned to a credential word",
            Self::Copula => "a sentence gives it to a credential word",
            Self::Adjacent => "right behind a credential word",
            Self::Divided => "behind a user name",
            Self::Answer => "answers a question about a credential",
            Self::Near => "near a credential word",
            Self::Reverse => "before a credential word",
        }
    }
}

/// Weighs what stands around the keyword at `place` and hands on the candidates; where not `all` are asked for, only those that may stand.
pub fn judge(text: &[u8], place: Range<usize>, number: u32, all: bool, found: &mut impl FnMut(Candidate)) {
    let Some(keyword) = KEYWORDS.get(number as usize) else { return };
    let Some(place) = bounded(text, place, keyword) else { return };
    let behind = text.get(place.end..(place.end + BEHIND_BYTES).min(text.len())).unwrap_or_default();
    let before = text.get(place.start.saturating_sub(BEFORE_BYTES)..place.start).unwrap_or_default();
    let look_behind = all || glance::behind(keyword.class, behind);
    let look_before = before.iter().copied().any(is_unusual) && (all || glance::before(keyword.class, before));
    if !look_behind && !look_before {
        return;
    }
    let whole = valid_prefix(behind);
    // The first quote behind a quoted keyword closes it: `"password": "..."`.
    let behind = whole.strip_prefix("\\\"").or(whole.strip_prefix(['"', '\'', '”', '’'])).unwrap_or(whole);
    let base = place.end + whole.len() - behind.len();
    if look_behind && may_hold_value(behind.as_bytes()) && (Context { keyword, all, base, text: behind }).behind(found) {
        return;
    }
    if look_before && matches!(keyword.class, Class::Password | Class::Login) {
        let before = valid_suffix(before);
        Context { keyword, all, base: place.start - before.len(), text: before }.before(behind, found);
    }
}

/// Whether plain sentences hardly contain the byte.
fn is_unusual(byte: u8) -> bool {
    static UNUSUAL: [bool; 256] = {
        let mut unusual = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            unusual[byte] = matches!(byte as u8, b'0'..=b'9' | b'!' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'+' | b'=' | b'~' | b'@' | b'?');
            byte += 1;
        }
        unusual
    };
    UNUSUAL[usize::from(byte)]
}

/// Whether a value that could pass stands in the text at all: most sentences about users and keys end here.
fn may_hold_value(text: &[u8]) -> bool {
    let near = text.get(..ASSIGN_BYTES).unwrap_or(text);
    let assigns = |b: u8| matches!(b, b':' | b'"' | b'\'' | b'`' | b'|' | b'/' | b'>') || b >= 0x80;
    near.iter().copied().any(assigns) || text.iter().copied().any(is_unusual)
}

struct Context<'t> {
    keyword: &'t Keyword,
    /// Whether also what falls is handed on.
    all: bool,
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
        let mut state = Reading::default();
        let mut any = false;
        for (place, token) in tokens(self.text).take(TOKENS_MAX).enumerate() {
            let token = &token;
            let value = self.value(token);
            state.asked |= token.before.question;
            if !self.reaches(token, place, state) {
                break;
            }
            state.doubts += if token.before.sentence && !token.before.question && place > 0 { 0.1 } else { 0.0 };
            let link = self.link(token, place, state);
            if value.is_empty() || token.before.quoted && value.starts_with([',', ')', ';', ']', '.']) {
                // Nothing between the quotes, or the quote closes the label that the keyword ends.
                break;
            }
            let word = !token.before.quoted && is_word(value);
            if state.reads_on(value, word, place) || word && link != Link::Assigned {
                continue;
            }
            let (weight, test) = match self.weigh(value, token, link, place) {
                Ok(weight) => (weight - state.doubts, link.test()),
                Err(test) => (0.0, test),
            };
            if weight >= WEIGHT_MIN {
                any = true;
                self.hand(token, weight, test, found);
            } else if matches!(link, Link::Assigned | Link::Copula) {
                self.hand(token, 0.0, if weight > 0.0 { "too little speaks for a credential" } else { test }, found);
            }
            // What is assigned is the value, be it a credential, a placeholder or a variable.
            if self.keyword.class != Class::Login
                && link == Link::Assigned
                && (weight >= WEIGHT_MIN || placeholder::password(value.as_bytes()).is_some())
            {
                break;
            }
        }
        any
    }

    /// Whether a token can still belong to the keyword: on its line, on the next where the keyword ends its line, below where it stands
    /// alone or answers a question.
    fn reaches(&self, token: &Token, place: usize, state: Reading) -> bool {
        match token.line {
            0 => true,
            1 | 2 if place == 0 || self.keyword.class == Class::Login || state.asked => true,
            1..=3 => token.alone || place == 0,
            _ => false,
        }
    }

    fn link(&self, token: &Token, place: usize, state: Reading) -> Link {
        let before = token.before;
        let answers = state.asked && token.line > 0 && place > 0;
        match self.keyword.class {
            Class::Login if answers && !before.divided => Link::Answer,
            // Behind a login word the user comes first.
            Class::Login if place > 0 && (before.divided || before.assigned) && !before.sentence => Link::Divided,
            Class::Login if place == 0 && before.assigned => Link::Adjacent,
            Class::Login if token.alone && token.line > 0 => Link::Adjacent,
            Class::Login => Link::Near,
            _ if before.assigned && place == 0 => Link::Assigned,
            _ if before.assigned && place <= 6 && !before.sentence && !before.line => Link::Copula,
            _ if state.copula_at.is_some_and(|at| at + 2 >= place) => Link::Copula,
            _ if place == 0 => Link::Adjacent,
            _ if token.alone && token.line > 0 => Link::Adjacent,
            _ if answers => Link::Answer,
            _ => Link::Near,
        }
    }

    /// No value of this shape weighs more.
    fn most(&self, value: &str, token: &Token, link: Link) -> f64 {
        let person = password_strength(value);
        let strength = match self.keyword.class {
            Class::Secret if token.before.quoted => token_strength(value).max(person * 0.7),
            Class::Secret => token_strength(value),
            // A word or a pass phrase in quotes.
            Class::Password if token.before.quoted => (person + 0.15).max(0.45),
            Class::Password => person + 0.15,
            Class::Login | Class::Pin => person + 0.05,
        };
        link.weight() + strength + if token.before.quoted { 0.15 } else { 0.0 }
    }

    /// The weight of a value, or what it is instead.
    fn weigh(&self, value: &str, token: &Token, link: Link, place: usize) -> Result<f64, &'static str> {
        // What cannot reach the weight by its shape needs no further test.
        let reported = self.all && matches!(link, Link::Assigned | Link::Copula);
        if !reported && self.keyword.class != Class::Pin && self.most(value, token, link) < WEIGHT_MIN - ROUNDING {
            return Err("too little speaks for a credential");
        }
        if let Some(reason) = placeholder::password(value.as_bytes()) {
            return Err(reason);
        }
        if documented::is_documented(value.as_bytes()) {
            return Err("a documented example key");
        }
        if is_email(value) {
            return Err("a mail address");
        }
        if token.behind == Some('(') || !token.before.quoted && link != Link::Assigned && value.contains(['(', ')', '[', ']', '{', '}']) {
            return Err("code");
        }
        let quoted = if token.before.quoted { 0.15 } else { 0.0 };
        let question = if token.behind == Some('?') { -0.3 } else { 0.0 };
        let far = place.saturating_sub(8) as f64 * 0.02;
        let known_user = if matches!(self.keyword.text, "admin" | "root") && link == Link::Near && place <= 2 { 0.05 } else { 0.0 };
        let linked = link.weight() + question + known_user - far;
        match self.keyword.class {
            Class::Pin => pin(value, link).map(|strength| linked + quoted + strength),
            Class::Secret => secret(value, link, token.before.quoted).map(|strength| linked + quoted + strength),
            Class::Password | Class::Login if value.contains(' ') => self.phrase(value, token).map(|strength| linked + strength),
            Class::Password | Class::Login => self.password(value, link, token.before.quoted).map(|strength| linked + quoted + strength),
        }
    }

    /// Several words in quotes are a pass phrase only where the keyword says so.
    fn phrase(&self, value: &str, token: &Token) -> Result<f64, &'static str> {
        let words: Vec<&str> = value.split(' ').collect();
        let plain =
            (3..=8).contains(&words.len()) && words.iter().all(|word| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase()));
        if token.before.quoted && plain && self.keyword.text.contains("phrase") { Ok(0.45) } else { Err("a sentence") }
    }

    fn password(&self, value: &str, link: Link, quoted: bool) -> Result<f64, &'static str> {
        let own = self.keyword.class == Class::Password;
        let strength = password_strength(value);
        let in_code = own && link == Link::Assigned && quoted;
        if let Some(reason) = lookalike(value).filter(|_| !(in_code && strength >= 0.3)) {
            return Err(reason);
        }
        if value.bytes().all(|b| b.is_ascii_digit()) && (!matches!(link, Link::Assigned | Link::Copula) || value.len() > 12 || !own) {
            return Err("a number");
        }
        if is_word(value) {
            const LETTERS_MIN: usize = 5;
            let given = quoted && own && matches!(link, Link::Assigned | Link::Copula);
            if !given || function_word(value).is_some() || value.chars().count() < LETTERS_MIN {
                return Err("a word");
            }
            return Ok(if link == Link::Assigned { 0.2 } else { 0.3 });
        }
        Ok(strength + if own { 0.15 } else { 0.0 })
    }

    /// "`X` is the password": looks before the keyword for a value that is nothing else. `behind` tells a question.
    fn before(&self, behind: &str, found: &mut impl FnMut(Candidate)) {
        const TOKENS_BEFORE: usize = 8;
        const STRENGTH_MIN: f64 = 0.5;
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(start..).unwrap_or_default();
        if behind.split(['\n', '.']).next().is_some_and(|rest| rest.contains('?')) {
            return;
        }
        let pieces: Vec<Token> = tokens(line).collect();
        let shifted = Context { base: self.base + start, text: line, ..*self };
        for token in pieces.iter().skip(pieces.len().saturating_sub(TOKENS_BEFORE)) {
            let value = shifted.value(token);
            if password_strength(value) < STRENGTH_MIN {
                continue;
            }
            match shifted.weigh(value, token, Link::Reverse, 0) {
                Ok(weight) if weight >= WEIGHT_MIN => shifted.hand(token, weight, Link::Reverse.test(), found),
                _ => {}
            }
        }
    }
}

/// What was read between the keyword and a token.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    /// How much speaks against a value.
    doubts: f64,
    /// The last word that joins.
    copula_at: Option<usize>,
    /// A question ended.
    asked: bool,
}

impl Reading {
    /// Whether the token is a word of the sentence that joins keyword and value; counts the words that speak against a value.
    fn reads_on(&mut self, value: &str, word: bool, place: usize) -> bool {
        let particle = !value.is_ascii() && value.contains(COPULA_SIGNS) && value.chars().all(is_east_asian);
        let known = function_word(value);
        match known.filter(|_| word) {
            Some(FunctionWord::Copula) => self.copula_at = Some(place),
            Some(FunctionWord::Doubt) => self.doubts += 0.2,
            None if particle => self.copula_at = Some(place),
            None => return false,
        }
        !matches!(known, Some(FunctionWord::Doubt))
    }
}

/// What a word of a sentence says about the value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FunctionWord {
    Copula,
    Doubt,
}

/// FNV-1a, for a fixed list of short words.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    }
}

fn function_word(value: &str) -> Option<FunctionWord> {
    const WORD_BYTES_MAX: usize = 24;
    static WORDS: LazyLock<HashMap<&str, FunctionWord, BuildHasherDefault<Fnv>>> = LazyLock::new(|| {
        let doubts = DOUBTS.iter().map(|word| (*word, FunctionWord::Doubt));
        doubts.chain(COPULAS.iter().map(|word| (*word, FunctionWord::Copula))).collect()
    });
    if value.len() > WORD_BYTES_MAX {
        return None;
    }
    if value.bytes().any(|b| b.is_ascii_uppercase() || b >= 0x80) {
        return WORDS.get(value.to_lowercase().as_str()).copied();
    }
    WORDS.get(value).copied()
}

fn pin(value: &str, link: Link) -> Result<f64, &'static str> {
    const DIGITS: std::ops::RangeInclusive<usize> = 4..=10;
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let only = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'#' | b'*'));
    let year = value.len() == 4 && (value.starts_with("19") || value.starts_with("20")) && !matches!(link, Link::Assigned | Link::Copula);
    if only && DIGITS.contains(&digits) && !year && link != Link::Near { Ok(0.5) } else { Err("no PIN") }
}

fn secret(value: &str, link: Link, quoted: bool) -> Result<f64, &'static str> {
    if let Some(reason) = lookalike(value).filter(|reason| !(*reason == "a UUID" && link == Link::Assigned)) {
        return Err(reason);
    }
    // In code a short value in quotes may still be the secret.
    let person = if link == Link::Assigned && quoted { password_strength(value) * 0.7 } else { 0.0 };
    let strength = token_strength(value).max(person);
    if strength < 0.3 { Err("too little chance in it for a token") } else { Ok(strength) }
}
