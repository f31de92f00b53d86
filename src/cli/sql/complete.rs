//! What Tab completes, what is hinted at, and how a statement is coloured while it is typed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use datafusion::sql::sqlparser::keywords::{ALL_KEYWORDS, Keyword};
use datafusion::sql::sqlparser::tokenizer::{Token, Whitespace};
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::command::COMMANDS;
use super::names::Names;
use super::statement::{Open, pieces, tokens};

/// Keywords that are offered: the parser knows hundreds, most of other engines.
const OFFERED: [&str; 66] = [
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CROSS JOIN",
    "CURRENT ROW",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "EXPLAIN ANALYZE",
    "FALSE",
    "FILTER (WHERE",
    "FIRST",
    "FOLLOWING",
    "FROM",
    "FULL JOIN",
    "GROUP BY",
    "GROUPING SETS",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER JOIN",
    "INTERSECT",
    "INTERVAL",
    "IS NOT NULL",
    "IS NULL",
    "JOIN",
    "LAST",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS LAST",
    "OFFSET",
    "ON",
    "OR",
    "ORDER BY",
    "OVER",
    "PARTITION BY",
    "PRECEDING",
    "RANGE BETWEEN",
    "RECURSIVE",
    "RIGHT JOIN",
    "ROWS BETWEEN",
    "SELECT",
    "SHOW TABLES",
    "THEN",
    "TRUE",
    "UNBOUNDED",
    "UNION ALL",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Words after which a table comes.
const BEFORE_TABLES: [Keyword; 5] = [Keyword::FROM, Keyword::JOIN, Keyword::TABLE, Keyword::DESCRIBE, Keyword::INTO];

/// Helps with typing.
pub struct Typing {
    /// What there is.
    pub names: Names,
    /// The lines of the statement before the one that is typed.
    pub before: String,
    /// Whether anything is coloured.
    pub colour: bool,
    files: FilenameCompleter,
}

impl Typing {
    /// Help with these names.
    pub fn new(names: Names, colour: bool) -> Self {
        Self { names, before: String::new(), colour, files: FilenameCompleter::new() }
    }

    /// What may stand at the end of `line`, with the byte where it begins there.
    fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        if self.before.is_empty() && line.trim_start().starts_with('\\') {
            return self.of_command(line);
        }
        let text = format!("{}{line}", self.before);
        let in_comment = |token: &(Token, usize, usize)| matches!(&token.0, Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) if !comment.ends_with('\n'));
        if matches!(pieces(&text).open, Open::Text | Open::Dollars | Open::Comment) || tokens(&text).0.last().is_some_and(in_comment) {
            return (line.len(), Vec::new());
        }
        let start = line
            .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$')))
            .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
        let word = &line[start..];
        let head = &text[..text.len() - word.len()];
        if let Some((of, part)) = word.rsplit_once('.') {
            let columns = self.columns_of(&text, of);
            return (start + of.len() + 1, matching(columns.into_iter(), part));
        }
        if after_table_word(head) {
            return (start, matching(self.names.tables.keys().cloned(), word));
        }
        let tables = self.tables_in(&text);
        let mut found: BTreeSet<String> = BTreeSet::new();
        for (table, _) in &tables {
            found.extend(self.names.tables.get(table).into_iter().flat_map(|table| table.columns.iter().map(|column| column.0.clone())));
        }
        let mut offered = matching(found.into_iter(), word);
        if !word.is_empty() {
            offered.extend(matching(tables.iter().filter_map(|(_, alias)| alias.clone()), word));
            offered.extend(matching(self.names.functions.keys().map(|name| format!("{name}(")), word));
            // Keywords come as the rest is written.
            let small = word.chars().all(|c| !c.is_uppercase());
            let written = |keyword: &str| if small { keyword.to_lowercase() } else { keyword.to_owned() };
            offered.extend(matching(OFFERED.iter().map(|keyword| written(keyword)), word));
            offered.extend(matching(self.names.tables.keys().cloned(), word));
        }
        let mut seen = BTreeSet::new();
        offered.retain(|name| seen.insert(name.clone()));
        (start, offered)
    }

    fn of_command(&self, line: &str) -> (usize, Vec<String>) {
        let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = &line[start..];
        let words: Vec<&str> = line[..start].split_whitespace().collect();
        let offered = match words.as_slice() {
            [] => matching(COMMANDS.iter().map(|command| command.name.to_owned()), word),
            ["\\d" | "\\dt" | "\\dv"] => matching(self.names.tables.keys().cloned(), word),
            ["\\df"] => matching(self.names.functions.keys().cloned(), word),
            ["\\hunt" | "\\hunts"] => matching(self.names.hunts.keys().cloned(), word),
            ["\\hunt", hunt, ..] => {
                let params = self.names.hunts.get(*hunt).into_iter().flat_map(|(_, params)| params);
                matching(params.map(|(name, _)| format!("{name}=")), word)
            }
            ["\\format"] => matching(["table", "json", "csv", "markdown", "parquet"].into_iter().map(str::to_owned), word),
            ["\\x" | "\\timing" | "\\pager"] => matching(["on", "off"].into_iter().map(str::to_owned), word),
            _ => Vec::new(),
        };
        (start, offered)
    }

    /// Tables that a statement names, each with its alias.
    fn tables_in(&self, text: &str) -> Vec<(String, Option<String>)> {
        let words: Vec<Token> =
            tokens(text).0.into_iter().map(|token| token.0).filter(|token| !matches!(token, Token::Whitespace(_))).collect();
        let mut found = Vec::new();
        for (at, token) in words.iter().enumerate() {
            let Token::Word(word) = token else { continue };
            if !self.names.tables.contains_key(&word.value) {
                continue;
            }
            let mut next = words.iter().skip(at + 1);
            let mut after = next.next();
            if matches!(after, Some(Token::Word(word)) if word.keyword == Keyword::AS) {
                after = next.next();
            }
            let alias = match after {
                Some(Token::Word(word)) if word.keyword == Keyword::NoKeyword || word.value.len() == 1 => Some(word.value.clone()),
                _ => None,
            };
            found.push((word.value.clone(), alias));
        }
        found
    }

    /// Columns behind `name.`: an alias, or a table.
    fn columns_of(&self, text: &str, name: &str) -> Vec<String> {
        let table = self.tables_in(text).into_iter().find(|(_, alias)| alias.as_deref() == Some(name)).map(|(table, _)| table);
        let table = table.unwrap_or_else(|| name.to_owned());
        self.names.tables.get(&table).map(|table| table.columns.iter().map(|column| column.0.clone()).collect()).unwrap_or_default()
    }

    /// How the function is called whose brackets are open at the end of the text.
    fn open_call(&self, text: &str) -> Option<String> {
        let (tokens, unread) = tokens(text);
        if unread.is_some() {
            return None;
        }
        let mut calls: Vec<Option<String>> = Vec::new();
        let mut last: Option<String> = None;
        for (token, ..) in tokens {
            match token {
                Token::LParen => calls.push(last.take()),
                Token::RParen => drop(calls.pop()),
                Token::SemiColon => calls.clear(),
                Token::Word(word) => {
                    last = Some(word.value.to_lowercase());
                    continue;
                }
                Token::Whitespace(_) => continue,
                _ => {}
            }
            last = None;
        }
        let name = calls.into_iter().rev().flatten().next()?;
        self.names.functions.get(&name).map(|function| function.syntax.clone())
    }

    fn coloured(&self, line: &str) -> String {
        let (keyword, quoted, comment, end_of_style) = ("\x1b[1;34m", "\x1b[32m", "\x1b[2m", "\x1b[0m");
        let text = format!("{}{line}", self.before);
        let from = self.before.len();
        let (tokens, unread) = tokens(&text);
        let (mut shown, mut at) = (String::with_capacity(line.len() * 2), from);
        let mut put = |style: &str, start: usize, end: usize, at: &mut usize| {
            let (start, end) = (start.max(*at), end.max(*at));
            shown.push_str(text.get(*at..start).unwrap_or_default());
            let part = text.get(start..end).unwrap_or_default();
            if style.is_empty() || part.is_empty() {
                shown.push_str(part)
            } else {
                shown.extend([style, part, end_of_style])
            }
            *at = end;
        };
        for (token, start, end) in tokens {
            let style = match token {
                Token::Word(word) if word.quote_style.is_none() && is_coloured(word.keyword, &word.value) => keyword,
                Token::SingleQuotedString(_) | Token::DollarQuotedString(_) | Token::EscapedStringLiteral(_) => quoted,
                Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => comment,
                _ => "",
            };
            put(style, start, end, &mut at);
        }
        let style = match unread {
            Some(Open::Comment) => comment,
            Some(_) => quoted,
            None => "",
        };
        let begin = at;
        put(style, begin, text.len(), &mut at);
        shown
    }
}

