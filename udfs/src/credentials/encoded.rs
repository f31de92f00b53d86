//! Text inside text: base64, percent-encoding and HTML entities, decoded so that the rules can look again.
//!
//! Nothing is decoded on suspicion: what leads here are literals in the one pass over the text, such as the base64 of the word
//! "password" at each of its three alignments. A text without one costs nothing.

mod triggers;

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

pub use triggers::{Trigger, triggers};

/// Levels of decoding: base64 in a percent-encoded link is two.
pub const LEVELS_MAX: usize = 2;

/// How a stretch of text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Base64 of either alphabet, over lines too.
    Base64,
    /// `%40` and the like, as in links.
    Percent,
    /// `&quot;`, `&#61;` and the like, as in HTML.
    Entities,
}

impl Encoding {
    /// What an explanation says of a finding inside.
    pub fn test(self) -> &'static str {
        match self {
            Self::Base64 => "found in decoded base64",
            Self::Percent => "found behind percent-encoding",
            Self::Entities => "found behind HTML entities",
        }
    }
}

/// A decoded stretch and where its bytes come from.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What the stretch says.
    pub text: Vec<u8>,
    places: Places,
}

#[derive(Debug, PartialEq, Eq)]
enum Places {
    /// A part of base64 shows as much as the whole: a finding inside stands for all of it.
    Whole(Range<usize>),
    /// For each decoded byte where its source starts, and the end of the last.
    Each(Vec<usize>),
}

impl Decoded {
    /// Where `range` of the decoded text stands in the encoded one.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        match &self.places {
            Places::Whole(whole) => whole.clone(),
            Places::Each(starts) => {
                let at = |place: usize| starts.get(place).or(starts.last()).copied().unwrap_or(0);
                at(range.start)..at(range.end)
            }
        }
    }

    /// The encoded stretch.
    pub fn whole(&self) -> Range<usize> {
        match &self.places {
            Places::Whole(whole) => whole.clone(),
            Places::Each(starts) => starts.first().copied().unwrap_or(0)..starts.last().copied().unwrap_or(0),
        }
    }
}

/// Decodes around the place where a trigger was seen.
pub fn decoded(trigger: &Trigger, text: &[u8], place: Range<usize>) -> Option<Decoded> {
    match (trigger.encoding, trigger.place) {
        (Encoding::Base64, Some(in_group)) => {
            // The pass ignores case, base64 does not.
            let exact = text.get(place.clone()) == Some(trigger.literal.as_slice());
            exact.then(|| base64_around(text, place.start, Some(in_group)))?
        }
        (Encoding::Base64, None) => announced_base64(text, place),
        (Encoding::Percent, _) => percent(text, place),
        (Encoding::Entities, _) => entities(text, place),
    }
}

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
const LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const LENIENT_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// What is decoded at once, in encoded bytes: enough for a key or a configuration file.
const RUN_BYTES_MAX: usize = 16 * 1024;

/// A shorter run holds no credential that its own rule would not know.
const RUN_BYTES_MIN: usize = 16;

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-')
}

