//! What comes late has only that run again which reads it, as the ledger says; and with nothing stale nothing is run.

use std::collections::{BTreeMap, BTreeSet};

use super::tiny::{Step, Tiny};

/// Of each job the stretches that entries of the ledger which are not `seen` yet say were answered.
async fn answered(tiny: &Tiny, seen: &mut BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    let bittern = tiny.open(tiny.place()).await.unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in crate::rows(&bittern, "SELECT job, interval_start, interval_end, run_id FROM runs").await {
        let value: serde_json::Value = serde_json::from_str(&row).unwrap();
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        if seen.insert(text("run_id")) {
            found.entry(text("job")).or_default().push(format!("{} {}", &text("interval_start")[5..13], &text("interval_end")[5..13]));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_rows_that_come_late_rerun_what_reads_them_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Tiny::new(folder.path());
    let mut seen = BTreeSet::new();
    tiny.step(tiny.place(), Step::Land(&["a", "b", "c"])).await.unwrap();
    tiny.step(tiny.place(), Step::Run).await.unwrap();
    assert_eq!(answered(&tiny, &mut seen).await.len(), 4);
    tiny.step(tiny.place(), Step::Run).await.unwrap();
    assert_eq!(answered(&tiny, &mut seen).await, BTreeMap::new(), "nothing is stale");

    // Ten logins of somebody in one hour of the second day, and the same once more under another name.
    let rows: Vec<String> = (0..10)
        .map(|minute| {
            serde_json::json!({"event_id": format!("late:{minute}"), "event_time": format!("2026-03-03T09:{minute:02}:00Z"), "action": "login",
                "source": "x", "surface": "chat", "actor_id": "U9"})
            .to_string()
        })
        .collect();
    for name in ["late", "again"] {
        std::fs::write(folder.path().join(format!("raw/{name}.ndjson")), rows.join("\n") + "\n").unwrap();
    }
    tiny.step(tiny.place(), Step::Land(&["late"])).await.unwrap();
    tiny.step(tiny.place(), Step::Run).await.unwrap();
    let hour = || vec!["03-03T09 03-03T10".to_owned()];
    let expected = BTreeMap::from([
        ("logins_hourly".to_owned(), hour()),
        ("credential_told".to_owned(), hour()),
        ("logins_daily".to_owned(), vec!["03-03T00 03-04T00".to_owned()]),
        // It reads the day before its own.
        ("many_logins".to_owned(), vec!["03-03T00 03-05T00".to_owned()]),
    ]);
    assert_eq!(answered(&tiny, &mut seen).await, expected);
    tiny.step(tiny.place(), Step::Land(&["again"])).await.unwrap();
    tiny.step(tiny.place(), Step::Run).await.unwrap();
    assert_eq!(answered(&tiny, &mut seen).await, BTreeMap::new(), "what came twice is nothing new");
}
