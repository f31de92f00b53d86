//! Passwords that nobody would write for another reason, without any word that announces them: `Nordkai!5520`, `Mildew.Tuesday.19`.
//!
//! What leads here is no literal but a digit behind a letter or a sign, in a piece of text that holds small letters and capitals or signs.

use std::ops::Range;
use std::sync::LazyLock;

use super::boundary::{is_unspaced, valid_prefix, valid_suffix};
use super::documented;
use super::evidence::{Evidence, Feature};
use super::keywords::{Class, Keyword, sign};
use super::languages::{Senses, VOCABULARY};
use super::lookalike::{HOST_OR_FILE, is_email, lookalike};
use super::pair::is_user;
use super::placeholder;
use super::ruleset::{Candidate, RuleNumber};
use super::scene::{said_behind, without_tags_behind, words};
use super::shape::{Shape, is_technical};
use super::sighting::ends_line;
use super::words::{PASSWORD_RULE, Reader};

/// No keyword: the value speaks for itself.
static NONE: LazyLock<Keyword> = LazyLock::new(|| sign("", Class::Bare, false));

/// Characters of a password that somebody types.
const CHARS: Range<usize> = 8..41;

/// Bytes of a piece that are read to each side of a digit.
const SIDE_BYTES: usize = 48;

/// Bytes that one look for digits reads.
const BLOCK: usize = 64;

const LOWER: u8 = 1;
const UPPER: u8 = 1 << 1;
const DIGIT: u8 = 1 << 2;
const SIGN: u8 = 1 << 3;
const JOINT: u8 = 1 << 4;
/// Ends a piece.
const CUT: u8 = 1 << 5;

/// What a byte is in a piece. A letter beyond ASCII may be small or a capital.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'*' | b'+' | b'^' | b'?' => SIGN,
            b'-' | b'_' | b'.' => JOINT,
            0x80.. => LOWER | UPPER,
            b';' => 0,
            _ => CUT,
        };
        byte += 1;
    }
    kinds
};

fn kind(byte: u8) -> u8 {
    KINDS[usize::from(byte)]
}

/// Calls `each` with the places in `values[from..to]` at which a piece of text may be such a password: texts may lie one after another, so
/// what stands around a place counts as it may be cut, not as it is.
pub fn places(values: &[u8], from: usize, to: usize, mut each: impl FnMut(usize)) {
    for start in (from..to).step_by(BLOCK) {
        let mut block = [0; AHEAD + BLOCK];
        let window = values.get(start.saturating_sub(AHEAD)..(start + BLOCK).min(to)).unwrap_or_default();
        let ahead = AHEAD.saturating_sub(start);
        match window.first_chunk() {
            Some(whole) if ahead == 0 => block = *whole,
            _ => block.iter_mut().skip(ahead).zip(window).for_each(|(to, from)| *to = *from),
        }
        let hints = hints(&block);
        for (offset, eight) in (0..).step_by(8).zip(hints.as_chunks().0) {
            let mut eight = u64::from_le_bytes(*eight);
            while eight != 0 {
                let at = offset + eight.trailing_zeros() as usize / 8;
                eight &= eight - 1;
                if is_place(block[at % BLOCK], block[at % BLOCK + 1], block[at % BLOCK + 2]) && may_be(values, start + at) {
                    each(start + at);
                }
            }
        }
    }
}

/// Bytes before a place that say whether it is one.
const AHEAD: usize = 2;

/// A digit behind something else in its piece, or a capital behind a sign that joins it to a small letter.
#[inline(always)]
fn is_place(before_that: u8, before: u8, byte: u8) -> bool {
    let kinds = kind(before);
    byte.is_ascii_digit() && kinds & (LOWER | UPPER | SIGN | JOINT) != 0
        || byte.is_ascii_uppercase() && before_that.is_ascii_lowercase() && kinds & (SIGN | JOINT) != 0
}

/// Marks where there may be a place in the block. All bytes are treated alike, so that no branch has to be guessed.
fn hints(block: &[u8; AHEAD + BLOCK]) -> [u8; BLOCK] {
    std::array::from_fn(|at| {
        let (before_that, before, byte) = (block[at], block[at + 1], block[at + 2]);
        let digit = byte.is_ascii_digit() & (before > b' ') & !before.is_ascii_digit();
        let joined = byte.is_ascii_uppercase() & before_that.is_ascii_lowercase() & (before > b' ');
        u8::from(digit | joined)
    })
}

