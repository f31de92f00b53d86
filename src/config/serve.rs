//! The section `[serve]`: the PostgreSQL server's address, roles and limits.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// What `[serve]` may say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address and port. Beyond loopback only with TLS.
    pub listen: String,
    /// File of the users and their verifiers, as `bittern user` writes it.
    pub users: Option<PathBuf>,
    /// PEM file of the certificate, and of those that vouch for it.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's key.
    pub tls_key: Option<PathBuf>,
    /// Seconds that the tables a query sees may be old; 0 looks for new commits before every query.
    pub fresh_seconds: f64,
    /// What one query, one user and all together may use.
    pub limits: Limits,
    /// Who may see what, by the name that `bittern user add --role` gives. `admin` and `analyst` are there unless they are redefined.
    pub roles: BTreeMap<String, Role>,
}

/// What `[serve.limits]` may say. A query that goes beyond one ends with an error, never with half an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Seconds from the query's arrival to the last row read by the client, waiting included.
    pub seconds: f64,
    /// MiB that sorts, joins and aggregates of one query may hold before they spill.
    pub memory_mib: usize,
    /// MiB that one query may spill to disk.
    pub spill_mib: usize,
    /// Rows of one answer.
    pub rows: usize,
    /// MiB of one answer, as it is sent.
    pub answer_mib: usize,
    /// KiB of one statement.
    pub statement_kib: usize,
    /// Queries that run at once; more wait.
    pub queries: usize,
    /// Queries of one user that run at once.
    pub queries_per_user: usize,
    /// Connections at once.
    pub connections: usize,
    /// Connections of one user at once.
    pub connections_per_user: usize,
    /// Seconds after which a connection that asks nothing is closed.
    pub idle_seconds: u64,
    /// Threads that queries run on; 0 is half of the cores.
    pub threads: usize,
    /// MiB of the whole process beyond which every running query is ended; 0 is four times `memory_mib`, and at least 2048.
    pub process_mib: usize,
}

/// What `[serve.roles.NAME]` may say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Role {
    /// Whether names, addresses and accounts of people are shown. Otherwise pseudonyms stand in their place.
    pub names: bool,
    /// Whether credentials in people's words are masked.
    pub redact: bool,
    /// Columns that are not there: `table.column`, or `column` for every table.
    pub hidden: Vec<String>,
    /// The only tables and views there are; empty is all.
    pub tables: Vec<String>,
    /// Rows there are: table or view → a condition in SQL over its columns. `"*"` holds for every table and view, and those without its
    /// columns are not there.
    pub rows: BTreeMap<String, String>,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:5439".to_owned(),
            users: None,
            tls_cert: None,
            tls_key: None,
            fresh_seconds: 2.0,
            limits: Limits::default(),
            roles: BTreeMap::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            seconds: 60.0,
            memory_mib: 512,
            spill_mib: 2048,
            rows: 1_000_000,
            answer_mib: 512,
            statement_kib: 256,
            queries: 4,
            queries_per_user: 2,
            connections: 100,
            connections_per_user: 20,
            idle_seconds: 3600,
            threads: 0,
            process_mib: 0,
        }
    }
}

impl Default for Role {
    fn default() -> Self {
        Self { names: false, redact: true, hidden: Vec::new(), tables: Vec::new(), rows: BTreeMap::new() }
    }
}

impl Serve {
    /// The role of that name: as configured, else one of the built-in two. `admin` sees everything as it is stored; `analyst` sees no
    /// message texts, no names, and no credential in clear.
    pub fn role(&self, name: &str) -> Option<Role> {
        self.roles.get(name).cloned().or_else(|| match name {
            "admin" => Some(Role { names: true, redact: false, ..Role::default() }),
            "analyst" => Some(Role { hidden: vec!["text".to_owned()], ..Role::default() }),
            _ => None,
        })
    }

    /// Names of the roles there are.
    pub fn role_names(&self) -> Vec<String> {
        let mut names: Vec<String> = ["admin", "analyst"].map(str::to_owned).into_iter().chain(self.roles.keys().cloned()).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Limits {
    /// Threads for queries: those named, else half of the cores.
    pub fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if self.threads == 0 { (cores / 2).max(1) } else { self.threads }
    }

    /// Bytes of the whole process.
    pub fn process_bytes(&self) -> usize {
        let mib = if self.process_mib == 0 { (4 * self.memory_mib).max(2048) } else { self.process_mib };
        mib.saturating_mul(1024 * 1024)
    }
}
