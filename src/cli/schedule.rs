//! `bittern schedule`: the long-lived process, or one round of it.

use std::process::ExitCode;
use std::time::Duration;

use super::signals::Signals;
use super::{Format, Global, output};
use crate::clock::{Clock, Stop};
use crate::error::{Error, Result};
use crate::schedule::{Scheduler, Ticked};

/// Flags of `schedule`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look once, maintain if it is due, and end: for cron, systemd timers, Airflow and Kubernetes
    #[arg(long)]
    once: bool,
    /// Address of /healthz, /readyz and /metrics; empty is none. Nothing there is secret, and nobody is asked who they are
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
    listen: Option<String>,
}

/// Runs it. With `--once`, exit code 1 says that something failed and 3 that something went to quarantine or did not arrive at a sink.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let (mut config, root) = global.lake()?;
    config.schedule.listen = args.listen.clone().unwrap_or(config.schedule.listen);
    if config.inbox.is_empty() {
        tracing::warn!("there is no [[inbox]] in bittern.toml: nothing is landed, only what others land is looked at");
    }
    let grace = Duration::from_micros(config.schedule.grace.0.unsigned_abs());
    let stop = Stop::default();
    let mut scheduler = Scheduler::new(&config, &root, Clock::System, stop.clone())?;
    let format = global.format;
    let work = async {
        if args.once {
            let ticked = scheduler.once().await;
            tell(&ticked, format)?;
            let code = if ticked.is_failed() { 1 } else { 3 * u8::from(ticked.is_degraded()) };
            return Ok(ExitCode::from(code));
        }
        let mut told = Ok(());
        scheduler
            .run(&mut |ticked| {
                if told.is_ok() {
                    told = tell(ticked, format);
                }
            })
            .await?;
        told.map(|()| ExitCode::SUCCESS)
    };
    tokio::select! {
        outcome = work => outcome,
        code = ended(&stop, grace) => code,
    }
}

/// Asks to stop at the first signal, and gives up waiting after the grace or at the second. What is abandoned is as if the machine had
/// failed: the next run takes it up.
async fn ended(stop: &Stop, grace: Duration) -> Result<ExitCode> {
    let mut signals = Signals::new()?;
    signals.next().await;
    tracing::info!("stopping: what is being answered is finished, for {} s at most", grace.as_secs());
    stop.ask();
    tokio::select! {
        () = signals.next() => tracing::warn!("stopped at once"),
        () = tokio::time::sleep(grace) => tracing::warn!("stopped: what was being done took longer than the grace, the next run takes it up"),
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(ticked: &Ticked, format: Format) -> Result<()> {
    if format != Format::Table {
        let line = serde_json::to_string(ticked).map_err(|e| Error::internal("the summary cannot be written").caused_by(e))?;
        return output::print_text(&format!("{line}\n"));
    }
    let mut text = String::new();
    if let Some(look) = &ticked.look {
        let (mut events, mut quarantined) = (0, 0);
        for landed in look.inboxes.iter().filter_map(|inbox| inbox.landed.as_ref()) {
            events += landed.events;
            quarantined += landed.quarantined;
        }
        if look.state == "standby" {
            text.push_str("another scheduler is at work\n");
        } else {
            text.push_str(&format!(
                "{events} events landed, {quarantined} pieces to quarantine, {} intervals answered, {} alert changes, {:.1} s\n",
                look.intervals, look.changes, look.seconds
            ));
        }
        for (step, why) in look.failures() {
            text.push_str(&format!("failed: {step}: {why}\n"));
        }
    }
    for sink in &ticked.delivered {
        text.push_str(&format!("{}: {} changes delivered, {} waiting\n", sink.sink, sink.delivered, sink.waiting));
    }
    if let Some(summary) = &ticked.maintained {
        text.push_str(&super::maintain::told(summary, false));
    }
    for error in &ticked.errors {
        text.push_str(&format!("failed: {error}\n"));
    }
    output::print_text(&output::safe(&text))
}
