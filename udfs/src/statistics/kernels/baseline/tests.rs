use super::*;
use crate::statistics::kernels::calendar::{buckets, countable};
use proptest::prelude::*;

/// The same answer the long way: every day of the window written out and sorted.
fn naive(rows: &[Bucket], index: usize, settings: Settings) -> Baseline {
    let current = rows[index];
    let from = rows[0].day.max(current.day - settings.history_days);
    let mut days: Vec<(i64, f64)> = Vec::new();
    for day in from..current.day {
        match rows.iter().find(|row| row.day == day) {
            Some(row) => days.extend(row.value.map(|value| (day, value))),
            None => days.push((day, 0.0)),
        }
    }
    let of_type: Vec<f64> = days.iter().filter(|(day, _)| DayType::of(*day) == DayType::of(current.day)).map(|(_, value)| *value).collect();
    let mut used = if of_type.len() >= 4 { of_type } else { days.iter().map(|(_, value)| *value).collect() };
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
    };
    let estimate = (!used.is_empty()).then(|| {
        let expected = median(&mut used);
        let sigma = 1.4826 * median(&mut used.iter().map(|value| (value - expected).abs()).collect());
        let spread = sigma.max((expected + 1.0).sqrt()).max(0.1 * expected);
        let count = used.len() as f64;
        let capped: Vec<f64> = used.iter().map(|value| value.min(expected + 10.0 * spread)).collect();
        let mean = capped.iter().sum::<f64>() / count;
        let squares = capped.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let variance = if used.len() > 1 { squares / (count - 1.0) } else { 0.0 };
        let mean = mean.max(0.5 / count);
        let variance =
            variance.max(sigma * sigma).max(mean).max(0.01 * mean * mean) * (1.0 + 1.0 / count) * (1.0 + 2.0 * (2.0 / count).sqrt());
        Estimate { expected, spread, mean, variance }
    });
    Baseline::of(estimate, current.value, days.len(), 10)
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

fn alike(a: &Baseline, b: &Baseline) -> bool {
    let numbers = [(a.expected, b.expected), (a.spread, b.spread), (a.score, b.score), (a.p_value, b.p_value)];
    (a.history, a.learning) == (b.history, b.learning) && numbers.into_iter().all(|(a, b)| close(a, b))
}

fn row(day: i64, value: f64) -> Bucket {
    Bucket { day, value: Some(value) }
}

prop_compose! {
    fn people()(
        gaps in prop::collection::vec((1i64..5, prop::option::weighted(0.9, 0u32..300)), 1..70), start in -40i64..40,
    ) -> Vec<Bucket> {
        let mut day = start;
        gaps.into_iter().map(|(gap, value)| {
            day += gap;
            // Some halves, so that not everything is a whole number.
            Bucket { day, value: value.map(|value| f64::from(value / 3) * 0.5) }
        }).collect()
    }
}

proptest! {
    #[test]
    fn sliding_equals_counting_again_for_each_day(rows in people(), history in 1i64..40) {
        let settings = Settings::trailing(history);
        for (index, baseline) in trailing(&rows, settings).iter().enumerate() {
            let naive = naive(&rows, index, settings);
            prop_assert!(alike(baseline, &naive), "{:?}: {:?} is not {:?}", rows[index], baseline, naive);
        }
    }

    #[test]
    fn one_day_alone_equals_that_day_in_the_window(rows in people(), history in 1i64..40) {
        let settings = Settings::trailing(history);
        let all = trailing(&rows, settings);
        for (row, baseline) in rows.iter().zip(&all) {
            prop_assert_eq!(at(&rows, rows[0].day, row.day, settings), Some(*baseline));
            // What lies outside the window may be missing.
            let kept: Vec<Bucket> = rows.iter().filter(|other| (row.day - history..=row.day).contains(&other.day)).copied().collect();
            prop_assert_eq!(at(&kept, rows[0].day, row.day, settings), Some(*baseline));
        }
    }

    #[test]
    fn the_order_of_rows_and_of_ties_is_irrelevant(rows in people(), ties in people(), history in 1i64..40) {
        let together: Vec<Bucket> = rows.iter().chain(&ties).copied().collect();
        let turned: Vec<Bucket> = together.iter().rev().copied().collect();
        let settings = Settings::trailing(history);
        prop_assert_eq!(trailing(&buckets(together), settings), trailing(&buckets(turned), settings));
    }

    #[test]
    fn every_number_is_finite_or_missing(
        values in prop::collection::vec(any::<f64>(), 1..60), days in prop::collection::vec(any::<i32>(), 60),
    ) {
        let rows = values.iter().zip(days).map(|(value, day)| Bucket { day: i64::from(day), value: countable(*value) });
        for baseline in trailing(&buckets(rows.collect()), Settings::trailing(28)) {
            for number in [baseline.expected, baseline.spread, baseline.score, baseline.p_value].into_iter().flatten() {
                prop_assert!(number.is_finite());
            }
            prop_assert!(baseline.p_value.is_none_or(|p| p > 0.0 && p <= 1.0));
        }
    }
}

