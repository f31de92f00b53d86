//! How new a key is to a person: seen before, when last, and how familiar it is by now.

/// One sighting of a key, which stands for anything that can be counted: a device, a channel, a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::statistics) struct Sighting {
    pub key: usize,
    pub time: i64,
}

/// What was known of the key before a sighting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::statistics) struct Novelty {
    pub last_seen: Option<i64>,
    /// 1 for a key never seen, falling with every sighting and rising again as sightings fade.
    pub weight: f64,
}

#[derive(Debug, Clone, Copy)]
struct Familiar {
    last_seen: i64,
    /// Sightings up to `last_seen`, each halved for every half-life that has passed since.
    sightings: f64,
    /// What it was before the sightings at `last_seen`, which do not know of each other.
    before: Option<(i64, f64)>,
}

/// The novelty of each sighting, as of the moment before it. Keys are numbered from zero; the order of sightings is irrelevant.
pub(in crate::statistics) fn novelties(sightings: &[Sighting], half_life: f64) -> Vec<Novelty> {
    let mut order: Vec<usize> = (0..sightings.len()).collect();
    if !sightings.is_sorted_by_key(|sighting| sighting.time) {
        order.sort_by_key(|index| sightings.get(*index).map(|sighting| sighting.time));
    }
    let keys = sightings.iter().map(|sighting| sighting.key).max().map_or(0, |highest| highest + 1);
    let mut familiar: Vec<Option<Familiar>> = vec![None; keys];
    let mut novelties = vec![Novelty { last_seen: None, weight: 1.0 }; sightings.len()];
    for index in order {
        let Some(sighting) = sightings.get(index) else { continue };
        let (Some(known), Some(novelty)) = (familiar.get_mut(sighting.key), novelties.get_mut(index)) else { continue };
        let now = match known.take() {
            Some(same) if same.last_seen == sighting.time => Familiar { sightings: same.sightings + 1.0, ..same },
            earlier => {
                let before = earlier.map(|earlier| {
                    let half_lives = earlier.last_seen.abs_diff(sighting.time) as f64 / half_life;
                    (earlier.last_seen, earlier.sightings * (-half_lives).exp2())
                });
                Familiar { last_seen: sighting.time, sightings: before.map_or(0.0, |(_, faded)| faded) + 1.0, before }
            }
        };
        if let Some((last_seen, faded)) = now.before {
            *novelty = Novelty { last_seen: Some(last_seen), weight: 1.0 / (1.0 + faded) };
        }
        *known = Some(now);
    }
    novelties
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(key: usize, time: i64) -> Sighting {
        Sighting { key, time }
    }

    #[test]
    fn the_first_sighting_is_wholly_new_and_familiarity_fades() {
        let novelties = novelties(&[seen(0, 0), seen(1, 5), seen(0, 10), seen(0, 20)], 10.0);
        assert_eq!(novelties[0], Novelty { last_seen: None, weight: 1.0 });
        assert_eq!(novelties[1], Novelty { last_seen: None, weight: 1.0 });
        // One sighting, one half-life ago: 1 / (1 + 1/2).
        assert_eq!(novelties[2], Novelty { last_seen: Some(0), weight: 1.0 / 1.5 });
        assert_eq!(novelties[3], Novelty { last_seen: Some(10), weight: 1.0 / 1.75 });
    }

    #[test]
    fn sightings_of_one_moment_are_all_first() {
        let novelties = novelties(&[seen(0, 7), seen(0, 7), seen(0, 8)], f64::INFINITY);
        assert_eq!(novelties.iter().filter(|novelty| novelty.last_seen.is_none()).count(), 2);
        assert_eq!(novelties[2], Novelty { last_seen: Some(7), weight: 1.0 / 3.0 });
    }

    proptest! {
        #[test]
        fn novelty_is_what_looking_back_finds(rows in prop::collection::vec((0usize..4, -50i64..50), 0..60), half_life in 0.5f64..100.0) {
            let rows: Vec<Sighting> = rows.into_iter().map(|(key, time)| seen(key, time)).collect();
            for (row, novelty) in rows.iter().zip(novelties(&rows, half_life)) {
                let earlier = rows.iter().filter(|other| other.key == row.key && other.time < row.time);
                let earlier: Vec<i64> = earlier.map(|other| other.time).collect();
                prop_assert_eq!(novelty.last_seen, earlier.iter().max().copied());
                let faded: f64 = earlier.iter().map(|time| (-((row.time - time) as f64) / half_life).exp2()).sum();
                prop_assert!((novelty.weight - 1.0 / (1.0 + faded)).abs() < 1e-9);
            }
        }

        #[test]
        fn no_times_panic(times in prop::collection::vec(any::<i64>(), 0..20), half_life in any::<f64>()) {
            let rows: Vec<Sighting> = times.into_iter().map(|time| seen(0, time)).collect();
            prop_assert_eq!(novelties(&rows, half_life).len(), rows.len());
        }
    }
}
