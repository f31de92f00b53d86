//! Messages on the wire, no longer than they may be: the length stands in front, and is believed only so far.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::BytesMut;
use pgwire::error::PgWireError;
use pgwire::messages::{DecodeContext, PgWireBackendMessage, PgWireFrontendMessage, ProtocolVersion};
use tokio_util::codec::{Decoder, Encoder};

/// What may come next on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A wish for encryption, or the first message.
    Opening,
    /// The first message.
    Startup,
    /// Messages with a type and a length.
    Messages,
}

/// Turns bytes into messages and back.
#[derive(Debug)]
pub struct Codec {
    context: DecodeContext,
    phase: Phase,
    bytes_max: usize,
}

impl Codec {
    /// For a new connection, whose messages have `bytes_max` bytes at most.
    pub fn new(bytes_max: usize) -> Self {
        let mut codec = Self { context: DecodeContext::new(ProtocolVersion::PROTOCOL3_0), phase: Phase::Opening, bytes_max };
        codec.enter(Phase::Opening);
        codec
    }

    /// Says what comes next.
    pub fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.context.awaiting_frontend_ssl = phase == Phase::Opening;
        self.context.awaiting_frontend_startup = phase != Phase::Messages;
    }

    /// Allows messages of another length.
    pub fn allow(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
    }
}

impl Decoder for Codec {
    type Item = PgWireFrontendMessage;
    type Error = PgWireError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<PgWireFrontendMessage>, PgWireError> {
        let at = usize::from(self.phase == Phase::Messages);
        let length = bytes.get(at..at + 4).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes);
        match length.map(|length| usize::try_from(length).unwrap_or(usize::MAX)) {
            None => return Ok(None),
            Some(length) if length < 4 || length > self.bytes_max => return Err(PgWireError::MessageTooLarge(self.bytes_max, length)),
            Some(length) if bytes.len() < at + length => {
                bytes.reserve(at + length - bytes.len());
                return Ok(None);
            }
            Some(_) => {}
        }
        // The library takes a message's inner lengths as they are said, and some of them it believes too much.
        let decoded = catch_unwind(AssertUnwindSafe(|| PgWireFrontendMessage::decode(bytes, &self.context)));
        decoded.unwrap_or(Err(PgWireError::InvalidStartupMessage))
    }
}

impl Encoder<PgWireBackendMessage> for Codec {
    type Error = PgWireError;

    fn encode(&mut self, message: PgWireBackendMessage, bytes: &mut BytesMut) -> Result<(), PgWireError> {
        message.encode(bytes)
    }
}
