//! What a value must look like for its keyword: a password, a number, a token, a recovery code, a seed.

use super::boundary::is_unspaced;
use super::evidence::{Evidence, Feature};
use super::glance;
use super::keywords::{Class, Keyword};
use super::languages::{ENGLISH, Senses, VOCABULARY};
use super::pair::is_strong;
use super::placeholder;
use super::shape::{Shape, is_common, is_technical};
use super::sighting::{Link, Sighting};
use super::value::{HOST_OR_FILE, lookalike, password_strength, token_strength};
use super::words::is_word;

/// What a value is rather than a secret, wherever it stands.
const NEVER: &[&str] = &[
    "a link",
    "a UUID",
    "a mail address",
    "an emoji",
    "an assignment of its own",
    "a key combination",
    "public by design",
    "an error code or a fingerprint",
    "a path or a mention",
];

/// Notes what speaks for a password.
pub fn password(keyword: &Keyword, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    let Sighting { value, token, link, .. } = *sighting;
    let own = keyword.class == Class::Password;
    let shape = Shape::of(value);
    if value.contains(' ') {
        return phrase(keyword, sighting, evidence);
    }
    if is_word(value) {
        return word(value, own, sighting, evidence);
    }
    if keyword.opens && is_behind(sighting) && shape.digits == 0 && is_joined(value) {
        evidence.add(Feature::Phrase);
        return Ok(());
    }
    hinted(keyword, sighting, shape)?;
    if !own && value.chars().filter(|c| is_unspaced(*c)).count() > UNSPACED_MAX {
        return Err("a sentence");
    }
    if &*keyword.text == "ssid" && sighting.place == 0 {
        return Err("the name of a network");
    }
    // Beside a word for a login stand names of people, machines and programs.
    if keyword.class == Class::Login && !glance::is_odd(value) {
        return Err("a name");
    }
    let mixed = shape.letters_run >= 4 && shape.digits > 0 && (shape.sign_inside || shape.upper > 0 && shape.lower > 0);
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
    if sighting.link.direct() && own && (is_phrase(value) || is_joined(value)) && lookalike(value) != Some(HOST_OR_FILE) {
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
    if keyword.keyed && keyword.class == Class::Act && !(is_behind(sighting) && matches!(link, Link::Adjacent | Link::Copula)) {
        return FALLS;
    }
    // Where the words leave open only which password it is, letters and digits will do.
    let told = keyword.opens && is_behind(sighting) || keyword.class == Class::Spelling && matches!(link, Link::Late | Link::Assigned);
    let fair = told && shape.letters_run >= 4 && shape.chars >= 8 && shape.digits > 0 && lookalike(value).is_none() && !is_technical(value);
    let named = keyword.class == Class::Password && link == Link::ReverseRole;
    let hex = value.bytes().all(|b| b.is_ascii_hexdigit());
    let strong = is_strong(value) && !hex && (!shape.tail || told || named);
    // Guests of chats have such names.
    let common = glance::is_more_than_letters(value) && is_common(value) && !(keyword.class == Class::Says && shape.tail);
    if fair || strong || common { Ok(()) } else { FALLS }
}

/// Signs of a script without blanks in a password that somebody chose; more are a sentence.
const UNSPACED_MAX: usize = 4;

/// Three words or more written as one, each with a capital but the first: `rainOnTuesdays`. None of them says anything here.
fn is_humped(value: &str) -> bool {
    const CHARS_MIN: usize = 14;
    let mut words = vec![String::new()];
    let mut before = 'A';
    for c in value.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut() {
            last.extend(c.to_lowercase());
        }
        before = c;
    }
    const SPEAKS: Senses = Senses::TOPIC.and(Senses::STATE).and(Senses::PASSWORD).and(Senses::LOGIN).and(Senses::FAULT);
    value.len() >= CHARS_MIN
        && words.len() >= 3
        && !is_technical(value)
        && !words.iter().any(|word| VOCABULARY.senses_in(word, ENGLISH).any(SPEAKS))
}

