//! A window of values kept in order while it slides: median, deviation from it, and moments without what sticks out.
//!
//! Zeros are most of what there is and are only counted. A value is found by binary search and moved within a small array,
//! which for windows of weeks or months is faster than any tree, and makes every result depend on the values alone and not
//! on the order in which they came and went.

/// The values above zero, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Ordered {
    values: Vec<f64>,
}

impl Ordered {
    pub(super) fn with_capacity(values: usize) -> Ordered {
        Ordered { values: Vec::with_capacity(values) }
    }

    pub(super) fn of(values: impl Iterator<Item = f64>) -> Ordered {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        Ordered { values }
    }

    /// The values alone.
    pub(super) fn sample(&self) -> Sample<'_> {
        self.with_zeros(0)
    }

    pub(super) fn insert(&mut self, value: f64) {
        let at = self.values.partition_point(|other| *other < value);
        self.values.insert(at, value);
    }

    /// Takes out one value that was put in before.
    pub(super) fn remove(&mut self, value: f64) {
        let at = self.values.partition_point(|other| *other < value);
        if self.values.get(at) == Some(&value) {
            self.values.remove(at);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// These values and so many zeros.
    pub(super) fn with_zeros(&self, zeros: usize) -> Sample<'_> {
        Sample { zeros, values: &self.values }
    }

    /// The values of both, in order.
    pub(super) fn merged(&self, other: &Ordered) -> Ordered {
        let (mut left, mut right) = (self.values.as_slice(), other.values.as_slice());
        let mut merged = Ordered::with_capacity(left.len() + right.len());
        while let (Some((a, left_rest)), Some((b, right_rest))) = (left.split_first(), right.split_first()) {
            if a <= b {
                merged.values.push(*a);
                left = left_rest;
            } else {
                merged.values.push(*b);
                right = right_rest;
            }
        }
        merged.values.extend_from_slice(left);
        merged.values.extend_from_slice(right);
        merged
    }
}

/// Some zeros and the values above them in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    zeros: usize,
    values: &'a [f64],
}

impl Sample<'_> {
    pub(super) fn len(&self) -> usize {
        self.zeros + self.values.len()
    }

    fn get(&self, index: usize) -> f64 {
        index.checked_sub(self.zeros).and_then(|above| self.values.get(above)).copied().unwrap_or(0.0)
    }

    /// The middle value, or the mean of the two in the middle; zero if there are none.
    pub(super) fn median(&self) -> f64 {
        middle(self.len(), |index| self.get(index))
    }

    /// The median of the distances from `centre`, by binary search on both sides of it.
    pub(super) fn median_deviation(&self, centre: f64) -> f64 {
        let split = if centre > 0.0 { self.zeros + self.values.partition_point(|value| *value < centre) } else { 0 };
        let side = Sides { sample: self, centre, split };
        middle(self.len(), |rank| side.deviation(rank))
    }

    /// Mean and variance after pulling down to `cap` what lies above it.
    pub(super) fn capped_moments(&self, cap: f64) -> (f64, f64) {
        let count = self.len();
        if count == 0 {
            return (0.0, 0.0);
        }
        let above = self.values.partition_point(|value| *value <= cap);
        let (inside, capped) = self.values.split_at(above);
        let mean = (inside.iter().sum::<f64>() + capped.len() as f64 * cap) / count as f64;
        if count == 1 {
            return (mean, 0.0);
        }
        let square = |value: f64| (value - mean) * (value - mean);
        let squares = inside.iter().map(|value| square(*value)).sum::<f64>();
        let squares = squares + capped.len() as f64 * square(cap) + self.zeros as f64 * square(0.0);
        (mean, squares / (count - 1) as f64)
    }
}

/// A sample seen from a centre: distances grow from `split` downwards on the left and upwards on the right.
struct Sides<'a> {
    sample: &'a Sample<'a>,
    centre: f64,
    split: usize,
}

