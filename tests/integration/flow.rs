//! The whole way on the sample data.

use bittern::pipeline::judge::judge;
use bittern::pipeline::run::Settings;
use indicatif::ProgressBar;

use crate::{land, open, repository, rows};

#[tokio::test(flavor = "multi_thread")]
async fn every_detectable_incident_of_the_sample_is_found_and_running_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut bittern = open(folder.path()).await;
    let sample = repository().join("sample_data");
    let summary = land(&bittern, &[&sample.join("raw")]).await.unwrap();
    assert_eq!(summary.quarantined, 0);
    assert!(summary.events > 30_000, "{summary:?}");
    assert!(summary.by_source.len() >= 12, "native and SQL sources: {:?}", summary.by_source);

    bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();
    let judgement = judge(&bittern, &sample.join("labels.jsonl")).await.unwrap();
    let missed: Vec<_> = judgement.incidents.iter().filter(|v| v.detectable && v.found_by.is_empty()).collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!(judgement.detectable >= 20, "the sample plants enough: {}", judgement.detectable);
    assert!(judgement.precision() >= 0.85, "{judgement:?}");

    // Nothing is stale now, so nothing runs; and the same logs again add nothing.
    let before = rows(&bittern, "SELECT * FROM alerts").await;
    let again = land(&bittern, &[&sample.join("raw")]).await.unwrap();
    assert_eq!((again.events, again.skipped > 0), (0, true));
    for (job, todo) in bittern.plan(&Settings::default()).await.unwrap() {
        assert!(todo.stale.is_empty(), "{job}: {:?}", todo.stale);
    }
    let done = bittern.run(&Settings { full: true, ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    assert!(done.iter().all(|job| job.commits == 0), "an unchanged answer commits nothing: {done:?}");
    assert_eq!(before, rows(&bittern, "SELECT * FROM alerts").await);

    // `acts` adds who that is and never a row.
    let counts = rows(&bittern, "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM acts) AS acts").await;
    let counts: serde_json::Value = serde_json::from_str(&counts[0]).unwrap();
    assert_eq!(counts["events"], counts["acts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_restate_what_reads_them_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    crate::small_logs(&folder.path().join("logs"), 3);
    let mut bittern = open(folder.path()).await;
    land(&bittern, &[&folder.path().join("logs/raw")]).await.unwrap();
    bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();

    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let late = serde_json::json!({
        "event_id": "late:1", "event_time": "2026-03-05T10:20:00Z", "action": "message_posted", "surface": "chat", "source": "x",
        "actor_id": "U-LATE", "channel_id": "C-LATE", "text": format!("token {secret} here"),
    });
    let path = folder.path().join("late.ndjson");
    std::fs::write(&path, late.to_string()).unwrap();
    land(&bittern, &[&path]).await.unwrap();
    let plan = bittern.plan(&Settings::default()).await.unwrap();
    let findings = plan.iter().find(|(job, _)| job == "credential_findings").unwrap();
    assert_eq!(findings.1.stale.len(), 1, "one hour of it: {:?}", findings.1);
    bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();
    let alerts =
        rows(&bittern, "SELECT summary FROM alerts WHERE detection_id = 'credential_in_message' AND alert_key LIKE 'C-LATE%'").await;
    assert_eq!(alerts.len(), 1);
    let changes =
        rows(&bittern, "SELECT change, reason FROM alert_changes WHERE change_time IS NOT NULL AND summary LIKE '%C-LATE%'").await;
    assert!(changes.iter().any(|change| change.contains("rows changed in credential_findings")), "{changes:?}");
}
