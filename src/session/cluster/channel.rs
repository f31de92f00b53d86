//! Connections to workers: encrypted where the URL says so, with who this is in every request, and with the worker's name in every failure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::common::{DataFusionError, Result as DfResult};
use datafusion_distributed::grpc::{BoxCloneSyncChannel, create_worker_client};
use datafusion_distributed::{ChannelResolver, WorkerChannel};
use futures::future::BoxFuture;
use http_body::Frame;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Sleep, timeout};
use tokio_rustls::TlsConnector;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::Service;
use url::Url;

use super::identity::{Identity, REFUSED};
use super::lost;
use crate::config::cluster::Cluster as Settings;
use crate::error::{Error, Result};

/// How long a connection may take to be made, encryption included.
const CONNECT: Duration = Duration::from_secs(5);

/// How often a connection is tried, and how long the answer may take: a process that hangs, or a machine that is gone, is noticed so.
const PING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));

/// Bytes that one stream, and all streams of a connection together, may have under way. One that nobody reads must not hold the others.
const WINDOWS: (u32, u32) = (4 * 1024 * 1024, 1024 * 1024 * 1024);

/// The request whose answer is rows: while it is open, something is to come.
const ROWS: &str = "/worker.WorkerService/ExecuteTask";

/// The connections of a process, made when they are first needed and kept.
pub struct Channels {
    identity: Arc<Identity>,
    /// None where the machine has no list of who vouches for certificates.
    tls: Option<TlsConnector>,
    patience: Duration,
    /// Threads for the connections: those that call may be busy for so long that an answer is taken for none.
    network: Handle,
    open: Mutex<HashMap<Url, Channel>>,
}

/// Threads that do nothing but answer the network. A runtime must not simply be dropped on a thread of another.
#[derive(Debug)]
pub struct Network(Option<Runtime>, Handle);

impl Network {
    /// Makes the threads.
    pub fn new(threads: usize) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(threads.max(1)).thread_name("network").enable_all().build()?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    /// Where tasks are started on them.
    pub fn handle(&self) -> &Handle {
        &self.1
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Channels {
    /// Channels that announce `identity`. Connections run on `network`.
    ///
    /// # Errors
    /// `Usage` for a file of certificates that cannot be used.
    pub fn new(settings: &Settings, identity: Arc<Identity>, network: Handle) -> Result<Self> {
        let micros = settings.patience.0.unsigned_abs().max(1);
        Ok(Self { identity, tls: connector(settings)?, patience: Duration::from_micros(micros), network, open: Mutex::default() })
    }

    fn channel(&self, url: &Url) -> std::result::Result<Channel, String> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = open.get(url) {
            return Ok(channel.clone());
        }
        let place = Place::of(url)?;
        if place.server.is_none() && self.identity.has_token() && !place.is_loopback() {
            return Err("is to be reached without encryption, and the token would be seen: use https".to_owned());
        }
        if place.server.is_some() && self.tls.is_none() {
            return Err("cannot be trusted: this machine has no list of who vouches for certificates, name a file with `ca`".to_owned());
        }
        // The URL's own scheme would make the library look for its own encryption.
        let endpoint = Endpoint::from_shared(format!("http://{}", place.authority))
            .map_err(|_| "has no address".to_owned())?
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING.0)
            .keep_alive_timeout(PING.1)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .executor(On(self.network.clone()));
        let tls = self.tls.clone();
        let connect = tower::service_fn(move |_| {
            let (place, tls) = (place.clone(), tls.clone());
            async move { timeout(CONNECT, place.connect(tls.as_ref())).await.unwrap_or_else(|_| Err(timed_out())).map(TokioIo::new) }
        });
        let channel = endpoint.connect_with_connector_lazy(connect);
        open.insert(url.clone(), channel.clone());
        Ok(channel)
    }
}

#[async_trait]
impl ChannelResolver for Channels {
    async fn get_worker_client_for_url(&self, url: &Url) -> DfResult<Box<dyn WorkerChannel>> {
        let channel = {
            // The library starts its own task for a connection where it is made.
            let _here = self.network.enter();
            self.channel(url)
        };
        let channel = channel.map_err(|why| DataFusionError::External(Box::new(Status::unavailable(lost(url, &why)))))?;
        let named = Named { inner: channel, url: url.clone(), identity: Arc::clone(&self.identity), patience: self.patience };
        Ok(create_worker_client(BoxCloneSyncChannel::new(named)))
    }
}

/// Runs connections on threads of their own.
#[derive(Clone)]
struct On(Handle);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for On {
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

/// Where a URL leads to.
#[derive(Clone)]
struct Place {
    authority: String,
    host: String,
    port: u16,
    /// Whose certificate is asked for, if the connection is encrypted.
    server: Option<ServerName<'static>>,
}

impl Place {
    fn of(url: &Url) -> std::result::Result<Self, String> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Err("has no address".to_owned()) };
        // The path holds the name under which an address was found.
        let name = Some(url.path().trim_matches('/')).filter(|name| !name.is_empty()).unwrap_or(host).trim_matches(['[', ']']);
        let server = match url.scheme() {
            "https" => Some(ServerName::try_from(name.to_owned()).map_err(|_| "has a name that no certificate can have".to_owned())?),
            _ => None,
        };
        Ok(Self { authority: format!("{host}:{port}"), host: host.trim_matches(['[', ']']).to_owned(), port, server })
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    async fn connect(&self, tls: Option<&TlsConnector>) -> std::io::Result<Wire> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match self.server.as_ref().zip(tls) {
            None => Ok(Wire::Plain(stream)),
            Some((name, tls)) => Ok(Wire::Encrypted(Box::new(tls.connect(name.clone(), stream).await?.into()))),
        }
    }
}

