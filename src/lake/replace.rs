//! Replacing an interval of a job's table in one commit.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{Expr, SessionConfig};
use deltalake_core::delta_datafusion::planner::DeltaPlanner;
use deltalake_core::operations::write::{SchemaMode, WriteBuilder};
use deltalake_core::protocol::SaveMode;

use super::Lake;
use super::commit::{Changed, Note, changed_by, settle};
use super::files::writer_properties;
use super::tables::TableSpec;
use crate::error::{Error, Kind, Result};
use crate::interval::Interval;

/// What an answer was made from.
#[derive(Debug, Clone, Copy)]
pub struct Basis {
    /// The version of the answer's table when its inputs were read.
    pub version: u64,
    /// The intervals that it answers.
    pub span: Interval,
}

/// Makes the rows for which `predicate` is true be exactly those of `batches`, in one commit that says `note`; its version.
///
/// # Errors
/// `Conflict` where another run of the same job has answered any of the same intervals since: it may have read more.
pub async fn replace_where(
    lake: &Lake,
    spec: &TableSpec,
    batches: Vec<RecordBatch>,
    predicate: Expr,
    note: &Note,
    basis: Basis,
) -> Result<u64> {
    let table = lake.table_or_create(spec).await?;
    // What is committed after this state is Delta's to refuse: both replace the same rows.
    for version in basis.version + 1..=table.version().unwrap_or(0) {
        let changed = changed_by(&table, version).await?;
        let mine = |changed: &Changed| changed.job == note.job && changed.hours.overlaps(basis.span);
        if changed.is_none_or(|changes| changes.iter().any(mine)) {
            return Err(Error::new(Kind::Conflict, format!("another run answered the same in table `{}`", spec.name)));
        }
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    // An empty answer still needs a batch: it tells the schema.
    let batches = if batches.is_empty() { vec![RecordBatch::new_empty(Arc::clone(&spec.schema))] } else { batches };
    // One partition, so that an interval of a small table is one file.
    let config = SessionConfig::new().with_target_partitions(1);
    let session = SessionStateBuilder::new_with_default_features().with_config(config).with_query_planner(DeltaPlanner::new()).build();
    let outcome = WriteBuilder::new(table.log_store(), Some(table.snapshot()?.snapshot().clone()))
        .with_input_batches(batches)
        .with_save_mode(SaveMode::Overwrite)
        // Columns that the answer no longer has stay in the table, without values.
        .with_schema_mode(SchemaMode::Merge)
        .with_replace_where(predicate)
        .with_partition_columns(spec.partition_columns())
        .with_session_state(Arc::new(session))
        .with_writer_properties(writer_properties(rows))
        .with_commit_properties(note.properties())
        .await;
    let (after, version) = settle(&table, outcome.map(|written| written.version()).map_err(Error::from), note).await?;
    lake.committed(&spec.name, after).await;
    Ok(version)
}
