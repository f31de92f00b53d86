//! A look at the bytes around a keyword, before anything is cut into tokens: does something stand there that could be a value?

use std::ops::Range;

use super::super::keywords::{Class, Keyword};

/// Bytes behind a keyword within which a sign can assign.
const ASSIGN_BYTES: usize = 48;

/// Bytes that plain sentences hardly contain.
static UNUSUAL: [bool; 256] = {
    let mut unusual = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        unusual[byte] = (byte as u8).is_ascii_digit()
            || matches!(byte as u8, b'!' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'+' | b'=' | b'~' | b'@' | b'?');
        byte += 1;
    }
    unusual
};

/// Whether a byte stands in the text that plain sentences hardly contain. All are read: the texts are short, and no branch has to be guessed.
pub fn holds_unusual(text: &[u8]) -> bool {
    text.iter().fold(false, |some, byte| some | UNUSUAL[usize::from(*byte)])
}

/// Whether a value that could pass stands in the text at all: most sentences about users and keys end here, at the price of one look at
/// their bytes.
pub fn may_hold_value(text: &[u8], keyword: &Keyword) -> bool {
    match keyword.class {
        Class::Act if keyword.opens => {
            text.split(u8::is_ascii_whitespace).any(is_mixed) || text.iter().any(|b| matches!(b, b'"' | b'\'' | b'`' | b'<' | 0x80..))
        }
        Class::Seed => true,
        Class::Says => pieces(text).take(SAID_PIECES).any(is_mixed),
        Class::Login | Class::Act | Class::Spelling => text.split(u8::is_ascii_whitespace).any(is_mixed),
        _ => {
            let near = text.get(..ASSIGN_BYTES).unwrap_or(text);
            let assigns = |b: u8| matches!(b, b':' | b'"' | b'\'' | b'`' | b'|' | b'/' | b'>') || b >= 0x80;
            near.iter().copied().any(assigns)
                || holds_unusual(text)
                || pieces(text).any(|piece| may_be_joined(piece) || has_humps(piece))
                || keyword.phrase
        }
    }
}

/// What something is begins so near behind the word that says so.
const SAID_PIECES: usize = 2;

/// Whether [`may_hold_value`] may hold behind a word that says what something is: a quote that closes the word can be a piece as well.
pub fn may_say_value(text: &[u8]) -> bool {
    let mut rest = text;
    for _ in 0..=SAID_PIECES {
        let Some(start) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) else { return false };
        rest = &rest[start..];
        // Small letters alone are most pieces.
        let plain = rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        let length = plain + rest[plain..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        if length > plain && is_mixed(&rest[..length]) {
            return true;
        }
        rest = &rest[length..];
    }
    false
}

/// Whether words may be joined to a pass phrase in the piece.
pub fn may_be_joined(piece: &[u8]) -> bool {
    const BYTES_MIN: usize = 14;
    piece.len() >= BYTES_MIN && piece.iter().filter(|b| matches!(b, b'-' | b'_' | b'.')).count() >= 2
}

/// Whether words are written as one with capitals inside (`rainOnTuesdays`), or letters of both cases mixed.
fn has_humps(piece: &[u8]) -> bool {
    const BYTES_MIN: usize = 10;
    let humps = piece.array_windows().filter(|[a, b]| a.is_ascii_lowercase() && b.is_ascii_uppercase()).count();
    piece.len() >= BYTES_MIN && humps >= 2
}

/// What stands between blanks.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|piece| !piece.is_empty())
}

const LETTER: u8 = 1;
const CAPITAL: u8 = 1 << 1;
const DIGIT: u8 = 1 << 2;
const SIGN: u8 = 1 << 3;
/// A sign that sentences hold as well.
const JOINT: u8 = 1 << 4;

/// What a byte is to [`is_mixed`].
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'.' | b',' | b'?' | b'!' | b':' | b';' | b')' | b'(' | b'\'' | b'"' | b'-' | b'/' | b'*' | b'`' | b'_' => JOINT,
            b'A'..=b'Z' => LETTER | CAPITAL,
            b'a'..=b'z' | 0x80.. => LETTER,
            b'0'..=b'9' => DIGIT,
            sign if sign.is_ascii_punctuation() => SIGN,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// Letters mixed with digits, signs or capitals, as no word of a sentence and few names are.
fn is_mixed(piece: &[u8]) -> bool {
    const BYTES_MIN: usize = 6;
    if piece.len() < BYTES_MIN {
        return false;
    }
    let kinds = |part: &[u8]| part.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
    let inner = || kinds(&piece[1..]) & CAPITAL != 0 || kinds(&piece[2..piece.len() - 1]) & JOINT != 0;
    let all = kinds(piece);
    all & LETTER != 0
        // Most pieces are plain words.
        && (all & (DIGIT | SIGN) != 0 || all & (CAPITAL | JOINT) != 0 && inner())
        && !piece.starts_with(b"http")
        && !piece.starts_with(b"/")
}

/// Whether digits stand near enough to be the number that opens something: most words for codes end here.
pub fn holds_number(text: &[u8], place: &Range<usize>) -> bool {
    const NEAR_BYTES: usize = 96;
    const DIGITS_MIN: usize = 3;
    let near = text.get(place.start.saturating_sub(NEAR_BYTES / 2)..(place.end + NEAR_BYTES).min(text.len())).unwrap_or_default();
    near.iter().filter(|b| b.is_ascii_digit()).count() >= DIGITS_MIN
}

/// Whether digits stand right beside the word: what is keyed in does.
pub fn is_beside_digits(text: &[u8], place: &Range<usize>) -> bool {
    const NEAR_BYTES: usize = 40;
    const PIECES: usize = 3;
    let digits = |piece: &[u8]| piece.iter().any(u8::is_ascii_digit);
    let behind = text.get(place.end..(place.end + NEAR_BYTES).min(text.len())).unwrap_or_default();
    let before = text.get(place.start.saturating_sub(NEAR_BYTES)..place.start).unwrap_or_default();
    // A word that goes on takes a piece.
    pieces(behind).take(PIECES + 1).any(digits) || before.rsplit(u8::is_ascii_whitespace).filter(|p| !p.is_empty()).take(PIECES).any(digits)
}
