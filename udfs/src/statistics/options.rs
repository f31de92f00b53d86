//! The options of the baseline functions: a struct with any of the names below, the same in all rows of a person.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Date32Array, Float64Array, ListArray, PrimitiveArray, StringArray,
    StructArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, Fields, Float64Type};
use datafusion::common::{Result, exec_err};

use super::kernels::baseline::Options;
use super::kernels::calendar::{UnknownDays, Week};
use super::kernels::peers::Peers;
use super::states::{group_lists, list_type, place};

/// The names of options, for messages.
pub(super) const NAMES: &str = "since (a date), unknown (a list of struct(start, end), dates), weekend (text as 'sat,sun' or 'none'), \
     spread_min (a number), tail (a boolean), peers (what peer_baseline returns)";

/// What is usual in a group, as `peer_baseline` returns it.
pub(super) const PEERS: [&str; 6] = ["expected", "spread", "mean", "variance", "between", "days"];

const DAYS_OF_WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// A range without a start or end is open there.
const FIRST_DAY: i32 = i32::MIN;
const LAST_DAY: i32 = i32::MAX;

/// Whether a struct's fields are options of good types.
pub(super) fn are_options(fields: &Fields) -> bool {
    let is_day = |given: &DataType| given.is_null() || matches!(given, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..));
    fields.iter().all(|field| match (field.name().as_str(), field.data_type()) {
        ("since" | "unknown" | "weekend" | "spread_min" | "tail" | "peers", DataType::Null) => true,
        ("since", given) => is_day(given),
        ("unknown", DataType::List(range) | DataType::LargeList(range) | DataType::FixedSizeList(range, _)) => match range.data_type() {
            DataType::Struct(ends) => ends.len() == 2 && ends.iter().all(|end| is_day(end.data_type())),
            other => other.is_null(),
        },
        ("weekend", given) => given.is_string(),
        ("spread_min", given) => given.is_numeric(),
        ("tail", given) => *given == DataType::Boolean,
        ("peers", DataType::Struct(numbers)) => {
            PEERS.iter().all(|name| numbers.find(name).is_some_and(|(_, number)| number.data_type().is_numeric()))
        }
        _ => false,
    })
}

/// The options of each row, in the types in which they are read.
pub(super) struct OptionColumns {
    present: Option<NullBuffer>,
    since: Option<Date32Array>,
    unknown: Option<(ListArray, Date32Array, Date32Array)>,
    weekend: Option<StringArray>,
    spread_min: Option<Float64Array>,
    tail: Option<BooleanArray>,
    peers: Option<(Option<NullBuffer>, Vec<Float64Array>)>,
}

impl OptionColumns {
    /// Reads the argument at this place; without one, every row has the defaults.
    pub(super) fn read(values: &[ArrayRef], index: usize) -> Result<OptionColumns> {
        let given = values.get(index).and_then(|column| column.as_struct_opt());
        let column = |name: &str, of: &DataType| -> Result<Option<ArrayRef>> {
            match given.and_then(|given| given.column_by_name(name)) {
                Some(column) if column.data_type().is_null() => Ok(None),
                Some(column) => Ok(Some(cast(column, of)?)),
                None => Ok(None),
            }
        };
        Ok(OptionColumns {
            present: given.and_then(|given| given.nulls().cloned()),
            since: column("since", &DataType::Date32)?.map(|days| days.as_primitive::<Date32Type>().clone()),
            unknown: given.and_then(|given| given.column_by_name("unknown")).map(ranges).transpose()?.flatten(),
            weekend: column("weekend", &DataType::Utf8)?.map(|names| names.as_string::<i32>().clone()),
            spread_min: column("spread_min", &DataType::Float64)?.map(|numbers| numbers.as_primitive::<Float64Type>().clone()),
            tail: column("tail", &DataType::Boolean)?.map(|flags| flags.as_boolean().clone()),
            peers: given.and_then(|given| given.column_by_name("peers")?.as_struct_opt()).map(numbers).transpose()?,
        })
    }

