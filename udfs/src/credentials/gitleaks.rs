//! Rule files in the syntax of Gitleaks and Betterleaks, read as they are.
//!
//! `regex`, `secretGroup`, `entropy`, `keywords`, `allowlists` and the plain parts of Betterleaks' `filter` become the same here.
//! What has no counterpart (paths, commits, the network, tokens of a language model) is said by name, rule by rule.
//!
//! Formats: <https://github.com/gitleaks/gitleaks#configuration>,
//! <https://github.com/betterleaks/betterleaks/blob/main/docs/config.md>.

mod filter;
mod go_regex;

use toml::{Table, Value};

use super::compiled::expression;
use super::literals::LITERAL_BYTES_MIN;
use super::rules::{Exception, Problem, Rule, RuleFile, Target, ValueTest};

/// A file has at most this many rules; the largest public ones have five hundred.
const RULES_MAX: usize = 5_000;

/// Their keywords say that a rule is worth trying somewhere in a file, not where: a match may lie this far from one.
const REACH_BYTES: usize = 4_096;

/// Names are repeated in notes up to this length.
const NAME_CHARS_MAX: usize = 60;

/// Whether a file is written in this syntax.
pub fn is_foreign(document: &Table) -> bool {
    ["rules", "allowlist", "allowlists", "extend"].iter().any(|key| document.contains_key(*key))
}

/// Reads a file. What cannot be used is left out and noted.
pub fn read(name: &str, document: &Table) -> RuleFile {
    let mut reader = Reader { file: RuleFile { name: name.to_owned(), is_foreign: true, ..RuleFile::default() } };
    reader.document(document);
    reader.file
}

struct Reader {
    file: RuleFile,
}

fn short(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn tables<'t>(table: &'t Table, key: &str) -> Vec<&'t Table> {
    match table.get(key) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_table).collect(),
        Some(Value::Table(one)) => vec![one],
        _ => Vec::new(),
    }
}

fn texts(table: &Table, key: &str) -> Vec<String> {
    match table.get(key) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn number(table: &Table, key: &str) -> Option<f64> {
    table.get(key).and_then(|value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64)))
}

/// The id in the letters that ids have here.
fn identifier(given: &str) -> String {
    let plain: String = given.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}

/// The kind of credential, by the words that people name such rules with.
fn kind(id: &str) -> &'static str {
    let words = [
        ("webhook", "webhook"),
        ("private-key", "private_key"),
        ("secret-key", "api_key"),
        ("password", "password"),
        ("passwd", "password"),
        ("passphrase", "password"),
        ("connection-string", "connection_string"),
        ("cookie", "cookie"),
        ("hash", "password_hash"),
        ("jwt", "token"),
        ("token", "token"),
        ("-pat", "token"),
        ("access-key", "access_key"),
    ];
    words.iter().find(|(word, _)| id.contains(word)).map_or("api_key", |(_, kind)| kind)
}

impl Reader {
    fn note(&mut self, rule: &str, message: impl Into<String>) {
        self.file.notes.push(Problem::new(&self.file.name, rule, message));
    }

    fn document(&mut self, document: &Table) {
        for key in document.keys() {
            match key.as_str() {
                "title" | "description" | "minVersion" | "betterleaksMinVersion" | "rules" | "allowlist" | "allowlists" | "filter" => {}
                "extend" => {}
                "prefilter" => self.note("", "`prefilter` is not used: it chooses among files and commits"),
                other => self.note("", format!("`{}` is not known", short(other))),
            }
        }
        for extend in tables(document, "extend") {
            self.extend(extend);
        }
        if let Some(text) = document.get("filter").and_then(Value::as_str) {
            let filter = self.filter("", text);
            self.file.exceptions.extend(filter);
        }
        let rules = tables(document, "rules");
        if rules.len() > RULES_MAX {
            self.note("", format!("only the first {RULES_MAX} of {} rules are read", rules.len()));
        }
        for (number, table) in rules.iter().take(RULES_MAX).enumerate() {
            if let Some(rule) = self.rule(number, table) {
                self.file.rules.push(rule);
            }
        }
        for key in ["allowlist", "allowlists"] {
            for table in tables(document, key) {
                self.shared_allowlist(table);
            }
        }
    }

