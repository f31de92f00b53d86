//! What goes with a change: the events behind it, names where they may be told, and for the poster of a credential where it stands.

use std::collections::{BTreeMap, HashMap, VecDeque};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;

use super::due::Found;
use super::{Bittern, Load};
use crate::config::sinks::SinkKind;
use crate::error::Result;
use crate::event::Micros;
use crate::jobs::Job;
use crate::lake::columns::utc;
use crate::lake::tables;
use crate::session;
use crate::sinks::Opened;
use crate::sinks::change::{Change, Kind};
use crate::sinks::coach::{COACHED, Coaching};
use crate::sinks::courier::{Item, Queue};
use crate::sinks::log::{Attempt, State, Tried};
use crate::sinks::message::{Detection, Evidence, Known, Message};

/// A person's name and address over a stretch of time.
struct Person {
    name: Option<String>,
    email: Option<String>,
    valid_from: Micros,
    valid_to: Micros,
}

type People = HashMap<String, Vec<Person>>;

impl Bittern {
    /// Makes messages of what is due, and rows for what there is nobody to tell.
    pub(super) async fn load(&self, jobs: &[Job], sink: Opened, found: Found) -> Result<(Load, Vec<Attempt>)> {
        let known = self.known(&found.items).await?;
        let coaches = sink.kind == SinkKind::Coach;
        let named = found.settings.names.unwrap_or(self.names);
        let people = if coaches || named { self.named_people().await? } else { People::new() };
        let mut postings = if coaches { self.postings(&found.items, &known, &people).await? } else { HashMap::new() };
        let mut skipped = Vec::new();
        let mut items = VecDeque::new();
        for (change, kind, tried) in found.items {
            let nothing = Known::default();
            let mut message =
                Message::of(&change, kind, detection(jobs, &change.detection_id), known.get(&change.alert_id).unwrap_or(&nothing));
            if named && let Some(person) = person_at(&people, &change.entity_id, change.interval_start) {
                message.entity.name = person.name.as_deref().map(crate::sinks::plain::plain);
                message.entity.email = person.email.as_deref().map(crate::sinks::plain::plain);
            }
            if coaches {
                let Some(coaching) = postings.remove(&change.alert_id) else {
                    skipped.push(self.skipped(&sink.name, &message, &tried));
                    continue;
                };
                message.coaching = Some(coaching);
            }
            let told = if coaches { COACHED } else { kind.as_str() };
            items.push_back(Item {
                message,
                change: told,
                attempts: tried.attempts,
                failures: tried.failures,
                not_before: tried.retry_time,
            });
        }
        let load = Load {
            sink,
            queue: Queue { items, streak: found.streak, retry_time: found.retry_time },
            unsettled: found.unsettled,
            seen: found.seen,
            cursor: found.cursor,
            filter: found.filter,
            held: found.held,
            behind: found.behind,
            dead: found.dead,
            more: found.more,
        };
        Ok((load, skipped))
    }

    fn skipped(&self, sink: &str, message: &Message, tried: &Tried) -> Attempt {
        Attempt {
            sink: sink.to_owned(),
            change_id: message.id.clone(),
            alert_id: message.alert_id.clone(),
            case_id: message.case_id.clone(),
            payload_hash: message.payload_hash.clone(),
            change: COACHED.to_owned(),
            change_time: message.change_time,
            attempt: tried.attempts,
            state: State::Skipped,
            delivery_time: self.lake.clock().now(),
            retry_time: None,
            error: Some("no address of the poster is known".into()),
        }
    }

    /// What `alerts` says of the alerts that changed, as far as they are still there.
    async fn known(&self, items: &[(Change, Kind, Tried)]) -> Result<HashMap<String, Known>> {
        let starts = || items.iter().map(|(change, ..)| change.interval_start);
        let (Some(first), Some(last)) = (starts().min(), starts().max()) else { return Ok(HashMap::new()) };
        self.register_ids("told_alerts", items.iter().map(|(change, ..)| change.alert_id.as_str()))?;
        let sql = "SELECT alert_id, evidence, group_name, risk_score, entity_type FROM alerts
                   WHERE interval_start >= $first AND interval_start <= $last AND alert_id IN (SELECT id FROM told_alerts)";
        let values = vec![("first", utc(first)), ("last", utc(last))];
        let batches = self.context.sql(sql).await?.with_param_values(values)?.collect().await?;
        Ok(batches.iter().flat_map(read_known).collect())
    }

    /// Names and addresses by pseudonym.
    async fn named_people(&self) -> Result<People> {
        let sql = "SELECT person_id, name, email, valid_from, valid_to FROM policy_people";
        let mut people = People::new();
        for batch in self.context.sql(sql).await?.collect().await? {
            let time = |column: usize, row: usize| batch.column(column).as_primitive::<TimestampMicrosecondType>().value(row);
            for row in 0..batch.num_rows() {
                let Some(id) = text(&batch, 0, row) else { continue };
                let person =
                    Person { name: text(&batch, 1, row), email: text(&batch, 2, row), valid_from: time(3, row), valid_to: time(4, row) };
                people.entry(id).or_default().push(person);
            }
        }
        Ok(people)
    }

