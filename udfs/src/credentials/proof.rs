//! Proofs that need no network: checksums that vendors put into their tokens, and the inner structure of others.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use serde::Deserialize;

/// Which proof a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The last six characters are the CRC-32 of what stands between prefix and them, in base 62 (GitHub).
    GithubCrc32,
    /// The same arithmetic in npm's tokens.
    NpmCrc32,
    /// Header and claims are JSON objects and the header names an algorithm.
    Jwt,
    /// An AWS access key id: base 32 behind a four-letter kind; the account number can be read from it.
    AwsKeyId,
    /// PEM armour: the body is base64 of something large enough to be a key.
    Pem,
    /// The Luhn digit.
    Luhn,
    /// Base64 of `user:password`.
    BasicAuth,
    /// A BIP-39-like or other structure is not needed: the secret decodes as base64 to at least 16 bytes.
    Base64,
}

/// What a proof says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It can hardly be anything else.
    Holds(&'static str),
    /// Nothing speaks against it.
    Open(&'static str),
    /// It is not what it looks like.
    Fails(&'static str),
}

/// Standard base64 as people paste it: with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

impl Check {
    /// Tries the proof on the secret.
    pub fn prove(self, secret: &[u8]) -> Proof {
        match self {
            Self::GithubCrc32 | Self::NpmCrc32 => crc32(secret),
            Self::Jwt => jwt(secret),
            Self::AwsKeyId => aws_key_id(secret),
            Self::Pem => pem(secret),
            Self::Luhn => luhn(secret),
            Self::BasicAuth => basic_auth(secret),
            Self::Base64 => match LENIENT.decode(secret) {
                Ok(bytes) if bytes.len() >= 16 => Proof::Open("base64 decodes"),
                _ => Proof::Fails("not base64"),
            },
        }
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The checksum of a token's random part as GitHub and npm write it: six digits in base 62.
pub fn crc32_base62(random: &[u8]) -> [u8; 6] {
    let mut rest = crc32_of(random);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// CRC-32 as in zip and PNG, bit by bit: tokens are short.
fn crc32_of(bytes: &[u8]) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0xEDB8_8320;
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { REVERSED_POLYNOMIAL } else { 0 })
    })
}

fn crc32(secret: &[u8]) -> Proof {
    let random = secret.iter().position(|&b| b == b'_').and_then(|at| secret.get(at + 1..)).unwrap_or(secret);
    match random.split_last_chunk::<6>() {
        Some((random, sum)) if crc32_base62(random) == *sum => Proof::Holds("checksum holds"),
        // Some issuers of the same look (older enterprise servers) write other sums: doubt, not dismissal.
        _ => Proof::Open("checksum does not hold, format does"),
    }
}

fn jwt(secret: &[u8]) -> Proof {
    let mut parts = secret.split(|&b| b == b'.');
    let (Some(header), Some(claims)) = (parts.next(), parts.next()) else { return Proof::Fails("not a JWT") };
    let object = |part: &[u8]| {
        let part = part.strip_suffix(b"==").or(part.strip_suffix(b"=")).unwrap_or(part);
        URL_SAFE_NO_PAD.decode(part).ok().filter(|bytes| bytes.first() == Some(&b'{'))
    };
    let Some(header) = object(header) else { return Proof::Fails("the JWT's header is not JSON") };
    let says = |text: &[u8], name: &[u8]| text.windows(name.len()).any(|window| window == name);
    if !says(&header, b"\"alg\"") {
        return Proof::Fails("the JWT's header names no algorithm");
    }
    if says(&header, b"\"enc\"") {
        return Proof::Open("an encrypted JWT");
    }
    match object(claims) {
        Some(_) => Proof::Open("the JWT's header and claims are JSON"),
        None => Proof::Fails("the JWT's claims are not JSON"),
    }
}

fn aws_key_id(secret: &[u8]) -> Proof {
    let Some(body) = secret.get(4..) else { return Proof::Fails("too short for an AWS key id") };
    if body.iter().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(b)) {
        Proof::Open("base 32 as in AWS key ids")
    } else {
        Proof::Fails("not base 32 as in AWS key ids")
    }
}

