use super::*;
use datafusion::arrow::array::{BinaryViewArray, Float64Array, LargeStringArray, StringArray, StringViewArray, UInt64Array};
use datafusion::arrow::datatypes::Fields;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn empty_for(column: &ArrayRef) -> Distinct {
    let values =
        if is_text(column.data_type()) { Values::Texts(DistinctTexts::default()) } else { Values::Numbers(DistinctNumbers::default()) };
    Distinct { values, groups: 0 }
}

fn counts(distinct: &mut Distinct) -> Vec<i64> {
    let counts = distinct.evaluate(EmitTo::All).expect("counts");
    counts.as_primitive::<Int64Type>().values().to_vec()
}

/// The same values in every type they can come in.
fn columns(values: &[Option<u8>]) -> Vec<ArrayRef> {
    let texts: Vec<Option<String>> = values.iter().map(|value| value.map(|value| "file ".repeat(usize::from(value)))).collect();
    let bytes: Vec<Option<&[u8]>> = texts.iter().map(|text| text.as_ref().map(String::as_bytes)).collect();
    vec![
        Arc::new(values.iter().map(|value| value.map(|value| i64::from(value) - 9)).collect::<Int64Array>()),
        Arc::new(values.iter().map(|value| value.map(|value| u64::MAX - u64::from(value))).collect::<UInt64Array>()),
        Arc::new(values.iter().map(|value| value.map(|value| f64::from(value) / 8.0)).collect::<Float64Array>()),
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(LargeStringArray::from(texts.clone())),
        Arc::new(texts.iter().collect::<StringViewArray>()),
        Arc::new(BinaryViewArray::from(bytes)),
    ]
}

#[test]
fn zero_has_one_sign_and_what_is_no_number_is_one_value() {
    let column: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY]));
    let mut distinct = empty_for(&column);
    distinct.update_batch(&[column], &[0; 6], None, 2).expect("a good column");
    assert_eq!(counts(&mut distinct), [4, 0]);
}

#[test]
fn every_type_of_value_is_taken_or_refused_by_name() {
    let function = DistinctCount::new();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    for (given, coerced) in [
        (DataType::Utf8, DataType::Utf8),
        (DataType::BinaryView, DataType::BinaryView),
        (dictionary, DataType::Utf8),
        (DataType::UInt64, DataType::UInt64),
        (DataType::UInt8, DataType::Int64),
        (DataType::Float32, DataType::Float64),
        (DataType::Date32, DataType::Int64),
        (DataType::Decimal128(9, 2), DataType::Utf8),
        (DataType::Null, DataType::Int64),
    ] {
        assert_eq!(function.coerce_types(std::slice::from_ref(&given)).expect("a good type"), [coerced], "{given}");
    }
    let error = function.coerce_types(&[DataType::Struct(Fields::empty())]).expect_err("a struct");
    assert!(error.to_string().contains("value must be text"), "{error}");
    assert!(function.coerce_types(&[]).is_err());
}

proptest! {
    #[test]
    fn however_rows_are_split_and_merged_the_counts_are_those_of_sets(
        rows in prop::collection::vec((0usize..4, prop::option::weighted(0.9, 0u8..12), prop::option::weighted(0.9, any::<bool>())), 0..80),
        cuts in prop::collection::vec(0usize..80, 0..4), first in 0usize..4,
    ) {
        let groups: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let filter: BooleanArray = rows.iter().map(|row| row.2).collect();
        let mut sets = vec![BTreeSet::new(); 4];
        for (group, value, included) in &rows {
            if let (Some(value), Some(true)) = (value, included) {
                sets[*group].insert(*value);
            }
        }
        let expected: Vec<i64> = sets.iter().map(|set| set.len() as i64).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        for column in columns(&rows.iter().map(|row| row.1).collect::<Vec<_>>()) {
            let mut merged = empty_for(&column);
            for (turn, pair) in cuts.windows(2).enumerate() {
                let length = pair[1] - pair[0];
                let values = [column.slice(pair[0], length)];
                let (part_filter, part_groups) = (filter.slice(pair[0], length), &groups[pair[0]..pair[1]]);
                if turn % 3 == 0 {
                    merged.update_batch(&values, part_groups, Some(&part_filter), 4).expect("a good column");
                } else if turn % 3 == 1 {
                    let states = merged.empty_like().convert_to_state(&values, Some(&part_filter)).expect("states");
                    merged.merge_batch(&states, part_groups, 4).expect("good states");
                } else {
                    let mut part = merged.empty_like();
                    part.update_batch(&values, part_groups, Some(&part_filter), 4).expect("a good column");
                    for emit_to in [EmitTo::First(first), EmitTo::All] {
                        let numbers: Vec<usize> = if emit_to == EmitTo::All { (first..4).collect() } else { (0..first).collect() };
                        merged.merge_batch(&part.state(emit_to).expect("states"), &numbers, 4).expect("good states");
                    }
                }
            }
            let mut single = SingleGroup::new(Distinct { groups: 1, ..empty_for(&column) });
            single.update_batch(std::slice::from_ref(&column)).expect("a good column");
            let all: BTreeSet<u8> = rows.iter().filter_map(|row| row.1).collect();
            prop_assert_eq!(single.evaluate().expect("a count"), ScalarValue::Int64(Some(all.len() as i64)));
            prop_assert_eq!(counts(&mut merged), expected.clone(), "{}", column.data_type());
        }
    }
}
