//! SQL functions for DataFusion: credential matching in text, and activity baselines that know each person.
//!
//! # Layout
//! - [`setup`]: the one immutable process setup (rule set, fingerprint key), given at registration.
//! - [`credentials`]: the pure matcher, from bytes to findings, and its rules.
//! - `text_column`: how text of every type comes to a function, contiguous where it can.
//! - `credential_*`, `shannon_entropy`: SQL adapters, one file a function, over the pure kernels of [`credentials`].
//! - `statistics`: `activity_baseline`, `sliding_peak`, ...: the same for baselines, over pure kernels of their own.
//! - [`functions`]: the list of all functions, with what is to be known of each.
//!
//! Knows DataFusion, nothing of Bittern's tables.

pub mod credentials;
pub mod functions;
pub mod setup;

mod credential_explain;
mod credential_file;
mod credential_find;
mod credential_match;
mod credential_redact;
mod credential_term;
mod shannon_entropy;
mod statistics;
mod text_column;

pub use functions::{FunctionInfo, all, register_all};