/// The run of base64 around `at`, over line ends where the lines are full.
fn base64_run(text: &[u8], at: usize) -> Range<usize> {
    /// MIME and PEM break lines at 64 or 76.
    const LINE_BYTES_MIN: usize = 60;
    let floor = at.saturating_sub(RUN_BYTES_MAX);
    let mut start = at;
    loop {
        while start > floor && text.get(start - 1).is_some_and(|&b| is_base64(b)) {
            start -= 1;
        }
        let before = text.get(floor..start).unwrap_or_default();
        let Some(before) = before.strip_suffix(b"\r\n").or(before.strip_suffix(b"\n")) else { break };
        let line = before.iter().rev().take_while(|&&b| is_base64(b)).count();
        if line < LINE_BYTES_MIN {
            break;
        }
        start = floor + before.len();
    }
    let ceiling = (at + RUN_BYTES_MAX).min(text.len());
    let mut end = at;
    let mut line_start = start;
    loop {
        while end < ceiling && text.get(end).is_some_and(|&b| is_base64(b)) {
            end += 1;
        }
        let behind = text.get(end..ceiling).unwrap_or_default();
        let next = behind.strip_prefix(b"\r\n").or(behind.strip_prefix(b"\n"));
        let Some(next) = next.filter(|next| next.first().is_some_and(|&b| is_base64(b))) else { break };
        line_start = text.get(line_start..end).and_then(|l| l.iter().rposition(|&b| b == b'\n')).map_or(line_start, |n| line_start + n + 1);
        if end - line_start < LINE_BYTES_MIN {
            break;
        }
        end = ceiling - next.len();
        line_start = end;
    }
    while end < ceiling && text.get(end) == Some(&b'=') {
        end += 1;
    }
    start..end
}

fn base64_around(text: &[u8], at: usize, in_group: Option<usize>) -> Option<Decoded> {
    let mut run = base64_run(text, at);
    if let Some(in_group) = in_group {
        // A run that starts off its group has something else before it, joined by a slash or a dash.
        let before = text.get(run.start..at)?.iter().filter(|&&b| is_base64(b)).count();
        run.start += (before + 4 - in_group) % 4;
    }
    if run.len() < RUN_BYTES_MIN || run.start > at {
        return None;
    }
    let digits: Vec<u8> = text.get(run.clone())?.iter().copied().filter(|&b| is_base64(b)).collect();
    let url_safe = digits.iter().any(|b| matches!(b, b'_' | b'-'));
    let engine = if url_safe { &LENIENT_URL } else { &LENIENT };
    // Pictures and archives end here.
    const HEAD_DIGITS: usize = 64;
    let head = digits.get(..HEAD_DIGITS.min(digits.len() / 4 * 4)).unwrap_or_default();
    if !is_readable(&engine.decode(head).ok()?) {
        return None;
    }
    // One digit alone at the end says nothing.
    let whole = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
    let bytes = engine.decode(digits.get(..whole)?).ok()?;
    let text = from_utf16(&bytes).unwrap_or(bytes);
    Some(Decoded { text, places: Places::Whole(run) })
}

/// Text of any script, or UTF-16 as PowerShell takes it.
fn is_readable(bytes: &[u8]) -> bool {
    if from_utf16(bytes).is_some() {
        return true;
    }
    let text = super::boundary::valid_prefix(bytes);
    let cut = bytes.len() - text.len();
    const CHAR_BYTES_MAX: usize = 3;
    !text.is_empty() && cut <= CHAR_BYTES_MAX && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    const BYTES_MIN: usize = 8;
    let (pairs, _) = bytes.as_chunks::<2>();
    let latin =
        bytes.len() >= BYTES_MIN && pairs.iter().all(|[low, high]| *high == 0 && (*low >= b' ' || matches!(low, b'\n' | b'\r' | b'\t')));
    latin.then(|| pairs.iter().map(|[low, _]| char::from(*low)).collect::<String>().into_bytes())
}

