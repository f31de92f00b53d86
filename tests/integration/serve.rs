//! The PostgreSQL server with a real client: who gets in, what they see, what they may do, and how far.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bittern::clock::Clock;
use bittern::config::serve::{Role, Serve};
use bittern::pipeline::Bittern;
use bittern::serve::Server;
use bittern::serve::users::Users;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::{config, land, lines};

const PASSWORD: &str = "reed bed at dusk";

struct Running {
    port: u16,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<bittern::error::Result<()>>,
}

fn token() -> String {
    ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat()
}

fn event(id: u32, actor: &str, channel: &str, text: &str) -> String {
    let json = serde_json::json!({
        "event_id": format!("e{id}"), "event_time": format!("2026-04-02T10:00:{:02}Z", id % 60), "action": "message_posted",
        "actor_id": format!("U{actor}"), "actor_email": format!("{actor}@example.com"), "actor_name": format!("{actor} Sample"),
        "channel_id": channel, "text": text, "file_name": format!("notes of {}.txt", token()),
    });
    format!("{json}\n")
}

async fn events(folder: &Path, name: &str, lines: &[String]) {
    let path = folder.join(name);
    std::fs::write(&path, lines.concat()).unwrap();
    let bittern = open_to_land(folder).await;
    let settings = bittern::ingest::Settings {
        inputs: vec![path.display().to_string()],
        source: Some("events".to_owned()),
        ..bittern::ingest::Settings::default()
    };
    bittern.ingest(&settings, &indicatif::ProgressBar::hidden()).await.unwrap();
}

async fn open(folder: &Path) -> Bittern {
    let config = config(folder, None);
    Bittern::open(&config, &folder.join("lake").display().to_string(), Clock::System).await.unwrap()
}

/// The same without jobs: planning them all takes longer than most of what is tested here.
async fn open_to_land(folder: &Path) -> Bittern {
    let config = config(folder, None);
    Bittern::open_to_land(&config, &folder.join("lake").display().to_string(), Clock::System).await.unwrap()
}

/// A lake with a few events, served on a port of its own to `ana` (admin), `ben` (analyst), `cleo` (role `chat`) and `dan` (role `all`).
async fn serve(change: impl FnOnce(&mut Serve)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = [("ana", "C1"), ("ben", "C1"), ("ana", "C2")]
        .iter()
        .enumerate()
        .map(|(n, (actor, channel))| event(u32::try_from(n).unwrap(), actor, channel, &format!("use {} for now", token())))
        .collect();
    events(folder.path(), "a.ndjson", &lines).await;
    let mut served = Serve { listen: "127.0.0.1:0".to_owned(), fresh_seconds: 0.0, ..Serve::default() };
    served.limits.threads = 2;
    let chat = Role { names: true, rows: [("events".to_owned(), "channel_id = 'C1'".to_owned())].into(), ..Role::default() };
    let all = Role { rows: [("*".to_owned(), "channel_id = 'C1'".to_owned())].into(), ..Role::default() };
    served.roles = [("chat".to_owned(), chat), ("all".to_owned(), all)].into();
    change(&mut served);
    let path = folder.path().join("users");
    let mut users = Users::read(&path).unwrap();
    for (name, role) in [("ana", "admin"), ("ben", "analyst"), ("cleo", "chat"), ("dan", "all")] {
        users.set(name, role, PASSWORD).unwrap();
    }
    let server = Server::bind(open(folder.path()).await, served, &path).await.unwrap();
    let port = server.address().unwrap().port();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    Running { port, folder, stop: Some(stop), task }
}

impl Running {
    async fn connect(&self, user: &str) -> Client {
        self.try_connect(user, PASSWORD).await.unwrap()
    }

    async fn try_connect(&self, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
        Ok(self.connect_by(user, password).await?.0)
    }

