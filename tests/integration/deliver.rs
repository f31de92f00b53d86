//! Sinks: what is told, to whom, in which order, and what happens when they do not answer as they should.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bittern::alerts::actions::Decision;
use bittern::clock::Clock;
use bittern::config::Config;
use bittern::config::sinks::Sink;
use bittern::event::{DAY, HOUR, Micros, SECOND};
use bittern::interval::{Interval, time_text};
use bittern::jobs::ledger::{self, Entry};
use bittern::lake::commit::Note;
use bittern::lake::files::append;
use bittern::lake::tables;
use bittern::pipeline::Bittern;
use bittern::pipeline::deliver::letters::Filter;
use bittern::pipeline::deliver::{Delivered, Settings};
use bittern::pipeline::triage::Decided;
use bittern::session;
use bittern::sinks::courier::Patience;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::receiver::{Answer, Receiver};
use crate::{NOW, repository, rows};

pub const OK: Answer = Answer::Status(200, "");

/// A variable that every process has, long enough for a key: tests cannot set one.
pub const SECRET: &str = "PATH";

pub fn sink(name: &str, kind: &str, rest: &str) -> Sink {
    let sink: Sink = toml::from_str(&format!("name = \"{name}\"\nkind = \"{kind}\"\n{rest}")).unwrap();
    assert_eq!(sink.problem(), None);
    sink
}

pub fn webhook(name: &str, url: &str, rest: &str) -> Sink {
    sink(name, "webhook", &format!("url = \"{url}/{name}\"\nsecret_env = \"{SECRET}\"\n{rest}"))
}

pub fn config(folder: &Path, sinks: Vec<Sink>) -> Config {
    Config { key_file: Some(folder.join("key")), policy: Some(repository().join("sample_data/policy")), sinks, ..Config::default() }
}

/// An installation without planned jobs: what delivery needs.
pub async fn open(folder: &Path, sinks: Vec<Sink>, now: Micros) -> Bittern {
    Bittern::open_to_land(&config(folder, sinks), &folder.join("lake").display().to_string(), Clock::Fixed(now)).await.unwrap()
}

pub fn quick() -> Settings {
    let ms = Duration::from_millis;
    let patience = Patience { failing: ms(20_000), total: None, wait_min: ms(1), wait_max: ms(5) };
    Settings { patience, ..Settings::default() }
}

/// Gives up at the first failure.
fn once() -> Settings {
    Settings { patience: Patience { failing: Duration::ZERO, ..quick().patience }, ..quick() }
}

pub async fn deliver(bittern: &Bittern, settings: &Settings) -> Vec<Delivered> {
    bittern.deliver(settings, &ProgressBar::hidden()).await.unwrap()
}

/// A change of an alert, some hours after the beginning of its day, which lies three days back.
fn change(kind: &str, alert: &str, severity: &str, observed: f64, hour: i64) -> Value {
    let start = NOW - 3 * DAY;
    json!({
        "change": kind, "reason": "never run", "run_id": format!("run-{hour}"), "change_time": time_text(start + hour * HOUR),
        "alert_id": alert, "case_id": format!("case-{alert}"), "detection_id": "bulk_download", "severity": severity, "status": "firing",
        "entity_id": "p_1", "interval_start": time_text(start), "interval_end": time_text(start + DAY), "observed": observed,
        "summary": format!("{observed} files"), "payload_hash": format!("{alert}-{severity}"), "group_name": "Sales", "risk_score": 70,
        "entity_type": "person_id", "evidence_total": 1, "first_event_time": time_text(start), "last_event_time": time_text(start + HOUR),
    })
}

/// Writes changes down, and (if `committed`) in the ledger that their runs are done.
async fn tell(bittern: &Bittern, changes: &[Value], committed: bool) {
    let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
    let reader = arrow::json::ReaderBuilder::new(tables::alert_changes().schema).build(lines.as_bytes()).unwrap();
    for batch in reader {
        append(&bittern.lake, &tables::alert_changes(), &batch.unwrap(), &Note::new(None)).await.unwrap();
    }
    let runs: BTreeSet<&str> = changes.iter().filter_map(|change| change["run_id"].as_str()).filter(|_| committed).collect();
    let entry = |run: &str| Entry {
        job: "bulk_download".into(),
        span: Interval { start: NOW - 3 * DAY, end: NOW - 2 * DAY },
        job_version: String::new(),
        inputs: BTreeMap::new(),
        policy_hash: String::new(),
        rows_out: 1,
        seconds: 0.0,
        state: "done",
        reason: String::new(),
        run_id: run.to_owned(),
        run_time: NOW,
        output_version: None,
    };
    let entries: Vec<Entry> = runs.into_iter().map(entry).collect();
    if !entries.is_empty() {
        ledger::write(&bittern.lake, &entries).await.unwrap();
    }
}

