//! One client's connection after its login: messages in, answers out, in PostgreSQL's order.

mod extended;
mod simple;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use futures::stream::SplitSink;
use futures::{SinkExt, StreamExt};
use pgwire::error::PgWireError;
use pgwire::messages::response::{ReadyForQuery, TransactionStatus};
use pgwire::messages::startup::ParameterStatus;
use pgwire::messages::{PgWireBackendMessage as Message, PgWireFrontendMessage as Request};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::asked::Asked;
use super::audit::{Outcome, Record};
use super::engine::Ticket;
use super::problem::Problem;
use super::settings::Settings;
use super::startup::Messages;
use super::users::User;
use crate::session::catalogue::Asker;
use extended::{Portal, Prepared};

/// How long a client may take to read an answer that is no row.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Messages that may wait while a query runs.
const WAITING_MAX: usize = 64;

/// What ends a connection's running query from elsewhere.
pub type Cancel = Arc<Mutex<CancellationToken>>;

/// A client's connection.
pub struct Connection {
    shared: Arc<Shared>,
    user: User,
    address: SocketAddr,
    settings: Settings,
    dialect: PostgresCompatibilityParser,
    sink: SplitSink<Messages, Message>,
    transaction: TransactionStatus,
    prepared: HashMap<String, Arc<Prepared>>,
    portals: HashMap<String, Portal>,
    cancel: Cancel,
    gone: CancellationToken,
}

impl Connection {
    /// A connection of a known user.
    pub fn new(
        shared: Arc<Shared>,
        user: User,
        address: SocketAddr,
        settings: Settings,
        cancel: Cancel,
        messages: Messages,
    ) -> (Self, Incoming) {
        let (sink, stream) = messages.split();
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let gone = CancellationToken::new();
        let reader = Reader { sender, gone: gone.clone(), cancel: Arc::clone(&cancel) };
        let task = tokio::spawn(reader.read(stream));
        let connection = Self {
            shared,
            user,
            address,
            settings,
            dialect: PostgresCompatibilityParser::new(),
            sink,
            transaction: TransactionStatus::Idle,
            prepared: HashMap::new(),
            portals: HashMap::new(),
            cancel,
            gone,
        };
        (connection, Incoming { receiver, task: task.abort_handle() })
    }

    /// Answers until the client leaves, or has to.
    pub async fn answer(mut self, mut incoming: Incoming) -> Result<(), Problem> {
        for (name, value) in self.settings.reported() {
            let status = ParameterStatus::new(name.to_owned(), value.to_owned());
            self.sink.feed(Message::ParameterStatus(status)).await?;
        }
        self.ready().await?;
        let ended = self.serve(&mut incoming).await;
        if let Err(problem) = &ended {
            // The client may not read any more; then it is not told.
            let _ = timeout(Duration::from_secs(1), self.sink.send(problem.message())).await;
        }
        let _ = timeout(Duration::from_secs(1), self.sink.close()).await;
        ended
    }

    async fn serve(&mut self, incoming: &mut Incoming) -> Result<(), Problem> {
        // After an error, messages up to the next Sync belong to what failed.
        let mut skips = false;
        loop {
            let request = match self.next(incoming).await? {
                None | Some(Request::Terminate(_)) => return Ok(()),
                Some(request) => request,
            };
            if let Request::Sync(_) = request {
                skips = false;
                // Portals end with their transaction.
                if self.transaction == TransactionStatus::Idle {
                    self.portals.clear();
                }
                self.ready().await?;
                continue;
            }
            if skips {
                continue;
            }
            let extended = request.is_extended_query();
            if let Err(problem) = self.handle(request).await {
                if self.gone.is_cancelled() || problem.fatal {
                    return Err(Problem { fatal: true, ..problem });
                }
                self.transaction =
                    if self.transaction == TransactionStatus::Idle { TransactionStatus::Idle } else { TransactionStatus::Error };
                self.send(problem.message()).await?;
                if extended {
                    skips = true;
                } else {
                    self.ready().await?;
                }
            }
        }
    }

    async fn handle(&mut self, request: Request) -> Result<(), Problem> {
        match request {
            Request::Query(query) => {
                self.still_known()?;
                self.simple(&query.query).await?;
                self.ready().await
            }
            Request::Parse(parse) => {
                self.still_known()?;
                self.parse(parse).await
            }
            Request::Bind(bind) => self.bind(bind).await,
            Request::Describe(describe) => self.describe(describe).await,
            Request::Execute(execute) => {
                self.still_known()?;
                self.execute(execute).await
            }
            Request::Close(close) => self.close(close).await,
            Request::Flush(_) => self.flushed().await,
            // What is left of a COPY that was refused.
            Request::CopyData(_) | Request::CopyDone(_) | Request::CopyFail(_) => Ok(()),
            _ => Err(Problem::protocol("this message does not belong here")),
        }
    }

