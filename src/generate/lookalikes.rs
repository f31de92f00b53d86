//! What looks like an incident and is none: the end of a quarter, a release, a first week, the return after a long leave, another shift,
//! logs that were lost, a migration. `docs/detectability.md` lists them; `lookalikes.jsonl` says who and when.

use std::io;

use chrono::{Datelike, TimeDelta, Weekday};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::event::{DAY, Micros};
use crate::sources::Source;

use super::Settings;
use super::day::Day;
use super::ids::mix;
use super::json;
use super::output::Out;
use super::population::{Group, Person};
use super::rhythm::{HOUR, is_working_day, utc_midnight};
use super::telling::take_files;
use super::world::World;

/// People and days below which a run has none of them: a sample is to stay small, and has no quarters.
const PEOPLE_MIN: u32 = 200;
const DAYS_MIN: i32 = 45;

/// What happens to one person, or to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    QuarterEnd,
    Release,
    FirstWeek,
    LeaveReturn,
    ShiftChange,
    Outage,
    Migration,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::QuarterEnd => "quarter_end",
            Self::Release => "release",
            Self::FirstWeek => "first_week",
            Self::LeaveReturn => "leave_return",
            Self::ShiftChange => "shift_change",
            Self::Outage => "outage",
            Self::Migration => "migration",
        }
    }
}

/// One of them: first and last day, and whose; `None` is no single person's.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookAlike {
    pub(super) kind: Kind,
    person: Option<u32>,
    first: i32,
    last: i32,
}

impl LookAlike {
    /// Whether that day is one of its days.
    pub(super) fn on(&self, day: i32) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// All of a run.
#[derive(Debug, Default)]
pub(super) struct LookAlikes {
    everybodys: Vec<LookAlike>,
    /// Of each person, in the order of people: at most one.
    own: Vec<Option<LookAlike>>,
}

/// Chooses them; long leaves and other shifts are written into `people`.
pub(super) fn plan(settings: &Settings, people: &mut [Person]) -> LookAlikes {
    let days = settings.days as i32;
    if settings.people < PEOPLE_MIN || days < DAYS_MIN {
        return LookAlikes { everybodys: Vec::new(), own: vec![None; people.len()] };
    }
    let mut rng = ChaCha8Rng::seed_from_u64(mix(settings.seed, 0x10_0c));
    let mut everybodys = Vec::new();
    let weekday = |day: i32| (settings.start + TimeDelta::days(day.into())).weekday();
    for day in 0..days {
        let date = settings.start + TimeDelta::days(day.into());
        let next = date + TimeDelta::days(1);
        if next.day() == 1 && next.month() % 3 == 1 {
            everybodys.push(LookAlike { kind: Kind::QuarterEnd, person: None, first: (day - 6).max(0), last: day });
        }
    }
    for part in [0.45, 0.8] {
        let about = (f64::from(days) * part) as i32;
        let thursday = (about..about + 7).find(|day| weekday(*day) == Weekday::Thu).unwrap_or(about);
        everybodys.push(LookAlike { kind: Kind::Release, person: None, first: thursday, last: thursday });
    }
    let about = (f64::from(days) * 0.6) as i32;
    let tuesday = (about..about + 7).find(|day| weekday(*day) == Weekday::Tue).unwrap_or(about);
    everybodys.push(LookAlike { kind: Kind::Outage, person: None, first: tuesday, last: tuesday + 2 });
    let saturday = (tuesday + 3..tuesday + 10).find(|day| weekday(*day) == Weekday::Sat).unwrap_or(tuesday + 4);
    everybodys.push(LookAlike { kind: Kind::Migration, person: None, first: saturday, last: saturday + 1 });

    let mut own = vec![None; people.len()];
    for (index, person) in people.iter_mut().enumerate() {
        let of = |kind, first, last| Some(LookAlike { kind, person: Some(index as u32), first, last });
        own[index] = match index {
            _ if person.first_day >= 0 => of(Kind::FirstWeek, person.first_day, person.first_day + 4),
            _ if person.group == Group::Guests || person.night_shift || person.reserved => None,
            _ if index % 150 == 77 => {
                let back = rng.random_range(days / 2..days - 7);
                let monday = (back..back + 7).find(|day| weekday(*day) == Weekday::Mon).unwrap_or(back);
                person.absences = vec![(-30, monday - 1)];
                of(Kind::LeaveReturn, monday, monday + 2)
            }
            _ if index % 200 == 133 && person.group == Group::Support => {
                let from = rng.random_range(days / 2..days - 10);
                person.nights_from = Some(from);
                of(Kind::ShiftChange, from, days)
            }
            _ => None,
        };
    }
    LookAlikes { everybodys, own }
}

impl LookAlikes {
    /// How many times the usual this person does on that day.
    pub(super) fn factor(&self, index: u32, person: &Person, day: i32) -> f64 {
        let closes_books = person.group == Group::Sales || person.department == "Finance";
        let end = self.everybodys.iter().any(|one| one.kind == Kind::QuarterEnd && one.on(day));
        let back = self.own_on(index, day).is_some_and(|own| own.kind == Kind::LeaveReturn);
        if (end && closes_books) || back { 2.5 } else { 1.0 }
    }

    /// Whether what this source logged on that UTC day was lost.
    pub(super) fn lost(&self, settings: &Settings, source: Source, time: Micros) -> bool {
        let day = (time - utc_midnight(settings.start)).div_euclid(DAY) as i32;
        source == Source::SlackAudit && self.on(Kind::Outage, day)
    }

    /// Whether something that is everybody's happens on that day.
    pub(super) fn on(&self, kind: Kind, day: i32) -> bool {
        self.everybodys.iter().any(|one| one.kind == kind && one.on(day))
    }

    /// Whether there is one of that kind in the run.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.everybodys.iter().any(|one| one.kind == kind)
    }

    fn own_on(&self, index: u32, day: i32) -> Option<&LookAlike> {
        self.own.get(index as usize)?.as_ref().filter(|own| own.on(day))
    }

    /// Writes `lookalikes.jsonl`, if there are any.
    pub(super) fn write(&self, world: &World, out: &mut Out) -> io::Result<()> {
        if self.everybodys.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for one in self.everybodys.iter().chain(self.own.iter().flatten()) {
            json::line(&mut bytes, |o| {
                o.text("kind", one.kind.as_str());
                o.maybe("person", one.person.map(|at| world.person(at).key.as_str()));
                o.text("first_day", &world.date(one.first).to_string());
                o.text("last_day", &world.date(one.last).to_string());
            });
        }
        out.write_file("lookalikes.jsonl", &bytes)
    }
}

/// What a person fetches on such a day beside the ordinary acts.
pub(super) fn fetch(day: &mut Day<'_>) {
    let alike = &day.world.lookalikes;
    let release = day.person().group == Group::Research && alike.on(Kind::Release, day.day);
    let own = alike.own_on(day.index, day.day).map(|own| own.kind);
    let count = match own {
        _ if !is_working_day(day.world.date(day.day)) => return,
        Some(Kind::FirstWeek) => day.rng.random_range(5..20),
        Some(Kind::LeaveReturn) => day.rng.random_range(5..15),
        _ if release => day.rng.random_range(8..18),
        _ => return,
    };
    take_files(day, 10 * HOUR, 180, count);
}
