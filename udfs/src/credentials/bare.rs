//! Passwords that no word announces: `Nordkai!5520`, `Mildew.Tuesday.19`, or a likely value near a word for a login.
//!
//! What leads here is no literal but a digit, a capital or a letter behind a sign, in a piece of text that holds small letters and capitals
//! ([`places`]), or a word about logins near a piece that is no password everywhere else ([`near`]). What such a piece is made of
//! (`likeness`) and what stands beside it (`sides`) decide; without either it is at most as likely as not.

mod likeness;
mod sides;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use super::boundary::{is_unspaced, valid_prefix};
use super::documented;
use super::evidence::{Evidence, Feature};
use super::glance::unlike_words;
use super::keywords::{Class, Keyword, sign};
use super::languages::Senses;
use super::placeholder;
use super::ruleset::Candidate;
use super::words::{Reader, password};
use likeness::{CHARS, HUMPS_MIN, Likeness};
use sides::Ends;
pub use sides::{is_typed, line_of};

/// What a word near a piece speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Logins, users, what opens.
    Login,
    /// Passwords.
    Password,
}

/// No keyword: the value speaks for itself.
static NONE: LazyLock<Keyword> = LazyLock::new(|| sign("", Class::Bare, false));

/// Bytes of a piece that are read to each side of a place.
const SIDE_BYTES: usize = 48;

/// Bytes that one look for places reads.
const BLOCK: usize = 64;

