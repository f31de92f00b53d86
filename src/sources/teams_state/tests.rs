use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Source;
use super::*;
use crate::event::Event;

#[derive(Default)]
struct Seen(Vec<Value>);

impl Receiver for Seen {
    fn event(&mut self, _: Event<'_>) {}
    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        let snapshot = serde_json::to_value(&snapshot).expect("snapshots are JSON");
        let said = snapshot.as_object().expect("an object").iter().filter(|(_, value)| !value.is_null());
        self.0.push(said.map(|(name, value)| (name.clone(), value.clone())).collect());
    }
    fn reject(&mut self, _: Reject) {}
}

const ORIGIN: Origin<'static> = Origin { path: "state.json", object_time: 0, export: None };

fn read(text: &str) -> (Result<(), Reject>, Vec<Value>) {
    let mut seen = Seen::default();
    (normalize(&Record::Json(text), &ORIGIN, &mut seen), seen.0)
}

fn member(user: &str, roles: &[&str]) -> Value {
    json!({"@odata.type": "#microsoft.graph.aadUserConversationMember", "id": format!("m-{user}"), "roles": roles, "displayName": user,
        "userId": user, "email": format!("{user}@Example.com"), "tenantId": "t1"})
}

#[test]
fn lists_state_members_channels_and_files() {
    let in_channel = "https://graph.microsoft.com/v1.0/$metadata#teams('t')/channels('19%3Ac%40thread.tacv2')/members";
    let a_member = |channel: &str, role: &str| {
        let mut member = json!({"kind": "channel_member", "channel_id": channel, "actor_id": "ana", "actor_name": "ana",
            "actor_email": "ana@example.com", "role": role, "workspace_id": "t1"});
        if channel.ends_with("v2") && !channel.contains("tac") {
            member["channel_type"] = json!("group");
        }
        member
    };
    let user = json!({"kind": "user", "actor_id": "ana", "actor_name": "ana", "actor_email": "ana@example.com", "workspace_id": "t1"});
    let mut by_id = member("ana", &[]);
    by_id["id"] = json!(base64::engine::general_purpose::STANDARD.encode("0##t1##19:x@thread.v2##ana"));
    for (record, expected) in [
        (
            json!({"@odata.context": in_channel, "value": [member("ana", &["owner"])]}),
            vec![a_member("19:c@thread.tacv2", "owner"), user.clone()],
        ),
        (by_id, vec![a_member("19:x@thread.v2", "member"), user.clone()]),
        (
            json!({"id": "19:x@thread.v2", "topic": "Plans", "chatType": "group", "tenantId": "t1", "members": [member("ana", &[])]}),
            vec![
                json!({"kind": "channel", "channel_id": "19:x@thread.v2", "channel_name": "Plans", "channel_type": "group",
                    "workspace_id": "t1"}),
                a_member("19:x@thread.v2", "member"),
                user,
            ],
        ),
        (
            json!({"id": "19:c@thread.tacv2", "displayName": "General", "membershipType": "private"}),
            vec![json!({"kind": "channel", "channel_id": "19:c@thread.tacv2", "channel_name": "General", "channel_type": "private"})],
        ),
        (
            json!({"value": [{"id": "01ABC", "name": "k.pem", "size": 5, "file": {}, "webUrl": "https://example.sharepoint.com/k.pem",
                "eTag": "\"{86EB4C8E-D20D-46B9-AD41-23B8868DDA8A},1\"", "createdBy": {"user": {"id": "u1"}},
                "parentReference": {"driveId": "d", "siteId": "example.sharepoint.com,S1,W1"}}]}),
            vec![json!({"kind": "file_location", "file_id": "86eb4c8e-d20d-46b9-ad41-23b8868dda8a", "file_name": "k.pem", "file_size": 5,
                "channel_id": "S1", "channel_type": "site", "file_owner": "u1"})],
        ),
    ] {
        let text = record.to_string();
        assert_eq!(Source::recognise(&Record::Json(&text), &ORIGIN), Some(Source::TeamsState), "{text}");
        assert_eq!(read(&text), (Ok(()), expected), "{text}");
    }
}

#[test]
fn requests_and_folders_state_nothing() {
    for record in [
        json!({"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": ["owner"]}),
        json!({"displayName": "New", "membershipType": "standard"}),
        json!({"id": "01A", "name": "General", "size": 0, "folder": {"childCount": 1}, "webUrl": "x", "parentReference": {}}),
        json!({"value": []}),
    ] {
        assert_eq!(read(&record.to_string()), (Err(Reject::Nothing), Vec::new()), "{record}");
    }
    assert!(!recognises(&Record::Json(r#"{"subscriptionId":"1","resource":"chats"}"#), &ORIGIN));
}

proptest! {
    #[test]
    fn no_bytes_panic(text in "\\PC*", at in 0_usize..400, insert in "[\\[\\]{}\",:0-9a-z']{0,4}") {
        read(&text).0.ok();
        let mut record: Vec<char> = json!({"@odata.context": text, "value": [member("ana", &[])]}).to_string().chars().collect();
        record.splice(at.min(record.len())..at.min(record.len()), insert.chars());
        read(&record.iter().collect::<String>()).0.ok();
    }
}