/// Ten alerts, each new, grown and graver.
pub async fn tell_thirty(bittern: &Bittern) -> BTreeSet<String> {
    let mut changes = Vec::new();
    for alert in 0..10 {
        let alert = format!("alert-{alert}");
        changes.push(change("new", &alert, "low", 3.0, 30));
        changes.push(change("changed", &alert, "low", 7.0, 31));
        changes.push(change("changed", &alert, "high", 8.0, 32));
    }
    tell(bittern, &changes, true).await;
    changes.iter().map(|change| format!("{} {}", change["alert_id"].as_str().unwrap(), change["observed"])).collect()
}

fn told(message: &Value) -> String {
    format!("{} {}", message["alert_id"].as_str().unwrap(), message["observed"])
}

/// That everything arrived, what came twice is the same, and each alert's changes came in order: the first arrivals of each.
pub fn assert_complete(kept: &[Value], expected: &BTreeSet<String>) {
    let mut first: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut observed: BTreeMap<&str, f64> = BTreeMap::new();
    for message in kept {
        let id = message["id"].as_str().unwrap();
        if let Some(before) = first.insert(id, message) {
            assert_eq!(before, message, "the same id is the same message");
            continue;
        }
        let last = observed.insert(message["alert_id"].as_str().unwrap(), message["observed"].as_f64().unwrap());
        assert!(last.is_none_or(|last| last < message["observed"].as_f64().unwrap()), "out of order: {message}");
    }
    assert_eq!(&first.values().map(|message| told(message)).collect::<BTreeSet<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_signs_each_change_and_sends_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "")], NOW).await;
    let expected = tell_thirty(&bittern).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].waiting, done[0].error.as_deref()), (30, 0, None));
    assert_complete(&receiver.kept("/hook"), &expected);
    for request in receiver.requests("/hook") {
        let secret = std::env::var(SECRET).unwrap();
        let (id, seconds) = (request.header("webhook-id"), request.header("webhook-timestamp").parse().unwrap());
        let signature = bittern::sinks::webhook::signature(secret.trim().as_bytes(), id, seconds, request.body.as_bytes());
        assert_eq!((request.header("webhook-signature"), seconds), (signature.as_str(), NOW / SECOND));
        assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap()["id"], id);
    }
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 0);
    assert_eq!(receiver.requests("/hook").len(), 30, "nothing is due any more");
    // Without what was written down, everything is told again.
    std::fs::remove_dir_all(folder.path().join("lake/deliveries")).unwrap();
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "")], NOW).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 30);
    assert_complete(&receiver.kept("/hook"), &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_tells_nothing_that_is_not_committed() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "")], NOW).await;
    tell(&bittern, &[change("new", "a", "low", 1.0, 30)], false).await;
    tell(&bittern, &[change("new", "b", "low", 1.0, 31)], true).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 1);
    assert_eq!(receiver.kept("/hook")[0]["alert_id"], "b");
    // The run that died is done again by another, which tells the same.
    tell(&bittern, &[change("new", "a", "low", 1.0, 33)], true).await;
    deliver(&bittern, &quick()).await;
    assert_eq!(receiver.kept("/hook").iter().map(told).collect::<Vec<_>>(), ["b 1.0", "a 1.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_filters_by_detection_severity_group_and_day() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let day = |days: i64| time_text(NOW - days * DAY)[..10].to_owned();
    let sinks = vec![
        webhook("grave", &receiver.url, "severity_min = \"high\""),
        webhook("bulk", &receiver.url, "detections = [\"bulk_*\"]\ngroups = [\"Sales\"]"),
        webhook("other", &receiver.url, "detections = [\"chat_export\"]"),
        webhook("guests", &receiver.url, "groups = [\"Guests\"]"),
        webhook("late", &receiver.url, &format!("since = \"{}\"", day(1))),
        webhook("early", &receiver.url, &format!("since = \"{}\"", day(5))),
    ];
    let bittern = open(folder.path(), sinks, NOW).await;
    let retracted = change("retracted", "a", "low", 2.0, 33);
    tell(&bittern, &[change("new", "a", "low", 1.0, 30), change("changed", "a", "high", 2.0, 31), retracted], true).await;
    let done = deliver(&bittern, &quick()).await;
    let counts: Vec<(&str, usize)> = done.iter().map(|sink| (sink.sink.as_str(), sink.delivered)).collect();
    assert_eq!(counts, [("bulk", 3), ("early", 3), ("grave", 2), ("guests", 0), ("late", 0), ("other", 0)]);
    let kinds: Vec<Value> = receiver.kept("/grave").iter().map(|message| message["change"].clone()).collect();
    assert_eq!(kinds, ["new", "retracted"], "what was graver at last is new to who hears of grave things only");
    // Another filter is another question: what it wants and was passed over is told now.
    let bittern = open(folder.path(), vec![webhook("guests", &receiver.url, "groups = [\"Guests\", \"Sales\"]")], NOW).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 3);
    let error = bittern.deliver(&Settings { sinks: vec!["nobody".into()], ..quick() }, &ProgressBar::hidden()).await.unwrap_err();
    assert!(error.to_string().contains("there is no sink `nobody`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_tells_the_last_count_when_the_interval_closes() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let at = async |hour: i64| open(folder.path(), vec![webhook("hook", &receiver.url, "")], NOW - 3 * DAY + hour * HOUR).await;
    let bittern = at(10).await;
    tell(&bittern, &[change("new", "a", "low", 10.0, 1), change("changed", "a", "low", 15.0, 2)], true).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 1);
    assert_eq!(deliver(&at(24).await, &quick()).await[0].delivered, 0);
    assert_eq!(deliver(&at(25).await, &quick()).await[0].delivered, 1);
    assert_eq!(deliver(&at(60).await, &quick()).await[0].delivered, 0);
    assert_eq!(receiver.kept("/hook").iter().map(told).collect::<Vec<_>>(), ["a 10.0", "a 15.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_goes_on_after_a_sink_was_down_in_any_way() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, before| match before % 6 {
        0 => Answer::Status(500, ""),
        1 => Answer::Reset,
        2 => Answer::KeepAndReset,
        3 => Answer::Status(503, "retry-after: 0\r\n"),
        4 => Answer::Status(302, "location: http://127.0.0.1:1/\r\n"),
        _ => OK,
    })
    .await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sinks = vec![webhook("hook", &receiver.url, ""), webhook("down", &format!("http://{closed}"), "")];
    let bittern = open(folder.path(), sinks, NOW).await;
    let expected = tell_thirty(&bittern).await;
    let impatient = Settings { patience: Patience { failing: Duration::from_millis(200), ..quick().patience }, ..quick() };
    let done = deliver(&bittern, &impatient).await;
    assert_eq!((done[0].sink.as_str(), done[0].delivered, done[0].waiting), ("down", 0, 30));
    assert_eq!(done[0].error.as_deref(), Some("no connection to the sink"));
    assert!(done[0].retry_time.is_some());
    assert_eq!((done[1].delivered, done[1].waiting), (30, 0), "{:?}", done[1]);
    assert_complete(&receiver.kept("/hook"), &expected);
    let states =
        rows(&bittern, "SELECT state, count(*) AS n, max(error) AS error FROM deliveries WHERE sink = 'hook' GROUP BY state").await;
    assert!(states.iter().any(|row| row.contains("failed") && row.contains("the sink answered 500")), "{states:?}");
    assert!(!states.iter().any(|row| row.contains("dead")), "{states:?}");
    assert!(!format!("{states:?}").contains("127.0.0.1"), "addresses may be secrets");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_keeps_a_stuck_sink_from_delaying_others() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|request, _| if request.path == "/stuck" { Answer::Hang } else { OK }).await;
    let sinks = |secs: u64| vec![webhook("stuck", &receiver.url, &format!("timeout_secs = {secs}")), webhook("well", &receiver.url, "")];
    let bittern = open(folder.path(), sinks(600), NOW).await;
    let expected = tell_thirty(&bittern).await;
    let pass = bittern.pass(&once()).await.unwrap();
    let running = tokio::spawn(async move { pass.run(&ProgressBar::hidden()).await });
    let began = Instant::now();
    let written = "SELECT count(*) AS n FROM deliveries WHERE sink = 'well' AND state = 'delivered'";
    loop {
        assert!(began.elapsed() < Duration::from_secs(120), "it does not wait for the other");
        tokio::task::yield_now().await;
        if receiver.requests("/well").len() == 30 {
            session::register(&bittern.context, &bittern.lake, &tables::deliveries()).await.unwrap();
            if rows(&bittern, written).await == [r#"{"n":30}"#] {
                break;
            }
        }
    }
    assert_complete(&receiver.kept("/well"), &expected);
    assert!(!running.is_finished() && receiver.requests("/stuck").len() == 1);
    running.abort();
    let bittern = open(folder.path(), sinks(1), NOW).await;
    let done = deliver(&bittern, &once()).await;
    assert_eq!((done[0].delivered, done[0].waiting, done[0].error.as_deref()), (0, 30, Some("no answer within 1 s")));
    assert_eq!((done[1].delivered, done[1].waiting), (0, 0));
    // A limit ends a pass whatever is left.
    receiver.answer(|_, _| OK);
    let limited = Settings { patience: Patience { total: Some(Duration::ZERO), ..quick().patience }, ..quick() };
    assert_eq!(deliver(&bittern, &limited).await[0].delivered, 0);
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_makes_a_dead_letter_of_what_is_refused_and_lets_others_pass() {
    let folder = tempfile::tempdir().unwrap();
    let refuses =
        |request: &crate::receiver::Request, _: usize| if request.body.contains("alert-3") { Answer::Status(400, "") } else { OK };
    let receiver = Receiver::start(refuses).await;
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "attempts_max = 3")], NOW).await;
    let expected = tell_thirty(&bittern).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].dead, done[0].waiting), (27, 1, 3), "its later changes wait behind it");
    assert_eq!(receiver.requests("/hook").iter().filter(|request| request.body.contains("alert-3")).count(), 3);
    assert_eq!(deliver(&bittern, &quick()).await[0].dead, 1);
    assert_eq!(receiver.requests("/hook").len(), 30, "a dead letter rests");
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "attempts_max = 3")], NOW + HOUR).await;
    let dead = Filter { state: Some("dead".into()), limit: 10, ..Filter::default() };
    let listed = crate::lines(&bittern.deliveries(&dead).await.unwrap());
    assert!(listed.len() == 1 && listed[0].contains("the sink answered 400") && listed[0].contains("alert-3"), "{listed:?}");
    receiver.answer(|_, _| OK);
    let again = deliver(&bittern, &Settings { retry_dead: true, ..quick() }).await;
    assert_eq!((again[0].delivered, again[0].waiting), (3, 0));
    assert_complete(&receiver.kept("/hook"), &expected);
    assert_eq!(deliver(&bittern, &Settings { retry_dead: true, ..quick() }).await[0].delivered, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_gives_a_dead_letter_up_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|request, _| if request.body.contains("\"observed\":1.0") { Answer::Status(413, "") } else { OK }).await;
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "attempts_max = 1")], NOW).await;
    tell(&bittern, &[change("new", "a", "low", 1.0, 30), change("changed", "a", "high", 2.0, 31)], true).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].dead, 1);
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "attempts_max = 1")], NOW + HOUR).await;
    assert_eq!(bittern.drop_dead(&[]).await.unwrap(), [("hook".to_owned(), 1)]);
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].waiting, done[0].dead), (1, 0, 0));
    assert_eq!(receiver.kept("/hook").iter().map(told).collect::<Vec<_>>(), ["a 2.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_tells_again_what_could_not_be_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "")], NOW).await;
    let expected = tell_thirty(&bittern).await;
    let pass = bittern.pass(&quick()).await.unwrap();
    let (table, away) = (folder.path().join("lake/deliveries"), folder.path().join("away"));
    std::fs::rename(&table, &away).unwrap();
    std::fs::write(&table, "in the way").unwrap();
    let error = pass.run(&ProgressBar::hidden()).await.unwrap_err();
    assert!(error.to_string().contains("it will be delivered again"), "{error:#}");
    std::fs::remove_file(&table).unwrap();
    std::fs::rename(&away, &table).unwrap();
    let before = receiver.requests("/hook").len();
    assert!(before > 0);
    let bittern = open(folder.path(), vec![webhook("hook", &receiver.url, "")], NOW).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 30);
    // One may have been on its way when the pass ended.
    let after = receiver.requests("/hook").len();
    assert!((before + 30..=before + 31).contains(&after), "{before} and {after}");
    assert_complete(&receiver.kept("/hook"), &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_holds_what_a_suppressed_case_has_to_tell() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let config = config(folder.path(), vec![webhook("hook", &receiver.url, "")]);
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let posted = json!({
        "event_id": "e1", "event_time": "2026-03-05T10:20:00Z", "action": "message_posted", "surface": "chat", "source": "x",
        "actor_id": "U1", "channel_id": "C1", "text": format!("token {secret} here"),
    });
    let path = folder.path().join("e.ndjson");
    std::fs::write(&path, posted.to_string()).unwrap();
    let lake = folder.path().join("lake").display().to_string();
    let mut bittern = Bittern::open(&config, &lake, Clock::Fixed(NOW)).await.unwrap();
    crate::land(&bittern, &[&path]).await.unwrap();
    let jobs = bittern::pipeline::run::Settings { jobs: vec!["credential_in_message".into()], ..Default::default() };
    bittern.run(&jobs, &ProgressBar::hidden()).await.unwrap();
    // Dead before it wrote the ledger: that its alerts are committed stands in their log.
    drop(bittern);
    std::fs::remove_dir_all(folder.path().join("lake/runs")).unwrap();
    let bittern = Bittern::open(&config, &lake, Clock::Fixed(NOW)).await.unwrap();
    let case: Value = serde_json::from_str(&rows(&bittern, "SELECT case_id FROM cases").await[0]).unwrap();
    let case = vec![case["case_id"].as_str().unwrap().to_owned()];
    let decided = |decision, until| Decided { decision, verdict: None, comment: None, until, by: "ana".into() };
    bittern.decide(&case, &decided(Decision::Suppress, Some(NOW))).await.unwrap();
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].held, done[0].waiting), (0, 1, 0));
    let mut bittern = Bittern::open(&config, &lake, Clock::Fixed(NOW + DAY)).await.unwrap();
    bittern.refresh().await.unwrap();
    bittern.decide(&case, &decided(Decision::Reopen, None)).await.unwrap();
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 1);
    let message = &receiver.kept("/hook")[0];
    assert_eq!(message["evidence"][0]["event_id"], "e1");
    assert_eq!(message["detection"]["techniques"], json!(["T1552.008"]));
    assert!(!message.to_string().contains(&secret) && message["summary"].as_str().unwrap().contains("ghp_****"), "{message}");
}

