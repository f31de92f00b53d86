//! `bittern worker`: executes parts of other processes' queries.

use std::process::ExitCode;

use super::signals::Signals;
use super::{Format, Global, output};
use crate::error::{Error, Result};
use crate::worker::Worker;

/// Flags of `worker`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; beyond loopback only with a token and a certificate under [cluster] [default: 127.0.0.1:7450]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Address of /healthz, /readyz and /metrics; empty is none. Nothing there is secret, and nobody is asked who they are [default:
    /// 127.0.0.1:9465]
    #[arg(long, value_name = "ADDRESS")]
    pages: Option<String>,
}

/// Runs it until the process is asked to end; a second signal ends it at once.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let (mut config, lake) = global.lake()?;
    let cluster = &mut config.cluster;
    cluster.listen = args.listen.clone().unwrap_or_else(|| cluster.listen.clone());
    cluster.pages = args.pages.clone().unwrap_or_else(|| cluster.pages.clone());
    let mut signals = Signals::new()?;
    let worker = Worker::bind(&config, &lake).await?;
    tell(&worker, global.format)?;
    let (first, asked) = tokio::sync::oneshot::channel::<()>();
    let running = worker.run(async { drop(asked.await) });
    tokio::pin!(running);
    tokio::select! {
        outcome = &mut running => return outcome.map(|()| ExitCode::SUCCESS),
        () = signals.next() => {}
    }
    tracing::info!("stopping: queries that run may end");
    let _ = first.send(());
    tokio::select! {
        outcome = &mut running => outcome.map(|()| ExitCode::SUCCESS),
        () = signals.next() => {
            tracing::warn!("stopped at once");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Whoever starts it from a script waits for this line.
fn tell(worker: &Worker, format: Format) -> Result<()> {
    let (address, pages) = (worker.address()?, worker.pages()?);
    if format == Format::Json {
        let line = serde_json::json!({ "listen": address.to_string(), "pages": pages.map(|pages| pages.to_string()), "encrypted": worker.is_encrypted() });
        let line = serde_json::to_string(&line).map_err(|e| Error::internal("the address cannot be written").caused_by(e))?;
        return output::print_text(&format!("{line}\n"));
    }
    let kind = if worker.is_encrypted() { "encrypted connections only" } else { "without encryption: this machine only" };
    let pages = pages.map_or_else(String::new, |pages| format!("; pages on {pages}"));
    eprintln!("listening on {address} ({kind}){pages}");
    Ok(())
}
