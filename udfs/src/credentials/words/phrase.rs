//! Values of several pieces: pass phrases without quotes, and numbers whose digits stand apart.

use super::super::boundary::valid_prefix;
use super::super::keywords::{Class, Keyword};
use super::super::languages::{Senses, VOCABULARY};
use super::super::sighting::Reading;
use super::super::tokens::Token;
use super::Reader;

/// "is": what follows is what the sentence speaks of.
const COPULAS: &[&str] = &["is", "ist", "est", "es", "é", "è", "je", "är", "er", "on", "este", "είναι", "это", "це"];

/// Whether the keyword says that the password is a phrase.
pub fn is_phrase_word(keyword: &Keyword) -> bool {
    keyword.class == Class::Password && ["phras", "frase", "fras", "фраз", "fráze", "lause"].iter().any(|stem| keyword.text.contains(stem))
}

impl Reader<'_> {
    /// The words from the token on, where the keyword says that they are a pass phrase: small ones, to the end of what is said.
    pub fn phrase(&self, token: &Token, place: usize, reading: Reading) -> Option<Token> {
        const BYTES_MAX: usize = 80;
        const WORDS: std::ops::RangeInclusive<usize> = 3..=8;
        // "the passphrase for the drive is": what is behind any other word that joins may be a sentence of its own.
        let ahead = self.stretch.get(..token.range.start).unwrap_or_default().trim_end().rsplit(' ').next().unwrap_or_default();
        let is = COPULAS.contains(&ahead);
        let joined = token.before.assigned || (place <= 2 || is && place <= 6) && reading.joined_at.is_some_and(|at| at + 1 == place);
        let named = is_phrase_word(self.keyword);
        let assigned = self.keyword.class == Class::Password && token.before.assigned && token.line == 0;
        if !(named || assigned) || token.before.quoted || !joined || token.line > 2 {
            return None;
        }
        let rest = valid_prefix(
            self.stretch
                .as_bytes()
                .get(token.range.start..)?
                .get(..BYTES_MAX)
                .unwrap_or_else(|| self.stretch.as_bytes().get(token.range.start..).unwrap_or_default()),
        );
        let end =
            rest.find(['(', '–', '—', '\n', ',', ';', '<', '"', '!', '?']).into_iter().chain(rest.find(". ")).min().unwrap_or(rest.len());
        let said = rest.get(..end)?.trim_end_matches([' ', '.', '*', '_', '`']);
        let words: Vec<&str> = said.split(' ').collect();
        let small =
            |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric()) && !word.chars().skip(1).any(char::is_uppercase);
        const SPEAKS: Senses = Senses::TOPIC.and(Senses::ELSEWHERE).and(Senses::ASK).and(Senses::STATE).and(Senses::FAULT);
        let speaks = |word: &&str| VOCABULARY.senses_in(word, self.keyword.tongue).any(SPEAKS);
        let begins = words
            .first()
            .is_some_and(|word| VOCABULARY.senses_in(word, self.keyword.tongue).any(Senses::AT.and(Senses::JOIN).and(Senses::NOT)));
        // Behind any other word for a password only words that say nothing else, to the end of the line.
        let mute = |word: &&str| word.chars().count() >= 3 && VOCABULARY.senses_anywhere(word).is_none() && VOCABULARY.stem(word).is_none();
        if !named
            && (!words.iter().all(mute) || rest.get(end..).is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['\n', '<', '('])))
        {
            return None;
        }
        (WORDS.contains(&words.len()) && words.iter().all(small) && !words.iter().any(|word| speaks(&word)) && !begins).then(|| Token {
            range: token.range.start..token.range.start + said.len(),
            behind: rest.get(said.len()..).and_then(|r| r.chars().next()),
            ..token.clone()
        })
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
