//! A detection's own cases: `tests/detections/<id>.slt`, sqllogictest files over a lake in memory.
//!
//! Two statements are ours: `POLICY <table>` followed by CSV lines, and `RUN <detection> <from> <to>`, which answers the rollups that
//! the detection reads and then the detection, into the table `alerts`. Everything else is SQL; events are put in with INSERT.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use bittern_udfs::setup::Setup;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};
use tokio::sync::Mutex;

use super::{environment, pseudonym};
use crate::alerts::{self, evidence};
use crate::error::{Error, Result};
use crate::functions;
use crate::interval::Interval;
use crate::jobs::catalog::Catalog;
use crate::jobs::graph::{self, Node};
use crate::jobs::mentioned;
use crate::jobs::rows::stored;
use crate::lake::tables::{self, TableSpec};
use crate::policy::Policy;
use crate::session::{self, Limits};
use crate::sources::time;

/// The key of cases: pseudonyms and fingerprints in expected output hold everywhere.
const KEY: &[u8] = b"the key of the cases, 32 bytes at least";

/// Compiled once: there are many files of cases.
static SETUP: LazyLock<Setup> = LazyLock::new(|| Setup::builtin(KEY));

/// Runs one file of cases; the error names the line and shows expected and found.
pub async fn run(path: &str, text: &str, catalog: &Catalog, limits: &Limits) -> Result<()> {
    let case = Arc::new(Case::open(text, catalog, limits).await?);
    let mut runner = Runner::new(move || {
        let case = Arc::clone(&case);
        async move { Ok(CaseDb(case)) }
    });
    let records =
        sqllogictest::parse_with_name::<DefaultColumnType>(text, path).map_err(|e| Error::usage(format!("{path} cannot be read: {e}")))?;
    runner.run_multi_async(records).await.map_err(|e| Error::data(format!("{e}")))
}

/// A lake in memory.
struct Case {
    context: SessionContext,
    views: BTreeMap<String, String>,
    nodes: Vec<Node>,
    policy: Mutex<(BTreeMap<String, String>, Policy)>,
}

impl Case {
    /// A lake with the jobs and views that the file of cases mentions, and those that they read: planning all of them takes longer than most cases.
    async fn open(text: &str, catalog: &Catalog, limits: &Limits) -> Result<Self> {
        let setup = SETUP.clone();
        let context = session::bare(&setup, limits)?;
        functions::register_pseudonym(&context, Arc::new(|name| pseudonym(KEY, name)), pseudonym(KEY, ""));
        for spec in tables::all() {
            empty(&context, &spec)?;
        }
        let policy = Policy::from_texts(&BTreeMap::new());
        let case_policy = (BTreeMap::new(), policy);
        for (name, batch) in case_policy.1.batches(&|person| pseudonym(KEY, person))? {
            session::register_rows(&context, &name, batch)?;
        }
        let mut views = catalog.views();
        let (mut jobs, errors) = crate::jobs::load(catalog, &environment(&setup));
        let texts: BTreeMap<&str, &str> = views
            .iter()
            .map(|(name, sql)| (name.as_str(), sql.as_str()))
            .chain(jobs.iter().map(|job| (job.id.as_str(), job.sql.as_str())))
            .collect();
        let mentioned: BTreeSet<String> = mentioned(text, &texts).into_keys().map(str::to_owned).collect();
        jobs.retain(|job| mentioned.contains(&job.id));
        views.retain(|name, _| mentioned.contains(name));
        let (nodes, unplanned) = graph::order(&context, &jobs, &views, async |spec: &TableSpec| empty(&context, spec)).await?;
        if let Some(error) = errors.into_iter().chain(unplanned).next() {
            return Err(error);
        }
        Ok(Self { context, views, nodes, policy: Mutex::new(case_policy) })
    }

