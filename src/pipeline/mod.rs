//! Everything opened and put together: the lake, the policy, the engine with tables and views, the jobs in their order.

pub mod backtest;
pub mod cases;
pub mod deliver;
pub mod evaluation;
pub mod explain;
pub mod hunts;
pub mod judge;
mod kept;
pub mod lint;
pub mod look;
pub mod reports;
pub mod run;
pub mod served;
mod settled;
pub mod status;
pub mod texts;
pub mod triage;
pub mod unmask;
pub mod upkeep;

use std::collections::BTreeMap;
use std::sync::Arc;

use bittern_udfs::credentials::fingerprint::keyed_hex;
use bittern_udfs::setup::Setup;
use datafusion::prelude::SessionContext;
use indicatif::ProgressBar;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::config::{Config, read_or_make_key};
use crate::error::{Error, Result};
use crate::ingest::{self, sql_source::SqlSource};
use crate::interval::Interval;
use crate::jobs::catalog::Catalog;
use crate::jobs::graph::{self, Node};
use crate::jobs::ledger::Inputs;
use crate::jobs::stale::Changes;
use crate::lake::Lake;
use crate::lake::store::Place;
use crate::lake::tables::{self, TableSpec};
use crate::policy::Policy;
use crate::session::cluster::Cluster;
use crate::session::cluster::identity::{Identity, read_token};
use crate::session::{self, Limits};

/// An opened installation.
pub struct Bittern {
    /// The tables.
    pub lake: Lake,
    /// The organisation's own tables.
    pub policy: Policy,
    /// The SQL files.
    pub catalog: Catalog,
    /// The engine over all of them.
    pub context: SessionContext,
    /// Jobs, each after those it reads.
    pub nodes: Vec<Node>,
    /// The tables of rollups.
    answers: Vec<TableSpec>,
    /// SQL files that cannot be read or planned.
    pub errors: Vec<Error>,
    /// Rules and key of the functions.
    pub setup: Setup,
    /// Whether credentials are masked as they land.
    redact: bool,
    /// Where changes of alerts are told.
    sinks: Vec<crate::config::sinks::Sink>,
    /// Whether names stand beside pseudonyms.
    names: bool,
    /// The key of pseudonyms.
    key: Arc<[u8]>,
    /// Who executes parts of queries, if anybody does.
    cluster: Option<Cluster>,
    /// Versions of the registered tables.
    versions: Inputs,
    /// Versions at the last refresh of all tables: what is registered is at least as new. Moved on by commits of our own.
    refreshed: Inputs,
    /// Stretches of event time that have rows, in order.
    occupied: Vec<Interval>,
    /// Rows of `events`, about.
    events: usize,
    /// What is known of the tables' logs.
    changes: Changes,
    /// Raw objects that were read.
    known: Mutex<ingest::Known>,
    /// The newest event of each source.
    newest: look::Newest,
    /// How long rows and columns are kept, and whose are kept whatever happens.
    config: Config,
}

impl Bittern {
    /// Opens the lake at `root`, makes what is missing of it, and plans every job.
    pub async fn open(config: &Config, root: &str, clock: Clock) -> Result<Self> {
        Self::open_on(config, Lake::open(root, clock).await?).await
    }

    /// The same over a lake that is open already.
    pub async fn open_on(config: &Config, lake: Lake) -> Result<Self> {
        Self::open_with(config, lake, Catalog::load(config.sql.as_deref())?).await
    }

    /// The same with other SQL files than those that the configuration names: a lake with few jobs is opened in no time.
    pub async fn open_with(config: &Config, lake: Lake, catalog: Catalog) -> Result<Self> {
        Self::open_within(config, lake, catalog, &limits(config)).await
    }

    /// The same with other limits of the engine than the configuration's.
    pub async fn open_within(config: &Config, lake: Lake, catalog: Catalog, limits: &Limits) -> Result<Self> {
        let mut bittern = Self::opened(config, lake, catalog, limits).await?;
        bittern.plan_jobs().await?;
        Ok(bittern)
    }

    /// Opens the lake at `root` for nothing but [`Self::ingest`]: without jobs and their tables.
    pub async fn open_to_land(config: &Config, root: &str, clock: Clock) -> Result<Self> {
        Self::open_on_to_land(config, Lake::open(root, clock).await?).await
    }

