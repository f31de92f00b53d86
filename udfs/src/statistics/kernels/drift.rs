//! What changes slowly: an average that forgets, and a sum of what lies above the expected.

use super::baseline::{Baseline, Estimate, LEARNED_DAYS_MIN, Options, spread_floor};
use super::calendar::Bucket;

/// The baseline of each bucket from an exponentially weighted mean and variance of the days before it.
///
/// Days without a row between the first and the current one were days without activity; unknown days are passed over.
pub(in crate::statistics) fn ewma(buckets: &[Bucket], alpha: f64, options: &Options) -> Vec<Baseline> {
    let mut average = Average::new(alpha);
    let mut passed: Option<i64> = options.since.map(|since| since - 1);
    let score = |bucket: &Bucket| {
        if let Some(last) = passed {
            average.forget(options.known_between(last + 1, bucket.day));
        }
        passed = passed.max(Some(bucket.day));
        let value = bucket.value.filter(|_| options.covers(bucket.day));
        let own = average.estimate(options);
        let estimate = match &options.peers {
            Some(peers) => Some(peers.join(own, |expected| options.floor(expected))),
            None => own,
        };
        let baseline = Baseline::of(estimate, value, average.days, LEARNED_DAYS_MIN, options.tail);
        if let Some(value) = value {
            average.take(value);
        }
        baseline
    };
    buckets.iter().map(score).collect()
}

/// Weighted sums from which mean and variance come; `weight` tends to 1 and corrects for the start, where little was seen.
struct Average {
    alpha: f64,
    weight: f64,
    sum: f64,
    squares: f64,
    days: usize,
}

impl Average {
    fn new(alpha: f64) -> Average {
        Average { alpha, weight: 0.0, sum: 0.0, squares: 0.0, days: 0 }
    }

    fn take(&mut self, value: f64) {
        let keep = 1.0 - self.alpha;
        self.weight = keep * self.weight + self.alpha;
        self.sum = keep * self.sum + self.alpha * value;
        self.squares = keep * self.squares + self.alpha * value * value;
        self.days = self.days.saturating_add(1);
    }

    /// So many days without activity at once.
    fn forget(&mut self, days: i64) {
        let keep = (1.0 - self.alpha).powf(days.max(0) as f64);
        self.weight = 1.0 - keep * (1.0 - self.weight);
        self.sum *= keep;
        self.squares *= keep;
        self.days = self.days.saturating_add(usize::try_from(days.max(0)).unwrap_or(usize::MAX));
    }

    fn estimate(&self, options: &Options) -> Option<Estimate> {
        if self.days == 0 {
            return None;
        }
        let mean = self.sum / self.weight;
        let variance = (self.squares / self.weight - mean * mean).max(0.0);
        // However long the history, the weights make it as good as so many days that count alike.
        let effective_days = (self.days as f64).min((2.0 - self.alpha) / self.alpha);
        let spread = options.floor(mean).max(variance.sqrt());
        Some(Estimate { expected: mean, spread, mean, variance, days: effective_days })
    }
}

/// A day's value and what was expected of it; `None` where either is unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::statistics) struct Expectation {
    pub day: i64,
    pub amounts: Option<(f64, f64)>,
}

/// Brings the rows of one day together, in order of days: values add up, the largest expectation holds for the whole day, and
/// one unknown part makes the day unknown.
pub(in crate::statistics) fn by_day(mut rows: Vec<Expectation>) -> Vec<Expectation> {
    // Sorting by value too makes a day's sum the same whatever the order its parts came in.
    let value = |row: &Expectation| row.amounts.map_or(0.0, |(value, _)| value);
    rows.sort_unstable_by(|a, b| a.day.cmp(&b.day).then_with(|| value(a).total_cmp(&value(b))));
    rows.dedup_by(|part, whole| {
        let same_day = part.day == whole.day;
        if same_day {
            let together = |((a, expected_a), (b, expected_b)): ((f64, f64), (f64, f64))| (a + b, expected_a.max(expected_b));
            whole.amounts = whole.amounts.zip(part.amounts).map(together);
        }
        same_day
    });
    rows
}

/// Half a spread a day is let pass: the shift that is found soonest is then one spread.
const ALLOWANCE: f64 = 0.5;
/// Far above any sum that means something, and still a number that comes down again.
const EXCESS_MAX: f64 = 1e12;

/// The one-sided cumulative sum of each day, in units of spread. Days are in order, one row a day.
///
/// A day without a row was one without activity, of which was expected what was expected last; unknown days are passed over.
pub(in crate::statistics) fn cumulative_excess(days: &[Expectation], options: &Options) -> Vec<Option<f64>> {
    let mut sum = 0.0f64;
    let mut passed: Option<i64> = None;
    let mut expected_last = 0.0;
    let mut sums = Vec::with_capacity(days.len());
    for day in days {
        if let Some(last) = passed {
            let quiet_days = options.known_between(last + 1, day.day) as f64;
            sum = (sum + quiet_days * excess(0.0, expected_last)).max(0.0);
        }
        passed = Some(day.day);
        let amounts = day.amounts.filter(|_| options.covers(day.day));
        if let Some((value, expected)) = amounts {
            sum = (sum + excess(value, expected)).clamp(0.0, EXCESS_MAX);
            expected_last = expected;
        }
        sums.push(amounts.map(|_| sum));
    }
    sums
}

