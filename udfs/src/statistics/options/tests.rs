use super::*;
use datafusion::arrow::array::{Int32Array, ListArray, new_null_array};
use datafusion::arrow::buffer::OffsetBuffer;

fn struct_of(columns: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields: Fields = columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    Arc::new(StructArray::new(fields, columns.into_iter().map(|(_, column)| column).collect(), None))
}

fn ranges_of(ends: Vec<i32>, starts: Vec<Option<i32>>, stops: Vec<Option<i32>>) -> ArrayRef {
    let ranges = struct_of(vec![("from", Arc::new(Date32Array::from(starts)) as ArrayRef), ("to", Arc::new(Date32Array::from(stops)))]);
    let field = Arc::new(Field::new_list_field(ranges.data_type().clone(), true));
    Arc::new(ListArray::new(field, OffsetBuffer::new(ends.into()), ranges, None))
}

fn read(options: &ArrayRef) -> OptionColumns {
    OptionColumns::read(std::slice::from_ref(options), 0).expect("good options")
}

#[test]
fn nothing_given_is_the_defaults() {
    let none = OptionColumns::read(&[], 0).expect("no argument");
    assert_eq!(none.common(3).expect("the defaults"), Options::default());
    let nulls = new_null_array(&DataType::Struct(state_fields()), 2);
    assert_eq!(read(&nulls).common(2).expect("the defaults"), Options::default());
    assert_eq!(read(&new_null_array(&DataType::Null, 2)).common(2).expect("the defaults"), Options::default());
}

#[test]
fn open_ranges_reach_as_far_as_days_do() {
    let unknown = ranges_of(vec![0, 2, 3], vec![None, Some(20), Some(5)], vec![Some(3), None, Some(9)]);
    let options = read(&struct_of(vec![("unknown", unknown)]));
    let first = options.row(0).expect("good options").unknown;
    assert_eq!([-1_000_000, 2, 3, 19, 20, 1_000_000].map(|day| first.contains(day)), [true, true, false, false, true, true]);
    assert_eq!(options.row(1).expect("good options").unknown.ranges(), [(5, 9)]);
    assert!(options.common(2).is_err(), "two rows differ");
}

#[test]
fn a_state_gives_back_what_went_in() {
    let peers = Peers { expected: 1.0, spread: 2.0, mean: 3.0, variance: 4.0, between: 5.0, days: 6.0 };
    let all = Options {
        since: Some(-3),
        unknown: UnknownDays::of([(1, 4), (9, i64::from(LAST_DAY))]),
        week: Week::with_weekend([4, 5]),
        spread_min: Some(0.5),
        tail: false,
        peers: Some(peers),
    };
    let plain = Options { week: Week::with_weekend([]), ..Options::default() };
    let state = state(&[Some(&all), None, Some(&plain)]).expect("a state");
    assert!(state.is_null(1));
    let columns = read(&state);
    assert_eq!([0, 1, 2].map(|row| columns.row(row).expect("good options")), [all, Options::default(), plain]);
    assert!(columns.same(1, 1) && !columns.same(0, 1) && !columns.same(1, 2));
}

#[test]
fn what_cannot_be_is_an_error_that_says_what_can() {
    let weekend = |name: &str| read(&struct_of(vec![("weekend", Arc::new(StringArray::from(vec![name])) as ArrayRef)])).row(0);
    assert_eq!(weekend(" Fri, sat").expect("two days").week, Week::with_weekend([4, 5]));
    assert_eq!(weekend("none").expect("no day").week, Week::with_weekend([]));
    assert!(weekend("sunday").expect_err("no such name").to_string().contains("weekend must name days"));
    for spread in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = read(&struct_of(vec![("spread_min", Arc::new(Float64Array::from(vec![spread])) as ArrayRef)]));
        assert!(options.row(0).is_err(), "{spread}");
    }
    let fields = |name: &str, of: DataType| Fields::from(vec![Field::new(name, of, true)]);
    assert!(are_options(&fields("since", DataType::Date32)) && are_options(&fields("since", DataType::Null)));
    assert!(!are_options(&fields("since", DataType::Utf8)) && !are_options(&fields("sinse", DataType::Date32)));
    assert!(!are_options(&fields("unknown", DataType::Date32)) && !are_options(&fields("peers", DataType::Struct(Fields::empty()))));
}

#[test]
fn peers_that_are_not_sound_numbers_are_no_peers() {
    let peers = |mean: Option<f64>| {
        let column = |number: Option<f64>| -> ArrayRef { Arc::new(Float64Array::from(vec![number])) };
        let whole: ArrayRef = Arc::new(Int32Array::from(vec![7]));
        let columns = PEERS.iter().map(|name| (*name, if *name == "mean" { column(mean) } else { Arc::clone(&whole) })).collect();
        read(&struct_of(vec![("peers", struct_of(columns))])).row(0).expect("good options").peers
    };
    assert!(peers(Some(1.0)).is_some_and(|peers| peers.mean == 1.0 && peers.days == 7.0));
    for mean in [None, Some(f64::NAN), Some(-1.0), Some(f64::INFINITY)] {
        assert_eq!(peers(mean), None, "{mean:?}");
    }
}
