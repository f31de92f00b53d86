//! A first glance at the text around a keyword: can any piece of it weigh enough? Most sentences about users and keys end here, before
//! they are cut into tokens.
//!
//! The glance knows runs between blanks only. A token is a part of one run, so what a run cannot reach, none of its tokens can; the tests
//! hold this against the functions that weigh tokens.

use super::keywords::Class;

/// Counts of a run's bytes, ten bits each: a run is shorter than 1,024 bytes.
const LOWER: u64 = 1;
const UPPER: u64 = 1 << 10;
const DIGIT: u64 = 1 << 20;
const JOINT: u64 = 1 << 30;
const SIGN: u64 = 1 << 40;
const LENGTH: u64 = 1 << 50;
const COUNT: u64 = (1 << 10) - 1;

/// A byte that may open quotes. Not a count.
const QUOTE: u64 = 1 << 63;

/// Words, and digits alone, are at most this strong.
const WORD_STRENGTH: f64 = 0.15;

/// Longer stretches are not glanced at: they may hold anything.
pub const GLANCE_BYTES_MAX: usize = 1000;

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
            b'-' | b'_' | b'.' | b'/' | b':' | b',' | b'\'' | b'@' | b'\\' => JOINT,
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
struct Run {
    counts: u64,
    /// Its last byte is a sign.
    ends_in_sign: bool,
    start: usize,
    end: usize,
}

impl Run {
    fn count(self, of: u64) -> u64 {
        self.counts / of & COUNT
    }

