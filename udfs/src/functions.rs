//! The list of all functions, and what is to be known of each.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

use crate::setup::Setup;
use crate::{
    credential_explain, credential_file, credential_find, credential_match, credential_redact, credential_term, shannon_entropy, statistics,
};

/// What is written about a function, and the version of its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionInfo {
    /// The name in SQL.
    pub name: &'static str,
    /// `scalar`, `aggregate` or `window`.
    pub kind: &'static str,
    /// How it is called.
    pub syntax: &'static str,
    /// What it gives, in a sentence or two.
    pub description: &'static str,
    /// A query that uses it.
    pub example: &'static str,
    /// Rises when the same arguments may get another answer.
    pub version: u32,
}

/// All functions of the crate over one setup.
#[derive(Debug)]
pub struct Functions {
    /// Functions of one row.
    pub scalar: Vec<Arc<ScalarUDF>>,
    /// Functions used with GROUP BY.
    pub aggregate: Vec<Arc<AggregateUDF>>,
    /// Functions used with OVER.
    pub window: Vec<Arc<WindowUDF>>,
}

const SCALAR: &[FunctionInfo] = &[
    credential_explain::INFO,
    credential_file::INFO,
    credential_find::INFO,
    credential_match::INFO,
    credential_redact::INFO,
    credential_term::INFO,
    shannon_entropy::INFO,
];

/// What is written about every function, by name.
pub fn infos() -> Vec<FunctionInfo> {
    let mut infos: Vec<FunctionInfo> = SCALAR.iter().chain(statistics::FUNCTIONS).copied().collect();
    infos.sort_by_key(|info| (info.name, info.kind));
    infos
}

/// The functions themselves.
pub fn all(setup: &Setup) -> Functions {
    let scalar = vec![
        ScalarUDF::from(credential_explain::CredentialExplain::new(setup)),
        ScalarUDF::from(credential_file::CredentialFile::new()),
        ScalarUDF::from(credential_find::CredentialFind::new(setup)),
        ScalarUDF::from(credential_match::CredentialMatch::new(setup)),
        ScalarUDF::from(credential_redact::CredentialRedact::new(setup)),
        ScalarUDF::from(credential_term::CredentialTerm::new()),
        ScalarUDF::from(shannon_entropy::ShannonEntropy::new()),
    ];
    Functions {
        scalar: scalar.into_iter().map(Arc::new).collect(),
        aggregate: statistics::aggregate_functions(),
        window: statistics::window_functions(),
    }
}

/// Registers every function.
pub fn register_all(registry: &mut dyn FunctionRegistry, setup: &Setup) -> Result<()> {
    let functions = all(setup);
    for function in functions.scalar {
        registry.register_udf(function)?;
    }
    for function in functions.aggregate {
        registry.register_udaf(function)?;
    }
    for function in functions.window {
        registry.register_udwf(function)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
