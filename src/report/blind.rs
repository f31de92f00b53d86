//! Detections that cannot fire, whatever people do: what they read is not there. Taken from their plans, so that it holds for a
//! detection of one's own, too.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, Operator, TableScan};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use crate::error::Result;
use crate::interval::Interval;
use crate::jobs::graph::{self, Node};

/// What the lake holds, as far as it decides whether a plan can have a row.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    /// Kinds of acts that the sources delivered lately.
    pub actions: BTreeSet<String>,
    /// Whether a table has a row, by name.
    filled: BTreeMap<String, bool>,
}

impl Holdings {
    /// With these acts, and nothing known of tables yet.
    pub fn with(actions: impl IntoIterator<Item = String>) -> Self {
        Self { actions: actions.into_iter().collect(), filled: BTreeMap::new() }
    }

    /// Why a detection cannot have a row over an interval; `None` if it can.
    pub async fn blind(&mut self, context: &SessionContext, node: &Node, interval: Interval) -> Result<Option<String>> {
        let plan = graph::plan_over(context, &node.job, interval).await?;
        let mut tables = BTreeSet::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                tables.insert(scan.table_name.table().to_owned());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        for table in tables {
            // What is no table of ours (`generate_series`) makes its rows itself.
            if !self.filled.contains_key(&table) && context.table_exist(table.as_str())? {
                let any = context.table(table.as_str()).await?.limit(0, Some(1))?.collect().await?;
                self.filled.insert(table, any.iter().any(|batch| batch.num_rows() > 0));
            }
        }
        Ok(self.nothing(&plan))
    }

    /// Why a plan has no row; `None` if it may have one.
    fn nothing(&self, plan: &LogicalPlan) -> Option<String> {
        match plan {
            LogicalPlan::TableScan(scan) => self.nothing_in(scan),
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => {
                    self.nothing(&join.left).or_else(|| self.nothing(&join.right))
                }
                JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark => self.nothing(&join.left),
                JoinType::Right | JoinType::RightAnti | JoinType::RightMark => self.nothing(&join.right),
                JoinType::Full => both(self.nothing(&join.left)?, self.nothing(&join.right)?),
            },
            LogicalPlan::Union(union) => {
                let mut whys: Vec<String> = union.inputs.iter().map(|input| self.nothing(input)).collect::<Option<_>>()?;
                whys.dedup();
                Some(whys.join("; "))
            }
            // Without groups an aggregate has a row whatever it reads.
            LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty() => None,
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Distinct(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Unnest(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Aggregate(_) => plan.inputs().first().and_then(|input| self.nothing(input)),
            _ => None,
        }
    }

    fn nothing_in(&self, scan: &TableScan) -> Option<String> {
        let table = scan.table_name.table();
        if self.filled.get(table) == Some(&false) {
            return Some(match table.strip_prefix("policy_") {
                Some(file) => format!("the policy has no {file}.csv, or it is empty"),
                None if table == "identities" => "the policy names no people".into(),
                None => format!("the table {table} is empty"),
            });
        }
        let wanted = scan.filters.iter().flat_map(datafusion::logical_expr::utils::split_conjunction).find_map(actions)?;
        if wanted.iter().any(|action| self.actions.contains(action)) {
            return None;
        }
        Some(format!("no source delivered {} in sixty days", wanted.join(", ")))
    }
}

fn both(one: String, other: String) -> Option<String> {
    Some(if one == other { one } else { format!("{one}; {other}") })
}

/// The acts that a condition lets through, if it is one on `action` alone.
fn actions(condition: &Expr) -> Option<Vec<String>> {
    let is_action = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == "action");
    match condition {
        Expr::BinaryExpr(binary) if binary.op == Operator::Eq => match (&*binary.left, &*binary.right) {
            (column, Expr::Literal(value, _)) | (Expr::Literal(value, _), column) if is_action(column) => Some(vec![text(value)?]),
            _ => None,
        },
        Expr::BinaryExpr(binary) if binary.op == Operator::Or => {
            let (mut found, more) = (actions(&binary.left)?, actions(&binary.right)?);
            found.extend(more);
            Some(found)
        }
        Expr::InList(list) if !list.negated && is_action(&list.expr) => list
            .list
            .iter()
            .map(|item| match item {
                Expr::Literal(value, _) => text(value),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn text(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::session::{self, Limits};

    #[tokio::test]
    async fn a_plan_has_no_row_where_what_it_needs_is_not_there() {
        let context = session::bare(&bittern_udfs::setup::Setup::builtin(&[7; 32]), &Limits::default()).expect("a session");
        let schema = Arc::new(Schema::new(vec![Field::new("action", DataType::Utf8, true), Field::new("who", DataType::Utf8, true)]));
        let column = |values: &[&str]| Arc::new(StringArray::from(values.to_vec()));
        let rows = RecordBatch::try_new(Arc::clone(&schema), vec![column(&["login"]), column(&["a"])]).expect("a row");
        session::register_rows(&context, "events", rows).expect("registered");
        session::register_rows(&context, "policy_channels", RecordBatch::new_empty(schema)).expect("registered");
        let mut holdings = Holdings::with(["login".to_owned()]);
        holdings.filled = [("events".to_owned(), true), ("policy_channels".to_owned(), false)].into();
        let cases = [
            ("SELECT who FROM events WHERE action = 'login'", None),
            ("SELECT who FROM events WHERE who = 'login'", None),
            ("SELECT who FROM events WHERE action IN ('search', 'login')", None),
            ("SELECT e.who FROM events e JOIN policy_channels c ON e.who = c.who", Some("the policy has no channels.csv, or it is empty")),
            ("SELECT e.who FROM events e LEFT JOIN policy_channels c ON e.who = c.who", None),
            ("SELECT count(*) FROM policy_channels", None),
            ("SELECT who, count(*) FROM policy_channels GROUP BY who", Some("the policy has no channels.csv, or it is empty")),
            ("SELECT who FROM policy_channels UNION ALL SELECT who FROM events", None),
        ];
        for (sql, why) in cases {
            let plan = context.sql(sql).await.expect("planned").into_optimized_plan().expect("optimized");
            assert_eq!(holdings.nothing(&plan).as_deref(), why, "{sql}");
        }
    }
}
