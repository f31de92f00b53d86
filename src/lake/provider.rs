//! Reading a table: Delta's snapshot gives the files and their statistics, DataFusion's own Parquet scan reads them.
//!
//! Traps that this handles: statistics cut times to milliseconds, so the greatest is rounded up before pruning; columns are
//! reported as inexact; no sort order is declared; tables with deletion vectors or column mapping are refused by name. A filter
//! over partition columns alone is decided by the files' values, and no row is filtered for it again.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::cast::as_boolean_array;
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, Result as DfResult, ScalarValue, Statistics};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::LogicalFileView;
use futures::TryStreamExt;
use object_store::ObjectMeta;
use object_store::path::Path;
use serde_json::Value;

use super::Lake;
use super::tables::TableSpec;
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::sources::time;

/// One table of the lake at one version.
#[derive(Debug)]
pub struct LakeTable {
    schema: SchemaRef,
    partitions: usize,
    store_url: ObjectStoreUrl,
    version: u64,
    files: Vec<File>,
}

#[derive(Debug, Clone)]
struct File {
    /// Relative to the table, as in the log.
    name: String,
    meta: ObjectMeta,
    partition_values: Vec<ScalarValue>,
    rows: Option<usize>,
    /// Of every column of the schema; exact, for pruning only.
    statistics: Arc<Statistics>,
}

impl LakeTable {
    /// The newest state of a table.
    pub async fn open(lake: &Lake, spec: &TableSpec) -> Result<Self> {
        let table = lake.table_or_create(spec).await?;
        Self::at(lake, spec, &table).await
    }

    /// A given state of a table.
    pub async fn at(lake: &Lake, spec: &TableSpec, table: &DeltaTable) -> Result<Self> {
        let state = table.snapshot()?;
        let mapping = state.metadata().configuration().get("delta.columnMapping.mode");
        if mapping.is_some_and(|mode| mode != "none") {
            return Err(Error::data(format!("table `{}` uses column mapping, which bittern does not read", spec.name)));
        }
        let root = lake.place().path.clone().join(spec.name.as_str());
        let log_store = table.log_store();
        let views: Vec<LogicalFileView> = state.snapshot().file_views(log_store.as_ref(), None).try_collect().await?;
        let files = views.iter().map(|view| file(view, &root, spec)).collect::<Result<Vec<File>>>()?;
        let url = &lake.place().url;
        let authority = &url[..url::Position::BeforePath];
        Ok(Self {
            schema: Arc::clone(&spec.schema),
            partitions: spec.partitions,
            store_url: ObjectStoreUrl::parse(authority)?,
            version: table.version().unwrap_or(0),
            files,
        })
    }

    /// The version of the table that this shows.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The stretches of time in which files have rows, by their least and greatest time in a column; merged, in order.
    pub fn occupied(&self, column: &str) -> Vec<Interval> {
        let Ok(at) = self.schema.index_of(column) else { return Vec::new() };
        let time = |value: &Precision<ScalarValue>| match value.get_value() {
            Some(ScalarValue::TimestampMicrosecond(Some(time), _)) => Some(*time),
            _ => None,
        };
        let of = |file: &File| {
            let statistics = file.statistics.column_statistics.get(at)?;
            Some(Interval { start: time(&statistics.min_value)?, end: time(&statistics.max_value)? + 1 })
        };
        let mut found: Vec<Interval> = self.files.iter().filter_map(of).collect();
        found.sort_unstable();
        let mut merged: Vec<Interval> = Vec::new();
        for next in found {
            match merged.last_mut() {
                Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
                _ => merged.push(next),
            }
        }
        merged
    }

