//! How likely a count of at least this size is: the upper tail of a negative binomial with a given mean and variance.
//!
//! The continued fractions and series are those of the DLMF (8.17.22, 8.7.1, 8.9.2), evaluated by Lentz's method.

/// Probabilities are never reported smaller: a bound, so that logarithms of them stay finite.
pub(super) const P_VALUE_MIN: f64 = 1e-300;

/// Beyond this the counts are so large that a gamma distribution with the same mean and variance is as good and far cheaper.
const COUNT_MAX: f64 = 1e5;

/// A limit on every loop; the fractions here need less than a few hundred terms.
const TERMS_MAX: usize = 5_000;
const PRECISION: f64 = 1e-15;
const TINY: f64 = 1e-300;

/// P(X >= value) for counts with this mean and variance: Poisson where the variance is no larger than the mean.
/// `None` where the numbers are not finite or there is no mean.
pub(super) fn upper_tail(value: f64, mean: f64, variance: f64) -> Option<f64> {
    if !(value.is_finite() && mean.is_finite() && variance.is_finite() && mean > 0.0) {
        return None;
    }
    if value <= 0.0 {
        return Some(1.0);
    }
    let overdispersion = variance - mean;
    let p = if value.max(mean) > COUNT_MAX {
        // A count is read as the interval around it, hence the half.
        upper_gamma(mean * (mean / variance.max(mean)), (value - 0.5) * (mean / variance.max(mean)))
    } else if overdispersion <= mean * 1e-9 {
        lower_gamma(value, mean)
    } else {
        let size = mean * (mean / overdispersion);
        // P(X >= k) = I_q(k, size), where q is the share of the variance that is not Poisson.
        beta(value, size, overdispersion / variance, mean / variance)
    };
    p.is_finite().then(|| p.clamp(P_VALUE_MIN, 1.0))
}

/// The regularized incomplete beta function at `x`, where `y` is `1 - x` (given, because it may be too small to subtract).
fn beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let log_front = a * x.ln() + b * y.ln() + log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    if x < (a + 1.0) / (a + b + 2.0) { beta_fraction(log_front, a, b, x) } else { 1.0 - beta_fraction(log_front, b, a, y) }
}

fn beta_fraction(log_front: f64, a: f64, b: f64, x: f64) -> f64 {
    if log_front < -700.0 {
        return 0.0;
    }
    let mut fraction = Lentz::start(1.0);
    for term in 1..=TERMS_MAX {
        let m = (term / 2) as f64;
        let numerator = if term % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        if fraction.step(numerator, 1.0) {
            break;
        }
    }
    log_front.exp() / (a * fraction.value)
}

/// The regularized lower incomplete gamma function P(a, x) for a > 0.
fn lower_gamma(a: f64, x: f64) -> f64 {
    if x < a + 1.0 { gamma_series(a, x) } else { 1.0 - gamma_fraction(a, x) }
}

/// The regularized upper incomplete gamma function Q(a, x) for a > 0.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x < a + 1.0 { 1.0 - gamma_series(a, x) } else { gamma_fraction(a, x) }
}

/// P(a, x), which converges fast for x < a + 1.
fn gamma_series(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..=TERMS_MAX {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * PRECISION {
            break;
        }
    }
    gamma_log_front(a, x).exp() * sum
}

/// Q(a, x), which converges fast for x > a + 1.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut fraction = Lentz::start(x + 1.0 - a);
    for term in 1..=TERMS_MAX {
        let n = term as f64;
        if fraction.step(-n * (n - a), x + 2.0 * n + 1.0 - a) {
            break;
        }
    }
    gamma_log_front(a, x).exp() / fraction.value
}

fn gamma_log_front(a: f64, x: f64) -> f64 {
    a * x.ln() - x - log_gamma(a)
}

/// A continued fraction b0 + a1/(b1 + a2/(b2 + ...)) evaluated from the front.
struct Lentz {
    value: f64,
    c: f64,
    d: f64,
}

impl Lentz {
    fn start(b0: f64) -> Lentz {
        let value = away_from_zero(b0);
        Lentz { value, c: value, d: 0.0 }
    }

    /// Takes in one more term; true once further terms change nothing.
    fn step(&mut self, a: f64, b: f64) -> bool {
        self.d = 1.0 / away_from_zero(b + a * self.d);
        self.c = away_from_zero(b + a / self.c);
        let factor = self.c * self.d;
        self.value *= factor;
        (factor - 1.0).abs() < PRECISION
    }
}

