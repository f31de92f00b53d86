//! Whether a job's plan reads only the event time that its header says. Otherwise late rows would not restate it.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, TableScan};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use super::{Job, graph};
use crate::error::Result;
use crate::event::{DAY, Micros, SECOND};
use crate::interval::Interval;

/// Tables whose rows have a time, and its column; rollups have `interval_start`.
fn time_column(scan: &TableScan) -> Option<&'static str> {
    let has = |name: &str| scan.source.schema().field_with_name(name).is_ok();
    match scan.table_name.table() {
        "events" => Some("event_time"),
        // State is read up to the interval's end, however old: its lookback is all of it.
        "snapshots" | "objects" | "quarantine" | "runs" | "alerts" | "alert_changes" | "maintenance" => None,
        _ => has("interval_start").then_some("interval_start"),
    }
}

/// What is wrong with a job's reads, in words.
pub async fn check(context: &SessionContext, job: &Job) -> Result<Vec<String>> {
    let sample = Interval { start: 20_000 * DAY, end: 20_000 * DAY + job.interval };
    let window = job.window(sample);
    let plan = graph::plan_over(context, job, sample).await?;
    let mut problems = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(column) = time_column(scan)
        {
            problems.extend(problem(scan, column, &plan, window, sample));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// From which time on a scan of a plan reads, if the plan says so.
pub fn lower(scan: &TableScan, plan: &LogicalPlan) -> Option<Micros> {
    let column = time_column(scan)?;
    let mut filters = scan.filters.clone();
    filters.extend(filters_above(plan, scan));
    bounds(&filters, column).0
}

fn problem(scan: &TableScan, column: &str, plan: &LogicalPlan, window: Interval, sample: Interval) -> Option<String> {
    let table = scan.table_name.table();
    let mut filters = scan.filters.clone();
    filters.extend(filters_above(plan, scan));
    let (low, high) = bounds(&filters, column);
    let days = |micros: Micros| format!("{:.1} days", micros as f64 / DAY as f64);
    let Some(low) = low else {
        return Some(format!("reads `{table}` without a lower bound on `{column}`: bound it by $interval_start and say so in `reads`"));
    };
    let Some(high) = high else {
        return Some(format!("reads `{table}` without an upper bound on `{column}`: bound it by $interval_end"));
    };
    if low < window.start {
        return Some(format!(
            "reads `{table}` {} before its interval, but `reads` says {}",
            days(sample.start - low),
            days(sample.start - window.start)
        ));
    }
    // A bound by `<=` reads one microsecond more than `<`; a second is nothing to restate for.
    if high > window.end + SECOND {
        return Some(format!(
            "reads `{table}` {} after its interval, but `reads_after` says {}",
            days(high - sample.end),
            days(window.end - sample.end)
        ));
    }
    None
}

/// Filters that stand right above a scan: those that the optimizer left outside it.
fn filters_above(plan: &LogicalPlan, scan: &TableScan) -> Vec<Expr> {
    let mut found = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Filter(filter) = node
            && let LogicalPlan::TableScan(below) = filter.input.as_ref()
            && below == scan
        {
            found.extend(datafusion::logical_expr::utils::split_conjunction(&filter.predicate).into_iter().cloned());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// The tightest bounds that `filters` put on a column.
fn bounds(filters: &[Expr], column: &str) -> (Option<Micros>, Option<Micros>) {
    let (mut low, mut high) = (None, None);
    for filter in filters.iter().flat_map(|filter| datafusion::logical_expr::utils::split_conjunction(filter)) {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (op, time) = match (column_of(left, column), column_of(right, column)) {
                    (true, _) => (*op, time_of(right)),
                    (_, true) => (op.swap().unwrap_or(*op), time_of(left)),
                    _ => continue,
                };
                let Some(time) = time else { continue };
                match op {
                    Operator::Gt | Operator::GtEq => low = Some(low.map_or(time, |l: Micros| l.max(time))),
                    Operator::Lt | Operator::LtEq => high = Some(high.map_or(time, |h: Micros| h.min(time))),
                    Operator::Eq => (low, high) = (Some(time), Some(time)),
                    _ => {}
                }
            }
            Expr::Between(between) if !between.negated && column_of(&between.expr, column) => {
                low = time_of(&between.low).or(low);
                high = time_of(&between.high).or(high);
            }
            _ => {}
        }
    }
    (low, high)
}

fn column_of(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Column(column) => column.name == name,
        Expr::Cast(cast) => column_of(&cast.expr, name),
        _ => false,
    }
}

fn time_of(expr: &Expr) -> Option<Micros> {
    let Expr::Literal(value, _) = expr else { return None };
    match value {
        ScalarValue::TimestampSecond(Some(v), _) => v.checked_mul(SECOND),
        ScalarValue::TimestampMillisecond(Some(v), _) => v.checked_mul(1_000),
        ScalarValue::TimestampMicrosecond(Some(v), _) => Some(*v),
        ScalarValue::TimestampNanosecond(Some(v), _) => Some(v / 1_000),
        ScalarValue::Date32(Some(days)) => Some(i64::from(*days) * DAY),
        _ => None,
    }
}
