//! The credential matcher over texts that lie outside the lake: JSON lines, plain lines, a column of Parquet.

use std::io::{BufRead, Read, Write};

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bittern_udfs::credentials::ruleset::Candidate;
use bittern_udfs::setup::Setup;
use datafusion::prelude::{ParquetReadOptions, SessionContext, ident};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

/// Bytes and texts that go through the matcher together.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;
const CHUNK_TEXTS: usize = 8 * 1024;

/// Bytes of a line at most; a longer one is named and passed over.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{"id": ..., "text": ...}`; without an id the line's number stands for it.
    Json,
    /// The text itself; its id is the line's number.
    Plain,
}

/// What a scan met.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Texts.
    pub texts: u64,
    /// Findings written.
    pub findings: u64,
    /// Lines that are no text: number, column if known, and why.
    pub broken: Vec<(u64, Option<usize>, &'static str)>,
}

/// A finding as it is written: one JSON object a line. `start` and `end` are byte offsets into the text as UTF-8.
#[derive(Serialize)]
struct Finding<'a> {
    id: &'a Value,
    rule: &'a str,
    kind: &'a str,
    confidence: f64,
    start: usize,
    end: usize,
    masked: String,
    fingerprint: String,
}

/// Writes the findings of many texts.
pub struct Scanner<'s, W> {
    setup: &'s Setup,
    confidence_min: f64,
    out: W,
    ids: Vec<Value>,
    ends: Vec<usize>,
    buffer: Vec<u8>,
    scanned: Scanned,
}

impl<'s, W: Write> Scanner<'s, W> {
    /// A scanner that writes findings of at least that confidence.
    pub fn new(setup: &'s Setup, confidence_min: f64, out: W) -> Self {
        Self { setup, confidence_min, out, ids: Vec::new(), ends: vec![0], buffer: Vec::new(), scanned: Scanned::default() }
    }

    /// Scans every line.
    pub fn lines(mut self, mut input: impl BufRead, form: Form) -> Result<Scanned> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default)]
            id: Option<Value>,
            text: String,
        }
        let mut line = Vec::new();
        let mut number = 0;
        while next_line(&mut input, &mut line)? {
            number += 1;
            if line.len() > LINE_BYTES_MAX {
                self.scanned.broken.push((number, None, "the line is longer than 64 MiB"));
                continue;
            }
            let text = line.trim_ascii_end();
            match form {
                Form::Plain => self.push(number.into(), text)?,
                Form::Json if text.is_empty() => {}
                Form::Json => match serde_json::from_slice::<Row>(text) {
                    Ok(row) => self.push(row.id.unwrap_or_else(|| number.into()), row.text.as_bytes())?,
                    Err(e) => self.scanned.broken.push((number, Some(e.column()), "this is no JSON object with a `text`")),
                },
            }
        }
        self.finish()
    }

    /// Scans a column of Parquet files; ids are the rows' numbers, from 1 on.
    pub async fn parquet(mut self, context: &SessionContext, path: &str, column: &str) -> Result<Scanned> {
        let unreadable = |e| Error::usage(format!("cannot read column `{column}` of `{path}` as Parquet")).caused_by(Error::from(e));
        let frame = context.read_parquet(path, ParquetReadOptions::default()).await.map_err(unreadable)?;
        let frame = frame.select(vec![ident(column)]).map_err(unreadable)?;
        let mut stream = frame.execute_stream().await.map_err(unreadable)?;
        let mut number: u64 = 0;
        while let Some(batch) = stream.next().await {
            let texts = cast(batch?.column(0), &DataType::LargeBinary)?;
            for text in texts.as_binary::<i64>() {
                number += 1;
                self.push(number.into(), text.unwrap_or_default())?;
            }
        }
        self.finish()
    }

    fn push(&mut self, id: Value, text: &[u8]) -> Result<()> {
        self.buffer.extend_from_slice(text);
        self.ends.push(self.buffer.len());
        self.ids.push(id);
        if self.ids.len() >= CHUNK_TEXTS || self.buffer.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let (setup, ends, buffer, ids, least) = (self.setup, &self.ends, &self.buffer, &self.ids, self.confidence_min);
        let out = &mut self.out;
        let mut written = Ok(0);
        setup.rules().finding(
            buffer,
            ids.len(),
            |row| ends[row],
            |row, found| {
                let text = &buffer[ends[row]..ends[row + 1]];
                if let Ok(count) = written {
                    written = write_findings(setup, &ids[row], text, found, least, out).map(|more| count + more);
                }
            },
        );
        self.scanned.findings += written?;
        self.scanned.texts += self.ids.len() as u64;
        self.ids.clear();
        self.buffer.clear();
        self.ends.truncate(1);
        Ok(())
    }

    fn finish(mut self) -> Result<Scanned> {
        self.flush()?;
        self.out.flush()?;
        Ok(self.scanned)
    }
}

fn write_findings(setup: &Setup, id: &Value, text: &[u8], found: &[Candidate], least: f64, out: &mut impl Write) -> Result<u64> {
    let rules = setup.rules();
    let mut written = 0;
    for candidate in found.iter().filter(|candidate| candidate.confidence >= least) {
        let finding = Finding {
            id,
            rule: rules.name(candidate),
            kind: rules.kind(candidate),
            confidence: candidate.confidence,
            start: candidate.range.start,
            end: candidate.range.end,
            masked: rules.masked(candidate, text),
            fingerprint: setup.fingerprint(candidate.secret(text)),
        };
        serde_json::to_writer(&mut *out, &finding).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        written += 1;
    }
    Ok(written)
}

/// The next line with its line feed, or a byte more than [`LINE_BYTES_MAX`] of a longer one; whether there was one.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    let read = input.by_ref().take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', line)?;
    if line.len() > LINE_BYTES_MAX && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}
