//! When to look: an expression as cron writes it, in a time zone, asked with the time of day as often as one likes.
//!
//! Nothing is counted: a process that slept, a clock that was set, an hour that came twice or never only change when the next look is.

use std::str::FromStr;

use chrono::DateTime;
use chrono_tz::Tz;
use croner::Cron;

use crate::error::{Error, Result};
use crate::event::{DAY, Micros};

/// An expression, and where it stands.
#[derive(Debug, Clone)]
pub struct Timetable {
    cron: Cron,
    zone: Tz,
    next: Micros,
    /// The last time of day that was seen.
    seen: Micros,
}

impl Timetable {
    /// A timetable whose next time is the first after `from`.
    ///
    /// # Errors
    /// `Usage` for what is no expression or no time zone.
    pub fn new(key: &str, expression: &str, zone: &str, from: Micros) -> Result<Self> {
        let cron = Cron::from_str(expression)
            .map_err(|e| Error::usage(format!("`schedule.{key}`: `{expression}` is no time like \"30 3 * * *\"")).caused_by(e))?;
        let zone = zone.parse().map_err(|_| Error::usage(format!("`schedule.time_zone`: there is no time zone `{zone}`")))?;
        let mut timetable = Self { cron, zone, next: from, seen: from };
        timetable.next = timetable.following(from);
        Ok(timetable)
    }

    /// The same, due at once.
    #[must_use]
    pub fn due_now(mut self) -> Self {
        self.next = Micros::MIN;
        self
    }

    /// Whether it is time; if so, the next time is set. Of several times that were missed one is made up for.
    pub fn is_due(&mut self, now: Micros) -> bool {
        // A clock that was set back must not make us wait until it is there again.
        if now < self.seen && self.next != Micros::MIN {
            self.next = self.following(now);
        }
        self.seen = now;
        if now < self.next {
            return false;
        }
        self.next = self.following(now);
        true
    }

    /// The next time.
    pub fn next(&self) -> Micros {
        self.next
    }

    /// The first time after `time`; a day later where the expression has none.
    pub fn following(&self, time: Micros) -> Micros {
        let next = DateTime::from_timestamp_micros(time)
            .and_then(|utc| self.cron.find_next_occurrence(&utc.with_timezone(&self.zone), false).ok())
            .map_or(time + DAY, |next| next.timestamp_micros());
        // Whatever the expression says, time goes on.
        next.max(time + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{HOUR, SECOND};
    use crate::sources::time::parse;

    const MINUTE: Micros = 60 * SECOND;

    fn at(text: &str) -> Micros {
        parse(text).expect("a time")
    }

    #[test]
    fn what_is_no_time_or_zone_is_named() {
        let error = Timetable::new("look", "every minute", "UTC", 0).expect_err("no expression");
        assert!(error.to_string().starts_with("`schedule.look`: `every minute` is no time"), "{error}");
        assert!(Timetable::new("look", "* * * * *", "Mars/Olympus", 0).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_delays_by_one_period_at_most() {
        let mut looks = Timetable::new("look", "*/5 * * * *", "UTC", at("2026-03-02T10:00:30Z")).expect("valid");
        assert!(!looks.is_due(at("2026-03-02T10:04:59Z")));
        assert!(looks.is_due(at("2026-03-02T10:05:00Z")));
        assert!(!looks.is_due(at("2026-03-02T08:05:10Z")), "two hours back");
        assert!(looks.is_due(at("2026-03-02T08:10:00Z")));
        assert!(looks.is_due(at("2026-03-09T08:10:00Z")), "a week asleep");
        assert!(!looks.is_due(at("2026-03-09T08:10:01Z")), "made up for once");
    }

    /// Two years in zones with whole, half and odd hours of daylight saving, polled at odd times by a clock that is set and a machine that sleeps.
    #[test]
    fn two_years_of_looks_miss_nothing_whatever_the_clock_does() {
        for (seed, zone) in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"].into_iter().enumerate() {
            let mut random = numbers(seed as u64);
            let start = at("2025-01-01T00:00:00Z");
            let mut nightly = Timetable::new("maintain", "30 2 * * *", zone, start).expect("valid");
            let mut looks = Timetable::new("look", "*/5 * * * *", zone, start).expect("valid");
            // `true_time` is what a clock that is never set would say; `offset` what this one says beside it.
            let (mut true_time, mut offset) = (start, 0);
            let (mut looked, mut nights) = (start, 0_i64);
            let mut slept = 0;
            while true_time < start + 730 * DAY {
                let step = match random() % 5_000 {
                    0 => {
                        slept += 1;
                        (random() % 4) as i64 * DAY
                    }
                    1 => {
                        offset = if offset == 0 { (random() % 5) as i64 * HOUR - 2 * HOUR } else { 0 };
                        MINUTE
                    }
                    _ => 1 + (random() % 300) as i64 * SECOND,
                };
                true_time += step;
                let now = true_time + offset;
                if looks.is_due(now) {
                    looked = true_time;
                }
                assert!(true_time - looked <= 10 * MINUTE, "{zone}: no look for {} s", (true_time - looked) / SECOND);
                nights += i64::from(nightly.is_due(now));
                assert!(nightly.next() > now && nightly.next() - now <= 25 * HOUR, "{zone}: the next night is a night away");
            }
            // A sleep of days makes up for one night, and a clock that is set back over 2:30 may come by twice.
            let missed = 730 - nights;
            assert!((-60..=4 * slept + 60).contains(&missed), "{zone}: {nights} nights");
        }
    }

    #[test]
    fn a_night_comes_once_a_local_day_over_daylight_saving() {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"] {
            let start = at("2025-01-01T12:00:00Z");
            let mut nightly = Timetable::new("maintain", "30 2 * * *", zone, start).expect("valid");
            let mut nights = Vec::new();
            let mut now = start;
            while now < start + 730 * DAY {
                now += 29 * SECOND;
                if nightly.is_due(now) {
                    nights.push(now);
                }
            }
            assert!((729..=731).contains(&nights.len()), "{zone}: {} nights", nights.len());
            let gaps = nights.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps.into_iter().all(|gap| (22 * HOUR..=26 * HOUR).contains(&gap)), "{zone}: one a day");
        }
    }

    /// Numbers that look random and are the same in every run (splitmix64).
    fn numbers(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed.wrapping_add(0x9e37_79b9);
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }
    }
}
