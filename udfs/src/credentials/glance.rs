//! A first glance at the bytes around a keyword: can any piece of them be a value? Most sentences about users and keys end here, before
//! they are cut into tokens.
//!
//! The glance knows runs between blanks only. A token is a part of one run, so what a run cannot reach, none of its tokens can; the tests
//! hold this against the functions that weigh tokens.

mod places;

use std::sync::LazyLock;

use super::boundary::holds;
use super::evidence::{Evidence, Feature};
use super::features::is_known_user;
use super::keywords::{Class, Keyword};
use super::languages::{Senses, VOCABULARY};
use super::shape::holds_common;
use super::words::SETTING;
pub use places::Places;

/// Counts of a run's bytes, nine bits each.
const LOWER: u64 = 1;
const UPPER: u64 = 1 << 9;
const DIGIT: u64 = 1 << 18;
const JOINT: u64 = 1 << 27;
const SIGN: u64 = 1 << 36;
const BRACKET: u64 = 1 << 45;
const LENGTH: u64 = 1 << 54;
const COUNT: u64 = (1 << 9) - 1;

/// A byte that may open quotes. Not a count.
const QUOTE: u64 = 1 << 63;

/// A machine's secret has this strength, or a person's that one.
const TOKEN_STRENGTH_MIN: f64 = 0.2;
const PERSON_STRENGTH_MIN: f64 = 0.4;

/// Sums in another order differ by less.
const ROUNDING: f64 = 1e-6;

/// Longer stretches are not glanced at: they may hold anything.
const GLANCE_BYTES_MAX: usize = 500;

/// What a byte counts for; blanks for nothing. What a byte beyond ASCII stands for is open, but for the letters of Latin and Cyrillic.
static KINDS: [u64; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let quotes = matches!(byte as u8, b'"' | b'`' | b'<' | b'&' | b'{' | b'\'' | b'_' | b'*' | 0xC2 | 0xE2 | 0xE3);
        let class = match byte as u8 {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'\'' => 0,
            b'-' | b'_' | b'.' | b'/' | b':' | b',' | b'@' | b'\\' => JOINT,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' => BRACKET,
            // The signs among the Latin letters, × and ÷, end in these.
            0x97 | 0xB7 => SIGN,
            0x80..0xC0 => 0,
            0xC3..=0xC5 | 0xD0 | 0xD1 => LOWER + UPPER,
            0xC0.. => LOWER + UPPER + DIGIT + JOINT + SIGN,
            _ => SIGN,
        };
        kinds[byte] = if matches!(byte as u8, b' ' | b'\n') { 0 } else { LENGTH + class + if quotes { QUOTE } else { 0 } };
        byte += 1;
    }
    kinds
};

/// A stretch of bytes between blanks, counted.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    counts: u64,
    /// Its last byte is a sign.
    ends_in_sign: bool,
    start: usize,
    end: usize,
}

impl Run {
    fn count(self, of: u64) -> u64 {
        (self.counts / of) & COUNT
    }

    fn letters(self) -> u64 {
        self.count(LOWER) + self.count(UPPER)
    }

    /// Signs and brackets: those in brackets without quotes are code, no password.
    fn signs(self) -> u64 {
        self.count(SIGN) + self.count(BRACKET)
    }

    /// A sign with something behind it.
    fn has_inner_sign(self) -> bool {
        self.signs() > u64::from(self.ends_in_sign)
    }

