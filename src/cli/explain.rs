//! `bittern explain`: why detections did or did not tell of a person on a day.

use std::process::ExitCode;

use super::{Format, Global, output};
use crate::error::Result;
use crate::pipeline::explain::Explained;

/// Flags of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key, name, address or account of the person, or their pseudonym
    #[arg(long, value_name = "PERSON")]
    person: String,
    /// The person's day
    #[arg(long, value_name = "DATE")]
    date: String,
    /// Only this detection (may be given again); every one about people if none
    #[arg(long, value_name = "DETECTION")]
    detection: Vec<String>,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut bittern = global.open().await?;
    let explained = bittern.explain(&args.person, &args.date, &args.detection).await?;
    for one in &explained {
        let text = match global.format {
            Format::Table => shown(one),
            _ => format!("{}\n", serde_json::to_string(one).unwrap_or_default()),
        };
        output::print_text(&output::safe(&text))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(one: &Explained) -> String {
    let state = serde_json::to_value(one.state).ok().and_then(|state| state.as_str().map(str::to_owned)).unwrap_or_default();
    let mut text = format!("{}: {state}\n", one.detection);
    for why in &one.why {
        text.push_str(&format!("  {why}\n"));
    }
    let number = |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.3}"));
    if one.observed.is_some() {
        text.push_str(&format!("  observed {}, expected {}, spread {}", number(one.observed), number(one.expected), number(one.spread)));
        if let Some(p_value) = one.p_value {
            text.push_str(&format!(", as much or more by chance {p_value:.2e}"));
        }
        if let Some(days) = one.history_days {
            text.push_str(&format!(", {days} known days before"));
        }
        text.push('\n');
    }
    text
}
