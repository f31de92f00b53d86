//! The lake as each role sees it, brought up to date while the server runs.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::audit::Outcome;
use super::problem::Problem;
use crate::config::serve::Serve;
use crate::error::{Error, Result};
use crate::pipeline::Bittern;
use crate::session::role::Surface;

/// The sessions of all roles over one installation.
pub struct Sessions {
    config: Serve,
    /// One at a time looks for new commits; the others wait for what it finds.
    state: Mutex<State>,
}

struct State {
    bittern: Bittern,
    looked: Instant,
    /// Counts the states of the tables: a plan made over an older one is made anew.
    generation: u64,
    surfaces: HashMap<String, Surface>,
}

impl Sessions {
    /// Sessions over an opened installation. Every role of the configuration is tried out.
    ///
    /// # Errors
    /// `Usage` for a role that names what is not there.
    pub async fn new(bittern: Bittern, config: Serve) -> Result<Self> {
        for name in config.role_names() {
            let Some(role) = config.role(&name) else { continue };
            bittern.seen_by(&role).await.map_err(|e| Error::usage(format!("the role `{name}` cannot be used")).caused_by(e))?;
        }
        let state = State { bittern, looked: Instant::now(), generation: 0, surfaces: HashMap::new() };
        Ok(Self { config, state: Mutex::new(state) })
    }

    /// What a role sees, no older than the configuration says; and the state's number.
    pub async fn surface(&self, role_name: &str) -> std::result::Result<(Surface, u64), Problem> {
        let unknown = || Problem::fatal("28000", format!("the role `{role_name}` is not there any more"));
        let role = self.config.role(role_name).ok_or_else(unknown)?;
        let mut state = self.state.lock().await;
        let age = Duration::try_from_secs_f64(self.config.fresh_seconds).unwrap_or_default();
        if state.looked.elapsed() >= age {
            self.renew(&mut state).await.map_err(|e| {
                tracing::warn!("the lake cannot be read: {e:#}");
                Problem::new("58030", "the lake cannot be read at the moment", Outcome::Failed)
            })?;
        }
        if let Some(surface) = state.surfaces.get(role_name) {
            return Ok((surface.clone(), state.generation));
        }
        let surface = state.bittern.surface(&role, self.config.limits.threads())?;
        surface.show(state.bittern.seen_by(&role).await?);
        state.surfaces.insert(role_name.to_owned(), surface.clone());
        Ok((surface, state.generation))
    }

    async fn renew(&self, state: &mut State) -> Result<()> {
        if state.bittern.renew().await? {
            for (name, surface) in &state.surfaces {
                if let Some(role) = self.config.role(name) {
                    surface.show(state.bittern.seen_by(&role).await?);
                }
            }
            state.generation += 1;
        }
        state.looked = Instant::now();
        Ok(())
    }
}