    /// No part of the run has a higher [`super::value::password_strength`].
    fn password_strength_max(self) -> f64 {
        let (lower, upper, length) = (self.count(LOWER), self.count(UPPER), self.count(LENGTH));
        let (digit, joint, sign) = (self.count(DIGIT) > 0, self.count(JOINT) > 0, self.signs() > 0);
        let inner_sign = self.has_inner_sign();
        let (letters, mixed_case, long) = (lower + upper > 0, lower > 0 && upper > 0, length >= 8);
        let steps = [
            (0.7, self.signs() >= 3 && length >= 12),
            (0.7, letters && digit && sign && (mixed_case || inner_sign) && long),
            (0.6, letters && digit && mixed_case && joint && long),
            (0.5, letters && digit && (sign && length >= 6 || mixed_case && long)),
            (0.5, letters && inner_sign && mixed_case && long),
            (0.4, letters && digit && mixed_case && length >= 6),
            (0.38, letters && digit && joint && long),
            (0.35, letters && digit && length >= 6),
            (0.3, letters && (inner_sign && length >= 6 || joint && upper >= 2 && lower >= 4 && length >= 9)),
            (0.3, digit && sign && length >= 6),
            (0.2, letters && digit && length >= 5),
            (0.15, letters && long || digit && length >= 4),
        ];
        steps.iter().find(|(_, reached)| *reached).map_or(0.05, |(strength, _)| *strength)
    }

    /// No part of the run has a higher [`super::value::token_strength`].
    fn token_strength_max(self) -> f64 {
        let (lower, upper, digit) = (self.count(LOWER), self.count(UPPER), self.count(DIGIT));
        match self.count(LENGTH) {
            20.. if digit >= 2 => 0.6,
            16.. if digit >= 2 || digit > 0 && upper >= 3 && lower >= 3 => 0.5,
            24.. if upper >= 4 && lower >= 4 => 0.4,
            12.. if digit >= 2 => 0.35,
            10.. if digit > 0 => 0.2,
            _ => 0.0,
        }
    }

    /// What is counted in a value, where it is not too long.
    pub fn of(value: &str) -> Option<Self> {
        let counts = value.bytes().take(GLANCE_BYTES_MAX).map(|byte| KINDS[usize::from(byte)] & !QUOTE).sum();
        let run = Self { counts, ends_in_sign: value.bytes().last().is_some_and(is_sign), start: 0, end: value.len() };
        (value.len() <= GLANCE_BYTES_MAX).then_some(run)
    }

    /// No part of the run weighs more by its [`super::shape::Shape`].
    pub fn weight_max(self) -> f64 {
        let most = |feature: Feature, may: bool| if may { feature.weight().max(0.0) } else { 0.0 };
        let surely = |feature: Feature, holds: bool| if holds { feature.weight() } else { 0.0 };
        let (digits, length, letters) = (self.count(DIGIT), self.count(LENGTH), self.letters());
        let (capital, joint) = (self.count(UPPER) > 0, self.count(JOINT) > 0);
        let kinds = [self.count(LOWER), self.count(UPPER), digits, self.signs()].iter().filter(|count| **count > 0).count();
        self.password_strength_max() * Feature::Strength.weight().max(0.0)
            + self.token_strength_max() * Feature::TokenStrength.weight().max(0.0)
            + most(Feature::ThreeKinds, kinds >= 3)
            + most(Feature::FourKinds, kinds >= 4)
            + most(Feature::SignInside, self.signs() > 0)
            + most(Feature::DigitInside, digits > 0 && letters >= 4 && length >= 7)
            + most(Feature::CapitalInside, digits > 0 && capital)
            + most(Feature::Tail, digits > 0 && letters > 0 && length >= 6)
            + most(Feature::Long, length >= 9)
            + most(Feature::VeryLong, length >= 28)
            + most(Feature::AllCapitals, capital)
            + most(Feature::Joined, joint)
            + most(Feature::ShortWords, joint)
            + most(Feature::Mark, digits > 0)
            + most(Feature::Common, true)
            + most(Feature::Technical, true)
            + most(Feature::Lookalike, true)
            + surely(Feature::NoDigit, digits == 0 && letters > 0)
            + surely(Feature::Short, length < 6)
    }

    /// Letters with digits or signs beside them.
    fn is_more_than_letters(self) -> bool {
        self.letters() >= 3 && (self.count(DIGIT) > 0 || self.signs() > 0)
    }

