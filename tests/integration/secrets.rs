//! Credentials stand in clear in raw objects and in `events`, and nowhere else; with `ingest.redact` not there either.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Secrets of several kinds, each with what stands around it in a message.
pub fn canaries() -> Vec<(String, &'static str)> {
    vec![
        (["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat(), "token "),
        (["Zx9", "-Kranich!47"].concat(), "the password is "),
        (["AKIA", "Q6XVR3GZ7NPW2KTH"].concat(), "key id "),
        (["Reiher", "Moor7731"].concat(), "mysql -u root -p"),
        (["Teich", "huhn_55x"].concat(), "postgres://app:"),
    ]
}

/// The forms in which a secret could slip through: as it is, reversed, hex, base64 at each alignment, percent-encoded.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut forms = vec![bytes.to_vec(), bytes.iter().rev().copied().collect()];
    forms.push(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes());
    for shift in 0..3 {
        // The first and last characters depend on the neighbours.
        let text = STANDARD_NO_PAD.encode([&[0u8; 3][..shift], bytes].concat());
        forms.push(text.as_bytes()[if shift == 0 { 0 } else { 4 }..text.len() - 2].to_vec());
    }
    forms.push(percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string().into_bytes());
    forms
}

pub fn logs(folder: &Path) -> PathBuf {
    let mut text = String::new();
    for (number, (canary, before)) in canaries().iter().enumerate() {
        let behind = if before.starts_with("postgres") { "@db.example.com/app" } else { "" };
        let said = format!("{before}{canary}{behind} ok?");
        let rows = [
            serde_json::json!({
                "event_id": format!("c:{number}"), "event_time": format!("2026-03-05T10:2{number}:00Z"), "action": "message_posted",
                "actor_id": "U1", "channel_id": "C1", "channel_name": "general", "text": said,
            }),
            serde_json::json!({
                "event_id": format!("f:{number}"), "event_time": format!("2026-03-05T11:2{number}:00Z"), "action": "file_uploaded",
                "actor_id": "U1", "channel_id": "C1", "file_id": format!("F{number}"), "file_name": format!("{said}.txt"),
                "attributes": serde_json::json!({"note": said}).to_string(), "target": said,
            }),
            serde_json::json!({
                "event_id": format!("s:{number}"), "event_time": format!("2026-03-05T12:2{number}:00Z"), "action": "search",
                "actor_id": "U1", "search_query": said,
            }),
        ];
        text.extend(rows.iter().map(|row| format!("{row}\n")));
        // Broken lines with a credential: quarantine names the place, never the line.
        text.push_str(&format!("{{\"event_id\":\"x\",\"event_time\":\"{canary}\",\"action\":7}}\n{{\"text\":\"{said}\n"));
    }
    let path = folder.join("in.ndjson");
    std::fs::write(&path, text).unwrap();
    path
}

fn bittern(folder: &Path, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_bittern"))
        .args(["--config", "bittern.toml", "--log", "debug"])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0..=3)), "{args:?}: {output:?}");
    output
}

/// Tables but those that may hold what people wrote.
const TABLES: &str =
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT IN ('events', 'acts')";

/// Lands, runs, reports and asks wrongly, all at debug level; returns everything that was written, by name.
fn everything(folder: &Path, redact: bool) -> Vec<(String, Vec<u8>)> {
    std::fs::write(folder.join("bittern.toml"), format!("lake = \"lake\"\nkey_file = \"key\"\n[ingest]\nredact = {redact}\n")).unwrap();
    let raw = logs(folder);
    let mut written = Vec::new();
    let commands: [&[&str]; 6] = [
        &["ingest", raw.to_str().unwrap(), "--format", "json"],
        &["run", "--format", "json"],
        &["report", "--out", "report.html"],
        &["status"],
        &["sql", "-c", "SELECT * FROM alerts", "--format", "json"],
        // A value that cannot be cast stands in the engine's own message.
        &["sql", "-c", "SELECT CAST(text AS BIGINT) AS n FROM events WHERE text IS NOT NULL ORDER BY event_id"],
    ];
    for args in commands {
        let output = bittern(folder, args);
        written.push((format!("stdout of {}", args[0]), output.stdout));
        written.push((format!("stderr of {}", args[0]), output.stderr));
    }
    written.extend(tables(folder));
    for path in files(folder) {
        if path != raw && !path.ends_with("key") {
            written.push((path.strip_prefix(folder).unwrap().display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    written
}

/// What every table but those of [`TABLES`] says.
fn tables(folder: &Path) -> Vec<(String, Vec<u8>)> {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let bittern = crate::open(folder).await;
        let mut dumped = Vec::new();
        for table in crate::rows(&bittern, TABLES).await {
            let named: serde_json::Value = serde_json::from_str(&table).unwrap();
            let sql = format!("SELECT * FROM {}", named["table_name"].as_str().unwrap());
            dumped.push((sql.clone(), crate::rows(&bittern, &sql).await.join("\n").into_bytes()));
        }
        dumped
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn answer(folder: &Path, sql: &str) -> String {
    String::from_utf8(bittern(folder, &["sql", "--format", "json", "-c", sql]).stdout).unwrap()
}

pub fn holds(bytes: &[u8], canary: &str) -> bool {
    forms(canary).iter().any(|form| memchr::memmem::find(bytes, form).is_some())
}

#[test]
fn a_credential_leaves_no_trace_outside_events_and_with_redact_none_at_all() {
    let (plain, masked) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let written = everything(plain.path(), false);
    std::fs::copy(plain.path().join("key"), masked.path().join("key")).unwrap();
    let written_masked = everything(masked.path(), true);
    for (canary, _) in canaries() {
        for (name, bytes) in &written {
            let event_file = name.starts_with("lake/events/") && name.ends_with(".parquet");
            assert!(event_file || !holds(bytes, &canary), "{name} holds a credential");
        }
        for (name, bytes) in &written_masked {
            assert!(!holds(bytes, &canary), "with redact {name} holds a credential");
        }
        let left =
            format!("SELECT * FROM events WHERE concat_ws(' ', text, search_query, file_name, target, attributes) LIKE '%{canary}%'");
        assert_eq!(answer(masked.path(), &left), "");
    }
    let kept = answer(plain.path(), "SELECT text FROM events WHERE event_id = 'c:0'");
    assert!(kept.contains(&canaries()[0].0), "events keep what was said");

    let findings = "SELECT event_id, field, rule, kind, confidence, masked, fingerprint, start_byte, end_byte FROM credential_findings \
                    ORDER BY event_id, field, start_byte";
    let found = answer(plain.path(), findings);
    assert!(found.lines().count() >= 3 * canaries().len(), "every canary is found wherever it stands: {found}");
    assert_eq!(found, answer(masked.path(), findings));
    let alerts = "SELECT alert_id, summary FROM alerts WHERE detection_id LIKE 'credential%' ORDER BY alert_id";
    assert_eq!(answer(plain.path(), alerts), answer(masked.path(), alerts));
    // Landing the same again tells nothing twice.
    bittern(masked.path(), &["ingest", "--again", "in.ndjson"]);
    bittern(masked.path(), &["run", "credential_findings"]);
    assert_eq!(found, answer(masked.path(), findings));
}
