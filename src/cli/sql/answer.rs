//! One statement from its text to its last row: planned, run on other threads so that it can be given up at any time, and printed as its
//! rows come.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::super::rows::{Printer, Shape};
use super::problem;
use super::statement::Piece;
use crate::error::{Error, Result};
use crate::pipeline::unmask::with_names;
use crate::session::bounded;
use crate::session::written::ParquetFile;

/// Until a query has run for so long, nothing is said of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often what is said is brought up to date.
const TICK: Duration = Duration::from_millis(100);

/// Where rows go.
#[derive(Debug, Clone)]
pub enum Target {
    /// To stdout as they come.
    Stdout(Shape),
    /// Into a text, no more than so many rows.
    Text(Shape, usize),
    /// Into a file, or behind what stands there.
    File(Shape, PathBuf, bool),
    /// Into a Parquet file.
    Parquet(PathBuf),
}

/// What became of a statement.
#[derive(Debug)]
pub enum Outcome {
    /// Its rows are where they were to go.
    Done(Done),
    /// Somebody gave it up.
    Cancelled,
}

/// An answer.
#[derive(Debug)]
pub struct Done {
    /// The text, where it was to be one.
    pub text: String,
    /// Rows that were taken.
    pub rows: usize,
    /// Whether there are more that were not taken.
    pub more: bool,
    /// From the beginning of planning to the last row.
    pub seconds: f64,
}

/// What is asked of the engine.
pub enum Question<'q> {
    /// A statement, and the file that it stands in.
    Statement(&'q Piece, Option<&'q str>, &'q [(String, ScalarValue)]),
    /// What is planned already, and names to put beside pseudonyms.
    Frame(Box<DataFrame>, BTreeMap<String, String>),
}

/// Answers a question. `cancellable`: an interrupt gives the query up instead of ending the process.
///
/// # Errors
/// `Usage` for what is no reading statement, with its place.
pub async fn answer(context: &SessionContext, question: Question<'_>, target: &Target, cancellable: bool) -> Result<Outcome> {
    let started = Instant::now();
    let names = match &question {
        Question::Frame(_, names) => names.clone(),
        Question::Statement(..) => BTreeMap::new(),
    };
    let planning = async {
        match question {
            Question::Frame(frame, _) => (*frame).create_physical_plan().await.map_err(Error::from),
            Question::Statement(piece, file, params) => planned(context, &piece.sql, params).await.map_err(|e| problem::of(e, piece, file)),
        }
    };
    // One listener for all of it: what comes between two would be heard by neither.
    let interrupt = interrupted(cancellable);
    tokio::pin!(interrupt);
    let plan = tokio::select! {
        () = &mut interrupt => return Ok(Outcome::Cancelled),
        plan = planning => plan?,
    };
    let plan = bounded::interruptible(plan)?;
    let mut gathered = Gathered::new(target, &plan, names)?;
    let (sender, mut batches) = mpsc::channel::<std::result::Result<RecordBatch, DataFusionError>>(2);
    let (running, task_context) = (Arc::clone(&plan), context.task_ctx());
    let task = tokio::spawn(async move {
        match execute_stream(running, task_context) {
            Ok(mut stream) => {
                while let Some(batch) = stream.next().await {
                    if sender.send(batch).await.is_err() {
                        break;
                    }
                }
            }
            Err(error) => drop(sender.send(Err(error)).await),
        }
    });
    let _ended = AbortOnDrop(task.abort_handle());
    let mut spinner = Spinner::new(started);
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            biased;
            () = &mut interrupt => return Ok(Outcome::Cancelled),
            batch = batches.recv() => match batch {
                Some(batch) => if gathered.take(&batch?)? { break },
                None => break,
            },
            _ = tick.tick() => spinner.show(&plan),
        }
    }
    drop(spinner);
    if !gathered.more {
        // What ended without its last row ended in a bug of the engine's.
        task.await?;
    }
    let (rows, more) = (gathered.rows, gathered.more);
    let text = gathered.finish()?;
    Ok(Outcome::Done(Done { text, rows, more, seconds: started.elapsed().as_secs_f64() }))
}