    /// The next message, while nothing else is to be done.
    async fn next(&mut self, incoming: &mut Incoming) -> Result<Option<Request>, Problem> {
        let idle = Instant::now() + Duration::from_secs(self.shared.config.limits.idle_seconds.max(1));
        loop {
            let overdue = self.portals.values().filter_map(Portal::deadline).min();
            let wake = overdue.map_or(idle, |deadline| deadline.min(idle));
            tokio::select! {
                biased;
                request = incoming.receiver.recv() => return request.transpose().map_err(Problem::from),
                () = self.shared.stopping.cancelled() => {
                    return Err(Problem::fatal("57P01", "the server is shutting down"));
                }
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = Instant::now();
            if now >= idle {
                return Err(Problem::fatal("57P05", "the connection asked nothing for too long"));
            }
            // Answers that nobody fetches make room for those of others.
            for portal in self.portals.values_mut().filter(|portal| portal.deadline().is_some_and(|deadline| now >= deadline)) {
                portal.expire();
            }
        }
    }

    /// Whether the user is still there, with the same role.
    fn still_known(&self) -> Result<(), Problem> {
        let users = self.shared.users()?;
        match users.find(&self.user.name) {
            Some(user) if user.role == self.user.role => Ok(()),
            _ => Err(Problem::fatal("28000", "the user is not there any more, or has another role: connect again")),
        }
    }

    /// A place for a query, and what ends it: the client's wish, or the client's end.
    async fn ticket(&self) -> Result<Ticket, Problem> {
        let cancel = self.gone.child_token();
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a timeout")]
        let asked = self.settings.statement_timeout().map(|millis| millis as f64 / 1000.0);
        self.shared.engine.ticket(&self.user.name, cancel, asked).await
    }

    fn asker(&self) -> Asker {
        Asker { user: self.user.name.clone(), role: self.user.role.clone() }
    }

    fn asked(&self, statement: &str) -> Asked {
        let record = Record {
            start_time: self.shared.clock.now(),
            user_name: self.user.name.clone(),
            role: Some(self.user.role.clone()),
            application: self.settings.get("application_name").filter(|name| !name.is_empty()).map(str::to_owned),
            address: self.address.to_string(),
            statement: Some(statement.to_owned()),
            rows: 0,
            bytes: 0,
            seconds: 0.0,
            outcome: Outcome::Gone,
            code: None,
        };
        Asked::new(self.shared.audit.clone(), record)
    }

    fn outcome(&self, problem: &Problem) -> Outcome {
        if self.gone.is_cancelled() { Outcome::Gone } else { problem.outcome }
    }

    async fn ready(&mut self) -> Result<(), Problem> {
        let ready = Message::ReadyForQuery(ReadyForQuery::new(self.transaction));
        self.send(ready).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Problem> {
        timeout(WRITE_TIMEOUT, self.sink.send(message)).await.map_err(|_| unread())?.map_err(Problem::from)
    }

    async fn feed(&mut self, message: Message) -> Result<(), Problem> {
        timeout(WRITE_TIMEOUT, self.sink.feed(message)).await.map_err(|_| unread())?.map_err(Problem::from)
    }

    /// Hands a row over, until the query has to end.
    async fn feed_until(&mut self, deadline: Instant, message: Message) -> Result<(), Problem> {
        tokio::select! {
            biased;
            fed = timeout_at(deadline, self.sink.feed(message)) => fed.map_err(|_| unread())?.map_err(Problem::from),
            () = self.gone.cancelled() => Err(unread()),
        }
    }

    async fn flushed(&mut self) -> Result<(), Problem> {
        timeout(WRITE_TIMEOUT, self.sink.flush()).await.map_err(|_| unread())?.map_err(Problem::from)
    }
}

fn unread() -> Problem {
    Problem { outcome: Outcome::Gone, ..Problem::fatal("08006", "the client does not read its answers") }
}

/// Messages of a client, read while its queries run: only so is it seen when it goes away.
pub struct Incoming {
    receiver: mpsc::Receiver<Result<Request, PgWireError>>,
    task: tokio::task::AbortHandle,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reader {
    sender: mpsc::Sender<Result<Request, PgWireError>>,
    gone: CancellationToken,
    cancel: Cancel,
}

impl Reader {
    async fn read(self, mut stream: futures::stream::SplitStream<Messages>) {
        while let Some(request) = stream.next().await {
            let last = request.is_err() || matches!(request, Ok(Request::Terminate(_)));
            if self.sender.send(request).await.is_err() {
                return;
            }
            if last {
                break;
            }
        }
        self.gone.cancel();
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}
