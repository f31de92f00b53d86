//! The command line: one file a command. Data goes to stdout, logs and progress to stderr.

mod alerts;
mod backtest;
mod check;
mod credentials;
mod deliver;
mod demo;
mod explain;
mod generate;
mod hunt;
mod ingest;
mod init;
mod maintain;
mod memory;
mod output;
mod pager;
mod picture;
mod plan;
mod report;
mod rows;
mod run;
mod schedule;
mod serve;
mod shell;
mod signals;
mod sql;
mod status;
mod test;
mod unmask;
mod user;
mod worker;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::Micros;
use crate::interval::Interval;
use crate::pipeline::Bittern;
use crate::sources::time;

/// Finds leaked credentials and carried-away files in chat and collaboration audit logs.
#[derive(Debug, Parser)]
#[command(name = "bittern", version, about, max_term_width = 120)]
struct Args {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, clap::Args)]
struct Global {
    /// Root of the lake: a folder, s3://, gs:// or az:// URL
    #[arg(long, global = true, env = "BITTERN_LAKE", value_name = "URL")]
    lake: Option<String>,
    /// Settings; bittern.toml of this folder if there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the policy CSV files
    #[arg(long, global = true, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// How data is printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// What is logged to stderr (error, warn, info, debug, or a tracing filter)
    #[arg(long, global = true, default_value = "warn", value_name = "LEVEL")]
    log: String,
    /// MiB that queries may hold before they spill to disk
    #[arg(long, global = true, value_name = "MIB")]
    memory: Option<usize>,
    /// Workers that execute parts of queries: URLs, dns:NAME:PORT or file:PATH, with commas between them
    #[arg(long, global = true, env = "BITTERN_WORKERS", value_name = "URL,...", value_delimiter = ',')]
    workers: Vec<String>,
    /// What a query does that no worker can execute
    #[arg(long, global = true, value_enum, value_name = "WHAT")]
    workers_fallback: Option<Fallback>,
}

/// What a query does that no worker can execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fallback {
    /// It fails, and says why
    Fail,
    /// This process executes it
    Local,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Table,
    /// One JSON object a line
    Json,
    /// With a header
    Csv,
    /// A page, of `report` alone
    #[value(hide = true)]
    Html,
    /// Markdown, of `report`, `sql` and `hunt`
    #[value(hide = true, alias = "md")]
    Markdown,
    /// A file, of `sql` alone
    #[value(hide = true)]
    Parquet,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Land the sample logs in a lake, run every job, and show what was planted and what was found
    Demo(demo::Args),
    /// Make a folder to begin with: settings, policy files, key
    #[command(after_help = "Examples:\n  bittern init watch\n  bittern init --names yes")]
    Init(init::Args),
    /// Read raw logs into the lake
    #[command(after_help = INGEST)]
    Ingest(ingest::Args),
    /// Run the jobs whose answers are stale
    #[command(after_help = RUN)]
    Run(run::Args),
    /// Show what `run` would do, and why
    Plan(run::Args),
    /// Land what arrives, run what is stale and maintain the lake, as long as it runs or once
    Schedule(schedule::Args),
    /// Keep the lake in order: retention, small files, logs, old files; or erase a person
    Maintain(maintain::Args),
    /// Ask every table, view and function: a shell at a terminal, a script elsewhere
    #[command(after_help = SQL)]
    Sql(sql::Args),
    /// List and show cases, and write down what is decided about them
    #[command(after_help = ALERTS)]
    Alerts(alerts::Args),
    /// Tell sinks (SIEM, webhook, syslog, file) what changed in the alerts
    #[command(after_help = DELIVER)]
    Deliver(deliver::Args),
    /// Run a saved query, or list them
    Hunt(hunt::Args),
    /// Try a detection over the past with other parameters, or for a budget of alerts
    Backtest(backtest::Args),
    /// Show why detections did or did not tell of a person on a day
    Explain(explain::Args),
    /// Write the report of a day: what needs a look and why, as HTML, Markdown or JSON
    Report(report::Args),
    /// Serve the lake to PostgreSQL clients: psql, DBeaver, Grafana, JDBC, Python
    Serve(serve::Args),
    /// Add, list and remove the users of `serve`
    User(user::Args),
    /// Show what arrives and how late, what detections lack, what is stored, run, delivered, and who saw names
    Status(status::Args),
    /// Execute parts of the queries of other processes, those that name this one with --workers
    #[command(after_help = WORKER)]
    Worker(worker::Args),
    /// Find every problem in SQL files and policy
    Check,
    /// Run the cases of the detections
    Test(test::Args),
    /// The credential matcher by itself: scan texts, list and check rules, evaluate
    Credentials(credentials::Args),
    /// Write synthetic logs with planted incidents
    Generate(generate::Args),
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  bittern completions bash > ~/.local/share/bash-completion/completions/bittern")]
    Completions(shell::Completions),
    /// Write manual pages
    #[command(after_help = "Example:\n  bittern man ~/.local/share/man/man1")]
    Man(shell::Man),
}

