//! The report's questions: `sql/reports/<id>.sql`, and the user's own over them. Values enter as typed parameters.
//!
//! Besides a file's own `[params]` every query may use `$from` and `$to` (the weeks up to the day), `$day_start` and `$week_start` (the
//! day itself, and the seven up to it), `$since` and `$until` (the runs of the last day), `$interval_start` and `$interval_end` (the same weeks, for views that want them), all times; and `$unwatched`, the
//! groups that are switched off altogether, parted by the unit separator (31).

use std::collections::BTreeMap;

use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::scalar::ScalarValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::event::DAY;
use crate::interval::Interval;
use crate::jobs::catalog::Catalog;
use crate::jobs::header::{SqlFile, parse};
use crate::jobs::scalar;
use crate::lake::columns::utc;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// What the query answers: for whoever reads the file.
    #[serde(rename = "title")]
    _title: String,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Query {
    path: String,
    params: BTreeMap<String, ScalarValue>,
    sql: String,
}

/// Every question, by id.
#[derive(Debug, Clone)]
pub struct Queries {
    all: BTreeMap<String, Query>,
    times: BTreeMap<String, ScalarValue>,
}

/// What the report looks at.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The weeks up to the day, the day included.
    pub weeks: Interval,
    /// When the runs were whose changes are told.
    pub runs: Interval,
    /// Groups that are switched off altogether.
    pub unwatched: Vec<String>,
}

impl Queries {
    /// Reads every file of `reports`.
    ///
    /// # Errors
    /// `Usage` for a header that is wrong.
    pub fn read(catalog: &Catalog, scope: &Scope) -> Result<Self> {
        let mut all = BTreeMap::new();
        for (id, text) in catalog.folder("reports") {
            let SqlFile { header, .. }: SqlFile<Header> = parse(id, &text.path, &text.sql)?;
            let mut params = BTreeMap::new();
            for (name, value) in &header.params {
                let wrong = || Error::usage(format!("{}: parameter `{name}` is a number, text or boolean", text.path));
                params.insert(name.clone(), scalar(value).ok_or_else(wrong)?);
            }
            all.insert(id.to_owned(), Query { path: text.path.clone(), params, sql: text.sql.clone() });
        }
        let times = [
            ("from", utc(scope.weeks.start)),
            ("to", utc(scope.weeks.end)),
            ("day_start", utc(scope.weeks.end - DAY)),
            ("week_start", utc(scope.weeks.end - 7 * DAY)),
            ("interval_start", utc(scope.weeks.start)),
            ("interval_end", utc(scope.weeks.end)),
            ("since", utc(scope.runs.start)),
            ("until", utc(scope.runs.end)),
            ("unwatched", ScalarValue::from(scope.unwatched.join("\u{1f}"))),
        ];
        Ok(Self { all, times: times.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() })
    }

    /// The rows of a query, its parameters as they stand in the file but for those given.
    pub async fn rows<T: DeserializeOwned>(&self, context: &SessionContext, id: &str, given: &[(&str, ScalarValue)]) -> Result<Vec<T>> {
        let query = self.all.get(id).ok_or_else(|| Error::internal(format!("there is no query `{id}` of the report")))?;
        let batches = self.planned(context, query, given).await?.collect().await?;
        let mut bytes = Vec::new();
        let mut writer = arrow::json::LineDelimitedWriter::new(&mut bytes);
        for batch in &batches {
            writer.write(batch)?;
        }
        writer.finish()?;
        let rows = serde_json::Deserializer::from_slice(&bytes).into_iter::<T>().collect::<std::result::Result<Vec<T>, _>>();
        // Where a row does not fit is told, never what stands there.
        rows.map_err(|e| {
            Error::usage(format!("{}: a row of its answer lacks a column or has another type there (row {})", query.path, e.line()))
        })
    }

    async fn planned(&self, context: &SessionContext, query: &Query, given: &[(&str, ScalarValue)]) -> Result<DataFrame> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let mut values = self.times.clone();
        values.extend(query.params.clone());
        values.extend(given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let values: Vec<(String, ScalarValue)> = values.into_iter().collect();
        let planned = async { context.sql_with_options(&query.sql, options).await?.with_param_values(values) };
        planned.await.map_err(|e| Error::from(e).context(format!("{} cannot be planned", query.path)))
    }
}

/// What is wrong with the files of `reports`: headers, and SQL that cannot be planned.
pub async fn problems(context: &SessionContext, catalog: &Catalog) -> Vec<String> {
    let weeks = Interval { start: 0, end: DAY };
    let queries = match Queries::read(catalog, &Scope { weeks, runs: weeks, unwatched: Vec::new() }) {
        Ok(queries) => queries,
        Err(error) => return vec![format!("{error:#}")],
    };
    let mut found = Vec::new();
    for query in queries.all.values() {
        found.extend(queries.planned(context, query, &[]).await.err().map(|error| format!("{error:#}")));
    }
    found
}
