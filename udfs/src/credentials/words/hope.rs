//! Whether a value near a keyword could pass at best: most sentences about users and keys end here, before their words are looked up.
//!
//! Each piece is weighed by the same functions as later, but everything that would have to be looked up is taken to speak for it. What
//! cannot pass so cannot pass at all.

use super::super::boundary::is_unspaced;
use super::super::evidence::{Evidence, Feature};
use super::super::glance::{Places, Run, may_be_login_value};
use super::super::keywords::Class;
use super::super::languages::{Senses, VOCABULARY};
use super::super::pair::is_strong;
use super::super::scene;
use super::super::shape::{Shape, is_common};
use super::super::sighting::{Link, Reading, Sighting};
use super::super::tokens::{Token, tokens};
use super::super::weigh::number;
use super::{Reader, TOKENS_MAX, is_word};

/// What the words around can add, at most.
pub const SETTING: &[Feature] = &[
    Feature::Ask,
    Feature::Not,
    Feature::NotBefore,
    Feature::Topic,
    Feature::TopicAround,
    Feature::Fault,
    Feature::FaultAround,
    Feature::Elsewhere,
    Feature::NotReverse,
    Feature::Example,
    Feature::Given,
    Feature::Log,
    Feature::CodeBare,
    Feature::CodeQuoted,
    Feature::UserAhead,
    Feature::CopulaNear,
    Feature::Once,
    Feature::AtBefore,
    Feature::UserBefore,
    Feature::NameBefore,
];

/// What stands right before a piece.
#[derive(Debug, Clone, Copy)]
enum Ahead<'t> {
    Nothing,
    Word(&'t str),
    Value(&'t str),
}

impl Ahead<'_> {
    /// What the word says in any language.
    fn senses(self) -> Senses {
        match self {
            Self::Word(word) if word.starts_with(is_unspaced) => VOCABULARY.unspaced(word),
            Self::Word(word) => VOCABULARY.senses_anywhere(word),
            _ => Senses::NONE,
        }
    }
}