fn pem(secret: &[u8]) -> Proof {
    // The body ends at the closing line; an open end is taken as cut off.
    let text = String::from_utf8_lossy(secret);
    let body = text.split_once("KEY").map_or("", |(_, rest)| rest.split_once("-----").map_or("", |(_, rest)| rest));
    let body = body.split("-----END").next().unwrap_or(body);
    let body: String = body
        .replace("\\n", "\n")
        .replace("\\r", "\n")
        .replace("<br>", "\n")
        .replace("<br/>", "\n")
        .lines()
        .map(str::trim)
        .filter(|line| !line.contains(':'))
        .collect();
    let kept = body.bytes().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).count();
    const BODY_BYTES_MIN: usize = 40;
    if kept < BODY_BYTES_MIN {
        return Proof::Fails("armour without a key");
    }
    if super::entropy::shannon(body.as_bytes()) < 3.5 {
        return Proof::Fails("the body is no key");
    }
    Proof::Open("armour and body of a key")
}

fn luhn(secret: &[u8]) -> Proof {
    let mut sum = 0u32;
    for (place, digit) in secret.iter().rev().filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0')).enumerate() {
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum = sum.wrapping_add(if doubled > 9 { doubled - 9 } else { doubled });
    }
    if sum.is_multiple_of(10) { Proof::Holds("the Luhn digit holds") } else { Proof::Fails("the Luhn digit does not hold") }
}

fn basic_auth(secret: &[u8]) -> Proof {
    let Ok(plain) = LENIENT.decode(secret) else { return Proof::Fails("not base64") };
    let Ok(plain) = std::str::from_utf8(&plain) else { return Proof::Fails("no user and password inside") };
    match plain.split_once(':') {
        Some((_, password)) if password.is_empty() || plain.chars().any(char::is_control) => Proof::Fails("no user and password inside"),
        Some((_, password)) => match super::placeholder::password(password.as_bytes()) {
            Some(reason) => Proof::Fails(reason),
            None => Proof::Holds("user and password inside"),
        },
        None => Proof::Fails("no user and password inside"),
    }
}

#[cfg(test)]
mod tests {
    use super::{BASE62, Check, Proof, crc32_base62};

    #[test]
    fn the_checksum_is_the_one_of_zip_files() {
        assert_eq!(super::crc32_of(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_checksum_of_six_digits_holds_for_its_own_token_alone() {
        let random = b"q8Zk3Vb7Lm2Xc9Np4Ty6Wd1Rf5Hj0S";
        let mut token = b"abc_".to_vec();
        token.extend_from_slice(random);
        token.extend_from_slice(&crc32_base62(random));
        assert_eq!(Check::GithubCrc32.prove(&token), Proof::Holds("checksum holds"));
        token[6] = b'A';
        assert!(matches!(Check::GithubCrc32.prove(&token), Proof::Open(_)));
        assert_eq!(BASE62.len(), 62);
    }

    #[test]
    fn a_jwt_needs_a_header_with_an_algorithm() {
        // {"alg":"HS256"} . {"sub":"1"}
        assert!(matches!(Check::Jwt.prove(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"), Proof::Open(_)));
        // {"typ":"JWT"}
        assert!(matches!(Check::Jwt.prove(b"eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"), Proof::Fails(_)));
        assert!(matches!(Check::Jwt.prove(b"eyJ"), Proof::Fails(_)));
    }

    #[test]
    fn basic_auth_holds_a_user_and_a_password() {
        // deploy:Kestrel-7
        assert!(matches!(Check::BasicAuth.prove(b"ZGVwbG95Oktlc3RyZWwtNw=="), Proof::Holds(_)));
        // user:<password>
        assert!(matches!(Check::BasicAuth.prove(b"dXNlcjo8cGFzc3dvcmQ+"), Proof::Fails(_)));
        assert!(matches!(Check::BasicAuth.prove(b"realm"), Proof::Fails(_)));
    }

    #[test]
    fn the_luhn_digit_is_checked() {
        assert!(matches!(Check::Luhn.prove(b"79927398713"), Proof::Holds(_)));
        assert!(matches!(Check::Luhn.prove(b"79927398710"), Proof::Fails(_)));
    }
}
