//! The PostgreSQL server: the same tables, views and functions as `bittern sql`, for psql, DBeaver, Grafana, JDBC and the like.
//!
//! Safe as it comes: everybody logs in, beyond loopback only encrypted; nothing can be changed; each role sees what is for it; each query
//! has its limits; and every query is written down. One connection is a task; queries run on threads of their own (`engine`).

mod asked;
pub mod audit;
mod codec;
mod connection;
mod engine;
mod meant;
mod memory;
mod parameters;
mod problem;
pub mod scram;
mod sessions;
mod settings;
mod startup;
mod statement;
pub mod tls;
pub mod users;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures::SinkExt;
use pgwire::messages::PgWireBackendMessage as Message;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::{BackendKeyData, SecretKey};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::serve::Serve;
use crate::error::{Error, Result};
use crate::pipeline::Bittern;
use audit::{Audit, Outcome, Record};
use connection::{Cancel, Connection};
use engine::Engine;
use problem::Problem;
use sessions::Sessions;
use settings::Settings;
use startup::{Messages, Opening, STARTUP_TIMEOUT};
use users::{User, Users};

/// Strangers that may be about to log in, at once.
const STRANGERS_MAX: usize = 64;

/// How long running queries may take to end once the server is to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long the audit may take to be written once the server stops.
const FLUSH: Duration = Duration::from_secs(30);

/// A server that listens.
pub struct Server {
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    network: Network,
    audit_writer: tokio::task::JoinHandle<()>,
}

/// Threads for connections. A runtime must not simply be dropped on a thread of another.
struct Network(Option<Runtime>);

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What all connections share.
struct Shared {
    config: Serve,
    clock: Clock,
    engine: Engine,
    audit: Audit,
    users: Mutex<KnownUsers>,
    /// Makes up what strangers are asked whose name is not there.
    secret: [u8; 16],
    strangers: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    of_users: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// What ends the running query of each connection, by its number and key.
    cancels: Mutex<HashMap<(i32, i32), Cancel>>,
    next_number: AtomicI32,
    stopping: CancellationToken,
}

/// The users, and the state of the file that they were read from.
struct KnownUsers {
    path: PathBuf,
    read: Option<(SystemTime, u64)>,
    users: Arc<Users>,
}

