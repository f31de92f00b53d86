//! Which records are one act, and what changes of access, mails and roles are.

use super::*;

/// An activity flattened into its event.
fn flat(application: &str, name: &str, parameters: &str) -> String {
    format!("{{{},\"type\":\"x\",\"name\":\"{name}\",\"parameters\":{parameters}}}", HEAD.replace("APP", application))
}

/// An activity as the API gives it, with one event.
fn api(application: &str, name: &str, parameters: &str) -> String {
    activity(application, &format!(r#"[{{"type":"x","name":"{name}","parameters":{parameters}}}]"#))
}

fn id(json: &str) -> String {
    one(json)["event_id"].as_str().expect("an id").to_owned()
}

#[test]
fn flattened_records_that_say_different_things_have_different_ids() {
    let bo = |json: String| json.replace("\"1001\"", "\"1002\"").replace("Ana@", "bo@");
    let mail = |info: &str, message: &str| {
        flat("gmail", "delivery", &format!(r#"{{"event_info":{{"timestamp_usec":17{info}}},"message_info":{{"subject":"x"{message}}}}}"#))
    };
    let token = |name: &str| flat("token", "authorize", &format!(r#"{{"client_id":"c1","app_name":"{name}","scope":["drive"]}}"#));
    let admin = |name: &str, parameters: &str| flat("admin", name, parameters);
    let records = [
        admin("ADD_APPLICATION", r#"{"APP_ID":"1","APPLICATION_ENABLED":"true","APPLICATION_NAME":"Signatures"}"#),
        admin("ADD_APPLICATION", r#"{"APP_ID":"1","APPLICATION_ENABLED":"true","APPLICATION_NAME":"Diagrams"}"#),
        admin("CREATE_ROLE", r#"{"ROLE_ID":"1","ROLE_NAME":"Readers"}"#),
        admin("CREATE_ROLE", r#"{"ROLE_ID":"2","ROLE_NAME":"Readers"}"#),
        admin("ADD_MOBILE_APPLICATION_TO_WHITELIST", r#"{"MOBILE_APP_PACKAGE_ID":"com.example.one"}"#),
        admin("ADD_MOBILE_APPLICATION_TO_WHITELIST", r#"{"MOBILE_APP_PACKAGE_ID":"com.example.two"}"#),
        token("Sorter"),
        token("Reader"),
        bo(token("Reader")),
        mail("", ""),
        bo(mail("", "")),
        mail(r#","mail_event_type":17"#, ""),
        mail("", r#","rfc2822_message_id":"<m1@example.com>""#),
        mail("", r#","flattened_destinations":"catchall::bo@example.com""#),
        mail("", r#","link_domain":["example.net"]"#),
        mail("", r#","link_domain":["example.net","example.org"]"#),
        mail("", r#","link_domain":["example.org","example.net"]"#),
        mail("", r#","is_spam":true"#),
        // The edges of texts count.
        admin("CREATE_USER", r#"{"a":"xy","b":"z"}"#),
        admin("CREATE_USER", r#"{"a":"x","b":"yz"}"#),
        admin("CREATE_USER", r#"{"a":"123456789012345678901"}"#),
        admin("CREATE_USER", r#"{"a":123456789012345678902}"#),
        admin("CREATE_USER", "{}"),
        bo(admin("CREATE_USER", "{}")),
    ];
    let mut ids: Vec<String> = records.iter().map(|json| id(json)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), records.len());
}

#[test]
fn one_act_has_one_id_however_its_values_are_written() {
    let list = r#"[{"name":"old_value","multiValue":["none"]},{"name":"new_value","multiValue":["can_edit"]},
{"name":"target_user","value":"eve@partner.example"},{"name":"billable","boolValue":true},{"name":"is_encrypted","boolValue":false},
{"name":"count","intValue":"17"},{"name":"scopes","multiValue":["a","b"]},{"name":"info","messageValue":{"parameter":[
{"name":"two","value":"2"},{"name":"one","multiMessageValue":[{"parameter":[{"name":"x","boolValue":true}]}]}]}}]"#;
    let expected = id(&api("drive", "change_user_access", list));
    for map in [
        r#"{"old_value":["none"],"new_value":["can_edit"],"target_user":"eve@partner.example","billable":true,"is_encrypted":false,
"count":17,"scopes":["a","b"],"info":{"two":"2","one":[{"x":true}]}}"#,
        r#"{"info":{"one":{"x":"True"},"two":2,"three":[]},"scopes":["a","b"],"count":17.0,"is_encrypted":null,"billable":"true",
"TARGET_USER":"eve\u0040partner.example","new_value":"can_edit","old_value":"none","unset":""}"#,
    ] {
        assert_eq!(id(&flat("drive", "change_user_access", map)), expected, "{map}");
    }
    let split = activity("drive", &format!(r#"{{"type":"x","name":"change_user_access","parameters":{list}}}"#));
    assert_eq!(id(&split), expected);
    // What the shipper adds to a record is not what happened.
    let shipped = split.replacen('{', r#"{"p_row_id":"1","p_parse_time":"2024-05-06 07:10:00","etag":"x","#, 1);
    assert_eq!(id(&shipped), expected);
}

#[test]
fn values_nested_without_end_have_an_id() {
    let deep = format!(r#"{{"a":{}1{}}}"#, r#"{"a":["#.repeat(30), "]}".repeat(30));
    assert_ne!(id(&flat("admin", "CREATE_USER", &deep)), id(&flat("admin", "CREATE_USER", &deep.replace('1', "2"))));
}

#[test]
fn access_that_is_given_is_a_share_and_a_link_that_opens_a_file_is_a_link() {
    let (user, domain, all) =
        (r#""target_user":"eve@partner.example""#, r#""target_domain":"Partner.example""#, r#""target_domain":"all""#);
    let to_domain = Some(("partner.example", "domain"));
    let to_user = Some(("eve@partner.example", "user"));
    for (name, whom, old, new, action, target) in [
        ("change_user_access", user, r#"["none"]"#, r#"["can_edit"]"#, "file_shared", to_user),
        ("change_user_access", user, "null", r#""can_view""#, "file_shared", to_user),
        ("change_user_access_hierarchy_reconciled", user, r#"["none"]"#, r#"["can_view"]"#, "file_shared", to_user),
        ("change_user_access", user, r#"["can_edit"]"#, r#"["none"]"#, "permission_changed", to_user),
        ("change_user_access", user, r#"["can_view"]"#, r#"["can_edit"]"#, "permission_changed", to_user),
        ("change_user_access", domain, r#"["none"]"#, r#"["can_edit"]"#, "file_shared", to_domain),
        ("change_user_access", r#""target_user":"partner.example""#, r#"["none"]"#, r#"["can_edit"]"#, "file_shared", to_domain),
        ("change_document_access_scope", domain, r#"["none"]"#, r#"["can_view"]"#, "file_shared", to_domain),
        ("change_document_access_scope", domain, r#"["can_view"]"#, r#"["none"]"#, "permission_changed", to_domain),
        ("change_document_access_scope", all, r#"["none"]"#, r#"["can_view"]"#, "permission_changed", None),
        ("change_acl_editors", user, r#"["none"]"#, r#"["can_edit"]"#, "file_shared", to_user),
        ("change_acl_editors", r#""x":1"#, r#"["owner"]"#, r#"["editors"]"#, "permission_changed", None),
        (
            "change_document_visibility",
            all,
            r#"["private"]"#,
            r#"["people_with_link"]"#,
            "link_created",
            Some(("people_with_link", "link")),
        ),
        (
            "change_document_visibility",
            all,
            r#"["people_with_link"]"#,
            r#"["public_on_the_web"]"#,
            "link_created",
            Some(("public", "link")),
        ),
        ("change_document_visibility", all, r#"["public_on_the_web"]"#, r#"["people_with_link"]"#, "permission_changed", None),
        ("change_document_visibility", all, r#"["people_with_link"]"#, r#"["private"]"#, "permission_changed", None),
        ("change_document_visibility", domain, r#"["private"]"#, r#"["people_within_domain_with_link"]"#, "permission_changed", to_domain),
        (
            "change_document_visibility",
            r#""old_visibility":"private","visibility":"people_with_link""#,
            "null",
            "null",
            "link_created",
            Some(("people_with_link", "link")),
        ),
        ("shared_drive_membership_change", user, r#"["none"]"#, r#"["can_edit"]"#, "permission_changed", to_user),
    ] {
        let json = flat("drive", name, &format!(r#"{{"doc_id":"d1",{whom},"old_value":{old},"new_value":{new}}}"#));
        let event = one(&json);
        assert_eq!((&event["action"], &event["vendor_action"]), (&action.into(), &format!("drive/{name}").into()), "{json}");
        assert_eq!(event["target"].as_str().zip(event["target_type"].as_str()), target, "{json}");
        let domain = target.and_then(|(_, kind)| (kind != "link").then_some("partner.example"));
        assert_eq!(event["target_domain"].as_str(), domain, "{json}");
        let secondary = one(&json.replace(r#""doc_id""#, r#""primary_event":false,"doc_id""#));
        assert_eq!(secondary["action"], "other", "{json}");
    }
    let shared = one(&flat("drive", "change_user_access", r#"{"target_user":"eve@partner.example","new_value":["can_edit"]}"#));
    assert_eq!(shared["recipients"][0], "eve@partner.example");
}

#[test]
fn a_mail_that_did_not_succeed_failed_whatever_was_done_with_it() {
    for kind in ["1", "2", "7", "17"] {
        for (success, outcome) in [("true", "success"), ("false", "failed")] {
            let mail = MAIL.replace("KIND", kind).replace(r#""success","boolValue":true"#, &format!(r#""success","boolValue":{success}"#));
            assert_eq!(one(&activity("gmail", &mail))["outcome"], outcome, "{kind}");
        }
    }
}

#[test]
fn what_is_done_to_a_role_has_the_role_as_its_target() {
    for name in ["CREATE_ROLE", "DELETE_ROLE", "UPDATE_ROLE", "ADD_PRIVILEGE", "REMOVE_PRIVILEGE"] {
        let event = one(&flat("admin", name, r#"{"ROLE_ID":"1","ROLE_NAME":"Readers"}"#));
        assert_eq!(
            (&event["action"], &event["target"], &event["target_type"]),
            (&"permission_changed".into(), &"Readers".into(), &"role".into()),
            "{name}"
        );
    }
    let unnamed = one(&flat("admin", "CREATE_ROLE", r#"{"ROLE_ID":"1"}"#));
    assert_eq!((&unnamed["target"], &unnamed["target_type"]), (&"1".into(), &"role".into()));
    let assigned = one(&flat("admin", "ASSIGN_ROLE", r#"{"ROLE_NAME":"Readers","USER_EMAIL":"bo@example.com"}"#));
    assert_eq!((&assigned["target"], &assigned["target_type"]), (&"bo@example.com".into(), &"user".into()));
}
