//! A lake of a few dozen rows with two rollups and two detections, the commands on it, and its content in a form that can be compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bittern::alerts::actions::Decision;
use bittern::clock::{Clock, Stop};
use bittern::config::{Config, Length};
use bittern::error::{Error, Result};
use bittern::jobs::catalog::Catalog;
use bittern::lake::store::Place;
use bittern::lake::{Lake, commit};
use bittern::pipeline::Bittern;
use bittern::pipeline::deliver::Settings as Deliver;
use bittern::pipeline::run::Settings;
use bittern::pipeline::triage::Decided;
use bittern::sinks::courier::Patience;
use indicatif::ProgressBar;
use object_store::memory::InMemory;

use crate::deliver::sink;
use crate::{NOW, lines, repository};

/// Jobs that take no time, and read each other as the real ones do.
const SQL: [(&str, &str); 4] = [
    (
        "rollups/logins_hourly.sql",
        "-- title = \"Logins of an actor in an hour\"
-- interval = \"1 hour\"
SELECT date_trunc('hour', event_time) AS interval_time, source, actor_id, count(*) AS logins,
  min(event_time) AS first_event_time, max(event_time) AS last_event_time
FROM events
WHERE event_time >= $interval_start AND event_time < $interval_end AND action = 'login'
GROUP BY date_trunc('hour', event_time), source, actor_id
",
    ),
    (
        "rollups/logins_daily.sql",
        "-- title = \"Logins of an actor in a day\"
-- interval = \"1 day\"
SELECT date_trunc('day', interval_start) AS interval_time, actor_id, sum(logins) AS logins, count(*) AS hours
FROM logins_hourly
WHERE interval_start >= $interval_start AND interval_start < $interval_end
GROUP BY date_trunc('day', interval_start), actor_id
",
    ),
    (
        "detections/many_logins.sql",
        "-- title = \"Many logins in a day\"
-- severity = \"medium\"
-- interval = \"1 day\"
-- reads = \"-1 day\"
-- entity = \"account\"
-- [params]
-- logins_min = 4
SELECT d.interval_start AS interval_time, d.actor_id AS entity_id, CAST(d.logins AS VARCHAR) || ' logins' AS summary,
  CAST(d.logins AS DOUBLE) AS observed, CAST(coalesce(y.logins, 0) AS DOUBLE) AS expected
FROM logins_daily AS d
LEFT JOIN logins_daily AS y ON d.actor_id = y.actor_id AND y.interval_start = d.interval_start - INTERVAL '1 day'
  AND y.interval_start >= $interval_start - INTERVAL '1 day' AND y.interval_start < $interval_end
WHERE d.interval_start >= $interval_start AND d.interval_start < $interval_end AND d.logins >= $logins_min
  AND d.logins > 2 * coalesce(y.logins, 0)
",
    ),
    (
        "detections/credential_told.sql",
        "-- title = \"A credential in a message\"
-- severity = \"high\"
-- interval = \"1 hour\"
-- entity = \"account\"
SELECT event_time AS interval_time, actor_id AS entity_id, event_id AS alert_key, 'a credential' AS summary,
  array_agg(event_id) AS evidence_ids
FROM events
WHERE event_time >= $interval_start AND event_time < $interval_end AND action = 'message_posted'
GROUP BY event_time, actor_id, event_id
",
    ),
];

/// Views that the program itself asks.
const VIEWS: [&str; 2] = ["acts", "cases"];

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Land(&'static [&'static str]),
    Run,
    Decide,
    Deliver,
    Maintain,
}

/// The whole way: land, answer, decide, land what came late and broken, answer, tell, tidy up.
pub const WAY: [Step; 7] =
    [Step::Land(&["a", "b"]), Step::Run, Step::Decide, Step::Land(&["c", "d"]), Step::Run, Step::Deliver, Step::Maintain];

/// A folder with all that the commands read.
#[derive(Debug, Clone)]
pub struct Tiny {
    pub folder: PathBuf,
    pub config: Config,
}

fn event(id: &str, time: &str, action: &str, actor: &str) -> serde_json::Value {
    serde_json::json!({"event_id": format!("x:{id}"), "event_time": time, "action": action, "surface": "chat", "source": "x", "actor_id": actor})
}

