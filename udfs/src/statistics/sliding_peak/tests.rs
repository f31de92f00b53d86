use super::*;
use datafusion::arrow::array::TimestampMicrosecondArray;
use proptest::prelude::*;

fn columns(minutes_of_day: &[Option<i64>], window: i64) -> Vec<ArrayRef> {
    let times = minutes_of_day.iter().map(|minute| minute.map(|minute| minute * 60_000_000)).collect::<TimestampMicrosecondArray>();
    let windows = Int64Array::from(vec![window; minutes_of_day.len()]);
    vec![Arc::new(times), Arc::new(windows)]
}

fn peaks(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

#[test]
fn each_group_has_its_own_peak_and_nulls_are_passed_over() {
    let mut groups = Peaks::default();
    let times = [Some(0), Some(0), Some(60), None, Some(61), Some(30)];
    groups.update_batch(&columns(&times, 60), &[0, 1, 0, 0, 1, 0], None, 3).expect("good columns");
    let result = groups.evaluate(EmitTo::All).expect("peaks");
    assert_eq!(peaks(&result), [Some(3), Some(1), Some(0)]);
}

#[test]
fn a_filter_keeps_rows_out_also_of_converted_states() {
    let filter = BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]);
    let values = columns(&[Some(0), Some(1), Some(2), Some(3)], 60);
    let states = Peaks::default().convert_to_state(&values, Some(&filter)).expect("states");
    let mut groups = Peaks::default();
    groups.merge_batch(&states, &[0, 0, 0, 0], 1).expect("good states");
    assert_eq!(peaks(&groups.evaluate(EmitTo::All).expect("peaks")), [Some(2)]);
}

#[test]
fn a_window_must_be_of_one_length_within_a_year() {
    for (window, good) in [(0, false), (-1, false), (527_041, false), (527_040, true), (1, true)] {
        assert_eq!(Peaks::default().update_batch(&columns(&[Some(0)], window), &[0], None, 1).is_ok(), good, "{window} minutes");
    }
    let mut groups = Peaks::default();
    groups.update_batch(&columns(&[Some(0)], 5), &[0], None, 2).expect("good columns");
    assert!(groups.update_batch(&columns(&[Some(0)], 6), &[1], None, 2).is_err());
    let states = groups.state(EmitTo::All).expect("states");
    let mut others = Peaks { minutes: Parameter { value: Some(6) }, ..Peaks::default() };
    assert!(others.merge_batch(&states, &[0, 1], 2).is_err());
}

#[test]
fn one_group_can_be_asked_again_and_again() {
    let mut single = SingleGroup::new(Peaks { groups: 1, ..Peaks::default() });
    assert_eq!(single.evaluate().expect("no rows yet"), ScalarValue::Int64(Some(0)));
    for expected in [1, 2, 3] {
        single.update_batch(&columns(&[Some(expected)], 5)).expect("good columns");
        assert_eq!(single.evaluate().expect("a peak"), ScalarValue::Int64(Some(expected)));
    }
    assert!(single.size() >= 3 * 12);
}

proptest! {
    #[test]
    fn however_rows_are_split_and_merged_the_peaks_are_the_same(
        rows in prop::collection::vec((0usize..3, prop::option::weighted(0.9, 0i64..2_000)), 1..60),
        cuts in prop::collection::vec(0usize..60, 0..4), first in 0usize..3,
    ) {
        let groups_of: Vec<usize> = rows.iter().map(|(group, _)| *group).collect();
        let times: Vec<Option<i64>> = rows.iter().map(|(_, time)| *time).collect();
        let mut whole = Peaks::default();
        whole.update_batch(&columns(&times, 60), &groups_of, None, 3).expect("good columns");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        let mut merged = Peaks::default();
        for pair in cuts.windows(2) {
            let (part_times, part_groups) = (&times[pair[0]..pair[1]], &groups_of[pair[0]..pair[1]]);
            let mut part = Peaks::default();
            part.update_batch(&columns(part_times, 60), part_groups, None, 3).expect("good columns");
            // Some groups leave earlier than others.
            for emit_to in [EmitTo::First(first), EmitTo::All] {
                let numbers: Vec<usize> = if emit_to == EmitTo::All { (first..3).collect() } else { (0..first).collect() };
                let states = part.state(emit_to).expect("states");
                merged.merge_batch(&states, &numbers, 3).expect("good states");
            }
        }
        let (whole, merged) = (whole.evaluate(EmitTo::All).expect("peaks"), merged.evaluate(EmitTo::All).expect("peaks"));
        prop_assert_eq!(peaks(&whole), peaks(&merged));
    }
}
