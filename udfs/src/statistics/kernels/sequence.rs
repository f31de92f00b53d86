//! This, then that: an act of a second kind after one of a first kind with the same key, within some time.

/// One act. It may be of both kinds, and then still is no sequence with itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::statistics) struct Act {
    pub time: i64,
    /// Stands for what both acts must have in common: a file, a host, a session.
    pub key: u32,
    pub is_first: bool,
    pub is_second: bool,
}

/// For each act of the second kind, when the last one of the first kind with its key was, if that is at most `within` before it.
/// Acts of one moment follow each other in either order. The order of acts is irrelevant; `None` for those that complete nothing.
pub(in crate::statistics) fn firsts_before(acts: &[Act], within: u64) -> Vec<Option<i64>> {
    let mut order: Vec<(u32, i64, usize)> = acts.iter().enumerate().map(|(index, act)| (act.key, act.time, index)).collect();
    if !order.is_sorted() {
        order.sort_unstable();
    }
    let mut firsts = vec![None; acts.len()];
    for same_key in order.chunk_by(|a, b| a.0 == b.0) {
        let mut last_first: Option<i64> = None;
        for same_time in same_key.chunk_by(|a, b| a.1 == b.1) {
            let act = |(_, _, index): &(u32, i64, usize)| acts.get(*index).copied().unwrap_or_default();
            let firsts_now = same_time.iter().filter(|place| act(place).is_first).count();
            for place in same_time.iter().filter(|place| act(place).is_second) {
                let now = act(place);
                let others = firsts_now - usize::from(now.is_first);
                let before = if others > 0 { Some(now.time) } else { last_first };
                if let Some(slot) = firsts.get_mut(place.2) {
                    *slot = before.filter(|before| now.time.abs_diff(*before) <= within);
                }
            }
            if firsts_now > 0 {
                last_first = same_time.first().map(|(_, time, _)| *time);
            }
        }
    }
    firsts
}

/// What the sequences of a group come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::statistics) struct Sequences {
    /// Of the sequence that is complete first, when it began and when it was complete.
    pub first_time: i64,
    pub second_time: i64,
    /// Acts of the second kind that complete a sequence.
    pub pairs: usize,
}

/// All sequences of a group together; `None` if there is none.
pub(in crate::statistics) fn sequences(acts: &[Act], within: u64) -> Option<Sequences> {
    let firsts = firsts_before(acts, within);
    let complete = acts.iter().zip(&firsts).filter_map(|(act, first)| Some((act.time, (*first)?)));
    // Of those complete at the same time, the shortest.
    let (second_time, first_time) = complete.clone().min_by_key(|(second, first)| (*second, std::cmp::Reverse(*first)))?;
    Some(Sequences { first_time, second_time, pairs: complete.count() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn act(time: i64, key: u32, kinds: &str) -> Act {
        Act { time, key, is_first: kinds.contains('1'), is_second: kinds.contains('2') }
    }

    #[test]
    fn a_transfer_within_the_time_of_a_download_of_the_same_file_completes_it() {
        let acts = [act(0, 7, "1"), act(5, 8, "2"), act(9, 7, "2"), act(11, 7, "2"), act(12, 7, "")];
        assert_eq!(firsts_before(&acts, 10), [None, None, Some(0), None, None]);
        assert_eq!(sequences(&acts, 10), Some(Sequences { first_time: 0, second_time: 9, pairs: 1 }));
        assert_eq!(sequences(&acts, 8), None);
        assert_eq!(sequences(&acts, 11).map(|sequences| sequences.pairs), Some(2));
    }

    #[test]
    fn the_order_of_kinds_matters_but_not_within_a_moment() {
        assert_eq!(sequences(&[act(3, 1, "2"), act(4, 1, "1")], 10), None);
        assert_eq!(sequences(&[act(3, 1, "2"), act(3, 1, "1")], 0).map(|sequences| sequences.pairs), Some(1));
    }

    #[test]
    fn an_act_of_both_kinds_follows_others_and_not_itself() {
        assert_eq!(sequences(&[act(3, 1, "12")], 10), None);
        assert_eq!(firsts_before(&[act(3, 1, "12"), act(5, 1, "12"), act(5, 1, "12")], 10), [None, Some(5), Some(5)]);
    }

    proptest! {
        #[test]
        fn sequences_are_what_looking_at_every_pair_finds(
            rows in prop::collection::vec((-20i64..20, 0u32..3, any::<bool>(), any::<bool>()), 0..40), within in 0u64..15,
        ) {
            let acts: Vec<Act> = rows.iter().map(|row| Act { time: row.0, key: row.1, is_first: row.2, is_second: row.3 }).collect();
            let mut pairs: Vec<(i64, i64)> = Vec::new();
            let firsts = firsts_before(&acts, within);
            for (index, second) in acts.iter().enumerate() {
                let earlier = acts.iter().enumerate().filter(|(other, first)| {
                    let follows = (0..=within as i64).contains(&(second.time - first.time));
                    *other != index && first.is_first && first.key == second.key && follows
                });
                let expected = earlier.map(|(_, first)| first.time).max().filter(|_| second.is_second);
                prop_assert_eq!(firsts[index], expected);
                pairs.extend(expected.map(|first| (second.time, -first)));
            }
            let whole = |(second, first): &(i64, i64)| Sequences { first_time: -first, second_time: *second, pairs: pairs.len() };
            let expected = pairs.iter().min().map(whole);
            prop_assert_eq!(sequences(&acts, within), expected);
        }

        #[test]
        fn no_times_panic(times in prop::collection::vec(any::<i64>(), 0..20), within in any::<u64>()) {
            let acts: Vec<Act> = times.into_iter().map(|time| act(time, 0, "12")).collect();
            prop_assert_eq!(firsts_before(&acts, within).len(), acts.len());
        }
    }
}
