//! The beginning of a connection: encryption, the first message, and the proof of who it is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::response::{GssEncResponse, SslResponse};
use pgwire::messages::startup::{Authentication, NegotiateProtocolVersion, PasswordMessageFamily, Startup};
use pgwire::messages::{PgWireBackendMessage as Message, PgWireFrontendMessage as Request, SslNegotiationMetaMessage as Negotiation};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::{Framed, FramedParts};

use super::codec::{Codec, Phase};
use super::problem::Problem;
use super::scram::{Exchange, Verifier};
use super::users::{User, Users};

/// How long a stranger may take to say who they are.
pub const STARTUP_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a wrong password is thought about.
const FAILED_DELAY: Duration = Duration::from_secs(1);

/// Bytes of a message from somebody who is not known yet.
const STRANGER_BYTES: usize = 10_000;

/// A connection's bytes, encrypted or not.
pub trait Bytestream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytestream for T {}

/// A connection's messages.
pub type Messages = Framed<Pin<Box<dyn Bytestream>>, Codec>;

/// How a connection begins.
pub enum Opening {
    /// Somebody wants to log in, with these parameters.
    Login(Messages, BTreeMap<String, String>),
    /// A query on another connection is to end.
    Cancel(CancelRequest),
    /// Nobody who speaks the protocol.
    Nothing,
}

/// Encrypts the connection if that can be, and reads the first message. Where the server has a certificate, nobody logs in without.
pub async fn open(stream: TcpStream, tls: Option<&TlsAcceptor>) -> Result<Opening, Problem> {
    // The buffer of a client that is not read is the kernel's; small answers need not wait for more.
    let _ = stream.set_nodelay(true);
    let mut first = [0; 1];
    let begins_with_tls = stream.peek(&mut first).await.is_ok_and(|count| count == 1) && first[0] == 0x16;
    let (messages, secure) = match (begins_with_tls, tls) {
        (true, Some(tls)) => {
            let Ok(stream) = tls.accept(stream).await else { return Ok(Opening::Nothing) };
            // Without the name of the protocol somebody may have led another protocol's client here.
            if stream.get_ref().1.alpn_protocol() != Some(b"postgresql") {
                return Ok(Opening::Nothing);
            }
            (framed(Box::pin(stream), Phase::Startup), true)
        }
        (true, None) => return Ok(Opening::Nothing),
        (false, _) => match negotiated(stream, tls).await? {
            Some(negotiated) => negotiated,
            None => return Ok(Opening::Nothing),
        },
    };
    begun(messages, secure || tls.is_none()).await
}

