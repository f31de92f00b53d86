//! Splits a raw object's bytes into records, in memory bounded by the longest record.
//!
//! What the bytes are is told from the bytes: lines of JSON, one JSON array, JSON documents one after the other, CSV, or a mail.
//! A broken record never hides the next one: lines end at line feeds whatever stands in them.

use std::io::{self, BufRead, Read};

use csv::StringRecord;

use crate::sources::Record;

/// Bytes of one record at most; a longer one is named in quarantine and passed over.
pub const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How much of an object is looked at to tell what it is.
const SNIFF_BYTES: usize = 1024 * 1024;

/// What a raw object's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One JSON value a line.
    JsonLines,
    /// One array of JSON values.
    JsonArray,
    /// JSON values over several lines, one after the other.
    JsonDocuments,
    /// CSV with a header.
    Csv,
    /// One RFC 5322 message.
    Mail,
    /// Apache Parquet: read elsewhere.
    Parquet,
}

/// A piece of a raw object.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A record, with the line it begins on (1 is the first).
    Record(Record<'a>, u64),
    /// Bytes that are no record: why, the line they begin on, and the column if it is known.
    Broken(String, u64, Option<u64>),
}

/// Reads every record of `input` in order. `each` returning an error ends it.
pub fn read<E: From<io::Error>>(
    path: &str,
    input: Box<dyn BufRead + Send>,
    each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<Framing, E> {
    let mut head = Vec::new();
    let mut input = input;
    // A truncated or corrupt archive still gives what came before the damage. Decoders tell of it once: it is told again below.
    let damage = input.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut head).err();
    let input = Rest { damage, input };
    let framing = sniff(path, &head);
    let skip = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    let whole = head.get(skip..).unwrap_or_default().chain(input);
    match framing {
        Framing::JsonLines => lines(whole, each)?,
        Framing::JsonArray => values(whole, true, each)?,
        Framing::JsonDocuments => values(whole, false, each)?,
        Framing::Csv => rows(whole, each)?,
        Framing::Mail => mail(whole, each)?,
        Framing::Parquet => {}
    }
    Ok(framing)
}

/// What follows the beginning: the damage that ended it, or what is left of the input.
struct Rest {
    damage: Option<io::Error>,
    input: Box<dyn BufRead + Send>,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.damage.take() {
            Some(damage) => Err(damage),
            None => self.input.read(buffer),
        }
    }
}

impl BufRead for Rest {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.damage.take() {
            Some(damage) => Err(damage),
            None => self.input.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
    }
}

fn sniff(path: &str, head: &[u8]) -> Framing {
    if head.starts_with(b"PAR1") {
        return Framing::Parquet;
    }
    let text = head.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(head).trim_ascii_start();
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
    match text.first() {
        Some(b'[') if is_whole_json(line) && line.len() < text.len() && looks_like_lines(text) => Framing::JsonLines,
        Some(b'[') => Framing::JsonArray,
        Some(b'{') if is_whole_json(line) || line.len() == SNIFF_BYTES => Framing::JsonLines,
        // A first line that is broken JSON, followed by lines that are JSON by themselves: one bad line, not a document.
        Some(b'{') if looks_like_lines(text) => Framing::JsonLines,
        Some(b'{') => Framing::JsonDocuments,
        _ if has_extension(path, "csv") => Framing::Csv,
        _ if has_extension(path, "eml") || begins_with_header(line) => Framing::Mail,
        _ if line.contains(&b',') && !line.trim_ascii().is_empty() && std::str::from_utf8(line).is_ok() => Framing::Csv,
        _ => Framing::JsonLines,
    }
}

fn is_whole_json(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

fn looks_like_lines(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n')
        .skip(1)
        .take(20)
        .any(|line| matches!(line.first(), Some(b'{' | b'[')) && line.len() > 2 && is_whole_json(line))
}

fn has_extension(path: &str, extension: &str) -> bool {
    let path = path.trim_end_matches(".gz").trim_end_matches(".zst");
    path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(extension))
}

/// `Received: ...`, `From: ...`: a header name that mail begins with.
fn begins_with_header(line: &[u8]) -> bool {
    const FIRST: [&[u8]; 10] =
        [b"received", b"return-path", b"delivered-to", b"from", b"date", b"message-id", b"subject", b"to", b"mime-version", b"x-received"];
    let Some(colon) = memchr::memchr(b':', line) else { return false };
    FIRST.iter().any(|name| line[..colon].eq_ignore_ascii_case(name))
}

fn lines<E: From<io::Error>>(mut input: impl BufRead, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        // Most lines lie whole in what was read ahead: they need not be copied.
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => &[],
            // Decoders tell of damage once: whoever asks again gets an end that looks like any other.
            Err(error) => return each(Piece::Broken(unreadable(&error), number, None)),
        };
        if let Some(end) = memchr::memchr(b'\n', chunk) {
            let content = chunk.get(..end).unwrap_or_default().trim_ascii();
            if !content.is_empty() {
                each_json(content, number, each)?;
            }
            input.consume(end + 1);
            continue;
        }
        line.clear();
        let (ended, cut) = match next_line(&mut input, &mut line) {
            Ok(state) => state,
            Err(error) => return each(Piece::Broken(unreadable(&error), number, None)),
        };
        if cut {
            each(Piece::Broken(too_long(), number, None))?;
        } else {
            let content = line.trim_ascii();
            if !content.is_empty() {
                each_json(content, number, each)?;
            }
        }
        if ended {
            return Ok(());
        }
    }
}

