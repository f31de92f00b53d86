//! A spread plan that is tried: if a worker fails, it is planned anew on the remaining ones, a bounded number of times, then executed here
//! if the settings say so. Rows are held back until the answer is whole (or large), so that none comes twice.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as DfResult};
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr, PlanProperties, execute_stream,
};
use datafusion_distributed::DistributedExec;
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use super::planner::spread;
use super::{Cluster, Lost};
use crate::config::cluster::Fallback;

/// A spread plan, and the same before it was cut into stages.
#[derive(Debug)]
pub struct AttemptExec {
    cluster: Cluster,
    whole: Arc<dyn ExecutionPlan>,
    spread: Arc<dyn ExecutionPlan>,
}

impl AttemptExec {
    /// Tries `spread`, which was made of `whole`.
    pub fn new(cluster: Cluster, whole: Arc<dyn ExecutionPlan>, spread: Arc<dyn ExecutionPlan>) -> Self {
        Self { cluster, whole, spread }
    }
}

impl DisplayAs for AttemptExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptExec")
    }
}

impl ExecutionPlan for AttemptExec {
    fn name(&self) -> &str {
        "AttemptExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.spread.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.spread]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn for<'a> FnMut(&'a Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> DfResult<Arc<dyn ExecutionPlan>> {
        let spread = children.pop().unwrap_or_else(|| Arc::clone(&self.spread));
        Ok(Arc::new(Self { cluster: self.cluster.clone(), whole: Arc::clone(&self.whole), spread }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DfResult<SendableRecordBatchStream> {
        if partition > 0 {
            return Err(DataFusionError::Internal("a spread plan has one partition".to_owned()));
        }
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.schema(), 2);
        let tries = Tries {
            cluster: self.cluster.clone(),
            whole: Arc::clone(&self.whole),
            spread: Arc::clone(&self.spread),
            context,
            sender: builder.tx(),
        };
        builder.spawn(async move { tries.run().await });
        Ok(builder.build())
    }
}

struct Tries {
    cluster: Cluster,
    whole: Arc<dyn ExecutionPlan>,
    spread: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    sender: Sender<DfResult<RecordBatch>>,
}

/// How an attempt failed.
enum Failure {
    /// A worker did, and no row was handed on.
    Worker(Lost),
    /// The query did, or it is too late for another attempt.
    Final(DataFusionError),
}

impl Tries {
    async fn run(mut self) -> DfResult<()> {
        let hold = self.cluster.hold_of(self.context.session_config());
        let mut tried = 0;
        loop {
            let lost = match self.attempt(Arc::clone(&self.spread), hold).await {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Worker(lost)) => lost,
            };
            if let Some(url) = &lost.url {
                self.cluster.workers.shun(url, &lost.message);
            }
            tried += 1;
            let left = self.cluster.workers.usable().len();
            if tried <= self.cluster.settings.retries && left > 0 {
                tracing::warn!(workers = left, "{}: planned anew on the workers that are left", lost.message);
                match self.again().await? {
                    Some(spread) => self.spread = spread,
                    None => return self.here().await,
                }
            } else if self.cluster.settings.fallback == Fallback::Local {
                tracing::warn!("{}: executed here", lost.message);
                return self.here().await;
            } else {
                let tries = if tried == 1 { String::new() } else { format!(" (tried {tried} times)") };
                return Err(super::failed(format!("{}{tries}", lost.message)));
            }
        }
    }

    /// The plan cut anew for the workers that are left; none where no step of it can be spread any more.
    async fn again(&self) -> DfResult<Option<Arc<dyn ExecutionPlan>>> {
        let plan = spread(&reset_plan_states(Arc::clone(&self.whole))?, &self.session()).await?;
        Ok(plan.is::<DistributedExec>().then_some(plan))
    }

    /// Executes the plan in this process.
    async fn here(&self) -> DfResult<()> {
        let plan = reset_plan_states(Arc::clone(&self.whole))?;
        let plan = if plan.output_partitioning().partition_count() > 1 { Arc::new(CoalescePartitionsExec::new(plan)) } else { plan };
        match self.attempt(plan, Some(0)).await {
            Ok(()) => Ok(()),
            Err(Failure::Final(error)) => Err(error),
            Err(Failure::Worker(lost)) => Err(super::failed(lost.message)),
        }
    }

    fn session(&self) -> SessionState {
        SessionStateBuilder::new().with_config(self.context.session_config().clone()).with_runtime_env(self.context.runtime_env()).build()
    }

    /// Executes a plan. Rows wait until there are no more, or more bytes of them than `hold`.
    async fn attempt(&self, plan: Arc<dyn ExecutionPlan>, hold: Option<usize>) -> Result<(), Failure> {
        let mut waiting = Vec::new();
        let mut bytes = 0_usize;
        let mut handed = false;
        let mut stream = execute_stream(plan, Arc::clone(&self.context)).map_err(Failure::Final)?;
        while let Some(batch) = stream.next().await {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    let lost = self.cluster.lost(&error);
                    return Err(match lost {
                        Some(lost) if handed => Failure::Final(super::failed(lost.message)),
                        Some(lost) => Failure::Worker(lost),
                        None => Failure::Final(error),
                    });
                }
            };
            if !handed {
                bytes = bytes.saturating_add(batch.get_array_memory_size());
                waiting.push(batch);
                handed = hold.is_some_and(|hold| bytes > hold);
                if handed && !self.hand(&mut waiting).await {
                    return Ok(());
                }
            } else if self.sender.send(Ok(batch)).await.is_err() {
                return Ok(());
            }
        }
        self.hand(&mut waiting).await;
        Ok(())
    }

    /// Hands rows on; whether somebody still takes them.
    async fn hand(&self, waiting: &mut Vec<RecordBatch>) -> bool {
        for batch in waiting.drain(..) {
            if self.sender.send(Ok(batch)).await.is_err() {
                return false;
            }
        }
        true
    }
}
