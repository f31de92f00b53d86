//! `bittern alerts`: cases, and what is decided about them.

mod shown;

use std::process::ExitCode;

use super::{Format, Global, moment, output, unmask};
use crate::alerts::actions::{Decision, Verdict};
use crate::error::{Error, Result};
use crate::pipeline::Bittern;
use crate::pipeline::triage::{Decided, Filter};

/// Flags of `alerts`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List cases, the riskiest first
    List(List),
    /// Show a case: why, its baseline, evidence, the person's last thirty days, what else fired, how to tune, what was decided
    Show {
        /// The beginning of the case's id, or of one of its alerts'
        case: String,
        #[command(flatten)]
        unmask: unmask::Names,
    },
    /// Somebody looks into it
    Ack(Decide),
    /// Its credential is worthless now: closes itself once nothing holds it any more
    Rotated(Decide),
    /// It is over
    Close {
        #[command(flatten)]
        decide: Decide,
        /// How it ended
        #[arg(long, value_enum)]
        verdict: Verdict,
    },
    /// Write something down
    Comment {
        /// The beginning of the case's id, or of one of its alerts'
        case: String,
        /// What; credentials in it are masked
        text: String,
        /// Who says so
        #[arg(long, env = "USER", default_value = "", value_name = "NAME")]
        by: String,
    },
    /// Do not list it until something happens after a time
    Suppress {
        #[command(flatten)]
        decide: Decide,
        /// Until when
        #[arg(long, value_name = "TIME")]
        until: String,
    },
    /// Look at it again
    Reopen(Decide),
}

#[derive(Debug, clap::Args)]
struct List {
    /// open, acknowledged, closed, suppressed or all
    #[arg(long, default_value = "open", value_name = "STATE", value_parser = ["open", "acknowledged", "closed", "suppressed", "all"])]
    state: String,
    /// Only this detection's
    #[arg(long, value_name = "DETECTION")]
    detection: Option<String>,
    /// Only those about this entity, as `list` shows it
    #[arg(long, value_name = "ID")]
    entity: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    unmask: unmask::Names,
}

impl List {
    /// In words, for whoever reads later why names were seen.
    fn what(&self) -> String {
        let of = |name: &str, value: &Option<String>| value.as_ref().map_or_else(String::new, |value| format!(", {name} {value}"));
        format!("cases: {}{}{}", self.state, of("detection", &self.detection), of("entity", &self.entity))
    }
}

#[derive(Debug, clap::Args)]
struct Decide {
    /// The beginning of each case's id, or of one of its alerts'
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<String>,
    /// Why; credentials in it are masked
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Who decides
    #[arg(long, env = "USER", default_value = "", value_name = "NAME")]
    by: String,
}

impl Decide {
    fn decided(&self, decision: Decision) -> Decided {
        Decided { decision, verdict: None, comment: self.comment.clone(), until: None, by: self.by.clone() }
    }
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut bittern = match &args.command {
        Command::List(list) => list.unmask.open(global, "alerts list", list.what()).await?,
        Command::Show { case, unmask } => unmask.named(global.open().await?, "alerts show", format!("case {case}")).await?,
        _ => global.open_to_ask().await?,
    };
    match &args.command {
        Command::List(list) => {
            let state = Some(list.state.clone()).filter(|state| state != "all");
            let filter = Filter { state, detection: list.detection.clone(), entity: list.entity.clone(), limit: list.limit };
            output::print(&bittern.cases(&filter).await?, global.format)?;
        }
        Command::Show { case, .. } => {
            let told = bittern.told(case).await?;
            if global.format == Format::Table
                && let Some(told) = &told
            {
                output::print_text(&shown::page(told))?;
            }
            for (title, rows) in ["case", "alerts", "decisions"].into_iter().zip(bittern.case(case).await?) {
                match (global.format, &told) {
                    // The page has said it.
                    (Format::Table, Some(_)) if title == "case" => continue,
                    (Format::Table, _) if rows.iter().all(|batch| batch.num_rows() == 0) => continue,
                    (Format::Table, _) => output::print_text(&format!("\n{title}\n"))?,
                    _ => {}
                }
                output::print(&rows, global.format)?;
            }
            if let (Format::Json, Some(told)) = (global.format, &told) {
                let line = serde_json::to_string(told).map_err(|e| Error::internal("the case is no JSON").caused_by(e))?;
                output::print_text(&format!("{line}\n"))?;
            }
        }
        Command::Ack(decide) => write(&bittern, global, &decide.cases, decide.decided(Decision::Ack)).await?,
        Command::Rotated(decide) => {
            write(&bittern, global, &decide.cases, decide.decided(Decision::Rotated)).await?;
            bittern.refresh().await?;
            for case in bittern.close_settled().await? {
                said(global, &case, Decision::Close)?;
            }
        }
        Command::Close { decide, verdict } => {
            let decided = Decided { verdict: Some(*verdict), ..decide.decided(Decision::Close) };
            write(&bittern, global, &decide.cases, decided).await?;
        }
        Command::Comment { case, text, by } => {
            let decided = Decided { decision: Decision::Comment, verdict: None, comment: Some(text.clone()), until: None, by: by.clone() };
            write(&bittern, global, std::slice::from_ref(case), decided).await?;
        }
        Command::Suppress { decide, until } => {
            let decided = Decided { until: Some(moment(until)?), ..decide.decided(Decision::Suppress) };
            write(&bittern, global, &decide.cases, decided).await?;
        }
        Command::Reopen(decide) => write(&bittern, global, &decide.cases, decide.decided(Decision::Reopen)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn write(bittern: &Bittern, global: &Global, cases: &[String], decided: Decided) -> Result<()> {
    for case in bittern.decide(cases, &decided).await? {
        said(global, &case, decided.decision)?;
    }
    Ok(())
}

fn said(global: &Global, case: &str, decision: Decision) -> Result<()> {
    output::print_text(&match global.format {
        Format::Table => format!("{case}: {}\n", decision.as_str()),
        _ => format!("{}\n", serde_json::json!({"case_id": case, "decision": decision.as_str()})),
    })
}
