//! `bittern init`: a folder to begin with: settings with every default in them, policy files with their columns, a key outside the lake.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Format, Global, output};
use crate::config::{Config, read_or_make_key};
use crate::error::{Error, Result};
use crate::policy::tables::{ALL, Spec};

/// Every setting with its default, commented. A test compares it with `Config`.
pub const SETTINGS: &str = include_str!("init/bittern.toml");

/// What the policy files hold, and a row of each as an example: a CSV has no comments.
const POLICY: &str = include_str!("init/policy.md");

/// Flags of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; made if it is not there
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Whether names stand beside pseudonyms in lists and deliveries; asked for at a terminal if not given
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    names: Option<String>,
}

/// Runs it. What is there already stays as it is.
pub fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let names = match args.names.as_deref() {
        Some(answer) => answer == "yes",
        None => ask(
            "Show names beside pseudonyms in lists and deliveries? People with access to this folder can look them up either way. [y/N] ",
        )?,
    };
    let mut files = vec![(PathBuf::from("bittern.toml"), settings(names)), (PathBuf::from("policy/README.md"), POLICY.to_owned())];
    files.extend(ALL.iter().map(|spec| (PathBuf::from(format!("policy/{}.csv", spec.name)), header(spec))));
    let mut told = Vec::new();
    for (path, text) in files {
        let place = args.folder.join(&path);
        told.push((place.clone(), if write_new(&place, &text)? { "made" } else { "kept" }));
    }
    // Of what stands there now, which may be somebody's own.
    let config = Config::read(Some(&args.folder.join("bittern.toml")))?;
    let key = config.key_path()?;
    let there = key.exists();
    outside(&key, config.lake.as_deref())?;
    read_or_make_key(&key)?;
    told.push((key, if there { "kept" } else { "made" }));
    show(global.format, &args.folder, &told)?;
    Ok(ExitCode::SUCCESS)
}

fn settings(names: bool) -> String {
    if names { SETTINGS.replacen("#names = false", "names = true", 1) } else { SETTINGS.to_owned() }
}

/// The first line of a policy file.
fn header(spec: &Spec) -> String {
    let columns: Vec<&str> = spec.columns.iter().map(|(name, _)| *name).chain(["valid_from", "valid_to"]).collect();
    format!("{}\n", columns.join(","))
}

/// Writes a file that is not there. False if it is.
fn write_new(path: &Path, text: &str) -> Result<bool> {
    let refused = |e: std::io::Error| Error::usage(format!("cannot write `{}`", path.display())).caused_by(e);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true).map_err(refused),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(refused(e)),
    }
}

/// Whoever reads the lake must not find the key in it: with both, a pseudonym is no secret.
fn outside(key: &Path, lake: Option<&str>) -> Result<()> {
    match lake {
        Some(lake) if !lake.contains("://") && key.starts_with(lake) => {
            Err(Error::usage(format!("the key `{}` would lie in the lake: name another place with `key_file`", key.display())))
        }
        _ => Ok(()),
    }
}

