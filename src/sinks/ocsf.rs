//! A change as an OCSF Detection Finding (class 2004) of schema 1.9.0, <https://schema.ocsf.io/1.9.0/classes/detection_finding>.

use serde_json::{Map, Value, json};

use super::message::Message;
use crate::event::Micros;

/// The schema's version, which every finding names.
pub const SCHEMA_VERSION: &str = "1.9.0";

const CLASS: i64 = 2004;

/// The finding.
pub fn finding(message: &Message) -> Value {
    let (activity, activity_name, status, status_name) = match message.change {
        "retracted" => (3, "Close", 6, "Deleted"),
        "changed" => (2, "Update", 1, "New"),
        _ => (1, "Create", 1, "New"),
    };
    let (severity, severity_name) = severity(&message.severity);
    let mut finding = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + activity,
        "type_name": format!("Detection Finding: {activity_name}"),
        "time": millis(message.change_time),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "is_alert": message.change != "retracted" && message.status == "firing",
        "message": message.summary,
        "count": 1,
        "metadata": {
            "version": SCHEMA_VERSION,
            // The same however often it is sent: receivers drop what they have.
            "uid": message.id,
            "correlation_uid": message.case_id,
            "original_time": crate::interval::time_text(message.change_time),
            "product": {"name": "Bittern", "vendor_name": "Bittern", "version": env!("CARGO_PKG_VERSION")},
        },
        "finding_info": {
            "uid": message.alert_id,
            "title": message.detection.title,
            "desc": message.summary,
            "analytic": {"uid": message.detection.id, "name": message.detection.title, "type_id": 1, "type": "Rule"},
            "attacks": attacks(&message.detection.techniques),
            "types": message.detection.techniques.iter().filter(|id| !is_attack(id)).collect::<Vec<_>>(),
            "related_events_count": message.evidence_total,
            "related_events": message.evidence.iter().map(|e| json!({"uid": e.event_id, "type": e.action})).collect::<Vec<_>>(),
            "first_seen_time": message.first_event_time.map(millis),
            "last_seen_time": message.last_event_time.map(millis),
            "created_time": (activity == 1).then(|| millis(message.change_time)),
            "modified_time": (activity != 1).then(|| millis(message.change_time)),
        },
        "start_time": message.first_event_time.map(millis),
        "end_time": message.last_event_time.map(millis),
        "risk_score": message.risk_score,
        "resources": [resource(message)],
        "evidences": message.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "unmapped": {
            "status": message.status,
            "reason": message.reason,
            "payload_hash": message.payload_hash,
            "observed": message.observed,
            "expected": message.expected,
            "fingerprint": message.fingerprint,
            "interval_start": millis(message.interval_start),
            "interval_end": millis(message.interval_end),
        },
    });
    drop_nulls(&mut finding);
    finding
}

fn severity(severity: &str) -> (i64, &'static str) {
    match severity {
        "informational" => (1, "Informational"),
        "low" => (2, "Low"),
        "medium" => (3, "Medium"),
        "high" => (4, "High"),
        _ => (0, "Unknown"),
    }
}

/// ATT&CK's ids are `T` and a number; those of other catalogues have no place in `attacks`.
fn is_attack(id: &str) -> bool {
    id.strip_prefix('T').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn attacks(techniques: &[String]) -> Vec<Value> {
    let named = |id: &str| json!({"uid": id, "name": technique_name(id).unwrap_or(id)});
    let attack = |id: &String| match id.split_once('.') {
        Some((technique, _)) => json!({"technique": named(technique), "sub_technique": named(id)}),
        None => json!({"technique": named(id)}),
    };
    techniques.iter().filter(|id| is_attack(id)).map(attack).collect()
}

/// ATT&CK's name of a technique that a built-in detection answers for.
fn technique_name(id: &str) -> Option<&'static str> {
    Some(match id {
        "T1030" => "Data Transfer Size Limits",
        "T1052" => "Exfiltration Over Physical Medium",
        "T1052.001" => "Exfiltration over USB",
        "T1098" => "Account Manipulation",
        "T1098.003" => "Additional Cloud Roles",
        "T1114" => "Email Collection",
        "T1114.002" => "Remote Email Collection",
        "T1213" => "Data from Information Repositories",
        "T1213.005" => "Messaging Applications",
        "T1528" => "Steal Application Access Token",
        "T1530" => "Data from Cloud Storage",
        "T1552" => "Unsecured Credentials",
        "T1552.001" => "Credentials In Files",
        "T1552.008" => "Chat Messages",
        "T1567" => "Exfiltration Over Web Service",
        "T1567.002" => "Exfiltration to Cloud Storage",
        _ => return None,
    })
}

fn resource(message: &Message) -> Value {
    let entity = &message.entity;
    let owner = entity.email.as_ref().map(|email| json!({"name": entity.name, "email_addr": email}));
    json!({
        "uid": entity.id,
        "type": entity.entity_type,
        "name": entity.name,
        "owner": owner,
        "group": entity.group.as_ref().map(|name| json!({"name": name})),
    })
}

fn evidence(evidence: &super::message::Evidence) -> Value {
    json!({
        "uid": evidence.event_id,
        "name": evidence.action,
        "data": {"time": millis(evidence.event_time), "object": evidence.object},
    })
}

/// OCSF's `timestamp_t`: milliseconds since 1970.
fn millis(time: Micros) -> i64 {
    time.div_euclid(1_000)
}

/// An attribute without a value is left out, and so is an object without attributes.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_nulls);
            let kept: Map<String, Value> = std::mem::take(fields).into_iter().filter(|(_, value)| !is_nothing(value)).collect();
            *fields = kept;
        }
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::message::tests::message;

    #[test]
    fn a_finding_is_as_written_down() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&finding(&message("52 files on Friday; usually 2"))).expect("is JSON"));
    }

    #[test]
    fn techniques_of_attack_stand_apart_from_others() {
        let mut message = message("x");
        message.detection.techniques = vec!["T1552.008".into(), "IT1021".into(), "T1213".into()];
        let info = finding(&message)["finding_info"].clone();
        assert_eq!(info["types"], json!(["IT1021"]));
        let attacks = json!([
            {
                "technique": {"uid": "T1552", "name": "Unsecured Credentials"},
                "sub_technique": {"uid": "T1552.008", "name": "Chat Messages"},
            },
            {"technique": {"uid": "T1213", "name": "Data from Information Repositories"}},
        ]);
        assert_eq!(info["attacks"], attacks);
    }

    #[test]
    fn every_technique_of_a_built_in_detection_has_its_name() {
        let catalog = crate::jobs::catalog::Catalog::load(None).expect("built in");
        for job in crate::jobs::load(&catalog, "").0 {
            for id in job.header.techniques.iter().filter(|id| is_attack(id)) {
                assert!(technique_name(id).is_some(), "{}: {id}", job.id);
            }
        }
    }

    #[test]
    fn required_attributes_are_there_whatever_happened() {
        for change in ["new", "changed", "retracted"] {
            let mut message = message("a\"b\n\u{1b}");
            (message.change, message.first_event_time, message.risk_score) = (change, None, None);
            let finding = finding(&message);
            for name in ["activity_id", "category_uid", "class_uid", "finding_info", "metadata", "severity_id", "time", "type_uid"] {
                assert!(!finding[name].is_null(), "{name}");
            }
            assert_eq!(finding["type_uid"].as_i64(), finding["activity_id"].as_i64().map(|activity| 200_400 + activity));
            assert!(finding["start_time"].is_null() && finding.to_string().lines().count() == 1);
        }
    }
}
