use super::*;
use crate::statistics::activity_baseline::ActivityBaseline;
use datafusion::arrow::array::{Date32Array, Float64Array, StructArray};
use datafusion::arrow::compute::filter;
use datafusion::logical_expr::WindowUDFImpl;
use datafusion::logical_expr::function::PartitionEvaluatorArgs;
use proptest::prelude::*;

type Row = (Option<i32>, Option<f64>, Option<bool>);

fn columns(rows: &[Row], history: i64, at: i32) -> Vec<ArrayRef> {
    vec![
        Arc::new(rows.iter().map(|row| row.0).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<BooleanArray>()),
        Arc::new(Int64Array::from(vec![history; rows.len()])),
        Arc::new(Date32Array::from(vec![at; rows.len()])),
    ]
}

fn window_form(rows: &[Row], history: i64) -> StructArray {
    let mut evaluator = ActivityBaseline::new().partition_evaluator(PartitionEvaluatorArgs::default()).expect("an evaluator");
    let baselines = evaluator.evaluate_all(&columns(rows, history, 0)[..4], rows.len()).expect("good columns");
    baselines.as_struct().clone()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let value = prop_oneof![
        8 => (0u32..200).prop_map(|value| Some(f64::from(value) * 0.5)),
        1 => prop::sample::select(vec![None, Some(f64::NAN), Some(f64::INFINITY), Some(-4.0), Some(1e300), Some(-0.0)]),
    ];
    prop::collection::vec((prop::option::weighted(0.97, -30i32..60), value, prop::option::weighted(0.97, prop::bool::weighted(0.9))), 1..80)
}

proptest! {
    #[test]
    fn the_aggregate_gives_what_the_window_form_gives(
        rows in rows(), history in 1i64..40, cuts in prop::collection::vec(0usize..80, 0..4),
    ) {
        let all = window_form(&rows, history);
        for (index, day) in rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.0?))) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(rows.len())).chain([0, rows.len()]).collect();
            cuts.sort_unstable();
            let mut merged = Histories::default();
            for (turn, pair) in cuts.windows(2).enumerate() {
                let values = columns(&rows[pair[0]..pair[1]], history, day);
                let groups = vec![1; pair[1] - pair[0]];
                if turn % 2 == 0 {
                    merged.update_batch(&values, &groups, None, 2).expect("good columns");
                } else {
                    let states = Histories::default().convert_to_state(&values, None).expect("states");
                    merged.merge_batch(&states, &groups, 2).expect("good states");
                }
            }
            let result = merged.evaluate(EmitTo::All).expect("baselines");
            prop_assert!(result.is_null(0), "a group without rows has no baseline");
            prop_assert_eq!(result.as_struct().slice(1, 1), all.slice(index, 1), "day {}", day);
        }
    }
}

#[test]
fn a_day_without_a_row_counts_as_zero_and_one_before_the_first_has_no_answer() {
    let days: Vec<Row> = (0..30).map(|day| (Some(day), Some(8.0), Some(true))).collect();
    let score_at = |at: i32| {
        let mut groups = Histories::default();
        groups.update_batch(&columns(&days, 28, at), &[0; 30], None, 1).expect("good columns");
        let result = groups.evaluate(EmitTo::All).expect("a baseline");
        let scores = result.as_struct().column(2).as_primitive::<Float64Type>().clone();
        (result.is_valid(0) && scores.is_valid(0)).then(|| scores.value(0))
    };
    assert_eq!((score_at(29), score_at(30), score_at(-1)), (Some(0.0), Some(-8.0 / 3.0), None));
}

#[test]
fn only_the_days_looked_back_on_are_kept() {
    let days: Vec<Row> = (0..1_000).map(|day| (Some(day), Some(8.0), Some(true))).collect();
    let mut groups = Histories::default();
    groups.update_batch(&columns(&days, 28, 999), &[0; 1_000], None, 1).expect("good columns");
    assert!(groups.size() < 5_000, "{} bytes", groups.size());
    let states = groups.state(EmitTo::All).expect("states");
    assert_eq!(states[0].as_list::<i32>().value(0).len(), 29);
    assert_eq!(states[2].as_primitive::<datafusion::arrow::datatypes::Int64Type>().value(0), 0, "the first day is remembered");
}

#[test]
fn parameters_must_be_good_and_the_same_for_all_rows_of_a_group() {
    let row = [(Some(0), Some(8.0), Some(true))];
    for (history, good) in [(0, false), (3_661, false), (1, true), (3_660, true)] {
        assert_eq!(Histories::default().update_batch(&columns(&row, history, 0), &[0], None, 1).is_ok(), good, "{history} days");
    }
    let mut groups = Histories::default();
    groups.update_batch(&columns(&row, 28, 0), &[0], None, 2).expect("good columns");
    groups.update_batch(&columns(&row, 28, 1), &[1], None, 2).expect("another group may ask for another day");
    assert!(groups.update_batch(&columns(&row, 28, 1), &[0], None, 2).is_err());
}

#[test]
fn filtering_rows_equals_leaving_them_out() {
    let days: Vec<Row> = (0..40).map(|day| (Some(day), Some(f64::from(day % 7)), Some(true))).collect();
    let values = columns(&days, 28, 39);
    let chosen: BooleanArray = (0..40).map(|day| Some(day % 3 != 1 || day == 39)).collect();
    let mut filtered = Histories::default();
    filtered.update_batch(&values, &[0; 40], Some(&chosen), 1).expect("good columns");
    let without: Vec<ArrayRef> = values.iter().map(|column| filter(column, &chosen).expect("same length")).collect();
    let mut left_out = SingleGroup::new(Histories { people: vec![Person::default()], ..Histories::default() });
    left_out.update_batch(&without).expect("good columns");
    let result = filtered.evaluate(EmitTo::All).expect("a baseline");
    assert_eq!(datafusion::common::ScalarValue::try_from_array(&result, 0).expect("a value"), left_out.evaluate().expect("a baseline"));
}