/// Whether what stands around the place may be a password, wherever that ends.
fn may_be(values: &[u8], at: usize) -> bool {
    let (mut all, mut capitals, mut joints, mut length) = (0, 0, 0, 0);
    let mut read = |byte: u8| {
        let kind = kind(byte);
        all |= kind;
        capitals += usize::from(kind & UPPER != 0);
        joints += usize::from(kind & JOINT != 0);
        length += 1;
    };
    let before = values.get(at.saturating_sub(SIDE_BYTES)..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| kind(**byte) != CUT).for_each(|byte| read(*byte));
    let behind = values.get(at..(at + SIDE_BYTES).min(values.len())).unwrap_or_default();
    behind.iter().take_while(|byte| kind(**byte) != CUT).for_each(|byte| read(*byte));
    let parts = if all & DIGIT == 0 { joints >= 2 } else { joints > 0 || capitals >= HUMPS_MIN };
    length >= CHARS.start && all & LOWER != 0 && all & UPPER != 0 && (all & SIGN != 0 || parts)
}

/// Words written as one that are no name of anything: `StopAskingMeJo1`.
const HUMPS_MIN: usize = 3;

/// Looks at the piece of text around the place at `at`.
pub fn judge(text: &[u8], at: usize, found: &mut impl FnMut(Candidate)) {
    let Some(range) = piece(text, at) else { return };
    let value = valid_prefix(text.get(range.clone()).unwrap_or_default());
    let Some(likeness) = likeness(&value.replace("&amp;", "&")) else { return };
    let Some(sides) = Sides::of(text, &range) else { return };
    if placeholder::password(value.as_bytes()).is_some() || documented::is_documented(value.as_bytes()) {
        return;
    }
    let mut reader = Reader::new(text, range.start..range.start, &NONE);
    let (tongue, scene) = (reader.tongue(), reader.scene());
    if scene.log || scene.code {
        return;
    }
    let behind = said_behind(text_behind(text, range.end), tongue);
    let around = scene.before.senses.and(behind.senses);
    let mut evidence = Evidence::new();
    evidence.add(likeness.feature());
    evidence.when(Feature::BareGiven, sides.given);
    evidence.when(Feature::BarePaired, sides.paired);
    evidence.when(Feature::BareAlone, sides.alone);
    evidence.when(Feature::BareQuoted, sides.quoted);
    evidence.when(Feature::NotBefore, scene.before.senses.any(Senses::NOT));
    evidence.when(Feature::Example, scene.before.senses.any(Senses::EXAMPLE));
    evidence.when(Feature::FaultAround, around.any(Senses::FAULT));
    evidence.scaled(Feature::TopicAround, f64::from((scene.before.topics + behind.topics).min(3)));
    evidence.when(Feature::Asked, sides.asked);
    if evidence.passes() {
        found(Candidate {
            rule: RuleNumber::Words(PASSWORD_RULE),
            range,
            confidence: evidence.confidence(),
            test: evidence.for_it(),
            inner: None,
        });
    }
}

