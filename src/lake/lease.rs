//! A lease on the lake: who is at work. It only spares two schedulers the same work; both being at work is right as well.

use bytes::Bytes;
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

use super::Lake;
use crate::error::{Error, Result};
use crate::event::Micros;

/// What the lease says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    owner: String,
    /// Microseconds since 1970.
    until: Micros,
}

fn path(lake: &Lake) -> object_store::path::Path {
    lake.place().path.clone().join("_bittern").join("lease.json")
}

/// Takes or renews the lease for `length`; `false` says that another owner has it. Of two that take it at once both may win.
pub async fn take(lake: &Lake, owner: &str, length: Micros) -> Result<bool> {
    let now = lake.clock().now();
    match lake.place().store.get(&path(lake)).await {
        Ok(found) => {
            // What is no lease is nobody's; neither is one from a clock far ahead.
            let lease: Option<Lease> = serde_json::from_slice(&found.bytes().await?).ok();
            let other = |lease: &Lease| lease.owner != owner && lease.until > now && lease.until - now <= 10 * length;
            if lease.as_ref().is_some_and(other) {
                return Ok(false);
            }
        }
        Err(object_store::Error::NotFound { .. }) => {}
        Err(e) => return Err(Error::from(e).context("cannot read the lease")),
    }
    write(lake, &Lease { owner: owner.into(), until: now + length }).await?;
    Ok(true)
}

/// Gives the lease back, if it is this owner's.
pub async fn release(lake: &Lake, owner: &str) -> Result<()> {
    let Ok(found) = lake.place().store.get(&path(lake)).await else { return Ok(()) };
    let lease: Option<Lease> = serde_json::from_slice(&found.bytes().await?).ok();
    if lease.is_some_and(|lease| lease.owner == owner) {
        write(lake, &Lease { owner: owner.into(), until: 0 }).await?;
    }
    Ok(())
}

async fn write(lake: &Lake, lease: &Lease) -> Result<()> {
    let json = serde_json::to_vec(lease).map_err(|e| Error::internal("cannot write the lease").caused_by(e))?;
    lake.place().store.put(&path(lake), Bytes::from(json).into()).await.map_err(|e| Error::from(e).context("cannot write the lease"))?;
    Ok(())
}
