//! What a value is more likely to be than a credential, by its own shape: a date, a path, a host, a ticket, code.

mod code;
mod number;
mod public;
mod thing;

use std::borrow::Cow;

use super::languages::VOCABULARY;
use code::{is_code, is_command};
use number::is_number_like;
pub use public::is_small_hex;
use public::{is_account_number, is_public, is_resource};
use thing::{is_host_or_file, is_numbered_thing, is_ticket};

/// What [`lookalike`] calls names of hosts and files.
pub const HOST_OR_FILE: &str = "a host, a file or a version";

/// What the value most likely is if it is no secret.
pub fn lookalike(value: &str) -> Option<&'static str> {
    // Most tests are about a sign that most values do not have.
    let seen = Seen::of(value);
    let joined = seen.any(b"-_");
    if joined && is_numbered_thing(value) {
        return Some(HOST_OR_FILE);
    }
    // What people number the versions of a file with.
    if joined
        && let Some((name, version)) = value.rsplit_once(['_', '-'])
        && name.len() >= 3
        && version.strip_prefix(['v', 'V']).is_some_and(|v| (1..=3).contains(&v.len()) && v.starts_with(|c: char| c.is_ascii_digit()))
        && !value.contains(['!', '$', '&', '%', '^', '*', '?'])
    {
        return Some(HOST_OR_FILE);
    }
    // A number with an escaped sign beside it: `&pound;2`, `22&ndash;17`.
    if seen.any(b"&")
        && let Some((before, rest)) = value.split_once('&')
    {
        let after = rest.split_once(';').map_or("", |(_, after)| after);
        let number = |part: &str| part.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-'));
        if !(before.is_empty() && after.is_empty()) && number(before) && number(after) {
            return Some("a date, a time or a number");
        }
    }
    let small = |b: u8| b.is_ascii() && !b.is_ascii_uppercase();
    let lower = if value.bytes().all(small) { Cow::Borrowed(value) } else { Cow::Owned(value.to_lowercase()) };
    if seen.any(b":") && (lower.contains("://") || lower.starts_with("mailto:"))
        || lower.starts_with("www.")
        || value.starts_with('?') && value.contains('=')
        || seen.any(b"&") && is_query(value)
    {
        return Some("a link");
    }
    if value.len() == UUID_BYTES && is_uuid(value) {
        return Some("a UUID");
    }
    if seen.any(b"@") && is_email(value) {
        return Some("a mail address");
    }
    let behind_port = || {
        value.split_once('/').is_some_and(|(port, path)| {
            (2..=5).contains(&port.len())
                && port.bytes().all(|b| b.is_ascii_digit())
                && !path.is_empty()
                && path.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
    };
    if value.starts_with(['@', '/', '\\', '~'])
        || seen.any(b"/\\")
            && (behind_port() || value.starts_with("C:\\") || value.matches(['/', '\\']).count() >= 2 && !value.contains(['!', '#', '$']))
    {
        return Some("a path or a mention");
    }
    if lower.starts_with("0x") && value.bytes().skip(2).all(|b| b.is_ascii_hexdigit()) && value.len() <= 18
        || seen.any(b"/_") && (lower.contains("/0x") || lower.contains("_0x"))
    {
        return Some("an error code or a fingerprint");
    }
    if lower.starts_with("0x") && value.len() == 42 && value.bytes().skip(2).all(|b| b.is_ascii_hexdigit()) || is_account_number(value) {
        return Some("an account's number");
    }
    if matches!(
        &*lower,
        "argon2id"
            | "argon2i"
            | "argon2d"
            | "bcrypt"
            | "scrypt"
            | "pbkdf2"
            | "sha256"
            | "sha512"
            | "hmac-sha256"
            | "ed25519"
            | "snmpv3"
            | "snmpv2c"
    ) {
        return Some("the name of an algorithm");
    }
    if seen.any(b"-") && is_resource(&lower) {
        return Some("the id of a resource");
    }
    if is_public(value, &lower) {
        return Some("public by design");
    }
    // The key of a cache: words, and a digest behind them.
    if seen.any(b"-")
        && let Some((words, digest)) = value.rsplit_once('-')
        && matches!(digest.len(), 40 | 64)
        && is_small_hex(digest)
        && words.contains('-')
    {
        return Some("a digest");
    }
    // A step of a pipeline at a version: `docker/login-action@v3`.
    if seen.any(b"@")
        && let Some((step, version)) = value.rsplit_once("@v")
        && step.contains('/')
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        return Some("a path or a mention");
    }
    // What branches of a repository are called.
    const BRANCHES: &[&str] = &["feature/", "bugfix/", "hotfix/", "release/", "feat/", "fix/"];
    if seen.any(b"/") && BRANCHES.iter().any(|branch| lower.starts_with(branch)) {
        return Some("a path or a mention");
    }
    if lower.split(['+', '-']).any(|part| matches!(part, "ctrl" | "alt" | "strg" | "shift" | "cmd" | "umschalt" | "maj")) {
        return Some("a key combination");
    }
    if seen.any(b"=") && is_assignment(value) {
        return Some("an assignment of its own");
    }
    if value.starts_with(':') && value.ends_with(':') {
        return Some("an emoji");
    }
    if let Some(tag) = value.strip_prefix('#')
        && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.'))
    {
        return Some("a hashtag or colour");
    }
    if is_number_like(value) {
        return Some("a date, a time or a number");
    }
    if !seen.small && is_ticket(value) {
        return Some("a ticket or article number");
    }
    if seen.any(b".:") && is_host_or_file(&lower) {
        return Some(HOST_OR_FILE);
    }
    if seen.any(b"-") && is_command(value) {
        return Some("a command");
    }
    if seen.any(b"()-&>:._/=[*") && is_code(value) {
        return Some("code");
    }
    None
}

