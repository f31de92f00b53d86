//! What was told to whom, for people; and dead letters that are given up.

use arrow::array::RecordBatch;
use datafusion::scalar::ScalarValue;

use super::{Bittern, Delivered, Pass, write};
use crate::error::Result;
use crate::lake::tables;
use crate::session;
use crate::sinks::log::{self, Attempt, State};

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this sink's.
    pub sink: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// At most so many, the newest first.
    pub limit: usize,
}

impl Bittern {
    /// One row for each change that was tried at a sink, with what came of it.
    pub async fn deliveries(&self, filter: &Filter) -> Result<Vec<RecordBatch>> {
        let sql = "SELECT sink, state, attempts, change, substr(alert_id, 1, 10) AS alert, change_time, last_time, retry_time, error
                   FROM (
                     SELECT sink, change_id,
                       last_value(state ORDER BY delivery_time, attempt) AS state,
                       max(attempt) AS attempts,
                       max(change) AS change,
                       max(alert_id) AS alert_id,
                       max(change_time) AS change_time,
                       max(delivery_time) AS last_time,
                       last_value(retry_time ORDER BY delivery_time, attempt) AS retry_time,
                       last_value(error ORDER BY delivery_time, attempt) AS error
                     FROM deliveries
                     WHERE state <> 'cursor'
                     GROUP BY sink, change_id
                   ) AS newest
                   WHERE ($state IS NULL OR state = $state) AND ($sink IS NULL OR sink = $sink)
                   ORDER BY last_time DESC, sink, alert LIMIT $limit";
        session::register(&self.context, &self.lake, &tables::deliveries()).await?;
        let text = |value: &Option<String>| ScalarValue::Utf8(value.clone());
        let values = vec![
            ("state", text(&filter.state)),
            ("sink", text(&filter.sink)),
            ("limit", ScalarValue::Int64(i64::try_from(filter.limit).ok())),
        ];
        Ok(self.context.sql(sql).await?.with_param_values(values)?.collect().await?)
    }

    /// Gives up dead letters: they are not delivered, and what waits behind them is. Returns how many there were at each sink.
    pub async fn drop_dead(&self, names: &[String]) -> Result<Vec<(String, usize)>> {
        let sinks = self.chosen_sinks(names)?;
        let sql = "SELECT d.* FROM deliveries AS d
                   WHERE d.sink = $sink AND d.change_id IN (SELECT change_id FROM deliveries WHERE state = 'dead' AND sink = $sink)";
        session::register(&self.context, &self.lake, &tables::deliveries()).await?;
        let now = self.lake.clock().now();
        let mut dropped = Vec::new();
        let mut counts = Vec::new();
        for sink in sinks {
            let values = vec![("sink", ScalarValue::from(sink.name.as_str()))];
            let batches = self.context.sql(sql).await?.with_param_values(values)?.collect().await?;
            let rows: Vec<Attempt> = batches.iter().flat_map(log::read).collect();
            let past = log::past(&rows);
            let before = dropped.len();
            for (change_id, tried) in past.tried.iter().filter(|(_, tried)| tried.dead && !tried.done) {
                let Some(row) = rows.iter().rev().find(|row| row.change_id == *change_id) else { continue };
                dropped.push(Attempt {
                    attempt: tried.attempts,
                    state: State::Dropped,
                    delivery_time: now,
                    retry_time: None,
                    error: None,
                    ..row.clone()
                });
            }
            counts.push((sink.name, dropped.len() - before));
        }
        write(&self.lake, &dropped).await?;
        Ok(counts)
    }
}

impl Pass {
    /// What it would carry, for each sink: as if nothing arrived.
    pub fn outlook(self) -> Vec<Delivered> {
        let loads = self.loads.into_iter().map(|load| {
            let left = load.queue.items.iter().cloned().collect();
            let retry_time = load.queue.retry_time;
            load.outcome(crate::sinks::courier::Carried { left, retry_time, ..Default::default() })
        });
        loads.collect()
    }
}
