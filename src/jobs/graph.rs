//! What jobs read, taken from their plans, and the order that follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use super::{Job, Kind, bounds};
use crate::error::{Error, Result};
use crate::event::{DAY, Micros};
use crate::interval::Interval;
use crate::lake::columns::time_type;
use crate::lake::tables::TableSpec;
use crate::session;

/// A job that can be planned, with what it reads.
#[derive(Debug, Clone)]
pub struct Node {
    /// The job.
    pub job: Job,
    /// Tables of the lake that its plan reads.
    pub inputs: BTreeSet<String>,
    /// What it reads of each.
    pub reads: BTreeMap<String, Read>,
    /// The table a rollup fills.
    pub output: Option<TableSpec>,
}

/// What a job reads of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The columns.
    pub columns: BTreeSet<String>,
    /// How long before its interval it reads, in microseconds; as its header says where the plan does not.
    pub before: Micros,
}

/// Jobs, each after those whose tables it reads.
///
/// `make_table` registers the table that a rollup fills as soon as its columns are known: what reads it can then be planned.
pub async fn order(
    context: &SessionContext,
    jobs: &[Job],
    views: &BTreeMap<String, String>,
    make_table: impl AsyncFn(&TableSpec) -> Result<()>,
) -> Result<(Vec<Node>, Vec<Error>)> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut waiting: Vec<Job> = jobs.to_vec();
    loop {
        // Views may read rollups: those that can be planned by now are there for the next jobs.
        let views_failed = session::register_views(context, views).await.err();
        let before = waiting.len();
        let mut errors = Vec::new();
        let mut failed = Vec::new();
        for (job, planned) in plan_all(context, waiting).await? {
            match planned {
                Ok(plan) => {
                    let node = node(job, &plan)?;
                    if let Some(spec) = &node.output {
                        make_table(spec).await?;
                    }
                    nodes.push(node);
                }
                Err(error) => {
                    errors.push(error.context(format!("{} cannot be planned", job.path)));
                    failed.push(job);
                }
            }
        }
        if failed.is_empty() || failed.len() == before {
            // The tables of the jobs planned last are what the last views waited for.
            errors.extend(match views_failed {
                Some(_) => session::register_views(context, views).await.err(),
                None => None,
            });
            return Ok((nodes, errors));
        }
        waiting = failed;
    }
}

fn node(job: Job, plan: &LogicalPlan) -> Result<Node> {
    let reads = reads(&job, plan)?;
    let inputs = reads.keys().cloned().collect();
    let output = match job.kind {
        Kind::Detection => None,
        Kind::Rollup => Some(output_table(&job, plan)?),
    };
    Ok(Node { job, inputs, reads, output })
}

/// Plans jobs beside each other, as planning is most of what opening a lake takes. They come back in their order.
async fn plan_all(context: &SessionContext, jobs: Vec<Job>) -> Result<Vec<(Job, Result<LogicalPlan>)>> {
    let context = session::hasty(context);
    let planning = jobs.into_iter().map(|job| {
        let context = context.clone();
        tokio::spawn(async move {
            let planned = plan(&context, &job).await;
            (job, planned)
        })
    });
    let planned = futures::future::join_all(planning.collect::<Vec<_>>()).await;
    planned.into_iter().map(|ended| ended.map_err(|e| Error::internal("a job's planning was given up").caused_by(e))).collect()
}

/// The day over which jobs are planned to see what they read.
const SAMPLE: Interval = Interval { start: 20_000 * DAY, end: 20_001 * DAY };

/// The optimized plan of a job over one day.
pub async fn plan(context: &SessionContext, job: &Job) -> Result<LogicalPlan> {
    plan_over(context, job, SAMPLE).await
}

/// The optimized plan of a job over an interval.
pub async fn plan_over(context: &SessionContext, job: &Job, span: Interval) -> Result<LogicalPlan> {
    let frame = context.sql(&job.sql).await?.with_param_values(job.values(span))?;
    Ok(frame.into_optimized_plan()?)
}

/// What a job reads, by a plan that is made in this session.
pub async fn reads_of(context: &SessionContext, job: &Job) -> Result<BTreeMap<String, Read>> {
    reads(job, &plan(context, job).await?)
}

/// What a job's plan over [`SAMPLE`] reads of the lake's tables (policy and other tables in memory are none).
fn reads(job: &Job, plan: &LogicalPlan) -> Result<BTreeMap<String, Read>> {
    let mut found: BTreeMap<String, Read> = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let read = found.entry(scan.table_name.table().to_owned()).or_default();
            read.columns.extend(scan.projected_schema.fields().iter().map(|field| field.name().clone()));
            read.columns.extend(scan.filters.iter().flat_map(|filter| filter.column_refs()).map(|column| column.name.clone()));
            let low = bounds::lower(scan, plan);
            read.before = read.before.max(low.map_or(job.reads, |low| SAMPLE.start - low));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    found.retain(|name, _| !name.starts_with("policy_") && name != "identities");
    Ok(found)
}

/// The table of a rollup: `interval_start`, then the columns of its SELECT but `interval_time`.
fn output_table(job: &Job, plan: &LogicalPlan) -> Result<TableSpec> {
    let schema = plan.schema();
    if schema.fields().iter().all(|field| field.name() != "interval_time") {
        return Err(Error::usage(format!("{}: the SELECT has no column `interval_time`", job.path)));
    }
    let mut fields = vec![Field::new("interval_start", time_type(), true)];
    let columns = schema.fields().iter().filter(|field| field.name() != "interval_time");
    fields.extend(columns.map(|field| Field::new(field.name(), stored_type(field.data_type()), true)));
    Ok(TableSpec::new(&job.id, Arc::new(Schema::new(fields)), &["interval_start"]))
}

/// The type in which a column of a query is stored: one text, one integer, one float, one time.
pub fn stored_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::Dictionary(_, value) => stored_type(value),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            DataType::Int64
        }
        DataType::Float16 | DataType::Float32 | DataType::Decimal128(..) => DataType::Float64,
        DataType::Timestamp(..) => time_type(),
        DataType::List(item) | DataType::LargeList(item) => {
            DataType::List(Arc::new(Field::new("element", stored_type(item.data_type()), true)))
        }
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| Field::new(field.name(), stored_type(field.data_type()), true)).collect())
        }
        other => other.clone(),
    }
}
