//! The long-lived process: looks when a timetable says so, maintains at night, and tells how it stands.
//!
//! It only decides when. What there is to do follows from the lake (see [`crate::jobs::stale`]), so that ticks that were missed or came
//! twice, clocks that were set and restarts are all the same case, and two processes at once are right.

mod backoff;
mod delivery;
mod health;
mod metrics;
pub mod pages;
pub mod standing;
mod timetable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::oneshot;

use crate::clock::{Clock, Stop};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{HOUR, Micros, SECOND};
use crate::lake::lease;
use crate::maintain;
use crate::pipeline::Bittern;
use crate::pipeline::deliver::{self, Delivered};
use crate::pipeline::look::Look;
use backoff::Backoff;
use delivery::{Delivery, goes_on};
use health::Health;
use metrics::Metrics;
use timetable::Timetable;

/// The longest sleep: after it the clock is read again, whatever it was set to meanwhile.
const SLEEP: Micros = 30 * SECOND;

/// How long the lease is taken for. It is renewed three times as often.
const LEASE: Micros = 120 * SECOND;

/// What came of one tick.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ticked {
    /// The look, if there was one.
    #[serde(flatten)]
    pub look: Option<Look>,
    /// The maintenance that ended, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintained: Option<maintain::Summary>,
    /// What came of the deliveries that ended, by sink.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<Delivered>,
    /// Why the look, the delivery or the maintenance failed as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Ticked {
    /// Whether something failed.
    pub fn is_failed(&self) -> bool {
        let maintained = self.maintained.as_ref().is_some_and(|summary| !summary.failed.is_empty());
        !self.errors.is_empty() || maintained || self.look.as_ref().is_some_and(|look| !look.failures().is_empty())
    }

    /// Whether something went to quarantine, or did not arrive at a sink.
    pub fn is_degraded(&self) -> bool {
        self.look.as_ref().is_some_and(Look::is_degraded) || !self.delivered.iter().all(Delivered::complete)
    }
}

/// How the scheduler stands.
struct Standing {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl pages::Told for Standing {
    fn is_alive(&self) -> std::result::Result<(), String> {
        self.health.is_alive()
    }

    fn is_ready(&self) -> std::result::Result<(), String> {
        self.health.is_ready()
    }

    fn metrics(&self) -> Result<String> {
        self.metrics.text()
    }
}

/// A scheduler over one lake.
pub struct Scheduler {
    config: Config,
    root: String,
    clock: Clock,
    owner: String,
    bittern: Option<Bittern>,
    /// Size and time of the files that policy, SQL and rules were read from.
    files: BTreeMap<PathBuf, (u64, Micros)>,
    looks: Timetable,
    nights: Option<Timetable>,
    look_backoff: Backoff,
    night_backoff: Backoff,
    more: bool,
    delivery: Delivery,
    maintaining: Option<oneshot::Receiver<Result<maintain::Summary>>>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    stop: Stop,
}

impl Scheduler {
    /// A scheduler as the configuration says; nothing is opened yet.
    ///
    /// # Errors
    /// `Usage` for what is no expression or time zone.
    pub fn new(config: &Config, root: &str, clock: Clock, stop: Stop) -> Result<Self> {
        let now = clock.now();
        let settings = &config.schedule;
        let looks = Timetable::new("look", &settings.look, &settings.time_zone, now)?.due_now();
        let nights = match settings.maintain.as_str() {
            "" => None,
            expression => Some(Timetable::new("maintain", expression, &settings.time_zone, now)?),
        };
        Ok(Self {
            config: config.clone(),
            root: root.to_owned(),
            clock,
            owner: uuid::Uuid::new_v4().to_string(),
            bittern: None,
            files: BTreeMap::new(),
            looks,
            nights,
            look_backoff: Backoff::default(),
            night_backoff: Backoff::default(),
            more: false,
            delivery: Delivery::default(),
            maintaining: None,
            metrics: Arc::default(),
            health: Arc::default(),
            stop,
        })
    }

