//! The last wall: memory that no pool counts (windows, decoded pages, function calls). Where the whole process has more than it may,
//! every running query ends.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;

/// How often the process is looked at.
const PERIOD: Duration = Duration::from_millis(100);

/// Watches until the server stops.
pub async fn watch(shared: Arc<Shared>) {
    let bytes_max = shared.config.limits.process_bytes();
    // What the allocator keeps for later is no query's: the wall stands half its height above that.
    let mut kept = 0;
    loop {
        tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let Some(bytes) = resident_bytes() else { return };
        if shared.engine.is_idle() {
            kept = bytes;
        } else if bytes > bytes_max.max(kept.saturating_add(bytes_max / 2)) {
            tracing::warn!(mib = bytes / (1024 * 1024), "the process has more memory than it may: running queries are ended");
            shared.engine.relieve();
            // What was ended needs a moment to go; what is not gone then is the allocator's.
            tokio::time::sleep(PERIOD * 10).await;
            kept = resident_bytes().unwrap_or(0);
        }
    }
}

/// Bytes of the process that are in memory; none where the system does not say (it says on Linux).
fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?;
    kib.checked_mul(1024)
}
