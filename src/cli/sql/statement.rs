//! Where statements end in what somebody types, and what is still open there: told by the tokens, so that a semicolon in a text or a
//! comment ends nothing.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// What is not ended yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Nothing: a new statement may begin.
    Nothing,
    /// A statement.
    Statement,
    /// A bracket of one.
    Bracket,
    /// A text in `'`.
    Text,
    /// A name in `"`.
    Name,
    /// A text between dollars.
    Dollars,
    /// A comment `/* */`.
    Comment,
}

impl Open {
    /// The character that the prompt shows, as psql does.
    pub fn mark(self) -> char {
        match self {
            Self::Nothing => '=',
            Self::Statement => '-',
            Self::Bracket => '(',
            Self::Text => '\'',
            Self::Name => '"',
            Self::Dollars => '$',
            Self::Comment => '*',
        }
    }
}

/// A statement without its semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text.
    pub sql: String,
    /// How many lines stand before it.
    pub lines_before: usize,
}

/// What was typed, in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// Statements that are ended.
    pub ended: Vec<Piece>,
    /// What follows them.
    pub rest: Piece,
    /// What is open at the end.
    pub open: Open,
}

/// The tokens of a text, each with the bytes where it begins and ends; and what cannot be read to its end.
pub fn tokens(text: &str) -> (Vec<(Token, usize, usize)>, Option<Open>) {
    let dialect = GenericDialect {};
    let mut found: Vec<TokenWithSpan> = Vec::new();
    let unread = Tokenizer::new(&dialect, text).tokenize_with_location_into_buf(&mut found).err();
    let places = Places::of(text);
    let tokens = found.into_iter().map(|token| {
        let (start, end) = (token.span.start, token.span.end);
        (token.token, places.byte(text, start.line, start.column), places.byte(text, end.line, end.column))
    });
    let open = unread.map(|error| match error.message.as_str() {
        message if message.contains("comment") => Open::Comment,
        message if message.contains("dollar") => Open::Dollars,
        message if message.contains("delimiter") => Open::Name,
        _ => Open::Text,
    });
    (tokens.collect(), open)
}

/// Takes a text apart at its semicolons.
pub fn pieces(text: &str) -> Pieces {
    let (tokens, unread) = tokens(text);
    let (mut ended, mut begin, mut brackets, mut after) = (Vec::new(), None, 0_usize, 0);
    for (token, start, end) in tokens {
        match token {
            Token::SemiColon => {
                ended.extend(begin.take().map(|begin| piece(text, begin, start)));
                (brackets, after) = (0, end);
                continue;
            }
            // Comments included.
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => brackets += 1,
            Token::RParen | Token::RBracket | Token::RBrace => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        begin.get_or_insert(start);
    }
    let open = match (unread, begin, brackets) {
        (Some(open), ..) => open,
        (None, None, _) => Open::Nothing,
        (None, Some(_), 0) => Open::Statement,
        (None, Some(_), _) => Open::Bracket,
    };
    // Where a text begins that does not end, no token says it.
    let tail = begin.unwrap_or(after);
    let rest = if open == Open::Nothing { Piece { sql: String::new(), lines_before: 0 } } else { piece(text, tail, text.len()) };
    Pieces { ended, rest, open }
}

fn piece(text: &str, start: usize, end: usize) -> Piece {
    let before = text.get(..start).unwrap_or_default();
    let first = before.rfind('\n').map_or(0, |at| at + 1);
    // The line's beginning goes along as blanks, so that columns of errors are those of the line as it was typed.
    let column: String = before.get(first..).unwrap_or_default().chars().map(|_| ' ').collect();
    let sql = text.get(start..end).unwrap_or_default().trim_end();
    Piece { sql: format!("{column}{sql}"), lines_before: before.matches('\n').count() }
}

/// Bytes of the places that the tokenizer tells as line and column of characters.
struct Places(Vec<usize>);

impl Places {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn byte(&self, text: &str, line: u64, column: u64) -> usize {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = self.0.get(index(line)) else { return text.len() };
        let after = text.get(*start..).unwrap_or_default();
        after.char_indices().nth(index(column)).map_or(text.len(), |(at, _)| start + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_where_its_semicolon_is_one() {
        let cases: [(&str, &[&str], Open); 14] = [
            ("", &[], Open::Nothing),
            ("  \n-- nothing; here\n", &[], Open::Nothing),
            ("SELECT 1", &[], Open::Statement),
            ("SELECT 1;", &["SELECT 1"], Open::Nothing),
            ("SELECT ';' ;SELECT", &["SELECT ';'"], Open::Statement),
            ("SELECT 'a;", &[], Open::Text),
            ("SELECT 'it''s;'; SELECT 'é", &["SELECT 'it''s;'"], Open::Text),
            ("SELECT \"a;", &[], Open::Name),
            ("SELECT (1, (2;", &["SELECT (1, (2"], Open::Nothing),
            ("SELECT (1,", &[], Open::Bracket),
            ("SELECT 1 /* ; ", &[], Open::Comment),
            ("SELECT 1 /* ; */ + 2; ", &["SELECT 1 /* ; */ + 2"], Open::Nothing),
            ("SELECT $$a;", &[], Open::Dollars),
            (";;SELECT 1;;", &["SELECT 1"], Open::Nothing),
        ];
        for (text, ended, open) in cases {
            let found = pieces(text);
            let sql: Vec<&str> = found.ended.iter().map(|piece| piece.sql.trim_start()).collect();
            assert_eq!((sql.as_slice(), found.open), (ended, open), "{text}");
        }
    }

    #[test]
    fn a_piece_knows_its_line_and_keeps_its_columns() {
        let found = pieces("SELECT 1;\n-- two\nSELECT 2; SELECT\n 3;  SELECT 4");
        let ended: Vec<(usize, &str)> = found.ended.iter().map(|piece| (piece.lines_before, piece.sql.as_str())).collect();
        assert_eq!(ended, [(0, "SELECT 1"), (2, "SELECT 2"), (2, "          SELECT\n 3")]);
        assert_eq!((found.rest.lines_before, found.rest.sql.trim_start(), found.rest.sql.len()), (3, "SELECT 4", 13));
    }
}
