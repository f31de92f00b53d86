use super::*;
use crate::statistics::kernels::calendar::{buckets, countable};
use proptest::prelude::*;

/// The same answer the long way: every day of the window written out and sorted.
fn naive(rows: &[Bucket], index: usize, settings: &Settings) -> Baseline {
    let options = &settings.options;
    let known = |day: i64| options.since.is_none_or(|since| since <= day) && !options.unknown.contains(day);
    let current = rows[index];
    let from = options.since.unwrap_or(rows[0].day).max(current.day - settings.history_days);
    let mut days: Vec<(i64, f64)> = Vec::new();
    for day in (from..current.day).filter(|day| known(*day)) {
        match rows.iter().find(|row| row.day == day) {
            Some(row) => days.extend(row.value.map(|value| (day, value))),
            None => days.push((day, 0.0)),
        }
    }
    let today = options.week.day_type(current.day);
    let of_type: Vec<f64> = days.iter().filter(|(day, _)| options.week.day_type(*day) == today).map(|(_, value)| *value).collect();
    let mut used = if of_type.len() >= 4 { of_type } else { days.iter().map(|(_, value)| *value).collect() };
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
    };
    let floor = |expected: f64| options.spread_min.unwrap_or((expected + 1.0).sqrt().max(0.1 * expected));
    let count = used.len() as f64;
    // Expected, square of the spread, mean, variance.
    let own = (!used.is_empty()).then(|| {
        let expected = median(&mut used);
        let sigma = 1.4826 * median(&mut used.iter().map(|value| (value - expected).abs()).collect());
        let spread = sigma.max(floor(expected));
        let capped: Vec<f64> = used.iter().map(|value| value.min(expected + 10.0 * spread)).collect();
        let mean = capped.iter().sum::<f64>() / count;
        let squares = capped.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let variance = if used.len() > 1 { squares / (count - 1.0) } else { 0.0 };
        [expected, spread * spread, mean, variance.max(sigma * sigma)]
    });
    let joined = match options.peers {
        Some(peers) => {
            let weight = count / (count + peers.days);
            let of_peers = [peers.expected, peers.spread * peers.spread, peers.mean, peers.variance];
            let own = own.unwrap_or(of_peers);
            let mut joined = [0, 1, 2, 3].map(|number| weight * own[number] + (1.0 - weight) * of_peers[number]);
            joined[3] += (1.0 - weight) * peers.between;
            Some((joined, count + peers.days))
        }
        None => own.map(|own| (own, count)),
    };
    let value = current.value.filter(|_| known(current.day));
    let estimate = joined.map(|([expected, square, mean, variance], days)| Estimate {
        expected,
        spread: square.sqrt().max(floor(expected)),
        mean,
        variance,
        days,
    });
    let p_value = estimate.zip(value).filter(|_| options.tail).and_then(|(estimate, value)| {
        let count = estimate.days;
        let mean = estimate.mean.max(0.5 / count);
        let widened = estimate.variance.max(mean).max(0.01 * mean * mean) * (1.0 + 1.0 / count) * (1.0 + 2.0 * (2.0 / count).sqrt());
        upper_tail(value, mean, widened)
    });
    let told = estimate.filter(|_| options.tail);
    let (mean, variance) = (told.map(|estimate| estimate.mean), told.map(|estimate| estimate.variance));
    Baseline { p_value, mean, variance, ..Baseline::of(estimate, value, days.len(), 10, false) }
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

fn alike(a: &Baseline, b: &Baseline) -> bool {
    let numbers = [
        (a.expected, b.expected),
        (a.spread, b.spread),
        (a.score, b.score),
        (a.p_value, b.p_value),
        (a.mean, b.mean),
        (a.variance, b.variance),
    ];
    (a.history, a.learning) == (b.history, b.learning) && numbers.into_iter().all(|(a, b)| close(a, b))
}

