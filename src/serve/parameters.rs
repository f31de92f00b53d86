//! Parameters of prepared queries: their types, and their values as a client sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow_pg::datatypes::{df, into_pg_type};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, ParamValues};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::api::stmt::StoredStatement;
use pgwire::messages::extendedquery::Bind;

use super::audit::Outcome;
use super::problem::Problem;

/// The types of `$1`, `$2`, … in their order, as far as the plan tells.
///
/// # Errors
/// Parameters that are not numbered from 1 on without a gap.
pub fn types(plan: &LogicalPlan) -> Result<Vec<Option<DataType>>, Problem> {
    let mut found: BTreeMap<usize, Option<DataType>> = BTreeMap::new();
    let mut casts: BTreeMap<String, DataType> = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::Cast(cast) = part
                    && let Expr::Placeholder(placeholder) = &*cast.expr
                {
                    casts.insert(placeholder.id.clone(), cast.field.data_type().clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    for (id, inferred) in plan.get_parameter_types()? {
        let number = id.trim_start_matches('$').parse::<usize>().ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| {
            Problem::new("42P02", format!("`{id}` is no parameter here"), Outcome::Failed).hint("parameters are $1, $2, …")
        })?;
        // What is cast to a type is best sent as that.
        let known = casts.remove(&id).or(inferred).filter(|known| !known.is_null());
        found.insert(number, known);
    }
    let last = found.keys().next_back().copied().unwrap_or(0);
    if last > found.len() {
        return Err(Problem::new("42P02", "the parameters are not numbered from $1 on without a gap", Outcome::Failed));
    }
    Ok(found.into_values().collect())
}

/// The same as types of PostgreSQL: what the client said, else what the plan says, else text.
pub fn wire_types(types: &[Option<DataType>], said: &[Option<Type>]) -> Vec<Type> {
    let of = |(at, known): (usize, &Option<DataType>)| {
        let inferred = || known.as_ref().and_then(|known| into_pg_type(known).ok());
        said.get(at).cloned().flatten().or_else(inferred).unwrap_or(Type::TEXT)
    };
    types.iter().enumerate().map(of).collect()
}

/// The values that a client binds.
///
/// # Errors
/// Too many or too few of them or of their formats, or one that is not of its type.
pub fn values(bind: &Bind, types: &[Option<DataType>], said: &[Option<Type>]) -> Result<ParamValues, Problem> {
    if bind.parameters.len() != types.len() {
        return Err(Problem::new(
            "08P01",
            format!("{} parameters are needed, and {} came", types.len(), bind.parameters.len()),
            Outcome::Failed,
        ));
    }
    formats(&bind.parameter_format_codes, types.len())?;
    let mut wire = wire_types(types, said);
    // What comes as text and of no said type is read as SQL reads a text that stands there: `2026-03-20` is a time, too.
    let as_text = |at: usize| {
        let code = bind.parameter_format_codes.get(if bind.parameter_format_codes.len() == 1 { 0 } else { at }).copied().unwrap_or(0);
        let known = types[at].as_ref().is_some_and(|known| known.is_numeric() || known.is_temporal() || *known == DataType::Boolean);
        code == 0 && known && said.get(at).cloned().flatten().is_none()
    };
    wire.iter_mut().enumerate().filter(|(at, _)| as_text(*at)).for_each(|(_, wire)| *wire = Type::TEXT);
    let stored = StoredStatement::new(String::new(), (), wire.iter().cloned().map(Some).collect());
    let portal = Portal::try_new(bind, Arc::new(stored))?;
    let inferred: Vec<Option<&DataType>> = types.iter().map(Option::as_ref).collect();
    let server: Vec<Option<&Type>> = wire.iter().map(Some).collect();
    let mut values = df::deserialize_parameters_with_server_types(&portal, &inferred, &server)?;
    if let ParamValues::List(values) = &mut values {
        for (at, value) in values.iter_mut().enumerate().filter(|(at, _)| as_text(*at)) {
            if let Some(known) = &types[at] {
                let wrong = |_| Problem::new("22P02", format!("the parameter ${} is not of its type", at + 1), Outcome::Failed);
                // JDBC says a day with a zone behind it: `2026-03-20 +00`.
                if let (DataType::Date32 | DataType::Date64, ScalarValue::Utf8(Some(text))) = (known, &mut value.value) {
                    text.truncate(text.find([' ', 'T']).unwrap_or(text.len()));
                }
                value.value = value.value.cast_to(known).map_err(wrong)?;
            }
        }
    }
    Ok(values)
}

/// Whether there is no format, one for all, or one each.
pub fn formats(codes: &[i16], count: usize) -> Result<(), Problem> {
    let known = codes.iter().all(|code| matches!(code, 0 | 1));
    if known && (codes.len() <= 1 || codes.len() == count) {
        return Ok(());
    }
    Err(Problem::new("08P01", format!("{} formats for {count} values", codes.len()), Outcome::Failed))
}

/// The plan with its values.
pub fn filled(plan: LogicalPlan, values: &ParamValues) -> Result<LogicalPlan, DataFusionError> {
    plan.replace_params_with_values(values)?.recompute_schema()
}
