//! The one place that writes files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::sources::Source;

use super::{Settings, Totals};

/// A folder that takes raw objects, one open file a source at a time.
pub(super) struct Out {
    folder: PathBuf,
    compress: bool,
    open: BTreeMap<Source, Open>,
    totals: Totals,
}

struct Open {
    stem: String,
    writer: Writer,
}

enum Writer {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

impl Out {
    /// An output into `folder`, which is made if it is not there.
    pub(super) fn new(folder: &Path, settings: &Settings) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), compress: settings.compress, open: BTreeMap::new(), totals: Totals::default() })
    }

    /// Appends complete lines to `raw/<source>/<stem>.ndjson`. A new stem closes the file before it.
    pub(super) fn append(&mut self, source: Source, stem: &str, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.open.get(&source).is_none_or(|open| open.stem != stem) {
            if let Some(open) = self.open.remove(&source) {
                open.writer.finish()?;
            }
            let ending = if self.compress { "ndjson.gz" } else { "ndjson" };
            let path = self.folder.join("raw").join(source.as_str()).join(format!("{stem}.{ending}"));
            let writer = Writer::new(&path, self.compress)?;
            self.open.insert(source, Open { stem: stem.to_owned(), writer });
            self.totals.files += 1;
        }
        if let Some(open) = self.open.get_mut(&source) {
            open.writer.write_all(lines)?;
        }
        self.totals.lines += memchr::memchr_iter(b'\n', lines).count() as u64;
        self.totals.bytes += lines.len() as u64;
        Ok(())
    }

    /// Writes a whole file, plain, at a path below the folder.
    pub(super) fn write_file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)
    }

    /// Closes what is open.
    pub(super) fn finish(mut self) -> io::Result<Totals> {
        for (_, open) in std::mem::take(&mut self.open) {
            open.writer.finish()?;
        }
        Ok(self.totals)
    }
}

impl Writer {
    fn new(path: &Path, compress: bool) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        // The time in a gzip header stays 0, so that the same seed gives the same bytes.
        Ok(if compress { Self::Gzip(Box::new(GzBuilder::new().mtime(0).write(file, Compression::best()))) } else { Self::Plain(file) })
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.write_all(bytes),
            Self::Gzip(writer) => writer.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut writer) => writer.flush(),
            Self::Gzip(writer) => writer.finish()?.flush(),
        }
    }
}

/// The name of the file for a day: the day itself, or in small runs the first day of its week of the run.
pub(super) fn stem(settings: &Settings, day: i32) -> String {
    let day = if settings.people <= 200 { day - day.rem_euclid(7) } else { day };
    let date: NaiveDate = settings.start + chrono::TimeDelta::days(day.into());
    date.to_string()
}
