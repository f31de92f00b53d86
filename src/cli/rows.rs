//! Rows as they are printed: a table, a list of fields, JSON lines, CSV or Markdown. What a cell holds never moves the terminal's cursor
//! nor turns its direction, and never looks like another row.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::output::{is_unsafe, safe};
use crate::error::Result;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Columns beside each other.
    Table,
    /// One column below the other.
    Expanded,
    /// One JSON object a line.
    Json,
    /// With a header.
    Csv,
    /// A table of Markdown.
    Markdown,
}

/// Prints rows batch by batch; a table waits for all of them, as its widths do.
pub struct Printer<W: Write> {
    shape: Shape,
    out: W,
    /// Whether the reader is a terminal: then JSON and CSV are made harmless, too.
    terminal: bool,
    schema: SchemaRef,
    waiting: Vec<RecordBatch>,
    rows: usize,
}

impl<W: Write> Printer<W> {
    /// A printer of rows with these columns.
    pub fn new(shape: Shape, schema: SchemaRef, out: W, terminal: bool) -> Self {
        Self { shape, out, terminal, schema, waiting: Vec::new(), rows: 0 }
    }

    /// Prints some rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let text = match self.shape {
            Shape::Table => {
                self.waiting.push(batch.clone());
                String::new()
            }
            Shape::Expanded => expanded(batch, self.rows)?,
            Shape::Json => self.harmless(json(batch)?, true),
            Shape::Csv => self.harmless(csv(batch, self.rows == 0)?, false),
            Shape::Markdown => markdown(batch, self.rows == 0)?,
        };
        self.rows += batch.num_rows();
        self.put(&text)
    }

    /// Prints what waits, and the header where there was no row.
    pub fn finish(mut self) -> Result<W> {
        let empty = || RecordBatch::new_empty(Arc::clone(&self.schema));
        let text = match self.shape {
            Shape::Table => table(&self.schema, &self.waiting)?,
            Shape::Csv if self.rows == 0 => self.harmless(csv(&empty(), true)?, false),
            Shape::Markdown if self.rows == 0 => markdown(&empty(), true)?,
            _ => String::new(),
        };
        self.put(&text)?;
        Ok(self.out)
    }

    fn harmless(&self, text: String, json: bool) -> String {
        match (self.terminal, json) {
            (false, _) => text,
            (true, false) => safe(&text),
            // Still JSON: these characters can stand nowhere but in a text, where JSON has its own way of writing them.
            (true, true) => {
                let mut shown = String::with_capacity(text.len());
                for c in text.chars() {
                    if is_unsafe(c) { shown.push_str(&format!("\\u{:04x}", u32::from(c))) } else { shown.push(c) }
                }
                shown
            }
        }
    }

    /// A reader that has gone away (`| head`) is no error.
    fn put(&mut self, text: &str) -> Result<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// The cells of a batch, column by column, as harmless text of one line; nothing is NULL.
fn cells(batch: &RecordBatch) -> Result<Vec<Vec<String>>> {
    let options = FormatOptions::default().with_null("");
    let column = |array: &ArrayRef| -> Result<Vec<String>> {
        let formatter = ArrayFormatter::try_new(array, &options)?;
        Ok((0..array.len()).map(|row| safe(&formatter.value(row).to_string())).collect())
    };
    batch.columns().iter().map(column).collect()
}

fn names(schema: &SchemaRef) -> Vec<String> {
    schema.fields().iter().map(|field| safe(field.name())).collect()
}

fn table(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<String> {
    let mut table = comfy_table::Table::new();
    table.load_preset("||--+-++|    ++++++").set_header(names(schema));
    for batch in batches {
        let columns = cells(batch)?;
        for row in 0..batch.num_rows() {
            table.add_row(columns.iter().map(|column| column[row].as_str()));
        }
    }
    Ok(format!("{table}\n"))
}

fn expanded(batch: &RecordBatch, rows_before: usize) -> Result<String> {
    let (names, columns) = (names(&batch.schema()), cells(batch)?);
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        let head = format!("-[ {} ]", rows_before + row + 1);
        text.push_str(&format!("{head:-<w$}\n", w = width + 3));
        for (name, column) in names.iter().zip(&columns) {
            // What has several lines goes on below where it began.
            let value = column[row].replace('\n', &format!("\n{:width$} | ", ""));
            text.push_str(format!("{name:width$} | {value}").trim_end());
            text.push('\n');
        }
    }
    Ok(text)
}

