//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side: what is stored of a password proves that somebody knows it, and is not enough
//! to log in. Pure: no IO, no clock, no randomness of its own.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// How often a password is hashed: RFC 7677 asks for at least 4096 and advises 15,000.
pub const ITERATIONS: u32 = 15_000;

/// The most iterations that a verifier from elsewhere may ask of clients.
const ITERATIONS_MAX: u32 = 10_000_000;

/// What is stored of a password, in PostgreSQL's own form: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    iterations: u32,
    salt: Vec<u8>,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

/// Why an exchange failed. What a client is told is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A message that is not what the RFC says.
    Malformed,
    /// The proof is not that of the password.
    WrongPassword,
}

/// A started exchange, waiting for the client's proof.
#[derive(Debug)]
pub struct Exchange {
    verifier: Verifier,
    /// The client's header, which it repeats in its last message: no channel binding was offered, so none is there.
    header: String,
    nonce: String,
    first_messages: String,
}

impl Verifier {
    /// The verifier of a password.
    pub fn of(password: &str, salt: &[u8], iterations: u32) -> Self {
        // RFC 4013; PostgreSQL takes what cannot be prepared as it is, and so do its clients.
        let prepared = stringprep::saslprep(password).unwrap_or(password.into());
        let salted = salted_password(prepared.as_bytes(), salt, iterations);
        let stored_key = Sha256::digest(mac(&salted, b"Client Key")).into();
        Self { iterations, salt: salt.to_vec(), stored_key, server_key: mac(&salted, b"Server Key") }
    }

    /// The verifier that nobody's password has: an exchange with it fails at the end like one with a wrong password. It is the same each
    /// time for the same name, so that a stranger cannot tell names that are there from names that are not.
    pub fn nobody(secret: &[u8], name: &str) -> Self {
        let salt = mac(secret, name.as_bytes())[..16].to_vec();
        Self { iterations: ITERATIONS, salt, stored_key: mac(secret, b"stored"), server_key: mac(secret, b"server") }
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [salt, stored, server] = [&self.salt[..], &self.stored_key, &self.server_key].map(|bytes| STANDARD.encode(bytes));
        write!(f, "SCRAM-SHA-256${}:{salt}${stored}:{server}", self.iterations)
    }
}

impl FromStr for Verifier {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let read = || {
            let (mechanism, rest) = text.split_once('$')?;
            let (cost, keys) = rest.split_once('$')?;
            let (iterations, salt) = cost.split_once(':')?;
            let (stored, server) = keys.split_once(':')?;
            let key = |text: &str| -> Option<[u8; 32]> { STANDARD.decode(text).ok()?.try_into().ok() };
            let iterations = iterations.parse().ok().filter(|count| (1..=ITERATIONS_MAX).contains(count))?;
            let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty())?;
            (mechanism == "SCRAM-SHA-256").then_some(())?;
            Some(Self { iterations, salt, stored_key: key(stored)?, server_key: key(server)? })
        };
        read().ok_or(Refusal::Malformed)
    }
}

impl Exchange {
    /// Answers the client's first message: the started exchange, and what to send. `nonce` is fresh and printable.
    pub fn start(verifier: Verifier, client_first: &[u8], nonce: &str) -> Result<(Self, String), Refusal> {
        let text = std::str::from_utf8(client_first).map_err(|_| Refusal::Malformed)?;
        let mut parts = text.splitn(3, ',');
        let (binding, identity, bare) = (parts.next(), parts.next(), parts.next());
        let (Some(binding @ ("n" | "y")), Some(identity), Some(bare)) = (binding, identity, bare) else { return Err(Refusal::Malformed) };
        let client_nonce = attribute(bare, "r").filter(|nonce| !nonce.is_empty()).ok_or(Refusal::Malformed)?;
        let nonce = format!("{client_nonce}{nonce}");
        let first = format!("r={nonce},s={},i={}", STANDARD.encode(&verifier.salt), verifier.iterations);
        let first_messages = format!("{bare},{first}");
        Ok((Self { verifier, header: format!("{binding},{identity},"), nonce, first_messages }, first))
    }