impl Server {
    /// Opens what is served, and listens.
    ///
    /// # Errors
    /// `Usage` for an address beyond loopback without a certificate, no users, or a role or certificate that cannot be used.
    pub async fn bind(bittern: Bittern, config: Serve, users: &Path) -> Result<Self> {
        // Clients that begin with TLS at once say so (PostgreSQL 17 and later).
        let names = ("--tls-cert", "--tls-key");
        let tls = tls::acceptor(config.tls_cert.as_deref(), config.tls_key.as_deref(), &[b"postgresql"], names)?;
        let known = KnownUsers { path: users.to_owned(), read: None, users: Arc::new(Users::read(users)?) };
        for user in known.users.all() {
            if config.role(&user.role).is_none() {
                tracing::warn!(user = user.name, role = user.role, "the user's role is not there: they cannot log in");
            }
        }
        if known.users.all().is_empty() {
            return Err(Error::usage(format!(
                "nobody may log in: add somebody with `bittern user add NAME --role ROLE` (users are kept in `{}`)",
                users.display()
            )));
        }
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host(&config.listen)
            .await
            .map_err(|e| Error::usage(format!("`{}` is no address like 127.0.0.1:5439", config.listen)).caused_by(e))?
            .collect();
        if tls.is_none() && !addresses.iter().all(|address| address.ip().is_loopback()) {
            return Err(Error::usage(format!(
                "`{}` can be reached from elsewhere, and passwords and answers would travel unencrypted: name a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1",
                config.listen
            )));
        }
        let listener = TcpListener::bind(addresses.as_slice())
            .await
            .map_err(|e| Error::usage(format!("cannot listen on `{}`", config.listen)).caused_by(e))?;
        let (audit, audit_writer) = Audit::start(bittern.lake.clone(), bittern.setup.clone());
        let clock = bittern.lake.clock();
        let sessions = Sessions::new(bittern, config.clone()).await?;
        // Statements are parsed and bound on these threads: deeply nested ones need a deep stack.
        let network = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_stack_size(32 * 1024 * 1024)
            .thread_name("network")
            .enable_all()
            .build()?;
        let shared = Shared {
            engine: Engine::new(sessions, config.limits.clone())?,
            clock,
            audit,
            users: Mutex::new(known),
            secret: *uuid::Uuid::new_v4().as_bytes(),
            strangers: Arc::new(Semaphore::new(STRANGERS_MAX)),
            connections: Arc::new(Semaphore::new(config.limits.connections.max(1))),
            of_users: Mutex::default(),
            cancels: Mutex::default(),
            next_number: AtomicI32::new(1),
            stopping: CancellationToken::new(),
            config,
        };
        Ok(Self { shared: Arc::new(shared), listener, tls, network: Network(Some(network)), audit_writer })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until `shutdown` is done; then lets running queries end, and writes the rest of the audit.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let Some(network) = self.network.0.as_ref().map(|runtime| runtime.handle().clone()) else {
            return Err(Error::internal("the server has no threads"));
        };
        network.spawn(memory::watch(Arc::clone(&self.shared)));
        tokio::pin!(shutdown);
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            let (stream, address) = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Too many open files, say: others may end meanwhile.
                        tracing::warn!(%error, "a connection cannot be taken");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        continue;
                    }
                },
            };
            // Who comes while too many others have not said who they are is not listened to.
            let Ok(stranger) = Arc::clone(&self.shared.strangers).try_acquire_owned() else { continue };
            let (shared, tls) = (Arc::clone(&self.shared), self.tls.clone());
            tasks.spawn_on(serve(shared, stream, address, tls, stranger), &network);
        }
        self.stop(tasks).await
    }

    async fn stop(self, mut tasks: JoinSet<()>) -> Result<()> {
        drop(self.listener);
        self.shared.stopping.cancel();
        if timeout(DRAIN, ended(&mut tasks)).await.is_err() {
            tracing::warn!("queries are ended that did not end by themselves");
            let cancels: Vec<Cancel> = self.shared.cancels.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
            cancels.iter().for_each(|cancel| cancel.lock().unwrap_or_else(PoisonError::into_inner).cancel());
            let _ = timeout(Duration::from_secs(2), ended(&mut tasks)).await;
            tasks.abort_all();
            ended(&mut tasks).await;
        }
        drop(self.network);
        // The writer ends when nobody can hand it rows any more.
        drop(self.shared);
        if timeout(FLUSH, self.audit_writer).await.is_err() {
            return Err(Error::new(crate::error::Kind::Unavailable, "the last queries of the audit could not be written in time"));
        }
        Ok(())
    }
}

async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

async fn serve(shared: Arc<Shared>, stream: TcpStream, address: SocketAddr, tls: Option<TlsAcceptor>, stranger: OwnedSemaphorePermit) {
    let opened = timeout(STARTUP_TIMEOUT, startup::open(stream, tls.as_ref())).await;
    match opened {
        Ok(Ok(Opening::Cancel(request))) => shared.cancel(&request),
        Ok(Ok(Opening::Login(messages, parameters))) => {
            let ended = shared.login(messages, parameters, address, stranger).await;
            if let Err(problem) = ended {
                tracing::debug!(code = problem.code, %address, "a connection ended");
            }
        }
        Ok(Ok(Opening::Nothing) | Err(_)) | Err(_) => {}
    }
}

