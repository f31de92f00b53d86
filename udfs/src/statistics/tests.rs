use super::*;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::Volatility;

fn names() -> Vec<String> {
    let aggregates = aggregate_functions().into_iter().map(|function| function.name().to_owned());
    let windows = window_functions().into_iter().map(|function| function.name().to_owned());
    let mut names: Vec<String> = aggregates.chain(windows).collect();
    names.sort();
    names
}

#[test]
fn every_function_is_described_once_under_its_name() {
    let described: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    assert_eq!(described, names());
    for function in FUNCTIONS {
        assert!(function.syntax.starts_with(&format!("{}(", function.name)), "{}", function.name);
        assert!(function.example.contains(&format!("{}(", function.name)), "{}", function.name);
        assert!(function.version > 0 && function.description.ends_with('.'), "{}", function.name);
    }
}

#[test]
fn answers_depend_on_the_arguments_alone() {
    let immutable = |volatility: Volatility| volatility == Volatility::Immutable;
    assert!(aggregate_functions().iter().all(|function| immutable(function.signature().volatility)));
    assert!(window_functions().iter().all(|function| immutable(function.signature().volatility)));
}

#[test]
fn arguments_come_from_every_type_they_reasonably_could() {
    let functions = window_functions();
    let named = |name: &str| functions.iter().find(|function| function.name() == name).expect("a window function");
    let utc = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
    let naive = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let coerced = named("activity_baseline").coerce_types(&[utc.clone(), DataType::UInt64, DataType::Boolean, DataType::Int32]);
    assert_eq!(coerced.expect("good types"), [DataType::Date32, DataType::Float64, DataType::Boolean, DataType::Int64]);
    for key in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, DataType::Int64, DataType::Null, dictionary] {
        let coerced = named("first_seen").coerce_types(&[key, utc.clone(), DataType::Int64]).expect("good types");
        let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(coerced, [DataType::Utf8View, micros, DataType::Float64]);
    }
    let coerced = named("first_seen").coerce_types(&[DataType::Binary, naive.clone(), DataType::Int64]).expect("good types");
    assert_eq!(coerced[0], DataType::BinaryView);
    // An hour of the day says something only on the person's own clock.
    assert!(named("hour_of_week_rarity").coerce_types(&[naive, DataType::Int64, DataType::Int64]).is_ok());
    let error = named("hour_of_week_rarity").coerce_types(&[utc, DataType::Int64, DataType::Int64]).expect_err("a time zone");
    assert!(error.to_string().contains("without time zone"), "{error}");
    let error = named("ewma_baseline").coerce_types(&[DataType::Date32, DataType::Int64]).expect_err("an argument too few");
    assert!(error.to_string().contains("takes 3 or 4 arguments (bucket, value, alpha, options), got 2"), "{error}");
}
