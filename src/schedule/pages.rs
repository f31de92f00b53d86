//! Three pages for probes and Prometheus: `/healthz`, `/readyz`, `/metrics`. Nothing is read but the first line of a request.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// What the pages tell of a process.
pub trait Told: Send + Sync + 'static {
    /// # Errors
    /// Why the process should be started anew.
    fn is_alive(&self) -> std::result::Result<(), String>;

    /// # Errors
    /// Why nobody should rely on it now.
    fn is_ready(&self) -> std::result::Result<(), String>;

    /// Counters and gauges in Prometheus' text form.
    fn metrics(&self) -> Result<String>;
}

/// Bytes of a request's head at most.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// How long a request may take to come and an answer to go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Requests at a time.
const REQUESTS_MAX: usize = 16;

/// What Prometheus reads of a registry.
pub fn metrics_text(registry: &Registry) -> Result<String> {
    let mut text = String::new();
    encode(&mut text, registry).map_err(|e| Error::internal("the metrics cannot be written").caused_by(e))?;
    Ok(text)
}

/// Listens at an address. `advice` says how another is named.
///
/// # Errors
/// `Usage` where it cannot be had.
pub async fn listen(address: &str, advice: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| Error::usage(format!("cannot listen at `{address}`: {advice}")).caused_by(e))
}

/// Answers requests until it is dropped.
pub async fn serve(listener: TcpListener, told: Arc<dyn Told>) {
    let slots = Arc::new(Semaphore::new(REQUESTS_MAX));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files: others have to close first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let told = Arc::clone(&told);
        tokio::spawn(async move {
            let _slot = slot;
            // Whoever is too slow, or goes away, gets nothing.
            let _ = tokio::time::timeout(PATIENCE, answer(stream, told.as_ref())).await;
        });
    }
}

async fn answer(mut stream: TcpStream, told: &dyn Told) -> std::io::Result<()> {
    let mut head = Vec::new();
    let (status, kind, body) = loop {
        let mut chunk = [0; 1024];
        let count = stream.read(&mut chunk).await?;
        head.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Complete(_)) => break page(request.method, request.path, told),
            Ok(httparse::Status::Partial) if count > 0 && head.len() < HEAD_BYTES_MAX => {}
            _ => break ("400 Bad Request", TEXT, "this is no request\n".to_owned()),
        }
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

const TEXT: &str = "text/plain; charset=utf-8";

fn page(method: Option<&str>, path: Option<&str>, told: &dyn Told) -> (&'static str, &'static str, String) {
    if method != Some("GET") {
        return ("405 Method Not Allowed", TEXT, "only GET\n".into());
    }
    let said = |outcome: std::result::Result<(), String>| match outcome {
        Ok(()) => ("200 OK", TEXT, "ok\n".to_owned()),
        Err(why) => ("503 Service Unavailable", TEXT, format!("{why}\n")),
    };
    match path.and_then(|path| path.split('?').next()) {
        Some("/healthz") => said(told.is_alive()),
        Some("/readyz") => said(told.is_ready()),
        Some("/metrics") => match told.metrics() {
            Ok(text) => ("200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8", text),
            Err(_) => ("500 Internal Server Error", TEXT, "the metrics cannot be written\n".into()),
        },
        _ => ("404 Not Found", TEXT, "there are /healthz, /readyz and /metrics\n".into()),
    }
}
