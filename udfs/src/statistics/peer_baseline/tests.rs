use super::*;
use crate::statistics::baseline_result::baseline_array;
use crate::statistics::kernels::baseline::Baseline;
use proptest::prelude::*;

fn baseline(mean: f64, history: i64, learning: bool) -> Baseline {
    Baseline {
        expected: Some(mean),
        spread: Some((mean + 1.0).sqrt()),
        score: None,
        p_value: None,
        history,
        learning,
        mean: Some(mean),
        variance: Some(mean),
    }
}

fn number(peers: &ArrayRef, name: &str) -> Option<f64> {
    let column = peers.as_struct().column_by_name(name).expect("a field").clone();
    let column = cast(&column, &DataType::Float64).expect("a number");
    (peers.is_valid(0) && column.is_valid(0)).then(|| column.as_primitive::<Float64Type>().value(0))
}

fn peers_of(baselines: &[Option<Baseline>]) -> ArrayRef {
    let mut members = Members::default();
    let column = baseline_array(&baselines.iter().map(Option::as_ref).collect::<Vec<_>>()).expect("a column");
    members.update_batch(&[column], &vec![0; baselines.len()], None, 1).expect("good columns");
    members.evaluate(EmitTo::All).expect("peers")
}

#[test]
fn members_that_learn_or_are_unknown_do_not_count_and_few_say_nothing() {
    let mut members: Vec<Option<Baseline>> = (1..=4).map(|mean| Some(baseline(f64::from(mean), 28, false))).collect();
    members.extend([Some(baseline(500.0, 3, true)), None]);
    assert_eq!(number(&peers_of(&members), "people"), None);
    members.push(Some(baseline(5.0, 28, false)));
    let peers = peers_of(&members);
    assert_eq!((number(&peers, "people"), number(&peers, "expected"), number(&peers, "mean")), (Some(5.0), Some(3.0), Some(3.0)));
}

#[test]
fn one_heavy_user_does_not_make_the_group() {
    let mut members: Vec<Option<Baseline>> = (0..20).map(|person| Some(baseline(f64::from(3 + person % 3), 28, false))).collect();
    let before = number(&peers_of(&members), "mean").expect("a mean");
    members.push(Some(baseline(100_000.0, 28, false)));
    let after = number(&peers_of(&members), "mean").expect("a mean");
    assert!(after < before + 2.0, "{before} became {after}");
}

#[test]
fn a_group_whose_people_are_alike_weighs_more_than_one_whose_are_not() {
    let alike: Vec<Option<Baseline>> = (0..20).map(|_| Some(baseline(4.0, 28, false))).collect();
    let different: Vec<Option<Baseline>> = (0..20).map(|person| Some(baseline(f64::from(person), 28, false))).collect();
    assert_eq!(number(&peers_of(&alike), "days"), Some(30.0));
    assert_eq!(number(&peers_of(&different), "days"), Some(1.0));
}

proptest! {
    #[test]
    fn however_members_are_split_and_merged_the_peers_are_the_same_and_finite(
        rows in prop::collection::vec((0usize..2, any::<f64>(), 1i64..90, prop::bool::weighted(0.1)), 0..60), cut in 0usize..60,
    ) {
        let baselines: Vec<Option<Baseline>> = rows.iter().map(|row| Some(baseline(row.1, row.2, row.3))).collect();
        let groups: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let column = baseline_array(&baselines.iter().map(Option::as_ref).collect::<Vec<_>>()).expect("a column");
        let mut whole = Members::default();
        whole.update_batch(&[Arc::clone(&column)], &groups, None, 2).expect("good columns");
        let cut = cut.min(rows.len());
        let mut merged = Members::default();
        // The second half comes first.
        for (start, end) in [(cut, rows.len()), (0, cut)] {
            let states = Members::default().convert_to_state(&[column.slice(start, end - start)], None).expect("states");
            merged.merge_batch(&states, &groups[start..end], 2).expect("good states");
        }
        let (whole, merged) = (whole.evaluate(EmitTo::All).expect("peers"), merged.evaluate(EmitTo::All).expect("peers"));
        prop_assert_eq!(&whole, &merged);
        for name in PEERS {
            prop_assert!(number(&whole, name).is_none_or(|number| number.is_finite() && number >= 0.0), "{}", name);
        }
    }
}
