//! A worker: executes parts of plans for coordinators that prove that they belong to it. It plans nothing and commits nothing.
//!
//! Connections are answered on threads of their own, so that a worker that computes is not taken for one that hangs; queries run on the
//! others ([`admission`]). What a part of a plan may name is the functions that every process has, the lake's store under the worker's own
//! credentials, and other workers.

mod admission;
mod metrics;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::Server;

use crate::config::cluster::Cluster as Settings;
use crate::config::{Config, read_or_make_key};
use crate::error::{Error, Result};
use crate::lake::format;
use crate::lake::store::Place;
use crate::pipeline::{self, served};
use crate::schedule::pages::{self, Told};
use crate::serve::tls;
use crate::session::cluster::Executor;
use crate::session::cluster::channel::{Network, Wire};
use crate::session::{self, Limits};
use admission::Admission;
use metrics::Metrics;

/// How long a connection may take to be encrypted.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Connections that may be about to be encrypted, at once.
const STRANGERS_MAX: usize = 256;

/// Requests of one connection at once: each part of a plan has several, and one that waits may be waited for by another.
const STREAMS_MAX: u32 = 65_536;

/// How often a worker that is being stopped looks whether its queries have ended.
const PAUSE: Duration = Duration::from_millis(50);

/// A worker that listens.
pub struct Worker {
    listener: TcpListener,
    pages: Option<TcpListener>,
    tls: Option<TlsAcceptor>,
    executor: Executor,
    admission: Admission,
    standing: Arc<Standing>,
    grace: Duration,
    network: Network,
    queries: Queries,
}

/// How the worker stands.
struct Standing {
    metrics: Arc<Metrics>,
    stopping: Arc<AtomicBool>,
}

impl Told for Standing {
    fn is_alive(&self) -> std::result::Result<(), String> {
        Ok(())
    }

    fn is_ready(&self) -> std::result::Result<(), String> {
        if self.stopping.load(Ordering::SeqCst) { Err("stopping".to_owned()) } else { Ok(()) }
    }

    fn metrics(&self) -> Result<String> {
        self.metrics.text()
    }
}

/// Threads of queries, with stacks as deep as plans of nested views need.
struct Queries(Option<Runtime>);

impl Queries {
    fn new() -> Result<Self> {
        let mut builder = Builder::new_multi_thread();
        Ok(Self(Some(builder.thread_stack_size(32 * 1024 * 1024).thread_name("query").enable_all().build()?)))
    }

    fn handle(&self) -> Result<tokio::runtime::Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone()).ok_or_else(|| Error::internal("the worker has no threads"))
    }
}

impl Drop for Queries {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Worker {
    /// Opens what is needed to execute, and listens.
    ///
    /// # Errors
    /// `Usage` for an address beyond loopback without a token or a certificate, for a key that is not there (a worker never makes one), and for
    /// a lake that is none; `Unavailable` where the store does not answer.
    pub async fn bind(config: &Config, root: &str) -> Result<Self> {
        let settings = &config.cluster;
        let key_path = config.key_path()?;
        if !key_path.exists() {
            return Err(Error::usage(format!(
                "there is no key in `{}`: a worker needs the coordinator's (`key_file`), and makes none of its own",
                key_path.display()
            )));
        }
        let key: Arc<[u8]> = read_or_make_key(&key_path)?.into();
        let setup = session::setup(config, &key)?;
        let place = Place::parse(root)?;
        format::check(&place).await?;
        let identity = Arc::new(pipeline::identity(config, &place, &setup)?);
        let tls = tls::acceptor(settings.cert.as_deref(), settings.key.as_deref(), &[b"h2"], ("cluster.cert", "cluster.key"))?;
        let listener = listen(settings, identity.has_token(), tls.is_some()).await?;
        let name = listener.local_addr()?.to_string();

        let (network, queries) = (Network::new(2)?, Queries::new()?);
        let memory_bytes = config.memory_mib.map(|mib| mib.saturating_mul(1024 * 1024));
        if let Some(folder) = &config.spill {
            session::spill::clear(folder)?;
        }
        let registry = registry(&place, &setup, &key, &Limits { memory_bytes, spill: config.spill.clone(), ..Limits::default() })?;
        let executor = Executor::new(registry, settings, Arc::clone(&identity), &name, network.handle().clone())?;
        let metrics = Arc::new(Metrics::new(executor.memory()));
        let stopping = Arc::new(AtomicBool::new(false));
        let admission = Admission::new(identity, Arc::clone(&metrics), Arc::clone(&stopping), queries.handle()?);
        let pages = match settings.pages.as_str() {
            "" => None,
            address => Some(pages::listen(address, "name another with `cluster.pages` or --pages, or none with --pages \"\"").await?),
        };
        let grace = Duration::from_micros(settings.grace.0.unsigned_abs());
        Ok(Self { listener, pages, tls, executor, admission, standing: Arc::new(Standing { metrics, stopping }), grace, network, queries })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Where its pages are, if they are anywhere.
    pub fn pages(&self) -> Result<Option<SocketAddr>> {
        Ok(self.pages.as_ref().map(TcpListener::local_addr).transpose()?)
    }

    /// Whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Executes until `shutdown` is done; then takes no new queries, and lets those that run end, for the time that the settings grant.
    ///
    /// # Errors
    /// Of the network.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let network = self.network.handle().clone();
        if let Some(listener) = self.pages {
            let listener = on(&network, listener)?;
            network.spawn(pages::serve(listener, Arc::clone(&self.standing) as Arc<dyn Told>));
        }
        let (sender, receiver) = mpsc::channel(16);
        let listener = on(&network, self.listener)?;
        let accepting = network.spawn(accept(listener, self.tls, sender, Arc::clone(&self.standing.metrics)));
        let incoming = stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|wire| (wire, receiver)) });
        let service = self.executor.service().into_worker_server();
        let server = Server::builder()
            .max_concurrent_streams(Some(STREAMS_MAX))
            .http2_keepalive_interval(Some(Duration::from_secs(10)))
            .http2_keepalive_timeout(Some(Duration::from_secs(20)))
            .layer(self.admission)
            .add_service(service);
        let (end, ended) = oneshot::channel::<()>();
        let signal = async { drop(ended.await) };
        let mut serving = network.spawn(server.serve_with_incoming_shutdown(incoming, signal));
        tokio::select! {
            () = shutdown => {}
            outcome = &mut serving => return told(outcome),
        }
        self.standing.stopping.store(true, Ordering::SeqCst);
        accepting.abort();
        let (active, deadline) = (&self.standing.metrics.active, Instant::now() + self.grace);
        while active.get() > 0 && Instant::now() < deadline {
            tokio::time::sleep(PAUSE).await;
        }
        if active.get() > 0 {
            tracing::warn!(
                requests = active.get(),
                "stopped: what was being executed took longer than the grace, its coordinators are told"
            );
        }
        let _ = end.send(());
        // Connections that stay open are cut off with their threads.
        let _ = timeout(Duration::from_secs(1), serving).await;
        drop(self.network);
        drop(self.queries);
        Ok(())
    }
}

