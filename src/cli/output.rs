//! Printing: rows as table, JSON lines or CSV. Text of logs never moves the terminal's cursor.

use std::io::{IsTerminal, Write};

use arrow::array::RecordBatch;

use super::Format;
use super::rows::{Printer, Shape};
use crate::error::Result;

/// Prints batches to stdout.
pub fn print(batches: &[RecordBatch], format: Format) -> Result<()> {
    let Some(first) = batches.first() else { return Ok(()) };
    let mut printer = Printer::new(shape(format), first.schema(), std::io::stdout().lock(), std::io::stdout().is_terminal());
    for batch in batches {
        printer.write(batch)?;
    }
    printer.finish().map(drop)
}

/// How rows look in a format; what has no rows' look of its own is a table.
pub fn shape(format: Format) -> Shape {
    match format {
        Format::Table | Format::Html | Format::Parquet => Shape::Table,
        Format::Json => Shape::Json,
        Format::Csv => Shape::Csv,
        Format::Markdown => Shape::Markdown,
    }
}

/// Prints text to stdout. A reader that has gone away (`| head`) is no error.
pub fn print_text(text: &str) -> Result<()> {
    write_all(&mut std::io::stdout().lock(), text)
}

fn write_all(out: &mut impl Write, text: &str) -> Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The text with everything that could move the cursor or turn the reading direction made visible.
pub fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Whether a character could move the cursor (C0 and C1 controls but the line feed; the separators of lines and paragraphs) or turn the
/// reading direction (UAX #9: marks, embeddings, overrides, isolates).
pub fn is_unsafe(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n') || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A table of text cells for people.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    // A line below the header is enough.
    table.remove_style(comfy_table::TableComponent::HorizontalLines).remove_style(comfy_table::TableComponent::MiddleIntersections);
    table.set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| safe(cell)));
    }
    format!("{table}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_not_sent() {
        assert_eq!(safe("a\u{1b}[31m\u{202e}b\n"), "a\\u{1b}[31m\\u{202e}b\n");
    }
}