fn is_coloured(keyword: Keyword, word: &str) -> bool {
    keyword != Keyword::NoKeyword
        && OFFERED.iter().any(|offered| offered.split([' ', '(']).any(|part| part.eq_ignore_ascii_case(word)))
        && ALL_KEYWORDS.binary_search(&word.to_uppercase().as_str()).is_ok()
}

/// Whether what stands before the word says that it is a table.
fn after_table_word(head: &str) -> bool {
    let words: Vec<Token> =
        tokens(head).0.into_iter().map(|token| token.0).filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    let is_word = |token: Option<&Token>| matches!(token, Some(Token::Word(word)) if BEFORE_TABLES.contains(&word.keyword));
    // `FROM a, ` and `FROM a AS x, ` go on with tables.
    let listed = || {
        let from = words.iter().rposition(|token| matches!(token, Token::Word(word) if word.keyword == Keyword::FROM));
        let after = from.and_then(|from| words.get(from + 1..)).unwrap_or_default();
        let plain = |token: &Token| match token {
            Token::Word(word) => word.keyword == Keyword::NoKeyword || word.keyword == Keyword::AS || word.value.len() == 1,
            token => *token == Token::Comma,
        };
        matches!(words.last(), Some(Token::Comma)) && !after.is_empty() && after.iter().all(plain)
    };
    is_word(words.last()) || listed()
}