impl Reader<'_> {
    /// Whether one of the pieces behind the keyword, at one of the places, could pass.
    pub fn may_find_behind(&mut self, places: &Places) -> bool {
        let stretch = self.stretch;
        let mut reading = Reading { quoted_line: self.in_quoted_line(), ..Reading::default() };
        let mut ahead = Ahead::Nothing;
        for (place, token) in tokens(stretch).take(TOKENS_MAX).enumerate() {
            let token = self.whole_number(token);
            let value = stretch.get(token.range.clone()).unwrap_or_default();
            reading.step(&token, place);
            if places.end_before(token.range.start) || self.ends_before(&token, value, place, reading) {
                break;
            }
            if self.may_be_phrase(&token, place, reading, ahead) {
                return true;
            }
            let rest = stretch.get(token.range.end..).unwrap_or_default();
            if !token.before.quoted && is_word(value) {
                if self.word_may_pass(value, &token, place, ahead, rest) {
                    return true;
                }
                ahead = Ahead::Word(value);
            } else {
                if places.touch(&token.range) && self.may_pass(value, token, place, (reading, ahead), rest) {
                    return true;
                }
                ahead = Ahead::Value(value);
            }
        }
        false
    }

    fn may_be_phrase(&self, token: &Token, place: usize, reading: Reading, ahead: Ahead<'_>) -> bool {
        // Words are looked up only where a phrase may stand at all.
        self.keyword.phrase && {
            let joined_at = place.checked_sub(1).filter(|_| ahead.senses().any(Senses::JOIN));
            self.phrase(token, place, Reading { joined_at, ..reading }).is_some()
        }
    }

    fn word_may_pass(&self, value: &str, token: &Token, place: usize, ahead: Ahead<'_>, rest: &str) -> bool {
        self.keyword.class == Class::Password
            && (place > 0 || token.before.assigned)
            && value.len() >= Self::BARE_LETTERS_MIN
            && (place == 0 || ahead.senses().any(Senses::JOIN))
            && Self::bare_word_may_be(value, rest)
    }

    fn may_pass(&mut self, value: &str, token: Token, place: usize, (reading, ahead): (Reading, Ahead<'_>), rest: &str) -> bool {
        if self.keyword.class == Class::Login && !may_be_login_value(self.keyword, value, token.before.quoted, rest) {
            return false;
        }
        let links = self.links(&token, place, reading, ahead);
        links.into_iter().enumerate().filter(|(at, link)| !links[..*at].contains(link)).any(|(_, link)| {
            let (token, link) = match link {
                Some(link) => self.without_user(value, token.clone(), link),
                None => return false,
            };
            let value = self.stretch.get(token.range.clone()).unwrap_or_default();
            let sighting = Sighting { value, token: &token, link, place, reading, rest };
            self.could_pass(&sighting)
        })
    }

    /// The ways in which a piece may be joined to the keyword, whatever the words between say.
    fn links(&self, token: &Token, place: usize, reading: Reading, ahead: Ahead<'_>) -> [Option<Link>; 4] {
        let senses = ahead.senses();
        let user = match ahead {
            Ahead::Word(_) => senses.is_none(),
            Ahead::Value(_) => true,
            Ahead::Nothing => false,
        };
        let address = matches!(ahead, Ahead::Value(value) if value.contains('@'));
        let link = |reading: Reading| Some(self.link(token, place, reading));
        let plain = link(reading);
        let joined = senses.any(Senses::JOIN).then(|| place.checked_sub(1)).flatten();
        let joined = joined.and_then(|before| link(Reading { joined_at: Some(before), ..reading }));
        let divided = if senses.any(Senses::AND) { link(Reading { last: Senses::AND, ..reading }) } else { None };
        let behind_user = if user { link(Reading { user, address, ..reading }) } else { None };
        [plain, joined, divided, behind_user]
    }

    /// Whether the value reaches the weight where everything around it speaks for it.
    pub fn could_pass(&mut self, sighting: &Sighting<'_>) -> bool {
        let Sighting { value, reading, .. } = *sighting;
        let mut evidence = Evidence::new();
        self.class(sighting.link, &mut evidence);
        self.joint(sighting, &mut evidence);
        // What is known of the words between speaks against it.
        evidence.scaled(Feature::Topic, f64::from(reading.topics.min(3)));
        evidence.when(Feature::Fault, reading.senses.any(Senses::FAULT));
        evidence.when(Feature::Elsewhere, reading.senses.any(Senses::ELSEWHERE) && !self.numbers());
        evidence.when(Feature::Example, reading.senses.any(Senses::EXAMPLE));
        let mut most = Evidence::most(SETTING);
        if self.speaks_of_codes(value) {
            most += Evidence::most(&[Feature::PlaceNear]);
        }
        let weighed = |reader: &mut Self, evidence: &mut Evidence| match reader.numbers() {
            // The sentence is taken to speak of something that a number opens.
            true => number(reader.keyword, sighting, Senses::PLACE.and(Senses::LOCK).and(Senses::KEYPAD), evidence).is_ok(),
            false => evidence.could_reach(most + reader.value_most(value)) && reader.value(sighting, evidence).is_ok(),
        };
        weighed(self, &mut evidence) && evidence.could_reach(most)
    }

    /// What the value by itself can add, at most.
    fn value_most(&self, value: &str) -> f64 {
        const WORDS: &[Feature] = &[Feature::Word, Feature::WordBare, Feature::WordShort, Feature::Common, Feature::Phrase];
        const DIGITS: &[Feature] = &[Feature::Digits, Feature::DigitsFew];
        match self.keyword.class {
            Class::Pin | Class::Code | Class::Combination | Class::Secret | Class::Recovery | Class::Seed => f64::INFINITY,
            _ => Run::of(value).map_or(f64::INFINITY, Run::weight_max).max(Evidence::most(WORDS)).max(Evidence::most(DIGITS)),
        }
    }

    /// Whether one of the pieces before the keyword that end behind `from` could pass.
    pub fn may_find_before(&self, from: usize) -> bool {
        let line = self.stretch;
        let role = |word: &str| Ahead::Word(word).senses().any(Senses::ROLE);
        let names = |line: &str| scene::words(line).any(|word| role(word) || word.split(['-', '\'', '’']).any(role));
        if self.keyword.class == Class::Login && !names(line.get(from..).unwrap_or(line)) {
            return false;
        }
        tokens(line).filter(|token| token.range.end > from).any(|token| {
            let value = line.get(token.range.clone()).unwrap_or_default();
            if self.numbers() {
                return value.bytes().any(|b| b.is_ascii_digit());
            }
            // Before a word for a login only what is named: "`X` as the login".
            let named = || names(line.get(token.range.end..).unwrap_or_default());
            let phrase = self.keyword.class == Class::Password && token.before.quoted && value.contains(' ');
            phrase
                || !is_word(value)
                    && (is_strong(value) && (self.keyword.class == Class::Password || !Shape::of(value).tail) || is_common(value))
                    && (self.keyword.class != Class::Login || named())
        })
    }
}