    /// A part of the run may be [`super::pair::is_strong`] or [`super::shape::is_common`].
    fn may_be_strong(self, text: &[u8]) -> bool {
        const STRENGTH_MIN: f64 = 0.35;
        self.count(LENGTH) >= 6 && self.password_strength_max() >= STRENGTH_MIN
            || self.is_more_than_letters() && holds_common(text.get(self.start..self.end).unwrap_or_default())
    }

    /// A part of the run may be letters with digits, and capitals or signs among them.
    fn is_mixed(self) -> bool {
        let cased = self.count(UPPER) > 0 && self.count(LOWER) > 0;
        self.letters() >= 4 && (self.count(DIGIT) > 0 && (self.signs() > 0 || cased) || self.has_inner_sign() && cased)
    }

    /// Digits, signs or capitals that a plain word does not have: not the capital at its beginning, nor the sign at its end.
    fn is_odd(self, text: &[u8]) -> bool {
        let first = text.get(self.start).is_some_and(u8::is_ascii_uppercase);
        self.count(DIGIT) > 0 || self.has_inner_sign() || self.count(UPPER) > u64::from(first) || self.count(JOINT) > 1
    }
}

/// Whether the value has more to it than a name or a plain word.
pub fn is_odd(value: &str) -> bool {
    Run::of(value).is_none_or(|run| run.is_odd(value.as_bytes()))
}

/// Whether digits or signs stand beside letters in the value.
pub fn is_more_than_letters(value: &str) -> bool {
    Run::of(value).is_none_or(Run::is_more_than_letters)
}

/// Whether the byte is a sign alone.
fn is_sign(byte: u8) -> bool {
    matches!(KINDS[usize::from(byte)] & !QUOTE & !LENGTH, SIGN | BRACKET)
}

/// Whether a sign that opens quotes, bold, code or markup stands inside a word, where it opens nothing.
fn is_inside(text: &[u8], at: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    matches!(text.get(at), Some(b'\'' | b'_' | b'*')) && letter(at.checked_sub(1)) && letter(Some(at + 1))
}

/// Calls `passes` with each run that is more than small letters and whether quotes may have opened before its end, until it says yes.
#[inline(always)]
fn any_run(text: &[u8], mut passes: impl FnMut(Run, bool) -> bool) -> bool {
    const MORE_THAN_LETTERS: u64 = COUNT * (UPPER + DIGIT + JOINT + SIGN + BRACKET);
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n');
    let (mut at, mut quoted) = (0, false);
    // Only around bytes that plain words do not have are there runs to count.
    while let Some(place) = unlike_words(text, at, 0) {
        let start = text.get(at..place).unwrap_or_default().iter().rposition(is_blank).map_or(at, |blank| at + blank + 1);
        let (mut counts, mut end) = (0u64, start);
        while let Some(&byte) = text.get(end)
            && KINDS[usize::from(byte)] != 0
        {
            let kind = KINDS[usize::from(byte)];
            counts += kind & !QUOTE;
            quoted = quoted || kind & QUOTE != 0 && !is_inside(text, end);
            end += 1;
        }
        let ends_in_sign = end.checked_sub(1).and_then(|at| text.get(at)).is_some_and(|last| is_sign(*last));
        if counts & MORE_THAN_LETTERS != 0 && passes(Run { counts, ends_in_sign, start, end }, quoted) {
            return true;
        }
        at = end.max(place + 1);
    }
    false
}

