use proptest::prelude::*;

use super::{filter, go_regex};
use crate::credentials::rules::{Problem, RuleFile, check, digest};
use crate::credentials::ruleset::RuleSet;

fn file(text: &str) -> RuleFile {
    RuleFile::parse("theirs", text).expect("parses")
}

fn found(set: &RuleSet, text: &str) -> Vec<String> {
    set.find(text.as_bytes()).iter().map(|c| text[c.range.clone()].to_owned()).collect()
}

fn notes(file: &RuleFile) -> String {
    file.notes.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

const ACME: &str = r#"
title = "rules of a house"
[extend]
useDefault = true
disabledRules = ["generic-api-key"]

[[rules]]
id = "Acme_Token"
description = "token of the house"
regex = '''\b(acme_[0-9a-zA-Z]{20})\b'''
keywords = ["ACME_"]
entropy = 3.0
tags = ["house"]
path = '''\.env$'''
    [[rules.allowlists]]
    condition = "OR"
    regexTarget = "line"
    regexes = ['''(?i)fixture''']
    stopwords = ["quux"]
    paths = ['''testdata''']

[[rules]]
id = "acme-pair"
description = "second of two"
regex = '''pair\{([a-z]+):([0-9a-f]{12})\}'''
secretGroup = 2

[[rules]]
id = "only-a-path"
path = '''\.p12$'''

[[rules]]
id = "nothing-to-look-for"
regex = '''[0-9a-f]{64}'''

[[rules]]
id = "hostile"
regex = '''hostile(?:(?:[a-z]{1,500}){1,500}){1,500}'''

[[rules]]
id = "backwards"
regex = '''secret(?=behind)'''

[[allowlists]]
regexes = ['''^acme_0''']
[[allowlists]]
targetRules = ["acme-pair"]
stopwords = ["dead"]
"#;

#[test]
fn rules_of_gitleaks_load_and_find() {
    let file = file(ACME);
    let ids: Vec<&str> = file.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["acme-token", "acme-pair"]);
    let set = RuleSet::compile(&[file]).expect("compiles");
    let token = format!("acme{}", "_q8Zk3Vb7Lm2Xc9Np4Ty6");
    assert_eq!(found(&set, &format!("here: {token} .")), [token.as_str()]);
    assert_eq!(found(&set, "pair{abc:4a3c516095a8}"), ["4a3c516095a8"]);
    // Too little entropy, an allowed line, a stopword, an allowlist of the file, one of a rule.
    for text in [
        "acme_aaaaaaaaaabbbbbbbbbb".to_owned(),
        format!("Fixture {token}"),
        format!("acme{}", "_quuxk3Vb7Lm2Xc9Np4T"),
        format!("acme{}", "_08Zk3Vb7Lm2Xc9Np4Ty6"),
        "pair{abc:4a3cdead95a8}".to_owned(),
    ] {
        assert_eq!(found(&set, &text), Vec::<String>::new(), "{text}");
    }
    // The line of the exception is the match's own.
    assert_eq!(found(&set, &format!("fixture\n{token}")), [token.as_str()]);
}

#[test]
fn what_cannot_be_used_is_said_by_name() {
    let notes = notes(&file(ACME));
    for said in [
        "acme-token: `path` is not used",
        "acme-token: `allowlists.paths` is not used",
        "only-a-path: left out",
        "nothing-to-look-for: left out",
        "hostile: left out: `regex`: compiles to more than",
        "backwards: left out: `regex`: look-around",
        "extend.useDefault",
        "generic-api-key",
    ] {
        assert!(notes.contains(said), "{said}:\n{notes}");
    }
}

#[test]
fn a_file_without_examples_passes_the_check_and_may_share_an_id() {
    let mut files = crate::credentials::rules::builtin().expect("parses");
    let text = r#"
        [[rules]]
        id = "jwt"
        regex = '''housejwt-([0-9a-f]{32})'''
        [[rules]]
        id = "jwt"
        regex = '''ourkey-([0-9a-f]{32})'''
    "#;
    files.push(RuleFile { name: "rules/of/Theirs.toml".to_owned(), ..file(text) });
    let set = RuleSet::compile(&files).expect("compiles");
    let text = "housejwt-4a3c516095a80f43443966b575c767b6";
    let findings = set.find(text.as_bytes());
    assert_eq!(findings.iter().map(|c| set.name(c)).collect::<Vec<_>>(), ["theirs-jwt"]);
    let findings = set.find(b"ourkey-4a3c516095a80f43443966b575c767b6");
    assert_eq!(findings.iter().map(|c| set.name(c)).collect::<Vec<_>>(), ["theirs-jwt-2"]);
    assert!(check(&files[files.len() - 1..]).is_empty());
}

