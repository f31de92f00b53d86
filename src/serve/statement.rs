//! What is read of a statement before it is planned: its size, what it is, and whether it only reads.
//!
//! An allow-list: queries, EXPLAIN of queries, SHOW, a few SET that change nothing but how the client is answered, and the words of
//! transactions, which mean nothing here.

use std::borrow::Cow;

use datafusion::error::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{Expr, Set, Statement as Ast, TransactionAccessMode, TransactionMode, Value, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;

use super::audit::Outcome;
use super::meant;
use super::problem::Problem;
use super::settings;

/// Operators, subqueries and joins of a statement: each may nest a plan deeper.
const OPERATORS_MAX: usize = 4_000;

/// Tables that one statement may name.
const RELATIONS_MAX: usize = 200;

/// A statement that is allowed.
#[derive(Debug, Clone)]
pub enum Statement {
    /// It has rows.
    Rows(Box<Query>),
    /// `SET name = value`, checked.
    Set(String, String),
    /// `SHOW name`.
    Show(String),
    /// `BEGIN`.
    Begin,
    /// `COMMIT` or `END`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
    /// It does nothing, and says that it is done by this word.
    Nothing(&'static str),
}

/// A query as our own dialect reads it, and as PostgreSQL's clients mean it. At least one of them is there.
#[derive(Debug, Clone)]
pub struct Query {
    /// In the dialect of `bittern sql`.
    pub own: Option<Parsed>,
    /// Questions about the catalogue, changed into ones that have an answer.
    pub catalogue: Option<Parsed>,
    /// Whether it asks about the catalogue, so that the second is tried first.
    pub catalogue_first: bool,
}

/// The statements of a text.
///
/// # Errors
/// What cannot be parsed, is too large, or does more than read: then none of them is run.
pub fn parse(sql: &str, bytes_max: usize, dialect: &PostgresCompatibilityParser) -> Result<Vec<Statement>, Problem> {
    if sql.len() > bytes_max {
        return Err(Problem::limit("54000", format!("a statement has at most {} KiB", bytes_max / 1024)));
    }
    measure(sql)?;
    let own = DFParserBuilder::new(sql).build().and_then(|mut parser| parser.parse_statements());
    let first = asks_catalogue(sql);
    let meant = if first { meant::meant(sql) } else { Cow::Borrowed(sql) };
    let own = if matches!(meant, Cow::Owned(_)) { Err(DataFusionError::Plan(String::new())) } else { own };
    let sql = meant.as_ref();
    let catalogue = if first || own.is_err() { dialect.parse(sql) } else { Ok(Vec::new()) };
    let (own, catalogue): (Vec<Parsed>, Vec<Ast>) = match (own, catalogue) {
        (Ok(own), catalogue) => (own.into(), catalogue.unwrap_or_default()),
        (Err(_), Ok(catalogue)) => (Vec::new(), catalogue),
        (Err(error), Err(_)) => return Err(error.into()),
    };
    let count = own.len().max(catalogue.len());
    let paired = own.len() == catalogue.len();
    let mut statements = Vec::new();
    for at in 0..count {
        let own = own.get(at).cloned();
        let catalogue = if paired || own.is_none() { catalogue.get(at).cloned() } else { None };
        statements.push(statement(own, catalogue, first)?);
    }
    Ok(statements)
}

fn statement(own: Option<Parsed>, catalogue: Option<Ast>, catalogue_first: bool) -> Result<Statement, Problem> {
    let ast = match (&own, &catalogue) {
        (Some(Parsed::Statement(ast)), _) => (**ast).clone(),
        (Some(Parsed::Explain(explain)), _) => return explained(own.clone(), &explain.statement),
        (Some(Parsed::Reset(_)), _) => return Ok(Statement::Nothing("RESET")),
        (Some(_), _) => return Err(read_only()),
        (None, Some(ast)) => ast.clone(),
        (None, None) => return Err(Problem::new("42601", "there is no statement", Outcome::Failed)),
    };
    match ast {
        Ast::Query(_) | Ast::ExplainTable { .. } | Ast::ShowTables { .. } | Ast::ShowColumns { .. } | Ast::ShowFunctions { .. } => {
            few_relations(&ast)?;
            let catalogue = match catalogue {
                Some(ast @ Ast::Query(_)) => Some(Parsed::Statement(Box::new(ast))),
                Some(_) if own.is_none() => Some(Parsed::Statement(Box::new(ast))),
                _ => None,
            };
            Ok(Statement::Rows(Box::new(Query { own, catalogue, catalogue_first })))
        }
        Ast::Explain { ref statement, .. } => match &**statement {
            Ast::Query(_) => {
                few_relations(&ast)?;
                let own = own.or_else(|| Some(Parsed::Statement(Box::new(ast.clone()))));
                Ok(Statement::Rows(Box::new(Query { own, catalogue: None, catalogue_first: false })))
            }
            _ => Err(read_only()),
        },
        Ast::Set(set) => settings(set),
        Ast::ShowVariable { variable } => {
            let words: Vec<String> = variable.iter().map(|word| word.value.to_lowercase()).collect();
            Ok(Statement::Show(settings::canonical(&words.join("_"))))
        }
        Ast::StartTransaction { modes, .. } => {
            writes_nothing(&modes)?;
            Ok(Statement::Begin)
        }
        Ast::Commit { .. } => Ok(Statement::Commit),
        Ast::Rollback { savepoint: None, .. } => Ok(Statement::Rollback),
        Ast::Rollback { .. } => Ok(Statement::Nothing("ROLLBACK")),
        Ast::Savepoint { .. } => Ok(Statement::Nothing("SAVEPOINT")),
        Ast::ReleaseSavepoint { .. } => Ok(Statement::Nothing("RELEASE")),
        Ast::Deallocate { .. } => Ok(Statement::Nothing("DEALLOCATE")),
        Ast::Close { .. } => Ok(Statement::Nothing("CLOSE CURSOR")),
        Ast::Discard { .. } => Ok(Statement::Nothing("DISCARD ALL")),
        Ast::Reset(_) => Ok(Statement::Nothing("RESET")),
        _ => Err(read_only()),
    }
}

/// EXPLAIN in the engine's own form, which may hold any statement.
fn explained(own: Option<Parsed>, inner: &Parsed) -> Result<Statement, Problem> {
    match inner {
        Parsed::Statement(ast) if matches!(**ast, Ast::Query(_)) => {
            few_relations(ast)?;
            Ok(Statement::Rows(Box::new(Query { own, catalogue: None, catalogue_first: false })))
        }
        _ => Err(read_only()),
    }
}

fn read_only() -> Problem {
    Problem { code: "25006", ..Problem::refused("only statements that read are allowed: SELECT, EXPLAIN of a SELECT, SHOW") }
}

/// Refuses what nests so deep, or joins so much, that planning alone would take all there is.
fn measure(sql: &str) -> Result<(), Problem> {
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let nests = |token: &Token| match token {
        Token::Word(word) => {
            let word = word.value.as_str();
            word.len() <= 9
                && ["AND", "OR", "NOT", "SELECT", "JOIN", "UNION", "INTERSECT", "EXCEPT", "CASE", "LIKE", "IN", "IS", "BETWEEN"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(word))
        }
        Token::Whitespace(_) | Token::Comma | Token::Period | Token::SemiColon | Token::RParen => false,
        Token::Number(..) | Token::Char(_) | Token::Placeholder(_) | Token::Colon | Token::EOF => false,
        Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::EscapedStringLiteral(_) | Token::HexStringLiteral(_) => false,
        Token::LParen | Token::LBracket | Token::RBracket | Token::LBrace | Token::RBrace => false,
        // Operators of all kinds.
        _ => true,
    };
    if tokens.iter().filter(|token| nests(token)).count() > OPERATORS_MAX {
        return Err(Problem::limit("54001", format!("a statement has at most {OPERATORS_MAX} operators, subqueries and joins"))
            .hint("write a long list of values as `column IN (…)`"));
    }
    Ok(())
}

fn few_relations(ast: &Ast) -> Result<(), Problem> {
    let mut count = 0_usize;
    let _ = visit_relations(ast, |_| {
        count += 1;
        std::ops::ControlFlow::<()>::Continue(())
    });
    if count > RELATIONS_MAX {
        return Err(Problem::limit("54001", format!("a statement names at most {RELATIONS_MAX} tables")));
    }
    Ok(())
}

fn asks_catalogue(sql: &str) -> bool {
    const WORDS: [&str; 16] = [
        "pg_",
        "information_schema",
        "::reg",
        "version()",
        "current_database",
        "current_schema",
        "current_user",
        "session_user",
        "current_role",
        "_privilege",
        "format_type",
        "quote_ident",
        "array_upper",
        "array_lower",
        "obj_description",
        "current_setting",
    ];
    let sql = sql.to_ascii_lowercase();
    WORDS.iter().any(|word| sql.contains(word))
}

fn settings(set: Set) -> Result<Statement, Problem> {
    let (name, value) = match set {
        Set::SingleAssignment { variable, values, .. } => {
            let values: Vec<String> = values.iter().map(value_text).collect();
            (variable.to_string(), values.join(", "))
        }
        Set::SetTimeZone { value, .. } => ("timezone".to_owned(), value_text(&value)),
        Set::SetNames { charset_name, .. } => ("client_encoding".to_owned(), charset_name.value),
        Set::SetTransaction { modes, .. } => {
            writes_nothing(&modes)?;
            return Ok(Statement::Nothing("SET"));
        }
        _ => return Err(Problem::refused("this cannot be set")),
    };
    let name = settings::canonical(&name.to_lowercase().replace(['"', '\''], ""));
    settings::check(&name, &value)?;
    Ok(Statement::Set(name, value))
}

fn value_text(value: &Expr) -> String {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        Expr::Identifier(word) => word.value.clone(),
        other => other.to_string(),
    }
}

fn writes_nothing(modes: &[TransactionMode]) -> Result<(), Problem> {
    if modes.contains(&TransactionMode::AccessMode(TransactionAccessMode::ReadWrite)) {
        return Err(Problem { code: "25006", ..Problem::refused("transactions only read") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Result<Vec<String>, &'static str> {
        let parsed = parse(sql, 256 * 1024, &PostgresCompatibilityParser::new()).map_err(|problem| problem.code)?;
        Ok(parsed.iter().map(|statement| format!("{statement:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()).collect())
    }

    #[test]
    fn what_reads_is_allowed() {
        for sql in [
            "SELECT 1",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
            "EXPLAIN (ANALYZE) SELECT 1",
            "SHOW TABLES",
            "VALUES (1)",
            "DESCRIBE events",
            "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) '^(x)$' COLLATE pg_catalog.default",
        ] {
            assert_eq!(kinds(sql), Ok(vec!["Rows".to_owned()]), "{sql}");
        }
        assert_eq!(kinds("BEGIN; SELECT 1; COMMIT").map(|all| all.join(" ")), Ok("Begin Rows Commit".to_owned()));
        assert_eq!(kinds("SHOW transaction isolation level").map(|all| all.join(" ")), Ok("Show".to_owned()));
    }

    #[test]
    fn what_writes_or_changes_the_server_is_refused() {
        for sql in [
            "INSERT INTO events VALUES (1)",
            "DELETE FROM events",
            "UPDATE events SET source = 'x'",
            "DROP TABLE events",
            "CREATE TABLE t (a INT)",
            "CREATE TABLE t AS SELECT 1",
            "CREATE VIEW v AS SELECT 1",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE FUNCTION f() RETURNS INT RETURN 1",
            "COPY events TO '/tmp/x'",
            "COPY (SELECT 1) TO '/tmp/x.csv'",
            "COPY events FROM STDIN",
            "EXPLAIN ANALYZE INSERT INTO events VALUES (1)",
            "EXPLAIN ANALYZE COPY events TO '/tmp/x'",
            "EXPLAIN CREATE TABLE t AS SELECT 1",
            "PREPARE p AS SELECT 1",
            "EXECUTE p",
            "TRUNCATE TABLE events",
            "SELECT 1; DROP TABLE events",
            "BEGIN TRANSACTION READ WRITE",
            "LOCK TABLE events",
            "GRANT SELECT ON events TO ana",
            "VACUUM",
            "CALL f()",
            "DO $$ BEGIN END $$",
            "LOAD 'x'",
            "NOTIFY x",
        ] {
            assert!(matches!(kinds(sql), Err("25006" | "42601" | "42501")), "{sql}: {:?}", kinds(sql));
        }
    }

    #[test]
    fn only_what_the_client_is_answered_in_can_be_set() {
        for sql in ["SET extra_float_digits = 3", "SET TIME ZONE 'UTC'", "SET application_name TO 'x'", "SET client_encoding = 'UTF8'"] {
            assert_eq!(kinds(sql), Ok(vec!["Set".to_owned()]), "{sql}");
        }
        for sql in [
            "SET datafusion.runtime.memory_limit = '1T'",
            "SET datafusion.runtime.temp_directory = '/tmp'",
            "SET datafusion.execution.batch_size = 1",
            "SET ROLE admin",
            "SET SESSION AUTHORIZATION admin",
            "SET client_encoding = 'LATIN1'",
            "SET search_path = other",
        ] {
            assert!(kinds(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_parsed() {
        let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(kinds(&deep).is_err());
        assert_eq!(kinds(&format!("SELECT 1{}", "+1".repeat(10_000))), Err("54001"));
        assert_eq!(kinds(&format!("SELECT {}true", "NOT ".repeat(10_000))), Err("54001"));
        assert_eq!(kinds(&format!("SELECT 1 FROM events{}", ", events e".repeat(300))), Err("54001"));
        assert_eq!(kinds(&format!("SELECT '{}'", "x".repeat(300_000))), Err("54000"));
        let long = format!("SELECT 1 WHERE 1 IN ({})", (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(kinds(&long), Ok(vec!["Rows".to_owned()]));
    }
}
