//! `bittern ingest`: raw objects → events.

use std::process::ExitCode;

use super::{Format, Global, bar, output};
use crate::error::Result;
use crate::ingest::Settings;
use crate::pipeline::Bittern;

/// Flags of `ingest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, folders, globs or URLs
    #[arg(required_unless_present = "retry_quarantine", value_name = "PATH")]
    inputs: Vec<String>,
    /// The source of everything named, instead of recognising it
    #[arg(long)]
    source: Option<String>,
    /// Read objects again that were read before
    #[arg(long)]
    again: bool,
    /// Read again what went to quarantine, by its place: after a source was mended or rights were given
    #[arg(long, conflicts_with_all = ["inputs", "again"])]
    retry_quarantine: bool,
}

/// Runs it. Exit code 3 says that something went to quarantine.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let bittern = global.open_to_land().await?;
    if args.retry_quarantine {
        return retry(global, &bittern, args).await;
    }
    let settings = Settings { inputs: args.inputs.clone(), source: args.source.clone(), again: args.again, ..Settings::default() };
    let progress = bar("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    let summary = bittern.ingest(&settings, &progress).await?;
    if global.format == Format::Table {
        let rows: Vec<Vec<String>> = summary.by_source.iter().map(|(source, count)| vec![source.clone(), count.to_string()]).collect();
        output::print_text(&output::table(&["source", "events"], &rows))?;
        if summary.undated > 0 {
            output::print_text(&format!("{} events have no time of their own: they stand at their object's\n", summary.undated))?;
        }
        output::print_text(&format!(
            "{} events from {} objects ({} passed over), {} duplicates, {} to quarantine, {:.1} s\n",
            summary.events, summary.objects, summary.skipped, summary.duplicates, summary.quarantined, summary.seconds
        ))?;
    } else {
        output::print_text(&format!("{}\n", serde_json::to_string(&summary).unwrap_or_default()))?;
    }
    Ok(if summary.quarantined > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

async fn retry(global: &Global, bittern: &Bittern, args: &Args) -> Result<ExitCode> {
    let progress = bar("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    let retried = bittern.retry_quarantine(args.source.clone(), &progress).await?;
    if global.format == Format::Table {
        output::print_text(&format!(
            "of {} places in quarantine {} are read now, {} lie in objects that are gone, {} stay; {} events landed\n",
            retried.places, retried.landed, retried.gone, retried.still, retried.ingest.events
        ))?;
    } else {
        output::print_text(&format!("{}\n", serde_json::to_string(&retried).unwrap_or_default()))?;
    }
    Ok(if retried.still > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
}
