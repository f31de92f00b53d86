//! Invented credentials in the shapes that vendors document: right length, alphabet and, where there is one, checksum, so that
//! a matcher must take them for real. They are drawn at random when they are needed and open nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::texts::pick;
use super::words::DICTIONARY;

/// What is given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    AwsKeyPair,
    GithubToken,
    NpmToken,
    GitlabToken,
    SlackToken,
    StripeKey,
    GoogleApiKey,
    PrivateKey,
    UrlWithPassword,
    ConnectionString,
    Password,
    /// A password that is an everyday word: nothing tells it from talk.
    WordPassword,
    /// A password that stands alone, without a word that says what it is.
    BarePassword,
    /// A password in a picture: the log holds the picture's name only.
    Picture,
    /// A file whose name says that it holds passwords.
    PasswordFile,
    /// A file whose name holds a token.
    TokenInFileName,
}

impl Kind {
    /// Whether the rule of `docs/detectability.md` calls it detectable.
    pub(super) fn is_detectable(self) -> bool {
        !matches!(self, Self::WordPassword | Self::BarePassword | Self::Picture)
    }

    /// In words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::AwsKeyPair => "an access key id and its secret key, both of the documented form",
            Self::GithubToken => "a token of the documented form with a right checksum (GitHub)",
            Self::NpmToken => "a token of the documented form with a right checksum (npm)",
            Self::GitlabToken => "a token of the documented form (GitLab)",
            Self::SlackToken => "a token of the documented form (Slack)",
            Self::StripeKey => "a key of the documented form (Stripe)",
            Self::GoogleApiKey => "a key of the documented form (Google)",
            Self::PrivateKey => "a private key block",
            Self::UrlWithPassword => "a URL with a password",
            Self::ConnectionString => "a connection string with a password",
            Self::Password => "prose that says what the password is, and it is no dictionary word",
            Self::WordPassword => "the password is an everyday word",
            Self::BarePassword => "a password alone, with no word that says what it is",
            Self::Picture => "the password is in a picture, whose name says nothing",
            Self::PasswordFile => "the file name says that the file holds credentials",
            Self::TokenInFileName => "a token of the documented form in a file name",
        }
    }

    /// The file that carries it, for those that are files.
    pub(super) fn file_name(self, rng: &mut ChaCha8Rng) -> Option<String> {
        match self {
            Self::PasswordFile => {
                Some(pick(rng, &["passwords.xlsx", "vault.kdbx", "id_rsa", "credentials.csv", "prod.env", "Passwörter.xlsx"]).into())
            }
            Self::TokenInFileName => Some(format!("{}.txt", github_token(rng))),
            Self::Picture => Some(format!("IMG_{}.png", rng.random_range(1_000..9_999_u32))),
            _ => None,
        }
    }

    /// The credential itself; empty for those that are files.
    pub(super) fn make(self, rng: &mut ChaCha8Rng) -> String {
        match self {
            Self::AwsKeyPair => {
                let id = letters(rng, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
                let secret = letters(rng, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+", 40);
                format!("aws_access_key_id = {}{id}\naws_secret_access_key = {secret}", concat!("AK", "IA"))
            }
            Self::GithubToken => github_token(rng),
            Self::NpmToken => with_checksum(concat!("np", "m_"), &letters(rng, BASE62, 30)),
            Self::GitlabToken => format!("{}{}", concat!("glp", "at-"), letters(rng, BASE62, 20)),
            Self::SlackToken => {
                let (team, user) = (letters(rng, b"123456789", 12), letters(rng, b"123456789", 13));
                format!("{}{team}-{user}-{}", concat!("xox", "b-"), letters(rng, BASE62, 24))
            }
            Self::StripeKey => format!("{}{}", concat!("sk_", "live_"), letters(rng, BASE62, 24)),
            Self::GoogleApiKey => format!("{}{}", concat!("AI", "za"), letters(rng, BASE62, 35)),
            Self::PrivateKey => private_key(rng),
            Self::UrlWithPassword => format!("postgres://svc_orders:{}@db7.example.com:5432/orders", password(rng)),
            Self::ConnectionString => {
                format!("Server=tcp:sql3.example.com,1433;Database=crm;User ID=crm_app;Password={};Encrypt=True", password(rng))
            }
            Self::Password | Self::BarePassword => password(rng),
            Self::WordPassword => pick(rng, DICTIONARY).into(),
            Self::Picture | Self::PasswordFile | Self::TokenInFileName => String::new(),
        }
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn letters(rng: &mut ChaCha8Rng, alphabet: &[u8], count: usize) -> String {
    (0..count).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len() as u32) as usize])).collect()
}

fn github_token(rng: &mut ChaCha8Rng) -> String {
    with_checksum(concat!("gh", "p_"), &letters(rng, BASE62, 30))
}

/// GitHub's and npm's form: thirty random characters, then their CRC-32 in six base-62 digits.
fn with_checksum(prefix: &str, random: &str) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(random.as_bytes());
    let mut rest = crc.sum();
    let mut checksum = [b'0'; 6];
    for place in checksum.iter_mut().rev() {
        *place = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    format!("{prefix}{random}{}", std::str::from_utf8(&checksum).unwrap_or_default())
}

/// A password as people or generators make them: letters of both cases, digits, sometimes a sign.
fn password(rng: &mut ChaCha8Rng) -> String {
    let signs = pick(rng, &["!", "#", "-", "_", "", "!!"]);
    let head = letters(rng, b"ABCDEFGHJKLMNPQRSTUVWXYZ", 1);
    let body = letters(rng, b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ", 7);
    let digits = letters(rng, b"23456789", 3);
    format!("{head}{body}{digits}{signs}{}", letters(rng, b"abcdefghjkmnpqrstuvwxyz", 2))
}

fn private_key(rng: &mut ChaCha8Rng) -> String {
    let mut body = b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01".to_vec();
    body.extend((0..340).map(|_| rng.random::<u8>()));
    let encoded = STANDARD.encode(body);
    let mut block = format!("-----BEGIN {} PRIVATE KEY-----", "OPENSSH");
    for (at, letter) in encoded.chars().enumerate() {
        if at % 70 == 0 {
            block.push('\n');
        }
        block.push(letter);
    }
    block + &format!("\n-----END {} PRIVATE KEY-----", "OPENSSH")
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_checksum_is_the_documented_one() {
        // CRC-32 of "123456789" is 0xcbf43926, the check value of every description of it.
        let token = with_checksum("x_", "123456789");
        let mut value: u64 = 0;
        for digit in token.trim_start_matches("x_123456789").bytes() {
            value = value * 62 + BASE62.iter().position(|b| *b == digit).expect("a base-62 digit") as u64;
        }
        assert_eq!(value, 0xcbf4_3926);
        assert_eq!(github_token(&mut ChaCha8Rng::seed_from_u64(1)).len(), 40);
    }
}