/// Whatever a sink answers, in the end it has what the table has.
#[tokio::test(flavor = "multi_thread")]
async fn deliver_ends_with_what_the_table_holds_whatever_a_sink_answers() {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::{Config, TestRunner};
    let answer = proptest::prop_oneof![
        4 => proptest::strategy::Just(OK),
        1 => proptest::sample::select(vec![400, 404, 413, 429, 500, 502]).prop_map(|status| Answer::Status(status, "")),
        1 => proptest::strategy::Just(Answer::Reset),
        1 => proptest::strategy::Just(Answer::KeepAndReset),
    ];
    let scripts = proptest::collection::vec(answer, 0..60);
    let mut runner = TestRunner::new_with_rng(Config::default(), proptest::test_runner::TestRng::deterministic_rng(Default::default()));
    let scripts: Vec<Vec<Answer>> = (0..16).map(|_| scripts.new_tree(&mut runner).unwrap().current()).collect();
    let name = |number: usize| format!("sink-{number}");
    let by_path: BTreeMap<String, Vec<Answer>> =
        scripts.iter().enumerate().map(|(number, script)| (format!("/{}", name(number)), script.clone())).collect();
    let by_path = Arc::new(by_path);
    let receiver = Receiver::start(move |request, before| by_path[&request.path].get(before).cloned().unwrap_or(OK)).await;
    let folder = tempfile::tempdir().unwrap();
    let sinks = |receiver: &Receiver| -> Vec<Sink> {
        (0..scripts.len())
            .map(|number| match number % 2 {
                0 => webhook(&name(number), &receiver.url, "attempts_max = 2"),
                _ => {
                    let rest = format!("url = \"{}/{}\"\nattempts_max = 2\nbatch_max = 7", receiver.url, name(number));
                    sink(&name(number), "ocsf_http", &rest)
                }
            })
            .collect()
    };
    let bittern = open(folder.path(), sinks(&receiver), NOW).await;
    let expected = tell_thirty(&bittern).await;
    // Each pass ends at its first failure or goes on, is followed by another, and dead letters are tried again.
    for pass in 0..6 {
        let patience = if pass % 2 == 0 { quick() } else { once() };
        deliver(&bittern, &Settings { retry_dead: pass > 0, ..patience }).await;
    }
    let mut passes = 0;
    while deliver(&bittern, &Settings { retry_dead: true, ..quick() }).await.iter().any(|sink| !sink.complete()) {
        passes += 1;
        assert!(passes < 40, "it ends");
    }
    for number in 0..scripts.len() {
        let kept = receiver.kept(&format!("/{}", name(number)));
        let flat: Vec<Value> = kept
            .into_iter()
            .map(|message| match message.get("finding_info") {
                Some(info) => {
                    json!({"id": message["metadata"]["uid"], "alert_id": info["uid"], "observed": message["unmapped"]["observed"]})
                }
                None => message,
            })
            .collect();
        assert_complete(&flat, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_works_a_backlog_off_in_parts_and_then_looks_no_further_back_than_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let findings = folder.path().join("findings");
    let with_file = async |now| {
        let mut file = sink("file", "ocsf_file", "folder = \"x\"\nbatch_max = 500");
        file.folder = Some(findings.clone());
        open(folder.path(), vec![file], now).await
    };
    let bittern = with_file(NOW).await;
    let changes: Vec<Value> = (0..6_000).map(|n| change("new", &format!("alert-{n}"), "low", 3.0, 30 + n / 3_000)).collect();
    tell(&bittern, &changes, true).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].waiting, done[0].more), (6_000, 0, false), "more than one pass takes");
    let cursor = rows(&bittern, "SELECT max(change_time) AS t FROM deliveries WHERE state = 'cursor'").await;
    assert_eq!(cursor, [format!("{{\"t\":\"{}\"}}", time_text(NOW - 3 * DAY + 31 * HOUR))]);
    // What was told before the cursor is known from the table of changes, not from memory: 4 is not twice 3, 6 is.
    let bittern = with_file(NOW + DAY).await;
    tell(&bittern, &[change("changed", "alert-5", "low", 4.0, 60), change("changed", "alert-6", "low", 6.0, 61)], true).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 1);
    let path = findings.join(format!("bittern-{}.jsonl", &time_text(NOW + DAY)[..10]));
    let told: Value = serde_json::from_str(std::fs::read_to_string(path).unwrap().trim()).unwrap();
    assert_eq!((&told["finding_info"]["uid"], &told["activity_name"]), (&json!("alert-6"), &json!("Update")));
}