    /// Where the credential behind each alert stands, for alerts whose poster has an address. A guest is told nothing: nobody here knows
    /// whose address that is.
    async fn postings(
        &self,
        items: &[(Change, Kind, Tried)],
        known: &HashMap<String, Known>,
        people: &People,
    ) -> Result<HashMap<String, Coaching>> {
        let events: BTreeMap<&str, &Change> = items
            .iter()
            .filter_map(|(change, ..)| Some((known.get(&change.alert_id)?, change)))
            .flat_map(|(known, change)| known.evidence.iter().map(move |evidence| (evidence.event_id.as_str(), change)))
            .collect();
        let times = items.iter().flat_map(|(change, ..)| [change.first_event_time, change.last_event_time]).flatten();
        let (first, last) = times.fold((Micros::MAX, Micros::MIN), |(first, last), time| (first.min(time), last.max(time)));
        if events.is_empty() || first > last {
            return Ok(HashMap::new());
        }
        // The view `acts` holds the tables as they were when it was planned.
        session::register(&self.context, &self.lake, &tables::events()).await?;
        session::register_views(&self.context, &self.catalog.views()).await?;
        self.register_ids("posted_events", events.keys().copied())?;
        // Only what the alert's own person posted, and of the findings in it the one that the alert is about.
        let sql = "SELECT e.event_id, e.person_id, e.actor_class, e.actor_email, e.source, e.surface,
                     coalesce('#' || e.channel_name, e.channel_id) AS channel, e.permalink, e.event_time,
                     f.kind, f.rule, f.masked, f.fingerprint
                   FROM acts AS e
                   LEFT JOIN credential_findings AS f ON e.event_id = f.event_id AND f.field = 'text'
                   WHERE e.event_time >= $first AND e.event_time <= $last AND e.event_id IN (SELECT id FROM posted_events)
                   ORDER BY e.event_time DESC, e.event_id, f.confidence";
        let values: Vec<(&str, ScalarValue)> = vec![("first", utc(first)), ("last", utc(last))];
        let mut found = HashMap::new();
        for batch in self.context.sql(sql).await?.with_param_values(values)?.collect().await? {
            for row in 0..batch.num_rows() {
                let get = |column: usize| text(&batch, column, row);
                let Some(change) = get(0).and_then(|id| events.get(id.as_str()).copied()) else { continue };
                let mine = get(1).is_some_and(|person| person == change.entity_id) && get(2).as_deref() != Some("guest");
                let about = change.fingerprint.is_none() || get(12) == change.fingerprint;
                let listed = person_at(people, &change.entity_id, change.interval_start).and_then(|person| person.email.clone());
                let (true, true, Some(to)) = (mine, about, listed.or_else(|| get(3)).filter(|to| to.contains('@'))) else { continue };
                let finding = |column: usize| change.fingerprint.is_some().then(|| get(column)).flatten();
                let coaching = Coaching {
                    to,
                    source: get(4).unwrap_or_default(),
                    surface: get(5),
                    channel: get(6),
                    permalink: get(7),
                    posted_time: batch.column(8).as_primitive::<TimestampMicrosecondType>().value(row),
                    kind: finding(9),
                    rule: finding(10),
                    masked: finding(11),
                };
                // The first posting comes last, and stays.
                found.insert(change.alert_id.clone(), coaching);
            }
        }
        Ok(found)
    }
}

fn detection(jobs: &[Job], id: &str) -> Detection {
    let job = jobs.iter().find(|job| job.id == id);
    Detection {
        id: id.to_owned(),
        title: job.map_or_else(|| id.to_owned(), |job| job.header.title.clone()),
        techniques: job.map(|job| job.header.techniques.clone()).unwrap_or_default(),
    }
}

fn person_at<'p>(people: &'p People, id: &str, time: Micros) -> Option<&'p Person> {
    people.get(id)?.iter().find(|person| (person.valid_from..person.valid_to).contains(&time))
}

fn text(batch: &RecordBatch, column: usize, row: usize) -> Option<String> {
    let column = batch.column(column);
    column.is_valid(row).then(|| column.as_string::<i32>().value(row).to_owned()).filter(|text| !text.is_empty())
}

fn read_known(batch: &RecordBatch) -> Vec<(String, Known)> {
    let read = |row: usize| {
        let known = Known {
            evidence: evidence(batch, row),
            group_name: text(batch, 2, row),
            risk_score: batch.column(3).is_valid(row).then(|| batch.column(3).as_primitive::<Int64Type>().value(row)),
            entity_type: text(batch, 4, row),
        };
        Some((text(batch, 0, row)?, known))
    };
    (0..batch.num_rows()).filter_map(read).collect()
}

fn evidence(batch: &RecordBatch, row: usize) -> Vec<Evidence> {
    if batch.column(1).is_null(row) {
        return Vec::new();
    }
    let list = batch.column(1).as_list::<i32>().value(row);
    let structs = list.as_struct();
    let word = |name: &str, at: usize| {
        let column = structs.column_by_name(name)?;
        column.is_valid(at).then(|| column.as_string::<i32>().value(at).to_owned())
    };
    let read = |at: usize| {
        let time = structs.column_by_name("event_time")?.as_primitive::<TimestampMicrosecondType>().value(at);
        Some(Evidence { event_id: word("event_id", at)?, event_time: time, action: word("action", at)?, object: word("object", at) })
    };
    (0..structs.len()).filter_map(read).collect()
}
