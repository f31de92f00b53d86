use proptest::prelude::*;

use super::ACTIONS;
use crate::sources::atlassian_audit::collected::{Collected, never_panics};
use crate::sources::{Origin, Record, Reject, Source};

const CLOUD_AUDIT: &str = r#"{"author":{"type":"user","displayName":"Ana Lee","operations":null,"isExternalCollaborator":false,
 "username":"5f00aa",
 "userKey":"k1","accountId":"5f00aa","accountType":"","publicName":"Unknown user","externalCollaborator":false},
 "remoteAddress":"192.0.2.10",
 "creationDate":1709633472345,"summary":"Space export","description":"","category":"Import/Export","sysAdmin":false,"superAdmin":false,
 "affectedObject":{"name":"Service Catalogue","objectType":"Space"},"changedValues":[{"name":"Space key","oldValue":"","newValue":"SC"}],
 "associatedObjects":[]}"#;

const DATA_CENTER: &str = r#"{"timestamp":"2024-03-05T10:11:12.345Z","author":{"name":"Ana Lee","type":"user","id":"2c96"},
 "type":{"categoryI18nKey":"audit.logging.category.import.export","category":"Import/Export",
 "actionI18nKey":"audit.logging.summary.page.pdf.export","action":"Page exported as PDF"},
 "affectedObjects":[{"name":"Operations","type":"Space","uri":"https://wiki.example.com/display/OPS","id":"98306"},
 {"name":"Runbook","type":"Page","uri":"https://wiki.example.com/pages/viewpage.action?pageId=77","id":"77"}],
 "changedValues":[],"source":"192.0.2.33","system":"https://wiki.example.com","method":"Browser","extraAttributes":[]}"#;

const PAGE_UPDATED: &str = r#"{"timestamp":1709633472345,"event":"page_updated","userKey":"ff80","page":{"id":77,"title":"Runbook",
 "spaceKey":"OPS",
 "contentType":"page","version":3,"creationDate":1700000000000,"modificationDate":1709633472000,"creatorKey":"ff01",
 "lastModifierKey":"ff80",
 "self":"https://wiki.example.com/display/OPS/Runbook","body":{"storage":{"representation":"storage",
 "value":"<p>Log in:</p><ac:structured-macro><ac:plain-text-body><![CDATA[u=a & p=<x>]]></ac:plain-text-body></ac:structured-macro>"}}}}"#;

const CLOUD_COMMENT: &str = r#"{"userAccountId":"5f00aa","accountType":"customer","timestamp":1709633472345,"comment":{"id":5,
 "contentType":"comment",
 "creatorAccountId":"5f00aa","creationDate":1709633472000,"modificationDate":1709633472000,"version":1,
 "self":"https://example.atlassian.net/wiki/spaces/OPS/pages/77?focusedCommentId=5","parent":{"id":77,"title":"Runbook","spaceKey":"OPS",
 "contentType":"page","version":3},"body":{"storage":{"value":"<p>the pin is 4711</p>"}}}}"#;

const ATTACHMENTS: &str = r#"{"event":"attachment_created","userAccountId":"5f00aa","timestamp":1709633472345,"attachments":[{"id":900,
 "fileName":"keys.txt","fileSize":12,"spaceKey":"OPS","version":1,"creationDate":1709633472000,"creatorAccountId":"5f00aa",
 "comment":"for Bo",
 "self":"https://example.atlassian.net/wiki/rest/api/content/att900"},{"id":901,"fileName":"b.zip","spaceKey":"OPS","version":1}],
 "attachedTo":{"id":77,"title":"Runbook","spaceKey":"OPS","contentType":"page",
 "self":"https://example.atlassian.net/wiki/spaces/OPS/pages/77"}}"#;

const CONTENT: &str = r#"{"id":"77","type":"page","status":"current","title":"Runbook","space":{"key":"OPS","name":"Operations"},
 "version":{"number":3,"when":"2024-03-05T10:11:12.000Z","by":{"accountId":"5f00aa","displayName":"Ana Lee","email":"Ana@example.com"}},
 "history":{"createdDate":"2023-01-01T00:00:00.000Z"},"body":{"atlas_doc_format":{
 "value":"{\"type\":\"doc\",\"content\":[{\"type\":\"paragraph\",\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}]}"}},
 "_links":{"base":"https://wiki.example.com","webui":"/display/OPS/Runbook"},"_expandable":{}}"#;