    /// A client, and the task that holds its socket.
    async fn connect_by(&self, user: &str, password: &str) -> Result<(Client, tokio::task::AbortHandle), tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user(user).password(password).dbname("bittern").application_name("tests");
        let (client, connection) = config.connect(NoTls).await?;
        Ok((client, tokio::spawn(connection).abort_handle()))
    }

    /// Stops the server, and returns the audit's rows.
    async fn stop(mut self) -> Vec<serde_json::Value> {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.await.unwrap().unwrap();
        let bittern = open(self.folder.path()).await;
        let sql =
            "SELECT user_name, role, application, statement, rows, outcome, code, seconds >= 0 AS timed FROM queries ORDER BY start_time";
        let batches = bittern.context.sql(sql).await.unwrap().collect().await.unwrap();
        lines(&batches).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_answers_everybody_what_is_theirs() {
    let running = serve(|_| {}).await;
    roles(&running).await;
    only_reads(&running).await;
    portals(&running).await;
    catalogue(&running).await;
    new_commits(&running).await;
    logins(&running).await;
    let audit = running.stop().await;
    audited(&audit);
    assert!(!format!("{audit:?}").contains(&token()), "credentials are masked in statements: {audit:?}");
}

fn code(error: &tokio_postgres::Error) -> String {
    error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned())
}

async fn refused(client: &Client, sql: &str) -> String {
    code(&client.simple_query(sql).await.expect_err(sql))
}

/// The first column of every row.
async fn texts(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap();
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    };
    messages.iter().filter_map(row).collect()
}

/// Whoever proves who they are gets in, until they are removed.
async fn logins(running: &Running) {
    for (user, password) in [("ana", "wrong password"), ("nobody", PASSWORD), ("", PASSWORD)] {
        let error = running.try_connect(user, password).await.err().unwrap();
        assert!(code(&error) == "28P01" || user.is_empty(), "{user}: {error:?}");
    }
    let ana = running.connect("ana").await;
    let row = ana
        .query_one(
            "SELECT count(*), min(actor_email), max(event_time) IS NOT NULL FROM events WHERE channel_id = $1 AND event_id <> 'e7'",
            &[&"C1"],
        )
        .await;
    let row = row.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, &str>(1), row.get::<_, bool>(2)), (2, "ana@example.com", true));
    // Somebody who is removed gets no further answer.
    Users::read(&running.folder.path().join("users")).unwrap().remove("ana").unwrap();
    assert_eq!(refused(&ana, "SELECT 1").await, "28000");
}

fn audited(audit: &[serde_json::Value]) {
    assert!(audit.iter().any(|row| row["code"] == "28P01" && row["user_name"] == "nobody"));
    assert!(audit.iter().any(|row| row["outcome"] == "refused" && row["code"] == "25006" && row["statement"] == "DELETE FROM events"));
    let counts =
        |row: &&serde_json::Value| row["statement"].as_str().is_some_and(|text| text.starts_with("SELECT count(*), min(actor_email)"));
    let asked = audit.iter().find(counts).unwrap();
    assert_eq!(
        (&asked["user_name"], &asked["role"], &asked["application"], &asked["rows"], &asked["timed"]),
        (&"ana".into(), &"admin".into(), &"tests".into(), &1.into(), &true.into())
    );
}

/// Each role sees what is for it.
async fn roles(running: &Running) {
    let ana = running.connect("ana").await;
    assert_eq!(texts(&ana, "SELECT text FROM events WHERE event_id = 'e0'").await, [format!("use {} for now", token())]);
    assert_eq!(texts(&ana, "SELECT count(*) FROM queries").await, ["0"]);

    let ben = running.connect("ben").await;
    assert!(ben.simple_query("SELECT text FROM events").await.unwrap_err().to_string().contains("error"));
    let shown = texts(&ben, "SELECT file_name FROM acts WHERE event_id = 'e0'").await;
    assert!(shown[0].starts_with("notes of ") && shown[0].contains("****") && !shown[0].contains(&token()), "{shown:?}");
    let account = texts(&ben, "SELECT actor_email FROM events WHERE event_id = 'e0'").await;
    let person = texts(&ben, "SELECT person_id FROM acts WHERE event_id = 'e0'").await;
    assert_eq!(person, texts(&ana, "SELECT person_id FROM acts WHERE event_id = 'e0'").await, "one pseudonym for everybody");
    assert!(account == person && person[0].starts_with("p_"), "{account:?}");
    for sql in ["SELECT * FROM queries", "SELECT * FROM identities", "SELECT actor_name FROM acts"] {
        assert!(ben.simple_query(sql).await.is_err(), "{sql}");
    }
    let everything =
        texts(&ben, "SELECT array_to_string(make_array(actor_id, actor_email, file_name, device_name, target), ' ') FROM acts").await;
    assert!(!everything.join(" ").contains("example.com") && !everything.join(" ").contains(&token()), "{everything:?}");

    let cleo = running.connect("cleo").await;
    assert_eq!(texts(&cleo, "SELECT DISTINCT channel_id FROM events").await, ["C1"]);
    assert_eq!(texts(&cleo, "SELECT count(*) FROM acts").await, ["2"], "views are over what the role sees");
    assert_eq!(texts(&cleo, "SELECT actor_email FROM events WHERE event_id = 'e0'").await, ["ana@example.com"]);
    // A condition that fails on rows that are not there would tell of them.
    let probe = "SELECT count(*) FROM events WHERE 1 / (CASE WHEN channel_id = 'C2' THEN 0 ELSE 1 END) = 1";
    assert_eq!(texts(&cleo, probe).await, ["2"]);

    let dan = running.connect("dan").await;
    assert_eq!(texts(&dan, "SELECT count(*) FROM acts").await, ["2"]);
    assert!(dan.simple_query("SELECT * FROM alerts").await.is_err(), "a table that the condition does not fit is not there");
}

