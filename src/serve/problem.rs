//! What a client is told when something does not work: PostgreSQL's error codes, and words without any row's value.

use datafusion::error::DataFusionError;
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::PgWireBackendMessage;

use super::audit::Outcome;
use crate::error::Error;

/// Why a statement or connection ended early.
#[derive(Debug, Clone)]
pub struct Problem {
    /// SQLSTATE, appendix A of PostgreSQL's manual.
    pub code: &'static str,
    /// For a person to read.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the connection ends, too.
    pub fatal: bool,
    /// What the audit calls it.
    pub outcome: Outcome,
}

impl Problem {
    /// An error that leaves the connection as it is.
    pub fn new(code: &'static str, message: impl Into<String>, outcome: Outcome) -> Self {
        Self { code, message: message.into(), hint: None, fatal: false, outcome }
    }

    /// What is not allowed.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new("42501", message, Outcome::Refused)
    }

    /// What goes beyond a limit.
    pub fn limit(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, message, Outcome::Limited)
    }

    /// What ends the connection.
    pub fn fatal(code: &'static str, message: impl Into<String>) -> Self {
        Self { fatal: true, ..Self::new(code, message, Outcome::Refused) }
    }

    /// A message that is not what the protocol says.
    pub fn protocol(message: impl Into<String>) -> Self {
        Self { fatal: true, ..Self::new("08P01", message, Outcome::Failed) }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As it is sent.
    pub fn message(&self) -> PgWireBackendMessage {
        let severity = if self.fatal { "FATAL" } else { "ERROR" };
        let mut info = ErrorInfo::new(severity.to_owned(), self.code.to_owned(), self.message.clone());
        info.severity_nonlocalized = Some(severity.to_owned());
        info.hint.clone_from(&self.hint);
        PgWireBackendMessage::ErrorResponse(info.into())
    }
}

impl From<DataFusionError> for Problem {
    fn from(e: DataFusionError) -> Self {
        use DataFusionError as D;
        let (code, outcome) = match e.find_root() {
            D::ResourcesExhausted(_) => ("53200", Outcome::Limited),
            D::SQL(..) => ("42601", Outcome::Failed),
            D::Plan(message) if message.contains("table '") && message.contains("not found") => ("42P01", Outcome::Failed),
            D::Plan(message) if message.contains("Invalid function") => ("42883", Outcome::Failed),
            D::Plan(_) => ("42601", Outcome::Failed),
            D::SchemaError(..) => ("42703", Outcome::Failed),
            D::NotImplemented(_) => ("0A000", Outcome::Failed),
            D::ObjectStore(_) | D::IoError(_) => ("58030", Outcome::Failed),
            // Ours, handed through the engine: no worker answered.
            D::External(e) if e.downcast_ref::<Error>().is_some() => ("58000", Outcome::Failed),
            D::ArrowError(..) | D::Execution(_) => ("22000", Outcome::Failed),
            _ => ("XX000", Outcome::Failed),
        };
        // What the engine says about a value is cut where the value stands: it may be one that the role does not see.
        let error = Error::from(e);
        let message = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Self::new(code, message, outcome)
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        Self::new("58000", format!("{e:#}"), Outcome::Failed)
    }
}

impl From<PgWireError> for Problem {
    fn from(e: PgWireError) -> Self {
        match e {
            PgWireError::IoError(_) => Self { fatal: true, ..Self::new("08006", "the connection is gone", Outcome::Gone) },
            PgWireError::UserError(info) => {
                // Parameters that cannot be read: the message may hold the value.
                let code = if info.code == "22023" { "22023" } else { "0A000" };
                Self::new(code, "a parameter or column has a type that cannot be sent", Outcome::Failed)
            }
            PgWireError::FailedToParseParameter(_) | PgWireError::InvalidRustTypeForParameter(_) => {
                Self::new("22P02", "a parameter is not of its type", Outcome::Failed)
            }
            PgWireError::ApiError(_) => Self::new("XX000", "the answer cannot be sent", Outcome::Failed),
            other => Self::protocol(other.to_string()),
        }
    }
}
