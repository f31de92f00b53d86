//! What can be read inside tokens and keys: JSON Web Tokens, AWS key ids, keys in DER and in OpenSSH's own form.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

/// Standard base64 as people paste it: with or without padding.
pub const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// A JSON Web Token's first two parts, decoded (RFC 7519).
#[derive(Debug)]
pub struct Jwt {
    header: Vec<u8>,
    claims: Option<Vec<u8>>,
}

impl Jwt {
    /// Decodes header and claims, or says why it is none.
    pub fn parse(secret: &[u8]) -> Result<Self, &'static str> {
        let mut parts = secret.split(|&b| b == b'.');
        let (Some(header), Some(claims)) = (parts.next(), parts.next()) else { return Err("not a JWT") };
        let object = |part: &[u8]| {
            let part = part.strip_suffix(b"==").or(part.strip_suffix(b"=")).unwrap_or(part);
            URL_SAFE_NO_PAD.decode(part).ok().filter(|bytes| bytes.first() == Some(&b'{'))
        };
        let Some(header) = object(header) else { return Err("the JWT's header is not JSON") };
        Ok(Self { header, claims: object(claims) })
    }

    /// Whether the header names an algorithm.
    pub fn names_algorithm(&self) -> bool {
        member(&self.header, b"\"alg\"").is_some()
    }

    /// Whether it is encrypted: then there are no claims to read.
    pub fn is_encrypted(&self) -> bool {
        member(&self.header, b"\"enc\"").is_some()
    }

    /// Whether the claims are JSON.
    pub fn has_claims(&self) -> bool {
        self.claims.is_some()
    }

    /// The claims that the best-known debugger of JWTs shows to everybody who opens it.
    pub fn is_example(&self) -> bool {
        let says = |name: &[u8], value: &[u8]| {
            let claims = self.claims.as_deref().unwrap_or_default();
            member(claims, name).is_some_and(|rest| rest.starts_with(value))
        };
        says(b"\"sub\"", b"\"1234567890\"") && says(b"\"name\"", b"\"John Doe\"")
    }

    /// A key of Supabase for the pages that everybody loads: it stands for nobody.
    pub fn is_anonymous(&self) -> bool {
        let claims = self.claims.as_deref().unwrap_or_default();
        member(claims, b"\"role\"").is_some_and(|rest| rest.starts_with(b"\"anon\""))
            && member(claims, b"\"iss\"").is_some_and(|rest| rest.starts_with(b"\"supabase"))
    }

    /// Algorithm and end of validity, for an explanation.
    pub fn reading(&self) -> String {
        let algorithm = member(&self.header, b"\"alg\"").and_then(|rest| {
            let text = rest.strip_prefix(b"\"")?;
            let end = text.iter().position(|&b| b == b'"')?;
            let name = text.get(..end)?;
            (end <= 16 && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')).then(|| String::from_utf8_lossy(name).into_owned())
        });
        let number = |name: &[u8]| {
            let digits = member(self.claims.as_deref().unwrap_or_default(), name)?;
            let length = digits.iter().take(12).take_while(|b| b.is_ascii_digit()).count();
            std::str::from_utf8(digits.get(..length)?).ok()?.parse::<i64>().ok()
        };
        let end = match number(b"\"exp\"") {
            Some(seconds) => format!("expires {}", utc(seconds)),
            None => "never expires".to_owned(),
        };
        match algorithm {
            Some(algorithm) if self.has_claims() => format!("signed with {algorithm}, {end}"),
            Some(algorithm) => format!("encrypted with {algorithm}"),
            None => end,
        }
    }
}

/// What follows `"name":` in a JSON text, blanks left out.
fn member<'t>(json: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let at = json.windows(name.len()).position(|window| window == name)?;
    let rest = json.get(at + name.len()..)?.trim_ascii_start();
    Some(rest.strip_prefix(b":")?.trim_ascii_start())
}

