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
    /// Two words or more, one sort of joint between, capitals, and a number that counts nothing: `Mildew.Tuesday.19`.
    Numbered,
    /// Two words or more, joints between, capitals and a digit: `gatoPardo_58`, `StopAskingMeJo1`.
    Worded,
    /// Three words or more without a digit, or two with a sign between, and capitals: `Plosive.Shield.Bondi`.
    Phrase,
    /// A word and a number, as names have them too: `Cambridge_1209`.
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

    /// Something must speak for it: a word that gives it, quotes, a user beside it.
    pub fn needs_cue(self) -> bool {
        !matches!(self, Self::Signed | Self::Numbered | Self::Worded | Self::Phrase | Self::LowerSigned)
    }

    /// A word that gives it is enough.
    pub fn may_be_given(self) -> bool {
        !matches!(self, Self::Tail | Self::LowerPhrase)
    }

    pub fn feature(self) -> Feature {
        match self {
            Self::Signed => Feature::BareSigned,
            Self::Numbered => Feature::BareNumbered,
            Self::Worded => Feature::BareWorded,
            Self::Phrase => Feature::BarePhrase,
            Self::Named => Feature::BareNamed,
            Self::LowerSigned => Feature::BareLowerSigned,
            Self::LowerWorded => Feature::BareLowerWorded,
            Self::LowerPhrase => Feature::BareLowerPhrase,
            Self::Tail => Feature::BareTail,
        }
    }

    /// What the value is made of, if it may be a password.
    pub fn of(value: &str) -> Option<Self> {
        let shape = Shape::of(value);
        let typed = |c: char| c.is_alphanumeric() || c.is_ascii() && kind(c as u8) & (SIGN | JOINT) != 0;
        if !CHARS.contains(&shape.chars) || shape.letters() == 0 || !value.chars().all(typed) {
            return None;
        }
        let words = plain_words(value);
        // Signs at the end may be the sentence's.
        let is_sign = |c: char| c.is_ascii() && kind(c as u8) == SIGN;
        let inside = value.trim_matches(is_sign).contains(is_sign);
        let cased = shape.lower > 0 && shape.upper > 0;
        let short = |part: &str| part.chars().count() == 2 && part.chars().all(char::is_alphabetic) && part.chars().skip(1).all(char::is_lowercase);
        let parted = shape.joints > 0 && words >= 2 || words == 1 && shape.joints >= 2 && value.split(['-', '_', '.']).any(short);
        let random = || is_shuffled(value);
        let one_joint = ['-', '_', '.'].iter().filter(|joint| value.contains(**joint)).count() == 1;
        let humped = || shape.joints + shape.signs == 0 && shape.tail && shape.digits <= 4 && humps(value) >= HUMPS_MIN;
        let tail = shape.tail && shape.digits <= 4 && shape.letters() >= 4;
        Some(match shape.digits {
            0 if cased && (words >= 2 && inside && !value.contains('+') || words >= 3 && shape.joints >= 2) => Self::Phrase,
            0 if shape.upper == 0 && (words >= 2 && inside || words >= 2 && shape.joints >= 2 && one_joint) => Self::LowerPhrase,
            1.. if cased && inside && (words > 0 || random()) => if is_signed_name(value) { Self::Worded } else { Self::Signed },
            1.. if cased && parted && words >= 2 && is_numbered_phrase(value) => Self::Numbered,
            1.. if cased && (parted || humped()) => Self::Worded,
            1.. if cased && (words > 0 && shape.joints > 0 || is_generated(value)) => Self::Named,
            1.. if inside && words > 0 => Self::LowerSigned,
            1.. if parted => Self::LowerWorded,
            1.. if tail => Self::Tail,
            _ => return None,
        })
    }

    /// Whether the value is rather something else: a link, a host, an id of a vendor, a member of a program.
    pub fn is_something_else(self, value: &str) -> bool {
        let other = |value: &str| {
            value.contains("++")
                || value.contains("..")
                || value.split(|c: char| !c.is_alphanumeric()).any(is_random)
                || is_member(value)
                || is_technical(value)
        };
        is_variable(value)
            || lookalike(value).is_some_and(|reason| !(reason == "code" && self == Self::LowerPhrase))
            || other(value) && !(self == Self::Signed && is_shuffled(value))
    }
}

/// Names are numbered with these signs: `Room#3`, `Share$2`.
fn is_signed_name(value: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let signs = value.chars().filter(|c| !name(*c)).count();
    let numbered = value.split_once(['#', '+', '$', '*']).is_some_and(|(_, number)| number.starts_with(|c: char| c.is_ascii_digit()));
    signs == 1 && numbered
}

/// Words with one sort of joint and a number behind that is neither a year nor one that counts: `Rainy-Otter-58`.
fn is_numbered_phrase(value: &str) -> bool {
    const JOINTS: [char; 3] = ['-', '_', '.'];
    let Some((_, number)) = value.rsplit_once(JOINTS) else { return false };
    let year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    let one = JOINTS.iter().filter(|joint| value.contains(**joint)).count() == 1;
    one && (2..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) && !year
}

/// What a generator made has no words in it: `UpRz3ix2UfNj6!8!3a`.
fn is_shuffled(value: &str) -> bool {
    let shape = Shape::of(value);
    shape.lower >= 2 && shape.upper >= 2 && shape.digits >= 2 && shape.chars >= 10 && !value.contains(['+', '.', '-', '_'])
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
    use super::Likeness;

    fn likeness(value: &str) -> Option<Likeness> {
        Likeness::of(value).filter(|likeness| !likeness.is_something_else(value))
    }

    #[test]
    fn what_people_choose_is_told_from_names() {
        for (value, like) in [
            ("Nordkai!5520", Likeness::Signed),
            ("Biscuit+Barney09", Likeness::Signed),
            ("Fc$tPauli1910", Likeness::Signed),
            ("Mildew.Tuesday.19", Likeness::Numbered),
            ("gatoPardo_58", Likeness::Worded),
            ("Wombat&Chisel", Likeness::Phrase),
            ("Plosive.Shield.Bondi", Likeness::Phrase),
            ("StopAskingMeJo1", Likeness::Worded),
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
