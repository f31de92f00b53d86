//! `bittern status`: what the lake holds and what it does not.

use std::process::ExitCode;

use super::{Format, Global, output};
use crate::error::Result;

/// Queries of the page: a heading and the SQL.
const QUERIES: [(&str, &str); 4] = [
    (
        "sources",
        "SELECT source, count(*) AS events, min(event_time) AS first, max(event_time) AS last,
                count(*) FILTER (WHERE action = 'other') AS unmapped
         FROM events GROUP BY source ORDER BY source",
    ),
    (
        "quarantine",
        "SELECT coalesce(source, '') AS source, reason, sum(line_to - line + 1) AS lines, min(object) AS first_object
         FROM quarantine WHERE state IS NULL GROUP BY source, reason ORDER BY lines DESC LIMIT 20",
    ),
    (
        "vendor actions that no mapping names",
        "SELECT source, vendor_action, count(*) AS events FROM events
         WHERE action = 'other' GROUP BY source, vendor_action ORDER BY events DESC, source LIMIT 20",
    ),
    (
        "alerts",
        "SELECT detection_id, severity, count(*) AS alerts, count(DISTINCT case_id) AS cases FROM alerts
         GROUP BY detection_id, severity ORDER BY detection_id",
    ),
];

/// Runs it.
pub async fn run(global: &Global) -> Result<ExitCode> {
    let bittern = global.open().await?;
    for (heading, sql) in QUERIES {
        let batches = bittern.context.sql(sql).await?.collect().await?;
        if global.format == Format::Table {
            output::print_text(&format!("\n{heading}\n"))?;
        }
        output::print(&batches, global.format)?;
    }
    for line in bittern.policy.switched_off() {
        output::print_text(&format!("{}\n", output::safe(&line)))?;
    }
    Ok(ExitCode::SUCCESS)
}
