//! `bittern deliver`: sinks are told what changed.

use std::process::ExitCode;
use std::time::Duration;

use super::{Format, Global, bar, output};
use crate::clock::Clock;
use crate::config::sinks::SinkKind;
use crate::error::{Error, Result};
use crate::pipeline::deliver::letters::Filter;
use crate::pipeline::deliver::{Delivered, Settings};
use crate::sinks::courier::Patience;
use crate::sinks::{self, trial};

/// Flags of `deliver`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only these sinks
    #[arg(value_name = "SINK")]
    sinks: Vec<String>,
    /// Try dead letters once more
    #[arg(long)]
    retry_dead: bool,
    /// Give up dead letters: what waits behind them is delivered
    #[arg(long, conflicts_with_all = ["retry_dead", "dry_run"])]
    drop_dead: bool,
    /// Show what is due, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not wait for the time at which a sink that failed is to be tried again
    #[arg(long)]
    now: bool,
    /// Seconds to wait for a sink that fails
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List what was tried, the newest first
    List(List),
    /// Send one made-up alert to sinks, to see whether they are set up; nothing is written down
    Try {
        /// Only these sinks
        #[arg(value_name = "SINK")]
        sinks: Vec<String>,
        /// The address that a sink of kind `coach` writes to
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// delivered, unavailable, failed, dead, dropped or skipped
    #[arg(long, value_name = "STATE", value_parser = ["delivered", "unavailable", "failed", "dead", "dropped", "skipped"])]
    state: Option<String>,
    /// Only this sink's
    #[arg(long, value_name = "SINK")]
    sink: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

/// Runs it. Exit code 3 says that something is due and did not arrive.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    match &args.command {
        Some(Command::Try { sinks, to }) => return send_trial(global, sinks, to.as_deref()).await,
        Some(Command::List(list)) => {
            let bittern = global.open_to_land().await?;
            let filter = Filter { sink: list.sink.clone(), state: list.state.clone(), limit: list.limit };
            output::print(&bittern.deliveries(&filter).await?, global.format)?;
            return Ok(ExitCode::SUCCESS);
        }
        None => {}
    }
    let config = global.config()?;
    if config.sinks.is_empty() {
        return Err(Error::usage("there is no `[[sinks]]` in bittern.toml: docs/deliver.md has one of each kind"));
    }
    let coaches = config.sinks.iter().any(|sink| sink.kind == Some(SinkKind::Coach));
    let bittern = if coaches { global.open().await? } else { global.open_to_land().await? };
    if args.drop_dead {
        for (sink, count) in bittern.drop_dead(&args.sinks).await? {
            let line = match global.format {
                Format::Table => format!("{sink}: {count} dead letters given up\n"),
                _ => format!("{}\n", serde_json::json!({"sink": sink, "dropped": count})),
            };
            output::print_text(&line)?;
        }
    }
    let settings = Settings {
        sinks: args.sinks.clone(),
        retry_dead: args.retry_dead,
        ignore_waits: args.now,
        patience: Patience { failing: Duration::from_secs(args.patience), ..Patience::default() },
    };
    let done = if args.dry_run {
        bittern.pass(&settings).await?.outlook()
    } else {
        bittern.deliver(&settings, &bar("{bar:40} {pos}/{len} changes {per_sec}")).await?
    };
    show(&done, global.format)?;
    let complete = args.dry_run || done.iter().all(Delivered::complete);
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn show(done: &[Delivered], format: Format) -> Result<()> {
    if format != Format::Table {
        for sink in done {
            output::print_text(&format!("{}\n", serde_json::to_string(sink).unwrap_or_default()))?;
        }
        return Ok(());
    }
    let rows: Vec<Vec<String>> = done
        .iter()
        .map(|sink| {
            vec![
                sink.sink.clone(),
                sink.delivered.to_string(),
                sink.waiting.to_string(),
                sink.dead.to_string(),
                sink.held.to_string(),
                sink.error.clone().unwrap_or_default(),
                sink.retry_time.map(crate::interval::time_text).unwrap_or_default(),
            ]
        })
        .collect();
    output::print_text(&output::table(&["sink", "delivered", "waiting", "dead", "held", "last error", "tried again"], &rows))
}

/// Sends a made-up alert, and says for each sink what it answered.
async fn send_trial(global: &Global, names: &[String], to: Option<&str>) -> Result<ExitCode> {
    let config = global.config()?;
    if let Some(name) = names.iter().find(|name| config.sinks.iter().all(|sink| sink.name != **name)) {
        return Err(Error::usage(format!("there is no sink `{name}` in bittern.toml")));
    }
    let now = Clock::System.now();
    let mut failed = false;
    for settings in config.sinks.iter().filter(|sink| names.is_empty() || names.contains(&sink.name)) {
        let mut sink = sinks::open(settings, &sinks::environment)?;
        let outcome = match trial(sink.kind, to, now) {
            Some(message) => sink.send_one(&message, now).await.map_err(|failure| failure.message),
            None => Err("say with --to whom it may write to".to_owned()),
        };
        failed |= outcome.is_err();
        let (state, error) = (if outcome.is_ok() { "delivered" } else { "failed" }, outcome.err());
        let line = match global.format {
            Format::Table => format!("{}: {state}{}\n", sink.name, error.map(|error| format!(" ({error})")).unwrap_or_default()),
            _ => format!("{}\n", serde_json::json!({"sink": sink.name, "state": state, "error": error})),
        };
        output::print_text(&line)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
