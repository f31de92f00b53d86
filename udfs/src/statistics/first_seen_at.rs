//! `first_seen_at(time, half_life_days, at)`

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Result;

use super::arguments::{self, Argument, Kind};
use super::first_seen::{MICROSECONDS_A_DAY, half_life_in_range, novelty_array, novelty_fields};
use super::gathered::{Asked, AtForm, Row};
use super::kernels::novelty::{Novelty, Sighting, novelties};
use crate::functions::FunctionInfo;

const NAME: &str = "first_seen_at";

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "first_seen_at(time, half_life_days, at)",
    description: "first_seen as of the one time at, as an aggregate over the sightings of one key by one person (GROUP BY both): the same \
                  answer as the window form gives in a row of that time. Rows at that time and later are passed over.",
    example: "SELECT actor_id, device_name, first_seen_at(event_time, 30, TIMESTAMP '2026-11-20 00:00:00') AS novelty FROM events \
              GROUP BY actor_id, device_name",
    version: 1,
};

/// The form.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FirstSeenAt;

impl AtForm for FirstSeenAt {
    type Answer = Novelty;
    const NAME: &'static str = NAME;
    const ARGUMENTS: &'static [Argument] = &[("time", Kind::Time), ("half_life_days", Kind::Number), ("at", Kind::Time)];
    const SETTING: &'static str = "half_life_days";
    const OPTIONS: usize = 3;

    fn answer_type(given: &[DataType]) -> DataType {
        let time = given.first().and_then(arguments::time_type);
        DataType::Struct(novelty_fields(time.unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None))))
    }

    fn rows(values: &[ArrayRef]) -> Result<Vec<Option<Row>>> {
        let row = |time: Option<i64>| Some(Row { when: time?, value: f64::NAN, other: f64::NAN });
        Ok(arguments::times(values, 0)?.map(row).collect())
    }

    fn settings(values: &[ArrayRef]) -> Result<Vec<Option<f64>>> {
        arguments::settings(values, 1)?.map(half_life_in_range).collect()
    }

    fn moments(values: &[ArrayRef]) -> Result<Vec<Option<i64>>> {
        Ok(arguments::times(values, 2)?.collect())
    }

    fn answer(rows: &[Row], asked: Asked) -> Option<Novelty> {
        let sightings = rows.iter().map(|row| row.when).chain([asked.at]).map(|time| Sighting { key: 0, time });
        novelties(&sightings.collect::<Vec<_>>(), asked.setting * MICROSECONDS_A_DAY).pop()
    }

    fn column(answers: Vec<Option<Novelty>>, of: &DataType) -> Result<ArrayRef> {
        let time = match of {
            DataType::Struct(fields) => fields.find("last_seen").map(|(_, field)| field.data_type().clone()),
            _ => None,
        };
        novelty_array(&answers, time.unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None)))
    }
}
