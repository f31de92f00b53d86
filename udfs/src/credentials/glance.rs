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

/// Words, and digits alone, are at most this strong.
const WORD_STRENGTH: f64 = 0.15;

/// A byte that may open quotes.
const QUOTE: u64 = 1 << 63;

/// Longer stretches are not glanced at: they may hold anything.
pub const GLANCE_BYTES_MAX: usize = 1000;

/// What a byte counts for. What a byte beyond ASCII stands for is open, but for the letters of Latin and Cyrillic.
static KINDS: [u64; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let quote = if matches!(byte as u8, b'"' | b'`' | b'<' | b'&' | b'{' | b'\'' | b'_' | b'*' | 0xC2 | 0xE2 | 0xE3) { QUOTE } else { 0 };
        kinds[byte] = quote
            + LENGTH
            + match byte as u8 {
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
        byte += 1;
    }
    kinds
};

/// A stretch of bytes between blanks, counted.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    counts: u64,
    last: u64,
}

impl Run {
    #[inline(always)]
    fn add(&mut self, byte: u8) {
        self.last = KINDS[usize::from(byte)] & !QUOTE;
        self.counts += self.last;
    }

    fn count(self, of: u64) -> u64 {
        self.counts / of & COUNT
    }

    /// No part of the run has a higher [`super::value::password_strength`].
    #[inline(always)]
    fn password_strength_max(self) -> f64 {
        // Plain words, which most runs are.
        if self.counts & COUNT * (UPPER + DIGIT + SIGN) == 0 {
            return WORD_STRENGTH;
        }
        self.mixed_strength_max()
    }

    #[inline(never)]
    fn mixed_strength_max(self) -> f64 {
        let (lower, upper, length) = (self.count(LOWER), self.count(UPPER), self.count(LENGTH));
        let (digit, joint, sign) = (self.count(DIGIT) > 0, self.count(JOINT) > 0, self.count(SIGN) > 0);
        let inner_sign = self.count(SIGN) > u64::from(self.last == KINDS[usize::from(b'!')]);
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

/// Calls `passes` with each run and whether quotes may have opened before its end, until it says yes.
#[inline(always)]
fn any_run(text: &[u8], mut passes: impl FnMut(Run, bool) -> bool) -> bool {
    let (mut run, mut quoted) = (Run::default(), false);
    for (at, &byte) in text.iter().enumerate() {
        if matches!(byte, b' ' | b'\n') {
            if run.counts > 0 && passes(run, quoted) {
                return true;
            }
            run = Run::default();
            continue;
        }
        run.add(byte);
        if KINDS[usize::from(byte)] & QUOTE != 0 {
            quoted = quoted || !is_inside(text, at);
        }
    }
    passes(run, quoted)
}

/// What the grammar adds to a value's strength, at most: the best link that does not stand right at the keyword, that of an assignment,
/// that of a value before its keyword, a credential word of its own, quotes.
const LINK_MAX: f64 = 0.35;
const ASSIGNED: f64 = 0.45;
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
            assigns(text) || any_run(text, |run, quoted| quoted || LINK_MAX + OWN + run.password_strength_max() >= WEIGHT_MIN)
        }
        Class::Login => any_run(text, |run, quoted| LINK_MAX + quotes(quoted) + run.password_strength_max() >= WEIGHT_MIN),
        Class::Secret => {
            let assigned = assigns(text);
            let link = if assigned { ASSIGNED } else { LINK_MAX };
            any_run(text, |run, quoted| assigned && quoted || link + quotes(quoted) + run.token_strength_max() >= WEIGHT_MIN)
        }
        Class::Pin => any_run(text, |run, _| run.count(DIGIT) >= PIN_DIGITS_MIN),
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
            strength >= STRENGTH_BEFORE_MIN && REVERSE + own + if quoted { QUOTED } else { 0.0 } + strength >= WEIGHT_MIN
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::value::{password_strength, token_strength};
    use super::{Class, Run, behind, before};

    fn run(text: &str) -> Run {
        text.bytes().fold(Run::default(), |mut run, byte| {
            run.add(byte);
            run
        })
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
