//! What an aggregate hands over of each group: a list of what the group has gathered.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray};
use datafusion::arrow::buffer::{OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::EmitTo;

/// The type of such lists. Not large ones: Arrow Flight 59 takes their type for that of small ones, and states travel over it from worker to
/// worker. So the groups of one partition have gathered two thousand million values at most; more are an error.
pub(super) fn list_type(of: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(of, true)))
}

/// One list a group, given where each group's values end.
pub(super) fn group_lists(ends: &[usize], values: ArrayRef) -> Result<ArrayRef> {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    for end in ends {
        let large = || exec_datafusion_err!("an aggregate has gathered more than two thousand million values in one partition");
        offsets.push(i32::try_from(*end).map_err(|_| large())?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(ListArray::try_new(field, offsets, values, None)?))
}

/// Arrow's form of where each of several things ends.
pub(super) fn offsets(ends: Vec<usize>) -> Result<OffsetBuffer<i64>> {
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    for end in ends {
        let end = i64::try_from(end).map_err(|_| exec_datafusion_err!("the state of an aggregate has grown too large"))?;
        offsets.push(end);
    }
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
}

/// The lists of one column of states.
pub(super) fn lists(states: &[ArrayRef], index: usize) -> Result<&ListArray> {
    let lists = states.get(index).and_then(|column| column.as_list_opt::<i32>());
    lists.ok_or_else(|| exec_datafusion_err!("state {} must have come as lists", index + 1))
}

/// Where the list of each row lies among the values of all.
pub(super) fn places(lists: &ListArray) -> impl Iterator<Item = Range<usize>> + '_ {
    (0..lists.len()).map(|row| place(lists, row))
}

/// Where the list of one row lies.
pub(super) fn place(lists: &ListArray, row: usize) -> Range<usize> {
    match lists.offsets().get(row..row + 2) {
        Some([start, end]) => usize::try_from(*start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0),
        _ => 0..0,
    }
}

/// How many of the groups leave; those that stay are counted.
pub(super) fn leaving(emit_to: EmitTo, groups: &mut usize) -> usize {
    let leaving = match emit_to {
        EmitTo::All => *groups,
        EmitTo::First(first) => first.min(*groups),
    };
    *groups -= leaving;
    leaving
}