/// Nothing can be changed.
async fn only_reads(running: &Running) {
    let ana = running.connect("ana").await;
    for sql in [
        "DELETE FROM events",
        "INSERT INTO events SELECT * FROM events",
        "CREATE TABLE t AS SELECT 1",
        "SELECT * INTO t FROM events",
        "WITH x AS (INSERT INTO events SELECT * FROM events RETURNING 1) SELECT * FROM x",
        "COPY events TO '/tmp/bittern-copy'",
        "COPY events FROM STDIN",
        "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
        "SET datafusion.runtime.memory_limit = '1T'",
        "SET ROLE admin",
        "SELECT 1; DROP TABLE events",
        "PREPARE p AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT * FROM '/etc/passwd'",
        "BEGIN READ WRITE",
    ] {
        refused(&ana, sql).await;
        assert!(ana.query(sql, &[]).await.is_err(), "{sql}");
    }
    assert_eq!(texts(&ana, "SELECT count(*) FROM events").await, ["3"]);
    assert!(!texts(&ana, "EXPLAIN ANALYZE SELECT count(*) FROM events").await.is_empty());
    assert_eq!(texts(&ana, "SHOW transaction_read_only").await, ["on"]);
    ana.simple_query("BEGIN; SELECT 1; COMMIT").await.unwrap();
    ana.simple_query("BEGIN").await.unwrap();
    refused(&ana, "SELECT nothing FROM events").await;
    assert_eq!(refused(&ana, "SELECT 1").await, "25P02");
    ana.simple_query("ROLLBACK").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_holds_each_limit() {
    let running = serve(|served| {
        served.limits.seconds = 30.0;
        served.limits.rows = 5_000;
        served.limits.answer_mib = 1;
        served.limits.memory_mib = 16;
        served.limits.spill_mib = 16;
        served.limits.queries_per_user = 1;
        served.limits.connections_per_user = 3;
    })
    .await;
    let ana = running.connect("ana").await;
    let long =
        "SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 100000) b CROSS JOIN generate_series(1, 100) c";
    for (sql, expected) in [
        (long, "57014"),
        ("SELECT max(value) FROM generate_series(1, 10000000000)", "57014"),
        ("SELECT repeat('x', 1000000000)", "53200"),
        ("SELECT length(repeat(repeat('x', 100000), 100000))", "53200"),
        ("SELECT lpad('x', 1000000000)", "53200"),
        ("SELECT replace(repeat('x', 1000000), 'x', repeat('y', 1000000))", "53200"),
        ("SELECT array_agg(value || repeat('x', 1000)) FROM generate_series(1, 1000000)", "53200"),
        ("SELECT value FROM generate_series(1, 10000)", "54000"),
        ("SELECT repeat('x', 1000) FROM generate_series(1, 4000)", "54000"),
        ("SELECT regexp_like('x', '(a{1000}){1000}{1000}')", "22000"),
        ("SELECT 'x' ~ CAST(value AS VARCHAR) FROM generate_series(1, 10)", "42601"),
    ] {
        let timeout = if expected == "57014" { "1500ms" } else { "0" };
        ana.simple_query(&format!("SET statement_timeout = '{timeout}'")).await.unwrap();
        let begun = Instant::now();
        assert_eq!(refused(&ana, sql).await, expected, "{sql}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{sql}: {:?}", begun.elapsed());
    }
    // Doubling a text again and again, in nested queries and in a recursive one.
    let mut doubled = format!("SELECT '{}' AS s0", "x".repeat(100_000));
    for level in 0..11 {
        doubled = format!("SELECT s{level} || s{level} AS s{} FROM ({doubled})", level + 1);
    }
    assert_eq!(refused(&ana, &format!("SELECT length(s11) FROM ({doubled})")).await, "53200");
    let recursive = "WITH RECURSIVE t AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t";
    assert_eq!(refused(&ana, recursive).await, "53200");
    let list = (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(texts(&ana, &format!("SELECT count(*) FROM events WHERE raw_line IN ({list})")).await.len(), 1);
    assert!(ana.simple_query(&format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000))).await.is_err());
    assert_eq!(texts(&ana, "SELECT 1").await, ["1"], "the connection is still good");
    drop(ana);
    cancelled(&running).await;
    let audit = running.stop().await;
    assert!(audit.iter().filter(|row| row["outcome"] == "limited").count() >= 10);
    let outcomes: Vec<&str> = audit.iter().filter(|row| row["statement"] == LONG).filter_map(|row| row["outcome"].as_str()).collect();
    assert!(outcomes.contains(&"cancelled") && outcomes.contains(&"gone"), "{outcomes:?}");
}

