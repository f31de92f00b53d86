//! Compiled rules, and the way from a literal that was seen to a candidate that passed every test.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::documented;
use super::entropy::shannon;
use super::literals::{Hit, LITERAL_BYTES_MIN, Literal, Literals};
use super::placeholder;
use super::proof::{Check, Proof};
use super::required::Required;
use super::rules::{KINDS, Problem, REACH_BYTES_MAX, Rule, RuleFile, ValueTest};
use super::words::{self, WORD_RULES};

/// A compiled expression may take this much memory: a hostile rule is refused, not run.
const REGEX_BYTES_MAX: usize = 2 << 20;

/// What may stand right behind a short keyword.
const SIGNS: &[u8] = b" :=\"'`*_-<>&|/,;.(){}[]\t\n\r12\xe2\xe3\xef\xec\xeb\xc2";

/// Windows of neighbouring hits are searched as one, up to this length, so that a text full of literals costs linear time.
const JOINED_BYTES_MAX: usize = 16 * 1024;

/// Which rule a candidate belongs to: one of the files', or one of the grammar of people's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleNumber {
    /// A rule of a rule file.
    Pattern(u32),
    /// A rule of the word grammar.
    Words(u32),
}

/// Something that may be a credential, and what decided about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The rule that proposed it.
    pub rule: RuleNumber,
    /// The bytes of the secret in the text.
    pub range: Range<usize>,
    /// How sure it is; 0 for what fell.
    pub confidence: f64,
    /// The test that it passed last or fell by.
    pub test: &'static str,
}

impl Candidate {
    /// Whether it passed every test.
    pub fn accepted(&self) -> bool {
        self.confidence > 0.0
    }
}

#[derive(Debug)]
struct CompiledRule {
    id: String,
    kind: &'static str,
    confidence: f64,
    regex: Regex,
    group: usize,
    entropy: f64,
    check: Option<Check>,
    value: ValueTest,
    allow: Vec<Regex>,
    reach: usize,
    /// What the text must hold before the expression is tried.
    required: Required,
}

/// All rules, compiled, with the literals that lead to them.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<CompiledRule>,
    literals: Literals,
    /// For each literal the rules to try near it.
    routes: Vec<Vec<Route>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    Pattern(u32),
    Keyword(u32),
}

/// Rules to try, each at one place; kept from row to row, so that nothing is allocated for each.
pub(super) type Tries = Vec<(Route, usize, usize)>;

fn expression(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX).nest_limit(64).build()
}

fn compiled(file: &str, rule: &Rule, problems: &mut Vec<Problem>) -> Option<CompiledRule> {
    let before = problems.len();
    let mut problem = |message: String| problems.push(Problem::new(file, &rule.id, message));
    if rule.id.is_empty() || !rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        problem("the id must be lower-case words joined by '-'".to_owned());
    }
    let kind = KINDS.iter().find(|kind| **kind == rule.kind).copied();
    if kind.is_none() {
        problem(format!("unknown kind {}", rule.kind));
    }
    if !(rule.confidence > 0.0 && rule.confidence <= 1.0) {
        problem(format!("confidence must be in (0, 1]: {}", rule.confidence));
    }
    if rule.literals.is_empty() || rule.literals.iter().any(|l| l.len() < LITERAL_BYTES_MIN) {
        problem(format!("needs literals of at least {LITERAL_BYTES_MIN} bytes"));
    }
    if rule.reach == 0 || rule.reach > REACH_BYTES_MAX {
        problem(format!("reach must be in 1..={REACH_BYTES_MAX}: {}", rule.reach));
    }
    let regex = expression(&rule.pattern).map_err(|e| problem(format!("pattern: {e}"))).ok();
    if regex.as_ref().is_some_and(|regex| rule.group >= regex.captures_len()) {
        problem(format!("the pattern has no group {}", rule.group));
    }
    let allow: Vec<Regex> = rule.allow.iter().filter_map(|a| expression(a).map_err(|e| problem(format!("allow: {e}"))).ok()).collect();
    if problems.len() > before {
        return None;
    }
    Some(CompiledRule {
        id: rule.id.clone(),
        kind: kind?,
        confidence: rule.confidence,
        regex: regex?,
        group: rule.group,
        entropy: rule.entropy,
        check: rule.check,
        value: rule.value,
        allow,
        reach: rule.reach,
        required: Required::new(&rule.pattern, &rule.literals),
    })
}

