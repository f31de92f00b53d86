//! `peer_baseline(baseline)`

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type};
use datafusion::common::{Result, not_impl_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature};

use super::arguments::{self, included};
use super::baseline_result::{OK, baseline_fields};
use super::kernels::grouped::GroupedRows;
use super::kernels::peers::{Member, Peers};
use super::options::PEERS;
use super::single_group::SingleGroup;
use super::states::{group_lists, leaving, list_type, lists, places};
use crate::functions::FunctionInfo;

const NAME: &str = "peer_baseline";

pub(super) const INFO: FunctionInfo = FunctionInfo {
    name: NAME,
    kind: "aggregate",
    syntax: "peer_baseline(baseline)",
    description: "What is usual for the people of a group on such a day, from their own baselines (activity_baseline_at for the same day): \
                  struct(expected, spread, mean, variance, between, days, people), for the option peers of activity_baseline. Baselines \
                  that are still learning are left out; of fewer than 5 people it is NULL. One heavy user does not make the group.",
    example: "SELECT group_name, peer_baseline(baseline) AS peers FROM (SELECT group_name, person_id, \
              activity_baseline_at(local_day, files, true, 28, DATE '2026-11-20') AS baseline FROM daily GROUP BY group_name, person_id) \
              GROUP BY group_name",
    version: 1,
};

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PeerBaseline {
    signature: Signature,
}

impl PeerBaseline {
    pub(super) fn new() -> PeerBaseline {
        PeerBaseline { signature: arguments::signature() }
    }
}

fn fields() -> Fields {
    let numbers = PEERS.iter().map(|name| Field::new(*name, DataType::Float64, true));
    numbers.chain([Field::new("people", DataType::Int64, true)]).collect()
}

impl AggregateUDFImpl for PeerBaseline {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::Null] => Ok(vec![DataType::Struct(baseline_fields())]),
            [DataType::Struct(fields)] if baseline_fields().iter().all(|wanted| fields.find(wanted.name()).is_some()) => Ok(given.to_vec()),
            [other] => plan_err!("{NAME}: baseline must be what activity_baseline_at returns, got {other}"),
            _ => plan_err!("{NAME} takes 1 argument (baseline), got {}", given.len()),
        }
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let members = list_type(DataType::Struct(member_fields()));
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "members"), members, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(SingleGroup::new(Members { groups: 1, ..Members::default() })))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct(&args)?;
        Ok(Box::new(Members::default()))
    }
}

fn refuse_distinct(args: &AccumulatorArgs) -> Result<()> {
    if args.is_distinct { not_impl_err!("{NAME}(DISTINCT ...) is not supported") } else { Ok(()) }
}

/// The fields of a baseline that are read, and of the state.
const MEMBER: [&str; 5] = ["expected", "spread", "mean", "variance", "history"];

fn member_fields() -> Fields {
    MEMBER.iter().map(|name| Field::new(*name, DataType::Float64, true)).collect()
}

/// The members of each group until now.
#[derive(Debug, Clone, Default)]
struct Members {
    members: GroupedRows<Member>,
    groups: usize,
}

/// A member from the five columns named in [`MEMBER`].
fn member(columns: &[&Float64Array], row: usize) -> Option<Member> {
    let number = |place: usize| columns.get(place).filter(|column| column.is_valid(row)).map(|column| column.value(row));
    let member = Member { expected: number(0)?, spread: number(1)?, mean: number(2)?, variance: number(3)?, days: number(4)? };
    member.checked()
}

impl GroupsAccumulator for Members {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, group_count: usize) -> Result<()> {
        self.groups = group_count;
        let Some(baselines) = arguments::argument(values, 0)?.as_struct_opt() else { return Ok(()) };
        let (mut numbers, mut learned) = (Vec::new(), None);
        for name in MEMBER {
            if let Some(column) = baselines.column_by_name(name) {
                numbers.push(cast(column, &DataType::Float64)?);
            }
        }
        if let Some(status) = baselines.column_by_name("status") {
            learned = Some(cast(status, &DataType::Utf8)?);
        }
        let learned = learned.as_ref().and_then(|status| status.as_string_opt::<i32>());
        let is_learned = |row: usize| learned.is_some_and(|status| status.is_valid(row) && status.value(row) == OK);
        let columns: Vec<&Float64Array> = numbers.iter().map(|column| column.as_primitive::<Float64Type>()).collect();
        for (row, group) in groups.iter().enumerate() {
            if baselines.is_valid(row)
                && is_learned(row)
                && included(filter, row)
                && let Some(member) = member(&columns, row)
            {
                self.members.push(*group, member);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let members = self.members.take(leaving(emit_to, &mut self.groups));
        let peers: Vec<Option<(Peers, usize)>> = members.iter().map(Peers::of).collect();
        let number = |number: fn(&Peers) -> f64| -> ArrayRef {
            Arc::new(peers.iter().map(|peers| peers.as_ref().map(|(peers, _)| number(peers))).collect::<Float64Array>())
        };
        let people = peers.iter().map(|peers| peers.and_then(|(_, people)| i64::try_from(people).ok()));
        let columns = vec![
            number(|peers| peers.expected),
            number(|peers| peers.spread),
            number(|peers| peers.mean),
            number(|peers| peers.variance),
            number(|peers| peers.between),
            number(|peers| peers.days),
            Arc::new(people.collect::<Int64Array>()),
        ];
        let present: NullBuffer = peers.iter().map(Option::is_some).collect::<Vec<bool>>().into();
        Ok(Arc::new(StructArray::try_new(fields(), columns, Some(present))?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (ends, members) = self.members.take(leaving(emit_to, &mut self.groups)).into_parts();
        let numbers: [fn(&Member) -> f64; 5] =
            [|member| member.expected, |member| member.spread, |member| member.mean, |member| member.variance, |member| member.days];
        let column = |number: &fn(&Member) -> f64| -> ArrayRef { Arc::new(members.iter().map(number).collect::<Float64Array>()) };
        let members = StructArray::try_new(member_fields(), numbers.iter().map(column).collect(), None)?;
        Ok(vec![group_lists(&ends, Arc::new(members))?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.groups = group_count;
        let lists = lists(states, 0)?;
        let columns: Vec<&Float64Array> = lists.values().as_struct().columns().iter().map(|column| column.as_primitive()).collect();
        for (group, place) in groups.iter().zip(places(lists)) {
            self.members.extend_group(*group, place.filter_map(|row| member(&columns, row)));
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |first| first.len());
        let mut alone = Members::default();
        alone.update_batch(values, &Vec::from_iter(0..rows), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.members.size()
    }
}

#[cfg(test)]
mod tests;
