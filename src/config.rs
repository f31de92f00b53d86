//! Settings: one `bittern.toml`, environment for secrets, flags last. Plain data; nothing is opened here.

pub mod cluster;
pub mod serve;
pub mod sinks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};
use crate::event::{DAY, HOUR, Micros, SECOND};
use crate::interval::parse_duration;

/// What `bittern.toml` may say. Every key is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Root of the lake: a folder, `s3://`, `gs://` or `az://`.
    pub lake: Option<String>,
    /// Folder of the policy CSV files.
    pub policy: Option<PathBuf>,
    /// Folder with SQL files of your own, laid out like `sql/`.
    pub sql: Option<PathBuf>,
    /// File with the key of fingerprints and pseudonyms: at least 32 bytes, outside the lake. Made at first use.
    pub key_file: Option<PathBuf>,
    /// Bytes that queries may hold before they spill, in MiB.
    pub memory_mib: Option<usize>,
    /// Folder for what queries spill, used by nothing else; the system's folder for temporary files otherwise.
    pub spill: Option<PathBuf>,
    /// Files with credential rules of your own, in our syntax or in that of Gitleaks and Betterleaks.
    pub rules: Vec<PathBuf>,
    /// Whether names stand beside pseudonyms where alerts are shown or told, and accounts as they are in `sql`; otherwise they are in
    /// `policy_people` alone, and whoever wants to see them says why.
    pub names: bool,
    /// How raw objects are landed.
    pub ingest: Ingest,
    /// Where changes of alerts are told.
    pub sinks: Vec<sinks::Sink>,
    /// Where raw objects arrive: what `schedule` lands.
    pub inbox: Vec<Inbox>,
    /// When `schedule` looks, and how much it does at a time.
    pub schedule: Schedule,
    /// What `maintain` tidies up, and when.
    pub maintain: Maintain,
    /// How long rows (`events`) and columns (`"events.text"`) are kept; what is not named is kept for good.
    pub retention: BTreeMap<String, Length>,
    /// People whose rows neither retention nor erasure touches, and why.
    pub legal_hold: BTreeMap<String, String>,
    /// The PostgreSQL server: where it listens, who sees what, how much a query may use.
    pub serve: serve::Serve,
    /// Further machines that execute parts of queries.
    pub cluster: cluster::Cluster,
}

/// A length of time as people write it: `"30 days"`, `"90 s"`. In microseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Micros);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = parse_duration(&text).filter(|length| *length >= 0);
        length.map(Self).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no length of time like \"30 days\" or \"90 s\"")))
    }
}

/// A section `[[inbox]]`: one place where raw objects arrive.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// A folder, a glob or a URL; what lies there is landed once.
    pub path: String,
    /// The source of everything there, instead of recognising it.
    pub source: Option<String>,
    /// How long after the act its logs may take to arrive: until then an interval counts as open, and after it the source as late.
    #[serde(default = "Inbox::usual_delay")]
    pub delay: Length,
    /// How long a file must have lain unchanged: a shipper may still be writing it. Object stores show whole objects only.
    #[serde(default = "Inbox::usual_settle")]
    pub settle: Length,
}

impl Inbox {
    fn usual_delay() -> Length {
        Length(HOUR)
    }

    fn usual_settle() -> Length {
        Length(5 * SECOND)
    }
}

/// The section `[schedule]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// The time zone in which the expressions are meant.
    pub time_zone: String,
    /// When to look for new objects and stale answers, as cron writes it.
    pub look: String,
    /// When to maintain, as cron writes it; empty is never.
    pub maintain: String,
    /// The address of `/healthz`, `/readyz` and `/metrics`; empty is none.
    pub listen: String,
    /// How much stale event time a tick takes at most; the next tick, which then follows at once, takes the next.
    pub catch_up: Length,
    /// Only these jobs and those they read; all if empty.
    pub jobs: Vec<String>,
    /// How often an interval longer than an hour is answered while it is open; shorter ones are at each tick.
    pub restate_open: Length,
    /// How long a stopping process may take to finish what it is doing.
    pub grace: Length,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            time_zone: "UTC".into(),
            look: "* * * * *".into(),
            maintain: "30 3 * * *".into(),
            listen: "127.0.0.1:9464".into(),
            catch_up: Length(31 * DAY),
            jobs: Vec::new(),
            restate_open: Length(HOUR),
            grace: Length(20 * SECOND),
        }
    }
}

/// The section `[maintain]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Maintain {
    /// Files smaller than this, in MiB, are put together.
    pub small_mib: u64,
    /// How many small files of a partition are worth putting together.
    pub small_files_min: usize,
    /// How long files that no version needs are kept for readers of old versions.
    pub vacuum: Length,
    /// How long entries of the tables' logs are kept.
    pub log: Length,
}