fn told(outcome: std::result::Result<std::result::Result<(), tonic::transport::Error>, tokio::task::JoinError>) -> Result<()> {
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Error::internal("the worker cannot go on").caused_by(error)),
        Err(error) => Err(Error::internal("the worker ended unexpectedly").caused_by(error)),
    }
}

/// A session with every function that plans may name, which reads from the lake's store.
fn registry(
    place: &Place,
    setup: &bittern_udfs::setup::Setup,
    key: &Arc<[u8]>,
    limits: &Limits,
) -> Result<datafusion::prelude::SessionContext> {
    let context = session::bare(setup, limits)?;
    served::register_pseudonyms(&context, key);
    context.register_object_store(&place.url, Arc::clone(&place.store));
    Ok(context)
}

async fn listen(settings: &Settings, has_token: bool, is_encrypted: bool) -> Result<TcpListener> {
    let address = &settings.listen;
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(address)
        .await
        .map_err(|e| Error::usage(format!("`{address}` is no address like 127.0.0.1:7450")).caused_by(e))?
        .collect();
    let elsewhere = !addresses.iter().all(|address| address.ip().is_loopback());
    if elsewhere && !(has_token && is_encrypted) {
        let missing = match (has_token, is_encrypted) {
            (true, false) => "a certificate (`cert` and `key`)",
            (false, true) => "a token (`token_file`)",
            _ => "a token (`token_file`) and a certificate (`cert` and `key`)",
        };
        return Err(Error::usage(format!(
            "`{address}` can be reached from elsewhere, and whoever reaches a worker has the lake read for them: name {missing} under [cluster], or listen on 127.0.0.1"
        )));
    }
    TcpListener::bind(addresses.as_slice()).await.map_err(|e| Error::usage(format!("cannot listen on `{address}`")).caused_by(e))
}

/// The same listener, for the threads of another runtime.
fn on(network: &tokio::runtime::Handle, listener: TcpListener) -> Result<TcpListener> {
    let listener = listener.into_std()?;
    let _here = network.enter();
    Ok(TcpListener::from_std(listener)?)
}

/// Takes connections, and hands on those that are encrypted if they are to be.
async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, sender: mpsc::Sender<std::io::Result<Wire>>, metrics: Arc<Metrics>) {
    let strangers = Arc::new(Semaphore::new(STRANGERS_MAX));
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            // Out of files: others have to close first.
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let Ok(stranger) = Arc::clone(&strangers).try_acquire_owned() else { continue };
        let (tls, sender, metrics) = (tls.clone(), sender.clone(), Arc::clone(&metrics));
        tokio::spawn(async move {
            let _stranger = stranger;
            match timeout(HANDSHAKE, greet(stream, tls)).await {
                Ok(Ok(wire)) => drop(sender.send(Ok(wire)).await),
                Ok(Err(error)) => {
                    metrics.handshakes.inc();
                    tracing::warn!(%address, "a connection could not be encrypted: {error}");
                }
                Err(_) => drop(metrics.handshakes.inc()),
            }
        });
    }
}

async fn greet(stream: TcpStream, tls: Option<TlsAcceptor>) -> std::io::Result<Wire> {
    stream.set_nodelay(true)?;
    match tls {
        None => Ok(Wire::Plain(stream)),
        Some(tls) => Ok(Wire::Encrypted(Box::new(tls.accept(stream).await?.into()))),
    }
}
