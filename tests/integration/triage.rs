//! Cases: what state they are in, and decisions that last.

use bittern::alerts::actions::{Decision, Verdict};
use bittern::event::HOUR;
use bittern::jobs::catalog::Catalog;
use bittern::pipeline::Bittern;
use bittern::pipeline::cases;
use bittern::pipeline::run::Settings;
use bittern::pipeline::triage::{Decided, Filter};
use bittern::session::Limits;
use indicatif::ProgressBar;

use crate::{NOW, land, open, open_at, rows};

/// The view `cases`, as SQL.
const STATES: &str = "\
statement ok
INSERT INTO alerts (alert_id, case_id, detection_id, interval_start, interval_end, last_event_time, severity, risk_score, observed, summary) VALUES
  ('a1', 'untouched', 'd', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', NULL, 'high', 70, 5, 'first'),
  ('a2', 'untouched', 'd', '2026-03-04T00:00:00Z', '2026-03-05T00:00:00Z', NULL, 'medium', 50, 9, 'second'),
  ('b1', 'closed', 'd', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', NULL, 'high', 70, 19, 'x'),
  ('c1', 'doubled', 'd', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', NULL, 'high', 70, 20, 'x'),
  ('d1', 'suppressed', 'd', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', '2026-03-02T12:00:00Z', 'high', 70, 1, 'x'),
  ('e1', 'goes on', 'd', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', '2026-03-02T13:00:00Z', 'high', 70, 1, 'x'),
  ('f1', 'again', 'd', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', NULL, 'high', 70, NULL, 'x')

statement ok
INSERT INTO alert_actions (action_time, case_id, decision, verdict, comment, \"until\", observed, \"by\") VALUES
  ('2026-03-05T00:00:00Z', 'closed', 'close', 'benign', 'known', NULL, 10, 'ana'),
  ('2026-03-05T00:00:00Z', 'doubled', 'close', 'benign', NULL, NULL, 10, 'ana'),
  ('2026-03-05T00:00:00Z', 'suppressed', 'suppress', NULL, NULL, '2026-03-02T12:30:00Z', 1, 'ana'),
  ('2026-03-05T00:00:00Z', 'goes on', 'suppress', NULL, NULL, '2026-03-02T12:30:00Z', 1, 'ana'),
  ('2026-03-05T00:00:00Z', 'again', 'close', 'false_positive', NULL, NULL, NULL, 'ana'),
  ('2026-03-06T00:00:00Z', 'again', 'reopen', NULL, NULL, NULL, NULL, 'ben'),
  ('2026-03-07T00:00:00Z', 'again', 'ack', NULL, NULL, NULL, NULL, 'ben'),
  ('2026-03-08T00:00:00Z', 'again', 'comment', NULL, 'asked her', NULL, NULL, 'eve')

query TTTITTT
SELECT case_id, state, severity, alerts, verdict, comment, last_by FROM cases ORDER BY case_id
----
again acknowledged high 1 NULL asked her eve
closed closed high 1 benign known ana
doubled open high 1 benign NULL ana
goes on open high 1 NULL NULL ana
suppressed suppressed high 1 NULL NULL ana
untouched open medium 2 NULL NULL NULL
";

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_case_follows_from_the_last_decision_and_what_happened_since() {
    cases::run("cases", STATES, &Catalog::load(None).unwrap(), &Limits::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_outlast_reruns_and_hold_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let mut bittern = open(folder.path()).await;
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let event = serde_json::json!({
        "event_id": "e1", "event_time": "2026-03-05T10:20:00Z", "action": "message_posted", "surface": "chat", "source": "x",
        "actor_id": "U1", "channel_id": "C1", "text": format!("token {secret} here"),
    });
    let path = folder.path().join("e.ndjson");
    std::fs::write(&path, event.to_string()).unwrap();
    land(&bittern, &[&path]).await.unwrap();
    let jobs = vec!["credential_in_message".to_owned()];
    bittern.run(&Settings { jobs: jobs.clone(), ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    let open_cases = Filter { state: Some("open".into()), limit: 10, ..Filter::default() };
    let listed = crate::lines(&bittern.cases(&open_cases).await.unwrap());
    assert_eq!(listed.len(), 1, "{listed:?}");
    let listed: serde_json::Value = serde_json::from_str(&listed[0]).unwrap();
    let case = listed["case"].as_str().unwrap().to_owned();

    let decided = Decided {
        decision: Decision::Close,
        verdict: Some(Verdict::TruePositive),
        comment: Some(format!("it is {secret}, revoked")),
        until: None,
        by: "ana".into(),
    };
    let error = bittern.decide(&[case.clone(), "0000000000".into()], &decided).await.unwrap_err();
    assert!(format!("{error:#}").contains("no case or alert has an id that begins with `0000000000`"), "{error:#}");
    assert!(rows(&bittern, "SELECT * FROM alert_actions").await.is_empty(), "all or nothing");
    assert!(bittern.decide(&["ab".into()], &decided).await.is_err(), "too short");
    for _ in 0..2 {
        // Whoever was interrupted says it again, and it stands there once.
        bittern.decide(std::slice::from_ref(&case), &decided).await.unwrap();
    }
    assert_eq!(rows(&bittern, "SELECT * FROM alert_actions").await.len(), 1);
    bittern.run(&Settings { jobs, full: true, ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    assert!(bittern.cases(&open_cases).await.unwrap().iter().all(|batch| batch.num_rows() == 0));
    let [shown, alerts, decisions] = bittern.case(&case).await.unwrap();
    let shown = crate::lines(&shown).concat();
    assert!(shown.contains("\"state\":\"closed\"") && shown.contains("true_positive"), "{shown}");
    let rest = crate::lines(&alerts).concat() + &crate::lines(&decisions).concat();
    assert!(rest.contains("revoked") && rest.contains("\"by\":\"ana\"") && !rest.contains(&secret), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_closes_itself_once_its_credential_is_rotated_and_nothing_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    // Of two decisions at one time nobody could say which is the last.
    let mut now = NOW;
    let mut later = async || {
        now += HOUR;
        open_at(folder.path(), now).await
    };
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let event = |id: &str, time: &str, more: serde_json::Value| {
        let mut event = serde_json::json!({"event_id": id, "event_time": time, "source": "x", "surface": "chat", "actor_id": "U1"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{event}\n")
    };
    let message = |id: &str, time: &str, action: &str, message: &str, text: &str| {
        event(id, time, serde_json::json!({"action": action, "channel_id": "C1", "message_id": message, "text": text}))
    };
    let file = |id: &str, time: &str, action: &str| {
        event(id, time, serde_json::json!({"action": action, "file_id": "F1", "file_name": "passwords.kdbx"}))
    };
    let holds = format!("token {secret} here");
    let jobs = ["credential_in_message", "credential_in_file"].map(str::to_owned).to_vec();
    let mut number = 0;
    let mut told = async |mut bittern: Bittern, text: String| {
        number += 1;
        let path = folder.path().join(format!("{number}.ndjson"));
        std::fs::write(&path, text).unwrap();
        land(&bittern, &[&path]).await.unwrap();
        bittern.run(&Settings { jobs: jobs.clone(), ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
        let states = rows(&bittern, "SELECT detection_id, state, verdict, last_by FROM cases ORDER BY detection_id").await;
        states.join("\n")
    };
    let decided = |decision| Decided { decision, verdict: None, comment: None, until: None, by: "ana".into() };

    // Two messages hold it, and a file stands there.
    let posted = [
        message("e1", "2026-03-05T10:20:00Z", "message_posted", "m1", &holds),
        message("e2", "2026-03-05T10:30:00Z", "message_posted", "m2", &holds),
        file("e3", "2026-03-05T10:40:00Z", "file_uploaded"),
    ];
    let states = told(later().await, posted.concat()).await;
    assert_eq!(states.matches("\"state\":\"open\"").count(), 2, "{states}");
    // One is gone, but nobody has said that the credential is worthless.
    let states = told(later().await, message("e4", "2026-03-05T11:00:00Z", "message_deleted", "m1", "")).await;
    assert_eq!(states.matches("\"state\":\"open\"").count(), 2, "{states}");
    let bittern = later().await;
    let cases: Vec<String> =
        rows(&bittern, "SELECT case_id FROM cases").await.iter().map(|row| row.split('"').nth(3).unwrap().to_owned()).collect();
    bittern.decide(&cases, &decided(Decision::Rotated)).await.unwrap();
    // Edited, and still in it.
    let states = told(later().await, message("e5", "2026-03-05T12:00:00Z", "message_edited", "m2", &format!("my {holds}"))).await;
    assert_eq!(states.matches("\"state\":\"acknowledged\"").count(), 2, "{states}");
    let last =
        [message("e6", "2026-03-05T13:00:00Z", "message_edited", "m2", "removed"), file("e7", "2026-03-05T13:10:00Z", "file_deleted")];
    let states = told(later().await, last.concat()).await;
    let closed = r#""state":"closed","verdict":"true_positive","last_by":"bittern""#;
    assert_eq!(states.matches(closed).count(), 2, "{states}");
    let mut bittern = later().await;
    let written = rows(&bittern, "SELECT comment FROM alert_actions WHERE decision = 'close' ORDER BY comment").await;
    assert_eq!(written.len(), 2);
    assert!(
        written[0].contains("nothing has held it since 2026-03-05T13:00:00") && written[1].contains("2026-03-05T13:10:00"),
        "{written:?}"
    );
    // Said once.
    bittern.run(&Settings { jobs: jobs.clone(), full: true, ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    assert_eq!(rows(&bittern, "SELECT * FROM alert_actions WHERE decision = 'close'").await.len(), 2);
}
