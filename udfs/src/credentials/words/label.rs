//! What the text around a value says that it is, whatever the keyword says: a fingerprint, a part of a certificate, what another name is
//! given.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::boundary::holds;
use super::super::keywords::Class;
use super::super::lookalike::is_small_hex;
use super::super::sighting::Link;
use super::Reader;

/// Bytes before a value in which its name may stand.
const LABEL_BYTES_MAX: usize = 64;

/// Last words of names in settings and code that hold no credential.
const OTHER_NAMES: &[&str] = &[
    "id",
    "ids",
    "name",
    "names",
    "type",
    "kind",
    "host",
    "hostname",
    "port",
    "url",
    "uri",
    "path",
    "file",
    "folder",
    "region",
    "bucket",
    "org",
    "organization",
    "project",
    "namespace",
    "image",
    "version",
    "label",
    "role",
    "level",
    "variable",
    "ref",
    "field",
    "column",
    "title",
    "placeholder",
    "message",
    "description",
    "pattern",
    "regex",
];

/// A key of reCAPTCHA: those of sites and the secret ones look alike.
pub fn is_of_captcha(value: &str) -> bool {
    value.len() == 40 && value.starts_with("6L") && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Whether the text ends with a word for a public key, or a little before its end.
fn speaks_of_public_key(text: &[u8]) -> bool {
    const REACH_BYTES: usize = 20;
    let last = text.get(text.len().saturating_sub(REACH_BYTES)..).unwrap_or_default().to_ascii_lowercase();
    ["pubkey", "public key", "publickey", "pub key"].iter().any(|word| holds(&last, word.as_bytes()))
}

impl Reader<'_> {
    /// What the value at `start` is by what stands around it: nothing where that leaves it a credential.
    pub fn names_something_else(&self, start: usize, value: &str, link: Link) -> Option<&'static str> {
        let class = self.keyword.class;
        let ahead = self.text.get(start.saturating_sub(LABEL_BYTES_MAX)..start).unwrap_or_default();
        let said = ahead.trim_ascii_end();
        if class == Class::Login && is_hash(value) && !matches!(link, Link::Divided | Link::Assigned)
            || is_hash(value) && [&b"version"[..], b"commit", b"revision"].iter().any(|word| said.ends_with(word))
        {
            Some("a hash")
        } else if ahead.ends_with(b"SHA256:") || ahead.ends_with(b"sha256:") || ahead.ends_with(b"MD5:") {
            Some("a fingerprint")
        } else if speaks_of_public_key(said) {
            Some("a public key")
        } else if class == Class::Login && self.is_behind_public_key(start) {
            Some("the comment of a public key")
        } else if class == Class::Secret
            && is_hash(&value.to_ascii_lowercase())
            && [&b" ID:"[..], b" id:", b" Id:"].iter().any(|word| said.ends_with(word))
        {
            Some("what another name is given")
        } else if said.strip_suffix(b":").unwrap_or(said).ends_with(b"accessor") {
            Some("the number of a token")
        } else if class == Class::Password && holds(ahead, b"zoom.us/") {
            Some("an invitation to a call")
        } else if self.is_in_certificate(start) {
            Some("a certificate")
        } else if class == Class::Secret && is_hash(value) && self.is_for_searches(start) || is_of_captcha(value) && self.is_of_site(start)
        {
            Some("public by design")
        } else if matches!(class, Class::Password | Class::Secret | Class::Act | Class::Login)
            && link != Link::Column
            && self.is_given_to_another(start, ahead)
        {
            Some("what another name is given")
        } else {
            None
        }
    }

    /// Whether a name of another thing is given what begins at `start`, behind `ahead`: `credentialsId: '...'`, or `host: ...` on a line of
    /// its own. In a sentence a colon says nothing of the sort ("the password for the file: ...").
    fn is_given_to_another(&self, start: usize, ahead: &[u8]) -> bool {
        let quotes = |b: &u8| matches!(b, b' ' | b'"' | b'\'' | b'`' | b'\\');
        let end = ahead.iter().rposition(|b| !quotes(b)).map_or(0, |at| at + 1);
        let Some((b':' | b'=', named)) = ahead.get(..end).and_then(|ahead| ahead.split_last()) else { return false };
        let named = named.strip_suffix(b"\"").or(named.strip_suffix(b"'")).unwrap_or(named);
        let joins = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let from = named.iter().rposition(|b| !joins(b)).map_or(0, |at| at + 1);
        let (before, name) = named.split_at(from);
        // The keyword's own name is none of another thing.
        if start - ahead.len() + from <= self.place.start {
            return false;
        }
        let begins_line = before.iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b'-')) == Some(&b'\n');
        let is_code = name.iter().any(|b| matches!(b, b'_' | b'.')) || name.iter().skip(1).any(u8::is_ascii_uppercase) || begins_line;
        let last = name.rsplit(|b| matches!(b, b'_' | b'-' | b'.')).next().unwrap_or_default();
        let hump = last.iter().rposition(u8::is_ascii_uppercase).unwrap_or(0);
        let last = last.get(hump..).unwrap_or_default();
        is_code && OTHER_NAMES.iter().any(|other| last.eq_ignore_ascii_case(other.as_bytes()))
    }

    /// Whether the byte lies in the armour of something that is public.
    fn is_in_certificate(&self, at: usize) -> bool {
        const ARMOUR_BYTES_MAX: usize = 8 * 1024;
        const HEAD_BYTES: usize = 48;
        let ahead = self.text.get(at.saturating_sub(ARMOUR_BYTES_MAX)..at).unwrap_or_default();
        // The last mark before the byte begins armour, or none does.
        static MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(["-----BEGIN ", "-----END "]).ok());
        let last = MARKS.as_ref().and_then(|marks| marks.find_iter(ahead).last());
        let Some(begins) = last.filter(|mark| mark.pattern().as_usize() == 0).map(|mark| mark.start()) else { return false };
        let head = ahead.get(begins..(begins + HEAD_BYTES).min(ahead.len())).unwrap_or_default();
        holds(head, b"CERTIFICATE") || holds(head, b"PUBLIC KEY") || holds(head, b"X509 CRL")
    }

    /// Whether the words around speak of a network, whose key is a password.
    pub fn is_about_network(&self) -> bool {
        const REACH_BYTES: usize = 120;
        const WORDS: &[&str] = &["wifi", "wi-fi", "wlan", "ssid", "hotspot", "network", "netz", "réseau", "rede", "rete", "sieć", "nätet"];
        let (start, end) = (self.place.start.saturating_sub(REACH_BYTES), (self.place.end + REACH_BYTES).min(self.text.len()));
        let near = self.text.get(start..end).unwrap_or_default().to_ascii_lowercase();
        WORDS.iter().any(|word| holds(&near, word.as_bytes()))
    }

    /// Whether the line before is a public key as SSH writes it, which a comment ends.
    fn is_behind_public_key(&self, at: usize) -> bool {
        const REACH_BYTES: usize = 800;
        let ahead = self.text.get(at.saturating_sub(REACH_BYTES)..at).unwrap_or_default();
        let line = ahead.rsplit(|b| *b == b'\n').next().unwrap_or_default();
        ["ssh-ed25519 AAAA", "ssh-rsa AAAA", "ecdsa-sha2-nistp"].iter().any(|key| line.starts_with(key.as_bytes()))
    }

    /// Whether the words before say that a key is a page's.
    fn is_of_site(&self, at: usize) -> bool {
        const REACH_BYTES: usize = 160;
        holds(&self.text.get(at.saturating_sub(REACH_BYTES)..at).unwrap_or_default().to_ascii_lowercase(), b"site")
    }

    /// Whether the words around say that a key only searches what everybody may see.
    fn is_for_searches(&self, at: usize) -> bool {
        const REACH_BYTES: usize = 160;
        let near = self.text.get(at.saturating_sub(REACH_BYTES)..(at + REACH_BYTES).min(self.text.len())).unwrap_or_default();
        let near = near.to_ascii_lowercase();
        holds(&near, b"search-only") || holds(&near, b"search only") || holds(&near, b"docsearch")
    }
}

/// Hexadecimal digits in small letters, as many as MD5, SHA-1 and SHA-256 have.
fn is_hash(value: &str) -> bool {
    matches!(value.len(), 32 | 40 | 64) && is_small_hex(value)
}