impl Shared {
    async fn login(
        self: &Arc<Self>,
        mut messages: Messages,
        parameters: std::collections::BTreeMap<String, String>,
        address: SocketAddr,
        stranger: OwnedSemaphorePermit,
    ) -> std::result::Result<(), Problem> {
        let name = parameters.get("user").cloned().unwrap_or_default();
        let admitted = match timeout(STARTUP_TIMEOUT, self.admit(&mut messages, &name, address)).await {
            Ok(admitted) => admitted,
            Err(_) => Err(Problem::fatal("08006", "the login took too long")),
        };
        let (user, places) = match admitted {
            Ok(admitted) => admitted,
            Err(problem) => {
                self.refused_login(&name, address, &problem);
                let _ = timeout(Duration::from_secs(1), messages.send(problem.message())).await;
                return Err(problem);
            }
        };
        drop(stranger);
        messages.codec_mut().allow(self.config.limits.statement_kib.saturating_mul(1024).saturating_add(64 * 1024));
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let key = i32::from_be_bytes(uuid::Uuid::new_v4().as_bytes()[..4].try_into().unwrap_or_default());
        let cancel = Cancel::default();
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner).insert((number, key), Arc::clone(&cancel));
        let sent = messages.feed(Message::BackendKeyData(BackendKeyData::new(number, SecretKey::I32(key)))).await;
        let ended = match sent {
            Ok(()) => {
                let settings = Settings::new(&user.name, &parameters);
                let (connection, incoming) = Connection::new(Arc::clone(self), user, address, settings, cancel, messages);
                connection.answer(incoming).await
            }
            Err(error) => Err(error.into()),
        };
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner).remove(&(number, key));
        drop(places);
        ended
    }

    /// Lets somebody in who proves who they are, if there is a place.
    async fn admit(
        &self,
        messages: &mut Messages,
        name: &str,
        address: SocketAddr,
    ) -> std::result::Result<(User, (OwnedSemaphorePermit, OwnedSemaphorePermit)), Problem> {
        let full = || Problem { outcome: Outcome::Limited, ..Problem::fatal("53300", "too many connections") };
        let place = Arc::clone(&self.connections).try_acquire_owned().map_err(|_| full())?;
        let users = self.users()?;
        let user = startup::authenticate(messages, &users, &self.secret, name, address).await?;
        if self.config.role(&user.role).is_none() {
            return Err(Problem::fatal("28000", format!("the user's role `{}` is not there", user.role)));
        }
        let of_user = {
            let mut users = self.of_users.lock().unwrap_or_else(PoisonError::into_inner);
            users.retain(|known, places| known == name || Arc::strong_count(places) > 1);
            let places =
                users.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.config.limits.connections_per_user.max(1))));
            Arc::clone(places)
        };
        let own = of_user.try_acquire_owned().map_err(|_| full())?;
        Ok((user, (place, own)))
    }

    fn refused_login(&self, name: &str, address: SocketAddr, problem: &Problem) {
        self.audit.record(Record {
            start_time: self.clock.now(),
            user_name: name.chars().take(63).collect(),
            role: None,
            application: None,
            address: address.to_string(),
            statement: None,
            rows: 0,
            bytes: 0,
            seconds: 0.0,
            outcome: problem.outcome,
            code: Some(problem.code),
        });
    }

    /// The users as their file says now.
    fn users(&self) -> std::result::Result<Arc<Users>, Problem> {
        let mut known = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let state = std::fs::metadata(&known.path).ok().and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
        if state.is_none() || state != known.read {
            known.users = Arc::new(Users::read(&known.path).map_err(|e| {
                tracing::error!("the users cannot be read: {e:#}");
                Problem::fatal("58000", "the users cannot be read")
            })?);
            known.read = state;
        }
        Ok(Arc::clone(&known.users))
    }

    fn cancel(&self, request: &CancelRequest) {
        let bytes = request.secret_key.to_bytes();
        let Ok(key) = <[u8; 4]>::try_from(bytes.as_ref()).map(i32::from_be_bytes) else { return };
        let cancel = self.cancels.lock().unwrap_or_else(PoisonError::into_inner).get(&(request.pid, key)).cloned();
        if let Some(cancel) = cancel {
            cancel.lock().unwrap_or_else(PoisonError::into_inner).cancel();
        }
    }
}
