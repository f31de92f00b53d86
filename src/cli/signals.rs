//! What asks a process to end.

use crate::error::{Error, Result};

/// The signals that ask a process to end.
#[cfg(unix)]
pub struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    /// Waits for them from now on.
    pub fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let refused = |e: std::io::Error| Error::from(e).context("cannot wait for signals");
        Ok(Self(signal(SignalKind::terminate()).map_err(refused)?, signal(SignalKind::interrupt()).map_err(refused)?))
    }

    /// Done at the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// The signals that ask a process to end.
#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Waits for them from now on.
    pub fn new() -> Result<Self> {
        Ok(Self)
    }

    /// Done at the next one.
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