/// The piece of text around the place at `at`, where that is the first one in it.
fn piece(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at.saturating_sub(SIDE_BYTES);
    let before = text.get(from..at)?;
    let behind = text.get(at..(at + SIDE_BYTES).min(text.len()))?;
    let cuts = |bytes: &[u8], at: usize| {
        let escaped = || at >= 4 && bytes.get(at - 4..at) == Some(b"&amp");
        kind(bytes[at]) == CUT || bytes[at] == b';' && !escaped()
    };
    let start = (0..before.len()).rev().find(|at| cuts(before, *at)).map_or(0, |at| at + 1);
    let end = (0..behind.len()).find(|at| cuts(behind, *at)).unwrap_or(behind.len());
    // A piece that goes on beyond what is read is longer than anything that people type.
    if start == 0 && from > 0 || end == behind.len() && at + end < text.len() {
        return None;
    }
    let (start, end) = (from + start, at + end);
    let piece = valid_prefix(text.get(start..end)?);
    let digit = at - start;
    // Scripts that write words without blanks leave none around it either, and their signs close it.
    let foreign = |c: char| is_unspaced(c) || !c.is_ascii() && !c.is_alphanumeric();
    let start = piece.get(..digit)?.char_indices().rev().find(|(_, c)| foreign(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let end = piece.get(digit..)?.find(foreign).map_or(piece.len(), |at| digit + at);
    let own = piece.get(start..end)?;
    let trimmed = own.trim_start_matches(['*', '_', '\'', '~']);
    let start = start + own.len() - trimmed.len();
    let trimmed = trimmed.trim_end_matches(['.', '?', ':', '*', '_', '\'', '~', '-']);
    let bytes = trimmed.as_bytes();
    let before = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let first = (1..bytes.len()).find(|at| is_place(before(at.wrapping_sub(2)), bytes[at - 1], bytes[*at]));
    let base = at - digit;
    (first.map(|at| start + at) == Some(digit)).then_some(base + start..base + start + trimmed.len())
}

/// How much a value by itself is like a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// A sign inside that words do not hold, and a digit: `Nordkai!5520`.
    Signed,
    /// Two words or more, joints between, and a digit: `Mildew.Tuesday.19`.
    Worded,
    /// Three words or more without a digit, or two with a sign between: `Plosive.Shield.Bondi`.
    Phrase,
    /// A word and a number, as names have them too: `Cambridge_1209`, `StopAskingMeJo1`.
    Named,
}

impl Likeness {
    fn feature(self) -> Feature {
        match self {
            Self::Signed => Feature::BareSigned,
            Self::Worded => Feature::BareWorded,
            Self::Phrase => Feature::BarePhrase,
            Self::Named => Feature::BareNamed,
        }
    }
}

fn likeness(value: &str) -> Option<Likeness> {
    let shape = Shape::of(value);
    let typed = |c: char| c.is_alphanumeric() || c.is_ascii() && kind(c as u8) & (SIGN | JOINT) != 0;
    if !CHARS.contains(&shape.chars) || shape.lower == 0 || shape.upper == 0 || !value.chars().all(typed) {
        return None;
    }
    let words = value.split(|c: char| !c.is_alphabetic()).filter(|word| is_plain(word)).count();
    let joined = shape.joints > 0 && words >= 2;
    let humped = || shape.joints + shape.signs == 0 && shape.tail && shape.digits <= 4 && humps(value) >= HUMPS_MIN;
    let likeness = match shape.digits {
        0 if words >= 2 && shape.sign_inside && !value.contains('+') || words >= 3 && shape.joints >= 2 => Likeness::Phrase,
        1.. if words > 0 && shape.sign_inside => Likeness::Signed,
        1.. if joined => Likeness::Worded,
        1.. if words > 0 && shape.joints > 0 || humped() => Likeness::Named,
        _ => return None,
    };
    let other = value.contains("++") || value.contains("..") || is_variable(value) || is_technical(value) || lookalike(value).is_some();
    (!other).then_some(likeness)
}

/// A word as people write it: small letters, or a capital and small ones.
fn is_plain(word: &str) -> bool {
    word.chars().count() >= 3 && word.chars().skip(1).all(char::is_lowercase)
}

/// Words that begin with a capital.
fn humps(value: &str) -> usize {
    let letters = value.trim_end_matches(char::is_numeric);
    let words = letters.split_inclusive(char::is_lowercase).filter(|part| part.chars().next().is_some_and(char::is_uppercase)).count();
    let shouted = letters.chars().zip(letters.chars().skip(1)).any(|(a, b)| a.is_uppercase() && b.is_uppercase());
    if shouted || !letters.starts_with(char::is_uppercase) { 0 } else { words }
}

/// A variable inside: `libVERSION$2`, `${x}`, an escaped byte of a link.
fn is_variable(value: &str) -> bool {
    let behind = |sign: char| value.split_once(sign).map_or("", |(_, behind)| behind);
    let named = behind('$');
    let hex = behind('%').get(..2).is_some_and(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
    named.len() >= 3 && named.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') || hex
}

/// What stands at both sides of a piece.
#[derive(Debug, Default)]
struct Sides {
    quoted: bool,
    alone: bool,
    /// A word or a sign gives it.
    given: bool,
    /// A user's name or an address stands before it.
    paired: bool,
    /// A question mark stands behind it.
    asked: bool,
}

/// Signs that may stand between a user's name and what is beside it.
const BETWEEN: [char; 14] = [' ', ',', '/', '|', '&', '+', '-', ':', '`', '*', '"', '(', '>', '\n'];

impl Sides {
    /// Nothing where the piece is a part of something else, or names somebody.
    fn of(text: &[u8], range: &Range<usize>) -> Option<Self> {
        let left = valid_suffix(text.get(range.start.saturating_sub(SIDE_BYTES)..range.start).unwrap_or_default());
        let right = text_behind(text, range.end);
        let line = without_tags_behind(left.rsplit('\n').next().unwrap_or_default()).trim_end();
        let quoted = left.ends_with(['`', '"', '*', '>', '“', '\'']);
        let last = ends_line(right, &[' ', '.', '!', '`', '*', '"', '\'', '”', ')']);
        let first = line.is_empty() && (left.is_empty() || left.ends_with(['\n', '>']));
        let part = left.ends_with('<') && right.starts_with('>')
            || left.ends_with(['@', '/', '\\', '=', '#', '.', '{', '[', '~', '$', '%'])
            || right.starts_with(['(', '=', '/', '\\', '@', '[', '{'])
            || right.strip_prefix(':').is_some_and(|behind| behind.starts_with(|c: char| !c.is_whitespace()));
        let spoken_to = first && !quoted && right.starts_with([':', ',']);
        let mut words = words(line).collect::<Vec<_>>().into_iter().rev().map(|word| (word, VOCABULARY.senses_anywhere(word)));
        let (word, senses) = words.next().unwrap_or_default();
        let named = senses.any(Senses::NAMED) || senses.any(Senses::JOIN) && words.next().is_some_and(|(_, senses)| senses.any(Senses::NAMED));
        if part || spoken_to || named {
            return None;
        }
        let joins = senses.any(Senses::JOIN.and(Senses::AND).and(Senses::GIVEN)) || THEN.contains(&word.to_lowercase().as_str());
        let signed = line.ends_with([':', '→', '-', '–', '—']) && !line.ends_with("--");
        let ahead = if joins { line.trim_end_matches(BETWEEN).strip_suffix(word).unwrap_or(line) } else { line };
        let user = ahead.trim_end_matches(BETWEEN).rsplit([' ', '|', '`', '*', '"', '(', '>', '\n', '、']).next().unwrap_or_default();
        let divided = joins || line.ends_with([',', '/', '|', '&', '+', '-', ':', '`']);
        let system = is_email(user) || is_user(user) && user.len() >= 4 && user.contains(['_', '.']) && lookalike(user) != Some(HOST_OR_FILE);
        Some(Self {
            quoted,
            alone: first && last,
            given: joins || signed && last,
            paired: divided && system,
            asked: right.starts_with('?'),
        })
    }
}

/// "then": what is typed in next.
const THEN: &[&str] = &["then", "dann", "puis", "luego", "poi", "dan", "depois", "potem", "sonra"];

fn text_behind(text: &[u8], end: usize) -> &str {
    const BYTES: usize = 96;
    valid_prefix(text.get(end..(end + BYTES).min(text.len())).unwrap_or_default())
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
            ("Rainy-Otter-58", Likeness::Worded),
            ("Wombat&Chisel", Likeness::Phrase),
            ("Plosive.Shield.Bondi", Likeness::Phrase),
            ("StopAskingMeJo1", Likeness::Named),
            ("Cambridge_1209", Likeness::Named),
        ] {
            assert_eq!(likeness(value), Some(like), "{value}");
        }
        for value in ["libstdc++Six6", "Lib2re$VERSION", "ubuntu+1", "v2.3.1-Beta4", "report_Final_v2.pdf", "ERP-2231", "fission61"] {
            assert_eq!(likeness(value), None, "{value}");
        }
    }
}
