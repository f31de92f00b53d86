//! RFC 5424 messages with CEF in them: over TCP or TLS with octet counting (RFC 6587, RFC 5425), or as datagrams (RFC 5426).
//!
//! Syslog has no acknowledgement. Over TCP and TLS we close our side after a batch and wait until the server, which has read to the end,
//! closes its own: a server that went away meanwhile resets instead. Over UDP nothing is known.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio_rustls::TlsConnector;

use super::message::Message;
use super::{Failure, Parcel, cef};
use crate::config::sinks::{self, Transport};
use crate::error::{Error, Result};
use crate::interval::time_text;

/// Facility 13, log audit (RFC 5424, table 1).
const FACILITY: u8 = 13;

/// Bytes that the usual servers take over TCP, and (RFC 5426) over UDP.
const MESSAGE_BYTES_MAX: usize = 8192;
const DATAGRAM_BYTES_MAX: usize = 2048;

/// A syslog server.
pub struct Syslog {
    address: String,
    transport: Transport,
    facility: u8,
    host: String,
    message_bytes_max: usize,
    wait_for_close: bool,
    tls: Option<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Syslog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Syslog").field("address", &self.address).field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Syslog {
    /// Reads the settings and, for TLS, the certificates to trust.
    pub fn open(settings: &sinks::Sink) -> Result<Self> {
        let transport = settings.transport.unwrap_or_default();
        let bytes_max = if transport == Transport::Udp { DATAGRAM_BYTES_MAX } else { MESSAGE_BYTES_MAX };
        Ok(Self {
            address: settings.address.clone().unwrap_or_default(),
            transport,
            facility: settings.facility.unwrap_or(FACILITY),
            host: host_name(settings.host.as_deref()),
            message_bytes_max: settings.message_bytes_max.unwrap_or(bytes_max),
            wait_for_close: settings.wait_for_close.unwrap_or(true),
            tls: (transport == Transport::Tls).then(|| tls(settings)).transpose()?,
        })
    }

    /// `<PRI>1 TIME HOST bittern - MSGID - CEF...`. Structured data is left out: it would need a registered enterprise number.
    pub fn line(&self, message: &Message) -> Vec<u8> {
        let severity = match message.severity.as_str() {
            "high" => 2,
            "medium" => 4,
            "low" => 5,
            _ => 6,
        };
        let priority = u16::from(self.facility) * 8 + severity;
        let id: String = message.detection.id.chars().filter(char::is_ascii_graphic).take(32).collect();
        let id = if id.is_empty() { "-" } else { &id };
        let mut line = format!("<{priority}>1 {} {} bittern - {id} - ", time_text(message.change_time), self.host);
        line.push_str(&cef::text(message, self.message_bytes_max.saturating_sub(line.len())));
        line.into_bytes()
    }

    /// Sends messages over a connection of their own.
    pub async fn send(&self, parcels: &[Parcel<'_>]) -> std::result::Result<(), Failure> {
        let sent = match self.transport {
            Transport::Udp => self.datagrams(parcels).await,
            Transport::Tcp => match TcpStream::connect(&self.address).await {
                Ok(stream) => self.stream(stream, parcels).await,
                Err(e) => Err(e),
            },
            Transport::Tls => match self.handshake().await {
                Ok(stream) => self.stream(stream, parcels).await,
                Err(e) => Err(e),
            },
        };
        sent.map_err(|e| Failure::unavailable(told(&e)))
    }

    async fn datagrams(&self, parcels: &[Parcel<'_>]) -> io::Result<()> {
        let target = tokio::net::lookup_host(&self.address).await?.next().ok_or(io::ErrorKind::NotFound)?;
        let socket = UdpSocket::bind(if target.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" }).await?;
        socket.connect(target).await?;
        for parcel in parcels {
            socket.send(&parcel.bytes).await?;
        }
        Ok(())
    }

    async fn handshake(&self) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let config = self.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(config).connect(name, TcpStream::connect(&self.address).await?).await
    }

    async fn stream(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, parcels: &[Parcel<'_>]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for parcel in parcels {
            bytes.extend_from_slice(format!("{} ", parcel.bytes.len()).as_bytes());
            bytes.extend_from_slice(&parcel.bytes);
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        stream.shutdown().await?;
        if self.wait_for_close {
            let mut rest = [0; 1024];
            loop {
                match stream.read(&mut rest).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    // Many servers end TLS by ending TCP; what we sent was read to its end before.
                    Err(e) if e.kind() == io::ErrorKind::UnexpectedEof && self.transport == Transport::Tls => break,
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(())
    }
}

/// What went wrong, without an address.
fn told(error: &io::Error) -> String {
    super::tls::told(error).map_or_else(|| format!("the connection failed: {}", error.kind()), str::to_owned)
}

/// A host name as RFC 5424 allows it; `-` says that there is none.
fn host_name(host: Option<&str>) -> String {
    let name: String = host.unwrap_or_default().chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".into() } else { name }
}

fn tls(settings: &sinks::Sink) -> Result<Arc<ClientConfig>> {
    let refused = |e: rustls::Error| Error::usage("TLS cannot be set up").caused_by(e);
    let mut roots = Vec::new();
    if let Some(path) = &settings.ca_file {
        let unread = |what: &str| Error::usage(format!("{what} `{}`", path.display()));
        let pem = std::fs::read(path).map_err(|e| unread("cannot read the certificates in").caused_by(e))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.push(certificate.map_err(|_| unread("these are no PEM certificates:"))?);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(refused)?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(refused)?;
    Ok(Arc::new(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::message::tests::message;

    #[test]
    fn a_message_is_as_written_down_and_never_too_long() {
        let settings = sinks::Sink { address: Some("logs.example.com:601".into()), host: Some("watch 1".into()), ..sinks::Sink::default() };
        let syslog = Syslog::open(&settings).expect("opens");
        insta::assert_snapshot!(String::from_utf8(syslog.line(&message("52 files on Friday; usually 2"))).expect("is UTF-8"));
        assert_eq!(syslog.line(&message(&"x".repeat(1 << 20))).len(), MESSAGE_BYTES_MAX);
        let mut odd = message("x");
        odd.detection.id = "\u{fc} ".repeat(50);
        assert!(String::from_utf8_lossy(&syslog.line(&odd)).contains(" bittern - - - CEF:0|"));
    }
}
