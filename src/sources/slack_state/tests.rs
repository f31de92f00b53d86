use proptest::prelude::*;
use serde_json::Value;

use super::super::Source;
use super::super::slack_messages::tests::{feed, fields, mutated, run};
use super::*;

fn state(json: &str, path: &str) -> Vec<Value> {
    let (kept, done) = run(Source::SlackState, json, path);
    assert_eq!((done, kept.rejects), (Ok(()), Vec::new()), "{json}");
    kept.snapshots
}

fn shown(rows: &[Value], names: &[&str]) -> Vec<String> {
    let shown = |row: &Value| fields(row, names).replace("null", "-");
    rows.iter().map(shown).collect()
}

const CHANNEL: &str = r#"{"id":"C0GENERAL1","name":"general","created":1714557600,"creator":"U0ANA0001","is_archived":false,
    "members":["U0ANA0001","U0BO00001"]}"#;

#[test]
fn an_exports_lists_state_channels_and_members() {
    let names = ["kind", "channel_id", "channel_name", "channel_type", "actor_id", "role"];
    let expected = [
        "channel | C0GENERAL1 | general | public | - | -",
        "channel_member | C0GENERAL1 | general | public | U0ANA0001 | creator",
        "channel_member | C0GENERAL1 | general | public | U0BO00001 | -",
    ];
    assert_eq!(shown(&state(CHANNEL, "export/channels.json"), &names), expected);
    assert_eq!(shown(&state(&format!("[{CHANNEL}]"), "export.channels.json"), &names), expected);
    for (path, kind) in [("export/groups.json", "private"), ("export/mpims.json", "group"), ("x.groups.json", "private")] {
        assert_eq!(shown(&state(CHANNEL, path), &["channel_type"])[0], kind, "{path}");
    }
    let dm = r#"{"id":"D0ANABO001","created":1714557600,"members":["U0ANA0001","U0BO00001"]}"#;
    assert_eq!(
        shown(&state(dm, "export/dms.json"), &["kind", "channel_type"]),
        ["channel | direct", "channel_member | direct", "channel_member | direct"]
    );
}

#[test]
fn responses_state_what_they_list() {
    let list = r#"{"ok":true,"channels":[{"id":"C0OPS00001","name":"ops","created":1,"is_private":true,"is_ext_shared":true,
        "context_team_id":"T0HOME001"},
        {"id":"D0ANABO001","created":1,"is_im":true,"user":"U0BO00001"}]}"#;
    let names = ["kind", "channel_id", "channel_type", "channel_external", "actor_id"];
    let expected = [
        "channel | C0OPS00001 | private | true | -",
        "channel | D0ANABO001 | direct | - | -",
        "channel_member | D0ANABO001 | direct | - | U0BO00001",
    ];
    assert_eq!(shown(&state(list, "list.json"), &names), expected);
    let one = r#"{"ok":true,"channel":{"id":"C0OPS00001","name":"ops","is_private":false}}"#;
    assert_eq!(shown(&state(one, "info.json"), &names), ["channel | C0OPS00001 | public | - | -"]);
}

#[test]
fn members_need_a_channel() {
    let json = r#"{"ok":true,"members":["U0ANA0001","U0BO00001"],"response_metadata":{"next_cursor":""}}"#;
    for path in ["members/C0GENERAL1.json", "raw/channel=C0GENERAL1/page1.json", "conversations.members_C0GENERAL1.json"] {
        let rows = shown(&state(json, path), &["kind", "channel_id", "actor_id"]);
        assert_eq!(rows, ["channel_member | C0GENERAL1 | U0ANA0001", "channel_member | C0GENERAL1 | U0BO00001"], "{path}");
    }
    let told = json.replace("\"ok\":true", "\"ok\":true,\"channel\":\"C0OPS00001\"");
    assert_eq!(shown(&state(&told, "members.json"), &["channel_id"])[0], "C0OPS00001");
    assert!(matches!(run(Source::SlackState, json, "members.json").1, Err(Reject::Bad { .. })));
}

