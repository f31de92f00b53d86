//! `bittern serve`: the lake for PostgreSQL's clients.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Global;
use crate::error::Result;
use crate::serve::Server;

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; beyond loopback only with a certificate [default: 127.0.0.1:5439]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// File of the users, as `bittern user` writes it
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Certificate in PEM: connections are encrypted, and no others taken
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Runs it until the process is asked to end.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let (mut config, lake) = global.lake()?;
    let serve = &mut config.serve;
    serve.listen = args.listen.clone().unwrap_or_else(|| serve.listen.clone());
    serve.users = args.users.clone().or_else(|| serve.users.take());
    serve.tls_cert = args.tls_cert.clone().or_else(|| serve.tls_cert.take());
    serve.tls_key = args.tls_key.clone().or_else(|| serve.tls_key.take());
    let users = config.users_path()?;
    let bittern = crate::pipeline::Bittern::open(&config, &lake, crate::clock::Clock::System).await?;
    bittern.healthy()?;
    let server = Server::bind(bittern, config.serve.clone(), &users).await?;
    let kind = if config.serve.tls_cert.is_some() { "encrypted connections only" } else { "without encryption: this machine only" };
    // Whoever starts it from a script waits for this line.
    eprintln!("listening on {} ({kind})", server.address()?);
    server.run(asked_to_end()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Done when the process is interrupted or told to end.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
