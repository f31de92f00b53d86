//! One sink's queue carried to it: batches, waiting after failures, dead letters. One task a sink, so that one that is stuck delays no other.
//!
//! What a sink refuses is set aside, with everything later about the same alert, and the rest goes on. What breaks or cannot be reached is
//! waited for. Nothing counts as delivered before the sink says so, and nothing is written down before that.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Sender;

use super::log::{Attempt, State};
use super::message::Message;
use super::{Failure, FailureKind, Opened, Parcel};
use crate::clock::Clock;
use crate::event::Micros;

/// Bytes of one request's messages: collectors take about a megabyte.
const BATCH_BYTES_MAX: usize = 512 * 1024;

/// How long and how often to try.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a sink that fails is waited for.
    pub failing: Duration,
    /// When to stop, whatever is left.
    pub total: Option<Duration>,
    /// The wait after a first failure; doubled with each further one.
    pub wait_min: Duration,
    /// The longest wait.
    pub wait_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let secs = Duration::from_secs;
        Self { failing: secs(60), total: None, wait_min: secs(1), wait_max: secs(900) }
    }
}

/// One message to be carried.
#[derive(Debug, Clone)]
pub struct Item {
    /// What is told.
    pub message: Message,
    /// What the change is called in `deliveries`.
    pub change: &'static str,
    /// Attempts so far, of any kind.
    pub attempts: i64,
    /// Refusals so far.
    pub failures: i64,
    /// Not to be tried before.
    pub not_before: Option<Micros>,
}

/// What a sink is to be told.
#[derive(Debug)]
pub struct Queue {
    /// In order.
    pub items: VecDeque<Item>,
    /// Attempts in a row that did not reach the sink before.
    pub streak: u32,
    /// When it may be tried again.
    pub retry_time: Option<Micros>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Carried {
    /// Messages that arrived.
    pub delivered: usize,
    /// Dead letters made.
    pub dead: usize,
    /// What is left, in no order: it was not reached, refused, or waits behind one that was.
    pub left: Vec<Item>,
    /// Why the last attempt failed, if it did.
    pub error: Option<String>,
    /// When the next attempt makes sense.
    pub retry_time: Option<Micros>,
}

/// Carries a queue to its sink; every attempt's rows go to `log`. Returns early if nobody reads the log any more.
pub async fn carry(sink: &mut Opened, queue: Queue, patience: Patience, clock: Clock, log: Sender<Vec<Attempt>>) -> Carried {
    let mut courier = Courier {
        streak: queue.streak,
        waiting: queue.items,
        aside: VecDeque::new(),
        sorted: false,
        batch_max: sink.batch_max,
        failing_since: None,
        started: Instant::now(),
        patience,
        clock,
        log,
        carried: Carried::default(),
    };
    if let Some(time) = queue.retry_time
        && !courier.wait_until(time).await
    {
        courier.carried.retry_time = Some(time);
        courier.carried.left.extend(courier.waiting.drain(..));
        return courier.carried;
    }
    while courier.step(sink).await {}
    let mut carried = courier.carried;
    carried.left.extend(courier.waiting);
    carried.left.extend(courier.aside);
    carried
}

struct Courier {
    waiting: VecDeque<Item>,
    /// Refused, and later ones about the same alerts.
    aside: VecDeque<Item>,
    /// Whether `waiting` has been looked through for what must not be tried yet.
    sorted: bool,
    /// Messages of the next request: halved where one is refused, so that the one to blame is found.
    batch_max: usize,
    streak: u32,
    failing_since: Option<Instant>,
    started: Instant,
    patience: Patience,
    clock: Clock,
    log: Sender<Vec<Attempt>>,
    carried: Carried,
}

impl Courier {
    /// One request. False when there is nothing more to do now.
    async fn step(&mut self, sink: &mut Opened) -> bool {
        if self.patience.total.is_some_and(|total| self.started.elapsed() >= total) {
            return false;
        }
        self.set_aside();
        if self.waiting.is_empty() && !self.try_again().await {
            return false;
        }
        let encoded: Vec<Vec<u8>> = self.waiting.iter().take(self.batch_max).map(|item| sink.encode(&item.message)).collect();
        let mut bytes = 0;
        let fits = |encoded: &Vec<u8>| {
            bytes += encoded.len();
            bytes <= BATCH_BYTES_MAX
        };
        let count = encoded.iter().map(fits).take_while(|fits| *fits).count().max(1);
        let parcels: Vec<Parcel<'_>> = self.waiting.iter().zip(encoded).take(count).map(|(item, bytes)| parcel(item, bytes)).collect();
        let outcome = sink.send(&parcels, self.clock.now()).await;
        match outcome {
            Ok(()) => self.arrived(sink, count).await,
            Err(failure) => self.failed(sink, count, failure).await,
        }
    }

    /// Moves to the side what must not be tried yet, and all that is about the same alerts.
    fn set_aside(&mut self) {
        if std::mem::replace(&mut self.sorted, true) {
            return;
        }
        let now = self.clock.now();
        let mut blocked: BTreeSet<String> = self.aside.iter().map(|item| item.message.alert_id.clone()).collect();
        let aside: BTreeSet<usize> = (0..self.waiting.len())
            .filter(|at| {
                let item = &self.waiting[*at];
                let early = item.not_before.is_some_and(|time| time > now);
                let held = early || blocked.contains(&item.message.alert_id);
                if held {
                    blocked.insert(item.message.alert_id.clone());
                }
                held
            })
            .collect();
        if aside.is_empty() {
            return;
        }
        let all = std::mem::take(&mut self.waiting);
        for (at, item) in all.into_iter().enumerate() {
            if aside.contains(&at) { self.aside.push_back(item) } else { self.waiting.push_back(item) }
        }
    }

