//! The poster of a credential is told, nobody else is, and nobody at all of the credential.

use std::path::Path;

use bittern::clock::Clock;
use bittern::event::{DAY, Micros};
use bittern::pipeline::Bittern;
use bittern::pipeline::run;
use bittern::sources::time;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::deliver::{OK, SECRET, config, deliver, quick, sink, webhook};
use crate::receiver::{Answer, Receiver};
use crate::wires::frames;
use crate::{rows, secrets};

/// 2026-03-06T00:00:00Z: the day after the postings.
fn now() -> Micros {
    time::parse("2026-03-06T00:00:00Z").unwrap()
}

async fn ran(folder: &Path, sinks: Vec<bittern::config::sinks::Sink>, logs: &Path, now: Micros) -> Bittern {
    let lake = folder.join("lake").display().to_string();
    let mut bittern = Bittern::open(&config(folder, sinks), &lake, Clock::Fixed(now)).await.unwrap();
    crate::land(&bittern, &[logs]).await.unwrap();
    let jobs = vec!["credential_in_message".into(), "credential_in_file".into(), "credential_term_posted".into()];
    bittern.run(&run::Settings { jobs, ..Default::default() }, &ProgressBar::hidden()).await.unwrap();
    bittern
}

#[tokio::test(flavor = "multi_thread")]
async fn coach_writes_to_the_poster_once_a_case_and_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, _| OK).await;
    let secret = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    let posted = |id: &str, time: &str, who: Value, channel: &str| {
        let mut event = json!({
            "event_id": id, "event_time": time, "action": "message_posted", "surface": "chat", "source": "slack_messages",
            "channel_id": channel, "channel_name": format!("{}-room", channel.to_lowercase()),
            "permalink": format!("https://example.slack.com/archives/{channel}/{id}"), "text": format!("token {secret} here"),
        });
        event.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        format!("{event}\n")
    };
    let mira = || json!({"actor_email": "mira.dietz@example.com"});
    let logs = folder.path().join("in.ndjson");
    let text = [
        posted("p1", "2026-03-05T10:20:00Z", mira(), "C1"),
        posted("p2", "2026-03-05T13:20:00Z", mira(), "C1"),
        posted("p3", "2026-02-20T10:20:00Z", mira(), "C2"),
        posted("p4", "2026-03-05T10:20:00Z", json!({"actor_email": "guest@partner.example.com", "actor_class": "guest"}), "C3"),
        posted("p5", "2026-03-05T10:20:00Z", json!({"actor_id": "U-NOBODY"}), "C4"),
        posted("p6", "2026-03-05T10:25:00Z", json!({"actor_id": "U9", "actor_email": "new.joiner@example.com"}), "C5"),
    ]
    .concat();
    std::fs::write(&logs, text).unwrap();
    let coach = || sink("coach", "coach", &format!("url = \"{}/coach\"\nsecret_env = \"{SECRET}\"", receiver.url));
    let bittern = ran(folder.path(), vec![coach()], &logs, now()).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].waiting), (2, 0), "{done:?}");
    let kept = receiver.kept("/coach");
    let mut told: Vec<(&str, &str)> =
        kept.iter().map(|m| (m["to"]["email"].as_str().unwrap(), m["posted"]["permalink"].as_str().unwrap())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("mira.dietz@example.com", "https://example.slack.com/archives/C1/p1"),
            ("new.joiner@example.com", "https://example.slack.com/archives/C5/p6"),
        ]
    );
    let text = kept.iter().find(|message| message["to"]["email"] == "mira.dietz@example.com").unwrap()["text"].as_str().unwrap();
    assert!(text.contains("#c1-room") && text.contains("GitHub token") && text.contains("Delete message"), "{text}");
    assert!(!kept.iter().any(|message| message.to_string().contains(&secret)));
    let skipped = rows(&bittern, "SELECT error FROM deliveries WHERE state = 'skipped'").await;
    assert_eq!(skipped.len(), 2, "the guest and the one without an address: {skipped:?}");
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 0);

    // A day later she does it again elsewhere: that is another case, and a repetition after being told.
    let again = folder.path().join("again.ndjson");
    std::fs::write(&again, posted("p7", "2026-03-06T09:00:00Z", mira(), "C7")).unwrap();
    let mut bittern = ran(folder.path(), vec![coach()], &again, now() + DAY).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 1);
    bittern.refresh().await.unwrap();
    let rates =
        rows(&bittern, "SELECT posters, cases, coached, coached_again, coached_again_rate FROM coaching WHERE group_name = 'R&D'").await;
    assert_eq!(rates, [r#"{"posters":1,"cases":3,"coached":1,"coached_again":1,"coached_again_rate":1.0}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_lets_no_credential_out_in_any_form() {
    use tokio::io::AsyncReadExt;
    let folder = tempfile::tempdir().unwrap();
    let logs = secrets::logs(folder.path());
    let owned = std::fs::read_to_string(&logs).unwrap().replace("\"actor_id\":\"U1\"", "\"actor_email\":\"mira.dietz@example.com\"");
    std::fs::write(&logs, owned).unwrap();
    // What a sink says back may hold what it was told: it is not written down.
    let receiver = Receiver::start(|request, _| match request.path.as_str() {
        "/refuses" => Answer::Status(400, ""),
        _ => OK,
    })
    .await;
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let over = |path: &str, kind: &str, rest: &str| sink(path, kind, &format!("url = \"{}/{path}\"\n{rest}", receiver.url));
    let every = "detections = [\"*\"]\n";
    let mut file = sink("file", "ocsf_file", &format!("{every}folder = \"x\""));
    file.folder = Some(folder.path().join("findings"));
    let sinks = vec![
        webhook("hook", &receiver.url, &format!("{every}names = true")),
        webhook("refuses", &receiver.url, &format!("{every}attempts_max = 1")),
        over("ocsf", "ocsf_http", every),
        over("hec", "splunk_hec", &format!("{every}token_env = \"{SECRET}\"")),
        over("coach", "coach", &format!("secret_env = \"{SECRET}\"")),
        sink("syslog", "syslog", &format!("{every}address = \"{}\"", server.local_addr().unwrap())),
        file,
    ];
    let reading = tokio::spawn(async move {
        let (mut stream, _) = server.accept().await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let bittern = ran(folder.path(), sinks, &logs, now()).await;
    let done = deliver(&bittern, &quick()).await;
    let mut written: Vec<(String, Vec<u8>)> = vec![("outcome".into(), format!("{done:?}").into_bytes())];
    for path in ["/hook", "/refuses", "/ocsf", "/hec", "/coach"] {
        let requests = receiver.requests(path);
        assert!(requests.len() > 1 || path == "/ocsf" || path == "/hec", "{path}: {done:?}");
        written.extend(requests.iter().map(|request| (path.to_owned(), format!("{:?} {}", request.headers, request.body).into_bytes())));
    }
    let syslog = reading.await.unwrap();
    assert!(frames(&syslog).len() > 5);
    written.push(("syslog".into(), syslog));
    for entry in std::fs::read_dir(folder.path().join("findings")).unwrap() {
        written.push(("file".into(), std::fs::read(entry.unwrap().path()).unwrap()));
    }
    let table = rows(&bittern, "SELECT * FROM deliveries").await.join("\n");
    assert!(table.contains("\"state\":\"dead\"") && !table.contains("127.0.0.1") && !table.contains("mira"), "{table}");
    written.push(("deliveries".into(), table.into_bytes()));
    assert!(
        written.iter().any(|(name, bytes)| name == "/hook" && bytes.windows(10).any(|part| part == b"mira.dietz")),
        "names were asked for"
    );
    for (canary, _) in secrets::canaries() {
        for (name, bytes) in &written {
            assert!(!secrets::holds(bytes, &canary), "{name} holds a credential");
        }
    }
}
