//! The credential matcher over messages in memory: the right answer first, then the times of matching and of finding, with the rules that
//! the program carries and with twice as many.
//!
//! `cargo bench --bench credentials`. Prints the best of some rounds: what other work on the machine adds is not the matcher's.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bittern::error::{Error, Result};
use bittern_udfs::credentials::rules::{self, Problem, RuleFile};
use bittern_udfs::credentials::ruleset::RuleSet;

const ROUNDS: usize = 7;
const MESSAGES: usize = 200_000;

/// One message of so many hands over a credential.
const PLANTED_EACH: usize = 1_000;

const WORDS: &[&str] = &[
    "the",
    "deploy",
    "is",
    "done",
    "who",
    "can",
    "look",
    "at",
    "build",
    "please",
    "login",
    "page",
    "fails",
    "for",
    "some",
    "users",
    "since",
    "see",
    "https://ci.example.com/job/42",
    "my",
    "password",
    "expired",
    "again",
    "token",
    "of",
    "runner",
    "was",
    "rotated",
    "yesterday",
    "root",
    "cause",
    "found",
    "it's",
    "a",
    "typo",
    "thanks,",
    "Kim!",
    "meeting",
    "moved",
    "to",
    "later",
    "and",
    "slides",
    "are",
    "in",
    "/shared/q3",
    "ok",
    "so",
    "we",
    "ship?",
];

fn wrong(problems: &[Problem]) -> Error {
    Error::internal(problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))
}

/// The messages one after another, where each ends, and how many hand over a credential.
fn messages() -> (String, Vec<usize>, usize) {
    let (mut text, mut ends, mut planted, mut seed) = (String::new(), vec![0], 0, 91u64);
    for message in 0..MESSAGES {
        for _ in 0..16 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let word = usize::try_from(seed >> 33).unwrap_or(0) % WORDS.len();
            let _ = write!(text, "{} ", WORDS[word]);
        }
        if message % PLANTED_EACH == 0 {
            planted += 1;
            let _ = write!(text, "\nthe password is Tern-{message}-gravel!");
        }
        ends.push(text.len());
    }
    (text, ends, planted)
}

/// Every rule once more under another name.
fn twice(files: &[RuleFile]) -> Vec<RuleFile> {
    let mut again = files.to_vec();
    for rule in again.iter_mut().flat_map(|file| &mut file.rules) {
        rule.id.push_str("-again");
    }
    files.iter().cloned().chain(again).collect()
}

fn best(mut work: impl FnMut() -> usize, expected: usize) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let count = work();
        best = best.min(started.elapsed());
        if count != expected {
            return Err(Error::internal(format!("{count} messages with a credential, not {expected}")));
        }
    }
    Ok(best)
}

fn main() -> Result<()> {
    let (text, ends, planted) = messages();
    let started = Instant::now();
    let files = rules::builtin().map_err(|problems| wrong(&problems))?;
    let once = RuleSet::compile(&files).map_err(|problems| wrong(&problems))?;
    println!("rules read and compiled in {:?}", started.elapsed());
    let double = RuleSet::compile(&twice(&files)).map_err(|problems| wrong(&problems))?;
    for (name, rules) in [("the rules", &once), ("twice as many", &double)] {
        let matched = best(
            || {
                let mut count = 0;
                rules.matching(text.as_bytes(), MESSAGES, |row| ends[row], |_| count += 1);
                count
            },
            planted,
        )?;
        let found = best(
            || {
                let mut count = 0;
                rules.finding(text.as_bytes(), MESSAGES, |row| ends[row], |_, _| count += 1);
                count
            },
            planted,
        )?;
        let rate = |time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
        println!(
            "{name}: match {:.0} MB/s, find {:.0} MB/s, find / match {:.2}",
            rate(matched),
            rate(found),
            found.as_secs_f64() / matched.as_secs_f64()
        );
    }
    Ok(())
}