    /// Whether two rows have the same options.
    pub(super) fn same(&self, a: usize, b: usize) -> bool {
        let present = |row: usize| self.present.as_ref().is_none_or(|present| present.is_valid(row));
        self.since.as_ref().is_none_or(|days| value(days, a) == value(days, b))
            && self.spread_min.as_ref().is_none_or(|numbers| value(numbers, a) == value(numbers, b))
            && self.weekend.as_ref().is_none_or(|names| text(names, a) == text(names, b))
            && self.tail.as_ref().is_none_or(|flags| flag(flags, a) == flag(flags, b))
            && self.peers.as_ref().is_none_or(|(known, numbers)| {
                let is_known = |row: usize| known.as_ref().is_none_or(|known| known.is_valid(row));
                let are_same = || numbers.iter().all(|number| value(number, a) == value(number, b));
                is_known(a) == is_known(b) && (!is_known(a) || are_same())
            })
            && self.ranges(a).eq(self.ranges(b))
            && present(a) == present(b)
    }

    /// The options of one row.
    pub(super) fn row(&self, row: usize) -> Result<Options> {
        let mut options = Options::default();
        if self.present.as_ref().is_some_and(|present| present.is_null(row)) {
            return Ok(options);
        }
        options.since = self.since.as_ref().and_then(|days| value(days, row)).map(i64::from);
        options.unknown = UnknownDays::of(self.ranges(row));
        if let Some(names) = self.weekend.as_ref().and_then(|names| text(names, row)) {
            options.week = week(names)?;
        }
        options.spread_min = self.spread_min.as_ref().and_then(|numbers| value(numbers, row));
        if let Some(number) = options.spread_min.filter(|number| !(number.is_finite() && *number > 0.0)) {
            return exec_err!("spread_min must be above 0, got {number}");
        }
        options.tail = self.tail.as_ref().and_then(|flags| flag(flags, row)).unwrap_or(true);
        options.peers = self.peers_of(row);
        Ok(options)
    }

    /// The options that all rows have.
    pub(super) fn common(&self, rows: usize) -> Result<Options> {
        match (1..rows).find(|row| !self.same(0, *row)) {
            Some(_) => exec_err!("options must be the same in all rows of a group"),
            None if rows == 0 => Ok(Options::default()),
            None => self.row(0),
        }
    }

    fn peers_of(&self, row: usize) -> Option<Peers> {
        let (present, numbers) = self.peers.as_ref()?;
        if present.as_ref().is_some_and(|present| present.is_null(row)) {
            return None;
        }
        let number = |name: &str| {
            let place = PEERS.iter().position(|other| *other == name)?;
            value(numbers.get(place)?, row)
        };
        let peers = Peers {
            expected: number("expected")?,
            spread: number("spread")?,
            mean: number("mean")?,
            variance: number("variance")?,
            between: number("between")?,
            days: number("days")?,
        };
        peers.checked()
    }

    fn ranges(&self, row: usize) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.unknown.iter().flat_map(move |(lists, starts, ends)| {
            let place = if lists.is_valid(row) { place(lists, row) } else { 0..0 };
            let items = lists.values();
            place.filter(|index| items.is_valid(*index)).map(|index| {
                let start = value(starts, index).unwrap_or(FIRST_DAY);
                (i64::from(start), i64::from(value(ends, index).unwrap_or(LAST_DAY)))
            })
        })
    }
}

fn value<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}

fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn flag(column: &BooleanArray, row: usize) -> Option<bool> {
    column.is_valid(row).then(|| column.value(row))
}

fn ranges(column: &ArrayRef) -> Result<Option<(ListArray, Date32Array, Date32Array)>> {
    let item = match column.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) if !item.data_type().is_null() => item,
        _ => return Ok(None),
    };
    let lists = cast(column, &DataType::List(Arc::clone(item)))?.as_list::<i32>().clone();
    let Some([start, end]) = lists.values().as_struct_opt().map(StructArray::columns) else { return Ok(None) };
    let days = |column: &ArrayRef| Ok(cast(column, &DataType::Date32)?.as_primitive::<Date32Type>().clone());
    let (starts, ends): (Result<Date32Array>, Result<Date32Array>) = (days(start), days(end));
    Ok(Some((lists, starts?, ends?)))
}

