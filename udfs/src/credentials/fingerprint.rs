//! What may be shown of a credential: a keyed fingerprint that joins the same secret across texts, and a mask.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands for the hidden part of a credential.
pub const HIDDEN: &str = "****";

/// A keyed digest, `bytes` long, as hex.
pub fn keyed_hex(key: &[u8], parts: &[&[u8]], bytes: usize) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in parts {
        mac.update(part);
    }
    let digest = mac.finalize().into_bytes();
    hex::encode(digest.get(..bytes).unwrap_or(&digest))
}

/// HMAC-SHA-256 of the secret, its first 16 bytes as hex. Chat platforms escape `&`, `<` and `>`: the fingerprint is of the text
/// behind that.
pub fn fingerprint(key: &[u8], secret: &[u8]) -> String {
    const BYTES: usize = 16;
    if !secret.contains(&b'&') {
        return keyed_hex(key, &[secret], BYTES);
    }
    let mut plain = Vec::with_capacity(secret.len());
    let mut rest = secret;
    while let Some((&first, after)) = rest.split_first() {
        let escape = ESCAPES.iter().find(|(escaped, _)| rest.starts_with(escaped.as_bytes()));
        match escape {
            Some((escaped, byte)) => {
                plain.push(*byte);
                rest = rest.get(escaped.len()..).unwrap_or_default();
            }
            None => {
                plain.push(first);
                rest = after;
            }
        }
    }
    keyed_hex(key, &[&plain], BYTES)
}

const ESCAPES: &[(&str, u8)] = &[("&amp;", b'&'), ("&lt;", b'<'), ("&gt;", b'>'), ("&quot;", b'"'), ("&#39;", b'\''), ("&#x27;", b'\'')];

/// Bytes of a token that its mask shows: they say whose it is.
pub const SHOWN_BYTES: usize = 4;

/// The credential with all but its published beginning hidden. Passwords show nothing, not even their length.
pub fn masked(kind: &str, secret: &[u8]) -> String {
    const TOKEN_BYTES_MIN: usize = 20;
    let shows = matches!(kind, "token" | "api_key" | "access_key") && secret.len() >= TOKEN_BYTES_MIN;
    let mut mask: String = match secret.get(..SHOWN_BYTES) {
        Some(first) if shows && first.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) => {
            String::from_utf8_lossy(first).into_owned()
        }
        _ => String::new(),
    };
    mask.push_str(HIDDEN);
    mask
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, masked};

    #[test]
    fn the_same_secret_has_one_fingerprint_a_key_however_it_was_escaped() {
        assert_eq!(fingerprint(b"k", b"Tea&Cake<1"), fingerprint(b"k", b"Tea&amp;Cake&lt;1"));
        assert_ne!(fingerprint(b"k", b"Tea&Cake<1"), fingerprint(b"l", b"Tea&Cake<1"));
        assert_eq!(fingerprint(b"k", b"x").len(), 32);
    }

    #[test]
    fn a_mask_shows_a_tokens_beginning_and_nothing_of_a_password() {
        assert_eq!(masked("token", b"abcd_0123456789012345678"), "abcd****");
        assert_eq!(masked("password", b"correct horse battery staple"), "****");
        assert_eq!(masked("token", "ééééééééééééééééé".as_bytes()), "****");
    }
}