/// Plans a statement that reads.
async fn planned(
    context: &SessionContext,
    sql: &str,
    params: &[(String, ScalarValue)],
) -> std::result::Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let mut frame = context.sql_with_options(sql, options).await?;
    if !params.is_empty() {
        frame = frame.with_param_values(params.to_vec())?;
    }
    frame.create_physical_plan().await
}

async fn interrupted(cancellable: bool) {
    if !cancellable || tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Ends a task that nobody waits for any more.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Rows on their way to a target.
struct Gathered {
    to: To,
    rows: usize,
    rows_max: usize,
    more: bool,
    /// None are added where there are none.
    names: BTreeMap<String, String>,
}

enum To {
    Text(Printer<Box<dyn Write + Send>>),
    Buffer(Printer<Vec<u8>>),
    Parquet(Box<ParquetFile>),
}

impl Gathered {
    fn new(target: &Target, plan: &Arc<dyn ExecutionPlan>, names: BTreeMap<String, String>) -> Result<Self> {
        let (mut schema, terminal) = (plan.schema(), std::io::stdout().is_terminal());
        if !names.is_empty() {
            schema = with_names(&RecordBatch::new_empty(schema), &names)?.schema();
        }
        let mut rows_max = usize::MAX;
        let to = match target {
            Target::Stdout(shape) => To::Text(Printer::new(*shape, schema, Box::new(std::io::stdout()), terminal)),
            Target::Text(shape, most) => {
                rows_max = *most;
                To::Buffer(Printer::new(*shape, schema, Vec::new(), terminal))
            }
            Target::File(shape, path, append) => {
                let refused = |e: std::io::Error| Error::usage(format!("cannot write `{}`", path.display())).caused_by(e);
                let opened = if *append { File::options().append(true).open(path) } else { File::create(path) };
                let file = BufWriter::new(opened.map_err(refused)?);
                To::Text(Printer::new(*shape, schema, Box::new(file), false))
            }
            Target::Parquet(path) => To::Parquet(Box::new(ParquetFile::create(path, schema)?)),
        };
        Ok(Self { to, rows: 0, rows_max, more: false, names })
    }

    /// Takes some rows; whether no more are wanted.
    fn take(&mut self, batch: &RecordBatch) -> Result<bool> {
        let wanted = batch.num_rows().min(self.rows_max - self.rows);
        self.more |= wanted < batch.num_rows();
        self.rows += wanted;
        let batch = batch.slice(0, wanted);
        let batch = if self.names.is_empty() { batch } else { with_names(&batch, &self.names)? };
        if wanted > 0 {
            match &mut self.to {
                To::Text(printer) => printer.write(&batch)?,
                To::Buffer(printer) => printer.write(&batch)?,
                To::Parquet(file) => file.write(&batch)?,
            }
        }
        Ok(self.more)
    }

    fn finish(self) -> Result<String> {
        match self.to {
            To::Text(printer) => printer.finish().map(|_| String::new()),
            To::Buffer(printer) => Ok(String::from_utf8_lossy(&printer.finish()?).into_owned()),
            To::Parquet(file) => file.finish().map(|()| String::new()),
        }
    }
}

/// Says on a terminal how long a query has run and what it has read.
struct Spinner {
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Spinner {
    fn new(started: Instant) -> Self {
        Self { started, bar: None }
    }

    fn show(&mut self, plan: &Arc<dyn ExecutionPlan>) {
        if self.started.elapsed() < PATIENCE || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style)
        });
        let seconds = self.started.elapsed().as_secs();
        bar.set_message(format!("{seconds} s, {} rows read; Ctrl-C gives it up", HumanCount(read(plan))));
        bar.tick();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Rows that left the plan's leaves so far.
fn read(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let children = plan.children();
    if children.is_empty() {
        return plan.metrics().and_then(|metrics| metrics.output_rows()).and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default();
    }
    children.into_iter().map(read).sum()
}
