//! One compiled rule: where it matches and what its tests say of the secret.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use regex::bytes::{Captures, Regex, RegexBuilder};

use super::documented;
use super::entropy::shannon;
use super::literals::LITERAL_BYTES_MIN;
use super::placeholder;
use super::proof::{Check, Proof};
use super::required::Required;
use super::rules::{Exception, KINDS, Problem, REACH_BYTES_MAX, Rule, RuleFile, Target, ValueTest};
use super::ruleset::Inner;
use super::wrapped;

/// A compiled expression may take this much memory: a hostile rule is refused, not run.
const REGEX_BYTES_MAX: usize = 2 << 20;

/// The text of an expression may be this long.
const PATTERN_BYTES_MAX: usize = 64 * 1024;

/// What a rule says of one match.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// The bytes of the secret in the text.
    pub range: Range<usize>,
    /// How sure it is; 0 for what fell.
    pub confidence: f64,
    /// The test that it passed last or fell by.
    pub test: &'static str,
    /// It fell because it is somebody's example: then it is no credential by any other rule either.
    pub is_example: bool,
    /// The secret itself, where it stands over several lines.
    pub inner: Option<Inner>,
}

/// The test that a candidate fell by.
struct Fall {
    test: &'static str,
    is_example: bool,
}

impl Fall {
    fn by(test: &'static str) -> Self {
        Self { test, is_example: false }
    }
}

#[derive(Debug)]
pub(super) struct CompiledRule {
    pub id: String,
    pub kind: &'static str,
    confidence: f64,
    pattern: Expression,
    literals: Vec<String>,
    group: usize,
    entropy: f64,
    check: Option<Check>,
    value: ValueTest,
    allow: Vec<Expression>,
    exceptions: Exceptions,
    shared: Arc<Exceptions>,
    reach: usize,
    /// What the text must hold before the expression is tried; read from it where a text leads to the rule.
    required: OnceLock<Required>,
}

/// An expression that is compiled where a text leads to it: of hundreds of rules a text needs few.
#[derive(Debug)]
struct Expression {
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Expression {
    fn new(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), compiled: OnceLock::new() }
    }

    /// The expression compiled. There is none where it does not compile, which is reported before anything is matched, or by a test.
    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| expression(&self.pattern).ok()).as_ref()
    }

    /// What is wrong with it, after it was compiled.
    fn problem(&self) -> Option<String> {
        match expression(&self.pattern) {
            Ok(regex) => {
                let _ = self.compiled.set(Some(regex));
                None
            }
            Err(problem) => Some(problem),
        }
    }

    fn is_match(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

/// What is allowed: all tests of one list must hold.
pub(super) type Exceptions = Vec<Vec<CompiledTest>>;

/// One test of an exception.
#[derive(Debug)]
pub(super) struct CompiledTest {
    target: Target,
    patterns: Vec<Regex>,
    words: Option<AhoCorasick>,
}

/// Compiles an expression: bytes, ASCII classes, bounded.
pub(super) fn expression(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!("longer than {PATTERN_BYTES_MAX} bytes"));
    }
    let build = |unicode: bool| {
        let mut builder = RegexBuilder::new(pattern);
        builder.unicode(unicode).size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX).nest_limit(64).build()
    };
    match build(false) {
        // Letters of other scripts in a class are written as characters, not bytes.
        Err(error @ regex::Error::Syntax(_)) if !pattern.is_ascii() || pattern.contains("\\p") => build(true).map_err(|_| error),
        built => built,
    }
    .map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => format!("compiles to more than {limit} bytes"),
        // The last line says what is wrong; those before show the pattern.
        other => other.to_string().lines().last().unwrap_or("does not compile").trim_start_matches("error: ").to_owned(),
    })
}

fn exception(test: &Exception, problem: &mut impl FnMut(String)) -> Option<CompiledTest> {
    let patterns: Vec<Regex> =
        test.patterns.iter().filter_map(|p| expression(p).map_err(|e| problem(format!("exception: {e}"))).ok()).collect();
    let words = match test.words.as_slice() {
        [] => None,
        words => match AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words) {
            Ok(words) => Some(words),
            Err(error) => {
                problem(format!("exception: {error}"));
                None
            }
        },
    };
    (patterns.len() == test.patterns.len()).then_some(CompiledTest { target: test.target, patterns, words })
}

