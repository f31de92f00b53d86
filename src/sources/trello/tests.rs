use proptest::prelude::*;

use super::ACTIONS;
use crate::sources::atlassian_audit::collected::{Collected, never_panics};
use crate::sources::{Origin, Record, Reject, Source};

const COMMENT: &str = r#"{"id":"65e6f0a0c0c0c0c0c0c0c001","idMemberCreator":"5191aa","type":"commentCard",
 "date":"2024-03-05T10:11:12.345Z",
 "data":{"text":"the pin is 4711","board":{"shortLink":"BdLink","name":"Operations","id":"b1"},
 "card":{"shortLink":"CdLink","idShort":2,"name":"Reset","id":"c1"},"list":{"name":"Doing","id":"l1"}},
 "memberCreator":{"id":"5191aa","fullName":"Ana Lee","username":"ana","initials":"AL"},"appCreator":null,"limits":{}}"#;

const AUDIT: &str = r#"{"idAction":"65e6f0a0c0c0c0c0c0c0c002","type":"addMemberToOrganization","date":"2024-03-05T10:11:12.345Z",
 "memberCreator":{"id":"5191aa","username":"ana","fullName":"Ana Lee"},"organization":{"id":"o1","name":"Example"},
 "member":{"id":"5191bb","username":"bo","fullName":"Bo"}}"#;

/// An action of that type with that data on the board.
fn action(kind: &str, data: &str) -> String {
    format!(
        r#"{{"id":"65e6f0a0c0c0c0c0c0c0c003","idMemberCreator":"5191aa","type":"{kind}","date":"2024-03-05T10:11:12.345Z",
        "data":{{"board":{{"id":"b1","name":"Operations","shortLink":"BdLink"}},{data}}},"memberCreator":{{"id":"5191aa",
            "username":"ana"}}}}"#
    )
}

#[test]
fn the_table_is_sorted_and_long_enough() {
    assert!(ACTIONS.is_sorted_by(|a, b| a.0 < b.0));
    assert!(ACTIONS.len() >= 30);
}