#[test]
fn the_later_syntax_of_betterleaks_is_read_too() {
    let text = r#"
        minVersion = "2.0.0"
        filter = '''containsAny(finding["secret"], ["0000"])'''
        prefilter = '''matchesAny(attributes["path"], [`x`])'''
        [[rules]]
        id = "house-key.1"
        description = "key of the house"
        regex = '''(?i)house(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|:)[\x60'"\s=]{0,5}([a-z0-9]{24})(?:\\?['"\x60]|[\s;]|\\[nr]|$)'''
        keywords = ["house"]
        confidence = "medium"
        filter = '''entropy(finding["secret"]) < 3.0 || tokenRatio(finding["secret"]) >= 2.5'''
        components = [{ id = "house-id", within = "5L" }]
        validate = '''{"result": "unknown"}'''
        [[rules]]
        id = "house-id"
        regex = '''house_id=([0-9]{6})'''
        skipReport = true
    "#;
    let file = file(text);
    let notes = notes(&file);
    for said in ["`prefilter`", "house-key-1: a part of `filter`", "`components`", "`validate`", "house-id: left out: `skipReport`"] {
        assert!(notes.contains(said), "{said}:\n{notes}");
    }
    assert!((file.rules[0].entropy - 3.0).abs() < 1e-9);
    let set = RuleSet::compile(&[file]).expect("compiles");
    assert_eq!(found(&set, "HOUSE_KEY = 'q8zk3vb7lm2xc9np4ty6wd1r'").len(), 1);
    assert_eq!(found(&set, "HOUSE_KEY = 'q8zk3vb7lm20000p4ty6wd1r'").len(), 0);
}

#[test]
fn a_file_that_mixes_the_syntaxes_or_is_none_is_refused() {
    assert!(RuleFile::parse("both", "[[rule]]\n[[rules]]\n").is_err());
    assert!(RuleFile::parse("none", "not toml").is_err());
    assert!(RuleFile::parse("other", "answer = 42").is_err());
    assert!(RuleFile::parse("empty", "").is_ok_and(|file| file.rules.is_empty()));
}

#[test]
fn the_digest_changes_with_what_a_foreign_file_says() {
    let of = |file: RuleFile| digest(&[file]);
    let own = of(file(ACME));
    assert_eq!(own, of(file(ACME)));
    for (from, to) in [("quux", "quuy"), ("entropy = 3.0", "entropy = 3.1"), ("^acme_0", "^acme_1"), ("dead", "beef")] {
        assert_ne!(own, of(file(&ACME.replace(from, to))), "{from}");
    }
    assert_ne!(own, of(RuleFile { name: "otherwise".to_owned(), ..file(ACME) }));
}

#[test]
fn a_huge_file_is_read_in_time_or_refused() {
    let rule = |letters: usize| format!("[[rules]]\nid = \"long\"\nregex = \"{}\"\n", "a".repeat(letters));
    assert_eq!(file(&rule(2_000)).rules.len(), 1);
    assert_eq!(file(&rule(70_000)).rules.len(), 0);
    let many = "[[rules]]\nid = \"x\"\nregex = \"abcd\"\n".repeat(5_100);
    assert_eq!(file(&many).rules.len(), 5_000);
    assert!(RuleFile::parse("large", &" ".repeat(9 << 20)).is_err());
}

proptest! {
    #[test]
    fn no_text_breaks_the_readers(text in r#"[a-z\[\](){}|&"'`\\<>=.,:?!*+0-9QEP^$-]{0,80}"#) {
        let _ = filter::read(&text);
        let pattern = go_regex::translated(&text);
        if let Ok(hir) = go_regex::parsed(&pattern) {
            let _ = go_regex::required(&hir, 3);
        }
        let _ = RuleFile::parse("any", &format!("[[rules]]\nid = \"x\"\nregex = '''{text}'''\n{text}"));
    }

    #[test]
    fn every_match_holds_a_required_text(text in "[ab]{0,3}(key|tok)[:=][0-9]{4}x?") {
        let hir = go_regex::parsed("(?i)[ab]{0,3}(?:key|tok)[:=][0-9]{4}x?").expect("parses");
        let required = go_regex::required(&hir, 3).expect("has some");
        prop_assert!(required.iter().any(|part| text.contains(part.as_str())), "{required:?} {text}");
    }
}
