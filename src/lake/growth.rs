//! Schemas grow: columns that a table of an older lake or of an older SQL file lacks are added, nullable; nothing else of a schema changes.

use deltalake_core::DeltaTable;
use deltalake_core::kernel::StructField;

use super::commit::{Note, settle};
use super::tables::TableSpec;
use crate::error::{Error, Result};

/// The table with every column of the spec; the same where none is missing. `fields` are the spec's columns in Delta's types.
///
/// # Errors
/// `Usage` where a column has another type than the spec's: stored rows cannot be read as that.
pub async fn grown(table: DeltaTable, spec: &TableSpec, fields: Vec<StructField>) -> Result<DeltaTable> {
    let schema = table.snapshot()?.schema();
    let mut missing = Vec::new();
    for field in fields {
        match schema.field(field.name()) {
            None => missing.push(field),
            Some(known) if known.data_type() == field.data_type() => {}
            Some(known) => {
                return Err(Error::usage(format!(
                    "column `{}` of table `{}` holds {}, and is now to hold {}: give the new table another name, or delete the old one",
                    field.name(),
                    spec.name,
                    known.data_type(),
                    field.data_type()
                )));
            }
        }
    }
    if missing.is_empty() {
        return Ok(table);
    }
    tracing::info!(table = spec.name, columns = missing.len(), "the table gets new columns");
    let note = Note::new(None);
    let outcome = table.clone().add_columns().with_fields(missing).with_commit_properties(note.properties()).await;
    settle(&table, outcome.map(|_| None).map_err(Error::from), &note)
        .await
        .map(|(table, _)| table)
        .map_err(|e| e.context(format!("cannot add columns to table `{}`", spec.name)))
}
