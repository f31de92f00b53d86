//! Folders `day=…` as groups of rows: where a plan may believe that a folder lies in one partition, and where it may not.
//!
//! Where they do, what is grouped by a folder's key is complete when the folder is read, and changes neither partition nor worker. The
//! engine calls such a scan hash partitioned, though folders lie where there was room. That holds as long as rows of one scan meet each
//! other alone: two scans whose partitions are taken together, in a join or a union, have put the same folder into different ones.

use std::sync::Arc;

use datafusion::catalog::memory::DataSourceExec;
use datafusion::common::Result as DfResult;
use datafusion::config::ConfigOptions;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode, PiecewiseMergeJoinExec};
use datafusion::physical_plan::{ChildrenPropertiesMode, ExecutionPlan, ReplaceChildrenOptions};

/// Says of a scan whether its folders can be dealt out to workers evenly. Then they come in order, too.
pub type Even = Arc<dyn Fn(&FileScanConfig) -> bool + Send + Sync>;

/// The engine's rule that decides where rows change partitions: what it may believe has to be clear before.
const DECIDES: &str = "EnsureRequirements";

/// Has the engine group files by folder where there are as many folders as partitions.
pub fn group(options: &mut ConfigOptions) {
    options.optimizer.preserve_file_partitions = options.execution.target_partitions;
    options.optimizer.subset_repartition_threshold = options.execution.target_partitions;
}

/// Has a session's plans believe in folders where that is right. `even` says so of scans that are spread over workers.
pub fn believe(builder: SessionStateBuilder, even: Option<Even>) -> SessionStateBuilder {
    let mut rules = PhysicalOptimizer::new().rules;
    let at = rules.iter().position(|rule| rule.name() == DECIDES).unwrap_or(0);
    rules.insert(at, Arc::new(Folders { even }));
    builder.with_physical_optimizer_rules(rules)
}

/// What a node reads of files, if it does.
pub fn file_scan(node: &Arc<dyn ExecutionPlan>) -> Option<&FileScanConfig> {
    node.downcast_ref::<DataSourceExec>()?.data_source().downcast_ref::<FileScanConfig>()
}

struct Folders {
    even: Option<Even>,
}

impl std::fmt::Debug for Folders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Folders")
    }
}

impl PhysicalOptimizerRule for Folders {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> DfResult<Arc<dyn ExecutionPlan>> {
        self.below(plan, false)
    }