#[test]
fn a_flat_history_can_alert() {
    let mut rows: Vec<Bucket> = vec![row(4, 0.0)];
    rows.push(row(40, 19.0));
    let last = trailing(&rows, Settings::trailing(28))[1];
    assert_eq!((last.expected, last.spread, last.score), (Some(0.0), Some(1.0), Some(19.0)));
    assert!(last.p_value.is_some_and(|p| p < 1e-9));
    assert!(!last.learning);
}

#[test]
fn one_incident_does_not_hide_the_next() {
    let mut rows: Vec<Bucket> = (0..40).map(|day| row(day, [7.0, 9.0, 11.0][day as usize % 3])).collect();
    rows[35].value = Some(412.0);
    rows[39].value = Some(412.0);
    let last = trailing(&rows, Settings::trailing(28))[39];
    assert_eq!(last.expected, Some(9.0));
    assert!(last.score.is_some_and(|score| score > 100.0));
    assert!(last.p_value.is_some_and(|p| p < 1e-20), "{last:?}");
}

#[test]
fn a_person_who_bursts_once_a_month_is_no_surprise_when_they_do_it_again() {
    let rows = [row(0, 0.0), row(20, 12.0), row(40, 12.0)];
    let last = trailing(&rows, Settings::trailing(28))[2];
    assert!(last.p_value.is_some_and(|p| p > 1e-3), "{last:?}");
}

#[test]
fn weekends_are_compared_with_weekends_once_there_are_four() {
    // Day 4 is a Monday. Twenty acts each weekday, none at weekends.
    let rows: Vec<Bucket> = (4..46).filter(|day| DayType::of(*day) == DayType::Weekday).map(|day| row(day, 20.0)).collect();
    let settings = Settings::trailing(28);
    let first_saturday = at(&rows, 4, 9, settings).expect("after the first day");
    assert_eq!(first_saturday.expected, Some(20.0), "too few weekends: all days");
    let third_saturday = at(&rows, 4, 23, settings).expect("after the first day");
    assert_eq!((third_saturday.expected, third_saturday.history), (Some(0.0), 19));
    let monday = at(&rows, 4, 25, settings).expect("after the first day");
    assert_eq!(monday.expected, Some(20.0));
}

#[test]
fn unknown_days_are_not_quiet_days() {
    let mut rows: Vec<Bucket> = (0..30).map(|day| row(day, 10.0)).collect();
    let settings = Settings::trailing(28);
    let seen = trailing(&rows, settings)[29];
    rows[20..29].iter_mut().for_each(|outage| outage.value = None);
    let after_outage = trailing(&rows, settings);
    assert_eq!((after_outage[29].expected, after_outage[29].history), (seen.expected, seen.history - 9));
    let during = after_outage[25];
    assert_eq!((during.expected, during.score, during.p_value), (Some(10.0), None, None));
}

#[test]
fn nothing_before_is_learning_and_says_nothing() {
    let first = trailing(&[row(7, 500.0)], Settings::trailing(28))[0];
    assert_eq!(first, Baseline { expected: None, spread: None, score: None, p_value: None, history: 0, learning: true });
    assert_eq!(at(&[row(7, 500.0)], 7, 6, Settings::trailing(28)), None);
    let days: Vec<Bucket> = (0..12).map(|day| row(day, 1.0)).collect();
    let learning: Vec<bool> = trailing(&days, Settings::trailing(28)).iter().map(|baseline| baseline.learning).collect();
    assert_eq!(learning.iter().filter(|learning| **learning).count(), 10);
}

#[test]
fn centuries_between_two_rows_cost_nothing() {
    let rows = [row(i64::from(i32::MIN), 3.0), row(i64::from(i32::MAX), 3.0)];
    let last = trailing(&rows, Settings::trailing(3_660))[1];
    assert_eq!((last.history, last.expected), (3_660, Some(0.0)));
}
