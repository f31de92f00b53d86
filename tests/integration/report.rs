//! The report: what stands on it, what must not, and that nobody's text becomes markup.

use std::path::Path;
use std::process::Command;

use bittern::alerts::actions::{Decision, Verdict};
use bittern::clock::Clock;
use bittern::config::Config;
use bittern::event::{DAY, HOUR};
use bittern::interval::time_text;
use bittern::jobs::catalog::Catalog;
use bittern::pipeline::Bittern;
use bittern::pipeline::run;
use bittern::pipeline::triage::Decided;
use bittern::report::model::Report;
use bittern::report::queries;
use bittern::report::{Form, Settings, written};
use indicatif::ProgressBar;

use crate::land;

/// 2026-04-02, the last day of the small lake: a Thursday.
const LAST: i64 = 20_545;

/// Names that would do harm on a page, in a table or in a terminal.
const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)> | `c` [l](javascript:alert(3)) \u{202e}txt.exe\u{1b}[31m";

/// An installation whose pseudonyms are the same in every run.
async fn installation(folder: &Path, policy: &[(&str, &str)], detections: &[(&str, &str)]) -> Bittern {
    let (policies, sql) = (folder.join("policy"), folder.join("sql/detections"));
    std::fs::create_dir_all(&policies).unwrap();
    std::fs::create_dir_all(&sql).unwrap();
    std::fs::write(folder.join("key"), [7u8; 48]).unwrap();
    for (name, text) in policy {
        std::fs::write(policies.join(name), text).unwrap();
    }
    for (name, text) in detections {
        std::fs::write(sql.join(format!("{name}.sql")), text).unwrap();
    }
    let config = Config { policy: Some(policies), key_file: Some(folder.join("key")), sql: Some(folder.join("sql")), ..Config::default() };
    // The morning after the last day.
    let clock = Clock::Fixed((LAST + 1) * DAY + 6 * HOUR);
    Bittern::open(&config, &folder.join("lake").display().to_string(), clock).await.unwrap()
}

const PEOPLE: &str = "person,name,email,ids,group,department,role,start_date
P1,Ana Reed,ana@example.com,slack:U1,Sales,Sales,Seller,2020-01-01
P2,Ben Marsh,ben@example.com,slack:U2,R&D,R&D,Engineer,2020-01-01
P3,Cleo Fen,cleo@example.com,slack:U3,Executives,Board,Chief,2020-01-01
P4,Dan Weir,dan@example.com,slack:U4,Sales,Sales,Seller,2020-01-01
P5,Eve Pond,eve@example.com,slack:U5,Sales,Sales,Seller,2020-01-01
P6,Fay Brook,fay@example.com,slack:U6,Sales,Sales,Seller,2020-01-01
P7,Gus Lake,gus@example.com,slack:U7,Sales,Sales,Seller,2020-01-01
";

/// Five weeks of downloads of seven people; on the last day one takes sixty files, and one posts a token that stands in two channels.
fn logs(folder: &Path) -> std::path::PathBuf {
    let token = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let mut text = String::new();
    let mut add = |event: serde_json::Value| text.push_str(&format!("{event}\n"));
    for day in LAST - 34..=LAST {
        for person in 1..=7 {
            let files = if person == 2 && day == LAST { 60 } else { 2 + (day + person) % 2 };
            for file in 0..files {
                let time = day * DAY + 9 * HOUR + file * 60_000_000;
                add(serde_json::json!({
                    "event_id": format!("d:{day}:{person}:{file}"), "event_time": time_text(time), "action": "file_downloaded",
                    "outcome": "success", "surface": "chat", "source": "slack_audit", "actor_id": format!("U{person}"),
                    "actor_class": "human", "file_id": format!("F{day}{person}{file}"), "file_name": format!("plan-{file}.pdf"),
                }));
            }
        }
    }
    for (number, (channel, hour)) in [("C1", 10), ("C2", 12)].into_iter().enumerate() {
        add(serde_json::json!({
            "event_id": format!("m:{number}"), "event_time": time_text(LAST * DAY + hour * HOUR), "action": "message_posted", "outcome": "success",
            "surface": "chat", "source": "slack_messages", "actor_id": "U1", "channel_id": channel, "channel_name": format!("team-{channel}"),
            "channel_type": "public", "message_id": format!("M{number}"), "text": format!("token {token} here"),
        }));
    }
    add(serde_json::json!({
        "event_id": "x:1", "event_time": time_text(LAST * DAY + 11 * HOUR), "action": "message_deleted", "outcome": "success",
        "surface": "chat", "source": "slack_messages", "actor_id": "U1", "channel_id": "C1", "message_id": "M0",
    }));
    add(serde_json::json!({
        "event_id": "s:1", "event_time": time_text(LAST * DAY + 13 * HOUR), "action": "search", "outcome": "success", "surface": "chat",
        "source": "slack_search", "actor_id": "U2", "actor_class": "human", "search_query": token,
    }));
    let path = folder.join("logs.ndjson");
    std::fs::write(&path, text).unwrap();
    path
}

/// What the small lake's report needs; the other detections have their own tests.
const JOBS: [&str; 4] = ["bulk_download", "credential_in_message", "search_daily", "activity_hourly"];

async fn small_lake(folder: &Path, policy: &[(&str, &str)]) -> Bittern {
    let mut bittern = installation(folder, policy, &[]).await;
    land(&bittern, &[&logs(folder)]).await.unwrap();
    run_jobs(&mut bittern, &JOBS).await;
    bittern
}

async fn run_jobs(bittern: &mut Bittern, jobs: &[&str]) {
    let jobs = jobs.iter().map(ToString::to_string).collect();
    bittern.run(&run::Settings { jobs, ..run::Settings::default() }, &ProgressBar::hidden()).await.unwrap();
}

async fn report(bittern: &Bittern, settings: &Settings) -> Report {
    bittern.report(settings, &ProgressBar::hidden()).await.unwrap()
}

fn html(report: &Report) -> String {
    written(report, Form::Html).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_lake_has_its_report_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let bittern = small_lake(folder.path(), &[("people.csv", PEOPLE)]).await;
    let made = report(&bittern, &Settings { names: true, ..Settings::default() }).await;
    let markdown = written(&made, Form::Markdown).unwrap();
    insta::assert_snapshot!("report_small", without_counts(&markdown));

    // The page: each card in its place, its chart with the numbers in words, the way of the secret, no link into nothing.
    let page = html(&made);
    for expected in [
        "<h1>Thursday 2 April 2026</h1>",
        "aria-label=\"files taken a day: 60 on 2 Apr, usual 2.5 \u{b1} 1.9\"",
        "Ben Marsh",
        "Posted in #team-C1, a public channel",
        "Removed from #team-C1, a public channel after 60 minutes",
        "Also posted in #team-C2, a public channel",
        "Searched for word by word by Ben Marsh",
        "cannot fire",
        "no source delivered vendor_anomaly in sixty days",
    ] {
        assert!(page.contains(expected), "{expected}\nin:\n{page}");
    }
    links_lead_somewhere(&page);
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<std::collections::BTreeSet<_>>().len(), "each id once: {ids:?}");
    let token = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let json = written(&made, Form::Json).unwrap();
    for text in [&page, &markdown, &json] {
        assert!(!text.contains(&token), "a secret in clear");
    }
    // Somebody who is to learn of no single person gets counts.
    let counted = report(&bittern, &Settings { aggregate: true, ..Settings::default() }).await;
    for form in [Form::Html, Form::Markdown, Form::Json] {
        let text = written(&counted, form).unwrap();
        assert!(text.contains("3 cases are open") && !text.contains("Ben Marsh"), "{text}");
        assert!(
            !made.open.iter().any(|case| text.contains(&case.entity_id) || text.contains(&case.case_id)),
            "{form:?} tells of one person"
        );
    }
    links_lead_somewhere(&html(&counted));
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((document["date"].as_str(), document["counts"]["open"].as_u64()), (Some("2026-04-02"), Some(3)));
    assert_eq!(json.lines().count(), 1, "one document, one line");

    // Without names nobody's stands anywhere.
    let hidden = report(&bittern, &Settings::default()).await;
    let page = html(&hidden);
    assert!(!page.contains("Ben Marsh") && page.contains(&hidden.people[0].person_id));

    // A day before all that knows nothing of it.
    let before = report(&bittern, &Settings { day: Some(i32::try_from(LAST - 1).unwrap()), ..Settings::default() }).await;
    assert_eq!((before.date.as_str(), before.counts.open, before.people.len()), ("2026-04-01", 0, 0));
    assert!(before.sentences[0].starts_with("No case is open"), "{:?}", before.sentences);
    switched_off_and_decided(folder.path(), bittern, &hidden).await;
}

