//! The busiest window of a given length, of all time or of each day.

/// The largest number of times within `length` of each other, both ends included. Sorts the times.
///
/// Some best window ends at one of the times, so one pass with a pointer at either end finds it.
pub(in crate::statistics) fn sliding_peak(times: &mut [i64], length: u64) -> usize {
    if !times.is_sorted() {
        times.sort_unstable();
    }
    let mut start = 0;
    let mut peak = 0;
    for (end, last) in times.iter().enumerate() {
        // `abs_diff` cannot overflow, whatever the times; `start` never passes `end`, whose distance is zero.
        while times.get(start).is_some_and(|first| last.abs_diff(*first) > length) {
            start += 1;
        }
        peak = peak.max(end + 1 - start);
    }
    peak
}

/// A time and the day it counts for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::statistics) struct DayTime {
    pub time: i64,
    /// Without a day, a time is counted with the others but no window ends at it.
    pub day: Option<i32>,
}

/// The busiest window of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::statistics) struct DayPeak {
    pub day: i32,
    pub peak: usize,
}

/// For each day the largest number of times in a window that ends at one of the day's own; windows reach back into the days before.
/// Sorts the times. The days come in order.
pub(in crate::statistics) fn sliding_peaks(times: &mut [DayTime], length: u64, peaks: &mut Vec<DayPeak>) {
    if !times.is_sorted() {
        times.sort_unstable();
    }
    let from = peaks.len();
    let mut start = 0;
    let mut done = 0;
    for same in times.chunk_by(|a, b| a.time == b.time) {
        done += same.len();
        let last = same.first().map_or(0, |first| first.time);
        while times.get(start).is_some_and(|first| last.abs_diff(first.time) > length) {
            start += 1;
        }
        // Those of one moment see each other.
        let count = done - start;
        for day in same.iter().filter_map(|time| time.day) {
            match peaks.get_mut(from..).and_then(<[DayPeak]>::last_mut) {
                Some(last) if last.day == day => last.peak = last.peak.max(count),
                _ => peaks.push(DayPeak { day, peak: count }),
            }
        }
    }
    in_order(peaks, from);
}

/// A clock that is set back can bring a day back; each is to be there once.
fn in_order(peaks: &mut Vec<DayPeak>, from: usize) {
    let Some(added) = peaks.get_mut(from..) else { return };
    if added.is_sorted_by(|a, b| a.day < b.day) {
        return;
    }
    added.sort_unstable();
    let mut kept = 0;
    for index in 0..added.len() {
        let Some(peak) = added.get(index).copied() else { break };
        // In order of day and then of peak: the last of a day is its highest.
        let same_day = kept > 0 && added.get(kept - 1).is_some_and(|last| last.day == peak.day);
        kept += usize::from(!same_day);
        if let Some(slot) = added.get_mut(kept - 1) {
            *slot = peak;
        }
    }
    peaks.truncate(from + kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn both_ends_of_a_window_count() {
        assert_eq!(sliding_peak(&mut [0, 60], 60), 2);
        assert_eq!(sliding_peak(&mut [0, 61], 60), 1);
        assert_eq!(sliding_peak(&mut [], 60), 0);
        assert_eq!(sliding_peak(&mut [5, 5, 5], 0), 3);
        assert_eq!(sliding_peak(&mut [i64::MAX, i64::MIN, 0], u64::MAX), 3);
    }

    #[test]
    fn a_day_that_comes_back_is_there_once_with_its_highest() {
        let time = |time, day| DayTime { time, day: Some(day) };
        let mut peaks = vec![DayPeak { day: 9, peak: 1 }];
        sliding_peaks(&mut [time(0, 1), time(1, 2), time(2, 1), time(9, 2), time(9, 2)], 3, &mut peaks);
        assert_eq!(peaks, [DayPeak { day: 9, peak: 1 }, DayPeak { day: 1, peak: 3 }, DayPeak { day: 2, peak: 2 }]);
    }

    proptest! {
        #[test]
        fn the_peak_is_what_looking_at_every_window_finds(mut times in prop::collection::vec(-500i64..500, 0..60), length in 0u64..200) {
            let most = times.iter().map(|end| times.iter().filter(|time| (end - length as i64..=*end).contains(time)).count()).max();
            prop_assert_eq!(sliding_peak(&mut times, length), most.unwrap_or(0));
        }

        #[test]
        fn the_peak_of_each_day_is_what_looking_at_every_window_that_ends_in_it_finds(
            times in prop::collection::vec((-300i64..300, prop::option::weighted(0.9, -1i32..2)), 0..60), length in 0u64..200,
        ) {
            // Days of a hundred, some of them a little off, as where clocks are set.
            let day_of = |time: i64, off: i32| (time + i64::from(off) * 20).div_euclid(100) as i32;
            let day_time = |(time, off): &(i64, Option<i32>)| DayTime { time: *time, day: off.map(|off| day_of(*time, off)) };
            let mut times: Vec<DayTime> = times.iter().map(day_time).collect();
            let mut expected: BTreeMap<i32, usize> = BTreeMap::new();
            for end in &times {
                let count = times.iter().filter(|other| (end.time - length as i64..=end.time).contains(&other.time)).count();
                if let Some(day) = end.day {
                    let peak = expected.entry(day).or_default();
                    *peak = count.max(*peak);
                }
            }
            let mut peaks = Vec::new();
            sliding_peaks(&mut times, length, &mut peaks);
            prop_assert_eq!(peaks, expected.into_iter().map(|(day, peak)| DayPeak { day, peak }).collect::<Vec<_>>());
        }
    }
}