impl Sides<'_> {
    fn left(&self, index: usize) -> f64 {
        self.centre - self.sample.get(self.split - 1 - index)
    }

    fn right(&self, index: usize) -> f64 {
        self.sample.get(self.split + index) - self.centre
    }

    /// The distance of this rank, the smallest first.
    fn deviation(&self, rank: usize) -> f64 {
        let (lefts, rights) = (self.split, self.sample.len() - self.split);
        // Of the `rank + 1` nearest, how many are on the left: the least number that leaves no nearer one behind on it.
        let mut low = (rank + 1).saturating_sub(rights);
        let mut high = lefts.min(rank + 1);
        while low < high {
            let taken = low + (high - low) / 2;
            if self.left(taken) < self.right(rank - taken) {
                low = taken + 1;
            } else {
                high = taken;
            }
        }
        let from_left = low.checked_sub(1).map_or(f64::NEG_INFINITY, |last| self.left(last));
        let from_right = (rank + 1 - low).checked_sub(1).map_or(f64::NEG_INFINITY, |last| self.right(last));
        from_left.max(from_right)
    }
}

fn middle(count: usize, nth: impl Fn(usize) -> f64) -> f64 {
    match count {
        0 => 0.0,
        odd if odd % 2 == 1 => nth(odd / 2),
        even => {
            let (low, high) = (nth(even / 2 - 1), nth(even / 2));
            // Written so that two huge values do not overflow.
            low + (high - low) / 2.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive_median(values: &mut [f64]) -> f64 {
        values.sort_by(f64::total_cmp);
        middle(values.len(), |index| values[index])
    }

    proptest! {
        #[test]
        fn a_sliding_window_gives_what_sorting_gives(values in prop::collection::vec(0u32..40, 1..80), width in 1usize..20) {
            let values: Vec<f64> = values.iter().map(|value| f64::from(value / 4) * 1.5).collect();
            let mut ordered = Ordered::default();
            for end in 0..values.len() {
                let leaving = end.checked_sub(width).map(|index| values[index]);
                ordered.insert(values[end]);
                if let Some(value) = leaving {
                    ordered.remove(value);
                }
                let window = &values[(end + 1).saturating_sub(width)..=end];
                let nonzero = ordered.merged(&Ordered::default());
                let sample = nonzero.with_zeros(3);
                let mut all: Vec<f64> = window.iter().copied().chain([0.0; 3]).collect();
                let median = naive_median(&mut all);
                prop_assert_eq!(sample.median(), median);
                let mut distances: Vec<f64> = all.iter().map(|value| (value - median).abs()).collect();
                prop_assert_eq!(sample.median_deviation(median), naive_median(&mut distances));
                let capped: Vec<f64> = all.iter().map(|value| value.min(7.0)).collect();
                let mean = capped.iter().sum::<f64>() / capped.len() as f64;
                let variance = capped.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (capped.len() - 1) as f64;
                let moments = sample.capped_moments(7.0);
                prop_assert!((moments.0 - mean).abs() < 1e-9 && (moments.1 - variance).abs() < 1e-9);
            }
        }

        #[test]
        fn deviations_from_any_centre_are_right(
            values in prop::collection::vec(0.0f64..50.0, 1..40), zeros in 0usize..9, centre in 0.0f64..60.0,
        ) {
            let mut ordered = Ordered::default();
            values.iter().for_each(|value| ordered.insert(*value));
            let mut distances: Vec<f64> = values.iter().copied().chain(vec![0.0; zeros]).map(|value| (value - centre).abs()).collect();
            prop_assert_eq!(ordered.with_zeros(zeros).median_deviation(centre), naive_median(&mut distances));
        }
    }

    #[test]
    fn an_empty_window_is_all_zero() {
        let sample = Ordered::default();
        let sample = sample.with_zeros(0);
        assert_eq!((sample.median(), sample.median_deviation(0.0), sample.capped_moments(1.0)), (0.0, 0.0, (0.0, 0.0)));
    }
}
