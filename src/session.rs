//! The engine: one SessionContext with the lake's tables, our functions and the views. Only here is one built.

mod barrier;
pub mod bounded;
pub mod catalogue;
pub mod cluster;
pub mod files;
pub mod folders;
pub mod role;
pub mod spill;
pub mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use bittern_udfs::credentials::rules::{self, Problem, RuleFile};
use bittern_udfs::setup::Setup;
use datafusion::config::ConfigOptions;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::lake::provider::LakeTable;
use crate::lake::tables::TableSpec;

/// How much a session may use.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Bytes that sorts, joins and aggregates may hold before they spill; none is no limit.
    pub memory_bytes: Option<usize>,
    /// Where it spills to; none is the system's folder for temporary files.
    pub spill: Option<PathBuf>,
    /// Partitions of a plan; none is the number of cores.
    pub partitions: Option<usize>,
    /// Rows of a batch; none is the engine's own.
    pub batch_rows: Option<usize>,
    /// Workers that execute parts of queries; none is this process alone.
    pub cluster: Option<cluster::Cluster>,
}

/// Rules and key of the functions, as the configuration says: the built-in rules and those of the files it names.
///
/// # Errors
/// `Usage` with every problem of every file that cannot be read or compiled.
pub fn setup(config: &Config, key: &[u8]) -> Result<Setup> {
    if config.rules.is_empty() {
        return Ok(Setup::builtin(key));
    }
    let mut files = rules::builtin().map_err(|problems| wrong_rules(&problems))?;
    for path in &config.rules {
        let file = rule_file(path)?;
        if !file.notes.is_empty() {
            tracing::info!(path = %path.display(), notes = file.notes.len(), "not all of the file is used: `credentials rules check` names it");
        }
        files.push(file);
    }
    Setup::new(&files, key).map_err(|problems| wrong_rules(&problems))
}

/// Reads one file of rules.
pub fn rule_file(path: &Path) -> Result<RuleFile> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::usage(format!("cannot read `{}`", path.display())).caused_by(e))?;
    RuleFile::parse(&path.display().to_string(), &text).map_err(|problem| wrong_rules(&[problem]))
}

fn wrong_rules(problems: &[Problem]) -> Error {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    Error::usage(format!("rules cannot be used (`bittern credentials rules check` shows more):\n{}", lines.join("\n")))
}

/// An empty session with our functions and settings.
pub fn bare(setup: &Setup, limits: &Limits) -> Result<SessionContext> {
    let mut config = SessionConfig::new().with_information_schema(true);
    if let Some(partitions) = limits.partitions {
        config = config.with_target_partitions(partitions.max(1));
    }
    if let Some(rows) = limits.batch_rows {
        config = config.with_batch_size(rows.max(1));
    }
    options(&mut config);
    if let Some(bytes) = limits.memory_bytes {
        // A sort keeps so much back for putting together what it spilled: more than its share would leave it nothing.
        let execution = &mut config.options_mut().execution;
        execution.sort_spill_reservation_bytes =
            execution.sort_spill_reservation_bytes.min(bytes / (8 * execution.target_partitions.max(1)));
    }
    let mut builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime(limits)?).with_default_features();
    builder = match &limits.cluster {
        Some(cluster) => cluster.distribute(builder),
        None => folders::believe(builder, None),
    };
    let mut context = SessionContext::new_with_state(builder.build());
    bittern_udfs::register_all(&mut context, setup)?;
    crate::functions::register(&context);
    Ok(context)
}

/// Settings of every session, of this process and of workers.
fn options(config: &mut SessionConfig) {
    let options = config.options_mut();
    // Text stays in contiguous buffers: credential matching runs over whole arrays.
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    // Without them, the order of the files of a folder is not believed.
    options.execution.collect_statistics = true;
    // A partitioned join that prunes what it reads waits until all its partitions have said what they hold. One that a join above it never
    // asks, because that has nothing to look up, says nothing: the query stands still for ever (docs/decisions/0022).
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    folders::group(options);
}

fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>> {
    // DataFusion's list of files never expires: a long-lived process would not see new objects.
    let caches = CacheManagerConfig::default().with_list_files_cache_limit(0);
    let mut builder = RuntimeEnvBuilder::new().with_cache_manager(caches);
    if let Some(folder) = &limits.spill {
        builder = builder.with_temp_file_path(spill::own_folder(folder)?);
    }
    if let Some(bytes) = limits.memory_bytes {
        builder = builder.with_memory_limit(bytes, 1.0);
    }
    Ok(builder.build_arc()?)
}

