//! An answer above the question that it quotes, as mail programs write it: the value stands before the word.

use super::super::boundary::valid_suffix;
use super::super::keywords::Class;
use super::super::pair::is_strong;
use super::super::ruleset::Candidate;
use super::super::scene;
use super::super::sighting::{Link, Reading, Sighting};
use super::super::tokens::{Token, tokens};
use super::Reader;

/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 320;

/// Lines of an answer that are read, and pieces of a line in which nothing else is said.
const LINES: usize = 8;
const PIECES_MAX: usize = 6;

impl Reader<'_> {
    /// Looks above the quotation in which the keyword asks for a password.
    pub fn above(&mut self, found: &mut impl FnMut(Candidate)) {
        if self.keyword.class != Class::Password || !scene::asks(self.text, self.place.end) {
            return;
        }
        let Some(end) = self.quotation() else { return };
        let answer = valid_suffix(self.text.get(end.saturating_sub(ANSWER_BYTES)..end).unwrap_or_default());
        self.base = end - answer.len();
        self.stretch = answer;
        let mut at = answer.len();
        for line in answer.rsplit('\n').take(LINES) {
            at -= line.len();
            let pieces: Vec<Token> = tokens(line).take(PIECES_MAX + 1).collect();
            for token in &pieces {
                let value = line.get(token.range.clone()).unwrap_or_default();
                let last = token.last && token.before.assigned;
                if is_strong(value) && (last || pieces.len() <= PIECES_MAX) {
                    let range = at + token.range.start..at + token.range.end;
                    let rest = answer.get(range.end..).unwrap_or_default();
                    let token = Token { range, line: 1, ..token.clone() };
                    let reading = Reading { asked: true, ..Reading::default() };
                    self.hand(&Sighting { value, token: &token, link: Link::OwnLine, place: 0, reading, rest }, found);
                }
            }
            at = at.saturating_sub(1);
        }
    }

    /// Where the quotation begins that the keyword stands in.
    fn quotation(&self) -> Option<usize> {
        const REACH_BYTES: usize = 400;
        const OPENINGS: &[&str] = &["\n>", "\n&gt;", "<blockquote", "\n-----"];
        let ahead = valid_suffix(self.text.get(self.place.start.saturating_sub(REACH_BYTES)..self.place.start).unwrap_or_default());
        let start = self.place.start - ahead.len();
        OPENINGS.iter().filter_map(|opening| ahead.find(opening)).min().map(|at| start + at)
    }
}
