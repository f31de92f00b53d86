//! The generated files as a whole: the same every time, readable, labelled by the rules, and understood by the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::*;
use crate::event::{Action, Event, SECOND, Snapshot};
use crate::sources::{Origin, Receiver, Record, Reject};

/// The sources that a run writes.
const WRITTEN: [Source; 9] = [
    Source::SlackAudit,
    Source::SlackMessages,
    Source::SlackState,
    Source::M365Audit,
    Source::TeamsMessages,
    Source::GoogleWorkspace,
    Source::Jira,
    Source::Trello,
    Source::Email,
];

/// The size of the sample data.
fn small() -> Settings {
    Settings { people: 40, days: 42, ..Settings::default() }
}

/// Plain files of a small run, made once for all tests that only read them.
fn small_run() -> &'static (BTreeMap<String, Vec<u8>>, Totals) {
    static RUN: OnceLock<(BTreeMap<String, Vec<u8>>, Totals)> = OnceLock::new();
    RUN.get_or_init(|| files(&small()))
}

/// Generates into a new folder; its files by path below it.
fn files(settings: &Settings) -> (BTreeMap<String, Vec<u8>>, Totals) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let totals = generate(settings, folder.path()).expect("it writes");
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder.path()).expect("below").to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read(&path).expect("a file"));
        }
    }
    (files, totals)
}

/// The records of a raw object, as ingest would hand them over.
fn records(name: &str, bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    if name.ends_with(".json") {
        let elements: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).expect("an array");
        return elements.into_iter().map(|element| element.get().to_owned()).collect();
    }
    text.lines().map(str::to_owned).collect()
}

fn labels(files: &BTreeMap<String, Vec<u8>>) -> Vec<serde_json::Value> {
    let lines = std::str::from_utf8(&files["labels.jsonl"]).expect("UTF-8").lines();
    lines.map(|line| serde_json::from_str(line).expect("a label is JSON")).collect()
}

fn people(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(files["policy/people.csv"].as_slice());
    reader.records().map(|row| row.expect("a row")).map(|row| (row[0].to_owned(), row)).collect()
}

#[test]
fn the_same_settings_give_the_same_bytes_and_another_seed_gives_others() {
    let settings = Settings { people: 25, days: 24, compress: true, ..Settings::default() };
    let (first, totals) = files(&settings);
    let (second, same) = files(&settings);
    assert_eq!((&first, &totals), (&second, &same));
    let (other, _) = files(&Settings { seed: 2, ..settings });
    assert_ne!(first, other);
}

#[test]
fn every_line_is_json_and_every_source_is_there() {
    let (files, totals) = small_run();
    let mut lines = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("raw/")) {
        for record in records(name, bytes) {
            lines += 1;
            let read: Result<serde_json::Value, _> = serde_json::from_str(&record);
            assert!(read.is_ok_and(|value| value.is_object()), "{name}");
        }
    }
    // The state lists are files of their own and count no lines.
    assert!(lines > totals.lines && lines < totals.lines + 200, "{lines} {totals:?}");
    for source in WRITTEN {
        assert!(files.keys().any(|name| name.starts_with(&format!("raw/{}/", source.as_str()))), "{source:?}");
    }
}

#[test]
fn a_small_run_stays_small() {
    let (files, _) = files(&Settings { compress: true, ..small() });
    let bytes: usize = files.values().map(Vec::len).sum();
    assert!(bytes < 4_500_000, "{bytes}");
}

#[test]
fn labels_refer_to_people_and_to_times_of_the_run() {
    let (files, totals) = small_run();
    let people = people(files);
    let labels = labels(files);
    assert_eq!((labels.len() as u64, people.len() as u64), (totals.incidents, totals.people));
    for label in &labels {
        assert!(people.contains_key(label["person"].as_str().expect("a person")), "{label}");
        let time = |key: &str| crate::sources::time::parse(label[key].as_str().expect("a time")).expect("a time");
        let begin = utc_midnight(small().start);
        assert!(begin + 14 * DAY <= time("start") && time("start") <= time("end") && time("end") < begin + 42 * DAY, "{label}");
        assert!(label["events"].as_i64() > Some(0), "{label}");
        assert!(label["detections"].as_array().is_some_and(|list| !list.is_empty()), "{label}");
    }
}

