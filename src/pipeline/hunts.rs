//! Hunts: saved queries that answer an analyst's question. `sql/hunts/<id>.sql`, and the user's own.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::scalar::ScalarValue;
use serde::Deserialize;

use super::Bittern;
use crate::error::{Error, Result};
use crate::event::DAY;
use crate::interval::date_text;
use crate::jobs::catalog::Catalog;
use crate::jobs::header::{SqlFile, parse};
use crate::jobs::{named_value, scalar};

/// Days that a hunt looks at unless it is told which.
const DAYS: i64 = 60;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    title: String,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
}

/// A saved query.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// The file's stem.
    pub id: String,
    /// The question it answers.
    pub title: String,
    /// Values for `$name`, unless others are given.
    pub params: BTreeMap<String, ScalarValue>,
    /// What columns mean whose names do not say it.
    pub columns: BTreeMap<String, String>,
    /// The SELECT.
    pub sql: String,
    path: String,
}

/// Every hunt, by id.
///
/// # Errors
/// `Usage` for a header that is wrong.
pub fn all(catalog: &Catalog) -> Result<Vec<Hunt>> {
    let mut hunts = Vec::new();
    for (id, text) in catalog.folder("hunts") {
        let SqlFile { header, .. }: SqlFile<Header> = parse(id, &text.path, &text.sql)?;
        let mut params = BTreeMap::new();
        for (name, value) in &header.params {
            let wrong = || Error::usage(format!("{}: parameter `{name}` is a number, text or boolean", text.path));
            params.insert(name.clone(), scalar(value).ok_or_else(wrong)?);
        }
        hunts.push(Hunt {
            id: id.to_owned(),
            title: header.title,
            params,
            columns: header.columns,
            sql: text.sql.clone(),
            path: text.path.clone(),
        });
    }
    Ok(hunts)
}

impl Bittern {
    /// The hunt of that name, with some of its parameters set. `from` and `to` are the newest 60 days of events unless they are given.
    ///
    /// # Errors
    /// `Usage` for a hunt, parameter or value that is none.
    pub fn hunt_named(&self, id: &str, given: &[(String, String)]) -> Result<Hunt> {
        let hunts = all(&self.catalog)?;
        let Some(mut hunt) = hunts.iter().find(|hunt| hunt.id == id).cloned() else {
            let known: Vec<&str> = hunts.iter().map(|hunt| hunt.id.as_str()).collect();
            return Err(Error::usage(format!("there is no hunt `{id}`; there are {}", known.join(", "))));
        };
        // The dates in a file are those of the sample; what is asked about without a date is the newest there is.
        let newest = self.occupied.last().map_or(0, |last| last.end).div_euclid(DAY) + 1;
        for (name, day) in [("from", newest - DAYS), ("to", newest)] {
            if let Some(value) = hunt.params.get_mut(name) {
                *value = ScalarValue::from(date_text(i32::try_from(day).unwrap_or_default()));
            }
        }
        for (name, text) in given {
            let value = named_value(&hunt.id, &hunt.params, name, text)?;
            hunt.params.insert(name.clone(), value);
        }
        Ok(hunt)
    }

    /// Runs a hunt.
    pub async fn hunt(&self, hunt: &Hunt) -> Result<Vec<RecordBatch>> {
        Ok(self.planned(hunt).await?.collect().await?)
    }

    /// A hunt over the tables as they stand. Only reading statements are allowed.
    pub(super) async fn planned(&self, hunt: &Hunt) -> Result<DataFrame> {
        self.hunt_on(&self.context, hunt).await
    }

    /// A hunt, planned in a session that may show less than ours.
    ///
    /// # Errors
    /// `Usage` for a file that cannot be planned.
    pub async fn hunt_on(&self, context: &SessionContext, hunt: &Hunt) -> Result<DataFrame> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let values: Vec<(String, ScalarValue)> = hunt.params.clone().into_iter().collect();
        let planned = async { context.sql_with_options(&hunt.sql, options).await?.with_param_values(values) };
        planned.await.map_err(|e| Error::from(e).context(format!("{} cannot be planned", hunt.path)))
    }
}