fn excess(value: f64, expected: f64) -> f64 {
    (value - expected) / spread_floor(expected) - ALLOWANCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket(day: i64, value: f64) -> Bucket {
        Bucket { day, value: Some(value) }
    }

    proptest! {
        #[test]
        fn forgetting_a_gap_at_once_equals_walking_through_it(
            gaps in prop::collection::vec((1i64..9, 0u32..50), 1..40), alpha in 0.01f64..1.0,
        ) {
            let mut day = 0;
            let rows: Vec<Bucket> = gaps.iter().map(|(gap, value)| { day += gap; bucket(day, f64::from(*value)) }).collect();
            let first = rows[0].day;
            let value_of = |day| rows.iter().find(|row| row.day == day).and_then(|row| row.value).unwrap_or(0.0);
            let spine: Vec<Bucket> = (first..=day).map(|day| bucket(day, value_of(day))).collect();
            let walked = ewma(&spine, alpha, &Options::default());
            for (row, baseline) in rows.iter().zip(ewma(&rows, alpha, &Options::default())) {
                let same = &walked[(row.day - first) as usize];
                prop_assert_eq!(baseline.history, same.history);
                let apart = baseline.expected.unwrap_or(0.0) - same.expected.unwrap_or(0.0);
                prop_assert!(apart.abs() < 1e-9, "{:?} is not {:?}", baseline, same);
                let expectation = |row: &Bucket| Expectation { day: row.day, amounts: row.value.map(|value| (value, 3.0)) };
                let sums = cumulative_excess(&rows.iter().map(expectation).collect::<Vec<_>>(), &Options::default());
                let walked_sums = cumulative_excess(&spine.iter().map(expectation).collect::<Vec<_>>(), &Options::default());
                let index = rows.iter().position(|other| other.day == row.day).unwrap_or(0);
                let apart = sums[index].unwrap_or(-1.0) - walked_sums[(row.day - first) as usize].unwrap_or(-1.0);
                prop_assert!(apart.abs() < 1e-6);
            }
        }

        #[test]
        fn every_number_is_finite(values in prop::collection::vec(0.0f64..f64::MAX, 1..30), alpha in 1e-9f64..1.0) {
            let rows: Vec<Bucket> = values.iter().zip(0..).map(|(value, day)| bucket(day, *value)).collect();
            for baseline in ewma(&rows, alpha, &Options::default()) {
                for number in [baseline.expected, baseline.spread, baseline.score, baseline.p_value].into_iter().flatten() {
                    prop_assert!(number.is_finite());
                }
            }
            let expectation = |(value, day): (&f64, i64)| Expectation { day, amounts: Some((*value, 1.0)) };
            let days: Vec<Expectation> = values.iter().zip(0..).map(expectation).collect();
            prop_assert!(cumulative_excess(&days, &Options::default()).into_iter().all(|sum| sum.is_some_and(f64::is_finite)));
        }
    }

    #[test]
    fn the_average_of_a_steady_person_is_what_they_do() {
        let rows: Vec<Bucket> = (0..30).map(|day| bucket(day, 8.0)).collect();
        let last = ewma(&rows, 0.1, &Options::default())[29];
        assert!(last.expected.is_some_and(|expected| (expected - 8.0).abs() < 1e-9));
        assert_eq!((last.spread, last.history, last.learning), (Some(3.0), 29, false));
        assert!(ewma(&rows, 0.1, &Options::default())[9].learning);
    }

    #[test]
    fn unknown_days_leave_the_average_as_it_is() {
        let unknown = Bucket { day: 1, value: None };
        let rows = [bucket(0, 8.0), unknown, bucket(2, 8.0)];
        let baselines = ewma(&rows, 0.5, &Options::default());
        assert_eq!((baselines[2].expected, baselines[2].history), (Some(8.0), 1));
        assert_eq!((baselines[1].expected, baselines[1].score), (Some(8.0), None));
    }

    #[test]
    fn a_slow_drip_adds_up_and_quiet_days_bring_it_down() {
        let days = |value| (0..30).map(move |day| Expectation { day, amounts: Some((value, 8.0)) }).collect::<Vec<_>>();
        // Twice the usual eight each day stands out on no single day: (16 - 8) / 3 - 0.5 a day.
        let sums = cumulative_excess(&days(16.0), &Options::default());
        assert!(sums[29].is_some_and(|sum| (sum - 30.0 * (8.0 / 3.0 - 0.5)).abs() < 1e-9));
        assert_eq!(cumulative_excess(&days(8.0), &Options::default()), vec![Some(0.0); 30]);
        let pause = [days(16.0)[0], Expectation { day: 9, amounts: Some((8.0, 8.0)) }];
        assert_eq!(cumulative_excess(&pause, &Options::default())[1], Some(0.0));
        let outage = [days(16.0)[0], Expectation { day: 1, amounts: None }, Expectation { day: 2, amounts: Some((9.5, 8.0)) }];
        let sums = cumulative_excess(&outage, &Options::default());
        assert_eq!((sums[1], sums[2]), (None, sums[0]), "an unknown day changes nothing");
    }

    #[test]
    fn parts_of_a_day_come_together() {
        let part = |day, value, expected| Expectation { day, amounts: Some((value, expected)) };
        let rows = vec![part(2, 1.0, 5.0), part(1, 7.0, 7.0), part(2, 3.0, 4.0), Expectation { day: 1, amounts: None }];
        assert_eq!(by_day(rows), [Expectation { day: 1, amounts: None }, part(2, 4.0, 5.0)]);
    }
}
