//! The PostgreSQL server.

pub mod audit;
pub mod problem;
pub mod scram;
pub mod settings;
pub mod statement;
pub mod users;
