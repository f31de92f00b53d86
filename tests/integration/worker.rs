//! The same SQL over workers gives the same rows, and whoever does not belong to them is refused by name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bittern::clock::Clock;
use bittern::config::Config;
use bittern::config::cluster::{Cluster, Fallback};
use bittern::config::serve::Role;
use bittern::error::{Kind, Result};
use bittern::event::DAY;
use bittern::interval::Interval;
use bittern::pipeline::Bittern;
use bittern::pipeline::run::Settings;
use bittern::session::bounded;
use bittern::worker::Worker;
use datafusion::prelude::DataFrame;
use indicatif::ProgressBar;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{config, few, land, lines, repository, small_logs};

/// A worker in this process.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<()>>,
}

impl Running {
    async fn start(config: &Config, lake: &Path) -> Self {
        Self::bound(Worker::bind(config, &lake.display().to_string()).await.unwrap())
    }

    fn bound(worker: Worker) -> Self {
        let address = worker.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(worker.run(async { drop(stopped.await) }));
        Self { address, stop: Some(stop), task }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn end(mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.task.await.unwrap().unwrap();
    }
}

/// Plans are walked recursively, on whatever thread there is: the stack is as deep as the program's.
fn deep<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send) {
    const STACK: usize = 64 * 1024 * 1024;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_stack_size(STACK).enable_all().build().unwrap();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || runtime.block_on(work())).unwrap();
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Settings of an installation in a folder, with some workers and tasks of a few kilobytes.
fn with_workers(folder: &Path, workers: &[String]) -> Config {
    let cluster = Cluster {
        workers: workers.to_vec(),
        task_mib: 0.002,
        listen: "127.0.0.1:0".into(),
        pages: "127.0.0.1:0".into(),
        ..Cluster::default()
    };
    Config { cluster, ..config(folder, Some(policy(folder))) }
}

fn policy(folder: &Path) -> PathBuf {
    let generated = folder.join("logs/policy");
    if generated.exists() { generated } else { repository().join("sample_data/policy") }
}

async fn open(config: &Config, folder: &Path) -> Result<Bittern> {
    Bittern::open(config, &folder.join("lake").display().to_string(), Clock::Fixed(crate::NOW)).await
}

/// A lake with a few days of everything, and every job run over them.
async fn lake(folder: &Path, seed: u64) -> Bittern {
    small_logs(&folder.join("logs"), seed);
    let mut bittern = open(&with_workers(folder, &[]), folder).await.unwrap();
    land(&bittern, &[&folder.join("logs/raw")]).await.unwrap();
    bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();
    bittern
}

/// Every job's query over the whole time, and every hunt, by name.
async fn questions(bittern: &Bittern, span: Interval) -> BTreeMap<String, DataFrame> {
    let mut found = BTreeMap::new();
    for node in &bittern.nodes {
        let frame = bittern.context.sql(&node.job.sql).await.unwrap().with_param_values(node.job.values(span)).unwrap();
        found.insert(node.job.id.clone(), frame);
    }
    // What stands for a value outside of a filter or projection cannot travel: answered here.
    let valued = "SELECT action, sum(CASE WHEN event_time > (SELECT min(event_time) FROM events) THEN 1 ELSE 0 END) AS later FROM events GROUP BY action";
    found.insert("a subquery in an aggregate".into(), bittern.context.sql(valued).await.unwrap());
    for hunt in bittern::pipeline::hunts::all(&bittern.catalog).unwrap() {
        let hunt = bittern.hunt_named(&hunt.id, &[]).unwrap();
        let values: Vec<_> = hunt.params.clone().into_iter().collect();
        let frame = bittern.context.sql(&hunt.sql).await.unwrap().with_param_values(values).unwrap();
        found.insert(format!("hunt {}", hunt.id), frame);
    }
    found
}

/// The rows of a question without the order of what has none, and whether workers had a part in them.
async fn answer(frame: DataFrame) -> std::result::Result<(Vec<String>, bool), String> {
    let names: Vec<String> =
        frame.schema().fields().iter().map(|field| field.name().clone()).filter(|name| name != "evidence_ids").collect();
    let kept: Vec<&str> = names.iter().map(String::as_str).collect();
    let frame = frame.select_columns(&kept).unwrap();
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.map_err(|e| e.to_string())?;
    let spread = plan.name() == "AttemptExec";
    Ok((lines(&datafusion::physical_plan::collect(plan, context).await.map_err(|e| e.to_string())?), spread))
}

