//! Baselines that know each person: SQL adapters, one file a function, over the pure formulas of [`kernels`].
//!
//! A window function sees the whole slice of one person at once and never looks at the window frame; rows may come in any order.
//! An aggregate gathers what it needs of each group in one vector. Every number returned is finite or NULL.
//!
//! # Layout
//! - [`kernels`]: the formulas on plain numbers.
//! - [`arguments`]: what types the functions take, and how the columns arrive.
//! - [`options`]: the struct of options that baselines take.
//! - [`baseline_result`]: the struct all baselines return.
//! - [`states`]: what aggregates hand over of each group.
//! - [`gathered`]: the aggregate forms of window functions (`..._at`).
//! - [`single_group`]: an aggregate without GROUP BY as one with a single group.
//! - the functions, each in the file of its name; `sequence_match_each` is the window form of `sequence_match`.

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, WindowUDF};

use crate::functions::FunctionInfo;

use gathered::At;

mod activity_baseline;
mod activity_baseline_at;
mod arguments;
mod baseline_result;
mod cumulative_excess;
mod cumulative_excess_at;
mod distinct_count;
mod ewma_baseline;
mod ewma_baseline_at;
mod first_seen;
mod first_seen_at;
mod gathered;
mod hour_of_week_rarity;
mod hour_of_week_rarity_at;
mod kernels;
mod options;
mod peer_baseline;
mod sequence_match;
mod sequence_match_each;
mod single_group;
mod sliding_peak;
mod sliding_peaks;
mod states;

/// What is written about each function, and the version of its answers.
pub(crate) const FUNCTIONS: &[FunctionInfo] = &[
    activity_baseline::INFO,
    activity_baseline_at::INFO,
    cumulative_excess::INFO,
    cumulative_excess_at::INFO,
    distinct_count::INFO,
    ewma_baseline::INFO,
    ewma_baseline_at::INFO,
    first_seen::INFO,
    first_seen_at::INFO,
    hour_of_week_rarity::INFO,
    hour_of_week_rarity_at::INFO,
    peer_baseline::INFO,
    sequence_match::INFO,
    sequence_match_each::INFO,
    sliding_peak::INFO,
    sliding_peaks::INFO,
];

/// The functions used with GROUP BY.
pub(crate) fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    vec![
        Arc::new(AggregateUDF::from(activity_baseline_at::ActivityBaselineAt::new())),
        Arc::new(AggregateUDF::from(At::<cumulative_excess_at::CumulativeExcessAt>::new())),
        Arc::new(AggregateUDF::from(distinct_count::DistinctCount::new())),
        Arc::new(AggregateUDF::from(At::<ewma_baseline_at::EwmaBaselineAt>::new())),
        Arc::new(AggregateUDF::from(At::<first_seen_at::FirstSeenAt>::new())),
        Arc::new(AggregateUDF::from(At::<hour_of_week_rarity_at::HourOfWeekRarityAt>::new())),
        Arc::new(AggregateUDF::from(peer_baseline::PeerBaseline::new())),
        Arc::new(AggregateUDF::from(sequence_match::SequenceMatch::new())),
        Arc::new(AggregateUDF::from(sliding_peak::SlidingPeak::new())),
        Arc::new(AggregateUDF::from(sliding_peaks::SlidingPeaks::new())),
    ]
}

/// The functions used with OVER.
pub(crate) fn window_functions() -> Vec<Arc<WindowUDF>> {
    vec![
        Arc::new(WindowUDF::from(activity_baseline::ActivityBaseline::new())),
        Arc::new(WindowUDF::from(cumulative_excess::CumulativeExcess::new())),
        Arc::new(WindowUDF::from(ewma_baseline::EwmaBaseline::new())),
        Arc::new(WindowUDF::from(first_seen::FirstSeen::new())),
        Arc::new(WindowUDF::from(hour_of_week_rarity::HourOfWeekRarity::new())),
        Arc::new(WindowUDF::from(sequence_match_each::SequenceMatchEach::new())),
    ]
}

#[cfg(test)]
mod tests;