fn away_from_zero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

/// The logarithm of the gamma function for x > 0: Stirling's series (DLMF 5.11.1) after moving x up by the recurrence.
fn log_gamma(x: f64) -> f64 {
    let mut shifted = x;
    let mut product = 1.0;
    while shifted < 9.0 {
        product *= shifted;
        shifted += 1.0;
    }
    let inverse = 1.0 / shifted;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    let half_log_two_pi = 0.5 * std::f64::consts::TAU.ln();
    (shifted - 0.5) * shifted.ln() - shifted + half_log_two_pi + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Adds up the probabilities one by one, from the value upwards.
    fn added_up(value: u32, mean: f64, variance: f64) -> f64 {
        let overdispersed = variance > mean * (1.0 + 1e-9);
        let size = mean * mean / (variance - mean);
        let q = (variance - mean) / variance;
        let mut probability = if overdispersed { (size * (mean / variance).ln()).exp() } else { (-mean).exp() };
        let mut below = 0.0;
        let mut above = 0.0;
        for k in 0..20_000 {
            if k < value {
                below += probability;
            } else {
                above += probability;
            }
            let next = f64::from(k) + 1.0;
            probability *= if overdispersed { (size + f64::from(k)) * q / next } else { mean / next };
        }
        if above < 0.5 { above } else { 1.0 - below }
    }

    #[test]
    fn tails_equal_the_sum_of_their_probabilities() {
        for mean in [0.02, 0.5, 1.0, 9.0, 140.0] {
            for factor in [1.0, 1.04, 1.5, 4.0, 30.0] {
                for value in [1, 2, 5, 9, 20, 60, 200, 500] {
                    let expected = added_up(value, mean, mean * factor);
                    let tail = upper_tail(f64::from(value), mean, mean * factor).expect("finite input");
                    let tolerance = 1e-9 * expected.max(1e-3) + 1e-14;
                    let close = (tail - expected).abs() < tolerance.max(expected * 1e-7);
                    assert!(close || expected < 1e-280, "P(X >= {value}), mean {mean}, factor {factor}: {tail} instead of {expected}");
                }
            }
        }
    }

    #[test]
    fn the_logarithm_of_gamma_is_right_where_it_is_known() {
        let mut factorial = 1.0f64;
        for n in 1..20u32 {
            assert!((log_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-12 * factorial.ln().max(1.0), "gamma({n})");
            factorial *= f64::from(n);
        }
        assert!((log_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-12);
    }

    #[test]
    fn the_change_to_the_gamma_distribution_is_smooth() {
        let (mean, variance) = (0.9 * COUNT_MAX, 0.04 * COUNT_MAX * COUNT_MAX);
        let [below, above] = [0.99999, 1.00001].map(|share| upper_tail(share * COUNT_MAX, mean, variance).expect("finite input"));
        assert!((below - above).abs() < 1e-4 && below > 0.2, "{below} and {above}");
    }

    #[test]
    fn what_is_not_a_number_has_no_tail() {
        for (value, mean, variance) in
            [(f64::NAN, 1.0, 1.0), (1.0, f64::INFINITY, 1.0), (1.0, 1.0, f64::NAN), (1.0, 0.0, 1.0), (1.0, -1.0, 1.0)]
        {
            assert_eq!(upper_tail(value, mean, variance), None);
        }
        assert_eq!(upper_tail(-3.0, 1.0, 1.0), Some(1.0));
        assert_eq!(upper_tail(1e9, 1.0, 1.0), Some(P_VALUE_MIN));
    }

    proptest! {
        #[test]
        fn a_tail_is_a_probability_and_falls_with_the_value(
            value in 0.0f64..1e7, step in 0.0f64..1e3, log_mean in -5.0f64..18.0, factor in 1.0f64..1e4,
        ) {
            let mean = log_mean.exp();
            let near = upper_tail(value, mean, mean * factor).expect("finite input");
            let far = upper_tail(value + step, mean, mean * factor).expect("finite input");
            prop_assert!((P_VALUE_MIN..=1.0).contains(&near));
            // At the change of method a sliver of rise is allowed.
            prop_assert!(far <= near * 1.02 + 1e-9, "{far} > {near}");
        }

        #[test]
        fn no_input_panics(value in any::<f64>(), mean in any::<f64>(), variance in any::<f64>()) {
            if let Some(tail) = upper_tail(value, mean, variance) {
                prop_assert!((0.0..=1.0).contains(&tail));
            }
        }
    }
}
