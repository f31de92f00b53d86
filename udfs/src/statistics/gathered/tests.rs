use super::*;
use crate::statistics::cumulative_excess::CumulativeExcess;
use crate::statistics::cumulative_excess_at::CumulativeExcessAt;
use crate::statistics::ewma_baseline::EwmaBaseline;
use crate::statistics::ewma_baseline_at::EwmaBaselineAt;
use crate::statistics::first_seen::FirstSeen;
use crate::statistics::first_seen_at::FirstSeenAt;
use crate::statistics::hour_of_week_rarity::HourOfWeekRarity;
use crate::statistics::hour_of_week_rarity_at::HourOfWeekRarityAt;
use datafusion::arrow::array::{Date32Array, StringViewArray, TimestampMicrosecondArray};
use datafusion::logical_expr::WindowUDFImpl;
use datafusion::logical_expr::function::PartitionEvaluatorArgs;
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000;

fn window_form(function: &dyn WindowUDFImpl, values: &[ArrayRef]) -> ArrayRef {
    let mut evaluator = function.partition_evaluator(PartitionEvaluatorArgs::default()).expect("an evaluator");
    evaluator.evaluate_all(values, values[0].len()).expect("good columns")
}

/// The answer of group 1 of 2, whose rows come in parts, some as states.
fn at_form<F: AtForm>(values: &[ArrayRef], cuts: &[usize]) -> ArrayRef {
    let rows = values[0].len();
    let given: Vec<DataType> = values.iter().map(|column| column.data_type().clone()).collect();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(rows)).chain([0, rows]).collect();
    cuts.sort_unstable();
    let mut merged = Gathered::<F>::of(&given);
    for (turn, pair) in cuts.windows(2).enumerate() {
        let part: Vec<ArrayRef> = values.iter().map(|column| column.slice(pair[0], pair[1] - pair[0])).collect();
        let groups = vec![1; pair[1] - pair[0]];
        if turn % 2 == 0 {
            merged.update_batch(&part, &groups, None, 2).expect("good columns");
        } else {
            let states = merged.convert_to_state(&part, None).expect("states");
            merged.merge_batch(&states, &groups, 2).expect("good states");
        }
    }
    let answers = merged.evaluate(EmitTo::All).expect("answers");
    assert!(answers.is_null(0), "a group without rows has no answer");
    answers.slice(1, 1)
}

/// Compares both forms for the moment of each row.
fn forms_agree<F: AtForm>(
    function: &dyn WindowUDFImpl,
    values: &[ArrayRef],
    with_moment: impl Fn(usize) -> Option<Vec<ArrayRef>>,
    cuts: &[usize],
) {
    let each = window_form(function, values);
    for row in 0..values[0].len() {
        if let Some(values) = with_moment(row) {
            assert_eq!(&at_form::<F>(&values, cuts), &each.slice(row, 1), "row {row} of {:?}", values[0]);
        }
    }
}

fn dates(days: &[Option<i32>]) -> ArrayRef {
    Arc::new(days.iter().copied().collect::<Date32Array>())
}

fn hours(hours: &[Option<i64>]) -> ArrayRef {
    Arc::new(hours.iter().map(|hour| hour.map(|hour| hour * HOUR)).collect::<TimestampMicrosecondArray>())
}

fn numbers(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<Float64Array>())
}

fn amount() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        8 => (0u32..60).prop_map(|value| Some(f64::from(value) * 0.5)),
        1 => prop::sample::select(vec![None, Some(f64::NAN), Some(f64::INFINITY), Some(-4.0), Some(1e300)]),
    ]
}

