//! Tables of an older lake or an older SQL file get the columns they lack, and keep their rows.

use std::path::Path;

use bittern::clock::Clock;
use bittern::config::Config;
use bittern::pipeline::Bittern;
use bittern::pipeline::run::Settings;
use indicatif::ProgressBar;

use crate::{NOW, land, rows, small_logs};

const ROLLUP: &str = "-- title = \"Acts of a day\"\n-- interval = \"1 day\"\nSELECT date_trunc('day', event_time) AS interval_time, source, \
                      count(*) AS acts{MORE} FROM events WHERE event_time >= $interval_start AND event_time < $interval_end \
                      GROUP BY date_trunc('day', event_time), source";

async fn with_rollup(folder: &Path, more: &str) -> Bittern {
    let sql = folder.join("sql/rollups");
    std::fs::create_dir_all(&sql).unwrap();
    std::fs::write(sql.join("acts_daily.sql"), ROLLUP.replace("{MORE}", more)).unwrap();
    let config = Config { key_file: Some(folder.join("key")), sql: Some(folder.join("sql")), ..Config::default() };
    Bittern::open(&config, &folder.join("lake").display().to_string(), Clock::Fixed(NOW)).await.unwrap()
}

fn only_it() -> Settings {
    Settings { jobs: vec!["acts_daily".to_owned()], full: true, ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_with_more_or_fewer_columns_keeps_its_table() {
    let folder = tempfile::tempdir().unwrap();
    small_logs(&folder.path().join("logs"), 9);
    let mut first = with_rollup(folder.path(), "").await;
    land(&first, &[&folder.path().join("logs/raw")]).await.unwrap();
    first.run(&only_it(), &ProgressBar::hidden()).await.unwrap();
    let days = "SELECT interval_start, source, acts FROM acts_daily";
    let before = rows(&first, days).await;
    assert!(!before.is_empty());

    let mut second = with_rollup(folder.path(), ", count(DISTINCT actor_id) AS people").await;
    assert_eq!(rows(&second, "SELECT count(*) AS n FROM acts_daily WHERE people IS NOT NULL").await, ["{\"n\":0}"]);
    second.run(&only_it(), &ProgressBar::hidden()).await.unwrap();
    assert_eq!(rows(&second, days).await, before);
    assert_eq!(rows(&second, "SELECT count(*) AS n FROM acts_daily WHERE people IS NULL").await, ["{\"n\":0}"]);

    let mut third = with_rollup(folder.path(), "").await;
    let done = third.run(&only_it(), &ProgressBar::hidden()).await.unwrap();
    assert!(done.iter().all(|job| job.job != "acts_daily" || job.commits == 0), "the same rows but for the column: {done:?}");
    assert_eq!(rows(&third, days).await, before);

    // Another type under an old name would misread what is stored: it is refused by name.
    let config = Config { key_file: Some(folder.path().join("key")), sql: Some(folder.path().join("sql")), ..Config::default() };
    std::fs::write(folder.path().join("sql/rollups/acts_daily.sql"), ROLLUP.replace("count(*) AS acts{MORE}", "max(source) AS acts"))
        .unwrap();
    let opened = Bittern::open(&config, &folder.path().join("lake").display().to_string(), Clock::Fixed(NOW)).await;
    let message = match opened {
        Err(error) => format!("{error:#}"),
        Ok(bittern) => bittern.errors.iter().map(|error| format!("{error:#}")).collect(),
    };
    assert!(message.contains("column `acts` of table `acts_daily` holds long"), "{message}");
}
