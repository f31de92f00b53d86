//! Whether days that deserve an alert by chance alone are as rare as the tail says: the table in `docs/statistics.md`.

use super::*;

/// The same numbers on every machine (Steele, Lea, Flood: SplitMix64).
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Marsaglia and Tsang, A simple method for generating gamma variables, 2000; mean 1, for shapes of at least 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// By counting arrivals; where there are many, a rounded normal is near enough.
    fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 200.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (mut left, mut count) = ((-mean).exp(), 0.0);
        let mut product = self.uniform();
        while product > left {
            product *= self.uniform();
            count += 1.0;
            left = left.max(f64::MIN_POSITIVE);
        }
        count
    }
}

/// Shares of person-days with a tail below 1e-2, 1e-3 and 1e-4, of people whose days `factor` varies around their own rate.
fn exceedances(seed: u64, factor: fn(&mut Chance) -> f64) -> [f64; 3] {
    let mut chance = Chance(seed);
    let settings = Settings::trailing(28, Options::default());
    let mut below = [0u32; 3];
    let mut days = 0u32;
    for _ in 0..1_500 {
        let rate = 8.0 * chance.normal().exp();
        let weekend = 0.3 * chance.uniform();
        let day = |day: i64| {
            let usual = if Week::default().day_type(day) == DayType::Weekend { rate * weekend } else { rate };
            let today = usual * factor(&mut chance);
            Bucket { day, value: Some(chance.poisson(today)) }
        };
        let buckets: Vec<Bucket> = (0..180).map(day).collect();
        for baseline in trailing(&buckets, &settings).iter().skip(28) {
            let p = baseline.p_value.expect("a full history");
            days += 1;
            below.iter_mut().zip([1e-2, 1e-3, 1e-4]).for_each(|(count, bar)| *count += u32::from(p < bar));
        }
    }
    below.map(|count| f64::from(count) / f64::from(days))
}

/// At most `most` times as often as the tail says, and at least a tenth of it where there is enough to count.
fn assert_between_a_tenth_and(most: [f64; 3], shares: [f64; 3], population: &str) {
    for ((share, bar), most) in shares.into_iter().zip([1e-2, 1e-3, 1e-4]).zip(most) {
        assert!(share <= most * bar, "{population}: p < {bar} on a share of {share} of days");
        assert!(share >= bar / 10.0, "{population}: p < {bar} on a share of {share} of days only");
    }
}

#[test]
fn days_that_vary_like_a_gamma_are_as_rare_as_the_tail_says() {
    let moderate = exceedances(1, |chance| chance.gamma(5.0));
    assert_between_a_tenth_and([1.0, 1.0, 1.0], moderate, "gamma-Poisson, deviation 0.45 of the mean");
    let wild = exceedances(1, |chance| chance.gamma(1.0));
    assert_between_a_tenth_and([1.0, 1.0, 2.5], wild, "gamma-Poisson, deviation equal to the mean");
    let even = exceedances(2, |_| 1.0);
    assert!(even.iter().zip([1e-2, 1e-3, 1e-4]).all(|(share, bar)| *share <= bar), "Poisson: {even:?}");
}

#[test]
fn days_with_a_longer_tail_than_a_gamma_show_where_the_model_ends() {
    let long = exceedances(3, |chance| (0.5 * chance.normal()).exp());
    assert_between_a_tenth_and([1.0, 1.0, 3.5], long, "lognormal, sigma 0.5");
    let longest = exceedances(4, |chance| if chance.uniform() < 0.3 { 0.0 } else { (0.8 * chance.normal()).exp() });
    assert_between_a_tenth_and([1.5, 3.5, 12.0], longest, "a third of days without, else lognormal, sigma 0.8");
}
