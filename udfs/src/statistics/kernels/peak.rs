//! The busiest window: how many of some moments fall into any stretch of a given length.

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ends_of_a_window_count() {
        assert_eq!(sliding_peak(&mut [0, 60], 60), 2);
        assert_eq!(sliding_peak(&mut [0, 61], 60), 1);
        assert_eq!(sliding_peak(&mut [], 60), 0);
        assert_eq!(sliding_peak(&mut [5, 5, 5], 0), 3);
        assert_eq!(sliding_peak(&mut [i64::MAX, i64::MIN, 0], u64::MAX), 3);
    }

    proptest! {
        #[test]
        fn the_peak_is_what_looking_at_every_window_finds(mut times in prop::collection::vec(-500i64..500, 0..60), length in 0u64..200) {
            let most = times.iter().map(|end| times.iter().filter(|time| (end - length as i64..=*end).contains(time)).count()).max();
            prop_assert_eq!(sliding_peak(&mut times, length), most.unwrap_or(0));
        }
    }
}
