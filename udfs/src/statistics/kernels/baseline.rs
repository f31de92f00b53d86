//! One person's trailing baseline: what is usual for them on such a day, how far this day is from it, and how likely that is.
//!
//! Days without a row are days without activity from the person's first row on; days not seen whole are left out.

use super::calendar::{Bucket, DayType, UnknownDays, Week};
use super::ordered::{Ordered, Sample};
use super::peers::Peers;
use super::tail::upper_tail;

/// The median absolute deviation times this is the standard deviation, where values are normal.
pub(super) const DEVIATION_TO_SIGMA: f64 = 1.4826;
/// However even a person's days have been, a spread below this share of the expected is luck.
const SPREAD_SHARE_MIN: f64 = 0.1;
/// What lies further out than so many spreads counts as if it lay there: one incident must not hide the next.
pub(super) const CAP_SPREADS: f64 = 10.0;
/// Standard errors by which the variance is taken to be larger than it looked: tails from few days are then honest to about
/// one in a million days (measured, see `docs/statistics.md`), not only in the middle.
const VARIANCE_ERRORS: f64 = 2.0;

/// What a baseline looks back on and when it speaks.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::statistics) struct Settings {
    /// Days looked back on, the current one excluded.
    pub history_days: i64,
    /// With fewer known days of the current day's type, all days are compared with.
    pub same_type_days_min: usize,
    /// With fewer known days, of whatever type, the baseline is still learning.
    pub learned_days_min: usize,
    pub options: Options,
}

impl Settings {
    pub(in crate::statistics) fn trailing(history_days: i64, options: Options) -> Settings {
        Settings { history_days, same_type_days_min: 4, learned_days_min: LEARNED_DAYS_MIN, options }
    }
}

/// What a caller may say beyond the values themselves.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::statistics) struct Options {
    /// The first day that counts, whether or not it has a row; without it, that of the first row.
    pub since: Option<i64>,
    pub unknown: UnknownDays,
    pub week: Week,
    /// The least spread there can be, instead of the floor that counts have.
    pub spread_min: Option<f64>,
    /// Whether mean, variance and the tail's probability are computed, which is most of the work.
    pub tail: bool,
    pub peers: Option<Peers>,
}

impl Default for Options {
    fn default() -> Self {
        let (unknown, week) = (UnknownDays::default(), Week::default());
        Options { since: None, unknown, week, spread_min: None, tail: true, peers: None }
    }
}

impl Options {
    /// Whether a day can be known at all.
    pub(in crate::statistics) fn covers(&self, day: i64) -> bool {
        self.since.is_none_or(|since| since <= day) && !self.unknown.contains(day)
    }

    /// How many days in `from..to` can be known.
    pub(super) fn known_between(&self, from: i64, to: i64) -> i64 {
        let from = self.since.map_or(from, |since| since.max(from));
        ((to - from).max(0) - self.unknown.count(self.week, None, from, to)).max(0)
    }

    pub(super) fn floor(&self, expected: f64) -> f64 {
        self.spread_min.unwrap_or_else(|| spread_floor(expected))
    }
}

/// Known days before a baseline is more than a guess.
pub(in crate::statistics) const LEARNED_DAYS_MIN: usize = 10;

/// The answer for one day. Every number is finite; what cannot be said is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::statistics) struct Baseline {
    pub expected: Option<f64>,
    pub spread: Option<f64>,
    pub score: Option<f64>,
    pub p_value: Option<f64>,
    /// Known days looked back on, of whatever type.
    pub history: i64,
    pub learning: bool,
    /// Mean and variance of a day, as the history has them.
    pub mean: Option<f64>,
    pub variance: Option<f64>,
}

/// The baseline of each bucket, from the buckets before it. Buckets are in order of days, one a day.
pub(in crate::statistics) fn trailing(buckets: &[Bucket], settings: &Settings) -> Vec<Baseline> {
    let Some(first) = buckets.first() else { return Vec::new() };
    let mut window = Window::new(first.day, settings, buckets.len());
    let mut oldest = 0;
    let score = |bucket: &Bucket| {
        while let Some(leaving) = buckets.get(oldest).filter(|old| old.day < bucket.day - settings.history_days) {
            window.remove(leaving);
            oldest += 1;
        }
        let baseline = window.compare(bucket);
        window.insert(bucket);
        baseline
    };
    buckets.iter().map(score).collect()
}

/// The baseline of one day only, whether or not it has a bucket; `None` before the person's first day.
pub(in crate::statistics) fn at(buckets: &[Bucket], first_day: Option<i64>, day: i64, settings: &Settings) -> Option<Baseline> {
    let start = settings.options.since.or(first_day)?;
    if settings.options.since.is_none() && day < start {
        return None;
    }
    let mut window = Window::new(start, settings, buckets.len());
    for bucket in buckets.iter().filter(|bucket| (day - settings.history_days..day).contains(&bucket.day)) {
        window.insert(bucket);
    }
    let found = buckets.binary_search_by_key(&day, |bucket| bucket.day).ok();
    let current = found.and_then(|index| buckets.get(index)).copied().unwrap_or(Bucket { day, value: Some(0.0) });
    Some(window.compare(&current))
}

/// The days looked back on, by day type.
struct Window<'a> {
    first_day: i64,
    settings: &'a Settings,
    types: [TypeDays; 2],
}

#[derive(Default)]
struct TypeDays {
    above_zero: Ordered,
    /// Days with a row that were not seen whole, apart from those of which nothing can be known.
    unknown: usize,
}