    /// No part of the run has a higher [`super::value::password_strength`].
    fn password_strength_max(self) -> f64 {
        let (lower, upper, length) = (self.count(LOWER), self.count(UPPER), self.count(LENGTH));
        let (digit, joint, sign) = (self.count(DIGIT) > 0, self.count(JOINT) > 0, self.count(SIGN) > 0);
        let inner_sign = self.count(SIGN) > u64::from(self.ends_in_sign);
        let (letters, mixed_case, long) = (lower + upper > 0, lower > 0 && upper > 0, length >= 8);
        if !digit && !inner_sign {
            let names = joint && upper >= 2 && lower >= 4 && length >= 9;
            return if names { 0.3 } else { WORD_STRENGTH };
        }
        let steps = [
            (0.7, self.count(SIGN) >= 3 && length >= 12),
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
        ];
        steps.iter().find(|(_, reached)| *reached).map_or(WORD_STRENGTH, |(strength, _)| *strength)
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
}

/// Whether a sign that opens quotes, bold, code or markup stands inside a word, where it opens nothing.
fn is_inside(text: &[u8], at: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    matches!(text.get(at), Some(b'\'' | b'_' | b'*')) && letter(at.checked_sub(1)) && letter(Some(at + 1))
}

/// Calls `passes` with each run that is more than a word and whether quotes may have opened before its end, until it says yes. Says
/// whether it did, and whether quotes may have opened.
#[inline(always)]
fn any_run(text: &[u8], mut passes: impl FnMut(Run, bool) -> bool) -> (bool, bool) {
    const MORE_THAN_WORD: u64 = COUNT * (UPPER + DIGIT + SIGN);
    let (mut counts, mut start, mut quoted) = (0u64, 0, false);
    let mut pass = |counts: u64, start: usize, end: usize, quoted: bool| {
        let ends_in_sign = end.checked_sub(1).and_then(|at| text.get(at)).is_some_and(|last| KINDS[usize::from(*last)] & !QUOTE == LENGTH + SIGN);
        passes(Run { counts, ends_in_sign, start, end }, quoted)
    };
    for (at, &byte) in text.iter().enumerate() {
        let kind = KINDS[usize::from(byte)];
        if kind == 0 {
            if counts & MORE_THAN_WORD != 0 && pass(counts, start, at, quoted) {
                return (true, quoted);
            }
            (counts, start) = (0, at + 1);
        } else if kind & QUOTE == 0 {
            counts += kind;
        } else {
            counts += kind & !QUOTE;
            quoted = quoted || !is_inside(text, at);
        }
    }
    (counts & MORE_THAN_WORD != 0 && pass(counts, start, text.len(), quoted), quoted)
}

/// A sign at which a token may end inside a run.
fn cuts(byte: &u8) -> bool {
    matches!(byte, b',' | b';' | b'|' | b'"' | b'`' | b'<' | b'{' | b'}' | b'&' | 0x80..)
}

/// Whether a value in the run may be assigned to what stands before it, be divided from it, or stand on a line of its own.
fn may_be_joined(text: &[u8], run: Run) -> bool {
    let joins = |b: &u8| matches!(b, b':' | b'=' | b'>' | b'-' | b'/' | b'|' | b'+' | b'&' | b'!' | b'.' | b'}' | 0x80..);
    let (ahead, own) = (text.get(..run.start).unwrap_or_default(), text.get(run.start..run.end).unwrap_or_default());
    ahead.iter().any(|b| matches!(b, b'\n' | b'<' | b'{'))
        || ahead.iter().rev().take_while(|b| !b.is_ascii_alphanumeric()).any(joins)
        || own.iter().take_while(|b| !b.is_ascii_alphanumeric()).any(joins)
        || own.iter().any(cuts)
}

/// Whether the run is one token and that a link or a path, which no password is.
fn is_link_or_path(text: &[u8], run: Run) -> bool {
    let run = text.get(run.start..run.end).unwrap_or_default();
    let whole = run.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/') && !run.iter().any(cuts);
    let slashes = run.iter().filter(|b| **b == b'/').count();
    whole && slashes >= 2 && (run.windows(3).any(|three| three == b"://") || !run.iter().any(|b| matches!(b, b'!' | b'#' | b'$')))
}

/// What the grammar adds to a value's strength, at most: for an assignment, for other links, for a value that is only near (behind a user
/// name that is known), for one before its keyword; for a credential word of its own, for quotes.
const ASSIGNED: f64 = 0.45;
const LINKED: f64 = 0.35;
const NEAR: f64 = 0.15;
const REVERSE: f64 = 0.1;
const OWN: f64 = 0.15;
const QUOTED: f64 = 0.15;

/// A value needs this weight; a little less, so that no rounding decides.
const WEIGHT_MIN: f64 = 0.75 - 1e-6;

/// A value before its keyword needs this strength.
const STRENGTH_BEFORE_MIN: f64 = 0.5;

/// Whether a sign may assign what stands first in the text.
fn assigns(text: &[u8]) -> bool {
    let lead = text.iter().position(u8::is_ascii_alphanumeric).and_then(|at| text.get(..at)).unwrap_or(text);
    lead.iter().any(|b| matches!(b, b':' | b'=' | b'>' | b'<' | b'&' | b'{' | 0x80..)) || lead.windows(4).any(|four| four == b"....")
}

/// Whether a value that weighs enough may stand in the text behind a keyword.
pub fn behind(class: Class, text: &[u8]) -> bool {
    const PIN_DIGITS_MIN: u64 = 4;
    if text.len() > GLANCE_BYTES_MAX {
        return true;
    }
    let quotes = |quoted: bool| if quoted { QUOTED } else { 0.0 };
    match class {
        Class::Password => {
            if assigns(text) {
                return true;
            }
            let passes = |run: Run, _| LINKED + OWN + run.password_strength_max() >= WEIGHT_MIN && !is_link_or_path(text, run);
            let (passes, quoted) = any_run(text, passes);
            passes || quoted
        }
        Class::Login => {
            let passes = |run: Run, quoted: bool| {
                let weight = quotes(quoted) + run.password_strength_max();
                let passes = NEAR + weight >= WEIGHT_MIN || LINKED + weight >= WEIGHT_MIN && may_be_joined(text, run);
                passes && !is_link_or_path(text, run)
            };
            any_run(text, passes).0
        }
        Class::Secret => {
            let assigned = assigns(text);
            let link = if assigned { ASSIGNED } else { LINKED };
            let (passes, quoted) = any_run(text, |run, quoted| link + quotes(quoted) + run.token_strength_max() >= WEIGHT_MIN);
            passes || assigned && quoted
        }
        Class::Pin => any_run(text, |run, _| run.count(DIGIT) >= PIN_DIGITS_MIN).0,
    }
}

/// Whether a value that weighs enough may stand in the text before a keyword, on its line.
pub fn before(class: Class, text: &[u8]) -> bool {
    let line = text.iter().rposition(|&b| b == b'\n').and_then(|at| text.get(at + 1..)).unwrap_or(text);
    let own = match class {
        Class::Password => OWN,
        Class::Login => 0.0,
        Class::Pin | Class::Secret => return false,
    };
    line.len() > GLANCE_BYTES_MAX
        || any_run(line, |run, quoted| {
            let strength = run.password_strength_max();
            let weight = REVERSE + own + if quoted { QUOTED } else { 0.0 } + strength;
            strength >= STRENGTH_BEFORE_MIN && weight >= WEIGHT_MIN && !is_link_or_path(line, run)
        })
        .0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::value::{password_strength, token_strength};
    use super::{Class, KINDS, LENGTH, QUOTE, Run, SIGN, behind, before};

    fn run(text: &str) -> Run {
        let counts = text.bytes().map(|byte| KINDS[usize::from(byte)] & !QUOTE).sum();
        let ends_in_sign = text.bytes().last().is_some_and(|last| KINDS[usize::from(last)] & !QUOTE == LENGTH + SIGN);
        Run { counts, ends_in_sign, start: 0, end: text.len() }
    }

    #[test]
    fn sentences_end_at_a_glance() {
        for text in [" name is asked for, I don't know why", "s can log in again after the update", " account of the team-lead, not mine?"] {
            assert!(!behind(Class::Login, text.as_bytes()), "{text}");
            assert!(!before(Class::Login, text.as_bytes()), "{text}");
        }
        assert!(!behind(Class::Password, b" expired again and nobody told us"));
        assert!(!behind(Class::Secret, b" is in the vault since May 2026"));
        assert!(!behind(Class::Pin, b" for room 12"));
        assert!(behind(Class::Login, b" / Tern-91!x"));
        assert!(behind(Class::Password, b": banana"));
        assert!(behind(Class::Password, b" is 'banana'"));
        assert!(before(Class::Password, b"Tern-91!x is the "));
    }

    proptest! {
        #[test]
        fn no_part_of_a_run_is_stronger_than_the_run(text in "[a-dA-D0-3!#.,:_'é×ЖжΩ½¹密“»\t-]{1,30}", from in 0usize..30, to in 0usize..30) {
            let part: String = text.chars().skip(from.min(to)).take(from.abs_diff(to)).collect();
            prop_assert!(password_strength(&part) <= run(&text).password_strength_max(), "{part} {text}");
            prop_assert!(token_strength(&part) <= run(&text).token_strength_max(), "{part} {text}");
        }
    }
}
