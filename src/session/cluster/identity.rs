//! Who may execute for whom: what a coordinator says of itself with every request, and a worker compares before it reads any further.

use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};

/// Bytes that a token has at least.
const TOKEN_BYTES_MIN: usize = 16;

/// The header that says why a worker refused; its value is the sentence.
pub const REFUSED: &str = "bittern-refused";

/// What both sides compare, as (header, what it is called in a refusal). The token comes first: who does not have it learns nothing else.
const COMPARED: [(&str, &str); 5] = [
    ("bittern-version", "another version of bittern"),
    ("bittern-rules", "another rule set"),
    ("bittern-zones", "another time-zone database"),
    ("bittern-key", "another fingerprint key"),
    ("bittern-lake", "another lake"),
];

/// What a process is: its version, what its functions depend on, its lake, and the token it was given.
///
/// Answers of the same query by two processes are the same where all of these are. The key itself is not in it, only its check value (an
/// HMAC of a fixed text under the key).
#[derive(Clone)]
pub struct Identity {
    values: [String; 5],
    token: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("values", &self.values).finish_non_exhaustive()
    }
}

impl Identity {
    /// The identity of this process. `functions` is the id of the function setup (rule set and key), `key_id` the part of it that is the
    /// check value of the key; `lake` the URL of the lake's root, without credentials.
    pub fn new(functions: &str, key_id: &str, lake: &str, token: Option<String>) -> Self {
        let rules = functions.strip_suffix(key_id).unwrap_or(functions).trim_end_matches('-');
        let infos: String = bittern_udfs::functions::infos().iter().map(|info| format!("{}{} ", info.name, info.version)).collect();
        let version =
            format!("{} on DataFusion {}, functions {}", env!("CARGO_PKG_VERSION"), datafusion::DATAFUSION_VERSION, short(&infos));
        let zones = chrono_tz::IANA_TZDB_VERSION.to_owned();
        Self { values: [version, rules.to_owned(), zones, key_id.to_owned(), lake.to_owned()], token }
    }

    /// Whether there is a token.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Says who this is, in the headers of a request.
    pub fn announce(&self, headers: &mut HeaderMap) {
        for ((name, _), value) in COMPARED.iter().zip(&self.values) {
            if let Ok(value) = HeaderValue::from_str(&percent(value)) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        if let Some(mut value) = self.token.as_ref().and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok()) {
            value.set_sensitive(true);
            headers.insert(http::header::AUTHORIZATION, value);
        }
    }

    /// Why a request is not answered, if it is not: a sentence that can be told whoever asked.
    pub fn refusal(&self, headers: &HeaderMap) -> Option<Refusal> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Some(token) = &self.token {
            let given = text("authorization").strip_prefix("Bearer ").unwrap_or_default();
            if !same(token.as_bytes(), given.as_bytes()) {
                return Some(Refusal { reason: "token", sentence: "the token is missing or another one (`token_file`)".into() });
            }
        }
        for ((name, called), own) in COMPARED.iter().zip(&self.values) {
            let (given, own) = (text(name), percent(own));
            if given != own {
                let reason = name.trim_start_matches("bittern-");
                // Check values and hashes say nothing of keys and rules.
                let given = if given.is_empty() { "none" } else { given };
                return Some(Refusal { reason, sentence: format!("it has {called}: {own}, and the coordinator has {given}") });
            }
        }
        None
    }
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One word for it, to count by: `token`, `version`, `rules`, `zones`, `key` or `lake`.
    pub reason: &'static str,
    /// The sentence.
    pub sentence: String,
}

/// Reads the token that all processes of a cluster share.
///
/// # Errors
/// `Usage` for a file that cannot be read, a token that is short or has characters that no header can carry.
pub fn read_token(path: &Path) -> Result<String> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|e| Error::usage(format!("cannot read the cluster's token in `{shown}`")).caused_by(e))?;
    let token = text.trim();
    if token.len() < TOKEN_BYTES_MIN {
        return Err(Error::usage(format!("the cluster's token in `{shown}` is shorter than {TOKEN_BYTES_MIN} bytes")));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::usage(format!("the cluster's token in `{shown}` has other characters than letters, digits and signs of ASCII")));
    }
    Ok(token.to_owned())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// A few hex digits that tell texts apart.
fn short(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// What headers cannot carry, percent-encoded.
fn percent(text: &str) -> String {
    const CARRIED: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b'%');
    percent_encoding::utf8_percent_encode(text, CARRIED).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn identity(functions: &str, lake: &str, token: Option<&str>) -> Identity {
        Identity::new(functions, "k1", lake, token.map(str::to_owned))
    }

    fn said(by: &Identity) -> HeaderMap {
        let mut headers = HeaderMap::new();
        by.announce(&mut headers);
        headers
    }

    #[test]
    fn what_differs_is_named_and_the_token_is_asked_for_first() {
        let worker = identity("r1-k1", "s3://lake/", Some("0123456789abcdef"));
        assert_eq!(worker.refusal(&said(&worker)), None);
        let reason = |by: &Identity| worker.refusal(&said(by)).unwrap().reason;
        assert_eq!(reason(&identity("r2-k1", "s3://other/", None)), "token");
        assert_eq!(reason(&identity("r2-k1", "s3://lake/", Some("0123456789abcdeX"))), "token");
        assert_eq!(reason(&identity("r2-k1", "s3://lake/", Some("0123456789abcdef"))), "rules");
        assert_eq!(reason(&identity("r1-k1", "s3://other/", Some("0123456789abcdef"))), "lake");
        let other_key = Identity::new("r1-k2", "k2", "s3://lake/", Some("0123456789abcdef".into()));
        assert_eq!(reason(&other_key), "key");
        let mut newer = said(&worker);
        newer.insert("bittern-version", HeaderValue::from_static("9.9.9"));
        let refusal = worker.refusal(&newer).unwrap();
        assert_eq!(refusal.reason, "version");
        assert!(refusal.sentence.contains("9.9.9") && refusal.sentence.contains(env!("CARGO_PKG_VERSION")), "{}", refusal.sentence);
    }

    #[test]
    fn a_lake_with_any_name_can_be_told() {
        let worker = identity("r1-k1", "file:///Rohrdommel-Süd%20see/", None);
        assert_eq!(worker.refusal(&said(&worker)), None);
    }

    #[test]
    fn the_token_is_in_no_debug_output() {
        let identity = identity("r1-k1", "s3://lake/", Some("0123456789abcdef"));
        assert!(!format!("{identity:?} {:?}", said(&identity)).contains("0123456789abcdef"));
    }
}
