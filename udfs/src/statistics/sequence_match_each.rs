//! `sequence_match(time, is_first, is_second, key, within_minutes) OVER (PARTITION BY person)`

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, StructArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, WindowUDFImpl};

use super::arguments::{self, Parameter};
use super::kernels::sequence::{Act, firsts_before};
use super::sequence_match::{ARGUMENTS, NAME};
use super::sliding_peak::{MINUTES, length};
use crate::functions::FunctionInfo;

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "window",
    syntax: "sequence_match(time, is_first, is_second, key, within_minutes) OVER (PARTITION BY person)",
    description: "For each act of the second kind, whether it came at most so many minutes after one of the first kind with the same key \
                  of the same person. Returns struct(matched, first_time): first_time is the last such act's. For all other rows matched \
                  is false.",
    example: "SELECT event_id, sequence_match(event_time, action = 'file_downloaded', action = 'cloud_upload', file_name, 1440) \
              OVER (PARTITION BY actor_id) AS carried FROM events",
    version: 1,
};

/// The window function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SequenceMatchEach {
    signature: Signature,
}

impl SequenceMatchEach {
    pub(super) fn new() -> SequenceMatchEach {
        SequenceMatchEach { signature: arguments::signature() }
    }
}

impl WindowUDFImpl for SequenceMatchEach {
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
        let time = args.get_input_field(0).and_then(|field| arguments::time_type(field.data_type()));
        let fields = match_fields(time.unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None)));
        Ok(Arc::new(Field::new(args.name(), DataType::Struct(fields), true)))
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator))
    }
}

fn match_fields(time: DataType) -> Fields {
    Fields::from(vec![Field::new("matched", DataType::Boolean, false), Field::new("first_time", time, true)])
}

#[derive(Debug)]
struct Evaluator;

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let within = length(Parameter { value: arguments::whole_parameter("within_minutes", values, 4, &MINUTES)? });
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let kinds = arguments::flags(values, 1)?.iter().zip(arguments::flags(values, 2)?);
        let rows = arguments::times(values, 0)?.zip(arguments::keys(values, 3)?).zip(kinds);
        let (mut places, mut acts) = (Vec::new(), Vec::new());
        for (row, ((time, key), (is_first, is_second))) in rows.enumerate() {
            let (is_first, is_second) = (is_first == Some(true), is_second == Some(true));
            if let (Some((time, key)), true) = (time.zip(key), is_first || is_second) {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                acts.push(Act { time, key: *numbers.entry(key).or_insert(next), is_first, is_second });
                places.push(row);
            }
        }
        let mut firsts: Vec<Option<i64>> = vec![None; num_rows];
        if let Some(within) = within {
            for (row, first) in places.into_iter().zip(firsts_before(&acts, within)) {
                if let Some(slot) = firsts.get_mut(row) {
                    *slot = first;
                }
            }
        }
        let time = values.first().map_or(DataType::Null, |times| times.data_type().clone());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(firsts.iter().map(|first| Some(first.is_some())).collect::<BooleanArray>()),
            Arc::new(firsts.iter().copied().collect::<TimestampMicrosecondArray>().with_data_type(time.clone())),
        ];
        Ok(Arc::new(StructArray::try_new(match_fields(time), columns, None)?))
    }
}