    fn extend(&mut self, extend: &Table) {
        for key in extend.keys() {
            match key.as_str() {
                "useDefault" => self.note("", "`extend.useDefault`: the rules that come with this program stand in for the default ones"),
                "path" => self.note("", "`extend.path` is not followed: give that file as a rule file too"),
                "url" => self.note("", "`extend.url` is not followed: nothing here asks the network"),
                "disabledRules" => {}
                other => self.note("", format!("`extend.{}` is not known", short(other))),
            }
        }
        for id in texts(extend, "disabledRules") {
            self.note("", format!("`extend.disabledRules`: {} is not inherited, there is nothing to disable", short(&id)));
        }
    }

    /// An allowlist of the whole file, or of the rules that it names.
    fn shared_allowlist(&mut self, table: &Table) {
        let targets: Vec<String> = texts(table, "targetRules").iter().map(|id| identifier(id)).collect();
        let exceptions = self.allowlist("", table);
        if targets.is_empty() {
            self.file.exceptions.extend(exceptions);
            return;
        }
        for target in &targets {
            match self.file.rules.iter_mut().find(|rule| rule.id == *target) {
                Some(rule) => rule.exceptions.extend(exceptions.iter().cloned()),
                None => self.note("", format!("`targetRules`: no rule {} in this file", short(target))),
            }
        }
    }

