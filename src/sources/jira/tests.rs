use proptest::prelude::*;

use super::ACTIONS;
use crate::sources::atlassian_audit::collected::{Collected, never_panics};
use crate::sources::{Origin, Record, Reject, Source};

const CLOUD_AUDIT: &str = r#"{"id":4711,"summary":"User added to group","remoteAddress":"192.0.2.10","authorKey":"ug:1",
 "authorAccountId":"5f00aa",
 "created":"2024-03-05T10:11:12.345+0000","category":"group management","eventSource":"","objectItem":{"name":"jira-admins",
 "typeName":"GROUP",
 "parentId":"10000","parentName":"Directory"},"associatedItems":[{"id":"ug:2","name":"ug:2","typeName":"USER"}]}"#;

const DATA_CENTER: &str = r#"{"timestamp":"2024-03-05T10:11:12.345Z","author":{"name":"ana.lee","type":"ApplicationUser","id":"10000",
 "uri":"https://jira.example.com/secure/ViewProfile.jspa?name=ana.lee"},"type":{"categoryI18nKey":"jira.auditing.category.search",
 "category":"search",
 "actionI18nKey":"issuenav.jqlsearch.performed","action":"JQL search performed"},"affectedObjects":[],"changedValues":[],
 "source":"127.0.0.1,192.0.2.33","system":"https://jira.example.com/jira","method":"Browser",
 "extraAttributes":[{"name":"JQL query","nameI18nKey":"issuenav.jqlsearch.query","value":"text ~ \"password\""}]}"#;

const DATA_CENTER_FILE: &str = r#"{"affectedObjects":[{"name":"jira-administrators","type":"GROUP"},{"id":"JIRAUSER10100",
 "name":"bo","type":"USER"}],
 "auditType":{"action":"User added to group","actionI18nKey":"jira.auditing.user.added.to.group","area":"USER_MANAGEMENT",
 "category":"group management","categoryI18nKey":"jira.auditing.category.groupmanagement","level":"BASE"},
 "author":{"id":"-1","name":"System","type":"system"},"changedValues":[],"extraAttributes":[],"method":"Browser","source":"192.0.2.1",
 "system":"http://jira.example.com:8088","timestamp":{"epochSecond":1709633472,"nano":345000000},"version":"1.0"}"#;

const ORGANIZATION: &str = r#"{"type":"events","id":"0b1c2d3e-0000-4000-8000-000000000001",
 "attributes":{"time":"2024-03-05T10:11:12.345Z",
 "action":"jira_issue_viewed","actor":{"id":"557058:aa","name":"Ana Lee","email":"Ana.Lee@example.com"},"context":[],
 "container":[{"id":"c1","type":"sites","attributes":{"siteName":"example","issueId":"284408","issueKeyOrId":"WEB-21",
 "siteHostName":"https://example.atlassian.net"},"links":{"alt":"https://example.atlassian.net/browse/WEB-21"}}],
 "location":{"ip":"198.51.100.7","countryName":"Ireland","city":"Dublin"}},"message":{"content":"Viewed","format":"simple"}}"#;

const ISSUE_CREATED: &str = r#"{"timestamp":1709633472345,"webhookEvent":"jira:issue_created","issue_event_type_name":"issue_created",
 "user":{"self":"https://example.atlassian.net/rest/api/2/user?accountId=5f00aa","accountId":"5f00aa","displayName":"Ana Lee",
 "accountType":"atlassian"},
 "issue":{"id":"10148","self":"https://example.atlassian.net/rest/api/2/10148","key":"OPS-12","fields":{
 "summary":"Cannot log in","description":"{code}\nuser = ana\n{code} see [wiki|https://example.com/w]","environment":null,
 "project":{"id":"10000","key":"OPS","name":"Operations"},"customfield_10019":"0|i0000f:","customfield_10030":"pin is 4711 today",
 "customfield_10031":{"value":"High"},"customfield_10032":"2024-03-05","created":"2024-03-05T11:11:12.000+0100",
 "attachment":[{"self":"https://example.atlassian.net/rest/api/2/attachment/900","id":"900","filename":"keys.txt","size":12,
 "mimeType":"text/plain","author":{"accountId":"5f00aa"},"created":"2024-03-05T11:11:12.000+0100",
 "content":"https://example.atlassian.net/rest/api/2/attachment/content/900"}]}},"matchedWebhookIds":[1]}"#;