    /// The same over a lake that is open already.
    pub async fn open_on_to_land(config: &Config, lake: Lake) -> Result<Self> {
        Self::opened(config, lake, Catalog::load(config.sql.as_deref())?, &limits(config)).await
    }

    /// Opens the lake at `root` for queries: with every table and view, without jobs. Planning them takes longer than most queries do.
    pub async fn open_to_ask(config: &Config, root: &str, clock: Clock) -> Result<Self> {
        let lake = Lake::open(root, clock).await?;
        let mut bittern = Self::opened(config, lake, Catalog::load(config.sql.as_deref())?, &limits(config)).await?;
        if !bittern.find_answers().await? {
            bittern.plan_jobs().await?;
        }
        Ok(bittern)
    }

    /// Registers the rollups' tables as they lie in the lake, and the views over them; whether all were there.
    async fn find_answers(&mut self) -> Result<bool> {
        let mut answers = Vec::new();
        for (id, _) in self.catalog.folder("rollups") {
            match self.lake.spec_of(id).await? {
                Some(spec) => answers.push(spec),
                None => return Ok(false),
            }
        }
        if let Err(error) = self.refresh_tables(&answers).await {
            tracing::debug!(error = format!("{error:#}"), "the tables are not those of the views: the jobs are planned");
            return Ok(false);
        }
        self.answers = answers;
        Ok(true)
    }

    async fn opened(config: &Config, lake: Lake, catalog: Catalog, limits: &Limits) -> Result<Self> {
        let key = read_or_make_key(&config.key_path()?)?;
        let policy = Policy::read(config.policy.as_deref())?;
        let setup = session::setup(config, &key)?;
        let key: Arc<[u8]> = key.into();
        let cluster = open_cluster(config, &lake, &setup, &key).await?;
        let limits = Limits { cluster: cluster.clone(), ..limits.clone() };
        let context = session::over(&lake, &setup, &limits)?;
        served::register_pseudonyms(&context, &key);
        for (name, batch) in policy.batches(&|person| pseudonym(&key, person))? {
            session::register_rows(&context, &name, batch)?;
        }
        let mut bittern = Self {
            lake,
            policy,
            catalog,
            context,
            nodes: Vec::new(),
            answers: Vec::new(),
            errors: Vec::new(),
            redact: config.ingest.redact,
            sinks: config.sinks.clone(),
            names: config.names,
            setup,
            key,
            cluster,
            versions: BTreeMap::new(),
            refreshed: BTreeMap::new(),
            occupied: Vec::new(),
            events: 0,
            changes: Changes::default(),
            known: Mutex::default(),
            newest: look::Newest::default(),
            config: config.clone(),
        };
        bittern.refresh_base().await?;
        Ok(bittern)
    }

    async fn plan_jobs(&mut self) -> Result<()> {
        let environment = environment(&self.setup);
        let (jobs, mut errors) = crate::jobs::load(&self.catalog, &environment);
        let (nodes, unplanned) = {
            let (context, lake) = (&self.context, &self.lake);
            let make_table = async |spec: &TableSpec| {
                lake.table_or_create(spec).await?;
                session::register(context, lake, spec).await.map(drop)
            };
            graph::order(context, &jobs, &self.catalog.views(), make_table).await?
        };
        errors.extend(unplanned);
        self.answers = nodes.iter().filter_map(|node| node.output.clone()).collect();
        self.nodes = nodes;
        self.errors = errors;
        self.refresh().await
    }

    async fn refresh_base(&mut self) -> Result<()> {
        for spec in tables::all() {
            let table = session::register(&self.context, &self.lake, &spec).await?;
            if spec.name == "events" {
                self.occupied = table.occupied("event_time");
                self.events = table.rows().unwrap_or_default();
            }
            self.versions.insert(spec.name.clone(), table.version());
        }
        Ok(())
    }