    async fn statement(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        let mut words = sql.split_whitespace();
        match words.next() {
            Some("POLICY") => {
                let name = words.next().unwrap_or_default().to_owned();
                let csv = sql.split_once('\n').map(|(_, csv)| csv).unwrap_or_default();
                self.set_policy(name, csv.to_owned()).await?;
                Ok(Vec::new())
            }
            Some("RUN") => {
                let detection = words.next().unwrap_or_default();
                let mut date = || words.next().and_then(time::parse).ok_or_else(|| Error::usage("RUN <detection> <from> <to>"));
                let span = Interval { start: date()?, end: date()? };
                self.run(detection, span).await?;
                Ok(Vec::new())
            }
            _ => Ok(self.context.sql(sql).await?.collect().await?),
        }
    }

    async fn set_policy(&self, name: String, csv: String) -> Result<()> {
        let mut held = self.policy.lock().await;
        held.0.insert(name, csv);
        held.1 = Policy::from_texts(&held.0);
        if let Some(problem) = held.1.problems.first() {
            return Err(Error::usage(format!("{}: {}", problem.place, problem.message)));
        }
        for (name, batch) in held.1.batches(&|person| pseudonym(KEY, person))? {
            session::register_rows(&self.context, &name, batch)?;
        }
        session::register_views(&self.context, &self.views).await
    }

    /// Rollups over all that the detection reads, each in its place in the graph, then the detection over the span.
    async fn run(&self, detection: &str, span: Interval) -> Result<()> {
        let node = self.nodes.iter().find(|node| node.job.id == detection).ok_or_else(|| Error::usage("there is no such detection"))?;
        let window = node.job.window(span).aligned(crate::event::DAY);
        session::register_views(&self.context, &self.views).await?;
        for rollup in &self.nodes {
            let Some(spec) = &rollup.output else { continue };
            let frame = self.context.sql(&rollup.job.sql).await?.with_param_values(rollup.job.values(window))?;
            let rows = stored(&frame.collect().await?, &spec.schema, rollup.job.interval)?;
            session::register_rows(&self.context, &spec.name, rows)?;
            session::register_views(&self.context, &self.views).await?;
        }
        let frame = self.context.sql(&node.job.sql).await?.with_param_values(node.job.values(span))?;
        let answer = frame.collect().await?;
        let mut found = alerts::from_answer(&node.job, &answer, &self.policy.lock().await.1, &|person| pseudonym(KEY, person))?;
        evidence::fill(&self.context, &mut found).await?;
        session::register_rows(&self.context, "alerts", alerts::batch(&node.job, &found)?)
    }
}

fn empty(context: &SessionContext, spec: &TableSpec) -> Result<()> {
    context.deregister_table(spec.name.as_str())?;
    context.register_table(spec.name.as_str(), Arc::new(MemTable::try_new(Arc::clone(&spec.schema), vec![vec![]])?))?;
    Ok(())
}

/// A case as sqllogictest sees it.
struct CaseDb(Arc<Case>);

#[async_trait]
impl AsyncDB for CaseDb {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>> {
        // A case that expects an error expects its cause, which stands at the end of the chain.
        let batches = self.0.statement(sql).await.map_err(|e| Error::data(format!("{e:#}")))?;
        let columns = batches.first().map_or(0, RecordBatch::num_columns);
        if columns == 0 || is_insert(&batches, sql) {
            return Ok(DBOutput::StatementComplete(0));
        }
        let mut rows = Vec::new();
        for batch in &batches {
            rows.extend(formatted(batch)?);
        }
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    async fn shutdown(&mut self) {}
}

fn is_insert(batches: &[RecordBatch], sql: &str) -> bool {
    batches.len() == 1 && sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("insert"))
}

fn formatted(batch: &RecordBatch) -> Result<Vec<Vec<String>>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<std::result::Result<Vec<_>, _>>()?;
    let cell = |column: &ArrayFormatter<'_>, row| {
        let text = column.value(row).to_string();
        if text.is_empty() { "(empty)".to_owned() } else { text }
    };
    Ok((0..batch.num_rows()).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect())
}
