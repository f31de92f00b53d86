//! How unusual an hour of the week is for a person: on how many of their active days they did anything around that time.

use super::calendar::Week;

const HOURS: usize = 24;
/// With fewer active days of a type, all active days are what the hour is compared with.
const SAME_TYPE_DAYS_MIN: usize = 4;

/// The answer for one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::statistics) struct Rarity {
    /// 0 for an hour of every active day, close to 1 for one never seen.
    pub rarity: f64,
    pub surprisal_bits: f64,
    /// Active days looked back on, of whatever type.
    pub active_days: i64,
    pub learning: bool,
}

/// An hour since 1970 in the person's own time, and whether they did anything in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::statistics) struct Hour {
    pub hour: i64,
    pub active: bool,
}

/// The hours of one day with activity, as a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ActiveDay {
    day: i64,
    hours: u32,
}

/// The rarity of each hour, by the active days of the `history_days` before its day. The order of hours is irrelevant.
pub(in crate::statistics) fn rarities(hours: &[Hour], history_days: i64, learned_days_min: usize) -> Vec<Rarity> {
    let days = active_days(hours);
    let mut order: Vec<usize> = (0..hours.len()).collect();
    if !hours.is_sorted_by_key(|hour| hour.hour) {
        order.sort_by_key(|index| hours.get(*index).map(|hour| hour.hour));
    }
    let mut window = Window::default();
    let (mut oldest, mut next) = (0, 0);
    let mut rarities = vec![Rarity { rarity: 0.0, surprisal_bits: 0.0, active_days: 0, learning: true }; hours.len()];
    for index in order {
        let (Some(hour), Some(rarity)) = (hours.get(index), rarities.get_mut(index)) else { continue };
        let day = hour.hour.div_euclid(HOURS as i64);
        while let Some(entering) = days.get(next).filter(|active| active.day < day) {
            window.insert(entering);
            next += 1;
        }
        while let Some(leaving) = days.get(oldest).filter(|active| active.day < day - history_days) {
            window.remove(leaving);
            oldest += 1;
        }
        *rarity = window.rarity(day, hour_of_day(hour.hour), learned_days_min);
    }
    rarities
}

fn hour_of_day(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(HOURS as i64)).unwrap_or(0)
}

fn active_days(hours: &[Hour]) -> Vec<ActiveDay> {
    let active = hours.iter().filter(|hour| hour.active);
    let mut days: Vec<ActiveDay> =
        active.map(|hour| ActiveDay { day: hour.hour.div_euclid(HOURS as i64), hours: 1 << hour_of_day(hour.hour) }).collect();
    days.sort_unstable_by_key(|active| active.day);
    days.dedup_by(|part, whole| {
        let same_day = part.day == whole.day;
        if same_day {
            whole.hours |= part.hours;
        }
        same_day
    });
    days
}

/// Active days by day type: how many, and on how many of them there was activity within an hour of each hour of the day.
#[derive(Default)]
struct Window {
    days: [usize; 2],
    around: [[usize; HOURS]; 2],
}

impl Window {
    fn insert(&mut self, active: &ActiveDay) {
        let day_type = Week::default().day_type(active.day) as usize;
        self.days[day_type] += 1;
        self.around[day_type].iter_mut().zip(bits_around(active.hours)).for_each(|(days, seen)| *days += usize::from(seen));
    }

    fn remove(&mut self, active: &ActiveDay) {
        let day_type = Week::default().day_type(active.day) as usize;
        self.days[day_type] = self.days[day_type].saturating_sub(1);
        let counts = self.around[day_type].iter_mut().zip(bits_around(active.hours));
        counts.for_each(|(days, seen)| *days = days.saturating_sub(usize::from(seen)));
    }

    fn rarity(&self, day: i64, hour_of_day: usize, learned_days_min: usize) -> Rarity {
        let today = Week::default().day_type(day) as usize;
        let active_days = self.days.iter().sum::<usize>();
        // Someone who is active but hardly ever on such a day: all their days speak against this hour.
        let compared = if self.days[today] >= SAME_TYPE_DAYS_MIN { self.days[today] } else { active_days };
        let seen = self.around[today].get(hour_of_day).copied().unwrap_or(0);
        // Half a day seen and half a day not seen (Jeffreys' prior) keep the share away from 0 and 1.
        let share = (seen as f64 + 0.5) / (compared as f64 + 1.0);
        Rarity {
            rarity: 1.0 - share,
            surprisal_bits: -share.log2(),
            active_days: i64::try_from(active_days).unwrap_or(i64::MAX),
            learning: active_days < learned_days_min,
        }
    }
}

