//! `bittern check`: every problem at once.

use std::process::ExitCode;

use super::{Format, Global, output};
use crate::clock::Clock;
use crate::error::Result;
use crate::pipeline::{Bittern, lint};

/// Runs it. Without a lake, SQL files are checked against an empty one.
pub async fn run(global: &Global) -> Result<ExitCode> {
    let config = global.config()?;
    let scratch = std::env::temp_dir().join(format!("bittern-check-{}", std::process::id()));
    let root = config.lake.clone().unwrap_or_else(|| scratch.display().to_string());
    let found = match Bittern::open(&config, &root, Clock::System).await {
        Ok(bittern) => lint::problems(&bittern).await,
        Err(error) => Ok(vec![format!("{error:#}")]),
    };
    if config.lake.is_none() {
        let _ = std::fs::remove_dir_all(&scratch);
    }
    let found = found?;
    for problem in &found {
        let line = if global.format == Format::Json { serde_json::json!({"problem": problem}).to_string() } else { output::safe(problem) };
        output::print_text(&format!("{line}\n"))?;
    }
    if found.is_empty() {
        if global.format != Format::Json {
            output::print_text("everything is in order\n")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
