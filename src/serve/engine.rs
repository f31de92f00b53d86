//! Queries: planned and run on threads of their own, each within its limits.
//!
//! The network never waits for a query's work, nor another program on the machine for more than the threads that queries have. A query is
//! waited for until its deadline and no longer, also where it is busy with something that cannot be interrupted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_pg::datatypes::encode_recordbatch;
use datafusion::common::ParamValues;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as Parsed;
use futures::StreamExt;
use pgwire::api::results::FieldInfo;
use pgwire::messages::data::DataRow;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::audit::Outcome;
use super::problem::Problem;
use super::sessions::Sessions;
use super::statement::Query;
use crate::config::serve::Limits;
use crate::error::{Error, Result};
use crate::session::bounded;
use crate::session::catalogue::Asker;

/// Rows that are handed over at once, at most.
const CHUNK_ROWS: usize = 1_000;

/// Bytes that are handed over at once, about.
const CHUNK_BYTES: usize = 256 * 1024;

/// Where queries run.
pub struct Engine {
    /// Taken when the engine is dropped: a runtime must not be dropped on a thread of another.
    runtime: Option<Runtime>,
    handle: Handle,
    sessions: Arc<Sessions>,
    limits: Limits,
    slots: Arc<Semaphore>,
    of_users: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Cancelled and replaced when the process takes too much memory.
    pressure: Mutex<CancellationToken>,
}

/// A query's right to run, until it is dropped.
pub struct Ticket {
    /// When the query ends at the latest.
    pub deadline: Instant,
    /// Ends the query when it is cancelled.
    pub cancel: CancellationToken,
    pressure: CancellationToken,
    permits: Arc<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

/// A query with its plan.
#[derive(Clone)]
pub struct Planned {
    /// The session it was planned in.
    session: Arc<SessionContext>,
    /// Its plan, with placeholders where it has parameters.
    pub plan: LogicalPlan,
    /// The state of the tables it was planned over.
    pub generation: u64,
}

/// Some rows, as they are sent.
pub struct Chunk {
    /// The rows.
    pub rows: Vec<DataRow>,
    /// Their bytes.
    pub bytes: usize,
}

/// A running query's rows.
pub struct Answer {
    receiver: mpsc::Receiver<std::result::Result<Chunk, Problem>>,
    ticket: Ticket,
    task: tokio::task::AbortHandle,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Engine {
    /// Makes the threads.
    pub fn new(sessions: Sessions, limits: Limits) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(limits.threads())
            // Planning blocks; one that is given up goes on for a while.
            .max_blocking_threads(limits.queries.max(1) * 2 + 4)
            // Plans of nested views are walked recursively.
            .thread_stack_size(32 * 1024 * 1024)
            .thread_name("query")
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
            sessions: Arc::new(sessions),
            slots: Arc::new(Semaphore::new(limits.queries.max(1))),
            of_users: Mutex::default(),
            pressure: Mutex::default(),
            limits,
        })
    }

    /// Waits for a free place; a shorter time than the limit's can be asked for.
    pub async fn ticket(&self, user: &str, cancel: CancellationToken, seconds: Option<f64>) -> std::result::Result<Ticket, Problem> {
        let seconds = seconds.map_or(self.limits.seconds, |asked| asked.min(self.limits.seconds));
        let deadline = Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(60));
        let of_user = {
            let mut users = self.of_users.lock().unwrap_or_else(PoisonError::into_inner);
            users.retain(|name, slots| name == user || Arc::strong_count(slots) > 1);
            let slots = users.entry(user.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.limits.queries_per_user.max(1))));
            Arc::clone(slots)
        };
        let wait = async {
            let own = of_user.acquire_owned().await.ok()?;
            Some((own, Arc::clone(&self.slots).acquire_owned().await.ok()?))
        };
        let permits = tokio::select! {
            permits = timeout_at(deadline, wait) => permits.ok().flatten(),
            () = cancel.cancelled() => return Err(cancelled()),
        };
        let busy = || Problem::limit("53300", "too many queries run at once").hint("try again, or let one of yours end first");
        let permits = Arc::new(permits.ok_or_else(busy)?);
        let pressure = self.pressure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Ticket { deadline, cancel, pressure, permits })
    }

    /// Plans a query for somebody.
    pub async fn plan(&self, ticket: &Ticket, asker: Asker, query: &Query) -> std::result::Result<Planned, Problem> {
        let (sessions, limits, query) = (Arc::clone(&self.sessions), self.limits.clone(), query.clone());
        let work = async move {
            let (surface, generation) = sessions.surface(&asker.role).await?;
            let session = Arc::new(surface.session(&limits, &asker)?);
            let plan = planned(&session, &query).await?;
            Ok(Planned { session, plan, generation })
        };
        let (handle, permits) = (self.handle.clone(), Arc::clone(&ticket.permits));
        let task = self.handle.spawn_blocking(move || {
            // The place is free again when the work has really ended.
            let _permits = permits;
            handle.block_on(work)
        });
        ticket.bound(async { task.await.unwrap_or_else(|_| Err(ended_early())) }).await
    }

    /// Whether a plan was made over the tables as a role sees them now.
    pub async fn is_current(&self, role: &str, planned: &Planned) -> std::result::Result<bool, Problem> {
        let (sessions, role, generation) = (Arc::clone(&self.sessions), role.to_owned(), planned.generation);
        let task = self.handle.spawn(async move { sessions.surface(&role).await });
        Ok(task.await.unwrap_or_else(|_| Err(ended_early()))?.1 == generation)
    }

    /// Runs a planned query.
    pub fn run(&self, ticket: Ticket, planned: Planned, params: Option<ParamValues>, fields: Arc<Vec<FieldInfo>>) -> Answer {
        // Two chunks wait at most: a client that does not read holds a query back, not its rows in memory.
        let (sender, receiver) = mpsc::channel(2);
        let limits = self.limits.clone();
        let (handle, permits) = (self.handle.clone(), Arc::clone(&ticket.permits));
        let task = self.handle.spawn(async move {
            let _permits = permits;
            let permits = Arc::clone(&_permits);
            // Optimizing is planning, too: it may take long between two awaits.
            let physical = handle.clone().spawn_blocking(move || {
                let _permits = permits;
                handle.block_on(async move {
                    let plan = match params {
                        Some(params) => planned.plan.replace_params_with_values(&params)?,
                        None => planned.plan,
                    };
                    let plan = bounded::admit(plan)?;
                    let state = planned.session.state();
                    let physical = bounded::interruptible(state.create_physical_plan(&plan).await?)?;
                    Ok::<_, datafusion::error::DataFusionError>((physical, state.task_ctx()))
                })
            });
            let sent = match physical.await {
                Ok(Ok((plan, context))) => send(plan, context, fields, &limits, &sender).await,
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(ended_early()),
            };
            if let Err(problem) = sent {
                // Whoever does not listen any more needs no reason.
                let _ = sender.send(Err(problem)).await;
            }
        });
        Answer { receiver, task: task.abort_handle(), ticket }
    }

    /// Ends every running query: the process takes more memory than it may.
    pub fn relieve(&self) {
        let mut pressure = self.pressure.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pressure).cancel();
    }

    /// Whether no query runs.
    pub fn is_idle(&self) -> bool {
        self.slots.available_permits() >= self.limits.queries.max(1)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Ticket {
    /// Waits for something no longer than the query may take.
    async fn bound<T>(&self, work: impl Future<Output = std::result::Result<T, Problem>>) -> std::result::Result<T, Problem> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled()),
            () = self.pressure.cancelled() => Err(Problem::limit("53200", "the server has no more memory for this query")
                .hint("ask for fewer rows or columns")),
            () = tokio::time::sleep_until(self.deadline) => Err(too_long()),
            done = work => done,
        }
    }
}