    /// Registers the newest state of every table, and the views over them.
    pub async fn refresh(&mut self) -> Result<()> {
        // The answers' tables first: whoever commits to them while the inputs are being read is noticed.
        let mut before = Inputs::new();
        for name in self.nodes.iter().map(|node| node.output.as_ref().map_or("alerts", |spec| &spec.name)) {
            if !before.contains_key(name) {
                before.insert(name.to_owned(), self.lake.table(name).await?.version().unwrap_or_default());
            }
        }
        self.refreshed = before;
        self.refresh_base().await?;
        if self.nodes.is_empty() && self.answers.is_empty() {
            // Opened to land: views cannot be planned without the rollups' tables.
            return Ok(());
        }
        self.refresh_tables(&self.answers.clone()).await
    }

    /// Registers the newest state of some tables, and the views.
    async fn refresh_tables(&mut self, specs: &[TableSpec]) -> Result<()> {
        for spec in specs {
            let table = session::register(&self.context, &self.lake, spec).await?;
            self.versions.insert(spec.name.clone(), table.version());
        }
        // Views hold the tables they were planned over.
        session::register_views(&self.context, &self.catalog.views()).await
    }

    /// Lands raw objects, as the configuration says.
    pub async fn ingest(&self, settings: &ingest::Settings, progress: &ProgressBar) -> Result<ingest::Summary> {
        let redact = self.redact.then(|| self.setup.clone());
        let settings = ingest::Settings { redact, ..settings.clone() };
        ingest::ingest(&self.lake, &self.context, &self.known, self.sql_sources().await?, &settings, progress).await
    }

    /// Reads again what is in quarantine.
    pub async fn retry_quarantine(&self, source: Option<String>, progress: &ProgressBar) -> Result<ingest::retry::Retried> {
        let redact = self.redact.then(|| self.setup.clone());
        let settings = ingest::Settings { redact, source, ..ingest::Settings::default() };
        ingest::retry::retry_quarantine(&self.lake, &self.context, self.sql_sources().await?, &settings, progress).await
    }

    /// The sources that are SQL files.
    pub async fn sql_sources(&self) -> Result<Vec<SqlSource>> {
        let mut sources = Vec::new();
        for (id, text) in self.catalog.folder("sources") {
            sources.push(SqlSource::parse(&self.context, id, &text.path, &text.sql).await?);
        }
        Ok(sources)
    }

    /// Stops at the first SQL file or policy row that is wrong: overlapping people would double events.
    pub fn healthy(&self) -> Result<()> {
        if let Some(problem) = self.policy.problems.first() {
            let message = format!("policy/{}: {} (run `bittern check` to see every problem)", problem.place, problem.message);
            return Err(Error::usage(message));
        }
        match self.errors.first() {
            Some(error) => Err(Error::new(error.kind(), format!("run `bittern check` to see every problem: {error:#}"))),
            None => Ok(()),
        }
    }
}

/// The workers that the settings name, if they name any.
async fn open_cluster(config: &Config, lake: &Lake, setup: &Setup, key: &Arc<[u8]>) -> Result<Option<Cluster>> {
    if config.cluster.workers.is_empty() {
        return Ok(None);
    }
    let registry = session::bare(setup, &Limits::default())?;
    served::register_pseudonyms(&registry, key);
    let identity = identity(config, lake.place(), setup)?;
    Ok(Some(Cluster::open(&config.cluster, identity, lake, registry).await?))
}

/// What this process is for those that it executes with.
///
/// # Errors
/// `Usage` for a token that cannot be used.
pub fn identity(config: &Config, place: &Place, setup: &Setup) -> Result<Identity> {
    let token = config.cluster.token_file.as_deref().map(read_token).transpose()?;
    Ok(Identity::new(setup.id(), setup.key_id(), place.shown().trim_end_matches('/'), token))
}

/// What the configuration lets the engine use.
fn limits(config: &Config) -> Limits {
    let memory_bytes = config.memory_mib.map(|mib| mib * 1024 * 1024);
    Limits { memory_bytes, spill: config.spill.clone(), ..Limits::default() }
}

/// What decides an answer besides SQL and data: functions with their rules and key, and the time zones.
pub fn environment(setup: &Setup) -> String {
    format!("{} {}", setup.id(), chrono_tz::IANA_TZDB_VERSION)
}

/// The `person_id` of a person or account: a keyed hash, so that nobody without the key can go back.
pub fn pseudonym(key: &[u8], name: &str) -> String {
    format!("p_{}", keyed_hex(key, &[b"person\0", name.as_bytes()], 8))
}
