use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn numbers(rows: &[(usize, i64)], cut: usize) -> DistinctNumbers {
    let mut distinct = DistinctNumbers { cut: Cut { rows: cut }, ..DistinctNumbers::default() };
    rows.iter().for_each(|(group, number)| distinct.push(*group, *number));
    distinct
}

fn texts(rows: &[(usize, i64)], cut: usize) -> DistinctTexts {
    let mut distinct = DistinctTexts { cut: Cut { rows: cut }, ..DistinctTexts::default() };
    // Half of all texts share a hash with another one, one of them is empty.
    rows.iter().for_each(|(group, number)| distinct.push(*group, *number as u64 / 2, "x".repeat(*number as usize).as_bytes()));
    distinct
}

fn lengths(runs: &TextRuns) -> Vec<BTreeSet<i64>> {
    let starts = [0].into_iter().chain(runs.ends.iter().copied());
    starts.zip(&runs.ends).map(|(start, end)| texts_in(&runs.bytes[start..*end]).map(|text| text.len() as i64).collect()).collect()
}

proptest! {
    #[test]
    fn each_group_has_what_its_set_has(
        rows in prop::collection::vec((0usize..6, 0i64..12), 0..120), cut in 1usize..200, first in 0usize..6,
    ) {
        let mut sets = vec![BTreeSet::new(); 6];
        rows.iter().for_each(|(group, number)| { sets[*group].insert(*number); });
        let expected: Vec<usize> = sets.iter().map(BTreeSet::len).collect();
        let in_turn = |mut count: Box<dyn FnMut(usize) -> Vec<usize>>| [count(first), count(6 - first)].concat();
        let (mut counted, mut counted_texts) = (numbers(&rows, cut), texts(&rows, cut));
        prop_assert_eq!(&in_turn(Box::new(move |groups| counted.counts(groups))), &expected);
        prop_assert_eq!(&in_turn(Box::new(move |groups| counted_texts.counts(groups))), &expected);
        let mut taken = numbers(&rows, cut);
        let runs = [taken.take(first), taken.take(6 - first)];
        let of_groups: Vec<BTreeSet<i64>> = runs.iter().flat_map(|runs| runs.iter().map(|run| run.iter().copied().collect())).collect();
        prop_assert_eq!(&of_groups, &sets);
        let mut taken = texts(&rows, cut);
        let runs = [taken.take(first), taken.take(6 - first)];
        prop_assert_eq!(runs.iter().flat_map(lengths).collect::<Vec<_>>(), sets);
        prop_assert_eq!((taken.rows.len(), taken.texts.len()), (0, 0));
    }
}

proptest! {
    #[test]
    fn tables_and_sorting_find_the_same(rows in prop::collection::vec(0i64..200, 0..300), done in 0usize..20) {
        let mut by_table = rows.clone();
        let different = Table::default().bring_forward(&mut by_table, &SameNumber);
        let mut by_sorting = rows.clone();
        let first = by_sorting.len().min(done);
        // As if the first ones had been found to be the same.
        let sorted = sort_forward(&mut by_sorting, first.min(1), first, &SameNumber);
        let set: BTreeSet<i64> = rows.iter().copied().collect();
        prop_assert_eq!(by_table[..different].iter().copied().collect::<BTreeSet<i64>>(), set);
        let rest: BTreeSet<i64> = rows.iter().take(first.min(1)).chain(rows.iter().skip(first)).copied().collect();
        prop_assert_eq!((sorted, by_sorting[..sorted].iter().copied().collect::<BTreeSet<i64>>()), (rest.len(), rest));
    }
}

#[test]
fn values_chosen_to_hash_alike_are_sorted_instead() {
    struct Alike;
    impl Same<i64> for Alike {
        fn hash(&self, _: &i64) -> u64 {
            0
        }
        fn compare(&self, a: &i64, b: &i64) -> Ordering {
            a.cmp(b)
        }
    }
    let mut rows: Vec<i64> = (0..100_000).map(|row| row % 50_000).collect();
    assert_eq!(Table::default().bring_forward(&mut rows, &Alike), 50_000);
}

#[test]
fn what_hardly_repeats_is_handed_over_as_it_is_and_what_repeats_is_not() {
    let [hardly, often] = [1_000_000, 40].map(|range| {
        let mut distinct = DistinctNumbers::default();
        (0..200_000).for_each(|row: i64| distinct.push(row as usize % 1_000, (row * 7_919) % range));
        distinct.take(1_000).into_parts().1.len()
    });
    assert_eq!((hardly, often), (200_000, 1_000));
    assert_eq!(texts_in(&[]).count(), 0);
    assert_eq!(texts_in(&[9, 0, 0, 0, 0, 0, 0, 0, 1]).count(), 0, "a text that is cut off is none");
}

#[test]
fn memory_follows_what_is_different_and_not_what_came() {
    let mut distinct = DistinctNumbers::default();
    let groups = vec![3; 1 << 16];
    for _ in 0..200 {
        distinct.extend(&groups, 0..1 << 16);
    }
    // Thirteen million rows, 65,536 different.
    assert!(distinct.size() <= 2 * ROWS_BEFORE_A_CUT * 12, "{} bytes", distinct.size());
    assert_eq!(distinct.counts(4), [0, 0, 0, 1 << 16]);
    let mut texts = DistinctTexts::default();
    for row in 0..5_000_000u64 {
        let text = format!("a file of some name, number {}", row % 1_000);
        texts.push(row as usize % 2, row % 1_000, text.as_bytes());
    }
    assert!(texts.size() <= 2 * ROWS_BEFORE_A_CUT * (28 + 32), "{} bytes", texts.size());
    assert_eq!(texts.counts(2), [500, 500]);
}
