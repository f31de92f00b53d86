//! `bittern user`: who may log in to the server.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{Format, Global, output};
use crate::error::{Error, Result};
use crate::serve::users::Users;

/// Flags of `user`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File of the users [default: `users` in bittern.toml, else in the configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    users: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add somebody, or give them a new password and role; the password comes from the terminal, or as a line on standard input
    Add {
        /// Their name
        #[arg(value_name = "NAME")]
        name: String,
        /// What they see: admin (everything), analyst (no texts, no names), or a role of bittern.toml
        #[arg(long, value_name = "ROLE")]
        role: String,
    },
    /// List names and roles
    List,
    /// Remove somebody: their next query is refused
    Remove {
        /// Their name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Runs it.
pub fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let mut config = global.config()?;
    config.serve.users = args.users.clone().or_else(|| config.serve.users.take());
    let path = config.users_path()?;
    let mut users = Users::read(&path)?;
    match &args.command {
        Command::Add { name, role } => {
            if config.serve.role(role).is_none() {
                let known = config.serve.role_names().join(", ");
                return Err(Error::usage(format!("there is no role `{role}`; there are {known}")));
            }
            let done = if users.set(name, role, &password(name)?)? { "added" } else { "changed" };
            said(global.format, done, name, role)?;
        }
        Command::List => {
            if global.format == Format::Table {
                let rows: Vec<Vec<String>> = users.all().iter().map(|user| vec![user.name.clone(), user.role.clone()]).collect();
                output::print_text(&output::table(&["user", "role"], &rows))?;
            } else {
                for user in users.all() {
                    output::print_text(&format!("{}\n", serde_json::json!({"user": user.name, "role": user.role})))?;
                }
            }
        }
        Command::Remove { name } => {
            if !users.remove(name)? {
                return Err(Error::usage(format!("there is no user `{name}`")));
            }
            said(global.format, "removed", name, "")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn said(format: Format, done: &str, name: &str, role: &str) -> Result<()> {
    if format == Format::Table {
        return output::print_text(&format!("{name} {done}\n"));
    }
    output::print_text(&format!("{}\n", serde_json::json!({"user": name, "role": role, "done": done})))
}

/// A password: twice from the terminal, unseen, or one line of standard input.
fn password(name: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = console::Term::stderr();
    let ask = |what: &str| -> Result<String> {
        terminal.write_str(what)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask(&format!("password of {name}: "))?;
    if password != ask("once more: ")? {
        return Err(Error::usage("the two passwords differ"));
    }
    Ok(password)
}
