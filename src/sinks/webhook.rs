//! One signed request a change, as Standard Webhooks 1.0 lays down (<https://www.standardwebhooks.com>): `webhook-id`,
//! `webhook-timestamp`, and `webhook-signature` = `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::ask::Ask;
use super::{Failure, Parcel, secret};
use crate::config::sinks;
use crate::error::{Error, Result};
use crate::event::{Micros, SECOND};

/// Bytes that a key of signatures has at least.
const KEY_BYTES_MIN: usize = 24;

/// A receiver that checks signatures.
pub struct Webhook {
    ask: Ask,
    key: Vec<u8>,
}

impl std::fmt::Debug for Webhook {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("ask", &self.ask).finish_non_exhaustive()
    }
}

impl Webhook {
    /// Reads address and key.
    pub fn open(settings: &sinks::Sink, environment: &dyn Fn(&str) -> Option<String>, timeout: Duration) -> Result<Self> {
        let text = secret(settings.secret_env.as_ref(), environment)?.unwrap_or_default();
        let name = settings.secret_env.as_deref().unwrap_or_default();
        let key = key(&text).ok_or_else(|| {
            Error::usage(format!("`{name}` is no key: `whsec_` and base64, or any text, of at least {KEY_BYTES_MIN} bytes"))
        })?;
        Ok(Self { ask: Ask::open(settings, environment, timeout)?, key })
    }

    /// Posts the first of the parcels; there is one in a request.
    pub async fn post(&self, parcels: &[Parcel<'_>], now: Micros) -> std::result::Result<(), Failure> {
        let Some(parcel) = parcels.first() else { return Ok(()) };
        let seconds = now.div_euclid(SECOND);
        let id = &parcel.message.id;
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature(&self.key, id, seconds, &parcel.bytes)),
        ];
        self.ask.post(parcel.bytes.clone(), &headers).await
    }
}

/// The bytes of a key: of `whsec_...` what its base64 says, of any other text the text itself. `None` if it is too short.
fn key(text: &str) -> Option<Vec<u8>> {
    let bytes = match text.strip_prefix("whsec_") {
        Some(coded) => STANDARD.decode(coded).ok()?,
        None => text.as_bytes().to_vec(),
    };
    (bytes.len() >= KEY_BYTES_MIN).then_some(bytes)
}

/// The value of `webhook-signature`.
pub fn signature(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_standard() {
        // Worked out with Python's hmac module over the same bytes.
        let secret = ["whsec_", "TWZLUTlyOEdLWXFyVHdqVVBEOElMUFpJbzJMYUxhU3c="].concat();
        let key = key(&secret).expect("a key");
        assert_eq!(key, b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(signature(&key, "msg_1", 1_614_265_330, b"{\"test\": 2432232314}"), "v1,GSe+EPJFUUfnQ5OrSc+hxV/gQrhxlsU20FVq4/YhczM=");
        assert_eq!(super::key("too short"), None);
        assert_eq!(super::key("whsec_%%%"), None);
    }
}
