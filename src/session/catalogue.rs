//! The catalogue that clients ask (`pg_catalog`), where the library's tells of PostgreSQL and not of us: functions that are really there,
//! and of users the one who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use arrow_pg::datatypes::into_pg_type;
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemTable, SchemaProvider, Session, TableProvider};
use datafusion::common::{DataFusionError, Result as DfResult};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TableType, Volatility, create_udf,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use datafusion_pg_catalog::pg_catalog::PgCatalogStaticTables;
use serde_json::json;

use super::bounded::CURRENT;
use crate::functions::listed::{Function, listed};

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// Their name.
    pub user: String,
    /// The role that says what they see.
    pub role: String,
}

/// Where the numbers of functions begin: above those of PostgreSQL's own, and of tables.
const FUNCTIONS_FROM: i64 = 1_000_000;

/// The number of the one user that is shown.
const ASKER: i64 = 10;

/// PostgreSQL's number of the schema `pg_catalog`.
const PG_CATALOG: i64 = 11;

/// The name that owns everything.
const OWNER: &str = "bittern";

/// Puts ours in the place of the library's.
pub fn register(context: &SessionContext, catalog: &Arc<dyn CatalogProvider>) -> DfResult<()> {
    let missing = || DataFusionError::Internal("there is no schema pg_catalog".to_owned());
    let inner = catalog.schema("pg_catalog").ok_or_else(missing)?;
    let functions: BTreeMap<i64, (String, Function)> = (FUNCTIONS_FROM..).zip(listed(context)).collect();
    for function in told(&functions) {
        context.register_udf(ScalarUDF::from(function));
    }
    catalog.register_schema("pg_catalog", Arc::new(Catalogue { inner, functions: Arc::new(functions) }))?;
    Ok(())
}

/// Puts the one who asks into a session.
pub fn asked_by(context: &SessionContext, asker: &Asker) {
    for (name, value) in [("session_user", &asker.user), ("bittern_role", &asker.role)] {
        let value = ColumnarValue::Scalar(ScalarValue::from(value.as_str()));
        let constant = Arc::new(move |_: &[ColumnarValue]| Ok(value.clone()));
        context.register_udf(create_udf(name, Vec::new(), DataType::Utf8, Volatility::Stable, constant));
    }
}

/// The library's schema, with tables of ours.
#[derive(Debug)]
struct Catalogue {
    inner: Arc<dyn SchemaProvider>,
    functions: Arc<BTreeMap<i64, (String, Function)>>,
}

#[async_trait]
impl SchemaProvider for Catalogue {
    fn table_names(&self) -> Vec<String> {
        self.inner.table_names()
    }

    async fn table(&self, name: &str) -> DfResult<Option<Arc<dyn TableProvider>>> {
        let Some(inner) = self.inner.table(name).await? else { return Ok(None) };
        match name {
            "pg_proc" => {
                let rows = Rows::Functions { namespaces: Arc::clone(&self.inner), functions: Arc::clone(&self.functions) };
                Ok(Some(Arc::new(Made { schema: inner.schema(), rows })))
            }
            "pg_settings" => {
                let named = [("standard_conforming_strings", "on"), ("server_encoding", "UTF8"), ("TimeZone", "UTC")];
                let row = |(name, value): (&str, &str)| json!({"name": name, "setting": value});
                let rows: Vec<serde_json::Value> = CURRENT.into_iter().chain(named).map(row).collect();
                Ok(Some(Arc::new(MemTable::try_new(inner.schema(), vec![vec![batch(&inner.schema(), &rows)?]])?)))
            }
            "pg_roles" => Ok(Some(Arc::new(Made { schema: inner.schema(), rows: Rows::Users }))),
            _ => Ok(Some(inner)),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.inner.table_exist(name)
    }
}

/// A table whose rows are made when they are read: who asks is known only then, and other tables of the catalogue look at the functions
/// while they hold what gives numbers to schemas.
#[derive(Debug)]
struct Made {
    schema: SchemaRef,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    /// PostgreSQL's functions, which some clients look for to know types by them, and those that are here.
    Functions { namespaces: Arc<dyn SchemaProvider>, functions: Arc<BTreeMap<i64, (String, Function)>> },
    /// The users, of whom everybody sees one: whoever asks.
    Users,
}

#[async_trait]
impl TableProvider for Made {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        match self.rows {
            Rows::Functions { .. } => TableType::Base,
            Rows::Users => TableType::View,
        }
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let batches = match &self.rows {
            Rows::Functions { namespaces, functions } => {
                let own = function_rows(number_of_public(namespaces).await?, functions);
                let mut batches = PgCatalogStaticTables::try_new()?.pg_proc.data().to_vec();
                batches.push(batch(&self.schema, &own)?);
                batches
            }
            Rows::Users => vec![batch(&self.schema, &user_rows(session))?],
        };
        MemTable::try_new(self.schema(), vec![batches])?.scan(session, projection, filters, limit).await
    }
}

