//! `bittern check`: every problem of every SQL and policy file at once.

use super::{Bittern, hunts};
use crate::error::Result;
use crate::ingest::sql_source::SqlSource;
use crate::jobs::{Kind, bounds};
use crate::report::queries;

/// Functions that read a clock or chance: with one of them, the same data would give another answer at another time.
const FORBIDDEN: [&str; 8] =
    ["now()", "current_timestamp", "current_date", "current_time", "today()", "random()", "uuid()", "localtimestamp"];

/// Everything that is wrong, as `place: what`.
pub async fn problems(bittern: &Bittern) -> Result<Vec<String>> {
    let mut found: Vec<String> = bittern.policy.problems.iter().map(|p| format!("policy/{}: {}", p.place, p.message)).collect();
    found.extend(bittern.errors.iter().map(|error| format!("{error:#}")));
    for folder in ["rollups", "detections", "views", "hunts", "reports", "sources"] {
        for (_, text) in bittern.catalog.folder(folder) {
            found.extend(forbidden(&text.path, &text.sql));
        }
    }
    for node in &bittern.nodes {
        let job = &node.job;
        found.extend(bounds::check(&bittern.context, job).await?.into_iter().map(|problem| format!("{}: {problem}", job.path)));
        if job.kind == Kind::Detection {
            if job.header.known_gaps.is_none() {
                found.push(format!("{}: say in `known_gaps` what it cannot see", job.path));
            }
            if bittern.catalog.cases().all(|(detection, _)| detection != job.id) {
                found.push(format!("{}: it has no cases: write {}.slt beside it (tests/detections for built-in ones)", job.path, job.id));
            }
        }
    }
    for (id, text) in bittern.catalog.folder("sources") {
        if let Err(error) = SqlSource::parse(&bittern.context, id, &text.path, &text.sql).await {
            found.push(format!("{error:#}"));
        }
    }
    match hunts::all(&bittern.catalog) {
        Err(error) => found.push(format!("{error:#}")),
        Ok(hunts) => {
            for hunt in hunts {
                found.extend(bittern.planned(&hunt).await.err().map(|error| format!("{error:#}")));
            }
        }
    }
    found.extend(queries::problems(&bittern.context, &bittern.catalog).await);
    found.sort();
    found.dedup();
    Ok(found)
}

fn forbidden(path: &str, sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in sql.lines().enumerate() {
        let code = line.split("--").next().unwrap_or_default().to_lowercase();
        for word in FORBIDDEN {
            if let Some(column) = code.find(word) {
                found.push(format!(
                    "{path}:{}:{}: `{word}` makes the answer depend on when it runs: use $interval_end",
                    number + 1,
                    column + 1
                ));
            }
        }
    }
    found
}
