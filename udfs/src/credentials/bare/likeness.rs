//! How much a piece of text by itself is like a password, and like nothing else.

use std::ops::Range;

use super::super::evidence::Feature;
use super::super::lookalike::lookalike;
use super::super::shape::is_technical;
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
        let made = Made::of(value)?;
        let (words, cased) = (made.words, made.lower > 0 && made.upper > 0);
        let parted = made.joints > 0 && words >= 2 || words == 1 && made.joints >= 2 && value.split(JOINTS).any(is_particle);
        let one_joint = || JOINTS.iter().filter(|joint| value.contains(**joint)).count() == 1;
        let humped = made.tail && made.digits <= 4 && made.humps >= HUMPS_MIN;
        Some(match made.digits {
            0 if cased && (words >= 2 && made.inside && !value.contains('+') || words >= 3 && made.joints >= 2) => Self::Phrase,
            0 if made.upper == 0 && words >= 2 && (made.inside || made.joints >= 2 && one_joint()) => Self::LowerPhrase,
            1.. if cased && made.inside && (words > 0 || made.is_shuffled(value)) => {
                if is_signed_name(value) {
                    Self::Worded
                } else {
                    Self::Signed
                }
            }
            1.. if cased && parted && words >= 2 && is_numbered_phrase(value) => Self::Numbered,
            1.. if cased && (parted || humped) => Self::Worded,
            1.. if cased && (words > 0 && made.joints > 0 || is_generated(value)) => Self::Named,
            1.. if made.inside && words > 0 => Self::LowerSigned,
            1.. if parted => Self::LowerWorded,
            1.. if made.tail && made.digits <= 4 && made.lower + made.upper >= 4 => Self::Tail,
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
            || other(value) && !(self == Self::Signed && Made::of(value).is_some_and(|made| made.is_shuffled(value)))
    }
}

/// What joins words.
const JOINTS: [char; 3] = ['-', '_', '.'];

/// The characters of a value, counted in one go.
#[derive(Debug, Default)]
struct Made {
    lower: usize,
    upper: usize,
    digits: usize,
    joints: usize,
    /// Words as people write them, three small letters or more but for the first: two of them in `gatoPardo_58`, one in `Sw1ft`.
    words: usize,
    /// Words that begin with a capital, where the value does and no two capitals stand together.
    humps: usize,
    /// A sign stands between other characters: at the end it may be the sentence's.
    inside: bool,
    /// Letters, then digits.
    tail: bool,
}

impl Made {
    /// Nothing where the value holds something that nobody types into a password, or is too short or too long.
    fn of(value: &str) -> Option<Self> {
        const LETTERS_MIN: usize = 3;
        let mut made = Self { tail: true, ..Self::default() };
        let (mut chars, mut letters, mut signed, mut shouted) = (0, 0, false, false);
        let mut before = ' ';
        let mut rest = value.chars().peekable();
        while let Some(c) = rest.next() {
            chars += 1;
            let kind = if c.is_ascii() { kind(c as u8) } else { 0 };
            if c.is_numeric() {
                made.digits += 1;
            } else if c.is_alphabetic() {
                made.tail &= made.digits == 0;
                if c.is_uppercase() {
                    made.upper += 1;
                    shouted |= before.is_uppercase();
                } else {
                    made.lower += 1;
                }
            } else if kind == JOINT {
                made.joints += 1;
                made.tail = false;
            } else if kind == SIGN {
                made.tail = false;
                signed |= chars > 1;
                letters = 0;
                before = c;
                continue;
            } else {
                return None;
            }
            made.inside |= signed;
            // A digit for a letter.
            let spelled = c.is_ascii_digit() && before.is_lowercase() && rest.peek().is_some_and(|next| next.is_lowercase());
            let c = if spelled { 'x' } else { c };
            letters = match () {
                () if !c.is_alphabetic() || c.is_uppercase() && before.is_uppercase() => 0,
                () if c.is_uppercase() && before.is_lowercase() || !before.is_alphabetic() => 1,
                () => letters + 1,
            };
            made.words += usize::from(letters == LETTERS_MIN);
            before = c;
        }
        made.tail &= made.digits > 0;
        made.humps = if shouted || !value.starts_with(char::is_uppercase) { 0 } else { made.upper };
        (CHARS.contains(&chars) && made.lower + made.upper > 0).then_some(made)
    }

    /// What a generator made has no words in it: `UpRz3ix2UfNj6!8!3a`.
    fn is_shuffled(&self, value: &str) -> bool {
        const CHARS_MIN: usize = 10;
        self.lower >= 2 && self.upper >= 2 && self.digits >= 2 && value.len() >= CHARS_MIN && !value.contains(['+', '.', '-', '_'])
    }
}

/// Two letters, no capital but the first: `Ya`.
fn is_particle(part: &str) -> bool {
    let mut chars = part.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_some_and(char::is_lowercase) && chars.next().is_none()
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
    let Some((_, number)) = value.rsplit_once(JOINTS) else { return false };
    let year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    let one = JOINTS.iter().filter(|joint| value.contains(**joint)).count() == 1;
    one && (2..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) && !year
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
    let parts: Vec<&str> = value.split(JOINTS).collect();
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
            ("gatoPardo_58x", Likeness::Worded),
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
