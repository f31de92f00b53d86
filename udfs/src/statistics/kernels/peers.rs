//! What is usual in a group, and how a person with little history of their own is brought towards it.
//!
//! Credibility theory (Bühlmann, Experience rating and credibility, 1967): n days of one's own weigh n / (n + k), where k is the
//! variance of a person's days divided by the variance between people. Where all are alike, the group says much; where everybody
//! is different, it says little.

use std::ops::RangeInclusive;

use super::baseline::{CAP_SPREADS, DEVIATION_TO_SIGMA, Estimate, spread_floor};
use super::ordered::Ordered;

/// A group of fewer says nothing about one of them.
const PEOPLE_MIN: usize = 5;
/// Days of one's own that weigh as much as the group: never none, and after a month one's own days decide.
const DAYS: RangeInclusive<f64> = 1.0..=30.0;

/// What is usual for the people of a group, on a day of one type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::statistics) struct Peers {
    pub expected: f64,
    /// Of a day of any of them around what is expected of all.
    pub spread: f64,
    pub mean: f64,
    /// Of one person's days.
    pub variance: f64,
    /// Variance of people's means.
    pub between: f64,
    /// Days of one's own that weigh as much as the group.
    pub days: f64,
}

impl Peers {
    /// Numbers that can be counted on; `None` if any of them cannot.
    pub(in crate::statistics) fn checked(self) -> Option<Peers> {
        let numbers = [self.expected, self.spread, self.mean, self.variance, self.between];
        let sound = numbers.iter().all(|number| number.is_finite() && *number >= 0.0) && self.days.is_finite() && self.days > 0.0;
        sound.then_some(self)
    }

    /// What the group is, from its members' own baselines. Those that are still learning say nothing; neither does a small group.
    pub(in crate::statistics) fn of(members: &[Member]) -> Option<(Peers, usize)> {
        if members.len() < PEOPLE_MIN {
            return None;
        }
        let column = |number: fn(&Member) -> f64| Ordered::of(members.iter().map(number));
        let expectations = column(|member| member.expected);
        let expected = expectations.sample().median();
        let apart = DEVIATION_TO_SIGMA * expectations.sample().median_deviation(expected);
        let own_spread = column(|member| member.spread).sample().median();
        // As in a person's own baseline, what sticks out counts as if it stuck out less: one heavy user does not make the group.
        let capped = |values: &Ordered| {
            let middle = values.sample().median();
            let deviation = DEVIATION_TO_SIGMA * values.sample().median_deviation(middle);
            values.sample().capped_moments(middle + CAP_SPREADS * spread_floor(middle).max(deviation))
        };
        let (mean, variance_of_means) = capped(&column(|member| member.mean));
        let (variance, _) = capped(&column(|member| member.variance));
        // Means from few days differ by chance already.
        let (by_chance, _) = column(|member| 1.0 / member.days).sample().capped_moments(1.0);
        let by_chance = variance * by_chance;
        let between = (variance_of_means - by_chance).max(0.0);
        let days = if between > 0.0 { (variance / between).clamp(*DAYS.start(), *DAYS.end()) } else { *DAYS.end() };
        let spread = own_spread.hypot(apart);
        Peers { expected, spread, mean, variance, between, days }.checked().map(|peers| (peers, members.len()))
    }

    /// A person's own estimate brought towards the group's, the more the shorter it is; the group's alone where there is none.
    pub(super) fn join(&self, own: Option<Estimate>, floor: impl Fn(f64) -> f64) -> Estimate {
        let days = own.map_or(0.0, |own| own.days);
        let weight = days / (days + self.days);
        let joined = |of_own: fn(&Estimate) -> f64, of_peers: f64| {
            own.as_ref().map_or(of_peers, |own| weight * of_own(own) + (1.0 - weight) * of_peers)
        };
        let expected = joined(|own| own.expected, self.expected);
        let spread = joined(|own| own.spread * own.spread, self.spread * self.spread).sqrt();
        Estimate {
            expected,
            spread: spread.max(floor(expected)),
            mean: joined(|own| own.mean, self.mean),
            // Which of the group's means is this person's, their own days have told only in part.
            variance: joined(|own| own.variance, self.variance) + (1.0 - weight) * self.between,
            days: days + self.days,
        }
    }
}

/// What a group is made of: one person's own baseline.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::statistics) struct Member {
    pub expected: f64,
    pub spread: f64,
    pub mean: f64,
    pub variance: f64,
    pub days: f64,
}

impl Member {
    /// Numbers that can be counted on; `None` if any of them cannot.
    pub(in crate::statistics) fn checked(self) -> Option<Member> {
        let numbers = [self.expected, self.spread, self.mean, self.variance];
        (numbers.iter().all(|number| number.is_finite() && *number >= 0.0) && self.days >= 1.0 && self.days.is_finite()).then_some(self)
    }
}
