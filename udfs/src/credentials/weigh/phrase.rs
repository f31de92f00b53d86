//! What several words must look like to be a password: in quotes, with joints between, or written as one.

use super::super::evidence::{Evidence, Feature};
use super::super::keywords::{Class, Keyword};
use super::super::languages::{ENGLISH, Senses, VOCABULARY};
use super::super::lookalike::lookalike;
use super::super::shape::is_technical;
use super::super::sighting::{Link, Sighting};

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

/// Words with one sort of joint between, most of them of some length, which say nothing here: `rye_bread_nine`, `hyggelig-onsdag-5`.
/// Two are enough in `pelican_harbour`, where nothing else can stand.
pub fn is_joined(value: &str) -> bool {
    let value = value.trim_matches('_');
    value.split(JOINTS).count() >= 3 && are_words(value, 14)
}

/// Two small words of some length with a joint between: `pelican_harbour`.
pub fn is_couple(value: &str) -> bool {
    const SPEAKS: Senses = Senses::PASSWORD.and(Senses::LOGIN).and(Senses::GIVEN).and(Senses::EXAMPLE);
    const ASKS: &[&str] =
        &["bitte", "please", "aendern", "ändern", "cambiar", "changer", "modifier", "wijzigen", "cambiare", "alterar", "mudar"];
    let speaks = |part: &str| VOCABULARY.senses_in(part, ENGLISH).any(SPEAKS) || ASKS.contains(&part);
    value.split(JOINTS).count() == 2 && are_words(value, 12) && !value.contains(char::is_numeric) && !value.split(JOINTS).any(speaks)
}

const JOINTS: [char; 3] = ['-', '_', '.'];

/// Parts with one sort of joint between, small letters and digits but for the first, two of them words of some length, and none that speaks of passwords
/// unless they are a whole sentence.
fn are_words(value: &str, chars_min: usize) -> bool {
    const SPEAKS: Senses = Senses::TOPIC.and(Senses::STATE).and(Senses::FAULT).and(Senses::ELSEWHERE);
    // Where there is no digit each may begin with a capital.
    let capitals = usize::from(!value.contains(char::is_numeric));
    let long = |part: &&str| part.chars().count() >= LONG_WORD && part.chars().skip(capitals).all(char::is_lowercase);
    let small = |part: &str| !part.is_empty() && part.chars().skip(capitals).all(|c| c.is_lowercase() || c.is_numeric());
    let speaks = |part: &str| VOCABULARY.senses_in(part, ENGLISH).any(SPEAKS);
    value.chars().count() >= chars_min
        && JOINTS.iter().filter(|joint| value.contains(**joint)).count() == 1
        && value.split(JOINTS).all(small)
        && value.split(JOINTS).filter(long).count() >= 2
        && !is_technical(value)
        && lookalike(value).is_none_or(|reason| reason == "code")
        && (value.split(JOINTS).count() > SENTENCE_WORDS || !value.split(JOINTS).any(speaks))
}

/// More words than these are no name of anything.
const SENTENCE_WORDS: usize = 3;

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

/// Letters in both cases without any order, as generators make them: `wrdGGVkASYYi`.
pub fn is_scrambled(value: &str) -> bool {
    const CHARS_MIN: usize = 10;
    const TURNS_MIN: usize = 4;
    let small = value.chars().filter(|c| c.is_lowercase()).count();
    let turns = value.chars().zip(value.chars().skip(1)).filter(|(a, b)| a.is_uppercase() != b.is_uppercase()).count();
    let capitals = value.chars().zip(value.chars().skip(1)).any(|(a, b)| a.is_uppercase() && b.is_uppercase());
    value.len() >= CHARS_MIN && value.bytes().all(|b| b.is_ascii_alphabetic()) && small >= 3 && turns >= TURNS_MIN && capitals
}
