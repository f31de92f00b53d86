//! How long to wait after something failed: longer each time, up to a bound.

use crate::event::{Micros, SECOND};

const FIRST: Micros = 5 * SECOND;
const LONGEST: Micros = 300 * SECOND;

/// Failures in a row, and when the last was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    failures: u32,
    last: Micros,
}

impl Backoff {
    /// It went well, or not.
    pub fn note(&mut self, well: bool, now: Micros) {
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
        self.last = now;
    }

    /// Whether something failed that is to be tried again.
    pub fn is_pending(&self) -> bool {
        self.failures > 0
    }

    /// When to try again. A clock that was set back makes nothing wait longer.
    pub fn next(&self, now: Micros) -> Micros {
        if self.failures == 0 || now < self.last {
            return now;
        }
        self.last + (FIRST << (self.failures - 1).min(6)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_five_minutes_and_end_with_a_success() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            backoff.note(false, 1_000);
            waits.push((backoff.next(2_000) - 1_000) / SECOND);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(backoff.next(500), 500, "the clock went back");
        backoff.note(true, 3_000);
        assert!(!backoff.is_pending());
    }
}