/// Why a question is not spread, as `EXPLAIN` says it.
async fn why(frame: &DataFrame) -> String {
    use arrow::array::{Array, AsArray};
    let explained = frame.clone().explain(false, false).unwrap().collect().await.unwrap();
    let texts = explained[0].column(1).as_string::<i32>();
    texts.value(texts.len() - 1).trim_end().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn every_rollup_detection_and_hunt_gives_the_same_rows_here_and_with_one_two_and_five_workers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        let alone = lake(folder, 11).await;
        let occupied =
            alone.context.sql("SELECT min(event_time) AS a, max(event_time) AS b FROM events").await.unwrap().collect().await.unwrap();
        let edge = |at: usize| {
            use arrow::array::AsArray;
            occupied[0].column(at).as_primitive::<arrow::datatypes::TimestampMicrosecondType>().value(0)
        };
        let span = Interval { start: edge(0), end: edge(1) + 1 }.aligned(DAY);
        let mut expected = BTreeMap::new();
        for (name, frame) in questions(&alone, span).await {
            expected.insert(name.clone(), answer(frame).await.unwrap().0);
        }
        assert!(expected.values().filter(|rows| !rows.is_empty()).count() > 15, "most questions have an answer");
        let mut workers = Vec::new();
        for _ in 0..5 {
            workers.push(Running::start(&with_workers(folder, &[]), &folder.join("lake")).await);
        }
        let urls: Vec<String> = workers.iter().map(Running::url).collect();
        for count in [1, 2, 5] {
            let bittern = open(&with_workers(folder, &urls[..count]), folder).await.unwrap();
            let mut local = BTreeMap::new();
            for (name, frame) in questions(&bittern, span).await {
                let (rows, spread) = answer(frame.clone()).await.map_err(|e| format!("{name} over {count} workers: {e}")).unwrap();
                assert!(rows == expected[&name], "{name} over {count} workers: {} rows, not {}", rows.len(), expected[&name].len());
                if !spread && count == 2 {
                    local.insert(name, why(&frame).await);
                }
            }
            // Every one that is executed here says why, and none of the reasons is that it could not be sent.
            assert!(local.len() * 5 < expected.len(), "{} of {} are not spread: {local:#?}", local.len(), expected.len());
            let reasons = ["its files have", "no step of it can run in more than one place", "a subquery stands for a value"];
            let fine = |why: &String| reasons.iter().any(|reason| why.contains(reason));
            assert!(local.values().all(fine), "{local:#?}");
        }
        // A run over workers finds nothing to change: all the answers stand.
        let mut bittern = open(&with_workers(folder, &urls[..2]), folder).await.unwrap();
        let done = bittern.run(&Settings { full: true, jobs: few(), ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
        let changed: Vec<&str> = done.iter().filter(|job| job.commits > 0).map(|job| job.job.as_str()).collect();
        assert!(changed.is_empty(), "answered otherwise over workers: {changed:?}");
        for worker in workers {
            worker.end().await;
        }
    });
}

/// A lake with events alone: enough for what is not about answers.
async fn events(folder: &Path) -> Bittern {
    small_logs(&folder.join("logs"), 12);
    let mut bittern = opened(&with_workers(folder, &[]), folder).await.unwrap();
    land(&bittern, &[&folder.join("logs/raw")]).await.unwrap();
    bittern.refresh().await.unwrap();
    bittern
}

async fn opened(config: &Config, folder: &Path) -> Result<Bittern> {
    Bittern::open_to_land(config, &folder.join("lake").display().to_string(), Clock::Fixed(crate::NOW)).await
}

const COUNT: &str = "SELECT action, count(*) AS n, count(DISTINCT actor_id) AS people FROM events GROUP BY action";

async fn count(bittern: &Bittern) -> Result<Vec<String>> {
    Ok(lines(&bittern.context.sql(COUNT).await?.collect().await?))
}

