//! Our reading of `events` beside DataFusion's plain Parquet table over the same files: the same answer first, then the times in turn.
//!
//! `cargo bench --bench scan` (or `--profile quick`). Prints the median of each query's ratios, pair by pair.

use std::path::Path;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use bittern::clock::Clock;
use bittern::config::Config;
use bittern::error::{Error, Result};
use bittern::ingest::Settings;
use bittern::pipeline::Bittern;
use bittern::session::{Limits, bare};
use bittern_udfs::setup::Setup;
use datafusion::arrow::datatypes::DataType;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use indicatif::ProgressBar;

/// Pairs timed a query.
const PAIRS: usize = 15;

const QUERIES: [(&str, &str); 4] = [
    ("all rows, two columns", "SELECT action, source, count(*) AS n FROM events GROUP BY action, source ORDER BY action, source"),
    ("people's words", "SELECT sum(octet_length(text)) AS bytes FROM events"),
    ("a day", "SELECT count(DISTINCT actor_id) AS people FROM events WHERE event_date = DATE '2026-03-05'"),
    (
        "one action of three days",
        "SELECT sum(file_size) AS bytes FROM events WHERE action = 'file_downloaded' AND event_time >= TIMESTAMP '2026-03-04' AND event_time < TIMESTAMP '2026-03-07'",
    ),
];

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("bittern-bench-{}", std::process::id()));
    let outcome = run(&folder).await;
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

async fn run(folder: &Path) -> Result<()> {
    let settings = bittern::generate::Settings { people: 400, days: 10, ..Default::default() };
    bittern::generate::generate(&settings, &folder.join("logs"))?;
    let config = Config { key_file: Some(folder.join("key")), ..Config::default() };
    let mut ours = Bittern::open(&config, &folder.join("lake").display().to_string(), Clock::System).await?;
    let inputs = Settings { inputs: vec![folder.join("logs/raw").display().to_string()], ..Settings::default() };
    let summary = ours.ingest(&inputs, &ProgressBar::hidden()).await?;
    ours.refresh().await?;
    println!("{} events", summary.events);

    let plain = bare(&Setup::builtin(&[7; 32]), &Limits::default())?;
    let options = ParquetReadOptions::default().table_partition_cols(vec![("event_date".to_owned(), DataType::Date32)]);
    plain.register_parquet("events", folder.join("lake/events").display().to_string(), options).await?;
    for (name, sql) in QUERIES {
        let (one, other) = (answer(&ours.context, sql).await?, answer(&plain, sql).await?);
        if pretty_format_batches(&one)?.to_string() != pretty_format_batches(&other)?.to_string() {
            return Err(Error::internal(format!("`{name}` has two answers")));
        }
        let mut ratios = Vec::new();
        let (mut mine, mut theirs) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..PAIRS {
            let a = timed(&ours.context, sql).await?;
            let b = timed(&plain, sql).await?;
            (mine, theirs) = (mine + a, theirs + b);
            ratios.push(a.as_secs_f64() / b.as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        let pairs = u32::try_from(PAIRS).unwrap_or(1);
        println!("{name}: ours {:?}, plain {:?}, median ratio {:.2}", mine / pairs, theirs / pairs, ratios[PAIRS / 2]);
    }
    Ok(())
}

async fn answer(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(context.sql(sql).await?.collect().await?)
}

async fn timed(context: &SessionContext, sql: &str) -> Result<Duration> {
    let started = Instant::now();
    answer(context, sql).await?;
    Ok(started.elapsed())
}
