//! Telling sinks what changed: which changes are due by `alert_changes` and `deliveries`, and a pass that carries them.

mod due;
mod known;
pub mod letters;

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Bittern;
use crate::error::{Error, Result};
use crate::event::{HOUR, Micros};
use crate::lake::Lake;
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::tables;
use crate::session;
use crate::sinks::courier::{self, Carried, Patience, Queue};
use crate::sinks::log::{self, Attempt, State};
use crate::sinks::{self, Opened};

/// Changes that one pass takes of a sink's backlog: what lies in memory at once.
const QUEUE_MAX: usize = 5_000;

/// Rows are written down in one commit as they come, but not more often than this. A crash repeats what is not written down yet.
const LOG_WAIT: Duration = Duration::from_millis(250);

/// How to deliver.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Only these sinks; all if empty.
    pub sinks: Vec<String>,
    /// Try dead letters once more.
    pub retry_dead: bool,
    /// Try now, also what is to be tried later.
    pub ignore_waits: bool,
    /// How long to try.
    pub patience: Patience,
}

/// What came of one sink.
#[derive(Debug, Clone, Serialize, Default, PartialEq)]
pub struct Delivered {
    /// The sink.
    pub sink: String,
    /// Changes that arrived.
    pub delivered: usize,
    /// Changes that are due and did not arrive.
    pub waiting: usize,
    /// Dead letters among them.
    pub dead: usize,
    /// Changes of suppressed cases: due once the suppression ends.
    pub held: usize,
    /// Whether more is due than one pass takes.
    pub more: bool,
    /// Why the last attempt failed, if it did.
    pub error: Option<String>,
    /// When the sink is tried next.
    #[serde(serialize_with = "as_time")]
    pub retry_time: Option<Micros>,
}

fn as_time<S: serde::Serializer>(time: &Option<Micros>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_some(&time.map(crate::interval::time_text))
}

impl Delivered {
    /// Whether everything that is due arrived.
    pub fn complete(&self) -> bool {
        self.waiting == 0
    }

    /// Whether another pass would bring on what this one did not take.
    pub fn goes_on(&self) -> bool {
        self.more && self.delivered > 0
    }
}

/// Several passes as one: what each brought, and how each sink stands after its last.
pub fn in_all(passes: Vec<Delivered>) -> Vec<Delivered> {
    let mut all: BTreeMap<String, Delivered> = BTreeMap::new();
    for sink in passes {
        let before = all.get(&sink.sink).map_or(0, |before| before.delivered);
        all.insert(sink.sink.clone(), Delivered { delivered: before + sink.delivered, ..sink });
    }
    all.into_values().collect()
}

/// What is to be carried: it owns all that it needs, so that it can run beside anything else.
pub struct Pass {
    lake: Lake,
    patience: Patience,
    loads: Vec<Load>,
    skipped: Vec<Attempt>,
}

/// One sink's share of a pass.
struct Load {
    sink: Opened,
    queue: Queue,
    /// The least time of what is due and not in the queue (held, dead, for a later pass); `None` if there is nothing.
    unsettled: Option<Micros>,
    /// The greatest time of what was looked at.
    seen: Option<Micros>,
    /// Where the cursor stands.
    cursor: Option<Micros>,
    /// The hash of the sink's filter.
    filter: String,
    held: usize,
    behind: usize,
    dead: usize,
    more: bool,
}

impl Bittern {
    /// Tells sinks what changed, until nothing more is due or patience ends.
    pub async fn deliver(&self, settings: &Settings, progress: &ProgressBar) -> Result<Vec<Delivered>> {
        let mut all = Vec::new();
        let mut settings = settings.clone();
        loop {
            let pass = self.pass(&settings).await?;
            let done = pass.run(progress).await?;
            let goes_on = done.iter().any(Delivered::goes_on) && settings.patience.total.is_none();
            all.extend(done);
            if !goes_on {
                progress.finish_and_clear();
                session::register(&self.context, &self.lake, &tables::deliveries()).await?;
                return Ok(in_all(all));
            }
            // Dead letters are tried once.
            settings.retry_dead = false;
        }
    }

    /// What is due now. A sink of kind `coach` needs the jobs' tables ([`Bittern::open`]); for all others [`Bittern::open_to_land`] will do.
    /// The pass does not borrow the installation: a process that lives long runs it beside detection.
    pub async fn pass(&self, settings: &Settings) -> Result<Pass> {
        let chosen = self.chosen_sinks(&settings.sinks)?;
        let mut opened = Vec::new();
        for sink in &chosen {
            opened.push(sinks::open(sink, &sinks::environment)?);
        }
        // The tables alone: planning every view anew takes longer than most passes.
        for spec in [tables::alerts(), tables::alert_changes(), tables::alert_actions(), tables::deliveries(), tables::runs()] {
            session::register(&self.context, &self.lake, &spec).await?;
        }
        let mut pass = Pass { lake: self.lake.clone(), patience: settings.patience, loads: Vec::new(), skipped: Vec::new() };
        if !chosen.is_empty() {
            // Headers alone: nothing is run here.
            let (jobs, _) = crate::jobs::load(&self.catalog, "");
            let found = self.due(&jobs, &chosen, settings).await?;
            for (sink, due) in opened.into_iter().zip(found) {
                let (load, skipped) = self.load(&jobs, sink, due).await?;
                pass.loads.push(load);
                pass.skipped.extend(skipped);
            }
        }
        Ok(pass)
    }

