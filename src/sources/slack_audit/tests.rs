use proptest::prelude::*;

use super::super::Source;
use super::super::slack_messages::tests::{Kept, feed, fields, mutated, run};
use super::*;

const DOWNLOADED: &str = r#"{"id":"0123abcd-1","date_create":1714557600,"action":"file_downloaded","actor":{"type":"user",
    "user":{"id":"W0ANA0001",
    "name":"Ana Lee","email":"Ana.Lee@Example.com","team":"E0ORG00001"}},"entity":{"type":"file","file":{"id":"F0FILE0001",
        "name":"plan.pdf","filetype":
    "application/pdf","title":"The plan"}},"context":{"ip_address":"192.0.2.7",
        "ua":"com.tinyspeck.chatlyio/23.04.40 (iPhone; iOS 16.4.1)","session_id":913888259765,
    "location":{"type":"workspace","id":"T0HOME001","name":"Home","domain":"home"}},
        "details":{"url_private":"https://files.example.com/plan.pdf"}}"#;

fn audit(json: &str) -> Kept {
    let (kept, done) = run(Source::SlackAudit, json, "raw/slack/audit.ndjson");
    assert_eq!(done, Ok(()), "{json}");
    kept
}

/// An entry of that action about that entity, with these details.
fn entry(action: &str, entity: &str, details: &str) -> String {
    format!(
        r#"{{"id":"0123abcd-2","date_create":1714557600,"action":"{action}","actor":{{"type":"user","user":{{"id":"W0ANA0001"}}}},
            "entity":{entity},
        "context":{{"ua":"x","ip_address":"192.0.2.7"}},"details":{details}}}"#
    )
}

#[test]
fn a_download_fills_its_columns() {
    let event = &audit(DOWNLOADED).events[0];
    let names = [
        "event_id",
        "event_time",
        "surface",
        "action",
        "actor_id",
        "actor_name",
        "actor_email",
        "actor_org",
        "src_ip",
        "session_id",
        "client_class",
    ];
    let expected = "slack_audit:0123abcd-1 | 1714557600000000 | chat | file_downloaded | W0ANA0001 | Ana Lee | ana.lee@example.com \
        | E0ORG00001 | 192.0.2.7 | 913888259765 | interactive";
    assert_eq!(fields(event, &names), expected);
    let names = ["file_id", "file_name", "file_type", "file_size", "object_url", "workspace_id", "channel_id", "attributes"];
    let expected = "F0FILE0001 | plan.pdf | application/pdf | - | https://files.example.com/plan.pdf | T0HOME001 | - \
        | {\"entity\":{\"title\":\"The plan\"}}";
    assert_eq!(fields(event, &names), expected);
}

