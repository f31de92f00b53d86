//! Maintenance of an opened installation: which tables there are, whose rows stay, and what jobs still have to read.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use indicatif::ProgressBar;

use super::{Bittern, pseudonym};
use crate::clock::Stop;
use crate::error::{Error, Result};
use crate::event::{DAY, Micros};
use crate::lake::tables;
use crate::maintain::erase::{Erased, erase};
use crate::maintain::people::People;
use crate::maintain::{self, Action, Ground, Rule, Settings, Summary};
use crate::session::spill;

const LAST_ROUND: &str = "SELECT max(action_time) AS last FROM maintenance WHERE action = 'done'";

/// Rows of people who were erased, from before they were: an object that was read again brings them back.
const BACK_AGAIN: &str = "SELECT DISTINCT a.actor_id, a.actor_email, m.person_id, m.erased FROM acts a
JOIN (SELECT person_id, max(coalesce(before, action_time)) AS erased FROM maintenance WHERE action = 'erase' GROUP BY person_id) m
  ON a.person_id = m.person_id WHERE a.event_time < m.erased";

impl Bittern {
    /// One round of maintenance.
    ///
    /// # Errors
    /// `Usage` for a retention that cannot be: unknown, or shorter than what a job reads.
    pub async fn maintain(&mut self, dry_run: bool, stop: &Stop, progress: &ProgressBar) -> Result<Summary> {
        self.refresh().await?;
        let rules: Vec<Rule> = self.config.retention.iter().map(|(key, length)| Rule::parse(key, length.0)).collect();
        let mut held = People::default();
        for person in self.config.legal_hold.keys() {
            held.extend(self.people_of(person));
        }
        for rule in &rules {
            self.check_rule(rule)?;
        }
        if !dry_run {
            self.erase_again().await?;
        }
        let settings = Settings { maintain: self.config.maintain.clone(), rules, held, dry_run, stop: stop.clone() };
        let mut summary = maintain::round(&self.ground(), &settings, progress).await?;
        if let Some(folder) = self.config.spill.as_ref().filter(|_| !dry_run) {
            let files = spill::clear(folder)?;
            summary.actions.extend((files > 0).then(|| Action { action: "spilled".into(), files, ..Action::default() }));
        }
        self.refresh().await?;
        Ok(summary)
    }

    /// Erases a person, named by key, address or account, from every table.
    ///
    /// # Errors
    /// `Usage` for a person under legal hold, and for a reason that names the person.
    pub async fn erase(&mut self, person: &str, why: &str, dry_run: bool, progress: &ProgressBar) -> Result<Erased> {
        self.refresh().await?;
        let people = self.people_of(person);
        for (held, reason) in &self.config.legal_hold {
            let held = self.people_of(held);
            if !held.accounts.is_disjoint(&people.accounts) {
                return Err(Error::usage(format!("the person is under legal hold ({reason}): nothing was erased")));
            }
        }
        let erased = erase(&self.ground(), &people, why, Micros::MAX, dry_run, progress).await?;
        self.refresh().await?;
        Ok(erased)
    }

    /// When the last round of maintenance was done.
    pub async fn last_maintained(&self) -> Result<Option<Micros>> {
        let batches = self.context.sql(LAST_ROUND).await?.collect().await?;
        let last = batches.first().map(|batch| batch.column(0).as_primitive::<TimestampMicrosecondType>());
        Ok(last.filter(|times| !times.is_empty() && times.is_valid(0)).map(|times| times.value(0)))
    }

    async fn erase_again(&self) -> Result<()> {
        let mut found: Vec<(People, Micros)> = Vec::new();
        for batch in self.context.sql(BACK_AGAIN).await?.collect().await? {
            let text = |at: usize, row: usize| {
                let column = batch.column(at).as_string::<i32>();
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            let times = batch.column(3).as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                let accounts = BTreeSet::from_iter([text(0, row), text(1, row)].into_iter().flatten());
                let pseudonyms = text(2, row).into_iter().collect();
                found.push((People { accounts, pseudonyms, names: BTreeSet::new() }, times.value(row)));
            }
        }
        for (people, until) in found {
            tracing::info!("rows of an erased person came back: they are erased again");
            erase(&self.ground(), &people, "came back", until, false, &ProgressBar::hidden()).await?;
        }
        Ok(())
    }

    fn ground(&self) -> Ground<'_> {
        let specs = tables::all().into_iter().chain(self.answers.clone()).collect();
        Ground { lake: &self.lake, context: &self.context, specs }
    }

    /// A person as tables know them; an account that `people` does not know stands for itself.
    fn people_of(&self, id: &str) -> People {
        let mut people = People::default();
        match self.policy.person(id) {
            Some(person) => {
                people.accounts = person.accounts;
                people.accounts.insert(person.key);
                people.names = person.names;
            }
            None => drop(people.accounts.insert(id.to_owned())),
        }
        let accounts = people.accounts.iter().flat_map(|account| [account.clone(), account.to_lowercase()]);
        people.pseudonyms = accounts.map(|account| pseudonym(&self.key, &account)).collect();
        people
    }

    /// What jobs read has to be there for as long as they may be run again.
    fn check_rule(&self, rule: &Rule) -> Result<()> {
        for node in &self.nodes {
            let Some(read) = node.reads.get(&rule.table) else { continue };
            if rule.column.as_ref().is_some_and(|column| !read.columns.contains(column)) {
                continue;
            }
            let needed = (read.before + node.job.lookback + 2 * DAY - 1) / DAY;
            if rule.length < needed * DAY {
                let what = rule.column.as_ref().map_or_else(|| rule.table.clone(), |column| format!("{}.{column}", rule.table));
                return Err(Error::usage(format!(
                    "`retention` keeps `{what}` for {} days, but `{}` reads it and is restated with late logs: {needed} days at least",
                    rule.length / DAY,
                    node.job.id
                )));
            }
        }
        Ok(())
    }
}