    /// Takes up again what was set aside, once the earliest of it may be tried.
    async fn try_again(&mut self) -> bool {
        let Some(earliest) = self.aside.iter().filter_map(|item| item.not_before).min() else { return false };
        if !self.wait_until(earliest).await {
            self.carried.retry_time = Some(earliest);
            return false;
        }
        // A clock that stands still does not come to that time by waiting.
        for item in &mut self.aside {
            item.not_before = item.not_before.filter(|time| *time > earliest);
        }
        self.waiting = std::mem::take(&mut self.aside);
        self.batch_max = 1;
        self.sorted = false;
        self.set_aside();
        !self.waiting.is_empty()
    }

    async fn arrived(&mut self, sink: &Opened, count: usize) -> bool {
        let items: Vec<Item> = self.waiting.drain(..count).collect();
        let rows = items.iter().map(|item| self.row(sink, item, State::Delivered, None, None)).collect();
        self.carried.delivered += count;
        (self.streak, self.failing_since, self.carried.error, self.carried.retry_time) = (0, None, None, None);
        self.batch_max = (self.batch_max * 2).min(sink.batch_max);
        self.log.send(rows).await.is_ok()
    }

    async fn failed(&mut self, sink: &Opened, count: usize, failure: Failure) -> bool {
        let counted = failure.kind != FailureKind::Unavailable;
        if counted && count > 1 {
            // One of them is to blame: which?
            self.batch_max = (count / 2).max(1);
            return true;
        }
        let Some(mut item) = self.waiting.pop_front() else { return false };
        item.attempts += 1;
        self.carried.error = Some(failure.message.clone());
        if counted {
            item.failures += 1;
            if item.failures >= sink.attempts_max {
                return self.died(sink, item, failure.message).await;
            }
        }
        self.streak = if failure.kind == FailureKind::Refused { self.streak } else { self.streak.saturating_add(1) };
        let tries = if counted { u32::try_from(item.failures).unwrap_or(u32::MAX) } else { self.streak };
        let wait = self.wait(sink, &item, tries).max(failure.retry_after.unwrap_or_default());
        let retry_time = self.clock.now().saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let state = if counted { State::Failed } else { State::Unavailable };
        // The attempt was counted above.
        item.attempts -= 1;
        let row = self.row(sink, &item, state, Some(retry_time), Some(failure.message));
        item.attempts += 1;
        if failure.kind == FailureKind::Refused {
            item.not_before = Some(retry_time);
            self.aside.push_back(item);
            self.sorted = false;
            self.failing_since.get_or_insert_with(Instant::now);
            return self.log.send(vec![row]).await.is_ok();
        }
        if counted {
            item.not_before = None;
        }
        self.waiting.push_front(item);
        if self.log.send(vec![row]).await.is_err() {
            return false;
        }
        let goes_on = self.wait_for(wait).await;
        if !goes_on {
            self.carried.retry_time = Some(retry_time);
        }
        goes_on
    }

    /// A dead letter: what is later about the same alert waits behind it, so that nothing comes out of order.
    async fn died(&mut self, sink: &Opened, mut item: Item, error: String) -> bool {
        item.attempts -= 1;
        let row = self.row(sink, &item, State::Dead, None, Some(error));
        let alert_id = item.message.alert_id.clone();
        for queue in [&mut self.waiting, &mut self.aside] {
            let (behind, others) = std::mem::take(queue).into_iter().partition(|other| other.message.alert_id == alert_id);
            *queue = others;
            let behind: VecDeque<Item> = behind;
            self.carried.left.extend(behind);
        }
        self.carried.left.push(item);
        self.carried.dead += 1;
        self.log.send(vec![row]).await.is_ok()
    }

    fn row(&self, sink: &Opened, item: &Item, state: State, retry_time: Option<Micros>, error: Option<String>) -> Attempt {
        Attempt {
            sink: sink.name.clone(),
            change_id: item.message.id.clone(),
            alert_id: item.message.alert_id.clone(),
            case_id: item.message.case_id.clone(),
            payload_hash: item.message.payload_hash.clone(),
            change: item.change.to_owned(),
            change_time: item.message.change_time,
            attempt: item.attempts + 1,
            state,
            delivery_time: self.clock.now(),
            retry_time,
            error,
        }
    }

    /// Doubled with each failure up to a limit, and spread over its upper half, so that many installations do not come back at once.
    fn wait(&self, sink: &Opened, item: &Item, tries: u32) -> Duration {
        let doubled = self.patience.wait_min.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(self.patience.wait_max);
        let hash = Sha256::new().chain_update(&sink.name).chain_update(&item.message.id).chain_update(tries.to_le_bytes()).finalize();
        doubled.mul_f64(0.5 + f64::from(hash[0]) / 510.0)
    }

    async fn wait_until(&mut self, time: Micros) -> bool {
        let micros = u64::try_from(time.saturating_sub(self.clock.now())).unwrap_or(0);
        self.wait_for(Duration::from_micros(micros)).await
    }

    /// Sleeps if there is patience left for it.
    async fn wait_for(&mut self, wait: Duration) -> bool {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let over = |began: Instant, limit: Duration| began.elapsed() + wait > limit;
        if wait > Duration::ZERO
            && (over(since, self.patience.failing) || self.patience.total.is_some_and(|total| over(self.started, total)))
        {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

fn parcel(item: &Item, bytes: Vec<u8>) -> Parcel<'_> {
    Parcel { message: &item.message, bytes }
}