    /// Looks and maintains until it is asked to stop. Each tick in which something was done is handed to `each`.
    ///
    /// # Errors
    /// `Usage` for an address that cannot be had: everything else is told, counted and tried again.
    pub async fn run(&mut self, each: &mut dyn FnMut(&Ticked)) -> Result<()> {
        let pages = match self.config.schedule.listen.as_str() {
            "" => None,
            address => {
                let advice = "name another with `schedule.listen` or --listen, or none with --listen \"\"";
                let listener = pages::listen(address, advice).await?;
                let local = listener.local_addr()?;
                tracing::info!(address = %local, "listening");
                let told = Standing { metrics: Arc::clone(&self.metrics), health: Arc::clone(&self.health) };
                Some(tokio::spawn(pages::serve(listener, Arc::new(told))))
            }
        };
        while !self.stop.is_asked() {
            let ticked = self.tick().await;
            if ticked.look.is_some() || ticked.maintained.is_some() || !ticked.delivered.is_empty() || !ticked.errors.is_empty() {
                each(&ticked);
            }
            self.sleep().await;
        }
        if let Some(maintaining) = self.maintaining.take() {
            // It ends after the table that it is at; what is left of it is the next one's.
            let _ = maintaining.await;
        }
        if let Some(bittern) = &self.bittern {
            let _ = lease::release(&bittern.lake, &self.owner).await;
        }
        pages.iter().for_each(tokio::task::JoinHandle::abort);
        Ok(())
    }

    /// One look, and maintenance where it is due: for cron, systemd timers, Airflow and Kubernetes.
    pub async fn once(&mut self) -> Ticked {
        let mut ticked = self.look_now().await;
        while ticked.look.as_ref().is_some_and(|look| look.more) && !self.stop.is_asked() {
            let next = self.look_now().await;
            ticked = merged(ticked, next);
        }
        loop {
            self.begin_delivery(&mut ticked).await;
            let delivered = self.delivery.wait().await;
            let goes_on = goes_on(&delivered);
            self.take_delivered(delivered, &mut ticked);
            if !goes_on || self.stop.is_asked() {
                break;
            }
        }
        ticked.delivered = deliver::in_all(ticked.delivered);
        if ticked.look.as_ref().is_none_or(|look| look.state != "standby") && !self.stop.is_asked() {
            match self.maintain_once().await {
                Ok(summary) => ticked.maintained = summary,
                Err(error) => ticked.errors.push(format!("{error:#}")),
            }
        }
        if let Some(bittern) = &self.bittern {
            let _ = lease::release(&bittern.lake, &self.owner).await;
        }
        ticked
    }

    /// Does what the clock says is due.
    pub async fn tick(&mut self) -> Ticked {
        self.health.beat(true);
        let now = self.clock.now();
        let due = self.looks.is_due(now) || self.more || self.look_backoff.is_pending();
        let mut ticked = Ticked::default();
        if due && self.look_backoff.next(now) <= now {
            ticked = self.look_now().await;
        }
        // What has ended makes room for the next.
        let delivered = self.delivery.ended().await;
        // A sink with a long backlog that takes what it is given gets the rest without waiting for the next look.
        self.more |= goes_on(&delivered);
        self.take_delivered(delivered, &mut ticked);
        self.begin_delivery(&mut ticked).await;
        self.tick_night(&mut ticked);
        self.health.beat(false);
        ticked
    }

    async fn look_now(&mut self) -> Ticked {
        let outcome = self.look().await;
        let now = self.clock.now();
        let mut ticked = Ticked::default();
        match outcome {
            Ok(look) => {
                let failures: Vec<String> = look.failures().iter().map(|(step, why)| format!("{step}: {why}")).collect();
                self.more = look.more;
                self.look_backoff.note(failures.is_empty(), now);
                self.metrics.looked(&look, now);
                self.health.set_ready(if failures.is_empty() { Ok(()) } else { Err("the last look had errors: see the log".into()) });
                ticked.look = Some(look);
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the look failed; it is tried again");
                self.look_backoff.note(false, now);
                self.metrics.failed("look");
                self.health.set_ready(Err("the last look failed: see the log".into()));
                // A handle that broke is not used again.
                self.bittern = None;
                ticked.errors.push(format!("{error:#}"));
            }
        }
        ticked
    }

