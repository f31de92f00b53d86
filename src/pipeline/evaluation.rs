//! How well the matcher does on labelled texts: recall, precision, false alarms, and whether its confidence means what it says.

use std::collections::BTreeMap;
use std::ops::Range;

use bittern_udfs::credentials::{file_name, term};
use bittern_udfs::setup::Setup;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Upper ends of the bins of confidence.
const BINS: [f64; 6] = [0.6, 0.7, 0.8, 0.9, 0.95, 1.01];

/// One labelled text. Rows of other labels are passed over.
#[derive(Debug, Deserialize)]
struct Labelled {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    name: Option<String>,
    label: String,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    secrets: Vec<String>,
}

/// Of each bin of confidence: findings, the sum of their confidences, and how many are right.
type Bins = [(u64, f64, u64); BINS.len()];

/// Which function is judged by a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judged {
    Text,
    FileName,
    Search,
}

/// Counts over a group of texts.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    secret: u64,
    found: u64,
    covered: u64,
    clean: u64,
    alarms: u64,
}

/// One line of the evaluation.
#[derive(Debug, Serialize)]
pub struct Line {
    /// What is counted: `texts`, `file names`, `searches`, `kind ...`, `language ...`.
    pub group: String,
    /// Texts with a credential.
    pub secret: u64,
    /// Texts without.
    pub clean: u64,
    /// Share of the texts with a credential in which something was found.
    pub recall: Option<f64>,
    /// Share of them in which what was found covers the credential.
    pub span_recall: Option<f64>,
    /// Share of the texts in which something was found that have a credential.
    pub precision: Option<f64>,
    /// Harmonic mean of recall and precision.
    pub f1: Option<f64>,
    /// Texts without a credential in which something was found, per 1,000 of them.
    pub false_alarms_per_1000: Option<f64>,
}

/// Of the findings whose confidence lies in a bin, how many are right.
#[derive(Debug, Serialize)]
pub struct Reliability {
    /// `all`, or a kind or language.
    pub group: String,
    /// The bin: least confidence and least of the next one.
    pub from: f64,
    /// See `from`.
    pub below: f64,
    /// Findings in it.
    pub findings: u64,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that overlap a labelled credential.
    pub right: f64,
}

/// What an evaluation says.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Counts, all texts first.
    pub lines: Vec<Line>,
    /// Confidence beside truth.
    pub reliability: Vec<Reliability>,
}

/// Judges the matcher on labelled JSON lines: `text` (or `name`), `label` (`secret`, `not_secret`, `sensitive_name`, `not_sensitive`),
/// and where known `secret` or `secrets`, `channel`, `kind`, `lang`. `at` is what errors call the input.
///
/// # Errors
/// `Usage` with line and column where a line is none of these.
pub fn evaluate(setup: &Setup, jsonl: &str, at: &str, confidence_min: f64) -> Result<Evaluation> {
    let mut counts: BTreeMap<(u8, String), Counts> = BTreeMap::new();
    let mut bins: BTreeMap<(u8, String), Bins> = BTreeMap::new();
    for (number, line) in jsonl.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row: Labelled = serde_json::from_str(line)
            .map_err(|e| Error::usage(format!("{at}:{}:{}: this is no labelled text", number + 1, e.column())))?;
        let is_secret = match row.label.as_str() {
            "secret" | "sensitive_name" => true,
            "not_secret" | "not_sensitive" => false,
            _ => continue,
        };
        let judged = judged(&row);
        let found = found(setup, judged, row.text.as_deref().or(row.name.as_deref()).unwrap_or_default(), confidence_min);
        let outcome = counted(&row, is_secret, &found);
        for group in groups(&row, judged) {
            counts.entry(group).or_default().add(outcome);
        }
        if judged == Judged::Text {
            let wanted = wanted(&row);
            for (range, confidence) in &found {
                let right = is_secret && (wanted.is_empty() || wanted.iter().any(|w| w.start < range.end && range.start < w.end));
                let bin = BINS.iter().position(|end| confidence < end).unwrap_or(BINS.len() - 1);
                for group in reliability_groups(&row) {
                    let held = &mut bins.entry(group).or_default()[bin];
                    *held = (held.0 + 1, held.1 + confidence, held.2 + u64::from(right));
                }
            }
        }
    }
    let lines = counts.into_iter().map(|((_, group), counts)| counts.line(group)).collect();
    let reliability = bins.into_iter().flat_map(|((_, group), bins)| reliability(&group, &bins)).collect();
    Ok(Evaluation { lines, reliability })
}

fn judged(row: &Labelled) -> Judged {
    match row.channel.as_deref() {
        Some("file_name") => Judged::FileName,
        Some("search") => Judged::Search,
        _ if row.name.is_some() => Judged::FileName,
        _ => Judged::Text,
    }
}

