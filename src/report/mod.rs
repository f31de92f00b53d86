//! The report: one self-contained HTML page, without network, script or anything that log text could turn into markup.

mod page;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::prelude::SessionContext;

use crate::error::Result;
use crate::interval::time_text;
use crate::policy::Policy;
use page::{Alert, Bar, Page};

const ALERTS: &str = "
    SELECT detection_id, severity, risk_score, entity_id, coalesce(group_name, '') AS group_name, first_event_time, summary, evidence_total
    FROM alerts WHERE severity <> 'informational'
    ORDER BY risk_score DESC, first_event_time LIMIT 500";
const DAYS: &str = "
    SELECT to_char(interval_start, '%Y-%m-%d') AS label, count(*) AS number FROM alerts WHERE severity <> 'informational'
    GROUP BY to_char(interval_start, '%Y-%m-%d') ORDER BY label";
const DETECTIONS: &str = "
    SELECT detection_id AS label, count(*) AS number FROM alerts WHERE severity <> 'informational' GROUP BY detection_id ORDER BY number DESC";
const SOURCES: &str = "SELECT source AS label, count(*) AS number FROM events GROUP BY source ORDER BY number DESC";
const QUARANTINE: &str = "
    SELECT reason AS label, sum(line_to - line + 1) AS number FROM quarantine WHERE state IS NULL GROUP BY reason ORDER BY number DESC LIMIT 20";

/// The page over everything in the lake.
pub async fn html(context: &SessionContext, policy: &Policy) -> Result<String> {
    let page = Page {
        alerts: alerts(&rows(context, ALERTS).await?),
        days: bars(&rows(context, DAYS).await?),
        detections: bars(&rows(context, DETECTIONS).await?),
        sources: bars(&rows(context, SOURCES).await?),
        quarantine: bars(&rows(context, QUARANTINE).await?),
        switched_off: policy.switched_off(),
    };
    Ok(page.html())
}

async fn rows(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(context.sql(sql).await?.collect().await?)
}

fn bars(batches: &[RecordBatch]) -> Vec<Bar> {
    let mut found = Vec::new();
    for batch in batches {
        let (labels, numbers) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        found.extend((0..batch.num_rows()).map(|row| Bar { label: labels.value(row).to_owned(), number: numbers.value(row) }));
    }
    found
}

fn alerts(batches: &[RecordBatch]) -> Vec<Alert> {
    let mut found = Vec::new();
    for batch in batches {
        let text = |at: usize, row: usize| batch.column(at).as_string::<i32>().value(row).to_owned();
        let int = |at: usize, row: usize| batch.column(at).as_primitive::<Int64Type>().value(row);
        let times = batch.column(5).as_primitive::<TimestampMicrosecondType>();
        found.extend((0..batch.num_rows()).map(|row| Alert {
            detection: text(0, row),
            severity: text(1, row),
            risk: int(2, row),
            entity: text(3, row),
            group: text(4, row),
            time: if times.is_valid(row) { time_text(times.value(row)) } else { String::new() },
            summary: text(6, row),
            evidence: int(7, row),
        }));
    }
    found
}