/// A plain word: only where it is said outright, and none that says something itself.
fn word(value: &str, own: bool, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    const LETTERS_MIN: usize = 5;
    let given = own && (sighting.link.direct() || sighting.token.before.quoted && sighting.link == Link::Adjacent);
    let letters = value.chars().count();
    if given && is_humped(value) {
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

/// Several words in quotes are a pass phrase only where they say nothing about passwords.
fn phrase(keyword: &Keyword, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    let words: Vec<&str> = sighting.value.split(' ').collect();
    let small = |word: &str| word.chars().all(|c| c.is_alphanumeric() && !c.is_uppercase());
    let long = |word: &&&str| word.chars().count() >= LONG_WORD;
    let plain = (3..=8).contains(&words.len()) && words.iter().all(|word| small(word)) && words.iter().filter(long).count() >= 2;
    // In a file of settings the quotes hold the value, whatever it is.
    let set = sighting.link == Link::Assigned && words.len() <= 8 && words.iter().any(|word| word.bytes().all(|b| b.is_ascii_digit()));
    const SPEAKS: Senses =
        Senses::TOPIC.and(Senses::ELSEWHERE).and(Senses::ASK).and(Senses::EXAMPLE).and(Senses::PASSWORD).and(Senses::FAULT);
    let speaks = words.iter().any(|word| VOCABULARY.senses_in(word, keyword.tongue).any(SPEAKS));
    let begins =
        words.first().is_some_and(|word| VOCABULARY.senses_in(word, keyword.tongue).any(Senses::AT.and(Senses::STATE).and(Senses::NOT)));
    // Without quotes only a word for a phrase leads here, which has read the words.
    let bare = !sighting.token.before.quoted && keyword.class == Class::Password && sighting.link.direct();
    if bare {
        evidence.add(Feature::Phrase);
        return Ok(());
    }
    // Between two quotations a blank stands before the quote.
    let between = sighting.rest.starts_with(' ');
    if !sighting.token.before.quoted || between || !(plain || set) || speaks || begins || keyword.class != Class::Password && !keyword.opens
    {
        return Err("a sentence");
    }
    evidence.add(Feature::Phrase);
    Ok(())
}

/// A word of a phrase that is more than a particle.
const LONG_WORD: usize = 4;

/// Three or more parts with one sort of joint between, most of them words: `rye_bread_nine`, `hyggelig-onsdag-5`.
pub fn is_joined(value: &str) -> bool {
    const CHARS_MIN: usize = 14;
    let parts = |joint: char| -> bool {
        let parts: Vec<&str> = value.split(joint).collect();
        let letters = |part: &&&str| part.chars().count() >= LONG_WORD && part.chars().all(char::is_lowercase);
        let small = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_lowercase() || c.is_numeric());
        parts.len() >= 3 && parts.iter().all(small) && parts.iter().filter(letters).count() >= 2
    };
    let speaks =
        |part: &str| VOCABULARY.senses_in(part, ENGLISH).any(Senses::TOPIC.and(Senses::STATE).and(Senses::FAULT).and(Senses::ELSEWHERE));
    value.chars().count() >= CHARS_MIN
        && ['-', '_', '.'].into_iter().any(parts)
        && !is_technical(value)
        && lookalike(value).is_none_or(|reason| reason == "code")
        && !value.split(['-', '_', '.']).any(speaks)
}

/// Four or more small words with joints between: `seven-terns-by-the-pier`.
fn is_phrase(value: &str) -> bool {
    const WORDS: std::ops::RangeInclusive<usize> = 4..=10;
    let words = value.trim_matches('_').split(['-', '_', '.']);
    WORDS.contains(&words.clone().count())
        && words.clone().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
        && value.len() >= 16
}

/// Notes what speaks for a number that opens something; `around` is what the line speaks of.
pub fn number(keyword: &Keyword, sighting: &Sighting<'_>, around: Senses, evidence: &mut Evidence) -> Result<(), &'static str> {
    const DIGITS: std::ops::RangeInclusive<usize> = 3..=10;
    let Sighting { value, link, .. } = *sighting;
    let value = value.trim_end_matches(')');
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    let place = around.any(Senses::PLACE);
    let lock = keyword.class == Class::Combination || keyword.class == Class::Code && place;
    let groups = lock
        && value.split(['-', '–', '/', ' ']).count() >= 3
        && value.split(['-', '–', '/', ' ']).all(|g| (1..=2).contains(&g.len()) && g.bytes().all(|b| b.is_ascii_digit()));
    let plain = value.chars().all(|c| c.is_ascii_digit() || matches!(c, '#' | '*'));
    let mixed = letters <= 2
        && digits >= 3
        && value.chars().count() <= 8
        && value.chars().all(char::is_alphanumeric)
        && (link != Link::Near || place && sighting.place <= 2);
    // Three digits are as often a number of something else.
    let lockable = keyword.class == Class::Combination || VOCABULARY.senses_anywhere(&keyword.text).any(Senses::PLACE);
    let few = digits < 4 && !lockable && !matches!(link, Link::Assigned | Link::Adjacent | Link::Column | Link::OwnLine);
    if !DIGITS.contains(&digits) || few || !(plain || groups || mixed) {
        return Err("no number that opens something");
    }
    let there = around.any(if keyword.keyed { Senses::LOCK } else { Senses::PLACE });
    // Two letters and digits are as often the name of a device.
    let keyed = KEYED_DIGITS.contains(&digits) && letters <= 1 && sighting.place <= 2;
    if (keyword.keyed || keyword.opens) && !(there && keyed) {
        return Err("a number keyed in at no lock");
    }
    // The thing itself, without a word for its code: only a number that is given to it.
    let thing = keyword.class == Class::Code && keyword.shared && VOCABULARY.senses_anywhere(&keyword.text).any(Senses::PLACE);
    if thing && !gives(sighting, around, plain && KEYED_DIGITS.contains(&digits) || groups) {
        return Err("a number beside a thing");
    }
    if link == Link::Reverse {
        return Err("a number before a word for a code");
    }
    if keyword.class == Class::Code && !place {
        return Err("a code that opens nothing");
    }
    evidence.when(Feature::PinFour, plain && (4..=6).contains(&digits));
    evidence.when(Feature::PinSigned, plain && digits < value.len());
    evidence.when(Feature::PinLetters, mixed && letters > 0);
    evidence.when(Feature::PinYear, value.len() == 4 && (value.starts_with("19") || value.starts_with("20")));
    evidence.when(Feature::PlaceNear, place);
    Ok(())
}

/// Digits of the numbers that people key in at doors.
const KEYED_DIGITS: std::ops::RangeInclusive<usize> = 4..=6;

/// What numbers count that open nothing.
const UNITS: &[&str] = &[
    "mm",
    "cm",
    "m",
    "km",
    "kg",
    "g",
    "t",
    "l",
    "ml",
    "%",
    "w",
    "v",
    "kw",
    "volt",
    "volts",
    "watt",
    "watts",
    "euro",
    "euros",
    "eur",
    "usd",
    "gbp",
    "dollar",
    "dollars",
    "pounds",
    "quid",
    "people",
    "persons",
    "pax",
    "guests",
    "seats",
    "steps",
    "metres",
    "meters",
    "feet",
    "ft",
    "inch",
    "inches",
    "minutes",
    "min",
    "mins",
    "seconds",
    "sec",
    "secs",
    "hours",
    "hrs",
    "days",
    "weeks",
    "years",
    "items",
    "pieces",
    "pcs",
    "boxes",
    "times",
    "of",
    "uhr",
    "personen",
    "stück",
    "personnes",
    "pièces",
    "personas",
    "pessoas",
    "persone",
    "pezzi",
    "personer",
    "stuks",
    "mensen",
    "osób",
    "sztuk",
    "kusů",
    "kişi",
    "adet",
    "человек",
    "штук",
    "рублей",
];

/// Whether a number that could open something is given to the thing: assigned, or in a sentence that says nothing else of it.
fn gives(sighting: &Sighting<'_>, around: Senses, is_code: bool) -> bool {
    const PLACES_MAX: usize = 5;
    let Sighting { link, place, token, rest, .. } = *sighting;
    // "the gate is 1200 mm wide": a number with a unit counts something.
    let next = rest.trim_start().split(|c: char| !c.is_alphanumeric() && c != '%').next().unwrap_or_default().to_lowercase();
    let counts = UNITS.contains(&next.as_str());
    match link {
        Link::Assigned => true,
        Link::Late => is_code && place <= PLACES_MAX && !token.before.sentence,
        Link::Copula => is_code && place <= PLACES_MAX && !counts && !token.before.sentence,
        Link::Adjacent | Link::Near => is_code && place <= 2 && around.any(Senses::KEYPAD) && !counts && !token.before.sentence,
        _ => false,
    }
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
    if let Some(reason) = lookalike(value).filter(|reason| !(*reason == "a UUID" && link == Link::Assigned)) {
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
