//! Raw objects: which ones a path, glob or URL means, and their bytes, decompressed, as a stream to read from.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectMeta, ObjectStoreExt};
use tokio::runtime::Handle;

use super::store::Place;
use crate::error::{Error, Kind, Result};
use crate::event::Micros;

/// Bytes read ahead of the parser: a few long lines.
const BUFFER_BYTES: usize = 1024 * 1024;

/// One raw object.
#[derive(Debug, Clone)]
pub struct RawObject {
    /// Where it lies.
    place: Place,
    /// Its name in tables and messages: the full key, or the path of a file.
    pub key: String,
    /// Bytes as stored.
    pub size: u64,
    /// When it was written.
    pub modified: Micros,
    /// The store's tag of this content (size and time where the store has none).
    pub etag: String,
    /// The folder of this machine in which it was found, behind links; none for objects that were named themselves.
    root: Option<Arc<FilePath>>,
}

/// The objects that `input` means: a file, a folder (everything below it), a glob in its last parts, or the same under a URL. Sorted by key.
///
/// # Errors
/// `Usage` where nothing lies there.
pub async fn list(input: &str) -> Result<Vec<RawObject>> {
    let found = list_any(input).await?;
    if found.is_empty() { Err(nothing_lies_at(input)) } else { Ok(found) }
}

/// The same where nothing may lie there yet; a folder of this machine must be there.
pub async fn list_any(input: &str) -> Result<Vec<RawObject>> {
    let (fixed, pattern) = split_glob(input);
    let place = Place::parse(fixed)?;
    if pattern.is_none()
        && let Ok(meta) = place.store.head(&place.path).await
    {
        return Ok(vec![object(&place, &meta, None)]);
    }
    let root = root(&place).map_err(|e| nothing_lies_at(input).caused_by(e))?;
    let metas: Vec<ObjectMeta> =
        place.store.list(Some(&place.path)).try_collect().await.map_err(|e| nothing_lies_at(input).caused_by(e))?;
    let mut found: Vec<RawObject> = metas
        .iter()
        .filter(|meta| !is_hidden(&meta.location, &place.path))
        .filter(|meta| pattern.is_none_or(|pattern| matches(pattern, below(&meta.location, &place.path))))
        .map(|meta| object(&place, meta, root.as_deref()))
        .filter(RawObject::is_inside)
        .collect();
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// The object of a key, as tables name it, if it is still there.
pub async fn find(key: &str) -> Result<Option<RawObject>> {
    let place = Place::parse(key)?;
    match place.store.head(&place.path).await {
        Ok(meta) => Ok(Some(object(&place, &meta, None))),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(e) => Err(Error::from(e).context(format!("cannot read `{key}`"))),
    }
}

fn nothing_lies_at(input: &str) -> Error {
    Error::usage(format!("nothing lies at `{input}`"))
}

/// The folder itself behind links, where it is one of this machine: what is found in it must lie below.
fn root(place: &Place) -> io::Result<Option<Arc<FilePath>>> {
    if !place.is_local() {
        return Ok(None);
    }
    std::fs::canonicalize(format!("/{}", place.path)).map(|root| Some(root.into()))
}

fn object(place: &Place, meta: &ObjectMeta, root: Option<&FilePath>) -> RawObject {
    let key = if place.is_local() {
        format!("/{}", meta.location)
    } else {
        format!("{}/{}", &place.url[..url::Position::BeforePath], meta.location)
    };
    let modified = meta.last_modified.timestamp_micros();
    RawObject {
        place: Place { url: place.url.clone(), store: place.store.clone(), path: meta.location.clone() },
        key,
        size: meta.size,
        modified,
        etag: meta.e_tag.clone().unwrap_or_else(|| format!("{}-{modified}", meta.size)),
        root: root.map(Arc::from),
    }
}

fn below<'p>(location: &'p Path, folder: &Path) -> &'p str {
    location.as_ref().strip_prefix(folder.as_ref()).unwrap_or(location.as_ref()).trim_start_matches('/')
}

/// Names that begin with `.` or `_` are other programs' bookkeeping.
fn is_hidden(location: &Path, folder: &Path) -> bool {
    below(location, folder).split('/').any(|part| part.starts_with('.') || part.starts_with('_'))
}

/// The part before the first glob character's path part, and the rest.
fn split_glob(input: &str) -> (&str, Option<&str>) {
    let Some(at) = input.find(['*', '?']) else { return (input, None) };
    let cut = input.get(..at).and_then(|head| head.rfind('/'));
    match cut {
        Some(cut) => (input.get(..=cut).unwrap_or("."), input.get(cut + 1..)),
        None => (".", Some(input)),
    }
}

/// Shell globs: `?` one character, `*` any but `/`, `**` any.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut expression = String::from("^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = if let Some(after) = rest.strip_prefix("**/") {
            expression.push_str("(.*/)?");
            after
        } else if let Some(after) = rest.strip_prefix("**") {
            expression.push_str(".*");
            after
        } else {
            match c {
                '*' => expression.push_str("[^/]*"),
                '?' => expression.push_str("[^/]"),
                c => expression.push_str(&regex::escape(&c.to_string())),
            }
            rest.get(c.len_utf8()..).unwrap_or_default()
        };
    }
    expression.push('$');
    regex::Regex::new(&expression).is_ok_and(|regex| regex.is_match(text))
}

