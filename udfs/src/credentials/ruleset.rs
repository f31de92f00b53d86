//! All rules with the literals that lead to them, and the way from a literal that was seen to a candidate that passed every test.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::bare::{self, Topic};
use super::compiled::{CompiledRule, Verdict, exceptions};
use super::encoded::{self, Encoding, LEVELS_MAX};
use super::fingerprint::{HIDDEN, SHOWN_BYTES, masked};
use super::literals::{Hit, Literal, Literals};
use super::proof;
use super::rules::{Problem, RuleFile};
use super::words::{self, WORD_RULES};

/// Windows of neighbouring hits are searched as one, up to this length, so that a text full of literals costs linear time.
const JOINED_BYTES_MAX: usize = 16 * 1024;

/// Decoding and joining of lines may look at this many bytes for each stretch of hits, however many of them lead there.
const SECOND_LOOK_BYTES_MAX: usize = 256 * 1024;

/// What a second look costs where it comes to nothing.
const VAIN_LOOK_BYTES: usize = 2 * 1024;

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
    /// The secret itself, where the text has it encoded or over several lines.
    pub inner: Option<Inner>,
}

/// A secret as it reads when it is decoded. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Inner(Box<[u8]>);

impl Inner {
    /// The bytes of a secret.
    pub(super) fn new(secret: &[u8]) -> Self {
        Self(secret.into())
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Candidate {
    /// The secret, decoded: what its fingerprint is of, so that it joins the same secret where that stands plainly.
    pub fn secret<'t>(&'t self, text: &'t [u8]) -> &'t [u8] {
        self.inner.as_ref().map_or_else(|| text.get(self.range.clone()).unwrap_or_default(), |inner| &inner.0)
    }

    /// Whether it passed every test.
    pub fn accepted(&self) -> bool {
        self.confidence > 0.0
    }
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
enum Route {
    Pattern(u32),
    Keyword(u32),
    Encoded(u32),
    Bare,
}

/// One rule to try at one place.
type Try = (Route, usize, usize);

/// The tries of one text; kept from text to text, so that nothing is allocated for each.
#[derive(Debug, Default)]
pub(super) struct Tries(Vec<Try>);

impl RuleSet {
    /// Compiles the files' rules together with the word grammar.
    pub fn compile(files: &[RuleFile]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut seen: BTreeSet<Cow<str>> = WORD_RULES.iter().map(|rule| Cow::Borrowed(rule.id)).collect();
        let mut rules = Vec::new();
        let mut routes: Vec<(Literal, Route)> = Vec::new();
        for file in files {
            let shared = exceptions(&file.exceptions, &mut |message| problems.push(Problem::new(&file.name, "", message)));
            let shared = Arc::new(shared);
            for rule in &file.rules {
                let id = if file.is_foreign { free_id(&file.name, &rule.id, &seen) } else { Cow::Borrowed(rule.id.as_str()) };
                if let Some(mut compiled) = CompiledRule::new(file, rule, &shared, &mut problems) {
                    let number = u32::try_from(rules.len()).unwrap_or(u32::MAX);
                    routes.extend(rule.literals.iter().map(|text| (Literal::folded(text.as_bytes()), Route::Pattern(number))));
                    compiled.id = id.clone().into_owned();
                    rules.push(compiled);
                }
                if !seen.insert(id) {
                    problems.push(Problem::new(&file.name, &rule.id, "another rule has this id"));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        routes.extend(own_routes());
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
        // What needs no literal stands behind them all.
        by_literal.push(vec![Route::Bare]);
        Ok(Self { rules, literals: Literals::new(literals), routes: by_literal })
    }

    /// The literals that lead to a rule.
    pub(crate) fn literals(&self) -> &Literals {
        &self.literals
    }

    /// What stands for a literal where a piece of text by itself leads to a rule.
    pub(super) fn no_literal(&self) -> u32 {
        u32::try_from(self.routes.len() - 1).unwrap_or(u32::MAX)
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

    /// What may be shown of the candidate in `text`. Of what is encoded nothing is, as each part of that is a part of the secret.
    pub fn masked(&self, candidate: &Candidate, text: &[u8]) -> String {
        let written = text.get(candidate.range.clone()).unwrap_or_default();
        let plainly = candidate.inner.as_ref().is_none_or(|inner| inner.0.get(..SHOWN_BYTES) == written.get(..SHOWN_BYTES));
        if plainly { masked(self.kind(candidate), written) } else { HIDDEN.to_owned() }
    }

    /// The test that decided about the candidate, with what can be read from the secret itself: whose key it is, until when it holds.
    pub fn explanation(&self, candidate: &Candidate, text: &[u8]) -> String {
        let secret = candidate.secret(text);
        match proof::reading(secret) {
            Some(reading) => format!("{}; {reading}", candidate.test),
            None => candidate.test.to_owned(),
        }
    }

    /// Tries the rules that `hits` (places in `text`) lead to and hands on each candidate that may stand; `all` asks also for those that
    /// fall.
    pub(super) fn candidates(&self, text: &[u8], hits: &[Hit], all: bool, tries: &mut Tries, found: &mut impl FnMut(Candidate)) {
        let mut looks = Looks { all, level: 0, bytes_left: SECOND_LOOK_BYTES_MAX };
        self.candidates_at(text, hits, &mut looks, tries, found);
    }

    fn candidates_at(&self, text: &[u8], hits: &[Hit], looks: &mut Looks, tries: &mut Tries, found: &mut dyn FnMut(Candidate)) {
        let Tries(tries) = tries;
        tries.clear();
        for hit in hits {
            let length = self.literals.len(hit.literal);
            for &route in self.routes.get(hit.literal as usize).map_or(&[][..], |r| r) {
                tries.push((route, hit.start, hit.start + length));
            }
        }
        tries.sort_unstable();
        // What a vendor's rule knows as an example is no password either.
        let mut examples: Vec<(Range<usize>, &'static str)> = Vec::new();
        let mut decoded: Vec<(Encoding, Range<usize>)> = Vec::new();
        let mut topics: Vec<(usize, Topic)> = Vec::new();
        let mut rest = tries.as_slice();
        while let Some(&(route, start, end)) = rest.first() {
            match route {
                Route::Pattern(number) => rest = self.pattern(text, number, rest, looks, &mut examples, found),
                Route::Keyword(number) => {
                    let mut hand = |candidate| found(unless_example(candidate, &examples));
                    let stands = words::judge(text, start..end, number, looks.all, &mut hand);
                    topics.extend(words::topic(number).filter(|_| stands).map(|topic| (start, topic)));
                    rest = &rest[1..];
                }
                Route::Encoded(number) => {
                    self.encoded(text, number, start..end, looks, &mut decoded, found);
                    rest = &rest[1..];
                }
                // They come last: every word about logins is known by then.
                Route::Bare => break,
            }
        }
        topics.sort_unstable();
        let mut hand = |candidate| found(unless_example(candidate, &examples));
        for &(_, start, _) in rest {
            bare::judge(text, start, &topics, &mut hand);
        }
        bare::near(text, &topics, &mut hand);
    }

    /// Tries one rule near its literals, the first of `tries` and those that lie close behind it, and gives back the other tries.
    fn pattern<'r>(
        &self,
        text: &[u8],
        number: u32,
        tries: &'r [Try],
        looks: &mut Looks,
        examples: &mut Vec<(Range<usize>, &'static str)>,
        found: &mut dyn FnMut(Candidate),
    ) -> &'r [Try] {
        let (Some(rule), Some(&(route, start, end))) = (self.rules.get(number as usize), tries.first()) else { return &[] };
        let from = start.saturating_sub(rule.reach());
        let mut to = end + rule.reach();
        let mut taken = 1;
        while let Some(&(next, next_start, next_end)) = tries.get(taken) {
            if next != route
                || next_start.saturating_sub(rule.reach()) > to
                || next_end + rule.reach() > from + JOINED_BYTES_MAX.max(3 * rule.reach())
            {
                break;
            }
            to = next_end + rule.reach();
            taken += 1;
        }
        let (now, later) = tries.split_at(taken);
        let mut covered: Vec<Range<usize>> = Vec::new();
        let mut hand = |verdict: Verdict, covered: &mut Vec<Range<usize>>| {
            covered.push(verdict.range.clone());
            if verdict.is_example {
                examples.push((verdict.range.clone(), verdict.test));
            }
            let Verdict { range, confidence, test, inner, .. } = verdict;
            found(Candidate { rule: RuleNumber::Pattern(number), range, confidence, test, inner });
        };
        rule.verdicts(text, from, to.min(text.len()), &mut |verdict| hand(verdict, &mut covered));
        for &(_, start, _) in now {
            const NEAR_BYTES: usize = 64;
            let seen = covered.iter().any(|range| range.start.saturating_sub(NEAR_BYTES) <= start && start <= range.end);
            if !seen && looks.bytes_left > 0 {
                looks.bytes_left =
                    looks.bytes_left.saturating_sub(rule.over_lines(text, start, &mut |verdict| hand(verdict, &mut covered)));
            }
        }
        later
    }

    /// Decodes around a trigger and looks again.
    fn encoded(
        &self,
        text: &[u8],
        number: u32,
        place: Range<usize>,
        looks: &mut Looks,
        done: &mut Vec<(Encoding, Range<usize>)>,
        found: &mut dyn FnMut(Candidate),
    ) {
        let Some(trigger) = encoded::triggers().get(number as usize) else { return };
        let seen = done.iter().any(|(encoding, range)| *encoding == trigger.encoding && range.contains(&place.start));
        if seen || looks.level >= LEVELS_MAX || looks.bytes_left == 0 {
            return;
        }
        let Some(decoded) = encoded::decoded(trigger, text, place) else {
            looks.bytes_left = looks.bytes_left.saturating_sub(VAIN_LOOK_BYTES);
            return;
        };
        done.push((trigger.encoding, decoded.whole()));
        let mut inner =
            Looks { all: looks.all, level: looks.level + 1, bytes_left: looks.bytes_left.saturating_sub(decoded.whole().len()) };
        let mut hits = Vec::new();
        self.literals.each(&decoded.text, 0, decoded.text.len(), |hit| hits.push(hit));
        hits.sort_unstable();
        self.candidates_at(&decoded.text, &hits, &mut inner, &mut Tries::default(), &mut |candidate| {
            let test = if candidate.accepted() { trigger.encoding.test() } else { candidate.test };
            let inner = Some(Inner::new(candidate.secret(&decoded.text)));
            found(Candidate { range: decoded.source(&candidate.range), test, inner, ..candidate });
        });
        looks.bytes_left = inner.bytes_left;
    }
}

/// How far looking again has gone.
#[derive(Debug)]
struct Looks {
    /// Also what falls is asked for.
    all: bool,
    /// How often the text was decoded already.
    level: usize,
    /// Bytes that may still be decoded or joined.
    bytes_left: usize,
}

/// The candidate, fallen where most of it is a known example.
fn unless_example(mut candidate: Candidate, examples: &[(Range<usize>, &'static str)]) -> Candidate {
    let shared = |range: &Range<usize>| range.end.min(candidate.range.end).saturating_sub(range.start.max(candidate.range.start));
    if let Some((_, test)) = examples.iter().find(|(range, _)| shared(range) * 2 > candidate.range.len()) {
        candidate.confidence = 0.0;
        candidate.test = test;
    }
    candidate
}

/// The id of another scanner's rule, which knows nothing of the ids here: behind its file's name, and a number, where it is taken.
fn free_id<'r>(file: &str, id: &'r str, taken: &BTreeSet<Cow<str>>) -> Cow<'r, str> {
    if !taken.contains(id) {
        return Cow::Borrowed(id);
    }
    let named = format!("{}-{id}", identifier(file));
    let numbered = (2..).map(|number| format!("{named}-{number}"));
    Cow::Owned(std::iter::once(named.clone()).chain(numbered).find(|id| !taken.contains(id.as_str())).unwrap_or(named))
}

/// A file's name, without folders and ending, as the beginning of an id.
fn identifier(name: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.strip_suffix(".toml").unwrap_or(stem);
    let plain: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}

/// The literals that lead to the word grammar and to encoded text.
fn own_routes() -> Vec<(Literal, Route)> {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let keywords = words::keywords().iter().enumerate().map(|(at, keyword)| (keyword.literal(), Route::Keyword(number(at))));
    let triggers = encoded::triggers().iter().enumerate().map(|(at, trigger)| (trigger.literal(), Route::Encoded(number(at))));
    keywords.chain(triggers).collect()
}

#[cfg(test)]
mod tests;
