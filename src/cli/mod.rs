//! The command line: one file a command. Data goes to stdout, logs and progress to stderr.

mod alerts;
mod backtest;
mod check;
mod credentials;
mod demo;
mod explain;
mod generate;
mod hunt;
mod ingest;
mod output;
mod plan;
mod report;
mod run;
mod serve;
mod sql;
mod status;
mod test;
mod user;

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
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Land the sample logs in a lake, run every job, and show what was planted and what was found
    Demo(demo::Args),
    /// Read raw logs into the lake
    Ingest(ingest::Args),
    /// Run the jobs whose answers are stale
    Run(run::Args),
    /// Show what `run` would do, and why
    Plan(run::Args),
    /// Query every table, view and function
    Sql(sql::Args),
    /// List and show cases, and write down what is decided about them
    Alerts(alerts::Args),
    /// Run a saved query, or list them
    Hunt(hunt::Args),
    /// Try a detection over the past with other parameters, or for a budget of alerts
    Backtest(backtest::Args),
    /// Show why detections did or did not tell of a person on a day
    Explain(explain::Args),
    /// Write the report as one HTML page
    Report(report::Args),
    /// Serve the lake to PostgreSQL clients: psql, DBeaver, Grafana, JDBC, Python
    Serve(serve::Args),
    /// Add, list and remove the users of `serve`
    User(user::Args),
    /// Show what the lake holds: sources, lateness, quarantine, unmapped actions
    Status,
    /// Find every problem in SQL files and policy
    Check,
    /// Run the cases of the detections
    Test(test::Args),
    /// The credential matcher by itself: scan texts, list and check rules, evaluate
    Credentials(credentials::Args),
    /// Write synthetic logs with planted incidents
    Generate(generate::Args),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_new(&args.global.log).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
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

fn failed(error: &Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(error.exit_code())
}

async fn run(args: Args) -> Result<ExitCode> {
    let global = &args.global;
    match &args.command {
        Command::Demo(args) => demo::run(global, args).await,
        Command::Ingest(args) => ingest::run(global, args).await,
        Command::Run(args) => run::run(global, args).await,
        Command::Plan(args) => plan::run(global, args).await,
        Command::Sql(args) => sql::run(global, args).await,
        Command::Alerts(args) => alerts::run(global, args).await,
        Command::Hunt(args) => hunt::run(global, args).await,
        Command::Backtest(args) => backtest::run(global, args).await,
        Command::Explain(args) => explain::run(global, args).await,
        Command::Report(args) => report::run(global, args).await,
        Command::Serve(args) => serve::run(global, args).await,
        Command::User(args) => user::run(global, args),
        Command::Status => status::run(global).await,
        Command::Check => check::run(global).await,
        Command::Test(args) => test::run(global, args).await,
        Command::Credentials(args) => credentials::run(global, args).await,
        Command::Generate(args) => generate::run(args),
    }
}

impl Global {
    fn config(&self) -> Result<Config> {
        let mut config = Config::read(self.config.as_deref())?;
        config.lake = self.lake.clone().or(config.lake);
        config.policy = self.policy.clone().or(config.policy);
        config.memory_mib = self.memory.or(config.memory_mib);
        Ok(config)
    }

    async fn open(&self) -> Result<Bittern> {
        let (config, lake) = self.lake()?;
        Bittern::open(&config, &lake, Clock::System).await
    }

    async fn open_to_land(&self) -> Result<Bittern> {
        let (config, lake) = self.lake()?;
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
