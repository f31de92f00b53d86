//! Stores and folders that do not behave: links out of an inbox, a store without conditional writes, a disk that is full.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bittern::clock::{Clock, Stop};
use bittern::lake::Lake;
use bittern::lake::store::Place;
use bittern::pipeline::Bittern;
use bittern::pipeline::run::Settings;
use futures::stream::BoxStream;
use indicatif::ProgressBar;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, Result,
};

use crate::{NOW, assert_same, config, contents, land, rows, small_logs};

/// A store over one in memory that refuses to write after a number of writes, or takes every write for unconditional.
#[derive(Debug)]
struct Broken {
    inner: Arc<InMemory>,
    /// Writes that still succeed; below zero is full.
    room: Arc<AtomicI64>,
    ignores_conditions: bool,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a broken store")
    }
}

#[async_trait]
impl ObjectStore for Broken {
    async fn put_opts(&self, location: &Path, payload: PutPayload, mut options: PutOptions) -> Result<PutResult> {
        if self.room.fetch_sub(1, Ordering::SeqCst) <= 0 {
            let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(object_store::Error::Generic { store: "broken", source: Box::new(full) });
        }
        if self.ignores_conditions {
            options.mode = PutMode::Overwrite;
        }
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn settings() -> Settings {
    Settings { jobs: crate::few(), ..Settings::default() }
}

fn place(inner: &Arc<InMemory>, room: &Arc<AtomicI64>, ignores_conditions: bool) -> Place {
    let store = Broken { inner: Arc::clone(inner), room: Arc::clone(room), ignores_conditions };
    Place { url: "memory:///lake/".parse().unwrap(), store: Arc::new(store), path: Path::from("lake") }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_conditional_writes_is_refused_by_name() {
    let endless = Arc::new(AtomicI64::new(i64::MAX));
    let inner = Arc::new(InMemory::new());
    let error = Lake::open_at(place(&inner, &endless, true), Clock::Fixed(NOW)).await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(format!("{error}").starts_with("the store at memory:///lake/ does not honour conditional writes"), "{error}");
    for _ in 0..2 {
        Lake::open_at(place(&inner, &endless, false), Clock::Fixed(NOW)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_and_leaves_the_tables_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    small_logs(&folder.path().join("logs"), 21);
    let raw = folder.path().join("logs/raw");
    let mut config = config(folder.path(), Some(folder.path().join("logs/policy")));
    config.maintain.small_files_min = 2;
    let inner = Arc::new(InMemory::new());
    let room = Arc::new(AtomicI64::new(i64::MAX));
    let open = async || {
        room.store(i64::MAX, Ordering::SeqCst);
        Bittern::open_on(&config, Lake::open_at(place(&inner, &room, false), Clock::Fixed(NOW)).await.unwrap()).await.unwrap()
    };
    let open_to_land = async || {
        room.store(i64::MAX, Ordering::SeqCst);
        let lake = Lake::open_at(place(&inner, &room, false), Clock::Fixed(NOW)).await.unwrap();
        Bittern::open_on_to_land(&config, lake).await.unwrap()
    };
    let steps = ["slack_audit", "m365_audit"].map(|name| raw.join(name));
    land(&open_to_land().await, &[&steps[0]]).await.unwrap();
    const EVENTS: &str = "SELECT * FROM events";
    let landed = rows(&open_to_land().await, EVENTS).await;

    // However far an ingest gets, events are whole or not there, and the next one completes it.
    for writes in [0, 1, 2, 4] {
        let bittern = open_to_land().await;
        room.store(writes, Ordering::SeqCst);
        let error = land(&bittern, &[&steps[1]]).await.unwrap_err();
        assert!(format!("{error:#}").contains("cannot write to table") || format!("{error:#}").contains("log refused"), "{error:#}");
        assert_eq!(error.exit_code(), 1);
        assert_eq!(landed, rows(&open_to_land().await, EVENTS).await);
    }
    let mut bittern = open().await;
    land(&bittern, &[&steps[1]]).await.unwrap();
    for writes in [1, 5] {
        room.store(writes, Ordering::SeqCst);
        assert!(bittern.run(&settings(), &ProgressBar::hidden()).await.is_err(), "{writes} writes");
    }
    room.store(i64::MAX, Ordering::SeqCst);
    bittern.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    let answered = contents(&mut bittern).await;
    for writes in [0, 4] {
        room.store(writes, Ordering::SeqCst);
        let outcome = bittern.maintain(false, &Stop::default(), &ProgressBar::hidden()).await;
        assert!(outcome.is_err() || !outcome.unwrap().failed.is_empty());
        room.store(i64::MAX, Ordering::SeqCst);
        assert_same(&answered, &contents(&mut bittern).await);
    }

    // The same as a lake that was never disturbed.
    let undisturbed = Arc::new(InMemory::new());
    let lake = Lake::open_at(place(&undisturbed, &Arc::new(AtomicI64::new(i64::MAX)), false), Clock::Fixed(NOW)).await.unwrap();
    let mut other = Bittern::open_on(&config, lake).await.unwrap();
    land(&other, &[&steps[0], &steps[1]]).await.unwrap();
    other.run(&settings(), &ProgressBar::hidden()).await.unwrap();
    assert_same(&contents(&mut other).await, &answered);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn links_do_not_lead_out_of_an_inbox() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    std::fs::create_dir_all(inbox.join("sub")).unwrap();
    std::fs::create_dir_all(folder.path().join("private")).unwrap();
    let event = |id: &str| {
        let event = serde_json::json!({"event_id": id, "event_time": "2026-03-02T10:00:00Z", "action": "login", "source": "x",
            "actor_id": "U1"});
        event.to_string()
    };
    std::fs::write(inbox.join("sub/a.ndjson"), event("inside")).unwrap();
    std::fs::write(folder.path().join("private/b.ndjson"), event("outside")).unwrap();
    symlink(folder.path().join("private/b.ndjson"), inbox.join("file.ndjson")).unwrap();
    symlink(folder.path().join("private"), inbox.join("folder")).unwrap();
    symlink("../../private/b.ndjson", inbox.join("sub/dots.ndjson")).unwrap();
    symlink(inbox.join("sub/a.ndjson"), inbox.join("within.ndjson")).unwrap();
    symlink("nowhere", inbox.join("broken.ndjson")).unwrap();
    let opened = async || {
        let lake = folder.path().join("lake").display().to_string();
        Bittern::open_to_land(&config(folder.path(), None), &lake, Clock::Fixed(NOW)).await.unwrap()
    };
    let summary = land(&opened().await, &[&inbox]).await.unwrap();
    assert_eq!((summary.objects, summary.events), (2, 1), "{summary:?}");
    let bittern = opened().await;
    assert_eq!(rows(&bittern, "SELECT event_id FROM events").await, ["{\"event_id\":\"inside\"}"]);
}
