//! What a server shows of an installation: tables brought up to date while it runs, and sessions for its roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;

use super::{Bittern, pseudonym};
use crate::config::serve::Role;
use crate::error::Result;
use crate::functions;
use crate::lake::tables;
use crate::session::role::{self, Surface};
use crate::session::{self, Limits};

impl Bittern {
    /// Looks for new commits, and registers the tables that have some; whether any had.
    pub async fn renew(&mut self) -> Result<bool> {
        let mut changed = Vec::new();
        for spec in tables::all().into_iter().chain(self.answers.clone()) {
            let known = self.versions.get(&spec.name).copied();
            if self.lake.table(&spec.name).await?.version() != known {
                changed.push(spec);
            }
        }
        if changed.is_empty() {
            return Ok(false);
        }
        self.refresh_tables(&changed).await?;
        Ok(true)
    }

    /// What a role sees of the tables, as they are registered now.
    pub async fn seen_by(&self, role: &Role) -> Result<BTreeMap<String, Arc<dyn TableProvider>>> {
        role::tables(&self.context, &self.catalog.views(), role, &self.scratch()?).await
    }

    /// Where a role's queries run, without tables yet.
    pub fn surface(&self, role: &Role, threads: usize) -> Result<Surface> {
        let context = self.scratch()?;
        if !role.names {
            context.deregister_udf(functions::PSEUDONYM_ONCE);
            register_shown(&context);
        }
        Surface::new(&context, threads)
    }

    /// A session with the functions and the lake's store, without tables. Its `pseudonym` leaves pseudonyms as they are.
    fn scratch(&self) -> Result<SessionContext> {
        let limits = Limits { cluster: self.cluster.clone(), ..Limits::default() };
        let context = session::over(&self.lake, &self.setup, &limits)?;
        register_once(&context, &self.key, true);
        Ok(context)
    }
}

/// Registers the functions of people: `pseudonym` as jobs know it, and `pseudonym_once` as the server's tables use it.
pub fn register_pseudonyms(context: &SessionContext, key: &Arc<[u8]>) {
    let shared = Arc::clone(key);
    functions::register_pseudonym(context, Arc::new(move |name| pseudonym(&shared, name)), pseudonym(key, ""));
    register_once(context, key, false);
}

fn register_once(context: &SessionContext, key: &Arc<[u8]>, also: bool) {
    let shared = Arc::clone(key);
    let once = move |name: &str| if is_pseudonym(name) { name.to_owned() } else { pseudonym(&shared, name) };
    functions::register_pseudonym_once(context, Arc::new(once), format!("{} once", pseudonym(key, "")), also);
}

/// Registers `pseudonym` for who sees no names. Whoever can ask for the pseudonym of an address needs none; that of a pseudonym is itself,
/// so saved queries still work.
pub(super) fn register_shown(context: &SessionContext) {
    let shown = |name: &str| if is_pseudonym(name) { name.to_owned() } else { String::new() };
    functions::register_pseudonym(context, Arc::new(shown), "shown".to_owned());
}

fn is_pseudonym(name: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    name.strip_prefix("p_").is_some_and(|hex| hex.len() == 16 && hex.chars().all(digits))
}
