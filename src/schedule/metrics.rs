//! What watches over the process see: counters and gauges in Prometheus' text form. No names of people, no text of logs.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::pages::metrics_text;
use crate::error::Result;
use crate::event::Micros;
use crate::maintain;
use crate::pipeline::deliver::Delivered;
use crate::pipeline::look::{Look, Standing};

type Labels = [(&'static str, String); 1];
type Seconds = Gauge<f64, AtomicU64>;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    last_look: Seconds,
    last_success: Seconds,
    looks: Family<Labels, Counter>,
    look_seconds: Histogram,
    errors: Family<Labels, Counter>,
    events: Family<Labels, Counter>,
    objects: Counter,
    alert_changes: Counter,
    intervals: Counter,
    lag: Family<Labels, Seconds>,
    late: Family<Labels, Gauge>,
    left: Family<Labels, Gauge>,
    quarantine: Gauge,
    alerts: Family<Labels, Gauge>,
    job_seconds: Family<Labels, Seconds>,
    delivered: Family<Labels, Counter>,
    undelivered: Family<Labels, Gauge>,
    last_maintained: Seconds,
    maintained: Family<Labels, Counter>,
    maintain_seconds: Seconds,
    /// The newest event of each source as it was last seen.
    newest: std::sync::Mutex<BTreeMap<String, Micros>>,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("bittern"),
            last_look: Seconds::default(),
            last_success: Seconds::default(),
            looks: Family::default(),
            look_seconds: Histogram::new(exponential_buckets(0.1, 2.0, 14)),
            errors: Family::default(),
            events: Family::default(),
            objects: Counter::default(),
            alert_changes: Counter::default(),
            intervals: Counter::default(),
            lag: Family::default(),
            late: Family::default(),
            left: Family::default(),
            quarantine: Gauge::default(),
            alerts: Family::default(),
            job_seconds: Family::default(),
            delivered: Family::default(),
            undelivered: Family::default(),
            last_maintained: Seconds::default(),
            maintained: Family::default(),
            maintain_seconds: Seconds::default(),
            newest: std::sync::Mutex::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("last_look_timestamp_seconds", "When the last look ended", self.last_look.clone());
        registry.register("last_success_timestamp_seconds", "When the last look without an error ended", self.last_success.clone());
        registry.register("looks", "Looks, by how they ended: done, degraded, failed, standby", self.looks.clone());
        registry.register("look_duration_seconds", "How long looks took", self.look_seconds.clone());
        registry.register("errors", "Steps that failed: ingest, job, run, look, deliver, maintain", self.errors.clone());
        registry.register("events_landed", "Events written, by source", self.events.clone());
        registry.register("objects_read", "Raw objects read", self.objects.clone());
        registry.register("alert_changes", "Alerts that were new, changed or retracted", self.alert_changes.clone());
        registry.register("intervals_answered", "Intervals answered, all jobs", self.intervals.clone());
        registry.register("source_lag_seconds", "Age of the newest event, by source", self.lag.clone());
        registry.register("source_late", "1 where a source's newest event is older than its inbox's delay allows", self.late.clone());
        registry.register("stale_intervals", "Stale intervals left: later, waiting, too_old, sealed, future", self.left.clone());
        registry.register("quarantine_rows", "Places in quarantine", self.quarantine.clone());
        registry.register("alerts_firing", "Alerts that fire, by severity", self.alerts.clone());
        registry.register("job_duration_seconds", "How long a job took when it last ran", self.job_seconds.clone());
        registry.register("changes_delivered", "Changes of alerts that arrived, by sink", self.delivered.clone());
        registry.register("changes_waiting", "Changes of alerts that are due and did not arrive, by sink", self.undelivered.clone());
        registry.register("last_maintained_timestamp_seconds", "When maintenance was last done", self.last_maintained.clone());
        registry.register("maintained_files", "Files that maintenance put together, changed or deleted", self.maintained.clone());
        registry.register("maintain_duration_seconds", "How long maintenance took when it was last done", self.maintain_seconds.clone());
        self
    }

    /// Counts a look that ended at `now`.
    pub fn looked(&self, look: &Look, now: Micros) {
        let failures = look.failures();
        for (step, _) in &failures {
            self.failed(step);
        }
        let outcome = match look.state {
            "standby" => "standby",
            _ if !failures.is_empty() => "failed",
            _ if look.is_degraded() => "degraded",
            _ => "done",
        };
        self.looks.get_or_create(&[("outcome", outcome.to_owned())]).inc();
        self.last_look.set(seconds(now));
        if failures.is_empty() {
            self.last_success.set(seconds(now));
        }
        if look.state == "standby" {
            return;
        }
        self.look_seconds.observe(look.seconds);
        self.alert_changes.inc_by(look.changes as u64);
        self.intervals.inc_by(look.intervals as u64);
        for landed in look.inboxes.iter().filter_map(|landed| landed.landed.as_ref()) {
            self.objects.inc_by(landed.objects);
            for (source, count) in &landed.by_source {
                self.events.get_or_create(&[("source", source.clone())]).inc_by(*count);
            }
        }
        for job in look.jobs.iter().filter(|job| job.intervals > 0) {
            self.job_seconds.get_or_create(&[("job", job.job.clone())]).set(job.seconds);
        }
        let sum = |of: fn(&crate::pipeline::run::Done) -> usize| look.jobs.iter().map(of).sum::<usize>();
        for (why, count) in [
            ("later", sum(|job| job.later)),
            ("waiting", sum(|job| job.waiting)),
            ("too_old", sum(|job| job.too_old)),
            ("sealed", sum(|job| job.sealed)),
            ("future", sum(|job| job.future)),
        ] {
            self.left.get_or_create(&[("why", why.to_owned())]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Counts a step that failed.
    pub fn failed(&self, step: &str) {
        self.errors.get_or_create(&[("step", step.to_owned())]).inc();
    }

    /// Takes over how the lake stands. `delay` is how long logs may take, by source; `usual` where none is said.
    pub fn stands(&self, standing: &Standing, delay: &BTreeMap<String, Micros>, usual: Micros, now: Micros) {
        let Ok(mut newest) = self.newest.lock() else { return };
        newest.extend(standing.newest.iter().map(|(source, time)| (source.clone(), *time)));
        for (source, time) in newest.iter() {
            let lag = now - time;
            self.lag.get_or_create(&[("source", source.clone())]).set(seconds(lag));
            let allowed = delay.get(source).copied().unwrap_or(usual);
            self.late.get_or_create(&[("source", source.clone())]).set(i64::from(lag > allowed));
        }
        self.quarantine.set(standing.quarantine);
        self.alerts.clear();
        for (severity, count) in &standing.alerts {
            self.alerts.get_or_create(&[("severity", severity.clone())]).set(*count);
        }
    }

    /// Counts what came of a delivery.
    pub fn delivered(&self, sinks: &[Delivered]) {
        for sink in sinks {
            let label = [("sink", sink.sink.clone())];
            self.delivered.get_or_create(&label).inc_by(sink.delivered as u64);
            self.undelivered.get_or_create(&label).set(i64::try_from(sink.waiting).unwrap_or(i64::MAX));
        }
    }

    /// Counts a round of maintenance that ended at `now`.
    pub fn maintained(&self, summary: &maintain::Summary, now: Micros) {
        self.last_maintained.set(seconds(now));
        self.maintain_seconds.set(summary.seconds);
        for _ in &summary.failed {
            self.failed("maintain");
        }
        for action in &summary.actions {
            self.maintained.get_or_create(&[("action", action.action.clone())]).inc_by(action.files as u64);
        }
    }

    /// The page `/metrics`.
    pub fn text(&self) -> Result<String> {
        metrics_text(&self.registry)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_and_its_failures_are_counted() {
        let metrics = Metrics::new();
        let look = Look { state: "done", error: Some("no".into()), changes: 3, seconds: 0.5, ..Look::default() };
        metrics.looked(&look, 1_500_000);
        let standing = Standing { newest: [("slack_audit".to_owned(), 0)].into(), quarantine: 2, ..Standing::default() };
        metrics.stands(&standing, &BTreeMap::new(), 3_000_000, 4_000_000);
        let text = metrics.text().expect("text");
        for line in [
            "bittern_looks_total{outcome=\"failed\"} 1",
            "bittern_errors_total{step=\"run\"} 1",
            "bittern_last_look_timestamp_seconds 1.5",
            "bittern_last_success_timestamp_seconds 0.0",
            "bittern_alert_changes_total 3",
            "bittern_source_lag_seconds{source=\"slack_audit\"} 4.0",
            "bittern_source_late{source=\"slack_audit\"} 1",
            "bittern_quarantine_rows 2",
        ] {
            assert!(text.contains(line), "{line}\nin:\n{text}");
        }
    }
}
