//! `first_seen(key, time, half_life_days) OVER (PARTITION BY person ORDER BY time)`

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, StructArray, TimestampMicrosecondArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDFImpl};

use super::arguments::{self, Argument, Kind};
use super::kernels::novelty::{Novelty, Sighting, novelties};
use crate::functions::FunctionInfo;

const NAME: &str = "first_seen";
const ARGUMENTS: &[Argument] = &[("key", Kind::Key), ("time", Kind::Time), ("half_life_days", Kind::Number)];
pub(super) const MICROSECONDS_A_DAY: f64 = 86_400e6;

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "window",
    syntax: "first_seen(key, time, half_life_days) OVER (PARTITION BY person ORDER BY time)",
    description: "How new a key (channel, client, country, device) is to the person. Returns struct(is_first, last_seen, weight): weight \
                  is 1 for a key never seen before this time and 1 / (1 + sightings) later, where each sighting counts half for \
                  every half-life since.",
    example: "SELECT actor_id, device_name, first_seen(device_name, event_time, 30) \
              OVER (PARTITION BY actor_id ORDER BY event_time) AS novelty FROM events",
    version: 1,
};

/// The window function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FirstSeen {
    signature: Signature,
}

impl FirstSeen {
    pub(super) fn new() -> FirstSeen {
        FirstSeen { signature: arguments::signature() }
    }
}

impl WindowUDFImpl for FirstSeen {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        arguments::coerced(NAME, ARGUMENTS, given)
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let time = args.get_input_field(1).and_then(|field| arguments::time_type(field.data_type()));
        let fields = novelty_fields(time.unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None)));
        Ok(Arc::new(Field::new(args.name(), DataType::Struct(fields), true)))
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator))
    }
}

/// A key that is forgotten at once, or never was known, has no novelty.
pub(super) fn half_life_in_range(days: Option<f64>) -> Result<Option<f64>> {
    if days.is_some_and(|days| days <= 0.0) { exec_err!("half_life_days must be above 0") } else { Ok(days) }
}

pub(super) fn novelty_fields(time: DataType) -> Fields {
    Fields::from(vec![
        Field::new("is_first", DataType::Boolean, true),
        Field::new("last_seen", time, true),
        Field::new("weight", DataType::Float64, true),
    ])
}

#[derive(Debug)]
struct Evaluator;

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let half_life_days = half_life_in_range(arguments::number_parameter("half_life_days", values, 2)?)?;
        let times = arguments::times(values, 1)?;
        let time_type = values.get(1).map_or(DataType::Null, |times| times.data_type().clone());
        let Some(half_life_days) = half_life_days else {
            return novelty_array(&vec![None; num_rows], time_type);
        };
        let mut numbers: HashMap<&[u8], usize> = HashMap::new();
        let mut sighting = |(key, time): (Option<_>, Option<i64>)| {
            let (key, time) = key.zip(time)?;
            let next = numbers.len();
            Some(Sighting { key: *numbers.entry(key).or_insert(next), time })
        };
        let rows: Vec<Option<Sighting>> = arguments::keys(values, 0)?.into_iter().zip(times).map(&mut sighting).collect();
        let sightings: Vec<Sighting> = rows.iter().flatten().copied().collect();
        let mut answers = novelties(&sightings, half_life_days * MICROSECONDS_A_DAY).into_iter();
        let of_rows: Vec<Option<Novelty>> = rows.iter().map(|row| row.and_then(|_| answers.next())).collect();
        novelty_array(&of_rows, time_type)
    }
}

pub(super) fn novelty_array(novelties: &[Option<Novelty>], time: DataType) -> Result<ArrayRef> {
    let is_first = novelties.iter().map(|novelty| novelty.map(|novelty| novelty.last_seen.is_none()));
    let last_seen = novelties.iter().map(|novelty| novelty.and_then(|novelty| novelty.last_seen));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(is_first.collect::<BooleanArray>()),
        Arc::new(last_seen.collect::<TimestampMicrosecondArray>().with_data_type(time.clone())),
        Arc::new(novelties.iter().map(|novelty| novelty.map(|novelty| novelty.weight)).collect::<Float64Array>()),
    ];
    let present: NullBuffer = novelties.iter().map(Option::is_some).collect::<Vec<bool>>().into();
    Ok(Arc::new(StructArray::try_new(novelty_fields(time), columns, Some(present))?))
}
