//! Credential rules as people write them: TOML files, each rule with its own examples, checked as a whole.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Table;

use super::gitleaks;

use super::proof::Check;
use super::ruleset::RuleSet;

/// The rule files that the crate carries, by their stem.
const BUILTIN: &[(&str, &str)] = &[
    ("ai", include_str!("../../rules/ai.toml")),
    ("ci", include_str!("../../rules/ci.toml")),
    ("cloud", include_str!("../../rules/cloud.toml")),
    ("code_hosting", include_str!("../../rules/code_hosting.toml")),
    ("command_line", include_str!("../../rules/command_line.toml")),
    ("connection", include_str!("../../rules/connection.toml")),
    ("database", include_str!("../../rules/database.toml")),
    ("identity", include_str!("../../rules/identity.toml")),
    ("infrastructure", include_str!("../../rules/infrastructure.toml")),
    ("messaging", include_str!("../../rules/messaging.toml")),
    ("packages", include_str!("../../rules/packages.toml")),
    ("payment", include_str!("../../rules/payment.toml")),
    ("private_key", include_str!("../../rules/private_key.toml")),
    ("saas", include_str!("../../rules/saas.toml")),
];

/// Rises when the word grammar or a test of values answers differently.
const GRAMMAR_VERSION: &str = "8";

/// What a credential is good for; the closed list of the column `kind`.
pub const KINDS: &[&str] = &[
    "access_key",
    "api_key",
    "cookie",
    "connection_string",
    "login",
    "one_time_seed",
    "password",
    "password_hash",
    "pin",
    "private_key",
    "recovery_code",
    "signed_url",
    "token",
    "webhook",
];

/// One rule as it stands in its file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Lower-case words joined by `-`, unique over all files.
    pub id: String,
    /// What the rule finds, in one line.
    pub description: String,
    /// Whose credential it is.
    #[serde(default)]
    pub service: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// How sure a finding is that passed every test, in (0, 1].
    pub confidence: f64,
    /// The rule is tried only near one of these texts (ASCII case is ignored).
    pub literals: Vec<String>,
    /// Regular expression over bytes; `\w` and `\b` are ASCII.
    pub pattern: String,
    /// Which group of `pattern` is the secret; where it took no part in a match, the next one that did.
    #[serde(default = "first_group")]
    pub group: usize,
    /// Bits a character that the secret must have at least.
    #[serde(default)]
    pub entropy: f64,
    /// A proof that needs no network.
    #[serde(default)]
    pub check: Option<Check>,
    /// What the secret must look like beside its pattern.
    #[serde(default)]
    pub value: ValueTest,
    /// A secret that one of these expressions matches is none.
    #[serde(default)]
    pub allow: Vec<String>,
    /// A secret is none where one of these expressions matches in the lines that the rule's match touches.
    #[serde(default)]
    pub allow_line: Vec<String>,
    /// What other scanners' files allow: a match is none where all tests of one of these lists hold.
    #[serde(skip)]
    pub exceptions: Vec<Vec<Exception>>,
    /// How many bytes from a literal the match may reach to either side.
    #[serde(default = "reach")]
    pub reach: usize,
    /// Where the format is documented.
    #[serde(default)]
    pub references: Vec<String>,
    /// Texts in which the rule must find something.
    pub examples: Vec<Example>,
    /// Texts in which the rule must find nothing.
    #[serde(default)]
    pub negative_examples: Vec<Example>,
}

fn first_group() -> usize {
    1
}

fn reach() -> usize {
    256
}

/// A rule cannot look further than this from its literal.
pub const REACH_BYTES_MAX: usize = 16 * 1024;

/// The judgement of a secret by its own shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueTest {
    /// A machine's token: not a placeholder, not a documented example.
    #[default]
    Token,
    /// A person's password in a place where only a password can stand (a URL, an option): not a placeholder or a variable.
    Password,
    /// Whatever the pattern let through.
    Any,
}

/// One test of what a rule of another scanner's file allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What is looked at.
    pub target: Target,
    /// It holds if one of these expressions matches,
    pub patterns: Vec<String>,
    /// or one of these texts is in it, in any case of letters.
    pub words: Vec<String>,
}

/// What an exception looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The secret.
    Secret,
    /// All that the pattern matched.
    Match,
    /// The lines that the match touches.
    Line,
}

/// An example text: in parts where the whole would look like a live credential to other people's scanners.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Example {
    /// The text as it is.
    Whole(String),
    /// The text is the parts one after another.
    Parts(Vec<String>),
}

impl Example {
    /// The text itself.
    pub fn text(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Parts(parts) => parts.concat(),
        }
    }
}

/// One file of rules.
#[derive(Debug, Clone, Default)]
pub struct RuleFile {
    /// The file's stem.
    pub name: String,
    /// The rules in the file's order.
    pub rules: Vec<Rule>,
    /// What is allowed for every rule of the file, as [`Rule::exceptions`].
    pub exceptions: Vec<Vec<Exception>>,
    /// What the file says that has no counterpart here, and what was left out for it.
    pub notes: Vec<Problem>,
    /// Written in another scanner's syntax: its rules bring no examples and do not know the ids here.
    pub is_foreign: bool,
    /// The crate carries it: a test compiles its expressions, so that no process has to compile all of them.
    pub(super) is_builtin: bool,
}