impl Answer {
    /// The next rows; none when all are there.
    pub async fn next(&mut self) -> std::result::Result<Option<Chunk>, Problem> {
        let receiver = &mut self.receiver;
        self.ticket.bound(async { receiver.recv().await.transpose() }).await
    }

    /// When it ends at the latest.
    pub fn deadline(&self) -> Instant {
        self.ticket.deadline
    }
}

async fn planned(session: &SessionContext, query: &Query) -> std::result::Result<LogicalPlan, Problem> {
    let (first, second) = match (query.catalogue_first, &query.own, &query.catalogue) {
        (true, own, Some(catalogue)) => (Some(catalogue), own.as_ref()),
        (_, Some(own), catalogue) => (Some(own), catalogue.as_ref()),
        (_, None, catalogue) => (catalogue.as_ref(), None),
    };
    let Some(first) = first else { return Err(Problem::new("42601", "there is no statement", Outcome::Failed)) };
    match (plan(session, first).await, second) {
        (Err(problem), Some(second)) => plan(session, second).await.map_err(|_| problem),
        (planned, _) => planned,
    }
}

async fn plan(session: &SessionContext, statement: &Parsed) -> std::result::Result<LogicalPlan, Problem> {
    let plan = session.state().statement_to_plan(statement.clone()).await?;
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    options.verify_plan(&plan).map_err(|_| Problem { code: "25006", ..Problem::refused("only statements that read are allowed") })?;
    Ok(plan)
}

async fn send(
    plan: Arc<dyn datafusion::physical_plan::ExecutionPlan>,
    context: Arc<datafusion::execution::TaskContext>,
    fields: Arc<Vec<FieldInfo>>,
    limits: &Limits,
    sender: &mpsc::Sender<std::result::Result<Chunk, Problem>>,
) -> std::result::Result<(), Problem> {
    let bytes_max = limits.answer_mib.saturating_mul(1024 * 1024);
    let mut stream = execute_stream(plan, context)?;
    let (mut rows_sent, mut bytes_sent) = (0_usize, 0_usize);
    while let Some(batch) = stream.next().await {
        let mut chunk = Chunk { rows: Vec::new(), bytes: 0 };
        for row in encode_recordbatch(Arc::clone(&fields), batch?) {
            let row = row?;
            rows_sent += 1;
            bytes_sent = bytes_sent.saturating_add(row.data.len());
            if rows_sent > limits.rows {
                return Err(Problem::limit("54000", format!("the answer has more than {} rows", limits.rows)).hint("add a LIMIT"));
            }
            if bytes_sent > bytes_max {
                return Err(Problem::limit("54000", format!("the answer has more than {} MiB", limits.answer_mib)).hint("add a LIMIT"));
            }
            chunk.bytes += row.data.len();
            chunk.rows.push(row);
            if chunk.rows.len() >= CHUNK_ROWS || chunk.bytes >= CHUNK_BYTES {
                let full = std::mem::replace(&mut chunk, Chunk { rows: Vec::new(), bytes: 0 });
                if sender.send(Ok(full)).await.is_err() {
                    return Ok(());
                }
            }
        }
        if !chunk.rows.is_empty() && sender.send(Ok(chunk)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn cancelled() -> Problem {
    Problem::new("57014", "the query was cancelled", Outcome::Cancelled)
}

fn too_long() -> Problem {
    Problem::limit("57014", "the query took longer than it may").hint("ask about less time, or let the server's operator raise the limit")
}

fn ended_early() -> Problem {
    Error::internal("the query ended unexpectedly; this is a bug").into()
}
