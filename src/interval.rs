//! Half-open stretches of event time in UTC, and how they tile time. No clock.

use std::fmt;

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::event::{DAY, HOUR, Micros, SECOND};

/// `[start, end)` in UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// First instant inside.
    pub start: Micros,
    /// First instant after.
    pub end: Micros,
}

impl Interval {
    /// Whether they share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest interval of tiles of `step` that holds this one.
    pub fn aligned(self, step: Micros) -> Self {
        Self { start: self.start.div_euclid(step) * step, end: (self.end + step - 1).div_euclid(step) * step }
    }

    /// The tiles of `step` in an aligned interval.
    pub fn tiles(self, step: Micros) -> impl Iterator<Item = Self> {
        let whole = self.aligned(step);
        (0..(whole.end - whole.start) / step).map(move |n| Self { start: whole.start + n * step, end: whole.start + (n + 1) * step })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", time_text(self.start), time_text(self.end))
    }
}

/// `2026-03-02T00:00:00Z`, with a fraction only where there is one.
pub fn time_text(time: Micros) -> String {
    DateTime::from_timestamp_micros(time).map_or_else(|| time.to_string(), |t| t.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

/// Days since 1970-01-01, the value of an `event_date`.
pub fn date_of(time: Micros) -> i32 {
    i32::try_from(time.div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// `2026-03-02` for days since 1970-01-01.
pub fn date_text(days: i32) -> String {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or_default();
    epoch.checked_add_signed(chrono::Duration::days(i64::from(days))).unwrap_or_default().to_string()
}

/// Sorted, disjoint intervals of whole hours: what a commit says it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours(std::collections::BTreeSet<i64>);

impl Hours {
    /// Adds the hour that holds `time`.
    pub fn add(&mut self, time: Micros) {
        self.0.insert(time.div_euclid(HOUR));
    }

    /// Adds every hour that the interval touches.
    pub fn add_interval(&mut self, interval: Interval) {
        self.0.extend(interval.start.div_euclid(HOUR)..(interval.end + HOUR - 1).div_euclid(HOUR));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hours as maximal intervals.
    pub fn intervals(&self) -> Vec<Interval> {
        let mut found: Vec<Interval> = Vec::new();
        for hour in &self.0 {
            let start = hour * HOUR;
            match found.last_mut() {
                Some(last) if last.end == start => last.end += HOUR,
                _ => found.push(Interval { start, end: start + HOUR }),
            }
        }
        found
    }
}

/// Reads `90 days`, `-90 days`, `1 hour`, `15 minutes`, `30s`.
pub fn parse_duration(text: &str) -> Option<Micros> {
    let text = text.trim();
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = rest.get(..digits)?.parse().ok()?;
    let unit = match rest.get(digits..)?.trim() {
        "s" | "second" | "seconds" => SECOND,
        "min" | "minute" | "minutes" => 60 * SECOND,
        "h" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "week" | "weeks" => 7 * DAY,
        _ => return None,
    };
    number.checked_mul(unit)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_an_aligned_interval_without_gap() {
        let interval = Interval { start: HOUR + 1, end: 3 * HOUR };
        let tiles: Vec<Interval> = interval.tiles(HOUR).collect();
        assert_eq!(tiles, [Interval { start: HOUR, end: 2 * HOUR }, Interval { start: 2 * HOUR, end: 3 * HOUR }]);
        assert_eq!(Interval { start: -1, end: 1 }.aligned(DAY), Interval { start: -DAY, end: DAY });
    }

    #[test]
    fn hours_merge_into_intervals() {
        let mut hours = Hours::default();
        for time in [0, 1, HOUR, 5 * HOUR + 3] {
            hours.add(time);
        }
        assert_eq!(hours.intervals(), [Interval { start: 0, end: 2 * HOUR }, Interval { start: 5 * HOUR, end: 6 * HOUR }]);
    }

    #[test]
    fn durations_are_read_with_their_sign() {
        assert_eq!(parse_duration("-90 days"), Some(-90 * DAY));
        assert_eq!(parse_duration("1 hour"), Some(HOUR));
        assert_eq!(parse_duration("soon"), None);
        assert_eq!(parse_duration("99999999999999999 days"), None);
    }
}