/// Bytes before and behind a word about logins within which a piece may be what it speaks of.
const TOPIC_BEFORE_BYTES: usize = 100;
const TOPIC_BEHIND_BYTES: usize = 180;

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
        let window = values.get(start.saturating_sub(AHEAD)..(start + BLOCK).min(to)).unwrap_or_default();
        let mut padded = [0; AHEAD + BLOCK];
        let block = match window.first_chunk() {
            Some(block) if start >= AHEAD => block,
            _ => {
                padded.iter_mut().skip(AHEAD.saturating_sub(start)).zip(window).for_each(|(to, from)| *to = *from);
                &padded
            }
        };
        for (offset, eight) in (0..).step_by(8).zip(hints(block).as_chunks().0) {
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

/// A digit behind something else in its piece, a capital behind a sign that joins it to a small letter, or any letter behind `!`.
#[inline(always)]
fn is_place(before_that: u8, before: u8, byte: u8) -> bool {
    let kinds = kind(before);
    byte.is_ascii_digit() && kinds & (LOWER | UPPER | SIGN | JOINT) != 0
        || byte.is_ascii_uppercase() && before_that.is_ascii_lowercase() && kinds & (SIGN | JOINT) != 0
        || before == b'!' && byte.is_ascii_alphabetic() && before_that.is_ascii_alphabetic()
}

/// Marks where there may be a place in the block. All bytes are treated alike, so that no branch has to be guessed: sixteen at once.
fn hints(block: &[u8; AHEAD + BLOCK]) -> [u8; BLOCK] {
    let within = |byte: u8, from: u8, count: u8| u8::from(byte.wrapping_sub(from) < count);
    std::array::from_fn(|at| {
        let (before_that, before, byte) = (block[at], block[at + 1], block[at + 2]);
        let piece = u8::from(before > b' ');
        let digit = within(byte, b'0', 10) & (1 - within(before, b'0', 10));
        let joined = within(byte, b'A', 26) & within(before_that, b'a', 26);
        let divided = within(before, b'!', 1) & within(byte | 0x20, b'a', 26);
        piece & (digit | joined | divided)
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

/// Looks at the piece of text around the place at `at`; `topics` are the places of words about logins, in order.
pub fn judge(text: &[u8], at: usize, topics: &[(usize, Topic)], found: &mut impl FnMut(Candidate)) {
    let Some(range) = piece(text, at) else { return };
    if first_place(text, &range) == Some(at) {
        weigh(text, range, |likeness: Likeness| !likeness.needs_topic(), nearest(topics, at), found);
    }
}

/// Looks at a piece that a sign or a word joins to a mail address.
pub fn beside_address(text: &[u8], range: Range<usize>, found: &mut impl FnMut(Candidate)) {
    weigh(text, range, |_| true, None, found);
}

/// Looks at the pieces of text near words about logins that are less than a password everywhere else.
pub fn near(text: &[u8], topics: &[(usize, Topic)], found: &mut impl FnMut(Candidate)) {
    const CAPITALS: u8 = 0x20;
    let mut at = 0;
    for (topic, _) in topics {
        at = topic.saturating_sub(TOPIC_BEFORE_BYTES).max(at);
        let end = (topic + TOPIC_BEHIND_BYTES).min(text.len());
        // Only around bytes that plain words do not have is there something to read.
        while let Some(place) = unlike_words(text, at, CAPITALS).filter(|place| *place < end) {
            let last = text.get(place + 1).is_none_or(|next| kind(*next) == CUT);
            at = place + 1;
            if kind(text[place]) & (DIGIT | SIGN | JOINT) == 0 || last && kind(text[place]) != DIGIT {
                continue;
            }
            let cut = |byte: &u8| kind(*byte) == CUT;
            let start = text[..place].iter().rposition(cut).map_or(0, |at| at + 1);
            let stop = text[place..].iter().position(cut).map_or(text.len(), |length| place + length);
            let mut seen = Seen::default();
            text[start..stop].iter().for_each(|byte| seen.read(kind(*byte)));
            at = stop;
            if seen.may_be()
                && let Some(range) = piece(text, place)
            {
                weigh(text, range, Likeness::needs_topic, nearest(topics, place), found);
            }
        }
    }
}

/// What has been read of a piece that may be one of those that need a word about logins.
#[derive(Debug, Default)]
struct Seen {
    all: u8,
    length: usize,
    digits: usize,
    joints: usize,
    letters: usize,
    words: usize,
}

impl Seen {
    #[inline(always)]
    fn read(&mut self, kind: u8) {
        const LETTERS_MIN: usize = 3;
        self.all |= kind;
        self.length += 1;
        self.letters = if kind & (LOWER | UPPER) != 0 { self.letters + 1 } else { 0 };
        self.words += usize::from(self.letters == LETTERS_MIN);
        self.digits += usize::from(kind == DIGIT);
        self.joints += usize::from(kind == JOINT);
    }

    /// Digits beside letters, or small letters with signs inside.
    fn may_be(&self) -> bool {
        const TAIL_DIGITS_MAX: usize = 4;
        if self.length < CHARS.start || self.words == 0 {
            false
        } else if self.digits == 0 {
            self.all & UPPER == 0 && self.words >= 2 && (self.all & SIGN != 0 || self.joints >= 2)
        } else {
            self.all & (SIGN | JOINT) != 0 || self.digits <= TAIL_DIGITS_MAX
        }
    }
}

/// What is spoken of near a place: passwords rather than logins.
fn nearest(topics: &[(usize, Topic)], at: usize) -> Option<Topic> {
    let first = topics.partition_point(|(place, _)| place + TOPIC_BEHIND_BYTES < at);
    let near = topics.iter().skip(first).take_while(|(place, _)| place.saturating_sub(TOPIC_BEFORE_BYTES) <= at);
    near.map(|(_, topic)| *topic).max()
}

/// Weighs a piece of a certain likeness.
fn weigh(text: &[u8], range: Range<usize>, wanted: impl Fn(Likeness) -> bool, topic: Option<Topic>, found: &mut impl FnMut(Candidate)) {
    let value = valid_prefix(text.get(range.clone()).unwrap_or_default());
    let plain = if value.contains('&') { Cow::Owned(value.replace("&amp;", "&")) } else { Cow::Borrowed(value) };
    let Some(likeness) = Likeness::of(&plain).filter(|likeness| wanted(*likeness)) else { return };
    let ends = Ends::of(text, &range);
    // Most pieces end here, before any word is looked up in its language.
    let passes = likeness == Likeness::Signed || topic.is_some() && !likeness.needs_cue();
    let speaks = passes || ends.may_stand_out() || likeness.may_be_given() && ends.may_be_given();
    if !speaks || likeness.is_something_else(&plain) {
        return;
    }
    let mut reader = Reader::new(text, range.start..range.start, &NONE);
    let Some(sides) = ends.sides(reader.tongue()) else { return };
    // Users and things are called so.
    if sides.labelled && likeness == Likeness::Tail || sides.named && likeness != Likeness::Signed {
        return;
    }
    if placeholder::password(value.as_bytes()).is_some() || documented::is_documented(value.as_bytes()) {
        return;
    }
    let scene = reader.scene();
    if scene.log || scene.code {
        return;
    }
    let mut evidence = Evidence::new();
    evidence.add(likeness.feature());
    evidence.when(Feature::BareTopic, topic == Some(Topic::Login));
    evidence.when(Feature::BareOfPassword, topic == Some(Topic::Password));
    evidence.when(Feature::BareGiven, sides.given);
    evidence.when(Feature::BareTyped, sides.typed);
    evidence.when(Feature::BarePaired, sides.paired && !(sides.listed && likeness.needs_topic()));
    evidence.when(Feature::BareOfAddress, sides.paired && sides.addressed);
    evidence.when(Feature::BareAlone, sides.alone);
    evidence.when(Feature::BareQuoted, sides.quoted);
    evidence.when(Feature::BareSpelled, sides.spelled);
    evidence.when(Feature::NotBefore, scene.before.senses.any(Senses::NOT));
    evidence.when(Feature::Example, scene.before.senses.any(Senses::EXAMPLE));
    evidence.scaled(Feature::TopicAround, f64::from(scene.before.topics.min(3)));
    evidence.when(Feature::Asked, sides.asked);
    password(range, &evidence).into_iter().for_each(found);
}

/// The piece of text around the byte at `at`.
fn piece(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at.saturating_sub(SIDE_BYTES);
    let before = text.get(from..at)?;
    let behind = text.get(at..(at + SIDE_BYTES).min(text.len()))?;
    let start = (0..before.len()).rev().find(|at| cuts(before, *at)).map_or(0, |at| at + 1);
    let end = (0..behind.len()).find(|at| cuts(behind, *at)).unwrap_or(behind.len());
    // A piece that goes on beyond what is read is longer than anything that people type.
    if start == 0 && from > 0 || end == behind.len() && at + end < text.len() {
        return None;
    }
    let piece = valid_prefix(text.get(from + start..at + end)?);
    let inside = at - from - start;
    if piece.is_ascii() {
        return Some(trimmed(piece, from + start));
    }
    // Scripts that write words without blanks leave none around it either, and their signs close it.
    let foreign = |c: char| is_unspaced(c) || !c.is_ascii() && !c.is_alphanumeric();
    let head = piece.get(..inside)?.char_indices().rev().find(|(_, c)| foreign(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let tail = piece.get(inside..)?.find(foreign).map_or(piece.len(), |at| inside + at);
    Some(trimmed(piece.get(head..tail)?, from + start + head))
}

/// The piece that starts at `start` without the signs that close or quote it.
fn trimmed(piece: &str, start: usize) -> Range<usize> {
    let own = piece.trim_start_matches(['*', '_', '~']);
    let start = start + piece.len() - own.len();
    start..start + own.trim_end_matches(['.', '?', ':', '*', '_', '~', '-']).len()
}

/// Whether the byte ends a piece. An escaped `&` belongs to it, what else is escaped does not.
fn cuts(bytes: &[u8], at: usize) -> bool {
    let from = |start: usize| bytes.get(start..).unwrap_or_default();
    match bytes[at] {
        b';' => !(at >= 4 && from(at - 4).starts_with(b"&amp")),
        b'&' => [&b"&quot"[..], b"&#", b"&lt", b"&gt", b"&nbsp", b"&apos", b"&rsquo", b"&ldquo", b"&rdquo"]
            .iter()
            .any(|escape| from(at).starts_with(escape)),
        byte => kind(byte) == CUT,
    }
}

/// The first place in a piece.
fn first_place(text: &[u8], range: &Range<usize>) -> Option<usize> {
    let bytes = text.get(range.clone())?;
    let before = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    (1..bytes.len()).find(|at| is_place(before(at.wrapping_sub(2)), bytes[at - 1], bytes[*at])).map(|at| range.start + at)
}
