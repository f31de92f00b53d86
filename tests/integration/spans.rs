//! A job over many intervals at once gives the same rows as one interval after the other: else a backfill would differ from the nights.

use arrow::compute::concat_batches;
use bittern::event::DAY;
use bittern::interval::Interval;
use bittern::jobs::rows::{interval_starts, same_rows};
use bittern::pipeline::run::Settings;
use indicatif::ProgressBar;

use crate::{land, open, repository};

#[tokio::test(flavor = "multi_thread")]
async fn a_span_equals_its_intervals_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut bittern = open(folder.path()).await;
    let raw = repository().join("sample_data/raw");
    land(&bittern, &[&raw.join("slack_audit"), &raw.join("m365_audit")]).await.unwrap();
    bittern.run(&Settings::default(), &ProgressBar::hidden()).await.unwrap();

    // Days with planted incidents, far enough in for baselines.
    let start = 20_539 * DAY;
    let span = Interval { start, end: start + 4 * DAY };
    for node in &bittern.nodes {
        // Hours of four days are a hundred queries a job: the days show the same.
        let steps: Vec<Interval> = span.tiles(DAY).collect();
        let mut whole = Vec::new();
        let mut parts = Vec::new();
        let frame = bittern.context.sql(&node.job.sql).await.unwrap().with_param_values(node.job.values(span)).unwrap();
        whole.extend(frame.collect().await.unwrap());
        for step in steps {
            let frame = bittern.context.sql(&node.job.sql).await.unwrap().with_param_values(node.job.values(step)).unwrap();
            for batch in frame.collect().await.unwrap() {
                let starts = interval_starts(&batch, node.job.interval).unwrap();
                use arrow::array::AsArray;
                let times = starts.as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
                assert!(
                    times.iter().flatten().all(|t| (step.start..step.end).contains(&t)),
                    "{} answers outside its interval",
                    node.job.id
                );
                parts.push(batch);
            }
        }
        let Some(schema) = whole.first().or(parts.first()).map(|batch| batch.schema()) else { continue };
        let (whole, parts) = (concat_batches(&schema, &whole).unwrap(), concat_batches(&schema, &parts).unwrap());
        assert!(
            same_rows(&sorted_lists(&whole), &sorted_lists(&parts)).unwrap(),
            "{}: {} rows at once, {} one by one",
            node.job.id,
            whole.num_rows(),
            parts.num_rows()
        );
    }
}

/// The batch without `evidence_ids`: their order within one time is not promised, alerts sort them.
fn sorted_lists(batch: &arrow::array::RecordBatch) -> arrow::array::RecordBatch {
    let keep: Vec<usize> = (0..batch.num_columns()).filter(|at| batch.schema().field(*at).name() != "evidence_ids").collect();
    batch.project(&keep).unwrap()
}
