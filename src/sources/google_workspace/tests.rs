mod acts;

use proptest::prelude::*;

use super::*;
use crate::event::{ChannelType, Outcome, Snapshot, Surface};

#[derive(Default)]
struct Taken {
    events: Vec<serde_json::Value>,
    rejects: usize,
}

impl Receiver for Taken {
    fn event(&mut self, event: Event<'_>) {
        self.events.push(serde_json::to_value(event).expect("events are JSON"));
    }
    fn snapshot(&mut self, _: Snapshot<'_>) {}
    fn reject(&mut self, _: Reject) {
        self.rejects += 1;
    }
}

const ORIGIN: Origin<'_> = Origin { path: "google/2024.ndjson", object_time: 0, export: None };

fn read(json: &str) -> Taken {
    let mut out = Taken::default();
    assert!(recognises(&Record::Json(json), &ORIGIN), "not recognised: {json}");
    normalize(&Record::Json(json), &ORIGIN, &mut out).expect("a good record");
    out
}

fn one(json: &str) -> serde_json::Value {
    let mut taken = read(json);
    assert_eq!(taken.events.len(), 1, "{json}");
    taken.events.remove(0)
}

const HEAD: &str = r#""kind":"admin#reports#activity","id":{"time":"2024-05-06T07:08:09.123Z","uniqueQualifier":"-42",
"applicationName":"APP","customerId":"C01"},"actor":{"callerType":"USER","email":"Ana@Example.com","profileId":"1001"},
"ipAddress":"192.0.2.7""#;

fn activity(application: &str, events: &str) -> String {
    format!("{{{},\"events\":{events}}}", HEAD.replace("APP", application))
}

const DOWNLOAD_LIST: &str = r#"{"type":"access","name":"download","parameters":[{"name":"primary_event","boolValue":true},
{"name":"doc_id","value":"d1"},{"name":"doc_title","value":"Roadmap"},{"name":"doc_type","value":"document"},{"name":"owner",
"value":"bo@example.com"},{"name":"visibility","value":"people_with_link"},{"name":"owner_is_shared_drive","boolValue":false}]}"#;
const DOWNLOAD_MAP: &str = r#""type":"access","name":"download","parameters":{"primary_event":true,"doc_id":"d1","doc_title":"Roadmap",
"doc_type":"document","owner":"bo@example.com","visibility":"people_with_link","owner_is_shared_drive":null}"#;

