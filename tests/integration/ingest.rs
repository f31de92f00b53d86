//! What lands and what does not.

use bittern::sources::Source;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::{land, open, rows, small_logs};

#[tokio::test(flavor = "multi_thread")]
async fn two_ingests_at_once_leave_one_copy() {
    let folder = tempfile::tempdir().unwrap();
    small_logs(&folder.path().join("logs"), 1);
    let raw = folder.path().join("logs/raw");
    let first = open(folder.path()).await;
    let second = open(folder.path()).await;
    let inputs = [raw.as_path()];
    let (one, other) = tokio::join!(land(&first, &inputs), land(&second, &inputs));
    let written = one.unwrap().events + other.unwrap().events;

    let mut check = open(folder.path()).await;
    check.refresh().await.unwrap();
    let ids = rows(&check, "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events").await;
    assert_eq!(ids, [format!("{{\"n\":{written},\"ids\":{written}}}")]);
    // Forgetting which objects were read costs a second reading, never a second copy.
    let settings = bittern::ingest::Settings { inputs: vec![raw.display().to_string()], again: true, ..Default::default() };
    let again = check.ingest(&settings, &indicatif::ProgressBar::hidden()).await.unwrap();
    assert_eq!((again.events, again.duplicates >= written), (0, true), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_go_to_quarantine_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let good = |id: u32| {
        serde_json::json!({"id": format!("e-{id}"), "date_create": 1_772_000_000 + id, "action": "file_downloaded",
            "actor": {"type": "user", "user": {"id": "U1", "email": "ana@example.com"}},
            "entity": {"type": "file", "file": {"id": "F1", "name": "a.pdf"}}, "context": {"ip_address": "192.0.2.1"}})
        .to_string()
    };
    let text = format!("{}\n{{\"broken\n[1]\n{}\nplain words\n", good(1), good(2));
    std::fs::write(folder.path().join("a.ndjson"), text).unwrap();
    std::fs::write(folder.path().join("cut.ndjson.gz"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]).unwrap();
    let mut bittern = open(folder.path()).await;
    let summary = land(&bittern, &[&folder.path().join("a.ndjson"), &folder.path().join("cut.ndjson.gz")]).await.unwrap();
    assert_eq!((summary.events, summary.quarantined), (2, 4), "{summary:?}");
    bittern.refresh().await.unwrap();
    let quarantine = rows(&bittern, "SELECT line, reason FROM quarantine").await;
    assert_eq!(
        quarantine,
        [
            "{\"line\":1,\"reason\":\"the object cannot be read further (unexpected end of file)\"}",
            "{\"line\":2,\"reason\":\"the JSON ends too early\"}",
            "{\"line\":3,\"reason\":\"a field has a type that this source does not have\"}",
            "{\"line\":5,\"reason\":\"this is not JSON\"}",
        ]
    );
}

/// Records of each source with a place for the time.
fn records_at(time: &str) -> Vec<(&'static str, String)> {
    let json = |text: &str| text.replace("TIME", time);
    let text = |text: &str| text.replace("TIME", time.trim_matches('"'));
    vec![
        (
            "slack_audit.json",
            json(
                r#"{"id":"a1","date_create":TIME,"action":"file_downloaded","actor":{"type":"user","user":{"id":"U1"}},
                "context":{"ua":"x"}}"#,
            ),
        ),
        (
            "slack_messages.json",
            json(
                r#"{"token":"t","type":"event_callback","event_id":"Ev1","event":{"type":"message","user":"U1","channel":"C0GENERAL1",
                "text":"hello","ts":TIME}}"#,
            ),
        ),
        ("slack_search.csv", text("Date,User ID,Query\nTIME,U1,budget\n")),
        (
            "m365_audit.json",
            json(
                r#"{"Id":"m1","CreationTime":TIME,"Operation":"FileDownloaded","RecordType":6,"Workload":"SharePoint","UserType":0,
                "OrganizationId":"o1","UserId":"ana@example.com","ObjectId":"https://example.com/a.pdf"}"#,
            ),
        ),
        (
            "teams_messages.json",
            json(
                r#"{"id":"m1","messageType":"message","createdDateTime":TIME,"chatId":"19:a@thread.v2","from":{"user":{"id":"u1"}},
                "body":{"contentType":"text","content":"hello"}}"#,
            ),
        ),
        (
            "google_workspace.json",
            json(
                r#"{"kind":"admin#reports#activity","id":{"time":TIME,"uniqueQualifier":"1","applicationName":"drive"},
                "actor":{"email":"ana@example.com"},"events":[{"type":"access","name":"download","parameters":[]}]}"#,
            ),
        ),
        ("jira.json", json(r#"{"id":1,"created":TIME,"summary":"User created","authorAccountId":"a1","category":"user management"}"#)),
        (
            "confluence.json",
            json(r#"{"creationDate":TIME,"summary":"Space created","author":{"accountId":"a1"},"category":"Spaces","affectedObject":{}}"#),
        ),
        (
            "trello.json",
            json(r#"{"id":"t1","type":"commentCard","date":TIME,"data":{"text":"hello","board":{"id":"b1"}},"idMemberCreator":"m1"}"#),
        ),
        (
            "email.eml",
            text("From: ana@example.com\nTo: bo@example.com\nDate: TIME\nSubject: hello\nMessage-ID: <1@example.com>\n\nhello\n"),
        ),
        ("events.json", json(r#"{"event_time":TIME,"action":"login","actor_id":"a1"}"#)),
    ]
}

fn write_at(folder: &std::path::Path, time: &str) -> usize {
    std::fs::create_dir_all(folder).unwrap();
    let records = records_at(time);
    for (name, record) in &records {
        let path = folder.join(name);
        std::fs::write(&path, record).unwrap();
        // 2026-03-05T10:20:00Z
        let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_772_706_000);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    }
    records.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_a_time_stands_at_its_objects_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let count = write_at(&folder.path().join("undated"), "\"\"") as u64;
    let mut bittern = open(folder.path()).await;
    let summary = land(&bittern, &[&folder.path().join("undated")]).await.unwrap();
    assert_eq!((summary.events, summary.undated, summary.quarantined), (count, count, 0), "{summary:?}");
    bittern.refresh().await.unwrap();
    let times = rows(&bittern, "SELECT DISTINCT event_time, time_origin FROM events").await;
    assert_eq!(times, ["{\"event_time\":\"2026-03-05T10:20:00Z\",\"time_origin\":\"object\"}"]);

    // The same records in objects of another day are the same acts.
    write_at(&folder.path().join("copied"), "\"\"");
    for entry in std::fs::read_dir(folder.path().join("copied")).unwrap() {
        let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_775_000_000);
        std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap().set_modified(later).unwrap();
    }
    let summary = land(&bittern, &[&folder.path().join("copied")]).await.unwrap();
    assert_eq!((summary.events, summary.duplicates), (0, count), "{summary:?}");

    let summary = land(&bittern, &[&dated(folder.path())]).await.unwrap();
    assert_eq!((summary.undated, summary.quarantined), (0, 0), "{summary:?}");
}

fn dated(folder: &std::path::Path) -> std::path::PathBuf {
    let folder = folder.join("dated");
    write_at(&folder, "\"2026-03-04T09:00:00Z\"");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_cannot_be_read_is_not_replaced_by_the_objects() {
    let folder = tempfile::tempdir().unwrap();
    let mut bittern = open(folder.path()).await;
    for (number, time) in ["\"the day before\"", "\"9999-12-31T23:59:59Z\""].into_iter().enumerate() {
        let wrong = folder.path().join(format!("wrong{number}"));
        let count = write_at(&wrong, time) as u64;
        let summary = land(&bittern, &[&wrong]).await.unwrap();
        assert_eq!((summary.events, summary.quarantined), (0, count), "{time}: {summary:?}");
    }
    bittern.refresh().await.unwrap();
    assert_eq!(rows(&bittern, "SELECT DISTINCT reason FROM quarantine").await, ["{\"reason\":\"its time cannot be read\"}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn undated_acts_are_read_for_secrets_but_never_counted_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let mut lines = String::new();
    for number in 0..300 {
        let channel = r#""channel_id":"C1","device_name":"pc","surface":"chat""#;
        lines.push_str(&format!(r#"{{"event_time":"","action":"file_downloaded","actor_id":"U1","file_id":"F{number}",{channel}}}"#));
        lines.push('\n');
        lines.push_str(&format!(r#"{{"event_time":"","action":"search","actor_id":"U1","search_query":"plan {number}",{channel}}}"#));
        lines.push('\n');
    }
    lines.push_str(&format!(r#"{{"event_time":"","action":"message_posted","actor_id":"U1","channel_id":"C1","text":"{secret}"}}"#));
    std::fs::write(raw.join("a.ndjson"), lines).unwrap();
    let mut bittern = open(folder.path()).await;
    let summary = land(&bittern, &[&raw]).await.unwrap();
    assert_eq!((summary.events, summary.undated), (601, 601), "{summary:?}");
    bittern.run(&bittern::pipeline::run::Settings::default(), &indicatif::ProgressBar::hidden()).await.unwrap();
    for table in ["activity_daily", "activity_hourly", "search_daily", "channel_daily", "device_daily"] {
        let sql = format!("SELECT count(*) AS n FROM {table}");
        assert_eq!(rows(&bittern, &sql).await, ["{\"n\":0}"], "{table}");
    }
    let alerts = rows(&bittern, "SELECT detection_id FROM alerts WHERE status = 'firing'").await;
    assert_eq!(alerts, ["{\"detection_id\":\"credential_in_message\"}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_bytes_end_in_events_or_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    small_logs(&folder.path().join("logs"), 2);
    let mut whole: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in std::fs::read_dir(folder.path().join("logs/raw")).unwrap() {
        for file in std::fs::read_dir(entry.unwrap().path()).unwrap().take(2) {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            whole.push((path.file_name().unwrap().to_string_lossy().into_owned(), bytes[..bytes.len().min(6_000)].to_vec()));
        }
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (0..whole.len(), proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), any::<bool>());
    let broken = folder.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    for number in 0..60 {
        let (which, edits, cut) = strategy.new_tree(&mut runner).unwrap().current();
        let (name, bytes) = &whole[which];
        let mut bytes = bytes.clone();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(bytes.len() * 2 / 3);
        }
        std::fs::write(broken.join(format!("{number}-{name}")), bytes).unwrap();
    }
    for number in 0..40 {
        let noise = proptest::collection::vec(any::<u8>(), 0..3_000).new_tree(&mut runner).unwrap().current();
        let name = ["x.json", "x.csv", "x.eml", "x.gz", "x.zst", "x.parquet"][number % 6];
        let magic: &[u8] = [&b"[{"[..], b"a,b\n", b"From: ", &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"PAR1"][number % 6];
        std::fs::write(broken.join(format!("n{number}-{name}")), [magic, &noise].concat()).unwrap();
    }
    let bittern = open(folder.path()).await;
    let summary = land(&bittern, &[&broken]).await.unwrap();
    assert_eq!(summary.objects, 100);
    assert!(summary.quarantined > 0 && summary.events > 0, "{summary:?}");
}

#[test]
fn at_least_sixty_vendor_actions_are_mapped() {
    let mapped: usize = Source::ALL
        .iter()
        .flat_map(|source| source.mapped_actions())
        .filter(|(_, action)| *action != bittern::event::Action::Other)
        .count();
    assert!(mapped >= 60, "{mapped}");
}