impl Default for Maintain {
    fn default() -> Self {
        Self { small_mib: 32, small_files_min: 8, vacuum: Length(7 * DAY), log: Length(30 * DAY) }
    }
}

/// The section `[ingest]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingest {
    /// Mask credentials in `events` as they land; what was found is kept in `ingest_findings`, without the credential.
    pub redact: bool,
}

impl Config {
    /// Reads a file; paths in it are relative to its folder. `None` takes `bittern.toml` of this folder if there is one.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None if Path::new("bittern.toml").exists() => PathBuf::from("bittern.toml"),
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(&path).map_err(|e| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e))?;
        let mut config: Self = toml::from_str(&text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, column) = (before.matches('\n').count() + 1, before.rsplit('\n').next().map_or(0, str::len) + 1);
            Error::usage(format!("{}:{line}:{column}: {}", path.display(), e.message()))
        })?;
        if let Some((number, problem)) = config.wrong_sink() {
            return Err(Error::usage(format!("{}:{}: {problem}", path.display(), sink_line(&text, number))));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let (serve, cluster) = (&mut config.serve, &mut config.cluster);
        let places = [&mut config.policy, &mut config.sql, &mut config.key_file, &mut config.spill].into_iter();
        let places = places.chain([&mut serve.users, &mut serve.tls_cert, &mut serve.tls_key]);
        let places = places.chain([&mut cluster.token_file, &mut cluster.cert, &mut cluster.key, &mut cluster.ca]);
        let places = places.flatten().chain(&mut config.rules);
        let sinks = config.sinks.iter_mut().flat_map(|sink| [&mut sink.folder, &mut sink.ca_file]).flatten();
        let places = places.chain(sinks);
        for place in places {
            *place = folder.join(&*place);
        }
        for workers in &mut cluster.workers {
            if let Some(path) = workers.strip_prefix("file:") {
                *workers = format!("file:{}", folder.join(path).display());
            }
        }
        let inboxes = config.inbox.iter_mut().map(|inbox| &mut inbox.path);
        for place in config.lake.iter_mut().chain(inboxes).filter(|place| !place.contains("://")) {
            *place = folder.join(&*place).display().to_string();
        }
        Ok(config)
    }

    /// The first sink that cannot be, by its place in the file, and why.
    fn wrong_sink(&self) -> Option<(usize, String)> {
        self.sinks.iter().enumerate().find_map(|(number, sink)| {
            let twice = self.sinks.iter().take(number).any(|before| before.name == sink.name);
            let problem = sink.problem().or_else(|| twice.then(|| format!("there are two sinks with the name `{}`", sink.name)));
            Some((number, problem?))
        })
    }

    /// The file of the key: the one named, else one in the user's configuration folder.
    pub fn key_path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.key_file {
            return Ok(path.clone());
        }
        of_the_user("fingerprint.key")
            .ok_or_else(|| Error::usage("there is no home folder for the key: name a file with `key_file` in bittern.toml"))
    }

    /// The file of the server's users: the one named, else one in the user's configuration folder.
    pub fn users_path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.serve.users {
            return Ok(path.clone());
        }
        of_the_user("users")
            .ok_or_else(|| Error::usage("there is no home folder for the users: name a file with `users` under [serve] in bittern.toml"))
    }
}

fn of_the_user(file: &str) -> Option<PathBuf> {
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    home.map(|home| home.join("bittern").join(file))
}

/// The line of a `[[sinks]]`, by its place among them.
fn sink_line(text: &str, number: usize) -> usize {
    let heads = text.lines().enumerate().filter(|(_, line)| line.split_whitespace().collect::<String>().starts_with("[[sinks]]"));
    heads.map(|(line, _)| line + 1).nth(number).unwrap_or(1)
}

/// Reads the key, or makes one at first use (readable by its owner alone).
pub fn read_or_make_key(path: &Path) -> Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(key) if key.len() >= 32 => return Ok(key),
        Ok(_) => return Err(Error::usage(format!("the key in `{}` is shorter than 32 bytes", path.display()))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(Error::usage(format!("cannot read the key in `{}`", path.display())).caused_by(e)),
    }
    let key: Vec<u8> =
        [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|part| *part.as_bytes()).collect();
    let refused = |e: std::io::Error| Error::usage(format!("cannot write a key to `{}`", path.display())).caused_by(e);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => std::io::Write::write_all(&mut file, &key).map_err(refused)?,
        // Another process made it just now.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return read_or_make_key(path),
        Err(e) => return Err(refused(e)),
    }
    tracing::info!(path = %path.display(), "made a new key for fingerprints and pseudonyms: keep it, alerts are told apart by it");
    Ok(key)
}