fn json(batch: &RecordBatch) -> Result<String> {
    let mut bytes = Vec::new();
    let mut writer = arrow::json::LineDelimitedWriter::new(&mut bytes);
    writer.write(batch)?;
    writer.finish()?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn csv(batch: &RecordBatch, header: bool) -> Result<String> {
    let mut bytes = Vec::new();
    let mut writer = arrow::csv::WriterBuilder::new().with_header(header).build(&mut bytes);
    writer.write(&flat(batch)?)?;
    drop(writer);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lists and structs as their text; and text that a spreadsheet would take for a formula, behind a quote.
fn flat(batch: &RecordBatch) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let column = match column.data_type() {
            DataType::List(_) | DataType::Struct(_) | DataType::Map(..) | DataType::LargeList(_) => {
                let options = FormatOptions::default();
                let formatter = ArrayFormatter::try_new(column, &options)?;
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

fn markdown(batch: &RecordBatch, header: bool) -> Result<String> {
    let row = |cells: Vec<&str>| format!("| {} |\n", cells.into_iter().map(in_markdown).collect::<Vec<_>>().join(" | "));
    let columns = cells(batch)?;
    let mut text = String::new();
    if header {
        let names = names(&batch.schema());
        text.push_str(&row(names.iter().map(String::as_str).collect()));
        text.push_str(&format!("|{}\n", "---|".repeat(names.len())));
    }
    for number in 0..batch.num_rows() {
        text.push_str(&row(columns.iter().map(|column| column[number].as_str()).collect()));
    }
    Ok(text)
}

/// A cell's text as text: no markup, no link, no further cell.
fn in_markdown(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for c in cell.chars() {
        match c {
            '\n' => text.push_str("<br>"),
            '<' => text.push_str("&lt;"),
            '&' => text.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' => text.extend(['\\', c]),
            // What a reader of Markdown makes a link by itself.
            ':' => text.push_str("&#58;"),
            '@' => text.push_str("&#64;"),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(shape: Shape, terminal: bool, texts: &[Option<&str>]) -> String {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("text", DataType::Utf8, true)]));
        let numbers = arrow::array::Int64Array::from_iter_values(1..=i64::try_from(texts.len()).expect("few"));
        let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(StringArray::from(texts.to_vec()))];
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).expect("a batch");
        let mut printer = Printer::new(shape, schema, Vec::new(), terminal);
        for row in 0..batch.num_rows() {
            printer.write(&batch.slice(row, 1)).expect("printed");
        }
        String::from_utf8(printer.finish().expect("printed")).expect("text")
    }

    #[test]
    fn rows_have_a_form_each() {
        let texts = [Some("a|b"), None];
        assert_eq!(
            printed(Shape::Table, true, &texts),
            "+---+------+\n| n | text |\n+---+------+\n| 1 | a|b  |\n| 2 |      |\n+---+------+\n"
        );
        assert_eq!(printed(Shape::Expanded, true, &texts), "-[ 1 ]-\nn    | 1\ntext | a|b\n-[ 2 ]-\nn    | 2\ntext |\n");
        assert_eq!(printed(Shape::Json, true, &texts), "{\"n\":1,\"text\":\"a|b\"}\n{\"n\":2}\n");
        assert_eq!(printed(Shape::Csv, true, &texts), "n,text\n1,a|b\n2,\n");
        assert_eq!(printed(Shape::Markdown, true, &texts), "| n | text |\n|---|---|\n| 1 | a\\|b |\n| 2 |  |\n");
        assert_eq!(printed(Shape::Csv, false, &[]), "n,text\n");
        assert_eq!(printed(Shape::Table, false, &[]), "+---+------+\n| n | text |\n+---+------+\n+---+------+\n");
    }

    #[test]
    fn no_form_lets_a_cell_reach_the_terminal() {
        let hostile = "\u{1b}[2J\u{9b}31m\u{202e}x\r\u{7}<b>[a](b)";
        for shape in [Shape::Table, Shape::Expanded, Shape::Json, Shape::Csv, Shape::Markdown] {
            let text = printed(shape, true, &[Some(hostile)]);
            assert!(!text.chars().any(|c| is_unsafe(c) && c != '\n'), "{shape:?}: {text:?}");
        }
        let json = printed(Shape::Json, true, &[Some(hostile)]);
        let read: serde_json::Value = serde_json::from_str(&json).expect("still JSON");
        assert_eq!(read["text"], hostile);
        assert!(printed(Shape::Csv, false, &[Some("\u{202e}=1")]).contains('\u{202e}'), "a file keeps what there is");
        assert!(printed(Shape::Csv, false, &[Some("=1+1")]).contains("'=1+1"));
    }
}
