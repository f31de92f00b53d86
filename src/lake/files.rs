//! Parquet files of append-only tables: how columns are stored, and what the log says about a file.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{max, max_string, min, min_string};
use arrow::datatypes::{DataType, Int32Type, SchemaRef, TimestampMicrosecondType};
use bytes::Bytes;
use deltalake_core::kernel::{Action, Add};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};

use super::Lake;
use super::columns::{COUNTED, LOOKED_UP, PROSE};
use super::commit::{Note, commit};
use super::tables::TableSpec;
use crate::error::{Error, Kind, Result};
use crate::event::{DAY, Micros};
use crate::interval::{date_text, time_text};

/// How often a commit is tried again because somebody else committed first.
pub const CONFLICTS_MAX: usize = 10;

/// Rows of a row group: small enough that a group of long messages fits in memory, large enough to compress.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// How columns are stored: people's words in zstd without dictionary or statistics, everything else light and quick to read.
pub fn writer_properties(rows: usize) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("bittern {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    for name in COUNTED {
        builder = builder.set_column_statistics_enabled(ColumnPath::from(*name), EnabledStatistics::Page);
    }
    // Ids of single things hardly come twice in a row group: a dictionary of them would be built in vain.
    for name in ["event_id", "message_id", "file_id"] {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    for name in PROSE {
        builder = prose(builder, name);
    }
    for name in LOOKED_UP {
        let column = ColumnPath::from(*name);
        builder = builder
            .set_column_bloom_filter_enabled(column.clone(), true)
            .set_column_bloom_filter_fpp(column.clone(), 0.01)
            .set_column_bloom_filter_max_ndv(column, rows.clamp(1, ROW_GROUP_ROWS) as u64);
    }
    builder.build()
}

fn prose(builder: WriterPropertiesBuilder, name: &str) -> WriterPropertiesBuilder {
    let column = ColumnPath::from(name);
    builder
        .set_column_compression(column.clone(), Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_column_dictionary_enabled(column.clone(), false)
        .set_column_statistics_enabled(column, EnabledStatistics::None)
}

/// Writes a batch (without partition columns) as one new file and returns its entry for the log. `date` is the partition, if any.
pub async fn write_file(lake: &Lake, spec: &TableSpec, batch: &RecordBatch, date: Option<i32>, now: Micros) -> Result<Add> {
    let mut file = FileWriter::new(spec, &batch.schema(), batch.num_rows())?;
    file.write(batch)?;
    let values = date.map(|days| ("event_date".to_owned(), Some(date_text(days)))).into_iter().collect();
    file.finish(lake, values, now).await
}

/// One new file of a table, row group by row group; nothing lies in the store before [`Self::finish`].
pub struct FileWriter<'s> {
    spec: &'s TableSpec,
    writer: ArrowWriter<Vec<u8>>,
    statistics: Gathered<'s>,
}

impl<'s> FileWriter<'s> {
    /// A file of batches with `schema` (without partition columns), of about `rows` rows.
    pub fn new(spec: &'s TableSpec, schema: &SchemaRef, rows: usize) -> Result<Self> {
        // Without Arrow's own schema a column coded in memory is plain text to every reader.
        let options = ArrowWriterOptions::new().with_properties(writer_properties(rows)).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(schema), options)?;
        Ok(Self { spec, writer, statistics: Gathered::new(&spec.statistics) })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.statistics.add(batch);
        Ok(self.writer.write(batch)?)
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.statistics.rows
    }

    /// Puts the file into the store, under its partition's folder; its entry for the log.
    pub async fn finish(self, lake: &Lake, partition_values: HashMap<String, Option<String>>, now: Micros) -> Result<Add> {
        let bytes = self.writer.into_inner()?;
        let mut relative = String::new();
        for column in self.spec.partition_columns() {
            let value = partition_values.get(&column).and_then(Option::as_deref);
            relative.push_str(&format!("{column}={}/", value.map_or_else(|| "__HIVE_DEFAULT_PARTITION__".into(), folder_name)));
        }
        relative.push_str(&format!("part-{}.parquet", uuid::Uuid::new_v4()));
        let place = lake.place();
        let path = Path::from(format!("{}/{}/{relative}", place.path, self.spec.name));
        let size = i64::try_from(bytes.len()).map_err(|e| Error::internal("a file is too large").caused_by(e))?;
        let put = place.store.put(&path, Bytes::from(bytes).into()).await;
        put.map_err(|e| Error::from(e).context(format!("cannot write to table `{}`", self.spec.name)))?;
        Ok(Add {
            path: relative,
            partition_values,
            size,
            modification_time: now / 1_000,
            data_change: true,
            stats: Some(self.statistics.json().to_string()),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        })
    }
}