    /// The names of all sinks.
    pub fn sink_names(&self) -> impl Iterator<Item = &str> {
        self.sinks.iter().map(|sink| sink.name.as_str())
    }

    fn chosen_sinks(&self, names: &[String]) -> Result<Vec<crate::config::sinks::Sink>> {
        let known: Vec<&str> = self.sinks.iter().map(|sink| sink.name.as_str()).collect();
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let there = if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
            return Err(Error::usage(format!("there is no sink `{name}` in bittern.toml; {there}")));
        }
        Ok(self.sinks.iter().filter(|sink| names.is_empty() || names.contains(&sink.name)).cloned().collect())
    }
}

impl Pass {
    /// Whether nothing is to be carried.
    pub fn is_empty(&self) -> bool {
        self.loads.iter().all(|load| load.queue.items.is_empty())
    }

    /// The same as a pass for each sink.
    pub fn by_sink(self) -> Vec<(String, Self)> {
        let Self { lake, patience, loads, skipped } = self;
        let one = |load: Load| {
            let skipped = skipped.iter().filter(|attempt| attempt.sink == load.sink.name).cloned().collect();
            (load.sink.name.clone(), Self { lake: lake.clone(), patience, loads: vec![load], skipped })
        };
        loads.into_iter().map(one).collect()
    }

    /// Carries everything, each sink in a task of its own, and writes down what came of it.
    ///
    /// # Errors
    /// If an attempt cannot be written down: it will be made again.
    pub async fn run(self, progress: &ProgressBar) -> Result<Vec<Delivered>> {
        progress.set_length(self.loads.iter().map(|load| load.queue.items.len() as u64).sum());
        progress.set_position(0);
        let Self { lake, patience, loads, skipped } = self;
        write(&lake, &skipped).await?;
        let (log, mut rows) = mpsc::channel::<Vec<Attempt>>(64);
        let mut tasks = JoinSet::new();
        for mut load in loads {
            let (log, clock) = (log.clone(), lake.clock());
            tasks.spawn(async move {
                let queue =
                    std::mem::replace(&mut load.queue, Queue { items: std::collections::VecDeque::new(), streak: 0, retry_time: None });
                let carried = courier::carry(&mut load.sink, queue, patience, clock, log).await;
                (load, carried)
            });
        }
        drop(log);
        // The tasks end when this does: what cannot be written down is not to be sent either.
        while let Some(first) = rows.recv().await {
            tokio::time::sleep(LOG_WAIT.min(patience.wait_min)).await;
            let mut batch = first;
            while let Ok(more) = rows.try_recv() {
                batch.extend(more);
            }
            write(&lake, &batch).await?;
            progress.inc(batch.iter().filter(|row| matches!(row.state, State::Delivered | State::Dead)).count() as u64);
        }
        let mut done = Vec::new();
        let mut cursors = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let (load, carried) = ended?;
            cursors.extend(load.cursor_row(&carried, lake.clock().now()));
            done.push(load.outcome(carried));
        }
        write(&lake, &cursors).await?;
        done.sort_by(|a, b| a.sink.cmp(&b.sink));
        Ok(done)
    }
}

impl Load {
    /// The row that says up to when everything is settled, if that is later than before.
    fn cursor_row(&self, carried: &Carried, now: Micros) -> Option<Attempt> {
        let left = carried.left.iter().map(|item| item.message.change_time).chain(self.unsettled).min();
        let settled = left.or(self.seen)?;
        // A cursor saves reading; one for every few changes would cost more than it saves.
        if self.cursor.is_some_and(|cursor| settled < cursor.saturating_add(HOUR)) {
            return None;
        }
        Some(Attempt {
            sink: self.sink.name.clone(),
            change_id: String::new(),
            alert_id: String::new(),
            case_id: String::new(),
            payload_hash: self.filter.clone(),
            change: String::new(),
            change_time: settled,
            attempt: 0,
            state: State::Cursor,
            delivery_time: now,
            retry_time: None,
            error: None,
        })
    }

    fn outcome(self, carried: Carried) -> Delivered {
        Delivered {
            sink: self.sink.name,
            delivered: carried.delivered,
            waiting: carried.left.len() + self.behind,
            dead: carried.dead + self.dead,
            held: self.held,
            more: self.more,
            error: carried.error,
            retry_time: carried.retry_time,
        }
    }
}

/// Appends rows to `deliveries`.
async fn write(lake: &Lake, rows: &[Attempt]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let written = append(lake, &tables::deliveries(), &log::batch(rows)?, &Note::new(None)).await;
    written.map_err(|e| e.context("what was delivered cannot be written down: it will be delivered again"))
}
