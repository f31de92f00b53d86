//! The literals that say that text is encoded: the base64 of words that stand beside credentials, and what announces an encoding.

use std::sync::LazyLock;

use base64::Engine as _;

use super::super::literals::Literal;
use super::{Encoding, LENIENT};

/// A literal that says that something may be encoded here.
#[derive(Debug)]
pub struct Trigger {
    /// What the literal pass looks for, in any case of letters.
    pub literal: Vec<u8>,
    /// How its surroundings are encoded.
    pub encoding: Encoding,
    /// For the base64 of a known word: at which of the four places of a base64 group the literal starts.
    pub(super) place: Option<usize>,
}

impl Trigger {
    /// The literal itself. Base64 tells capitals from small letters.
    pub fn literal(&self) -> Literal {
        let folded = Literal::folded(&self.literal);
        if self.place.is_some() { Literal { text: self.literal.as_slice().into(), exact: true, ..folded } } else { folded }
    }
}

/// Words and beginnings that stand in texts with credentials, as they are written. Their base64 forms are triggers.
const NEEDLES: &[&str] = &[
    "password",
    "Password",
    "PASSWORD",
    "passwd",
    "secret",
    "Secret",
    "SECRET",
    "_token",
    "Token",
    "TOKEN",
    "api_key",
    "apikey",
    "apiKey",
    "API_KEY",
    "-----BEGIN ",
    "PRIVATE KEY",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "hooks.slack.com",
    "sk_live_",
    "rk_live_",
    "sk-ant-",
    "sk-proj-",
    "AIza",
    "ya29.",
    "npm_",
    "hvs.",
    "dop_v1_",
    "postgres",
    "mysql://",
    "mongodb",
    "redis://",
    "amqp://",
    "Bearer ",
    "AccountKey=",
    "AGE-SECRET-KEY",
    "eyJhbGci",
    "cGFzc3dvcm",
    "c2VjcmV0",
];

/// What announces base64 on its line.
const ANNOUNCING_BASE64: &[&str] = &[
    "base64 -d",
    "base64 --decode",
    "b64decode(",
    "base64_decode(",
    "atob(",
    "frombase64string(",
    ";base64,",
    "-encodedcommand ",
    "powershell -enc ",
];

/// Percent-encoded parts of links and forms that can hold a credential.
const ANNOUNCING_PERCENT: &[&str] = &[
    "password%3d",
    "passwd%3d",
    "pwd%3d",
    "token%3d",
    "secret%3d",
    "key%3d",
    "password%3a",
    "token%3a",
    "secret%3a",
    "password%22",
    "token%22",
    "secret%22",
    "key%22",
    "%3a%2f%2f",
    "%253a%252f",
    "%253d",
];

/// Entities in code that went through HTML.
const ANNOUNCING_ENTITIES: &[&str] = &[
    "password&quot;",
    "passwd&quot;",
    "secret&quot;",
    "token&quot;",
    "key&quot;",
    "pass&quot;",
    "&lt;password",
    "&lt;secret",
    "&lt;token",
    "&lt;apikey",
    "&lt;api_key",
    "&#61;",
    "&#58;",
    "&#34;",
    "&#64;",
    "&#x3d;",
    "&#x3a;",
    "&#x22;",
    "&#x40;",
    "=&gt; &quot;",
    "=&gt; '",
    "=&gt; \"",
    "=&gt;&quot;",
    "&equals;",
    "&colon;",
];

/// What stands right before a token in JSON, in assignments, in sentences and on lines of their own.
const SIGNS_BEFORE: &[char] = &['"', '\'', '=', ':', ' ', '\n'];

/// The base64 characters that are the same whatever stands around `needle` when it starts at byte `shift` of a group of three,
/// and at which place of the group of four the first of them stands.
pub(super) fn stable(needle: &str, shift: usize) -> (usize, Vec<u8>) {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(needle.as_bytes());
    let encoded = LENIENT.encode(&bytes).into_bytes();
    // Bits of the needle: a character counts if all its six bits are the needle's.
    let first = (shift * 8).div_ceil(6);
    let last = (bytes.len() * 8) / 6;
    (first % 4, encoded.get(first..last).unwrap_or_default().to_vec())
}

/// All triggers; their numbers are their places.
pub fn triggers() -> &'static [Trigger] {
    /// Shorter stable parts occur by chance.
    const STABLE_BYTES_MIN: usize = 5;
    static TRIGGERS: LazyLock<Vec<Trigger>> = LazyLock::new(|| {
        let mut all = Vec::new();
        let mut push = |needle: &str, shift: usize| {
            let (place, literal) = stable(needle, shift);
            let long = literal.len() >= STABLE_BYTES_MIN;
            if long {
                all.push(Trigger { literal, encoding: Encoding::Base64, place: Some(place) });
            }
            long
        };
        for (needle, shift) in NEEDLES.iter().flat_map(|needle| (0..3).map(move |shift| (needle, shift))) {
            if !push(needle, shift) {
                // Four letters in the middle of a group: with the sign before them more of the text is known.
                for sign in SIGNS_BEFORE {
                    push(&format!("{sign}{needle}"), shift - 1);
                }
            }
        }
        let announced =
            [(ANNOUNCING_BASE64, Encoding::Base64), (ANNOUNCING_PERCENT, Encoding::Percent), (ANNOUNCING_ENTITIES, Encoding::Entities)];
        for (literals, encoding) in announced {
            all.extend(literals.iter().map(|l| Trigger { literal: l.as_bytes().to_vec(), encoding, place: None }));
        }
        all
    });
    &TRIGGERS
}
