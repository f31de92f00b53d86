//! Passwords that so many people have that they need no word to announce them: `Welcome123!`, `P@ssw0rd2026`.

use std::ops::Range;

use super::boundary::valid_prefix;
use super::keywords::Keyword;
use super::languages::Senses;
use super::lookalike::lookalike;
use super::ruleset::Candidate;
use super::shape::Shape;
use super::sighting::{Link, Reading, Sighting};
use super::tokens::{Before, Token};
use super::value::password_strength;
use super::words::Reader;

/// How they begin. What follows makes them passwords: digits and a sign.
pub const BEGINNINGS: &[&str] = &[
    "welcome1",
    "welcome2",
    "welcome@",
    "welcome!",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pa$$w0rd",
    "pa$$word",
    "password1",
    "password2",
    "password@",
    "passwort1",
    "passwort2",
    "qwerty1",
    "qwertz1",
    "azerty1",
    "letmein",
    "changeme1",
    "admin@1",
    "admin123",
    "hello123",
    "hallo123",
    "test123",
    "bienvenue1",
    "bienvenido1",
    "bemvindo1",
    "willkommen1",
    "welkom01",
    "welkom1",
    "benvenuto1",
    "witaj1",
    "välkommen1",
    "summer20",
    "winter20",
    "spring20",
    "autumn20",
    "sommer20",
    "herbst20",
    "frühling20",
    "printemps20",
    "verano20",
    "invierno20",
    "estate20",
    "zomer20",
    "lente20",
];

/// Looks at the whole piece of text around `place`.
pub fn judge(text: &[u8], place: Range<usize>, keyword: &Keyword, found: &mut impl FnMut(Candidate)) {
    const BYTES_MAX: usize = 40;
    let part = |b: &u8| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'`' | b'<' | b'>' | b',' | b';' | b'|');
    // It begins with the word: in the middle of a name it is a part of that name.
    if place
        .start
        .checked_sub(1)
        .and_then(|at| text.get(at))
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'#'))
    {
        return;
    }
    let behind = text.get(place.start..(place.start + BYTES_MAX).min(text.len())).unwrap_or_default();
    let length = behind.iter().take_while(|b| part(b)).count();
    let value = valid_prefix(behind.get(..length).unwrap_or_default()).trim_end_matches(['.', ':', '?', ')', '*', '\'', '’']);
    let shape = Shape::of(value);
    if length == BYTES_MAX
        || value.contains('/')
        || shape.signs == 0 && !value.contains(['@', '$'])
        || shape.digits == 0
        || lookalike(value).is_some()
        || password_strength(value) < 0.5
    {
        return;
    }
    let rest = valid_prefix(text.get(place.start + value.len()..).map_or(&[][..], |rest| rest.get(..BYTES_MAX).unwrap_or(rest)));
    let quoted = place.start.checked_sub(1).and_then(|at| text.get(at)).is_some_and(|b| matches!(b, b'"' | b'`' | b'\'' | b'*' | b'>'));
    let token = Token {
        range: 0..value.len(),
        before: Before { quoted, ..Before::default() },
        line: 0,
        behind: rest.chars().next(),
        alone: false,
        last: false,
    };
    let mut reader = Reader::new(text, place.clone(), keyword);
    reader.base = place.start;
    // Whoever warns of them names them too.
    if reader.scene().before.senses.any(Senses::EXAMPLE.and(Senses::ASK).and(Senses::NOT).and(Senses::TOPIC)) {
        return;
    }
    let sighting = Sighting { value, token: &token, link: Link::Near, place: 0, reading: Reading::default(), rest };
    reader.hand(&sighting, found);
}