/// The document without what changes with every new version, job and detection.
fn without_counts(markdown: &str) -> String {
    let jobs = regex::Regex::new(r"\d+ (answers are stale|detections cannot fire)").unwrap();
    let told = markdown.lines().filter(|line| !line.contains(" | 0 | 0 | ")).map(|line| format!("{line}\n")).collect::<String>();
    jobs.replace_all(&told.replace(env!("CARGO_PKG_VERSION"), "VERSION"), "N $1").into_owned()
}

fn links_lead_somewhere(page: &str) {
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{target}\"")), "a link to `{target}` leads nowhere");
    }
}

/// Groups that are switched off are not told of, decided cases are folded away.
async fn switched_off_and_decided(folder: &Path, bittern: Bittern, before: &Report) {
    let of_ana: Vec<String> =
        before.open.iter().filter(|case| case.detection_id == "credential_in_message").map(|case| case.case_id.clone()).collect();
    assert_eq!(of_ana.len(), 2);
    let close = Decided {
        decision: Decision::Close,
        verdict: Some(Verdict::TruePositive),
        comment: Some("revoked | <b>".into()),
        until: None,
        by: "eve".into(),
    };
    bittern.decide(&of_ana[..1], &close).await.unwrap();
    let suppress = Decided { decision: Decision::Suppress, verdict: None, comment: None, until: Some((LAST + 30) * DAY), by: "eve".into() };
    bittern.decide(&of_ana[1..], &suppress).await.unwrap();
    drop(bittern);

    // R&D goes unwatched afterwards: its alert stands in the table until the interval runs again, but nobody is shown it.
    let groups = "group,detection,monitored,why,who,until\nR&D,*,no,agreed,works council,\n";
    let bittern = installation(folder, &[("groups.csv", groups)], &[]).await;
    let after = report(&bittern, &Settings::default()).await;
    assert_eq!((after.open.len(), after.done.len(), before.done.len()), (0, 2, 0));
    assert!(after.people.iter().all(|person| person.group_name.as_deref() != Some("R&D")), "{:?}", after.people);
    let page = html(&after);
    assert!(page.contains("<details class=\"fold\" id=\"done\"><summary>2 cases closed or suppressed</summary>"));
    assert!(page.contains("closed: true positive") && page.contains("revoked | &lt;b&gt;"));
    assert!(page.contains("R&amp;D: * is off (agreed, works council"));
    let verdicts = after.detections.iter().find(|row| row.detection_id == "credential_in_message").unwrap();
    assert_eq!((verdicts.right, verdicts.benign, verdicts.wrong), (1, 0, 0));
    // Five sellers are a group; a single engineer and a single chief are none.
    assert_eq!(before.groups.iter().map(|group| (group.group_name.as_str(), group.people)).collect::<Vec<_>>(), [("Sales", 5)]);
    assert!(before.hours.iter().any(|cell| cell.events.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_lake_says_what_is_missing_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let bittern = installation(folder.path(), &[], &[]).await;
    assert_eq!(queries::problems(&bittern.context, &bittern.catalog).await, Vec::<String>::new());
    let made = report(&bittern, &Settings::default()).await;
    let todo: Vec<&str> = made.missing.iter().map(|missing| missing.todo.as_str()).collect();
    assert_eq!(todo, ["bittern ingest PATH...", "bittern run", "policy/people.csv, and --policy DIR"]);
    let page = html(&made);
    assert!(page.contains("There is nothing to report yet") && page.contains("<code>bittern ingest PATH...</code>"), "{page}");
    links_lead_somewhere(&page);
    assert!(written(&made, Form::Markdown).unwrap().contains("`bittern run`"));

    // A question of one's own that cannot be asked is named.
    let own = folder.path().join("sql/reports");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("hours.sql"), "-- title = \"Hours\"\nSELECT weekday FROM nowhere\n").unwrap();
    let catalog = Catalog::load(Some(&folder.path().join("sql"))).unwrap();
    let problems = queries::problems(&bittern.context, &catalog).await;
    assert!(problems.len() == 1 && problems[0].contains("reports/hours.sql cannot be planned"), "{problems:?}");
}

/// A detection whose every text is hostile, often enough that not every case has a card.
fn crowd(alerts: usize) -> String {
    let (hostile, bidi, escape) = (HOSTILE.replace(['\u{202e}', '\u{1b}'], ""), "chr(8238)", "chr(27)");
    format!(
        "-- title = \"T <script>alert(4)</script> | x\"\n-- severity = \"medium\"\n-- interval = \"1 day\"\n-- entity = \"person_id\"\n\
         -- known_gaps = \"<script>alert(5)</script>\"\n\
         SELECT d.day AS interval_time, '<b>p' || CAST(n.value AS VARCHAR) AS entity_id, '{hostile}' || {bidi} AS alert_key,\n\
           '<i>|Group' AS group_name, CAST(n.value AS DOUBLE) AS observed, 1.0 AS expected, 0.5 AS spread,\n\
           '{hostile}' || {bidi} || 'txt' || {escape} || '[31m' AS summary\n\
         FROM (SELECT max(date_trunc('day', event_time)) AS day FROM events WHERE event_time >= $interval_start AND event_time < $interval_end) AS d\n\
         CROSS JOIN generate_series(1, {alerts}) AS n\n\
         WHERE d.day IS NOT NULL\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_stays_text_and_many_alerts_stay_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let mut bittern = installation(folder.path(), &[("people.csv", PEOPLE)], &[("crowd", &crowd(1000))]).await;
    let event = serde_json::json!({
        "event_id": "e1", "event_time": time_text(LAST * DAY + HOUR), "action": "login", "actor_id": "U1", "source": "<script>alert(6)</script>|x",
    });
    let path = folder.path().join("e.ndjson");
    std::fs::write(&path, format!("{event}\n")).unwrap();
    land(&bittern, &[&path]).await.unwrap();
    run_jobs(&mut bittern, &["crowd", "source_coverage"]).await;
    let made = report(&bittern, &Settings::default()).await;
    assert_eq!(made.open.len(), 1000);
    assert_eq!(made.open.iter().filter(|case| case.detail.is_some()).count(), 100, "cards are few, cases none the less");

    let page = html(&made);
    assert_eq!(page.matches("<script").count(), 1, "ours alone");
    for tag in ["<img", "<b>p", "<i>", "javascript:alert(3)\"", "\u{202e}", "\u{1b}"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("\\u{202e}txt"), "shown, not hidden");
    assert!(page.contains("500 more cases: <code>bittern alerts list --state open --limit 10000</code>"), "what is cut is said");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    links_lead_somewhere(&page);

    let markdown = written(&made, Form::Markdown).unwrap();
    assert!(!markdown.contains("<script") && !markdown.contains("<img") && !markdown.contains('\u{202e}') && !markdown.contains('\u{1b}'));
    assert!(!markdown.contains(" [l]("), "no link but ours");
    for block in markdown.split("\n\n").filter(|block| block.starts_with("| ")) {
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let columns = cells(block.lines().next().unwrap());
        assert!(block.lines().all(|line| cells(line) == columns), "a table of one width:\n{block}");
    }
    serde_json::from_str::<serde_json::Value>(&written(&made, Form::Json).unwrap()).unwrap();
}

#[test]
fn a_page_goes_to_a_file_and_a_document_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let bittern = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bittern"))
            .args(args)
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("BITTERN_LAKE")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, out, err) = bittern(&["--lake", "l", "report"]);
    assert_eq!((code, out.as_str()), (Some(0), "bittern-report.html\n"), "{err}");
    assert!(std::fs::read_to_string(folder.path().join("bittern-report.html")).unwrap().starts_with("<!doctype html>"));
    let (code, out, _) = bittern(&["--lake", "l", "report", "--format", "json", "--date", "2026-03-02"]);
    assert_eq!((code, serde_json::from_str::<serde_json::Value>(&out).unwrap()["date"].as_str()), (Some(0), Some("2026-03-02")));
    for (args, message) in [
        (&["report", "--date", "yesterday"][..], "`yesterday` is no day like 2026-03-02"),
        (&["report", "--format", "csv"], "a report is no table"),
        (&["status", "--format", "markdown"], "is for `report`"),
    ] {
        let (code, _, err) = bittern(&[&["--lake", "l"], args].concat());
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(message), "{err}");
    }
}
