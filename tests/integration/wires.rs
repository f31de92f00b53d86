//! What goes over each wire: Splunk's collector, OCSF in requests and files, syslog.

use std::collections::BTreeSet;
use std::time::Duration;

use bittern::interval::time_text;
use serde_json::Value;

use crate::NOW;
use crate::deliver::{OK, SECRET, assert_complete, deliver, open, quick, sink, tell_thirty};
use crate::receiver::{Answer, Receiver};

#[tokio::test(flavor = "multi_thread")]
async fn deliver_leaves_a_collector_alone_for_as_long_as_it_asks_and_takes_200_alone() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_, before| match before {
        0 => Answer::Status(503, "retry-after: 1\r\n"),
        1 => Answer::Status(429, ""),
        2 => Answer::Status(204, ""),
        _ => OK,
    })
    .await;
    let rest = format!("url = \"{}/hec\"\ntoken_env = \"{SECRET}\"\nindex = \"security\"\nbatch_max = 20", receiver.url);
    let bittern = open(folder.path(), vec![sink("splunk", "splunk_hec", &rest)], NOW).await;
    let expected = tell_thirty(&bittern).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].waiting), (30, 0), "{done:?}");
    let requests = receiver.requests("/hec");
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1), "Retry-After is honoured");
    assert!(requests.iter().all(|request| request.header("authorization").starts_with("Splunk ")));
    let sizes: Vec<usize> = requests.iter().skip(3).map(|request| request.body.lines().count()).collect();
    assert!(sizes.iter().sum::<usize>() == 30 && sizes.len() <= 4, "in batches: {sizes:?}");
    let kept: Vec<Value> = receiver.kept("/hec").iter().skip(20).map(|event| event["event"].clone()).collect();
    assert_complete(&kept, &expected);
    assert_eq!(receiver.kept("/hec")[0]["index"], "security");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_finds_the_one_in_a_batch_that_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|request, _| if request.body.contains("alert-7") { Answer::Status(400, "") } else { OK }).await;
    let rest = format!("url = \"{}/ocsf\"\nattempts_max = 2", receiver.url);
    let bittern = open(folder.path(), vec![sink("ocsf", "ocsf_http", &rest)], NOW).await;
    tell_thirty(&bittern).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[0].dead, done[0].waiting), (27, 1, 3));
    assert!(receiver.requests("/ocsf").len() < 30, "not one by one: {}", receiver.requests("/ocsf").len());
    assert!(receiver.kept("/ocsf").iter().all(|finding| finding["class_uid"] == 2004));
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_writes_whole_lines_also_behind_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let findings = folder.path().join("findings");
    let path = findings.join(format!("bittern-{}.jsonl", &time_text(NOW)[..10]));
    std::fs::create_dir_all(&findings).unwrap();
    std::fs::write(&path, "{\"half\": ").unwrap();
    let mut file = sink("file", "ocsf_file", "folder = \"x\"");
    file.folder = Some(findings);
    let bittern = open(folder.path(), vec![file], NOW).await;
    let expected = tell_thirty(&bittern).await;
    assert_eq!(deliver(&bittern, &quick()).await[0].delivered, 30);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], text.ends_with('\n')), (31, "{\"half\": ", true));
    let findings: Vec<Value> = lines[1..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: BTreeSet<String> =
        findings.iter().map(|f| format!("{} {}", f["finding_info"]["uid"].as_str().unwrap(), f["unmapped"]["observed"])).collect();
    assert_eq!(told, expected);
}

/// The messages of a stream with octet counting.
pub fn frames(mut bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
        found.push(String::from_utf8(bytes[space + 1..space + 1 + length].to_vec()).unwrap());
        bytes = &bytes[space + 1 + length..];
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn deliver_counts_a_syslog_message_when_the_server_read_it_to_the_end() {
    use tokio::io::AsyncReadExt;
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let datagrams = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sinks = vec![
        sink("tcp", "syslog", &format!("address = \"{}\"\nbatch_max = 10", server.local_addr().unwrap())),
        sink("udp", "syslog", &format!("address = \"{}\"\ntransport = \"udp\"", datagrams.local_addr().unwrap())),
    ];
    let reading = tokio::spawn(async move {
        let mut read = Vec::new();
        for connection in 0.. {
            let (mut stream, _) = server.accept().await.unwrap();
            if connection == 1 {
                // Gone with what it had not read: the kernel resets.
                stream.read_u8().await.unwrap();
                continue;
            }
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.unwrap();
            read.extend(frames(&bytes));
            if read.len() == 30 {
                break;
            }
        }
        read
    });
    let bittern = open(folder.path(), sinks, NOW).await;
    let expected = tell_thirty(&bittern).await;
    let done = deliver(&bittern, &quick()).await;
    assert_eq!((done[0].delivered, done[1].delivered), (30, 30), "{done:?}");
    let read = reading.await.unwrap();
    assert!(read.iter().all(|line| line.starts_with("<10") && line.contains(">1 2026-") && line.contains(" CEF:0|Bittern|")), "{read:?}");
    let ids: BTreeSet<&str> = read.iter().filter_map(|line| line.split("externalId=").nth(1)?.split(' ').next()).collect();
    assert_eq!(ids.len(), expected.len());
    let mut datagram = [0; 4096];
    let length = datagrams.recv(&mut datagram).await.unwrap();
    assert!(String::from_utf8_lossy(&datagram[..length]).contains("cs1=alert-"));
}
