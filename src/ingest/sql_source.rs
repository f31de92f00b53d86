//! Sources that are one SQL file: a SELECT from the raw table that yields event columns.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use bytes::Bytes;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::event::{Action, Event, Outcome, Surface, When};
use crate::jobs::header::{SqlFile, parse};
use crate::lake::columns::time_type;
use crate::lake::raw::matches;
use crate::sources::time;

/// Rows that are read before they go through the SELECT together.
const BATCH_ROWS: usize = 8 * 1024;

/// The header of `sql/sources/<name>.sql`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What it reads, in a few words.
    pub title: String,
    /// The value of the `source` column; the file's stem if there is none.
    #[serde(default)]
    pub source: Option<String>,
    /// The surface of events whose SELECT names none.
    #[serde(default)]
    pub surface: Surface,
    /// Glob on the object's path or any part of it; any path if there is none.
    #[serde(default)]
    pub matches: Option<String>,
    /// Columns that a raw record must have to be this source's.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Columns that the SELECT reads, and their SQL types; those that a file lacks are NULL.
    pub columns: BTreeMap<String, String>,
}

/// A source made of one SQL file.
#[derive(Debug, Clone)]
pub struct SqlSource {
    file: SqlFile<Header>,
    raw: SchemaRef,
}

impl SqlSource {
    /// Reads the file; `context` gives its column types a meaning.
    pub async fn parse(context: &SessionContext, id: &str, path: &str, text: &str) -> Result<Self> {
        let file: SqlFile<Header> = parse(id, path, text)?;
        let mut fields = Vec::new();
        for (name, sql_type) in &file.header.columns {
            fields.push(Field::new(name, data_type(context, path, name, sql_type).await?, true));
        }
        let source = Self { file, raw: Arc::new(Schema::new(fields)) };
        // A SELECT that cannot be planned is found now, not at the first night's logs.
        source.select(context, RecordBatch::new_empty(Arc::clone(&source.raw))).await.map_err(|e| e.context(format!("{path} is wrong")))?;
        Ok(source)
    }

    /// The value of the `source` column.
    pub fn name(&self) -> &str {
        self.file.header.source.as_deref().unwrap_or(&self.file.id)
    }

    /// Whether an object with these columns at this path is this source's.
    pub fn recognises(&self, path: &str, columns: &[Cow<'_, str>]) -> bool {
        let header = &self.file.header;
        // A glob without `/` may name the file or any folder it lies in.
        let placed = header.matches.as_ref().is_none_or(|glob| matches(glob, path) || path.split('/').any(|part| matches(glob, part)));
        let has = |name: &String| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        placed && (header.matches.is_some() || !header.requires.is_empty()) && header.requires.iter().all(has)
    }

    /// Reads JSON records (one a line in `lines`) as raw rows; errors name the place in `lines`.
    pub fn raw_from_json(&self, lines: &[u8]) -> Result<Vec<RecordBatch>> {
        let reader = arrow::json::ReaderBuilder::new(Arc::clone(&self.raw))
            .with_batch_size(BATCH_ROWS)
            .with_coerce_primitive(true)
            .build(Cursor::new(lines))?;
        reader.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::from)
    }

    /// Reads a Parquet object as raw rows.
    ///
    /// # Errors
    /// `Data` for bytes that are no Parquet, whatever they do to the decoder.
    pub fn raw_from_parquet(&self, bytes: Bytes) -> Result<Vec<RecordBatch>> {
        guarded(|| parquet(bytes)?.with_batch_size(BATCH_ROWS).build()?.map(|batch| self.conform(&batch?)).collect())
    }

    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for field in self.raw.fields() {
            let found = batch.schema().fields().iter().position(|f| f.name().eq_ignore_ascii_case(field.name()));
            columns.push(match found {
                Some(at) => cast(batch.column(at), field.data_type())?,
                None => arrow::array::new_null_array(field.data_type(), batch.num_rows()),
            });
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.raw), columns)?)
    }

    /// The event columns that the SELECT makes of raw rows.
    pub async fn select(&self, context: &SessionContext, raw: RecordBatch) -> Result<Vec<RecordBatch>> {
        let table = MemTable::try_new(Arc::clone(&self.raw), vec![vec![raw]])?;
        context.deregister_table("raw")?;
        context.register_table("raw", Arc::new(table))?;
        let frame = context.sql(&self.file.sql).await?;
        let schema = frame.schema().clone();
        for name in ["event_id", "event_time", "action"] {
            if schema.fields().iter().all(|field| field.name() != name) {
                return Err(Error::usage(format!("the SELECT of source `{}` has no column `{name}`", self.name())));
            }
        }
        Ok(frame.collect().await?)
    }

    /// Reads the SELECT's rows as events.
    pub fn events(&self, batch: &RecordBatch, each: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let rows = Rows::of(batch)?;
        for row in 0..batch.num_rows() {
            each(rows.event(row, self.file.header.surface));
        }
        Ok(())
    }
}

/// Names of a Parquet object's columns.
///
/// # Errors
/// `Data` for bytes that are no Parquet, whatever they do to the decoder.
pub fn parquet_columns(bytes: Bytes) -> Result<Vec<String>> {
    guarded(|| Ok(parquet(bytes)?.schema().fields().iter().map(|field| field.name().clone()).collect()))
}

/// The columns as Parquet has them: the writer's own notes on their types are one more thing that can be damaged, and tell nothing new.
fn parquet(bytes: Bytes) -> Result<ParquetRecordBatchReaderBuilder<Bytes>> {
    Ok(ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, ArrowReaderOptions::new().with_skip_arrow_metadata(true))?)
}

