//! Credential rules as people write them: TOML files, each rule with its own examples, checked as a whole.

use serde::Deserialize;
use sha2::{Digest, Sha256};

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
const GRAMMAR_VERSION: &str = "1";

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
    /// Which group of `pattern` is the secret.
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
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// The file's stem.
    pub name: String,
    /// The rules in the file's order.
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<Rule>,
}

impl RuleFile {
    /// Reads a file's text.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problem> {
        let document: Document = toml::from_str(text).map_err(|e| Problem::new(name, "", format!("not a rule file: {}", e.message())))?;
        Ok(Self { name: name.to_owned(), rules: document.rule })
    }
}

/// The rules that come with the crate.
pub fn builtin() -> Result<Vec<RuleFile>, Vec<Problem>> {
    let (files, problems): (Vec<_>, Vec<_>) = BUILTIN.iter().map(|(name, text)| RuleFile::parse(name, text)).partition(Result::is_ok);
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
    for rule in files.iter().flat_map(|file| &file.rules) {
        for text in [&rule.id, &rule.kind, &rule.pattern] {
            field(text);
        }
        field(&format!("{} {} {} {:?} {:?} {}", rule.confidence, rule.group, rule.entropy, rule.check, rule.value, rule.reach));
        rule.literals.iter().chain(["|"].map(str::to_owned).iter()).chain(&rule.allow).for_each(|text| field(text));
    }
    hash.finalize().iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// Every problem of every rule at once: what does not compile, and every example that is not answered as it should be.
pub fn check(files: &[RuleFile]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, rule) in files.iter().flat_map(|file| file.rules.iter().map(move |rule| (file, rule))) {
        let mut problem = |message: String| problems.push(Problem::new(&file.name, &rule.id, message));
        if rule.examples.is_empty() {
            problem("has no examples".to_owned());
        }
        if rule.description.trim().is_empty() {
            problem("has no description".to_owned());
        }
    }
    let set = match RuleSet::compile(files) {
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
mod tests {
    use super::{Problem, RuleFile, builtin, check};

    #[test]
    fn every_rule_answers_its_own_examples() {
        let files = builtin().unwrap_or_else(|problems| {
            assert!(problems.is_empty(), "{problems:#?}");
            Vec::new()
        });
        let problems: Vec<String> = check(&files).iter().map(Problem::to_string).collect();
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    }

    #[test]
    fn the_rules_cover_many_services_and_each_says_where_its_format_is_documented() {
        let files = builtin().unwrap_or_default();
        let rules: Vec<_> = files.iter().flat_map(|f| &f.rules).collect();
        let mut services: Vec<&str> = rules.iter().map(|r| r.service.as_str()).filter(|s| !s.is_empty()).collect();
        services.sort_unstable();
        services.dedup();
        assert!(rules.len() >= 120, "{} rules", rules.len());
        assert!(services.len() >= 80, "{} services", services.len());
        let silent: Vec<&str> = rules.iter().filter(|r| r.references.is_empty()).map(|r| r.id.as_str()).collect();
        assert!(silent.is_empty(), "without reference: {silent:?}");
        let bold: Vec<&str> = rules.iter().filter(|r| r.negative_examples.is_empty()).map(|r| r.id.as_str()).collect();
        assert!(bold.is_empty(), "without negative example: {bold:?}");
    }

    #[test]
    fn check_reports_every_problem_at_once() {
        let text = r#"
            [[rule]]
            id = "Bad Id"
            description = "x"
            kind = "nonsense"
            confidence = 2.0
            literals = ["ab"]
            pattern = "("
            examples = []
            [[rule]]
            id = "quiet"
            description = "x"
            kind = "token"
            confidence = 0.9
            literals = ["abcd"]
            pattern = "abcd([0-9]{4})"
            examples = ["nothing"]
        "#;
        let file = RuleFile::parse("mine", text).expect("parses");
        assert!(check(std::slice::from_ref(&file)).len() >= 5);
        let quiet = RuleFile { name: "mine".to_owned(), rules: file.rules[1..].to_vec() };
        assert_eq!(check(&[quiet]).len(), 1);
    }
}
