//! Whether the process goes on, and whether what it did last went well.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long nothing may be heard of the loop while it is not at work.
const SILENT: Duration = Duration::from_secs(120);

/// How long one look may take before the process counts as stuck.
const WORKING: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug)]
struct State {
    heard: Instant,
    working: bool,
    ready: Result<(), String>,
}

/// What the probes ask.
#[derive(Debug)]
pub struct Health(Mutex<State>);

impl Default for Health {
    fn default() -> Self {
        Self(Mutex::new(State { heard: Instant::now(), working: true, ready: Err("starting".into()) }))
    }
}

impl Health {
    /// The loop goes round; `working` while it looks.
    pub fn beat(&self, working: bool) {
        if let Ok(mut state) = self.0.lock() {
            state.heard = Instant::now();
            state.working = working;
        }
    }

    /// What came of the last look.
    pub fn set_ready(&self, ready: Result<(), String>) {
        if let Ok(mut state) = self.0.lock() {
            state.ready = ready;
        }
    }

    /// # Errors
    /// Why the process should be started anew.
    pub fn is_alive(&self) -> Result<(), String> {
        let state = self.0.lock().map_err(|_| "the process is broken".to_owned())?;
        let patience = if state.working { WORKING } else { SILENT };
        let silent = state.heard.elapsed();
        if silent > patience { Err(format!("nothing was heard of the loop for {} s", silent.as_secs())) } else { Ok(()) }
    }

    /// # Errors
    /// What went wrong last.
    pub fn is_ready(&self) -> Result<(), String> {
        self.0.lock().map_err(|_| "the process is broken".to_owned())?.ready.clone()
    }
}
