//! The report of an opened installation.

use indicatif::ProgressBar;

use super::Bittern;
use crate::error::Result;
use crate::interval::date_of;
use crate::report::model::Report;
use crate::report::single::{self, Told};
use crate::report::{self, Installation, Settings};

impl Bittern {
    /// The report of a day: the last that holds events, unless the settings name one.
    ///
    /// # Errors
    /// `Usage` for a file of `sql/reports` that is wrong. Other wrong files and policy rows stand in the report.
    pub async fn report(&self, settings: &Settings, progress: &ProgressBar) -> Result<Report> {
        let stale = self.waiting().await?;
        report::gather(&self.installation(stale), settings, progress).await
    }

    /// A case with everything that is known of it, as of its newest alert's day; names if they are shown.
    ///
    /// # Errors
    /// `Usage` for an id that names no case or several.
    pub async fn told(&self, id: &str) -> Result<Option<Told>> {
        let (case_id, newest) = self.newest_of(id).await?;
        let settings = Settings { day: newest.map(date_of), names: self.names, ..Settings::default() };
        single::told(&self.installation((0, 0)), &settings, &case_id).await
    }

    /// What reports are made over. `stale`: jobs whose answers are, and intervals that are older than the lookback.
    fn installation(&self, (stale_jobs, too_old): (usize, usize)) -> Installation<'_> {
        Installation {
            context: &self.context,
            catalog: &self.catalog,
            nodes: &self.nodes,
            policy: &self.policy,
            last_day: self.occupied.last().map(|last| date_of(last.end - 1)),
            problems: self.errors.len() + self.policy.problems.len(),
            stale_jobs,
            too_old,
            now: self.lake.clock().now(),
        }
    }
}