/// The first byte from `from` on that is neither a small letter of ASCII nor a blank when the bits of `fold` are set in it (those of 0x20
/// make capitals small): eight are looked at at once.
#[inline(always)]
pub fn unlike_words(text: &[u8], from: usize, fold: u8) -> Option<usize> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONES: u64 = 0x0101_0101_0101_0101;
    // What to add so that the highest bit of a byte says whether it is at least this.
    const fn at_least(byte: u8) -> u64 {
        (0x80 - byte as u64) * ONES
    }
    let mut at = from;
    while let Some(eight) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let eight = u64::from_le_bytes(*eight) | (u64::from(fold) * ONES);
        let low = eight & !HIGH;
        let small = (low + at_least(b'a')) & !(low + at_least(b'z' + 1));
        let blank = eight ^ (u64::from(b' ') * ONES);
        let blank = !(((blank & !HIGH) + !HIGH) | blank);
        let unlike = !(small & !eight | blank) & HIGH;
        if unlike != 0 {
            return Some(at + unlike.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    rest.iter().map(|byte| byte | fold).position(|byte| !byte.is_ascii_lowercase() && byte != b' ').map(|place| at + place)
}

/// A sign at which a token may end inside a run.
fn cuts(byte: &u8) -> bool {
    matches!(byte, b',' | b';' | b'|' | b'"' | b'`' | b'<' | b'{' | b'}' | b'&' | 0x80..)
}

/// Whether the run is one token and that a link or a path, which no password is.
fn is_link_or_path(text: &[u8], run: Run) -> bool {
    // A stroke at the very beginning divides, behind a blank it begins a path.
    let begins = |b: &u8| b.is_ascii_alphanumeric() || *b == b'/' && run.start > 0;
    let run = text.get(run.start..run.end).unwrap_or_default();
    let whole = run.first().is_some_and(begins) && !run.iter().any(cuts);
    let slashes = run.iter().filter(|b| **b == b'/').count();
    // Two strokes may stand between a user and a password.
    whole && slashes >= 2 && (holds(run, b"://") || !holds(run, b"//") && !run.iter().any(|b| matches!(b, b'!' | b'#' | b'$')))
}

/// Whether nothing but signs stands between a run and the end of its line.
fn may_end_line(text: &[u8], run: Run) -> bool {
    let behind = text.get(run.end..).unwrap_or_default();
    !behind.iter().take_while(|b| **b != b'\n').any(u8::is_ascii_alphanumeric)
}

/// What all but the value can add behind a word that announces a login, where the value stands in the middle of a line: joined to the word
/// by a sign or a word, or not.
#[derive(Debug, Clone, Copy)]
struct LoginContext {
    joined: f64,
    near: f64,
}

impl LoginContext {
    fn of(keyword: &Keyword) -> Self {
        static ALL: LazyLock<LoginContext> = LazyLock::new(|| {
            use Feature::{
                Adjacent, Answer, Assigned, Bias, Bracketed, Copula, Divided, EndsSentence, Late, LoginFirst, OfLogin, OwnLine, UserThen,
            };
            let best = |links: &[Feature]| links.iter().map(|link| link.weight()).fold(0.0, f64::max);
            let near = best(&[UserThen]).max(best(&[Adjacent, Assigned, Late]) + LoginFirst.weight());
            let joined = near.max(best(&[Copula, Divided, Late, OwnLine]) + Answer.weight().max(0.0));
            let rest =
                Bias.weight() + OfLogin.weight() + Evidence::most(SETTING) + Evidence::most(&[Bracketed, EndsSentence, Feature::Asked]);
            LoginContext { joined: joined + rest, near: near + rest }
        });
        let known = if is_known_user(keyword) { Feature::KnownUser.weight() } else { 0.0 };
        let own = known + if keyword.shared { Feature::Shared.weight() } else { 0.0 };
        Self { joined: ALL.joined + own, near: ALL.near + own }
    }
}

/// Whether a piece of the run may weigh enough behind a word that announces a login.
fn may_be_of_login(text: &[u8], run: Run, quoted: bool, context: LoginContext) -> bool {
    if !run.is_odd(text) {
        return false;
    }
    let quotes = if quoted { Feature::Quoted.weight() } else { 0.0 };
    let end = if may_end_line(text, run) { Feature::EndsLine.weight().max(0.0) } else { 0.0 };
    let value = quotes + end + run.weight_max();
    context.joined + value >= -ROUNDING && !is_link_or_path(text, run) && (context.near + value >= -ROUNDING || may_be_joined(text, run))
}

/// Whether the value itself, with `rest` behind it, may weigh enough behind a word that announces a login.
pub fn may_be_login_value(keyword: &Keyword, value: &str, quoted: bool, rest: &str) -> bool {
    let Some(run) = Run::of(value) else { return true };
    let quotes = if quoted { Feature::Quoted.weight() } else { 0.0 };
    let end = if may_end_line(rest.as_bytes(), Run { end: 0, ..run }) { Feature::EndsLine.weight().max(0.0) } else { 0.0 };
    // A number is none, nor is a name.
    run.is_odd(value.as_bytes())
        && !value.bytes().all(|b| b.is_ascii_digit())
        && LoginContext::of(keyword).joined + quotes + end + run.weight_max() >= -ROUNDING
}

/// Whether a sign or a word may join a value in the run to what stands before it, or it stands on another line.
fn may_be_joined(text: &[u8], run: Run) -> bool {
    let joins = |b: &u8| matches!(b, b':' | b'=' | b'>' | b'-' | b'/' | b'|' | b'+' | b'&' | b',' | b'}' | 0x80..);
    let (ahead, own) = (text.get(..run.start).unwrap_or_default(), text.get(run.start..run.end).unwrap_or_default());
    let between = ahead.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at + 1);
    let word = ahead.get(..between).unwrap_or_default();
    let start = word.iter().rposition(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'\'' | 0x80..)).map_or(0, |at| at + 1);
    let signs = ahead.get(between..).unwrap_or_default();
    signs.iter().any(joins)
        || signs.windows(4).any(|four| four == b"....")
        || own.iter().take_while(|b| !b.is_ascii_alphanumeric()).any(joins)
        || own.iter().any(cuts)
        || ahead.iter().any(|b| matches!(b, b'\n' | b'<' | b'{'))
        || std::str::from_utf8(word.get(start..).unwrap_or_default())
            .is_ok_and(|word| VOCABULARY.senses_anywhere(word).any(Senses::JOIN.and(Senses::AND)))
}

