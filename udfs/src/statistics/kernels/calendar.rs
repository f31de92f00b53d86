//! Days as numbers since 1970-01-01, and what a person did on each. Knows no time zones: the days given are the person's own.

/// Weekdays and weekends are compared with their own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::statistics) enum DayType {
    Weekday,
    Weekend,
}

impl DayType {
    pub(in crate::statistics) const ALL: [DayType; 2] = [DayType::Weekday, DayType::Weekend];

    /// Saturday and Sunday are the weekend.
    pub(in crate::statistics) fn of(day: i64) -> DayType {
        if day_of_week(day) >= 5 { DayType::Weekend } else { DayType::Weekday }
    }

    /// How many days of this type lie in `from..to`, in constant time, so that long gaps cost nothing.
    pub(in crate::statistics) fn count(self, from: i64, to: i64) -> i64 {
        let days = (to - from).max(0);
        let weekends = if days == 0 { 0 } else { weekends_before(to) - weekends_before(from) };
        match self {
            DayType::Weekday => days - weekends,
            DayType::Weekend => weekends,
        }
    }
}

/// Monday is 0; 1970-01-01 was a Thursday.
fn day_of_week(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Weekend days since the Monday before 1970-01-01; negative before it.
fn weekends_before(day: i64) -> i64 {
    let since_monday = day + 3;
    since_monday.div_euclid(7) * 2 + (since_monday.rem_euclid(7) - 5).max(0)
}

/// What is known of one day: `None` is a day that was not seen whole, which is not the same as a day without activity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::statistics) struct Bucket {
    pub day: i64,
    pub value: Option<f64>,
}

/// Activity can be counted on only if it is finite and not negative; anything else says nothing.
pub(in crate::statistics) fn countable(value: f64) -> Option<f64> {
    // Adding zero turns -0.0 into 0.0, so that equal values have equal bits.
    (value.is_finite() && value >= 0.0).then_some(value + 0.0)
}

/// Brings the rows of one day together, in order of days: values add up, and one unknown part makes the whole day unknown.
/// Neither the order of the rows nor the order of ties matters.
pub(in crate::statistics) fn buckets(mut rows: Vec<Bucket>) -> Vec<Bucket> {
    let in_order = |a: &Bucket, b: &Bucket| a.day.cmp(&b.day).then_with(|| compare_values(a.value, b.value));
    if !rows.is_sorted_by(|a, b| in_order(a, b).is_le()) {
        // Sorting by value too makes a day's sum the same whatever the order its parts came in.
        rows.sort_unstable_by(in_order);
    }
    rows.dedup_by(|part, whole| {
        let same_day = part.day == whole.day;
        if same_day {
            let sum = whole.value.zip(part.value).map(|(a, b)| a + b);
            whole.value = sum.and_then(countable);
        }
        same_day
    });
    rows
}

fn compare_values(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.is_some().cmp(&b.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_know_whether_they_are_a_weekend() {
        // 1970-01-01 was a Thursday, 2026-11-21 (day 20,778) a Saturday.
        for (day, expected) in [(0, DayType::Weekday), (1, DayType::Weekday), (2, DayType::Weekend), (3, DayType::Weekend)] {
            assert_eq!(DayType::of(day), expected, "day {day}");
        }
        assert_eq!(DayType::of(20_778), DayType::Weekend);
        assert_eq!(DayType::of(-5), DayType::Weekend);
        assert_eq!(DayType::of(-3), DayType::Weekday);
    }

    #[test]
    fn counting_days_equals_walking_over_them() {
        for from in -20..20 {
            for to in -20..40 {
                for day_type in DayType::ALL {
                    let walked = (from..to).filter(|day| DayType::of(*day) == day_type).count() as i64;
                    assert_eq!(day_type.count(from, to), walked, "{day_type:?} in {from}..{to}");
                }
            }
        }
    }

    #[test]
    fn rows_of_one_day_add_up_and_an_unknown_part_spoils_the_day() {
        let row = |day, value| Bucket { day, value };
        let rows = vec![row(2, Some(1.0)), row(1, Some(4.0)), row(2, Some(2.5)), row(3, Some(9.0)), row(3, None)];
        let expected = vec![row(1, Some(4.0)), row(2, Some(3.5)), row(3, None)];
        assert_eq!(buckets(rows.clone()), expected);
        assert_eq!(buckets(rows.into_iter().rev().collect()), expected);
    }

    #[test]
    fn what_is_not_a_count_is_unknown() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0] {
            assert_eq!(countable(value), None);
        }
        assert_eq!(countable(-0.0).map(f64::to_bits), Some(0.0f64.to_bits()));
        let huge = Bucket { day: 0, value: Some(f64::MAX) };
        assert_eq!(buckets(vec![huge, huge]), vec![Bucket { day: 0, value: None }]);
    }
}