#[test]
fn who_has_another_token_rule_set_or_key_is_refused_by_name_and_who_asks_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        let expected = count(&events(folder).await).await.unwrap();
        let token = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).unwrap();
            Some(folder.join(name))
        };
        let mut own = with_workers(folder, &[]);
        own.cluster.token_file = token("token", "a-token-of-the-marsh");
        let worker = Running::start(&own, &folder.join("lake")).await;
        own.cluster.workers = vec![worker.url()];
        own.cluster.retries = 0;
        assert_eq!(count(&opened(&own, folder).await.unwrap()).await.unwrap(), expected);

        let refused = async |config: &Config| {
            let error = count(&opened(config, folder).await.unwrap()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable, "{error:#}");
            assert!(error.to_string().contains(&worker.url()), "{error:#}");
            error.to_string()
        };
        let mut other = own.clone();
        other.cluster.token_file = token("other", "another-token-of-the-marsh");
        assert!(refused(&other).await.contains("token"));
        other.cluster.token_file = None;
        assert!(refused(&other).await.contains("token"));
        let mut other = own.clone();
        other.rules = vec![folder.join("rules.toml")];
        std::fs::write(folder.join("rules.toml"), OWN_RULE).unwrap();
        assert!(refused(&other).await.contains("another rule set"));
        let mut other = own.clone();
        other.key_file = Some(folder.join("other.key"));
        let said = refused(&other).await;
        assert!(said.contains("another fingerprint key"), "{said}");
        // Said so, a coordinator goes on by itself.
        other.cluster.fallback = Fallback::Local;
        assert_eq!(count(&opened(&other, folder).await.unwrap()).await.unwrap(), expected);
        worker.end().await;
    });
}

const OWN_RULE: &str = r#"
[[rule]]
id = "marsh-key"
description = "A key of the marsh"
service = "Marsh"
kind = "api_key"
confidence = 0.9
literals = ["marsh_"]
pattern = '\b(marsh_[a-z0-9]{20})\b'
references = ["https://example.com/marsh"]
examples = [["marsh_", "a1b2c3d4e5f6g7h8i9j0"]]
negative_examples = [["marsh_", "short"]]
"#;

#[test]
fn a_worker_that_is_gone_is_named_and_the_others_answer_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        let expected = count(&events(folder).await).await.unwrap();
        let worker = Running::start(&with_workers(folder, &[]), &folder.join("lake")).await;
        let gone = Running::start(&with_workers(folder, &[]), &folder.join("lake")).await;
        let gone_url = gone.url();
        let both = open_counting(folder, &[worker.url(), gone_url.clone()]).await;
        assert_eq!(count(&both).await.unwrap(), expected);
        gone.end().await;
        assert_eq!(count(&both).await.unwrap(), expected, "planned anew on the worker that is left");
        let mut alone = with_workers(folder, std::slice::from_ref(&gone_url));
        let error = count(&opened(&alone, folder).await.unwrap()).await.unwrap_err();
        assert!(error.to_string().contains(&gone_url) && error.kind() == Kind::Unavailable, "{error:#}");
        alone.cluster.fallback = Fallback::Local;
        assert_eq!(count(&opened(&alone, folder).await.unwrap()).await.unwrap(), expected);
        worker.end().await;
    });
}

async fn open_counting(folder: &Path, workers: &[String]) -> Bittern {
    opened(&with_workers(folder, workers), folder).await.unwrap()
}

#[test]
fn a_worker_that_accepts_and_never_answers_is_given_up_on_within_its_patience() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        let expected = count(&events(folder).await).await.unwrap();
        // Takes connections, and is silent.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let silent = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        let mut config = with_workers(folder, std::slice::from_ref(&url));
        config.cluster.patience = bittern::config::Length(bittern::event::SECOND);
        config.cluster.retries = 0;
        let started = std::time::Instant::now();
        let error = count(&opened(&config, folder).await.unwrap()).await.unwrap_err();
        assert!(error.to_string().contains(&url) && error.to_string().contains("sent nothing for 1 s"), "{error:#}");
        assert!(started.elapsed().as_secs() < 30);
        config.cluster.fallback = Fallback::Local;
        assert_eq!(count(&opened(&config, folder).await.unwrap()).await.unwrap(), expected);
        silent.abort();
    });
}

