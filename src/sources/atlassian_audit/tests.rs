use super::*;

#[test]
fn times_come_in_three_forms() {
    for json in [r#""2021-11-22T00:34:47.536Z""#, "1637541287536", r#"{"epochSecond":1637541287,"nano":536000000}"#] {
        let raw: &RawValue = serde_json::from_str(json).expect("valid");
        assert_eq!(instant(Some(raw)), When::At(1_637_541_287_536_000), "{json}");
    }
    for (json, expected) in [
        ("null", When::Unsaid),
        ("{}", When::Unsaid),
        ("[]", When::Unsaid),
        (r#"{"epochSecond":9223372036854775807}"#, When::Unreadable),
        (r#"{"seconds":1637541287}"#, When::Unreadable),
        (r#""yesterday""#, When::Unreadable),
    ] {
        let raw: &RawValue = serde_json::from_str(json).expect("valid");
        assert_eq!(instant(Some(raw)), expected, "{json}");
    }
    assert_eq!(instant(None), When::Unsaid);
}

#[test]
fn the_client_is_the_first_address_that_is_not_the_machine_itself() {
    assert_eq!(client_ip("127.0.0.1,192.0.2.33").as_deref(), Some("192.0.2.33"));
    assert_eq!(client_ip("192.0.2.1, 198.51.100.2").as_deref(), Some("192.0.2.1"));
    assert_eq!(client_ip("127.0.0.1").as_deref(), Some("127.0.0.1"));
    assert_eq!(client_ip("unknown"), None);
}

#[test]
fn names_outside_the_tables_are_read_by_their_words() {
    for (name, category, expected) in [
        ("audit.logging.summary.page.word.export", None, Action::Export),
        ("Content restriction added", None, Action::PermissionChanged),
        ("confluence_attachment_downloaded", None, Action::FileDownloaded),
        ("jira_dashboard_viewed", None, Action::FileViewed),
        ("confluence_page_public_link_created", None, Action::LinkCreated),
        ("Public link disabled", None, Action::PermissionChanged),
        ("Something localised", Some("permissions"), Action::PermissionChanged),
        ("Workflow renamed", Some("workflows"), Action::Other),
    ] {
        assert_eq!(by_wording(name, category), expected, "{name}");
    }
}

#[test]
fn a_record_without_an_id_gets_one_from_what_it_says() {
    let id = |time, parts: &[Option<&'static str>]| id_of_content("x", time, parts.iter().copied());
    let first = id(Some(1), &[Some("a"), None, Some("b")]);
    assert_eq!(first.len(), "x:audit:".len() + 32);
    assert_eq!(first, id(Some(1), &[Some("a"), Some(""), Some("b")]));
    assert_ne!(first, id(Some(2), &[Some("a"), None, Some("b")]));
    assert_ne!(first, id(Some(1), &[Some("a"), Some("b"), None]));
    assert_eq!(id(None, &[Some("a")]), "");
}

#[test]
fn keys_are_found_in_addresses_and_issue_keys() {
    assert_eq!(space_key("https://wiki.example.com/display/OPS/Home").as_deref(), Some("OPS"));
    assert_eq!(space_key("https://example.com/wiki/spaces/ENG").as_deref(), Some("ENG"));
    assert_eq!(space_key("https://example.com/x"), None);
    assert_eq!(project_of(Cow::Borrowed("OPS-12")).as_deref(), Some("OPS"));
    assert_eq!(project_of(Cow::Borrowed("10012")), None);
    assert_eq!(project_of(Cow::Borrowed("A-b")), None);
}
