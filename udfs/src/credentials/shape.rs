//! The shape of a value: which signs it is made of and in what order, and what that says of its being a secret.

use std::sync::LazyLock;

use serde::Deserialize;

use super::entropy::shannon;
use super::evidence::{Evidence, Feature};
use super::languages::{WORD_BYTES_MAX, lowered};
use super::value::{password_strength, token_strength};
use super::word_map::WordSet;

/// Lower-case words.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct Words(WordSet);

impl Words {
    fn holds(&self, word: &str) -> bool {
        lowered(word, &mut [0; WORD_BYTES_MAX]).is_some_and(|word| self.0.contains(word))
    }
}

/// The lists of `udfs/words/shapes.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    technical: Words,
    common: Words,
    units: Words,
}

/// The file is part of the program: a test parses it.
static WORDS: LazyLock<Lists> = LazyLock::new(|| toml::from_str(include_str!("../../words/shapes.toml")).unwrap_or_default());

/// What a value is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// Characters.
    pub chars: usize,
    /// Lower-case letters, and letters without case.
    pub lower: usize,
    /// Capitals.
    pub upper: usize,
    /// Digits.
    pub digits: usize,
    /// Signs that join words: `-`, `_`, `.`.
    pub joints: usize,
    /// Signs that words do not contain.
    pub signs: usize,
    /// A sign stands inside, not at an end.
    pub sign_inside: bool,
    /// A digit or two between letters, as in `gr4nite`.
    pub digit_inside: bool,
    /// A capital behind a small letter.
    pub capital_inside: bool,
    /// The first letter is a capital and others are small.
    pub capital_first: bool,
    /// Letters, then digits, and nothing behind them.
    pub tail: bool,
    /// The longest run of letters.
    pub letters_run: usize,
    /// Rows of keys: `qwerty`, `asdf`, `1q2w3e`.
    pub walk: bool,
}

impl Shape {
    /// Reads a value once.
    pub fn of(value: &str) -> Self {
        let mut shape = Self::default();
        let (mut before, mut before_that) = (None::<char>, None::<char>);
        let (mut run, mut digit_run, mut broken) = (0, 0, false);
        for c in value.chars() {
            shape.chars += 1;
            let joint = is_joint(c);
            if c.is_numeric() {
                shape.digits += 1;
            } else if c.is_uppercase() {
                shape.upper += 1;
                shape.capital_inside |= before.is_some_and(char::is_lowercase);
                shape.capital_first |= before.is_none();
            } else if c.is_alphabetic() {
                shape.lower += 1;
            } else if joint {
                shape.joints += 1;
            } else {
                shape.signs += 1;
            }
            // Only now is it known that the sign before this one was not the last.
            shape.sign_inside |= before_that.is_some() && before.is_some_and(is_sign);
            run = if c.is_alphabetic() { run + 1 } else { 0 };
            shape.letters_run = shape.letters_run.max(run);
            shape.digit_inside |= c.is_alphabetic() && (1..=2).contains(&digit_run) && !broken;
            if c.is_numeric() {
                if digit_run == 0 {
                    broken = !before.is_some_and(char::is_alphabetic);
                }
                digit_run += 1;
            } else {
                digit_run = 0;
            }
            before_that = before;
            before = Some(c);
        }
        shape.capital_first &= shape.lower > 0;
        shape.tail = shape.digits > 0
            && shape.joints + shape.signs == 0
            && value.trim_end_matches(char::is_numeric).chars().all(char::is_alphabetic)
            && shape.lower + shape.upper > 0;
        shape.walk = walks(value);
        shape
    }

    /// Letters of all sorts.
    pub fn letters(self) -> usize {
        self.lower + self.upper
    }

