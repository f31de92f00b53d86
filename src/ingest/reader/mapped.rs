//! Records of sources whose mapping is a SQL file: gathered, and put through its SELECT together.

use std::borrow::Cow;

use tokio::runtime::Handle;

use super::taker::Taker;
use super::{BATCH_BYTES, Owner, Reader, Reading};
use crate::error::Result;
use crate::ingest::batch::Place;
use crate::ingest::sql_source::parquet_columns;
use crate::sources::{Receiver, Record, Reject};

/// Raw bytes that go through a SQL source's SELECT together.
const SQL_BYTES: usize = 8 * 1024 * 1024;

impl Reader<'_> {
    /// Gathers a record of a source whose mapping is SQL.
    pub(super) fn sql_record(&mut self, record: &Record<'_>, line: u64, reading: &mut Reading<'_>) -> Result<()> {
        if reading.sql_lines.is_empty() {
            reading.sql_first_line = line;
        }
        match record {
            Record::Json(text) => match serde_json::from_str::<&serde_json::value::RawValue>(text) {
                Ok(raw) if raw.get().starts_with('{') => push_line(&mut reading.sql_lines, raw.get()),
                Ok(raw) if raw.get().starts_with('[') => {
                    let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
                    items.iter().for_each(|item| push_line(&mut reading.sql_lines, item.get()));
                }
                _ => self.broken(reading, line, None, "this is not JSON"),
            },
            Record::Csv { header, row } => {
                let object: serde_json::Map<String, serde_json::Value> = header
                    .iter()
                    .zip(row.iter())
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                push_line(&mut reading.sql_lines, &serde_json::Value::Object(object).to_string());
            }
            Record::Mail(_) => self.broken(reading, line, None, "a mail has no columns"),
        }
        if reading.sql_lines.len() > SQL_BYTES {
            self.flush_sql(reading)?;
        }
        Ok(())
    }

    /// Puts the gathered rows through the SELECT; rows that Arrow cannot read are tried one by one, so that one bad row costs one row.
    pub(super) fn flush_sql(&mut self, reading: &mut Reading<'_>) -> Result<()> {
        let Some(Owner::Sql(at)) = reading.owner else { return Ok(()) };
        let lines = std::mem::take(&mut reading.sql_lines);
        if lines.is_empty() {
            return Ok(());
        }
        let source = &self.sql_sources[at];
        let first = reading.sql_first_line;
        match source.raw_from_json(&lines) {
            Ok(batches) => self.sql_batches(at, batches, first, reading),
            Err(_) => {
                for (offset, line) in lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()).enumerate() {
                    let number = first + offset as u64;
                    match source.raw_from_json(line) {
                        Ok(batches) => self.sql_batches(at, batches, number, reading)?,
                        Err(_) => self.broken(reading, number, None, "a column has another type than the source's file says"),
                    }
                }
                Ok(())
            }
        }
    }

    /// Hands on the events of rows that the source's file may select from.
    fn sql_batches(&mut self, at: usize, batches: Vec<arrow::array::RecordBatch>, line: u64, reading: &mut Reading<'_>) -> Result<()> {
        let source = &self.sql_sources[at];
        let name = source.name().to_owned();
        let runtime = Handle::current();
        for raw in batches {
            let answers = match runtime.block_on(source.select(&self.context, raw)) {
                Ok(answers) => answers,
                Err(error) => {
                    tracing::warn!(source = name, kind = ?error.kind(), "the source's SELECT failed");
                    self.broken(reading, line, None, "the source's SELECT failed on these rows");
                    continue;
                }
            };
            for answer in answers {
                let place = Place { source: &name, object: &reading.object.key, line };
                let mut taker =
                    Taker { reader: self, place, record: None, count: 0, rejects: Vec::new(), object_time: reading.object.modified };
                source.events(&answer, &mut |event| taker.event(event))?;
                let (count, rejects) = (taker.count, taker.rejects);
                reading.row.events += count;
                for reject in rejects {
                    if let Reject::Bad { reason, column } = reject {
                        self.broken(reading, line, column, &reason);
                    }
                }
            }
            if self.batch.bytes() > BATCH_BYTES {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Reads an object that is a Parquet file, which only such sources have.
    pub(super) fn parquet(&mut self, reading: &mut Reading<'_>) -> Result<()> {
        let bytes = Handle::current().block_on(reading.object.bytes())?;
        let columns = match parquet_columns(bytes.clone()) {
            Ok(columns) => columns,
            Err(_) => {
                self.broken(reading, 0, None, "the Parquet file is damaged");
                return Ok(());
            }
        };
        let names: Vec<Cow<'_, str>> = columns.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
        let recognised = self.sql_sources.iter().position(|source| source.recognises(&reading.object.key, &names));
        let Some(at) = (match reading.owner {
            Some(Owner::Sql(at)) => Some(at),
            _ => recognised,
        }) else {
            self.broken(reading, 0, None, "no source file in sql/sources reads a Parquet file with these columns");
            return Ok(());
        };
        reading.owner = Some(Owner::Sql(at));
        match self.sql_sources[at].raw_from_parquet(bytes) {
            Ok(batches) => {
                reading.row.lines += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
                self.sql_batches(at, batches, 0, reading)
            }
            Err(_) => {
                self.broken(reading, 0, None, "the Parquet file is damaged");
                Ok(())
            }
        }
    }
}

fn push_line(lines: &mut Vec<u8>, json: &str) {
    // A line feed inside a JSON text can only be white space.
    lines.extend(json.bytes().map(|b| if b == b'\n' { b' ' } else { b }));
    lines.push(b'\n');
}
