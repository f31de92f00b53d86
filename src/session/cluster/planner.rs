//! Plans that are spread: which of them, how files are dealt out, and what `EXPLAIN` says of it.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result as DfResult;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Explain, Expr, LogicalPlan, PlanType, StringifiedPlan};
use datafusion::physical_plan::explain::ExplainExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion_distributed::{
    DesiredTaskCountEvent, DesiredTaskCountEventResponse, DistributedExec, DistributedLeafExec, NetworkBoundaryExt, ScaleUpLeafNodeEvent,
    ScaleUpLeafNodeEventResponse, SessionStateBuilderExt, display_plan_ascii,
};

use super::Cluster;
use super::attempt::AttemptExec;
use super::travel::check;
use crate::config::cluster::Fallback;
use crate::session::folders::file_scan;

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
        if let Some(alone) = alone(logical, session) {
            let plan = DefaultPhysicalPlanner::default().create_physical_plan(logical, &alone).await?;
            return Ok(Planned { plan, because: Some(OF_SUBQUERY.to_owned()) });
        }
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
        let alone = alone(&explain.plan, session);
        let of_plain = alone.as_ref().map_or(session, |alone| alone as &dyn Session);
        let plain = DefaultPhysicalPlanner::default().create_physical_plan(&LogicalPlan::Explain(explain.clone()), of_plain).await?;
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

const OF_SUBQUERY: &str = "a subquery stands for a value in an aggregate, a window, a sort or a join: put it into FROM";

/// The session as it would plan without workers, for a query that cannot be planned with them.
fn alone(logical: &LogicalPlan, session: &dyn Session) -> Option<SessionState> {
    let mut state = session.as_any().downcast_ref::<SessionState>().filter(|_| keeps_subquery(logical)).cloned()?;
    state.config_mut().options_mut().optimizer.enable_physical_uncorrelated_scalar_subquery = true;
    Some(state)
}

/// Whether a subquery still stands for a value: the engine makes a join of it below a filter or a projection alone, and what is no join
/// cannot travel.
fn keeps_subquery(logical: &LogicalPlan) -> bool {
    let mut kept = false;
    let looked = logical.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            kept |= expr.exists(|part| Ok(matches!(part, Expr::ScalarSubquery(_))))?;
            Ok(if kept { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    });
    kept && looked.is_ok()
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

/// Deals files out to tasks, the largest first to whoever has least: whole folders where the plan believes in them, in order, else whole
/// files where there are enough for every partition, else cut ones. Each task has as many partitions as the others, be they empty.
pub fn deal(event: ScaleUpLeafNodeEvent<'_>) -> Option<DfResult<ScaleUpLeafNodeEventResponse>> {
    let scan = file_scan(event.plan)?;
    let (tasks, partitions) = (event.task_count, event.plan.output_partitioning().partition_count());
    let by_folder = scan.output_partitioning.is_some();
    if tasks == 0 || !by_folder && !scan.output_ordering.is_empty() {
        return None;
    }
    let dealt = if by_folder {
        Ok(in_order(dealt(folders(scan), tasks, partitions)))
    } else {
        pieces(scan, tasks * partitions).map(|pieces| dealt(pieces, tasks, partitions))
    };
    let leaf = dealt.and_then(|shares| {
        let variants = shares.into_iter().map(|groups| {
            let mut scan = scan.clone();
            scan.file_groups = groups.into_iter().map(FileGroup::new).collect();
            DataSourceExec::from_data_source(scan) as Arc<dyn ExecutionPlan>
        });
        DistributedLeafExec::try_new(Arc::clone(event.plan), variants)
    });
    Some(leaf.map(|leaf| ScaleUpLeafNodeEventResponse::new(Arc::new(leaf))))
}

/// Whole files are cut where dealing them out would give somebody so much more than the others.
const UNEVEN: f64 = 1.15;

/// Whether the folders of a scan fill every partition of so many tasks, each with about as much.
pub fn has_even_folders(scan: &FileScanConfig, tasks: usize) -> bool {
    is_even(&folders(scan), tasks * scan.file_groups.len())
}

/// The files of a scan, those of one folder together.
fn folders(scan: &FileScanConfig) -> Vec<Vec<PartitionedFile>> {
    let mut folders: Vec<Vec<PartitionedFile>> = Vec::new();
    let mut places = HashMap::new();
    for file in scan.file_groups.iter().flat_map(FileGroup::iter) {
        let place = *places.entry(&file.partition_values).or_insert(folders.len());
        match folders.get_mut(place) {
            Some(folder) => folder.push(file.clone()),
            None => folders.push(vec![file.clone()]),
        }
    }
    folders
}

/// Shares with the files of each partition in the order of their folders.
fn in_order(mut shares: Vec<Vec<Vec<PartitionedFile>>>) -> Vec<Vec<Vec<PartitionedFile>>> {
    for files in shares.iter_mut().flatten() {
        files.sort_by(|a, b| a.partition_values.partial_cmp(&b.partition_values).unwrap_or(Ordering::Equal));
    }
    shares
}

/// What a scan reads in pieces that can be dealt out evenly, if its files can be cut into such.
fn pieces(scan: &FileScanConfig, wanted: usize) -> DfResult<Vec<Vec<PartitionedFile>>> {
    // What the engine has cut for one process is put together again.
    let mut cut = HashSet::new();
    let whole: Vec<Vec<PartitionedFile>> = scan
        .file_groups
        .iter()
        .flat_map(FileGroup::iter)
        .filter(|file| file.range.is_none() || cut.insert(&file.object_meta.location))
        .map(|file| vec![PartitionedFile { range: None, ..file.clone() }])
        .collect();
    if !is_even(&whole, wanted) {
        let mut uncut = scan.clone();
        uncut.file_groups = vec![FileGroup::new(whole.concat())];
        if let Some(cut) = scan.file_source.repartitioned(wanted, 0, None, &uncut)? {
            return Ok(cut.file_groups.into_iter().map(FileGroup::into_inner).collect());
        }
    }
    Ok(whole)
}

/// Whether pieces fill so many shares evenly.
fn is_even(pieces: &[Vec<PartitionedFile>], shares: usize) -> bool {
    let sums = dealt(pieces.to_vec(), shares, 1).into_iter().map(|share| share.iter().flatten().map(size).sum::<usize>());
    let (most, all) = sums.fold((0, 0), |(most, all), sum| (sum.max(most), all + sum));
    most as f64 * shares as f64 <= all as f64 * UNEVEN
}

/// Pieces by task and partition.
fn dealt(mut pieces: Vec<Vec<PartitionedFile>>, tasks: usize, partitions: usize) -> Vec<Vec<Vec<PartitionedFile>>> {
    let bytes = |piece: &[PartitionedFile]| piece.iter().map(size).sum::<usize>();
    let place = |piece: &[PartitionedFile]| piece.first().map(|file| file.object_meta.location.clone());
    pieces.sort_by(|a, b| bytes(b).cmp(&bytes(a)).then_with(|| place(a).cmp(&place(b))));
    let mut shares = vec![vec![(0, Vec::new()); partitions]; tasks];
    for piece in pieces {
        let least = shares.iter_mut().min_by_key(|groups| groups.iter().map(|(sum, _)| *sum).sum::<usize>());
        if let Some(group) =
            least.and_then(|groups| groups.iter_mut().min_by_key(|(sum, files): &&mut (usize, Vec<_>)| (*sum, files.len())))
        {
            group.0 += bytes(&piece);
            group.1.extend(piece);
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
        let shares = dealt(files.into_iter().map(|file| vec![file]).collect(), 3, 2);
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
