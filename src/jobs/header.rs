//! The TOML header of a SQL file, in leading `--` comments. An editor or another engine reads the file as plain SQL.

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A SQL file: its header read into `H`, and the SQL as it stands (comments and all, so that line numbers hold).
#[derive(Debug, Clone)]
pub struct SqlFile<H> {
    /// The file's stem.
    pub id: String,
    /// What the header says.
    pub header: H,
    /// The whole text.
    pub sql: String,
}

/// Reads a SQL file. `path` names it in errors.
pub fn parse<H: DeserializeOwned>(id: &str, path: &str, text: &str) -> Result<SqlFile<H>> {
    let mut toml = String::new();
    for line in text.lines() {
        let Some(comment) = line.trim_start().strip_prefix("--") else { break };
        toml.push_str(comment.strip_prefix(' ').unwrap_or(comment));
        toml.push('\n');
    }
    let header = toml::from_str(&toml).map_err(|e| {
        let place = e.span().map(|span| position(&toml, span.start));
        let (line, column) = place.unwrap_or((1, 1));
        // The comment marker and its space stand before the TOML.
        Error::usage(format!("{path}:{line}:{}: the header is wrong: {}", column + 3, e.message()))
    })?;
    Ok(SqlFile { id: id.into(), header, sql: text.into() })
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Header {
        title: String,
    }

    #[test]
    fn the_header_is_toml_in_comments() {
        let file: SqlFile<Header> = parse("a", "a.sql", "-- title = \"A\"\nSELECT 1").expect("valid");
        assert_eq!(file.header.title, "A");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let error = parse::<Header>("a", "sql/a.sql", "-- title = \"A\"\n-- colour = 1\nSELECT 1").expect_err("unknown key");
        assert!(format!("{error:#}").starts_with("sql/a.sql:2:4: the header is wrong: unknown field"), "{error:#}");
    }
}