#[test]
fn explain_shows_where_a_query_is_executed_and_why_not_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        events(folder).await;
        let worker = Running::start(&with_workers(folder, &[]), &folder.join("lake")).await;
        let mut config = with_workers(folder, &[worker.url()]);
        let bittern = opened(&config, folder).await.unwrap();
        let explained = async |bittern: &Bittern, sql: &str| {
            lines(&bittern.context.sql(&format!("EXPLAIN {sql}")).await.unwrap().collect().await.unwrap()).join("\n")
        };
        let spread = explained(&bittern, COUNT).await;
        assert!(spread.contains("DistributedExec") && spread.contains("spread over 1 worker"), "{spread}");
        let joined = "SELECT p.person_id, count(*) FROM events e JOIN identities p ON e.actor_email = p.identity GROUP BY 1";
        let spread = explained(&bittern, joined).await;
        assert!(spread.contains("rows that this process holds in memory"), "{spread}");
        let own = explained(&bittern, "SELECT count(*) FROM identities").await;
        assert!(own.contains("not spread over workers: its files have 0.0 KiB"), "{own}");
        config.cluster.task_mib = 1000.0;
        let small = explained(&opened(&config, folder).await.unwrap(), COUNT).await;
        assert!(small.contains("not spread over workers") && small.contains("less than one task is worth"), "{small}");
        worker.end().await;
    });
}

#[test]
fn folders_go_out_whole_where_that_is_even_and_meet_whatever_lies_where() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        let writer = opened(&with_workers(folder, &[]), folder).await.unwrap();
        for (table, days) in [("a", 10..22), ("b", 13..20)] {
            for day in days {
                let place = folder.join(table).join(format!("day=2026-03-{day}"));
                std::fs::create_dir_all(&place).unwrap();
                let rows =
                    format!("COPY (SELECT value AS k FROM range(1500)) TO '{}' STORED AS PARQUET", place.join("x.parquet").display());
                writer.context.sql(&rows).await.unwrap().collect().await.unwrap();
            }
        }
        let questions = [
            "SELECT day, k % 3 AS third, count(*) AS n, sum(k) AS s FROM a GROUP BY day, k % 3 ORDER BY day, third",
            "SELECT third, count(*) OVER (PARTITION BY third) AS days, n FROM (SELECT day, k % 3 AS third, count(*) AS n FROM a GROUP BY 1, 2) ORDER BY 1",
            "SELECT a.day, count(*) AS n FROM a JOIN b ON a.day = b.day AND a.k = b.k GROUP BY a.day ORDER BY a.day",
            "SELECT a.day, a.n + b.n AS n FROM (SELECT day, count(*) AS n FROM a GROUP BY day) AS a JOIN (SELECT day, count(*) AS n FROM b GROUP BY day) AS b ON a.day = b.day ORDER BY a.day",
            "SELECT day, count(*) AS n FROM (SELECT day FROM a UNION ALL SELECT day FROM b) GROUP BY day ORDER BY day",
        ];
        let mut workers = Vec::new();
        for _ in 0..5 {
            workers.push(Running::start(&with_workers(folder, &[]), &folder.join("lake")).await);
        }
        let urls: Vec<String> = workers.iter().map(Running::url).collect();
        let mut expected: Option<Vec<Vec<String>>> = None;
        for count in [0, 1, 2, 5] {
            let mut config = with_workers(folder, &urls[..count]);
            config.cluster.partitions = 2;
            let bittern = opened(&config, folder).await.unwrap();
            for table in ["a", "b"] {
                bittern::session::files::register(&bittern.context, table, &folder.join(table).display().to_string()).await.unwrap();
            }
            let mut answers = Vec::new();
            for sql in questions {
                let (rows, spread) = answer(bittern.context.sql(sql).await.unwrap()).await.unwrap();
                assert_eq!(spread, count > 0, "{sql}");
                answers.push(rows);
            }
            assert_eq!((answers[0].len(), answers[2].len(), answers[4].len()), (36, 7, 12), "{answers:?}");
            if let Some(expected) = &expected {
                assert_eq!(&answers, expected, "with {count} workers");
            }
            expected = Some(answers);
            if count == 2 {
                let explained = format!("EXPLAIN {}", questions[0]);
                let plan = lines(&bittern.context.sql(&explained).await.unwrap().collect().await.unwrap()).join("\n");
                assert!(plan.contains("mode=SinglePartitioned") && !plan.contains("NetworkShuffle"), "{plan}");
            }
        }
        for worker in workers {
            worker.end().await;
        }
    });
}

