//! `hour_of_week_rarity(local_hour, value, history) OVER (PARTITION BY person ORDER BY local_hour)`

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDFImpl};

use super::arguments::{self, Argument, HISTORY_DAYS, Kind};
use super::baseline_result::status;
use super::kernels::baseline::LEARNED_DAYS_MIN;
use super::kernels::hours::{Hour, Rarity, rarities};
use crate::functions::FunctionInfo;

const NAME: &str = "hour_of_week_rarity";
const ARGUMENTS: &[Argument] = &[("local_hour", Kind::LocalTime), ("value", Kind::Number), ("history", Kind::Whole)];
pub(super) const MICROSECONDS_AN_HOUR: i64 = 3_600_000_000;

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "window",
    syntax: "hour_of_week_rarity(local_hour, value, history) OVER (PARTITION BY person ORDER BY local_hour)",
    description: "How unusual an hour is for the person: on what share of their active days of this type (weekday or weekend) in the \
                  trailing history they did anything within an hour of this time of day. local_hour is on the person's own clock. \
                  Returns struct(rarity, surprisal_bits, history, status): 0 is an hour of every day, near 1 one never seen; history is \
                  active days.",
    example: "SELECT actor_id, hour_of_week_rarity(local_hour, events, 56) OVER (PARTITION BY actor_id ORDER BY local_hour) AS hour \
              FROM activity_hourly",
    version: 1,
};

/// The window function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct HourOfWeekRarity {
    signature: Signature,
}

impl HourOfWeekRarity {
    pub(super) fn new() -> HourOfWeekRarity {
        HourOfWeekRarity { signature: arguments::signature() }
    }
}

impl WindowUDFImpl for HourOfWeekRarity {
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
        Ok(Arc::new(Field::new(args.name(), DataType::Struct(rarity_fields()), true)))
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator))
    }
}

/// Made once, as those of baselines.
static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        Field::new("rarity", DataType::Float64, true),
        Field::new("surprisal_bits", DataType::Float64, true),
        Field::new("history", DataType::Int64, true),
        Field::new("status", DataType::Utf8, true),
    ])
});

pub(super) fn rarity_fields() -> Fields {
    Fields::clone(&FIELDS)
}

#[derive(Debug)]
struct Evaluator;

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let Some(history_days) = arguments::whole_parameter("history", values, 2, &HISTORY_DAYS)? else {
            return rarity_array(&vec![None; num_rows]);
        };
        let amounts = arguments::amounts(values, 1)?;
        let active = amounts.map(|amount| amount.is_some_and(|amount| amount > 0.0));
        let hour = |(time, active): (Option<i64>, bool)| Some(Hour { hour: time?.div_euclid(MICROSECONDS_AN_HOUR), active });
        let rows: Vec<Option<Hour>> = arguments::times(values, 0)?.zip(active).map(hour).collect();
        let hours: Vec<Hour> = rows.iter().flatten().copied().collect();
        let mut answers = rarities(&hours, history_days, LEARNED_DAYS_MIN).into_iter();
        let of_rows: Vec<Option<Rarity>> = rows.iter().map(|row| row.and_then(|_| answers.next())).collect();
        rarity_array(&of_rows)
    }
}

pub(super) fn rarity_array(rarities: &[Option<Rarity>]) -> Result<ArrayRef> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rarities.iter().map(|rarity| rarity.map(|rarity| rarity.rarity)).collect::<Float64Array>()),
        Arc::new(rarities.iter().map(|rarity| rarity.map(|rarity| rarity.surprisal_bits)).collect::<Float64Array>()),
        Arc::new(rarities.iter().map(|rarity| rarity.map(|rarity| rarity.active_days)).collect::<Int64Array>()),
        Arc::new(rarities.iter().map(|rarity| rarity.map(|rarity| status(rarity.learning))).collect::<StringArray>()),
    ];
    let present: NullBuffer = rarities.iter().map(Option::is_some).collect::<Vec<bool>>().into();
    Ok(Arc::new(StructArray::try_new(rarity_fields(), columns, Some(present))?))
}