    /// Nothing but digits, and the signs of a keypad.
    pub fn is_number(self, value: &str) -> bool {
        self.digits > 0 && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'#' | b'*'))
    }

    /// Notes what speaks for a password that a person chose.
    pub fn password(self, value: &str, evidence: &mut Evidence) {
        let strength = password_strength(value);
        let token = token_strength(value);
        evidence.scaled(Feature::Strength, strength);
        evidence.scaled(Feature::TokenStrength, token);
        let kinds = usize::from(self.lower > 0) + usize::from(self.upper > 0) + usize::from(self.digits > 0) + usize::from(self.signs > 0);
        evidence.when(Feature::ThreeKinds, kinds >= 3);
        evidence.when(Feature::FourKinds, kinds >= 4);
        evidence.when(Feature::SignInside, self.sign_inside);
        evidence.when(Feature::DigitInside, self.digit_inside && self.chars >= 7 && self.letters() >= 4);
        evidence.when(Feature::CapitalInside, self.capital_inside && self.digits > 0);
        evidence.when(Feature::Tail, self.tail && self.chars >= 6);
        evidence.when(Feature::Short, self.chars < 6);
        evidence.when(Feature::Long, self.chars >= 9);
        evidence.when(Feature::VeryLong, self.chars >= 28);
        // Digits between capitals are a generator's.
        evidence
            .when(Feature::AllCapitals, self.lower == 0 && self.upper > 0 && !(self.digit_inside && self.digits >= 2 && self.joints == 0));
        evidence.when(Feature::NoDigit, self.digits == 0 && self.letters() > 0);
        evidence.when(Feature::Joined, self.joints > 0);
        evidence.when(Feature::ShortWords, self.letters_run <= 3 && self.joints > 0);
        evidence.when(Feature::Hex, self.chars >= 7 && self.digits > 0 && value.bytes().all(|b| b.is_ascii_hexdigit()));
        evidence.when(Feature::Common, is_common(value));
        evidence.when(Feature::Technical, is_technical(value) && !is_common(value));
        evidence.when(Feature::Mark, self.letters() == 0 && self.digits > 0 && self.joints > 0);
    }

    /// Notes what speaks for a machine's token.
    pub fn token(self, value: &str, evidence: &mut Evidence) {
        evidence.scaled(Feature::TokenStrength, token_strength(value));
        evidence.when(Feature::TokenShort, self.chars < 12);
        evidence.when(Feature::TokenLong, self.chars >= 20);
        evidence.when(Feature::TokenHex, self.chars >= 16 && value.bytes().all(|b| b.is_ascii_hexdigit()));
        evidence.when(Feature::TokenMixed, self.lower >= 3 && self.upper >= 3 && self.digits >= 2);
        evidence.when(Feature::TokenNoDigit, self.digits == 0);
        evidence.when(Feature::TokenFlat, shannon(value.as_bytes()) < 2.8);
        evidence.when(Feature::Technical, is_technical(value));
    }
}

fn is_joint(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '/' | ':' | ',' | '\'' | '’' | '@' | '\\' | ' ')
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric() && !is_joint(c)
}

/// Three or more steps along a row of keys, or a well-known way across them.
fn walks(value: &str) -> bool {
    const ROWS: &[&str] = &[
        "qwertyuiop",
        "qwertzuiop",
        "azertyuiop",
        "asdfghjkl",
        "yxcvbnm",
        "zxcvbnm",
        "1qaz",
        "2wsx",
        "3edc",
        "qazwsx",
        "1q2w3e4r",
        "йцукен",
        "фыва",
    ];
    const STEPS: usize = 4;
    static KNOWN: LazyLock<Steps> = LazyLock::new(|| Steps::of(ROWS));
    let fold = |four: &[u8; STEPS]| u32::from_le_bytes(four.map(|byte| byte.to_ascii_lowercase()));
    let known = &*KNOWN;
    value.as_bytes().array_windows().any(|four| known.hold(fold(four)) && !four.iter().all(u8::is_ascii_digit))
}

/// Four neighbouring bytes of rows of keys.
struct Steps {
    sorted: Vec<u32>,
    /// One bit for each hash: most bytes of a text are no steps.
    hashes: [u64; 64],
}

