use std::borrow::Cow;

use proptest::prelude::*;

use crate::event::{Action, ActorClass, ChannelType, ClientClass, Event, TimeOrigin, When};
use crate::sources::atlassian_audit::collected::{Collected, never_panics};
use crate::sources::{Origin, Record, Reject, Source};

const ROW: &str = r#"{"event_id":"crm:1","event_time":"2024-03-05T10:11:12.345Z","action":"file_downloaded","surface":"file_share",
 "actor_id":"ana","actor_email":"Ana@Example.com","src_ip":"192.0.2.1:443","client_class":"api","file_name":"list.csv","file_size":12,
 "channel_external":true,"recipients":["Bo <b>","c@Example.com"],"score":7,"nested":{"a":[1]},"attributes":{"x":"y","empty":null},
 "raw_line":9}"#;

const EXPECTED: &[(&str, &str)] = &[
    ("event_id", "crm:1"),
    ("event_time", "1709633472345000"),
    ("action", "file_downloaded"),
    ("surface", "file_share"),
    ("outcome", "success"),
    ("actor_id", "ana"),
    ("actor_email", "ana@example.com"),
    ("src_ip", "192.0.2.1"),
    ("client_class", "api"),
    ("file_name", "list.csv"),
    ("file_size", "12"),
    ("channel_external", "true"),
    ("recipients", r#"["Bo <b>","c@example.com"]"#),
    ("attributes", r#"{"score":7,"nested":{"a":[1]},"x":"y"}"#),
];

fn csv(header: &str, row: &str) -> Collected {
    let read = |line: &str| csv::StringRecord::from(csv_fields(line));
    let (header, row) = (read(header), read(row));
    let record = Record::Csv { header: &header, row: &row };
    let origin = Origin { path: "x.csv", object_time: 0, export: None };
    assert_eq!(Source::recognise(&record, &origin), Some(Source::Events));
    Collected::from(Source::Events, &record, "x.csv")
}

fn csv_fields(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    reader.records().flatten().next().map(|record| record.iter().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn a_row_is_the_same_alone_in_a_list_and_in_an_envelope() {
    Collected::recognised(Source::Events, ROW).has(EXPECTED);
    Collected::recognised(Source::Events, &format!("[{ROW}]")).has(EXPECTED);
    Collected::recognised(Source::Events, &format!(r#"{{"events":[{ROW}]}}"#)).has(EXPECTED);
}

#[test]
fn a_csv_row_is_read_like_a_json_row() {
    let header = concat!(
        "event_id,Event_Time,action,actor_id,actor_email,src_ip,client_class,file_name,file_size,",
        "channel_external,surface,recipients,score,attributes"
    );
    let row = concat!(
        "crm:1,3/5/2024 10:11:12 AM,file_downloaded,ana,Ana@Example.com,192.0.2.1,api,list.csv,12,",
        r#"TRUE,file_share,"b@example.com, C@example.com",7,"{""x"":""y""}""#
    );
    let collected = csv(header, row);
    collected.has(&[
        ("event_time", "1709633472000000"),
        ("actor_email", "ana@example.com"),
        ("file_size", "12"),
        ("channel_external", "true"),
        ("recipients", r#"["b@example.com","c@example.com"]"#),
        ("attributes", r#"{"score":"7","x":"y"}"#),
    ]);
    csv("event_time,action,actor_email", "1709633472,login,a@example.com").has(&[
        ("actor_id", "a@example.com"),
        ("surface", "identity"),
        ("event_id", ""),
    ]);
}

#[test]
fn what_is_missing_stays_empty_and_the_surface_follows_the_act() {
    for (action, surface) in [
        ("message_posted", "chat"),
        ("mail_read", "email"),
        ("print", "endpoint"),
        ("app_installed", "identity"),
        ("file_synced", "file_share"),
    ] {
        let json = format!(r#"{{"event_time":1709633472,"action":"{action}","actor_id":"a","text":null,"recipients":null}}"#);
        Collected::recognised(Source::Events, &json).has(&[
            ("surface", surface),
            ("text", ""),
            ("recipients", ""),
            ("attributes", ""),
            ("event_id", ""),
        ]);
    }
}

#[test]
fn times_recipients_and_attributes_may_have_any_form() {
    let json = r#"{"event_time":"1709633472345","action":"email_sent","actor_id":"a","recipients":"b@example.com; c@example.com",
        "attributes":"{\"k\":1}","text":{"blocks":[]},"message_id":17}"#;
    Collected::recognised(Source::Events, json).has(&[
        ("event_time", "1709633472345000"),
        ("recipients", r#"["b@example.com","c@example.com"]"#),
        ("attributes", r#"{"k":1,"text":{"blocks":[]}}"#),
        ("message_id", "17"),
    ]);
    let text = r#"{"event_time":1709633472,"action":"login","actor_id":"a","attributes":"free text"}"#;
    Collected::recognised(Source::Events, text).has(&[("attributes", r#"{"attributes":"free text"}"#)]);
}

#[test]
fn wrong_values_are_named_by_column_and_never_quoted() {
    for (member, expected) in [
        (r#""action":"hunter2""#, "action must be one of: message_posted, message_edited, "),
        (r#""surface":"hunter2""#, "surface must be one of: chat, file_share, email, ticket, endpoint, identity"),
        (r#""outcome":"hunter2""#, "outcome must be one of: success, blocked, failed"),
        (r#""actor_class":"hunter2""#, "actor_class must be one of: human, guest, service, system"),
        (r#""client_class":"hunter2""#, "client_class must be one of: interactive, sync, backup, api, ai"),
        (r#""time_origin":"hunter2""#, "time_origin must be one of: object"),
        (r#""channel_type":"hunter2""#, "channel_type must be one of: public, private, direct, group, site"),
        (r#""file_size":"hunter2""#, "file_size is no number of bytes"),
        (r#""file_size":-1"#, "file_size is no number of bytes"),
        (r#""device_managed":"hunter2""#, "device_managed is neither true nor false"),
        (r#""x":1"#, "action must be one of: message_posted"),
    ] {
        let rest = if member.contains("\"action\"") || member.contains("\"x\"") { "" } else { r#","action":"login""# };
        let json = format!(r#"{{{member}{rest},"actor_id":"a"}}"#);
        let collected = Collected::from(Source::Events, &Record::Json(&json), "x");
        let reason = match collected.end {
            Some(Reject::Bad { reason, .. }) => reason,
            end => format!("{json} ended with {end:?}"),
        };
        assert!(reason.starts_with(expected) && !reason.contains("hunter2"), "{reason}");
    }
    let row = r#"{"event_time":1709633472,"action":"login","actor_id":"a"}"#;
    let collected = Collected::from(Source::Events, &Record::Json(&format!(r#"[{row},{{"action":"x"}},3,{row}]"#)), "x");
    assert_eq!((collected.events.len(), collected.rejects.len()), (2, 2));
}

#[test]
fn every_column_of_an_event_is_read_back() {
    let text = || Some(Cow::Borrowed("v"));
    let event = Event {
        event_id: Cow::Borrowed("e"),
        event_time: When::At(1_709_633_472_345_000),
        time_origin: Some(TimeOrigin::Object),
        action: Action::Search,
        vendor_action: text(),
        batch_id: text(),
        actor_id: text(),
        actor_name: text(),
        actor_email: Some(Cow::Borrowed("a@example.com")),
        actor_org: text(),
        on_behalf_of: text(),
        actor_class: Some(ActorClass::Guest),
        client_class: Some(ClientClass::Backup),
        app_id: text(),
        app_name: text(),
        session_id: text(),
        src_ip: Some(Cow::Borrowed("192.0.2.1")),
        user_agent: text(),
        country: text(),
        device_name: text(),
        device_managed: Some(false),
        os: text(),
        workspace_id: text(),
        channel_id: text(),
        channel_name: text(),
        channel_type: Some(ChannelType::Group),
        channel_external: Some(true),
        permalink: text(),
        message_id: text(),
        thread_id: text(),
        text: text(),
        search_query: text(),
        file_id: text(),
        file_name: text(),
        file_type: text(),
        file_size: Some(1),
        file_hash: text(),
        file_owner: text(),
        object_url: text(),
        sensitivity_label: text(),
        recipients: vec![Cow::Borrowed("b@example.com")],
        target: text(),
        target_type: text(),
        target_domain: text(),
        target_account: text(),
        attributes: Some(Cow::Borrowed(r#"{"k":1}"#)),
        ..Event::default()
    };
    let json = serde_json::to_string(&event).expect("events are JSON");
    let collected = Collected::recognised(Source::Events, &json);
    assert_eq!(collected.events, [serde_json::to_value(&event).expect("events are JSON")]);
}

#[test]
fn other_records_are_left_alone() {
    let origin = Origin { path: "raw/x.json", object_time: 0, export: None };
    for json in [
        r#"{"event_time":1,"action":"unknown","actor_id":"a"}"#,
        r#"{"event_time":1,"action":"login"}"#,
        r#"{"action":"login","actor_id":"a"}"#,
        r#"{"events":{"name":"download"},"event_time":null}"#,
        "[]",
    ] {
        assert!(!super::recognises(&Record::Json(json), &origin), "{json}");
    }
    let mut none = Collected::default();
    assert_eq!(super::normalize(&Record::Mail(b""), &origin, &mut none), Err(Reject::NotThisSource));
}

proptest! {
    #[test]
    fn nothing_panics(noise in ".{0,40}", from in 0_usize..2_000, to in 0_usize..2_000) {
        never_panics(Source::Events, &[ROW], &noise, (from, to));
    }
}