/// Seconds since 1970 as a time in UTC, by the days of the proleptic Gregorian calendar.
fn utc(seconds: i64) -> String {
    const DAY_SECS: i64 = 86_400;
    const YEARS_400_DAYS: i64 = 146_097;
    let (days, rest) = (seconds.div_euclid(DAY_SECS), seconds.rem_euclid(DAY_SECS));
    // Counted from 1 March of the year 0, so that the leap day is the last of its year.
    let since = days + 719_468;
    let (era, day) = (since.div_euclid(YEARS_400_DAYS), since.rem_euclid(YEARS_400_DAYS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let year = year + era * 400;
    format!("{year:04}-{month:02}-{day_of_month:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The account number in an AWS access key id (five bits a character behind the four letters; bits 1 to 40 are the account).
pub fn aws_account(key_id: &[u8]) -> Option<u64> {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const ACCOUNT_MAX: u64 = 999_999_999_999;
    let body = key_id.get(4..14)?;
    let bits = body.iter().try_fold(0u64, |bits, b| {
        let digit = DIGITS.iter().position(|digit| digit == b)?;
        Some((bits << 5) | digit as u64)
    })?;
    // Ten characters are 50 bits: the first 48 are six bytes, of which the top bit and the last seven are not the account's.
    let account = ((bits >> 2) & 0x7fff_ffff_ff80) >> 7;
    (account > 0 && account <= ACCOUNT_MAX).then_some(account)
}

/// What the body of a PEM private key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBody {
    /// A DER sequence of exactly the body's length, or OpenSSH's own form.
    Whole(&'static str),
    /// It starts like one and is cut off.
    Cut(&'static str),
    /// Encrypted under a pass phrase in the older way: nothing to be read.
    Encrypted,
    /// Bytes that are no such structure.
    Unknown,
    /// Plain text: somebody wrote words between the lines of armour.
    Text,
    /// Too little for a key.
    Short,
}

/// Reads the body of a PEM armour: an ASN.1 sequence (RFC 5958, RFC 8017) or OpenSSH's `openssh-key-v1`.
pub fn key_body(armour: &str) -> KeyBody {
    /// An Ed25519 key in PKCS #8 has 48 bytes; anything shorter than half of that is none.
    const KEY_BYTES_MIN: usize = 24;
    let behind = armour.split_once("KEY").and_then(|(_, rest)| rest.split_once("-----")).map_or("", |(_, rest)| rest);
    let body = behind.split("-----END").next().unwrap_or(behind);
    let lines = body.replace("\\r", "").replace("\\n", "\n").replace("<br/>", "\n").replace("<br />", "\n").replace("<br>", "\n");
    let lines = lines.replace("&#10;", "\n").replace("&#13;", "").replace("&nbsp;", " ");
    let is_encrypted = lines.contains("Proc-Type:");
    let digits: String = lines
        .lines()
        .filter(|line| !line.contains(':'))
        .flat_map(str::chars)
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))
        .collect();
    let whole = if digits.len() % 4 == 1 { digits.len() - 1 } else { digits.len() };
    let bytes = LENIENT.decode(digits.get(..whole).unwrap_or_default()).unwrap_or_default();
    if bytes.len() < KEY_BYTES_MIN {
        return KeyBody::Short;
    }
    if bytes.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        return KeyBody::Text;
    }
    if is_encrypted {
        return KeyBody::Encrypted;
    }
    if bytes.starts_with(b"openssh-key-v1\0") {
        return KeyBody::Whole("an OpenSSH key");
    }
    match sequence_length(&bytes) {
        Some(length) if length == bytes.len() => KeyBody::Whole("a DER key"),
        Some(length) if length > bytes.len() => KeyBody::Cut("the beginning of a DER key"),
        _ => KeyBody::Unknown,
    }
}

/// The length of an ASN.1 sequence with its header.
fn sequence_length(der: &[u8]) -> Option<usize> {
    match der {
        [0x30, short @ 0..=0x7f, ..] => Some(2 + usize::from(*short)),
        [0x30, 0x81, length, ..] => Some(3 + usize::from(*length)),
        [0x30, 0x82, high, low, ..] => Some(4 + (usize::from(*high) << 8) + usize::from(*low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::{Jwt, KeyBody, LENIENT, aws_account, key_body, utc};

    fn jwt(header: &str, claims: &str) -> Vec<u8> {
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims)).into_bytes()
    }

    #[test]
    fn a_jwt_says_how_it_is_signed_and_until_when_it_holds() {
        let token = Jwt::parse(&jwt(r#"{"alg":"RS256"}"#, r#"{"sub":"7", "exp": 1767225600}"#)).expect("parses");
        assert_eq!(token.reading(), "signed with RS256, expires 2026-01-01T00:00:00Z");
        let token = Jwt::parse(&jwt(r#"{"typ":"JWT","alg" : "HS256"}"#, r#"{"sub":"7"}"#)).expect("parses");
        assert_eq!(token.reading(), "signed with HS256, never expires");
        assert!(!token.is_example());
        let known = Jwt::parse(&jwt(r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890","name":"John Doe","admin":true}"#)).expect("parses");
        assert!(known.is_example());
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn the_account_is_read_from_a_key_id() {
        // The account that the articles about the encoding show.
        assert_eq!(aws_account(b"ASIAQNZGKIQY56JQ7WML"), Some(29_608_264_753));
        assert_eq!(aws_account(b"AKIA8888888888888888"), None);
        assert_eq!(aws_account(b"AKIA"), None);
    }

    #[test]
    fn a_key_is_told_from_words_between_the_lines() {
        let armour = |bytes: &[u8]| format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", LENIENT.encode(bytes));
        let mut der = vec![0x30, 0x82, 0x01, 0x00];
        der.extend((0..=255u8).map(|b| b.wrapping_mul(167)));
        assert_eq!(key_body(&armour(&der)), KeyBody::Whole("a DER key"));
        assert_eq!(key_body(&armour(&der[..120])), KeyBody::Cut("the beginning of a DER key"));
        assert_eq!(key_body(&armour(b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none")), KeyBody::Whole("an OpenSSH key"));
        assert_eq!(key_body(&armour(b"this is only what somebody wrote here")), KeyBody::Text);
        assert_eq!(key_body(&armour(b"short")), KeyBody::Short);
        assert_eq!(key_body(&armour(&[0x99; 80])), KeyBody::Unknown);
    }
}
