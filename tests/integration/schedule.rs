//! The long-lived process: it equals the batch whatever arrives when, and ends cleanly.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

use bittern::clock::{Clock, Stop};
use bittern::config::{Config, Inbox, Length};
use bittern::event::{DAY, HOUR, SECOND};
use bittern::pipeline::Bittern;
use bittern::pipeline::run::Settings;
use bittern::schedule::Scheduler;
use indicatif::ProgressBar;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::{assert_same, contents, land, rows, small_logs};

/// 2026-03-02T00:00:00Z, the first day of the small logs.
const FIRST_DAY: i64 = 1_772_409_600_000_000;

fn settings() -> Settings {
    Settings { jobs: crate::few(), ..Settings::default() }
}

fn inbox(path: &Path) -> Inbox {
    Inbox { path: path.display().to_string(), source: None, delay: Length(HOUR), settle: Length(0) }
}

fn clock_at(time: i64) -> (&'static AtomicI64, Clock) {
    let time: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(time)));
    (time, Clock::Moved(time))
}

/// Logs of a few people in small pieces: (path below the inbox, bytes), NDJSON objects cut in three.
fn pieces(folder: &Path, seed: u64) -> Vec<(PathBuf, Vec<u8>)> {
    small_logs(&folder.join("logs"), seed);
    let raw = folder.join("logs/raw");
    let mut found = Vec::new();
    for source in ["slack_audit", "slack_messages", "google_workspace"] {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(raw.join(source)).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            let name = file.strip_prefix(&raw).unwrap().to_owned();
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            if name.extension().is_some_and(|extension| extension == "ndjson") && lines.len() > 3 {
                for (part, lines) in lines.chunks(lines.len() / 3).enumerate() {
                    found.push((name.with_extension(format!("{part}.ndjson")), lines.concat()));
                }
            } else {
                found.push((name, bytes));
            }
        }
    }
    found
}