/// A longer file is refused unread.
const FILE_BYTES_MAX: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<Rule>,
}

impl RuleFile {
    /// Reads a file's text, in the syntax here or in that of Gitleaks and Betterleaks (told by its tables: `[[rule]]` or `[[rules]]`).
    pub fn parse(name: &str, text: &str) -> Result<Self, Problem> {
        let problem = |message: String| Problem::new(name, "", message);
        if text.len() > FILE_BYTES_MAX {
            return Err(problem(format!("larger than {FILE_BYTES_MAX} bytes")));
        }
        let table: Table = toml::from_str(text).map_err(|e| problem(format!("not TOML: {}", e.message())))?;
        if gitleaks::is_foreign(&table) {
            return match table.contains_key("rule") {
                true => Err(problem("[[rule]] and [[rules]] are different syntaxes: one file holds one of them".to_owned())),
                false => Ok(gitleaks::read(name, &table)),
            };
        }
        let document: Document = toml::from_str(text).map_err(|e| problem(format!("not a rule file: {}", e.message())))?;
        Ok(Self { name: name.to_owned(), rules: document.rule, ..Self::default() })
    }
}

/// The rules that come with the crate.
pub fn builtin() -> Result<Vec<RuleFile>, Vec<Problem>> {
    let read = |(name, text): &(&str, &str)| RuleFile::parse(name, text).map(|file| RuleFile { is_builtin: true, ..file });
    let (files, problems): (Vec<_>, Vec<_>) = BUILTIN.iter().map(read).partition(Result::is_ok);
    if problems.is_empty() {
        Ok(files.into_iter().flatten().collect())
    } else {
        Err(problems.into_iter().filter_map(Result::err).collect())
    }
}

/// Something wrong with a rule. The message never quotes an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's stem.
    pub file: String,
    /// The rule's id; empty where the file itself is wrong.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(super) fn new(file: &str, rule: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), rule: rule.to_owned(), message: message.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.rule, self.message)
    }
}

/// Tells rule sets apart, as hex: the same rules in the same order, whatever file they came from.
pub fn digest(files: &[RuleFile]) -> String {
    const DIGEST_BYTES: usize = 8;
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    field(GRAMMAR_VERSION);
    // Where an id is taken the file's name stands before it.
    files.iter().filter(|file| file.is_foreign).for_each(|file| field(&file.name));
    for rule in files.iter().flat_map(|file| &file.rules) {
        for text in [&rule.id, &rule.kind, &rule.pattern] {
            field(text);
        }
        field(&format!("{} {} {} {:?} {:?} {}", rule.confidence, rule.group, rule.entropy, rule.check, rule.value, rule.reach));
        rule.literals.iter().chain(["|"].map(str::to_owned).iter()).chain(&rule.allow).for_each(|text| field(text));
        rule.allow_line.iter().for_each(|text| field(&format!("line {text}")));
        rule.exceptions.iter().for_each(|all| field(&format!("{all:?}")));
    }
    files.iter().flat_map(|file| &file.exceptions).for_each(|all| field(&format!("{all:?}")));
    hex::encode(&hash.finalize()[..DIGEST_BYTES])
}

/// Every problem of every rule at once: what does not compile, and every example that is not answered as it should be.
pub fn check(files: &[RuleFile]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, rule) in files.iter().flat_map(|file| file.rules.iter().map(move |rule| (file, rule))) {
        let mut problem = |message: String| problems.push(Problem::new(&file.name, &rule.id, message));
        if rule.examples.is_empty() && !file.is_foreign {
            problem("has no examples".to_owned());
        }
        if rule.description.trim().is_empty() && !file.is_foreign {
            problem("has no description".to_owned());
        }
    }
    // Whoever checks wants to know of every expression.
    let eager: Vec<RuleFile> = files.iter().map(|file| RuleFile { is_builtin: false, ..file.clone() }).collect();
    let set = match RuleSet::compile(&eager) {
        Ok(set) => set,
        Err(more) => {
            problems.extend(more);
            return problems;
        }
    };
    for (file, rule) in files.iter().flat_map(|file| file.rules.iter().map(move |rule| (file, rule))) {
        let mut problem = |message: String| problems.push(Problem::new(&file.name, &rule.id, message));
        for (number, example) in rule.examples.iter().enumerate() {
            let candidates = set.explain(example.text().as_bytes());
            let own = candidates.iter().filter(|c| set.name(c) == rule.id);
            if own.clone().all(|c| !c.accepted()) {
                let why = own.map(|c| c.test).next().unwrap_or("the pattern does not match near a literal");
                problem(format!("example {number} is not found: {why}"));
            }
        }
        for (number, example) in rule.negative_examples.iter().enumerate() {
            if set.explain(example.text().as_bytes()).iter().any(|c| c.accepted() && set.name(c) == rule.id) {
                problem(format!("negative example {number} is found"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests;
