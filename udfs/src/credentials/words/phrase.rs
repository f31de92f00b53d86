//! Values of several pieces: pass phrases without quotes, and numbers whose digits stand apart.

use super::super::boundary::valid_prefix;
use super::super::languages::{Senses, VOCABULARY};
use super::super::scene::without_tags_behind;
use super::super::sighting::Reading;
use super::super::tokens::Token;
use super::Reader;

/// "is": what follows is what the sentence speaks of.
const COPULAS: &[&str] = &["is", "ist", "est", "es", "é", "è", "je", "är", "er", "on", "este", "είναι", "это", "це"];

impl Reader<'_> {
    /// The words from the token on, where the keyword says that they are a pass phrase: small ones, to the end of what is said.
    pub fn phrase(&self, token: &Token, place: usize, reading: Reading) -> Option<Token> {
        const LINES_MAX: usize = 2;
        const WORDS: std::ops::RangeInclusive<usize> = 3..=8;
        const SPEAKS: Senses = Senses::TOPIC.and(Senses::ELSEWHERE).and(Senses::ASK).and(Senses::STATE).and(Senses::FAULT);
        const BEGINS: Senses = Senses::AT.and(Senses::JOIN).and(Senses::NOT);
        let said = reading.ended || reading.asked;
        // Markup of a message quotes as well, and is no quotation mark that would end the phrase.
        let quoted = token.before.quoted && !self.stretch.get(..token.range.start).is_some_and(|ahead| ahead.ends_with(['>', '{']));
        if !self.keyword.phrase || quoted || said || token.line > LINES_MAX || !self.gives(token, place, reading) {
            return None;
        }
        let said = clause(self.stretch.get(token.range.start..)?);
        let words: Vec<&str> = said.split(' ').collect();
        let says = |word: &str, what: Senses| VOCABULARY.senses_in(word, self.keyword.tongue).any(what);
        let small =
            |word: &str| !word.is_empty() && word.chars().all(char::is_alphanumeric) && !word.chars().skip(1).any(char::is_uppercase);
        let fits = WORDS.contains(&words.len())
            && words.iter().all(|word| small(word) && !says(word, SPEAKS))
            && !words.first().is_some_and(|first| says(first, BEGINS));
        let range = token.range.start..token.range.start + said.len();
        let sign = self.stretch.get(range.end..).and_then(|rest| rest.chars().next());
        fits.then(|| Token { range, behind: sign, ..token.clone() })
    }

    /// Whether a sign or a word gives what begins at the token to the keyword. Behind "is" that may be some words away ("the passphrase for
    /// the drive is"); behind any other word that joins begins a sentence of its own.
    fn gives(&self, token: &Token, place: usize, reading: Reading) -> bool {
        const NEAR: usize = 2;
        const FAR: usize = 10;
        let ahead = without_tags_behind(self.stretch.get(..token.range.start).unwrap_or_default());
        let ahead = ahead.trim_end_matches(['{', '`', ' ']).rsplit(' ').next().unwrap_or_default();
        let most = if COPULAS.contains(&ahead) { FAR } else { NEAR };
        token.before.assigned && place <= FAR || place <= most && reading.joined_at.is_some_and(|at| at + 1 == place)
    }

    /// The token, with the digits behind it that stand apart: `4 7 0 2`.
    pub fn whole_number(&self, token: Token) -> Token {
        let rest = self.stretch.as_bytes().get(token.range.start..).unwrap_or_default();
        let digits = token.range.len();
        if !self.numbers() || !(1..=2).contains(&digits) || !rest.iter().take(digits).all(u8::is_ascii_digit) {
            return token;
        }
        let group = |at: usize| {
            let digits_there = rest.get(at + 1..at + 1 + digits).is_some_and(|group| group.iter().all(u8::is_ascii_digit));
            rest.get(at) == Some(&b' ') && digits_there && !rest.get(at + 1 + digits).is_some_and(u8::is_ascii_alphanumeric)
        };
        let mut end = digits;
        while group(end) {
            end += 1 + digits;
        }
        Token { range: token.range.start..token.range.start + end, behind: rest.get(end).map(|b| char::from(*b)), ..token }
    }
}

/// The text up to the first sign that ends what is said.
fn clause(text: &str) -> &str {
    const BYTES_MAX: usize = 80;
    let near = valid_prefix(text.as_bytes().get(..text.len().min(BYTES_MAX)).unwrap_or_default());
    let sign = near.find(['}', '(', '–', '—', '\n', ',', ';', '<', '"', '!', '?']);
    let end = sign.into_iter().chain(near.find(". ")).chain(near.find(" - ")).min().unwrap_or(near.len());
    near.get(..end).unwrap_or_default().trim_end_matches([' ', '.', '*', '_', '`'])
}
