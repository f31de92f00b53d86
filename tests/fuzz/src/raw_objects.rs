//! Any bytes as a raw object: every record ends as events, statements of state or a reason; a reason holds nothing of the record.
#![no_main]
#![allow(dead_code, missing_docs, unfulfilled_lint_expectations)]

#[path = "../../../src/event.rs"]
mod event;
#[path = "../../../src/ingest/records.rs"]
mod records;
#[path = "../../../src/sources/mod.rs"]
mod sources;

use event::{Event, Snapshot};
use libfuzzer_sys::fuzz_target;
use records::{Piece, read};
use sources::{Origin, Receiver, Record, Reject, Source};

/// Names that an object may have: they say what it is where its bytes do not.
const PATHS: [&str; 8] = [
    "raw/a.ndjson",
    "raw/a.json",
    "raw/a.csv",
    "raw/a.eml",
    "export/general/2026-03-02.json",
    "export/channels.json",
    "graph/members.json",
    "raw/a.log",
];

#[derive(Default)]
struct Counting {
    events: usize,
    snapshots: usize,
    rejects: usize,
}

impl Receiver for Counting {
    fn event(&mut self, event: Event<'_>) {
        self.events += 1;
        assert!(event.event_time.at().is_none_or(|time| time > 0), "a time before the epoch");
        std::hint::black_box(format!("{event:?}").len());
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.snapshots += 1;
        std::hint::black_box(format!("{snapshot:?}").len());
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects += 1;
        check(&reject);
    }
}

/// Reasons are sentences of ours.
fn check(reject: &Reject) {
    if let Reject::Bad { reason, .. } = reject {
        assert!(!reason.is_empty() && !reason.contains(['{', '"', '\n']), "{reason}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let path = PATHS[usize::from(*kind) % PATHS.len()];
    let input = Box::new(std::io::Cursor::new(bytes.to_vec()));
    let outcome = read::<std::io::Error>(path, input, &mut |piece| {
        if let Piece::Record(record, _) = piece {
            one(&record, path);
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "bytes in memory cannot fail to be read");
});

/// Every source is tried, as `--source` would; the one whose record it is must say what became of it.
fn one(record: &Record<'_>, path: &str) {
    let origin = Origin { path, object_time: 1_772_000_000_000_000, export: None };
    let owner = Source::recognise(record, &origin);
    for source in Source::ALL {
        let mut found = Counting::default();
        match source.normalize(record, &origin, &mut found) {
            Ok(()) => assert!(
                owner != Some(source) || found.events + found.snapshots + found.rejects > 0,
                "{source:?} took a record and said nothing"
            ),
            Err(reject) => check(&reject),
        }
    }
}