fn function_rows(public: i64, functions: &BTreeMap<i64, (String, Function)>) -> Vec<serde_json::Value> {
    let row = |(number, (name, function)): (&i64, &(String, Function))| {
        let kind = match function.kind {
            "aggregate" => "a",
            "window" => "w",
            _ => "f",
        };
        json!({
            "oid": number, "proname": name, "pronamespace": if function.own { public } else { PG_CATALOG }, "proowner": ASKER,
            "prolang": 12, "procost": 1.0, "prorows": 0.0, "provariadic": 0, "prokind": kind, "prosecdef": false,
            "proleakproof": false, "proisstrict": false, "proretset": false, "provolatile": "i", "proparallel": "s", "pronargs": 0,
            "pronargdefaults": 0, "prorettype": function.gives.as_ref().map_or(0, |gives| named(gives).1), "proargtypes": "",
            "prosupport": "-", "prosrc": name,
        })
    };
    functions.iter().map(row).collect()
}

/// The number of the schema that tables and our functions stand in.
async fn number_of_public(schemas: &Arc<dyn SchemaProvider>) -> DfResult<i64> {
    let Some(table) = schemas.table("pg_namespace").await? else { return Ok(0) };
    let context = SessionContext::new();
    context.register_table("namespaces", table)?;
    let found = context.sql("SELECT CAST(oid AS BIGINT) FROM namespaces WHERE nspname = 'public'").await?.collect().await?;
    Ok(found.iter().find(|batch| batch.num_rows() > 0).map_or(0, |batch| batch.column(0).as_primitive::<Int64Type>().value(0)))
}

fn user_rows(session: &dyn Session) -> Vec<serde_json::Value> {
    let row = |asker: Arc<Asker>| {
        json!({
            "oid": ASKER, "rolname": asker.user, "rolsuper": false, "rolinherit": true, "rolcreaterole": false, "rolcreatedb": false,
            "rolcanlogin": true, "rolreplication": false, "rolconnlimit": -1, "rolbypassrls": false,
        })
    };
    session.config().get_extension::<Asker>().map(row).into_iter().collect()
}

fn batch(schema: &SchemaRef, rows: &[serde_json::Value]) -> DfResult<RecordBatch> {
    let mut decoder = arrow::json::ReaderBuilder::new(Arc::clone(schema)).build_decoder()?;
    decoder.serialize(rows)?;
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema))))
}

/// A type as PostgreSQL calls it, and its number.
fn named(kind: &DataType) -> (String, u32) {
    let list = match kind {
        DataType::List(item) | DataType::LargeList(item) => Some(named(item.data_type()).0),
        _ => None,
    };
    let known = into_pg_type(kind).ok();
    let name = match (list, kind) {
        (Some(of), _) => format!("{of}[]"),
        (None, DataType::Struct(_)) => "record".to_owned(),
        (None, DataType::Boolean) => "boolean".to_owned(),
        (None, DataType::Int64) => "bigint".to_owned(),
        (None, DataType::Int32) => "integer".to_owned(),
        (None, DataType::Float64) => "double precision".to_owned(),
        (None, DataType::Timestamp(_, Some(_))) => "timestamp with time zone".to_owned(),
        (None, DataType::Timestamp(_, None)) => "timestamp without time zone".to_owned(),
        _ => known.as_ref().map_or("any", |known| known.name()).to_owned(),
    };
    (name, known.map_or(0, |known| known.oid()))
}

