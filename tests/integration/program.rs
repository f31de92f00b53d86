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
fn tables_are_files_folders_with_parts_and_delta_tables() {
    let folder = tempfile::tempdir().unwrap();
    for (part, rows) in [("day=2026-03-01/n=1", "a\n1\n2\n"), ("day=2026-03-02/n=2", "a\n3\n")] {
        std::fs::create_dir_all(folder.path().join("t").join(part)).unwrap();
        std::fs::write(folder.path().join("t").join(part).join("x.csv"), rows).unwrap();
    }
    let sql = "SELECT arrow_typeof(day) AS type, n + a AS sum FROM t WHERE day = DATE '2026-03-02'";
    let output = bittern(folder.path(), &["sql", "--table", "t=t", "-c", sql, "--format", "json"]);
    assert_eq!(text(&output.stdout), "{\"type\":\"Date32\",\"sum\":5}\n", "{}", text(&output.stderr));
    let output =
        bittern(folder.path(), &["sql", "--table", "t=t/day=2026-03-01/n=1/x.csv", "-c", "SELECT sum(a) AS s FROM t", "--format", "csv"]);
    assert_eq!(text(&output.stdout), "s\n3\n", "{}", text(&output.stderr));

    std::fs::create_dir_all(folder.path().join("t/other=1")).unwrap();
    std::fs::write(folder.path().join("t/other=1/x.csv"), "a\n1\n").unwrap();
    let output = bittern(folder.path(), &["sql", "--table", "t=t", "-c", "SELECT 1 FROM t"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("different `key=value` folders"), "{}", text(&output.stderr));

    let event = r#"{"event_id":"e1","event_time":"2026-03-02T10:00:00Z","action":"login","actor_id":"U1","source":"x"}"#;
    std::fs::write(folder.path().join("e.ndjson"), event).unwrap();
    let output = bittern(folder.path(), &["--lake", "l", "ingest", "--source", "events", "e.ndjson"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let sql = "SELECT actor_id, event_date FROM d";
    let output = bittern(folder.path(), &["sql", "--table", "d=l/events", "-c", sql, "--format", "csv"]);
    assert_eq!(text(&output.stdout), "actor_id,event_date\nU1,2026-03-02\n", "{}", text(&output.stderr));
    let output = bittern(folder.path(), &["sql", "--table", "d=nowhere", "-c", "SELECT 1"]);
    assert!(text(&output.stderr).contains("cannot read table `d` at `nowhere`"), "{}", text(&output.stderr));
}

#[test]
fn the_help_of_every_command_is_as_written_down() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "",
        "demo",
        "ingest",
        "run",
        "plan",
        "schedule",
        "maintain",
        "sql",
        "hunt",
        "backtest",
        "explain",
        "report",
        "serve",
        "user",
        "status",
        "check",
        "test",
        "credentials",
        "generate",
        "init",
        "alerts",
        "deliver",
        "completions",
        "man",
    ] {
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

#[test]
fn texts_are_scanned_as_json_lines_plain_lines_and_parquet_alike() {
    let folder = tempfile::tempdir().unwrap();
    let token = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let texts = [format!("é use {token} for now"), "nothing here".to_owned(), format!("{token} and the password is Tern-91!x")];
    let json: String =
        texts.iter().enumerate().map(|(n, text)| format!("{}\n", serde_json::json!({"id": n + 1, "text": text, "lang": "en"}))).collect();
    std::fs::write(folder.path().join("t.jsonl"), &json).unwrap();
    std::fs::write(folder.path().join("t.txt"), texts.join("\n")).unwrap();
    let column = arrow::array::StringArray::from(texts.to_vec());
    let batch = arrow::array::RecordBatch::try_from_iter([("words", std::sync::Arc::new(column) as arrow::array::ArrayRef)]).unwrap();
    let file = std::fs::File::create(folder.path().join("t.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let scan = |args: &[&str]| {
        let output = bittern(folder.path(), &[&["credentials", "scan"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let found = scan(&["t.jsonl"]);
    let rows: Vec<serde_json::Value> = found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3, "{found}");
    assert_eq!(
        (&rows[0]["id"], &rows[0]["start"], &rows[0]["end"], &rows[0]["masked"]),
        (&1.into(), &7.into(), &47.into(), &"ghp_****".into())
    );
    assert_eq!(rows[0]["fingerprint"], rows[1]["fingerprint"], "the same secret has one fingerprint");
    assert!(!found.contains(&token));
    assert_eq!(found, scan(&["--lines", "t.txt"]));
    assert_eq!(found, scan(&["--column", "words", "t.parquet"]));
    assert_eq!(scan(&["t.jsonl", "--min-confidence", "1.01"]), "");

    std::fs::write(folder.path().join("bad.jsonl"), format!("{{\"text\":7}}\n{json}")).unwrap();
    let output = bittern(folder.path(), &["credentials", "scan", "bad.jsonl"]);
    assert_eq!(output.status.code(), Some(3), "what is no text is named, the rest is scanned");
    assert!(text(&output.stderr).contains("bad.jsonl:1:9: this is no JSON object with a `text`"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 3);
}

#[test]
fn rules_of_ones_own_and_of_other_scanners_are_used_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = "[[rules]]\nid = \"acme-badge\"\ndescription = \"Acme badge\"\nregex = '''acmebadge-([0-9a-f]{24})'''\nsecretGroup = 1\n\
                  keywords = [\"acmebadge-\"]\npath = '''\\.env$'''\n";
    std::fs::write(folder.path().join("other.toml"), theirs).unwrap();
    std::fs::write(folder.path().join("bittern.toml"), "rules = [\"other.toml\"]\n").unwrap();
    let checked = bittern(folder.path(), &["credentials", "rules", "check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
    assert!(text(&checked.stdout).contains("acme-badge"), "what is not used is said by name: {}", text(&checked.stdout));
    let sql = format!("SELECT credential_find('acmebadge-{}{}')[1]['rule'] AS rule", "9f8e7d6c5b4a", "392817065f4e");
    let found = bittern(folder.path(), &["sql", "-c", &sql, "--format", "json"]);
    assert_eq!(text(&found.stdout), "{\"rule\":\"acme-badge\"}\n", "{}", text(&found.stderr));

    // Of another scanner's file the rest is used; a file of our own is refused.
    let broken = "[[rules]]\nid = \"broken\"\ndescription = \"x\"\nregex = \"acme(\"\nkeywords = [\"acme\"]\n";
    std::fs::write(folder.path().join("other.toml"), format!("{broken}{theirs}")).unwrap();
    let checked = bittern(folder.path(), &["credentials", "rules", "check"]);
    assert!(text(&checked.stdout).contains("broken"), "{}", text(&checked.stdout));
    assert_eq!(bittern(folder.path(), &["sql", "-c", &sql, "--format", "json"]).stdout, found.stdout);
    let own = "[[rule]]\nid = \"broken\"\ndescription = \"x\"\nkind = \"token\"\nconfidence = 0.9\nliterals = [\"acme\"]\npattern = \"acme(\"\nexamples = []\n";
    std::fs::write(folder.path().join("other.toml"), own).unwrap();
    let refused = bittern(folder.path(), &["sql", "-c", "SELECT 1 AS n"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stdout));
    assert!(text(&refused.stderr).contains("broken"), "{}", text(&refused.stderr));
}
