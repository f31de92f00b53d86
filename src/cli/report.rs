//! `bittern report`: what needs a look, as one page.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Format, Global, bar, output, unmask};
use crate::error::{Error, Result};
use crate::report::{self, Form};

/// The file that a page goes to unless another is named.
const PAGE: &str = "bittern-report.html";

/// Flags of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The form is that of `--format html`, `markdown` or `json`, else that of the file's ending (.html, .md, .json), \
                        else HTML. Markdown and JSON go to stdout unless `--out` names a file.")]
pub struct Args {
    /// The day, like 2026-03-02 [default: the last that holds events]
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    /// The file to write; `-` is stdout [default: bittern-report.html for a page]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show people's names besides their pseudonyms, where `names = true` in bittern.toml; elsewhere --unmask does, and is written down
    #[arg(long)]
    names: bool,
    /// For somebody who is to learn of no single person: counts, and groups of five people or more
    #[arg(long, conflicts_with_all = ["names", "unmask"])]
    aggregate: bool,
    #[command(flatten)]
    unmask: unmask::Names,
    /// Cases that get a card with chart and evidence; the others get a line
    #[arg(long, default_value_t = 100, value_name = "N")]
    cards: usize,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let form = form(global.format, args.out.as_deref())?;
    let day = args.date.as_deref().map(day).transpose()?;
    let what = format!("report of {}", args.date.as_deref().unwrap_or("the last day"));
    let unmasking = args.unmask.asked("report", what);
    let mut bittern = global.open().await?;
    if args.names && unmasking.is_none() && !bittern.shows_names() {
        return Err(Error::usage("names are not shown here (`names` in bittern.toml): --unmask --why TEXT shows them, and writes it down"));
    }
    if let Some(unmasking) = &unmasking {
        bittern.unmask(unmasking).await?;
    }
    let names = args.names || unmasking.is_some();
    let settings = report::Settings { day, names, cards_max: args.cards, aggregate: args.aggregate };
    let report = bittern.report(&settings, &bar("asking {bar:40} {pos}/{len} {msg}")).await?;
    let text = report::written(&report, form)?;
    let file = match (&args.out, form) {
        (Some(file), _) => file.as_path(),
        (None, Form::Html) => Path::new(PAGE),
        (None, _) => Path::new("-"),
    };
    if file == Path::new("-") {
        output::print_text(&text)?;
    } else {
        std::fs::write(file, text).map_err(|e| Error::from(e).context(format!("cannot write `{}`", file.display())))?;
        output::print_text(&format!("{}\n", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn form(format: Format, out: Option<&Path>) -> Result<Form> {
    let ending = out.and_then(Path::extension).and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    Ok(match (format, ending.as_str()) {
        (Format::Html, _) => Form::Html,
        (Format::Markdown, _) | (Format::Table, "md" | "markdown") => Form::Markdown,
        (Format::Json, _) | (Format::Table, "json") => Form::Json,
        (Format::Table, _) => Form::Html,
        (Format::Csv | Format::Parquet, _) => return Err(Error::usage("a report is no table: `--format html`, `markdown` or `json`")),
    })
}

fn day(text: &str) -> Result<i32> {
    let date: std::result::Result<chrono::NaiveDate, _> = text.parse();
    date.map(|date| date.to_epoch_days()).map_err(|_| Error::usage(format!("`{text}` is no day like 2026-03-02")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_format_else_the_files_ending() {
        let of = |format, out: Option<&str>| form(format, out.map(Path::new));
        for (format, out, expected) in [
            (Format::Table, None, Form::Html),
            (Format::Table, Some("r.MD"), Form::Markdown),
            (Format::Table, Some("r.json"), Form::Json),
            (Format::Table, Some("-"), Form::Html),
            (Format::Markdown, Some("r.html"), Form::Markdown),
            (Format::Json, None, Form::Json),
        ] {
            assert_eq!(of(format, out).ok(), Some(expected), "{out:?}");
        }
        assert!(of(Format::Csv, None).is_err());
        assert_eq!(day("1970-01-02").ok(), Some(1));
    }
}
