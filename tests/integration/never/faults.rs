//! Each operation of the store fails in turn, before it is done and after: one plain command later everything is as if it had not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{RecordBatch, new_null_array};
use bittern::clock::Clock;
use bittern::lake::commit::Note;
use bittern::lake::files::append;
use bittern::lake::store::Place;
use bittern::lake::{Lake, tables};
use object_store::memory::InMemory;
use object_store::path::Path;

use super::store::{Class, Fault, Spoil, Spoiled};
use super::tiny::{Step, Tiny, WAY};
use crate::NOW;

fn place(inner: InMemory, fault: &Arc<Fault>) -> (Place, Arc<InMemory>) {
    let inner = Arc::new(inner);
    let store = Spoiled { inner: Arc::clone(&inner) as _, fault: Arc::clone(fault) };
    (Place { url: "memory:///lake/".parse().unwrap(), store: Arc::new(store), path: Path::from("lake") }, inner)
}

/// What is spoiled how, and which share of it is taken where not everything is asked for: reads are many, and change nothing.
const CASES: [(Class, Spoil, u64); 5] = [
    (Class::Writes, Spoil::Before, 1),
    (Class::Writes, Spoil::After, 1),
    (Class::Conditional, Spoil::Again, 1),
    (Class::Reads, Spoil::Before, 12),
    (Class::Reads, Spoil::After, 12),
];

/// After so many that went wrong the rest need not be tried.
const WRONG_MAX: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_of_the_store_fails_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Tiny::new(folder.path());
    let stride = super::stride(211) as u64;
    let only = std::env::var("BITTERN_NEVER_STEP").ok().and_then(|text| text.parse().ok());
    let mut before = InMemory::new();
    let (mut tried, mut wrong) = (0, Vec::new());
    let began = Instant::now();
    for (number, step) in WAY.into_iter().enumerate() {
        let calm = Arc::new(Fault::default());
        let whole = place(before.fork(), &calm);
        tiny.step(whole.0.clone(), step).await.unwrap();
        let operations = CASES.map(|(class, ..)| calm.count(class));
        println!("{number} {step:?}: {:?}", calm.counts());
        let expected = tiny.content(whole.0).await;
        assert_eq!(expected["stale"].is_empty(), !matches!(step, Step::Land(_)), "{:?}", expected["stale"]);
        let cases = if only.is_none_or(|only: usize| only == number) { &CASES[..] } else { &[] };
        for (of, (class, spoil, share)) in cases.iter().copied().enumerate() {
            // Each share begins elsewhere, so that other operations are tried at each step. All of them end where none is left.
            let every = if stride == 1 { 1 } else { stride * share };
            let mut at = 1 + (number * 7 + of * 11) as u64 % every;
            while wrong.len() < WRONG_MAX && (every == 1 || at <= operations[of]) {
                match spoiled(&tiny, step, before.fork(), (class, at, spoil), &expected).await {
                    Outcome::Untouched => break,
                    Outcome::Same => {}
                    Outcome::Wrong(what) => {
                        println!("WRONG {what}");
                        wrong.push(what);
                    }
                }
                tried += 1;
                at += every;
            }
        }
        before = whole.1.fork();
    }
    println!("{tried} operations were spoiled, one write in {stride}, in {:.0} s", began.elapsed().as_secs_f64());
    assert!(tried >= 3, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

/// One commit, with each operation of it spoiled in turn: whoever is told that it failed would do it twice, were it done.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_done_exactly_if_it_says_so() {
    let spec = tables::quarantine();
    let nothing = spec.schema.fields().iter().map(|field| new_null_array(field.data_type(), 1)).collect();
    let row = RecordBatch::try_new(Arc::clone(&spec.schema), nothing).unwrap();
    let lake = async |place: Place| Lake::open_at(place, Clock::Fixed(NOW)).await.unwrap();
    // A row a file; a file that two commits name is one.
    let rows = async |place: Place| lake(place).await.table(&spec.name).await.unwrap().get_file_uris().unwrap().count();
    let (begun, store) = place(InMemory::new(), &Arc::new(Fault::default()));
    append(&lake(begun.clone()).await, &spec, &row, &Note::new(None)).await.unwrap();
    assert_eq!(rows(begun).await, 1);
    let mut done_though_spoiled = 0;
    for (class, spoil, _) in CASES {
        for at in 1.. {
            let fault = Arc::new(Fault::default());
            let (place, _) = place(store.fork(), &fault);
            let lake = lake(place.clone()).await;
            fault.plan(class, at, spoil);
            let outcome = append(&lake, &spec, &row, &Note::new(None)).await;
            let Some(hit) = fault.lift() else { break };
            let more = rows(place).await - 1;
            assert_eq!(more, usize::from(outcome.is_ok()), "{hit}: {outcome:?}");
            done_though_spoiled += more;
        }
    }
    assert!(done_though_spoiled >= 3, "no answer was lost after the commit: {done_though_spoiled}");
}

/// What came of a step in which an operation was spoiled.
enum Outcome {
    /// There are not so many operations.
    Untouched,
    /// Everything is as if nothing had been.
    Same,
    Wrong(String),
}

/// Does the step while one operation is spoiled, and again where it says that it failed.
async fn spoiled(
    tiny: &Tiny,
    step: Step,
    before: InMemory,
    (class, at, spoil): (Class, u64, Spoil),
    expected: &BTreeMap<String, Vec<String>>,
) -> Outcome {
    let fault = Arc::new(Fault::default());
    let (place, _) = place(before, &fault);
    fault.plan(class, at, spoil);
    let outcome = tiny.step(place.clone(), step).await;
    let Some(hit) = fault.lift() else { return Outcome::Untouched };
    let said = outcome.as_ref().map_or_else(|e| format!("failed: {e:#}"), |()| "done".to_owned());
    let what = format!("{step:?}, {class:?} {at}, {hit}, {said}");
    if said.contains("a bug") {
        return Outcome::Wrong(what);
    }
    // What is one commit has failed only if it does not stand: the log is asked when an answer is lost, and believed when it cannot be read.
    if outcome.is_err() && step == Step::Decide && crate::difference(expected, &tiny.content(place.clone()).await).is_none() {
        return Outcome::Wrong(format!("{what}; but it is done"));
    }
    // An error says that it may not be done: it is done again. What says that it is done must be.
    if outcome.is_err()
        && let Err(error) = tiny.step(place.clone(), step).await
    {
        return Outcome::Wrong(format!("{what}; and then {error:#}"));
    }
    match crate::difference(expected, &tiny.content(place).await) {
        None => Outcome::Same,
        Some(difference) => Outcome::Wrong(format!("{what}; {difference}")),
    }
}