const COMMENT_CREATED: &str = r#"{"timestamp":1709633472345,"webhookEvent":"comment_created","comment":{
 "self":"https://example.atlassian.net/rest/api/2/issue/10148/comment/77","id":"77","author":{"accountId":"app1","displayName":"Bot",
 "accountType":"app"},
 "body":"the key is {{abc}}","updateAuthor":{"accountId":"app1"},"created":"2024-03-05T11:11:12.300+0100",
 "updated":"2024-03-05T11:11:12.300+0100",
 "jsdPublic":true},"issue":{"id":"10148","self":"https://example.atlassian.net/rest/api/2/10148","key":"OPS-12","fields":{"summary":"s",
 "project":{"key":"OPS","name":"Operations"}}},"eventType":"primaryAction"}"#;

fn update(event_type: &str, rest: &str) -> String {
    format!(
        r#"{{"timestamp":1709633472345,"webhookEvent":"jira:issue_updated","issue_event_type_name":"{event_type}",
            "user":{{"key":"JIRAUSER10000",
        "name":"ana","displayName":"Ana","emailAddress":"ANA@example.com"}},"issue":{{"id":"10148","key":"OPS-12",
        "self":"https://jira.example.com/jira/rest/api/2/issue/10148","fields":{{"summary":"s","description":"whole text",
        "attachment":[{{"id":"901","filename":"plan.pdf","size":99}}]}}}},{rest}}}"#
    )
}

#[test]
fn the_table_is_sorted_and_long_enough() {
    assert!(ACTIONS.is_sorted_by(|a, b| a.0 < b.0));
    assert!(ACTIONS.len() >= 40);
}

#[test]
fn cloud_audit_records_alone_and_in_pages() {
    let expected = [
        ("event_id", "jira:audit:4711:1709633472345000"),
        ("event_time", "1709633472345000"),
        ("surface", "identity"),
        ("action", "permission_changed"),
        ("vendor_action", "User added to group"),
        ("actor_id", "5f00aa"),
        ("src_ip", "192.0.2.10"),
        ("target", "jira-admins"),
        ("target_type", "group"),
        ("target_account", "ug:2"),
    ];
    Collected::recognised(Source::Jira, CLOUD_AUDIT).has(&expected);
    let page = format!(r#"{{"offset":0,"limit":1000,"total":1,"records":[{CLOUD_AUDIT}]}}"#);
    Collected::recognised(Source::Jira, &page).has(&expected);
    Collected::recognised(Source::Jira, &format!("[{CLOUD_AUDIT}]")).has(&expected);
    let empty = Collected::recognised(Source::Jira, r#"{"offset":0,"limit":1000,"total":0,"records":[]}"#);
    assert_eq!((empty.events.len(), empty.end), (0, None));
}

#[test]
fn a_project_is_a_channel_and_an_author_may_be_missing() {
    let json = r#"{"id":1,"summary":"Project created","created":"2024-03-05T10:11:12.345+0000","category":"projects","eventSource":"",
        "objectItem":{"id":"10000","name":"Operations","typeName":"PROJECT"},"changedValues":[{"fieldName":"Key","changedTo":"OPS"}]}"#;
    Collected::recognised(Source::Jira, json).has(&[
        ("action", "other"),
        ("surface", "ticket"),
        ("actor_id", ""),
        ("channel_id", "OPS"),
        ("channel_name", "Operations"),
        ("channel_type", "site"),
    ]);
}

#[test]
fn data_center_searches_name_their_query() {
    Collected::recognised(Source::Jira, DATA_CENTER).has(&[
        ("event_id", "jira:audit:b28a44ea8774ef4969d7e5169bd65f70"),
        ("event_time", "1709633472345000"),
        ("action", "search"),
        ("surface", "ticket"),
        ("search_query", "text ~ \"password\""),
        ("actor_id", "10000"),
        ("actor_name", "ana.lee"),
        ("src_ip", "192.0.2.33"),
        ("workspace_id", "jira.example.com"),
        ("client_class", "interactive"),
        ("vendor_action", "issuenav.jqlsearch.performed"),
    ]);
    let page = format!(r#"{{"pagingInfo":{{"lastPage":true,"size":1}},"entities":[{DATA_CENTER}]}}"#);
    assert_eq!(Collected::recognised(Source::Jira, &page).column(0, "action"), "search");
}

#[test]
fn one_act_has_one_id_in_the_api_and_in_the_file() {
    let by_file = DATA_CENTER
        .replace(r#""type":{"categoryI18nKey""#, r#""auditType":{"area":"END_USER_ACTIVITY","level":"FULL","categoryI18nKey""#)
        .replace(r#""2024-03-05T10:11:12.345Z""#, r#"{"epochSecond":1709633472,"nano":345000000}"#);
    let id = |json: &str| Collected::recognised(Source::Jira, json).column(0, "event_id");
    assert_eq!(id(&by_file), id(DATA_CENTER));
    assert_ne!(id(&by_file), id(&DATA_CENTER.replace("password", "passwort")));
}

#[test]
fn data_center_files_have_split_seconds_and_a_system_author() {
    Collected::recognised(Source::Jira, DATA_CENTER_FILE).has(&[
        ("event_time", "1709633472345000"),
        ("action", "permission_changed"),
        ("surface", "identity"),
        ("actor_class", "system"),
        ("target", "jira-administrators"),
        ("target_type", "group"),
        ("target_account", "JIRAUSER10100"),
    ]);
}

#[test]
fn the_organizations_log_says_who_opened_what_from_where() {
    let expected = [
        ("event_id", "jira:0b1c2d3e-0000-4000-8000-000000000001"),
        ("action", "file_viewed"),
        ("surface", "ticket"),
        ("actor_id", "557058:aa"),
        ("actor_email", "ana.lee@example.com"),
        ("src_ip", "198.51.100.7"),
        ("country", "Ireland"),
        ("workspace_id", "example.atlassian.net"),
        ("channel_id", "WEB"),
        ("message_id", "WEB-21"),
        ("file_id", "WEB-21"),
        ("permalink", "https://example.atlassian.net/browse/WEB-21"),
    ];
    Collected::recognised(Source::Jira, ORGANIZATION).has(&expected);
    Collected::recognised(Source::Jira, &format!(r#"{{"data":[{ORGANIZATION}],"meta":{{"page_size":1}},"links":{{}}}}"#)).has(&expected);
}

#[test]
fn logins_are_identity_and_impersonation_names_both() {
    let event = |action: &str| {
        format!(
            r#"{{"id":"e1","attributes":{{"action":"{action}","time":"2024-03-05T10:11:12.345Z","actor":{{"id":"a",
            "email":"admin@example.com"}},
            "context":[{{"id":"u2","type":"users","attributes":{{"email":"bo@example.com","name":"Bo"}}}}],
            "container":[{{"type":"sites","attributes":{{"siteHostName":"https://example.atlassian.net"}}}}]}},"message":"text"}}"#
        )
    };
    let login = Collected::recognised(Source::Jira, &event("user_logged_in_as_user"));
    login.has(&[
        ("action", "login"),
        ("surface", "identity"),
        ("on_behalf_of", "u2"),
        ("target", "Bo"),
        ("target_type", "user"),
        ("outcome", "success"),
    ]);
    Collected::recognised(Source::Jira, &event("user_login_failed")).has(&[("action", "login"), ("outcome", "failed")]);
    Collected::recognised(Source::Jira, &event("confluence_space_exported")).has(&[("action", "export"), ("surface", "ticket")]);
    Collected::recognised(Source::Jira, &event("api_token_created")).has(&[("action", "other"), ("surface", "identity")]);
}

