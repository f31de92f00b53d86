//! `bittern test`: the cases of the detections.

use std::process::ExitCode;

use super::{Global, output};
use crate::error::{Error, Result};
use crate::jobs::catalog::Catalog;
use crate::pipeline::cases;
use crate::session::Limits;

/// Flags of `test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these detections
    #[arg(value_name = "DETECTION")]
    detections: Vec<String>,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let catalog = Catalog::load(global.config()?.sql.as_deref())?;
    let (mut passed, mut failed) = (0, 0);
    let mut known = Vec::new();
    for (name, text) in catalog.cases() {
        known.push(name.to_owned());
        if !args.detections.is_empty() && args.detections.iter().all(|wanted| wanted != name) {
            continue;
        }
        match cases::run(&text.path, &text.sql, &catalog, &Limits::default()).await {
            Ok(()) => {
                passed += 1;
                output::print_text(&format!("ok      {name}\n"))?;
            }
            Err(error) => {
                failed += 1;
                output::print_text(&format!("FAILED  {name}\n{}\n", output::safe(&format!("{error:#}"))))?;
            }
        }
    }
    if let Some(missing) = args.detections.iter().find(|name| !known.contains(name)) {
        return Err(Error::usage(format!("there are no cases of `{missing}`")));
    }
    output::print_text(&format!("{passed} passed, {failed} failed\n"))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