/// Compiles exceptions; what is wrong with them goes to `problem`.
pub(super) fn exceptions(given: &[Vec<Exception>], problem: &mut impl FnMut(String)) -> Exceptions {
    given.iter().map(|all| all.iter().filter_map(|test| exception(test, problem)).collect()).collect()
}

impl CompiledRule {
    /// Compiles a rule, or says everything that is wrong with it. `shared` holds for every rule of its file. Expressions that a test has
    /// compiled wait until they are needed.
    pub(super) fn new(file: &RuleFile, rule: &Rule, shared: &Arc<Exceptions>, problems: &mut Vec<Problem>) -> Option<Self> {
        let before = problems.len();
        let mut problem = |message: String| problems.push(Problem::new(&file.name, &rule.id, message));
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
        let pattern = Expression::new(&rule.pattern);
        let allow: Vec<Expression> = rule.allow.iter().map(|allow| Expression::new(allow)).collect();
        if !file.is_builtin {
            if let Some(error) = pattern.problem() {
                problem(format!("pattern: {error}"));
            } else if pattern.regex().is_some_and(|regex| rule.group >= regex.captures_len()) {
                problem(format!("the pattern has no group {}", rule.group));
            }
            allow.iter().filter_map(Expression::problem).for_each(|error| problem(format!("allow: {error}")));
        }
        let in_line = |pattern: &String| vec![Exception { target: Target::Line, patterns: vec![pattern.clone()], words: Vec::new() }];
        let lines: Vec<_> = rule.allow_line.iter().map(in_line).collect();
        let exceptions = [&rule.exceptions, &lines].into_iter().flat_map(|given| exceptions(given, &mut problem)).collect();
        if problems.len() > before {
            return None;
        }
        Some(Self {
            id: rule.id.clone(),
            kind: kind?,
            confidence: rule.confidence,
            pattern,
            literals: rule.literals.clone(),
            group: rule.group,
            entropy: rule.entropy,
            check: rule.check,
            value: rule.value,
            allow,
            exceptions,
            shared: Arc::clone(shared),
            reach: rule.reach,
            required: OnceLock::new(),
        })
    }

