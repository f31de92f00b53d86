//! The formulas on plain numbers: no Arrow, no SQL, no clock. `docs/statistics.md` gives each formula and where it is from.
//!
//! # Layout, in the order in which they build on each other
//! - [`calendar`]: day numbers, weekdays and weekends, rows of one day brought together.
//! - [`ordered`]: a sorted window that gains and loses one value at a time.
//! - [`tail`]: how likely a count of at least this size is.
//! - [`baseline`]: one person's trailing baseline, for every day or for one.
//! - [`peers`]: what is usual in a group, and how short histories are brought towards it.
//! - [`drift`]: averages that forget, and sums of what is above them.
//! - [`hours`]: how unusual an hour of the week is for a person.
//! - [`novelty`]: first sightings of a key, with decay.
//! - [`peak`]: the busiest window.
//! - [`sequence`]: this, then that.
//! - [`grouped`]: rows of many groups in one vector, for the aggregate forms.
//! - [`distinct`]: the different values of each group.

pub(super) mod baseline;
pub(super) mod calendar;
pub(super) mod distinct;
pub(super) mod drift;
pub(super) mod grouped;
pub(super) mod hours;
pub(super) mod novelty;
mod ordered;
pub(super) mod peak;
pub(super) mod peers;
pub(super) mod sequence;
mod tail;
