//! Plans that are spread: which of them, how files are dealt out, and what `EXPLAIN` says of it.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result as DfResult;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::{Explain, LogicalPlan, PlanType, StringifiedPlan};
use datafusion::physical_plan::explain::ExplainExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion_distributed::{
    DesiredTaskCountEvent, DesiredTaskCountEventResponse, DistributedExec, DistributedLeafExec, NetworkBoundaryExt, ScaleUpLeafNodeEvent,
    ScaleUpLeafNodeEventResponse, SessionStateBuilderExt, display_plan_ascii,
};

use super::Cluster;
use super::attempt::AttemptExec;
use super::travel::{check, file_scan};
use crate::config::cluster::Fallback;

/// Plans queries, and spreads those that are worth it.
#[derive(Debug)]
pub struct Planner {
    cluster: Cluster,
}

/// A plan, and why it is not spread if it is not.
struct Planned {
    plan: Arc<dyn ExecutionPlan>,
    because: Option<String>,
}

impl Planner {
    /// The planner of a cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    async fn planned(&self, logical: &LogicalPlan, session: &dyn Session) -> DfResult<Planned> {
        let plan = DefaultPhysicalPlanner::default().create_physical_plan(logical, session).await?;
        if let Err(because) = self.suits(logical, &plan, session).await? {
            tracing::debug!(because, "a query is executed here");
            return Ok(Planned { plan, because: Some(because) });
        }
        let spread = spread(&plan, session).await?;
        if !spread.is::<DistributedExec>() {
            return Ok(Planned { plan: spread, because: Some("no step of it can run in more than one place".to_owned()) });
        }
        let plan = Arc::new(AttemptExec::new(self.cluster.clone(), plan, spread));
        Ok(Planned { plan, because: None })
    }

    /// Whether a plan is to be spread; why not, in words.
    async fn suits(&self, logical: &LogicalPlan, plan: &Arc<dyn ExecutionPlan>, session: &dyn Session) -> DfResult<Result<(), String>> {
        let cluster = &self.cluster;
        if matches!(logical, LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_)) {
            return Ok(Err("what is written is written by this process alone".to_owned()));
        }
        let (bytes, worth) = (bytes_of(plan)?, cluster.settings.task_bytes());
        if bytes < worth {
            return Ok(Err(format!("its files have {}, less than one task is worth ({})", amount(bytes), amount(worth))));
        }
        if let Err(why) = check(plan, &cluster.store, cluster.registry_of(session.config())) {
            return Ok(Err(why));
        }
        let found = cluster.workers.refresh().await;
        if cluster.workers.usable().is_empty() {
            let why = match found {
                Err(error) => format!("{error:#}"),
                Ok(()) if cluster.workers.known().is_empty() => "no worker is known".to_owned(),
                Ok(()) => format!("no worker is left: {}", cluster.workers.failures().join("; ")),
            };
            if cluster.settings.fallback == Fallback::Local {
                tracing::warn!(why, "the query is executed here");
                return Ok(Err(why));
            }
            return Err(super::failed(why));
        }
        Ok(Ok(()))
    }

    async fn explained(&self, explain: &Explain, session: &dyn Session) -> DfResult<Arc<dyn ExecutionPlan>> {
        let plain = DefaultPhysicalPlanner::default().create_physical_plan(&LogicalPlan::Explain(explain.clone()), session).await?;
        let Some(plain) = plain.downcast_ref::<ExplainExec>() else { return Ok(plain) };
        let planned = self.planned(&explain.plan, session).await?;
        let words = match &planned.because {
            Some(because) => format!("not spread over workers: {because}"),
            None => self.told(&planned.plan)?,
        };
        let texts = plain.stringified_plans().iter().map(|text| match text.plan_type {
            PlanType::FinalPhysicalPlan if planned.because.is_none() => {
                let shown = planned.plan.children().first().map(|plan| display_plan_ascii(plan.as_ref(), false)).unwrap_or_default();
                StringifiedPlan::new(text.plan_type.clone(), format!("{shown}\n{words}"))
            }
            PlanType::FinalPhysicalPlan => StringifiedPlan::new(text.plan_type.clone(), format!("{}\n{words}", text.plan)),
            _ => text.clone(),
        });
        Ok(Arc::new(ExplainExec::new(plain.schema(), texts.collect(), plain.verbose())))
    }

    /// What a spread plan does where, in lines.
    fn told(&self, plan: &Arc<dyn ExecutionPlan>) -> DfResult<String> {
        let (mut stages, mut single) = (0, Vec::new());
        plan.apply(|node| {
            if let Some(boundary) = node.as_network_boundary() {
                let stage = boundary.input_stage();
                stages += 1;
                if stage.task_count() == 1
                    && let Some(child) = node.children().first()
                {
                    single.push((stage.num(), why_single(child)?));
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        single.sort_unstable();
        let workers = self.cluster.workers.usable().len();
        let mut lines = vec![format!(
            "spread over {workers} worker{}, {stages} stage{}: {} of files; what stands above the stages, and every commit, is done here",
            if workers == 1 { "" } else { "s" },
            if stages == 1 { "" } else { "s" },
            amount(bytes_of(plan)?)
        )];
        lines.extend(single.into_iter().map(|(number, why)| format!("stage {number} is not spread, one task has it: {why}")));
        Ok(lines.join("\n"))
    }
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(&self, logical: &LogicalPlan, session: &dyn Session) -> DfResult<Arc<dyn ExecutionPlan>> {
        match logical {
            LogicalPlan::Explain(explain) => self.explained(explain, session).await,
            logical => Ok(self.planned(logical, session).await?.plan),
        }
    }
}

/// Hands out a plan that is made already.
#[derive(Debug)]
struct Given(Arc<dyn ExecutionPlan>);

#[async_trait]
impl QueryPlanner for Given {
    async fn create_physical_plan(&self, _: &LogicalPlan, _: &dyn Session) -> DfResult<Arc<dyn ExecutionPlan>> {
        Ok(Arc::clone(&self.0))
    }
}

/// Cuts a plan into stages for the workers that are usable now. One of which no step can be spread comes back as it was.
pub async fn spread(plan: &Arc<dyn ExecutionPlan>, session: &dyn Session) -> DfResult<Arc<dyn ExecutionPlan>> {
    let given = Arc::new(Given(Arc::clone(plan)));
    let mut builder = SessionStateBuilder::new().with_query_planner(given).with_distributed_planner();
    match builder.query_planner().take() {
        Some(planner) => planner.create_physical_plan(&LogicalPlan::default(), session).await,
        None => Ok(Arc::clone(plan)),
    }
}

/// How many tasks a scan is worth.
pub fn tasks(task_bytes: usize) -> impl Fn(DesiredTaskCountEvent<'_>) -> Option<DfResult<DesiredTaskCountEventResponse>> + Send + Sync {
    move |event| {
        let bytes: usize = files(event.plan)?.iter().map(size).sum();
        Some(Ok(DesiredTaskCountEventResponse::desired(bytes.div_ceil(task_bytes).max(1))))
    }
}

/// Deals whole files out to tasks, the largest first to whoever has least, where there are enough for every partition; otherwise the
/// engine cuts them.
pub fn whole_files(event: ScaleUpLeafNodeEvent<'_>) -> Option<DfResult<ScaleUpLeafNodeEventResponse>> {
    let scan = file_scan(event.plan)?;
    let files = files(event.plan)?;
    let (tasks, partitions) = (event.task_count, event.plan.output_partitioning().partition_count());
    if tasks == 0 || files.len() < tasks * partitions || !scan.output_ordering.is_empty() || scan.output_partitioning.is_some() {
        return None;
    }
    let variants = dealt(files, tasks, partitions).into_iter().map(|groups| {
        let mut scan = scan.clone();
        scan.file_groups = groups.into_iter().map(FileGroup::new).collect();
        DataSourceExec::from_data_source(scan) as Arc<dyn ExecutionPlan>
    });
    let leaf = DistributedLeafExec::try_new(Arc::clone(event.plan), variants);
    Some(leaf.map(|leaf| ScaleUpLeafNodeEventResponse::new(Arc::new(leaf))))
}

/// Files by task and partition.
fn dealt(mut files: Vec<PartitionedFile>, tasks: usize, partitions: usize) -> Vec<Vec<Vec<PartitionedFile>>> {
    files.sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| a.object_meta.location.cmp(&b.object_meta.location)));
    let mut shares = vec![vec![(0, Vec::new()); partitions]; tasks];
    for file in files {
        let bytes = size(&file);
        let least = shares.iter_mut().min_by_key(|groups| groups.iter().map(|(sum, _)| *sum).sum::<usize>());
        if let Some(group) =
            least.and_then(|groups| groups.iter_mut().min_by_key(|(sum, files): &&mut (usize, Vec<_>)| (*sum, files.len())))
        {
            group.0 += bytes;
            group.1.push(file);
        }
    }
    shares.into_iter().map(|groups| groups.into_iter().map(|(_, files)| files).collect()).collect()
}

fn files(plan: &Arc<dyn ExecutionPlan>) -> Option<Vec<PartitionedFile>> {
    Some(file_scan(plan)?.file_groups.iter().flat_map(|group| group.files().iter().cloned()).collect())
}

fn size(file: &PartitionedFile) -> usize {
    usize::try_from(file.effective_size()).unwrap_or(usize::MAX)
}

/// Bytes of the files that a plan reads.
fn bytes_of(plan: &Arc<dyn ExecutionPlan>) -> DfResult<usize> {
    let mut bytes = 0_usize;
    plan.apply(|node| {
        let of_leaf = |leaf: &Arc<dyn ExecutionPlan>| files(leaf).map(|files| files.iter().map(size).sum());
        let leaf = node.downcast_ref::<DistributedLeafExec>().map_or_else(|| of_leaf(node), |leaf| of_leaf(leaf.original()));
        bytes = bytes.saturating_add(leaf.unwrap_or(0));
        Ok(if node.is::<DistributedLeafExec>() { TreeNodeRecursion::Jump } else { TreeNodeRecursion::Continue })
    })?;
    Ok(bytes)
}

/// Why the stage that a plan begins has one task.
fn why_single(plan: &Arc<dyn ExecutionPlan>) -> DfResult<&'static str> {
    let mut why = "its files are too small, or a step of it needs all rows";
    plan.apply(|node| {
        if node.as_network_boundary().is_some() {
            return Ok(TreeNodeRecursion::Jump);
        }
        if node.name() == "DataSourceExec" && file_scan(node).is_none() {
            why = "it reads rows that this process holds in memory";
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(why)
}

/// Bytes as people read them.
fn amount(bytes: usize) -> String {
    const KIB: f64 = 1024.0;
    let bytes = bytes as f64;
    if bytes < KIB * KIB { format!("{:.1} KiB", bytes / KIB) } else { format!("{:.1} MiB", bytes / KIB / KIB) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_dealt_out_whole_and_evenly_and_each_once() {
        let files: Vec<PartitionedFile> = (1..=40_u64).map(|n| PartitionedFile::new(format!("f{n}"), n * 1000)).collect();
        let shares = dealt(files, 3, 2);
        let sums: Vec<usize> = shares.iter().map(|groups| groups.iter().flatten().map(size).sum()).collect();
        assert!(sums.iter().max() < sums.iter().min().map(|least| least + 3000).as_ref(), "{sums:?}");
        let mut names: Vec<String> = shares.iter().flatten().flatten().map(|file| file.object_meta.location.to_string()).collect();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), shares.iter().flatten().filter(|group| group.is_empty()).count()), (40, 0));
    }

    #[test]
    fn amounts_are_short() {
        assert_eq!((amount(512), amount(3 * 1024 * 1024)), ("0.5 KiB".to_owned(), "3.0 MiB".to_owned()));
    }
}
