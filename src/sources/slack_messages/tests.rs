//! Synthetic twins of what Slack's feeds, exports and responses hold; and what the other Slack sources' tests share.

use proptest::prelude::*;
use serde_json::Value;

use super::super::{ExportChannels, Origin, Receiver, Record, Reject, Source};
use crate::event::{ChannelType, Event, Snapshot};

/// Keeps what a normalizer yields, as JSON.
#[derive(Debug, Default)]
pub(in crate::sources) struct Kept {
    pub events: Vec<Value>,
    pub snapshots: Vec<Value>,
    pub rejects: Vec<Reject>,
}

impl Receiver for Kept {
    fn event(&mut self, event: Event<'_>) {
        self.events.push(serde_json::to_value(&event).expect("an event is JSON"));
    }
    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.snapshots.push(serde_json::to_value(&snapshot).expect("a snapshot is JSON"));
    }
    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

/// Recognises and normalizes one record; the record must be that source's.
pub(in crate::sources) fn run(source: Source, json: &str, path: &str) -> (Kept, Result<(), Reject>) {
    run_in(source, json, path, None)
}

fn run_in(source: Source, json: &str, path: &str, export: Option<&ExportChannels>) -> (Kept, Result<(), Reject>) {
    let origin = Origin { path, object_time: 0, export };
    let record = Record::Json(json);
    assert_eq!(Source::recognise(&record, &origin), Some(source), "{json}");
    let mut kept = Kept::default();
    let done = source.normalize(&record, &origin, &mut kept);
    (kept, done)
}

/// Feeds any text to a source, whoever's it is.
pub(in crate::sources) fn feed(source: Source, json: &str) {
    let origin = Origin { path: "raw/general/2024-05-01.json", object_time: 0, export: None };
    let record = Record::Json(json);
    let _ = Source::recognise(&record, &origin);
    let _ = source.normalize(&record, &origin, &mut Kept::default());
}

/// A record with some of its bytes overwritten, as far as it stays text.
pub(in crate::sources) fn mutated(record: &str, changes: &[(usize, u8)]) -> String {
    let mut bytes = record.as_bytes().to_vec();
    for (at, byte) in changes {
        let at = at % bytes.len();
        bytes[at] = *byte;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The fields of an event that are asked for, as one text.
pub(in crate::sources) fn fields(event: &Value, names: &[&str]) -> String {
    let shown = |name: &&str| event.get(name).map_or("-".into(), |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    names.iter().map(shown).collect::<Vec<_>>().join(" | ")
}

fn messages(json: &str) -> Vec<Value> {
    let (kept, done) = run(Source::SlackMessages, json, "raw/slack/events.ndjson");
    assert_eq!((done, &kept.rejects), (Ok(()), &Vec::new()), "{json}");
    kept.events
}

fn nothing(json: &str) {
    let (kept, done) = run(Source::SlackMessages, json, "raw/slack/events.ndjson");
    assert_eq!((kept.events.len(), done), (0, Err(Reject::Nothing)), "{json}");
}

/// An event in its callback.
fn callback(event: &str) -> String {
    format!(
        r#"{{"token":"t","team_id":"T0HOME001","api_app_id":"A0APP0001","event":{event},"type":"event_callback","event_id":"Ev0000001",
        "event_time":1714557600,"authorizations":[{{"team_id":"T0HOME001","user_id":"U0BOT0001","is_bot":true}}],
            "is_ext_shared_channel":false}}"#
    )
}

const POSTED: &str = r#"{"type":"message","client_msg_id":"c1","user":"U0ANA0001",
    "text":"see <https://wiki.example.com/a?b=1&amp;c=2|the wiki> &lt;now&gt;",
    "ts":"1714557600.000100","event_ts":"1714557600.000100","channel":"C0GENERAL1","channel_type":"channel","team":"T0HOME001"}"#;

