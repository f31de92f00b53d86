//! How much a piece of text by itself is like a password, and like nothing else.

use std::ops::Range;

use super::super::evidence::Feature;
use super::super::lookalike::lookalike;
use super::super::shape::{Shape, is_technical};
use super::{JOINT, SIGN, kind};

/// Characters of a password that somebody types.
pub const CHARS: Range<usize> = 8..41;

/// Words written as one that are no name of anything: `StopAskingMeJo1`.
pub const HUMPS_MIN: usize = 3;

/// What a piece is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// A sign inside that words do not hold, capitals and a digit: `Nordkai!5520`.
    Signed,
    /// Two words or more, joints between, capitals and a digit: `Mildew.Tuesday.19`.
    Worded,
    /// Three words or more without a digit, or two with a sign between, and capitals: `Plosive.Shield.Bondi`.
    Phrase,
    /// A word and a number, as names have them too: `Cambridge_1209`, `StopAskingMeJo1`.
    Named,
    /// A sign inside, a digit and small letters: `h4ddock&chips`.
    LowerSigned,
    /// Small words with joints or a sign between, and a number: `corbel-corbel-10`.
    LowerWorded,
    /// Three small words or more with one sort of joint, two with a sign: `travertino-e-pazienza`.
    LowerPhrase,
    /// A word or two, then digits: `Records1958`.
    Tail,
}

impl Likeness {
    /// A word about logins must stand near: names of machines, branches, people look so as well.
    pub fn needs_topic(self) -> bool {
        matches!(self, Self::LowerSigned | Self::LowerWorded | Self::LowerPhrase | Self::Tail)
    }

    pub fn feature(self) -> Feature {
        match self {
            Self::Signed => Feature::BareSigned,
            Self::Worded => Feature::BareWorded,
            Self::Phrase => Feature::BarePhrase,
            Self::Named => Feature::BareNamed,
            Self::LowerSigned => Feature::BareLowerSigned,
            Self::LowerWorded => Feature::BareLowerWorded,
            Self::LowerPhrase => Feature::BareLowerPhrase,
            Self::Tail => Feature::BareTail,
        }
    }
}

/// What the value is made of, where that is not something else.
pub fn likeness(value: &str) -> Option<Likeness> {
    let shape = Shape::of(value);
    let typed = |c: char| c.is_alphanumeric() || c.is_ascii() && kind(c as u8) & (SIGN | JOINT) != 0;
    if !CHARS.contains(&shape.chars) || shape.letters() == 0 || !value.chars().all(typed) {
        return None;
    }
    let words = plain_words(value);
    let cased = shape.lower > 0 && shape.upper > 0;
    let short = |part: &str| part.chars().count() == 2 && part.chars().all(char::is_alphabetic) && part.chars().skip(1).all(char::is_lowercase);
    let parted = shape.joints > 0 && words >= 2 || words == 1 && shape.joints >= 2 && value.split(['-', '_', '.']).any(short);
    // What a generator made has no words in it.
    let random = shape.lower >= 2 && shape.upper >= 2 && shape.digits >= 2 && shape.chars >= 10 && !value.contains(['+', '.', '-', '_']);
    let one_joint = ['-', '_', '.'].iter().filter(|joint| value.contains(**joint)).count() == 1;
    let humped = || shape.joints + shape.signs == 0 && shape.tail && shape.digits <= 4 && humps(value) >= HUMPS_MIN;
    let tail = shape.tail && shape.digits <= 4 && shape.letters() >= 4;
    let likeness = match shape.digits {
        0 if cased && (words >= 2 && shape.sign_inside && !value.contains('+') || words >= 3 && shape.joints >= 2) => Likeness::Phrase,
        0 if shape.upper == 0 && (words >= 2 && shape.sign_inside || words >= 2 && shape.joints >= 2 && one_joint) => Likeness::LowerPhrase,
        1.. if cased && shape.sign_inside && (words > 0 || random) => Likeness::Signed,
        1.. if cased && parted => Likeness::Worded,
        1.. if cased && (words > 0 && shape.joints > 0 || humped() || is_generated(value)) => Likeness::Named,
        1.. if shape.sign_inside && words > 0 => Likeness::LowerSigned,
        1.. if parted => Likeness::LowerWorded,
        1.. if tail => Likeness::Tail,
        _ => return None,
    };
    let other = value.contains("++")
        || value.contains("..")
        || is_variable(value)
        || value.split(|c: char| !c.is_alphanumeric()).any(is_random)
        || is_member(value)
        || is_technical(value)
        || lookalike(value).is_some_and(|reason| !(reason == "code" && likeness == Likeness::LowerPhrase));
    (!other || likeness == Likeness::Signed && random && !is_variable(value) && lookalike(value).is_none()).then_some(likeness)
}

