use super::*;
use crate::statistics::sequence_match_each::SequenceMatchEach;
use datafusion::arrow::array::StringViewArray;
use datafusion::logical_expr::WindowUDFImpl;
use datafusion::logical_expr::function::PartitionEvaluatorArgs;
use proptest::prelude::*;

/// Minute, first, second, key.
type Row = (Option<i64>, Option<bool>, Option<bool>, Option<u8>);

fn micros() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn columns(rows: &[Row], within_minutes: i64) -> Vec<ArrayRef> {
    let times: TimestampMicrosecondArray = rows.iter().map(|row| row.0.map(|minute| minute * 60_000_000)).collect();
    vec![
        Arc::new(times.with_data_type(micros())),
        Arc::new(rows.iter().map(|row| row.1).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| row.3.map(|key| format!("plan {key}.xlsx"))).collect::<StringViewArray>()),
        Arc::new(Int64Array::from(vec![within_minutes; rows.len()])),
    ]
}

fn matches(acts: &mut Acts) -> StructArray {
    acts.evaluate(EmitTo::All).expect("matches").as_struct().clone()
}

fn pairs(matches: &StructArray) -> Vec<i64> {
    matches.column(3).as_primitive::<Int64Type>().values().to_vec()
}

#[test]
fn only_rows_that_can_be_part_of_a_sequence_are_kept() {
    let rows = [
        (Some(0), Some(true), Some(false), Some(1)),
        (Some(1), None, Some(false), Some(1)),
        (None, Some(true), None, Some(1)),
        (Some(3), Some(true), None, None),
        (Some(4), None, Some(true), Some(1)),
    ];
    let mut acts = Acts::with_times(micros());
    acts.update_batch(&columns(&rows, 60), &[0, 0, 0, 0, 0], None, 2).expect("good columns");
    assert_eq!((acts.acts.len(), acts.keys.numbers.len()), (2, 1));
    let found = matches(&mut acts);
    assert_eq!(pairs(&found), [1, 0]);
    assert_eq!(found.column(1).data_type(), &micros());
    assert!(found.column(1).is_null(1) && !found.column(0).as_boolean().value(1));
    assert_eq!(acts.keys.numbers.len(), 0, "keys leave with the last acts");
}

#[test]
fn within_must_be_one_number_within_a_year() {
    let row = [(Some(0), Some(true), Some(false), Some(1))];
    for (within, good) in [(0, false), (527_041, false), (527_040, true)] {
        assert_eq!(Acts::with_times(micros()).update_batch(&columns(&row, within), &[0], None, 1).is_ok(), good, "{within}");
    }
    let mut acts = Acts::with_times(micros());
    acts.update_batch(&columns(&row, 5), &[0], None, 1).expect("good columns");
    assert!(acts.update_batch(&columns(&row, 6), &[0], None, 1).is_err());
}

proptest! {
    #[test]
    fn however_rows_are_split_and_merged_the_sequences_are_those_of_the_window_form(
        rows in prop::collection::vec(
            (0usize..3, (prop::option::weighted(0.95, 0i64..300), prop::option::of(any::<bool>()), prop::option::of(any::<bool>()),
            prop::option::weighted(0.95, 0u8..4))), 1..60,
        ),
        cuts in prop::collection::vec(0usize..60, 0..4), first in 0usize..3,
    ) {
        let groups: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let acts: Vec<Row> = rows.iter().map(|row| row.1).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        let mut merged = Acts::with_times(micros());
        for (turn, pair) in cuts.windows(2).enumerate() {
            let (values, part_groups) = (columns(&acts[pair[0]..pair[1]], 60), &groups[pair[0]..pair[1]]);
            if turn % 3 == 0 {
                merged.update_batch(&values, part_groups, None, 3).expect("good columns");
            } else if turn % 3 == 1 {
                let states = merged.convert_to_state(&values, None).expect("states");
                merged.merge_batch(&states, part_groups, 3).expect("good states");
            } else {
                let mut part = Acts::with_times(micros());
                part.update_batch(&values, part_groups, None, 3).expect("good columns");
                for emit_to in [EmitTo::First(first), EmitTo::All] {
                    let numbers: Vec<usize> = if emit_to == EmitTo::All { (first..3).collect() } else { (0..first).collect() };
                    merged.merge_batch(&part.state(emit_to).expect("states"), &numbers, 3).expect("good states");
                }
            }
        }
        let found = matches(&mut merged);
        for group in 0..3 {
            let own: Vec<Row> = rows.iter().filter(|row| row.0 == group).map(|row| row.1).collect();
            let mut evaluator = SequenceMatchEach::new().partition_evaluator(PartitionEvaluatorArgs::default()).expect("an evaluator");
            let each = evaluator.evaluate_all(&columns(&own, 60), own.len()).expect("good columns");
            let matched = each.as_struct().column(0).as_boolean().true_count();
            prop_assert_eq!(pairs(&found)[group], matched as i64);
            prop_assert_eq!(found.column(0).as_boolean().value(group), matched > 0);
        }
    }
}
