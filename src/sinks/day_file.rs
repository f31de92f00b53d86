//! JSON lines in a file a day: `bittern-2026-03-02.jsonl`, by the day on which they are written (UTC). A line that stands there is whole.

use std::path::{Path, PathBuf};

use tokio::fs::OpenOptions;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{Failure, Parcel};
use crate::event::Micros;
use crate::interval::{date_of, date_text};

/// A folder of daily files.
#[derive(Debug)]
pub struct DayFile {
    folder: PathBuf,
}

impl DayFile {
    /// Files in a folder, which is made when the first line is written.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Appends lines, and waits until they are on the disk.
    pub async fn append(&self, parcels: &[Parcel<'_>], now: Micros) -> Result<(), Failure> {
        let path = self.folder.join(format!("bittern-{}.jsonl", date_text(date_of(now))));
        let written = append(&path, &super::lines(parcels)).await;
        written.map_err(|e| Failure::unavailable(format!("the file cannot be written: {}", e.kind())))
    }
}

async fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    // Alerts are not for everybody who has an account on the machine.
    #[cfg(unix)]
    options.mode(0o640);
    let mut file = options.open(path).await?;
    let length = file.metadata().await?.len();
    let mut bytes = Vec::with_capacity(lines.len() + 1);
    if length > 0 {
        file.seek(std::io::SeekFrom::Start(length - 1)).await?;
        // Half a line of a process that was killed: it stays alone, and is written anew below.
        if file.read_u8().await? != b'\n' {
            bytes.push(b'\n');
        }
    }
    bytes.extend_from_slice(lines);
    file.write_all(&bytes).await?;
    file.flush().await?;
    file.sync_data().await
}
