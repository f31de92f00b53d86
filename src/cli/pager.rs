//! Text that is longer or wider than the terminal goes through the user's pager.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use super::output;
use crate::error::Result;

/// What shows text where `PAGER` does not say it: short text as it is, long lines cut, the screen left as it was.
const PAGER: &str = "less -FRSX";

/// Shows text: through the pager if it is more than fits and both ends are a terminal. An empty `PAGER` is none.
pub fn page(text: &str) -> Result<()> {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| PAGER.to_owned());
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !terminal || pager.trim().is_empty() || fits(text) {
        return output::print_text(text);
    }
    let child = Command::new("sh").arg("-c").arg(&pager).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return output::print_text(text) };
    if let Some(mut stdin) = child.stdin.take() {
        // Who leaves the pager early has seen enough.
        let _ = stdin.write_all(text.as_bytes());
    }
    let ended = child.wait()?;
    // 127: there is no such program.
    if ended.code() == Some(127) { output::print_text(text) } else { Ok(()) }
}

fn fits(text: &str) -> bool {
    let (rows, columns) = console::Term::stdout().size();
    text.lines().count() < usize::from(rows) && text.lines().all(|line| console::measure_text_width(line) <= usize::from(columns))
}
