//! Replacing an interval of a job's table in one commit.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{Expr, SessionConfig};
use deltalake_core::delta_datafusion::planner::DeltaPlanner;
use deltalake_core::operations::write::{SchemaMode, WriteBuilder};
use deltalake_core::protocol::SaveMode;

use super::Lake;
use super::commit::{Note, settle};
use super::files::writer_properties;
use super::tables::TableSpec;
use crate::error::{Error, Result};

/// Rows that the engine handles at a time.
const PIECE_ROWS: u32 = 8192;

/// Makes the rows for which `predicate` is true be exactly those of `batches`, in one commit that says `note`.
pub async fn replace_where(lake: &Lake, spec: &TableSpec, batches: Vec<RecordBatch>, predicate: Expr, note: &Note) -> Result<()> {
    let table = lake.table_or_create(spec).await?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut pieces = Vec::new();
    for batch in &batches {
        pieces.extend(small(batch)?);
    }
    drop(batches);
    // An empty answer still needs a batch: it tells the schema.
    if pieces.is_empty() {
        pieces.push(RecordBatch::new_empty(Arc::clone(&spec.schema)));
    }
    // One partition, so that an interval of a small table is one file.
    let config = SessionConfig::new().with_target_partitions(1);
    let session = SessionStateBuilder::new_with_default_features().with_config(config).with_query_planner(DeltaPlanner::new()).build();
    let outcome = WriteBuilder::new(table.log_store(), Some(table.snapshot()?.snapshot().clone()))
        .with_input_batches(pieces)
        .with_save_mode(SaveMode::Overwrite)
        // Columns that the answer no longer has stay in the table, without values.
        .with_schema_mode(SchemaMode::Merge)
        .with_replace_where(predicate)
        .with_partition_columns(spec.partition_columns())
        .with_session_state(Arc::new(session))
        .with_writer_properties(writer_properties(rows))
        .with_commit_properties(note.properties())
        .await;
    let after = settle(&table, outcome.map(|_| ()).map_err(Error::from), note).await?;
    lake.committed(&spec.name, after).await;
    Ok(())
}

/// The rows of a batch in batches with memory of their own. The plan cuts a batch anyway, but into views of the whole, and each view's
/// memory is then counted and copied as if it were the whole.
fn small(batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
    let rows =
        u32::try_from(batch.num_rows()).map_err(|e| Error::internal("an answer has more than four thousand million rows").caused_by(e))?;
    let starts = (0..rows).step_by(PIECE_ROWS as usize);
    starts.map(|start| Ok(take_record_batch(batch, &UInt32Array::from_iter_values(start..rows.min(start + PIECE_ROWS)))?)).collect()
}
