//! One error type whose kind says what the caller can do about it.
//!
//! Messages are lowercase, end without a dot, and never hold text of a record: a record may hold a credential.

use std::fmt;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command or the configuration is wrong: change it (exit code 2).
    Usage,
    /// The store or network did not answer: try again.
    Unavailable,
    /// Somebody else changed the table meanwhile: plan again from its new state.
    Conflict,
    /// Stored bytes are not what they should be.
    Data,
    /// A bug in Bittern.
    Internal,
}

/// An error with what it was about and, behind it, why.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of that kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The command or the configuration is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Stored bytes are not what they should be.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(Kind::Data, message)
    }

    /// A bug.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// The same with the error that caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error under a sentence that says what was being done.
    #[must_use]
    pub fn context(self, doing: impl fmt::Display) -> Self {
        Self { kind: self.kind, message: doing.to_string(), source: Some(Box::new(self)) }
    }

    /// What to do about it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The process's exit code for it.
    pub fn exit_code(&self) -> u8 {
        if self.kind == Kind::Usage { 2 } else { 1 }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        // The alternate form (`{e:#}`) is what a person reads: the whole chain in one line.
        if f.alternate() {
            let mut source = self.source.as_deref().map(|source| source as &dyn std::error::Error);
            while let Some(error) = source {
                write!(f, ": {error}")?;
                source = error.source();
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<datafusion::error::DataFusionError> for Error {
    fn from(e: datafusion::error::DataFusionError) -> Self {
        use datafusion::error::DataFusionError as D;
        let kind = match e.find_root() {
            D::ObjectStore(_) | D::IoError(_) => Kind::Unavailable,
            D::SQL(..) | D::Plan(_) | D::SchemaError(..) => Kind::Usage,
            D::ParquetError(_) => Kind::Data,
            _ => Kind::Internal,
        };
        Self::new(kind, "the query failed").caused_by(e)
    }
}

impl From<deltalake_core::DeltaTableError> for Error {
    fn from(e: deltalake_core::DeltaTableError) -> Self {
        use deltalake_core::DeltaTableError as D;
        let kind = match &e {
            D::Transaction { .. } | D::VersionAlreadyExists(_) => Kind::Conflict,
            D::ObjectStore { .. } | D::Io { .. } => Kind::Unavailable,
            _ => Kind::Data,
        };
        Self::new(kind, "the table's log refused").caused_by(e)
    }
}

impl From<object_store::Error> for Error {
    fn from(e: object_store::Error) -> Self {
        Self::new(Kind::Unavailable, "the object store refused").caused_by(e)
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(e: arrow::error::ArrowError) -> Self {
        Self::new(Kind::Internal, "arrow refused").caused_by(e)
    }
}

impl From<parquet::errors::ParquetError> for Error {
    fn from(e: parquet::errors::ParquetError) -> Self {
        Self::new(Kind::Data, "parquet refused").caused_by(e)
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        Self::new(Kind::Unavailable, "the file system refused").caused_by(e)
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(e: tokio::task::JoinError) -> Self {
        Self::new(Kind::Internal, "a task ended early").caused_by(e)
    }
}
