//! `bittern maintain`: the lake kept in order; `maintain erase`: a person's erasure.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Format, Global, bar, output};
use crate::clock::Stop;
use crate::error::{Error, Result};
use crate::interval::time_text;
use crate::maintain::{Action, Summary};

/// Flags of `maintain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only say what would be done
    #[arg(long, global = true)]
    dry_run: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Erase a person from every table, old versions included
    Erase {
        /// The person: the key in `people`, an address or an account
        #[arg(long, value_name = "ID")]
        person: String,
        /// Why, without naming the person: it is kept in `maintenance`
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

/// Runs it. Exit code 1 says that a table failed; 3 that an erasure left files that are too young to be deleted.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut bittern = global.open().await?;
    bittern.healthy()?;
    let progress = bar("maintaining {bar:40} {pos}/{len} {msg}");
    let Some(Command::Erase { person, why }) = &args.command else {
        let summary = bittern.maintain(args.dry_run, &Stop::default(), &progress).await?;
        if global.format == Format::Table {
            output::print_text(&told(&summary, args.dry_run))?;
        } else {
            output::print_text(&format!("{}\n", line(&summary)?))?;
        }
        return Ok(ExitCode::from(u8::from(!summary.failed.is_empty())));
    };
    let erased = bittern.erase(person, why, args.dry_run, &progress).await?;
    if global.format == Format::Table {
        let rows: usize = erased.actions.iter().map(|action| action.rows).sum();
        let would = if args.dry_run { "up to this many rows would be" } else { "rows deleted or masked" };
        output::print_text(&table(&erased.actions))?;
        output::print_text(&format!("{rows} {would}; the person stands in `maintenance` as {}\n", erased.person_id))?;
        if erased.waiting > 0 {
            output::print_text(&format!(
                "{} files of interrupted work are younger than an hour and stay: run `bittern maintain erase` again after it\n",
                erased.waiting
            ))?;
        }
    } else {
        output::print_text(&format!("{}\n", line(&erased)?))?;
    }
    Ok(if erased.waiting > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn line(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("the summary cannot be written").caused_by(e))
}

/// A round for people to read.
pub fn told(summary: &Summary, dry_run: bool) -> String {
    let mut text = if summary.actions.is_empty() { String::new() } else { table(&summary.actions) };
    for failed in &summary.failed {
        text.push_str(&format!("failed: {}\n", output::safe(failed)));
    }
    text.push_str(&match (summary.actions.is_empty(), dry_run) {
        (true, _) => "there is nothing to maintain\n".to_owned(),
        (false, true) => "this would be done\n".to_owned(),
        (false, false) => format!("maintained in {:.1} s\n", summary.seconds),
    });
    text
}

fn table(actions: &[Action]) -> String {
    let rows: Vec<Vec<String>> = actions
        .iter()
        .map(|action| {
            let table = action.column.as_ref().map_or_else(|| action.table.clone(), |column| format!("{}.{column}", action.table));
            vec![
                action.action.clone(),
                table,
                action.before.map(time_text).unwrap_or_default(),
                action.files.to_string(),
                action.rows.to_string(),
                format!("{:.1}", action.bytes as f64 / (1024.0 * 1024.0)),
            ]
        })
        .collect();
    output::table(&["action", "table", "older than", "files", "rows", "MiB"], &rows)
}