fn plain(history_days: i64) -> Settings {
    Settings::trailing(history_days, Options::default())
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

prop_compose! {
    fn options()(
        since in prop::option::of(-60i64..80), ranges in prop::collection::vec((-60i64..120, 0i64..20), 0..4),
        weekend in prop::sample::subsequence(vec![0u8, 1, 2, 3, 4, 5, 6], 0..4), usual_week in any::<bool>(),
        spread_min in prop::option::of(0.5f64..4.0), tail in any::<bool>(), peers in prop::option::of(0.0f64..30.0),
    ) -> Options {
        Options {
            since,
            unknown: UnknownDays::of(ranges.into_iter().map(|(start, days)| (start, start + days))),
            week: if usual_week { Week::default() } else { Week::with_weekend(weekend) },
            spread_min,
            tail,
            peers: peers.map(|mean| Peers {
                expected: mean * 0.8, spread: 1.0 + mean, mean, variance: 2.0 * mean, between: mean, days: 2.0,
            }),
        }
    }
}

proptest! {
    #[test]
    fn sliding_equals_counting_again_for_each_day(rows in people(), history in 1i64..40, options in options()) {
        let settings = Settings::trailing(history, options);
        for (index, baseline) in trailing(&rows, &settings).iter().enumerate() {
            let naive = naive(&rows, index, &settings);
            prop_assert!(alike(baseline, &naive), "{:?}: {:?} is not {:?}", rows[index], baseline, naive);
        }
    }

    #[test]
    fn one_day_alone_equals_that_day_in_the_window(rows in people(), history in 1i64..40, options in options()) {
        let settings = Settings::trailing(history, options);
        let all = trailing(&rows, &settings);
        for (row, baseline) in rows.iter().zip(&all) {
            prop_assert_eq!(at(&rows, Some(rows[0].day), row.day, &settings), Some(*baseline));
            // What lies outside the window may be missing.
            let kept: Vec<Bucket> = rows.iter().filter(|other| (row.day - history..=row.day).contains(&other.day)).copied().collect();
            prop_assert_eq!(at(&kept, Some(rows[0].day), row.day, &settings), Some(*baseline));
        }
    }

    #[test]
    fn the_order_of_rows_and_of_ties_is_irrelevant(rows in people(), ties in people(), history in 1i64..40) {
        let together: Vec<Bucket> = rows.iter().chain(&ties).copied().collect();
        let turned: Vec<Bucket> = together.iter().rev().copied().collect();
        let settings = plain(history);
        prop_assert_eq!(trailing(&buckets(together), &settings), trailing(&buckets(turned), &settings));
    }

    #[test]
    fn every_number_is_finite_or_missing(
        values in prop::collection::vec(any::<f64>(), 1..60), days in prop::collection::vec(any::<i32>(), 60),
    ) {
        let rows = values.iter().zip(days).map(|(value, day)| Bucket { day: i64::from(day), value: countable(*value) });
        for baseline in trailing(&buckets(rows.collect()), &plain(28)) {
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
    let last = trailing(&rows, &plain(28))[1];
    assert_eq!((last.expected, last.spread, last.score), (Some(0.0), Some(1.0), Some(19.0)));
    assert!(last.p_value.is_some_and(|p| p < 1e-9));
    assert!(!last.learning);
}

#[test]
fn one_incident_does_not_hide_the_next() {
    let mut rows: Vec<Bucket> = (0..40).map(|day| row(day, [7.0, 9.0, 11.0][day as usize % 3])).collect();
    rows[35].value = Some(412.0);
    rows[39].value = Some(412.0);
    let last = trailing(&rows, &plain(28))[39];
    assert_eq!(last.expected, Some(9.0));
    assert!(last.score.is_some_and(|score| score > 100.0));
    assert!(last.p_value.is_some_and(|p| p < 1e-20), "{last:?}");
}

#[test]
fn a_person_who_bursts_once_a_month_is_no_surprise_when_they_do_it_again() {
    let rows = [row(0, 0.0), row(20, 12.0), row(40, 12.0)];
    let last = trailing(&rows, &plain(28))[2];
    assert!(last.p_value.is_some_and(|p| p > 1e-3), "{last:?}");
}

#[test]
fn weekends_are_compared_with_weekends_once_there_are_four() {
    // Day 4 is a Monday. Twenty acts each weekday, none at weekends.
    let rows: Vec<Bucket> = (4..46).filter(|day| Week::default().day_type(*day) == DayType::Weekday).map(|day| row(day, 20.0)).collect();
    let settings = plain(28);
    let first_saturday = at(&rows, Some(4), 9, &settings).expect("after the first day");
    assert_eq!(first_saturday.expected, Some(20.0), "too few weekends: all days");
    let third_saturday = at(&rows, Some(4), 23, &settings).expect("after the first day");
    assert_eq!((third_saturday.expected, third_saturday.history), (Some(0.0), 19));
    let monday = at(&rows, Some(4), 25, &settings).expect("after the first day");
    assert_eq!(monday.expected, Some(20.0));
}

#[test]
fn unknown_days_are_not_quiet_days() {
    let mut rows: Vec<Bucket> = (0..30).map(|day| row(day, 10.0)).collect();
    let settings = plain(28);
    let seen = trailing(&rows, &settings)[29];
    rows[20..29].iter_mut().for_each(|outage| outage.value = None);
    let after_outage = trailing(&rows, &settings);
    assert_eq!((after_outage[29].expected, after_outage[29].history), (seen.expected, seen.history - 9));
    let during = after_outage[25];
    assert_eq!((during.expected, during.score, during.p_value), (Some(10.0), None, None));
}

#[test]
fn nothing_before_is_learning_and_says_nothing() {
    let first = trailing(&[row(7, 500.0)], &plain(28))[0];
    let nothing =
        Baseline { expected: None, spread: None, score: None, p_value: None, history: 0, learning: true, mean: None, variance: None };
    assert_eq!(first, nothing);
    assert_eq!(at(&[row(7, 500.0)], Some(7), 6, &plain(28)), None);
    let days: Vec<Bucket> = (0..12).map(|day| row(day, 1.0)).collect();
    let learning: Vec<bool> = trailing(&days, &plain(28)).iter().map(|baseline| baseline.learning).collect();
    assert_eq!(learning.iter().filter(|learning| **learning).count(), 10);
}

#[test]
fn centuries_between_two_rows_cost_nothing() {
    let rows = [row(i64::from(i32::MIN), 3.0), row(i64::from(i32::MAX), 3.0)];
    let last = trailing(&rows, &plain(3_660))[1];
    assert_eq!((last.history, last.expected), (3_660, Some(0.0)));
}

#[test]
fn a_person_hired_before_their_first_act_has_a_history_of_zeros() {
    let rows = [row(40, 19.0)];
    let hired = Settings::trailing(28, Options { since: Some(5), ..Options::default() });
    let first = trailing(&rows, &hired)[0];
    assert_eq!((first.expected, first.score, first.history, first.learning), (Some(0.0), Some(19.0), 28, false));
    assert_eq!(at(&[], None, 40, &hired).map(|quiet| (quiet.score, quiet.history)), Some((Some(0.0), 28)));
    let before = at(&rows, Some(40), 4, &hired).expect("since is given");
    assert_eq!((before.expected, before.score, before.history), (None, None, 0));
}

#[test]
fn absences_and_outages_are_not_quiet_days() {
    // Ten a day, then three weeks without a row, then ten again.
    let rows: Vec<Bucket> = (0..40).filter(|day| !(15..36).contains(day)).map(|day| row(day, 10.0)).collect();
    let away = Options { unknown: UnknownDays::of([(15, 36)]), ..Options::default() };
    let [taken_for_quiet, known_to_be_away] = [Options::default(), away].map(|options| {
        let settings = Settings::trailing(28, options);
        trailing(&rows, &settings).pop().expect("rows")
    });
    assert_eq!((taken_for_quiet.expected, taken_for_quiet.history), (Some(0.0), 28));
    assert_eq!((known_to_be_away.expected, known_to_be_away.score, known_to_be_away.history), (Some(10.0), Some(0.0), 7));
}

#[test]
fn who_is_new_is_measured_by_their_peers_and_later_by_themselves() {
    let peers = Peers { expected: 4.0, spread: 3.0, mean: 5.0, variance: 9.0, between: 3.0, days: 3.0 };
    let settings = Settings::trailing(28, Options { peers: Some(peers), ..Options::default() });
    let rows: Vec<Bucket> = (0..40).map(|day| row(day, 20.0)).collect();
    let baselines = trailing(&rows, &settings);
    let first = baselines[0];
    assert_eq!((first.expected, first.spread, first.history, first.learning), (Some(4.0), Some(3.0), 0, true));
    assert_eq!(first.score, Some(16.0 / 3.0));
    assert!(first.p_value.is_some_and(|p| p < 0.05), "{first:?}");
    // After three days their own days weigh as much as the group, after a month 20 of 23 parts.
    assert_eq!(baselines[3].expected, Some(12.0));
    assert!(close(baselines[39].expected, Some((20.0 * 20.0 + 3.0 * 4.0) / 23.0)), "{:?}", baselines[39]);
    assert!(baselines[39].p_value.is_some_and(|p| p > 0.1), "{:?}", baselines[39]);
}

#[test]
fn someone_with_one_download_a_month_is_no_alert_but_ten_at_once_are() {
    let mut rows: Vec<Bucket> = (0..6).map(|month| row(month * 30, 1.0)).collect();
    let usual = *trailing(&rows, &plain(90)).last().expect("rows");
    assert!(usual.p_value.is_some_and(|p| p > 0.01) && usual.score == Some(1.0), "{usual:?}");
    rows.last_mut().expect("rows").value = Some(10.0);
    let unusual = *trailing(&rows, &plain(90)).last().expect("rows");
    assert!(unusual.p_value.is_some_and(|p| p < 1e-6) && unusual.score == Some(10.0), "{unusual:?}");
}
