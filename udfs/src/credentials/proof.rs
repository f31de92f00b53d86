//! Proofs that need no network: checksums that vendors put into their tokens, and the inner structure of others.

use base64::Engine as _;
use serde::Deserialize;

use super::bip39::{Phrase, phrase};
use super::checksum;
use super::structure::{Jwt, KeyBody, LENIENT, aws_account, key_body};

/// Which proof a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The last six characters are the CRC-32 of what stands between prefix and them, in base 62 (GitHub).
    GithubCrc32,
    /// The same arithmetic in npm's tokens.
    NpmCrc32,
    /// GitLab's routable tokens: the length of the payload and the CRC-32 of all before it, in base 36.
    GitlabCrc32,
    /// Grafana's service account tokens: the CRC-32 of all before it, in hex.
    GrafanaCrc32,
    /// Header and claims are JSON objects and the header names an algorithm.
    Jwt,
    /// An AWS access key id: base 32 behind a four-letter kind; the account number can be read from it.
    AwsKeyId,
    /// PEM armour: the body is an ASN.1 sequence or OpenSSH's own form.
    Pem,
    /// The Luhn digit.
    Luhn,
    /// Base64 of `user:password`.
    BasicAuth,
    /// The secret decodes as base64 to at least 16 bytes.
    Base64,
    /// Base64 of nothing or an authorization name, a user and a password, divided by NUL (RFC 4616).
    SaslPlain,
    /// Base64 of a password or a token alone.
    Base64Password,
    /// The Bech32 checksum (age, Nostr).
    Bech32,
    /// The Base58Check checksum (Bitcoin).
    Base58Check,
    /// Words of a wallet's list with a checksum in the last one.
    Bip39,
    /// Groups of six digits, each a multiple of eleven (BitLocker).
    Bitlocker,
    /// A Discord token: the base64 of the account's number before the first dot.
    Discord,
    /// A WireGuard private key: 32 bytes, three bits clear and one set (RFC 7748).
    Wireguard,
}