    fn name(&self) -> &str {
        "folders"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

impl Folders {
    /// The plan with folders believed in, or not, in each of its scans; `met` says that another scan's partitions are taken with its own.
    fn below(&self, plan: Arc<dyn ExecutionPlan>, met: bool) -> DfResult<Arc<dyn ExecutionPlan>> {
        if let Some(scan) = file_scan(&plan) {
            return Ok(self.scan(scan, met).unwrap_or(plan));
        }
        let met = met || takes_partitions_together(&plan);
        let children: Vec<_> = plan.children().into_iter().map(Arc::clone).collect();
        let now = children.iter().map(|child| self.below(Arc::clone(child), met)).collect::<DfResult<Vec<_>>>()?;
        let same = children.iter().zip(&now).all(|(old, new)| Arc::ptr_eq(old, new));
        if same { Ok(plan) } else { plan.replace_children(now, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute)) }
    }

    /// The scan without what may not be believed of it; nothing where all of it may.
    fn scan(&self, scan: &FileScanConfig, met: bool) -> Option<Arc<dyn ExecutionPlan>> {
        let grouped = scan.output_partitioning.is_some() && !met;
        let keep_partitions = grouped && self.even.as_ref().is_none_or(|even| even(scan));
        // In this process files come in the order in which they are listed, whatever is believed of partitions.
        let keep_order = keep_partitions || self.even.is_none();
        if (keep_partitions || scan.output_partitioning.is_none()) && (keep_order || scan.output_ordering.is_empty()) {
            return None;
        }
        let mut scan = scan.clone();
        if !keep_partitions {
            scan.output_partitioning = None;
        }
        if !keep_order {
            scan.output_ordering.clear();
        }
        Some(DataSourceExec::from_data_source(scan))
    }
}

/// Whether the first partition of one child meets the first of another, and so on.
fn takes_partitions_together(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let collects_one_side = plan.is::<CrossJoinExec>()
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<PiecewiseMergeJoinExec>()
        || plan.downcast_ref::<HashJoinExec>().is_some_and(|join| *join.partition_mode() == PartitionMode::CollectLeft);
    plan.children().len() > 1 && !collects_one_side
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use crate::session::{Limits, bare, files};
    use bittern_udfs::setup::Setup;

    /// Three rows a day, of seven days in one table and of five in the other; joins take partitions however little they read.
    async fn two_tables(folder: &std::path::Path) -> SessionContext {
        let limits = Limits { partitions: Some(2), ..Limits::default() };
        let context = bare(&Setup::builtin(b"key"), &limits).expect("a session");
        for (table, days) in [("a", vec![1, 2, 3, 4, 5, 6, 7]), ("b", vec![2, 3, 5, 6, 7])] {
            for day in days {
                let place = folder.join(table).join(format!("day=2026-03-0{day}"));
                std::fs::create_dir_all(&place).expect("a folder");
                let copy = format!("COPY (SELECT value AS k FROM range(3)) TO '{}' STORED AS PARQUET", place.join("x.parquet").display());
                context.sql(&copy).await.expect("a plan").collect().await.expect("written");
            }
            files::register(&context, table, &folder.join(table).display().to_string()).await.expect("a table");
        }
        let state = context.state_ref();
        let mut state = state.write();
        let optimizer = &mut state.config_mut().options_mut().optimizer;
        (optimizer.hash_join_single_partition_threshold, optimizer.hash_join_single_partition_threshold_rows) = (0, 0);
        drop(state);
        context
    }

    async fn answer(context: &SessionContext, sql: &str) -> String {
        let rows = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
        pretty_format_batches(&rows).expect("text").to_string()
    }

    #[tokio::test]
    async fn folders_of_two_tables_meet_wherever_they_lie() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = two_tables(folder.path()).await;
        let number = async |sql: &str| answer(&context, sql).await.lines().nth(3).expect("a row").replace(['|', ' '], "");
        for (sql, rows) in [
            ("SELECT count(*) FROM a JOIN b ON a.day = b.day AND a.k < b.k", "15"),
            ("SELECT count(*) FROM a WHERE day IN (SELECT day FROM b WHERE k = 1)", "15"),
            ("SELECT count(*) FROM a WHERE day NOT IN (SELECT day FROM b)", "6"),
            ("SELECT count(*) FROM (SELECT day FROM (SELECT day FROM a UNION ALL SELECT day FROM b) GROUP BY day)", "7"),
            (
                "SELECT count(*) FROM (SELECT day, sum(k) FROM a GROUP BY day) AS a JOIN (SELECT day, sum(k) FROM b GROUP BY day) AS b USING (day)",
                "5",
            ),
        ] {
            assert_eq!(number(sql).await, rows, "{sql}");
        }
        let plan = answer(&context, "EXPLAIN SELECT count(*) FROM a JOIN b ON a.day = b.day AND a.k < b.k").await;
        assert!(plan.contains("mode=Partitioned"), "the case is none: {plan}");
    }

    #[tokio::test]
    async fn what_is_grouped_by_a_folders_key_stays_where_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = two_tables(folder.path()).await;
        let plan = answer(&context, "EXPLAIN SELECT k, day, count(*) FROM a GROUP BY k, day").await;
        assert!(plan.contains("mode=SinglePartitioned") && plan.contains("ordering_mode=PartiallySorted"), "{plan}");
    }
}