impl Window<'_> {
    fn new(first_day: i64, settings: &Settings, buckets: usize) -> Window<'_> {
        let capacity = usize::try_from(settings.history_days).unwrap_or(0).min(buckets);
        let days = || TypeDays { above_zero: Ordered::with_capacity(capacity), unknown: 0 };
        Window { first_day: settings.options.since.unwrap_or(first_day), settings, types: [days(), days()] }
    }

    fn days_like(&mut self, day: i64) -> Option<&mut TypeDays> {
        let options = &self.settings.options;
        if options.covers(day) { self.types.get_mut(options.week.day_type(day) as usize) } else { None }
    }

    fn insert(&mut self, bucket: &Bucket) {
        let Some(days) = self.days_like(bucket.day) else { return };
        match bucket.value {
            Some(value) if value > 0.0 => days.above_zero.insert(value),
            Some(_) => {}
            None => days.unknown += 1,
        }
    }

    fn remove(&mut self, bucket: &Bucket) {
        let Some(days) = self.days_like(bucket.day) else { return };
        match bucket.value {
            Some(value) if value > 0.0 => days.above_zero.remove(value),
            Some(_) => {}
            None => days.unknown = days.unknown.saturating_sub(1),
        }
    }

    fn compare(&self, current: &Bucket) -> Baseline {
        let options = &self.settings.options;
        let from = self.first_day.max(current.day - self.settings.history_days);
        // What is neither above zero nor unknown was a day without activity, whether it has a row or not.
        let zeros = DayType::ALL.map(|day_type| {
            let days = options.week.count(day_type, from, current.day);
            let days = usize::try_from(days - options.unknown.count(options.week, Some(day_type), from, current.day)).unwrap_or(0);
            let other = &self.types[day_type as usize];
            days.saturating_sub(other.above_zero.len() + other.unknown)
        });
        let [weekdays, weekends] = &self.types;
        let today = options.week.day_type(current.day) as usize;
        let known = zeros.iter().sum::<usize>() + weekdays.above_zero.len() + weekends.above_zero.len();
        let same_type = self.types[today].above_zero.with_zeros(zeros[today]);
        let estimate = if same_type.len() >= self.settings.same_type_days_min {
            Estimate::of(&same_type, options)
        } else {
            let all = weekdays.above_zero.merged(&weekends.above_zero);
            Estimate::of(&all.with_zeros(zeros.iter().sum()), options)
        };
        let value = current.value.filter(|_| options.covers(current.day));
        Baseline::of(estimate, value, known, self.settings.learned_days_min, options.tail)
    }
}

/// What is expected of a day: a robust middle and spread to measure with, a mean and variance for the tail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    pub expected: f64,
    pub spread: f64,
    pub mean: f64,
    pub variance: f64,
    /// Days that this is worth.
    pub days: f64,
}

impl Estimate {
    fn of(sample: &Sample, options: &Options) -> Option<Estimate> {
        let own = Estimate::of_history(sample, options);
        match &options.peers {
            Some(peers) => Some(peers.join(own, |expected| options.floor(expected))),
            None => own,
        }
    }

    fn of_history(sample: &Sample, options: &Options) -> Option<Estimate> {
        let days = sample.len();
        if days == 0 {
            return None;
        }
        let expected = sample.median();
        let sigma = DEVIATION_TO_SIGMA * sample.median_deviation(expected);
        let spread = options.floor(expected).max(sigma);
        let days = days as f64;
        if !options.tail {
            return Some(Estimate { expected, spread, mean: f64::NAN, variance: f64::NAN, days });
        }
        let (mean, variance) = sample.capped_moments(expected + CAP_SPREADS * spread);
        Some(Estimate { expected, spread, mean, variance: variance.max(sigma * sigma), days })
    }

    /// Mean and variance of the next day: these days leave the mean uncertain by a share 1/n of the variance, and the variance by
    /// a standard error of about sqrt(2/n) of itself, so the next day may vary more than they did.
    ///
    /// Never having seen an act in n days is half an act in n days (Jeffreys' prior).
    fn next_day(&self) -> (f64, f64) {
        let mean = self.mean.max(0.5 / self.days);
        let rhythm = SPREAD_SHARE_MIN * mean;
        let uncertainty = (1.0 + 1.0 / self.days) * (1.0 + VARIANCE_ERRORS * (2.0 / self.days).sqrt());
        (mean, self.variance.max(mean).max(rhythm * rhythm) * uncertainty)
    }
}

/// The least spread there can be: chance alone spreads counts by their root, and no one is more even than a tenth.
pub(super) fn spread_floor(expected: f64) -> f64 {
    (expected + 1.0).max(0.0).sqrt().max(SPREAD_SHARE_MIN * expected)
}

impl Baseline {
    pub(super) fn of(estimate: Option<Estimate>, value: Option<f64>, known_days: usize, learned_days_min: usize, tail: bool) -> Baseline {
        let finite = |number: f64| number.is_finite().then_some(number);
        let estimate = estimate.filter(|estimate| estimate.expected.is_finite() && estimate.spread.is_finite());
        let measured = estimate.zip(value);
        let upper_tail = |(estimate, value): (Estimate, f64)| {
            let (mean, variance) = estimate.next_day();
            upper_tail(value, mean, variance)
        };
        Baseline {
            expected: estimate.map(|estimate| estimate.expected),
            spread: estimate.map(|estimate| estimate.spread),
            score: measured.and_then(|(estimate, value)| finite((value - estimate.expected) / estimate.spread)),
            p_value: measured.filter(|_| tail).and_then(upper_tail),
            history: i64::try_from(known_days).unwrap_or(i64::MAX),
            learning: known_days < learned_days_min,
            mean: estimate.filter(|_| tail).and_then(|estimate| finite(estimate.mean)),
            variance: estimate.filter(|_| tail).and_then(|estimate| finite(estimate.variance)),
        }
    }
}

#[cfg(test)]
mod fit;
#[cfg(test)]
mod tests;
