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