/// For each hour of the day, whether it or a neighbour is set; midnight lies beside both 1 and 23.
fn bits_around(hours: u32) -> impl Iterator<Item = bool> {
    (0..HOURS).map(move |hour| [HOURS - 1, 0, 1].into_iter().any(|step| (hours >> ((hour + step) % HOURS)) & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::kernels::calendar::DayType;
    use proptest::prelude::*;

    fn at(day: i64, hour: i64) -> Hour {
        Hour { hour: day * 24 + hour, active: true }
    }

    fn office_days(days: std::ops::Range<i64>) -> Vec<Hour> {
        days.filter(|day| Week::default().day_type(*day) == DayType::Weekday)
            .flat_map(|day| (9..17).map(move |hour| at(day, hour)))
            .collect()
    }

    #[test]
    fn hours_never_seen_are_rare_and_usual_ones_are_not() {
        let mut hours = office_days(4..32);
        hours.extend([at(32, 3), at(32, 10), at(32, 17), at(32, 18)]);
        let rarities = rarities(&hours, 28, 10);
        let last = &rarities[rarities.len() - 4..];
        // Twenty active days: 1 - 0.5 / 21 where never seen, 1 - 20.5 / 21 where always seen.
        let rounded: Vec<f64> = last.iter().map(|rarity| (rarity.rarity * 1e4).round() / 1e4).collect();
        assert_eq!(rounded, [0.9762, 0.0238, 0.0238, 0.9762]);
        assert!((last[0].surprisal_bits - 42f64.log2()).abs() < 1e-9);
        assert_eq!((last[0].active_days, last[0].learning), (20, false));
    }

    #[test]
    fn a_first_weekend_is_rare_at_any_hour_even_an_office_hour() {
        let mut hours = office_days(4..32);
        hours.push(at(37, 10)); // a Saturday
        let saturday = rarities(&hours, 28, 10).pop().expect("one row");
        assert!(saturday.rarity > 0.95, "{saturday:?}");
    }

    #[test]
    fn nothing_before_is_learning() {
        let first = rarities(&[at(4, 3)], 28, 10)[0];
        assert_eq!(first, Rarity { rarity: 0.5, surprisal_bits: 1.0, active_days: 0, learning: true });
    }

    #[test]
    fn midnight_has_two_neighbours() {
        let around: Vec<usize> = bits_around(1).enumerate().filter(|(_, seen)| *seen).map(|(hour, _)| hour).collect();
        assert_eq!(around, [0, 1, 23]);
    }

    proptest! {
        #[test]
        fn sliding_equals_looking_back_each_time(
            rows in prop::collection::vec((-30i64..30, 0i64..24, any::<bool>()), 1..80), history in 1i64..40,
        ) {
            let rows: Vec<Hour> = rows.into_iter().map(|(day, hour, active)| Hour { hour: day * 24 + hour, active }).collect();
            for (row, rarity) in rows.iter().zip(rarities(&rows, history, 10)) {
                let today = row.hour.div_euclid(24);
                let days: std::collections::BTreeSet<i64> = rows.iter().filter(|other| other.active).map(|other| other.hour.div_euclid(24))
                    .filter(|day| (today - history..today).contains(day)).collect();
                let like_today = |day: &i64| Week::default().day_type(*day) == Week::default().day_type(today);
                let of_type: Vec<i64> = days.iter().copied().filter(like_today).collect();
                let near = |day: i64| rows.iter().any(|other| {
                    let apart = (other.hour - row.hour).rem_euclid(24);
                    other.active && other.hour.div_euclid(24) == day && (apart <= 1 || apart == 23)
                });
                let seen = of_type.iter().filter(|day| near(**day)).count();
                let compared = if of_type.len() >= 4 { of_type.len() } else { days.len() };
                prop_assert_eq!(rarity.active_days, days.len() as i64);
                prop_assert!((rarity.rarity - (1.0 - (seen as f64 + 0.5) / (compared as f64 + 1.0))).abs() < 1e-12);
                prop_assert!((0.0..=1.0).contains(&rarity.rarity) && rarity.surprisal_bits >= 0.0);
            }
        }
    }
}
