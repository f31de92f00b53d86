use proptest::prelude::*;

use super::*;
use crate::event::{Event, Snapshot};

#[derive(Default)]
struct Taken {
    events: Vec<serde_json::Value>,
    rejects: usize,
}

impl Receiver for Taken {
    fn event(&mut self, event: Event<'_>) {
        self.events.push(serde_json::to_value(event).expect("events are JSON"));
    }
    fn snapshot(&mut self, _: Snapshot<'_>) {}
    fn reject(&mut self, _: Reject) {
        self.rejects += 1;
    }
}

const ORIGIN: Origin<'_> = Origin { path: "mail/x", object_time: 0, export: None };

fn one(record: &Record<'_>) -> serde_json::Value {
    let mut out = Taken::default();
    assert!(recognises(record, &ORIGIN), "not recognised: {record:?}");
    normalize(record, &ORIGIN, &mut out).expect("a good record");
    assert_eq!(out.events.len(), 1);
    out.events.remove(0)
}

fn mail(text: &str) -> serde_json::Value {
    one(&Record::Mail(text.replace('\n', "\r\n").as_bytes()))
}

const PLAIN: &str = "Received: from mx.example.com (mx.example.com [203.0.113.9]) by in.example.com; Mon, 6 May 2024 09:08:12 +0200
Received: from [198.51.100.4] (helo=laptop) by mx.example.com; Mon, 6 May 2024 09:08:10 +0200
From: \"Lee, Ana\" <Ana@Example.com>
To: Bo <bo@partner.example>, bo@partner.example
Cc: cy@sub.example.com
Bcc: di@example.com
Subject: =?utf-8?q?Zug=C3=A4nge?=
Date: Mon, 6 May 2024 09:08:09 +0200
Message-ID: <m1@example.com>
References: <m0@example.com> <m00@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>the <b>key</b></p><p>is below</p>
--b
Content-Type: application/pdf; name=\"plans.PDF\"
Content-Disposition: attachment; filename=\"plans.PDF\"
Content-Transfer-Encoding: base64

AAECAw==
--b
Content-Type: text/plain
Content-Disposition: attachment; filename=\"notes.txt\"

hello
--b--
";

#[test]
fn a_message_becomes_one_sent_mail() {
    let event = mail(PLAIN);
    for (column, expected) in [
        ("event_id", "email:m1@example.com"),
        ("action", "email_sent"),
        ("surface", "email"),
        ("outcome", "success"),
        ("actor_id", "ana@example.com"),
        ("actor_email", "ana@example.com"),
        ("actor_name", "Lee, Ana"),
        ("message_id", "m1@example.com"),
        ("thread_id", "m0@example.com"),
        ("file_name", "plans.PDF"),
        ("file_type", "pdf"),
        ("src_ip", "198.51.100.4"),
        ("target_domain", "partner.example"),
        ("target_account", "bo@partner.example"),
        ("text", "Zugänge\nthe key\nis below"),
    ] {
        assert_eq!(event[column], expected, "{column}");
    }
    assert_eq!(event["event_time"], 1_714_979_289_000_000_i64);
    assert_eq!(event["file_size"], 4);
    assert_eq!(event["recipients"], serde_json::json!(["bo@partner.example", "cy@sub.example.com", "di@example.com"]));
    assert!(event["attributes"].as_str().is_some_and(|rest| rest.contains("notes.txt")));
    assert_eq!(event["actor_class"], serde_json::Value::Null);
}

#[test]
fn machines_are_told_from_people_by_their_headers() {
    for (headers, expected) in [
        ("Auto-Submitted: auto-generated", Some("service")),
        ("Auto-Submitted: no", None),
        ("Precedence: bulk", Some("service")),
        ("List-Unsubscribe: <https://example.com/u>", Some("service")),
        ("List-Id: <dev.example.com>\nList-Post: <mailto:dev@example.com>\nList-Unsubscribe: <https://example.com/u>", None),
        ("X-Mailer: Mail 1", None),
    ] {
        let event = mail(&format!("From: ana@example.com\nTo: bo@example.com\n{headers}\nMessage-ID: <a@b>\n\nhello\n"));
        assert_eq!(event["actor_class"].as_str(), expected, "{headers}");
    }
}

#[test]
fn the_address_that_a_mail_was_handed_in_from_goes_before_its_hops() {
    let event = mail(&format!("X-Originating-IP: [192.0.2.7]\n{PLAIN}"));
    assert_eq!(event["src_ip"], "192.0.2.7");
}

#[test]
fn who_sends_for_another_says_so() {
    let event = mail("From: boss@example.com\nSender: Ana <ana@example.com>\nTo: bo@example.com\nMessage-ID: <a@b>\n\nhello\n");
    assert_eq!((&event["actor_email"], &event["on_behalf_of"]), (&"ana@example.com".into(), &"boss@example.com".into()));
}

#[test]
fn a_journal_report_is_opened() {
    let journal = "From: journal@example.com\nTo: archive@example.com\nX-MS-Journal-Report:\nMessage-ID: <j@b>\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSender: ana@example.com\n--b\n\
        Content-Type: message/rfc822\n\nFrom: ana@example.com\nTo: bo@example.com\nSubject: inner\nMessage-ID: <inner@b>\n\nhello\n--b--\n";
    assert_eq!(mail(journal)["event_id"], "email:inner@b");
}

#[test]
fn what_is_no_mail_is_said_to_be_none() {
    for bytes in [&b""[..], b"hello", b"\x00\xff\xfe", b"Subject: only\r\n\r\n"] {
        let result = normalize(&Record::Mail(bytes), &ORIGIN, &mut Taken::default());
        assert!(matches!(result, Err(Reject::Bad { .. })), "{bytes:?}");
    }
}

const TRACE: &str = r#"{"Organization":"example.com","MessageId":"<m1@example.com>","Received":"2024-05-06T07:08:09.0340554",
"SenderAddress":"Ana@Example.com","RecipientAddress":"bo@partner.example","Subject":"Plans","Status":"STATUS","ToIP":null,
"FromIP":"192.0.2.7","Size":53,"MessageTraceId":"t1","Index":1}"#;