impl Steps {
    fn of(rows: &[&str]) -> Self {
        let mut sorted: Vec<u32> =
            rows.iter().flat_map(|row| row.as_bytes().array_windows().map(|four| u32::from_le_bytes(*four))).collect();
        sorted.sort_unstable();
        let mut hashes = [0; 64];
        for step in &sorted {
            let (word, bit) = Self::place(*step);
            hashes[word] |= bit;
        }
        Self { sorted, hashes }
    }

    fn place(step: u32) -> (usize, u64) {
        let hash = step.wrapping_mul(0x9E37_79B1) >> 20;
        ((hash / 64) as usize % 64, 1 << (hash % 64))
    }

    fn hold(&self, step: u32) -> bool {
        let (word, bit) = Self::place(step);
        self.hashes[word] & bit != 0 && self.sorted.binary_search(&step).is_ok()
    }
}

/// A common word with a number or a sign behind it, or a row of keys.
pub fn is_common(value: &str) -> bool {
    let word = value.trim_end_matches(|c: char| !c.is_alphabetic());
    word.len() < value.len() && WORDS.common.holds(word) || walks(value)
}

/// Whether a number before the word counts something.
pub fn is_unit(word: &str) -> bool {
    WORDS.units.holds(word)
}

/// Whether a part of the text may be [`is_common`].
pub fn holds_common(text: &[u8]) -> bool {
    let words = || text.split(|b| !b.is_ascii_alphabetic()).filter_map(|word| std::str::from_utf8(word).ok());
    match std::str::from_utf8(text) {
        Ok(whole) if whole.is_ascii() => walks(whole) || words().any(|word| word.len() < text.len() && WORDS.common.holds(word)),
        _ => true,
    }
}

/// A name of a thing: every word in it is a short or a technical one, digits only behind, no sign. A capital begins a word.
pub fn is_technical(value: &str) -> bool {
    const SHORT: usize = 3;
    let mut technical = 0;
    // Digits for letters are a person's: `gr4n1te`; but `k8s`.
    let spelled =
        |part: &str| part.len() > SHORT + 1 && part.trim_matches(|c: char| c.is_ascii_digit()).contains(|c: char| c.is_ascii_digit());
    if value.split(|c: char| !c.is_ascii_alphanumeric()).any(spelled) {
        return false;
    }
    for part in value.split(|c: char| !c.is_ascii_alphabetic()) {
        let mut rest = part;
        while !rest.is_empty() {
            let hump = rest.bytes().zip(rest.bytes().skip(1)).position(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
            let (word, behind) = rest.split_at(hump.map_or(rest.len(), |at| at + 1));
            rest = behind;
            if WORDS.technical.holds(word) {
                technical += 1;
            } else if word.len() > SHORT {
                return false;
            }
        }
    }
    technical > 0 && value.is_ascii() && !value.contains(['!', '#', '$', '%', '&', '*', '+', '='])
}

#[cfg(test)]
mod tests {
    use super::{Shape, WORDS, is_common, is_technical};

    #[test]
    fn the_order_of_signs_is_seen() {
        assert!(Shape::of("Tern!91gravel").sign_inside);
        assert!(!Shape::of("Tern91gravel!").sign_inside);
        assert!(Shape::of("gr4nite").digit_inside);
        assert!(!Shape::of("granite44").digit_inside);
        assert!(Shape::of("granite44").tail);
        assert!(Shape::of("greatTern").capital_inside);
        assert!(Shape::of("Qwerty77").walk);
        assert!(!Shape::of("granite").walk);
    }

    #[test]
    fn names_of_machines_are_told_from_words() {
        assert!(!WORDS.technical.0.is_empty() && !WORDS.common.0.is_empty());
        assert!(is_common("Winter2026!") && !is_common("winter"));
        for name in ["srv-db-02", "staging-2", "web03", "build_1187", "UTF-8"] {
            assert!(is_technical(name), "{name}");
        }
        for word in ["tulip-8814", "gravel-tern-42", "dev!Gravel9"] {
            assert!(!is_technical(word), "{word}");
        }
    }
}
