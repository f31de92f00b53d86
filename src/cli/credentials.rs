//! `bittern credentials`: the matcher by itself: on any text, its rules, and how well it does on labelled texts.

use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bittern_udfs::credentials::rules;
use bittern_udfs::setup::Setup;

use super::{Format, Global, output};
use crate::config::read_or_make_key;
use crate::error::{Error, Result};
use crate::pipeline::evaluation::{self, Evaluation, Line};
use crate::pipeline::texts::{Form, Scanned, Scanner};
use crate::session::{self, Limits};

/// Texts or findings that a group needs to be shown in a table.
const GROUP_MIN: u64 = 10;

/// Arguments of `credentials`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Find credentials in texts; writes one JSON object a finding
    Scan(ScanArgs),
    /// Show or check the rules
    Rules(RulesArgs),
    /// Judge the matcher on labelled texts (JSON lines with text, label and, where known, secrets, kind, lang)
    Eval(EvalArgs),
}

#[derive(Debug, clap::Args)]
struct ScanArgs {
    /// JSON lines {"id", "text"}, or Parquet with --column; `-` is standard input
    #[arg(default_value = "-", value_name = "FILE")]
    input: String,
    /// Lines are texts themselves; a finding's id is the line's number
    #[arg(long)]
    lines: bool,
    /// The input is Parquet: scan this column
    #[arg(long, value_name = "NAME", conflicts_with = "lines")]
    column: Option<String>,
    /// Leave out findings below this confidence
    #[arg(long, default_value_t = 0.5, value_name = "0..1")]
    min_confidence: f64,
}