#[test]
fn a_worker_listens_elsewhere_only_with_a_token_and_a_certificate_and_makes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        let root = folder.join("lake").display().to_string();
        let mut config = with_workers(folder, &[]);
        let refused = async |config: &Config| Worker::bind(config, &root).await.map(drop).unwrap_err();
        let error = refused(&config).await;
        assert!(error.to_string().contains("there is no key"), "{error}");
        assert!(!folder.join("key").exists());
        std::fs::write(folder.join("key"), [7; 48]).unwrap();
        assert!(refused(&config).await.to_string().contains("there is no lake at"));
        bittern::lake::Lake::open(&root, Clock::Fixed(0)).await.unwrap();
        config.cluster.listen = "0.0.0.0:0".into();
        let error = refused(&config).await;
        assert!(
            error.kind() == Kind::Usage && error.to_string().contains("a token") && error.to_string().contains("a certificate"),
            "{error}"
        );
        std::fs::write(folder.join("token"), "a-token-of-the-marsh").unwrap();
        config.cluster.token_file = Some(folder.join("token"));
        let error = refused(&config).await;
        assert!(error.to_string().contains("name a certificate"), "{error}");
        std::fs::write(folder.join("token"), "short").unwrap();
        assert!(refused(&config).await.to_string().contains("shorter than 16 bytes"));
    });
}

#[test]
fn a_role_of_the_server_sees_the_same_over_workers_and_finds_out_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    deep(|| async {
        small_logs(&folder.join("logs"), 13);
        let mut alone = open(&with_workers(folder, &[]), folder).await.unwrap();
        land(&alone, &[&folder.join("logs/raw")]).await.unwrap();
        alone.refresh().await.unwrap();
        let worker = Running::start(&with_workers(folder, &[]), &folder.join("lake")).await;
        let over = open(&with_workers(folder, &[worker.url()]), folder).await.unwrap();
        let rows = [("events".to_owned(), "source <> 'email'".to_owned())].into();
        let role = Role { hidden: vec!["text".to_owned()], rows, ..Role::default() };
        let queries = [
            ("SELECT person_id, action, count(*) AS n, max(file_name) AS name FROM acts GROUP BY person_id, action", true),
            ("SELECT source, count(DISTINCT concat(actor_id, ' ', repeat('x', 2))) AS n FROM events GROUP BY source", true),
            // `||` is behind a check here that workers do not have.
            (
                "SELECT a.actor_id || '-' || b.action AS pair, count(*) AS n FROM events a JOIN events b ON a.event_id = b.event_id GROUP BY 1",
                false,
            ),
            // Answers nothing but pseudonyms here, and would answer more there.
            ("SELECT pseudonym('ana@example.com') AS found, count(*) AS n FROM events WHERE pseudonym(actor_id) <> '' GROUP BY 1", false),
        ];
        let sessions = async |bittern: &Bittern| {
            let surface = bittern.surface(&role, 2).unwrap();
            surface.show(bittern.seen_by(&role).await.unwrap());
            surface.session(&Default::default(), &Default::default()).unwrap()
        };
        let (here, there) = (sessions(&alone).await, sessions(&over).await);
        for (sql, expected) in queries {
            let asked = async |context: &datafusion::prelude::SessionContext| {
                let state = context.state();
                let plan = state.optimize(&bounded::admit(state.create_logical_plan(sql).await.unwrap()).unwrap()).unwrap();
                let plan = bounded::interruptible(state.create_physical_plan(&plan).await.unwrap()).unwrap();
                let spread = plan.name() == "AttemptExec";
                (lines(&datafusion::physical_plan::collect(plan, state.task_ctx()).await.unwrap()), spread)
            };
            let (rows, spread) = asked(&there).await;
            assert_eq!(rows, asked(&here).await.0, "{sql}");
            assert_eq!(spread, expected, "{sql}");
            assert!(!rows.is_empty(), "{sql}");
        }
        assert!(there.sql("SELECT pseudonym_once('ana@example.com')").await.is_err(), "what workers have more is not for roles");
        worker.end().await;
    });
}