/// Bytes of a UUID in hexadecimal with four strokes.
const UUID_BYTES: usize = 36;

/// Which ASCII characters a value has.
#[derive(Debug, Clone, Copy)]
struct Seen {
    ascii: u128,
    /// A small letter is among them.
    small: bool,
}

impl Seen {
    fn of(value: &str) -> Self {
        const SMALL: u128 = ((1 << 26) - 1) << b'a';
        let ascii = value.bytes().filter(u8::is_ascii).fold(0, |seen, byte| seen | 1u128 << byte);
        Self { ascii, small: ascii & SMALL != 0 }
    }

    fn any(self, signs: &[u8]) -> bool {
        signs.iter().any(|sign| self.ascii >> sign & 1 != 0)
    }
}

/// Two or more parameters of a link: `?page=2&part=3`.
fn is_query(value: &str) -> bool {
    let named = |part: &str| {
        part.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
    };
    value.contains('&') && value.split(['?', '&']).filter(|part| named(part)).count() >= 2
}

fn is_uuid(value: &str) -> bool {
    let parts: Vec<usize> = value.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// An address, also behind a percent sign or in angle brackets; a password may hold `@`, so the end must be a domain.
pub fn is_email(value: &str) -> bool {
    let Some((name, domain)) = value.trim_matches(|c: char| !c.is_alphanumeric()).rsplit_once('@') else { return false };
    !name.is_empty()
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
        && domain.rsplit('.').next().is_some_and(|top| top.len() >= 2 && top.chars().all(char::is_alphabetic))
}

/// `name=value` inside one piece: the name is not the value.
fn is_assignment(value: &str) -> bool {
    // Words with that sign between: `Maple=Cinder=90`, `Zuiderzee=1932`.
    let parts: Vec<&str> = value.split('=').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(char::is_alphanumeric);
    let long = |part: &&str| {
        part.chars().count() >= 6 && part.chars().skip(1).all(char::is_lowercase) && VOCABULARY.senses_anywhere(part).is_none()
    };
    if (parts.len() >= 3 || parts.first().is_some_and(long))
        && parts.iter().all(word)
        && value.starts_with(char::is_uppercase)
        && value.ends_with(|c: char| c.is_ascii_digit())
    {
        return false;
    }
    let value = value.trim_start_matches('&');
    // A name to which nothing is assigned: the next line of a form that is to be filled in.
    if let Some(name) = value.strip_suffix('=')
        && name.contains('_')
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    {
        return true;
    }
    value.split_once('=').is_some_and(|(name, rest)| {
        name.len() >= 2
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
            && !rest.trim_matches('=').is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::lookalike;

    #[test]
    fn what_is_something_else_is_named() {
        for value in [
            "https://example.com/x1",
            "a.b@example.com",
            "/etc/passwd",
            ":point_down:",
            "#0B5FFF",
            "2026-11-20",
            "10:42",
            "8.5kg",
            "30-day",
            "ERP-2231",
            "CVE-2026-1234",
            "db-01.example.com",
            "report_v2.pdf",
            "v2.3.1",
            "config.get(x)",
            "user.password",
            "smtp_password",
            "DB_PASSWORD",
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "--password-file",
            "2026-11-19T07:33:02Z",
            "docker/login-action@v3",
            "SNMPv3",
        ] {
            assert!(lookalike(value).is_some(), "{value}");
        }
        for value in [
            "Summer2026!",
            "q9-Saffron-Kiln-02",
            "hunter2",
            "Velvet_Hammer_19",
            "P@ssw0rd",
            "Yb!33kelpForest",
            "Érable.Neige.09",
            "tacosdecanasta77",
        ] {
            assert_eq!(lookalike(value), None, "{value}");
        }
    }
}
