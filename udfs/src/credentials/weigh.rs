//! What a value must look like for its keyword: a password, a number, a token, a recovery code, a seed.

mod number;
mod phrase;

pub use number::number;

use super::boundary::is_unspaced;
use super::evidence::{Evidence, Feature};
use super::glance;
use super::keywords::{Class, Keyword};
use super::languages::{ENGLISH, VOCABULARY};
use super::lookalike::{HOST_OR_FILE, lookalike};
use super::pair::is_strong;
use super::placeholder;
use super::shape::{Shape, is_common, is_technical};
use super::sighting::{Link, Sighting, ends_line};
use super::value::{password_strength, token_strength};
use super::words::is_word;
pub use phrase::is_joined;
use phrase::{is_couple, is_humped, is_scrambled, phrase};

/// What a value is rather than a secret, wherever it stands.
const NEVER: &[&str] = &[
    "a link",
    "a UUID",
    "a mail address",
    "an emoji",
    "an assignment of its own",
    "a key combination",
    "public by design",
    "an account's number",
    "a command",
    "an error code or a fingerprint",
    "a path or a mention",
    "the name of an algorithm",
    "the id of a resource",
];

/// Notes what speaks for a password.
pub fn password(keyword: &Keyword, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    let Sighting { value, token, link, .. } = *sighting;
    let own = keyword.class == Class::Password;
    let shape = Shape::of(value);
    if value.contains(' ') {
        return phrase(keyword, sighting, evidence);
    }
    let unspaced = value.chars().filter(|c| is_unspaced(*c)).count();
    if unspaced > if own { 2 * UNSPACED_MAX } else { UNSPACED_MAX } {
        return Err("a sentence");
    }
    // Behind a user's name two words written as one are no word: `RoofRoof!`.
    let paired = keyword.class == Class::Pair && shape.capital_inside && shape.signs > 0;
    if is_word(value) && !paired {
        return word(value, own, sighting, evidence);
    }
    if keyword.opens && is_behind(sighting) && shape.digits == 0 && is_joined(value) {
        evidence.add(Feature::Phrase);
        return Ok(());
    }
    hinted(keyword, sighting, shape)?;
    if &*keyword.text == "ssid" && sighting.place == 0 {
        return Err("the name of a network");
    }
    // Beside a word for a login stand names of people, machines and programs.
    if keyword.class == Class::Login && !glance::is_odd(value) {
        return Err("a name");
    }
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if keyword.class == Class::Login && shape.chars > TYPED_CHARS_MAX && value.bytes().all(base64) && !value.starts_with("0x") {
        return Err("longer than what somebody types");
    }
    let uncommon = shape.sign_inside || shape.upper > 0 && shape.lower > 0 || shape.signs > 0 && shape.chars >= 8;
    let cased = shape.sign_inside && shape.upper > 0 && shape.lower > 0 && value.contains(['!', '$', '%', '^', '*']);
    // What a generator made has no words in it.
    let random = shape.capital_inside && shape.digit_inside && shape.joints == 0 && shape.chars >= 8;
    let mixed = shape.letters_run >= 4 && (shape.digits > 0 && uncommon || cased) || random;
    let near = sighting.place <= 1 || link == Link::Late && sighting.place <= 3 && !token.before.sentence;
    if keyword.class == Class::Says && (!mixed || !near) {
        return Err("too little speaks for a credential");
    }
    if shape.is_number(value) {
        const DIGITS: std::ops::RangeInclusive<usize> = 4..=14;
        let given = link.direct() || matches!(link, Link::Adjacent | Link::OwnLine);
        if !own || !given || sighting.reading.ended || !DIGITS.contains(&shape.digits) {
            return Err("a number");
        }
        evidence.add(Feature::Digits);
        evidence.when(Feature::DigitsFew, shape.digits < 6);
        return Ok(());
    }
    let alone = token.before.quoted || ends_line(sighting.rest, CLOSING) && !token.before.comma;
    let given = sighting.link.direct() || alone && matches!(link, Link::Adjacent | Link::OwnLine);
    let joined = is_joined(value) || alone && is_couple(value);
    if given && own && joined && lookalike(value) != Some(HOST_OR_FILE) {
        evidence.add(Feature::Phrase);
        return Ok(());
    }
    if let Some(reason) = lookalike(value) {
        let in_code = own && link == Link::Assigned && token.before.quoted && password_strength(value) >= 0.3;
        let near = link == Link::OwnLine || own && !keyword.shared && link == Link::Adjacent;
        // Below a question about passwords stands as often the name of an attached file as an answer.
        let attached = reason == HOST_OR_FILE && token.line > 0;
        if NEVER.contains(&reason) && !in_code || !link.direct() && (!near || attached) {
            return Err(reason);
        }
        evidence.when(Feature::Lookalike, !in_code);
    }
    shape.password(value, evidence);
    Ok(())
}

/// Longer values beside a user's name are no passwords.
const TYPED_CHARS_MAX: usize = 64;

/// What may close a value and its sentence at the end of a line.
const CLOSING: &[char] = &['"', '\'', '`', '*', '_', '”', '’', '»', ')', '.', '!', ' '];

/// Whether the value stands right behind the word, or one word between.
fn is_behind(sighting: &Sighting<'_>) -> bool {
    sighting.place <= 1 && !matches!(sighting.link, Link::Reverse | Link::ReverseRole)
}

