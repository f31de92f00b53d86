//! What retention took away, as `maintenance` tells it: intervals that read of it are sealed.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;

use super::Bittern;
use crate::error::Result;
use crate::event::Micros;
use crate::jobs::graph::Node;

/// Times before which rows, or values of a column, are gone.
#[derive(Debug, Clone, Default)]
pub struct Kept(BTreeMap<(String, Option<String>), Micros>);

const GONE: &str = "SELECT table_name, column_name, max(before) AS before FROM maintenance WHERE action = 'retention'
GROUP BY table_name, column_name";

impl Bittern {
    /// What the tables say that retention took away.
    pub(super) async fn kept(&self) -> Result<Kept> {
        let mut kept = Kept::default();
        for batch in self.context.sql(GONE).await?.collect().await? {
            let text = |at: usize, row: usize| {
                let column = batch.column(at).as_string::<i32>();
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            let times = batch.column(2).as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                if let Some(table) = text(0, row) {
                    kept.0.insert((table, text(1, row)), times.value(row));
                }
            }
        }
        Ok(kept)
    }
}

impl Kept {
    /// Intervals of a job that begin before this have lost something that they read.
    pub fn sealed_before(&self, node: &Node) -> Micros {
        let mut sealed = Micros::MIN;
        for ((table, column), before) in &self.0 {
            if let Some(read) = node.reads.get(table)
                && column.as_ref().is_none_or(|column| read.columns.contains(column))
            {
                sealed = sealed.max(before.saturating_add(read.before));
            }
            // A detection's evidence is taken from the events of its interval, with what they name.
            let evidence = column.as_deref().is_none_or(|column| EVIDENCE_COLUMNS.contains(&column));
            if node.output.is_none() && table == "events" && evidence {
                sealed = sealed.max(*before);
            }
        }
        sealed
    }
}

/// Columns of `events` that evidence shows.
const EVIDENCE_COLUMNS: [&str; 6] = ["file_name", "search_query", "target", "channel_name", "object_url", "message_id"];