/// Ranges found and their confidence; a name or search that is about credentials is one range over all of it.
fn found(setup: &Setup, judged: Judged, text: &str, confidence_min: f64) -> Vec<(Range<usize>, f64)> {
    let mut found: Vec<(Range<usize>, f64)> = setup.rules().find(text.as_bytes()).into_iter().map(|c| (c.range, c.confidence)).collect();
    found.retain(|(_, confidence)| *confidence >= confidence_min);
    let about = match judged {
        Judged::Text => false,
        Judged::FileName => file_name::kind(text.as_bytes()).is_some(),
        Judged::Search => !term::terms(text.as_bytes()).is_empty(),
    };
    if about {
        found = vec![(0..text.len(), 1.0)];
    }
    found
}

/// Where the labelled credentials stand.
fn wanted(row: &Labelled) -> Vec<Range<usize>> {
    let text = row.text.as_deref().unwrap_or_default();
    row.secrets.iter().chain(&row.secret).filter_map(|secret| text.find(secret.as_str()).map(|at| at..at + secret.len())).collect()
}

fn counted(row: &Labelled, is_secret: bool, found: &[(Range<usize>, f64)]) -> Counts {
    let wanted = wanted(row);
    let covers = |w: &Range<usize>| found.iter().any(|(range, _)| range.start <= w.start && w.end <= range.end);
    let covered = if wanted.is_empty() { !found.is_empty() } else { wanted.iter().all(covers) };
    let one = |held: bool| u64::from(held);
    Counts {
        secret: one(is_secret),
        found: one(is_secret && !found.is_empty()),
        covered: one(is_secret && covered),
        clean: one(!is_secret),
        alarms: one(!is_secret && !found.is_empty()),
    }
}

/// The groups that a row counts in; the number puts the whole before its parts.
fn groups(row: &Labelled, judged: Judged) -> Vec<(u8, String)> {
    let whole = match judged {
        Judged::Text => (0, "texts"),
        Judged::FileName => (1, "file names"),
        Judged::Search => (2, "searches"),
    };
    let mut groups = vec![(whole.0, whole.1.to_owned())];
    if judged == Judged::Text {
        groups.extend(row.kind.iter().map(|kind| (3, format!("kind {kind}"))));
        groups.extend(row.lang.iter().map(|lang| (4, format!("language {lang}"))));
    }
    groups
}

fn reliability_groups(row: &Labelled) -> Vec<(u8, String)> {
    let mut groups = vec![(0, "all".to_owned())];
    groups.extend(row.kind.iter().map(|kind| (1, format!("kind {kind}"))));
    groups.extend(row.lang.iter().map(|lang| (2, format!("language {lang}"))));
    groups
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.secret += other.secret;
        self.found += other.found;
        self.covered += other.covered;
        self.clean += other.clean;
        self.alarms += other.alarms;
    }

    fn line(self, group: String) -> Line {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let (recall, precision) = (share(self.found, self.secret), share(self.found, self.found + self.alarms));
        let f1 = match (recall, precision) {
            (Some(recall), Some(precision)) if recall + precision > 0.0 => Some(2.0 * recall * precision / (recall + precision)),
            _ => None,
        };
        Line {
            group,
            secret: self.secret,
            clean: self.clean,
            recall,
            span_recall: share(self.covered, self.secret),
            precision,
            f1,
            false_alarms_per_1000: share(self.alarms, self.clean).map(|share| share * 1_000.0),
        }
    }
}

fn reliability(group: &str, bins: &[(u64, f64, u64)]) -> Vec<Reliability> {
    let mut lines = Vec::new();
    let mut from = 0.5;
    for (&(findings, sum, right), &below) in bins.iter().zip(&BINS) {
        if findings > 0 {
            let (confidence, right) = (sum / findings as f64, right as f64 / findings as f64);
            lines.push(Reliability { group: group.to_owned(), from, below: below.min(1.0), findings, confidence, right });
        }
        from = below;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_findings_are_counted() {
        let setup = Setup::builtin(&[7; 32]);
        let token = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
        let rows = [
            serde_json::json!({"text": format!("use {token}"), "label": "secret", "secrets": [token], "kind": "token", "lang": "en"}),
            serde_json::json!({"text": "the weather is fine", "label": "secret", "kind": "token"}),
            serde_json::json!({"text": "see you at ten", "label": "not_secret"}),
            serde_json::json!({"text": format!("again {token}"), "label": "not_secret"}),
            serde_json::json!({"text": "whatever", "label": "unclear"}),
            serde_json::json!({"name": "id_rsa", "label": "sensitive_name"}),
        ];
        let jsonl: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let evaluation = evaluate(&setup, &jsonl, "labels", 0.5).expect("the labels are right");
        let texts = &evaluation.lines[0];
        assert_eq!((texts.group.as_str(), texts.secret, texts.clean), ("texts", 2, 2));
        assert_eq!((texts.recall, texts.precision, texts.false_alarms_per_1000), (Some(0.5), Some(0.5), Some(500.0)));
        assert_eq!(evaluation.lines[1].recall, Some(1.0), "{:?}", evaluation.lines);
        assert_eq!((evaluation.reliability[0].findings, evaluation.reliability[0].right), (2, 0.5));
        let error = evaluate(&setup, "{\"text\":1}", "labels", 0.5).expect_err("a number is no text");
        assert!(error.to_string().starts_with("labels:1:"), "{error}");
    }
}
