//! The section `[cluster]`: workers that execute parts of queries, and what a worker itself listens on.

use std::path::PathBuf;

use serde::Deserialize;

use super::Length;
use crate::event::SECOND;

/// What `[cluster]` may say. A coordinator reads `workers` and what follows it, a worker `listen`, `pages` and `grace`, and both of them
/// the token and the certificates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// Who executes: `http://` and `https://` URLs, `dns:NAME:PORT` (every address of the name), `file:PATH` (one of those a line, read
    /// again when it changes). Empty is this process alone.
    pub workers: Vec<String>,
    /// MiB of files that are worth a task on a worker; a query that reads less in all is executed by this process alone.
    pub task_mib: f64,
    /// Partitions of a task, that is, cores of a worker that one task uses; 0 is the number of this process's cores.
    pub partitions: usize,
    /// How long a worker may send nothing while its rows are waited for.
    pub patience: Length,
    /// How often a query is planned anew on the remaining workers after one of them failed.
    pub retries: usize,
    /// What a query does that no worker can execute.
    pub fallback: Fallback,
    /// Where a worker listens for coordinators and other workers; beyond loopback only with a token and a certificate.
    pub listen: String,
    /// Where a worker answers `/healthz`, `/readyz` and `/metrics`; empty is nowhere.
    pub pages: String,
    /// How long queries may take to end once a worker is asked to.
    pub grace: Length,
    /// File with what coordinators and workers prove that they belong together by: at least 16 bytes, the same for all.
    pub token_file: Option<PathBuf>,
    /// PEM file of a worker's certificate, and of those that vouch for it.
    pub cert: Option<PathBuf>,
    /// PEM file of the certificate's key.
    pub key: Option<PathBuf>,
    /// PEM file of who vouches for workers' certificates; the machine's own list if none.
    pub ca: Option<PathBuf>,
}

/// What a query does that no worker can execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// It fails, and says why.
    Fail,
    /// This process executes it.
    Local,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            workers: Vec::new(),
            task_mib: 32.0,
            partitions: 0,
            patience: Length(300 * SECOND),
            retries: 2,
            fallback: Fallback::Fail,
            listen: "127.0.0.1:7450".into(),
            pages: "127.0.0.1:9465".into(),
            grace: Length(30 * SECOND),
            token_file: None,
            cert: None,
            key: None,
            ca: None,
        }
    }
}

impl Cluster {
    /// Bytes of files that are worth a task, at least one.
    pub fn task_bytes(&self) -> usize {
        // A float becomes the nearest number there is: none is negative, and none too large.
        ((self.task_mib * 1024.0 * 1024.0) as usize).max(1)
    }
}