/// What a decoder makes of strangers' bytes. One that panics over them has read damage, like one that says so.
fn guarded<T>(decode: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(Error::data("the decoder gave up over these bytes")))
}

/// Columns of a SELECT's answer, as text, whose rows become events.
struct Rows {
    text: BTreeMap<String, ArrayRef>,
    time: Option<ArrayRef>,
    file_size: Option<ArrayRef>,
    booleans: BTreeMap<String, ArrayRef>,
}

impl Rows {
    fn of(batch: &RecordBatch) -> Result<Self> {
        let mut rows = Self { text: BTreeMap::new(), time: None, file_size: None, booleans: BTreeMap::new() };
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let name = field.name().clone();
            match name.as_str() {
                "event_time" if !column.data_type().is_string() => rows.time = Some(cast(column, &time_type())?),
                "file_size" => rows.file_size = Some(cast(column, &DataType::Int64)?),
                "device_managed" | "channel_external" => drop(rows.booleans.insert(name, cast(column, &DataType::Boolean)?)),
                _ => drop(rows.text.insert(name, cast(column, &DataType::Utf8)?)),
            }
        }
        Ok(rows)
    }

    fn text(&self, name: &str, row: usize) -> Option<Cow<'_, str>> {
        let column = self.text.get(name)?.as_string::<i32>();
        (column.is_valid(row) && !column.value(row).is_empty()).then(|| Cow::Borrowed(column.value(row)))
    }

    fn boolean(&self, name: &str, row: usize) -> Option<bool> {
        let column = self.booleans.get(name)?.as_boolean();
        column.is_valid(row).then(|| column.value(row))
    }

    /// As text, a time that is missing and one that cannot be read differ; as a TIMESTAMP both are NULL, and the worse is assumed.
    fn time(&self, row: usize) -> When {
        let Some(column) = &self.time else { return time::read(self.text("event_time", row).as_deref()) };
        let column = column.as_primitive::<TimestampMicrosecondType>();
        if column.is_valid(row) { When::At(column.value(row)) } else { When::Unreadable }
    }

    fn event(&self, row: usize, surface: Surface) -> Event<'_> {
        let text = |name: &str| self.text(name, row);
        let named = |name: &str| text(name).map(|value| serde_json::Value::String(value.into_owned()));
        let size = self.file_size.as_ref().map(|c| c.as_primitive::<arrow::datatypes::Int64Type>());
        Event {
            event_id: text("event_id").unwrap_or_default(),
            event_time: self.time(row),
            time_origin: named("time_origin").and_then(|v| serde_json::from_value(v).ok()),
            surface: named("surface").and_then(|v| serde_json::from_value(v).ok()).unwrap_or(surface),
            action: named("action").and_then(|v| serde_json::from_value(v).ok()).unwrap_or(Action::Other),
            vendor_action: text("vendor_action"),
            outcome: named("outcome").and_then(|v| serde_json::from_value(v).ok()).unwrap_or(Outcome::Success),
            batch_id: text("batch_id"),
            actor_id: text("actor_id"),
            actor_name: text("actor_name"),
            actor_email: text("actor_email"),
            actor_org: text("actor_org"),
            on_behalf_of: text("on_behalf_of"),
            actor_class: named("actor_class").and_then(|v| serde_json::from_value(v).ok()),
            client_class: named("client_class").and_then(|v| serde_json::from_value(v).ok()),
            app_id: text("app_id"),
            app_name: text("app_name"),
            session_id: text("session_id"),
            src_ip: text("src_ip"),
            user_agent: text("user_agent"),
            country: text("country"),
            device_name: text("device_name"),
            device_managed: self.boolean("device_managed", row),
            os: text("os"),
            workspace_id: text("workspace_id"),
            channel_id: text("channel_id"),
            channel_name: text("channel_name"),
            channel_type: named("channel_type").and_then(|v| serde_json::from_value(v).ok()),
            channel_external: self.boolean("channel_external", row),
            permalink: text("permalink"),
            message_id: text("message_id"),
            thread_id: text("thread_id"),
            text: text("text"),
            search_query: text("search_query"),
            file_id: text("file_id"),
            file_name: text("file_name"),
            file_type: text("file_type"),
            file_size: size.and_then(|c| c.is_valid(row).then(|| c.value(row))),
            file_hash: text("file_hash"),
            file_owner: text("file_owner"),
            object_url: text("object_url"),
            sensitivity_label: text("sensitivity_label"),
            recipients: text("recipients")
                .map(|list| list.split([',', ';']).map(|part| Cow::Owned(part.trim().to_owned())).collect())
                .unwrap_or_default(),
            target: text("target"),
            target_type: text("target_type"),
            target_domain: text("target_domain"),
            target_account: text("target_account"),
            attributes: text("attributes"),
        }
    }
}

/// A SQL type's Arrow type, as the engine itself understands it.
async fn data_type(context: &SessionContext, path: &str, column: &str, sql_type: &str) -> Result<DataType> {
    let wrong = || Error::usage(format!("{path}: column `{column}` has no SQL type that is known"));
    // Only what a type is written with: the text becomes part of a statement.
    let letters = |c: char| c.is_ascii_alphanumeric() || " <>(),_\"[]".contains(c);
    if !sql_type.chars().all(letters) {
        return Err(wrong());
    }
    let frame = context.sql(&format!("SELECT CAST(NULL AS {sql_type}) AS c")).await.map_err(|e| wrong().caused_by(e))?;
    Ok(frame.schema().field(0).data_type().clone())
}
