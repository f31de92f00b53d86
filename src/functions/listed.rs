//! Every function of a session, and what is to be known of it.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::logical_expr::Documentation;
use datafusion::logical_expr::function::WindowUDFFieldArgs;
use datafusion::prelude::SessionContext;

/// A function.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// `scalar`, `aggregate` or `window`.
    pub kind: &'static str,
    /// How it is called.
    pub syntax: String,
    /// What it gives.
    pub description: String,
    /// A query that uses it.
    pub example: Option<&'static str>,
    /// The type of what it gives, of our own.
    pub gives: Option<DataType>,
    /// Whether it is one of ours.
    pub own: bool,
}

/// The functions of a session by name.
pub fn listed(context: &SessionContext) -> BTreeMap<String, Function> {
    let state = context.state();
    let mut found = BTreeMap::new();
    let mut add = |name: &String, kind, documented: Option<&Documentation>| {
        let syntax = documented.map_or_else(|| format!("{name}(…)"), |known| one_line(&known.syntax_example));
        let description = documented.map_or_else(String::new, |known| one_line(&known.description));
        found.insert(name.clone(), Function { kind, syntax, description, example: None, gives: None, own: false });
    };
    state.window_functions().iter().for_each(|(name, function)| add(name, "window", function.documentation()));
    state.aggregate_functions().iter().for_each(|(name, function)| add(name, "aggregate", function.documentation()));
    state.scalar_functions().iter().for_each(|(name, function)| add(name, "scalar", function.documentation()));
    // What ours give does not depend on what they are given, but for times, which stay as they are.
    let given = [DataType::Utf8];
    let gives = |name: &str, kind: &str| match kind {
        "scalar" => state.scalar_functions().get(name)?.return_type(&given).ok(),
        "aggregate" => state.aggregate_functions().get(name)?.return_type(&given).ok(),
        _ => Some(state.window_functions().get(name)?.field(WindowUDFFieldArgs::new(&[], name)).ok()?.data_type().clone()),
    };
    for info in bittern_udfs::functions::infos() {
        let (syntax, description, gives) = (info.syntax.into(), one_line(info.description), gives(info.name, info.kind));
        let function = Function { kind: info.kind, syntax, description, example: Some(info.example), gives, own: true };
        found.insert(info.name.to_owned(), function);
    }
    for (name, syntax, description) in super::ABOUT {
        let (syntax, description, gives) = (syntax.to_owned(), description.to_owned(), gives(name, "scalar"));
        found.insert(name.to_owned(), Function { kind: "scalar", syntax, description, example: None, gives, own: true });
    }
    found
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
