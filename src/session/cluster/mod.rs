//! Beyond one machine: queries cut into stages that workers execute, over datafusion-distributed. The same SQL, the same rows.
//!
//! This process plans, prunes files, and commits; workers read files and compute. What is not worth it, or cannot travel, stays here
//! ([`planner`]); a worker that fails is replaced by the others ([`attempt`]). Connections say who they are ([`channel`], [`identity`]).

mod attempt;
pub mod channel;
pub mod identity;
mod planner;
mod travel;
mod workers;

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result as DfResult};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_distributed::{DistributedExt, SessionStateBuilderExt, Worker, WorkerQueryContext};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Handle;
use url::Url;

use self::channel::{Channels, Network};
use self::identity::Identity;
use self::workers::{Resolver, Workers};
use super::{bounded, folders, options};
use crate::config::cluster::Cluster as Settings;
use crate::error::{Error, Kind, Result};
use crate::lake::Lake;

/// How a message about a failed worker begins and ends, so that it is found again in whatever another worker wraps it into.
const LOST: (&str, &str) = ("the worker at ", " [worker]");

/// What an engine says that waited for a plan which did not come: the worker was too busy, or was started anew.
const NO_PLAN: &str = "timed-out while waiting for the plan";

/// The header that asks for the server's functions, which are behind checks.
const BOUNDED: HeaderName = HeaderName::from_static("bittern-bounded");

/// Bytes of an answer that the server holds back until it is whole: more is sent as it comes, and not tried again.
const HELD_BY_SERVER: usize = 16 * 1024 * 1024;

/// The workers of this process, and what it shows them. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    settings: Settings,
    workers: Arc<Workers>,
    channels: Arc<Channels>,
    /// Ends with the last clone.
    _network: Arc<Network>,
    /// Scheme and host of the lake's store: what workers read from.
    store: String,
    /// The functions that workers have, as jobs use them and as the server does.
    registries: [Arc<SessionContext>; 2],
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("workers", &self.workers).finish_non_exhaustive()
    }
}

/// A worker that failed, if it is known which, and what is said of it.
struct Lost {
    url: Option<Url>,
    message: String,
}

/// Marks the sessions of the server: which functions they have, and how much of an answer is held back.
struct OfServer;

impl Cluster {
    /// The cluster that the settings name, for a lake. `registry` has the functions of jobs, as workers register them.
    ///
    /// # Errors
    /// `Usage` for workers, a token or a certificate that cannot be used.
    pub async fn open(settings: &Settings, identity: Identity, lake: &Lake, registry: SessionContext) -> Result<Self> {
        let workers = Workers::parse(&settings.workers, settings.ca.is_some())?;
        if let Err(error) = workers.refresh().await {
            // A name may have no address yet; a file that cannot be read is a slip of the pen.
            if error.kind() == Kind::Usage {
                return Err(error);
            }
            tracing::warn!("{error:#}");
        }
        let of_server = SessionContext::new_with_state(registry.state());
        bounded::register(&of_server)?;
        let url = &lake.place().url;
        let network = Network::new(1)?;
        Ok(Self {
            settings: settings.clone(),
            workers: Arc::new(workers),
            channels: Arc::new(Channels::new(settings, Arc::new(identity), network.handle().clone())?),
            _network: Arc::new(network),
            store: url[..url::Position::BeforePath].to_owned(),
            registries: [Arc::new(registry), Arc::new(of_server)],
        })
    }

    /// Makes a session's queries be spread over the workers.
    pub(super) fn distribute(&self, mut builder: SessionStateBuilder) -> SessionStateBuilder {
        let mut config = builder.config().take().unwrap_or_default();
        // A plan of one partition has no seam at which it could be cut.
        let partitions = if self.settings.partitions > 0 { self.settings.partitions } else { config.target_partitions() };
        config = config.with_target_partitions(partitions.max(2));
        folders::group(config.options_mut());
        let workers = Arc::clone(&self.workers);
        let even = move |scan: &FileScanConfig| planner::has_even_folders(scan, workers.usable().len().max(1));
        let builder = folders::believe(builder, Some(Arc::new(even)))
            .with_config(config)
            .with_distributed_planner()
            .with_distributed_worker_resolver(Resolver(Arc::clone(&self.workers)))
            .with_distributed_channel_resolver(Arc::clone(&self.channels) as Arc<dyn datafusion_distributed::ChannelResolver + Send + Sync>)
            .with_distributed_user_codec(travel::Codec)
            .with_distributed_desired_task_count_handler(planner::tasks(self.settings.task_bytes()))
            .with_distributed_scale_up_leaf_node_handler(planner::deal);
        builder.with_query_planner(Arc::new(planner::Planner::new(self.clone())))
    }

    fn registry_of(&self, config: &SessionConfig) -> &Arc<SessionContext> {
        &self.registries[usize::from(config.get_extension::<OfServer>().is_some())]
    }

    /// Bytes of an answer that are held back until it is whole; none is all of it.
    fn hold_of(&self, config: &SessionConfig) -> Option<usize> {
        config.get_extension::<OfServer>().map(|_| HELD_BY_SERVER)
    }

