//! Bittern turns chat and collaboration audit logs into alert tables: who leaks credentials, and who carries files away.
//!
//! Modules stand in the order in which data flows; each uses only those above it.

pub mod clock;
pub mod error;
pub mod event;
pub mod interval;

pub mod sources;

pub mod lake;

pub mod functions;
pub mod session;

pub mod jobs;

pub mod ingest;
