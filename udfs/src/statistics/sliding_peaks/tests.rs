use super::*;
use datafusion::arrow::array::TimestampMicrosecondArray;
use proptest::prelude::*;

const HOUR: i64 = 60 * MICROSECONDS;
const MICROSECONDS: i64 = 60_000_000;

type Row = (Option<i64>, Option<i32>);

/// Times in minutes.
fn columns(rows: &[Row], window: i64) -> Vec<ArrayRef> {
    let times = rows.iter().map(|row| row.0.map(|minute| minute * MICROSECONDS)).collect::<TimestampMicrosecondArray>();
    let days = rows.iter().map(|row| row.1).collect::<Date32Array>();
    vec![Arc::new(times), Arc::new(Int64Array::from(vec![window; rows.len()])), Arc::new(days)]
}

fn lists_of(array: &ArrayRef) -> Vec<Vec<(i32, i64)>> {
    let one = |list: ArrayRef| {
        let (days, peaks) = (list.as_struct().column(0).clone(), list.as_struct().column(1).clone());
        let (days, peaks) = (days.as_primitive::<Date32Type>(), peaks.as_primitive::<Int64Type>());
        days.values().iter().copied().zip(peaks.values().iter().copied()).collect()
    };
    array.as_list::<i32>().iter().map(|list| list.map_or(Vec::new(), one)).collect()
}

#[test]
fn windows_reach_across_midnight_into_the_day_before() {
    let evening = [(Some(1_430), Some(0)), (Some(1_435), Some(0)), (Some(1_445), Some(1)), (Some(1_600), Some(1)), (None, Some(1))];
    let mut groups = Times::default();
    groups.update_batch(&columns(&evening, 60), &[0, 0, 0, 0, 0], None, 2).expect("good columns");
    assert_eq!(lists_of(&groups.evaluate(EmitTo::All).expect("peaks")), [vec![(0, 2), (1, 3)], vec![]]);
}

#[test]
fn half_hour_zones_and_set_clocks_are_the_callers_days() {
    // Midnight in a zone of UTC+05:30 lies in the middle of an hour; where a clock is set back the local day still is one.
    let rows = [(Some(1_100), Some(0)), (Some(1_109), Some(0)), (Some(1_110), Some(1)), (Some(1_169), Some(1)), (Some(1_171), Some(1))];
    let mut groups = Times::default();
    groups.update_batch(&columns(&rows, 60), &[0; 5], None, 1).expect("good columns");
    // 1,109 to 1,169 is an hour exactly; 1,171 no longer sees 1,110.
    assert_eq!(lists_of(&groups.evaluate(EmitTo::All).expect("peaks")), [vec![(0, 2), (1, 3)]]);
    assert_eq!(HOUR, 3_600_000_000);
}

#[test]
fn minutes_must_be_one_number_within_a_year() {
    for (window, good) in [(0, false), (527_041, false), (527_040, true)] {
        assert_eq!(Times::default().update_batch(&columns(&[(Some(0), Some(0))], window), &[0], None, 1).is_ok(), good, "{window}");
    }
}

proptest! {
    #[test]
    fn however_rows_are_split_and_merged_the_peaks_are_the_same(
        rows in prop::collection::vec((0usize..3, prop::option::weighted(0.9, 0i64..4_000), prop::option::weighted(0.95, 0i32..4)), 1..60),
        cuts in prop::collection::vec(0usize..60, 0..4), first in 0usize..3,
        chosen in prop::collection::vec(prop::option::weighted(0.9, any::<bool>()), 60),
    ) {
        let groups: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let events: Vec<Row> = rows.iter().map(|row| (row.1, row.2)).collect();
        let filter: BooleanArray = chosen.into_iter().take(rows.len()).collect();
        let mut whole = Times::default();
        whole.update_batch(&columns(&events, 60), &groups, Some(&filter), 3).expect("good columns");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        let mut merged = Times::default();
        for pair in cuts.windows(2) {
            let values = columns(&events[pair[0]..pair[1]], 60);
            let part_filter = filter.slice(pair[0], pair[1] - pair[0]);
            let mut part = Times::default();
            part.update_batch(&values, &groups[pair[0]..pair[1]], Some(&part_filter), 3).expect("good columns");
            for emit_to in [EmitTo::First(first), EmitTo::All] {
                let numbers: Vec<usize> = if emit_to == EmitTo::All { (first..3).collect() } else { (0..first).collect() };
                merged.merge_batch(&part.state(emit_to).expect("states"), &numbers, 3).expect("good states");
            }
        }
        let converted = Times::default().convert_to_state(&columns(&events, 60), Some(&filter)).expect("states");
        let mut row_by_row = Times::default();
        row_by_row.merge_batch(&converted, &groups, 3).expect("good states");
        let lists = |mut times: Times| lists_of(&times.evaluate(EmitTo::All).expect("peaks"));
        let [whole, merged, row_by_row] = [whole, merged, row_by_row].map(lists);
        prop_assert_eq!(&whole, &merged);
        prop_assert_eq!(whole, row_by_row);
    }
}