#[test]
fn the_table_is_sorted_and_long_enough() {
    assert!(ACTIONS.is_sorted_by(|a, b| a.0 < b.0));
    assert!(ACTIONS.len() >= 25);
}

#[test]
fn cloud_audit_records_alone_and_in_pages() {
    let expected = [
        ("event_id", "confluence:audit:0bc8906effd2d1cfafc59cb721f9d052"),
        ("event_time", "1709633472345000"),
        ("surface", "ticket"),
        ("action", "export"),
        ("vendor_action", "Space export"),
        ("actor_id", "5f00aa"),
        ("actor_name", "Ana Lee"),
        ("src_ip", "192.0.2.10"),
        ("channel_id", "SC"),
        ("channel_name", "Service Catalogue"),
        ("channel_type", "site"),
    ];
    Collected::recognised(Source::Confluence, CLOUD_AUDIT).has(&expected);
    Collected::recognised(Source::Confluence, &format!(r#"{{"results":[{CLOUD_AUDIT}],"start":0,"limit":100,"size":1}}"#)).has(&expected);
    Collected::recognised(Source::Confluence, &format!("[{CLOUD_AUDIT}]")).has(&expected);
}

#[test]
fn the_system_and_people_from_outside_are_told_apart() {
    let system = r#"{"author":{"type":"user","displayName":"System","isExternalCollaborator":false},"remoteAddress":"192.0.2.1",
 "creationDate":1709633472345,
        "summary":"User added to group","category":"Users and groups","affectedObject":{"name":"confluence-users:4375f4c3",
            "objectType":"Group"},
        "associatedObjects":[{"name":"Bo","objectType":"User"}]}"#;
    Collected::recognised(Source::Confluence, system).has(&[
        ("action", "permission_changed"),
        ("surface", "identity"),
        ("actor_class", "system"),
        ("actor_id", ""),
        ("actor_name", "System"),
        ("target", "confluence-users:4375f4c3"),
        ("target_type", "group"),
        ("target_account", "Bo"),
    ]);
    let guest = CLOUD_AUDIT.replace(r#""isExternalCollaborator":false"#, r#""isExternalCollaborator":true"#);
    Collected::recognised(Source::Confluence, &guest).has(&[("actor_class", "guest")]);
    let public = CLOUD_AUDIT.replace("Space export", "Public link enabled");
    Collected::recognised(Source::Confluence, &public).has(&[("action", "link_created")]);
    let restricted = CLOUD_AUDIT.replace("Space export", "Content restriction removed");
    Collected::recognised(Source::Confluence, &restricted).has(&[("action", "permission_changed"), ("surface", "ticket")]);
}

#[test]
fn data_center_exports_name_space_and_page() {
    let expected = [
        ("event_time", "1709633472345000"),
        ("action", "export"),
        ("surface", "ticket"),
        ("actor_id", "2c96"),
        ("workspace_id", "wiki.example.com"),
        ("channel_id", "OPS"),
        ("channel_name", "Operations"),
        ("message_id", "77"),
        ("file_id", "77"),
        ("file_name", "Runbook"),
    ];
    Collected::recognised(Source::Confluence, DATA_CENTER).has(&expected);
    Collected::recognised(Source::Confluence, &format!(r#"{{"pagingInfo":{{}},"entities":[{DATA_CENTER}]}}"#)).has(&expected);
}

#[test]
fn a_failed_login_is_the_accounts_not_nobodys() {
    let json = r#"{"affectedObjects":[{"id":"2c97","name":"bo","type":"User"}],"auditType":{"action":"Login failed",
        "actionI18nKey":"audit.logging.summary.login.failed","category":"Auth","categoryI18nKey":"audit.logging.category.auth"},
        "author":{"id":"-2","name":"Anonymous","type":"user"},"changedValues":[],"extraAttributes":[],"source":"192.0.2.5",
        "timestamp":{"epochSecond":1709633472,"nano":345000000},"version":"1.0"}"#;
    let expected = [("action", "login"), ("outcome", "failed"), ("surface", "identity"), ("actor_id", "2c97"), ("actor_name", "bo")];
    Collected::recognised(Source::Confluence, json).has(&expected);
}

#[test]
fn acts_that_both_products_log_are_told_apart_by_host_and_path() {
    let json = r#"{"timestamp":"2024-03-05T10:11:12Z","author":{"name":"a","type":"user","id":"1"},"type":{"category":"Auditing",
        "actionI18nKey":"atlassian.audit.event.action.audit.search","action":"Audit Log search performed"},"affectedObjects":[],
        "system":"https://HOST.example.com","source":"192.0.2.1"}"#;
    for (host, path, expected) in [
        ("confluence", "raw/x.log", Source::Confluence),
        ("tracker", "raw/Confluence/x.log", Source::Confluence),
        ("jira", "raw/x.log", Source::Jira),
    ] {
        let json = json.replace("HOST", host);
        let origin = Origin { path, object_time: 0, export: None };
        assert_eq!(Source::recognise(&Record::Json(&json), &origin), Some(expected));
        Collected::from(expected, &Record::Json(&json), path)
            .has(&[("action", "other"), ("vendor_action", "atlassian.audit.event.action.audit.search")]);
    }
}