/// What stands in the brackets of a call.
fn arguments(syntax: &str) -> &str {
    let Some((_, rest)) = syntax.split_once('(') else { return "" };
    let mut open = 1;
    for (at, c) in rest.char_indices() {
        open += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if open == 0 {
            return &rest[..at];
        }
    }
    rest
}

/// A function that tells of what has a number.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Told {
    name: &'static str,
    signature: Signature,
    answer: Answer,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Answer {
    /// A text for some.
    Text(BTreeMap<i64, String>),
    /// The same text for all.
    Same(&'static str),
    /// Whether it is one of these.
    Among(BTreeSet<i64>),
    /// All are.
    All,
}

fn told(functions: &BTreeMap<i64, (String, Function)>) -> Vec<Told> {
    let each = |text: &dyn Fn(&str, &Function) -> Option<String>| {
        Answer::Text(functions.iter().filter_map(|(number, (name, function))| Some((*number, text(name, function)?))).collect())
    };
    let brackets = |_: &str, function: &Function| Some(arguments(&function.syntax).to_owned());
    let definition = |name: &str, function: &Function| {
        let example = function.example.map(|example| format!("\n-- {}", example.trim().replace('\n', "\n-- "))).unwrap_or_default();
        Some(format!(
            "-- {name} is built in ({}): there is no source in SQL.\n-- {}\n-- {}{example}\n",
            function.kind, function.syntax, function.description
        ))
    };
    let gives = |_: &str, function: &Function| function.gives.as_ref().map(|gives| named(gives).0);
    let description = |_: &str, function: &Function| Some(function.description.clone()).filter(|text| !text.is_empty());
    let nothing = || Answer::Text(BTreeMap::new());
    let answers = [
        ("pg_get_function_result", each(&gives)),
        ("pg_get_function_arguments", each(&brackets)),
        ("pg_get_function_identity_arguments", each(&brackets)),
        ("pg_get_functiondef", each(&definition)),
        ("pg_get_function_sqlbody", nothing()),
        ("obj_description", each(&description)),
        ("shobj_description", nothing()),
        ("col_description", nothing()),
        ("pg_get_userbyid", Answer::Same(OWNER)),
        ("pg_get_viewdef", nothing()),
        ("pg_get_ruledef", nothing()),
        ("pg_get_triggerdef", nothing()),
        ("pg_get_indexdef", nothing()),
        ("pg_get_serial_sequence", nothing()),
        ("pg_database_size", nothing()),
        ("pg_tablespace_size", nothing()),
        ("pg_table_size", nothing()),
        ("pg_size_pretty", nothing()),
        ("pg_tablespace_location", nothing()),
        ("pg_function_is_visible", Answer::Among(functions.keys().copied().collect())),
        ("pg_type_is_visible", Answer::All),
    ];
    answers.into_iter().map(|(name, answer)| Told { name, signature: Signature::variadic_any(Volatility::Stable), answer }).collect()
}

impl ScalarUDFImpl for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _given: &[DataType]) -> DfResult<DataType> {
        Ok(match self.answer {
            Answer::Text(_) | Answer::Same(_) => DataType::Utf8,
            Answer::Among(_) | Answer::All => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let Some(first) = args.args.first() else {
            return Err(DataFusionError::Plan(format!("{} wants a number", self.name)));
        };
        let numbers = cast(&first.to_array(args.number_rows)?, &DataType::Int64)?;
        let numbers = numbers.as_primitive::<Int64Type>();
        let answers: ArrayRef = match &self.answer {
            Answer::Text(texts) => Arc::new(numbers.iter().map(|number| texts.get(&number?)).collect::<StringArray>()),
            Answer::Same(text) => Arc::new(numbers.iter().map(|number| number.map(|_| *text)).collect::<StringArray>()),
            Answer::Among(these) => {
                Arc::new(numbers.iter().map(|number| number.map(|number| these.contains(&number))).collect::<BooleanArray>())
            }
            Answer::All => Arc::new(BooleanArray::from(vec![true; numbers.len()])),
        };
        Ok(ColumnarValue::Array(answers))
    }
}

#[test]
fn arguments_are_what_stands_in_the_brackets() {
    for (syntax, expected) in [("f(a, b)", "a, b"), ("f(a [, g(b)]) OVER (ORDER BY a)", "a [, g(b)]"), ("f", ""), ("f()", "")] {
        assert_eq!(arguments(syntax), expected);
    }
}