impl RuleSet {
    /// Compiles the files' rules together with the word grammar.
    pub fn compile(files: &[RuleFile]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut seen: BTreeSet<&str> = WORD_RULES.iter().map(|rule| rule.id).collect();
        let mut rules = Vec::new();
        let mut routes: Vec<(Literal, Route)> = Vec::new();
        for (file, rule) in files.iter().flat_map(|file| file.rules.iter().map(move |rule| (file, rule))) {
            if !seen.insert(&rule.id) {
                problems.push(Problem::new(&file.name, &rule.id, "another rule has this id"));
            }
            if let Some(compiled) = compiled(&file.name, rule, &mut problems) {
                let number = u32::try_from(rules.len()).unwrap_or(u32::MAX);
                let literal = |text: &String| Literal { text: text.to_ascii_lowercase().into_bytes().into(), followers: &[] };
                routes.extend(rule.literals.iter().map(|text| (literal(text), Route::Pattern(number))));
                rules.push(compiled);
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for (number, keyword) in words::keywords().iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let text = keyword.text.to_ascii_lowercase().into_bytes();
            // Three letters occur everywhere: with the sign behind them the literal pass lets less through.
            let short = text.len() <= LITERAL_BYTES_MIN && text.last().is_some_and(u8::is_ascii_alphanumeric);
            routes.push((Literal { text: text.into(), followers: if short { SIGNS } else { &[] } }, Route::Keyword(number)));
        }
        routes.sort();
        routes.dedup();
        let mut literals: Vec<Literal> = Vec::new();
        let mut by_literal: Vec<Vec<Route>> = Vec::new();
        for (literal, route) in routes {
            if literals.last() != Some(&literal) {
                literals.push(literal);
                by_literal.push(Vec::new());
            }
            if let Some(list) = by_literal.last_mut() {
                list.push(route);
            }
        }
        Ok(Self { rules, literals: Literals::new(literals), routes: by_literal })
    }

    /// The literals that lead to a rule.
    pub(crate) fn literals(&self) -> &Literals {
        &self.literals
    }

    /// The candidate's rule by its id.
    pub fn name(&self, candidate: &Candidate) -> &str {
        match candidate.rule {
            RuleNumber::Pattern(number) => self.rules.get(number as usize).map_or("", |rule| &rule.id),
            RuleNumber::Words(number) => WORD_RULES.get(number as usize).map_or("", |rule| rule.id),
        }
    }

    /// What kind of credential the candidate's rule finds.
    pub fn kind(&self, candidate: &Candidate) -> &'static str {
        match candidate.rule {
            RuleNumber::Pattern(number) => self.rules.get(number as usize).map_or("", |rule| rule.kind),
            RuleNumber::Words(number) => WORD_RULES.get(number as usize).map_or("", |rule| rule.kind),
        }
    }

    /// Tries the rules that `hits` (places in `text`) lead to and hands on each candidate that may stand; `all` asks also for those that
    /// fall.
    pub(super) fn candidates(&self, text: &[u8], hits: &[Hit], all: bool, tries: &mut Tries, found: &mut impl FnMut(Candidate)) {
        tries.clear();
        for hit in hits {
            let length = self.literals.len(hit.literal);
            for &route in self.routes.get(hit.literal as usize).map_or(&[][..], |r| r) {
                tries.push((route, hit.start, hit.start + length));
            }
        }
        tries.sort_unstable();
        let mut rest = tries.as_slice();
        while let Some(&(route, start, end)) = rest.first() {
            match route {
                Route::Keyword(number) => {
                    words::judge(text, start..end, number, all, found);
                    rest = &rest[1..];
                }
                Route::Pattern(number) => {
                    let Some(rule) = self.rules.get(number as usize) else { break };
                    let from = start.saturating_sub(rule.reach);
                    let mut to = end + rule.reach;
                    let mut taken = 1;
                    while let Some(&(next, next_start, next_end)) = rest.get(taken) {
                        if next != route
                            || next_start.saturating_sub(rule.reach) > to
                            || next_end + rule.reach > from + JOINED_BYTES_MAX.max(3 * rule.reach)
                        {
                            break;
                        }
                        to = next_end + rule.reach;
                        taken += 1;
                    }
                    rule.candidates(number, text, from, to.min(text.len()), found);
                    rest = rest.get(taken..).unwrap_or_default();
                }
            }
        }
    }
}

impl CompiledRule {
    /// Searches `text[from..to]`, which looks beyond itself for word boundaries.
    fn candidates(&self, number: u32, text: &[u8], from: usize, to: usize, found: &mut impl FnMut(Candidate)) {
        let Some(window) = text.get(..to) else { return };
        if !self.required.is_in(window.get(from..).unwrap_or_default()) {
            return;
        }
        let mut at = from;
        while at <= to {
            let Some(whole) = self.regex.find_at(window, at) else { return };
            // A match that the window cuts is looked at again with more text, once.
            let cut = whole.end() == to && to < text.len();
            let window = if cut { text.get(..(to + REACH_BYTES_MAX).min(text.len())).unwrap_or(window) } else { window };
            let Some(captures) = self.regex.captures_at(window, whole.start()) else { return };
            let secret = captures.get(self.group);
            // What closes a match may open the next one.
            at = secret.map_or(whole.end(), |secret| secret.end()).max(at + 1).max(whole.start() + 1);
            let Some(secret) = secret else { continue };
            let (confidence, test) = match self.judge(secret.as_bytes()) {
                Ok((confidence, test)) => (confidence, test),
                Err(test) => (0.0, test),
            };
            found(Candidate { rule: RuleNumber::Pattern(number), range: secret.range(), confidence, test });
        }
    }

    /// The tests behind the pattern, cheapest first.
    fn judge(&self, secret: &[u8]) -> Result<(f64, &'static str), &'static str> {
        if secret.is_empty() {
            return Err("the secret is empty");
        }
        if documented::is_documented(secret) {
            return Err("a documented example key");
        }
        let placeholder = match self.value {
            ValueTest::Token => placeholder::token(secret),
            ValueTest::Password => placeholder::password(secret),
            ValueTest::Any => None,
        };
        if let Some(reason) = placeholder {
            return Err(reason);
        }
        if self.entropy > 0.0 && shannon(secret) < self.entropy {
            return Err("entropy below the rule's floor");
        }
        if self.allow.iter().any(|allow| allow.is_match(secret)) {
            return Err("on the rule's allowlist");
        }
        match self.check.map(|check| check.prove(secret)) {
            None => Ok((self.confidence, "pattern and value")),
            Some(Proof::Holds(test)) => Ok((self.confidence.max(0.99), test)),
            Some(Proof::Open(test)) => Ok((self.confidence, test)),
            Some(Proof::Fails(test)) => Err(test),
        }
    }
}
