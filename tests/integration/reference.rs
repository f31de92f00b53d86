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

#[test]
fn each_detection_has_a_page_whose_head_is_its_header() {
    let mut list = String::from("| detection | answers for | severity | interval | |\n|---|---|---|---|---|\n");
    for (id, header) in headers("sql/detections") {
        let text = |key: &str| header.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let techniques: Vec<&str> = header["techniques"].as_array().unwrap().iter().filter_map(|id| id.as_str()).collect();
        let told = header.get("deliver").and_then(|value| value.as_bool()).unwrap_or(true);
        let (severity, interval) = (text("severity"), text("interval"));
        let severity = if told { severity } else { format!("{severity}, not for delivery") };
        let techniques = techniques.join(", ");
        let _ = writeln!(list, "| [`{id}`](detections/{id}.md) | {techniques} | {severity} | {interval} | {} |", text("title"));
        let mut head = format!(
            "**{}.** `sql/detections/{id}.sql`, which answers for {techniques}.\n\n| | |\n|---|---|\n| severity | {severity} |\n\
             | one row | a `{}`, {interval} |\n",
            text("title"),
            text("entity")
        );
        for (key, name) in [("reads", "reads before"), ("reads_after", "reads after"), ("lookback", "late rows restate")] {
            if let Some(value) = header.get(key).and_then(|value| value.as_str()) {
                let _ = writeln!(head, "| {name} | {} |", value.trim_start_matches('-'));
            }
        }
        let _ = writeln!(head, "| cannot see | {} |", text("known_gaps"));
        if let Some(params) = header.get("params").and_then(|params| params.as_table()) {
            head.push_str("\n| parameter | is |\n|---|---|\n");
            for (name, value) in params {
                let _ = writeln!(head, "| `{name}` | `{value}` |");
            }
        }
        part_is_fresh(&format!("docs/detections/{id}.md"), "from the header", &head);
    }
    part_is_fresh("docs/detections.md", "list", &list);
}

#[test]
fn each_source_has_a_page_and_each_page_a_source() {
    let mut sources: Vec<String> = Source::ALL.iter().map(|source| source.as_str().to_owned()).collect();
    sources.extend(headers("sql/sources").into_iter().map(|(id, _)| id));
    sources.sort();
    assert_eq!(stems("docs/sources", "md"), sources);
    assert_eq!(stems("docs/detections", "md"), stems("sql/detections", "sql"));
    let list = std::fs::read_to_string(repository().join("docs/sources.md")).unwrap();
    for source in sources {
        assert!(list.contains(&format!("(sources/{source}.md)")), "docs/sources.md leads to {source}");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = vec![repository().join("README.md")];
    for folder in ["docs", "docs/sources", "docs/detections", "docs/decisions"] {
        pages.extend(std::fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    let mut wrong = Vec::new();
    for page in pages.iter().filter(|page| page.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") || file.contains(' ') {
                continue;
            }
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let heading = |line: &str| line.starts_with('#') && slug(line) == anchor;
            let found = target.is_dir()
                || std::fs::read_to_string(&target).is_ok_and(|text| anchor.is_empty() || text.lines().any(heading))
                || (anchor.is_empty() && target.exists());
            if !found {
                wrong.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A heading's anchor, as the usual viewers make it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The headers of a folder's SQL files, by stem.
fn headers(folder: &str) -> Vec<(String, toml::Table)> {
    let of = |id: String| {
        let text = std::fs::read_to_string(repository().join(folder).join(format!("{id}.sql"))).unwrap();
        let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("--")).collect();
        (id, head.join("\n").parse().unwrap())
    };
    stems(folder, "sql").into_iter().map(of).collect()
}

fn stems(folder: &str, ending: &str) -> Vec<String> {
    let files = std::fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let named = files.filter(|path| path.extension().is_some_and(|found| found == ending));
    let mut found: Vec<String> = named.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    found.sort();
    found
}

/// The part of a page between two marks.
fn part_is_fresh(name: &str, mark: &str, part: &str) {
    let page = std::fs::read_to_string(repository().join(name)).unwrap();
    let (begin, end) = (format!("<!-- {mark}: begin -->\n"), format!("<!-- {mark}: end -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    is_fresh(name, &format!("{before}{begin}{part}{end}{after}"));
}

fn is_fresh(name: &str, page: &str) {
    let path = repository().join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{name} is not fresh: UPDATE_DOCS=1 cargo test reference");
}