#[test]
fn a_created_issue_is_a_message_and_its_files_are_uploads() {
    let collected = Collected::recognised(Source::Jira, ISSUE_CREATED);
    assert_eq!(collected.events.len(), 2);
    collected.has_at(
        0,
        &[
            ("event_id", "jira:example.atlassian.net:issue:10148"),
            ("event_time", "1709633472345000"),
            ("action", "message_posted"),
            ("surface", "ticket"),
            ("actor_id", "5f00aa"),
            ("actor_name", "Ana Lee"),
            ("actor_class", ""),
            ("workspace_id", "example.atlassian.net"),
            ("channel_id", "OPS"),
            ("channel_name", "Operations"),
            ("channel_type", "site"),
            ("message_id", "OPS-12"),
            ("permalink", "https://example.atlassian.net/browse/OPS-12"),
            ("text", "Cannot log in\n\n\nuser = ana\n see wiki <https://example.com/w>\n\npin is 4711 today"),
        ],
    );
    collected.has_at(
        1,
        &[
            ("event_id", "jira:example.atlassian.net:attachment:900"),
            ("event_time", "1709633472000000"),
            ("action", "file_uploaded"),
            ("actor_id", "5f00aa"),
            ("file_id", "900"),
            ("file_name", "keys.txt"),
            ("file_size", "12"),
            ("channel_id", "OPS"),
        ],
    );
}

