//! The real program: what it prints, and its exit codes.

use std::process::{Command, Output};

fn bittern(folder: &std::path::Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bittern"))
        .args(args)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("BITTERN_LAKE")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn wrong_use_is_exit_code_two_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = bittern(folder.path(), &["sql", "-c", "SELECT nothing FROM nowhere"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = bittern(folder.path(), &["run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("say where the lake is"), "{}", text(&output.stderr));
    let output = bittern(folder.path(), &["--lake", "l", "ingest", "missing.ndjson"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nothing lies at `missing.ndjson`"), "{}", text(&output.stderr));
    let output = bittern(folder.path(), &["--lake", "l", "sql", "-c", "DROP TABLE events"]);
    assert_ne!(output.status.code(), Some(0), "only reading is allowed");
}

#[test]
fn data_goes_to_stdout_in_the_format_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "SELECT 1 AS n, '=1+1' AS formula, chr(27) AS escape";
    let json = bittern(folder.path(), &["sql", "-c", sql, "--format", "json"]);
    assert_eq!(text(&json.stdout), "{\"n\":1,\"formula\":\"=1+1\",\"escape\":\"\\u001b\"}\n");
    let csv = bittern(folder.path(), &["sql", "-c", sql, "--format", "csv"]);
    assert_eq!(text(&csv.stdout), "n,formula,escape\n1,'=1+1,\u{1b}\n");
    let table = bittern(folder.path(), &["sql", "-c", sql]);
    assert!(!text(&table.stdout).contains('\u{1b}') && text(&table.stdout).contains("\\u{1b}"), "{}", text(&table.stdout));
}

#[test]
fn the_help_of_every_command_is_as_written_down() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["", "demo", "ingest", "run", "plan", "sql", "report", "status", "check", "test", "generate"] {
        let args: Vec<&str> = if command.is_empty() { vec!["--help"] } else { vec![command, "--help"] };
        let output = bittern(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{command}");
        insta::assert_snapshot!(format!("help_{command}"), text(&output.stdout));
    }
}

#[test]
fn check_names_every_problem_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let sql = folder.path().join("sql/detections");
    std::fs::create_dir_all(&sql).unwrap();
    std::fs::write(
        sql.join("mine.sql"),
        "-- title = \"Mine\"\n-- severity = \"low\"\n-- interval = \"1 hour\"\n-- entity = \"person_id\"\n\
         SELECT event_time AS interval_time, person_id AS entity_id, 'x' AS summary FROM acts\n\
         WHERE event_time >= $interval_start - INTERVAL '3 days' AND event_time < $interval_end AND event_time < now()\n",
    )
    .unwrap();
    std::fs::write(sql.join("broken.sql"), "-- title = \"B\"\n-- colour = 1\nSELECT 1\n").unwrap();
    std::fs::write(folder.path().join("bittern.toml"), "sql = \"sql\"\n").unwrap();
    let output = bittern(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    for expected in [
        "broken.sql:2:4: the header is wrong: unknown field `colour`",
        "mine.sql:6:105: `now()` makes the answer depend on when it runs",
        "mine.sql: reads `events` 3.0 days before its interval, but `reads` says 0.0 days",
        "mine.sql: say in `known_gaps` what it cannot see",
        "mine.sql: it has no cases: write mine.slt beside it",
    ] {
        assert!(found.contains(expected), "{expected}\nin:\n{found}");
    }
}

#[test]
fn the_built_in_files_are_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let policy = crate::repository().join("sample_data/policy");
    let output = bittern(folder.path(), &["check", "--policy", &policy.display().to_string()]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "everything is in order\n".to_owned()), "{}", text(&output.stderr));
}
