//! The credential matcher: from bytes to findings. Knows nothing of Arrow or SQL, does no IO.
//!
//! # Layout
//! - [`rules`]: rules as people write them, and their check; [`ruleset`]: the same compiled, and the tests of one candidate.
//! - `literals`: the one pass over the text; [`scan`]: from its hits, over many texts in one buffer, to findings and redaction.
//! - `keywords`, `boundary`, `tokens`, `words`: people's own words.
//! - `value`, `placeholder`, `documented`, `proof`, [`entropy`]: the tests of a value.
//! - [`fingerprint`]: what may be shown of a credential. [`term`], [`file_name`]: words in searches and names of files.

mod boundary;
mod common_text;
pub(crate) mod documented;
pub mod entropy;
pub mod file_name;
pub mod fingerprint;
mod glance;
mod keywords;
mod literals;
mod placeholder;
pub mod proof;
mod required;
pub mod rules;
pub mod ruleset;
pub mod scan;
mod sequence;
pub mod term;
mod tokens;
mod value;
mod words;
