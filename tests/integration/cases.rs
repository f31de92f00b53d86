//! The cases of detections, each under the default session and under one that splits everything.

use bittern::jobs::catalog::Catalog;
use bittern::pipeline::cases;
use bittern::session::Limits;

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_under_both_sessions() {
    let catalog = Catalog::load(None).unwrap();
    let mut failed = Vec::new();
    for (name, text) in cases::all() {
        for limits in [Limits::default(), Limits { partitions: Some(4), batch_rows: Some(2), ..Limits::default() }] {
            if let Err(error) = cases::run(&name, &text, &catalog, &limits).await {
                failed.push(format!("{name} ({limits:?}): {error:#}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_does_not_hold_fails() {
    let catalog = Catalog::load(None).unwrap();
    let text = "query I\nSELECT count(*) FROM events\n----\n7\n";
    let error = cases::run("wrong", text, &catalog, &Limits::default()).await.unwrap_err();
    assert!(format!("{error:#}").contains("wrong.slt:1"), "{error:#}");
}
