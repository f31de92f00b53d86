//! Synthetic logs of any size with labelled incidents: an invented organisation, its people's ordinary days, planted stories, and
//! all of it written in the vendors' raw formats. The same settings give the same bytes.
//!
//! `population`, `channels` and `words` say who and what there is, `rhythm` and `habits` when and how often, `routine` fills
//! ordinary days, `lookalikes` makes some of them odd, `stories` and `telling` plant incidents, `labels` judges them by the rules of `docs/detectability.md`, `vendors` writes
//! records, `policy` the organisation's own tables. Nothing here reads a clock; only `output` writes files.

mod acts;
mod channels;
mod day;
mod habits;
mod ids;
mod json;
mod labels;
mod lookalikes;
mod machines;
mod output;
mod phrases;
mod policy;
mod population;
mod rhythm;
mod routine;
mod secrets;
mod stories;
mod telling;
mod texts;
mod vendors;
mod words;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use chrono::NaiveDate;

use crate::event::{DAY, Micros};
use crate::sources::Source;

use self::acts::{Act, NOBODY, What};
use self::day::{Day, Entry, Shelf};
use self::ids::mix;
use self::labels::{Facts, History, Incident};
use self::output::Out;
use self::rhythm::{LocalDay, utc_midnight};
use self::world::World;

/// What to generate.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Employees; guests come on top, one in thirty.
    pub people: u32,
    /// Days, from `start` on.
    pub days: u32,
    /// Another seed gives another organisation.
    pub seed: u64,
    /// The first day.
    pub start: NaiveDate,
    /// Whether raw objects are gzip files.
    pub compress: bool,
    /// Only these sources; all that can be generated if `None`.
    pub sources: Option<Vec<Source>>,
    /// Acts of the person in the middle on a working day: the knob for volume.
    pub events_per_person_day: f64,
    /// How many incidents beside the usual number; 0 plants none.
    pub incident_factor: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            people: 40,
            days: 42,
            seed: 1,
            // A Monday, four weeks before Europe changes its clocks and one before America does.
            start: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default(),
            compress: false,
            sources: None,
            events_per_person_day: 22.0,
            incident_factor: 1.0,
        }
    }
}

impl Settings {
    /// Whether a source is to be written.
    fn wants(&self, source: Source) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contains(&source))
    }
}

/// What was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Raw objects.
    pub files: u64,
    /// Records.
    pub lines: u64,
    /// Bytes of records before compression.
    pub bytes: u64,
    /// People, guests too.
    pub people: u64,
    /// Planted incidents.
    pub incidents: u64,
    /// Those of them that the rules call detectable.
    pub detectable: u64,
}

/// Writes `raw/<source>/…`, `policy/*.csv` and `labels.jsonl` below `out`. Holds no more than two days in memory.
pub fn generate(settings: &Settings, out: &Path) -> Result<Totals, io::Error> {
    let mut world = World::new(settings);
    let mut incidents = stories::plan(&mut world);
    let mut out = Out::new(out, settings)?;
    policy::write(&world, &incidents, &mut out)?;
    world.lookalikes.write(&world, &mut out)?;
    vendors::slack_state::write(&world, &mut out)?;
    let calendar = calendar(&incidents);
    let mut run =
        Run { pending: BTreeMap::new(), histories: vec![History::default(); world.people.len()], shelf: Shelf::new(world.channels.len()) };
    for day in 0..settings.days as i32 {
        run.fill_day(&world, day, &mut incidents, &calendar);
        run.write_until(&world, day - 1, &mut out)?;
    }
    run.write_until(&world, settings.days as i32 - 1, &mut out)?;
    let (planted, detectable) = labels::write(&world, &incidents, &mut out)?;
    let totals = out.finish()?;
    Ok(Totals { people: world.people.len() as u64, incidents: planted, detectable, ..totals })
}

/// Incidents by day and person.
fn calendar(incidents: &[Incident]) -> BTreeMap<(i32, u32), Vec<usize>> {
    let mut calendar: BTreeMap<(i32, u32), Vec<usize>> = BTreeMap::new();
    for (at, incident) in incidents.iter().enumerate() {
        for day in &incident.days {
            calendar.entry((*day, incident.person)).or_default().push(at);
        }
    }
    calendar
}

