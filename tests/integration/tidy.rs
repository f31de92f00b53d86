//! Conventions, as tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repository;

/// Modules of `src` in the order in which data flows: each uses only those before it.
const ORDER: [&str; 22] = [
    "error",
    "event",
    "interval",
    "clock",
    "config",
    "sources",
    "lake",
    "policy",
    "functions",
    "session",
    "jobs",
    "ingest",
    "alerts",
    "sinks",
    "report",
    "maintain",
    "pipeline",
    "generate",
    "schedule",
    "serve",
    "worker",
    "cli",
];

/// Files that are homogeneous tables, and may be long.
const TABLES: [&str; 0] = [];

/// Lines a file may have.
const LINES_MAX: usize = 600;

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().display().to_string()
}

fn module(path: &Path) -> String {
    let inside = path.strip_prefix(repository().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

#[test]
fn a_module_uses_only_modules_before_it() {
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    let listed: Vec<String> = std::fs::read_to_string(repository().join("src/lib.rs"))
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect();
    assert_eq!(listed, ORDER, "src/lib.rs lists the modules in the order of the data");
    let mut wrong = Vec::new();
    for path in rust_files(&repository().join("src")) {
        let Some(own) = place(&module(&path)) else { continue };
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if place(&name).is_some_and(|used| used > own) {
                    wrong.push(format!("{}:{}: uses `{name}`", relative(&path), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn boundaries_hold() {
    // Words, and the only modules that may say them.
    let rules: [(&[&str], &[&str]); 5] = [
        (&["Utc::now", "SystemTime::now", "Local::now"], &["clock"]),
        (&["object_store::", "deltalake_core::", "parquet::"], &["lake", "session", "error", "ingest"]),
        (&["SessionContext::new", "SessionStateBuilder::new"], &["session", "lake"]),
        (
            &["async fn", "std::fs", "tokio::"],
            &[
                "config",
                "lake",
                "policy",
                "session",
                "jobs",
                "ingest",
                "alerts",
                "sinks",
                "report",
                "maintain",
                "pipeline",
                "generate",
                "schedule",
                "serve",
                "worker",
                "cli",
                "error",
                "functions",
            ],
        ),
        (&["println!", "eprintln!"], &["cli"]),
    ];
    let mut wrong = Vec::new();
    for path in rust_files(&repository().join("src")) {
        let own = module(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        for (words, allowed) in rules {
            if own == "main" || allowed.contains(&own.as_str()) {
                continue;
            }
            for word in words {
                if text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word)) {
                    wrong.push(format!("{}: says `{word}`", relative(&path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_rooms_not_halls() {
    let mut wrong = Vec::new();
    for folder in ["src", "udfs/src", "tests/integration", "benches"] {
        if !repository().join(folder).exists() {
            continue;
        }
        for path in rust_files(&repository().join(folder)) {
            let name = relative(&path);
            let text = std::fs::read_to_string(&path).unwrap();
            if text.lines().count() > LINES_MAX && !TABLES.contains(&name.as_str()) {
                wrong.push(format!("{name}: {} lines", text.lines().count()));
            }
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            if ["util", "utils", "helper", "helpers", "common", "misc", "manager"].contains(&stem.as_str()) {
                wrong.push(format!("{name}: a name that says nothing"));
            }
            if !text.starts_with("//!") && !name.contains("tests") {
                wrong.push(format!("{name}: says nothing about itself"));
            }
            for word in ["FIXME", "dbg!(", "todo!(", "unimplemented!(", "#[ignore"] {
                if text.contains(word) && !name.ends_with("tidy.rs") {
                    wrong.push(format!("{name}: says `{word}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_detection_has_cases_and_every_case_a_detection() {
    let stems = |folder: &str, extension: &str| -> Vec<String> {
        let mut found: Vec<String> = std::fs::read_dir(repository().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == extension))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        found.sort();
        found
    };
    assert_eq!(stems("sql/detections", "sql"), stems("tests/detections", "slt"));
}

#[test]
fn the_lock_file_holds_one_of_each() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("name = ") {
            let version = lines.next().and_then(|line| line.strip_prefix("version = ")).unwrap();
            versions.entry(name.trim_matches('"')).or_default().push(version.trim_matches('"'));
        }
    }
    for (name, major) in
        [("arrow", "59."), ("parquet", "59."), ("object_store", "0.13."), ("datafusion", "55."), ("deltalake-core", "1.1.")]
    {
        let found = &versions[name];
        assert!(found.len() == 1 && found[0].starts_with(major), "{name}: {found:?}");
    }
}

#[test]
fn the_demo_and_the_tests_share_one_build() {
    let tree = |edges: &str| -> Vec<String> {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--workspace", "-e", edges, "--prefix", "none", "-f", "{p} [{f}]"])
            .current_dir(repository())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
    };
    let with_tests = tree("normal,build,dev");
    let other: Vec<String> = tree("normal,build").into_iter().filter(|line| !line.is_empty() && !with_tests.contains(line)).collect();
    assert!(
        other.is_empty(),
        "these are built twice, with other features for tests: ask for the features in Cargo.toml\n{}",
        other.join("\n")
    );
}