/// What a proof says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It can hardly be anything else.
    Holds(&'static str),
    /// Nothing speaks against it.
    Open(&'static str),
    /// Something speaks against it, but not enough to dismiss it.
    Doubt(&'static str),
    /// It is not what it looks like.
    Fails(&'static str),
    /// It is somebody's example, by whatever name it goes.
    Example(&'static str),
}

impl Check {
    /// Tries the proof on the secret.
    pub fn prove(self, secret: &[u8]) -> Proof {
        match self {
            Self::GithubCrc32 | Self::NpmCrc32 => crc32(secret),
            Self::GitlabCrc32 => gitlab(secret),
            // The server itself refuses a token whose checksum does not hold; people shorten and change them in examples.
            Self::GrafanaCrc32 if checksum::is_grafana(secret) => Proof::Holds("checksum holds"),
            Self::GrafanaCrc32 => Proof::Doubt("checksum does not hold, format does"),
            Self::Jwt => jwt(secret),
            Self::AwsKeyId => aws_key_id(secret),
            Self::Pem => pem(secret),
            Self::Luhn if checksum::is_luhn(secret) => Proof::Holds("the Luhn digit holds"),
            Self::Luhn => Proof::Fails("the Luhn digit does not hold"),
            Self::BasicAuth => basic_auth(secret),
            Self::Base64 => match LENIENT.decode(secret) {
                Ok(bytes) if bytes.len() >= 16 => Proof::Open("base64 decodes"),
                _ => Proof::Fails("not base64"),
            },
            Self::SaslPlain => sasl_plain(secret),
            Self::Base64Password => base64_password(secret),
            Self::Bech32 if checksum::is_bech32(secret) => Proof::Holds("checksum holds"),
            Self::Bech32 => Proof::Doubt("checksum does not hold, format does"),
            Self::Base58Check if checksum::base58check(secret).is_some() => Proof::Holds("checksum holds"),
            Self::Base58Check => Proof::Doubt("checksum does not hold, format does"),
            Self::Bip39 => seed_phrase(secret),
            Self::Bitlocker if checksum::is_bitlocker(secret) => Proof::Holds("each group is a multiple of eleven"),
            Self::Bitlocker => Proof::Doubt("not each group is a multiple of eleven"),
            Self::Discord => discord(secret),
            Self::Wireguard => wireguard(secret),
        }
    }
}

/// What can be read from a secret without a network and without giving it away: whose it is, until when it holds.
pub fn reading(secret: &[u8]) -> Option<String> {
    const AWS_ID_BYTES: usize = 20;
    if secret.starts_with(b"eyJ") && secret.contains(&b'.') {
        return Jwt::parse(secret).ok().map(|token| token.reading());
    }
    if secret.len() == AWS_ID_BYTES && (secret.starts_with(b"AKIA") || secret.starts_with(b"ASIA")) {
        return aws_account(secret).map(|account| format!("of the account {account:012}"));
    }
    None
}

fn crc32(secret: &[u8]) -> Proof {
    let random = secret.iter().position(|&b| b == b'_').and_then(|at| secret.get(at + 1..)).unwrap_or(secret);
    match random.split_last_chunk::<6>() {
        Some((random, sum)) if checksum::crc32_base62(random) == *sum => Proof::Holds("checksum holds"),
        // Some issuers of the same look (older enterprise servers) write other sums: doubt, not dismissal.
        _ => Proof::Open("checksum does not hold, format does"),
    }
}

fn gitlab(secret: &[u8]) -> Proof {
    match secret.split_last_chunk::<7>() {
        _ if !secret.contains(&b'.') => Proof::Open("of the older form, without a checksum"),
        Some((ahead, sum)) if checksum::crc32_base36(ahead) == *sum => Proof::Holds("checksum holds"),
        _ => Proof::Open("checksum does not hold, format does"),
    }
}

fn jwt(secret: &[u8]) -> Proof {
    let token = match Jwt::parse(secret) {
        Ok(token) => token,
        Err(reason) => return Proof::Fails(reason),
    };
    if !token.names_algorithm() {
        return Proof::Fails("the JWT's header names no algorithm");
    }
    match (token.is_encrypted(), token.has_claims()) {
        (true, _) => Proof::Open("an encrypted JWT"),
        (false, false) => Proof::Fails("the JWT's claims are not JSON"),
        (false, true) if token.is_example() => Proof::Example("the claims of a documented example"),
        (false, true) if token.is_anonymous() => Proof::Example("a key that pages show to everybody"),
        (false, true) => Proof::Open("the JWT's header and claims are JSON"),
    }
}

fn aws_key_id(secret: &[u8]) -> Proof {
    let Some(body) = secret.get(4..) else { return Proof::Fails("too short for an AWS key id") };
    if body.iter().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(b)) {
        Proof::Open("base 32 as in AWS key ids")
    } else {
        // Ids from before 2019 hold other digits too.
        Proof::Open("not base 32 as in AWS key ids of today")
    }
}

fn pem(secret: &[u8]) -> Proof {
    match key_body(&String::from_utf8_lossy(secret)) {
        KeyBody::Whole(test) => Proof::Holds(test),
        KeyBody::Cut(test) => Proof::Open(test),
        KeyBody::Encrypted => Proof::Open("armour and encrypted body of a key"),
        KeyBody::Short => Proof::Fails("armour without a key"),
        KeyBody::Text => Proof::Example("words between the lines of armour"),
        KeyBody::Unknown => {
            let body: Vec<u8> = secret.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
            if super::entropy::shannon(&body) < 3.5 {
                Proof::Fails("the body is no key")
            } else {
                Proof::Doubt("armour and a body that is no DER")
            }
        }
    }
}

fn basic_auth(secret: &[u8]) -> Proof {
    let Ok(plain) = LENIENT.decode(secret) else { return Proof::Fails("not base64") };
    let Ok(plain) = std::str::from_utf8(&plain) else { return Proof::Fails("no user and password inside") };
    match plain.split_once(':') {
        Some((_, password)) if password.is_empty() || plain.chars().any(char::is_control) => Proof::Fails("no user and password inside"),
        Some((_, password)) => match super::placeholder::password(password.as_bytes()) {
            Some(reason) => Proof::Example(reason),
            None => Proof::Holds("user and password inside"),
        },
        None => Proof::Fails("no user and password inside"),
    }
}

fn sasl_plain(secret: &[u8]) -> Proof {
    let Ok(plain) = LENIENT.decode(secret) else { return Proof::Fails("not base64") };
    let parts: Vec<&[u8]> = plain.split(|&b| b == 0).collect();
    match parts.as_slice() {
        [_, user, password] if !user.is_empty() && !password.is_empty() => match super::placeholder::password(password) {
            Some(reason) => Proof::Example(reason),
            None => Proof::Holds("user and password inside"),
        },
        _ => Proof::Fails("no user and password inside"),
    }
}

fn base64_password(secret: &[u8]) -> Proof {
    const STRENGTH_MIN: f64 = 0.35;
    let Ok(plain) = LENIENT.decode(secret) else { return Proof::Fails("not base64") };
    let Ok(plain) = std::str::from_utf8(&plain) else { return Proof::Fails("no text inside") };
    let plain = plain.trim_end();
    if plain.len() < 6 || plain.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Proof::Fails("no password inside");
    }
    if let Some(reason) = super::placeholder::password(plain.as_bytes()).or(super::lookalike::lookalike(plain)) {
        return Proof::Fails(reason);
    }
    match super::value::password_strength(plain).max(super::value::token_strength(plain)) {
        strength if strength >= STRENGTH_MIN => Proof::Open("a password inside"),
        _ => Proof::Fails("no password inside"),
    }
}

fn seed_phrase(secret: &[u8]) -> Proof {
    match std::str::from_utf8(secret).map_or(Phrase::Other, phrase) {
        Phrase::Whole => Proof::Holds("words of a seed phrase, checksum holds"),
        Phrase::Words => Proof::Open("words of a seed phrase, checksum does not hold"),
        Phrase::Other => Proof::Fails("no words of a seed phrase"),
    }
}

fn discord(secret: &[u8]) -> Proof {
    const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 17..=20;
    let first = secret.split(|&b| b == b'.').next().unwrap_or_default();
    match LENIENT.decode(first) {
        Ok(number) if NUMBER_DIGITS.contains(&number.len()) && number.iter().all(u8::is_ascii_digit) => {
            Proof::Holds("the number of an account inside")
        }
        _ => Proof::Doubt("no number of an account inside"),
    }
}

fn wireguard(secret: &[u8]) -> Proof {
    match LENIENT.decode(secret).as_deref() {
        Ok([first, .., last]) if first & 7 == 0 && last & 0xc0 == 0x40 => Proof::Holds("the bits of a private key"),
        Ok(bytes) if bytes.len() == 32 => Proof::Open("32 bytes"),
        _ => Proof::Fails("not 32 bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Proof, reading};
    use crate::credentials::checksum::{crc32_base36, crc32_base62};

    #[test]
    fn a_checksum_of_six_digits_holds_for_its_own_token_alone() {
        let random = b"q8Zk3Vb7Lm2Xc9Np4Ty6Wd1Rf5Hj0S";
        let mut token = b"abc_".to_vec();
        token.extend_from_slice(random);
        token.extend_from_slice(&crc32_base62(random));
        assert_eq!(Check::GithubCrc32.prove(&token), Proof::Holds("checksum holds"));
        token[6] = b'A';
        assert!(matches!(Check::GithubCrc32.prove(&token), Proof::Open(_)));
    }

    #[test]
    fn a_routable_token_carries_the_checksum_of_all_before_it() {
        let ahead = format!("{}{}", "glp", "at-bzoxCnA6MQp1OjFx8Zk3Vb7Lm2Xc9Np4Ty.0y");
        let sum = String::from_utf8(crc32_base36(ahead.as_bytes()).to_vec()).expect("ASCII");
        assert_eq!(Check::GitlabCrc32.prove(format!("{ahead}{sum}").as_bytes()), Proof::Holds("checksum holds"));
        assert!(matches!(Check::GitlabCrc32.prove(format!("{ahead}0000000").as_bytes()), Proof::Open(_)));
        assert!(matches!(Check::GitlabCrc32.prove(b"without a dot"), Proof::Open(_)));
    }

    #[test]
    fn a_jwt_needs_a_header_with_an_algorithm() {
        // {"alg":"HS256"} . {"sub":"1"}
        assert!(matches!(Check::Jwt.prove(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"), Proof::Open(_)));
        // {"typ":"JWT"}
        assert!(matches!(Check::Jwt.prove(b"eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"), Proof::Fails(_)));
        assert!(matches!(Check::Jwt.prove(b"eyJ"), Proof::Fails(_)));
        assert_eq!(reading(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln").as_deref(), Some("signed with HS256, never expires"));
    }

    #[test]
    fn basic_auth_holds_a_user_and_a_password() {
        // deploy:Kestrel-7
        assert!(matches!(Check::BasicAuth.prove(b"ZGVwbG95Oktlc3RyZWwtNw=="), Proof::Holds(_)));
        // user:<password>
        assert!(matches!(Check::BasicAuth.prove(b"dXNlcjo8cGFzc3dvcmQ+"), Proof::Example(_)));
        assert!(matches!(Check::BasicAuth.prove(b"realm"), Proof::Fails(_)));
    }

    #[test]
    fn what_is_inside_decides() {
        // Kestrel-7-gravel, and: hello world
        assert!(matches!(Check::Base64Password.prove(b"S2VzdHJlbC03LWdyYXZlbA=="), Proof::Open(_)));
        assert!(matches!(Check::Base64Password.prove(b"aGVsbG8gd29ybGQ="), Proof::Fails(_)));
        // 100000000000000000
        assert!(matches!(Check::Discord.prove(b"MTAwMDAwMDAwMDAwMDAwMDAw.a.b"), Proof::Holds(_)));
        assert!(matches!(Check::Discord.prove(b"a.b.c"), Proof::Doubt(_)));
        assert!(matches!(Check::Luhn.prove(b"79927398713"), Proof::Holds(_)));
        assert!(matches!(Check::Luhn.prove(b"79927398710"), Proof::Fails(_)));
        let key = super::LENIENT;
        let clamped = base64::Engine::encode(&key, [0x48; 32]);
        assert!(matches!(Check::Wireguard.prove(clamped.as_bytes()), Proof::Holds(_)));
        assert!(matches!(Check::Wireguard.prove(b"c2hvcnQ="), Proof::Fails(_)));
    }
}
