//! A groups accumulator asked about one group only: what the engine uses where there is no GROUP BY.

use std::fmt::{Debug, Formatter};

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// All rows belong to the group with the number zero.
pub(super) struct SingleGroup<G> {
    groups: G,
}

impl<G: GroupsAccumulator> SingleGroup<G> {
    pub(super) fn new(groups: G) -> SingleGroup<G> {
        SingleGroup { groups }
    }
}

impl<G> Debug for SingleGroup<G> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("SingleGroup")
    }
}

impl<G: GroupsAccumulator + Clone + Sync> Accumulator for SingleGroup<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |first| first.len());
        self.groups.update_batch(values, &vec![0; rows], None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // Over a growing window frame the same accumulator is asked again and again, so it is not emptied.
        let result = self.groups.clone().evaluate(EmitTo::All)?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let columns = self.groups.state(EmitTo::All)?;
        columns.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |first| first.len());
        self.groups.merge_batch(states, &vec![0; rows], 1)
    }
}