    /// Whether an error is a worker's failure rather than the query's.
    fn lost(&self, error: &DataFusionError) -> Option<Lost> {
        let text = error.to_string();
        if let Some(message) = told_in(&text) {
            let named = message.strip_prefix(LOST.0).and_then(|rest| Url::parse(rest.split(' ').next()?).ok());
            return Some(Lost { url: named, message });
        }
        text.contains(NO_PLAN).then(|| Lost { url: None, message: "a worker did not get its part of the plan in time".to_owned() })
    }
}

/// Marks a session as one of the server's: its functions are behind checks, on the workers too.
pub fn mark_server(config: &mut SessionConfig) -> DfResult<()> {
    config.set_extension(Arc::new(OfServer));
    let mut headers = HeaderMap::new();
    headers.insert(BOUNDED, HeaderValue::from_static("1"));
    config.set_distributed_passthrough_headers(headers)
}

/// What is said of a worker that failed.
fn lost(url: &Url, why: &str) -> String {
    format!("{}{} {why}{}", LOST.0, url.as_str().trim_end_matches('/'), LOST.1)
}

/// What a text says of a failed worker, if it does; the innermost if it says so of several.
fn told_in(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once(LOST.0)?;
    let (message, _) = rest.split_once(LOST.1)?;
    Some(format!("{}{message}", LOST.0))
}

/// An error that says that no worker answered, for the engine to hand through.
fn failed(message: String) -> DataFusionError {
    DataFusionError::External(Box::new(Error::new(Kind::Unavailable, message)))
}

/// What a worker executes with: the functions, the lake's store, memory and disk within limits, and connections to the other workers.
pub struct Executor {
    /// The functions of jobs and of the server.
    registries: [SessionContext; 2],
    runtime: Arc<RuntimeEnv>,
    channels: Arc<Channels>,
}

impl Executor {
    /// An executor. `registry` has the functions of jobs and reads from the lake's store; `name` stands in what is said of memory that does
    /// not suffice; connections to other workers run on `network`.
    ///
    /// # Errors
    /// `Usage` for certificates that cannot be used.
    pub fn new(registry: SessionContext, settings: &Settings, identity: Arc<Identity>, name: &str, network: Handle) -> Result<Self> {
        let runtime = registry.runtime_env();
        let pool = Arc::new(NamedPool { name: name.to_owned(), inner: Arc::clone(&runtime.memory_pool) });
        let runtime = RuntimeEnvBuilder::from_runtime_env(&runtime).with_memory_pool(pool).build_arc()?;
        let of_server = SessionContext::new_with_state(registry.state());
        bounded::register(&of_server)?;
        let channels = Arc::new(Channels::new(settings, identity, network)?);
        Ok(Self { registries: [registry, of_server], runtime, channels })
    }

    /// The service that executes.
    pub fn service(self) -> Worker {
        let Self { registries, runtime, channels } = self;
        let registries = Arc::new(registries);
        let build = move |context: WorkerQueryContext| {
            let (registries, channels) = (Arc::clone(&registries), Arc::clone(&channels));
            async move { Ok(state(context, &registries, channels)) }
        };
        Worker::from_session_builder(build).with_runtime_env(runtime)
    }

    /// Bytes that queries hold now, of those that are counted.
    pub fn memory(&self) -> Arc<dyn MemoryPool> {
        Arc::clone(&self.runtime.memory_pool)
    }
}

fn state(context: WorkerQueryContext, registries: &[SessionContext; 2], channels: Arc<Channels>) -> SessionState {
    let functions = registries[usize::from(context.headers.contains_key(BOUNDED))].state();
    let mut builder = context.builder;
    if let Some(config) = builder.config().as_mut() {
        options(config);
    }
    builder
        .with_scalar_functions(functions.scalar_functions().values().cloned().collect())
        .with_aggregate_functions(functions.aggregate_functions().values().cloned().collect())
        .with_window_functions(functions.window_functions().values().cloned().collect())
        .with_distributed_user_codec(travel::Codec)
        .with_distributed_channel_resolver(channels as Arc<dyn datafusion_distributed::ChannelResolver + Send + Sync>)
        .build()
}

/// A memory pool that says on which worker memory did not suffice.
#[derive(Debug)]
struct NamedPool {
    name: String,
    inner: Arc<dyn MemoryPool>,
}

impl std::fmt::Display for NamedPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.inner, self.name)
    }
}

impl MemoryPool for NamedPool {
    fn name(&self) -> &str {
        "named"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.inner.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.inner.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.inner.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.inner.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> DfResult<()> {
        self.inner.try_grow(reservation, additional).map_err(|error| match error.find_root() {
            DataFusionError::ResourcesExhausted(why) => DataFusionError::ResourcesExhausted(format!("on the worker {}: {why}", self.name)),
            _ => error,
        })
    }

    fn reserved(&self) -> usize {
        self.inner.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.inner.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_worker_is_found_in_what_others_made_of_it() {
        let url = Url::parse("http://127.0.0.1:7450").expect("a URL");
        let said = lost(&url, "went away");
        assert_eq!(told_in(&said).as_deref(), Some("the worker at http://127.0.0.1:7450 went away"));
        let wrapped = format!("External error: code: 'x', message: {said}, caused by: {}", lost(&url, "sent nothing for 3 s"));
        assert_eq!(told_in(&wrapped).as_deref(), Some("the worker at http://127.0.0.1:7450 sent nothing for 3 s"));
        assert_eq!(told_in("the worker bees are away"), None);
    }
}
