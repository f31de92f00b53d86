//! Hunts: saved queries that answer an analyst's question. `sql/hunts/<id>.sql`, and the user's own.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::DataFrame;
use datafusion::scalar::ScalarValue;
use serde::Deserialize;

use super::Bittern;
use crate::error::{Error, Result};
use crate::jobs::catalog::Catalog;
use crate::jobs::header::{SqlFile, parse};
use crate::jobs::{named_value, scalar};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    title: String,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
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
        hunts.push(Hunt { id: id.to_owned(), title: header.title, params, sql: text.sql.clone(), path: text.path.clone() });
    }
    Ok(hunts)
}

impl Bittern {
    /// Runs a hunt with some of its parameters set.
    ///
    /// # Errors
    /// `Usage` for a hunt, parameter or value that is none.
    pub async fn hunt(&self, id: &str, given: &[(String, String)]) -> Result<Vec<RecordBatch>> {
        let hunts = all(&self.catalog)?;
        let known = || hunts.iter().map(|hunt| hunt.id.as_str()).collect::<Vec<_>>().join(", ");
        let mut hunt = hunts
            .iter()
            .find(|hunt| hunt.id == id)
            .ok_or_else(|| Error::usage(format!("there is no hunt `{id}`; there are {}", known())))?
            .clone();
        for (name, text) in given {
            let value = named_value(&hunt.id, &hunt.params, name, text)?;
            hunt.params.insert(name.clone(), value);
        }
        Ok(self.planned(&hunt).await?.collect().await?)
    }

    /// A hunt over the tables as they stand. Only reading statements are allowed.
    pub(super) async fn planned(&self, hunt: &Hunt) -> Result<DataFrame> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let values: Vec<(String, ScalarValue)> = hunt.params.clone().into_iter().collect();
        let planned = async { self.context.sql_with_options(&hunt.sql, options).await?.with_param_values(values) };
        planned.await.map_err(|e| Error::from(e).context(format!("{} cannot be planned", hunt.path)))
    }
}
