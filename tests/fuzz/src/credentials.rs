//! Any bytes as a text: findings lie in it in order, redaction leaves nothing to find, and neighbours in a buffer change nothing.
#![no_main]
#![allow(dead_code, missing_docs, unused_imports, unfulfilled_lint_expectations)]

#[path = "../../../udfs/src/credentials/mod.rs"]
mod credentials;

use std::sync::LazyLock;

use credentials::rules::builtin;
use credentials::ruleset::RuleSet;
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<RuleSet> =
    LazyLock::new(|| builtin().and_then(|files| RuleSet::compile(&files)).expect("the built-in rules compile"));

fuzz_target!(|text: &[u8]| {
    let found = RULES.find(text);
    let mut last = 0;
    for candidate in &found {
        assert!(candidate.range.start >= last && candidate.range.end <= text.len() && !candidate.range.is_empty());
        last = candidate.range.end;
    }
    assert_eq!(RULES.matches(text), !found.is_empty());
    match RULES.redact(text) {
        None => assert!(found.is_empty()),
        Some(redacted) => assert!(RULES.find(&redacted).is_empty(), "something is left to find"),
    }
    // The same text between others in one buffer.
    let buffer = [b"before ", text, b" behind"].concat();
    let ends = [0, 7, 7 + text.len(), buffer.len()];
    let mut rows = Vec::new();
    RULES.matching(&buffer, 3, |row| ends[row], |row| rows.push(row));
    assert_eq!(rows.contains(&1), !found.is_empty());
});
