//! Rows of an answer: the stored form, and whether two answers are the same.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use arrow::row::{RowConverter, SortField};

use crate::error::{Error, Result};
use crate::event::Micros;
use crate::lake::columns::time_type;

/// Puts a rollup's answer into its table's columns; `interval_start` is the tile that holds `interval_time`.
pub fn stored(batches: &[RecordBatch], schema: &SchemaRef, interval: Micros) -> Result<RecordBatch> {
    let mut stored = Vec::new();
    for batch in batches {
        let mut columns: Vec<ArrayRef> = vec![interval_starts(batch, interval)?];
        for field in &schema.fields()[1..] {
            let column =
                batch.column_by_name(field.name()).ok_or_else(|| Error::internal(format!("the answer lacks `{}`", field.name())))?;
            columns.push(cast(column, field.data_type())?);
        }
        stored.push(RecordBatch::try_new(Arc::clone(schema), columns)?);
    }
    Ok(concat_batches(schema, &stored)?)
}

/// The starts of the tiles that hold each row's `interval_time`.
pub fn interval_starts(batch: &RecordBatch, interval: Micros) -> Result<ArrayRef> {
    let column = batch.column_by_name("interval_time").ok_or_else(|| Error::usage("the SELECT has no column `interval_time`"))?;
    let times = cast(column, &time_type())?;
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let starts: TimestampMicrosecondArray = times.iter().map(|time| time.map(|time| time.div_euclid(interval) * interval)).collect();
    Ok(Arc::new(starts.with_timezone("UTC")))
}

/// Whether two answers hold the same rows, in any order.
pub fn same_rows(one: &RecordBatch, other: &RecordBatch) -> Result<bool> {
    if one.num_rows() != other.num_rows() {
        return Ok(false);
    }
    Ok(sorted_rows(one)? == sorted_rows(other)?)
}

fn sorted_rows(batch: &RecordBatch) -> Result<Vec<Vec<u8>>> {
    let fields = batch.schema().fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(fields)?;
    let rows = converter.convert_columns(batch.columns())?;
    let mut rows: Vec<Vec<u8>> = rows.iter().map(|row| row.as_ref().to_vec()).collect();
    rows.sort_unstable();
    Ok(rows)
}