/// Where no word names a password, only a value will do that nobody would write for another reason.
fn hinted(keyword: &Keyword, sighting: &Sighting<'_>, shape: Shape) -> Result<(), &'static str> {
    const FALLS: Result<(), &str> = Err("too little speaks for a credential");
    let Sighting { value, link, .. } = *sighting;
    let hint = matches!(keyword.class, Class::Act | Class::Spelling | Class::Says) || matches!(link, Link::Reverse | Link::ReverseRole);
    if !hint {
        return Ok(());
    }
    // What is typed in stands right behind the word, or is any word of a sentence.
    if keyword.keyed && keyword.class == Class::Act && !(sighting.place <= 1 && matches!(link, Link::Adjacent | Link::Copula)) {
        return FALLS;
    }
    // Where the words leave open only which password it is, letters and digits will do.
    let told = keyword.opens && is_behind(sighting) || keyword.class == Class::Spelling && matches!(link, Link::Late | Link::Assigned);
    let fair = told && shape.letters_run >= 4 && shape.chars >= 8 && shape.digits > 0 && lookalike(value).is_none() && !is_technical(value);
    let named = keyword.class == Class::Password && link == Link::ReverseRole;
    let hex = value.bytes().all(|b| b.is_ascii_hexdigit());
    let strong = is_strong(value) && !hex && (!shape.tail || told || named);
    // Guests of chats have such names.
    let guest = keyword.class == Class::Says && shape.tail && !shape.walk;
    let common = glance::is_more_than_letters(value) && is_common(value) && !guest;
    if fair || strong || common { Ok(()) } else { FALLS }
}

/// Signs of a script without blanks in a password that somebody chose; more are a sentence.
const UNSPACED_MAX: usize = 4;

/// A plain word: only where it is said outright, and none that says something itself.
fn word(value: &str, own: bool, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    const LETTERS_MIN: usize = 5;
    let given = own && (sighting.link.direct() || sighting.token.before.quoted && sighting.link == Link::Adjacent);
    let letters = value.chars().count();
    if given && (is_humped(value) || is_scrambled(value)) {
        evidence.add(Feature::Phrase);
        return Ok(());
    }
    if !given || letters < LETTERS_MIN || !VOCABULARY.senses(value, ENGLISH).is_none() {
        return Err("a word");
    }
    evidence.add(Feature::Word);
    evidence.when(Feature::WordBare, !sighting.token.before.quoted && sighting.link != Link::Assigned);
    evidence.when(Feature::WordShort, letters < 7);
    evidence.when(Feature::Common, is_common(value));
    Ok(())
}

/// Notes what speaks for a machine's token.
pub fn secret(sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    let Sighting { value, token, link, .. } = *sighting;
    if value.contains(' ') {
        return Err("a sentence");
    }
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/' | b'='));
    if let Some(reason) = placeholder::token(value.as_bytes()).filter(|_| plain) {
        return Err(reason);
    }
    // Chance written with 64 signs has strokes like a path.
    let chance = link == Link::Assigned && value.len() >= 40 && !value.starts_with('/') && token_strength(value) >= 0.5;
    let excused = |reason: &str| reason == "a UUID" && link == Link::Assigned || reason == "a path or a mention" && chance;
    if let Some(reason) = lookalike(value).filter(|reason| !excused(reason)) {
        return Err(reason);
    }
    const NAMES: &[&str] = &["secret", "token", "key", "password", "credentials", "creds", "config", "auth"];
    if value.split(['-', '_', '.']).any(|part| NAMES.contains(&part)) && token_strength(value) < 0.5 {
        return Err("a name for a secret, not a secret");
    }
    let shape = Shape::of(value);
    if is_base32(value) {
        evidence.add(Feature::TokenLong);
        evidence.scaled(Feature::TokenStrength, 0.6);
        return Ok(());
    }
    // In code a short value in quotes may still be the secret.
    let person = if link.direct() { password_strength(value) } else { 0.0 };
    if token_strength(value) < 0.2 && person < 0.4 {
        return Err("too little chance in it for a token");
    }
    if token_strength(value) < 0.3 && !token.before.quoted && !link.direct() {
        return Err("too little chance in it for a token");
    }
    evidence.scaled(Feature::Strength, person);
    shape.token(value, evidence);
    Ok(())
}

/// Notes what speaks for a recovery code: short groups with digits.
pub fn recovery(sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    let value = sighting.value;
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if sighting.link == Link::Near && sighting.reading.found == 0 || is_technical(value) {
        return Err("no recovery code");
    }
    let groups = value.split('-').all(|group| (3..=12).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !groups
        || digits < 2
        || !(4..=60).contains(&value.len())
        || value.bytes().any(|b| b.is_ascii_lowercase()) && value.bytes().any(|b| b.is_ascii_uppercase())
    {
        return Err("no recovery code");
    }
    evidence.when(Feature::Short, value.len() < 6);
    evidence.when(Feature::Long, value.len() >= 9);
    Ok(())
}

/// Notes what speaks for the seed of one-time codes: base32.
pub fn seed(sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    let letters = sighting.value.len() >= 16 && sighting.value.bytes().all(|b| b.is_ascii_uppercase());
    if !is_base32(sighting.value) && !letters {
        return Err("no seed");
    }
    evidence.when(Feature::Long, sighting.value.len() >= 26);
    Ok(())
}

/// RFC 4648 base32 without padding, as authenticators write seeds: 16 signs or more.
fn is_base32(value: &str) -> bool {
    const CHARS: std::ops::RangeInclusive<usize> = 16..=128;
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    CHARS.contains(&value.len()) && digits >= 1 && value.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7')) && digits * 2 < value.len()
}
