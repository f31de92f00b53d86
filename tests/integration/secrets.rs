//! Credentials stand in clear in raw objects and in `events`, and nowhere else.

use bittern::pipeline::run::Settings;
use bittern::report;
use indicatif::ProgressBar;

use crate::{land, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_leaves_no_trace_outside_events() {
    let folder = tempfile::tempdir().unwrap();
    let canaries =
        [["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat(), ["Zx9", "-Kranich!47"].concat(), ["AKIA", "Q6XVR3GZ7NPW2KTH"].concat()];
    let mut lines = Vec::new();
    for (number, canary) in canaries.iter().enumerate() {
        lines.push(serde_json::json!({
            "event_id": format!("c:{number}"), "event_time": format!("2026-03-05T10:2{number}:00Z"), "action": "message_posted",
            "actor_id": "U1", "channel_id": "C1", "channel_name": "general", "text": format!("the password is {canary} ok? {canary}"),
        }));
        lines.push(serde_json::json!({
            "event_id": format!("f:{number}"), "event_time": format!("2026-03-05T11:2{number}:00Z"), "action": "file_uploaded",
            "actor_id": "U1", "channel_id": "C1", "file_id": format!("F{number}"), "file_name": format!("password={canary}.txt"),
        }));
        lines.push(serde_json::json!({
            "event_id": format!("s:{number}"), "event_time": format!("2026-03-05T12:2{number}:00Z"), "action": "search", "actor_id": "U1",
            "search_query": format!("password {canary}"),
        }));
    }
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // A broken line with a credential: quarantine names the place, never the line.
    text.push_str(&format!("{{\"event_id\":\"x\",\"event_time\":\"{}\",\"action\":7}}\n{{\"text\":\"{}\n", canaries[1], canaries[0]));
    std::fs::write(folder.path().join("in.ndjson"), text).unwrap();

    let mut bittern = open(folder.path()).await;
    let summary = land(&bittern, &[&folder.path().join("in.ndjson")]).await.unwrap();
    assert_eq!((summary.events, summary.quarantined), (9, 2), "{summary:?}");
    bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();
    let found = crate::rows(&bittern, "SELECT DISTINCT fingerprint FROM credential_findings").await;
    assert!(found.len() >= 3, "the canaries are found: {found:?}");
    let page = report::html(&bittern.context, &bittern.policy).await.unwrap();

    let mut seen_in_events = false;
    for canary in &canaries {
        assert!(!page.contains(canary.as_str()), "the report holds {canary}");
        for path in files(&folder.path().join("lake")) {
            let bytes = std::fs::read(&path).unwrap();
            let holds = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            let event_file = path.components().any(|part| part.as_os_str() == "events") && path.extension().is_some_and(|e| e == "parquet");
            seen_in_events |= holds && event_file;
            assert!(!holds || event_file, "{} holds a credential", path.display());
        }
    }
    // Compressed text need not show; the rows themselves do.
    let kept = crate::rows(&bittern, "SELECT text FROM events WHERE event_id = 'c:0'").await;
    assert!(seen_in_events || kept[0].contains(&canaries[0]));
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