#[test]
fn a_page_has_its_title_and_body_and_one_id_for_each_version() {
    Collected::recognised(Source::Confluence, PAGE_UPDATED).has(&[
        ("event_id", "confluence:wiki.example.com:page:77:v3"),
        ("event_time", "1709633472345000"),
        ("action", "message_edited"),
        ("vendor_action", "page_updated"),
        ("actor_id", "ff80"),
        ("channel_id", "OPS"),
        ("message_id", "77"),
        ("permalink", "https://wiki.example.com/display/OPS/Runbook"),
        ("text", "Runbook\n\nLog in:\nu=a & p=<x>"),
    ]);
    Collected::recognised(Source::Confluence, CONTENT).has(&[
        ("event_id", "confluence:wiki.example.com:page:77:v3"),
        ("event_time", "1709633472000000"),
        ("action", "message_edited"),
        ("actor_id", "5f00aa"),
        ("actor_email", "ana@example.com"),
        ("channel_name", "Operations"),
        ("text", "Runbook\n\nhello"),
    ]);
    let page = format!(r#"{{"results":[{CONTENT},{CONTENT}],"size":2}}"#);
    assert_eq!(Collected::recognised(Source::Confluence, &page).events.len(), 2);
    let newer_api = r#"{"id":"78","status":"current","title":"T","spaceId":"65","authorId":"5f00aa",
 "createdAt":"2024-03-05T10:11:12.000Z",
        "version":{"number":1,"createdAt":"2024-03-05T10:11:12.000Z","authorId":"5f00aa"},"body":{"storage":{"value":"<p>b</p>"}}}"#;
    let expected = [
        ("action", "message_posted"),
        ("text", "T\n\nb"),
        ("channel_id", "65"),
        ("actor_id", "5f00aa"),
        ("event_time", "1709633472000000"),
    ];
    Collected::recognised(Source::Confluence, newer_api).has(&expected);
}

