//! Rows of a query as a Parquet file, for whatever reads that next.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};

/// A Parquet file that is being written. Nothing can be read from it before [`Self::finish`].
pub struct ParquetFile(ArrowWriter<File>);

impl ParquetFile {
    /// A new file, in the place of what was there.
    ///
    /// # Errors
    /// `Usage` where the file cannot be made, or a column has no counterpart in Parquet.
    pub fn create(path: &Path, schema: SchemaRef) -> Result<Self> {
        let refused = |e: Box<dyn std::error::Error + Send + Sync>| Error::usage(format!("cannot write `{}`", path.display())).caused_by(e);
        let file = File::create(path).map_err(|e| refused(e.into()))?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("bittern {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        Ok(Self(ArrowWriter::try_new(file, schema, Some(properties)).map_err(|e| refused(e.into()))?))
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.0.write(batch)?)
    }

    /// Writes the file's end.
    pub fn finish(self) -> Result<()> {
        self.0.close()?;
        Ok(())
    }
}
