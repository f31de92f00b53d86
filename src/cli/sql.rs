//! `bittern sql`: every table, view and function, at a prompt or from a script.

mod answer;
mod command;
mod complete;
mod console;
mod history;
mod names;
mod problem;
mod statement;
mod terminal;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use datafusion::scalar::ScalarValue;

use super::{Format, Global, named, unmask};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::lake::columns::utc;
use crate::pipeline::Bittern;
use crate::sources::time;
use console::{Console, Show};
use names::Names;

/// Flags of `sql`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Statements, parted by semicolons
    #[arg(short, long, value_name = "SQL")]
    command: Option<String>,
    /// A file with statements and commands of the shell
    #[arg(short, long, value_name = "FILE", conflicts_with = "command")]
    file: Option<PathBuf>,
    /// A prompt, also where standard input is no terminal
    #[arg(short, long, conflicts_with_all = ["command", "file"])]
    interactive: bool,
    /// A further table: Parquet, CSV or NDJSON files, a folder of them (parts `key=value` become columns), or a Delta table
    #[arg(long, value_name = "NAME=PATH")]
    table: Vec<String>,
    /// A value for $NAME
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// The file that rows go to
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Never show an answer through $PAGER
    #[arg(long)]
    no_pager: bool,
    #[command(flatten)]
    unmask: unmask::Names,
}

/// Runs it. Only reading statements are allowed.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let config = global.config()?;
    let key = || crate::config::read_or_make_key(&config.key_path()?);
    let (bittern, context, setup) = match config.lake.clone() {
        Some(lake) => {
            let bittern = Bittern::open_to_ask(&config, &lake, Clock::System).await?;
            let shows = bittern.shows_names() || args.unmask.asked("sql", String::new()).is_some();
            let context = if shows { bittern.context.clone() } else { bittern.masked().await? };
            let setup = bittern.setup.clone();
            (Some(bittern), context, setup)
        }
        // Without a lake, functions and further tables still work.
        None => {
            let setup = crate::session::setup(&config, &key()?)?;
            (None, crate::session::bare(&setup, &crate::session::Limits::default())?, setup)
        }
    };
    // So that an error can say where in the statement it is.
    context.state_ref().write().config_mut().options_mut().sql_parser.collect_spans = true;
    for table in &args.table {
        let (name, path) = table.split_once('=').ok_or_else(|| Error::usage(format!("`{table}` is not NAME=PATH")))?;
        crate::session::files::register(&context, name, path).await?;
    }
    let scripted = args.command.is_some() || args.file.is_some();
    let at_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let interactive = args.interactive || (!scripted && at_terminal);
    let show = Show { format: global.format, expanded: false, timing: interactive, pager: at_terminal && !args.no_pager };
    let params = params(&args.param)?;
    let unmasking = args.unmask.asked("sql", String::new());
    let mut console = Console {
        context,
        bittern,
        setup: setup.clone(),
        names: Names::default(),
        params,
        show,
        out: None,
        interactive,
        unmasking,
        last: String::new(),
    };
    console.send_to(args.out.clone());
    if interactive {
        console.gather_names().await?;
        return terminal::run(console, &setup).await;
    }
    match (&args.command, &args.file) {
        (Some(sql), _) => console.script(sql, None, 0).await?,
        (None, Some(file)) => console.file(file, 0).await?,
        (None, None) => {
            let mut sql = String::new();
            std::io::stdin().read_to_string(&mut sql)?;
            console.script(&sql, None, 0).await?
        }
    };
    Ok(ExitCode::SUCCESS)
}

/// How rows may be printed here.
fn format_named(name: &str) -> Result<Format> {
    let format = Format::from_str(name, true).ok().filter(|format| *format != Format::Html);
    format.ok_or_else(|| Error::usage(format!("there is no format `{name}`: table, json, csv, markdown or parquet")))
}

fn format_name(format: Format) -> String {
    format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn params(given: &[String]) -> Result<Vec<(String, ScalarValue)>> {
    given
        .iter()
        .map(|param| {
            let (name, value) = named(param)?;
            let whole = || value.parse().ok().map(|number| ScalarValue::Int64(Some(number)));
            let number = || value.parse().ok().map(|number| ScalarValue::Float64(Some(number)));
            // What looks like a date is a time, so that views over an interval can be asked.
            let moment = || time::parse(&value).map(utc);
            let scalar = whole().or_else(number).or_else(moment).unwrap_or_else(|| ScalarValue::Utf8(Some(value.clone())));
            Ok((name, scalar))
        })
        .collect()
}
