//! Rewriting files of a table: the same rows put together, or without some of them.
//!
//! A commit that only moves rows says `dataChange = false`, lists no changed hours, and so makes nothing stale. One that takes rows
//! or values away lists no hours either: what was answered from them stands.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{SessionContext, col};
use deltalake_core::DeltaTable;
use deltalake_core::kernel::{Action, Add, LogicalFileView, Remove};
use deltalake_core::protocol::DeltaOperation;
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use super::Lake;
use super::commit::{Note, commit};
use super::files::FileWriter;
use super::provider::LakeTable;
use super::tables::TableSpec;
use crate::error::{Error, Result};
use crate::event::Micros;
use crate::sources::time;

/// One file that a table consists of.
#[derive(Debug, Clone)]
pub struct FileEntry {
    /// As the log names it, relative to the table.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Rows, if the log says.
    pub rows: Option<usize>,
    /// Values of the partition columns, in order.
    pub partition: Vec<Option<String>>,
    /// The least and greatest time of [`TableSpec::time_column`] (cut to milliseconds, the greatest rounded up), if the log says.
    pub times: Option<(Micros, Micros)>,
    remove: Remove,
}

#[cfg(test)]
impl FileEntry {
    /// A file of no table.
    pub fn sized(path: &str, bytes: u64, rows: usize, times: (Micros, Micros)) -> Self {
        let remove = Remove {
            path: path.to_owned(),
            data_change: false,
            deletion_timestamp: None,
            extended_file_metadata: None,
            partition_values: None,
            size: None,
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
        };
        Self { path: path.to_owned(), bytes, rows: Some(rows), partition: Vec::new(), times: Some(times), remove }
    }
}

/// A table at one version, with its files.
#[derive(Debug, Clone)]
pub struct Files {
    table: DeltaTable,
    /// The files.
    pub entries: Vec<FileEntry>,
}

/// The files of a table's newest state.
pub async fn files(lake: &Lake, spec: &TableSpec) -> Result<Files> {
    let table = lake.table_or_create(spec).await?;
    let log_store = table.log_store();
    let views: Vec<LogicalFileView> = table.snapshot()?.snapshot().file_views(log_store.as_ref(), None).try_collect().await?;
    let columns = spec.partition_columns();
    let entries = views.iter().map(|view| entry(view, spec, &columns)).collect();
    Ok(Files { table, entries })
}

fn entry(view: &LogicalFileView, spec: &TableSpec, columns: &[String]) -> FileEntry {
    let mut values = view.partition_values_map();
    let parsed: Value = view.stats().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or(Value::Null);
    let bound = |kind: &str| time::parse(parsed.get(kind)?.get(spec.time_column())?.as_str()?);
    FileEntry {
        path: view.path().into_owned(),
        bytes: u64::try_from(view.size()).unwrap_or(0),
        rows: parsed.get("numRecords").and_then(Value::as_u64).and_then(|rows| usize::try_from(rows).ok()),
        partition: columns.iter().map(|column| values.remove(column).flatten()).collect(),
        times: bound("minValues").zip(bound("maxValues").map(|cut| cut + 999)),
        remove: view.remove_action(true),
    }
}

impl Files {
    /// The rows of some of the files, in the table's own order where asked: some columns, or all but the partitions.
    async fn stream(
        &self,
        lake: &Lake,
        context: &SessionContext,
        spec: &TableSpec,
        (which, columns): (&[FileEntry], &[&str]),
        sorted: bool,
    ) -> Result<SendableRecordBatchStream> {
        let paths: HashSet<String> = which.iter().map(|file| file.path.clone()).collect();
        let table = LakeTable::at(lake, spec, &self.table).await?.only(&paths);
        let schema = spec.file_schema();
        let mut names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        names.retain(|name| columns.is_empty() || columns.contains(name));
        let mut frame = context.read_table(Arc::new(table))?;
        if sorted {
            frame = frame.sort(spec.order().into_iter().map(|name| col(name).sort(true, true)).collect())?;
        }
        Ok(frame.select_columns(&names)?.execute_stream().await?)
    }

    /// Puts the rows of some files (of one partition) together in one new file, sorted.
    pub async fn merged(&self, lake: &Lake, context: &SessionContext, spec: &TableSpec, which: &[FileEntry]) -> Result<Option<Add>> {
        self.written(lake, context, spec, which, true, &mut |batch| Ok(Some(batch))).await
    }

    /// Writes the rows of some files (of one partition) that `keep` leaves; `None` where it leaves none.
    pub async fn written(
        &self,
        lake: &Lake,
        context: &SessionContext,
        spec: &TableSpec,
        which: &[FileEntry],
        sorted: bool,
        keep: &mut (dyn FnMut(RecordBatch) -> Result<Option<RecordBatch>> + Send),
    ) -> Result<Option<Add>> {
        let rows = which.iter().map(|file| file.rows.unwrap_or_default()).sum();
        let schema = spec.file_schema();
        let mut writer = FileWriter::new(spec, &schema, rows)?;
        let mut stream = self.stream(lake, context, spec, (which, &[]), sorted).await?;
        while let Some(batch) = stream.next().await {
            if let Some(batch) = keep(batch?)? {
                writer.write(&as_stored(batch, &schema)?)?;
            }
        }
        if writer.rows() == 0 {
            return Ok(None);
        }
        let partition = which.first().map(|file| file.partition.clone()).unwrap_or_default();
        let values: HashMap<String, Option<String>> = spec.partition_columns().into_iter().zip(partition).collect();
        writer.finish(lake, values, lake.clock().now()).await.map(Some)
    }

    /// Whether `hit` says yes to any batch of some columns (all, if none is named) of a file.
    pub async fn any(
        &self,
        lake: &Lake,
        context: &SessionContext,
        spec: &TableSpec,
        (file, columns): (&FileEntry, &[&str]),
        hit: &(dyn Fn(&RecordBatch) -> Result<bool> + Send + Sync),
    ) -> Result<bool> {
        let mut stream = self.stream(lake, context, spec, (std::slice::from_ref(file), columns), false).await?;
        while let Some(batch) = stream.next().await {
            if hit(&batch?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Commits that files are replaced by others. `moved_only` says that the rows are the same.
    ///
    /// # Errors
    /// `Conflict` where another commit touched these files meanwhile: look at the table anew.
    pub async fn replace(&self, lake: &Lake, spec: &TableSpec, old: &[FileEntry], new: Vec<Add>, moved_only: bool) -> Result<()> {
        let now = lake.clock().now() / 1_000;
        let data_change = !moved_only;
        let mut actions: Vec<Action> = Vec::new();
        for file in old {
            let remove = Remove { data_change, deletion_timestamp: Some(now), ..file.remove.clone() };
            actions.push(Action::Remove(remove));
        }
        actions.extend(new.into_iter().map(|add| Action::Add(Add { data_change, ..add })));
        let operation = if moved_only {
            DeltaOperation::Optimize { predicate: None, target_size: 0 }
        } else {
            DeltaOperation::Delete { predicate: None }
        };
        let after = commit(&self.table, actions, operation, &Note::new(None), None).await?;
        lake.committed(&spec.name, after).await;
        Ok(())
    }
}

/// The batch under the schema that files have.
fn as_stored(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns =
        columns.map(|(column, field)| arrow::compute::cast(column, field.data_type())).collect::<std::result::Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(Error::from)
}
