//! What watches over a worker see: requests, refusals, bytes sent, memory held.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use datafusion::execution::memory_pool::MemoryPool;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::error::Result;
use crate::schedule::pages::metrics_text;

type Labels = [(&'static str, String); 1];

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Parts of plans that were taken.
    pub plans: Counter,
    /// Requests that were not answered, by reason.
    pub refused: Family<Labels, Counter>,
    /// Connections that could not be encrypted.
    pub handshakes: Counter,
    /// Requests that are being answered.
    pub active: Gauge<i64, AtomicI64>,
    /// Answers that ended with an error.
    pub failed: Counter,
    /// Bytes of rows sent to coordinators and other workers.
    pub sent: Counter,
    memory: Gauge<i64, AtomicI64>,
    pool: Arc<dyn MemoryPool>,
}

impl Metrics {
    /// All at zero. `pool` says how much memory queries hold.
    pub fn new(pool: Arc<dyn MemoryPool>) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("bittern_worker"),
            plans: Counter::default(),
            refused: Family::default(),
            handshakes: Counter::default(),
            active: Gauge::default(),
            failed: Counter::default(),
            sent: Counter::default(),
            memory: Gauge::default(),
            pool,
        };
        let registry = &mut metrics.registry;
        registry.register("plans", "Parts of plans taken from coordinators", metrics.plans.clone());
        registry.register(
            "refused",
            "Requests refused, by reason: token, version, rules, zones, key, lake, stopping",
            metrics.refused.clone(),
        );
        registry.register("handshakes_failed", "Connections that could not be encrypted", metrics.handshakes.clone());
        registry.register("requests_active", "Requests that are being answered", metrics.active.clone());
        registry.register("requests_failed", "Answers that ended with an error", metrics.failed.clone());
        registry.register("sent_bytes", "Bytes sent to coordinators and other workers", metrics.sent.clone());
        registry.register("memory_bytes", "Bytes that sorts, joins and aggregates hold", metrics.memory.clone());
        metrics
    }

    /// Counts a refusal.
    pub fn refuse(&self, reason: &str) {
        self.refused.get_or_create(&[("reason", reason.to_owned())]).inc();
    }

    /// The page `/metrics`.
    pub fn text(&self) -> Result<String> {
        self.memory.set(i64::try_from(self.pool.reserved()).unwrap_or(i64::MAX));
        metrics_text(&self.registry)
    }
}
