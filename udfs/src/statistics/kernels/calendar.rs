//! Days as numbers since 1970-01-01, and what a person did on each. Knows no time zones: the days given are the person's own.

/// Weekdays and weekends are compared with their own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::statistics) enum DayType {
    Weekday,
    Weekend,
}

impl DayType {
    pub(in crate::statistics) const ALL: [DayType; 2] = [DayType::Weekday, DayType::Weekend];
}

/// Which days of the week are the weekend: a bit each, Monday's the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::statistics) struct Week {
    weekend: u8,
}

impl Default for Week {
    /// Saturday and Sunday are the weekend.
    fn default() -> Self {
        Week::with_weekend([5, 6])
    }
}

impl Week {
    /// A week with these days off, Monday is 0. Without any, all days are of one type.
    pub(in crate::statistics) fn with_weekend(days: impl IntoIterator<Item = u8>) -> Week {
        Week { weekend: days.into_iter().fold(0, |weekend, day| weekend | (1 << (day % 7))) }
    }

    /// The days off, Monday is 0.
    pub(in crate::statistics) fn weekend(self) -> impl Iterator<Item = u8> {
        (0..7).filter(move |day| self.weekend >> day & 1 == 1)
    }

    pub(in crate::statistics) fn day_type(self, day: i64) -> DayType {
        if self.weekend >> day_of_week(day) & 1 == 1 { DayType::Weekend } else { DayType::Weekday }
    }

    /// How many days of this type lie in `from..to`, in constant time, so that long gaps cost nothing.
    pub(in crate::statistics) fn count(self, day_type: DayType, from: i64, to: i64) -> i64 {
        let days = (to - from).max(0);
        let weekends = if days == 0 { 0 } else { self.weekends_before(to) - self.weekends_before(from) };
        match day_type {
            DayType::Weekday => days - weekends,
            DayType::Weekend => weekends,
        }
    }

    /// Weekend days since the Monday before 1970-01-01; negative before it.
    fn weekends_before(self, day: i64) -> i64 {
        let since_monday = day + 3;
        let of_this_week = self.weekend & ((1 << since_monday.rem_euclid(7)) - 1);
        since_monday.div_euclid(7) * i64::from(self.weekend.count_ones()) + i64::from(of_this_week.count_ones())
    }
}

/// Monday is 0; 1970-01-01 was a Thursday.
fn day_of_week(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Days of which nothing is known, whether they have a row or not: a source was down, a person was away or not there yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::statistics) struct UnknownDays {
    /// Half-open, in order, apart.
    ranges: Vec<(i64, i64)>,
}

impl UnknownDays {
    /// The days in any of these half-open ranges; those that end before they start hold none.
    pub(in crate::statistics) fn of(ranges: impl IntoIterator<Item = (i64, i64)>) -> UnknownDays {
        let mut ranges: Vec<(i64, i64)> = ranges.into_iter().filter(|(start, end)| start < end).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let touches = next.0 <= last.1;
            if touches {
                last.1 = last.1.max(next.1);
            }
            touches
        });
        UnknownDays { ranges }
    }

    pub(in crate::statistics) fn ranges(&self) -> &[(i64, i64)] {
        &self.ranges
    }

    pub(in crate::statistics) fn contains(&self, day: i64) -> bool {
        let next = self.ranges.partition_point(|(start, _)| *start <= day);
        next.checked_sub(1).and_then(|last| self.ranges.get(last)).is_some_and(|(_, end)| day < *end)
    }

    /// How many of these days are in `from..to`, and of the type if one is given.
    pub(in crate::statistics) fn count(&self, week: Week, day_type: Option<DayType>, from: i64, to: i64) -> i64 {
        let first = self.ranges.partition_point(|(_, end)| *end <= from);
        let overlapping = self.ranges.iter().skip(first).take_while(|(start, _)| *start < to);
        let days = overlapping.map(|(start, end)| (*start.max(&from), *end.min(&to)));
        days.map(|(start, end)| day_type.map_or((end - start).max(0), |day_type| week.count(day_type, start, end))).sum()
    }
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
            assert_eq!(Week::default().day_type(day), expected, "day {day}");
        }
        for (day, expected) in [(20_778, DayType::Weekend), (-5, DayType::Weekend), (-3, DayType::Weekday)] {
            assert_eq!(Week::default().day_type(day), expected, "day {day}");
        }
        let fridays_and_saturdays = Week::with_weekend([4, 5]);
        assert_eq!([1, 2, 3].map(|day| fridays_and_saturdays.day_type(day) as usize), [1, 1, 0]);
        assert_eq!(fridays_and_saturdays.weekend().collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn counting_days_equals_walking_over_them() {
        let unknown = UnknownDays::of([(9, 12), (-7, 3), (1, 5), (12, 13), (30, 20)]);
        assert_eq!(unknown.ranges(), [(-7, 5), (9, 13)]);
        for week in [Week::default(), Week::with_weekend([4, 5]), Week::with_weekend([]), Week::with_weekend(0..7)] {
            for (from, to) in (-20..20).flat_map(|from| (-20..40).map(move |to| (from, to))) {
                for day_type in DayType::ALL {
                    let of_type = |day: &i64| week.day_type(*day) == day_type;
                    let walked = (from..to).filter(of_type).count() as i64;
                    assert_eq!(week.count(day_type, from, to), walked, "{week:?}: {day_type:?} in {from}..{to}");
                    let walked = (from..to).filter(of_type).filter(|day| unknown.contains(*day)).count() as i64;
                    assert_eq!(unknown.count(week, Some(day_type), from, to), walked, "{week:?}: unknown {day_type:?} in {from}..{to}");
                }
                let walked = (from..to).filter(|day| unknown.contains(*day)).count() as i64;
                assert_eq!(unknown.count(week, None, from, to), walked, "unknown in {from}..{to}");
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
