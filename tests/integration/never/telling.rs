//! Delivery in the long-lived process: a sink that is stuck holds nobody up, and has everything once it answers again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bittern::clock::{Clock, Stop};
use bittern::config::{Config, Inbox, Length};
use bittern::event::{HOUR, SECOND};
use bittern::pipeline::Bittern;
use bittern::schedule::Scheduler;

use crate::deliver::{OK, webhook};
use crate::receiver::{Answer, Receiver};

/// 2026-03-03T12:00:00Z.
const START: i64 = 1_772_539_200_000_000;

const DETECTION: &str = "-- title = \"A login\"\n-- severity = \"low\"\n-- interval = \"1 hour\"\n-- entity = \"account\"\n\
-- known_gaps = \"none\"\n\
SELECT event_time AS interval_time, actor_id AS entity_id, event_id AS alert_key, 'a login' AS summary FROM events\n\
WHERE event_time >= $interval_start AND event_time < $interval_end AND action = 'login'\n";

fn arrive(inbox: &Path, name: &str) {
    let line = |n: usize| {
        serde_json::json!({"event_id": format!("{name}:{n}"), "event_time": "2026-03-03T09:00:00Z", "action": "login", "source": "x",
            "surface": "chat", "actor_id": format!("U{n}")})
    };
    std::fs::write(inbox.join(format!("{name}.ndjson")), (0..3).map(|n| format!("{}\n", line(n))).collect::<String>()).unwrap();
}

/// Ids of the alerts that a sink has.
fn has(receiver: &Receiver, path: &str) -> BTreeSet<String> {
    receiver.kept(path).iter().map(|told| told["alert_id"].as_str().unwrap().to_owned()).collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_sink_holds_nobody_up_and_has_everything_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    std::fs::create_dir_all(folder.path().join("sql/detections")).unwrap();
    std::fs::create_dir(&inbox).unwrap();
    std::fs::write(folder.path().join("sql/detections/some_login.sql"), DETECTION).unwrap();
    let receiver = Receiver::start(|request, _| if request.path == "/stuck" { Answer::Hang } else { OK }).await;
    let sinks = vec![webhook("hook", &receiver.url, ""), webhook("stuck", &receiver.url, "timeout_secs = 15")];
    let mut config = Config { sql: Some(folder.path().join("sql")), sinks, ..crate::config(folder.path(), None) };
    config.inbox = vec![Inbox { path: inbox.display().to_string(), source: None, delay: Length(HOUR), settle: Length(0) }];
    config.schedule.maintain = String::new();
    config.schedule.jobs = vec!["some_login".into()];
    let time: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(START)));
    let lake = folder.path().join("lake").display().to_string();
    let mut scheduler = Scheduler::new(&config, &lake, Clock::Moved(time), Stop::default()).unwrap();

    arrive(&inbox, "a");
    let ticked = scheduler.tick().await;
    assert_eq!(ticked.look.as_ref().map(|look| look.changes), Some(3), "{ticked:?}");
    until("the first alerts at the sink that answers", || has(&receiver, "/hook").len() == 3).await;
    until("the stuck sink is asked", || receiver.requests("/stuck").len() == 1).await;
    // The next look, while the other sink still hangs.
    arrive(&inbox, "b");
    let mut began = Instant::now();
    let mut looked = false;
    until("what the sinks' first passes ended with", || began.elapsed() > Duration::from_millis(600)).await;
    while has(&receiver, "/hook").len() < 6 {
        time.fetch_add(60 * SECOND, Ordering::SeqCst);
        let ticked = scheduler.tick().await;
        assert!(!ticked.is_failed(), "{ticked:?}");
        looked |= ticked.look.is_some_and(|look| look.changes == 3);
        assert!(receiver.requests("/stuck").len() == 1, "the sink that answers waited for the one that does not");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(looked);

    // It recovers: the set that it has is that of the table.
    receiver.answer(|_, _| OK);
    began = Instant::now();
    while has(&receiver, "/stuck").len() < 6 {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", receiver.requests("/stuck"));
        time.fetch_add(60 * SECOND, Ordering::SeqCst);
        assert!(!scheduler.tick().await.is_failed());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Once: what its last look found is delivered before it ends.
    arrive(&inbox, "c");
    time.fetch_add(60 * SECOND, Ordering::SeqCst);
    drop(scheduler);
    time.fetch_add(HOUR, Ordering::SeqCst);
    let mut once = Scheduler::new(&config, &lake, Clock::Moved(time), Stop::default()).unwrap();
    let ticked = once.once().await;
    assert!(!ticked.is_failed() && !ticked.is_degraded(), "{ticked:?}");
    assert_eq!(ticked.delivered.iter().map(|sink| (sink.sink.as_str(), sink.delivered)).collect::<Vec<_>>(), [("hook", 3), ("stuck", 3)]);
    let bittern = Bittern::open_to_land(&config, &lake, Clock::Moved(time)).await.unwrap();
    let table: BTreeSet<String> = crate::rows(&bittern, "SELECT alert_id FROM alerts")
        .await
        .iter()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap()["alert_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(table.len(), 9);
    for path in ["/hook", "/stuck"] {
        assert_eq!(has(&receiver, path), table, "{path}");
    }
}