/// Takes longer than anybody waits.
const LONG: &str = "SELECT count(*) FROM generate_series(1, 100001) a CROSS JOIN generate_series(1, 100000) b";

/// What is cancelled, left or too much ends.
async fn cancelled(running: &Running) {
    let ana = running.connect("ana").await;
    let token = ana.cancel_token();
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(ana.simple_query(LONG), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel_query(NoTls).await.unwrap();
    });
    assert_eq!(code(&answer.unwrap_err()), "57014");
    assert!(begun.elapsed() < Duration::from_secs(5));

    // A client that vanishes leaves its place to the next.
    let (vanishing, socket) = running.connect_by("ana", PASSWORD).await.unwrap();
    let left = tokio::spawn(async move { vanishing.simple_query(LONG).await.map(drop) });
    tokio::time::sleep(Duration::from_millis(500)).await;
    socket.abort();
    assert!(left.await.unwrap().is_err());
    let begun = Instant::now();
    assert_eq!(texts(&ana, "SELECT 1").await, ["1"]);
    assert!(begun.elapsed() < Duration::from_secs(5));

    let mut kept = Vec::new();
    for _ in 0..2 {
        kept.push(running.connect("ana").await);
    }
    assert_eq!(code(&running.try_connect("ana", PASSWORD).await.err().unwrap()), "53300");
    assert_eq!(texts(&running.connect("ben").await, "SELECT 1").await, ["1"], "others are not held back");
}

/// New commits are seen, also by what was prepared before.
async fn new_commits(running: &Running) {
    let ana = running.connect("ana").await;
    let prepared = ana.prepare("SELECT count(*) FROM events WHERE text LIKE '%' || $1 || '%'").await.unwrap();
    let count = async || ana.query_one(&prepared, &[&"for now"]).await.unwrap().get::<_, i64>(0);
    assert_eq!(count().await, 3);
    events(running.folder.path(), "b.ndjson", &[event(7, "cleo", "C1", "nothing for now")]).await;
    assert_eq!(count().await, 4, "a statement that was prepared before");
    assert_eq!(texts(&ana, "SELECT count(*) FROM acts").await, ["4"]);
    let secret = token();
    assert_eq!(texts(&ana, &format!("SELECT count(*) FROM events WHERE text LIKE '%{secret}%'")).await, ["3"]);
    refused(&ana, &format!("SELECT nothing FROM events WHERE text = '{secret}'")).await;
}