/// Words as people write them, three small letters or more but for the first: two of them in `gatoPardo_58`, one in `Sw1ft`.
fn plain_words(value: &str) -> usize {
    const LETTERS_MIN: usize = 3;
    let (mut words, mut letters, mut before) = (0, 0, ' ');
    let chars: Vec<char> = value.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        // A digit for a letter.
        let spelled = c.is_ascii_digit() && before.is_lowercase() && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let c = if spelled { 'x' } else { c };
        let begins = c.is_uppercase() && before.is_lowercase() || c.is_alphabetic() && !before.is_alphabetic();
        letters = if !c.is_alphabetic() || c.is_uppercase() && before.is_uppercase() { 0 } else if begins { 1 } else { letters + 1 };
        words += usize::from(letters == LETTERS_MIN);
        before = c;
    }
    words
}

/// Words that begin with a capital.
fn humps(value: &str) -> usize {
    let letters = value.trim_end_matches(char::is_numeric);
    let words = letters.split_inclusive(char::is_lowercase).filter(|part| part.chars().next().is_some_and(char::is_uppercase)).count();
    let shouted = letters.chars().zip(letters.chars().skip(1)).any(|(a, b)| a.is_uppercase() && b.is_uppercase());
    if shouted || !letters.starts_with(char::is_uppercase) { 0 } else { words }
}

/// Letters and digits by turns, as in the ids of objects that vendors count: `cus_T7HGezG81fqrmO`.
fn is_random(part: &str) -> bool {
    const CHARS_MIN: usize = 12;
    const TURNS_MIN: usize = 3;
    const LONG: usize = 24;
    let turns = part.chars().zip(part.chars().skip(1)).filter(|(a, b)| a.is_numeric() != b.is_numeric()).count();
    part.len() >= CHARS_MIN && turns >= TURNS_MIN || part.len() >= LONG && turns > 0
}

/// Two short parts or more in which letters of both cases and digits are mixed: `r9Gq_Xe4-Lm7Z`.
fn is_generated(value: &str) -> bool {
    const CHARS_MAX: usize = 6;
    let mixed = |part: &&str| {
        let has = |test: fn(char) -> bool| part.chars().any(test);
        [has(char::is_lowercase), has(char::is_uppercase), has(char::is_numeric)].into_iter().filter(|has| *has).count() >= 2
    };
    let parts: Vec<&str> = value.split(['-', '_', '.']).collect();
    value.contains(['-', '_']) && parts.iter().all(|part| part.len() <= CHARS_MAX) && parts.iter().filter(|part| mixed(part)).count() >= 2
}

/// A member of a program: `Application.ReadWrite.All`.
fn is_member(value: &str) -> bool {
    let humped = |part: &str| part.chars().zip(part.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    value.contains('.') && value.chars().all(|c| c.is_alphabetic() || c == '.') && value.split('.').any(humped)
}

/// A variable inside: `libVERSION$2`, `${x}`, an escaped byte of a link.
fn is_variable(value: &str) -> bool {
    let behind = |sign: char| value.split_once(sign).map_or("", |(_, behind)| behind);
    let named = behind('$');
    let hex = behind('%').get(..2).is_some_and(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
    named.len() >= 3 && named.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') || hex
}

#[cfg(test)]
mod tests {
    use super::{Likeness, likeness};

    #[test]
    fn what_people_choose_is_told_from_names() {
        for (value, like) in [
            ("Nordkai!5520", Likeness::Signed),
            ("Biscuit+Barney09", Likeness::Signed),
            ("Fc$tPauli1910", Likeness::Signed),
            ("Mildew.Tuesday.19", Likeness::Worded),
            ("gatoPardo_58", Likeness::Worded),
            ("Wombat&Chisel", Likeness::Phrase),
            ("Plosive.Shield.Bondi", Likeness::Phrase),
            ("StopAskingMeJo1", Likeness::Named),
            ("Cambridge_1209", Likeness::Named),
            ("h4ddock&chips", Likeness::LowerSigned),
            ("corbel-corbel-10", Likeness::LowerWorded),
            ("travertino-e-pazienza", Likeness::LowerPhrase),
            ("Records1958", Likeness::Tail),
        ] {
            assert_eq!(likeness(value), Some(like), "{value}");
        }
        for value in [
            "libstdc++Six6",
            "Lib2re$VERSION",
            "v2.3.1-Beta4",
            "report_Final_v2.pdf",
            "ERP-2231",
            "cus_T7HGezG81fqrmO",
            "Application.ReadWrite.All",
        ] {
            assert_eq!(likeness(value), None, "{value}");
        }
    }
}
