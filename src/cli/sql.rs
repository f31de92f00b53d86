//! `bittern sql`: one query over every table, view and function.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use datafusion::execution::context::SQLOptions;
use datafusion::scalar::ScalarValue;

use super::{Global, named, output};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::lake::columns::utc;
use crate::pipeline::Bittern;
use crate::sources::time;

/// Flags of `sql`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The query; standard input if neither this nor a file is named
    #[arg(short, long, value_name = "SQL")]
    command: Option<String>,
    /// A file with the query
    #[arg(short, long, value_name = "FILE", conflicts_with = "command")]
    file: Option<PathBuf>,
    /// A further table: Parquet, CSV or NDJSON files, a folder of them (parts `key=value` become columns), or a Delta table
    #[arg(long, value_name = "NAME=PATH")]
    table: Vec<String>,
    /// A value for $NAME
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
}

/// Runs it. Only reading statements are allowed.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let sql = text(args)?;
    let config = global.config()?;
    let context = match config.lake.clone() {
        Some(lake) => Bittern::open(&config, &lake, Clock::System).await?.context,
        // Without a lake, functions and further tables still work.
        None => {
            let key = crate::config::read_or_make_key(&config.key_path()?)?;
            crate::session::bare(&crate::session::setup(&config, &key)?, &crate::session::Limits::default())?
        }
    };
    for table in &args.table {
        let (name, path) = table.split_once('=').ok_or_else(|| Error::usage(format!("`{table}` is not NAME=PATH")))?;
        crate::session::files::register(&context, name, path).await?;
    }
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let mut frame = context.sql_with_options(&sql, options).await?;
    if !args.param.is_empty() {
        frame = frame.with_param_values(params(&args.param)?)?;
    }
    output::print(&frame.collect().await?, global.format)?;
    Ok(ExitCode::SUCCESS)
}

fn text(args: &Args) -> Result<String> {
    if let Some(sql) = &args.command {
        return Ok(sql.clone());
    }
    if let Some(path) = &args.file {
        return std::fs::read_to_string(path).map_err(|e| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e));
    }
    let mut sql = String::new();
    std::io::stdin().read_to_string(&mut sql)?;
    Ok(sql)
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
