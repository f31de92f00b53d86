//! Reference pages that are made from the code: `UPDATE_DOCS=1 cargo test reference` writes them anew.

use std::fmt::Write;

use bittern::sources::Source;

use crate::repository;

#[test]
fn the_list_of_mapped_actions_is_fresh() {
    let mut page = String::from(
        "# Vendor actions and what they become\n\nMade from the tables that the sources use. What stands in no table becomes `other` and keeps its name in `vendor_action`.\n",
    );
    let mut sources = Source::ALL;
    sources.sort();
    for source in sources {
        let mut actions = source.mapped_actions().to_vec();
        if actions.is_empty() {
            continue;
        }
        actions.sort();
        let mapped = actions.iter().filter(|(_, action)| action.as_str() != "other").count();
        let _ = write!(
            page,
            "\n## {}\n\n{} names, {mapped} of them not `other`.\n\n| vendor action | action |\n|---|---|\n",
            source.as_str(),
            actions.len()
        );
        for (vendor, action) in actions {
            let _ = writeln!(page, "| `{}` | {} |", vendor.replace('|', "\\|"), action.as_str());
        }
    }
    is_fresh("docs/actions.md", &page);
}

#[test]
fn the_list_of_functions_is_fresh() {
    let mut page = String::from(
        "# SQL functions\n\nMade from what the functions say of themselves. Beside them all functions of DataFusion may be used. \
         [credentials](credentials.md) says how credentials are found, [statistics](statistics.md) has the formulas and their sources.\n\n\
         A version rises when the same arguments may get another answer: the intervals of jobs that use the function are then stale.\n",
    );
    for info in bittern_udfs::functions::infos() {
        let _ = write!(
            page,
            "\n## {} ({}, version {})\n\n`{}`\n\n{}\n\n```sql\n{}\n```\n",
            info.name, info.kind, info.version, info.syntax, info.description, info.example
        );
    }
    is_fresh("docs/functions.md", &page);
}

fn is_fresh(name: &str, page: &str) {
    let path = repository().join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{name} is not fresh: UPDATE_DOCS=1 cargo test reference");
}
