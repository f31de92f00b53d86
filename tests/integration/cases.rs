//! The cases of detections and functions, each under the default session and under one that splits everything.

use bittern::jobs::catalog::Catalog;
use bittern::pipeline::cases;
use bittern::session::Limits;

use crate::repository;

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_under_both_sessions() {
    let catalog = Catalog::load(None).unwrap();
    let mut files: Vec<(String, String)> = catalog.cases().map(|(_, text)| (text.path.clone(), text.sql.clone())).collect();
    let detections = files.len();
    for entry in std::fs::read_dir(repository().join("tests/functions")).unwrap() {
        let path = entry.unwrap().path();
        files.push((format!("tests/functions/{}", path.file_name().unwrap().to_string_lossy()), std::fs::read_to_string(path).unwrap()));
    }
    assert!(detections >= 8 && files.len() >= detections + 7, "{detections} of {}", files.len());
    let mut failed = Vec::new();
    for (path, text) in files {
        // Two rows a batch find state that leaks between batches; detections plan dozens of steps over each, so theirs are larger.
        let rows = if path.contains("functions") { 2 } else { 100 };
        for limits in [Limits::default(), Limits { partitions: Some(4), batch_rows: Some(rows), ..Limits::default() }] {
            if let Err(error) = cases::run(&path, &text, &catalog, &limits).await {
                failed.push(format!("{path} ({limits:?}): {error:#}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_does_not_hold_fails() {
    let catalog = Catalog::load(None).unwrap();
    let text = "query I\nSELECT count(*) FROM events\n----\n7\n";
    let error = cases::run("wrong.slt", text, &catalog, &Limits::default()).await.unwrap_err();
    assert!(format!("{error:#}").contains("wrong.slt:1"), "{error:#}");
}