#[test]
fn one_entry_is_the_same_in_every_envelope() {
    let single = audit(DOWNLOADED).events;
    let page = format!(r#"{{"entries":[{DOWNLOADED}],"response_metadata":{{"next_cursor":"abc"}}}}"#);
    let panther = DOWNLOADED
        .replace("\"date_create\":1714557600", "\"date_create\":\"2024-05-01 10:00:00\"")
        .replace("\"details\"", "\"p_event_time\":\"2024-05-01 10:00:00.000000000\",\"p_log_type\":\"Slack.AuditLogs\",\"details\"");
    for json in [page, format!("[{DOWNLOADED}]"), panther, DOWNLOADED.replace("913888259765", "\"913888259765\"")] {
        assert_eq!(audit(&json).events, single, "{json}");
    }
}

#[test]
fn anomalies_say_why() {
    let user = r#"{"type":"user","user":{"id":"W0ANA0001","email":"ana.lee@example.com"}}"#;
    for (reason, expected) in [
        (r#"["asn","ip_address"]"#, "vendor_anomaly | asn,ip_address | anomaly_reason | GB"),
        (r#""excessive_downloads""#, "vendor_anomaly | excessive_downloads | anomaly_reason | GB"),
    ] {
        let json = entry(
            "anomaly",
            user,
            &format!(r#"{{"action_timestamp":1714557600123,"location":"London, England, GB","previous_ua":"","reason":{reason}}}"#),
        );
        let event = &audit(&json).events[0];
        assert_eq!(fields(event, &["action", "target", "target_type", "country"]), expected);
        assert!(event["attributes"].as_str().is_some_and(|json| json.contains("\"reason\"") && !json.contains("previous_ua")));
    }
    let undated = entry("anomaly", user, r#"{"action_timestamp":1714557600123456}"#).replace("\"date_create\":1714557600,", "");
    assert_eq!(fields(&audit(&undated).events[0], &["event_time"]), "1714557600123456");
}

#[test]
fn entities_go_to_their_columns() {
    for (action, entity, details, names, expected) in [
        (
            "file_shared",
            r#"{"type":"file","file":{"id":"F0FILE0001"}}"#,
            r#"{"shared_with":{"channel_id":"C0GENERAL1","access_level":"read"}}"#,
            ["action", "file_id", "channel_id", "channel_type"],
            "file_shared | F0FILE0001 | C0GENERAL1 | public",
        ),
        (
            "user_channel_join",
            r#"{"type":"channel","channel":{"id":"C0GENERAL1","name":"general","privacy":"private","is_shared":true,
                "is_org_shared":false}}"#,
            "{}",
            ["channel_id", "channel_name", "channel_type", "channel_external"],
            "C0GENERAL1 | general | private | true",
        ),
        (
            "message_tombstoned",
            r#"{"type":"message","message":{"team":"T0HOME001","channel":"G0SECRET01","timestamp":"1714557000.000100"}}"#,
            "{}",
            ["action", "channel_id", "message_id", "workspace_id"],
            "dlp_match | G0SECRET01 | 1714557000.000100 | T0HOME001",
        ),
        (
            "app_installed",
            r#"{"type":"app","app":{"id":"A0APP0001","name":"Sync","scopes":["files:read"]}}"#,
            "null",
            ["action", "surface", "app_name", "attributes"],
            r#"app_installed | identity | Sync | {"entity":{"scopes":["files:read"]}}"#,
        ),
        (
            "role_change_to_admin",
            r#"{"type":"user","user":{"id":"W0BO00001","name":"Bo"}}"#,
            "{}",
            ["action", "surface", "target", "target_type"],
            "permission_changed | identity | W0BO00001 | user",
        ),
    ] {
        assert_eq!(fields(&audit(&entry(action, entity, details)).events[0], &names), expected, "{action}");
    }
}

#[test]
fn what_is_no_file_message_channel_or_app_is_the_target() {
    for (action, entity, details, names, expected) in [
        (
            "workflow_responses_csv_download",
            r#"{"type":"workflow","workflow":{"id":"Wf0001","name":"Survey"}}"#,
            "{}",
            ["action", "target", "target_type", "attributes"],
            r#"export | Wf0001 | workflow | {"entity":{"name":"Survey"}}"#,
        ),
        (
            "canvas_downloaded",
            r#"{"type":"canvas","canvas":{"id":"F0CANVAS01","title":"Notes"}}"#,
            "{}",
            ["action", "surface", "file_id", "file_name"],
            "file_downloaded | chat | F0CANVAS01 | Notes",
        ),
        (
            "manual_export_downloaded",
            r#"{"type":"workspace","workspace":{"id":"T0HOME001"}}"#,
            "{}",
            ["action", "surface", "target", "target_type"],
            "export | chat | T0HOME001 | workspace",
        ),
        (
            "pref.dlp_access_changed",
            "null",
            r#"{"new_value":"x"}"#,
            ["action", "surface", "target", "attributes"],
            r#"permission_changed | identity | - | {"details":{"new_value":"x"}}"#,
        ),
        (
            "brand_new_action",
            r#""odd""#,
            r#""odd""#,
            ["action", "vendor_action", "target", "attributes"],
            "other | brand_new_action | - | -",
        ),
    ] {
        assert_eq!(fields(&audit(&entry(action, entity, details)).events[0], &names), expected, "{action}");
    }
}

#[test]
fn outcomes_and_classes_follow_from_the_action() {
    for (action, expected) in [
        ("file_downloaded", "file_downloaded | success | -"),
        ("file_downloaded_blocked", "file_downloaded | blocked | -"),
        ("file_upload_blocked_by_type", "file_uploaded | blocked | -"),
        ("user_login", "login | success | -"),
        ("user_login_failed", "login | failed | -"),
        ("guest_channel_join", "channel_joined | success | guest"),
        ("guest_created", "other | success | -"),
    ] {
        assert_eq!(fields(&audit(&entry(action, "{}", "{}")).events[0], &["action", "outcome", "actor_class"]), expected);
    }
    let search = audit(&entry("mcp_slack_search_public_tool_called", "{}", "{}"));
    assert_eq!(fields(&search.events[0], &["action", "client_class"]), "search | ai");
    for (actor, expected) in [
        (r#"{"type":"app","app":{"id":"A0APP0001","name":"Sync"}}"#, "A0APP0001 | service | api"),
        (r#"{"type":"bot","bot":{"id":"B0BOT0001"}}"#, "B0BOT0001 | service | api"),
        (r#"{"type":"user","user":{"id":"USLACKBOT"}}"#, "USLACKBOT | system | -"),
        (r#"{"type":"user","user":{"email":"Ana@Example.com","account_type":"multi_channel_guest"}}"#, "ana@example.com | guest | -"),
        (r#"{"type":"system"}"#, "- | system | -"),
    ] {
        let json = entry("file_downloaded", "{}", "{}").replace(r#"{"type":"user","user":{"id":"W0ANA0001"}}"#, actor);
        assert_eq!(fields(&audit(&json).events[0], &["actor_id", "actor_class", "client_class"]), expected, "{actor}");
    }
}

#[test]
fn lists_of_what_can_happen_are_nothing() {
    for json in [
        r#"{"actions":{"workspace_or_org":["workspace_created"],"user":["user_login"],"file":["file_downloaded"]}}"#,
        r#"{"schemas":[{"type":"workspace","workspace":{"id":"string","name":"string"}},{"type":"user","user":{"id":"string"}}],
            "ok":true}"#,
        r#"{"entries":[],"response_metadata":{"next_cursor":""}}"#,
    ] {
        let (kept, done) = run(Source::SlackAudit, json, "x.json");
        assert_eq!((kept.events.len(), done), (0, Err(Reject::Nothing)), "{json}");
    }
}

#[test]
fn a_broken_entry_does_not_stop_the_page() {
    let json = format!(r#"{{"entries":[{{"id":"1"}},{DOWNLOADED},"odd"],"response_metadata":{{}}}}"#);
    let kept = audit(&json);
    assert_eq!((kept.events.len(), kept.rejects.len()), (1, 2));
    let broken = DOWNLOADED.get(..200).expect("longer than that");
    let done = normalize(&Record::Json(broken), &Origin { path: "", object_time: 0, export: None }, &mut Kept::default());
    assert!(matches!(done, Err(Reject::Bad { column: Some(_), .. })));
}

#[test]
fn actions_are_sorted_and_many() {
    assert!(ACTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(ACTIONS.iter().filter(|(_, action)| *action != Action::Other).count() >= 60);
}

#[test]
fn other_vendors_records_are_not_claimed() {
    for json in [
        r#"{"action":"opened","actor":"ana","org":"example"}"#,
        r#"{"schemas":["urn:ietf:params:scim:api"],"type":"x"}"#,
        r#"{"entries":[{"type":"event","event_type":"DOWNLOAD"}],"next_stream_position":1}"#,
        r#"{"actions":[{"name":"a"}]}"#,
    ] {
        assert!(!recognises(&Record::Json(json), &Origin { path: "x.json", object_time: 0, export: None }), "{json}");
    }
}

/// JSON of an entry's shape: mostly what Slack writes, and some of everything else.
fn anything() -> impl Strategy<Value = String> {
    const PLAIN: &str = "\"[a-z0-9.@ \u{e9}]{0,10}\"";
    const ODD: &[&str] = &[
        "null",
        "\"\"",
        "[]",
        "{}",
        "true",
        "0",
        "-1.5e3",
        "12345678901234567890",
        "1714557600",
        "\"2024-05-01 10:00:00\"",
        "\"a\\n\\u00e9\"",
    ];
    const BROKEN: &[&str] = &["", "01", "nul", "1e999", "\"\\ud800\"", "\"\u{7}\""];
    const NAMES: &[&str] = &[
        "id",
        "type",
        "name",
        "email",
        "team",
        "account_type",
        "user",
        "file",
        "actor",
        "entity",
        "context",
        "details",
        "location",
        "app",
        "ua",
        "ip_address",
        "session_id",
        "action",
        "date_create",
        "p_event_time",
        "entries",
        "new",
    ];
    const ODD_NAMES: &[&str] = &["", "p_any", "response_metadata", "\\u0069d", "typ\\u0065", "\\u0070_any", "\u{e9}", "a\"b", "\\x"];
    let one_of = |values: &'static [&str]| prop::sample::select(values).prop_map(str::to_owned);
    let value = prop_oneof![40 => PLAIN, 10 => one_of(ODD), 1 => one_of(BROKEN)];
    let value = value.prop_recursive(3, 40, 6, |value| {
        let name = prop_oneof![20 => prop::sample::select(NAMES), 1 => prop::sample::select(ODD_NAMES)];
        let member = (name, value.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        let object = (prop::collection::vec(member, 0..6), prop::sample::select(vec![",", " , "]))
            .prop_map(|(members, comma)| format!("{{{}}}", members.join(comma)));
        let list = prop::collection::vec(value, 0..3).prop_map(|values| format!("[{}]", values.join(",")));
        prop_oneof![8 => object, 1 => list]
    });
    let field = (prop::sample::select(&NAMES[8..]), value).prop_map(|(name, value)| format!("\"{name}\": {value}"));
    prop::collection::vec(field, 0..8).prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// Both readings of an entry, as far as the walk reads it.
fn readings(json: &str) -> Option<(String, String)> {
    let walked = Entry::walked(json)?;
    let read = serde_json::from_str::<Entry<'_>>(json).map_err(|e| e.to_string());
    Some((format!("{:?}", Ok::<_, String>(walked)), format!("{read:?}")))
}

#[test]
fn what_slack_documents_is_walked_over() {
    let user = r#"{"type":"user","user":{"id":"W0ANA0001"}}"#;
    for json in [DOWNLOADED, &entry("user_login", user, "null"), &entry("a", "null", r#"{"a":[1,{"b":"\/"}],"reason":["asn"]}"#)] {
        let (walked, read) = readings(json).expect("it is walked over");
        assert_eq!(walked, read);
    }
    for json in [r#"{"id":"1","\u0069d":"2"}"#, r#"{"context":{"ua":null,"ua":"x"}}"#, r#"{"actor":["W0ANA0001"]}"#, "[]", "{} x"] {
        assert!(readings(json).is_none(), "{json}");
    }
}

proptest! {
    #[test]
    fn both_readings_are_one(json in anything(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        for json in [&json, &mutated(DOWNLOADED, &changes)] {
            if let Some((walked, read)) = readings(json) {
                prop_assert_eq!(walked, read, "{}", json);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        feed(Source::SlackAudit, &text);
        feed(Source::SlackAudit, &mutated(DOWNLOADED, &changes));
    }
}
