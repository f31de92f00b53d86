//! SQL functions for DataFusion: credential matching in text, and activity baselines that know each person.
//!
//! # Layout
//! - [`setup`]: the one immutable process setup (rule set, fingerprint key), given at registration.
//! - `credential_*`, `shannon_entropy`: SQL adapters, one file a function, over the pure kernels of `credentials/`.
//! - `activity_baseline`, `sliding_peak`, ...: SQL adapters over the pure kernels of `statistics/`.
//!
//! Knows DataFusion, nothing of Bittern's tables.

mod credentials;
mod functions;
pub mod setup;
mod statistics;

pub use functions::{FunctionInfo, all, register_all};
