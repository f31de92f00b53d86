//! `bittern run`: what is stale is answered anew.

use std::process::ExitCode;

use super::{Format, Global, bar, output, span};
use crate::clock::Clock;
use crate::error::Result;
use crate::jobs::stale::Horizon;
use crate::pipeline::run::{Done, Settings};

/// Flags of `run` and `plan`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these jobs, and those they read
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Answer again from this time on, stale or not
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// Answer again up to this time
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Answer everything again
    #[arg(long, conflicts_with_all = ["from", "to"])]
    full: bool,
}

impl Args {
    /// What they ask for.
    pub fn settings(&self) -> Result<Settings> {
        let asked = span(self.from.as_deref(), self.to.as_deref())?;
        // What lies after now comes from a clock that is wrong, and would make everything else too old.
        let horizon = Horizon { now: Clock::System.now(), ..Horizon::default() };
        Ok(Settings { jobs: self.jobs.clone(), asked, full: self.full, horizon, ..Settings::default() })
    }
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut bittern = global.open().await?;
    let done = bittern.run(&args.settings()?, &bar("{bar:40} {pos}/{len} {msg}")).await?;
    show(&done, global.format)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what was done.
pub fn show(done: &[Done], format: Format) -> Result<()> {
    if format != Format::Table {
        for job in done {
            output::print_text(&format!("{}\n", serde_json::to_string(job).unwrap_or_default()))?;
        }
        return Ok(());
    }
    let rows: Vec<Vec<String>> = done
        .iter()
        .map(|job| {
            let left = [(job.too_old, "too old"), (job.sealed, "sealed"), (job.future, "in the future")];
            let left: Vec<String> = left.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
            let left = if left.is_empty() { String::new() } else { format!(" ({})", left.join(", ")) };
            vec![
                job.job.clone(),
                format!("{}{left}", job.intervals),
                job.rows.to_string(),
                job.changes.to_string(),
                format!("{:.1}", job.seconds),
                job.reason.clone(),
            ]
        })
        .collect();
    output::print_text(&output::table(&["job", "intervals", "rows", "alert changes", "seconds", "because"], &rows))
}