    /// Rows of the table, where every file's log entry says how many it has.
    pub fn rows(&self) -> Option<usize> {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// The paths of its files, as the log names them.
    pub fn names(&self) -> std::collections::HashSet<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// The same without the files at these paths (as the log names them).
    #[must_use]
    pub fn excluding(mut self, paths: &std::collections::HashSet<String>) -> Self {
        self.files.retain(|file| !paths.contains(&file.name));
        self
    }

    /// The same with nothing but the files at these paths.
    #[must_use]
    pub fn only(mut self, paths: &std::collections::HashSet<String>) -> Self {
        self.files.retain(|file| paths.contains(&file.name));
        self
    }

    /// Whether the files' partition values alone decide a filter, so that no row of a kept file need be looked at.
    fn decides(&self, filter: &Expr) -> bool {
        let partitions = self.partition_fields();
        let columns = filter.column_refs();
        let all_partitions = columns.iter().all(|column| partitions.iter().any(|field| *field.name() == column.name));
        !columns.is_empty() && all_partitions && !filter.is_volatile()
    }

    /// The files that may hold rows for which all filters are true: by partition values exactly, by statistics as far as they go.
    fn prune(&self, session: &dyn Session, filters: &[Expr]) -> DfResult<Vec<&File>> {
        let (exact, rest): (Vec<Expr>, Vec<Expr>) = filters.iter().cloned().partition(|filter| self.decides(filter));
        self.prune_by_statistics(session, rest, self.prune_by_partition(session, exact)?)
    }

    fn prune_by_partition(&self, session: &dyn Session, filters: Vec<Expr>) -> DfResult<Vec<&File>> {
        let Some(filter) = conjunction(filters).filter(|_| !self.files.is_empty()) else { return Ok(self.files.iter().collect()) };
        let schema = Arc::new(Schema::new(self.partition_fields()));
        let predicate = session.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
        let column = |at: usize| ScalarValue::iter_to_array(self.files.iter().map(|file| file.partition_values[at].clone()));
        let values = RecordBatch::try_new(schema, (0..self.partitions).map(column).collect::<DfResult<_>>()?)?;
        let keep = predicate.evaluate(&values)?.into_array(self.files.len())?;
        let keep = as_boolean_array(&keep)?;
        Ok(self.files.iter().zip(keep).filter(|(_, keep)| *keep == Some(true)).map(|(file, _)| file).collect())
    }

    fn prune_by_statistics<'f>(&self, session: &dyn Session, filters: Vec<Expr>, files: Vec<&'f File>) -> DfResult<Vec<&'f File>> {
        let Some(filter) = conjunction(filters).filter(|_| !files.is_empty()) else { return Ok(files) };
        let df_schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let Ok(predicate) = session.create_physical_expr(filter, &df_schema) else { return Ok(files) };
        // A predicate that cannot be turned into one over statistics prunes nothing.
        let Ok(pruning) = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema)).try_build(predicate) else {
            return Ok(files);
        };
        let statistics = files.iter().map(|file| Arc::clone(&file.statistics)).collect();
        let keep = pruning.prune(&PrunableStatistics::new(statistics, Arc::clone(&self.schema)))?;
        Ok(files.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file).collect())
    }

    fn file_schema(&self) -> SchemaRef {
        let fields = self.schema.fields();
        Arc::new(Schema::new(fields[..fields.len() - self.partitions].to_vec()))
    }

    fn partition_fields(&self) -> Vec<Arc<Field>> {
        let fields = self.schema.fields();
        fields[fields.len() - self.partitions..].to_vec()
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DfResult<Vec<TableProviderFilterPushDown>> {
        let of = |filter: &&Expr| {
            if self.decides(filter) { TableProviderFilterPushDown::Exact } else { TableProviderFilterPushDown::Inexact }
        };
        Ok(filters.iter().map(of).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let kept = self.prune(session, filters)?;
        if kept.is_empty() {
            let schema = datafusion::physical_plan::project_schema(&self.schema, projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let rows: Option<usize> = kept.iter().map(|file| file.rows).sum();
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = rows.map_or(Precision::Absent, Precision::Exact);

        let files = kept.into_iter().map(File::partitioned).collect::<Vec<PartitionedFile>>();
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let format = ParquetFormat::default().with_force_view_types(false).with_options(session.table_options().parquet.clone());
        let table_schema = TableSchema::builder(self.file_schema()).with_table_partition_cols(self.partition_fields()).build();
        let source = format.file_source(table_schema);
        let config = FileScanConfigBuilder::new(self.store_url.clone(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format.create_physical_plan(session, config).await
    }
}

impl File {
    fn partitioned(&self) -> PartitionedFile {
        let mut file = PartitionedFile::new_from_meta(self.meta.clone());
        file.partition_values.clone_from(&self.partition_values);
        file
    }
}

fn file(view: &LogicalFileView, root: &Path, spec: &TableSpec) -> Result<File> {
    if view.deletion_vector_descriptor().is_some() {
        return Err(Error::data(format!("table `{}` has deletion vectors, which bittern does not read", spec.name)));
    }
    let relative = view.object_store_path();
    let location = Path::from_iter(root.parts().chain(relative.parts()).map(|part| part.as_ref().to_owned()));
    let size = u64::try_from(view.size()).map_err(|e| Error::data(format!("a file of table `{}` has no size", spec.name)).caused_by(e))?;
    let values = view.partition_values_map();
    let fields = spec.schema.fields();
    let split = fields.len() - spec.partitions;
    let partition_values = fields[split..]
        .iter()
        .map(|field| partition_value(values.get(field.name()).and_then(Option::as_deref), field.data_type()))
        .collect::<Result<Vec<ScalarValue>>>()?;
    let parsed: Value = view.stats().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or(Value::Null);
    let rows = parsed.get("numRecords").and_then(Value::as_u64).and_then(|rows| usize::try_from(rows).ok());
    let mut columns: Vec<ColumnStatistics> = fields[..split].iter().map(|field| column_statistics(&parsed, field)).collect();
    columns.extend(partition_values.iter().map(exactly));
    let statistics = Statistics {
        num_rows: rows.map_or(Precision::Absent, Precision::Exact),
        total_byte_size: Precision::Absent,
        column_statistics: columns,
    };
    let meta = ObjectMeta { location, last_modified: view.modification_datetime()?, size, e_tag: None, version: None };
    Ok(File { name: view.path().into_owned(), meta, partition_values, rows, statistics: Arc::new(statistics) })
}

fn partition_value(text: Option<&str>, data_type: &DataType) -> Result<ScalarValue> {
    match text {
        None => Ok(ScalarValue::try_from(data_type)?),
        Some(text) => Ok(ScalarValue::try_from_string(text.to_owned(), data_type)?),
    }
}

fn exactly(value: &ScalarValue) -> ColumnStatistics {
    let mut statistics = ColumnStatistics::new_unknown();
    if !value.is_null() {
        statistics.min_value = Precision::Exact(value.clone());
        statistics.max_value = Precision::Exact(value.clone());
        statistics.null_count = Precision::Exact(0);
    }
    statistics
}

/// Bounds that hold for every value of the column: both or neither.
fn column_statistics(parsed: &Value, field: &Field) -> ColumnStatistics {
    let mut statistics = ColumnStatistics::new_unknown();
    let bound = |kind: &str, up: bool| scalar(parsed.get(kind)?.get(field.name())?, field.data_type(), up);
    if let (Some(least), Some(greatest)) = (bound("minValues", false), bound("maxValues", true)) {
        statistics.min_value = Precision::Exact(least);
        statistics.max_value = Precision::Exact(greatest);
    } else if let Ok(unknown) = ScalarValue::try_from(field.data_type()) {
        // A typed NULL is "unknown" to the pruning, which wants one type for all files.
        statistics.min_value = Precision::Exact(unknown.clone());
        statistics.max_value = Precision::Exact(unknown);
    }
    if let Some(nulls) = parsed.get("nullCount").and_then(|counts| counts.get(field.name())).and_then(Value::as_u64) {
        statistics.null_count = Precision::Exact(usize::try_from(nulls).unwrap_or(usize::MAX));
    }
    statistics
}

fn scalar(value: &Value, data_type: &DataType, up: bool) -> Option<ScalarValue> {
    /// Writers may cut longer text, and a cut maximum is none.
    const TEXT_MAX: usize = 31;
    match data_type {
        DataType::Timestamp(_, zone) => {
            let cut = time::parse(value.as_str()?)?;
            // What stands in the log was cut to a millisecond: the true value lies up to 999 µs above.
            Some(ScalarValue::TimestampMicrosecond(Some(if up { cut + 999 } else { cut }), zone.clone()))
        }
        DataType::Utf8 => value.as_str().filter(|text| text.len() <= TEXT_MAX).map(|text| ScalarValue::Utf8(Some(text.to_owned()))),
        DataType::Int64 => value.as_i64().map(|number| ScalarValue::Int64(Some(number))),
        _ => None,
    }
}
