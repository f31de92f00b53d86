//! `_bittern/format.json` at the lake's root: the version of the layout, so that a newer lake is refused instead of misread.

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

use super::store::Place;
use crate::error::{Error, Result};

/// The layout this program writes.
pub const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Format {
    version: u32,
}

/// Checks the version of an existing lake; writes this program's into a new one.
pub async fn check_or_create(place: &Place) -> Result<()> {
    let path = place.path.clone().join("_bittern").join("format.json");
    loop {
        match place.store.get(&path).await {
            Ok(found) => return check_bytes(&found.bytes().await?, place),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(Error::from(e).context(format!("cannot read the lake at {}", place.url.path()))),
        }
        let json = serde_json::to_vec(&Format { version: VERSION }).map_err(|e| Error::internal("cannot write the format").caused_by(e))?;
        match place.store.put_opts(&path, Bytes::from(json).into(), PutOptions::from(PutMode::Create)).await {
            Ok(_) => return Ok(()),
            // Another process made it just now: read what it wrote.
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(e) => return Err(Error::from(e).context(format!("cannot make a lake at {}", place.url.path()))),
        }
    }
}

/// Checks the version of an existing lake, and writes nothing.
///
/// # Errors
/// `Usage` where there is no lake, or a newer one; `Unavailable` where the store does not answer.
pub async fn check(place: &Place) -> Result<()> {
    let path = place.path.clone().join("_bittern").join("format.json");
    match place.store.get(&path).await {
        Ok(found) => check_bytes(&found.bytes().await?, place),
        Err(object_store::Error::NotFound { .. }) => Err(Error::usage(format!("there is no lake at {}", place.shown()))),
        Err(e) => Err(Error::from(e).context(format!("cannot read the lake at {}", place.shown()))),
    }
}

/// Refuses a store that does not honour "create only if it is not there": two writers could then both believe that they committed.
/// One small object stays, so that the next start asks once.
///
/// # Errors
/// `Usage` that names the store; `Unavailable` where it does not answer.
pub async fn probe(place: &Place) -> Result<()> {
    let path = place.path.clone().join("_bittern").join("probe");
    let place_name = || place.shown();
    for _ in 0..2 {
        let create = PutOptions::from(PutMode::Create);
        match place.store.put_opts(&path, Bytes::from_static(b"create-only writes are honoured here").into(), create).await {
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => return Ok(()),
            // Made just now: the second time it must be refused.
            Ok(_) => {}
            Err(object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. }) => break,
            // Who may only read commits nothing.
            Err(object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }) => return Ok(()),
            Err(e) => return Err(Error::from(e).context(format!("cannot write to the lake at {}", place_name()))),
        }
    }
    Err(Error::usage(format!(
        "the store at {} does not honour conditional writes (If-None-Match), so commits could be lost: use another store for the lake",
        place_name()
    )))
}

fn check_bytes(json: &[u8], place: &Place) -> Result<()> {
    let format: Format = serde_json::from_slice(json)
        .map_err(|e| Error::data(format!("{}/_bittern/format.json is not a lake's format file", place.url.path())).caused_by(e))?;
    if format.version > VERSION {
        return Err(Error::usage(format!(
            "the lake has format {}, this program knows up to {VERSION}: use a newer bittern",
            format.version
        )));
    }
    Ok(())
}