/// A few rows at a time.
async fn portals(running: &Running) {
    let mut ana = running.connect("ana").await;
    let transaction = ana.transaction().await.unwrap();
    let portal = transaction
        .bind("SELECT value, CAST(value AS DOUBLE) / 2 AS half FROM generate_series(1, 5000) WHERE value <= $1", &[&2_500_i64])
        .await
        .unwrap();
    let mut sum = 0;
    for expected in [1_000, 1_000, 500] {
        let rows = transaction.query_portal(&portal, 1_000).await.unwrap();
        assert_eq!(rows.len(), expected);
        sum += rows.iter().map(|row| row.get::<_, i64>(0)).sum::<i64>();
    }
    assert_eq!(sum, 2_500 * 2_501 / 2);
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_starts_only_where_it_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let bind = async |served: Serve| {
        Server::bind(open_to_land(folder.path()).await, served, &users).await.err().map(|e| format!("{e:#}")).unwrap_or_default()
    };
    let here = Serve { listen: "127.0.0.1:0".to_owned(), ..Serve::default() };
    assert!(bind(here.clone()).await.contains("nobody may log in"));
    Users::read(&users).unwrap().set("ana", "admin", PASSWORD).unwrap();
    let beyond = Serve { listen: "0.0.0.0:0".to_owned(), ..Serve::default() };
    assert!(bind(beyond).await.contains("can be reached from elsewhere"));
    let broken = folder.path().join("cert.pem");
    std::fs::write(&broken, "no certificate").unwrap();
    let encrypted = Serve { tls_cert: Some(broken.clone()), tls_key: Some(broken), ..here.clone() };
    assert!(bind(encrypted).await.contains("there is no certificate in PEM"), "there is no plain text instead");
    let half = Serve { tls_cert: Some(PathBuf::from("x")), ..here.clone() };
    assert!(bind(half).await.contains("come together"));
}

/// What clients ask the catalogue.
async fn catalogue(running: &Running) {
    let ana = running.connect("ana").await;
    let tables = "SELECT c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                  WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1";
    let listed = texts(&ana, tables).await;
    assert!(listed.contains(&"events".to_owned()) && !listed.contains(&"acts".to_owned()), "{listed:?}");
    let columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'alerts' AND data_type IS NOT NULL";
    assert!(texts(&ana, columns).await.contains(&"risk_score".to_owned()));
    assert!(texts(&ana, "SELECT version()").await[0].contains("16.6") || !texts(&ana, "SELECT version()").await[0].is_empty());
    assert_eq!(texts(&ana, "SELECT current_database()").await, ["bittern"]);
    assert_eq!(texts(&ana, "SHOW server_version").await, ["16.6"]);
}

/// A whole sample, its jobs and every hunt, asked over the wire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_answers_every_hunt() {
    let folder = tempfile::tempdir().unwrap();
    let mut bittern = crate::open(folder.path()).await;
    crate::small_logs(&folder.path().join("raw"), 7);
    land(&bittern, &[&folder.path().join("raw/raw")]).await.unwrap();
    bittern.run(&bittern::pipeline::run::Settings::default(), &indicatif::ProgressBar::hidden()).await.unwrap();
    // Roles that name what is not there would hide nothing.
    for role in [
        Role { hidden: vec!["events.txet".to_owned()], ..Role::default() },
        Role { rows: [("event".to_owned(), "true".to_owned())].into(), ..Role::default() },
        Role { rows: [("events".to_owned(), "sauce = 'x'".to_owned())].into(), ..Role::default() },
        Role { tables: vec!["nowhere".to_owned()], ..Role::default() },
    ] {
        assert_eq!(bittern.seen_by(&role).await.err().map(|e| e.exit_code()), Some(2), "{role:?}");
    }
    let users = folder.path().join("users");
    Users::read(&users).unwrap().set("ana", "admin", PASSWORD).unwrap();
    let hunts = bittern::pipeline::hunts::all(&bittern.catalog).unwrap();
    let served = Serve { listen: "127.0.0.1:0".to_owned(), ..Serve::default() };
    let server = Server::bind(bittern, served, &users).await.unwrap();
    let port = server.address().unwrap().port();
    tokio::spawn(server.run(std::future::pending()));
    let text = format!("host=127.0.0.1 port={port} user=ana password='{PASSWORD}' dbname=bittern");
    let (client, connection) = tokio_postgres::connect(&text, NoTls).await.unwrap();
    tokio::spawn(connection);
    assert!(hunts.len() > 20);
    let stated = |value: &datafusion::scalar::ScalarValue| match value {
        datafusion::scalar::ScalarValue::Utf8(Some(text)) => format!("'{text}'"),
        other => other.to_string(),
    };
    for hunt in hunts {
        let mut sql = hunt.sql.clone();
        let mut params: Vec<_> = hunt.params.iter().collect();
        params.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in params {
            sql = sql.replace(&format!("${name}"), &stated(value));
        }
        let answered = client.simple_query(&sql).await;
        assert!(answered.is_ok(), "{}: {:?}", hunt.id, answered.err());
    }
}
