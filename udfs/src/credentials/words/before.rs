//! "`X` is the password", "`X` as the login": a value that stands before its word.

use super::super::keywords::Class;
use super::super::languages::Senses;
use super::super::ruleset::Candidate;
use super::super::scene::{self, Said};
use super::super::shape::{Shape, is_common};
use super::super::sighting::{Link, Reading, Sighting};
use super::super::tokens::{Token, tokens};
use super::{Reader, is_word};

impl Reader<'_> {
    /// "`X` is the password": looks before the keyword for a value that is nothing else.
    pub fn before(&mut self, found: &mut impl FnMut(Candidate)) {
        const TOKENS_BEFORE: usize = 8;
        if scene::asks(self.text, self.place.end) {
            return;
        }
        let line = self.stretch;
        let pieces: Vec<Token> = tokens(line).collect();
        for (at, token) in pieces.iter().enumerate().skip(pieces.len().saturating_sub(TOKENS_BEFORE)) {
            let value = line.get(token.range.clone()).unwrap_or_default();
            let ahead = at.checked_sub(1).and_then(|before| line.get(pieces.get(before)?.range.clone())).unwrap_or_default();
            // Who is spoken to stands first: "tern42: the password is wrong".
            let between = line.get(token.range.end..).unwrap_or_default();
            let spoken_to = at == 0 && token.range.start == 0 && between.trim_start().starts_with([':', ',']);
            let spoken_to = spoken_to || between.starts_with(": ") && Shape::of(value).tail;
            // What the keyword is a part of is no value beside it.
            if value.is_empty()
                || is_word(value)
                || spoken_to
                || between.is_empty()
                || self.senses(ahead).any(Senses::EXAMPLE.and(Senses::NAMED))
            {
                continue;
            }
            let said = Said::of(between, self.tongue());
            let first = scene::words(between).next().map_or(Senses::NONE, |word| self.senses(word));
            let role = said.senses.any(Senses::ROLE);
            if self.keyword.class == Class::Login && !role {
                continue;
            }
            let outright = role || first.any(Senses::JOIN);
            if self.keyword.class == Class::Password && !outright && Shape::of(value).tail && !is_common(value) {
                continue;
            }
            let named = outright || between.contains(['<', '←', '=']) || at + 1 == pieces.len();
            let link = if named { Link::ReverseRole } else { Link::Reverse };
            let sentences = u8::from(between.contains(". ") || between.contains("! ") || between.contains("? "));
            let reading = Reading { senses: said.senses, topics: said.topics, sentences, ..Reading::default() };
            let place = pieces.len() - 1 - at;
            self.hand(&Sighting { value, token, link, place, reading, rest: between }, found);
        }
    }
}