/// Killed between sending and writing down, the program tells again what it had told, with the same ids, and misses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn deliver_misses_nothing_when_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, before| if before < 5 { OK } else { Answer::Hang }).await;
    let bittern = open(folder.path(), vec![], NOW).await;
    let expected = tell_thirty(&bittern).await;
    let toml = format!(
        "lake = \"lake\"\nkey_file = \"key\"\n[[sinks]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}/hook\"\nsecret_env = \"HOOK_SECRET\"\n",
        receiver.url
    );
    std::fs::write(folder.path().join("bittern.toml"), toml).unwrap();
    let program = || {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_bittern"));
        command.args(["deliver", "--format", "json"]).current_dir(folder.path()).env("HOOK_SECRET", "s".repeat(32));
        command
    };
    let mut killed = program().stdout(std::process::Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while receiver.requests("/hook").len() < 6 {
        assert!(began.elapsed() < Duration::from_secs(120), "it sends");
        tokio::task::yield_now().await;
    }
    killed.kill().await.unwrap();
    receiver.answer(|_, _| OK);
    let output = program().output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(done["delivered"].as_u64().unwrap() >= 25 && done["waiting"] == 0, "{done}");
    assert_complete(&receiver.kept("/hook"), &expected);
    let nothing = program().env_remove("HOOK_SECRET").output().await.unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    let error = String::from_utf8(nothing.stderr).unwrap();
    assert!(error.contains("sink `hook` cannot be opened: the environment variable `HOOK_SECRET` is not set"), "{error}");
}
