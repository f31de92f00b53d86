//! A receiver of HTTP requests that answers as it is told to: what sinks are tried against.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A status, with headers.
    Status(u16, &'static str),
    /// Take it, and close the connection without a word.
    Reset,
    /// Take it, keep it (as a server that dies after it stored), and close the connection.
    KeepAndReset,
    /// Never answer.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `/one`.
    pub path: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// When it was there.
    pub at: Instant,
    /// Whether it was acknowledged by 2xx, or kept in spite of what was answered.
    pub kept: bool,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

type Script = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// A server on a port of its own.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    script: Arc<Mutex<Arc<Script>>>,
}

impl Receiver {
    /// A server that answers by the script: the request, and how many came before at its path.
    pub async fn start(script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let receiver = Self { url, requests: Arc::default(), script: Arc::new(Mutex::new(Arc::new(script))) };
        let server = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        receiver
    }

    /// Answers otherwise from now on.
    pub fn answer(&self, script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    /// Every request so far at a path.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.requests.lock().unwrap().iter().filter(|request| request.path == path).cloned().collect()
    }

    /// Bodies of those that were kept, in order.
    pub fn kept(&self, path: &str) -> Vec<serde_json::Value> {
        let kept = self.requests(path).into_iter().filter(|request| request.kept);
        kept.flat_map(|request| request.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()).collect()
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(mut request) = read(&mut stream).await {
            let before = self.requests(&request.path).len();
            let script = Arc::clone(&self.script.lock().unwrap());
            let answer = script(&request, before);
            request.kept = matches!(answer, Answer::Status(200..=299, _) | Answer::KeepAndReset);
            self.requests.lock().unwrap().push(request);
            match answer {
                Answer::Status(status, headers) => {
                    let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: 2\r\n\r\n{{}}");
                    if stream.write_all(head.as_bytes()).await.is_err() {
                        return;
                    }
                }
                Answer::Reset | Answer::KeepAndReset => return,
                Answer::Hang => tokio::time::sleep(Duration::from_secs(600)).await,
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[head_end + 4..head_end + 4 + length].to_vec()).ok()?;
    Some(Request { path, headers, body, at: Instant::now(), kept: false })
}
