//! What a sink is told of one change, in our own words: the object that webhooks get as it is, and that the other formats are made from.

use serde::{Serialize, Serializer};

use super::change::{Change, Kind};
use super::coach::Coaching;
use super::plain::{cut, plain};
use crate::event::Micros;
use crate::interval::time_text;

/// Events that a message names at most: enough to begin with; the lake has all of them.
const EVIDENCE_MAX: usize = 10;

/// Bytes of what an event was done to.
const OBJECT_BYTES_MAX: usize = 512;

/// Everything about one change. The order of the fields is the order of the JSON; docs/deliver.md describes each.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each field is the key of the same name, described in docs/deliver.md")]
pub struct Message {
    pub id: String,
    pub change: &'static str,
    #[serde(serialize_with = "as_time")]
    pub change_time: Micros,
    pub reason: String,
    pub alert_id: String,
    pub case_id: String,
    pub payload_hash: String,
    pub detection: Detection,
    pub severity: String,
    pub risk_score: Option<i64>,
    pub status: String,
    pub summary: String,
    pub entity: Entity,
    #[serde(serialize_with = "as_time")]
    pub interval_start: Micros,
    #[serde(serialize_with = "as_time")]
    pub interval_end: Micros,
    #[serde(serialize_with = "maybe_time")]
    pub first_event_time: Option<Micros>,
    #[serde(serialize_with = "maybe_time")]
    pub last_event_time: Option<Micros>,
    pub observed: Option<f64>,
    pub expected: Option<f64>,
    pub fingerprint: Option<String>,
    pub evidence_total: Option<i64>,
    pub evidence: Vec<Evidence>,
    /// What the poster of a credential is told; only a sink of kind `coach` says it.
    #[serde(skip)]
    pub coaching: Option<Coaching>,
}

/// The detection behind an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Detection {
    /// Stem of its SQL file.
    pub id: String,
    /// Its title.
    pub title: String,
    /// ATT&CK and insider technique ids.
    pub techniques: Vec<String>,
}

/// Whom or what an alert is about.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Entity {
    /// What `id` is.
    #[serde(rename = "type")]
    pub entity_type: Option<String>,
    /// A pseudonym, or another id.
    pub id: String,
    /// The person's group.
    pub group: Option<String>,
    /// The person's name, where names may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The person's address, where names may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// One event behind an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The event.
    pub event_id: String,
    /// When.
    #[serde(serialize_with = "as_time")]
    pub event_time: Micros,
    /// What was done.
    pub action: String,
    /// To what, credentials masked.
    pub object: Option<String>,
}

/// What the lake knows of an alert besides its change.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The first events.
    pub evidence: Vec<Evidence>,
    /// The group, for changes of older lakes, which lack it.
    pub group_name: Option<String>,
    /// The risk, for the same.
    pub risk_score: Option<i64>,
    /// What the entity is, for the same.
    pub entity_type: Option<String>,
}

impl Message {
    /// A message about nothing, for trying a sink. It says of itself that it is a trial.
    pub fn trial(now: Micros) -> Self {
        let change = Change {
            change: Kind::New,
            reason: "trial".into(),
            run_id: now.to_string(),
            change_time: now,
            alert_id: crate::alerts::digest(&["trial", &now.to_string()]),
            case_id: crate::alerts::digest(&["trial"]),
            detection_id: "trial".into(),
            severity: "informational".into(),
            status: "trial".into(),
            entity_id: "nobody".into(),
            interval_start: now,
            interval_end: now,
            observed: Some(1.0),
            summary: "This is a trial: nothing happened".into(),
            payload_hash: crate::alerts::digest(&["trial", "payload"]),
            entity_type: Some("person_id".into()),
            group_name: None,
            risk_score: Some(0),
            first_event_time: Some(now),
            last_event_time: Some(now),
            expected: None,
            evidence_total: Some(0),
            fingerprint: None,
        };
        let detection = Detection { id: "trial".into(), title: "A trial of the sink".into(), techniques: Vec::new() };
        Self::of(&change, Kind::New, detection, &Known::default())
    }

    /// The message of a change, every text in it made plain. `kind` is what the change is to the sink that is told.
    pub fn of(change: &Change, kind: Kind, detection: Detection, known: &Known) -> Self {
        let words = |text: &Option<String>| text.as_deref().map(plain);
        let evidence = known.evidence.iter().take(EVIDENCE_MAX).map(|evidence| Evidence {
            event_id: plain(&evidence.event_id),
            event_time: evidence.event_time,
            action: plain(&evidence.action),
            object: evidence.object.as_deref().map(|object| cut(&plain(object), OBJECT_BYTES_MAX)),
        });
        Self {
            id: change.change_id(),
            change: kind.as_str(),
            change_time: change.change_time,
            reason: plain(&change.reason),
            alert_id: change.alert_id.clone(),
            case_id: change.case_id.clone(),
            payload_hash: change.payload_hash.clone(),
            detection,
            severity: change.severity.clone(),
            risk_score: change.risk_score.or(known.risk_score),
            status: plain(&change.status),
            summary: plain(&change.summary),
            entity: Entity {
                entity_type: words(&change.entity_type).filter(|text| !text.is_empty()).or_else(|| words(&known.entity_type)),
                id: plain(&change.entity_id),
                group: words(&change.group_name).or_else(|| words(&known.group_name)),
                name: None,
                email: None,
            },
            interval_start: change.interval_start,
            interval_end: change.interval_end,
            first_event_time: change.first_event_time,
            last_event_time: change.last_event_time,
            observed: change.observed,
            expected: change.expected,
            fingerprint: change.fingerprint.clone(),
            evidence_total: change.evidence_total,
            evidence: evidence.collect(),
            coaching: None,
        }
    }
}

fn as_time<S: Serializer>(time: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time_text(*time))
}

fn maybe_time<S: Serializer>(time: &Option<Micros>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&time.map(time_text))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sinks::change::tests::change;

    /// A message with everything in it, and with the summary given.
    pub(crate) fn message(summary: &str) -> Message {
        let mut change = change(Kind::New, 1_000, "high", 52.0);
        summary.clone_into(&mut change.summary);
        let known = Known {
            evidence: vec![Evidence {
                event_id: "slack:C1:1".into(),
                event_time: 1_772_000_000_000_000,
                action: "file_downloaded".into(),
                object: Some("plan.xlsx".into()),
            }],
            ..Known::default()
        };
        let detection = Detection { id: "bulk_download".into(), title: "Bulk download".into(), techniques: vec!["IT1021".into()] };
        Message::of(&change, Kind::New, detection, &known)
    }

    #[test]
    fn our_own_object_is_as_written_down() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&message("52 files on Friday; usually 2")).expect("is JSON"));
    }

    #[test]
    fn hostile_text_stays_text() {
        let nasty = "a\"b\\c\n| = \u{202e}\u{1b}[31m</script>";
        let json = serde_json::to_string(&message(nasty)).expect("is JSON");
        let back: serde_json::Value = serde_json::from_str(&json).expect("is JSON");
        assert_eq!(back["summary"], "a\"b\\c\n| = \\u{202e}\\u{1b}[31m</script>");
        assert!(!json.contains('\n') && json.len() < 4096);
        assert!(serde_json::to_string(&message(&"x".repeat(1 << 20))).expect("is JSON").len() < 16 * 1024);
    }
}
