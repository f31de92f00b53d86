//! Many at once: eight on the same work have one effect, and a reader never sees half of an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use bittern::clock::Clock;
use bittern::interval::Interval;
use bittern::jobs::catalog::Catalog;
use bittern::lake::Lake;
use bittern::lake::tables;
use bittern::pipeline::Bittern;
use bittern::pipeline::run::Settings;
use bittern::session;
use indicatif::ProgressBar;

use super::kills::{Saved, process};
use super::tiny::{Step, Tiny, WAY};
use crate::NOW;

/// How many work at once.
const WORKERS: usize = 8;

/// What they work on, by its place in `WAY`: landing and answering.
const RACES: [usize; 2] = [0, 1];

#[tokio::test(flavor = "multi_thread")]
async fn eight_at_once_have_one_effect() {
    let folder = tempfile::tempdir().unwrap();
    let saved = Saved::new(folder.path()).await;
    let rounds = (100 / super::stride(100)).max(1);
    let mut wrong = Vec::new();
    for round in 0..rounds * RACES.len() {
        let step = RACES[round % RACES.len()];
        saved.back(step);
        let children: Vec<_> = (0..WORKERS).map(|_| process(&saved.tiny, step, &[]).spawn().unwrap()).collect();
        let failed = children.into_iter().map(|mut child| child.wait().unwrap()).filter(|ended| !ended.success()).count();
        let said = std::fs::read_to_string(saved.tiny.folder.join("error")).unwrap_or_default();
        if failed > 0 {
            wrong.push(format!("round {round}, {:?}: {failed} failed: {said}", WAY[step]));
            println!("WRONG {}", wrong[wrong.len() - 1]);
            std::fs::remove_file(saved.tiny.folder.join("error")).unwrap();
        }
        if let Some(difference) = saved.wrong(step).await {
            wrong.push(format!("round {round}, {:?}: {difference}", WAY[step]));
            println!("WRONG {}", wrong[wrong.len() - 1]);
        }
    }
    println!("{} rounds of {WORKERS} processes", rounds * RACES.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rounds * RACES.len(), wrong.join("\n"));
}

/// An installation whose detection marks every alert with a word, as another version of the SQL would.
async fn marked(tiny: &Tiny, word: &str) -> Bittern {
    let sql = tiny.folder.join(word);
    for folder in ["detections", "views"] {
        std::fs::create_dir_all(sql.join(folder)).unwrap();
    }
    for view in ["acts", "cases"] {
        std::fs::copy(tiny.folder.join(format!("sql/views/{view}.sql")), sql.join(format!("views/{view}.sql"))).unwrap();
    }
    let detection = format!(
        "-- title = \"Everything\"\n-- severity = \"low\"\n-- interval = \"1 day\"\n-- entity = \"account\"\n\
         SELECT event_time AS interval_time, actor_id AS entity_id, event_id AS alert_key, '{word}' AS summary FROM events\n\
         WHERE event_time >= $interval_start AND event_time < $interval_end\n"
    );
    std::fs::write(sql.join("detections/everything.sql"), detection).unwrap();
    let lake = Lake::open_at(tiny.place(), Clock::Fixed(NOW)).await.unwrap();
    Bittern::open_with(&tiny.config, lake, Catalog::alone(&sql).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_old_or_new_answers_and_never_a_mix() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Tiny::new(folder.path());
    tiny.step(tiny.place(), Step::Land(&["a", "b"])).await.unwrap();
    let (mut one, mut other) = (marked(&tiny, "one").await, marked(&tiny, "other").await);
    let start = 1_772_409_600_000_000;
    let span = Interval { start, end: start + 3 * bittern::event::DAY };
    let settings = Settings { asked: Some(span), ..Settings::default() };
    one.run(&settings, &ProgressBar::hidden()).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(reader(tiny.clone(), Arc::clone(&ended)));
    let reruns = (500 / super::stride(50)).max(4);
    for number in 0..reruns {
        let who = if number % 2 == 0 { &mut other } else { &mut one };
        let done = who.run(&settings, &ProgressBar::hidden()).await.unwrap();
        assert_eq!(done.iter().map(|job| job.commits).sum::<usize>(), 1, "{done:?}");
    }
    ended.store(true, Ordering::SeqCst);
    let (reads, changes) = reading.await.unwrap();
    println!("{reruns} reruns, {reads} reads, which saw the answer change {changes} times");
    assert!(reads > 2 && changes > 0, "{reads} {changes}");
}

/// Reads the alerts again and again: (reads, changes seen).
async fn reader(tiny: Tiny, ended: Arc<AtomicBool>) -> (usize, usize) {
    let lake = Lake::open_at(tiny.place(), Clock::Fixed(NOW)).await.unwrap();
    let context = session::over(&lake, &bittern_udfs::setup::Setup::builtin(&[7; 32]), &session::Limits::default()).unwrap();
    let (mut reads, mut changes, mut last, mut rows) = (0, 0, String::new(), None);
    while !ended.load(Ordering::SeqCst) {
        session::register(&context, &lake, &tables::alerts()).await.unwrap();
        let sql = "SELECT summary, count(*) AS n FROM alerts GROUP BY summary";
        let found: Vec<RecordBatch> = context.sql(sql).await.unwrap().collect().await.unwrap();
        let groups: Vec<(String, i64)> = found
            .iter()
            .flat_map(|batch| {
                let (words, counts) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
                (0..batch.num_rows()).map(|row| (words.value(row).to_owned(), counts.value(row))).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(groups.len(), 1, "a mix: {groups:?}");
        assert_eq!(*rows.get_or_insert(groups[0].1), groups[0].1, "half of an answer");
        changes += usize::from(!last.is_empty() && last != groups[0].0);
        last.clone_from(&groups[0].0);
        reads += 1;
    }
    (reads, changes)
}