fn timed_out() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "no connection within 5 s")
}

fn connector(settings: &Settings) -> Result<Option<TlsConnector>> {
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::internal("TLS cannot be set up").caused_by(e))?;
    let mut config = match &settings.ca {
        None => match builder.with_platform_verifier() {
            Ok(builder) => builder.with_no_client_auth(),
            Err(_) => return Ok(None),
        },
        Some(path) => {
            let wrong = || Error::usage(format!("there is no certificate in PEM in `{}`", path.display()));
            let mut roots = rustls::RootCertStore::empty();
            let found = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
                .map_err(|e| wrong().caused_by(e))?;
            for certificate in found {
                roots.add(certificate).map_err(|e| wrong().caused_by(e))?;
            }
            if roots.is_empty() {
                return Err(wrong());
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Some(TlsConnector::from(Arc::new(config))))
}

/// A connection, encrypted or not, of either side.
pub enum Wire {
    /// Without encryption: on loopback.
    Plain(TcpStream),
    /// With it.
    Encrypted(Box<tokio_rustls::TlsStream<TcpStream>>),
}

impl tokio::io::AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut tokio::io::ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Encrypted(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl tokio::io::AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Encrypted(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Encrypted(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

impl tonic::transport::server::Connected for Wire {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

/// A channel that knows whose it is.
#[derive(Clone)]
struct Named {
    inner: Channel,
    url: Url,
    identity: Arc<Identity>,
    patience: Duration,
}

impl Service<http::Request<Body>> for Named {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
        // The call waits for the connection: one that cannot be made is named there.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        self.identity.announce(request.headers_mut());
        let rows = request.uri().path() == ROWS;
        let (url, patience) = (self.url.clone(), self.patience);
        let mut channel = self.inner.clone();
        Box::pin(async move {
            let answer = async {
                std::future::poll_fn(|cx| channel.poll_ready(cx)).await?;
                channel.call(request).await
            };
            let gone = |why: &str| Ok(Status::unavailable(lost(&url, why)).into_http());
            let response = match timeout(patience, answer).await {
                Err(_) => return gone(&silent(patience)),
                Ok(Err(error)) => return gone(&unreachable(&error)),
                Ok(Ok(response)) => response,
            };
            if let Some(sentence) = response.headers().get(REFUSED).and_then(|value| value.to_str().ok()) {
                let sentence = percent_encoding::percent_decode_str(sentence).decode_utf8_lossy().into_owned();
                return gone(&format!("refused: {sentence}"));
            }
            let has_status = response.headers().contains_key("grpc-status");
            let watched =
                |inner: Body| Watched { inner, url: url.clone(), patience: rows.then_some(patience), silence: None, ended: has_status };
            Ok(response.map(|body| Body::new(watched(body))))
        })
    }
}

fn silent(patience: Duration) -> String {
    format!("sent nothing for {} s", patience.as_secs_f64())
}

/// Why a connection could not be made, in a few words. The library's own error has them at the end of a chain.
fn unreachable(error: &tonic::transport::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let why = last.to_string();
    let hint = if why.contains("frame with invalid size") || why.contains("corrupt message") || why.contains("preface") {
        " (one side encrypts and the other does not: http or https?)"
    } else {
        ""
    };
    format!("cannot be reached: {why}{hint}")
}

/// An answer whose end is looked at: a worker that goes away, or is silent for too long, is named.
struct Watched {
    inner: Body,
    url: Url,
    /// How long nothing may come, where something is waited for.
    patience: Option<Duration>,
    /// Runs while something is waited for.
    silence: Option<Pin<Box<Sleep>>>,
    /// Whether the worker said how it ended.
    ended: bool,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<std::result::Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.silence = None;
                this.ended |= frame.is_trailers();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(Status::unavailable(lost(&this.url, "went away"))))),
            Poll::Ready(None) if this.ended => Poll::Ready(None),
            Poll::Ready(None) => {
                this.ended = true;
                Poll::Ready(Some(Err(Status::unavailable(lost(&this.url, "went away")))))
            }
            Poll::Pending => {
                let Some(patience) = this.patience else { return Poll::Pending };
                let silence = this.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                match silence.as_mut().poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => {
                        this.patience = None;
                        Poll::Ready(Some(Err(Status::unavailable(lost(&this.url, &silent(patience))))))
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        false
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_found_by_name_is_asked_for_the_names_certificate() {
        let place = Place::of(&Url::parse("https://192.0.2.7:7450/workers.example.com").unwrap()).unwrap();
        assert_eq!((place.authority.as_str(), place.host.as_str()), ("192.0.2.7:7450", "192.0.2.7"));
        assert_eq!(place.server, Some(ServerName::try_from("workers.example.com").unwrap()));
        let place = Place::of(&Url::parse("http://[::1]:7450").unwrap()).unwrap();
        assert!(place.is_loopback() && place.server.is_none() && place.host == "::1");
        assert!(!Place::of(&Url::parse("http://192.0.2.7:7450").unwrap()).unwrap().is_loopback());
    }
}