impl RawObject {
    /// Whether it is a file of this machine, which may still be being written.
    pub fn is_file(&self) -> bool {
        self.place.is_local()
    }

    /// Whether it lies in the folder in which it was found: a symbolic link may lead out of it, and is passed over then.
    fn is_inside(&self) -> bool {
        let Some(root) = &self.root else { return true };
        let inside = std::fs::canonicalize(&self.key).is_ok_and(|path| path.starts_with(root));
        if !inside {
            tracing::warn!(object = self.key, "passed over: a link that leads out of its folder");
        }
        inside
    }

    /// Asks the store for its content.
    pub async fn open(&self) -> Result<Opened> {
        // Looked at again: a link may have been put there since.
        if !self.is_inside() {
            return Err(Error::data(format!("`{}` leads out of its folder", self.key)));
        }
        let got = self.place.store.get(&self.place.path).await.map_err(|e| self.refused(e))?;
        let broken_off = Arc::new(AtomicBool::new(false));
        let read: Box<dyn Read + Send> = match got.payload {
            GetResultPayload::File(file, _) => Box::new(file),
            GetResultPayload::Stream(stream) => {
                let broken_off = Arc::clone(&broken_off);
                Box::new(StreamRead { stream, current: Bytes::new(), runtime: Handle::current(), broken_off })
            }
        };
        Ok(Opened { read, broken_off })
    }

    /// `Data` where the object itself is the reason and asking again would not help, `Unavailable` where the store is.
    fn refused(&self, e: object_store::Error) -> Error {
        use object_store::Error as E;
        let of_object = self.is_file() || matches!(e, E::NotFound { .. } | E::PermissionDenied { .. } | E::InvalidPath { .. });
        let kind = if of_object { Kind::Data } else { Kind::Unavailable };
        Error::new(kind, format!("cannot read `{}`", self.key)).caused_by(e)
    }

    /// Its whole content as stored.
    pub async fn bytes(&self) -> Result<Bytes> {
        if !self.is_inside() {
            return Err(Error::data(format!("`{}` leads out of its folder", self.key)));
        }
        let got = self.place.store.get(&self.place.path).await.map_err(|e| self.refused(e))?;
        got.bytes().await.map_err(|e| self.refused(e))
    }

    /// A text file beside it (`channels.json` two folders up, ...), if there is one.
    pub async fn relative(&self, levels_up: usize, name: &str) -> Option<String> {
        let parts: Vec<String> = self.place.path.parts().map(|part| part.as_ref().to_owned()).collect();
        let keep = parts.len().checked_sub(levels_up + 1)?;
        let path = Path::from_iter(parts.into_iter().take(keep).chain([name.to_owned()]));
        let bytes = self.place.store.get(&path).await.ok()?.bytes().await.ok()?;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// An object whose bytes are on their way.
pub struct Opened {
    read: Box<dyn Read + Send>,
    broken_off: Arc<AtomicBool>,
}

impl Opened {
    /// Its content, decompressed by what it begins with (gzip, zstd), for a thread that may block.
    pub fn decompressed(self) -> io::Result<Box<dyn BufRead + Send>> {
        decompressed(self.read)
    }

    /// Says, whenever it is asked, whether the store stopped in the middle: what was read until then is not all there is.
    pub fn watch(&self) -> BrokenOff {
        BrokenOff(Arc::clone(&self.broken_off))
    }
}

/// Whether a store stopped in the middle of an object.
#[derive(Debug, Clone)]
pub struct BrokenOff(Arc<AtomicBool>);

impl BrokenOff {
    /// Whether it did so far.
    pub fn is_so(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

fn decompressed(read: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    let mut buffered = BufReader::with_capacity(BUFFER_BYTES, read);
    let head = buffered.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, flate2::bufread::MultiGzDecoder::new(buffered))));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::stream::read::Decoder::with_buffer(buffered)?)));
    }
    Ok(Box::new(buffered))
}

/// A store's stream as something to read from, on a thread that may block.
struct StreamRead {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    current: Bytes,
    runtime: Handle,
    broken_off: Arc<AtomicBool>,
}

impl Read for StreamRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(Ok(chunk)) => self.current = chunk,
                Some(Err(error)) => {
                    self.broken_off.store(true, Ordering::SeqCst);
                    return Err(error.into());
                }
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stay_inside_a_folder_unless_doubled() {
        for (pattern, text, expected) in [
            ("*.ndjson", "a.ndjson", true),
            ("*.ndjson", "b/a.ndjson", false),
            ("**/*.ndjson", "b/c/a.ndjson", true),
            ("**/*.ndjson", "a.ndjson", true),
            ("day=?/*.gz", "day=1/x.gz", true),
            ("a+b", "aab", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!(split_glob("s3://b/x/*/y.gz"), ("s3://b/x/", Some("*/y.gz")));
        assert_eq!(split_glob("*.gz"), (".", Some("*.gz")));
    }
}
