//! When people work: hours of their own day, a dip at noon, quiet weekends, and what that is in UTC.

use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::event::{Micros, SECOND};

use super::population::Person;
use super::words::ZONES;

/// Seconds in an hour.
pub(super) const HOUR: i32 = 3_600;
/// Seconds in a day.
pub(super) const DAY: i32 = 24 * HOUR;

/// How much of a working day this day is for people in general.
pub(super) fn day_weight(date: NaiveDate, nights: bool) -> f64 {
    match date.weekday() {
        // Those of the night shift take turns on weekends.
        Weekday::Sat | Weekday::Sun if nights => 0.3,
        Weekday::Sat => 0.015,
        Weekday::Sun => 0.025,
        Weekday::Fri => 0.85,
        _ => 1.0,
    }
}

/// Whether people in general work on that day.
pub(super) fn is_working_day(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A second of the local day at which this person does something.
pub(super) fn second_of_day(person: &Person, nights: bool, rng: &mut ChaCha8Rng) -> i32 {
    if nights {
        // 22:00 to 06:00: the end of one night and the beginning of the next.
        let second = rng.random_range(-2 * HOUR..6 * HOUR);
        return second.rem_euclid(DAY);
    }
    let normal: f64 = StandardNormal.sample(rng);
    let hours = match rng.random_range(0..100) {
        0..46 => 1.9 + 0.95 * normal,
        46..96 => 6.2 + 1.25 * normal,
        _ => 10.5 + 1.0 * normal.abs(),
    };
    let second = person.begins + (hours * f64::from(HOUR)) as i32;
    // Nobody of the day shift works between 22:30 and 06:30: what falls there is moved into the afternoon.
    if (6 * HOUR + 1_800..22 * HOUR + 1_800).contains(&second) { second } else { 14 * HOUR + second.rem_euclid(2 * HOUR) }
}

/// The offsets of every zone on one day, so that no zone is looked up for each act.
pub(super) struct LocalDay {
    /// Start of the day as if it were UTC.
    midnight: Micros,
    /// For each zone the seconds to take off before and after 03:00, when clocks are changed.
    offsets: Vec<(i32, i32)>,
}

impl LocalDay {
    /// The day of that date, everywhere.
    pub(super) fn new(date: NaiveDate) -> Self {
        let offsets = ZONES.iter().map(|(zone, ..)| (offset(*zone, date, 0), offset(*zone, date, 12))).collect();
        Self { midnight: utc_midnight(date), offsets }
    }

    /// The UTC time of a second of the local day in a zone.
    pub(super) fn utc(&self, zone: usize, second: i32) -> Micros {
        let (early, late) = self.offsets[zone];
        let offset = if second < 3 * HOUR { early } else { late };
        self.midnight + Micros::from(second - offset) * SECOND
    }
}

/// Midnight of a date in UTC.
pub(super) fn utc_midnight(date: NaiveDate) -> Micros {
    NaiveDateTime::from(date).and_utc().timestamp_micros()
}

/// Seconds east of UTC at an hour of a day in a zone.
fn offset(zone: Tz, date: NaiveDate, hour: i64) -> i32 {
    let local = NaiveDateTime::from(date) + TimeDelta::hours(hour);
    match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        // An hour that is skipped at midnight does not occur in these zones.
        LocalResult::None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_change_move_the_working_day_in_utc() {
        let berlin = ZONES.iter().position(|(zone, ..)| *zone == Tz::Europe__Berlin).expect("in the list");
        let nine = |date: &str| LocalDay::new(date.parse().expect("a date")).utc(berlin, 9 * HOUR);
        assert_eq!(nine("2026-03-27"), crate::sources::time::parse("2026-03-27T08:00:00Z").expect("a time"));
        assert_eq!(nine("2026-03-30"), crate::sources::time::parse("2026-03-30T07:00:00Z").expect("a time"));
        // On the day itself the clock changes between one and four in the morning.
        assert_eq!(nine("2026-03-29"), crate::sources::time::parse("2026-03-29T07:00:00Z").expect("a time"));
    }
}