fn matching(names: impl Iterator<Item = String>, part: &str) -> Vec<String> {
    let part = part.to_lowercase();
    names.filter(|name| name.to_lowercase().starts_with(&part)).collect()
}

impl Completer for Typing {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let line = line.get(..pos).unwrap_or_default();
        let command = line.split_whitespace().next().unwrap_or_default();
        if self.before.is_empty() && matches!(command, "\\i" | "\\o") && line.contains(char::is_whitespace) {
            return self.files.complete_path(line, pos);
        }
        let (start, names) = self.candidates(line);
        Ok((start, names.into_iter().map(|name| Pair { display: name.clone(), replacement: name }).collect()))
    }
}

/// Words behind the cursor that cannot be taken over.
pub struct Shown(String);

impl Hint for Shown {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Typing {
    type Hint = Shown;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Shown> {
        if pos < line.len() || line.starts_with('\\') {
            return None;
        }
        self.open_call(&format!("{}{line}", self.before)).map(|syntax| Shown(format!("   {syntax}")))
    }
}

impl Highlighter for Typing {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.colour || (self.before.is_empty() && line.starts_with('\\')) {
            Cow::Borrowed(line)
        } else {
            Cow::Owned(self.coloured(line))
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colour { Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")) } else { Cow::Borrowed(hint) }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.colour && kind != CmdKind::MoveCursor
    }
}

impl Validator for Typing {}

impl Helper for Typing {}

#[cfg(test)]
mod tests {
    use super::super::names::Table;
    use super::*;
    use crate::functions::listed::Function;

    fn typing(before: &str) -> Typing {
        let table =
            |columns: &[&str]| Table { view: false, columns: columns.iter().map(|name| ((*name).into(), "text".into(), true)).collect() };
        let mut names = Names::default();
        names.tables.insert("alerts".into(), table(&["alert_id", "severity", "summary"]));
        names.tables.insert("alert_changes".into(), table(&["change"]));
        names.tables.insert("events".into(), table(&["event_id", "event_time", "text"]));
        let function = Function { kind: "scalar", syntax: "credential_find(text)".into(), own: true, ..Function::default() };
        names.functions.insert("credential_find".into(), function);
        names.hunts.insert("file_history".into(), (String::new(), vec![("file".into(), String::new())]));
        Typing { before: before.into(), ..Typing::new(names, true) }
    }

    #[test]
    fn tab_offers_what_may_stand_there() {
        let cases: [(&str, &str, &[&str]); 16] = [
            ("", "SELECT * FROM al", &["alert_changes", "alerts"]),
            ("", "SELECT * FROM alerts AS a JOIN ev", &["events"]),
            ("", "SELECT * FROM alerts a, ev", &["events"]),
            ("", "SELECT * FROM alerts WHERE sev", &["severity"]),
            ("", "SELECT * FROM alerts a JOIN events e ON a.al", &["alert_id"]),
            ("", "SELECT * FROM alerts AS x WHERE x.s", &["severity", "summary"]),
            ("SELECT su\nFROM events\n", "WHERE event_", &["event_id", "event_time"]),
            ("", "SELECT events.te", &["text"]),
            ("", "SELECT cred", &["credential_find("]),
            ("", "SELECT 1 GRO", &["GROUP BY", "GROUPING SETS"]),
            ("", "select 1 gro", &["group by", "grouping sets"]),
            ("", "SELECT 'al", &[]),
            ("", "SELECT 1 -- al", &[]),
            ("", "\\hun", &["\\hunt", "\\hunts"]),
            ("", "\\hunt file_history f", &["file="]),
            ("", "\\d ev", &["events"]),
        ];
        for (before, line, offered) in cases {
            assert_eq!(typing(before).candidates(line).1, offered, "{line}");
        }
        // What is replaced begins with the word.
        assert_eq!(typing("").candidates("SELECT a.se FROM alerts a").0, 24);
    }

    #[test]
    fn a_functions_call_is_hinted_at_inside_its_brackets() {
        let typing = typing("");
        assert_eq!(typing.open_call("SELECT credential_find(").as_deref(), Some("credential_find(text)"));
        assert_eq!(typing.open_call("SELECT credential_find(lower(x)").as_deref(), Some("credential_find(text)"));
        assert_eq!(typing.open_call("SELECT credential_find(text)"), None);
        assert_eq!(typing.open_call("SELECT 'credential_find("), None);
    }

    #[test]
    fn colours_change_no_character() {
        for (before, line) in [("", "SELECT 'é' FROM x -- y"), ("SELECT '\n", "a' FROM x WHERE 'b"), ("", "sélect from 1 /* x"), ("", "")]
        {
            let coloured = typing(before).coloured(line);
            let mut plain = String::new();
            let mut rest = coloured.as_str();
            while let Some((head, tail)) = rest.split_once('\x1b') {
                plain.push_str(head);
                rest = tail.split_once('m').expect("a colour ends").1;
            }
            assert_eq!(format!("{plain}{rest}"), line);
        }
    }
}