    /// Checks the client's proof: the server's own, to send.
    pub fn finish(self, client_final: &[u8]) -> Result<String, Refusal> {
        let text = std::str::from_utf8(client_final).map_err(|_| Refusal::Malformed)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(Refusal::Malformed)?;
        let proof: [u8; 32] = STANDARD.decode(proof).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::Malformed)?;
        let bound = attribute(without_proof, "c") == Some(&STANDARD.encode(&self.header));
        if !bound || attribute(without_proof, "r") != Some(&self.nonce) {
            return Err(Refusal::Malformed);
        }
        let message = format!("{},{without_proof}", self.first_messages);
        let signature = mac(&self.verifier.stored_key, message.as_bytes());
        let mut client_key = proof;
        client_key.iter_mut().zip(signature).for_each(|(byte, mask)| *byte ^= mask);
        let stored: [u8; 32] = Sha256::digest(client_key).into();
        // In constant time: how far two keys agree is nobody's business.
        let differs = stored.iter().zip(self.verifier.stored_key).fold(0, |differs, (a, b)| differs | (a ^ b));
        if differs != 0 {
            return Err(Refusal::WrongPassword);
        }
        Ok(format!("v={}", STANDARD.encode(mac(&self.verifier.server_key, message.as_bytes()))))
    }
}

fn attribute<'t>(message: &'t str, name: &str) -> Option<&'t str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// Hi() of RFC 5802: PBKDF2 with one block.
fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut block = mac(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut sum = block;
    for _ in 1..iterations {
        block = mac(password, &block);
        sum.iter_mut().zip(block).for_each(|(byte, more)| *byte ^= more);
    }
    sum
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3.
    const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    fn verifier(password: &str) -> Verifier {
        Verifier::of(password, &STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64"), 4096)
    }

    #[test]
    fn the_example_of_the_rfc_holds() {
        let (exchange, first) = Exchange::start(verifier("pencil"), CLIENT_FIRST.as_bytes(), NONCE).expect("started");
        assert_eq!(first, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let last = exchange.finish(CLIENT_FINAL.as_bytes()).expect("proven");
        assert_eq!(last, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_wrong_password_and_a_changed_message_are_refused() {
        let start = |password| Exchange::start(verifier(password), CLIENT_FIRST.as_bytes(), NONCE).expect("started").0;
        assert_eq!(start("pencils").finish(CLIENT_FINAL.as_bytes()), Err(Refusal::WrongPassword));
        for changed in [
            CLIENT_FINAL.replace("biws", "eSws"),
            CLIENT_FINAL.replace("rOpr", "rOps"),
            CLIENT_FINAL.replace(",p=", ",q="),
            CLIENT_FINAL.replace("dHzb", ""),
            String::new(),
        ] {
            assert_eq!(start("pencil").finish(changed.as_bytes()), Err(Refusal::Malformed), "{changed}");
        }
        for first in ["p=tls-server-end-point,,n=u,r=x", "n,,n=u", "n,,n=u,r=", "", "\u{ff}"] {
            assert!(Exchange::start(verifier("pencil"), first.as_bytes(), NONCE).is_err(), "{first}");
        }
    }

    #[test]
    fn a_verifier_is_what_it_is_written_as() {
        let stored = verifier("pencil");
        assert_eq!(stored.to_string().parse(), Ok(stored.clone()));
        assert!(!stored.to_string().contains("pencil"));
        for wrong in ["", "md5abc", "SCRAM-SHA-256$0:AA==$AA==:AA==", "SCRAM-SHA-256$4096:$AA==:AA=="] {
            assert_eq!(wrong.parse::<Verifier>(), Err(Refusal::Malformed), "{wrong}");
        }
        assert_eq!(Verifier::nobody(b"secret", "ana"), Verifier::nobody(b"secret", "ana"));
        assert_ne!(Verifier::nobody(b"secret", "ana"), Verifier::nobody(b"secret", "ben"));
    }
}