proptest! {
    #[test]
    fn averages_and_sums_that_forget_are_the_same_in_both_forms(
        rows in prop::collection::vec((prop::option::weighted(0.97, -20i32..40), amount(), amount()), 1..40),
        since in prop::option::of(-25i32..45), unknown in (-25i32..40, 0i32..9), cuts in prop::collection::vec(0usize..40, 0..4),
    ) {
        let length = rows.len();
        let days: Vec<Option<i32>> = rows.iter().map(|row| row.0).collect();
        let values = numbers(&rows.iter().map(|row| row.1).collect::<Vec<_>>());
        let expected = numbers(&rows.iter().map(|row| row.2).collect::<Vec<_>>());
        let alpha = numbers(&vec![Some(0.2); length]);
        let given = Options {
            since: since.map(i64::from),
            unknown: crate::statistics::kernels::calendar::UnknownDays::of([(i64::from(unknown.0), i64::from(unknown.0 + unknown.1))]),
            ..Options::default()
        };
        let options = options::state(&vec![Some(&given); length]).expect("options");
        let at = |row: usize| Some(dates(&vec![Some(days[row]?); length]));
        let columns = [dates(&days), Arc::clone(&values), Arc::clone(&alpha), Arc::clone(&options)];
        let with_at = |row| Some(vec![dates(&days), Arc::clone(&values), Arc::clone(&alpha), at(row)?, Arc::clone(&options)]);
        forms_agree::<EwmaBaselineAt>(&EwmaBaseline::new(), &columns, with_at, &cuts);
        let columns = [dates(&days), Arc::clone(&values), Arc::clone(&expected), Arc::clone(&options)];
        let with_at = |row| Some(vec![dates(&days), Arc::clone(&values), Arc::clone(&expected), at(row)?, Arc::clone(&options)]);
        forms_agree::<CumulativeExcessAt>(&CumulativeExcess::new(), &columns, with_at, &cuts);
    }

    #[test]
    fn rare_hours_and_new_keys_are_the_same_in_both_forms(
        rows in prop::collection::vec((prop::option::weighted(0.97, 0i64..800), amount()), 1..40),
        cuts in prop::collection::vec(0usize..40, 0..4),
    ) {
        let length = rows.len();
        let times: Vec<Option<i64>> = rows.iter().map(|row| row.0).collect();
        let values = numbers(&rows.iter().map(|row| row.1).collect::<Vec<_>>());
        let history: ArrayRef = Arc::new(Int64Array::from(vec![14; length]));
        let at = |row: usize| Some(hours(&vec![Some(times[row]?); length]));
        let columns = [hours(&times), Arc::clone(&values), Arc::clone(&history)];
        let with_at = |row| Some(vec![hours(&times), Arc::clone(&values), Arc::clone(&history), at(row)?]);
        forms_agree::<HourOfWeekRarityAt>(&HourOfWeekRarity::new(), &columns, with_at, &cuts);
        let key: ArrayRef = Arc::new(StringViewArray::from(vec!["laptop"; length]));
        let half_life = numbers(&vec![Some(3.0); length]);
        let columns = [key, hours(&times), Arc::clone(&half_life)];
        let with_at = |row| Some(vec![hours(&times), Arc::clone(&half_life), at(row)?]);
        forms_agree::<FirstSeenAt>(&FirstSeen::new(), &columns, with_at, &cuts);
    }
}

#[test]
fn rows_after_the_moment_are_not_kept() {
    let days: Vec<Option<i32>> = (0..1_000).map(Some).collect();
    let mut gathered = Gathered::<EwmaBaselineAt>::answering(DataType::Null);
    let columns = [dates(&days), numbers(&vec![Some(1.0); 1_000]), numbers(&vec![Some(0.1); 1_000]), dates(&vec![Some(9); 1_000])];
    gathered.update_batch(&columns, &[0; 1_000], None, 1).expect("good columns");
    assert_eq!(gathered.rows.len(), 10);
}

#[test]
fn settings_must_be_good_and_the_same_for_all_rows_of_a_group() {
    let row = |alpha: f64, day: i32| [dates(&[Some(0)]), numbers(&[Some(1.0)]), numbers(&[Some(alpha)]), dates(&[Some(day)])];
    let mut gathered = Gathered::<EwmaBaselineAt>::answering(DataType::Null);
    assert!(gathered.update_batch(&row(0.0, 1), &[0], None, 1).is_err());
    gathered.update_batch(&row(0.5, 1), &[0], None, 2).expect("good columns");
    gathered.update_batch(&row(0.1, 2), &[1], None, 2).expect("another group may ask otherwise");
    assert!(gathered.update_batch(&row(0.1, 1), &[0], None, 2).is_err());
    assert!(gathered.update_batch(&row(0.5, 2), &[0], None, 2).is_err());
}