#[test]
fn a_comment_has_one_id_by_webhook_by_update_and_by_api() {
    let by_webhook = Collected::recognised(Source::Jira, COMMENT_CREATED);
    by_webhook.has(&[
        ("event_id", "jira:example.atlassian.net:comment:77"),
        ("action", "message_posted"),
        ("actor_id", "app1"),
        ("actor_class", "service"),
        ("message_id", "77"),
        ("thread_id", "OPS-12"),
        ("channel_id", "OPS"),
        ("permalink", "https://example.atlassian.net/browse/OPS-12?focusedCommentId=77"),
        ("text", "the key is abc"),
    ]);
    let comment = r#"{"self":"https://example.atlassian.net/rest/api/2/issue/10148/comment/77","id":"77","author":{"accountId":"app1"},
        "body":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"the key is abc"}]}]},
        "created":"2024-03-05T11:11:12.300+0100","updated":"2024-03-05T11:11:12.300+0100"}"#;
    let by_update = format!(
        r#"{{"timestamp":1709633472345,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_commented",
        "issue":{{"id":"10148","key":"OPS-12","self":"https://example.atlassian.net/rest/api/2/10148","fields":{{}}}},
            "comment":{comment}}}"#
    );
    let by_api = format!(
        r#"{{"expand":"","startAt":0,"total":1,"issues":[{{"id":"10148","key":"OPS-12",
            "self":"https://example.atlassian.net/rest/api/3/issue/10148",
        "fields":{{"summary":"s","created":"2024-03-05T11:00:00.000+0100","creator":{{"accountId":"5f00aa"}},
            "comment":{{"comments":[{comment}]}}}}}}]}}"#
    );
    for (json, at) in [(by_update, 0), (by_api, 1)] {
        let collected = Collected::recognised(Source::Jira, &json);
        collected.has_at(
            at,
            &[
                ("event_id", "jira:example.atlassian.net:comment:77"),
                ("text", "the key is abc"),
                ("actor_id", "app1"),
                ("thread_id", "OPS-12"),
            ],
        );
    }
}

#[test]
fn an_update_is_an_edit_only_if_words_changed() {
    let words = r#""changelog":{"id":"55","items":[{"field":"description","fieldtype":"jira","from":null,"fromString":"old",
 "to":null,"toString":"new text"},
        {"field":"status","fieldtype":"jira","from":"1","fromString":"Open","to":"2","toString":"Done"}]}"#;
    Collected::recognised(Source::Jira, &update("issue_updated", words)).has(&[
        ("event_id", "jira:jira.example.com:changelog:55"),
        ("action", "message_edited"),
        ("text", "new text"),
        ("actor_id", "JIRAUSER10000"),
        ("actor_email", "ana@example.com"),
        ("permalink", "https://jira.example.com/jira/browse/OPS-12"),
    ]);
    let state = r#""changelog":{"id":"56","items":[{"field":"status","fieldtype":"jira","from":"1","fromString":"Open","to":"2",
 "toString":"Done"}]}"#;
    Collected::recognised(Source::Jira, &update("issue_generic", state)).has(&[
        ("action", "other"),
        ("text", ""),
        ("event_id", "jira:jira.example.com:changelog:56"),
    ]);
    let rights = r#""changelog":{"id":"57","items":[{"field":"security","fieldtype":"jira","from":"1","to":null}]}"#;
    Collected::recognised(Source::Jira, &update("issue_updated", rights)).has(&[("action", "permission_changed")]);
    let file = r#""changelog":{"id":"58","items":[{"field":"Attachment","fieldtype":"jira","from":null,"to":"901","toString":"plan.pdf"},
        {"field":"Attachment","fieldtype":"jira","from":"902","fromString":"old.zip","to":null}]}"#;
    let files = Collected::recognised(Source::Jira, &update("issue_updated", file));
    files.has_at(
        0,
        &[
            ("action", "file_uploaded"),
            ("file_name", "plan.pdf"),
            ("file_size", "99"),
            ("event_id", "jira:jira.example.com:attachment:901"),
        ],
    );
    files.has_at(1, &[("action", "file_deleted"), ("file_name", "old.zip"), ("file_size", "")]);
}