#[test]
fn a_comment_is_the_same_in_every_envelope() {
    let expected = [
        ("event_id", "trello:65e6f0a0c0c0c0c0c0c0c001"),
        ("event_time", "1709633472345000"),
        ("surface", "ticket"),
        ("action", "message_posted"),
        ("vendor_action", "commentCard"),
        ("actor_id", "5191aa"),
        ("actor_name", "Ana Lee"),
        ("client_class", ""),
        ("channel_id", "b1"),
        ("channel_name", "Operations"),
        ("channel_type", "site"),
        ("message_id", "65e6f0a0c0c0c0c0c0c0c001"),
        ("thread_id", "c1"),
        ("permalink", "https://trello.com/c/CdLink#comment-65e6f0a0c0c0c0c0c0c0c001"),
        ("text", "the pin is 4711"),
    ];
    for json in [
        COMMENT.to_owned(),
        format!("[{COMMENT}]"),
        format!(r#"{{"action":{COMMENT},"model":{{"id":"b1","name":"Operations"}},"webhook":{{"id":"w"}}}}"#),
        format!(r#"{{"id":"b1","name":"Operations","cards":[],"actions":[{COMMENT}]}}"#),
    ] {
        Collected::recognised(Source::Trello, &json).has(&expected);
    }
}

#[test]
fn words_of_cards_are_messages() {
    for (kind, data, expected, text) in [
        ("createCard", r#""card":{"id":"c1","name":"Reset","desc":"use abc"}"#, "message_posted", "Reset\n\nuse abc"),
        ("createCard", r#""card":{"id":"c1","name":"Reset"}"#, "message_posted", "Reset"),
        ("updateCard", r#""card":{"id":"c1","name":"Reset","desc":"new"},"old":{"desc":""}"#, "message_edited", "new"),
        ("updateCard", r#""card":{"id":"c1","name":"New"},"old":{"name":"Old"}"#, "message_edited", "New"),
        ("updateCard", r#""card":{"id":"c1","name":"New","closed":true},"old":{"closed":false}"#, "other", ""),
        ("updateCard", r#""card":{"id":"c1","name":"New"},"old":{"idList":"l"},"listBefore":{}"#, "other", ""),
        ("updateComment", r#""card":{"id":"c1"},"action":{"id":"x9","text":"changed"},"old":{"text":"was"}"#, "message_edited", "changed"),
        ("deleteComment", r#""card":{"id":"c1"},"action":{"id":"x9"}"#, "message_deleted", ""),
        ("deleteCard", r#""card":{"id":"c1","idShort":2}"#, "message_deleted", ""),
        ("createCheckItem", r#""card":{"id":"c1"},"checklist":{"name":"L"},"checkItem":{"name":"do it"}"#, "message_posted", "do it"),
        ("updateChecklist", r#""checklist":{"id":"k","name":"L2"},"old":{"name":"L"}"#, "message_edited", "L2"),
        ("updateChecklist", r#""checklist":{"id":"k","name":"L2"},"old":{"pos":1}"#, "other", ""),
        ("updateCustomFieldItem", r#""card":{"id":"c1"},"customFieldItem":{"value":{"text":"abc"}}"#, "message_edited", "abc"),
        ("updateCustomFieldItem", r#""card":{"id":"c1"},"customFieldItem":{"value":{"checked":"true"}}"#, "other", ""),
        ("updateCheckItemStateOnCard", r#""checkItem":{"name":"do it","state":"complete"}"#, "other", ""),
        ("neverSeenBefore", r#""x":1"#, "other", ""),
    ] {
        let json = action(kind, data);
        Collected::recognised(Source::Trello, &json).has(&[
            ("action", expected),
            ("text", text),
            ("channel_id", "b1"),
            ("vendor_action", kind),
        ]);
    }
}

#[test]
fn an_edited_comment_keeps_its_id() {
    let json = action("updateComment", r#""card":{"id":"c1","shortLink":"S"},"action":{"id":"x9","text":"changed"}"#);
    let expected = [("message_id", "x9"), ("thread_id", "c1"), ("permalink", "https://trello.com/c/S#comment-x9")];
    Collected::recognised(Source::Trello, &json).has(&expected);
}

#[test]
fn files_apps_members_and_visibility() {
    let file = r#""card":{"id":"c1"},"attachment":{"id":"a1","name":"keys.txt",
 "url":"https://trello.com/1/cards/c1/attachments/a1/download/keys.txt","mimeType":"text/plain"}"#;
    let expected = [("action", "file_uploaded"), ("file_id", "a1"), ("file_name", "keys.txt"), ("file_size", ""), ("message_id", "c1")];
    Collected::recognised(Source::Trello, &action("addAttachmentToCard", file)).has(&expected);
    let removed = action("deleteAttachmentFromCard", r#""card":{"id":"c1"},"attachment":{"id":"a1","name":"keys.txt"}"#);
    Collected::recognised(Source::Trello, &removed).has(&[("action", "file_deleted"), ("file_name", "keys.txt")]);
    let plugin = action("enablePlugin", r#""plugin":{"id":"p1","name":"Sync"}"#);
    Collected::recognised(Source::Trello, &plugin).has(&[
        ("action", "app_installed"),
        ("target", "Sync"),
        ("target_type", "app"),
        ("target_account", "p1"),
    ]);
    let power_up = action("enablePowerUp", r#""value":"calendar""#);
    Collected::recognised(Source::Trello, &power_up).has(&[("action", "app_installed"), ("target", "calendar")]);
    let added = action("addMemberToBoard", r#""idMemberAdded":"5191bb","idMember":"5191bb""#);
    Collected::recognised(Source::Trello, &added).has(&[
        ("action", "permission_changed"),
        ("target_account", "5191bb"),
        ("surface", "ticket"),
    ]);
    let joined = action("addMemberToBoard", r#""idMember":"5191aa""#);
    Collected::recognised(Source::Trello, &joined).has(&[("action", "channel_joined")]);
    let public = action("updateBoard", r#""old":{"prefs":{"permissionLevel":"private"}}"#);
    Collected::recognised(Source::Trello, &public).has(&[("action", "permission_changed")]);
    let copied = action("copyBoard", r#""boardSource":{"id":"b0","name":"Secret plans"}"#);
    Collected::recognised(Source::Trello, &copied).has(&[("action", "file_copied"), ("file_id", "b0"), ("file_name", "Secret plans")]);
}

#[test]
fn the_enterprise_audit_log_shares_ids_with_actions() {
    let expected = [
        ("event_id", "trello:65e6f0a0c0c0c0c0c0c0c002"),
        ("surface", "identity"),
        ("action", "permission_changed"),
        ("actor_id", "5191aa"),
        ("actor_name", "Ana Lee"),
        ("workspace_id", "o1"),
        ("target", "Bo"),
        ("target_type", "user"),
        ("target_account", "5191bb"),
    ];
    Collected::recognised(Source::Trello, AUDIT).has(&expected);
    Collected::recognised(Source::Trello, &format!("[{AUDIT}]")).has(&expected);
}

#[test]
fn an_app_that_acts_for_somebody_is_the_api() {
    let json = COMMENT.replace(r#""appCreator":null"#, r#""appCreator":{"id":"app1","name":"Sync"}"#);
    Collected::recognised(Source::Trello, &json).has(&[
        ("app_id", "app1"),
        ("app_name", "Sync"),
        ("client_class", "api"),
        ("actor_id", "5191aa"),
    ]);
}

#[test]
fn a_bad_member_does_not_stop_the_others() {
    let collected = Collected::recognised(Source::Trello, &format!("[{COMMENT},7,{{}}]"));
    assert_eq!((collected.events.len(), collected.rejects.len(), collected.end), (1, 2, None));
}

#[test]
fn other_vendors_records_are_left_alone() {
    let origin = Origin { path: "raw/trello/x.json", object_time: 0, export: None };
    for json in [
        r#"{"type":"a","date":"b","memberCreator\"":1}"#,
        r#"{"idMemberCreator":"x","type":"commentCard"}"#,
        r#"{"action":"file_downloaded","actor":{},"date_create":1}"#,
        "[]",
    ] {
        assert!(!super::recognises(&Record::Json(json), &origin), "{json}");
    }
    let mut none = Collected::default();
    assert_eq!(super::normalize(&Record::Json(r#"{"a":1}"#), &origin, &mut none), Err(Reject::NotThisSource));
}

proptest! {
    #[test]
    fn nothing_panics(noise in ".{0,40}", from in 0_usize..2_000, to in 0_usize..2_000) {
        never_panics(Source::Trello, &[COMMENT, AUDIT], &noise, (from, to));
    }
}
