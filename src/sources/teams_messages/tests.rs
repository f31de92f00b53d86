use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Source;
use super::*;
use crate::event::Snapshot;

#[derive(Default)]
struct Seen(Vec<Value>, Vec<Reject>);

impl Receiver for Seen {
    fn event(&mut self, event: Event<'_>) {
        self.0.push(serde_json::to_value(&event).expect("events are JSON"));
    }
    fn snapshot(&mut self, _: Snapshot<'_>) {}
    fn reject(&mut self, reject: Reject) {
        self.1.push(reject);
    }
}

const ORIGIN: Origin<'static> = Origin { path: "teams.json", object_time: 0, export: None };

fn read(text: &str) -> (Result<(), Reject>, Seen) {
    let mut seen = Seen::default();
    (normalize(&Record::Json(text), &ORIGIN, &mut seen), seen)
}

fn events(record: &Value) -> Vec<Value> {
    let text = record.to_string();
    assert_eq!(Source::recognise(&Record::Json(&text), &ORIGIN), Some(Source::TeamsMessages), "{text}");
    let (result, seen) = read(&text);
    assert_eq!((result, seen.1.len()), (Ok(()), 0), "{text}");
    seen.0
}

fn message(more: Value) -> Value {
    let mut message = json!({
        "id": "1700000000000", "replyToId": null, "etag": "1", "messageType": "message", "createdDateTime": "2023-11-14T22:13:20Z",
        "lastModifiedDateTime": "2023-11-14T22:13:20Z", "lastEditedDateTime": null, "deletedDateTime": null, "subject": null,
        "chatId": "19:a_b@unq.gbl.spaces", "channelIdentity": null, "webUrl": null, "policyViolation": null, "eventDetail": null,
        "from": {"application": null, "user": {"id": "u1", "displayName": "Ana Lee", "userIdentityType": "aadUser", "tenantId": "t1"}},
        "body": {"contentType": "html", "content": "<p>see <b>this</b></p><pre>a\n  b</pre>"}, "attachments": [], "mentions": [],
    });
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    message
}

fn expect(event: &Value, columns: Value) {
    for (name, value) in columns.as_object().expect("an object") {
        assert_eq!(event.get(name).unwrap_or(&Value::Null), value, "{name} of {event}");
    }
}

#[test]
fn a_message_is_its_text_person_and_place() {
    let seen = events(&message(json!({})));
    assert_eq!(seen.len(), 1);
    expect(
        &seen[0],
        json!({"event_id": "teams:19:a_b@unq.gbl.spaces:1700000000000", "event_time": 1_700_000_000_000_000_i64, "surface": "chat",
            "action": "message_posted", "actor_id": "u1", "actor_name": "Ana Lee", "actor_class": "human", "workspace_id": "t1",
            "channel_type": "direct", "message_id": "1700000000000", "text": "see this\na\n  b"}),
    );
    let channel = json!({"chatId": null, "channelIdentity": {"teamId": "t", "channelId": "19:c@thread.tacv2"}, "replyToId": "1",
        "subject": "News", "webUrl": "https://teams.microsoft.com/l/message/1?groupId=g&tenantId=t9&createdTime=1",
        "body": {"contentType": "text", "content": "<b>"}});
    expect(
        &events(&message(channel))[0],
        json!({"channel_id": "19:c@thread.tacv2", "thread_id": "1", "workspace_id": "t9", "text": "News\n<b>"}),
    );
}

#[test]
fn pages_replies_and_decrypted_notifications_hold_messages() {
    let reply = message(json!({"id": "2", "replyToId": "1700000000000"}));
    for (record, count) in [
        (json!({"@odata.context": "x", "value": [message(json!({})), reply]}), 2),
        (message(json!({"replies": [reply]})), 2),
        (json!({"value": [{"subscriptionId": "s", "resourceData": message(json!({}))}]}), 1),
        (json!([message(json!({}))]), 1),
    ] {
        assert_eq!(events(&record).len(), count, "{record}");
    }
    for nothing in [
        json!({"value": [{"subscriptionId": "s", "resource": "chats('19:a@thread.v2')", "resourceData": {"id": "1"}}]}),
        json!({"value": []}),
        message(json!({"id": null})),
    ] {
        assert_eq!(read(&nothing.to_string()).0, Err(Reject::Nothing), "{nothing}");
    }
    let request = json!({"body": {"contentType": "html", "content": "x"}, "attachments": []}).to_string();
    assert_eq!(read(&request).0, Err(Reject::NotThisSource));
    assert!(!recognises(&Record::Json(&request), &ORIGIN));
}

#[test]
fn a_notification_whose_message_is_not_there_says_what_to_do() {
    let path = "teams('t')/channels('19%3Ac%40thread.tacv2')/messages('1')";
    let notification = |more: Value| {
        let mut notification = json!({"subscriptionId": "s", "changeType": "created", "resource": path, "resourceData": {"id": "1"}});
        for (name, value) in more.as_object().expect("an object") {
            notification[name] = value.clone();
        }
        json!({"value": [notification]}).to_string()
    };
    for (record, expected) in [
        (notification(json!({"encryptedContent": {"data": "x"}})), "the notification is encrypted"),
        (notification(json!({})), "the notification names a message and does not hold it"),
    ] {
        let reason = match read(&record).0 {
            Err(Reject::Bad { reason, .. }) => reason,
            done => format!("{done:?}"),
        };
        assert!(reason.starts_with(expected), "{record}: {reason}");
    }
    // Decrypted, the path still says where the message stands.
    let placeless = message(json!({"chatId": null, "channelIdentity": null}));
    let seen = read(&notification(json!({"resourceData": placeless}))).1;
    expect(&seen.0[0], json!({"channel_id": "19:c@thread.tacv2", "action": "message_posted"}));
}

#[test]
fn where_a_message_stands_may_be_said_around_it() {
    let placeless = message(json!({"chatId": null, "channelIdentity": null, "id": "2"}));
    let context = "https://graph.example.com/v1.0/$metadata#teams('t')/channels('19%3Ac%40thread.tacv2')/messages('1')/replies/$entity";
    let mut alone = placeless.clone();
    alone["@odata.context"] = json!(context);
    let parent = message(json!({"chatId": null, "channelIdentity": {"channelId": "19:c@thread.tacv2"}, "replies": [placeless]}));
    for (record, at) in [(alone, 0), (json!({"@odata.context": context, "value": [placeless]}), 0), (parent, 1)] {
        expect(&events(&record)[at], json!({"channel_id": "19:c@thread.tacv2", "message_id": "2"}));
    }
    let chat = "https://graph.example.com/beta/$metadata#chats('19%3Aa_b%40unq.gbl.spaces')/messages";
    let page = json!({"@odata.context": chat, "value": [placeless]});
    expect(&events(&page)[0], json!({"channel_id": "19:a_b@unq.gbl.spaces", "channel_type": "direct"}));
}

#[test]
fn the_last_change_decides_what_a_message_is() {
    let edited = &events(&message(json!({"lastEditedDateTime": "2023-11-14T22:13:21Z", "deletedDateTime": "0001-01-01T00:00:00Z"})))[0];
    expect(edited, json!({"action": "message_edited", "event_id": "teams:19:a_b@unq.gbl.spaces:1700000000000:1700000001000000"}));
    let deleted = &events(&message(json!({"lastEditedDateTime": "2023-11-14T22:13:21Z", "deletedDateTime": "2023-11-14T22:13:22Z"})))[0];
    expect(deleted, json!({"action": "message_deleted", "event_time": 1_700_000_002_000_000_i64}));
    let never = &events(&message(json!({"createdDateTime": "0001-01-01T00:00:00Z"})))[0];
    expect(never, json!({"action": "message_posted", "event_time": 1_700_000_000_000_000_i64}));
}

#[test]
fn files_cards_and_violations_are_seen() {
    let seen = events(&message(json!({
        "attachments": [
            {"id": "f-1", "contentType": "reference", "contentUrl": "https://example.sharepoint.com/k.pem", "name": "k.pem"},
            {"id": "c-1", "contentType": "application/vnd.microsoft.card.thumbnail",
                "content": "{\"title\":\"T\",\"text\":\"<b>x</b>\",\"id\":\"no\"}"},
            {"id": "q-1", "contentType": "messageReference", "content": "{\"messagePreview\":\"quoted\",\"text\":\"quoted\"}"},
        ],
        "policyViolation": {"dlpAction": "notifySender,blockAccess", "policyTip": {}},
    })));
    assert_eq!(seen.len(), 3);
    expect(&seen[0], json!({"action": "file_shared", "file_id": "f-1", "file_name": "k.pem", "file_type": "pem", "text": null}));
    expect(&seen[1], json!({"action": "dlp_match", "outcome": "blocked", "event_id": "teams:19:a_b@unq.gbl.spaces:1700000000000:dlp"}));
    expect(&seen[2], json!({"action": "message_posted", "text": "see this\na\n  b\nk.pem\nx\nT"}));
}

#[test]
fn members_come_and_go_in_system_events() {
    let added = events(&message(json!({"messageType": "systemEventMessage", "from": null, "eventDetail": {
        "@odata.type": "#microsoft.graph.membersAddedEventMessageDetail", "members": [{"id": "u2"}, {"id": "u3"}],
        "initiator": {"user": {"id": "u1", "displayName": "Ana Lee", "userIdentityType": "aadUser"}}}})));
    assert_eq!(added.len(), 2);
    expect(
        &added[0],
        json!({"action": "channel_joined", "vendor_action": "membersAdded", "actor_id": "u1", "target": "u2", "target_type": "user"}),
    );
    expect(&added[1], json!({"event_id": "teams:19:a_b@unq.gbl.spaces:1700000000000/1", "target": "u3"}));
    let left = json!({"@odata.type": "#microsoft.graph.membersDeletedEventMessageDetail", "members": [{"id": "u2"}]});
    let left = events(&message(json!({"messageType": "systemEventMessage", "from": null, "eventDetail": left})));
    expect(&left[0], json!({"action": "channel_left", "actor_class": "system"}));
    let bot = events(&message(json!({"from": {"application": {"id": "app", "displayName": "Bot"}, "user": null}})));
    expect(&bot[0], json!({"actor_id": "app", "actor_class": "service", "client_class": "api", "app_name": "Bot"}));
}

proptest! {
    #[test]
    fn no_bytes_panic(text in "\\PC*", at in 0_usize..700, insert in "[\\[\\]{}\",:0-9a-z<>&]{0,4}") {
        read(&text).0.ok();
        let mut record: Vec<char> = message(json!({"subject": text})).to_string().chars().collect();
        record.splice(at.min(record.len())..at.min(record.len()), insert.chars());
        read(&record.iter().collect::<String>()).0.ok();
        read(&record.iter().take(at).collect::<String>()).0.ok();
    }
}