#[test]
fn a_posted_message_has_its_place_actor_and_text() {
    let event = &messages(&callback(POSTED))[0];
    let expected = "slack:C0GENERAL1:1714557600.000100 | 1714557600000100 | message_posted | U0ANA0001 | interactive | C0GENERAL1 \
        | public | false \
        | T0HOME001 | 1714557600.000100 | see https://wiki.example.com/a?b=1&c=2 the wiki <now>";
    let names = [
        "event_id",
        "event_time",
        "action",
        "actor_id",
        "client_class",
        "channel_id",
        "channel_type",
        "channel_external",
        "workspace_id",
        "message_id",
        "text",
    ];
    assert_eq!(fields(event, &names), expected);
}

#[test]
fn one_message_has_one_id_in_every_envelope() {
    let bare = POSTED.to_owned();
    let posted = format!(r#"{{"ok":true,"channel":"C0GENERAL1","ts":"1714557600.000100","message":{}}}"#, POSTED.replace("C0GENERAL1", ""));
    let page = format!(r#"{{"ok":true,"messages":[{POSTED}],"has_more":false}}"#);
    let found = r#"{"ok":true,"query":"wiki","messages":{"total":1,"matches":[{"type":"message","channel":{"id":"C0GENERAL1",
        "name":"general",
        "is_private":false,"is_ext_shared":false},"user":"U0ANA0001","text":"see","ts":"1714557600.000100",
            "permalink":"https://example.com/p1"}]}}"#;
    for json in [callback(POSTED), bare, posted, page, found.to_owned(), format!("[{POSTED}]")] {
        assert_eq!(fields(&messages(&json)[0], &["event_id", "action"]), "slack:C0GENERAL1:1714557600.000100 | message_posted", "{json}");
    }
}

