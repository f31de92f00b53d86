//! Text inside text: base64, percent-encoding and HTML entities, decoded so that the rules can look again.
//!
//! Nothing is decoded on suspicion: what leads here are literals in the one pass over the text, such as the base64 of the word
//! "password" at each of its three alignments. A text without one costs nothing.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

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

/// A literal that says that something may be encoded here.
#[derive(Debug)]
pub struct Trigger {
    /// What the literal pass looks for, in any case of letters.
    pub literal: Vec<u8>,
    /// How its surroundings are encoded.
    pub encoding: Encoding,
    /// For the base64 of a known word: at which of the four places of a base64 group the literal starts.
    place: Option<usize>,
}

/// Words and beginnings that stand in texts with credentials, as they are written. Their base64 forms are triggers.
const NEEDLES: &[&str] = &[
    "password",
    "Password",
    "PASSWORD",
    "passwd",
    "secret",
    "Secret",
    "SECRET",
    "_token",
    "Token",
    "TOKEN",
    "api_key",
    "apikey",
    "apiKey",
    "API_KEY",
    "-----BEGIN ",
    "PRIVATE KEY",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "hooks.slack.com",
    "sk_live_",
    "rk_live_",
    "sk-ant-",
    "sk-proj-",
    "AIza",
    "ya29.",
    "npm_",
    "hvs.",
    "dop_v1_",
    "postgres",
    "mysql://",
    "mongodb",
    "redis://",
    "amqp://",
    "Bearer ",
    "AccountKey=",
    "AGE-SECRET-KEY",
    "eyJhbGci",
    "cGFzc3dvcm",
    "c2VjcmV0",
];

/// What announces base64 on its line.
const ANNOUNCING_BASE64: &[&str] = &[
    "base64 -d",
    "base64 --decode",
    "b64decode(",
    "base64_decode(",
    "atob(",
    "frombase64string(",
    ";base64,",
    "-encodedcommand ",
    "powershell -enc ",
    "powershell -e ",
];

/// Percent-encoded parts of links and forms that can hold a credential.
const ANNOUNCING_PERCENT: &[&str] = &[
    "password%3d",
    "passwd%3d",
    "pwd%3d",
    "token%3d",
    "secret%3d",
    "key%3d",
    "password%3a",
    "token%3a",
    "secret%3a",
    "password%22",
    "token%22",
    "secret%22",
    "key%22",
    "%3a%2f%2f",
    "%253a%252f",
    "%253d",
];

/// Entities in code that went through HTML.
const ANNOUNCING_ENTITIES: &[&str] = &[
    "password&quot;",
    "passwd&quot;",
    "secret&quot;",
    "token&quot;",
    "key&quot;",
    "pass&quot;",
    "&lt;password",
    "&lt;secret",
    "&lt;token",
    "&lt;apikey",
    "&lt;api_key",
    "&#61;",
    "&#58;",
    "&#34;",
    "&#64;",
    "&#x3d;",
    "&#x3a;",
    "&#x22;",
    "&#x40;",
    "=&gt; &quot;",
    "=&gt; '",
    "=&gt; \"",
    "=&gt;&quot;",
    "&equals;",
    "&colon;",
];

/// What stands right before a token in JSON, in assignments, in sentences and on lines of their own.
const SIGNS_BEFORE: &[char] = &['"', '\'', '=', ':', ' ', '\n'];

/// The base64 characters that are the same whatever stands around `needle` when it starts at byte `shift` of a group of three,
/// and at which place of the group of four the first of them stands.
fn stable(needle: &str, shift: usize) -> (usize, Vec<u8>) {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(needle.as_bytes());
    let encoded = LENIENT.encode(&bytes).into_bytes();
    // Bits of the needle: a character counts if all its six bits are the needle's.
    let first = (shift * 8).div_ceil(6);
    let last = (bytes.len() * 8) / 6;
    (first % 4, encoded.get(first..last).unwrap_or_default().to_vec())
}

/// All triggers; their numbers are their places.
pub fn triggers() -> &'static [Trigger] {
    /// Shorter stable parts occur by chance.
    const STABLE_BYTES_MIN: usize = 5;
    static TRIGGERS: LazyLock<Vec<Trigger>> = LazyLock::new(|| {
        let mut all = Vec::new();
        let mut push = |needle: &str, shift: usize| {
            let (place, literal) = stable(needle, shift);
            let long = literal.len() >= STABLE_BYTES_MIN;
            if long {
                all.push(Trigger { literal, encoding: Encoding::Base64, place: Some(place) });
            }
            long
        };
        for (needle, shift) in NEEDLES.iter().flat_map(|needle| (0..3).map(move |shift| (needle, shift))) {
            if !push(needle, shift) {
                // Four letters in the middle of a group: with the sign before them more of the text is known.
                for sign in SIGNS_BEFORE {
                    push(&format!("{sign}{needle}"), shift - 1);
                }
            }
        }
        let announced =
            [(ANNOUNCING_BASE64, Encoding::Base64), (ANNOUNCING_PERCENT, Encoding::Percent), (ANNOUNCING_ENTITIES, Encoding::Entities)];
        for (literals, encoding) in announced {
            all.extend(literals.iter().map(|l| Trigger { literal: l.as_bytes().to_vec(), encoding, place: None }));
        }
        all
    });
    &TRIGGERS
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
    let start = text.get(from..place.start)?.iter().rposition(|b| ends(b)).map_or(from, |at| from + at + 1);
    let behind = text.get(place.end..(place.end + SIDE_BYTES).min(text.len()))?;
    let end = place.end + behind.iter().position(|b| ends(b)).unwrap_or(behind.len());
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