    /// Begins to deliver after a look, unless another scheduler has the lease.
    async fn begin_delivery(&mut self, ticked: &mut Ticked) {
        if let (Some(bittern), Some(look)) = (&self.bittern, &ticked.look)
            && look.state != "standby"
        {
            let begun = self.delivery.begin(bittern).await;
            self.take_delivered(begun.err().map(Err).into_iter().collect(), ticked);
        }
    }

    /// Takes over what came of deliveries: what did not arrive is tried again by the next one.
    fn take_delivered(&self, outcomes: Vec<Result<Vec<Delivered>>>, ticked: &mut Ticked) {
        for outcome in outcomes {
            match outcome {
                Ok(delivered) => {
                    self.metrics.delivered(&delivered);
                    ticked.delivered.extend(delivered);
                }
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "the delivery failed; it is tried again");
                    self.metrics.failed("deliver");
                    ticked.errors.push(format!("{error:#}"));
                }
            }
        }
    }

    async fn look(&mut self) -> Result<Look> {
        self.open().await?;
        let Some(bittern) = self.bittern.as_mut() else { return Err(Error::internal("the lake was not opened")) };
        if !lease::take(&bittern.lake, &self.owner, LEASE).await? {
            return Ok(Look { state: "standby", ..Look::default() });
        }
        let renewing = tokio::spawn({
            let (lake, owner) = (bittern.lake.clone(), self.owner.clone());
            async move {
                loop {
                    tokio::time::sleep(Duration::from_micros(LEASE.unsigned_abs() / 3)).await;
                    // Whether it is still ours changes nothing: commits tell who came first.
                    let _ = lease::take(&lake, &owner, LEASE).await;
                }
            }
        });
        let look = bittern.look(&self.config.inbox, &self.config.schedule, &self.stop).await;
        renewing.abort();
        let look = look?;
        let standing = bittern.standing().await?;
        let delays = self.config.inbox.iter().filter_map(|inbox| Some((inbox.source.clone()?, inbox.delay.0))).collect();
        let usual = self.config.inbox.iter().map(|inbox| inbox.delay.0).max().unwrap_or(HOUR);
        self.metrics.stands(&standing, &delays, usual, self.clock.now());
        Ok(look)
    }

    /// Opens the lake, and anew where a file of policy, SQL or rules changed.
    async fn open(&mut self) -> Result<()> {
        let files = files_of(&self.config);
        if self.bittern.is_some() && files == self.files {
            return Ok(());
        }
        if self.bittern.is_some() {
            tracing::info!("policy, SQL or rules changed: read anew");
        }
        self.bittern = None;
        self.bittern = Some(Bittern::open(&self.config, &self.root, self.clock).await?);
        self.files = files;
        Ok(())
    }

    /// Begins maintenance where it is due, beside the looks, and takes over what came of it.
    fn tick_night(&mut self, ticked: &mut Ticked) {
        let now = self.clock.now();
        if let Some(maintaining) = self.maintaining.as_mut() {
            let outcome = match maintaining.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return,
                Ok(outcome) => outcome,
                Err(oneshot::error::TryRecvError::Closed) => Err(Error::internal("the maintenance ended unexpectedly; this is a bug")),
            };
            self.maintaining = None;
            self.take_over(outcome, now, ticked);
        }
        let standby = ticked.look.as_ref().is_some_and(|look| look.state == "standby");
        let due = self.nights.as_mut().is_some_and(|nights| nights.is_due(now)) || self.night_backoff.is_pending();
        if !due || standby || self.night_backoff.next(now) > now {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        let (config, root, clock, stop) = (self.config.clone(), self.root.clone(), self.clock, self.stop.clone());
        let runtime = tokio::runtime::Handle::current();
        // On a deep stack of its own: plans of nested views are walked recursively.
        let work = move || {
            let outcome = runtime.block_on(async {
                let mut bittern = Bittern::open(&config, &root, clock).await?;
                bittern.maintain(false, &stop, &ProgressBar::hidden()).await
            });
            // Nobody waits for it any more where the process is ending.
            drop(sender.send(outcome));
        };
        match std::thread::Builder::new().name("maintain".into()).stack_size(64 * 1024 * 1024).spawn(work) {
            Ok(_) => self.maintaining = Some(receiver),
            Err(error) => self.take_over(Err(error.into()), now, ticked),
        }
    }

    fn take_over(&mut self, outcome: Result<maintain::Summary>, now: Micros, ticked: &mut Ticked) {
        match outcome {
            Ok(summary) => {
                self.night_backoff.note(summary.failed.is_empty(), now);
                self.metrics.maintained(&summary, now);
                ticked.maintained = Some(summary);
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "maintenance failed; it is tried again");
                self.night_backoff.note(false, now);
                self.metrics.failed("maintain");
                ticked.errors.push(format!("{error:#}"));
            }
        }
    }

    async fn maintain_once(&mut self) -> Result<Option<maintain::Summary>> {
        let (Some(nights), Some(bittern)) = (&self.nights, self.bittern.as_mut()) else { return Ok(None) };
        let last = bittern.last_maintained().await?;
        if last.is_some_and(|last| nights.following(last) > self.clock.now()) {
            return Ok(None);
        }
        bittern.maintain(false, &self.stop, &ProgressBar::hidden()).await.map(Some)
    }

    /// Sleeps until something is due, at most [`SLEEP`], and wakes when asked to stop.
    async fn sleep(&self) {
        let now = self.clock.now();
        let night = self.nights.as_ref().map_or(Micros::MAX, Timetable::next);
        let look = if self.more || self.look_backoff.is_pending() { self.look_backoff.next(now) } else { self.looks.next() };
        let wake = look.min(night).saturating_sub(now).clamp(0, if self.maintaining.is_some() { SECOND } else { SLEEP });
        let until = tokio::time::Instant::now() + Duration::from_micros(wake.unsigned_abs());
        while tokio::time::Instant::now() < until && !self.stop.is_asked() {
            let step = until.min(tokio::time::Instant::now() + Duration::from_millis(200));
            tokio::time::sleep_until(step).await;
        }
    }
}

