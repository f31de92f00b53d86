//! Cases: what state they are in, and decisions that last.

use bittern::alerts::actions::{Decision, Verdict};
use bittern::jobs::catalog::Catalog;
use bittern::pipeline::cases;
use bittern::pipeline::run::Settings;
use bittern::pipeline::triage::{Decided, Filter};
use bittern::session::Limits;
use indicatif::ProgressBar;

use crate::{land, open, rows};

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
    bittern.decide(std::slice::from_ref(&case), &decided).await.unwrap();
    bittern.run(&Settings { jobs, full: true, ..Settings::default() }, &ProgressBar::hidden()).await.unwrap();
    assert!(bittern.cases(&open_cases).await.unwrap().iter().all(|batch| batch.num_rows() == 0));
    let [shown, alerts, decisions] = bittern.case(&case).await.unwrap();
    let shown = crate::lines(&shown).concat();
    assert!(shown.contains("\"state\":\"closed\"") && shown.contains("true_positive"), "{shown}");
    let rest = crate::lines(&alerts).concat() + &crate::lines(&decisions).concat();
    assert!(rest.contains("revoked") && rest.contains("\"by\":\"ana\"") && !rest.contains(&secret), "{rest}");
}