    fn allowlist(&mut self, rule: &str, table: &Table) -> Vec<Vec<Exception>> {
        for (key, why) in [("paths", "texts here have no paths"), ("commits", "texts here are no commits")] {
            if !texts(table, key).is_empty() {
                self.note(rule, format!("`allowlists.{key}` is not used: {why}"));
            }
        }
        let target = match table.get("regexTarget").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("match") => Target::Match,
            Some("line") => Target::Line,
            None | Some("secret" | "") => Target::Secret,
            Some(other) => {
                self.note(rule, format!("`regexTarget` {} is not known", short(other)));
                return Vec::new();
            }
        };
        let all = table.get("condition").and_then(Value::as_str).is_some_and(|c| c.eq_ignore_ascii_case("and") || c == "&&");
        if all && ["paths", "commits"].iter().any(|key| !texts(table, key).is_empty()) {
            // What also asks for a path never holds.
            return Vec::new();
        }
        let patterns = self.patterns(rule, texts(table, "regexes"));
        let words = texts(table, "stopwords");
        let mut tests = Vec::new();
        if !patterns.is_empty() {
            tests.push(Exception { target, patterns, words: Vec::new() });
        }
        if !words.is_empty() {
            tests.push(Exception { target: Target::Secret, patterns: Vec::new(), words });
        }
        match (all, tests.is_empty()) {
            (_, true) => Vec::new(),
            (true, false) => vec![tests],
            (false, false) => tests.into_iter().map(|test| vec![test]).collect(),
        }
    }

    /// Patterns of exceptions, without those that do not compile.
    fn patterns(&mut self, rule: &str, given: Vec<String>) -> Vec<String> {
        let mut usable = Vec::new();
        for pattern in given {
            let pattern = go_regex::translated(&pattern);
            match expression(&pattern) {
                Ok(_) => usable.push(pattern),
                Err(error) => self.note(rule, format!("an exception is left out: {error}")),
            }
        }
        usable
    }

    fn filter(&mut self, rule: &str, text: &str) -> Vec<Vec<Exception>> {
        let filter = filter::read(text);
        for clause in filter.unknown {
            self.note(rule, format!("a part of `filter` is not used: {}", short(&clause)));
        }
        let mut usable = Vec::new();
        for all in filter.exceptions {
            let tests: Vec<Exception> = all
                .into_iter()
                .map(|test| Exception { patterns: self.patterns(rule, test.patterns), ..test })
                .filter(|test| !test.patterns.is_empty() || !test.words.is_empty())
                .collect();
            if !tests.is_empty() {
                usable.push(tests);
            }
        }
        usable
    }

    fn rule(&mut self, place: usize, table: &Table) -> Option<Rule> {
        let given = table.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = identifier(given);
        if id.is_empty() {
            self.note("", format!("rule {place} is left out: it has no id"));
            return None;
        }
        if table.get("skipReport").and_then(Value::as_bool) == Some(true) {
            self.note(&id, "left out: `skipReport`, it only helps other rules");
            return None;
        }
        self.unused(&id, table);
        let Some(regex) = table.get("regex").and_then(Value::as_str) else {
            self.note(&id, "left out: it has no `regex`; names of files are judged by their own function");
            return None;
        };
        let pattern = go_regex::translated(regex);
        let parsed = expression(&pattern).and_then(|_| go_regex::parsed(&pattern));
        let hir = match parsed {
            Ok(hir) => hir,
            Err(error) => {
                self.note(&id, format!("left out: `regex`: {error}"));
                return None;
            }
        };
        let group = self.group(&id, table, hir.properties().explicit_captures_len())?;
        let Some(literals) = self.literals(&id, table, &hir) else {
            self.note(&id, "left out: neither `keywords` nor the `regex` give a text of three bytes to look for");
            return None;
        };
        let mut exceptions = Vec::new();
        for list in tables(table, "allowlists").into_iter().chain(tables(table, "allowlist")) {
            exceptions.extend(self.allowlist(&id, list));
        }
        let mut entropy = number(table, "entropy").unwrap_or(0.0);
        if let Some(text) = table.get("filter").and_then(Value::as_str) {
            entropy = entropy.max(filter::read(text).entropy);
            exceptions.extend(self.filter(&id, text));
        }
        let kind = kind(&id);
        Some(Rule {
            description: table.get("description").and_then(Value::as_str).unwrap_or(given).to_owned(),
            service: String::new(),
            kind: kind.to_owned(),
            confidence: match table.get("confidence").and_then(Value::as_str) {
                Some("high") => 0.9,
                Some("medium") => 0.75,
                Some("low") => 0.6,
                _ => 0.85,
            },
            literals,
            pattern,
            group,
            entropy,
            check: None,
            value: if kind == "password" { ValueTest::Password } else { ValueTest::Token },
            allow: Vec::new(),
            allow_line: Vec::new(),
            exceptions,
            reach: REACH_BYTES,
            references: Vec::new(),
            examples: Vec::new(),
            negative_examples: Vec::new(),
            id,
        })
    }

    /// Which of the `groups` is the secret: the one that is named, else the first that takes part in a match, else the whole match.
    fn group(&mut self, id: &str, table: &Table, groups: usize) -> Option<usize> {
        let group = match ["secretGroup", "valueGroup"].iter().find_map(|key| table.get(*key).and_then(Value::as_integer)) {
            Some(group) if group > 0 => usize::try_from(group).unwrap_or(usize::MAX),
            _ => usize::from(groups > 0),
        };
        if group > groups {
            self.note(id, format!("left out: the `regex` has no group {group}"));
            return None;
        }
        Some(group)
    }

    /// Notes what a rule says that has no counterpart here.
    fn unused(&mut self, id: &str, table: &Table) {
        for key in table.keys() {
            let why = match key.as_str() {
                "id" | "description" | "regex" | "secretGroup" | "valueGroup" | "entropy" | "keywords" => continue,
                "allowlist" | "allowlists" | "filter" | "confidence" | "tags" | "title" | "skipReport" => continue,
                "path" => "texts here have no paths",
                "validate" | "analyze" | "revoke" => "nothing here asks the network",
                "components" | "required" => "the rule counts without the others",
                "specificity" => "of findings that overlap the surer one stays",
                "tokenEfficiency" if table.get(key).and_then(Value::as_bool) != Some(true) => continue,
                "tokenEfficiency" => "the tests of values stand in for it",
                _ => "it is not known",
            };
            self.note(id, format!("`{}` is not used: {why}", short(key)));
        }
    }

    /// The keywords, or where one is too short to be looked for, or none is given, what every match must hold.
    fn literals(&mut self, id: &str, table: &Table, hir: &regex_syntax::hir::Hir) -> Option<Vec<String>> {
        let keywords = texts(table, "keywords");
        let (long, short): (Vec<String>, Vec<String>) = keywords.into_iter().partition(|keyword| keyword.len() >= LITERAL_BYTES_MIN);
        if !long.is_empty() && short.is_empty() {
            return Some(long);
        }
        let required = go_regex::required(hir, LITERAL_BYTES_MIN);
        if required.is_some() || long.is_empty() {
            return required;
        }
        self.note(id, "its shorter keywords cannot be looked for: only what stands near the longer ones is found");
        Some(long)
    }
}

#[cfg(test)]
mod tests;
