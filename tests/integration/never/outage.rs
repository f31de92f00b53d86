//! A store that gives one object only when it is asked a second time: nothing of it is lost, and nothing is called broken that is not.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// A bucket over HTTP, as S3 speaks it, of which some objects fail: with an error of the store's at the first question, or in the middle.
#[derive(Clone, Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    /// Requests that are still to fail, by key; whether in the middle.
    failing: Arc<Mutex<BTreeMap<String, (u32, bool)>>>,
}

impl Bucket {
    fn serve(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().map(Result::unwrap) {
                let bucket = self.clone();
                std::thread::spawn(move || bucket.answer(stream));
            }
        });
        address
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let Some(Ok(first)) = lines.next() else { return };
        let mut ranged = false;
        for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
            ranged |= line.to_lowercase().starts_with("range:");
        }
        let path = first.split(' ').nth(1).unwrap().trim_start_matches("/logs").trim_start_matches('/');
        let (key, query) = path.split_once('?').unwrap_or((path, ""));
        let head = first.starts_with("HEAD");
        let (status, body) = match self.objects.get(key) {
            _ if query.contains("list-type") => ("200 OK", self.listing().into_bytes()),
            None => ("404 Not Found", Vec::new()),
            Some(bytes) => ("200 OK", bytes.clone()),
        };
        let fails = if head || !query.is_empty() {
            None
        } else {
            self.failing.lock().unwrap().get_mut(key).filter(|left| left.0 > 0).map(|left| {
                left.0 -= 1;
                left.1
            })
        };
        let (status, sent) = match fails {
            Some(false) => ("400 Bad Request", 0),
            // The client asks for the rest by itself.
            _ if ranged => ("400 Bad Request", 0),
            Some(true) => (status, body.len() / 2),
            None => (status, body.len()),
        };
        let length = if sent == 0 { 0 } else { body.len() };
        let head_text = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\netag: \"{}\"\r\nlast-modified: Mon, 02 Mar 2026 10:00:00 GMT\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head_text.as_bytes());
        if !head {
            let _ = stream.write_all(&body[..sent]);
        }
    }

    fn listing(&self) -> String {
        let of = |(key, bytes): (&String, &Vec<u8>)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-03-02T10:00:00.000Z</LastModified><ETag>\"{0}\"</ETag><Size>{0}</Size></Contents>",
                bytes.len()
            )
        };
        let contents: String = self.objects.iter().map(of).collect();
        format!("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
    }
}

#[test]
fn an_object_that_the_store_does_not_give_is_read_by_the_next_ingest() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |name: &str, count: usize| {
        let line = |n: usize| {
            serde_json::json!({"event_id": format!("{name}:{n}"), "event_time": "2026-03-02T10:00:00Z", "action": "login", "source": "x",
                "surface": "chat", "actor_id": "U1", "user_agent": "a".repeat(200)})
        };
        (0..count).map(|n| format!("{}\n", line(n))).collect::<String>().into_bytes()
    };
    let objects = [("in/a.ndjson", lines("a", 5)), ("in/b.ndjson", lines("b", 7)), ("in/c.ndjson", lines("c", 9))];
    let bucket = Bucket { objects: objects.into_iter().map(|(key, bytes)| (key.to_owned(), bytes)).collect(), ..Bucket::default() };
    bucket.failing.lock().unwrap().insert("in/b.ndjson".into(), (1, false));
    bucket.failing.lock().unwrap().insert("in/c.ndjson".into(), (1, true));
    let address = bucket.serve();
    let bittern = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bittern"));
        command.args(["--lake", "lake", "--format", "json"]).args(args).current_dir(folder.path()).env("HOME", folder.path());
        command
            .env_remove("XDG_CONFIG_HOME")
            .env("AWS_ENDPOINT_URL", &address)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, _, errors) = bittern(&["ingest", "s3://logs/in"]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("the store did not give") && errors.contains("run this again"), "{errors}");
    let (code, told, errors) = bittern(&["ingest", "s3://logs/in"]);
    assert_eq!(code, Some(0), "{errors}");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told["events"].as_u64() > Some(0) && told["quarantined"] == 0, "{told}");
    let sql = "SELECT count(*) AS events, count(DISTINCT event_id) AS ids, (SELECT count(*) FROM quarantine) AS places FROM events";
    let (_, counted, errors) = bittern(&["sql", "-c", sql]);
    let (_, places, _) = bittern(&["sql", "-c", "SELECT * FROM quarantine"]);
    assert_eq!(counted.trim(), "{\"events\":21,\"ids\":21,\"places\":0}", "{errors} {places}");
}
