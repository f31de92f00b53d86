//! `bittern report`: what needs a look, as one page.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Global, output};
use crate::error::{Error, Result};
use crate::report;

/// Flags of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "bittern-report.html")]
    out: PathBuf,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let bittern = global.open().await?;
    let page = report::html(&bittern.context, &bittern.policy).await?;
    std::fs::write(&args.out, page).map_err(|e| Error::from(e).context(format!("cannot write `{}`", args.out.display())))?;
    output::print_text(&format!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}