/// The same session with plans that need less memory and more time: few partitions, and joins that sort and spill instead of holding one
/// side in memory.
pub fn sparing(context: &SessionContext) -> SessionContext {
    changed(context, |config| {
        config.execution.target_partitions = 2;
        config.optimizer.prefer_hash_join = false;
        folders::group(config);
    })
}

/// The same session with plans that are made in a third of the time: good enough to see what they read, not to run.
pub fn hasty(context: &SessionContext) -> SessionContext {
    changed(context, |config| config.optimizer.max_passes = 1)
}

/// The same session over the same tables with other options.
fn changed(context: &SessionContext, change: impl FnOnce(&mut ConfigOptions)) -> SessionContext {
    let state = context.state();
    // A default catalog made anew would take the place of the one that has the tables, for both sessions.
    let mut config = state.config().clone().with_create_default_catalog_and_schema(false);
    change(config.options_mut());
    SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).with_config(config).build())
}

/// An empty session that reads from the lake's store.
pub fn over(lake: &Lake, setup: &Setup, limits: &Limits) -> Result<SessionContext> {
    let context = bare(setup, limits)?;
    let place = lake.place();
    context.register_object_store(&place.url, Arc::clone(&place.store));
    Ok(context)
}

/// (Re-)registers one table at its newest state, and returns it.
pub async fn register(context: &SessionContext, lake: &Lake, spec: &TableSpec) -> Result<Arc<LakeTable>> {
    let table = Arc::new(LakeTable::open(lake, spec).await?);
    context.deregister_table(spec.name.as_str())?;
    context.register_table(spec.name.as_str(), Arc::clone(&table) as _)?;
    Ok(table)
}

/// (Re-)registers rows in memory under a name.
pub fn register_rows(context: &SessionContext, name: &str, batch: RecordBatch) -> Result<()> {
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
    context.deregister_table(name)?;
    context.register_table(name, Arc::new(table))?;
    Ok(())
}

/// Registers views, each after those it reads: what fails for want of another is tried again after the others.
pub async fn register_views(context: &SessionContext, views: &BTreeMap<String, String>) -> Result<()> {
    let mut waiting: Vec<(&String, &String)> = views.iter().collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut failed = Vec::new();
        let mut first_error = None;
        for (name, sql) in waiting {
            match context.sql(sql).await {
                Ok(frame) => {
                    context.deregister_table(name.as_str())?;
                    context.register_table(name.as_str(), frame.into_view())?;
                }
                Err(error) => {
                    first_error.get_or_insert_with(|| Error::from(error).context(format!("view `{name}` cannot be planned")));
                    failed.push((name, sql));
                }
            }
        }
        if failed.len() == before {
            return Err(first_error.unwrap_or_else(|| Error::internal("no view could be planned")));
        }
        waiting = failed;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::util::pretty::pretty_format_batches;

    #[tokio::test]
    async fn no_partition_of_a_join_waits_for_the_others() {
        let limits = Limits { partitions: Some(2), ..Limits::default() };
        let context = bare(&Setup::builtin(b"key"), &limits).expect("a session");
        let folder = tempfile::tempdir().expect("a folder");
        for day in ["2026-03-01", "2026-03-02"] {
            let place = folder.path().join(format!("day={day}"));
            std::fs::create_dir(&place).expect("a folder");
            let copy = format!(
                "COPY (SELECT value AS k FROM generate_series(1, 1000)) TO '{}' STORED AS PARQUET",
                place.join("a.parquet").display()
            );
            context.sql(&copy).await.expect("a plan").collect().await.expect("written");
        }
        files::register(&context, "days", &folder.path().display().to_string()).await.expect("a table");
        let state = context.state_ref();
        let small = |state: &mut datafusion::execution::SessionState| {
            let optimizer = &mut state.config_mut().options_mut().optimizer;
            (optimizer.hash_join_single_partition_threshold, optimizer.hash_join_single_partition_threshold_rows) = (0, 0);
        };
        small(&mut state.write());
        let plan_of = async |sql: &str| {
            let rows = context.sql(&format!("EXPLAIN {sql}")).await.expect("a plan").collect().await.expect("rows");
            pretty_format_batches(&rows).expect("text").to_string()
        };
        let plan = plan_of("SELECT count(*) FROM days AS a JOIN days AS b ON a.k = b.k").await;
        assert!(plan.contains("mode=Partitioned") && !plan.contains("DynamicFilter"), "{plan}");
    }
}
