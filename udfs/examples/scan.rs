//! Reads JSON lines `{"id", "text"}` on standard input and writes one JSON line a finding: the form that evaluation scripts expect.
//!
//! `cargo run --release -p bittern-udfs --example scan < texts.jsonl`

use std::io::{BufRead, BufWriter, Write};

use bittern_udfs::credentials::fingerprint::masked;
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

fn main() -> std::io::Result<()> {
    let setup = Setup::builtin(b"fingerprints of this run only");
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
