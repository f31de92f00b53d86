//! The only place that reads the time of day; and whether it is time to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::event::Micros;

/// A source of the current time, handed from `cli` to whoever writes a time down. SQL never sees it.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still, for tests and replays.
    Fixed(Micros),
    /// A clock that somebody else moves, forwards and back, for tests of what waits.
    Moved(&'static AtomicI64),
}

impl Clock {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn now(self) -> Micros {
        match self {
            Self::System => chrono::Utc::now().timestamp_micros(),
            Self::Fixed(time) => time,
            Self::Moved(time) => time.load(Ordering::SeqCst),
        }
    }
}

/// Says that somebody wants to end; whoever works looks at it between two steps.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks to end.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether to end.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