#[test]
fn a_webhook_without_a_name_is_told_by_its_dates_or_its_path() {
    Collected::recognised(Source::Confluence, CLOUD_COMMENT).has(&[
        ("event_id", "confluence:example.atlassian.net:comment:5:v1"),
        ("action", "message_posted"),
        ("actor_id", "5f00aa"),
        ("actor_class", "guest"),
        ("channel_id", "OPS"),
        ("message_id", "5"),
        ("thread_id", "77"),
        ("text", "the pin is 4711"),
    ]);
    let unnamed = PAGE_UPDATED.replace(r#""event":"page_updated","#, "");
    assert_eq!(Collected::recognised(Source::Confluence, &unnamed).column(0, "action"), "message_edited");
    let later = unnamed.replace("\"timestamp\":1709633472345", "\"timestamp\":1709733472345");
    Collected::recognised(Source::Confluence, &later).has(&[("action", "other"), ("text", "")]);
    let viewed = Collected::from(Source::Confluence, &Record::Json(&later), "hooks/page_viewed/2024/x.json");
    viewed.has(&[
        ("action", "file_viewed"),
        ("file_id", "77"),
        ("file_name", "Runbook"),
        ("text", ""),
        ("event_id", "confluence:wiki.example.com:page:77:page_viewed:ff80:1709733472345000"),
    ]);
}

#[test]
fn files_are_one_event_each() {
    let collected = Collected::recognised(Source::Confluence, ATTACHMENTS);
    assert_eq!(collected.events.len(), 2);
    collected.has_at(
        0,
        &[
            ("event_id", "confluence:example.atlassian.net:attachment:900:v1"),
            ("action", "file_uploaded"),
            ("file_id", "900"),
            ("file_name", "keys.txt"),
            ("file_size", "12"),
            ("message_id", "77"),
            ("channel_id", "OPS"),
            ("text", "for Bo"),
        ],
    );
    collected.has_at(1, &[("file_name", "b.zip"), ("file_size", "")]);
    let removed = ATTACHMENTS.replace("attachment_created", "attachment_removed");
    assert_eq!(Collected::recognised(Source::Confluence, &removed).column(0, "action"), "file_deleted");
}

#[test]
fn spaces_groups_searches_and_apps_deliveries() {
    let space = r#"{"timestamp":1709633472345,"event":"space_permissions_updated","userKey":"ff80","space":{"key":"OPS",
 "name":"Operations","self":"https://wiki.example.com/display/OPS"}}"#;
    let expected = [
        ("action", "permission_changed"),
        ("channel_id", "OPS"),
        ("channel_name", "Operations"),
        ("surface", "ticket"),
        ("workspace_id", "wiki.example.com"),
    ];
    Collected::recognised(Source::Confluence, space).has(&expected);
    let search = r#"{"timestamp":1709633472345,"event":"search_performed","userKey":"ff80","query":"password","results":3}"#;
    Collected::recognised(Source::Confluence, search).has(&[("action", "search"), ("search_query", "password"), ("actor_id", "ff80")]);
    let forge = r#"{"eventType":"avi:confluence:viewed:page","atlassianId":"5f00aa","content":{"id":"77","type":"page",
 "title":"Runbook","space":{"key":"OPS"}}}"#;
    Collected::recognised(Source::Confluence, forge).has(&[
        ("action", "file_viewed"),
        ("actor_id", "5f00aa"),
        ("channel_id", "OPS"),
        ("event_time", ""),
    ]);
}

#[test]
fn a_bad_member_does_not_stop_the_others() {
    let page = format!(r#"{{"results":[{CLOUD_AUDIT},{{"a":1}},null]}}"#);
    let collected = Collected::recognised(Source::Confluence, &page);
    assert_eq!((collected.events.len(), collected.rejects.len(), collected.end), (1, 2, None));
}

#[test]
fn other_vendors_records_are_left_alone() {
    let origin = Origin { path: "raw/confluence/x.json", object_time: 0, export: None };
    for json in [
        r#"{"timestamp":1709633472345,"webhookEvent":"comment_created","comment":{"id":"1"},"issue":{"key":"A-1"}}"#,
        r#"{"timestamp":1709633472345,"webhookEvent":"attachment_created","attachment":{"id":"1"}}"#,
        r#"{"results":[{"id":1}],"version":1}"#,
        r#"{"type":"page","id":"1","version":2}"#,
        r#"{"timestamp":"2024-03-05T10:11:12Z","event":"page_view","user":"a"}"#,
        r#"{"type":"message","timestamp":1}"#,
        "{}",
    ] {
        assert!(!super::recognises(&Record::Json(json), &origin), "{json}");
    }
    let mut none = Collected::default();
    assert_eq!(super::normalize(&Record::Json(r#"{"a":1}"#), &origin, &mut none), Err(Reject::NotThisSource));
}

proptest! {
    #[test]
    fn nothing_panics(noise in ".{0,40}", from in 0_usize..2_000, to in 0_usize..2_000) {
        let valid = [CLOUD_AUDIT, DATA_CENTER, PAGE_UPDATED, CLOUD_COMMENT, ATTACHMENTS, CONTENT];
        never_panics(Source::Confluence, &valid, &noise, (from, to));
    }
}
