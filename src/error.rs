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
        if let D::External(inner) = e.find_root()
            && let Some(ours) = inner.downcast_ref::<Self>()
        {
            // Ours, handed through the engine: it holds no value.
            return Self::new(ours.kind, ours.message.clone());
        }
        let kind = match e.find_root() {
            D::ObjectStore(_) | D::IoError(_) => Kind::Unavailable,
            D::SQL(..) | D::Plan(_) | D::SchemaError(..) => Kind::Usage,
            D::ParquetError(_) => Kind::Data,
            _ => Kind::Internal,
        };
        let error = Self::new(kind, "the query failed");
        // What is wrong with a query or a store holds no row's value; what is wrong with a value does.
        if kind == Kind::Internal { error.caused_by(without_value(&e.to_string())) } else { error.caused_by(e) }
    }
}

/// The engine's message about a value, without the value: it may be a message that holds a credential. What stands between the
/// first and the last quotation mark goes, however many marks the value itself has, and what follows `value ` where there are none.
fn without_value(message: &str) -> String {
    const HIDDEN: &str = "\u{2026}";
    let line = message.split("\nbacktrace:").next().unwrap_or(message);
    let quote = |c: char| matches!(c, '\'' | '"' | '`');
    match (line.find(quote), line.rfind(quote), line.find("value ")) {
        (Some(first), Some(last), _) if last > first => format!("{}{HIDDEN}{}", &line[..=first], &line[last..]),
        (Some(first), ..) => format!("{}{HIDDEN}", &line[..=first]),
        (None, _, Some(at)) => format!("{}{HIDDEN}", &line[..at + "value ".len()]),
        _ => line.to_owned(),
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
        Self::new(Kind::Internal, "arrow refused").caused_by(without_value(&e.to_string()))
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

#[cfg(test)]
mod tests {
    use super::without_value;

    #[test]
    fn a_message_about_a_value_does_not_hold_it() {
        let cases = [
            (
                "Cast error: Cannot cast string 'it's \"Tern-91\"' to value of Int64 type",
                "Cast error: Cannot cast string '…' to value of Int64 type",
            ),
            ("Error while parsing value Tern-91 for column 0", "Error while parsing value …"),
            ("Divide by zero error", "Divide by zero error"),
            ("expected \"Tern-91", "expected \"…"),
        ];
        for (message, shown) in cases {
            assert_eq!(without_value(message), shown);
        }
    }
}