fn numbers(peers: &StructArray) -> Result<(Option<NullBuffer>, Vec<Float64Array>)> {
    let mut numbers = Vec::with_capacity(PEERS.len());
    for name in PEERS {
        if let Some(column) = peers.column_by_name(name) {
            numbers.push(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone());
        }
    }
    Ok((peers.nulls().cloned(), numbers))
}

fn week(names: &str) -> Result<Week> {
    let mut days = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.eq_ignore_ascii_case("none")) {
        match (0..).zip(DAYS_OF_WEEK).find(|(_, day)| name.eq_ignore_ascii_case(day)) {
            Some((day, _)) => days.push(day),
            None => return exec_err!("weekend must name days as in 'sat,sun', or be 'none', got {names:?}"),
        }
    }
    Ok(Week::with_weekend(days))
}

fn range_fields() -> Fields {
    Fields::from(vec![Field::new("start", DataType::Date32, true), Field::new("end", DataType::Date32, true)])
}

fn peer_fields() -> Fields {
    PEERS.iter().map(|name| Field::new(*name, DataType::Float64, true)).collect()
}

/// The struct of options as a state holds it.
pub(super) fn state_fields() -> Fields {
    Fields::from(vec![
        Field::new("since", DataType::Date32, true),
        Field::new("unknown", list_type(DataType::Struct(range_fields())), true),
        Field::new("weekend", DataType::Utf8, true),
        Field::new("spread_min", DataType::Float64, true),
        Field::new("tail", DataType::Boolean, true),
        Field::new("peers", DataType::Struct(peer_fields()), true),
    ])
}

/// The options of each group, to be read again by [`OptionColumns::read`].
pub(super) fn state(groups: &[Option<&Options>]) -> Result<ArrayRef> {
    let day = |day: i64| i32::try_from(day).unwrap_or(LAST_DAY);
    let (mut starts, mut stops, mut list_ends) = (Vec::new(), Vec::new(), Vec::new());
    for options in groups {
        for (start, stop) in options.map_or(&[][..], |options| options.unknown.ranges()) {
            starts.push(day(*start));
            stops.push(day(*stop));
        }
        list_ends.push(starts.len());
    }
    let ranges: Vec<ArrayRef> = vec![Arc::new(Date32Array::from(starts)), Arc::new(Date32Array::from(stops))];
    let ranges = StructArray::try_new(range_fields(), ranges, None)?;
    let weekend = |options: &Options| {
        let names: Vec<&str> = options.week.weekend().filter_map(|day| DAYS_OF_WEEK.get(usize::from(day)).copied()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(",") }
    };
    let peers = |number: fn(&Peers) -> f64| -> ArrayRef {
        Arc::new(groups.iter().map(|options| options.and_then(|options| options.peers.as_ref().map(number))).collect::<Float64Array>())
    };
    let peers: Vec<ArrayRef> = vec![
        peers(|peers| peers.expected),
        peers(|peers| peers.spread),
        peers(|peers| peers.mean),
        peers(|peers| peers.variance),
        peers(|peers| peers.between),
        peers(|peers| peers.days),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(groups.iter().map(|options| options.and_then(|options| options.since).map(day)).collect::<Date32Array>()),
        group_lists(&list_ends, Arc::new(ranges))?,
        Arc::new(groups.iter().map(|options| options.map(weekend)).collect::<StringArray>()),
        Arc::new(groups.iter().map(|options| options.and_then(|options| options.spread_min)).collect::<Float64Array>()),
        Arc::new(groups.iter().map(|options| options.map(|options| options.tail)).collect::<BooleanArray>()),
        Arc::new(StructArray::try_new(peer_fields(), peers, None)?),
    ];
    let present: NullBuffer = groups.iter().map(Option::is_some).collect::<Vec<bool>>().into();
    Ok(Arc::new(StructArray::try_new(state_fields(), columns, Some(present))?))
}

#[cfg(test)]
mod tests;
