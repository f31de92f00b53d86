//! Parquet files of append-only tables: how columns are stored, and what the log says about a file.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{max, max_string, min, min_string};
use arrow::datatypes::{DataType, Int32Type, TimestampMicrosecondType};
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
use crate::error::{Error, Result};
use crate::event::{DAY, Micros};
use crate::interval::{date_text, time_text};

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
    let mut bytes = Vec::new();
    // Without Arrow's own schema a column coded in memory is plain text to every reader.
    let options = ArrowWriterOptions::new().with_properties(writer_properties(batch.num_rows())).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options)?;
    writer.write(batch)?;
    writer.close()?;

    let folder = date.map(|days| format!("event_date={}", date_text(days)));
    let name = format!("part-{}.parquet", uuid::Uuid::new_v4());
    let relative = folder.as_ref().map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
    let place = lake.place();
    let path = Path::from(format!("{}/{}/{relative}", place.path, spec.name));
    let size = i64::try_from(bytes.len()).map_err(|e| Error::internal("a file is too large").caused_by(e))?;
    place
        .store
        .put(&path, Bytes::from(bytes).into())
        .await
        .map_err(|e| Error::from(e).context(format!("cannot write to table `{}`", spec.name)))?;

    let partition_values = date.map(|days| ("event_date".to_owned(), Some(date_text(days)))).into_iter().collect();
    Ok(Add {
        path: relative,
        partition_values,
        size,
        modification_time: now / 1_000,
        data_change: true,
        stats: Some(statistics(batch, &spec.statistics).to_string()),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    })
}

/// Appends one batch to an unpartitioned table.
pub async fn append(lake: &Lake, spec: &TableSpec, batch: &RecordBatch, note: &Note) -> Result<()> {
    if batch.num_rows() == 0 {
        return Ok(());
    }
    let add = write_file(lake, spec, batch, None, lake.clock().now()).await?;
    append_files_on(lake, spec, &lake.table(&spec.name).await?, vec![add], note, None).await
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

/// Statistics as the Delta protocol writes them: times cut to milliseconds (readers round the greatest up).
fn statistics(batch: &RecordBatch, columns: &[String]) -> Value {
    let mut least = Map::new();
    let mut greatest = Map::new();
    let mut nulls = Map::new();
    for name in columns {
        let Some(column) = batch.column_by_name(name) else { continue };
        nulls.insert(name.clone(), json!(column.null_count()));
        if let Some((low, high)) = bounds(column.as_ref()) {
            least.insert(name.clone(), low);
            greatest.insert(name.clone(), high);
        }
    }
    json!({"numRecords": batch.num_rows(), "minValues": least, "maxValues": greatest, "nullCount": nulls})
}

fn bounds(column: &dyn Array) -> Option<(Value, Value)> {
    let time = |micros: i64| json!(time_text(micros.div_euclid(1_000) * 1_000));
    match column.data_type() {
        DataType::Timestamp(..) => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            Some((time(min(times)?), time(max(times)?)))
        }
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            Some((json!(min_string(texts)?), json!(max_string(texts)?)))
        }
        DataType::Dictionary(..) => {
            let coded = column.as_dictionary::<Int32Type>();
            let values = coded.values().as_string::<i32>();
            let used: BTreeSet<&str> = coded.keys().iter().flatten().map(|code| values.value(code as usize)).collect();
            Some((json!(used.first()?), json!(used.last()?)))
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