#[test]
fn a_message_trace_has_a_row_for_each_recipient() {
    for (status, outcome) in [
        ("Delivered", "success"),
        ("Expanded", "success"),
        ("Pending", "success"),
        ("None", "success"),
        ("Failed", "failed"),
        ("Quarantined", "blocked"),
        ("FilteredAsSpam", "blocked"),
    ] {
        let event = one(&Record::Json(&TRACE.replace("STATUS", status)));
        assert_eq!((&event["outcome"], &event["vendor_action"]), (&outcome.into(), &status.into()));
        assert_eq!(event["event_id"], "email:m1@example.com:bo@partner.example");
        assert_eq!((&event["text"], &event["src_ip"], &event["batch_id"]), (&"Plans".into(), &"192.0.2.7".into(), &"t1".into()));
        assert_eq!((&event["actor_id"], &event["target_domain"]), (&"ana@example.com".into(), &"partner.example".into()));
        assert_eq!(event["event_time"], 1_714_979_289_034_055_i64);
    }
    let page = format!(r#"{{"value":[{TRACE},{TRACE},{{"a":1}}]}}"#);
    let mut out = Taken::default();
    assert!(recognises(&Record::Json(&page), &ORIGIN));
    normalize(&Record::Json(&page), &ORIGIN, &mut out).expect("a page");
    assert_eq!((out.events.len(), out.rejects), (2, 1));
}

#[test]
fn gateways_spell_the_same_fields_in_their_own_ways() {
    let proofpoint = r#"{"guid":"g1","ts":"2024-05-06T09:08:09.000000+0200","connection":{"ip":"192.0.2.7","country":"us"},
"envelope":{"from":"bounce@example.com","rcpts":["bo@partner.example"]},"filter":{"disposition":"accept","routeDirection":"outbound"},
"msg":{"header":{"from":["Ana <ana@example.com>"],"to":["bo@partner.example"],"subject":["Plans"],"message-id":["<m1@example.com>"]},
"sizeBytes":9},"msgParts":[{"disposition":"inline","labeledName":"text.txt"},{"disposition":"attached","labeledName":"plans.pdf",
"sizeDecodedBytes":7,"sha256":"ab"}]}"#;
    let generic = r#"{"from":"Ana <ana@example.com>","to":["bo@partner.example"],"cc":"","subject":"Plans",
"date":"Mon, 06 May 2024 09:08:09 +0200","message_id":"m1@example.com","attachments":[{"name":"plans.pdf","size":"7","sha256":"ab"}],
"source_ip":"192.0.2.7:25"}"#;
    let graph = r#"{"sentDateTime":"2024-05-06T07:08:09Z","receivedDateTime":"2024-05-06T07:09:09Z",
