//! `bittern plan`: what `run` would do, and why.

use std::process::ExitCode;

use super::run::Args;
use super::{Format, Global, output};
use crate::error::Result;

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut bittern = global.open().await?;
    let planned = bittern.plan(&args.settings()?).await?;
    let mut rows = Vec::new();
    for (job, todo) in &planned {
        for stale in &todo.stale {
            rows.push(vec![job.clone(), stale.span.to_string(), stale.reason.to_string()]);
        }
        for (count, why) in [
            (todo.too_old, "older than the lookback: left, use --from and --to"),
            (todo.sealed, "what they read is past its retention: sealed"),
            (todo.future, "in the future: some clock is wrong"),
        ] {
            if count > 0 {
                rows.push(vec![job.clone(), format!("{count} intervals"), why.into()]);
            }
        }
    }
    if global.format == Format::Table {
        if rows.is_empty() {
            return output::print_text("nothing is stale\n").map(|()| ExitCode::SUCCESS);
        }
        output::print_text(&output::table(&["job", "would run", "because"], &rows))?;
        output::print_text("a job that reads what another fills becomes stale when that one runs\n")?;
    } else {
        for row in rows {
            let line = serde_json::json!({"job": row[0], "interval": row[1], "reason": row[2]});
            output::print_text(&format!("{line}\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
