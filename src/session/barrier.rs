//! Rows of a role behind a barrier: a query's own conditions are not tried on rows that the role does not have.
//!
//! The engine is free to try conditions in any order, and an error of one tells something about the row it was tried on
//! (`1 / (CASE WHEN actor_id = 'U1' THEN 0 ELSE 1 END)`). So only comparisons of a column with a constant pass, which cannot fail.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DfResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};

/// The rows of a plan, as a table.
#[derive(Debug)]
pub struct Barrier {
    plan: LogicalPlan,
    schema: SchemaRef,
}

impl Barrier {
    /// The rows of `plan`.
    pub fn new(plan: LogicalPlan) -> Self {
        let schema = Arc::clone(plan.schema().inner());
        Self { plan, schema }
    }
}

/// Whether trying a condition on a row cannot fail: comparisons of columns with constants, and `AND` and `OR` of those.
fn cannot_fail(expr: &Expr) -> bool {
    let plain = |expr: &Expr| matches!(expr, Expr::Column(_) | Expr::Literal(..));
    let compares = |op| matches!(op, Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq);
    match expr {
        Expr::BinaryExpr(binary) if binary.op.is_logic_operator() => cannot_fail(&binary.left) && cannot_fail(&binary.right),
        Expr::BinaryExpr(binary) if compares(binary.op) => plain(&binary.left) && plain(&binary.right),
        Expr::InList(list) => plain(&list.expr) && list.list.iter().all(plain),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => plain(inner),
        Expr::Between(between) => plain(&between.expr) && plain(&between.low) && plain(&between.high),
        _ => false,
    }
}

#[async_trait]
impl TableProvider for Barrier {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DfResult<Vec<TableProviderFilterPushDown>> {
        let of = |filter: &&Expr| {
            if cannot_fail(filter) { TableProviderFilterPushDown::Inexact } else { TableProviderFilterPushDown::Unsupported }
        };
        Ok(filters.iter().map(of).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let mut builder = LogicalPlanBuilder::from(self.plan.clone());
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            builder = builder.filter(filter)?;
        }
        if let Some(projection) = projection {
            let columns: Vec<Expr> = projection.iter().map(|at| Expr::Column(self.plan.schema().columns()[*at].clone())).collect();
            builder = builder.project(columns)?;
        }
        let plan = session.optimize(&builder.limit(0, limit)?.build()?)?;
        // Not the session's own planner: what spreads plans over workers does so once, with the whole query.
        let planned = DefaultPhysicalPlanner::default().create_physical_plan(&plan, session).await?;
        Ok(Arc::new(BarrierExec::new(planned)))
    }
}

/// Hands rows on. It says nothing about conditions from above, so none passes.
#[derive(Debug)]
pub struct BarrierExec {
    input: Arc<dyn ExecutionPlan>,
}

impl BarrierExec {
    /// A barrier above a plan.
    pub fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        Self { input }
    }
}

impl DisplayAs for BarrierExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BarrierExec")
    }
}

impl ExecutionPlan for BarrierExec {
    fn name(&self) -> &str {
        "BarrierExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn for<'a> FnMut(&'a Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> DfResult<Arc<dyn ExecutionPlan>> {
        Ok(match children.pop() {
            Some(input) => Arc::new(Self { input }),
            None => self,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DfResult<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}