/// Yes or no, at a terminal; no anywhere else.
fn ask(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    super::prompt(question)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn show(format: Format, folder: &Path, told: &[(PathBuf, &str)]) -> Result<()> {
    if format != Format::Table {
        for (path, state) in told {
            output::print_text(&format!("{}\n", serde_json::json!({"file": path.display().to_string(), "state": state})))?;
        }
        return Ok(());
    }
    for (path, state) in told {
        output::print_text(&format!("{state}  {}\n", path.display()))?;
    }
    let config = if folder == Path::new(".") { String::new() } else { format!(" --config {}", folder.join("bittern.toml").display()) };
    output::print_text(&format!(
        "\nnext:\n  bittern ingest{config} PATH...     files, folders or URLs of your logs\n  bittern run{config}                every detection\n  \
         bittern alerts{config} list        what they found\n"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Keys of a section, as the error about an unknown one lists them; `None` if the place holds no section.
    fn keys(section: &[&str]) -> Option<BTreeSet<String>> {
        let mut asked = serde_json::json!({"?": 1});
        for name in section.iter().rev() {
            asked = match name.strip_suffix("[]") {
                Some(name) => serde_json::json!({name: [asked]}),
                None => serde_json::json!({*name: asked}),
            };
        }
        let error = serde_json::from_value::<Config>(asked).expect_err("an unknown key").to_string();
        let (_, listed) =
            error.strip_prefix("unknown field `?`, expected ")?.split_once('`').map(|(head, rest)| (head, format!("`{rest}")))?;
        Some(listed.split('`').skip(1).step_by(2).map(str::to_owned).collect())
    }

    /// Notes every setting below a section, or the section itself as one setting where it holds none.
    fn below(section: &mut Vec<String>, settings: &mut BTreeSet<String>) {
        let at = |section: &[String]| keys(&section.iter().map(String::as_str).collect::<Vec<_>>());
        let Some(inner) = at(section) else {
            settings.insert(section.join("."));
            return;
        };
        for key in inner {
            section.push(format!("{key}[]"));
            if at(section).is_none() {
                section.pop();
                section.push(key);
            }
            below(section, settings);
            section.pop();
        }
    }

    /// Sections and keys of the settings, commented or not: a setting is `#key = value`, words are `# words`.
    fn written() -> BTreeSet<String> {
        let mut section = String::new();
        let mut found = BTreeSet::new();
        for line in SETTINGS.lines() {
            let line = line.strip_prefix('#').unwrap_or(line);
            if let Some(name) = line.strip_prefix("[[").and_then(|line| line.split("]]").next()) {
                section = format!("{name}[].");
            } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
                section = format!("{name}.");
            } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ') && !key.is_empty()) {
                found.insert(format!("{section}{key}"));
            }
        }
        found
    }

    #[test]
    fn every_setting_stands_in_the_file_and_nothing_else() {
        let mut expected = BTreeSet::new();
        below(&mut Vec::new(), &mut expected);
        assert_eq!(written(), expected, "src/cli/init/bittern.toml and src/config.rs differ");
    }

    #[test]
    fn what_is_commented_is_the_default_and_what_is_not_can_be_used() {
        let config: Config = toml::from_str(&settings(false)).expect("is valid");
        assert_eq!((config.lake.as_deref(), config.names), (Some("lake"), false));
        let named: Config = toml::from_str(&settings(true)).expect("is valid");
        assert!(named.names);
        // Values that are no defaults say so: `# example:` stands before them.
        let mut defaults = String::new();
        let mut example = false;
        for line in SETTINGS.lines().take_while(|line| !line.contains("[[")) {
            let section = Some(line).filter(|line| line.starts_with('['));
            let setting = section.or_else(|| line.strip_prefix('#').filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())));
            if let Some(setting) = setting.filter(|_| !example) {
                defaults.push_str(&format!("{setting}\n"));
            }
            example = line.starts_with("# example:");
        }
        let config: Config = toml::from_str(&defaults).expect("is valid");
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()), "a commented setting is not the default");
    }

    #[test]
    fn every_sink_in_the_file_can_be_used_once_its_comment_marks_are_gone() {
        let start = SETTINGS.find("#[[sinks]]").expect("has sinks");
        let text: String = SETTINGS[start..]
            .lines()
            .filter_map(|line| line.strip_prefix('#').filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '[')))
            .map(|line| format!("{line}\n"))
            .collect();
        let config: Config = toml::from_str(&text).expect("is valid");
        let kinds: BTreeSet<&str> = config.sinks.iter().filter_map(|sink| sink.kind).map(|kind| kind.as_str()).collect();
        assert_eq!(kinds.len(), 6, "one of each kind");
        for sink in &config.sinks {
            assert_eq!(sink.problem(), None);
        }
    }

    #[test]
    fn policy_files_are_read_without_a_problem() {
        let texts = ALL.iter().map(|spec| (spec.name.to_owned(), header(spec))).collect();
        let policy = crate::policy::Policy::from_texts(&texts);
        assert!(policy.problems.is_empty(), "{:?}", policy.problems);
        let mut examples = std::collections::BTreeMap::new();
        for spec in ALL {
            let (_, block) = POLICY.split_once(&format!("## {}.csv", spec.name)).expect(spec.name);
            let csv = block.split("```").nth(1).expect("has an example").trim_start_matches("csv").trim_start();
            assert!(csv.starts_with(header(spec).trim_end()), "{}: the example has the columns of the file", spec.name);
            examples.insert(spec.name.to_owned(), csv.to_owned());
        }
        let policy = crate::policy::Policy::from_texts(&examples);
        assert!(policy.problems.is_empty(), "{:?}", policy.problems);
    }
}
