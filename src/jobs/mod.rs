//! SQL files that fill tables.
pub mod header;
