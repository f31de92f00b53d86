//! `bittern run`: what is stale is answered anew.

use std::process::ExitCode;

use super::{Format, Global, bar, output, span};
use crate::error::Result;
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
        Ok(Settings { jobs: self.jobs.clone(), asked, full: self.full })
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
            let old = if job.too_old > 0 { format!(" ({} too old)", job.too_old) } else { String::new() };
            vec![
                job.job.clone(),
                format!("{}{old}", job.intervals),
                job.rows.to_string(),
                job.changes.to_string(),
                format!("{:.1}", job.seconds),
                job.reason.clone(),
            ]
        })
        .collect();
    output::print_text(&output::table(&["job", "intervals", "rows", "alert changes", "seconds", "because"], &rows))
}
