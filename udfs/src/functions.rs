//! (stub)
use datafusion::execution::FunctionRegistry;
use crate::setup::Setup;
/// Info.
pub struct FunctionInfo;
/// All.
pub fn all(_setup: &Setup) {}
/// Register.
pub fn register_all(_registry: &mut dyn FunctionRegistry, _setup: &Setup) -> datafusion::common::Result<()> { Ok(()) }