"internetMessageId":"<m1@example.com>","subject":"Plans","from":{"emailAddress":{"name":"Ana","address":"ana@example.com"}},
"sender":{"emailAddress":{"name":"Ana","address":"ana@example.com"}},"toRecipients":[{"emailAddress":{"address":"bo@partner.example"}}],
"attachments":[{"name":"plans.pdf","size":7,"sha256":"ab"}],"client_ip":"192.0.2.7"}"#;
    let mimecast = r#"{"type":"delivery","senderEnvelope":"ana@example.com","recipients":"bo@partner.example","subject":"Plans",
"messageId":"<m1@example.com>","timestamp":1714979289000,"attachments":"plans.pdf","ip":"192.0.2.7","delivered":"true",
"subtype":null}"#;
    let tap = r#"{"messagesDelivered":[{"GUID":"g1","sender":"bounce@example.com","fromAddress":["ana@example.com"],
"headerFrom":"Ana <ana@example.com>","recipient":["bo@partner.example"],"toAddresses":["bo@partner.example"],"subject":"Plans",
"messageID":"<m1@example.com>","messageTime":"2024-05-06T07:08:09.000Z","senderIP":"192.0.2.7",
"messageParts":[{"disposition":"attached","filename":"plans.pdf","sha256":"ab"}]}]}"#;
    for json in [proofpoint, generic, graph, mimecast, tap] {
        let event = one(&Record::Json(json));
        for (column, expected) in [
            ("event_id", "email:m1@example.com"),
            ("action", "email_sent"),
            ("outcome", "success"),
            ("actor_id", "ana@example.com"),
            ("src_ip", "192.0.2.7"),
            ("file_name", "plans.pdf"),
            ("target_account", "bo@partner.example"),
        ] {
            assert_eq!(event[column], expected, "{column} of {json}");
        }
        assert_eq!(event["event_time"], 1_714_979_289_000_000_i64, "{json}");
        assert_eq!(event["recipients"], serde_json::json!(["bo@partner.example"]), "{json}");
    }
    let blocked = tap.replace("messagesDelivered", "messagesBlocked");
    assert_eq!(one(&Record::Json(&blocked))["outcome"], "blocked");
    let stage = one(&Record::Json(&mimecast.replace("\"delivery\"", "\"process\"")));
    assert_eq!((&stage["action"], &stage["event_id"]), (&"other".into(), &"email:m1@example.com:process".into()));
}