/// A partition's value as part of a path.
fn folder_name(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("_{byte:02x}") }).collect()
}

/// Appends one batch to an unpartitioned table. Rows that are only added do not care who commits first: a conflict is tried again.
pub async fn append(lake: &Lake, spec: &TableSpec, batch: &RecordBatch, note: &Note) -> Result<()> {
    if batch.num_rows() == 0 {
        return Ok(());
    }
    let add = write_file(lake, spec, batch, None, lake.clock().now()).await?;
    let mut outcome = Ok(());
    for _ in 0..CONFLICTS_MAX {
        outcome = append_files_on(lake, spec, &lake.table(&spec.name).await?, vec![add.clone()], note, None).await;
        match &outcome {
            Err(error) if error.kind() == Kind::Conflict => {}
            _ => break,
        }
    }
    outcome
}

/// Commits files that were written before, on top of a state that the caller has read; see [`commit`] for `mutex`.
pub async fn append_files_on(
    lake: &Lake,
    spec: &TableSpec,
    table: &deltalake_core::DeltaTable,
    adds: Vec<Add>,
    note: &Note,
    mutex: Option<&str>,
) -> Result<()> {
    let columns = spec.partition_columns();
    let operation =
        DeltaOperation::Write { mode: SaveMode::Append, partition_by: (!columns.is_empty()).then_some(columns), predicate: None };
    let after = commit(table, adds.into_iter().map(Action::Add).collect(), operation, note, mutex).await?;
    lake.committed(&spec.name, after).await;
    Ok(())
}

/// Statistics of a file, gathered batch by batch.
struct Gathered<'s> {
    columns: &'s [String],
    rows: usize,
    nulls: Vec<Option<usize>>,
    bounds: Vec<Option<(Bound, Bound)>>,
}

/// The least or greatest value of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Time(Micros),
    Text(String),
}

impl Bound {
    /// As the Delta protocol writes it: times cut to milliseconds (readers round the greatest up).
    fn json(&self) -> Value {
        match self {
            Self::Time(micros) => json!(time_text(micros.div_euclid(1_000) * 1_000)),
            Self::Text(text) => json!(text),
        }
    }
}

impl<'s> Gathered<'s> {
    fn new(columns: &'s [String]) -> Self {
        Self { columns, rows: 0, nulls: vec![None; columns.len()], bounds: vec![None; columns.len()] }
    }

    fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows();
        for (at, name) in self.columns.iter().enumerate() {
            let Some(column) = batch.column_by_name(name) else { continue };
            *self.nulls[at].get_or_insert(0) += column.null_count();
            let Some((low, high)) = bounds(column.as_ref()) else { continue };
            self.bounds[at] = Some(match self.bounds[at].take() {
                Some((least, greatest)) => (least.min(low), greatest.max(high)),
                None => (low, high),
            });
        }
    }

    fn json(&self) -> Value {
        let (mut least, mut greatest, mut nulls) = (Map::new(), Map::new(), Map::new());
        for (at, name) in self.columns.iter().enumerate() {
            if let Some(count) = self.nulls[at] {
                nulls.insert(name.clone(), json!(count));
            }
            if let Some((low, high)) = &self.bounds[at] {
                least.insert(name.clone(), low.json());
                greatest.insert(name.clone(), high.json());
            }
        }
        json!({"numRecords": self.rows, "minValues": least, "maxValues": greatest, "nullCount": nulls})
    }
}

fn bounds(column: &dyn Array) -> Option<(Bound, Bound)> {
    match column.data_type() {
        DataType::Timestamp(..) => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            Some((Bound::Time(min(times)?), Bound::Time(max(times)?)))
        }
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            Some((Bound::Text(min_string(texts)?.into()), Bound::Text(max_string(texts)?.into())))
        }
        DataType::Dictionary(..) => {
            let coded = column.as_dictionary::<Int32Type>();
            let values = coded.values().as_string::<i32>();
            let used: BTreeSet<&str> = coded.keys().iter().flatten().map(|code| values.value(code as usize)).collect();
            Some((Bound::Text((*used.first()?).into()), Bound::Text((*used.last()?).into())))
        }
        _ => None,
    }
}

/// Rows of each date of a batch sorted by `dates`, as (date, offset, length).
pub fn date_runs(dates: &[i64]) -> Vec<(i32, usize, usize)> {
    let mut runs: Vec<(i32, usize, usize)> = Vec::new();
    for (row, time) in dates.iter().enumerate() {
        let date = i32::try_from(time.div_euclid(DAY)).unwrap_or(i32::MAX);
        match runs.last_mut() {
            Some(run) if run.0 == date => run.2 += 1,
            _ => runs.push((date, row, 1)),
        }
    }
    runs
}
