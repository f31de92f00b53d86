//! What a number must look like to open a door, a phone or a safe.

use super::super::bare::is_typed;
use super::super::evidence::{Evidence, Feature};
use super::super::keywords::{Class, Keyword};
use super::super::languages::{Senses, VOCABULARY};
use super::super::shape::is_unit;
use super::super::sighting::{Link, Sighting};

/// Digits of the numbers that people key in at doors.
const KEYED_DIGITS: std::ops::RangeInclusive<usize> = 4..=6;

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
        && digits >= if link == Link::Assigned { 3 } else { 4 }
        && value.chars().count() <= 8
        && value.chars().all(char::is_alphanumeric)
        && (link != Link::Near || place && sighting.place <= 2);
    // Three digits are as often a number of something else.
    let names_place = VOCABULARY.senses_anywhere(&keyword.text).any(Senses::PLACE);
    let lockable = keyword.class == Class::Combination || names_place;
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
    let thing = keyword.class == Class::Code && keyword.shared && names_place;
    if thing && !gives(sighting, around, plain && KEYED_DIGITS.contains(&digits) || groups) {
        return Err("a number beside a thing");
    }
    // "send it on to 8080": where to, behind a comma.
    let last = sighting.reading.last;
    if last.any(Senses::AT) && !last.any(Senses::JOIN) && sighting.reading.commas > 0 {
        return Err("a number of something else");
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

/// Whether a number that could open something is given to the thing: assigned, or in a sentence that says nothing else of it.
fn gives(sighting: &Sighting<'_>, around: Senses, is_code: bool) -> bool {
    const PLACES_MAX: usize = 5;
    let Sighting { link, place, token, rest, .. } = *sighting;
    // "the gate is 1200 mm wide": a number with a unit counts something.
    let next = rest.trim_start().split(|c: char| !c.is_alphanumeric() && c != '%').next().unwrap_or_default();
    let counts = is_unit(next);
    // "Alarm panel. New one is 4471#": the signs of a keypad, and a lock.
    let signed = (sighting.value.ends_with(['*', '#']) || goes_on_with_a_key(rest)) && around.any(Senses::LOCK);
    let (quoted, ended) = (token.before.quoted, token.before.sentence && !signed);
    match link {
        Link::Assigned | Link::Column => true,
        Link::Copula if is_code && !counts && (signed || quoted && place <= 2 * PLACES_MAX) => !ended,
        Link::Late => is_code && place <= PLACES_MAX && !token.before.sentence,
        Link::Copula => is_code && place <= PLACES_MAX && !counts && !token.before.sentence,
        Link::Adjacent | Link::Near => {
            let keyed = around.any(Senses::KEYPAD) || sighting.value.ends_with(['*', '#']);
            is_code && (place <= 2 || signed && place <= PLACES_MAX) && keyed && !counts && !token.before.sentence
        }
        _ => false,
    }
}

/// Whether a key of a keypad is pressed behind the number: "then the green button", "and ENTER".
fn goes_on_with_a_key(rest: &str) -> bool {
    const WORDS_MAX: usize = 5;
    let clause = rest.trim_start_matches([' ', ',']).split(['.', ';', '\n', '<']).next().unwrap_or_default();
    let mut words = clause.split_whitespace().take(WORDS_MAX).map(|word| word.trim_end_matches(','));
    let senses = |word: &str| VOCABULARY.senses_anywhere(word);
    words.next().is_some_and(|word| is_typed(word) || senses(word).any(Senses::AND)) && words.any(|word| senses(word).any(Senses::KEYPAD))
}