#[test]
fn bodies_are_text_whatever_they_were() {
    for (body, expected) in [
        (r#""body":"the key\n""#, "Plans\nthe key"),
        (r#""html":"<p>the <b>key</b></p>""#, "Plans\nthe key"),
        (r#""body":{"contentType":"html","content":"<p>the key</p>"}"#, "Plans\nthe key"),
        (r#""body":{"contentType":"text","content":"the key"}"#, "Plans\nthe key"),
        (r#""text":null"#, "Plans"),
    ] {
        let json = format!(r#"{{"from":"ana@example.com","to":"bo@example.com","subject":"Plans","message_id":"1",{body}}}"#);
        assert_eq!(one(&Record::Json(&json))["text"], expected, "{body}");
    }
}

#[test]
fn a_target_is_named_only_where_there_is_one() {
    for (to, domain, account) in [
        ("bo@example.com", None, None),
        ("bo@mail.example.com", None, None),
        ("bo@notexample.com", Some("notexample.com"), Some("bo@notexample.com")),
        ("bo@partner.example, cy@partner.example", Some("partner.example"), None),
        ("bo@partner.example, cy@example.net", None, None),
    ] {
        let json = format!(r#"{{"from":"ana@example.com","to":"{to}","subject":"x","message_id":"1"}}"#);
        let event = one(&Record::Json(&json));
        assert_eq!((event["target_domain"].as_str(), event["target_account"].as_str()), (domain, account), "{to}");
    }
}

#[test]
fn rows_of_a_csv_export_are_read() {
    let header =
        csv::StringRecord::from(vec!["origin_timestamp_utc", "sender_address", "recipient_status", "message_subject", "message_id"]);
    let row = csv::StringRecord::from(vec![
        "2024-05-06T07:08:09Z",
        "ana@example.com",
        "bo@partner.example##Receive;cy@partner.example##Fail",
        "Plans \"Q3\"",
        "<m1@example.com>",
    ]);
    let event = one(&Record::Csv { header: &header, row: &row });
    assert_eq!((&event["event_id"], &event["text"]), (&"email:m1@example.com".into(), &"Plans \"Q3\"".into()));
    assert_eq!(event["recipients"].as_array().map(Vec::len), Some(2));
}

#[test]
fn records_of_others_are_left_alone() {
    for json in [
        r#"{"id":"1","from":{"user":{"displayName":"Ana"}},"subject":"x","body":{"content":"a@b"},
"createdDateTime":"2024-05-06T07:08:09Z"}"#,
        r#"{"type":"message","user":"U1","text":"mail ana@example.com Subject: x","ts":"1.2"}"#,
        r#"{"from_user":"ana@example.com","to_user":"bo@example.com","object":"x"}"#,
        r#"{"value":[{"subject":"x","id":"@"}]}"#,
        "[]",
        "\"subject @\"",
    ] {
        assert!(!recognises(&Record::Json(json), &ORIGIN), "{json}");
        let result = normalize(&Record::Json(json), &ORIGIN, &mut Taken::default());
        assert!(result.is_err(), "{json}");
    }
    let header = csv::StringRecord::from(vec!["from", "to", "amount"]);
    assert!(!recognises(&Record::Csv { header: &header, row: &header }, &ORIGIN));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = normalize(&Record::Mail(&bytes), &ORIGIN, &mut Taken::default());
        let text = String::from_utf8_lossy(&bytes);
        let _ = recognises(&Record::Json(&text), &ORIGIN);
        let _ = normalize(&Record::Json(&text), &ORIGIN, &mut Taken::default());
    }

    #[test]
    fn no_mutation_of_a_good_record_panics(
        which in 0_usize..2,
        at in 0_usize..2000,
        with in proptest::collection::vec(any::<u8>(), 0..8),
        drop in 0_usize..40,
    ) {
        let base = [PLAIN.replace('\n', "\r\n"), TRACE.to_owned()];
        let good = base[which].as_bytes();
        let at = at % good.len();
        let end = (at + drop).min(good.len());
        let bytes: Vec<u8> = [&good[..at], &with, &good[end..]].concat();
        let _ = normalize(&Record::Mail(&bytes), &ORIGIN, &mut Taken::default());
        let text = String::from_utf8_lossy(&bytes);
        let _ = recognises(&Record::Json(&text), &ORIGIN);
        let _ = normalize(&Record::Json(&text), &ORIGIN, &mut Taken::default());
    }
}
