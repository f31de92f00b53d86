//! What a role of the server sees: the lake's tables without the rows and columns that are not for it, and the views over those.
//!
//! What a role may not see is taken away below the views, so no view can give it back: rows are left out, hidden columns are NULL,
//! credentials masked, and accounts of people replaced by pseudonyms (also in the list that accounts are looked up in, so that views
//! still find whose they are). On top, columns without values are left out of what can be named.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, Session, TableProvider};
use datafusion::common::Result as DfResult;
use datafusion::execution::memory_pool::{GreedyMemoryPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{FunctionRegistry, SessionStateBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType, cast, col, lit, when};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::scalar::ScalarValue;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;

use super::barrier::Barrier;
use super::catalogue::Asker;
use crate::config::serve::{Limits, Role};
use crate::error::{Error, Result};
use crate::lake::columns::PROSE;

/// The database's name, as clients see it.
pub const DATABASE: &str = "bittern";

/// Columns with one account or address of a person, or the name of their device: pseudonyms stand in their place.
const ACCOUNTS: [&str; 7] = ["actor_id", "actor_email", "on_behalf_of", "file_owner", "identity", "device_name", "member"];

/// Columns with an account where they hold an address, and something else where they do not.
const SOMETIMES_ACCOUNTS: [&str; 3] = ["target", "target_account", "entity"];

/// Columns that name people in ways no pseudonym can stand for.
const NAMES: [&str; 12] =
    ["actor_name", "recipients", "attributes", "object_url", "permalink", "person", "name", "email", "ids", "manager", "who", "what"];

/// Tables that are only about who people are or what they asked.
const OF_NAMES: [&str; 2] = ["identities", "queries"];

/// The engine as one role sees it. Cheap to clone; clones see the same tables.
#[derive(Clone)]
pub struct Surface {
    context: SessionContext,
    tables: Arc<Tables>,
}

/// The tables of the schema `public`, replaced all at once.
#[derive(Debug, Default)]
struct Tables(RwLock<Arc<BTreeMap<String, Arc<dyn TableProvider>>>>);

impl Tables {
    fn now(&self) -> Arc<BTreeMap<String, Arc<dyn TableProvider>>> {
        Arc::clone(&self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        self.now().keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> DfResult<Option<Arc<dyn TableProvider>>> {
        Ok(self.now().get(name).cloned())
    }

    fn table_exist(&self, name: &str) -> bool {
        self.now().contains_key(name)
    }
}

impl Surface {
    /// A surface without tables. `context` has the functions and the lake's store, and is this one's alone.
    pub fn new(context: &SessionContext, threads: usize) -> Result<Self> {
        let mut state = context.state();
        state.config_mut().options_mut().catalog.default_catalog = DATABASE.to_owned();
        // Ours is there already; the builder would put an empty one in its place.
        state.config_mut().options_mut().catalog.create_default_catalog_and_schema = false;
        state.config_mut().options_mut().execution.target_partitions = threads.max(1);
        let catalog = Arc::new(datafusion::catalog::MemoryCatalogProvider::new());
        let tables = Arc::new(Tables::default());
        datafusion::catalog::CatalogProvider::register_schema(catalog.as_ref(), "public", Arc::clone(&tables) as _)?;
        super::cluster::mark_server(state.config_mut())?;
        let catalogs = datafusion::catalog::MemoryCatalogProviderList::new();
        datafusion::catalog::CatalogProviderList::register_catalog(&catalogs, DATABASE.to_owned(), Arc::clone(&catalog) as _);
        let state = SessionStateBuilder::new_from_existing(state).with_catalog_list(Arc::new(catalogs)).build();
        let context = SessionContext::new_with_state(state);
        datafusion_pg_catalog::setup_pg_catalog(&context, DATABASE, EmptyContextProvider).map_err(|e| Error::from(*e))?;
        super::bounded::register(&context)?;
        super::catalogue::register(&context, &(catalog as _))?;
        Ok(Self { context, tables })
    }

    /// Shows these tables from now on.
    pub fn show(&self, tables: BTreeMap<String, Arc<dyn TableProvider>>) {
        *self.tables.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(tables);
    }

    /// A session for one query of somebody, with memory and disk of its own.
    pub fn session(&self, limits: &Limits, asker: &Asker) -> Result<SessionContext> {
        const MIB: usize = 1024 * 1024;
        let pool = TrackConsumersPool::new(GreedyMemoryPool::new(limits.memory_mib.saturating_mul(MIB)), CONSUMERS);
        let runtime = RuntimeEnvBuilder::from_runtime_env(&self.context.runtime_env())
            .with_memory_pool(Arc::new(pool))
            .with_max_temp_directory_size(u64::try_from(limits.spill_mib.saturating_mul(MIB)).unwrap_or(u64::MAX))
            .build_arc()?;
        let mut state = self.context.state();
        state.config_mut().set_extension(Arc::new(asker.clone()));
        let state = SessionStateBuilder::new_from_existing(state).with_runtime_env(runtime).build();
        let context = SessionContext::new_with_state(state);
        super::catalogue::asked_by(&context, asker);
        Ok(context)
    }
}

/// How many of the largest are named where memory does not suffice.
const CONSUMERS: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN;

/// The tables of `from` and the views over them, as a role sees them. `scratch` is an empty session in which `pseudonym` leaves
/// pseudonyms as they are.
///
/// # Errors
/// `Usage` where the role names a table or column that is not there, or a condition that is none.
pub async fn tables(
    from: &SessionContext,
    views: &BTreeMap<String, String>,
    role: &Role,
    scratch: &SessionContext,
) -> Result<BTreeMap<String, Arc<dyn TableProvider>>> {
    let names: Vec<String> = from
        .catalog_names()
        .iter()
        .filter_map(|name| from.catalog(name)?.schema("public"))
        .flat_map(|schema| schema.table_names())
        .collect();
    for name in names.iter().filter(|name| !views.contains_key(*name)) {
        let frame = from.table(name.as_str()).await?;
        let frame = match role.rows.get(name) {
            Some(condition) => guarded(filtered(frame, name, condition)?)?,
            None => frame,
        };
        scratch.register_table(name.as_str(), changed(frame, name, role, scratch)?.into_view())?;
    }
    super::register_views(scratch, views).await?;
    for (name, condition) in role.rows.iter().filter(|(name, _)| views.contains_key(*name)) {
        let frame = guarded(filtered(scratch.table(name.as_str()).await?, name, condition)?)?;
        scratch.deregister_table(name.as_str())?;
        scratch.register_table(name.as_str(), frame.into_view())?;
    }
    check(role, &names, from).await?;
    let mut seen = BTreeMap::new();
    for name in names {
        let listed = role.tables.is_empty() || role.tables.contains(&name);
        let frame = scratch.table(name.as_str()).await?;
        let Some(frame) = listed.then(|| everywhere(frame, &name, role)).transpose()?.flatten() else { continue };
        if !role.names && OF_NAMES.contains(&name.as_str()) {
            continue;
        }
        let schema: SchemaRef = Arc::clone(frame.schema().inner());
        let kept: Vec<Expr> =
            schema.fields().iter().filter(|field| !absent(&name, field.name(), role)).map(|field| column(field.name())).collect();
        let frame = if kept.len() == schema.fields().len() { frame } else { frame.select(kept)? };
        let kind = if views.contains_key(&name) { TableType::View } else { TableType::Base };
        seen.insert(name, Arc::new(Shown { inner: frame.into_view(), kind }) as _);
    }
    Ok(seen)
}

/// A table or view under its own kind: below, all of them are views.
#[derive(Debug)]
struct Shown {
    inner: Arc<dyn TableProvider>,
    kind: TableType,
}

#[async_trait]
impl TableProvider for Shown {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn table_type(&self) -> TableType {
        self.kind
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        self.inner.get_logical_plan()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DfResult<Vec<TableProviderFilterPushDown>> {
        self.inner.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        self.inner.scan(session, projection, filters, limit).await
    }
}

/// The condition that holds for every table; `None` where the table lacks its columns: what cannot be judged is not shown.
fn everywhere(frame: DataFrame, name: &str, role: &Role) -> Result<Option<DataFrame>> {
    match role.rows.get("*") {
        None => Ok(Some(frame)),
        Some(condition) => match frame.parse_sql_expr(condition) {
            Ok(_) => Ok(Some(guarded(filtered(frame, name, condition)?)?)),
            Err(_) => Ok(None),
        },
    }
}

fn filtered(frame: DataFrame, name: &str, condition: &str) -> Result<DataFrame> {
    let wrong = |e: datafusion::error::DataFusionError| {
        Error::usage(format!("the condition `{condition}` cannot be used on `{name}`")).caused_by(e)
    };
    let condition = frame.parse_sql_expr(condition).map_err(wrong)?;
    frame.filter(condition).map_err(wrong)
}

/// The rows of a frame, behind a barrier that no condition of a query passes unless it cannot fail.
fn guarded(frame: DataFrame) -> Result<DataFrame> {
    let (state, plan) = frame.into_parts();
    Ok(SessionContext::new_with_state(state).read_table(Arc::new(Barrier::new(plan)))?)
}

/// A table with every value that is not for the role replaced.
fn changed(frame: DataFrame, table: &str, role: &Role, scratch: &SessionContext) -> Result<DataFrame> {
    let (pseudonym, redact) = (scratch.udf("pseudonym")?, scratch.udf("credential_redact")?);
    let schema: SchemaRef = Arc::clone(frame.schema().inner());
    let mut any = false;
    let mut columns = Vec::new();
    for field in schema.fields() {
        let name = field.name().as_str();
        let is_text = *field.data_type() == DataType::Utf8;
        let plain = column(name);
        let shown = if absent(table, name, role) {
            cast(lit(ScalarValue::Null), field.data_type().clone())
        } else if !role.names && is_text && ACCOUNTS.contains(&name) {
            pseudonym.call(vec![plain])
        } else {
            let masked = if role.redact && is_text && PROSE.contains(&name) { redact.call(vec![plain.clone()]) } else { plain.clone() };
            if !role.names && is_text && SOMETIMES_ACCOUNTS.contains(&name) {
                when(plain.clone().like(lit("%@%")), pseudonym.call(vec![plain])).otherwise(masked)?
            } else {
                masked
            }
        };
        any |= shown != column(name);
        columns.push(shown.alias(name));
    }
    Ok(if any { frame.select(columns)? } else { frame })
}

/// Whether a role does not have a column.
fn absent(table: &str, name: &str, role: &Role) -> bool {
    let hidden = role.hidden.iter().any(|hidden| match hidden.split_once('.') {
        Some((of, column)) => of == table && column == name,
        None => hidden == name,
    });
    hidden || (!role.names && NAMES.contains(&name))
}

/// Whether what a role names is there: a condition or column with a slip of the pen would hide nothing.
async fn check(role: &Role, names: &[String], from: &SessionContext) -> Result<()> {
    let missing = |what: &str| Err(Error::usage(format!("there is no {what}")));
    for table in role.rows.keys().filter(|name| *name != "*").chain(&role.tables) {
        if !names.contains(table) {
            return missing(&format!("table or view `{table}`"));
        }
    }
    for hidden in &role.hidden {
        let (table, column) = hidden.split_once('.').map_or((None, hidden.as_str()), |(table, column)| (Some(table), column));
        let mut found = false;
        for name in names.iter().filter(|name| table.is_none_or(|table| table == *name)) {
            found |= from.table(name.as_str()).await?.schema().has_column_with_unqualified_name(column);
        }
        if !found {
            return missing(&format!("column `{hidden}`"));
        }
    }
    Ok(())
}

fn column(name: &str) -> Expr {
    col(datafusion::common::Column::from_name(name))
}
