//! Questions of clients about the catalogue that neither the engine nor the catalogue's dialect can answer, and what they mean here.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// A list of which nothing is known. No list that clients put together of the catalogue's rows has anything in it here.
const NO_LIST: &str = "CAST(NULL AS VARCHAR[])";

/// What is asked, as patterns, and what it means.
const MEANT: [(&str, &str); 23] = [
    // Functions stand in `pg_type` by name, so they are words, not numbers (ADBC, JDBC).
    (r"\(typreceive != 0 OR typsend != 0\)", "(typreceive <> '-' OR typsend <> '-')"),
    (r"= *'(pg_catalog\.)?array_in'::(pg_catalog\.)?regproc", "= 'array_in'"),
    // Rights are those of the role, and stand in no list (psql's commands ending in `+`).
    (r"(pg_catalog\.)?array_to_string\(\s*(\w+\.)?\w+acl\s*,\s*E?'\\n\s*'\s*\)", "CAST(NULL AS VARCHAR)"),
    (r"(pg_catalog\.)?array_length\(\s*(\w+\.)?\w+acl\s*,\s*1\s*\)", "CAST(NULL AS INT)"),
    // A user has one role (psql before 16, `\du`).
    (
        r"ARRAY\(SELECT b\.rolname\s+FROM pg_catalog\.pg_auth_members m\s[^()]*\([^()]*\)\s+WHERE m\.member = r\.oid\)",
        "ARRAY[bittern_role()]",
    ),
    // No table has options (psql, `\d+`).
    (r"(pg_catalog\.)?array_to_string\(c\.reloptions \|\| ARRAY\(select [^()]*\([^()]*\) x\), ', '\)", "CAST(NULL AS VARCHAR)"),
    // No type is a row of its own (psql, `\dT`).
    (r"\(SELECT c\.relkind = 'c' FROM pg_catalog\.pg_class c WHERE c\.oid = t\.typrelid\)", "false"),
    // No table has keys or indexes (Metabase, JDBC).
    (r"= ANY\(c\.conf?key\)", "= 0"),
    (r#"\(information_schema\._pg_expandarray\("?i"?\."?indkey"?\)\)\."?n"?"#, "0"),
    (r#"information_schema\._pg_expandarray\("?i"?\."?indkey"?\)"#, "0"),
    (r"r\.rolname,c\.relacl\b", "r.rolname, CAST(NULL AS VARCHAR) AS relacl"),
    (r"\(result\.keys\)\.x", "0"),
    (r"con\.conf?key\[pos\.n\]", "0"),
    (r"tmp\.i_indoption\[tmp\.ordinal_position - 1\]", "0"),
    (r"case when t\.typtype = 'd' then\s+\(select case [^()]*\)\s+else null end as base_type", "CAST(NULL AS INT) AS base_type"),
    (r#""?information_schema"?\.("table_constraints"|table_constraints\b)"#, CONSTRAINTS),
    (r#""?information_schema"?\.("key_column_usage"|key_column_usage\b)"#, CONSTRAINTS),
    // The engine's own list of columns has its own names of types, and lacks some of PostgreSQL's columns.
    (r#""?information_schema"?\.("columns"|columns\b)"#, COLUMNS),
    // A number of what is described nowhere (Metabase).
    (r"cast\(cast\(format\('%I\.%I', [^)]*\), [^)]*\)\) AS regclass\) AS oid\)", "0"),
    // Texts put together (Metabase), and columns without a name (JDBC).
    (r"\bformat\('%s', ([^()]+)\)", "$1"),
    (r#"\bformat\('"%s"\."%s"', ([^(),]+), ([^(),]+)\)"#, "concat($1, '.', $2)"),
    ("AS PROCEDURE_NAME, NULL, NULL, NULL,", "AS PROCEDURE_NAME, NULL AS n1, NULL AS n2, NULL AS n3,"),
    // Schemas that need not be named (Grafana).
    (r"SELECT\s+CASE WHEN trim\(s\[i\]\)(?s:.*?)string_to_array\(current_setting\('search_path'\), *','\)\s+s\b", "'public'"),
];

const CONSTRAINTS: &str = "(SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS table_catalog, '' AS table_schema, \
     '' AS table_name, '' AS column_name, '' AS constraint_type, 0 AS ordinal_position WHERE false)";

const COLUMNS: &str = "(SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, \
     a.attnum AS ordinal_position, CAST(NULL AS VARCHAR) AS column_default, 'YES' AS is_nullable, format_type(a.atttypid, NULL) AS data_type, \
     CAST(NULL AS INT) AS character_maximum_length, CAST(NULL AS INT) AS numeric_precision, CAST(NULL AS INT) AS numeric_scale, \
     CAST(NULL AS INT) AS datetime_precision, current_database() AS udt_catalog, 'pg_catalog' AS udt_schema, t.typname AS udt_name, \
     'NO' AS is_identity, 'NEVER' AS is_generated, 'NO' AS is_updatable FROM pg_catalog.pg_attribute a \
     JOIN pg_catalog.pg_class c ON a.attrelid = c.oid JOIN pg_catalog.pg_namespace n ON c.relnamespace = n.oid \
     JOIN pg_catalog.pg_type t ON a.atttypid = t.oid WHERE a.attnum > 0)";

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let pattern = |(pattern, meant): &(&str, &'static str)| Some((Regex::new(&format!("(?i){pattern}")).ok()?, *meant));
    MEANT.iter().filter_map(pattern).collect()
});

/// The question as it is meant here.
pub fn meant(sql: &str) -> Cow<'_, str> {
    let mut meant = Cow::Borrowed(sql);
    for (pattern, means) in PATTERNS.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&meant, *means) {
            meant = Cow::Owned(changed);
        }
    }
    while let Some(changed) = without_list(&meant) {
        meant = Cow::Owned(changed);
    }
    meant
}

/// The text without its first `ARRAY(SELECT …)`, which the engine cannot plan.
fn without_list(sql: &str) -> Option<String> {
    static BEGIN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)\bARRAY\s*\(\s*SELECT\b").ok());
    let begin = BEGIN.as_ref()?.find(sql)?;
    let (mut open, mut quoted) = (0, false);
    for (at, c) in sql.get(begin.start()..)?.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => open += 1,
            ')' if !quoted => {
                open -= 1;
                if open == 0 {
                    return Some(format!("{}{NO_LIST}{}", sql.get(..begin.start())?, sql.get(begin.start() + at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), MEANT.len());
    }

    #[test]
    fn what_psql_asks_is_meant_otherwise() {
        for (asked, expected) in [
            ("SELECT pg_catalog.array_to_string(p.proacl, E'\\n') FROM p", "SELECT CAST(NULL AS VARCHAR) FROM p"),
            (
                "SELECT array_to_string(ARRAY(SELECT ')' || f(a) FROM b), '') FROM p",
                "SELECT array_to_string(CAST(NULL AS VARCHAR[]), '') FROM p",
            ),
            ("SELECT ARRAY(SELECT 1", "SELECT ARRAY(SELECT 1"),
            (
                "SELECT ARRAY(SELECT b.rolname\n  FROM pg_catalog.pg_auth_members m\n  JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid)\n  WHERE m.member = r.oid) as memberof",
                "SELECT ARRAY[bittern_role()] as memberof",
            ),
        ] {
            assert_eq!(meant(asked), expected);
        }
    }
}
