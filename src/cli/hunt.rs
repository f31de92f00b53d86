//! `bittern hunt`: saved queries.

use std::process::ExitCode;

use super::{Format, Global, named, output, unmask};
use crate::error::Result;
use crate::pipeline::hunts;
use crate::pipeline::unmask::with_names;

/// Flags of `hunt`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The hunt; all are listed if none is named
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// A value for one of its parameters
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    #[command(flatten)]
    unmask: unmask::Names,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let what = format!("{} {}", args.name.as_deref().unwrap_or_default(), args.param.join(" "));
    let bittern = args.unmask.open(global, "hunt", what.trim().to_owned()).await?;
    let Some(name) = &args.name else {
        let mut rows = Vec::new();
        for hunt in hunts::all(&bittern.catalog)? {
            let params: Vec<String> = hunt.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            rows.push([hunt.id, hunt.title, params.join(" ")]);
        }
        if global.format == Format::Table {
            let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
            output::print_text(&output::table(&["hunt", "answers", "parameters"], &rows))?;
        } else {
            for [hunt, title, params] in rows {
                output::print_text(&format!("{}\n", serde_json::json!({"hunt": hunt, "title": title, "params": params})))?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    let params = args.param.iter().map(|text| named(text)).collect::<Result<Vec<_>>>()?;
    let hunt = bittern.hunt_named(name, &params)?;
    let rows = bittern.hunt(&hunt).await?;
    let rows = if bittern.shows_names() {
        let names = bittern.people_names().await?;
        rows.iter().map(|batch| with_names(batch, &names)).collect::<Result<_>>()?
    } else {
        rows
    };
    output::print(&rows, global.format)?;
    if global.format == Format::Table {
        output::print_text(&format!("{}\n", hunt.title))?;
        for (column, meaning) in &hunt.columns {
            output::print_text(&format!("  {column}: {meaning}\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
