//! The report of an opened installation.

use indicatif::ProgressBar;

use super::Bittern;
use crate::error::Result;
use crate::interval::date_of;
use crate::report::model::Report;
use crate::report::{self, Installation, Settings};

impl Bittern {
    /// The report of a day: the last that holds events, unless the settings name one.
    ///
    /// # Errors
    /// `Usage` for a file of `sql/reports` that is wrong. Other wrong files and policy rows stand in the report.
    pub async fn report(&self, settings: &Settings, progress: &ProgressBar) -> Result<Report> {
        let (stale_jobs, too_old) = self.waiting().await?;
        let installation = Installation {
            context: &self.context,
            catalog: &self.catalog,
            nodes: &self.nodes,
            policy: &self.policy,
            last_day: self.occupied.last().map(|last| date_of(last.end - 1)),
            problems: self.errors.len() + self.policy.problems.len(),
            stale_jobs,
            too_old,
            now: self.lake.clock().now(),
        };
        report::gather(&installation, settings, progress).await
    }
}