fn put(inbox: &Path, name: &Path, bytes: &[u8]) {
    let path = inbox.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_over_any_arrival_equals_one_batch() {
    let folder = tempfile::tempdir().unwrap();
    let pieces = pieces(folder.path(), 31);
    assert!(pieces.len() > 8, "{}", pieces.len());
    let whole = folder.path().join("whole");
    pieces.iter().for_each(|(name, bytes)| put(&whole, name, bytes));
    let mut config = crate::config(folder.path(), Some(folder.path().join("logs/policy")));
    let mut batch = Bittern::open(&config, &folder.path().join("batch").display().to_string(), Clock::Fixed(crate::NOW)).await.unwrap();
    land(&batch, &[&whole]).await.unwrap();
    batch.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    let expected = contents(&mut batch).await;

    // Objects come in any order, some a second time under another name; the clock goes on, stands, and goes back.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let order = Just((0..pieces.len()).collect::<Vec<usize>>()).prop_shuffle();
    let arrivals = (order, proptest::collection::vec((0..pieces.len(), 1..4_usize, -3 * HOUR..30 * HOUR), pieces.len()));
    let (order, steps) = arrivals.new_tree(&mut runner).unwrap().current();
    let arriving = folder.path().join("inbox");
    std::fs::create_dir_all(&arriving).unwrap();
    config.inbox = vec![inbox(&arriving)];
    config.schedule.maintain = String::new();
    config.schedule.jobs = crate::few();
    let (time, clock) = clock_at(FIRST_DAY + DAY);
    let lake = folder.path().join("lake").display().to_string();
    let mut scheduler = Scheduler::new(&config, &lake, clock, Stop::default()).unwrap();
    let mut waiting = order.into_iter();
    let mut looks = 0;
    for (twice, count, step) in steps {
        for at in waiting.by_ref().take(count) {
            put(&arriving, &pieces[at].0, &pieces[at].1);
        }
        let (name, bytes) = &pieces[twice];
        if arriving.join(name).exists() {
            put(&arriving, &Path::new("again").join(name), bytes);
        }
        time.fetch_add(step, Ordering::SeqCst);
        let ticked = scheduler.tick().await;
        assert!(!ticked.is_failed(), "{ticked:?}");
        looks += usize::from(ticked.look.is_some());
        if waiting.len() == 0 {
            break;
        }
    }
    assert!(looks >= 3, "{looks}");
    // When all that was open is closed, one more look settles it.
    time.store(crate::NOW, Ordering::SeqCst);
    let ticked = scheduler.tick().await;
    assert!(!ticked.is_failed() && ticked.look.is_some_and(|look| !look.more));
    let mut after = Bittern::open(&config, &lake, clock).await.unwrap();
    assert_same(&expected, &contents(&mut after).await);
    nothing_is_stale(&mut after).await;
}

async fn nothing_is_stale(bittern: &mut Bittern) {
    for (job, todo) in bittern.plan(&settings()).await.unwrap() {
        assert!(todo.stale.is_empty(), "{job}: {:?}", todo.stale);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_without_a_lease_leave_what_one_would() {
    let folder = tempfile::tempdir().unwrap();
    let pieces = pieces(folder.path(), 32);
    let arriving = folder.path().join("inbox");
    pieces.iter().for_each(|(name, bytes)| put(&arriving, name, bytes));
    let mut config = crate::config(folder.path(), Some(folder.path().join("logs/policy")));
    config.schedule.jobs = crate::few();
    let open =
        async |lake: &str| Bittern::open(&config, &folder.path().join(lake).display().to_string(), Clock::Fixed(crate::NOW)).await.unwrap();
    let mut one = open("one").await;
    land(&one, &[&arriving]).await.unwrap();
    one.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    let expected = contents(&mut one).await;

    let inboxes = [inbox(&arriving)];
    let (mut first, mut second) = (open("two").await, open("two").await);
    let stop = Stop::default();
    let (here, there) = tokio::join!(first.look(&inboxes, &config.schedule, &stop), second.look(&inboxes, &config.schedule, &stop));
    for look in [here.unwrap(), there.unwrap()] {
        assert_eq!(look.failures(), []);
    }
    // Whoever committed last may have read less: what is left of that is stale, and one more look ends it.
    let mut third = open("two").await;
    third.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    assert_same(&expected, &contents(&mut third).await);
    nothing_is_stale(&mut third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_keeps_the_second_waiting_and_runs_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = crate::config(folder.path(), None);
    config.schedule.jobs = vec!["source_coverage".into()];
    let lake = folder.path().join("lake").display().to_string();
    let (time, clock) = clock_at(crate::NOW);
    let mut first = Scheduler::new(&config, &lake, clock, Stop::default()).unwrap();
    let mut second = Scheduler::new(&config, &lake, clock, Stop::default()).unwrap();
    assert_eq!(first.tick().await.look.unwrap().state, "done");
    assert_eq!(second.tick().await.look.unwrap().state, "standby");
    time.fetch_add(600 * SECOND, Ordering::SeqCst);
    assert_eq!(second.tick().await.look.unwrap().state, "done");
    assert_eq!(first.tick().await.look.unwrap().state, "standby");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_years_ahead_in_the_logs_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let arriving = folder.path().join("inbox");
    let event = |id: &str, time: &str| serde_json::json!({"event_id": id, "event_time": time, "action": "login", "surface": "chat", "source": "x", "actor_id": "U1"});
    put(
        &arriving,
        Path::new("a.ndjson"),
        format!("{}\n{}\n", event("1", "2026-03-02T10:00:00Z"), event("2", "2031-01-01T00:00:00Z")).as_bytes(),
    );
    let mut config = crate::config(folder.path(), None);
    config.schedule.jobs = ["activity_daily", "source_coverage"].map(str::to_owned).to_vec();
    config.inbox = vec![inbox(&arriving), inbox(&folder.path().join("missing"))];
    let (time, clock) = clock_at(FIRST_DAY + 10 * HOUR + HOUR / 2);
    let lake = folder.path().join("lake").display().to_string();
    let mut scheduler = Scheduler::new(&config, &lake, clock, Stop::default()).unwrap();
    let look = scheduler.tick().await.look.unwrap();
    // The inbox that is not there is told, and everything else is done.
    assert_eq!(look.failures().len(), 1, "{look:?}");
    assert!(look.failures()[0].1.contains("nothing lies at"), "{look:?}");
    let of = |job: &str| look.jobs.iter().find(|done| done.job == job).unwrap().clone();
    assert!(of("source_coverage").future > 0 && of("source_coverage").intervals > 0, "{:?}", of("source_coverage"));
    std::fs::create_dir(folder.path().join("missing")).unwrap();

    // Rows that come late are restated, whatever that one event says; a day that is open waits for its turn, an hour does not.
    put(&arriving, Path::new("b.ndjson"), event("3", "2026-03-02T10:05:00Z").to_string().as_bytes());
    time.fetch_add(60 * SECOND, Ordering::SeqCst);
    let look = scheduler.tick().await.look.unwrap();
    assert_eq!(look.failures(), [], "{look:?}");
    let of = |job: &str| look.jobs.iter().find(|done| done.job == job).unwrap().clone();
    assert_eq!((of("source_coverage").intervals, of("activity_daily").waiting > 0), (1, true), "{look:?}");
    time.fetch_add(HOUR, Ordering::SeqCst);
    let look = scheduler.tick().await.look.unwrap();
    let of = |job: &str| look.jobs.iter().find(|done| done.job == job).unwrap().clone();
    assert!(of("activity_daily").intervals > 0 && of("activity_daily").waiting == 0, "{look:?}");
    let bittern = Bittern::open(&config, &lake, clock).await.unwrap();
    let days =
        rows(&bittern, "SELECT CAST(interval_start AS DATE) AS day, sum(events) AS events FROM activity_daily GROUP BY interval_start")
            .await;
    assert_eq!(days, ["{\"day\":\"2026-03-02\",\"events\":2}"]);
}

fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bittern"));
    command.args(args).current_dir(folder).env("HOME", folder).env_remove("XDG_CONFIG_HOME").env_remove("BITTERN_LAKE");
    command
}

/// An installation with one inbox, as `bittern.toml` says.
fn installed(folder: &Path) {
    let toml = "lake = \"lake\"\nkey_file = \"key\"\n[schedule]\nlook = \"* * * * * *\"\njobs = [\"source_coverage\"]\nlisten = \"127.0.0.1:0\"\n\
                [[inbox]]\npath = \"inbox\"\nsettle = \"0 s\"\n";
    std::fs::write(folder.join("bittern.toml"), toml).unwrap();
    std::fs::create_dir_all(folder.join("inbox")).unwrap();
    let event = r#"{"event_id":"e1","event_time":"2026-03-02T10:00:00Z","action":"login","surface":"chat","actor_id":"U1","source":"x"}"#;
    std::fs::write(folder.join("inbox/a.ndjson"), event).unwrap();
}

#[test]
fn once_tells_in_json_and_by_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    installed(folder.path());
    let once = |expected: i32| {
        let output = program(folder.path(), &["schedule", "--once", "--format", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let told = once(0);
    assert_eq!((&told["state"], &told["inboxes"][0]["landed"]["events"]), (&"done".into(), &1.into()), "{told}");
    assert!(told["intervals"].as_i64() > Some(0) && told["maintained"].is_object(), "{told}");
    std::fs::write(folder.path().join("inbox/bad.ndjson"), "{\"broken\n").unwrap();
    let told = once(3);
    assert_eq!((&told["inboxes"][0]["landed"]["quarantined"], told.get("maintained")), (&1.into(), None), "{told}");
    std::fs::remove_dir_all(folder.path().join("inbox")).unwrap();
    let told = once(1);
    assert!(told["inboxes"][0]["error"].as_str().unwrap().contains("nothing lies at"), "{told}");
}

#[test]
fn once_delivers_also_more_than_one_pass_takes() {
    const EVENTS: usize = 5_200;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir_all(folder.join("sql/detections")).unwrap();
    std::fs::create_dir_all(folder.join("inbox")).unwrap();
    let toml = "lake = \"lake\"\nkey_file = \"key\"\nsql = \"sql\"\n[schedule]\njobs = [\"told_login\"]\n[[inbox]]\npath = \"inbox\"\nsettle = \"0 s\"\n\
                [[sinks]]\nname = \"file\"\nkind = \"ocsf_file\"\nfolder = \"told\"\n";
    std::fs::write(folder.join("bittern.toml"), toml).unwrap();
    let sql = "-- title = \"A login that is to be told\"\n-- severity = \"low\"\n-- interval = \"1 hour\"\n-- entity = \"account\"\n-- known_gaps = \"none\"\n\
               SELECT event_time AS interval_time, actor_id AS entity_id, event_id AS alert_key, 'a login' AS summary FROM events\n\
               WHERE event_time >= $interval_start AND event_time < $interval_end AND action = 'login'\n";
    std::fs::write(folder.join("sql/detections/told_login.sql"), sql).unwrap();
    let event = |n: usize| {
        format!(
            "{{\"event_id\":\"e{n}\",\"event_time\":\"2026-03-02T10:00:00Z\",\"action\":\"login\",\"surface\":\"chat\",\"actor_id\":\"U1\",\"source\":\"x\"}}\n"
        )
    };
    std::fs::write(folder.join("inbox/a.ndjson"), (0..EVENTS).map(event).collect::<String>()).unwrap();
    let output = program(folder, &["schedule", "--once", "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&told["delivered"][0]["delivered"], told["delivered"].as_array().unwrap().len()),
        (&EVENTS.into(), 1),
        "{}",
        told["delivered"]
    );
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[cfg(unix)]
#[test]
fn the_process_answers_probes_and_ends_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    installed(folder.path());
    let mut child = program(folder.path(), &["schedule", "--format", "json", "--log", "info"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(Killed)
        .unwrap();
    let mut errors = BufReader::new(child.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = errors.find(|line| line.contains("listening")).unwrap();
    let address = line.rsplit("address=").next().unwrap().trim().to_owned();
    // The rest of the log is read on, so that the pipe never fills.
    std::thread::spawn(move || errors.for_each(drop));
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200 OK"));
    let mut ticks = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told: serde_json::Value = serde_json::from_str(&ticks.next().unwrap()).unwrap();
    assert_eq!(told["inboxes"][0]["landed"]["events"], 1, "{told}");
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200 OK"));
    let metrics = get(&address, "/metrics");
    for expected in
        ["bittern_events_landed_total{source=\"events\"} 1", "bittern_looks_total{outcome=\"done\"}", "bittern_quarantine_rows 0", "# EOF"]
    {
        assert!(metrics.contains(expected), "{expected}\nin:\n{metrics}");
    }
    assert!(get(&address, "/else").starts_with("HTTP/1.1 404"));
    // What arrives while it runs is landed.
    std::fs::write(folder.path().join("inbox/bad.ndjson"), "{\"broken\n").unwrap();
    let degraded = ticks.any(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap()["inboxes"][0]["landed"]["quarantined"] == 1);
    assert!(degraded && get(&address, "/metrics").contains("bittern_quarantine_rows 1"));

    let asked = Command::new("kill").args(["-TERM", &child.0.id().to_string()]).status().unwrap();
    assert!(asked.success());
    ticks.for_each(drop);
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
    let lease = std::fs::read_to_string(folder.path().join("lake/_bittern/lease.json")).unwrap();
    assert!(lease.contains("\"until\":0"), "the lease is given back: {lease}");
}

/// Asked to end in the middle of a run, it leaves tables that one plain run completes.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_asked_to_end_is_completed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let pieces = pieces(folder.path(), 33);
    let arriving = folder.path().join("inbox");
    pieces.iter().for_each(|(name, bytes)| put(&arriving, name, bytes));
    let mut config = Config { inbox: vec![inbox(&arriving)], ..crate::config(folder.path(), Some(folder.path().join("logs/policy"))) };
    config.schedule.jobs = crate::few();
    let open =
        async |lake: &str| Bittern::open(&config, &folder.path().join(lake).display().to_string(), Clock::Fixed(crate::NOW)).await.unwrap();
    let mut one = open("one").await;
    land(&one, &[&arriving]).await.unwrap();
    one.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    let expected = contents(&mut one).await;

    let mut two = open("two").await;
    let stop = Stop::default();
    let asking = tokio::spawn({
        let stop = stop.clone();
        // Long enough for some jobs, too short for all.
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
            stop.ask();
        }
    });
    let few = two.plan(&settings()).await.unwrap().len();
    let look = two.look(&config.inbox, &config.schedule, &stop).await.unwrap();
    asking.await.unwrap();
    assert!(look.jobs.len() < few, "it ended in the middle: {} jobs", look.jobs.len());
    two.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    assert_same(&expected, &contents(&mut two).await);
}
