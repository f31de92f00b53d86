//! The same alerts whatever the engine is told about partitions and batches.

use bittern::clock::Clock;
use bittern::jobs::catalog::Catalog;
use bittern::lake::Lake;
use bittern::pipeline::Bittern;
use bittern::pipeline::cases;
use bittern::pipeline::run::Settings;
use bittern::session::Limits;
use indicatif::ProgressBar;

use super::tiny::{Step, Tiny};
use crate::NOW;

/// Partitions and rows of a batch; the last is where most machines are.
const SHAPES: [(usize, usize); 9] = [(16, 7), (1, 1), (2, 8192), (16, 1), (1, 7), (2, 1), (1, 8192), (2, 7), (16, 8192)];

fn limits((partitions, rows): (usize, usize)) -> Limits {
    Limits { partitions: Some(partitions), batch_rows: Some(rows), ..Limits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_and_batches_change_no_alert() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Tiny::new(folder.path());
    let stride = super::stride(4);
    let mut first = None;
    for shape in SHAPES.into_iter().step_by(stride) {
        let place = tiny.fresh();
        tiny.step(place.clone(), Step::Land(&["a", "b", "c", "d"])).await.unwrap();
        let lake = Lake::open_at(place.clone(), Clock::Fixed(NOW)).await.unwrap();
        let catalog = Catalog::alone(&tiny.folder.join("sql")).unwrap();
        let mut bittern = Bittern::open_within(&tiny.config, lake, catalog, &limits(shape)).await.unwrap();
        bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();
        let found = tiny.content(place).await;
        match &first {
            None => first = Some(found),
            Some(first) => crate::assert_same(first, &found),
        }
    }
    if stride > 1 {
        return;
    }
    // The cases of the detections, with all their rollups: more kinds of plans than any one lake has. They take minutes.
    let catalog = Catalog::load(None).unwrap();
    let texts: Vec<(String, String)> = catalog.cases().map(|(_, text)| (text.path.clone(), text.sql.clone())).collect();
    let mut failed = Vec::new();
    for (at, (path, text)) in texts.iter().enumerate() {
        // A row a batch through dozens of operators takes minutes: seven are as much of a seam.
        for shape in SHAPES.iter().filter(|(_, rows)| *rows > 1).skip(at % 3).step_by(3) {
            if let Err(error) = cases::run(path, text, &catalog, &limits(*shape)).await {
                failed.push(format!("{path} {shape:?}: {error:#}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Bytes that sorts, joins and groups may hold: room for a few batches.
const SHORT: usize = 8 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_is_short_changes_no_alert() {
    let folder = tempfile::tempdir().unwrap();
    let settings = bittern::generate::Settings { people: 12, days: 12, seed: 77, events_per_person_day: 20.0, ..Default::default() };
    bittern::generate::generate(&settings, &folder.path().join("logs")).unwrap();
    let mut found = Vec::new();
    for (name, memory_bytes) in [("ample", None), ("short", Some(SHORT))] {
        let config = crate::config(folder.path(), Some(folder.path().join("logs/policy")));
        let lake = Lake::open(&folder.path().join(name).display().to_string(), Clock::Fixed(NOW)).await.unwrap();
        let limits = Limits { memory_bytes, spill: Some(folder.path().join("spill")), partitions: Some(1), ..Limits::default() };
        let mut bittern = Bittern::open_within(&config, lake, Catalog::load(None).unwrap(), &limits).await.unwrap();
        crate::land(&bittern, &[&folder.path().join("logs/raw")]).await.unwrap();
        bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();
        if memory_bytes.is_some() {
            let sorted = crate::rows(
                &bittern,
                "EXPLAIN ANALYZE SELECT a.event_id, b.* FROM (SELECT * FROM events LIMIT 40) AS a CROSS JOIN events AS b ORDER BY b.text",
            )
            .await
            .concat();
            assert!(sorted.contains("spill_count=") && !sorted.contains("spill_count=0,"), "{sorted}");
        }
        found.push(crate::contents(&mut bittern).await);
    }
    crate::assert_same(&found[0], &found[1]);
}
