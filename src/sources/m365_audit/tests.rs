use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Record, Source};
use super::*;
use crate::event::Snapshot;

#[derive(Default)]
struct Seen {
    events: Vec<Value>,
    rejects: Vec<Reject>,
}

impl Receiver for Seen {
    fn event(&mut self, event: Event<'_>) {
        self.events.push(serde_json::to_value(&event).expect("events are JSON"));
    }
    fn snapshot(&mut self, _: Snapshot<'_>) {}
    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

const ORIGIN: Origin<'static> = Origin { path: "audit.json", object_time: 0, export: None };

fn read(record: &Record<'_>) -> (Result<(), Reject>, Seen) {
    let mut seen = Seen::default();
    (normalize(record, &ORIGIN, &mut seen), seen)
}

/// The one event of a record that this source recognises.
fn one(record: &Value) -> Value {
    let text = record.to_string();
    assert_eq!(Source::recognise(&Record::Json(&text), &ORIGIN), Some(Source::M365Audit), "{text}");
    let (result, mut seen) = read(&Record::Json(&text));
    assert_eq!((result, seen.rejects.len(), seen.events.len()), (Ok(()), 0, 1), "{text}");
    seen.events.pop().expect("one event")
}

/// A record with the fields that every record has, and `more`.
fn record_with(more: Value) -> Value {
    let mut record = json!({
        "CreationTime": "2026-02-07T16:44:21", "Id": "11111111-2222-4333-8444-555555555555", "Operation": "FileDownloaded",
        "OrganizationId": "tenant-1", "RecordType": 6, "UserId": "Ana.Lee@example.com", "UserKey": "i:0h.f|membership|1003@live.com",
        "UserType": 0, "Version": 1, "Workload": "SharePoint", "ClientIP": "198.51.100.7",
    });
    for (name, value) in more.as_object().expect("an object") {
        record[name] = value.clone();
    }
    record
}

fn file_record() -> Value {
    record_with(json!({
        "ItemType": "File", "Site": "site-1", "SiteUrl": "https://example.sharepoint.com/sites/Research/", "ListItemUniqueId": "file-1",
        "ObjectId": "https://example.sharepoint.com/sites/Research/Shared Documents/plan.xlsx", "SourceFileName": "plan.xlsx",
        "SourceFileExtension": "xlsx", "SourceRelativeUrl": "Shared Documents", "UserAgent": "Mozilla/5.0 (Windows NT 10.0)",
        "FileSizeBytes": "2048", "IsManagedDevice": false, "CorrelationId": "c-1",
        "AppAccessContext": {"AADSessionId": "session-1", "ClientAppName": "Browser", "CorrelationId": "c-1"},
    }))
}

/// Asserts that the event has these columns; null asserts that it lacks one.
fn expect(event: &Value, columns: Value) {
    for (name, value) in columns.as_object().expect("an object") {
        assert_eq!(event.get(name).unwrap_or(&Value::Null), value, "{name} of {event}");
    }
}

#[test]
fn a_download_fills_every_column() {
    let event = one(&file_record());
    expect(
        &event,
        json!({
            "event_id": "m365:11111111-2222-4333-8444-555555555555", "event_time": 1_770_482_661_000_000_i64, "surface": "file_share",
            "action": "file_downloaded", "vendor_action": "FileDownloaded", "outcome": "success", "actor_id": "ana.lee@example.com",
            "actor_email": "ana.lee@example.com", "actor_class": "human", "client_class": "interactive", "session_id": "session-1",
            "app_name": "Browser", "src_ip": "198.51.100.7", "device_managed": false, "workspace_id": "tenant-1", "channel_id": "site-1",
            "channel_name": "Research", "channel_type": "site", "file_id": "file-1", "file_name": "plan.xlsx", "file_type": "xlsx",
            "file_size": 2048, "object_url": "https://example.sharepoint.com/sites/Research/Shared Documents/plan.xlsx",
        }),
    );
    let attributes: Value = serde_json::from_str(event["attributes"].as_str().expect("attributes")).expect("JSON");
    assert_eq!(attributes["SiteUrl"], "https://example.sharepoint.com/sites/Research/");
    assert_eq!(attributes.get("ClientIP"), None);
}

#[test]
fn every_envelope_holds_the_same_event() {
    let record = file_record();
    let expected = one(&record);
    let graph = json!({
        "id": "11111111-2222-4333-8444-555555555555", "createdDateTime": "2026-02-07T16:44:21Z",
        "auditLogRecordType": "SharePointFileOperation",
        "operation": "FileDownloaded", "userId": "ana.lee@example.com", "service": "SharePoint", "auditData": record,
    });
    let mut stringly = record.clone();
    stringly["AppAccessContext"] = json!(record["AppAccessContext"].to_string());
    stringly["RecordType"] = json!(6);
    let exported = json!({"RecordType": "SharePointFileOperation", "CreationDate": "/Date(1770482661000)/", "Operations": "FileDownloaded",
        "UserIds": "ana.lee@example.com", "AuditData": record.to_string(), "Identity": "other"});
    let mut elastic = record.clone();
    for moved in ["Id", "Operation", "Workload", "ClientIP", "OrganizationId"] {
        elastic.as_object_mut().expect("an object").remove(moved);
    }
    let elastic = json!({"@timestamp": "2026-02-07T16:44:21.000Z", "client": {"ip": "198.51.100.7"}, "organization": {"id": "tenant-1"},
        "event": {"action": "FileDownloaded", "id": record["Id"], "provider": "SharePoint"}, "o365": {"audit": elastic}});
    for wrapped in [
        json!([record]),
        json!({"o365audit": record}),
        json!({"event": {"original": record.to_string()}, "o365audit": record}),
        json!({"event": {"original": record.to_string()}}),
        json!({"events": [{"o365audit": record}]}),
        json!({"value": [graph]}),
        json!({"Records": [record]}),
        graph,
        exported,
        elastic,
        stringly,
    ] {
        assert_eq!(one(&wrapped), expected, "{wrapped}");
    }
}

fn csv_event(table: &str) -> (Result<(), Reject>, Seen) {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = reader.records().next().expect("a row").expect("valid");
    let record = Record::Csv { header: &header, row: &row };
    assert_eq!(Source::recognise(&record, &ORIGIN), Some(Source::M365Audit), "{table}");
    read(&record)
}

#[test]
fn exported_tables_hold_the_same_event() {
    let record = file_record();
    let cell = record.to_string().replace('"', "\"\"");
    for (header, row) in [
        ("RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits", "x,2026-02-07,6,FileDownloaded,ana"),
        (
            "Identity,CreationDate,RecordType,Operations,UserIds,AuditData,IsValid",
            "x,2/7/2026 4:44:21 PM,SharePointFileOperation,FileDownloaded,ana",
        ),
    ] {
        let (result, seen) = csv_event(&format!("{header}\n{row},\"{cell}\",\n"));
        assert_eq!((result, seen.rejects.len()), (Ok(()), 0));
        assert_eq!(seen.events, [one(&record)]);
    }
}

#[test]
fn a_cell_that_a_spreadsheet_cut_is_still_an_event_and_is_reported() {
    let table = "RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n\
        1,2026-02-07T16:44:21Z,6,FileDownloaded,ana@example.com,\"{\"\"Id\"\":\"\"1\"\",\"\n";
    let (result, seen) = csv_event(table);
    assert_eq!((result, seen.rejects.len()), (Ok(()), 1));
    expect(
        &seen.events[0],
        json!({"event_id": "m365:1", "action": "file_downloaded", "actor_email": "ana@example.com", "surface": "file_share"}),
    );
}

#[test]
fn sentinel_rows_are_read_by_their_own_column_names() {
    let row = json!({
        "TenantId": "workspace", "TimeGenerated": "2026-02-07T16:44:21Z", "OfficeId": "id-1", "OfficeWorkload": "OneDrive",
        "OfficeObjectId": "https://example-my.sharepoint.com/personal/ana/Documents/Microsoft Teams Chat Files/key.pem",
        "RecordType": "SharePointFileOperation", "Operation": "FileUploaded", "OrganizationId": "tenant-1", "UserType": "Regular",
        "UserId": "ana@example.com", "ClientIP": "198.51.100.7:50123", "Site_Url": "https://example-my.sharepoint.com/personal/ana/",
        "SourceFileName": "key.pem", "SourceRelativeUrl": "Documents/Microsoft Teams Chat Files", "Type": "OfficeActivity",
    });
    let expected = json!({"event_id": "m365:id-1", "surface": "chat", "action": "file_uploaded", "actor_class": "human",
        "src_ip": "198.51.100.7", "channel_name": "ana", "file_name": "key.pem", "file_type": "pem",
        "event_time": 1_770_482_661_000_000_i64});
    expect(&one(&row), expected.clone());
    let names: Vec<&str> = row.as_object().expect("an object").keys().map(String::as_str).collect();
    let fields: Vec<String> = names.iter().map(|name| format!("\"{}\"", row[*name].as_str().unwrap_or_default())).collect();
    let (result, seen) = csv_event(&format!("{}\n{}\n", names.join(","), fields.join(",")));
    assert_eq!(result, Ok(()));
    expect(&seen.events[0], expected);
}

#[test]
fn one_broken_record_of_a_page_does_not_keep_the_others_back() {
    let record = file_record();
    let page = format!("[{record},{{\"RecordType\":6}},5,{record}]");
    let (result, seen) = read(&Record::Json(&page));
    assert_eq!((result, seen.events.len(), seen.rejects.len()), (Ok(()), 2, 2));
}

#[test]
fn what_is_no_record_says_why() {
    for (json, expected) in [
        ("{}", Reject::NotThisSource),
        ("5", Reject::NotThisSource),
        ("[]", Reject::Nothing),
        (r#"{"value":[]}"#, Reject::NotThisSource),
        (r#"{"RecordType":6,"Id":"1"}"#, Reject::bad("the record has no Operation")),
    ] {
        assert_eq!(read(&Record::Json(json)).0, Err(expected), "{json}");
    }
    for json in ["{", r#"{"Operation":"#, r#"{"Operation":"FileDownloaded"} trailing"#, r#"{"Operation":"a","b":nope}"#] {
        assert!(matches!(read(&Record::Json(json)).0, Err(Reject::Bad { .. })), "{json}");
    }
}

#[test]
fn addresses_and_people_in_every_form_are_canonical() {
    for (ip, expected) in [
        (json!("198.51.100.7:443"), json!("198.51.100.7")),
        (json!("[198.51.100.7]:443"), json!("198.51.100.7")),
        (json!("::ffff:198.51.100.7"), json!("198.51.100.7")),
        (json!("[2001:db8::1]:443"), json!("2001:db8::1")),
        (json!("localhost"), Value::Null),
        (json!(""), Value::Null),
    ] {
        expect(&one(&record_with(json!({"ClientIP": ip}))), json!({"src_ip": expected}));
    }
    for (user, kind, expected) in [
        (
            "bo_example.org#EXT#@tenant.example.com",
            json!(0),
            json!({"actor_email": "bo@example.org", "actor_class": "guest", "actor_org": "example.org"}),
        ),
        (
            "app@sharepoint",
            json!("0"),
            json!({"actor_id": "app@sharepoint", "actor_email": null, "actor_class": "service", "client_class": "api"}),
        ),
        ("SHAREPOINT\\system", json!(0), json!({"actor_id": "SHAREPOINT\\system", "actor_class": "system"})),
        ("Not Available", json!(4), json!({"actor_id": "i:0h.f|membership|1003@live.com", "actor_class": "system"})),
        ("ana@example.com", json!("Guest"), json!({"actor_class": "guest", "actor_email": "ana@example.com"})),
    ] {
        expect(&one(&record_with(json!({"UserId": user, "UserType": kind}))), expected);
    }
}

#[test]
fn renders_are_views_and_zip_members_are_one_batch() {
    let with = |more: Value| {
        let mut record = file_record();
        for (name, value) in more.as_object().expect("an object") {
            record[name] = value.clone();
        }
        one(&record)
    };
    expect(&with(json!({"UserAgent": "OneDriveMpc-Transform_Thumbnail/1.0"})), json!({"action": "file_viewed"}));
    let zip = with(json!({"UserAgent": "OneDriveMpc-Transform_Zip/1.0"}));
    expect(&zip, json!({"action": "file_downloaded", "batch_id": "c-1"}));
    let zip = with(json!({"ZipFileName": "all.zip"}));
    expect(&zip, json!({"batch_id": "ana.lee@example.com/all.zip"}));
    let sync = with(json!({"Operation": "FileSyncDownloadedFull", "UserAgent": "OneDrive"}));
    expect(&sync, json!({"action": "file_synced", "client_class": "sync"}));
    expect(&with(json!({"Operation": "UnmanagedSyncClientBlocked"})), json!({"outcome": "blocked"}));
    let moved = with(json!({"Operation": "FileMoved", "DestinationRelativeUrl": "Private", "DestinationFileName": "p.xlsx"}));
    expect(&moved, json!({"action": "file_copied", "target": "Private/p.xlsx", "target_type": "file"}));
    let shared = with(
        json!({"Operation": "SharingSet", "TargetUserOrGroupName": "bo_example.org#ext#@x.example", "TargetUserOrGroupType": "Guest"}),
    );
    expect(&shared, json!({"action": "file_shared", "target": "bo@example.org", "target_type": "guest", "target_domain": "example.org"}));
}

#[test]
fn searches_keep_their_words() {
    for (more, expected) in [
        (
            json!({"Operation": "SearchQueryPerformed", "SearchQueryText": "api key"}),
            json!({"search_query": "api key", "surface": "file_share"}),
        ),
        (json!({"Operation": "SearchQueryInitiatedSharePoint", "QueryText": "*"}), json!({"search_query": "*"})),
        (
            json!({"Operation": "SearchQueryInitiatedExchange", "QueryText": "password", "Workload": "Exchange", "RecordType": 1}),
            json!({"search_query": "password", "surface": "email"}),
        ),
        (
            json!({"Operation": "SearchQueryPerformed", "SearchQueryText": "a", "UserId": "app@sharepoint", "UserType": 5}),
            json!({"search_query": "a", "client_class": "api", "actor_class": "service"}),
        ),
    ] {
        let event = one(&record_with(more));
        expect(&event, json!({"action": "search"}));
        expect(&event, expected);
    }
}

#[test]
fn teams_names_the_conversation_and_its_members() {
    let message = one(&record_with(json!({
        "Operation": "MessageSent", "RecordType": 25, "Workload": "MicrosoftTeams", "ChatThreadId": "19:a@thread.v2",
        "MessageId": "1700000000000",
        "CommunicationType": "GroupChat", "ParticipantInfo": {"HasForeignTenantUsers": true, "HasGuestUsers": false},
        "ExtraProperties": [{"Key": "Country", "Value": "de"}, {"Key": "OsName", "Value": "windows"}],
    })));
    expect(
        &message,
        json!({"surface": "chat", "action": "message_posted", "channel_id": "19:a@thread.v2", "channel_type": "group",
            "channel_external": true,
            "message_id": "1700000000000", "country": "de", "os": "windows"}),
    );
    let added = record_with(json!({
        "Operation": "MemberAdded", "RecordType": 25, "Workload": "MicrosoftTeams", "TeamGuid": "19:t@thread.skype", "TeamName": "Blue",
        "Members": [{"DisplayName": "Bo", "Role": 1, "UPN": "Bo@example.com"},
            {"DisplayName": "Cy", "UPN": "cy_example.org#EXT#@example.com"}],
    }));
    let (result, seen) = read(&Record::Json(&added.to_string()));
    assert_eq!((result, seen.events.len()), (Ok(()), 2));
    expect(&seen.events[1], json!({"action": "channel_joined", "target": "bo@example.com", "target_type": "user", "channel_name": "Blue"}));
    expect(&seen.events[0], json!({"event_id": "m365:11111111-2222-4333-8444-555555555555/1", "target": "cy@example.org"}));
    let session =
        one(&record_with(json!({"Operation": "TeamsSessionStarted", "Workload": "MicrosoftTeams", "ObjectId": "Unknown (Unknown)"})));
    expect(&session, json!({"action": "login", "surface": "chat", "target": null}));
    let assistant = one(&record_with(json!({"Operation": "CopilotInteraction", "Workload": "Copilot", "RecordType": 261,
        "CopilotEventData": {"AppHost": "Teams", "ThreadId": "19:b"}})));
    expect(&assistant, json!({"action": "other", "client_class": "ai", "app_name": "Teams", "channel_id": "19:b"}));
}

#[test]
fn endpoints_say_where_a_file_went() {
    let base = json!({"RecordType": 63, "Workload": "Endpoint", "ObjectId": "C:\\Users\\ana\\plan.xlsx", "DeviceName": "laptop-1",
        "FileSize": 10,
        "FileExtension": "xlsx", "Sha256": "abc", "Application": "explorer.exe", "EnforcementMode": 1});
    for (more, expected) in [
        (
            json!({"Operation": "FileCopiedToRemovableMedia",
                "RemovableMediaDeviceAttributes": {"Manufacturer": "M", "Model": "X", "SerialNumber": "S1"}}),
            json!({"action": "removable_media_write", "target": "S1", "target_type": "device"}),
        ),
        (
            json!({"Operation": "FileCreatedOnRemovableMedia",
                "RemovableMediaDeviceAttributes": "{\"Manufacturer\":\"M\",\"Model\":\"X\"}"}),
            json!({"action": "removable_media_write", "target": "M X"}),
        ),
        (
            json!({"Operation": "FileUploadedToCloud", "TargetDomain": "Drive.Example.org", "EnforcementMode": "4"}),
            json!({"action": "cloud_upload", "target_domain": "drive.example.org", "outcome": "blocked"}),
        ),
        (
            json!({"Operation": "FilePrinted", "TargetPrinterName": "P1"}),
            json!({"action": "print", "target": "P1", "target_type": "printer"}),
        ),
        (
            json!({"Operation": "FileCopiedToNetworkShare", "TargetFilePath": "\\\\nas\\x"}),
            json!({"action": "network_share_write", "target": "\\\\nas\\x"}),
        ),
        (json!({"Operation": "FileCopiedToClipboard"}), json!({"action": "clipboard_copy"})),
        (json!({"Operation": "FileCopiedToRemoteDesktopSession"}), json!({"action": "remote_session_copy"})),
    ] {
        let mut record = record_with(base.clone());
        for (name, value) in more.as_object().expect("an object") {
            record[name] = value.clone();
        }
        let event = one(&record);
        expect(&event, expected);
        expect(
            &event,
            json!({"surface": "endpoint", "file_name": "plan.xlsx", "file_size": 10, "file_hash": "abc", "device_name": "laptop-1"}),
        );
    }
}

#[test]
fn a_rule_match_names_the_person_and_the_thing() {
    let policy = json!([{"PolicyName": "Keys", "Rules": [{"RuleName": "r", "Actions": ["BlockAccess", "NotifyUser"]}]}]);
    let file = one(&record_with(json!({
        "Operation": "DLPRuleMatch", "RecordType": 11, "Workload": "OneDrive", "UserId": "DlpAgent", "UserKey": "DlpAgent", "UserType": 4,
        "PolicyDetails": policy, "SharePointMetaData": {"FileName": "k.txt", "From": "ANA@EXAMPLE.COM", "UniqueID": "f-1",
            "FilePathUrl": "https://example.sharepoint.com/k.txt", "SiteCollectionUrl": "https://example.sharepoint.com/sites/A"},
    })));
    expect(
        &file,
        json!({"action": "dlp_match", "outcome": "blocked", "actor_email": "ana@example.com", "file_id": "f-1", "file_name": "k.txt",
            "target": "Keys", "target_type": "policy", "channel_name": "A", "surface": "file_share"}),
    );
    let mail = one(&record_with(json!({
        "Operation": "DlpRuleMatch", "RecordType": 13, "Workload": "Exchange", "UserId": "DlpAgent", "UserType": 4, "PolicyDetails": [],
        "ExchangeMetaData": {"From": "ana@example.com", "To": ["bo@example.org"], "Subject": "hello", "MessageID": "<m1@example.com>"},
    })));
    expect(&mail, json!({"surface": "email", "recipients": ["bo@example.org"], "message_id": "<m1@example.com>", "text": "hello"}));
}

#[test]
fn mailboxes_directory_and_cases_have_their_columns() {
    for (more, expected) in [
        (
            json!({"Operation": "MailItemsAccessed", "RecordType": 50, "Workload": "Exchange", "MailboxOwnerUPN": "Bo@example.com",
                "ClientIP": null, "ClientIPAddress": "198.51.100.9", "ClientInfoString": "Client=REST;;"}),
            json!({"action": "mail_read", "surface": "email", "target": "bo@example.com", "target_type": "mailbox",
                "src_ip": "198.51.100.9",
                "client_class": "api"}),
        ),
        (
            json!({"Operation": "Send", "Workload": "Exchange", "MailboxOwnerUPN": "ana.lee@example.com",
                "Item": {"Subject": "plan", "InternetMessageId": "<1@example.com>"}}),
            json!({"action": "email_sent", "text": "plan", "message_id": "<1@example.com>", "target": null}),
        ),
        (
            json!({"Operation": "MailItemsAccessed", "RecordType": 50, "Workload": "Exchange", "MailboxOwnerUPN": "ana.lee@example.com",
                "Folders": [{"Path": "\\Inbox", "FolderItems": [{"InternetMessageId": "<1@example.com>"}]}]}),
            json!({"action": "mail_read", "message_id": "<1@example.com>", "target": null}),
        ),
        (
            json!({"Operation": "MailItemsAccessed", "RecordType": 50, "Workload": "Exchange", "MailboxOwnerUPN": "ana.lee@example.com",
                "Folders": [{"FolderItems": [{"InternetMessageId": "<1@example.com>"}]},
                    {"FolderItems": [{"InternetMessageId": "<2@example.com>"}]}]}),
            json!({"action": "mail_read", "message_id": null, "target": "ana.lee@example.com", "target_type": "mailbox"}),
        ),
        (
            json!({"Operation": "ModifyFolderPermissions", "RecordType": 2, "Workload": "Exchange",
                "MailboxOwnerUPN": "ana.lee@example.com",
                "Item": {"Id": "f1", "ParentFolder": {"Path": "\\Calendar", "MemberUpn": "Bo@example.com", "MemberRights": "ReadAny"}}}),
            json!({"action": "permission_changed", "target": "bo@example.com", "target_type": "user"}),
        ),
        (
            json!({"Operation": "Add app role assignment grant to user.", "RecordType": 8, "Workload": "AzureActiveDirectory",
                "ModifiedProperties": [{"Name": "AppRole.Value", "NewValue": "reader"}, {"Name": "User.UPN", "NewValue": "Bo@example.com"}],
                "Target": [{"ID": "ServicePrincipal", "Type": 2}, {"ID": "Payroll", "Type": 1}]}),
            json!({"action": "permission_changed", "target": "bo@example.com", "target_type": "user"}),
        ),
        (
            json!({"Operation": "Remove app role assignment from group.", "RecordType": 8, "Workload": "AzureActiveDirectory",
                "ModifiedProperties": "[{\"Name\":\"AppRole.Id\",\"OldValue\":\"[\\\"1\\\"]\"},
                    {\"Name\":\"Group.DisplayName\",\"OldValue\":\"[\\\"Sales\\\"]\"}]",
                "Target": "[{\"ID\":\"ServicePrincipal\",\"Type\":2},{\"ID\":\"Payroll\",\"Type\":1}]"}),
            json!({"action": "permission_changed", "target": "Sales", "target_type": "group"}),
        ),
        (
            json!({"Operation": "Add app role assignment to service principal.", "RecordType": 8, "Workload": "AzureActiveDirectory",
                "ModifiedProperties": [{"Name": "AppRole.Value", "NewValue": "Mail.Read"}],
                "Target": [{"ID": "ServicePrincipal", "Type": 2}, {"ID": "Microsoft Graph", "Type": 1}]}),
            json!({"action": "app_scopes_changed", "target": "Microsoft Graph", "target_type": "app"}),
        ),
        (
            json!({"Operation": "New-InboxRule", "Workload": "Exchange",
                "Parameters": [{"Name": "ForwardTo", "Value": "smtp:x@example.org"}]}),
            json!({"action": "other", "target": "x@example.org", "target_type": "mail_forward", "target_domain": "example.org"}),
        ),
        (
            json!({"Operation": "Add member to role.", "RecordType": 8, "Workload": "AzureActiveDirectory", "ResultStatus": "Success",
                "Target": [{"ID": "User_1", "Type": 2}, {"ID": "User", "Type": 2}, {"ID": "bo@example.com", "Type": 5}]}),
            json!({"action": "permission_changed", "surface": "identity", "target": "bo@example.com", "target_type": "user"}),
        ),
        (
            json!({"Operation": "GroupCreation", "RecordType": 22, "Workload": "Yammer", "ObjectId": "Sales", "GroupName": "Sales"}),
            json!({"surface": "chat", "channel_id": "Sales", "channel_name": "Sales", "target": "Sales"}),
        ),
        (
            json!({"Operation": "FileDownloaded", "Workload": "Yammer", "ObjectId": "plan.pdf", "FileId": 7, "FileName": "plan.pdf"}),
            json!({"action": "file_downloaded", "file_id": "7", "file_name": "plan.pdf", "target": null}),
        ),
        (
            json!({"Operation": "Consent to application.", "RecordType": 8, "Workload": "AzureActiveDirectory",
                "ExtendedProperties": [{"Name": "additionalDetails", "Value": "{\"User-Agent\":\"Mozilla/5.0\"}"}],
                "Target": "[{\"ID\":\"ServicePrincipal\",\"Type\":2},{\"ID\":\"App\",\"Type\":1}]"}),
            json!({"action": "app_scopes_changed", "target": "App", "target_type": "app", "client_class": "interactive"}),
        ),
        (
            json!({"Operation": "UserLoginFailed", "RecordType": 15, "Workload": "AzureActiveDirectory", "ErrorNumber": "53003",
                "DeviceProperties": [{"Name": "OS", "Value": "Windows"}, {"Name": "IsCompliantAndManaged", "Value": "True"}]}),
            json!({"action": "login", "outcome": "blocked", "os": "Windows", "device_managed": true}),
        ),
        (json!({"Operation": "UserLoginFailed", "Workload": "AzureActiveDirectory"}), json!({"action": "login", "outcome": "failed"})),
        (
            json!({"Operation": "SearchExported", "RecordType": 24, "Workload": "SecurityComplianceCenter", "Case": "case 1",
                "Query": "keys"}),
            json!({"action": "export", "search_query": "keys", "target": "case 1", "target_type": "case"}),
        ),
        (
            json!({"Operation": "New-ComplianceSearch", "Workload": "SecurityComplianceCenter",
                "Parameters": "-Name \"x\" -ContentMatchQuery \"api key\""}),
            json!({"action": "content_search", "search_query": "api key"}),
        ),
        (
            json!({"Operation": "ViewReport", "Workload": "PowerBI", "ResultStatus": "False"}),
            json!({"action": "file_viewed", "outcome": "failed"}),
        ),
    ] {
        expect(&one(&record_with(more)), expected);
    }
}

#[test]
fn other_vendors_records_are_not_claimed() {
    for json in [
        r#"{"value":[{"messageType":"message","createdDateTime":"2026-01-01T00:00:00Z","id":"1","body":{"content":"Operation"}}]}"#,
        r#"{"action":"file_downloaded","date_create":1683836275,"actor":{"type":"user"}}"#,
        r#"{"kind":"admin#reports#activity","id":{"time":"2026-01-01T00:00:00Z"}}"#,
    ] {
        assert!(!recognises(&Record::Json(json), &ORIGIN), "{json}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(text in "\\PC*", cut in 0_usize..900, at in 0_usize..900, insert in "[\\[\\]{}\",:\\\\0-9a-z#_@./-]{0,4}") {
        read(&Record::Json(&text)).0.ok();
        let mut record: Vec<char> = file_record().to_string().chars().collect();
        record.splice(at.min(record.len())..at.min(record.len()), insert.chars());
        let mutated: String = record.iter().take(cut.max(at)).collect();
        read(&Record::Json(&mutated)).0.ok();
        read(&Record::Json(&record.iter().collect::<String>())).0.ok();
        let header = csv::StringRecord::from(vec!["AuditData", "Operation", "CreationDate", "UserId"]);
        let row = csv::StringRecord::from(vec![mutated.as_str(), text.as_str(), text.as_str(), text.as_str()]);
        read(&Record::Csv { header: &header, row: &row }).0.ok();
    }

    #[test]
    fn no_value_of_a_field_panics(
        text in "\\PC*",
        name in prop::sample::select(vec!["UserId", "ClientIP", "CreationTime", "ObjectId", "SiteUrl", "SourceRelativeUrl", "FileSizeBytes",
            "UserAgent", "Members", "Parameters", "TargetUserOrGroupName", "Operation", "RecordType"]),
    ) {
        let mut record = file_record();
        record[name] = json!(text);
        read(&Record::Json(&record.to_string())).0.ok();
    }
}
