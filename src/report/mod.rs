//! The report of a day: what needs a look and why, for a person who asks no SQL. One document, written as an HTML page, Markdown or JSON.
//!
//! `queries` asks the lake, `gather` puts the answers together (`model`), `html` and `markdown` write them down. Text of logs is never
//! markup (`escape`), and the page needs neither network nor script to be read.

mod baseline;
mod blind;
mod chain;
mod escape;
mod gather;
mod html;
mod markdown;
pub mod model;
pub mod queries;
pub mod single;
mod summary;
mod words;

use datafusion::prelude::SessionContext;
use indicatif::ProgressBar;

use crate::error::{Error, Result};
use crate::event::Micros;
use crate::jobs::catalog::Catalog;
use crate::jobs::graph::Node;
use crate::policy::Policy;
use model::Report;

/// What the report is made over.
pub struct Installation<'i> {
    /// The engine with every table and view.
    pub context: &'i SessionContext,
    /// The SQL files.
    pub catalog: &'i Catalog,
    /// The jobs.
    pub nodes: &'i [Node],
    /// Who is watched.
    pub policy: &'i Policy,
    /// The last day that holds events, in days since 1970-01-01.
    pub last_day: Option<i32>,
    /// SQL files and policy rows that are wrong.
    pub problems: usize,
    /// Jobs whose answers are stale.
    pub stale_jobs: usize,
    /// Stale intervals that are older than the lookback.
    pub too_old: usize,
    /// The time of day.
    pub now: Micros,
}

/// How the report is made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The day, since 1970-01-01; the last that holds events unless it is given.
    pub day: Option<i32>,
    /// Whether people's names are shown; pseudonyms alone otherwise.
    pub names: bool,
    /// Cases with a card of their own: chart, evidence, what became of a secret.
    pub cards_max: usize,
    /// Whether it is for somebody who is to learn of no single person: counts and groups of five or more, no case and nobody.
    pub aggregate: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { day: None, names: false, cards_max: 100, aggregate: false }
    }
}

/// What the report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One self-contained page.
    Html,
    /// For mails, chats and wikis.
    Markdown,
    /// One document for programs.
    Json,
}

/// Makes the report of a day.
///
/// # Errors
/// `Usage` for a file of `sql/reports` that is wrong.
pub async fn gather(installation: &Installation<'_>, settings: &Settings, progress: &ProgressBar) -> Result<Report> {
    gather::gather(installation, settings, progress).await
}

/// The report as text.
pub fn written(report: &Report, form: Form) -> Result<String> {
    match form {
        Form::Html => Ok(html::page(report)),
        Form::Markdown => Ok(markdown::page(report)),
        Form::Json => {
            let text = serde_json::to_string(report).map_err(|e| Error::internal("the report cannot be written as JSON").caused_by(e))?;
            Ok(format!("{text}\n"))
        }
    }
}
