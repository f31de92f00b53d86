//! The tables: Delta Lake under one root in a folder or object store.
//!
//! Delta does the log and the commits; reading goes through [`provider`], a thin one of our own over DataFusion's Parquet scan.
//! Only this module names object_store, Parquet or Delta (`ingest` reads raw objects through [`raw`]).

mod aws_profile;
pub mod columns;
pub mod commit;
pub mod files;
pub mod format;
mod growth;
pub mod lease;
pub mod log;
pub mod provider;
pub mod raw;
pub mod replace;
pub mod rewrite;
pub mod store;
pub mod tables;
pub mod vacuum;

use std::collections::HashMap;
use std::sync::Arc;

use deltalake_core::DeltaTable;
use deltalake_core::kernel::{StructField, StructType};
use deltalake_core::logstore::{StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::SaveMode;
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::error::{Error, Result};
use store::Place;
use tables::TableSpec;

/// An opened lake. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake {
    place: Place,
    clock: Clock,
    /// Handles whose state is brought up to date at each use: opening anew would list the log each time.
    tables: Arc<Mutex<HashMap<String, DeltaTable>>>,
}

impl Lake {
    /// Opens the lake at a folder or URL; makes it, with every table of [`tables::all`], where there is none.
    pub async fn open(root: &str, clock: Clock) -> Result<Self> {
        Self::open_at(Place::parse(root)?, clock).await
    }

    /// The same at a place that is resolved already.
    pub async fn open_at(place: Place, clock: Clock) -> Result<Self> {
        let lake = Self { place, clock, tables: Arc::default() };
        format::check_or_create(&lake.place).await?;
        format::probe(&lake.place).await?;
        for spec in tables::all() {
            lake.table_or_create(&spec).await?;
        }
        Ok(lake)
    }

    /// Where it lies.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What its times are told by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The table's newest state.
    pub async fn table(&self, name: &str) -> Result<DeltaTable> {
        let mut tables = self.tables.lock().await;
        let table = tables.get_mut(name).ok_or_else(|| Error::internal(format!("table `{name}` was not opened")))?;
        table.update_state().await.map_err(|e| Error::from(e).context(format!("cannot read the log of table `{name}`")))?;
        Ok(table.clone())
    }

    /// A table as it was last seen.
    pub async fn last_seen(&self, name: &str) -> Result<DeltaTable> {
        let tables = self.tables.lock().await;
        tables.get(name).cloned().ok_or_else(|| Error::internal(format!("table `{name}` was not opened")))
    }

    /// Opens a table, and makes it if it is missing; of two that make it at once, one wins and both have it.
    pub async fn table_or_create(&self, spec: &TableSpec) -> Result<DeltaTable> {
        let mut tables = self.tables.lock().await;
        if let Some(table) = tables.get_mut(&spec.name) {
            table.update_state().await?;
            *table = growth::grown(table.clone(), spec, delta_fields(spec)?).await?;
            return Ok(table.clone());
        }
        let place = self.place.join(&spec.name)?;
        if place.url.scheme() == "file" {
            std::fs::create_dir_all(place.url.path())
                .map_err(|e| Error::from(e).context(format!("cannot make the folder of table `{}`", spec.name)))?;
        }
        let mut table = unloaded(&place);
        if !table.verify_deltatable_existence().await? {
            let created = CreateBuilder::new()
                .with_log_store(table.log_store())
                .with_save_mode(SaveMode::ErrorIfExists)
                .with_columns(delta_fields(spec)?)
                .with_partition_columns(spec.partition_columns())
                .with_configuration_property(deltalake_core::TableProperty::DataSkippingStatsColumns, Some(spec.statistics.join(",")))
                .await;
            if let Err(error) = created {
                tracing::debug!(table = spec.name, %error, "the table was not made: perhaps another process just did");
            }
        }
        table.load().await.map_err(|e| Error::from(e).context(format!("cannot open table `{}`", spec.name)))?;
        let table = growth::grown(table, spec, delta_fields(spec)?).await?;
        tables.insert(spec.name.clone(), table.clone());
        Ok(table)
    }

    /// How a table looks, if it is there. Its times are in its first column.
    pub async fn spec_of(&self, name: &str) -> Result<Option<TableSpec>> {
        let mut table = unloaded(&self.place.join(name)?);
        if !table.verify_deltatable_existence().await? {
            return Ok(None);
        }
        table.load().await.map_err(|e| Error::from(e).context(format!("cannot open table `{name}`")))?;
        let schema = table.snapshot()?.snapshot().arrow_schema();
        let first = schema.fields().first().map(|field| field.name().clone()).unwrap_or_default();
        self.committed(name, table).await;
        Ok(Some(TableSpec::new(name, schema, &[&first])))
    }

    /// Replaces the cached handle by the state after a commit.
    async fn committed(&self, name: &str, table: DeltaTable) {
        self.tables.lock().await.insert(name.to_owned(), table);
    }
}

/// The table at a place, be there one or not; nothing is read yet.
pub fn unloaded(place: &Place) -> DeltaTable {
    let prefixed: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&place.store), place.path.clone()));
    DeltaTable::new(default_logstore(prefixed, Arc::clone(&place.store), &place.url, &StorageConfig::default()))
}

fn delta_fields(spec: &TableSpec) -> Result<Vec<StructField>> {
    use deltalake_core::kernel::engine::arrow_conversion::TryFromArrow;
    let schema = StructType::try_from_arrow(spec.schema.as_ref())?;
    // Every column is nullable in Delta's schema: schemas grow by nullable columns only, and writers check nothing twice.
    Ok(schema.fields().map(|field| StructField::nullable(field.name(), field.data_type().clone())).collect())
}
