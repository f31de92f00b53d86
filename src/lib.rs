//! Bittern turns chat and collaboration audit logs into alert tables: who leaks credentials, and who carries files away.
//!
//! Modules stand in the order in which data flows; each uses only those above it.

// Plain data and arithmetic.
pub mod error;
pub mod event;
pub mod interval;
pub mod clock;
pub mod config;

// Vendor records → events, without IO.
pub mod sources;

// Tables in an object store; the organisation's own tables.
pub mod lake;
pub mod policy;

// The engine over them.
pub mod functions;
pub mod session;

// SQL files that fill tables.
pub mod jobs;

// Raw objects → events → alerts.
pub mod ingest;
pub mod alerts;

// Who is told of them.
pub mod sinks;

// What people read, and what keeps the lake in order.
pub mod report;
pub mod maintain;

// Everything put together; and logs to try it on.
pub mod pipeline;
pub mod generate;

// The long-lived process, the lake for SQL clients over the network, parts of others' queries, and the commands.
pub mod schedule;
pub mod serve;
pub mod worker;
pub mod cli;
