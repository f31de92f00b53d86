//! Our way of reading a Delta table beside delta-rs' own: the same rows on random queries.

use bittern::lake::tables;
use bittern::session;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::{land, lines, open, small_logs};

/// Predicates that statistics, partitions and bloom filters all have a say in.
fn predicates() -> impl Strategy<Value = String> {
    let time = (0..6_u32, 0..24_u32, 0..60_u32).prop_map(|(d, h, m)| format!("TIMESTAMP '2026-03-{:02} {h:02}:{m:02}:00'", d + 2));
    let leaf = prop_oneof![
        (time.clone(), prop_oneof![Just("<"), Just("<="), Just(">"), Just(">=")]).prop_map(|(t, op)| format!("event_time {op} {t}")),
        (time.clone(), time).prop_map(|(a, b)| format!("event_time BETWEEN {a} AND {b}")),
        (0..8_u32).prop_map(|d| format!("event_date = DATE '2026-03-{:02}'", d + 1)),
        (0..8_u32).prop_map(|d| format!("event_date > DATE '2026-03-{:02}'", d + 1)),
        prop_oneof![Just("file_downloaded"), Just("message_posted"), Just("search"), Just("zzz")].prop_map(|a| format!("action = '{a}'")),
        prop_oneof![Just("slack_audit"), Just("m365_audit"), Just("trello")].prop_map(|s| format!("source <> '{s}'")),
        Just("text IS NULL".to_owned()),
        Just("file_size > 100000".to_owned()),
        Just("actor_email LIKE 'a%'".to_owned()),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), inner, prop_oneof![Just("AND"), Just("OR")]).prop_map(|(a, b, op)| format!("({a} {op} {b})"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_gives_the_same_rows_as_delta_rs() {
    let folder = tempfile::tempdir().unwrap();
    small_logs(&folder.path().join("logs"), 5);
    let mut bittern = open(folder.path()).await;
    // Several commits, so that there are several files a day.
    for entry in std::fs::read_dir(folder.path().join("logs/raw")).unwrap() {
        land(&bittern, &[&entry.unwrap().path()]).await.unwrap();
    }
    bittern.refresh().await.unwrap();
    let table = bittern.lake.table_or_create(&tables::events()).await.unwrap();
    let theirs = session::over(&bittern.lake, &bittern_udfs::setup::Setup::builtin(&[7; 32]), &session::Limits::default()).unwrap();
    table.update_datafusion_session(&theirs.state()).unwrap();
    theirs.register_table("events", table.table_provider().await.unwrap()).unwrap();

    let mut runner = TestRunner::deterministic();
    for _ in 0..40 {
        let predicate = predicates().new_tree(&mut runner).unwrap().current();
        let sql = format!("SELECT event_id, event_time, action, event_date, text, file_size FROM events WHERE {predicate}");
        let ours = lines(&bittern.context.sql(&sql).await.unwrap().collect().await.unwrap());
        let others = lines(&theirs.sql(&sql).await.unwrap().collect().await.unwrap());
        assert_eq!(ours, others, "{predicate}");
    }
    let count = "SELECT count(*) AS n FROM events";
    let ours = lines(&bittern.context.sql(count).await.unwrap().collect().await.unwrap());
    assert_eq!(ours, lines(&theirs.sql(count).await.unwrap().collect().await.unwrap()));
}
