//! Further tables of a query: Parquet, CSV and NDJSON files, folders of them with `key=value` parts, and Delta tables, anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::{SessionContext, ident};
use deltalake_core::DeltaTable;
use futures::TryStreamExt;

use crate::error::{Error, Result};
use crate::lake::store::Place;
use crate::lake::unloaded;

/// Registers what lies at a path or URL under a name.
///
/// A Delta table is known by its log, files by their ending; a folder is what the first file in it is. Parts `key=value` of a
/// folder's paths become columns: dates, whole numbers or text, whatever fits all values.
///
/// # Errors
/// `Usage` if there is nothing to read, or files of several kinds of parts.
pub async fn register(context: &SessionContext, name: &str, path: &str) -> Result<()> {
    let refused = |e: Error| Error::usage(format!("cannot read table `{name}` at `{path}`")).caused_by(e);
    let place = Place::parse(path).map_err(refused)?;
    context.register_object_store(&place.url, Arc::clone(&place.store));
    match delta(&place).await.map_err(refused)? {
        Some(table) => {
            let provider = table.table_provider().await.map_err(|e| refused(e.into()))?;
            context.register_table(name, provider)?;
        }
        None => {
            let table = listed(context, path).await.map_err(refused)?;
            context.register_table(name, Arc::new(table))?;
        }
    }
    Ok(())
}

async fn delta(place: &Place) -> Result<Option<DeltaTable>> {
    let log = place.path.clone().join("_delta_log");
    if !place.store.list_with_delimiter(Some(&log)).await.is_ok_and(|found| !found.objects.is_empty()) {
        return Ok(None);
    }
    let mut table = unloaded(place);
    table.load().await?;
    Ok(Some(table))
}

async fn listed(context: &SessionContext, path: &str) -> Result<ListingTable> {
    let url = ListingTableUrl::parse(path)?;
    let state = context.state();
    let store = context.runtime_env().object_store(&url)?;
    let files: Vec<_> = url.list_all_files(&state, store.as_ref(), "").await?.try_collect().await?;
    let hidden = |part: &str| part.starts_with(['.', '_']);
    let mut ending = None;
    let mut parts: Vec<BTreeMap<String, String>> = Vec::new();
    let mut order: Vec<String> = Vec::new();
    for file in &files {
        let below: Vec<String> = url.strip_prefix(&file.location).into_iter().flatten().map(str::to_owned).collect();
        if below.iter().any(|part| hidden(part)) || file.size == 0 {
            continue;
        }
        let file_name = file.location.filename().unwrap_or_default();
        ending.get_or_insert_with(|| file_name.split_once('.').map_or("", |(_, ending)| ending).to_owned());
        let folders = below.split_last().map_or(&[][..], |(_, folders)| folders);
        let of_file: Vec<(String, String)> =
            folders.iter().filter_map(|part| part.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        if parts.is_empty() {
            order = of_file.iter().map(|(key, _)| key.clone()).collect();
        }
        if !of_file.iter().map(|(key, _)| key).eq(&order) {
            return Err(Error::usage("its files lie under different `key=value` folders"));
        }
        parts.push(of_file.into_iter().collect());
    }
    let Some(ending) = ending else { return Err(Error::usage("there is no file")) };
    let (format, ending) = format_of(&ending)?;
    let typed = |key: &String| (key.clone(), type_of(parts.iter().filter_map(|part| part.get(key)).map(String::as_str)));
    // Within a folder its parts are the same: files in the order of their folders are rows in the order of these columns.
    let by_folder = if order.is_empty() { vec![] } else { vec![order.iter().map(|key| ident(key).sort(true, false)).collect()] };
    let options = ListingOptions::new(format)
        .with_file_extension(ending)
        .with_table_partition_cols(order.iter().map(typed).collect())
        .with_file_sort_order(by_folder);
    let config = ListingTableConfig::new(url).with_listing_options(options).infer_schema(&state).await?;
    Ok(ListingTable::try_new(config)?)
}

/// How files with that ending are read, and the ending that all of the table's files must have.
fn format_of(ending: &str) -> Result<(Arc<dyn FileFormat>, String)> {
    let last = ending.rsplit('.').next().unwrap_or_default();
    let format: Arc<dyn FileFormat> = match last {
        // As in the session: credential matching runs over whole arrays.
        "parquet" => Arc::new(ParquetFormat::default().with_force_view_types(false)),
        "csv" => Arc::new(CsvFormat::default().with_has_header(true)),
        "json" | "ndjson" | "jsonl" => Arc::new(JsonFormat::default()),
        _ => return Err(Error::usage(format!("files ending in `.{ending}` are not known: .parquet, .csv, .json, .ndjson or .jsonl"))),
    };
    Ok((format, format!(".{last}")))
}

/// The narrowest type that all values of a part have.
fn type_of<'v>(values: impl Iterator<Item = &'v str> + Clone) -> DataType {
    let is_date = |value: &str| value.len() == 10 && chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok();
    if values.clone().all(is_date) {
        DataType::Date32
    } else if values.clone().all(|value| value.parse::<i64>().is_ok_and(|number| number.to_string() == value)) {
        DataType::Int64
    } else {
        DataType::Utf8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_dates_numbers_or_text() {
        assert_eq!(type_of(["2026-03-01", "2026-03-02"].into_iter()), DataType::Date32);
        assert_eq!(type_of(["1", "-20"].into_iter()), DataType::Int64);
        assert_eq!(type_of(["01", "2"].into_iter()), DataType::Utf8);
        assert_eq!(type_of(["2026-03-01", "x"].into_iter()), DataType::Utf8);
    }
}
