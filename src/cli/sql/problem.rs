//! What is wrong with a statement, for a person: the place, the line with a mark below it, and the engine's words without its jargon.

use datafusion::common::Diagnostic;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use super::super::output::safe;
use super::statement::Piece;
use crate::error::{Error, Kind};

/// The engine's error about a statement. `file` is where the statement stands, if it does not come from the terminal.
pub fn of(error: DataFusionError, piece: &Piece, file: Option<&str>) -> Error {
    let found = told(&error);
    let kind = Kind::Usage;
    let plain = Error::from(error);
    if plain.kind() != kind {
        return plain;
    }
    let (message, place) = found;
    // What the engine only finds out later has no place: then there is nothing to point at.
    let Some((line, column)) = place else {
        return Error::new(kind, file.map_or_else(|| message.clone(), |file| format!("{file}: {message}")));
    };
    let number = line + piece.lines_before;
    let head = match file {
        Some(file) => format!("{file}:{number}:{column}: {message}"),
        None if number == 1 => format!("column {column}: {message}"),
        None => format!("line {number}, column {column}: {message}"),
    };
    Error::new(kind, format!("{head}{}", pointed(&piece.sql, line, column)))
}

/// The message, and line and column in the statement, from 1.
fn told(error: &DataFusionError) -> (String, Option<(usize, usize)>) {
    if let DataFusionError::SQL(parser, _) = error.find_root() {
        let text = match parser.as_ref() {
            ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
            ParserError::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
        };
        return with_place(&text);
    }
    let message = stripped(&error.find_root().strip_backtrace());
    match error.diagnostic() {
        Some(diagnostic) => (advised(message, diagnostic), diagnostic.span.map(|span| place(span.start.line, span.start.column))),
        None => with_place(&message),
    }
}

fn place(line: u64, column: u64) -> (usize, usize) {
    (usize::try_from(line).unwrap_or(1).max(1), usize::try_from(column).unwrap_or(1).max(1))
}

/// `… at Line: 1, Column: 8` in two.
fn with_place(text: &str) -> (String, Option<(usize, usize)>) {
    let found = text.rsplit_once(" at Line: ").and_then(|(message, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((message.to_owned(), (line.trim().parse().ok()?, column.trim().parse().ok()?)))
    });
    found.map_or_else(|| (text.to_owned(), None), |(message, place)| (message, Some(place)))
}

/// Without the words by which the engine names the stage it was in, which end in a colon.
fn stripped(message: &str) -> String {
    const STAGES: [&str; 5] =
        ["Error during planning: ", "Schema error: ", "SQL error: ", "This feature is not implemented: ", "type_coercion\ncaused by\n"];
    let mut rest = message;
    while let Some(after) = STAGES.iter().find_map(|stage| rest.strip_prefix(stage)) {
        rest = after;
    }
    // Of a table nobody here knows the catalogue's name.
    rest.replace("datafusion.public.", "").replace("bittern.public.", "")
}

fn advised(message: String, diagnostic: &Diagnostic) -> String {
    let advice = diagnostic.helps.iter().map(|help| &help.message).find(|help| !message.contains(help.as_str()));
    advice.map_or(message.clone(), |help| format!("{message}; {help}"))
}

/// The statement's line and a mark below the column.
fn pointed(sql: &str, line: usize, column: usize) -> String {
    let Some(text) = sql.lines().nth(line.saturating_sub(1)) else { return String::new() };
    // A long line is shown around the place; what stood before the statement is not shown at all.
    const SHOWN: usize = 100;
    let blank = text.chars().take_while(|c| c.is_whitespace()).count();
    let skipped = if column - blank.min(column) > SHOWN { column - SHOWN / 2 } else { blank.min(column.saturating_sub(1)) };
    let shown: String = text.chars().skip(skipped).take(SHOWN).collect();
    let indent = " ".repeat(column.saturating_sub(1 + skipped));
    format!("\n  {}\n  {indent}^", safe(&shown.replace('\t', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_pointed_at() {
        assert_eq!(with_place("Expected: x, found: y at Line: 2, Column: 14"), ("Expected: x, found: y".to_owned(), Some((2, 14))));
        assert_eq!(with_place("nothing"), ("nothing".to_owned(), None));
        assert_eq!(pointed("SELECT 1\nFROM  nowhere", 2, 7), "\n  FROM  nowhere\n        ^");
        let long = format!("{}x", "a ".repeat(100));
        assert_eq!(pointed(&long, 1, 201).lines().last().map(str::len), Some(52));
        assert_eq!(stripped("Error during planning: Schema error: No field"), "No field");
    }

    #[test]
    fn a_statement_of_a_file_is_named_by_file_and_line() {
        let piece = Piece { sql: "SELECT FROM".to_owned(), lines_before: 4 };
        let error = DataFusionError::SQL(Box::new(ParserError::ParserError("Expected: an expression at Line: 1, Column: 8".into())), None);
        let told = of(error, &piece, Some("q.sql"));
        assert_eq!(told.to_string(), "q.sql:5:8: Expected: an expression\n  SELECT FROM\n         ^");
    }
}