const INGEST: &str = "Examples:
  bittern ingest exports/                                 every file below a folder
  bittern ingest 's3://logs/slack/**/*.json.gz'           objects of a store
  bittern ingest --source okta_system_log system.ndjson   a log whose path does not name its vendor";

const RUN: &str = "Examples:
  bittern run                                           all that is stale
  bittern run bulk_download                             one detection, and what it reads
  bittern run --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z";

const SQL: &str = "Examples:
  bittern sql                                           a prompt; \\? helps there
  bittern sql -c \"SELECT severity, summary FROM alerts ORDER BY risk_score DESC LIMIT 10\"
  bittern sql -f question.sql --param n=5 --format csv
  bittern sql --table t=export.parquet -c \"SELECT count(*) FROM t\"
  bittern sql -c \"SELECT * FROM acts\" --format parquet --out acts.parquet
Formats: table, json, csv, markdown, parquet (with --out).";

const ALERTS: &str = "Examples:
  bittern alerts list                                   open cases, the riskiest first
  bittern alerts show 3f9c20                            a case with its evidence, the person's month, and how to tune
  bittern alerts show 3f9c20 --unmask --why \"INC-204\"   the same with names; that is written down
  bittern alerts close 3f9c20 --verdict false-positive --comment \"a test key\"
  bittern alerts suppress 3f9c20 --until 2026-04-01T00:00:00Z";

const DELIVER: &str = "Examples:
  bittern deliver                                       every sink of bittern.toml
  bittern deliver --dry-run                             what is due
  bittern deliver try siem                              send a made-up alert
  bittern deliver list --state dead                     what a sink refused too often
  bittern deliver siem --retry-dead                     try that once more";

const WORKER: &str = "Examples:
  bittern worker --listen 127.0.0.1:7450                on this machine
  bittern run --workers http://127.0.0.1:7450           with it
  bittern run --workers dns:workers.example.com:7450    every address of a name
  bittern run --workers file:workers.txt                one a line; read again when it changes";

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_new(&args.global.log).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
    if matches!(args.command, Command::Schedule(_)) {
        memory::give_back();
    }
    // Plans of nested views are walked recursively, on whatever thread there is.
    let runtime = match tokio::runtime::Builder::new_multi_thread().thread_stack_size(32 * 1024 * 1024).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Error::from(error)),
    };
    // On a thread of the runtime with a deep stack: plans of nested views are walked recursively.
    let task = std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn(move || runtime.block_on(run(args)));
    match task.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(code))) => code,
        Ok(Ok(Err(error))) => failed(&error),
        _ => failed(&Error::internal("the program ended unexpectedly; this is a bug")),
    }
}

/// Whether the command line is one, with its problem if it is not: what documents say is tried out by it.
///
/// # Errors
/// `Usage` with clap's message.
pub fn accepts(words: &[String]) -> Result<()> {
    let parsed = Args::try_parse_from(words);
    parsed.map(drop).map_err(|e| Error::usage(e.to_string()))
}

/// Asks somebody at the terminal.
fn prompt(question: &str) -> Result<()> {
    use std::io::Write;
    eprint!("{question}");
    Ok(std::io::stderr().flush()?)
}

fn failed(error: &Error) -> ExitCode {
    // An error may name a file or table whose name somebody else chose.
    eprintln!("error: {}", output::safe(&format!("{error:#}")));
    ExitCode::from(error.exit_code())
}

