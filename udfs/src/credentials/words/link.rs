//! How far a keyword reaches, and how a piece of text is joined to it.

use super::super::keywords::Class;
use super::super::languages::Senses;
use super::super::sighting::{Link, Reading};
use super::super::tokens::Token;
use super::Reader;

impl Reader<'_> {
    /// Whether reading ends at a token: too far, nothing between the quotes, or the quote closes the label that the keyword ends.
    pub fn ends_before(&self, token: &Token, value: &str, place: usize, reading: Reading) -> bool {
        !self.reaches(token, place, reading)
            || value.is_empty()
            || token.before.quoted && (value.starts_with([',', ')', ';', ']']) || value.starts_with(". ") || value == ".")
    }

    /// Whether a token can still belong to the keyword: on its line, on the next where the keyword ends its line, below where it stands
    /// alone or answers a question.
    pub fn reaches(&self, token: &Token, place: usize, reading: Reading) -> bool {
        match token.line {
            0 => true,
            1 | 2 if place == 0 || reading.asked => true,
            1..=6 if self.keyword.class == Class::Login => true,
            1..=6 => token.alone || place == 0 || token.last && reading.in_line == 1 || reading.in_line == 0,
            _ => self.keyword.class == Class::Recovery && token.line < 16,
        }
    }

    pub fn link(&self, token: &Token, place: usize, reading: Reading) -> Link {
        let before = token.before;
        let login = self.keyword.class == Class::Login;
        let joined = reading.joined_at.is_some_and(|at| at + 1 == place);
        let near = !before.sentence && !before.line;
        if place == 0 && before.assigned {
            Link::Assigned
        } else if self.is_user() && place == 0 && before.divided
            || login && place > 0 && !before.sentence && (before.divided || before.assigned || reading.last.any(Senses::AND))
            || login && reading.user && near && before.comma
        {
            Link::Divided
        } else if near && (place > 0 && before.assigned || place == 0 && before.divided) {
            Link::Late
        } else if joined && near {
            Link::Copula
        } else if place == 0 {
            Link::Adjacent
        } else if login && near && (reading.user && place <= 4 || reading.address) {
            Link::UserThen
        } else if token.line > 0 && (token.alone || reading.in_line == 1 && self.keyword.class == Class::Password && token.last) {
            Link::OwnLine
        } else {
            Link::Near
        }
    }
}