fn login(day: u32, minute: u32, actor: &str) -> String {
    let time = format!("2026-03-{day:02}T{:02}:{:02}:00Z", 8 + minute / 60, minute % 60);
    event(&format!("{actor}-{day}-{minute}"), &time, "login", actor).to_string()
}

fn posted(day: u32, hour: u32, actor: &str) -> String {
    let mut event = event(&format!("m-{actor}-{day}-{hour}"), &format!("2026-03-{day:02}T{hour:02}:10:00Z"), "message_posted", actor);
    event["channel_id"] = "C1".into();
    event["text"] = format!("the password is {}{}", "Tr0ub4dor", "&3-correct").into();
    event.to_string()
}

impl Tiny {
    /// Writes logs and SQL into a folder.
    pub fn new(folder: &Path) -> Self {
        let raw = folder.join("raw");
        std::fs::create_dir_all(&raw).unwrap();
        for (name, sql) in SQL {
            let path = folder.join("sql").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, sql).unwrap();
        }
        std::fs::create_dir_all(folder.join("sql/views")).unwrap();
        for view in VIEWS {
            let name = format!("views/{view}.sql");
            std::fs::copy(repository().join("sql").join(&name), folder.join("sql").join(&name)).unwrap();
        }
        let some = |minutes: std::ops::Range<u32>, day: u32, actor: &str| minutes.map(|m| login(day, m * 20, actor)).collect::<Vec<_>>();
        let mut a = some(0..3, 2, "U1");
        a.extend(some(0..6, 3, "U1"));
        a.push(posted(2, 9, "U2"));
        let mut b = some(0..5, 2, "U2");
        b.extend(some(0..5, 3, "U3"));
        // The same event once more, and a line that is none.
        b.push(login(2, 0, "U1"));
        b.push("{\"broken".to_owned());
        // What comes late makes a second day no longer unusual, and one more.
        let mut c = some(3..5, 2, "U1");
        c.extend(some(0..7, 4, "U2"));
        c.push(posted(3, 11, "U1"));
        let mut d = some(0..4, 3, "U2");
        d.extend(some(0..3, 2, "U1"));
        d.push("no words for it".to_owned());
        d.push(posted(4, 12, "U3"));
        for (name, rows) in [("a", a), ("b", b), ("c", c), ("d", d)] {
            std::fs::write(raw.join(format!("{name}.ndjson")), rows.join("\n") + "\n").unwrap();
        }
        let state =
            serde_json::json!([{"id": "C1", "name": "general", "created": 1_700_000_000, "is_channel": true, "members": ["U1", "U2"]}]);
        std::fs::create_dir_all(raw.join("slack_state")).unwrap();
        std::fs::write(raw.join("slack_state/channels.json"), state.to_string()).unwrap();
        Self::at(folder)
    }

    /// A folder that was written before.
    pub fn at(folder: &Path) -> Self {
        let sinks = vec![sink("file", "ocsf_file", &format!("folder = \"{}\"", folder.join("told").display()))];
        let mut config = Config { key_file: Some(folder.join("key")), sinks, ..Config::default() };
        config.ingest.redact = true;
        config.maintain.small_files_min = 2;
        config.maintain.vacuum = Length(0);
        config.maintain.log = Length(0);
        Self { folder: folder.to_owned(), config }
    }

    /// The lake in a folder of this machine.
    pub fn place(&self) -> Place {
        Place::parse(&self.folder.join("lake").display().to_string()).unwrap()
    }

    /// A new lake in memory.
    pub fn fresh(&self) -> Place {
        Place { url: "memory:///lake/".parse().unwrap(), store: Arc::new(InMemory::new()), path: "lake".into() }
    }

    /// Opens the lake with the few jobs.
    pub async fn open(&self, place: Place) -> Result<Bittern> {
        let lake = Lake::open_at(place, Clock::Fixed(NOW)).await?;
        Bittern::open_with(&self.config, lake, Catalog::alone(&self.folder.join("sql"))?).await
    }

    /// One command, as a process would do it: opens, works, ends.
    pub async fn step(&self, place: Place, step: Step) -> Result<()> {
        let mut bittern = self.open(place).await?;
        match step {
            Step::Land(names) => {
                let mut inputs: Vec<String> =
                    names.iter().map(|name| self.folder.join(format!("raw/{name}.ndjson")).display().to_string()).collect();
                inputs.push(self.folder.join("raw/slack_state").display().to_string());
                let settings = bittern::ingest::Settings { inputs, ..Default::default() };
                bittern.ingest(&settings, &ProgressBar::hidden()).await.map(drop)
            }
            Step::Run => bittern.run(&Settings::default(), &ProgressBar::hidden()).await.map(drop),
            Step::Decide => {
                let cases = bittern.context.sql("SELECT case_id FROM alerts ORDER BY case_id LIMIT 1").await?.collect().await?;
                let id: String = lines(&cases).concat().split('"').nth(3).unwrap_or_default().to_owned();
                let decided = Decided { decision: Decision::Ack, verdict: None, comment: None, until: None, by: "ana".into() };
                bittern.decide(&[id], &decided).await.map(drop)
            }
            Step::Deliver => {
                let patience = Patience { failing: std::time::Duration::ZERO, ..Patience::default() };
                let done = bittern.deliver(&Deliver { patience, ignore_waits: true, ..Deliver::default() }, &ProgressBar::hidden()).await?;
                let told = done.iter().find_map(|sink| sink.error.clone());
                told.map_or(Ok(()), |error| Err(Error::internal(error)))
            }
            Step::Maintain => {
                let summary = bittern.maintain(false, &Stop::default(), &ProgressBar::hidden()).await?;
                summary.failed.first().map_or(Ok(()), |failed| Err(Error::internal(failed.clone())))
            }
        }
    }

    /// What the tables say, without times of doing and without ids of runs.
    pub async fn content(&self, place: Place) -> BTreeMap<String, Vec<String>> {
        let mut bittern = self.open(place).await.unwrap();
        let mut found = crate::contents(&mut bittern).await;
        let asked = [
            ("objects", "SELECT object, etag, lines, events, quarantined, state FROM objects"),
            ("quarantine", "SELECT object, line, line_to, \"column\", source, reason, state FROM quarantine"),
            ("ingest_findings", "SELECT DISTINCT event_id, field, rule, masked, fingerprint FROM ingest_findings"),
            ("alert_actions", "SELECT case_id, decision, \"by\" FROM alert_actions"),
            ("delivered", "SELECT DISTINCT alert_id, payload_hash FROM deliveries WHERE state = 'delivered'"),
        ];
        for (name, sql) in asked {
            found.insert(name.into(), crate::rows(&bittern, sql).await);
        }
        found.insert("told".into(), told(&bittern).await);
        let stale: Vec<String> = bittern
            .plan(&Settings::default())
            .await
            .unwrap()
            .into_iter()
            .flat_map(|(job, todo)| todo.stale.into_iter().map(move |stale| format!("{job} {:?}: {}", stale.span, stale.reason)))
            .collect();
        found.insert("stale".into(), stale);
        found
    }
}

/// Changes whose alerts are committed, by the ledger or by the log.
async fn told(bittern: &Bittern) -> Vec<String> {
    let sql = "SELECT run_id FROM alert_changes GROUP BY run_id";
    let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let runs: Vec<String> =
        crate::rows(bittern, sql).await.iter().filter_map(|line| value(line)["run_id"].as_str().map(str::to_owned)).collect();
    let known = crate::rows(bittern, "SELECT DISTINCT run_id FROM runs").await.join("\n");
    let in_log = commit::in_log(&bittern.lake.table("alerts").await.unwrap(), &runs, 1_000).await.unwrap();
    let committed = |run: &str| known.contains(run) || in_log.iter().any(|id| id == run);
    let changes = crate::rows(bittern, "SELECT alert_id, change, payload_hash, run_id FROM alert_changes").await;
    let committed = changes.iter().map(|line| value(line)).filter(|row| committed(row["run_id"].as_str().unwrap()));
    let mut found: Vec<String> = committed.map(|row| format!("{} {} {}", row["alert_id"], row["change"], row["payload_hash"])).collect();
    found.sort();
    found
}
