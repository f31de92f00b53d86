//! One piece of text as it stands to a keyword: how it is joined, and what was read between.

use super::evidence::Feature;
use super::languages::Senses;
use super::tokens::Token;

/// How a value is joined to its keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Assigned,
    Late,
    Copula,
    Adjacent,
    Divided,
    UserThen,
    OwnLine,
    Near,
    Reverse,
    ReverseRole,
    Column,
}

impl Link {
    /// Said outright.
    pub fn direct(self) -> bool {
        matches!(self, Self::Assigned | Self::Late | Self::Copula | Self::Column)
    }

    pub fn feature(self) -> Option<Feature> {
        Some(match self {
            Self::Assigned => Feature::Assigned,
            Self::Late => Feature::Late,
            Self::Copula => Feature::Copula,
            Self::Adjacent => Feature::Adjacent,
            Self::Divided => Feature::Divided,
            Self::UserThen => Feature::UserThen,
            Self::OwnLine => Feature::OwnLine,
            Self::Reverse => Feature::Reverse,
            Self::ReverseRole => Feature::ReverseRole,
            Self::Column => Feature::Column,
            Self::Near => return None,
        })
    }
}

/// Whether nothing stands behind a value in its line but closing signs and markup.
pub fn ends_line(rest: &str, closing: &[char]) -> bool {
    let rest = rest.trim_start_matches(closing);
    rest.is_empty() || rest.starts_with(['\n', '<'])
}

/// What was read between the keyword and a piece of text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// What the words say.
    pub senses: Senses,
    /// How many of them speak about passwords.
    pub topics: u8,
    /// What the last word says, where a word stands right before.
    pub last: Senses,
    /// Where the last word stood that joins.
    pub joined_at: Option<usize>,
    /// Where the last word stood for a user or a login.
    pub login_at: Option<usize>,
    /// A sentence ended.
    pub ended: bool,
    /// A question ended.
    pub asked: bool,
    /// The keyword stands in a line that is quoted from somebody else: what is below answers it.
    pub quoted_line: bool,
    /// Sentences that ended.
    pub sentences: u8,
    /// Commas between: what is behind one may speak of something else.
    pub commas: u8,
    /// Pieces before on its line.
    pub in_line: u8,
    /// Candidates that passed.
    pub found: u8,
    /// What stands right before may be a user's name.
    pub user: bool,
    /// It is an address.
    pub address: bool,
}

impl Reading {
    /// Goes on to the next piece.
    pub fn step(&mut self, token: &Token, place: usize) {
        self.in_line = if token.before.line { 0 } else { self.in_line.saturating_add(1) };
        self.asked |= token.before.question || self.quoted_line && token.before.line;
        self.ended |= token.before.sentence;
        self.commas += u8::from(token.before.comma && place > 0 && self.commas < 4);
        self.sentences += u8::from(token.before.sentence && !token.before.question && place > 0);
    }

    pub fn word(&mut self, senses: Senses, place: usize) {
        self.senses = self.senses.and(senses);
        self.topics += u8::from(senses.any(Senses::TOPIC) && self.topics < 4);
        self.last = senses;
        self.user = senses.is_none();
        self.address = false;
        if senses.any(Senses::JOIN) {
            self.joined_at = Some(place);
        }
        if senses.any(Senses::LOGIN) {
            self.login_at = Some(place);
        }
    }
}

/// A piece of text and how it stands to the keyword.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'t> {
    pub value: &'t str,
    pub token: &'t Token,
    pub link: Link,
    /// Pieces between.
    pub place: usize,
    pub reading: Reading,
    /// What follows the value.
    pub rest: &'t str,
}