#[test]
fn every_story_is_planted_in_a_detectable_and_an_undetectable_strength() {
    for seed in 1..4 {
        // Only strengths matter here, so little else is generated.
        let (files, _) = files(&Settings { seed, events_per_person_day: 5.0, ..small() });
        let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
        for label in labels(&files) {
            let story = label["story"].as_str().expect("a story").to_owned();
            seen.entry(story).or_default().insert(label["detectable"].as_bool().expect("a flag"));
        }
        assert_eq!(seen.len(), 9, "seed {seed}: {seen:?}");
        for (story, flags) in seen {
            let expected = if story == "slow_drip" { vec![false] } else { vec![false, true] };
            assert_eq!(flags.into_iter().collect::<Vec<_>>(), expected, "seed {seed}: {story}");
        }
    }
}

#[test]
fn ordinary_days_break_no_rule() {
    for seed in 1..3 {
        let settings = Settings { people: 60, days: 50, seed, incident_factor: 0.0, ..Settings::default() };
        let world = World::new(&settings);
        let mut shelf = Shelf::new(world.channels.len());
        let mut histories = vec![History::default(); world.people.len()];
        for day in 0..50 {
            let local = LocalDay::new(world.date(day));
            for index in 0..world.people.len() as u32 {
                let person = world.person(index);
                if !person.present(day) {
                    continue;
                }
                let mut filled = Day::new(&world, &mut shelf, &local, index, day);
                routine::ordinary_day(&mut filled);
                let facts = Facts::of(filled.entries.iter());
                let history = &mut histories[index as usize];
                let broken = facts.broken(history);
                // Those of the night shift work at night from their first day, which is what their history says.
                assert!(broken.is_empty() || person.night_shift, "{} day {day}: {broken:?}", person.key);
                history.add(day, facts);
            }
            shelf.close_day();
        }
    }
}

#[test]
fn nobody_acts_while_away_or_after_leaving() {
    let settings = small();
    let mut world = World::new(&settings);
    stories::plan(&mut world);
    assert!(world.people.iter().any(|person| person.leaving_day.is_some()));
    assert!(world.people.iter().any(|person| person.first_day > 0));
    let (files, _) = small_run();
    let by_address: BTreeMap<String, &population::Person> = world.people.iter().map(|person| (person.upn(), person)).collect();
    let begin = utc_midnight(settings.start);
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("raw/m365_audit/")) {
        for record in records(name, bytes) {
            let value: serde_json::Value = serde_json::from_str(&record).expect("JSON");
            let Some(person) = value["UserId"].as_str().and_then(|user| by_address.get(user)) else { continue };
            let time = crate::sources::time::parse(value["CreationTime"].as_str().expect("a time")).expect("a time");
            let (zone, ..) = words::ZONES[person.zone];
            let local = chrono::DateTime::from_timestamp_micros(time).expect("a time").with_timezone(&zone).date_naive();
            let day = (utc_midnight(local) - begin).div_euclid(DAY) as i32;
            assert!(person.present(day), "{} on day {day}", person.key);
        }
    }
}

#[test]
fn no_two_people_share_a_name_or_an_id() {
    let (files, _) = files(&Settings { people: 700, days: 1, ..Settings::default() });
    let mut seen = BTreeSet::new();
    for (key, row) in people(&files) {
        assert!(seen.insert(row[2].to_owned()), "{key}");
        for id in row[3].split(';') {
            assert!(seen.insert(id.to_owned()), "{key}: {id}");
        }
    }
}

