//! The whole way on the sample data.

use std::path::Path;

use bittern::clock::Clock;
use bittern::config::Config;
use bittern::event::DAY;
use bittern::interval::Interval;
use bittern::jobs::graph;
use bittern::pipeline::explain::State;
use bittern::pipeline::judge::{self, Judgement, judge};
use bittern::pipeline::run::Settings;
use bittern::pipeline::{Bittern, backtest};
use indicatif::ProgressBar;

use crate::{land, open, repository, rows};

#[tokio::test(flavor = "multi_thread")]
async fn every_detectable_incident_of_the_sample_is_found_and_running_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    crate::documents::first_command(folder.path());
    let demo = folder.path().join("bittern-demo");
    let sample = repository().join("sample_data");
    let config = Config { policy: Some(sample.join("policy")), key_file: Some(demo.join("fingerprint.key")), ..Config::default() };
    let mut bittern = Bittern::open(&config, &demo.join("lake").display().to_string(), Clock::System).await.unwrap();
    let landed = "SELECT (SELECT count(*) FROM events) > 30000 AS events, (SELECT count(DISTINCT source) FROM events) >= 12 AS sources, \
                  (SELECT count(*) FROM quarantine) AS quarantined";
    assert_eq!(rows(&bittern, landed).await, ["{\"events\":true,\"sources\":true,\"quarantined\":0}"], "native and SQL sources");

    let judgement = judge(&bittern, &sample.join("labels.jsonl")).await.unwrap();
    let missed: Vec<_> = judgement.incidents.iter().filter(|v| v.detectable && v.found_by.is_empty()).collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!(judgement.detectable >= 20, "the sample plants enough: {}", judgement.detectable);
    assert!(judgement.precision() >= 0.85, "{judgement:?}");
    explains_each(&mut bittern, &sample.join("labels.jsonl"), &judgement).await;
    crate::documents::are_true_of(&demo);
    backtest_is_what_was_told(&mut bittern, &sample.join("labels.jsonl")).await;

    // Nothing is stale now, so nothing runs; and the same logs again add nothing.
    let before = rows(&bittern, "SELECT * FROM alerts").await;
    let again = land(&bittern, &[&sample.join("raw")]).await.unwrap();
    assert_eq!((again.events, again.skipped > 0), (0, true));
    for (job, todo) in bittern.plan(&Settings::default()).await.unwrap() {
        assert!(todo.stale.is_empty(), "{job}: {:?}", todo.stale);
    }
    let jobs = vec!["bulk_download".to_owned(), "credential_in_message".to_owned()];
    let done = bittern.run(&Settings { full: true, jobs, ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    assert!(done.iter().all(|job| job.commits == 0), "an unchanged answer commits nothing: {done:?}");
    assert_eq!(before, rows(&bittern, "SELECT * FROM alerts").await);

    // `acts` adds who that is and never a row.
    let counts = rows(&bittern, "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM acts) AS acts").await;
    let counts: serde_json::Value = serde_json::from_str(&counts[0]).unwrap();
    assert_eq!(counts["events"], counts["acts"]);
}

/// What was found is explained as firing, what was not with what stopped it. (One of each kind: every threshold costs a query.)
async fn explains_each(bittern: &mut Bittern, labels: &Path, judgement: &Judgement) {
    let stories = ["bulk_download", "off_scope_access", "download_then_usb"];
    for label in judge::read_labels(labels).unwrap().into_iter().filter(|label| stories.contains(&label.story.as_str())) {
        let verdict = judgement.incidents.iter().find(|verdict| verdict.incident_id == label.incident_id).unwrap();
        let day = label.start.get(..10).unwrap();
        let detection = verdict.found_by.first().unwrap_or(&label.detections[0]).clone();
        let explained = bittern.explain(&label.person, day, &[detection]).await.unwrap();
        assert!(!explained[0].why.is_empty(), "{label:?}");
        let fires = explained[0].state == State::Firing;
        // A slow drip has no day of its own, and a review stands on a later one.
        let has_day = !matches!(verdict.found_by.first().map(String::as_str), Some("slow_drip" | "leaver_review"));
        assert!(fires || verdict.found_by.is_empty() || !has_day, "{label:?}: {explained:?}");
    }
}

async fn backtest_is_what_was_told(bittern: &mut Bittern, labels: &Path) {
    let told = rows(bittern, "SELECT alert_id FROM alerts WHERE detection_id = 'bulk_download'").await.len();
    let same = bittern.backtest("bulk_download", &backtest::Settings::default(), Some(labels)).await.unwrap();
    assert_eq!(same.alerts, told);
    assert!(same.judgement.unwrap().found > 0);
    let params = vec![("files_min".to_owned(), "1000000".to_owned()), ("ceiling_files".to_owned(), "1".to_owned())];
    let error = bittern.backtest("bulk_download", &backtest::Settings { params, ..Default::default() }, None).await.unwrap_err();
    assert!(format!("{error:#}").contains("has no parameter `ceiling_files`; it has "), "{error:#}");
    let tight = backtest::Settings { budget: Some(0.2), vary: Some("score_min".into()), ..Default::default() };
    let met = bittern.backtest("bulk_download", &tight, None).await.unwrap().budget.unwrap();
    assert!(met.per_week <= 0.2 && met.alerts < told, "{met:?}");
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

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ran_is_taken_however_old_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let settings = bittern::generate::Settings { people: 4, days: 12, seed: 30, events_per_person_day: 8.0, ..Default::default() };
    bittern::generate::generate(&settings, &logs).unwrap();
    let mut bittern = open(folder.path()).await;
    land(&bittern, &[&logs.join("raw")]).await.unwrap();
    let jobs = vec!["activity_daily".to_owned()];
    // The last of the days alone, then whatever is stale: the first days lie further back than restating reaches.
    let asked = Interval { start: 20_525 * DAY, end: 20_526 * DAY };
    bittern.run(&Settings { jobs: jobs.clone(), asked: Some(asked), ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    bittern.run(&Settings { jobs, ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();

    let days = rows(&bittern, "SELECT DISTINCT CAST(local_day AS DATE) AS day FROM activity_daily ORDER BY day").await;
    assert!(days.len() >= 12, "{days:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jobs_read_shows_after_one_pass_of_the_optimizer() {
    let folder = tempfile::tempdir().unwrap();
    let bittern = open(folder.path()).await;
    assert!(bittern.nodes.len() > 20);
    for node in &bittern.nodes {
        // In the session itself plans are made with all passes.
        assert_eq!(graph::reads_of(&bittern.context, &node.job).await.unwrap(), node.reads, "{}", node.job.id);
    }
}
