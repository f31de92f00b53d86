//! How a credential is rotated, by the rule that found it or by its kind: the table `rotation.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// What to call a credential, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What it is, in a few words.
    pub what: &'static str,
    /// What to do, in order.
    pub steps: &'static [String],
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    hint: Vec<Hint>,
    kind: Vec<ByKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hint {
    rules: Vec<String>,
    what: String,
    steps: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByKind {
    kind: String,
    what: String,
    steps: Vec<String>,
}

/// A file that cannot be read is an empty table; a test reads it.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("rotation.toml")).unwrap_or(Table { hint: Vec::new(), kind: Vec::new() }));

/// The advice for a rule and its kind; for anything else what holds of files.
pub fn advice(rule: Option<&str>, kind: Option<&str>) -> Advice {
    let by_rule = rule.and_then(|rule| TABLE.hint.iter().find(|hint| hint.rules.iter().any(|pattern| matches(pattern, rule))));
    if let Some(hint) = by_rule {
        return Advice { what: &hint.what, steps: &hint.steps };
    }
    let by_kind = |wanted: &str| TABLE.kind.iter().find(|entry| entry.kind == wanted);
    match kind.map_or_else(|| by_kind("file"), |kind| by_kind(kind).or_else(|| by_kind("token"))) {
        Some(entry) => Advice { what: &entry.what, steps: &entry.steps },
        None => Advice { what: "credential", steps: &[] },
    }
}

/// Whether a name fits a pattern: the same, or beginning with what stands before a `*` at the end.
pub fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |head| name.starts_with(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bittern_udfs::credentials::rules::{self, KINDS};

    #[test]
    fn every_kind_has_advice_and_every_hint_a_rule() {
        let table: Table = toml::from_str(include_str!("rotation.toml")).expect("is a table");
        for kind in KINDS {
            assert!(table.kind.iter().any(|entry| entry.kind == *kind), "{kind}");
        }
        let files = rules::builtin().expect("rules");
        let ids: Vec<&str> = files.iter().flat_map(|file| file.rules.iter().map(|rule| rule.id.as_str())).collect();
        for hint in &table.hint {
            assert!(!hint.steps.is_empty() && !hint.what.is_empty());
            for pattern in &hint.rules {
                assert!(ids.iter().any(|id| matches(pattern, id)), "no rule is `{pattern}`");
            }
        }
        let hinted = ids.iter().filter(|id| table.hint.iter().any(|hint| hint.rules.iter().any(|rule| matches(rule, id)))).count();
        assert!(hinted * 3 > ids.len(), "{hinted} of {}", ids.len());
    }

    #[test]
    fn the_rule_goes_before_the_kind() {
        assert_eq!(advice(Some("aws-access-key-id"), Some("access_key")).what, "AWS access key");
        assert_eq!(advice(Some("google-service-account"), None).what, "Google Cloud service account key");
        assert_eq!(advice(Some("words-password"), Some("password")).what, "password");
        assert_eq!(advice(None, None).what, "file with credentials");
        assert_eq!(advice(Some("rule-of-ones-own"), Some("kind-of-ones-own")).what, "token");
    }
}