/// The longest run on the announcing line.
fn announced_base64(text: &[u8], place: Range<usize>) -> Option<Decoded> {
    const SIDE_BYTES: usize = 512;
    let from = place.start.saturating_sub(SIDE_BYTES);
    let before = text.get(from..place.start)?;
    let from = before.iter().rposition(|&b| b == b'\n').map_or(from, |at| from + at + 1);
    let behind = text.get(place.end..(place.end + SIDE_BYTES).min(text.len()))?;
    let to = behind.iter().position(|&b| b == b'\n').map_or(place.end + behind.len(), |at| place.end + at);
    let mut best: Option<Range<usize>> = None;
    let mut at = from;
    while at < to {
        let run = text.get(at..to)?.iter().take_while(|&&b| is_base64(b)).count();
        let inside = at < place.end && at + run > place.start;
        if run >= RUN_BYTES_MIN && !inside && best.as_ref().is_none_or(|best| run > best.len()) {
            best = Some(at..at + run);
        }
        at += run.max(1);
    }
    base64_around(text, best?.start, None)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The word around the place, percent-decoded.
fn percent(text: &[u8], place: Range<usize>) -> Option<Decoded> {
    const SIDE_BYTES: usize = 2048;
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'<' | b'>' | b'`' | b'|');
    let from = place.start.saturating_sub(SIDE_BYTES);
    let start = text.get(from..place.start)?.iter().rposition(ends).map_or(from, |at| from + at + 1);
    let behind = text.get(place.end..(place.end + SIDE_BYTES).min(text.len()))?;
    let end = place.end + behind.iter().position(ends).unwrap_or(behind.len());
    let mut plain = Vec::with_capacity(end - start);
    let mut starts = Vec::with_capacity(end - start);
    let mut at = start;
    while at < end {
        let code = match (text.get(at), text.get(at + 1), text.get(at + 2)) {
            (Some(b'%'), Some(&high), Some(&low)) if at + 2 < end => hex(high).zip(hex(low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        starts.push(at);
        plain.push(code.or(text.get(at).copied())?);
        at += if code.is_some() { 3 } else { 1 };
    }
    starts.push(end);
    Some(Decoded { text: plain, places: Places::Each(starts) })
}

const ENTITIES: &[(&str, u8)] = &[
    ("amp;", b'&'),
    ("lt;", b'<'),
    ("gt;", b'>'),
    ("quot;", b'"'),
    ("apos;", b'\''),
    ("equals;", b'='),
    ("colon;", b':'),
    ("commat;", b'@'),
    ("sol;", b'/'),
    ("nbsp;", b' '),
];

/// The ASCII sign that an entity stands for, and the entity's length. What starts at `text[0]` is `&`.
fn entity(text: &[u8]) -> Option<(u8, usize)> {
    const NUMBER_BYTES_MAX: usize = 6;
    let name = text.get(1..)?;
    if let Some(number) = name.strip_prefix(b"#") {
        let (digits, radix, ahead) = match number.strip_prefix(b"x").or(number.strip_prefix(b"X")) {
            Some(digits) => (digits, 16, 3),
            None => (number, 10, 2),
        };
        let length = digits.iter().take(NUMBER_BYTES_MAX).position(|&b| b == b';')?;
        let code = u8::from_str_radix(std::str::from_utf8(digits.get(..length)?).ok()?, radix).ok()?;
        return code.is_ascii().then_some((code, ahead + length + 1));
    }
    ENTITIES.iter().find(|(entity, _)| name.starts_with(entity.as_bytes())).map(|(entity, sign)| (*sign, entity.len() + 1))
}

/// The text some way around the place with its entities read.
fn entities(text: &[u8], place: Range<usize>) -> Option<Decoded> {
    const SIDE_BYTES: usize = 400;
    let start = place.start.saturating_sub(SIDE_BYTES);
    let end = (place.end + SIDE_BYTES).min(text.len());
    // A whole line is read where one is near, so that words keep their beginnings.
    let start = text.get(start..place.start)?.iter().position(|&b| b == b'\n').filter(|_| start > 0).map_or(start, |at| start + at + 1);
    let mut plain = Vec::with_capacity(end - start);
    let mut starts = Vec::with_capacity(end - start);
    let mut at = start;
    while at < end {
        let rest = text.get(at..end)?;
        let (sign, length) = if rest.first() == Some(&b'&') { entity(rest).unwrap_or((b'&', 1)) } else { (*rest.first()?, 1) };
        starts.push(at);
        plain.push(sign);
        at += length;
    }
    starts.push(end);
    Some(Decoded { text: plain, places: Places::Each(starts) })
}

#[cfg(test)]
mod tests;