#[test]
fn what_is_deleted_has_no_text_and_no_wrong_actor() {
    let comment = COMMENT_CREATED.replace("comment_created", "comment_deleted");
    Collected::recognised(Source::Jira, &comment).has(&[
        ("action", "message_deleted"),
        ("text", ""),
        ("actor_id", ""),
        ("message_id", "77"),
    ]);
    let issue = ISSUE_CREATED.replace("jira:issue_created", "jira:issue_deleted");
    Collected::recognised(Source::Jira, &issue).has(&[("action", "message_deleted"), ("text", ""), ("actor_id", "5f00aa")]);
    let file = r#"{"timestamp":1709633472345,"webhookEvent":"attachment_deleted",
 "attachment":{"self":"https://example.atlassian.net/rest/api/2/attachment/9",
        "id":"9","filename":"a.zip","author":{"accountId":"owner"},"created":"2024-03-01T00:00:00.000+0000","size":5,
            "mimeType":"application/zip"}}"#;
    let deleted = [("action", "file_deleted"), ("file_owner", "owner"), ("actor_id", ""), ("event_time", "1709633472345000")];
    Collected::recognised(Source::Jira, file).has(&deleted);
    let created = file.replace("attachment_deleted", "attachment_created");
    Collected::recognised(Source::Jira, &created).has(&[
        ("action", "file_uploaded"),
        ("actor_id", "owner"),
        ("event_id", "jira:example.atlassian.net:attachment:9"),
    ]);
}

#[test]
fn a_worklog_is_a_message_if_it_has_a_remark() {
    let worklog = |comment: &str| {
        format!(
            r#"{{"timestamp":1709633472345,"webhookEvent":"worklog_created",
            "worklog":{{"self":"https://example.atlassian.net/rest/api/2/issue/10148/worklog/5",
            "id":"5","issueId":"10148","author":{{"accountId":"a"}},"updateAuthor":{{"accountId":"a"}},
            {comment}"timeSpentSeconds":60}}}}"#
        )
    };
    let remark = Collected::recognised(Source::Jira, &worklog(r#""comment":"reset it","#));
    remark.has(&[("action", "message_posted"), ("text", "reset it"), ("thread_id", "10148"), ("message_id", "5")]);
    Collected::recognised(Source::Jira, &worklog("")).has(&[("action", "other"), ("text", "")]);
}

#[test]
fn other_webhooks_and_deliveries_to_apps_are_known() {
    let sprint = r#"{"timestamp":1709633472345,"webhookEvent":"sprint_started","sprint":{"id":1,"name":"S"}}"#;
    Collected::recognised(Source::Jira, sprint).has(&[("action", "other"), ("vendor_action", "sprint_started")]);
    let forge = r#"{"eventType":"avi:jira:created:issue","atlassianId":"5f00aa","issue":{"id":"1","key":"OPS-1",
 "fields":{"summary":"hello","created":"2024-03-05T10:11:12.345+0000","updated":"2024-03-05T10:11:12.345+0000"}}}"#;
    let expected = [("action", "message_posted"), ("actor_id", "5f00aa"), ("text", "hello"), ("event_time", "1709633472345000")];
    Collected::recognised(Source::Jira, forge).has(&expected);
}

#[test]
fn a_bad_member_does_not_stop_the_others() {
    let page = format!(r#"{{"offset":0,"limit":10,"records":[{CLOUD_AUDIT},{{"id":2}},7]}}"#);
    let collected = Collected::recognised(Source::Jira, &page);
    assert_eq!((collected.events.len(), collected.rejects.len(), collected.end), (1, 2, None));
}

#[test]
fn other_vendors_records_are_left_alone() {
    let origin = Origin { path: "raw/jira/x.json", object_time: 0, export: None };
    for json in [
        r#"{"records":[]}"#,
        r#"{"data":[{"id":"1","attributes":{"name":"x"}}]}"#,
        r#"{"Records":[{"eventType":"AwsApiCall"}]}"#,
        r#"{"type":"message","text":"hi","ts":"1.2"}"#,
        r#"{"key":"a","fields":{}}"#,
        r#"{"webhookEvent":"something_else","timestamp":1}"#,
        r#"{"id":1,"summary":"x","category":"y"}"#,
        "[]",
        "7",
    ] {
        assert!(!super::recognises(&Record::Json(json), &origin), "{json}");
    }
    let mut none = Collected::default();
    assert_eq!(super::normalize(&Record::Json(r#"{"a":1}"#), &origin, &mut none), Err(Reject::NotThisSource));
    assert_eq!(super::normalize(&Record::Mail(b""), &origin, &mut none), Err(Reject::NotThisSource));
}

proptest! {
    #[test]
    fn nothing_panics(noise in ".{0,40}", from in 0_usize..2_000, to in 0_usize..2_000) {
        let valid = [CLOUD_AUDIT, DATA_CENTER, DATA_CENTER_FILE, ORGANIZATION, ISSUE_CREATED, COMMENT_CREATED];
        never_panics(Source::Jira, &valid, &noise, (from, to));
    }
}
