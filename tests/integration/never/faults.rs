//! Each operation of the store fails in turn, before it is done and after: one plain command later everything is as if it had not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bittern::lake::store::Place;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::store::{Class, Fault, Spoil, Spoiled};
use super::tiny::{Step, Tiny, WAY};

fn place(inner: InMemory, fault: &Arc<Fault>) -> (Place, Arc<InMemory>) {
    let inner = Arc::new(inner);
    let store = Spoiled { inner: Arc::clone(&inner) as _, fault: Arc::clone(fault) };
    (Place { url: "memory:///lake/".parse().unwrap(), store: Arc::new(store), path: Path::from("lake") }, inner)
}

/// What is spoiled how, and which share of it is taken where one in so many is asked for: reads are many, and change nothing.
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
            let every = stride * share;
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
