//! Never lose, never double: a tiny lake that is disturbed in every way there is, and has to come out the same.
//!
//! `tiny` is the lake and the commands on it, `store` a store that fails as it is told to. `faults` fails each operation of the store in turn,
//! `kills` kills processes, `races` lets many work at once, `broken` lands objects with mutated bytes, `outage` reads from a store that fails,
//! `telling` has a sink that is stuck, `late` looks at what is run again, `matrix` changes how the engine cuts its work. How much is tried grows with the variable
//! `BITTERN_NEVER` (`.ci/never`): one case in so many, 1 for all of them; without it as many as take seconds. `BITTERN_NEVER_STEP` has `faults`
//! spoil one step of the way alone, counted from 0.

mod broken;
mod faults;
mod kills;
mod late;
mod matrix;
mod outage;
mod races;
mod store;
mod telling;
mod tiny;

/// Takes one case in so many: as `BITTERN_NEVER` says, or `usually`.
fn stride(usually: usize) -> usize {
    std::env::var("BITTERN_NEVER").ok().and_then(|text| text.parse().ok()).filter(|stride| *stride > 0).unwrap_or(usually)
}