async fn negotiated(stream: TcpStream, tls: Option<&TlsAcceptor>) -> Result<Option<(Messages, bool)>, Problem> {
    let mut messages = Framed::new(stream, Codec::new(STRANGER_BYTES));
    // A client asks for each kind of encryption once.
    for _ in 0..3 {
        match messages.next().await.transpose()? {
            Some(Request::SslNegotiation(Negotiation::PostgresSsl(_))) => match tls {
                None => messages.send(Message::SslResponse(SslResponse::Refuse)).await?,
                Some(tls) => {
                    messages.send(Message::SslResponse(SslResponse::Accept)).await?;
                    let parts = messages.into_parts();
                    // What came before the encryption may be from somebody in between.
                    if !parts.read_buf.is_empty() {
                        return Ok(None);
                    }
                    let Ok(stream) = tls.accept(parts.io).await else { return Ok(None) };
                    return Ok(Some((framed(Box::pin(stream), Phase::Startup), true)));
                }
            },
            Some(Request::SslNegotiation(Negotiation::PostgresGss(_))) => {
                messages.send(Message::GssEncResponse(GssEncResponse::Refuse)).await?;
            }
            Some(Request::SslNegotiation(Negotiation::None)) => {
                let parts = messages.into_parts();
                let stream: Pin<Box<dyn Bytestream>> = Box::pin(parts.io);
                let mut rest = FramedParts::new::<Message>(stream, parts.codec);
                rest.codec.enter(Phase::Startup);
                rest.read_buf = parts.read_buf;
                return Ok(Some((Framed::from_parts(rest), false)));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn framed(stream: Pin<Box<dyn Bytestream>>, phase: Phase) -> Messages {
    let mut codec = Codec::new(STRANGER_BYTES);
    codec.enter(phase);
    Framed::new(stream, codec)
}

async fn begun(mut messages: Messages, allowed: bool) -> Result<Opening, Problem> {
    let startup = match messages.next().await.transpose()? {
        Some(Request::CancelRequest(request)) => return Ok(Opening::Cancel(request)),
        Some(Request::Startup(startup)) => startup,
        _ => return Ok(Opening::Nothing),
    };
    messages.codec_mut().enter(Phase::Messages);
    if !allowed {
        let problem =
            Problem::fatal("28000", "this server takes encrypted connections only").hint("connect with sslmode=require or stronger");
        messages.send(problem.message()).await?;
        return Ok(Opening::Nothing);
    }
    let parameters = negotiate_version(&mut messages, startup).await?;
    Ok(Opening::Login(messages, parameters))
}

/// We speak version 3.0, and no extension; a client that asks for more is told.
async fn negotiate_version(messages: &mut Messages, startup: Startup) -> Result<BTreeMap<String, String>, Problem> {
    let mut parameters = startup.parameters;
    let unknown: Vec<String> = parameters.keys().filter(|name| name.starts_with("_pq_.")).cloned().collect();
    if startup.protocol_number_minor > 0 || !unknown.is_empty() {
        parameters.retain(|name, _| !unknown.contains(name));
        let told = NegotiateProtocolVersion::new(Startup::PROTOCOL_VERSION_3_0, unknown);
        messages.send(Message::NegotiateProtocolVersion(told)).await?;
    }
    Ok(parameters)
}

/// Lets somebody prove that they are who they say: SCRAM-SHA-256 and nothing weaker.
///
/// # Errors
/// Fatal for a wrong proof, the same whether the name is there or not.
pub async fn authenticate(messages: &mut Messages, users: &Users, secret: &[u8], name: &str, from: SocketAddr) -> Result<User, Problem> {
    let user = users.find(name);
    let verifier = user.map_or_else(|| Verifier::nobody(secret, name), |user| user.verifier.clone());
    messages.send(Message::Authentication(Authentication::SASL(vec!["SCRAM-SHA-256".to_owned()]))).await?;
    let malformed = || Problem::protocol("this is no SCRAM-SHA-256 exchange");
    let first = password_message(messages).await?;
    let (mechanism, data) = initial_response(&first).ok_or_else(malformed)?;
    if mechanism != b"SCRAM-SHA-256" {
        return Err(malformed());
    }
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let (exchange, answer) = Exchange::start(verifier, data, &nonce).map_err(|_| malformed())?;
    messages.send(Message::Authentication(Authentication::SASLContinue(Bytes::from(answer)))).await?;
    let last = password_message(messages).await?;
    match (exchange.finish(&last), user) {
        (Ok(answer), Some(user)) => {
            messages.send(Message::Authentication(Authentication::SASLFinal(Bytes::from(answer)))).await?;
            messages.send(Message::Authentication(Authentication::Ok)).await?;
            Ok(user.clone())
        }
        _ => {
            tracing::warn!(user = name, %from, "a login failed");
            tokio::time::sleep(FAILED_DELAY).await;
            Err(Problem::fatal("28P01", format!("password authentication failed for user \"{name}\"")))
        }
    }
}

async fn password_message(messages: &mut Messages) -> Result<Bytes, Problem> {
    match messages.next().await.transpose()? {
        Some(Request::PasswordMessageFamily(PasswordMessageFamily::Raw(bytes))) => Ok(bytes.freeze()),
        _ => Err(Problem::protocol("a password message is needed here")),
    }
}

/// Mechanism and data of a first SASL message: a word, a zero, a length, and as many bytes.
fn initial_response(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    let (mechanism, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
    let data = rest.get(4..)?;
    (usize::try_from(length).ok()? == data.len()).then_some((mechanism, data))
}
