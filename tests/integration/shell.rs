//! `sql` as scripts use it, names that are seen and written down, and `status`. (What needs a terminal is in `.ci/shell`.)

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::{land, open, repository, rows};

fn bittern(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bittern"));
    command.args(args).current_dir(folder).env_remove("BITTERN_LAKE").env("USER", "ana").env("XDG_CONFIG_HOME", folder.join(".config"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn done(folder: &Path, args: &[&str]) -> String {
    let output = bittern(folder, args, "");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(folder: &Path, args: &[&str]) -> String {
    let output = bittern(folder, args, "");
    assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn shell_scripts_run_statements_and_commands_and_say_where_one_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let output =
        bittern(here, &["sql", "--format", "csv"], "SELECT 'a;b' AS one;\n-- a comment; with one\nSELECT 2 AS two; SELECT\n 3 AS three\n");
    assert_eq!(text(&output.stdout), "one\na;b\ntwo\n2\nthree\n3\n", "{}", text(&output.stderr));
    let output =
        bittern(here, &["sql"], "\\x on\nSELECT 1 AS a, 2 AS b;\n\\format markdown\n\\x off\nSELECT 1 AS a;\n\\q\nSELECT 9 AS never;\n");
    assert_eq!(text(&output.stdout), "-[ 1 ]\na | 1\nb | 2\n| a |\n|---|\n| 1 |\n", "{}", text(&output.stderr));

    std::fs::write(here.join("q.sql"), "SELECT 1;\n\nSELECT *\nFROM nowhere_at_all;\nSELECT 2;\n").unwrap();
    let output = bittern(here, &["sql", "-f", "q.sql", "--format", "csv"], "");
    assert_eq!((output.status.code(), text(&output.stdout).contains('2')), (Some(2), false));
    let told = text(&output.stderr);
    assert!(told.starts_with("error: q.sql:4:6: ") && told.contains("\n  FROM nowhere_at_all\n       ^\n"), "{told}");
    let told = refused(here, &["sql", "-c", "SELECT 1 AS a,, 2"]);
    assert!(told.contains("column 15: ") && told.contains("\n  SELECT 1 AS a,, 2\n                ^"), "{told}");
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let told = refused(here, &["sql", "-c", &format!("SELECT '{secret}' FROM nowhere_at_all")]);
    assert!(told.contains("nowhere_at_all") && !told.contains(&secret), "an error shows no credential: {told}");
    assert!(refused(here, &["sql", "-c", "\\nothing"]).contains("there is no command `\\nothing`"));
    std::fs::write(here.join("rows.csv"), "word,n\na,1\n").unwrap();
    let described = done(here, &["sql", "--table", "t=rows.csv", "-c", "\\d t"]);
    assert!(described.starts_with("table t\n") && described.contains("word"), "{described}");
    assert!(done(here, &["sql", "--table", "t=rows.csv", "-c", "\\dt"]).contains(" t "));
    assert!(done(here, &["sql", "-c", "\\df credential_match"]).contains("credential_match(text)"));
    std::fs::write(here.join("loop.sql"), "\\i loop.sql\n").unwrap();
    assert!(refused(here, &["sql", "-f", "loop.sql"]).contains("is run by a file that it runs"));
}

#[test]
fn shell_answers_go_into_files_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let sql = "SELECT 1 AS n, 'a|b' AS text, [1, 2] AS list UNION ALL SELECT 2, NULL, NULL ORDER BY n";
    done(here, &["sql", "-c", sql, "--format", "parquet", "--out", "rows.parquet"]);
    let read = done(here, &["sql", "--table", "t=rows.parquet", "-c", "SELECT n, text, list FROM t ORDER BY n", "--format", "json"]);
    assert_eq!(read, "{\"n\":1,\"text\":\"a|b\",\"list\":[1,2]}\n{\"n\":2}\n");
    assert!(refused(here, &["sql", "-c", sql, "--format", "parquet"]).contains("--out FILE"));
    assert!(refused(here, &["sql", "-c", "SELECT 1; SELECT 2", "--format", "parquet", "--out", "two.parquet"]).contains("holds one"));
    done(here, &["sql", "-c", "SELECT 1 AS a; SELECT 2 AS a", "--format", "csv", "--out", "two.csv"]);
    assert_eq!(std::fs::read_to_string(here.join("two.csv")).unwrap(), "a\n1\na\n2\n");
    assert_eq!(done(here, &["sql", "-c", sql, "--format", "markdown"]).lines().nth(2), Some("| 1 | a\\|b | \\[1, 2\\] |"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shell_names_are_seen_by_whoever_says_why_and_status_says_who() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    crate::small_logs(&here.join("logs"), 5);
    let installation = open(here).await;
    land(&installation, &[&here.join("logs/raw")]).await.unwrap();
    let settings = |names: bool| {
        let policy = repository().join("sample_data/policy").display().to_string();
        std::fs::write(here.join("bittern.toml"), format!("lake = \"lake\"\nkey_file = \"key\"\nnames = {names}\npolicy = {policy:?}\n"))
            .unwrap();
    };
    settings(false);
    let sql = "SELECT count(*) AS named FROM events WHERE actor_email LIKE '%@%'";
    assert_eq!(done(here, &["sql", "-c", sql, "--format", "csv"]), "named\n0\n", "accounts are pseudonyms");
    assert!(refused(here, &["sql", "-c", "SELECT name FROM policy_people"]).contains("name"));
    assert!(refused(here, &["report", "--names"]).contains("--unmask --why"));
    let output = bittern(here, &["sql", "--unmask", "-c", "SELECT 1"], "");
    assert_eq!(output.status.code(), Some(2), "without a reason nothing is unmasked");
    assert!(refused(here, &["sql", "--unmask", "--why", " ", "-c", "SELECT 1"]).contains("say why"));

    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let asked = format!("SELECT count(*) > 0 AS named FROM events WHERE actor_email LIKE '%@%' AND text NOT LIKE '%{secret}%'");
    assert_eq!(done(here, &["sql", "--unmask", "--why", "INC-204", "-c", &asked, "--format", "csv"]), "named\ntrue\n");
    done(here, &["alerts", "list", "--unmask", "--why", "INC-204", "--as", "ben"]);
    done(here, &["hunt", "night_activity", "--unmask", "--why", "INC-205"]);

    let mut again = open(here).await;
    again.refresh().await.unwrap();
    let kept = rows(&again, "SELECT \"by\", why, command, what FROM unmaskings").await;
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept[0].starts_with("{\"by\":\"ana\",\"why\":\"INC-204\",\"command\":\"sql\",\"what\":\"SELECT count(*) > 0"), "{kept:?}");
    assert!(!kept.concat().contains(&secret) && kept[2].contains("alerts list"), "{kept:?}");

    let told = done(here, &["status"]);
    for part in ["Who saw names", "INC-205", "late p50", "slack_audit", "Storage", "events", "vendor_anomaly", "jobs have stale answers"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let lines = done(here, &["status", "--format", "json"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let about = |what: &str| lines.iter().filter(|line| line["about"] == what).collect::<Vec<_>>();
    assert_eq!(about("unmasking").len(), 3);
    let source = about("source").into_iter().find(|source| source["source"] == "slack_audit").unwrap();
    assert!(source["late_p50"].as_f64().unwrap() <= source["late_p99"].as_f64().unwrap(), "{source}");
    let missing = about("missing").into_iter().find(|row| row["source"] == "slack_audit" && row["column_name"] == "file_size").unwrap();
    assert_eq!(missing["missing"], missing["events"], "Slack's audit log has no sizes: {missing}");
    let blind = about("detection").into_iter().find(|row| row["detection_id"] == "vendor_anomaly").unwrap();
    assert!(blind["blind"].as_str().is_some_and(|why| why.contains("vendor_anomaly")), "{blind}");
    let events = about("storage").into_iter().find(|row| row["table"] == "events").unwrap();
    assert!(events["files"].as_u64() == events["small_files"].as_u64() && events["bytes"].as_u64() > Some(0), "{events}");
    let metrics = done(here, &["status", "--metrics"]);
    for line in [
        "bittern_source_lateness_seconds{source=\"slack_audit\",quantile=\"0.95\"}",
        "bittern_detection_blind{detection=\"vendor_anomaly\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }

    settings(true);
    assert_eq!(
        done(here, &["sql", "-c", "SELECT count(*) > 0 AS named FROM policy_people WHERE name IS NOT NULL", "--format", "csv"]),
        "named\ntrue\n"
    );
}
