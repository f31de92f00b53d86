//! `bittern backtest`: a detection over the past with other parameters; nothing is written.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Format, Global, named, output, span};
use crate::error::{Error, Result};
use crate::pipeline::backtest::{Outcome, Settings};

/// Flags of `backtest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The detection
    #[arg(value_name = "DETECTION")]
    detection: String,
    /// The first day or time; the first event if none
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// The time it ends before
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// A value for one of its parameters
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// How many alerts you can take: looks for the value of a threshold that leaves no more
    #[arg(long, value_name = "N/week|N/day")]
    budget: Option<String>,
    /// The threshold to move for the budget; the first whose name ends in `_min` if none
    #[arg(long, value_name = "NAME", requires = "budget")]
    vary: Option<String>,
    /// Labels of planted or known incidents, to judge by (as `generate` writes them)
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut bittern = global.open().await?;
    let outcome = bittern.backtest(&args.detection, &args.settings()?, args.labels.as_deref()).await?;
    if global.format == Format::Table {
        show(&outcome)?;
    } else {
        output::print_text(&format!("{}\n", serde_json::to_string(&outcome).unwrap_or_default()))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn settings(&self) -> Result<Settings> {
        let span = span(self.from.as_deref(), self.to.as_deref())?;
        let params = self.param.iter().map(|text| named(text)).collect::<Result<_>>()?;
        let budget = self.budget.as_deref().map(per_week).transpose()?;
        Ok(Settings { span, params, budget, vary: self.vary.clone() })
    }
}

fn per_week(text: &str) -> Result<f64> {
    let wrong = || Error::usage(format!("`{text}` is no budget like 5/week"));
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let factor = match unit.trim() {
        "week" => 1.0,
        "day" => 7.0,
        _ => return Err(wrong()),
    };
    if number.is_finite() && number >= 0.0 { Ok(number * factor) } else { Err(wrong()) }
}

fn show(outcome: &Outcome) -> Result<()> {
    let rows: Vec<Vec<String>> =
        outcome.counts.iter().map(|count| vec![count.day.clone(), count.group.clone(), count.alerts.to_string()]).collect();
    if !rows.is_empty() {
        output::print_text(&output::table(&["day", "group", "alerts"], &rows))?;
    }
    let params: Vec<String> = outcome.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    output::print_text(&format!(
        "{} from {} to {}: {} alerts, {:.1} a week\nwith {}\n",
        outcome.detection,
        outcome.from,
        outcome.to,
        outcome.alerts,
        outcome.per_week,
        params.join(", ")
    ))?;
    if let Some(judged) = &outcome.judgement {
        output::print_text(&format!(
            "labels: {} of {} detectable incidents found, {} of {} alerts are about something known\n",
            judged.found, judged.detectable, judged.right, judged.alerts
        ))?;
    }
    if let Some(met) = &outcome.budget {
        output::print_text(&format!("budget: {} = {} leaves {} alerts, {:.1} a week\n", met.param, met.value, met.alerts, met.per_week))?;
    }
    Ok(())
}
