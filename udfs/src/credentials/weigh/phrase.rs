//! What several words must look like to be a password: in quotes, with joints between, or written as one.

use super::super::evidence::{Evidence, Feature};
use super::super::keywords::{Class, Keyword};
use super::super::languages::{ENGLISH, Senses, VOCABULARY};
use super::super::shape::is_technical;
use super::super::sighting::{Link, Sighting};
use super::super::value::lookalike;

/// Several words in quotes are a pass phrase only where they say nothing about passwords.
pub fn phrase(keyword: &Keyword, sighting: &Sighting<'_>, evidence: &mut Evidence) -> Result<(), &'static str> {
    // Without quotes only a word for a phrase leads here, which has read the words.
    if !sighting.token.before.quoted && keyword.class == Class::Password && sighting.link.direct() {
        evidence.add(Feature::Phrase);
        return Ok(());
    }
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

/// Two small words of some length with a joint between, which say nothing here: `tortilla_manzanilla`.
pub fn is_couple(value: &str) -> bool {
    const CHARS_MIN: usize = 12;
    const SPEAKS: Senses = Senses::TOPIC
        .and(Senses::STATE)
        .and(Senses::FAULT)
        .and(Senses::ELSEWHERE)
        .and(Senses::PASSWORD)
        .and(Senses::LOGIN)
        .and(Senses::GIVEN)
        .and(Senses::EXAMPLE);
    let words: Vec<&str> = value.split(['-', '_', '.']).collect();
    let long = |word: &&str| word.chars().count() >= LONG_WORD && word.chars().all(char::is_lowercase);
    words.len() == 2
        && value.len() >= CHARS_MIN
        && words.iter().all(long)
        && !is_technical(value)
        && lookalike(value).is_none_or(|reason| reason == "code")
        && !words.iter().any(|word| VOCABULARY.senses_in(word, ENGLISH).any(SPEAKS))
}

/// Four or more small words with joints between: `seven-terns-by-the-pier`.
pub fn is_phrase(value: &str) -> bool {
    const WORDS: std::ops::RangeInclusive<usize> = 4..=10;
    let words = value.trim_matches('_').split(['-', '_', '.']);
    WORDS.contains(&words.clone().count())
        && words.clone().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
        && value.len() >= 16
}

/// Three words or more written as one, each with a capital but the first: `rainOnTuesdays`. None of them says anything here.
pub fn is_humped(value: &str) -> bool {
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