    /// How far from a literal the rule looks, in bytes.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// The secret of a match: the rule's group, or where that took no part the next one that did.
    fn secret<'t>(&self, captures: &Captures<'t>) -> Option<regex::bytes::Match<'t>> {
        (self.group..captures.len()).find_map(|group| captures.get(group).filter(|secret| !secret.is_empty() || group == 0))
    }

    /// Searches `text[from..to]`, which looks beyond itself for word boundaries.
    pub(super) fn verdicts(&self, text: &[u8], from: usize, to: usize, found: &mut dyn FnMut(Verdict)) {
        let Some(window) = text.get(..to) else { return };
        let required = self.required.get_or_init(|| Required::new(&self.pattern.pattern, &self.literals));
        if !required.is_in(window.get(from..).unwrap_or_default()) {
            return;
        }
        let Some(regex) = self.pattern.regex() else { return };
        let mut at = from;
        while at <= to {
            let Some(whole) = regex.find_at(window, at) else { return };
            // A match that the window cuts is looked at again with more text, once.
            let cut = whole.end() == to && to < text.len();
            let window = if cut { text.get(..(to + REACH_BYTES_MAX).min(text.len())).unwrap_or(window) } else { window };
            let Some(captures) = regex.captures_at(window, whole.start()) else { return };
            let secret = self.secret(&captures);
            // What closes a match may open the next one.
            at = secret.map_or(whole.end(), |secret| secret.end()).max(at + 1).max(whole.start() + 1);
            if let (Some(secret), Some(whole)) = (secret, captures.get(0)) {
                found(self.verdict(window, secret.range(), whole.range()));
            }
        }
    }

    /// Looks at a literal that led to no match again, with the lines of a broken token joined. Says how many bytes it looked at.
    pub(super) fn over_lines(&self, text: &[u8], at: usize, found: &mut dyn FnMut(Verdict)) -> usize {
        if self.value != ValueTest::Token {
            return 0;
        }
        let Some(joined) = wrapped::joined(text, at) else { return 0 };
        self.verdicts(&joined.text, 0, joined.text.len(), &mut |mut verdict| {
            if joined.crosses(&verdict.range) {
                verdict.inner = joined.text.get(verdict.range.clone()).map(Inner::new);
                verdict.range = joined.source(&verdict.range);
                verdict.test = if verdict.confidence > 0.0 { "pattern and value, joined over line ends" } else { verdict.test };
                found(verdict);
            }
        });
        joined.text.len()
    }

    fn verdict(&self, text: &[u8], range: Range<usize>, whole: Range<usize>) -> Verdict {
        let secret = text.get(range.clone()).unwrap_or_default();
        if let Some(test) = self.example(secret) {
            return Verdict { range, confidence: 0.0, test, is_example: true, inner: None };
        }
        match self.judge(text, &range, &whole) {
            Ok((confidence, test)) => Verdict { range, confidence, test, is_example: false, inner: None },
            Err(Fall { test, is_example }) => Verdict { range, confidence: 0.0, test, is_example, inner: None },
        }
    }

    /// Why the secret is somebody's example, if it is one.
    fn example(&self, secret: &[u8]) -> Option<&'static str> {
        if documented::is_documented(secret) {
            return Some("a documented example key");
        }
        match self.value {
            ValueTest::Token => placeholder::token(secret),
            ValueTest::Password => placeholder::password(secret),
            ValueTest::Any => None,
        }
    }

    /// The tests behind the pattern, cheapest first.
    fn judge(&self, text: &[u8], range: &Range<usize>, whole: &Range<usize>) -> Result<(f64, &'static str), Fall> {
        let secret = text.get(range.clone()).unwrap_or_default();
        if secret.is_empty() {
            return Err(Fall::by("the secret is empty"));
        }
        if self.entropy > 0.0 && shannon(secret) < self.entropy {
            return Err(Fall::by("entropy below the rule's floor"));
        }
        if self.allow.iter().any(|allow| allow.is_match(secret)) || self.is_excepted(text, range, whole) {
            return Err(Fall::by("on the rule's allowlist"));
        }
        match self.check.map(|check| check.prove(secret)) {
            None => Ok((self.confidence, "pattern and value")),
            Some(Proof::Holds(test)) => Ok((self.confidence.max(0.99), test)),
            Some(Proof::Open(test)) => Ok((self.confidence, test)),
            Some(Proof::Doubt(test)) => Ok((self.confidence * 0.8, test)),
            Some(Proof::Fails(test)) => Err(Fall::by(test)),
            Some(Proof::Example(test)) => Err(Fall { test, is_example: true }),
        }
    }

    /// Whether every test of one of the rule's exceptions holds.
    fn is_excepted(&self, text: &[u8], range: &Range<usize>, whole: &Range<usize>) -> bool {
        let holds = |test: &CompiledTest| {
            let target = match test.target {
                Target::Secret => text.get(range.clone()),
                Target::Match => text.get(whole.clone()),
                Target::Line => text.get(line_around(text, whole)),
            };
            let target = target.unwrap_or_default();
            test.patterns.iter().any(|pattern| pattern.is_match(target)) || test.words.as_ref().is_some_and(|words| words.is_match(target))
        };
        self.exceptions.iter().chain(self.shared.iter()).any(|all| !all.is_empty() && all.iter().all(holds))
    }
}

/// The lines that a match touches, within bounds.
fn line_around(text: &[u8], whole: &Range<usize>) -> Range<usize> {
    const SIDE_BYTES: usize = 4096;
    let from = whole.start.saturating_sub(SIDE_BYTES);
    let before = text.get(from..whole.start).unwrap_or_default();
    let start = before.iter().rposition(|&b| b == b'\n').map_or(from, |at| from + at + 1);
    let behind = text.get(whole.end..(whole.end + SIDE_BYTES).min(text.len())).unwrap_or_default();
    let end = behind.iter().position(|&b| b == b'\n').map_or(whole.end + behind.len(), |at| whole.end + at);
    start..end
}