/// Where a value that could pass may stand in the text behind a keyword.
pub fn behind(keyword: &Keyword, text: &[u8]) -> Places {
    if text.len() > GLANCE_BYTES_MAX {
        return Places::all();
    }
    let mut places = Places::default();
    let mut note = |run: Run, passes: bool| {
        if passes {
            places.add(run.start, run.end);
        }
        false
    };
    match keyword.class {
        Class::Login => {
            let context = LoginContext::of(keyword);
            any_run(text, |run, quoted| note(run, may_be_of_login(text, run, quoted, context)));
        }
        Class::Act if keyword.opens => {
            any_run(text, |run, quoted| note(run, quoted || run.count(JOINT) >= 2 || run.may_be_strong(text)));
        }
        Class::Act | Class::Spelling => {
            any_run(text, |run, _| note(run, run.may_be_strong(text)));
        }
        Class::Says => {
            any_run(text, |run, _| note(run, run.is_mixed() && run.may_be_strong(text)));
        }
        Class::Secret => {
            let strong = |run: Run| run.token_strength_max() >= TOKEN_STRENGTH_MIN || run.password_strength_max() >= PERSON_STRENGTH_MIN;
            // The key of a network may be words with joints between.
            let joined = |run: Run| keyword.shared && run.count(JOINT) >= 2 && run.letters() >= 8;
            any_run(text, |run, _| note(run, strong(run) || joined(run)));
        }
        _ => return Places::all(),
    }
    places
}

/// Where in the line before a keyword a value that could pass may begin: not before this byte, where it may at all.
pub fn before(class: Class, line: &[u8]) -> Option<usize> {
    let numbers = matches!(class, Class::Pin | Class::Code | Class::Combination);
    // A phrase in quotes may be the password.
    let quotes = || line.iter().enumerate().any(|(at, byte)| KINDS[usize::from(*byte)] & QUOTE != 0 && !is_inside(line, at));
    if numbers || line.len() > GLANCE_BYTES_MAX || class == Class::Password && quotes() {
        return Some(0);
    }
    let mut first = None;
    any_run(line, |run, _| {
        let strong = run.may_be_strong(line) && !is_link_or_path(line, run);
        first = strong.then_some(run.start);
        strong
    });
    first
}
