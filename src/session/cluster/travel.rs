//! Whether a plan can travel to workers as it is, and the one node of ours that does.
//!
//! Functions travel by name. A function that means something else here than there under its name (the server has some) would give another
//! answer, so a plan with one stays here, as does one with a node that cannot be written down.

use std::any::Any;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result as DfResult, exec_err};
use datafusion::execution::{FunctionRegistry, TaskContext};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, WindowUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use datafusion_proto::bytes::{physical_plan_from_bytes_with_proto_converter, physical_plan_to_bytes_with_proto_converter};
use datafusion_proto::physical_plan::{DeduplicatingProtoConverter, PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use crate::session::barrier::BarrierExec;
use crate::session::folders::file_scan;

/// What stands for a barrier in a plan that travels.
const BARRIER: &[u8] = b"bittern barrier";

/// Writes down our own node.
#[derive(Debug)]
pub struct Codec;

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &TaskContext,
        _: &dyn PhysicalProtoConverterExtension,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        match (buf, inputs) {
            (BARRIER, [input]) => Ok(Arc::new(BarrierExec::new(Arc::clone(input)))),
            _ => exec_err!("a node of the plan is not known here"),
        }
    }

    fn try_encode(&self, node: Arc<dyn ExecutionPlan>, buf: &mut Vec<u8>, _: &dyn PhysicalProtoConverterExtension) -> DfResult<()> {
        if node.downcast_ref::<BarrierExec>().is_none() {
            return Err(because(format!("`{}` cannot be sent to workers", node.name())));
        }
        buf.extend_from_slice(BARRIER);
        Ok(())
    }
}

/// The same, and compares every function with the one that workers have under its name.
struct Compared(Arc<SessionContext>);

impl std::fmt::Debug for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compared")
    }
}

impl PhysicalExtensionCodec for Compared {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        Codec.try_decode(buf, inputs, context, converter)
    }

    fn try_encode(&self, node: Arc<dyn ExecutionPlan>, buf: &mut Vec<u8>, converter: &dyn PhysicalProtoConverterExtension) -> DfResult<()> {
        Codec.try_encode(node, buf, converter)
    }

    fn try_encode_udf(&self, function: &ScalarUDF, _: &mut Vec<u8>) -> DfResult<()> {
        let known = self.0.udf(function.name()).is_ok_and(|known| *known == *function);
        if known { Ok(()) } else { not_theirs(function.name()) }
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, _: &mut Vec<u8>) -> DfResult<()> {
        // An instance may have been told that its input is ordered already, which the others find out by themselves.
        let known = self.0.udaf(function.name()).is_ok_and(|known| of_one_kind(known.inner().as_ref(), function.inner().as_ref()));
        if known { Ok(()) } else { not_theirs(function.name()) }
    }

    fn try_encode_udwf(&self, function: &WindowUDF, _: &mut Vec<u8>) -> DfResult<()> {
        let known = self.0.udwf(function.name()).is_ok_and(|known| of_one_kind(known.inner().as_ref(), function.inner().as_ref()));
        if known { Ok(()) } else { not_theirs(function.name()) }
    }

    fn try_encode_higher_order_function(&self, function: &HigherOrderUDF, _: &mut Vec<u8>) -> DfResult<()> {
        let known = self.0.higher_order_function(function.name()).is_ok_and(|known| *known == *function);
        if known { Ok(()) } else { not_theirs(function.name()) }
    }
}

fn of_one_kind(one: &dyn Any, other: &dyn Any) -> bool {
    one.type_id() == other.type_id()
}

fn not_theirs(name: &str) -> DfResult<()> {
    Err(because(format!("`{name}` is not a function that workers have")))
}

/// A reason of ours, told apart from what the library says.
fn because(why: String) -> DataFusionError {
    DataFusionError::Configuration(why)
}

/// Whether a plan can be executed elsewhere: every file lies in the store at `store` (scheme and host), every function is one of
/// `registry`, and the plan can be written down and read again.
///
/// # Errors
/// Why not, in words.
pub fn check(plan: &Arc<dyn ExecutionPlan>, store: &str, registry: &Arc<SessionContext>) -> Result<(), String> {
    let mut elsewhere = None;
    let looked = plan.apply(|node| {
        if let Some(scan) = file_scan(node)
            && scan.object_store_url.as_str().trim_end_matches('/') != store.trim_end_matches('/')
        {
            elsewhere = Some(format!("it reads files at {}, which is not the lake", scan.object_store_url.as_str()));
        }
        if let Some(field) = node.schema().fields().iter().find(|field| has_large_list(field.data_type())) {
            // Arrow Flight 59 takes their type for that of small ones.
            elsewhere = Some(format!("`{}` holds large lists, which cannot be sent", field.name()));
        }
        Ok(if elsewhere.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    if let Some(why) = elsewhere {
        return Err(why);
    }
    let travelled = looked.and_then(|_| {
        let codec = Compared(Arc::clone(registry));
        let bytes = physical_plan_to_bytes_with_proto_converter(Arc::clone(plan), &codec, &DeduplicatingProtoConverter::default())?;
        let context = registry.task_ctx();
        physical_plan_from_bytes_with_proto_converter(&bytes, &context, &codec, &DeduplicatingProtoConverter::default())
    });
    match travelled {
        Ok(_) => Ok(()),
        Err(DataFusionError::Configuration(why)) => Err(why),
        // The library's own words may be long, and may hold a value of the query.
        Err(error) => {
            tracing::debug!(%error, "a plan cannot travel");
            Err("a part of the plan cannot be sent to workers".to_owned())
        }
    }
}

fn has_large_list(of: &DataType) -> bool {
    match of {
        DataType::LargeList(_) => true,
        DataType::List(item) | DataType::FixedSizeList(item, _) | DataType::Map(item, _) => has_large_list(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_large_list(field.data_type())),
        _ => false,
    }
}