#[test]
fn users_have_name_address_and_role() {
    let user = |id: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","team_id":"T0HOME001","name":"ana","profile":{{"real_name":"Ana Lee","email":"Ana.Lee@Example.com"}}{more}}}"#
        )
    };
    let list = format!(
        r#"{{"ok":true,"members":[{},{},{},{},{}]}}"#,
        user("U0ANA0001", ""),
        user("U0ANA0002", ",\"is_restricted\":true"),
        user("U0ANA0003", ",\"is_bot\":true"),
        user("U0ANA0004", ",\"is_admin\":true,\"is_owner\":true"),
        user("U0ANA0005", ",\"deleted\":true"),
    );
    let roles = shown(&state(&list, "users.json"), &["actor_id", "role"]);
    assert_eq!(roles, ["U0ANA0001 | member", "U0ANA0002 | guest", "U0ANA0003 | bot", "U0ANA0004 | owner", "U0ANA0005 | deleted"]);
    let names = ["kind", "workspace_id", "actor_id", "actor_name", "actor_email"];
    let expected = ["user | T0HOME001 | U0ANA0001 | Ana Lee | ana.lee@example.com"];
    assert_eq!(shown(&state(&user("U0ANA0001", ""), "export/users.json"), &names), expected);
    assert_eq!(shown(&state(&format!(r#"{{"ok":true,"user":{}}}"#, user("U0ANA0001", "")), "info.json"), &names), expected);
}

#[test]
fn a_file_lies_where_it_was_shared_since_it_was_shared() {
    let file = r#"{"id":"F0FILE0001","name":"plan.pdf","filetype":"pdf","mode":"hosted","size":43518,"user":"U0ANA0001",
        "channels":["C0GENERAL1","C0OPS00001"],
        "groups":[],"ims":["D0ANABO001"],"shares":{"public":{"C0GENERAL1":[{"ts":"1714557700.000100"},{"ts":"1714557600.000100"}]},
        "private":{"C0SECRET01":[{"ts":"1714557800.000100"}],"D0ANABO001":[{"ts":"1714557900.000100"}]}}}"#;
    let names = ["channel_id", "channel_type", "snapshot_time", "file_size", "file_owner"];
    let expected = [
        "C0SECRET01 | private | 1714557800000100 | 43518 | U0ANA0001",
        "D0ANABO001 | direct | 1714557900000100 | 43518 | U0ANA0001",
        "C0GENERAL1 | public | 1714557600000100 | 43518 | U0ANA0001",
        "C0OPS00001 | public | - | 43518 | U0ANA0001",
    ];
    for json in [file.to_owned(), format!(r#"{{"ok":true,"file":{file}}}"#), format!(r#"{{"ok":true,"files":[{file}],"paging":{{}}}}"#)] {
        assert_eq!(shown(&state(&json, "files.json"), &names), expected);
    }
    let nowhere = r#"{"ok":true,"file":{"id":"F0FILE0002","name":null,"size":0,"shares":null,"channels":[]}}"#;
    assert_eq!(shown(&state(nowhere, "file.json"), &names), ["- | - | - | - | -"]);
}

#[test]
fn answers_without_state_are_nothing() {
    for json in
        [r#"{"ok":true}"#, r#"{"ok":false,"error":"invalid_auth"}"#, r#"{"ok":true,"users":["U0ANA0001"]}"#, r#"{"ok":true,"channels":[]}"#]
    {
        assert_eq!(run(Source::SlackState, json, "x.json").1, Err(Reject::Nothing), "{json}");
    }
    for json in [r#"{"id":"C1","members":["a"]}"#, r#"{"id":"x","created":1,"creator":"y"}"#, r#"{"ok":"maybe"}"#, "[]", "{"] {
        assert!(!recognises(&Record::Json(json), &Origin { path: "x.json", object_time: 0, export: None }), "{json}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        feed(Source::SlackState, &text);
        feed(Source::SlackState, &mutated(CHANNEL, &changes));
        read_export_list(&mut ExportChannels::default(), &text, &text);
    }
}