async fn run(args: Args) -> Result<ExitCode> {
    let global = &args.global;
    let fits = match global.format {
        Format::Html => matches!(args.command, Command::Report(_)),
        Format::Markdown => matches!(args.command, Command::Report(_) | Command::Sql(_) | Command::Hunt(_)),
        Format::Parquet => matches!(args.command, Command::Sql(_)),
        Format::Table | Format::Json | Format::Csv => true,
    };
    if !fits {
        return Err(Error::usage(
            "`--format html` is for `report`, markdown for `report`, `sql` and `hunt`, parquet for `sql`; others print table, json or csv",
        ));
    }
    match &args.command {
        Command::Demo(args) => demo::run(global, args).await,
        Command::Init(args) => init::run(global, args),
        Command::Ingest(args) => ingest::run(global, args).await,
        Command::Run(args) => run::run(global, args).await,
        Command::Plan(args) => plan::run(global, args).await,
        Command::Schedule(args) => schedule::run(global, args).await,
        Command::Maintain(args) => maintain::run(global, args).await,
        Command::Sql(args) => sql::run(global, args).await,
        Command::Alerts(args) => alerts::run(global, args).await,
        Command::Deliver(args) => deliver::run(global, args).await,
        Command::Hunt(args) => hunt::run(global, args).await,
        Command::Backtest(args) => backtest::run(global, args).await,
        Command::Explain(args) => explain::run(global, args).await,
        Command::Report(args) => report::run(global, args).await,
        Command::Serve(args) => serve::run(global, args).await,
        Command::User(args) => user::run(global, args),
        Command::Status(args) => status::run(global, args).await,
        Command::Worker(args) => worker::run(global, args).await,
        Command::Check => check::run(global).await,
        Command::Test(args) => test::run(global, args).await,
        Command::Credentials(args) => credentials::run(global, args).await,
        Command::Generate(args) => generate::run(args),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    }
}

impl Global {
    fn config(&self) -> Result<Config> {
        let mut config = Config::read(self.config.as_deref())?;
        config.lake = self.lake.clone().or(config.lake);
        config.policy = self.policy.clone().or(config.policy);
        config.memory_mib = self.memory.or(config.memory_mib);
        if !self.workers.is_empty() {
            config.cluster.workers.clone_from(&self.workers);
        }
        match self.workers_fallback {
            Some(Fallback::Local) => config.cluster.fallback = crate::config::cluster::Fallback::Local,
            Some(Fallback::Fail) => config.cluster.fallback = crate::config::cluster::Fallback::Fail,
            None => {}
        }
        Ok(config)
    }

    async fn open(&self) -> Result<Bittern> {
        let (config, lake) = self.lake()?;
        Bittern::open(&config, &lake, Clock::System).await
    }

    async fn open_to_ask(&self) -> Result<Bittern> {
        let (config, lake) = self.lake()?;
        Bittern::open_to_ask(&config, &lake, Clock::System).await
    }

    async fn open_to_land(&self) -> Result<Bittern> {
        let (mut config, lake) = self.lake()?;
        // Landing asks for little and often: nothing of it is worth sending.
        config.cluster.workers.clear();
        Bittern::open_to_land(&config, &lake, Clock::System).await
    }

    fn lake(&self) -> Result<(Config, String)> {
        let config = self.config()?;
        match config.lake.clone() {
            Some(lake) => Ok((config, lake)),
            None => Err(Error::usage("say where the lake is: --lake DIR_OR_URL, or `lake` in bittern.toml")),
        }
    }
}

/// `NAME=VALUE` in two.
fn named(text: &str) -> Result<(String, String)> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| Error::usage(format!("`{text}` is not NAME=VALUE")))
}

/// A time as people write it.
fn moment(text: &str) -> Result<Micros> {
    time::parse(text).ok_or_else(|| Error::usage(format!("`{text}` is no time like 2026-03-02T00:00:00Z")))
}

/// `--from` and `--to`, which come together.
fn span(from: Option<&str>, to: Option<&str>) -> Result<Option<Interval>> {
    let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
    let span = Interval { start: moment(from)?, end: moment(to)? };
    if span.start >= span.end {
        return Err(Error::usage("`--from` lies before `--to`"));
    }
    Ok(Some(span))
}

/// A bar on a terminal, nothing elsewhere.
fn bar(template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