#[test]
fn the_smallest_runs_work() {
    for (people, days) in [(0, 0), (1, 1), (2, 17), (3, 20)] {
        let (files, totals) = files(&Settings { people, days, ..Settings::default() });
        assert!(files.contains_key("labels.jsonl") && files.contains_key("policy/people.csv"), "{people} {days}");
        assert!(totals.people >= 3, "{people} {days}");
    }
}

#[test]
fn sources_can_be_chosen() {
    let settings = Settings { sources: Some(vec![Source::M365Audit]), ..small() };
    let (files, totals) = files(&settings);
    assert!(files.keys().all(|name| !name.starts_with("raw/") || name.starts_with("raw/m365_audit/")));
    assert!(totals.lines > 10_000 && totals.incidents > 8, "{totals:?}");
}

/// Counts what a source yields.
#[derive(Default)]
struct Counts {
    events: u64,
    without_time_or_actor: u64,
    other: u64,
    snapshots: u64,
    rejects: u64,
}

impl Receiver for Counts {
    fn event(&mut self, event: Event<'_>) {
        self.events += 1;
        // Slack does not say who deleted a message.
        let nobody = event.actor_id.is_none() && event.action != Action::MessageDeleted;
        self.without_time_or_actor += u64::from(event.event_time.at().is_none() || nobody);
        self.other += u64::from(event.action == Action::Other);
    }
    fn snapshot(&mut self, _: Snapshot<'_>) {
        self.snapshots += 1;
    }
    fn reject(&mut self, _: Reject) {
        self.rejects += 1;
    }
}

#[test]
fn the_sources_understand_what_is_generated() {
    let (files, _) = small_run();
    let mut by_source: BTreeMap<&str, Counts> = BTreeMap::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("raw/")) {
        let folder = name.split('/').nth(1).expect("a folder");
        let expected = Source::parse(folder).expect("a source");
        let origin = Origin { path: name, object_time: 0, export: None };
        for text in records(name, bytes) {
            let record = Record::Json(&text);
            let counts = by_source.entry(folder).or_default();
            assert_eq!(Source::recognise(&record, &origin), Some(expected), "{text}");
            let result = expected.normalize(&record, &origin, counts);
            assert_eq!(result, Ok(()), "{text}");
        }
    }
    for (source, counts) in by_source {
        assert_eq!((counts.rejects, counts.without_time_or_actor), (0, 0), "{source}");
        assert!(counts.events + counts.snapshots > 0, "{source}");
        assert!(counts.other * 3 < counts.events.max(1), "{source}: {} of {} events are of no known action", counts.other, counts.events);
    }
}

#[test]
fn large_runs_have_look_alikes_and_lose_the_logs_of_the_outage() {
    let settings = Settings { people: 200, days: 45, seed: 8, events_per_person_day: 3.0, ..Settings::default() };
    let (files, _) = files(&settings);
    let listed: Vec<serde_json::Value> = std::str::from_utf8(&files["lookalikes.jsonl"])
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let kinds: BTreeSet<&str> = listed.iter().map(|one| one["kind"].as_str().expect("a kind")).collect();
    let expected = ["first_week", "leave_return", "migration", "outage", "quarter_end", "release", "shift_change"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    let outage = listed.iter().find(|one| one["kind"] == "outage").expect("an outage");
    let date = |key: &str| -> NaiveDate { outage[key].as_str().expect("a day").parse().expect("a day") };
    let (begin, end) = (utc_midnight(date("first_day")), utc_midnight(date("last_day")) + DAY);
    let times =
        files.iter().filter(|(name, _)| name.starts_with("raw/slack_audit/")).flat_map(|(name, bytes)| records(name, bytes)).map(
            |record| serde_json::from_str::<serde_json::Value>(&record).expect("JSON")["date_create"].as_i64().expect("seconds") * SECOND,
        );
    let (inside, outside): (Vec<i64>, Vec<i64>) = times.partition(|time| (begin..end).contains(time));
    assert!(inside.is_empty() && !outside.is_empty(), "{} records in the outage", inside.len());
}