#[test]
fn one_download_is_the_same_event_in_every_envelope() {
    let flat =
        format!("{{{},{DOWNLOAD_MAP}}}", HEAD.replace("APP", "drive")).replace("2024-05-06T07:08:09.123Z", "2024-05-06 07:08:09.123000000");
    let page =
        format!(r#"{{"kind":"admin#reports#activities","etag":"x","items":[{}]}}"#, activity("drive", &format!("[{DOWNLOAD_LIST}]")));
    let under_event = activity("drive", DOWNLOAD_LIST).replace("\"events\"", "\"event\"");
    for json in [activity("drive", DOWNLOAD_LIST), activity("drive", &format!("[{DOWNLOAD_LIST}]")), under_event, page, flat] {
        let event = one(&json);
        let id = event["event_id"].as_str().expect("an id");
        assert_eq!(id, one(&activity("drive", DOWNLOAD_LIST))["event_id"], "{json}");
        assert!(id.starts_with("google:drive:C01:1714979289123000:-42:download:"), "{id}");
        for (column, expected) in [
            ("action", "file_downloaded"),
            ("vendor_action", "drive/download"),
            ("surface", "file_share"),
            ("actor_id", "1001"),
            ("actor_email", "ana@example.com"),
            ("actor_class", "human"),
            ("src_ip", "192.0.2.7"),
            ("workspace_id", "C01"),
            ("file_id", "d1"),
            ("file_name", "Roadmap"),
            ("file_type", "document"),
            ("file_owner", "bo@example.com"),
        ] {
            assert_eq!(event[column], expected, "{column} of {json}");
        }
        assert_eq!(event["event_time"], 1_714_979_289_123_000_i64);
        assert!(event["attributes"].as_str().is_some_and(|rest| rest.contains("people_with_link")), "{json}");
    }
}

#[test]
fn a_flattened_record_without_an_id_is_still_read() {
    let event = one(&format!(
        r#"{{{DOWNLOAD_MAP},"email":"ana@example.com","ip_address":"null","unique_id":"9","timestamp":"2024-05-06T07:08:09Z"}}"#
    ));
    assert_eq!((&event["event_id"], &event["action"]), (&"".into(), &"file_downloaded".into()));
    assert_eq!((&event["actor_id"], &event["src_ip"]), (&"ana@example.com".into(), &serde_json::Value::Null));
    assert_eq!(event["event_time"], 1_714_979_289_000_000_i64);
}

#[test]
fn of_many_events_only_the_primary_one_counts_and_each_has_its_id() {
    let change = |primary: bool, user: &str| {
        let marks = format!(r#"{{"name":"primary_event","boolValue":{primary}}},{{"name":"target_user","value":"{user}"}}"#);
        format!(r#"{{"type":"acl_change","name":"change_user_access","parameters":[{marks},{{"name":"doc_id","value":"d1"}}]}}"#)
    };
    let list = [change(true, "eve@partner.example"), change(false, "mallory@example.net"), change(true, "eve@partner.example")];
    let taken = read(&activity("drive", &format!("[{}]", list.join(","))));
    let actions: Vec<&str> = taken.events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert_eq!(actions, ["permission_changed", "other", "permission_changed"]);
    assert_eq!(taken.events[1]["vendor_action"], "drive/change_user_access");
    assert_eq!(taken.events[0]["target_domain"], "partner.example");
    let mut ids: Vec<&str> = taken.events.iter().filter_map(|event| event["event_id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2, "what is said twice is one act: {ids:?}");
    // A shipper that splits the activity gives the same ids.
    for (at, event) in list.iter().enumerate() {
        assert_eq!(one(&activity("drive", event))["event_id"], taken.events[at]["event_id"]);
    }
}

fn chat(name: &str, parameters: &str) -> String {
    activity("chat", &format!(r#"{{"type":"user_action","name":"{name}","parameters":[{parameters}]}}"#))
}

#[test]
fn names_of_downloaded_attachments_are_base64_and_of_uploaded_ones_plain() {
    for (written, read) in
        [("aW1hZ2UucG5n", "image.png"), ("image.png", "image.png"), ("README", "README"), ("abcdefgh", "abcdefgh"), ("====", "====")]
    {
        let event = one(&chat(
            "attachment_download",
            &format!(
                r#"{{"name":"room_id","value":"r1"}},{{"name":"attachment_name","value":"{written}"}},{{"name":"attachment_hash",
"value":"h1"}},{{"name":"attachment_url","value":"https://chat.example.com/download?attachment_token=1"}}"#
            ),
        ));
        assert_eq!((&event["file_name"], &event["action"], &event["surface"]), (&read.into(), &"file_downloaded".into(), &"chat".into()));
        assert_eq!((&event["channel_id"], &event["file_id"]), (&"r1".into(), &"h1".into()));
        assert_eq!(event["object_url"], "https://chat.example.com/download");
        assert!(!event.to_string().contains("attachment_token"), "the token opens the file");
    }
}

#[test]
fn chat_says_where_it_happened() {
    for (conversation, external, kind, outside) in [
        ("SPACE", "ENABLED", None, Some(true)),
        ("GROUP_DIRECT_MESSAGE", "DISABLED", Some(ChannelType::Group), Some(false)),
        ("USER_TO_APP_DIRECT_MESSAGE", "", Some(ChannelType::Direct), None),
    ] {
        let event = one(&chat(
            "message_posted",
            &format!(
                r#"{{"name":"message_id","value":"spaces/1/messages/2"}},{{"name":"conversation_type","value":"{conversation}"}},
{{"name":"external_room","value":"{external}"}},{{"name":"room_name","value":"Ops"}}"#
            ),
        ));
        assert_eq!(event["channel_type"], kind.map_or(serde_json::Value::Null, |kind| kind.as_str().into()));
        assert_eq!(event["channel_external"], outside.map_or(serde_json::Value::Null, Into::into));
        assert_eq!((&event["action"], &event["message_id"]), (&"message_posted".into(), &"spaces/1/messages/2".into()));
    }
}

#[test]
fn who_is_added_to_a_room_is_who_joined() {
    let json = chat(
        "add_room_member",
        r#"{"name":"room_id","value":"r1"},{"name":"target_users","multiValue":["bo@example.com","cy@example.net"]}"#,
    );
    let taken = read(&json);
    let joined: Vec<(&str, &str)> =
        taken.events.iter().filter_map(|event| Some((event["actor_id"].as_str()?, event["action"].as_str()?))).collect();
    assert_eq!(joined, [("bo@example.com", "channel_joined"), ("cy@example.net", "channel_joined")]);
    assert!(
        taken
            .events
            .iter()
            .all(|event| event["attributes"].as_str().is_some_and(|rest| rest.contains("\"changed_by\":\"ana@example.com\"")))
    );
    assert_ne!(taken.events[0]["event_id"], taken.events[1]["event_id"]);
}

#[test]
fn callers_are_classed_as_the_log_says() {
    for (caller, expected) in [
        (r#""callerType":"EXTERNAL_USER","email":"eve@partner.example""#, Some("guest")),
        (r#""callerType":"KEY","key":"SYSTEM""#, Some("system")),
        (r#""callerType":"KEY","key":"HANGOUTS_EXTERNAL_OR_ANONYMOUS""#, Some("guest")),
        (r#""callerType":"KEY","key":"some-robot""#, Some("service")),
        (r#""callerType":"USER","email":"robot@project.iam.gserviceaccount.com""#, Some("service")),
        (r#""email":"ana@example.com""#, None),
    ] {
        let json = activity("drive", DOWNLOAD_LIST).replace(r#""callerType":"USER","email":"Ana@Example.com","profileId":"1001""#, caller);
        let event = one(&json);
        assert_eq!(event["actor_class"].as_str(), expected, "{caller}");
        assert!(event["actor_id"].is_string(), "{caller}");
    }
}

#[test]
fn who_or_what_an_act_is_about_is_its_target() {
    for (application, name, parameters, columns, expected) in [
        (
            "chat",
            "role_updated",
            r#"{"name":"room_id","value":"r1"},{"name":"target_users","multiValue":["bo@example.com"]}"#,
            ["target", "target_type"],
            ["bo@example.com", "user"],
        ),
        (
            "chat",
            "emoji_created",
            r#"{"name":"emoji_shortcode","value":":plan:"},{"name":"filename","value":"plan.png"}"#,
            ["target", "file_name"],
            [":plan:", "plan.png"],
        ),
        (
            "chat",
            "message_posted",
            r#"{"name":"message_id","value":"m1"},{"name":"target_users","multiValue":["bo@example.com"]}"#,
            ["message_id", "target"],
            ["m1", ""],
        ),
        ("drive", "search", r#"{"name":"parsed_query","value":"x"}"#, ["search_query", "target"], ["x", ""]),
        (
            "data_studio",
            "CHANGE_USER_ACCESS",
            r#"{"name":"ASSET_ID","value":"r1"},{"name":"TARGET_USER_EMAIL","value":"bo@example.com"}"#,
            ["file_id", "target"],
            ["r1", "bo@example.com"],
        ),
        (
            "keep",
            "deleted_attachment",
            r#"{"name":"note_name","value":"notes/1"},{"name":"attachment_name","value":"notes/1/attachments/2"}"#,
            ["action", "file_id"],
            ["file_deleted", "notes/1/attachments/2"],
        ),
        ("keep", "created_note", r#"{"name":"note_name","value":"notes/1"}"#, ["file_id", "object_url"], ["notes/1", "notes/1"]),
        (
            "meet",
            "call_ended",
            r#"{"name":"meeting_code","value":"ABC"},{"name":"target_email","value":"bo@example.com"}"#,
            ["channel_id", "target"],
            ["ABC", "bo@example.com"],
        ),
        (
            "calendar",
            "change_calendar_acls",
            r#"{"name":"calendar_id","value":"c1"},{"name":"grantee_email","value":"bo@example.com"}"#,
            ["channel_id", "target"],
            ["c1", "bo@example.com"],
        ),
        (
            "admin",
            "SOMETHING_NEW",
            r#"{"name":"ORG_UNIT_NAME","value":"o"},{"name":"RELATED_ALERT_ID","value":""},{"name":"ALERT_ID","value":"a1"}"#,
            ["target", "target_type"],
            ["a1", "alert"],
        ),
        (
            "admin",
            "SOMETHING_ELSE",
            r#"{"name":"ORG_UNIT_NAME","value":"o"},{"name":"NEW_VALUE","value":"x"}"#,
            ["target", "target_type"],
            ["", ""],
        ),
        ("login", "login_success", r#"{"name":"device_id","value":"d1"}"#, ["action", "target"], ["login", ""]),
        ("admin", "ADD_TO_TRUSTED_OAUTH2_APPS", r#"{"name":"OAUTH2_APP_ID","value":"a1"}"#, ["target", "target_type"], ["a1", "app"]),
        ("vault", "view_investigation", r#"{"name":"matter_id","value":"m1"}"#, ["target", "target_type"], ["m1", "matter"]),
    ] {
        let event = one(&activity(application, &format!(r#"{{"type":"x","name":"{name}","parameters":[{parameters}]}}"#)));
        let found = columns.map(|column| event.get(column).and_then(|value| value.as_str()).unwrap_or_default().to_owned());
        assert_eq!(found, expected, "{application} {name}");
    }
}

#[test]
fn an_event_may_be_known_by_its_type_or_by_what_a_rule_did() {
    let event = |application: &str, kind: &str, name: &str, parameters: &str| {
        let event = format!(r#"{{"type":"{kind}","name":"{name}","parameters":[{parameters}]}}"#);
        one(&activity(application, &event))["action"].as_str().map(str::to_owned)
    };
    let triggered = r#"{"name":"triggered_actions","multiMessageValue":[{"parameter":[{"name":"action_type","value":"DRIVE_WARN"}]}]}"#;
    for (application, kind, name, parameters, expected) in [
        ("sign_in", "login", "login_success", "", "login"),
        ("sign_in", "login", "something_new", "", "other"),
        ("rules", "x", "something_new", triggered, "dlp_match"),
        ("admin", "SECURITY_SETTINGS", "SOMETHING_NEW", "", "permission_changed"),
        ("admin", "USER_SETTINGS", "SOMETHING_NEW", "", "other"),
        ("rules", "x", "something_new", "", "other"),
        ("rules", "x", "label_applied", triggered, "other"),
        ("drive", "x", "something_new", triggered, "other"),
    ] {
        assert_eq!(event(application, kind, name, parameters).as_deref(), Some(expected), "{application} {kind} {name}");
    }
}

#[test]
fn names_of_events_become_actions() {
    let simple = |application: &str, name: &str, parameters: &str| {
        one(&activity(application, &format!(r#"{{"type":"x","name":"{name}","parameters":[{parameters}]}}"#)))
    };
    for (application, name, parameters, action, outcome, surface) in [
        ("drive", "sync_item_content", "", Action::FileSynced, Outcome::Success, Surface::FileShare),
        ("drive", "access_item_content", "", Action::FileViewed, Outcome::Success, Surface::FileShare),
        ("drive", "print", "", Action::Print, Outcome::Success, Surface::FileShare),
        ("login", "login_failure", "", Action::Login, Outcome::Failed, Surface::Identity),
        ("login", "suspicious_login ", "", Action::VendorAnomaly, Outcome::Success, Surface::Identity),
        ("login", "risky_sensitive_action_blocked", "", Action::VendorAnomaly, Outcome::Blocked, Surface::Identity),
        ("rules", "rule_match", r#"{"name":"data_source","value":"CHAT"}"#, Action::DlpMatch, Outcome::Success, Surface::Chat),
        ("rules", "sharing_blocked", "", Action::DlpMatch, Outcome::Blocked, Surface::FileShare),
        ("vault", "search", r#"{"name":"query","value":"type: Mail, terms: x"}"#, Action::ContentSearch, Outcome::Success, Surface::Email),
        (
            "takeout",
            "STARTED_USER_TAKEOUT",
            r#"{"name":"TAKEOUT_DESTINATION","value":"DROPBOX"}"#,
            Action::Export,
            Outcome::Success,
            Surface::FileShare,
        ),
        ("admin", "CUSTOMER_TAKEOUT_CREATED", "", Action::Export, Outcome::Success, Surface::Identity),
        (
            "chrome",
            "CONTENT_TRANSFER",
            r#"{"name":"TRIGGER_TYPE","value":"FILE_UPLOAD"},{"name":"EVENT_RESULT","value":"BLOCKED"},{"name":"URL",
"value":"https://www.files.example.net/x"}"#,
            Action::CloudUpload,
            Outcome::Blocked,
            Surface::Endpoint,
        ),
        ("chrome", "CONTENT_TRANSFER", "", Action::Other, Outcome::Success, Surface::Endpoint),
        ("calendar", "something_new", "", Action::Other, Outcome::Success, Surface::FileShare),
    ] {
        let event = simple(application, name, parameters);
        assert_eq!(
            (event["action"].as_str(), event["outcome"].as_str(), event["surface"].as_str()),
            (Some(action.as_str()), Some(outcome.as_str()), Some(surface.as_str())),
            "{application}/{name}"
        );
    }
    assert_eq!(simple("drive", "sync_item_content", "")["client_class"], "sync");
    assert_eq!(simple("drive", "access_item_content", "")["client_class"], "api");
}

#[test]
fn an_app_that_is_let_in_names_its_scopes() {
    let event = one(&activity(
        "token",
        r#"{"type":"auth","name":"authorize","parameters":[{"name":"client_id","value":"c1"},{"name":"app_name","value":"Mail Sorter"},
{"name":"scope","multiValue":["drive","mail"]},{"name":"scope_data","multiMessageValue":[{"parameter":[{"name":"scope_name",
"value":"drive"}]}]}]}"#,
    ));
    assert_eq!((&event["action"], &event["app_id"], &event["app_name"]), (&"app_installed".into(), &"c1".into(), &"Mail Sorter".into()));
    assert!(event["attributes"].as_str().is_some_and(|rest| rest.contains(r#""scope":["drive","mail"]"#)));
}

const MAIL: &str = r#"{"type":"delivery_type","name":"delivery","parameters":[{"name":"event_info",
"messageValue":{"parameter":[{"name":"mail_event_type","intValue":"KIND"},{"name":"success","boolValue":true}]}},{"name":"message_info",
"messageValue":{"parameter":[{"name":"rfc2822_message_id","value":"<m1@example.com>"},{"name":"subject","value":"Plans"},
{"name":"source","messageValue":{"parameter":[{"name":"address","value":"SOURCE"}]}},{"name":"destination",
"multiMessageValue":[{"parameter":[{"name":"address","value":"Bo@partner.example"}]}]},{"name":"attachment",
"multiMessageValue":[{"parameter":[{"name":"file_name","value":"plans.pdf"},{"name":"sha256","value":"ab"}]}]},
{"name":"connection_info","messageValue":{"parameter":[{"name":"client_ip","value":"198.51.100.4"}]}}]}}]}"#;

#[test]
fn only_mails_that_somebody_sent_are_sent_mails() {
    for (kind, action) in
        [("1", "email_sent"), ("2", "other"), ("0", "other"), ("7", "mail_read"), ("11", "email_sent"), ("17", "file_downloaded")]
    {
        let event = one(&activity("gmail", &MAIL.replace("KIND", kind).replace("SOURCE", "ana@example.com")));
        assert_eq!(event["action"], action, "mail_event_type {kind}");
        assert_eq!((&event["text"], &event["message_id"]), (&"Plans".into(), &"m1@example.com".into()));
        assert_eq!((&event["file_name"], &event["file_hash"]), (&"plans.pdf".into(), &"ab".into()));
        assert_eq!((&event["recipients"][0], &event["target_domain"]), (&"bo@partner.example".into(), &"partner.example".into()));
        assert_eq!(event["actor_id"], "1001");
    }
    let received = one(&activity("gmail", &MAIL.replace("KIND", "2").replace("SOURCE", "eve@example.net")));
    assert_eq!((&received["actor_id"], &received["target"]), (&"eve@example.net".into(), &"ana@example.com".into()));
}

#[test]
fn rows_of_bigquery_are_put_together_with_their_schema() {
    let fields = |names: &[(&str, &str)]| {
        names.iter().map(|(name, mode)| format!(r#"{{"name":"{name}","mode":"{mode}","type":"STRING"}}"#)).collect::<Vec<_>>().join(",")
    };
    let top =
        fields(&[("email", ""), ("event_name", ""), ("record_type", ""), ("time_usec", ""), ("unique_identifier", ""), ("ip_address", "")]);
    let mail = format!(
        r#"{{"name":"message_info","mode":"NULLABLE","type":"RECORD","fields":[{},{{"name":"destination","mode":"REPEATED",
"type":"RECORD","fields":[{}]}}]}}"#,
        fields(&[("subject", "NULLABLE"), ("link_domain", "REPEATED")]),
        fields(&[("address", "NULLABLE")])
    );
    let info = format!(r#"{{"name":"event_info","mode":"NULLABLE","type":"RECORD","fields":[{}]}}"#, fields(&[("mail_event_type", "")]));
    for (bytes, ip) in [("MTkyLjAuMi43", "192.0.2.7"), ("wAACBw==", "192.0.2.7"), ("IAENuAAAAAAAAAAAAAAAAQ==", "2001:db8::1")] {
        let row = format!(
            r#"{{"f":[{{"v":"ana@example.com"}},{{"v":"delivery"}},{{"v":"gmail"}},{{"v":"1714979289123456"}},{{"v":"77"}},
{{"v":"{bytes}"}},{{"v":{{"f":[{{"v":"1"}}]}}}},{{"v":{{"f":[{{"v":"Plans"}},{{"v":[{{"v":"example.net"}}]}},
{{"v":[{{"v":{{"f":[{{"v":"bo@example.com"}}]}}}}]}}]}}}}]}}"#
        );
        let event = one(&format!(r#"{{"row":{row},"schema":{{"fields":[{top},{info},{mail}]}}}}"#));
        assert_eq!((&event["action"], &event["src_ip"], &event["text"]), (&"email_sent".into(), &ip.into(), &"Plans".into()));
        assert_eq!((&event["event_time"], &event["recipients"][0]), (&1_714_979_289_123_456_i64.into(), &"bo@example.com".into()));
        assert!(event["event_id"].as_str().is_some_and(|id| id.starts_with("google:gmail::1714979289123456:77:delivery:")));
        assert_eq!(event["actor_id"], "ana@example.com");
    }
    let drive = one(r#"{"time_usec":"1714979289123456","email":"ana@example.com","event_name":"download","record_type":"drive",
"drive":{"doc_id":"d1","doc_title":"Roadmap"}}"#);
    assert_eq!((&drive["action"], &drive["file_id"]), (&"file_downloaded".into(), &"d1".into()));
    let broken = r#"{"row":{"f":[{"v":"a"}]},"schema":{"fields":[{"name":"record_type"},{"name":"x"}]}}"#;
    assert!(matches!(normalize(&Record::Json(broken), &ORIGIN, &mut Taken::default()), Err(Reject::Bad { .. })));
}

#[test]
fn a_page_keeps_its_good_members_and_an_empty_one_is_nothing() {
    let page = format!(
        r#"{{"kind":"admin#reports#activities","items":[{},{{"kind":"admin#reports#activity"}},3]}}"#,
        activity("drive", DOWNLOAD_LIST)
    );
    let taken = read(&page);
    assert_eq!((taken.events.len(), taken.rejects), (1, 2));
    let empty = r#"{"kind":"admin#reports#activities","etag":"x"}"#;
    assert_eq!(normalize(&Record::Json(empty), &ORIGIN, &mut Taken::default()), Err(Reject::Nothing));
}

#[test]
fn records_of_others_are_left_alone() {
    for json in [
        r#"{"Id":"1","Operation":"FileDownloaded","AppAccessContext":{"applicationName":"x"}}"#,
        r#"{"type":"message","channel":"C1","text":"admin#reports#activity \"primary_event\"","ts":"1.2"}"#,
        r#"{"id":"1","action":"file_downloaded","date_create":1}"#,
        r#"{"type":"acl_change","name":"unheard_of","parameters":{}}"#,
        "[]",
        "not JSON \"primary_event\"",
    ] {
        assert!(!recognises(&Record::Json(json), &ORIGIN), "{json}");
    }
}

#[test]
fn the_table_of_actions_is_sorted_and_large() {
    assert!(ACTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(ACTIONS.iter().filter(|(_, action)| *action != Action::Other).count() >= 100);
    assert!(ACTIONS.iter().all(|(key, _)| key.contains('/')));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = recognises(&Record::Json(&text), &ORIGIN);
        let _ = normalize(&Record::Json(&text), &ORIGIN, &mut Taken::default());
    }

    #[test]
    fn no_mutation_of_a_good_record_panics(which in 0_usize..4, at in 0_usize..4000, with in "\\PC{0,6}", drop in 0_usize..30) {
        let base = [
            activity("drive", DOWNLOAD_LIST),
            activity("gmail", MAIL),
            chat("attachment_download", r#"{"name":"attachment_name","value":"aW1hZ2UucG5n"},{"name":"attachment_url",
"value":"https://x?y"}"#),
            r#"{"row":{"f":[{"v":"delivery"},{"v":"gmail"},{"v":[{"v":{"f":[{"v":null}]}}]}]},"schema":{"fields":[{"name":"event_name"},
{"name":"record_type"},{"name":"message_info","mode":"REPEATED","fields":[{"name":"x"}]}]}}"#.to_owned(),
        ];
        let chars: Vec<char> = base[which].chars().collect();
        let at = at % chars.len();
        let end = (at + drop).min(chars.len());
        let text: String = chars[..at].iter().copied().chain(with.chars()).chain(chars[end..].iter().copied()).collect();
        let _ = recognises(&Record::Json(&text), &ORIGIN);
        let _ = normalize(&Record::Json(&text), &ORIGIN, &mut Taken::default());
    }
}