#[derive(Debug, clap::Args)]
struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, clap::Subcommand)]
enum RulesCommand {
    /// List the rules
    List,
    /// Run every example of every rule, and name every problem at once
    Check {
        /// Rule files to check beside those that are built in or configured, in our syntax or that of Gitleaks and Betterleaks
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct EvalArgs {
    /// Labelled texts
    #[arg(required = true, value_name = "LABELS.jsonl")]
    labels: Vec<PathBuf>,
    /// Count only findings of at least this confidence
    #[arg(long, default_value_t = 0.5, value_name = "0..1")]
    min_confidence: f64,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Scan(args) => scan(global, args).await,
        Command::Rules(RulesArgs { command: RulesCommand::List }) => list(global),
        Command::Rules(RulesArgs { command: RulesCommand::Check { files } }) => check(global, files),
        Command::Eval(args) => eval(global, args),
    }
}

fn setup(global: &Global) -> Result<Setup> {
    let config = global.config()?;
    session::setup(&config, &read_or_make_key(&config.key_path()?)?)
}

async fn scan(global: &Global, args: &ScanArgs) -> Result<ExitCode> {
    let setup = setup(global)?;
    let scanner = Scanner::new(&setup, args.min_confidence, BufWriter::new(std::io::stdout().lock()));
    let form = if args.lines { Form::Plain } else { Form::Json };
    let outcome = if let Some(column) = &args.column {
        scanner.parquet(&session::bare(&setup, &Limits::default())?, &args.input, column).await
    } else if args.input == "-" {
        scanner.lines(std::io::stdin().lock(), form)
    } else {
        let file = std::fs::File::open(&args.input).map_err(|e| Error::usage(format!("cannot read `{}`", args.input)).caused_by(e))?;
        scanner.lines(BufReader::with_capacity(1 << 20, file), form)
    };
    let Scanned { texts, findings, broken } = outcome?;
    for (line, column, reason) in &broken {
        let column = column.map_or_else(String::new, |column| format!(":{column}"));
        eprintln!("{}:{line}{column}: {reason}", args.input);
    }
    tracing::info!(texts, findings, "scanned");
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn list(global: &Global) -> Result<ExitCode> {
    let mut files = rules::builtin().map_err(|problems| Error::internal(format!("{} built-in rules are wrong", problems.len())))?;
    for path in &global.config()?.rules {
        files.push(session::rule_file(path)?);
    }
    let all = files.iter().flat_map(|file| file.rules.iter().map(move |rule| (file, rule)));
    if global.format == Format::Table {
        let rows: Vec<Vec<String>> = all
            .map(|(_, rule)| vec![rule.id.clone(), rule.kind.clone(), format!("{:.2}", rule.confidence), rule.description.clone()])
            .collect();
        output::print_text(&output::table(&["rule", "kind", "confidence", "finds"], &rows))?;
        output::print_text(&format!("{} rules, and the grammar of people's own words\n", rows.len()))?;
        return Ok(ExitCode::SUCCESS);
    }
    for (file, rule) in all {
        let line = serde_json::json!({
            "rule": rule.id, "file": file.name, "service": rule.service, "kind": rule.kind, "confidence": rule.confidence,
            "description": rule.description, "references": rule.references,
        });
        output::print_text(&format!("{line}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks the built-in rules, those that the configuration names, and those named here, together.
fn check(global: &Global, paths: &[PathBuf]) -> Result<ExitCode> {
    let mut files = match rules::builtin() {
        Ok(files) => files,
        Err(problems) => return problems_found(problems.iter().map(ToString::to_string).collect(), 0),
    };
    let mut wrong = Vec::new();
    for path in global.config()?.rules.iter().chain(paths) {
        match session::rule_file(path) {
            Ok(file) => {
                for note in &file.notes {
                    output::print_text(&format!("note: {}\n", output::safe(&note.to_string())))?;
                }
                files.push(file);
            }
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    wrong.extend(rules::check(&files).iter().map(ToString::to_string));
    problems_found(wrong, files.iter().map(|file| file.rules.len()).sum())
}

fn problems_found(problems: Vec<String>, rules: usize) -> Result<ExitCode> {
    for problem in &problems {
        output::print_text(&format!("{}\n", output::safe(problem)))?;
    }
    output::print_text(&format!("{rules} rules, {} problems\n", problems.len()))?;
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e))
}

fn eval(global: &Global, args: &EvalArgs) -> Result<ExitCode> {
    let setup = setup(global)?;
    for path in &args.labels {
        let at = path.display().to_string();
        let evaluation = evaluation::evaluate(&setup, &read(path)?, &at, args.min_confidence)?;
        output::print_text(&shown(&at, &evaluation, global.format)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(at: &str, evaluation: &Evaluation, format: Format) -> Result<String> {
    if format != Format::Table {
        let json = |value: serde_json::Result<String>| value.map_err(|e| Error::internal("an evaluation cannot be written").caused_by(e));
        let lines = evaluation.lines.iter().map(|line| json(serde_json::to_string(line)));
        let reliability = evaluation.reliability.iter().map(|line| json(serde_json::to_string(line)));
        return lines.chain(reliability).map(|line| line.map(|line| line + "\n")).collect();
    }
    let share = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
    let line = |line: &Line| {
        let [recall, span, precision, f1] = [line.recall, line.span_recall, line.precision, line.f1].map(share);
        let alarms = line.false_alarms_per_1000.map_or_else(String::new, |alarms| format!("{alarms:.2}"));
        vec![line.group.clone(), line.secret.to_string(), line.clean.to_string(), recall, span, precision, f1, alarms]
    };
    let header = ["group", "with", "without", "recall", "span recall", "precision", "F1", "false alarms per 1,000"];
    let (large, small): (Vec<&Line>, Vec<&Line>) = evaluation.lines.iter().partition(|line| line.secret + line.clean >= GROUP_MIN);
    let counts = output::table(&header, &large.into_iter().map(line).collect::<Vec<_>>());
    let bin = |bin: &evaluation::Reliability| {
        let range = format!("{:.2}..{:.2}", bin.from, bin.below);
        vec![bin.group.clone(), range, bin.findings.to_string(), format!("{:.3}", bin.confidence), format!("{:.3}", bin.right)]
    };
    let bins = output::table(
        &["group", "confidence", "findings", "mean confidence", "right"],
        &evaluation.reliability.iter().filter(|bin| bin.findings >= GROUP_MIN).map(bin).collect::<Vec<_>>(),
    );
    Ok(format!("{at}\n{counts}{bins}{} groups of fewer than {GROUP_MIN} texts are left out: --format json has all\n", small.len()))
}
