//! How an installation stands, as gauges: what `bittern status --metrics` prints. No names of people, no text of logs.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::pages::metrics_text;
use crate::error::Result;
use crate::pipeline::status::Status;

type Labels = Vec<(&'static str, String)>;
type Float = Family<Labels, Gauge<f64, AtomicU64>>;
type Whole = Family<Labels, Gauge>;

/// The status in Prometheus' text form.
///
/// # Errors
/// `Internal` if it cannot be written down.
pub fn of(status: &Status) -> Result<String> {
    let mut registry = Registry::with_prefix("bittern");
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let late = float(&mut registry, "source_lateness_seconds", "From the act to the lake over four weeks, by source and quantile");
    let unmapped = float(&mut registry, "source_unmapped_ratio", "Acts that no mapping names, of all, by source");
    let repeated = float(&mut registry, "source_repeated_ratio", "Records that added no event, of all, by source");
    let silent = whole(&mut registry, "source_silent", "1 where a source is silent against its own rhythm");
    let empty = float(&mut registry, "column_empty_ratio", "How often a column is empty where a detection needs it");
    let blind = whole(&mut registry, "detection_blind", "1 where a detection cannot fire");
    let verdicts = whole(&mut registry, "case_verdicts", "Closed cases by detection and verdict");
    let files = whole(&mut registry, "table_files", "Files by table");
    let small = whole(&mut registry, "table_small_files", "Files that are put together where there are enough of them, by table");
    let bytes = whole(&mut registry, "table_bytes", "Bytes by table");
    let ran = float(&mut registry, "job_last_run_timestamp_seconds", "When a job last ran");
    let failed = whole(&mut registry, "job_failures_day", "Runs of the last day that failed, by job");
    let waiting = whole(&mut registry, "sink_changes_waiting", "Changes of alerts that are due, by sink");
    let dead = whole(&mut registry, "sink_changes_dead", "Changes of alerts that a sink refused too often");
    let unmaskings = whole(&mut registry, "unmaskings_listed", "Times that names were seen lately, twenty at most");
    let stale = whole(&mut registry, "stale_jobs", "Jobs whose answers are stale");
    for source in &status.sources {
        let labels = || vec![("source", source.source.clone())];
        for (quantile, seconds) in [("0.5", source.late_p50), ("0.95", source.late_p95), ("0.99", source.late_p99)] {
            if let Some(seconds) = seconds {
                late.get_or_create(&vec![("source", source.source.clone()), ("quantile", quantile.to_owned())]).set(seconds);
            }
        }
        unmapped.get_or_create(&labels()).set(source.unmapped);
        silent.get_or_create(&labels()).set(i64::from(source.state == "silent"));
        if let Some(share) = source.repeated {
            repeated.get_or_create(&labels()).set(share);
        }
    }
    for row in &status.missing {
        let labels = vec![("source", row.source.clone()), ("acts", row.acts.clone()), ("column", row.column_name.clone())];
        empty.get_or_create(&labels).set(row.missing as f64 / row.events.max(1) as f64);
    }
    for row in &status.detections {
        blind.get_or_create(&vec![("detection", row.detection_id.clone())]).set(i64::from(row.blind.is_some()));
        for (verdict, count) in [("true_positive", row.right), ("benign", row.benign), ("false_positive", row.wrong)] {
            let labels = vec![("detection", row.detection_id.clone()), ("verdict", verdict.to_owned())];
            verdicts.get_or_create(&labels).set(number(count));
        }
    }
    for row in &status.storage {
        let labels = vec![("table", row.table.clone())];
        files.get_or_create(&labels).set(number(row.files as u64));
        small.get_or_create(&labels).set(number(row.small_files as u64));
        bytes.get_or_create(&labels).set(number(row.bytes));
    }
    for row in &status.jobs {
        let labels = vec![("job", row.job.clone())];
        if let Some(time) = row.last_time {
            ran.get_or_create(&labels).set(time.0 as f64 / 1e6);
        }
        failed.get_or_create(&labels).set(number(row.failed));
    }
    for row in &status.sinks {
        let labels = vec![("sink", row.sink.clone())];
        waiting.get_or_create(&labels).set(number(row.waiting as u64));
        dead.get_or_create(&labels).set(number(row.dead as u64));
    }
    unmaskings.get_or_create(&Vec::new()).set(number(status.unmaskings.len() as u64));
    stale.get_or_create(&Vec::new()).set(number(status.stale.0 as u64));
    metrics_text(&registry)
}

fn float(registry: &mut Registry, name: &str, help: &str) -> Float {
    let family = Float::default();
    registry.register(name, help, family.clone());
    family
}

fn whole(registry: &mut Registry, name: &str, help: &str) -> Whole {
    let family = Whole::default();
    registry.register(name, help, family.clone());
    family
}
