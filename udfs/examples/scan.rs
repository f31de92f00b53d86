//! Reads JSON lines `{"id", "text"}` on standard input and writes one JSON line a finding: the form that evaluation scripts expect.
//! Arguments are rule files, in the syntax here or of Gitleaks, that count beside the rules that come with the crate.
//!
//! `cargo run --release -p bittern-udfs --example scan [RULES.toml...] < texts.jsonl`

use std::io::{BufRead, BufWriter, Error, Write};
use std::path::Path;

use bittern_udfs::credentials::fingerprint::masked;
use bittern_udfs::credentials::rules::{Problem, RuleFile, builtin};
use bittern_udfs::setup::Setup;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Row {
    id: String,
    text: String,
}

#[derive(Serialize)]
struct Finding<'a> {
    id: &'a str,
    rule: &'a str,
    kind: &'a str,
    confidence: f64,
    start: usize,
    end: usize,
    masked: String,
    fingerprint: String,
}

fn said(problems: &[Problem]) -> Error {
    Error::other(problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))
}

fn setup(paths: impl Iterator<Item = String>) -> std::io::Result<Setup> {
    let mut files = builtin().map_err(|problems| said(&problems))?;
    for path in paths {
        let name = Path::new(&path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let file = RuleFile::parse(&name, &std::fs::read_to_string(&path)?).map_err(|problem| said(&[problem]))?;
        for note in &file.notes {
            eprintln!("{note}");
        }
        eprintln!("{path}: {} rules", file.rules.len());
        files.push(file);
    }
    Setup::new(&files, b"fingerprints of this run only").map_err(|problems| said(&problems))
}

fn main() -> std::io::Result<()> {
    let setup = setup(std::env::args().skip(1))?;
    let rules = setup.rules();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let row: Row = serde_json::from_str(&line?)?;
        for found in rules.find(row.text.as_bytes()) {
            let secret = row.text.as_bytes().get(found.range.clone()).unwrap_or_default();
            let finding = Finding {
                id: &row.id,
                rule: rules.name(&found),
                kind: rules.kind(&found),
                confidence: found.confidence,
                start: found.range.start,
                end: found.range.end,
                masked: masked(rules.kind(&found), secret),
                fingerprint: setup.fingerprint(secret),
            };
            serde_json::to_writer(&mut out, &finding)?;
            writeln!(out)?;
        }
    }
    out.flush()
}
