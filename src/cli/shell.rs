//! `bittern completions` and `bittern man`: what a shell and a manual know of the commands, from the same definitions as `--help`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;

use super::output;
use crate::error::{Error, Result};

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Flags of `man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The folder, made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints the script for a shell.
pub fn completions(args: &Completions) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Args::command(), "bittern", &mut script);
    output::print_text(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one page a command.
pub fn man(args: &Man) -> Result<ExitCode> {
    let refused = |e: std::io::Error| Error::usage(format!("cannot write to `{}`", args.folder.display())).caused_by(e);
    std::fs::create_dir_all(&args.folder).map_err(refused)?;
    clap_mangen::generate_to(super::Args::command(), &args.folder).map_err(refused)?;
    let named =
        |entry: std::io::Result<std::fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("bittern"));
    let pages = std::fs::read_dir(&args.folder).map_err(refused)?.filter_map(|entry| named(entry).then_some(())).count();
    output::print_text(&format!("{pages} pages in {}\n", args.folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