/// Two looks of one tick as one.
fn merged(first: Ticked, second: Ticked) -> Ticked {
    let mut errors = first.errors;
    errors.extend(second.errors);
    let look = match (first.look, second.look) {
        (Some(mut before), Some(after)) => {
            before.inboxes.extend(after.inboxes);
            before.jobs.extend(after.jobs);
            before.error = before.error.or(after.error);
            before.intervals += after.intervals;
            before.changes += after.changes;
            before.seconds += after.seconds;
            before.more = after.more;
            Some(before)
        }
        (before, None) => before.map(|look| Look { more: false, ..look }),
        (None, after) => after,
    };
    let delivered = first.delivered.into_iter().chain(second.delivered).collect();
    Ticked { look, maintained: second.maintained.or(first.maintained), delivered, errors }
}

/// Size and time of every file that policy, SQL and rules are read from.
fn files_of(config: &Config) -> BTreeMap<PathBuf, (u64, Micros)> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<PathBuf> = config.policy.iter().chain(&config.sql).chain(&config.rules).cloned().collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(entries.map(|entry| entry.path()));
        } else if let Some(state) = state_of(&path) {
            found.insert(path, state);
        }
    }
    found
}

fn state_of(path: &Path) -> Option<(u64, Micros)> {
    let metadata = path.metadata().ok()?;
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((metadata.len(), i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
}
