//! The one immutable setup of a process: which rules look for credentials, and the key of their fingerprints.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use crate::credentials::fingerprint;
use crate::credentials::rules::{self, Problem, RuleFile};
use crate::credentials::ruleset::RuleSet;

/// What the functions share. Cheap to clone; the key is in no output of `Debug`, in no plan and in no id.
#[derive(Clone)]
pub struct Setup {
    inner: Arc<Inner>,
}

/// What follows from the rules is made at first use: most commands never look for a credential.
struct Inner {
    files: OnceLock<Vec<RuleFile>>,
    rules: OnceLock<RuleSet>,
    id: OnceLock<String>,
    key: Box<[u8]>,
    key_id: String,
}

/// Separates what the key is used for.
const CHECK_LABEL: &[u8] = b"bittern: which key is this";

impl Setup {
    /// Compiles the rules. Every problem of every rule comes at once.
    pub fn new(files: &[RuleFile], key: &[u8]) -> Result<Self, Vec<Problem>> {
        Ok(Self::of(files.to_vec().into(), RuleSet::compile(files)?.into(), key))
    }

    /// The rules that come with the crate.
    pub fn builtin(key: &[u8]) -> Self {
        Self::of(OnceLock::new(), OnceLock::new(), key)
    }

    fn of(files: OnceLock<Vec<RuleFile>>, rules: OnceLock<RuleSet>, key: &[u8]) -> Self {
        const CHECK_BYTES: usize = 4;
        let key_id = fingerprint::keyed_hex(key, &[CHECK_LABEL], CHECK_BYTES);
        Self { inner: Arc::new(Inner { files, rules, id: OnceLock::new(), key: key.into(), key_id }) }
    }

    fn files(&self) -> &[RuleFile] {
        self.inner.files.get_or_init(|| rules::builtin().expect("the built-in rules parse: a test parses them"))
    }

    /// Tells setups apart: a hash of the rule set and a check value of the key.
    pub fn id(&self) -> &str {
        self.inner.id.get_or_init(|| format!("{}-{}", rules::digest(self.files()), self.inner.key_id))
    }

    /// Tells keys apart without telling anything of the key.
    pub fn key_id(&self) -> &str {
        &self.inner.key_id
    }

    /// The compiled rules.
    pub fn rules(&self) -> &RuleSet {
        let compile = || RuleSet::compile(self.files()).expect("the built-in rules compile: a test compiles them");
        self.inner.rules.get_or_init(compile)
    }

    /// The keyed fingerprint of a secret.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        fingerprint::fingerprint(&self.inner.key, secret)
    }
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("id", &self.id()).finish()
    }
}

impl PartialEq for Setup {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.id() == other.id()
    }
}

impl Eq for Setup {}

impl Hash for Setup {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Enough to be equal where setups are; the id would have the rules read.
        self.inner.key_id.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::Setup;
    use crate::credentials::rules::builtin;

    #[test]
    fn setups_differ_by_rules_and_by_key_and_never_show_the_key() {
        let one = Setup::builtin(b"key-of-the-first-lake");
        let same = Setup::builtin(b"key-of-the-first-lake");
        let other_key = Setup::builtin(b"key-of-the-second-lake");
        let mut files = builtin().expect("parses");
        files.pop();
        let other_rules = Setup::new(&files, b"key-of-the-first-lake").expect("compiles");
        assert_eq!(one, same);
        assert_ne!(one, other_key);
        assert_ne!(one, other_rules);
        assert_eq!(one.key_id(), other_rules.key_id());
        assert!(!format!("{one:?} {}", one.id()).contains("first-lake"));
    }
}
