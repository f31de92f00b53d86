//! One integration binary: linking the engine takes longer than running most tests.
//!
//! `tidy` the house's conventions, `flow` the whole way on sample data, `ingest` what lands and what does not, `provider` our reading
//! beside delta-rs' own, `spans` jobs over many intervals beside one by one, `cases` the detections' and functions' SQL cases,
//! `secrets` where credentials stand, `growth` tables that get columns, `schedule` the long-lived process, `maintain` what it tidies up,
//! `retry` a second reading of quarantine, `store` stores and folders that do not behave, `triage` what analysts decide, `serve` the PostgreSQL server, `report` what a
//! manager reads, `deliver`, `wires` and `coach` what sinks are told (a `receiver` stands for them), `begin` the first steps of somebody new, `documents` the commands that documents show and their output,
//! `shell` scripts of `sql`, names that are seen and `status`,
//! `worker` the same rows from further machines, `program` the real binary.
#![expect(clippy::unwrap_used, reason = "tests")]

mod begin;
mod cases;
mod coach;
mod deliver;
mod documents;
mod flow;
mod growth;
mod ingest;
mod maintain;
mod never;
mod program;
mod provider;
mod receiver;
mod reference;
mod report;
mod retry;
mod schedule;
mod secrets;
mod serve;
mod shell;
mod spans;
mod store;
mod tidy;
mod triage;
mod wires;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bittern::clock::Clock;
use bittern::config::Config;
use bittern::error::Result;
use bittern::event::DAY;
use bittern::ingest::{Settings, Summary};
use bittern::pipeline::Bittern;
use datafusion::scalar::ScalarValue;
use indicatif::ProgressBar;

/// 2026-05-01T00:00:00Z: after the sample data.
const NOW: i64 = 1_777_593_600_000_000;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn config(folder: &Path, policy: Option<PathBuf>) -> Config {
    Config { policy, key_file: Some(folder.join("key")), ..Config::default() }
}

/// An installation in a folder, with the sample policy.
async fn open(folder: &Path) -> Bittern {
    open_at(folder, NOW).await
}

/// The same at another time.
async fn open_at(folder: &Path, now: i64) -> Bittern {
    let config = config(folder, Some(repository().join("sample_data/policy")));
    Bittern::open(&config, &folder.join("lake").display().to_string(), Clock::Fixed(now)).await.unwrap()
}

async fn land(bittern: &Bittern, inputs: &[&Path]) -> Result<Summary> {
    let settings = Settings { inputs: inputs.iter().map(|input| input.display().to_string()).collect(), ..Settings::default() };
    bittern.ingest(&settings, &ProgressBar::hidden()).await
}

/// The rows of a query, each as one line of JSON, sorted.
async fn rows(bittern: &Bittern, sql: &str) -> Vec<String> {
    // Views may ask for the interval of the job that reads them.
    let time = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
    let values = vec![("interval_start", time(NOW - 60 * DAY)), ("interval_end", time(NOW))];
    let batches = bittern.context.sql(sql).await.unwrap().with_param_values(values).unwrap().collect().await.unwrap();
    lines(&batches)
}

fn lines(batches: &[arrow::array::RecordBatch]) -> Vec<String> {
    let mut bytes = Vec::new();
    let mut writer = arrow::json::LineDelimitedWriter::new(&mut bytes);
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    let mut lines: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// A few days of synthetic logs of a few people: what tests of mechanics need.
fn small_logs(folder: &Path, seed: u64) {
    let settings = bittern::generate::Settings { people: 8, days: 6, seed, events_per_person_day: 8.0, ..Default::default() };
    bittern::generate::generate(&settings, folder).unwrap();
}

/// A message, a baseline and a spike, with the rollups they read: enough to see mechanics by, without the time of all jobs.
fn few() -> Vec<String> {
    ["credential_in_message", "bulk_download", "credential_search_spike"].map(str::to_owned).to_vec()
}

/// Every table that is a function of the raw objects and the jobs, row by row, without what says when something was done.
async fn contents(bittern: &mut Bittern) -> BTreeMap<String, Vec<String>> {
    bittern.refresh().await.unwrap();
    let mut tables = vec!["events".to_owned(), "snapshots".to_owned(), "alerts".to_owned()];
    tables.extend(bittern.nodes.iter().filter_map(|node| node.output.as_ref().map(|spec| spec.name.clone())));
    let mut found = BTreeMap::new();
    for table in tables {
        let frame = bittern.context.table(&table).await.unwrap();
        // The same statement of state may stand in several objects: which of them was read first is no matter.
        let volatile: &[&str] = match table.as_str() {
            "events" => &["ingest_time", "raw_object", "raw_line"],
            "snapshots" => &["raw_object"],
            "source_coverage" => &["lateness_secs_median"],
            _ => &[],
        };
        let names: Vec<String> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        let kept: Vec<&str> = names.iter().map(String::as_str).filter(|name| !volatile.contains(name)).collect();
        found.insert(table, lines(&frame.select_columns(&kept).unwrap().collect().await.unwrap()));
    }
    found
}

/// Says where two contents differ.
fn assert_same(one: &BTreeMap<String, Vec<String>>, other: &BTreeMap<String, Vec<String>>) {
    assert_eq!(difference(one, other), None);
}

/// The first table that differs and a row that only one of them has.
fn difference(one: &BTreeMap<String, Vec<String>>, other: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let (table, rows) = one.iter().find(|(table, rows)| other[*table] != **rows)?;
    let others = &other[table];
    let differs = rows.iter().find(|row| others.binary_search(row).is_err()).or(others.iter().find(|row| rows.binary_search(row).is_err()));
    Some(format!("{table}: {} rows and {} rows, for one {differs:?}", rows.len(), others.len()))
}
