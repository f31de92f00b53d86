//! A store over another that counts its operations and spoils one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// How an operation is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// It fails before it does anything.
    Before,
    /// It is done and the answer is lost; what was to be read breaks off in the middle.
    After,
    /// A conditional write is done, its answer is lost, and the client's own second attempt finds the object there.
    Again,
}

/// Which operations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Reads,
    Writes,
    /// Writes that are refused where something lies already.
    Conditional,
}

impl Class {
    fn of(what: &str) -> Self {
        match what {
            "get" | "head" | "list" => Self::Reads,
            "put if absent" => Self::Conditional,
            _ => Self::Writes,
        }
    }

    fn has(self, what: &str) -> bool {
        let class = Self::of(what);
        class == self || (self == Self::Writes && class == Self::Conditional)
    }
}

/// What happens at which operation. Shared by the stores of one lake.
#[derive(Debug, Default)]
pub struct Fault {
    seen: AtomicU64,
    /// The operation (of a class, from 1) that is spoiled, and how.
    planned: Mutex<Option<(Class, u64, Spoil)>>,
    /// What was spoiled.
    hit: Mutex<Option<String>>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Fault {
    /// Spoils the operation of a class with this number from now on.
    pub fn plan(&self, class: Class, at: u64, spoil: Spoil) {
        self.seen.store(0, Ordering::SeqCst);
        *self.hit.lock().unwrap() = None;
        *self.planned.lock().unwrap() = Some((class, at, spoil));
    }

    /// Lets everything through again; says what was spoiled, if anything was.
    pub fn lift(&self) -> Option<String> {
        *self.planned.lock().unwrap() = None;
        self.hit.lock().unwrap().take()
    }

    /// How many operations there were of each kind since the start.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().unwrap().clone()
    }

    /// How many there were of a class.
    pub fn count(&self, class: Class) -> u64 {
        self.counts().into_iter().filter(|(what, _)| class.has(what)).map(|(_, count)| count).sum()
    }

    fn next(&self, what: &'static str, location: &str) -> Option<Spoil> {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
        let (_, at, spoil) = self.planned.lock().unwrap().filter(|(class, ..)| class.has(what))?;
        let number = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        if number != at {
            return None;
        }
        *self.hit.lock().unwrap() = Some(format!("{what} {location} {spoil:?}"));
        Some(spoil)
    }
}

fn lost() -> Error {
    Error::Generic { store: "spoiled", source: Box::new(std::io::Error::new(ErrorKind::ConnectionReset, "the connection was reset")) }
}

/// The store.
#[derive(Debug, Clone)]
pub struct Spoiled {
    pub inner: Arc<dyn ObjectStore>,
    pub fault: Arc<Fault>,
}

impl fmt::Display for Spoiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a spoiled store")
    }
}

#[async_trait]
impl ObjectStore for Spoiled {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let conditional = !matches!(options.mode, PutMode::Overwrite);
        let spoil = self.fault.next(if conditional { "put if absent" } else { "put" }, location.as_ref());
        if spoil == Some(Spoil::Before) {
            return Err(lost());
        }
        let done = self.inner.put_opts(location, payload, options).await?;
        match spoil {
            Some(Spoil::Again) if conditional => {
                Err(Error::AlreadyExists { path: location.to_string(), source: "the object is there already".into() })
            }
            Some(_) => Err(lost()),
            None => Ok(done),
        }
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let spoil = self.fault.next("multipart", location.as_ref());
        if spoil == Some(Spoil::Before) {
            return Err(lost());
        }
        let inner = self.inner.put_multipart_opts(location, options).await?;
        if spoil.is_some() {
            return Err(lost());
        }
        Ok(Box::new(Parts { inner, fault: Arc::clone(&self.fault), location: location.to_string() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let spoil = self.fault.next(if head { "head" } else { "get" }, location.as_ref());
        if spoil == Some(Spoil::Before) || (head && spoil.is_some()) {
            return Err(lost());
        }
        let mut got = self.inner.get_opts(location, options).await?;
        if spoil.is_some() {
            let inner = std::mem::replace(&mut got.payload, GetResultPayload::Stream(futures::stream::empty().boxed()));
            let GetResultPayload::Stream(bytes) = inner else { return Err(lost()) };
            let half = bytes.take(1).map(|bytes| bytes.map(|bytes| bytes.slice(..bytes.len() / 2)));
            got.payload = GetResultPayload::Stream(half.chain(futures::stream::iter([Err(lost())])).boxed());
        }
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        // One by one: each deletion is an operation of its own.
        let each = move |location: Result<Path>| {
            let store = store.clone();
            async move {
                let location = location?;
                let spoil = store.fault.next("delete", location.as_ref());
                if spoil == Some(Spoil::Before) {
                    return Err(lost());
                }
                let one = futures::stream::iter([Ok(location.clone())]).boxed();
                let mut deleted = store.inner.delete_stream(one);
                while let Some(outcome) = deleted.next().await {
                    outcome?;
                }
                if spoil.is_some() { Err(lost()) } else { Ok(location) }
            }
        };
        locations.then(each).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let spoil = self.fault.next("list", prefix.map_or("", |prefix| prefix.as_ref()));
        let inner = self.inner.list(prefix);
        match spoil {
            None => inner,
            Some(Spoil::Before) => futures::stream::iter([Err(lost())]).boxed(),
            Some(_) => inner.take(1).chain(futures::stream::iter([Err(lost())])).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.fault.next("list", prefix.map_or("", |prefix| prefix.as_ref())) {
            None => self.inner.list_with_delimiter(prefix).await,
            Some(_) => Err(lost()),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let spoil = self.fault.next("copy", to.as_ref());
        if spoil == Some(Spoil::Before) {
            return Err(lost());
        }
        self.inner.copy_opts(from, to, options).await?;
        if spoil.is_some() { Err(lost()) } else { Ok(()) }
    }
}

/// An upload in parts; each part and its end are operations.
#[derive(Debug)]
struct Parts {
    inner: Box<dyn MultipartUpload>,
    fault: Arc<Fault>,
    location: String,
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let spoil = self.fault.next("part", &self.location);
        if spoil == Some(Spoil::Before) {
            return async { Err(lost()) }.boxed();
        }
        let part = self.inner.put_part(data);
        async move {
            part.await?;
            if spoil.is_some() { Err(lost()) } else { Ok(()) }
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let spoil = self.fault.next("complete", &self.location);
        if spoil == Some(Spoil::Before) {
            return Err(lost());
        }
        let done = self.inner.complete().await?;
        if spoil.is_some() { Err(lost()) } else { Ok(done) }
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
