//! What there is to ask for: tables with their columns, functions with how they are called, hunts. For completion and for `\d`.

use std::collections::BTreeMap;

use datafusion::logical_expr::TableType;
use datafusion::prelude::SessionContext;

use crate::error::Result;
use crate::functions::listed::{Function, listed};
use crate::jobs::catalog::Catalog;
use crate::pipeline::hunts;

/// A table or view.
#[derive(Debug, Clone)]
pub struct Table {
    /// Whether it is a view.
    pub view: bool,
    /// Columns: name, type, whether they may be NULL.
    pub columns: Vec<(String, String, bool)>,
}

/// Everything there is a name for.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Tables and views.
    pub tables: BTreeMap<String, Table>,
    /// Functions.
    pub functions: BTreeMap<String, Function>,
    /// Hunts.
    pub hunts: BTreeMap<String, Saved>,
}

/// A hunt: the question, and parameters with their defaults.
pub type Saved = (String, Vec<(String, String)>);

impl Names {
    /// What a session and the SQL files have.
    pub async fn of(context: &SessionContext, catalog: Option<&Catalog>) -> Result<Self> {
        let mut names = Self { functions: listed(context), ..Self::default() };
        let views = catalog.map(Catalog::views).unwrap_or_default();
        let schemas = context.catalog_names().into_iter().filter_map(|name| context.catalog(&name)).filter_map(|of| of.schema("public"));
        for schema in schemas {
            for name in schema.table_names() {
                let Some(table) = schema.table(&name).await? else { continue };
                let column = |field: &arrow::datatypes::FieldRef| (field.name().clone(), type_name(field.data_type()), field.is_nullable());
                let columns = table.schema().fields().iter().map(column).collect();
                let view = views.contains_key(&name) || (views.is_empty() && table.table_type() == TableType::View);
                names.tables.insert(name, Table { view, columns });
            }
        }
        for hunt in catalog.map(hunts::all).transpose()?.unwrap_or_default() {
            let params = hunt.params.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
            names.hunts.insert(hunt.id, (hunt.title, params));
        }
        Ok(names)
    }
}

/// A type as people call it.
fn type_name(kind: &arrow::datatypes::DataType) -> String {
    use arrow::datatypes::DataType as D;
    match kind {
        D::Utf8 | D::LargeUtf8 | D::Utf8View => "text".to_owned(),
        D::Dictionary(_, value) => type_name(value),
        D::Boolean => "boolean".to_owned(),
        D::Int8 | D::Int16 | D::Int32 | D::Int64 | D::UInt8 | D::UInt16 | D::UInt32 | D::UInt64 => "integer".to_owned(),
        D::Float16 | D::Float32 | D::Float64 => "float".to_owned(),
        D::Timestamp(..) => "time".to_owned(),
        D::Date32 | D::Date64 => "date".to_owned(),
        D::List(item) | D::LargeList(item) | D::FixedSizeList(item, _) => format!("list of {}", type_name(item.data_type())),
        D::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| format!("{} {}", field.name(), type_name(field.data_type()))).collect();
            format!("({})", fields.join(", "))
        }
        other => other.to_string(),
    }
}