/// Reads up to a line feed; returns whether the input ended, and whether the line was too long to keep.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<(bool, bool)> {
    let mut cut = false;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok((true, cut));
        }
        let found = memchr::memchr(b'\n', chunk);
        let take = found.unwrap_or(chunk.len());
        if line.len() + take > RECORD_BYTES_MAX {
            cut = true;
            *line = Vec::new();
        }
        if !cut {
            line.extend_from_slice(&chunk[..take]);
        }
        input.consume(take + usize::from(found.is_some()));
        if found.is_some() {
            return Ok((false, cut));
        }
    }
}

fn each_json<E>(bytes: &[u8], line: u64, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
    match std::str::from_utf8(bytes) {
        Ok(text) => each(Piece::Record(Record::Json(text), line)),
        // Bytes that are not UTF-8 become U+FFFD: the event is worth more than its broken character.
        Err(_) => each(Piece::Record(Record::Json(&String::from_utf8_lossy(bytes)), line)),
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("the object cannot be read further ({})", error.kind())
}

fn too_long() -> String {
    format!("the record is longer than {} MiB", RECORD_BYTES_MAX / 1024 / 1024)
}

/// JSON values by nesting depth: the elements of one array, or whole values one after the other.
fn values<E: From<io::Error>>(input: impl Read, array: bool, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut scanner = Scanner { floor: u32::from(array), ..Scanner::default() };
    let mut input = input;
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let count = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                each(Piece::Broken(unreadable(&error), scanner.line, None))?;
                break;
            }
        };
        scanner.feed(&chunk[..count], each)?;
    }
    scanner.end(each)
}

/// Follows strings and brackets just far enough to know where a value ends.
#[derive(Default)]
struct Scanner {
    /// Depth at which values stand: 1 inside the top-level array, else 0.
    floor: u32,
    depth: u32,
    in_string: bool,
    escaped: bool,
    value: Vec<u8>,
    cut: bool,
    line: u64,
    begins: u64,
}

impl Scanner {
    fn feed<E>(&mut self, chunk: &[u8], each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        for &byte in chunk {
            self.line += u64::from(byte == b'\n');
            if self.in_string {
                self.push(byte);
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.push(byte);
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth > self.floor {
                        self.push(byte);
                    }
                }
                b'}' | b']' => {
                    let inside = self.depth > self.floor;
                    self.depth = self.depth.saturating_sub(1);
                    if inside {
                        self.push(byte);
                    }
                    if self.depth <= self.floor {
                        self.emit(each)?;
                    }
                }
                b',' if self.depth == self.floor => self.emit(each)?,
                b' ' | b'\t' | b'\r' | b'\n' if self.value.is_empty() => {}
                _ => self.push(byte),
            }
        }
        Ok(())
    }

    fn push(&mut self, byte: u8) {
        if self.value.is_empty() && !self.cut {
            self.begins = self.line;
        }
        if self.value.len() >= RECORD_BYTES_MAX {
            self.cut = true;
            self.value = Vec::new();
        }
        if !self.cut {
            self.value.push(byte);
        }
    }

    fn emit<E>(&mut self, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let line = self.begins + 1;
        if std::mem::take(&mut self.cut) {
            self.value.clear();
            return each(Piece::Broken(too_long(), line, None));
        }
        let value = std::mem::take(&mut self.value);
        let content = value.trim_ascii();
        if content.is_empty() { Ok(()) } else { each_json(content, line, each) }
    }

    fn end<E>(&mut self, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.depth > 0 && (self.in_string || self.depth > self.floor) {
            return each(Piece::Broken("the JSON ends too early".into(), self.begins + 1, None));
        }
        let unclosed = self.depth > 0;
        self.emit(each)?;
        if unclosed { each(Piece::Broken("the JSON array is never closed".into(), self.line + 1, None)) } else { Ok(()) }
    }
}

fn rows<E: From<io::Error>>(input: impl Read, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(input);
    let header = match reader.byte_headers() {
        Ok(header) => StringRecord::from_byte_record_lossy(header.clone()),
        Err(error) => return each(Piece::Broken(csv_reason(&error), 1, None)),
    };
    let mut raw = csv::ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut raw) {
            Ok(false) => return Ok(()),
            Ok(true) if raw.len() > header.len() => {
                each(Piece::Broken(format!("{} fields under {} columns", raw.len(), header.len()), line, None))?;
            }
            Ok(true) => {
                let row = StringRecord::from_byte_record_lossy(raw.clone());
                each(Piece::Record(Record::Csv { header: &header, row: &row }, line))?;
            }
            Err(error) => {
                each(Piece::Broken(csv_reason(&error), line, None))?;
                if error.is_io_error() {
                    return Ok(());
                }
            }
        }
    }
}

fn csv_reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => unreadable(error),
        _ => "this row is not CSV".into(),
    }
}

fn mail<E: From<io::Error>>(input: impl Read, each: &mut dyn FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut message = Vec::new();
    if let Err(error) = input.take(RECORD_BYTES_MAX as u64 + 1).read_to_end(&mut message) {
        each(Piece::Broken(unreadable(&error), 1, None))?;
    }
    if message.len() > RECORD_BYTES_MAX {
        return each(Piece::Broken(too_long(), 1, None));
    }
    each(Piece::Record(Record::Mail(&message), 1))
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
