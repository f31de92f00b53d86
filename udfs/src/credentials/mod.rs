//! The credential matcher: from bytes to findings. Knows nothing of Arrow or SQL, does no IO.
//!
//! # Layout
//! - [`rules`]: rules as people write them, and their check; `gitleaks`: the same in the words of other scanners.
//! - `compiled`: one rule compiled, and the tests of what it matches; [`ruleset`]: all of them, and the way from a literal to a candidate.
//! - `encoded`, `wrapped`: text inside text, and tokens over several lines, so that the rules can look again.
//! - `literals`: the one pass over the text; [`scan`]: from its hits, over many texts in one buffer, to findings and redaction.
//! - `languages` (`udfs/words/*.toml`), `keywords`, `boundary`, `tokens`: the words that announce a credential, and the pieces around them.
//! - `words`: people's own words, read from a keyword on; `pair`, `table`: users and values side by side; `known`: passwords that many people have; `bare`: passwords that no word announces; `sighting`: how a value is joined.
//! - `scene`, `shape`, `weigh`, `features`: what speaks for and against a value; `evidence`: how much, and how sure that makes.
//! - `value`, `lookalike`, `placeholder`, `documented`, `proof` (`checksum`, `bip39`, `structure`), [`entropy`]: the tests of a value.
//! - [`fingerprint`]: what may be shown of a credential. [`term`], [`file_name`]: words in searches and names of files.

mod bare;
mod bip39;
mod boundary;
mod checksum;
mod common_text;
mod compiled;
pub(crate) mod documented;
mod encoded;
pub mod entropy;
mod evidence;
mod features;
pub mod file_name;
pub mod fingerprint;
mod gitleaks;
mod glance;
mod keywords;
mod known;
mod languages;
mod literals;
mod lookalike;
mod pair;
mod placeholder;
pub mod proof;
mod required;
pub mod rules;
pub mod ruleset;
pub mod scan;
mod scene;
mod sequence;
mod shape;
mod sighting;
mod structure;
mod table;
pub mod term;
mod tokens;
mod value;
mod weigh;
mod word_map;
mod words;
mod wrapped;
