//! `bittern generate`: synthetic logs with planted incidents.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;

use super::output;
use crate::error::{Error, Result};
use crate::generate::{Settings, generate};
use crate::sources::Source;

/// Flags of `generate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Employees
    #[arg(long, default_value_t = 40)]
    people: u32,
    /// Days
    #[arg(long, default_value_t = 42)]
    days: u32,
    /// Another seed gives another organisation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first day
    #[arg(long, default_value = "2026-03-02", value_name = "DATE")]
    start: NaiveDate,
    /// Only these sources
    #[arg(long, value_delimiter = ',', value_name = "SOURCE,...")]
    sources: Vec<String>,
    /// Acts of the person in the middle on a working day
    #[arg(long, default_value_t = 22.0, value_name = "N")]
    events_per_day: f64,
    /// Write gzip files
    #[arg(long)]
    compress: bool,
}

/// Runs it.
pub fn run(args: &Args) -> Result<ExitCode> {
    let source = |name: &String| Source::parse(name).ok_or_else(|| Error::usage(format!("there is no source `{name}`")));
    let sources = args.sources.iter().map(source).collect::<Result<Vec<Source>>>()?;
    let settings = Settings {
        people: args.people,
        days: args.days,
        seed: args.seed,
        start: args.start,
        compress: args.compress,
        sources: (!sources.is_empty()).then_some(sources),
        events_per_person_day: args.events_per_day,
        ..Settings::default()
    };
    let totals = generate(&settings, &args.out).map_err(|e| Error::from(e).context(format!("cannot write to `{}`", args.out.display())))?;
    output::print_text(&format!(
        "{} records of {} people in {} files, {:.1} MB; {} incidents, {} of them detectable\n",
        totals.lines,
        totals.people,
        totals.files,
        totals.bytes as f64 / 1e6,
        totals.incidents,
        totals.detectable
    ))?;
    Ok(ExitCode::SUCCESS)
}
