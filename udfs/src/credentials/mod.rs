//! The credential matcher: from bytes to findings. Knows nothing of Arrow or SQL, does no IO.
//!
//! # Layout
//! - [`rules`]: rules as people write them, and their check; `gitleaks`: the same in the words of other scanners.
//! - `compiled`: one rule compiled, and the tests of what it matches; [`ruleset`]: all of them, and the way from a literal to a candidate.
//! - `encoded`, `wrapped`: text inside text, and tokens over several lines, so that the rules can look again.
//! - `literals`: the one pass over the text; [`scan`]: from its hits, over many texts in one buffer, to findings and redaction.
//! - `keywords`, `boundary`, `tokens`, `words`: people's own words.
//! - `value`, `placeholder`, `documented`, `proof` (`checksum`, `bip39`, `structure`), [`entropy`]: the tests of a value.
//! - [`fingerprint`]: what may be shown of a credential. [`term`], [`file_name`]: words in searches and names of files.

mod bip39;
mod boundary;
mod common_text;
mod checksum;
mod compiled;
pub(crate) mod documented;
mod encoded;
pub mod entropy;
pub mod file_name;
pub mod fingerprint;
mod gitleaks;
mod glance;
mod evidence;
mod features;
mod keywords;
mod languages;
mod literals;
mod pair;
mod placeholder;
pub mod proof;
mod required;
pub mod rules;
pub mod ruleset;
pub mod scan;
mod sequence;
mod structure;
mod scene;
mod shape;
mod sighting;
mod table;
pub mod term;
mod tokens;
mod value;
mod weigh;
mod word_map;
mod words;
mod wrapped;