/// What passes from one day to the next.
struct Run {
    /// Acts by UTC day that are not written yet: a local day lies in two or three of them.
    pending: BTreeMap<i32, Vec<Act>>,
    histories: Vec<History>,
    shelf: Shelf,
}

impl Run {
    /// Everybody's local day of that date.
    fn fill_day(&mut self, world: &World, day: i32, incidents: &mut [Incident], calendar: &BTreeMap<(i32, u32), Vec<usize>>) {
        let local = LocalDay::new(world.date(day));
        let begin = utc_midnight(world.settings.start);
        let end = begin + Micros::from(world.settings.days) * DAY;
        for index in 0..world.people.len() as u32 {
            if !world.person(index).present(day) {
                continue;
            }
            let history = &mut self.histories[index as usize];
            let mut filled = Day::new(world, &mut self.shelf, &local, index, day);
            routine::ordinary_day(&mut filled);
            let mut told: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
            for at in calendar.get(&(day, index)).into_iter().flatten() {
                let from = filled.entries.len();
                telling::tell(&mut filled, &mut incidents[*at], history);
                told.push((*at, from..filled.entries.len()));
            }
            // Only what will be written counts: not what falls outside the run, was lost or belongs to sources that are not wanted.
            let written = |entry: &&Entry| {
                let source = entry.what.source();
                (begin..end).contains(&entry.time)
                    && world.settings.wants(source)
                    && !world.lookalikes.lost(&world.settings, source, entry.time)
            };
            let facts = Facts::of(filled.entries.iter().filter(written));
            for (at, range) in told {
                let part: Vec<&Entry> = filled.entries[range].iter().filter(written).collect();
                incidents[at].judge(&part, day, facts, history);
            }
            history.add(day, facts);
            let entries = filled.entries;
            for (at, entry) in entries.into_iter().enumerate() {
                if written(&&entry) {
                    self.take(world, index, at as u64, entry.time, entry.what);
                }
            }
        }
        for (at, (time, what)) in machines::acts(world, day).into_iter().enumerate() {
            self.take(world, NOBODY, at as u64, time, what);
        }
        self.shelf.close_day();
    }

    fn take(&mut self, world: &World, person: u32, at: u64, time: Micros, what: What) {
        let day = (time - utc_midnight(world.settings.start)).div_euclid(DAY) as i32;
        let number = mix(mix(world.settings.seed, time as u64), (u64::from(person) << 20) | at);
        self.pending.entry(day).or_default().push(Act { time, person, number, what });
    }

    /// Writes the UTC days up to and including `last`, each in the order of time.
    fn write_until(&mut self, world: &World, last: i32, out: &mut Out) -> io::Result<()> {
        while let Some(entry) = self.pending.first_entry() {
            let day = *entry.key();
            if day > last {
                break;
            }
            let mut acts = entry.remove();
            acts.sort_by_key(|act| (act.time, act.number));
            write_day(world, day, &acts, out)?;
        }
        Ok(())
    }
}

/// Writes one UTC day, source by source as the buffers fill.
fn write_day(world: &World, day: i32, acts: &[Act], out: &mut Out) -> io::Result<()> {
    const BUFFER_BYTES: usize = 1 << 20;
    let stem = output::stem(&world.settings, day);
    let mut buffers: BTreeMap<Source, Vec<u8>> = BTreeMap::new();
    let mut again: Vec<u8> = Vec::new();
    for act in acts {
        let source = act.what.source();
        let lines = buffers.entry(source).or_default();
        let from = lines.len();
        vendors::write(world, act, lines);
        if vendors::delivered_twice(act) {
            again.extend_from_slice(&lines[from..]);
        }
        if lines.len() > BUFFER_BYTES {
            out.append(source, &stem, lines)?;
            lines.clear();
        }
    }
    buffers.entry(Source::M365Audit).or_default().append(&mut again);
    for (source, lines) in &buffers {
        out.append(*source, &stem, lines)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
