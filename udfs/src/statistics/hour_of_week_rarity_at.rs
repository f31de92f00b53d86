//! `hour_of_week_rarity_at(local_hour, value, history, at)`

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

use super::arguments::{self, Argument, HISTORY_DAYS, Kind, in_range};
use super::gathered::{Asked, AtForm, Row};
use super::hour_of_week_rarity::{MICROSECONDS_AN_HOUR, rarity_array, rarity_fields};
use super::kernels::baseline::LEARNED_DAYS_MIN;
use super::kernels::hours::{Hour, Rarity, rarities};
use crate::functions::FunctionInfo;

const NAME: &str = "hour_of_week_rarity_at";

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "hour_of_week_rarity_at(local_hour, value, history, at)",
    description: "hour_of_week_rarity of the one hour at, as an aggregate: the same answer as the window form gives in that hour's row, \
                  and the answer for an hour without a row. Later rows are passed over.",
    example: "SELECT actor_id, hour_of_week_rarity_at(local_hour, events, 56, TIMESTAMP '2026-11-20 03:00:00') AS hour \
              FROM activity_hourly GROUP BY actor_id",
    version: 1,
};

/// The form.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct HourOfWeekRarityAt;

impl AtForm for HourOfWeekRarityAt {
    type Answer = Rarity;
    const NAME: &'static str = NAME;
    const ARGUMENTS: &'static [Argument] =
        &[("local_hour", Kind::LocalTime), ("value", Kind::Number), ("history", Kind::Whole), ("at", Kind::LocalTime)];
    const SETTING: &'static str = "history";
    const OPTIONS: usize = 4;

    fn answer_type(_given: &[DataType]) -> DataType {
        DataType::Struct(rarity_fields())
    }

    /// Only active hours say something.
    fn rows(values: &[ArrayRef]) -> Result<Vec<Option<Row>>> {
        let row = |(time, value): (Option<i64>, Option<f64>)| {
            let value = value.filter(|value| *value > 0.0)?;
            Some(Row { when: time?.div_euclid(MICROSECONDS_AN_HOUR), value, other: f64::NAN })
        };
        Ok(arguments::times(values, 0)?.zip(arguments::amounts(values, 1)?).map(row).collect())
    }

    fn settings(values: &[ArrayRef]) -> Result<Vec<Option<f64>>> {
        let checked = |days| Ok(in_range("history", days, &HISTORY_DAYS)?.map(|days| days as f64));
        arguments::wholes(values, 2)?.map(checked).collect()
    }

    fn moments(values: &[ArrayRef]) -> Result<Vec<Option<i64>>> {
        Ok(arguments::times(values, 3)?.map(|time| time.map(|time| time.div_euclid(MICROSECONDS_AN_HOUR))).collect())
    }

    fn answer(rows: &[Row], asked: Asked) -> Option<Rarity> {
        let hours = rows.iter().map(|row| Hour { hour: row.when, active: true });
        let hours: Vec<Hour> = hours.chain([Hour { hour: asked.at, active: false }]).collect();
        rarities(&hours, asked.setting as i64, LEARNED_DAYS_MIN).pop()
    }

    fn column(answers: Vec<Option<Rarity>>, _of: &DataType) -> Result<ArrayRef> {
        rarity_array(&answers)
    }
}
