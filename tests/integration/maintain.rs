//! What maintenance may and may not change.

use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use bittern::clock::{Clock, Stop};
use bittern::config::{Config, Length};
use bittern::event::DAY;
use bittern::pipeline::Bittern;
use bittern::pipeline::run::Settings;
use indicatif::ProgressBar;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{NOW, assert_same, contents, land, rows, small_logs};

fn settings() -> Settings {
    Settings { jobs: crate::few(), ..Settings::default() }
}

fn quiet() -> ProgressBar {
    ProgressBar::hidden()
}

/// A lake over small logs, landed in as many pieces as there are objects, under the logs' own policy.
async fn lake(folder: &Path, seed: u64) -> (Config, Bittern) {
    small_logs(&folder.join("logs"), seed);
    let mut config = crate::config(folder, Some(folder.join("logs/policy")));
    config.maintain.small_files_min = 2;
    let bittern = opened(folder, &config, NOW).await;
    let mut paths: Vec<PathBuf> = files_below(&folder.join("logs/raw"));
    paths.sort();
    for path in paths {
        land(&bittern, &[&path]).await.unwrap();
    }
    (config, bittern)
}

async fn opened(folder: &Path, config: &Config, now: i64) -> Bittern {
    Bittern::open(config, &folder.join("lake").display().to_string(), Clock::Fixed(now)).await.unwrap()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

fn parquet_files(folder: &Path) -> usize {
    files_below(folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "parquet") && !path.to_string_lossy().contains("_delta_log"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_put_together_beside_a_reader_and_nothing_becomes_stale() {
    let folder = tempfile::tempdir().unwrap();
    let (config, mut bittern) = lake(folder.path(), 11).await;
    bittern.run(&settings(), &quiet()).await.unwrap();
    let before = contents(&mut bittern).await;
    let files = parquet_files(&folder.path().join("lake/events"));

    // A reader that opens the newest state again and again sees the same rows whatever happens beside it.
    let reader = opened(folder.path(), &config, NOW).await;
    let told = "SELECT count(*) AS n, count(DISTINCT event_id) AS ids, sum(length(event_id)) AS bytes FROM events";
    let expected = rows(&reader, told).await;
    let stop = Stop::default();
    let reading = tokio::spawn({
        let stop = stop.clone();
        async move {
            let mut reader = reader;
            let mut count = 0;
            while !stop.is_asked() {
                reader.refresh().await.unwrap();
                assert_eq!(rows(&reader, told).await, expected);
                count += 1;
            }
            count
        }
    });
    let planned = bittern.maintain(true, &Stop::default(), &quiet()).await.unwrap();
    assert_eq!(parquet_files(&folder.path().join("lake/events")), files, "a dry run does nothing");
    let summary = bittern.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    stop.ask();
    assert!(reading.await.unwrap() > 0);
    assert!(summary.failed.is_empty(), "{summary:?}");
    let of = |summary: &bittern::maintain::Summary, table: &str| {
        summary.actions.iter().find(|action| action.action == "compact" && action.table == table).cloned()
    };
    assert_eq!(of(&planned, "events"), of(&summary, "events"));
    assert!(of(&summary, "events").unwrap().files > files / 2, "{files} files: {summary:?}");

    let mut bittern = opened(folder.path(), &config, NOW).await;
    assert_same(&before, &contents(&mut bittern).await);
    for (job, todo) in bittern.plan(&settings()).await.unwrap() {
        assert!(todo.stale.is_empty(), "{job}: {:?}", todo.stale);
    }
    let again = bittern.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    assert_eq!(of(&again, "events"), None, "what was put together stays: {again:?}");
    // Sorted by action and time within each file.
    let mut late = opened(folder.path(), &config, NOW + 4_000 * DAY).await;
    late.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    let kept = parquet_files(&folder.path().join("lake/events"));
    assert!(kept < files / 2, "superseded files are deleted after a week: {kept}");
    for path in files_below(&folder.path().join("lake/events")).iter().filter(|path| path.to_string_lossy().contains("event_date=")) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap().build().unwrap();
        let mut last = String::new();
        for batch in reader {
            let batch = batch.unwrap();
            let actions = batch.column_by_name("action").unwrap().as_string::<i32>().clone();
            for action in actions.iter().flatten() {
                assert!(last.as_str() <= action, "{action} after {last}");
                action.clone_into(&mut last);
            }
        }
    }
    assert_same(&before, &contents(&mut late).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_takes_values_and_rows_and_seals_what_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, mut bittern) = lake(folder.path(), 12).await;
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let event = serde_json::json!({"event_id": "s:1", "event_time": "2026-03-03T10:20:00Z", "action": "message_posted", "surface": "chat",
        "source": "x", "actor_id": "U-X", "channel_id": "C-X", "text": format!("token {secret} here")});
    std::fs::write(folder.path().join("secret.ndjson"), event.to_string()).unwrap();
    land(&bittern, &[&folder.path().join("secret.ndjson")]).await.unwrap();
    bittern.run(&settings(), &quiet()).await.unwrap();
    let alerts = rows(&bittern, "SELECT alert_id, summary, evidence FROM alerts").await;
    assert!(!alerts.is_empty());

    // Too short for what reads it: refused with the job's name, before anything goes.
    config.retention.insert("events.text".into(), Length(DAY));
    let error = opened(folder.path(), &config, NOW).await.maintain(false, &Stop::default(), &quiet()).await.unwrap_err();
    assert!(format!("{error}").contains("`retention` keeps `events.text` for 1 days, but `credential_"), "{error}");
    for (key, expected) in [
        ("nothing", "there is no table `nothing`"),
        ("events.colour", "table `events` has no column `colour`"),
        ("events.actor_id", "only text columns that nothing is told apart by"),
        ("objects", "this table's rows stay"),
    ] {
        let config = Config { retention: [(key.to_owned(), Length(4_000 * DAY))].into(), ..config.clone() };
        let lake = folder.path().join("lake").display().to_string();
        let mut bittern = Bittern::open_to_land(&config, &lake, Clock::Fixed(NOW)).await.unwrap();
        let error = bittern.maintain(true, &Stop::default(), &quiet()).await.unwrap_err();
        assert!(format!("{error}").contains(expected), "{key}: {error}");
    }

    config.retention.insert("events.text".into(), Length(30 * DAY));
    let mut bittern = opened(folder.path(), &config, NOW).await;
    let summary = bittern.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    assert!(summary.actions.iter().any(|action| action.action == "retention" && action.rows > 0), "{summary:?}");
    assert_eq!(
        rows(&bittern, "SELECT count(text) AS texts, count(*) > 100 AS events FROM events").await,
        ["{\"texts\":0,\"events\":true}"]
    );
    for (job, todo) in bittern.plan(&settings()).await.unwrap() {
        assert!(todo.stale.is_empty(), "{job}: {:?}", todo.stale);
    }
    // Other rules would answer otherwise; without the text they would answer nothing. What read it is sealed, the rest runs.
    let policy = folder.path().join("logs/policy/groups.csv");
    std::fs::write(&policy, std::fs::read_to_string(&policy).unwrap() + "\n").unwrap();
    let mut bittern = opened(folder.path(), &config, NOW).await;
    let done = bittern.run(&settings(), &quiet()).await.unwrap();
    let of = |job: &str| done.iter().find(|done| done.job == job).unwrap();
    assert!(of("credential_findings").sealed > 0 && of("credential_findings").intervals == 0, "{:?}", of("credential_findings"));
    assert!(of("activity_daily").sealed == 0 && of("activity_daily").intervals > 0, "{:?}", of("activity_daily"));
    let full = Settings { full: true, jobs: vec!["credential_in_message".into()], ..Settings::default() };
    bittern.run(&full, &quiet()).await.unwrap();
    assert_eq!(rows(&bittern, "SELECT alert_id, summary, evidence FROM alerts").await, alerts, "alerts stand");

    // Whole days of rows go as files, but for those of a person under legal hold.
    let held = rows(
        &bittern,
        "SELECT actor_email AS e, count(*) AS n FROM events WHERE actor_email IS NOT NULL GROUP BY actor_email ORDER BY n DESC LIMIT 1",
    )
    .await;
    let held: serde_json::Value = serde_json::from_str(&held[0]).unwrap();
    config.legal_hold.insert(held["e"].as_str().unwrap().to_owned(), "matter 7".into());
    config.retention.insert("events".into(), Length(500 * DAY));
    let mut bittern = opened(folder.path(), &config, NOW + 600 * DAY).await;
    bittern.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    let left = rows(&bittern, "SELECT count(*) AS n, count(DISTINCT actor_email) AS people FROM events").await;
    let left: serde_json::Value = serde_json::from_str(&left[0]).unwrap();
    assert!(left["n"].as_i64() >= held["n"].as_i64() && left["people"] == 1, "{left} beside {held}");
    assert_eq!(rows(&bittern, "SELECT alert_id, summary, evidence FROM alerts").await, alerts, "alerts stand");
    assert!(!rows(&bittern, "SELECT 1 AS one FROM activity_daily LIMIT 1").await.is_empty(), "rollups have no rule");
}

/// Every text of every file of a lake: Parquet's values, referenced or not, and everything else as it lies there.
fn texts(lake: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in files_below(lake) {
        let name = path.strip_prefix(lake).unwrap().display().to_string();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(b"PAR1") {
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
            let batches: Vec<_> = reader.map(Result::unwrap).collect();
            found.push((name, crate::lines(&batches).join("\n")));
        } else {
            found.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_stands_in_no_file_and_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, mut bittern) = lake(folder.path(), 13).await;
    let people = std::fs::read_to_string(folder.path().join("logs/policy/people.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(people.as_bytes());
    let header = reader.headers().unwrap().clone();
    let person = reader.records().map(Result::unwrap).next().unwrap();
    let of = |name: &str| person.get(header.iter().position(|column| column == name).unwrap()).unwrap().to_owned();
    let (key, email, name) = (of("person"), of("email"), of("name"));
    let mut ids: Vec<String> = of("ids").split(';').map(|id| id.split_once(':').map_or(id, |(_, id)| id).to_owned()).collect();
    ids.extend([email.clone(), name]);
    let words = "a sentence that only this person ever wrote";
    let own = serde_json::json!({"event_id": "own:1", "event_time": "2026-03-03T10:20:00Z", "action": "message_posted", "surface": "chat",
        "source": "x", "actor_email": email, "channel_id": "C-X", "text": words});
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let leak = serde_json::json!({"event_id": "own:2", "event_time": "2026-03-03T10:21:00Z", "action": "message_posted", "surface": "chat",
        "source": "x", "actor_email": email, "channel_id": "C-X", "text": format!("token {secret} here")});
    let other = serde_json::json!({"event_id": "other:1", "event_time": "2026-03-03T10:22:00Z", "action": "file_shared", "surface": "chat",
        "source": "x", "actor_id": "U-OTHER", "target": email, "recipients": [email, "bo@example.com"], "text": format!("ask {email}!")});
    std::fs::write(folder.path().join("own.ndjson"), format!("{own}\n{leak}\n{other}\n")).unwrap();
    land(&bittern, &[&folder.path().join("own.ndjson")]).await.unwrap();
    bittern.run(&settings(), &quiet()).await.unwrap();
    // Old versions with old files.
    bittern.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    let lake = folder.path().join("lake");
    let holds = |word: &str| -> Vec<String> {
        let word = word.to_lowercase();
        texts(&lake).into_iter().filter(|(_, text)| text.to_lowercase().contains(&word)).map(|(name, _)| name).collect()
    };
    assert!(holds(&email).len() > 3 && !holds(words).is_empty(), "the test would see it");
    let pseudonym = rows(&bittern, &format!("SELECT person_id FROM policy_people WHERE person = '{key}'")).await[0].clone();
    let pseudonym = serde_json::from_str::<serde_json::Value>(&pseudonym).unwrap()["person_id"].as_str().unwrap().to_owned();
    let mine = format!("SELECT alert_id FROM alerts WHERE entity_id = '{pseudonym}'");
    assert!(!rows(&bittern, &mine).await.is_empty());

    config.legal_hold.insert(key.clone(), "matter 7".into());
    let error = opened(folder.path(), &config, NOW).await.erase(&email, "asked for", false, &quiet()).await.unwrap_err();
    assert!(format!("{error}").contains("under legal hold (matter 7)"), "{error}");
    config.legal_hold.clear();
    // Files lie there with the machine's time: the clock is put after it, past what is too young to go.
    let now = chrono::Utc::now().timestamp_micros() + DAY;
    let mut bittern = opened(folder.path(), &config, now).await;
    let error = bittern.erase(&key, &format!("{email} asked"), false, &quiet()).await.unwrap_err();
    assert!(format!("{error}").contains("names the person"), "{error}");
    let planned = bittern.erase(&key, "asked for", true, &quiet()).await.unwrap();
    assert!(!planned.actions.is_empty() && !holds(&email).is_empty());
    let events = rows(&bittern, "SELECT count(*) AS n FROM events").await;
    let erased = bittern.erase(&key, "asked for on 2026-04-30", false, &quiet()).await.unwrap();
    assert_eq!(erased.waiting, 0);
    for id in &ids {
        assert_eq!(holds(id), Vec::<String>::new(), "{id}");
    }
    assert_eq!(holds(words), Vec::<String>::new());
    assert!(rows(&bittern, &mine).await.is_empty());
    assert_ne!(rows(&bittern, "SELECT count(*) AS n FROM events").await, events);
    let masked = rows(&bittern, "SELECT target, text, recipients FROM events WHERE event_id = 'other:1'").await;
    assert_eq!(masked, ["{\"target\":\"[erased]\",\"text\":\"ask [erased]!\",\"recipients\":[\"[erased]\",\"bo@example.com\"]}"]);
    let why = rows(&bittern, &format!("SELECT DISTINCT why FROM maintenance WHERE person_id = '{pseudonym}'")).await;
    assert_eq!(why, ["{\"why\":\"asked for on 2026-04-30\"}"]);
    for (job, todo) in bittern.plan(&settings()).await.unwrap() {
        assert!(todo.stale.is_empty(), "{job}: {:?}", todo.stale);
    }

    // An object that is read once more brings rows back; the next round takes them away.
    let settings = bittern::ingest::Settings {
        inputs: vec![folder.path().join("own.ndjson").display().to_string()],
        again: true,
        ..Default::default()
    };
    assert_eq!(bittern.ingest(&settings, &quiet()).await.unwrap().events, 2);
    assert!(!holds(words).is_empty());
    bittern.maintain(false, &Stop::default(), &quiet()).await.unwrap();
    assert_eq!((holds(words), holds(&email)), (Vec::new(), Vec::new()));
}
