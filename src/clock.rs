//! The only place that reads the time of day.

use std::sync::atomic::{AtomicI64, Ordering};

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
