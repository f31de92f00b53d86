//! Printing: rows as table, JSON lines or CSV. Text of logs never moves the terminal's cursor.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;

use super::Format;
use crate::error::Result;

/// Prints batches to stdout.
pub fn print(batches: &[RecordBatch], format: Format) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let text = match format {
        Format::Table | Format::Html | Format::Markdown => {
            let options = FormatOptions::default().with_null("");
            format!("{}\n", safe(&pretty_format_batches_with_options(batches, &options)?.to_string()))
        }
        Format::Json => {
            let mut bytes = Vec::new();
            let mut writer = arrow::json::LineDelimitedWriter::new(&mut bytes);
            for batch in batches {
                writer.write(batch)?;
            }
            writer.finish()?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Format::Csv => csv(batches)?,
    };
    write_all(&mut out, &text)
}

fn csv(batches: &[RecordBatch]) -> Result<String> {
    let mut bytes = Vec::new();
    let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(&mut bytes);
    for batch in batches {
        writer.write(&flat(batch)?)?;
    }
    drop(writer);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lists and structs as their text; and text that a spreadsheet would take for a formula, behind a quote.
fn flat(batch: &RecordBatch) -> Result<RecordBatch> {
    use arrow::array::{ArrayRef, AsArray, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::sync::Arc;
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let column = match column.data_type() {
            DataType::List(_) | DataType::Struct(_) | DataType::Map(..) | DataType::LargeList(_) => {
                let options = FormatOptions::default();
                let formatter = arrow::util::display::ArrayFormatter::try_new(column, &options)?;
                Arc::new((0..column.len()).map(|row| Some(formatter.value(row).to_string())).collect::<StringArray>()) as ArrayRef
            }
            _ => Arc::clone(column),
        };
        let column = match column.as_string_opt::<i32>() {
            Some(texts) => Arc::new(texts.iter().map(|text| text.map(no_formula)).collect::<StringArray>()) as ArrayRef,
            None => column,
        };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn no_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
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
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n') || turns { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// A table of text cells for people.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
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
        assert_eq!(no_formula("=1+1"), "'=1+1");
    }
}