#[test]
fn export_files_lend_their_messages_the_channel() {
    let json = r#"{"type":"message","user":"U0ANA0001","text":"hello","ts":"1714557600.000100"}"#;
    let mut export = ExportChannels::default();
    export.read("channels.json", r#"[{"id":"C0OPS00001","name":"ops","created":1,"creator":"U0ANA0001","members":[]}]"#);
    export.read("export.groups.json", r#"[{"id":"G0SECRET01","name":"board","created":1,"creator":"U0ANA0001","members":[]}]"#);
    export.read("mpims.json", r#"[{"id":"G0MPIM0001","name":"mpdm-ana--bo--cy-1","created":1,"creator":"U0ANA0001","members":[]}]"#);
    export.read("dms.json", r#"[{"id":"D0ANABO001","created":1,"members":["U0ANA0001","U0BO00001"]}]"#);
    export.read("dms.json", "not a list");
    for (path, expected) in [
        ("export/ops/2024-05-01.json", "slack:C0OPS00001:1714557600.000100 | C0OPS00001 | ops | public"),
        ("export.ops.2024-05-01.json", "slack:C0OPS00001:1714557600.000100 | C0OPS00001 | ops | public"),
        ("export/board/2024-05-01.json", "slack:G0SECRET01:1714557600.000100 | G0SECRET01 | board | private"),
        ("export/mpdm-ana--bo--cy-1/2024-05-01.json", "slack:G0MPIM0001:1714557600.000100 | G0MPIM0001 | mpdm-ana--bo--cy-1 | group"),
        ("export/D0ANABO001/2024-05-01.json.gz", "slack:D0ANABO001:1714557600.000100 | D0ANABO001 | - | direct"),
        ("export/unlisted/2024-05-01.json", "slack:unlisted:1714557600.000100 | unlisted | unlisted | -"),
        ("history/C0OPS00001.json", "slack:C0OPS00001:1714557600.000100 | C0OPS00001 | - | public"),
        ("messages.ndjson", " | - | - | -"),
    ] {
        let (kept, done) = run_in(Source::SlackMessages, json, path, Some(&export));
        assert_eq!(done, Ok(()));
        assert_eq!(fields(&kept.events[0], &["event_id", "channel_id", "channel_name", "channel_type"]), expected, "{path}");
    }
    assert_eq!(export.by_folder.get("board"), Some(&("G0SECRET01".to_owned(), ChannelType::Private)));
}

#[test]
fn an_edit_is_an_event_of_its_own_and_an_unfurled_link_is_none() {
    let changed = |before: &str, after: &str| {
        callback(&format!(
            r#"{{"type":"message","subtype":"message_changed","hidden":true,"channel":"C0GENERAL1","channel_type":"channel",
                "ts":"1714557700.000200",
            "event_ts":"1714557700.000200","message":{{"type":"message","user":"U0ANA0001","ts":"1714557600.000100",{after}}},
            "previous_message":{{"type":"message","user":"U0ANA0001","ts":"1714557600.000100",{before}}}}}"#
        ))
    };
    let old = r#""text":"old <https://example.com/x>""#;
    let edited = r#""text":"new","edited":{"user":"U0ANA0001","ts":"1714557699.000000"}"#;
    let event = &messages(&changed(old, edited))[0];
    let names = ["event_id", "event_time", "action", "actor_id", "message_id", "channel_id", "text"];
    let expected = "slack:C0GENERAL1:1714557600.000100:1714557699.000000 | 1714557699000000 | message_edited | U0ANA0001 \
        | 1714557600.000100 | C0GENERAL1 | new";
    assert_eq!(fields(event, &names), expected);

    let unfurled = format!(r#"{old},"attachments":[{{"from_url":"https://example.com/x","title":"X","text":"about x"}}]"#);
    nothing(&changed(old, &unfurled));
    nothing(&changed(old, &format!(r#"{old},"reply_count":1,"edited":{{"user":"U0ANA0001","ts":"1714557699.000000"}}"#)));

    let by_admin = r#""text":"new","edited":{"user":"U0ADMIN001","ts":"1714557699.000000"}"#;
    assert_eq!(
        fields(&messages(&changed(old, by_admin))[0], &["actor_id", "target", "target_type"]),
        "U0ADMIN001 | U0ANA0001 | message_author"
    );

    let bot = |text: &str| format!(r#""bot_id":"B0BOT0001","text":"","attachments":[{{"text":"{text}"}}]"#);
    assert_eq!(fields(&messages(&changed(&bot("one"), &bot("two")))[0], &["action", "text"]), "message_edited | two");

    let gone = r#""subtype":"tombstone","text":"This message was deleted.""#;
    assert_eq!(
        fields(&messages(&changed(old, gone))[0], &["event_id", "action"]),
        "slack:C0GENERAL1:1714557600.000100:deleted | message_deleted"
    );
}

#[test]
fn an_exported_message_that_was_edited_is_the_edit() {
    let json = r#"{"type":"message","user":"U0ANA0001","text":"new","ts":"1714557600.000100","edited":{"user":"U0ANA0001",
        "ts":"1714557699.000000"}}"#;
    let (kept, _) = run(Source::SlackMessages, json, "export/C0GENERAL1/2024-05-01.json");
    let expected = "slack:C0GENERAL1:1714557600.000100:1714557699.000000 | message_edited | 1714557699000000";
    assert_eq!(fields(&kept.events[0], &["event_id", "action", "event_time"]), expected);
}

#[test]
fn a_deletion_names_the_author_as_target_and_nobody_as_actor() {
    let json = callback(
        r#"{"type":"message","subtype":"message_deleted","channel":"C0GENERAL1","deleted_ts":"1714557600.000100","ts":"1714557800.000300",
        "event_ts":"1714557800.000300","previous_message":{"type":"message","user":"U0ANA0001","text":"gone","ts":"1714557600.000100"}}"#,
    );
    let names = ["event_id", "event_time", "action", "actor_id", "target", "target_type", "text"];
    let expected =
        "slack:C0GENERAL1:1714557600.000100:deleted | 1714557800000300 | message_deleted | - | U0ANA0001 | message_author | gone";
    assert_eq!(fields(&messages(&json)[0], &names), expected);
}

#[test]
fn a_message_with_files_is_one_event_and_one_for_each_file() {
    let json = callback(
        r#"{"type":"message","subtype":"file_share","user":"U0ANA0001","text":"plans","ts":"1714557600.000100","channel":"D0ANABO001",
            "channel_type":"im",
        "files":[{"id":"F0FILE0001","name":"a.txt","title":"notes","filetype":"text","size":12,"user":"U0ANA0001",
            "url_private":"https://files.example.com/a",
        "preview":"first lines"},{"id":"F0FILE0002","name":"b.pdf","filetype":"pdf","size":0,"user":"U0OTHER001"},
        {"id":"F0FILE0003","name":null,"filetype":null,"mode":"tombstone"}]}"#,
    );
    let shown: Vec<String> =
        messages(&json).iter().map(|event| fields(event, &["event_id", "action", "file_name", "file_size", "file_owner"])).collect();
    let id = "slack:D0ANABO001:1714557600.000100";
    assert_eq!(
        shown,
        [
            format!("{id}:F0FILE0001 | file_uploaded | a.txt | 12 | U0ANA0001"),
            format!("{id}:F0FILE0002 | file_shared | b.pdf | - | U0OTHER001"),
            format!("{id}:F0FILE0003 | file_uploaded | - | - | -"),
            format!("{id} | message_posted | a.txt | 12 | U0ANA0001"),
        ]
    );
    let event = messages(&json).pop().expect("the message");
    assert_eq!(fields(&event, &["text", "channel_type"]), "plans\nnotes\nfirst lines\nb.pdf | direct");
}

#[test]
fn who_wrote_is_told_apart() {
    let with =
        |fields: &str| callback(&format!(r#"{{"type":"message","text":"t","ts":"1714557600.000100","channel":"C0GENERAL1",{fields}}}"#));
    for (given, expected) in [
        (r#""user":"U0ANA0001","team":"T0HOME001""#, "U0ANA0001 | - | -"),
        (r#""subtype":"bot_message","bot_id":"B0BOT0001","username":"deploys""#, "B0BOT0001 | service | api"),
        (r#""user":"U0BOT0001","bot_id":"B0BOT0001","app_id":"A0APP0002""#, "U0BOT0001 | service | api"),
        (r#""user":"USLACKBOT""#, "USLACKBOT | system | -"),
        (r#""user":"U0THEM001","team":"T0HOME001","source_team":"T0OTHER01""#, "U0THEM001 | guest | -"),
        (r#""user":"U0THEM001","user_team":"T0HOME001","source_team":"T0HOME001""#, "U0THEM001 | - | -"),
        (r#""user":"U0ANA0001","source_team":"E0ORG00001""#, "U0ANA0001 | - | -"),
        (r#""user":"U0SUB0001","user_profile":{"real_name":"Sub","is_restricted":true}"#, "U0SUB0001 | guest | -"),
    ] {
        assert_eq!(fields(&messages(&with(given))[0], &["actor_id", "actor_class", "client_class"]), expected, "{given}");
    }
    let shared =
        with(r#""user":"U0THEM001","team":"T0OTHER01""#).replace("\"is_ext_shared_channel\":false", "\"is_ext_shared_channel\":true");
    assert_eq!(fields(&messages(&shared)[0], &["actor_class", "actor_org", "channel_external"]), "guest | T0OTHER01 | true");
}

#[test]
fn subtypes_and_other_events_have_their_actions() {
    for (event, expected) in [
        (
            r#"{"type":"message","subtype":"channel_join","user":"U0ANA0001","text":"<@U0ANA0001> has joined","ts":"1714557600.000100",
                "channel":"C0GENERAL1"}"#,
            "channel_joined | U0ANA0001",
        ),
        (
            r#"{"type":"message","subtype":"group_leave","user":"U0ANA0001","text":"left","ts":"1714557600.000100",
                "channel":"G0SECRET01"}"#,
            "channel_left | U0ANA0001",
        ),
        (
            r#"{"type":"message","subtype":"channel_topic","user":"U0ANA0001","text":"set","topic":"x","ts":"1714557600.000100",
                "channel":"C0GENERAL1"}"#,
            "message_posted | U0ANA0001",
        ),
        (
            r#"{"type":"message","subtype":"channel_name","user":"U0ANA0001","text":"renamed","old_name":"a","name":"b",
                "ts":"1714557600.000100","channel":"C0GENERAL1"}"#,
            "other | U0ANA0001",
        ),
        (
            r#"{"type":"message","subtype":"thread_broadcast","user":"U0ANA0001","text":"t","ts":"1714557600.000100",
                "thread_ts":"1714557000.000100","channel":"C0GENERAL1"}"#,
            "message_posted | U0ANA0001",
        ),
        (
            r#"{"type":"message","subtype":"bot_add","user":"U0ANA0001","bot_id":"B0BOT0001","text":"added","ts":"1714557600.000100",
                "channel":"C0GENERAL1"}"#,
            "app_installed | U0ANA0001",
        ),
        (
            r#"{"type":"member_joined_channel","user":"U0ANA0001","channel":"C0GENERAL1","channel_type":"C","team":"T0HOME001",
                "event_ts":"1714557600.000100"}"#,
            "channel_joined | U0ANA0001",
        ),
        (
            r#"{"type":"group_left","channel":"G0SECRET01","actor_id":"U0ANA0001","event_ts":"1714557600.000100"}"#,
            "channel_left | U0ANA0001",
        ),
        (
            r#"{"type":"file_shared","file_id":"F0FILE0001","user_id":"U0ANA0001","file":{"id":"F0FILE0001"},"channel_id":"C0GENERAL1",
                "event_ts":"1714557600.000100"}"#,
            "file_shared | U0ANA0001",
        ),
        (
            r#"{"type":"reaction_added","user":"U0ANA0001","item":{"type":"message","channel":"C0GENERAL1","ts":"1714557000.000100"},
                "reaction":"eyes","event_ts":"1714557600.000100"}"#,
            "other | U0ANA0001",
        ),
        (r#"{"type":"app_uninstalled"}"#, "other | -"),
        (
            r#"{"type":"channel_created","channel":{"id":"C0NEW00001","name":"new","creator":"U0ANA0001"},"event_ts":"1714557600.000100"}"#,
            "other | U0ANA0001",
        ),
        (
            r#"{"type":"user_change","user":{"id":"U0ANA0001","real_name":"Ana","profile":{"email":"Ana@Example.com"}},
                "event_ts":"1714557600.000100"}"#,
            "other | U0ANA0001",
        ),
    ] {
        let found = messages(&callback(event));
        assert_eq!(fields(&found[0], &["action", "actor_id"]), expected, "{event}");
        assert!(found[0].get("event_time").is_some() && found[0]["event_id"] != "", "{event}");
    }
}

#[test]
fn reactions_and_links_name_what_they_are_about() {
    let reaction = messages(&callback(
        r#"{"type":"reaction_added","user":"U0ANA0001","item":{"type":"message","channel":"C0GENERAL1","ts":"1714557000.000100"},
            "reaction":"eyes","event_ts":"1714557600.000100"}"#,
    ));
    let names = ["channel_id", "message_id", "target", "target_type"];
    assert_eq!(fields(&reaction[0], &names), "C0GENERAL1 | 1714557000.000100 | eyes | reaction");
    let links = messages(&callback(
        r#"{"type":"link_shared","channel":"C0GENERAL1","user":"U0ANA0001","message_ts":"1714557600.000100",
            "links":[{"domain":"example.com","url":"https://www.example.com/a"}],"event_ts":"1714557600.000200"}"#,
    ));
    assert_eq!(
        fields(&links[0], &["action", "target_domain", "text", "message_id"]),
        "other | example.com | https://www.example.com/a | 1714557600.000100"
    );
}

#[test]
fn blank_samples_are_events_without_time() {
    let json = r#"{"token":"","team_id":"","api_app_id":"","type":"","authorizations":[],"event_id":"","event_time":123,
        "event":{"type":"message",
        "subtype":"","user":"","text":"","channel":"","ts":"","event_ts":""}}"#;
    assert_eq!(fields(&messages(json)[0], &["event_id", "event_time", "action", "actor_id"]), " | - | message_posted | -");
}

#[test]
fn what_yields_nothing_says_so() {
    nothing(r#"{"token":"t","challenge":"c","type":"url_verification"}"#);
    nothing(r#"{"ok":true,"messages":[],"has_more":false}"#);
    nothing(r#"{"type":"message","subtype":"tombstone","text":"This message was deleted.","ts":"1714557600.000100","user":"USLACKBOT"}"#);
}

#[test]
fn a_workspaces_own_logs_of_apps_and_accesses_are_read() {
    let row = r#"{"user_id":"U0ANA0001","user_name":"ana","date":"1714557600","change_type":"added","service_id":12345,
        "service_type":"Webhooks","scope":"incoming-webhook","channel":"C0GENERAL1"}"#;
    let names = ["event_id", "action", "surface", "actor_id", "app_id", "app_name", "channel_id", "attributes"];
    let expected = "slack_integration:1714557600:U0ANA0001:12345:added | app_installed | identity | U0ANA0001 | 12345 | Webhooks \
        | C0GENERAL1 | {\"scope\":\"incoming-webhook\"}";
    assert_eq!(fields(&messages(row)[0], &names), expected);
    assert_eq!(fields(&messages(&format!(r#"{{"ok":true,"logs":[{row}]}}"#))[0], &names), expected);
    let logins = r#"{"ok":true,"logins":[{"user_id":"U0ANA0001","username":"ana","date_first":1714557600,"date_last":1714560000,"count":3,
        "ip":"192.0.2.7","user_agent":"Mozilla/5.0","country":"DE"}]}"#;
    let names = ["action", "event_time", "actor_id", "src_ip", "country", "attributes"];
    let expected =
        "login | 1714557600000000 | U0ANA0001 | 192.0.2.7 | DE | {\"date_first\":1714557600,\"date_last\":1714560000,\"count\":3}";
    assert_eq!(fields(&messages(logins)[0], &names), expected);
}

#[test]
fn a_broken_member_does_not_stop_the_page() {
    let json = format!(r#"{{"ok":true,"messages":[{{"type":"message","ts":1,"ts":2}},{POSTED},7]}}"#);
    let (kept, done) = run(Source::SlackMessages, &json, "m.json");
    assert_eq!((kept.events.len(), kept.rejects.len(), done), (1, 2, Ok(())));
    let mut kept = Kept::default();
    let origin = Origin { path: "m.ndjson", object_time: 0, export: None };
    let done = Source::SlackMessages.normalize(&Record::Json(r#"{"type":"message","#), &origin, &mut kept);
    assert!(matches!(done, Err(Reject::Bad { column: Some(_), .. })));
}

#[test]
fn other_vendors_records_are_not_claimed() {
    for json in [
        r#"{"id":"1","messageType":"message","body":{"contentType":"text","content":"x"},"from":{"user":{"id":"1"}}}"#,
        r#"{"event":"meeting.started","event_ts":1714557600000,"payload":{}}"#,
        r#"{"type":"message","text":"x"}"#,
        r#"{"event":{"type":"access","name":"download"},"actor":{"email":"a@example.com"}}"#,
        r#"{"messages":[{"id":1}]}"#,
        "[]",
        "7",
    ] {
        assert!(!super::recognises(&Record::Json(json), &Origin { path: "x.json", object_time: 0, export: None }), "{json}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        feed(Source::SlackMessages, &text);
        feed(Source::SlackMessages, &mutated(&callback(POSTED), &changes));
    }
}
