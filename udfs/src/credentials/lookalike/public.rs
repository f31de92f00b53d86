//! What is no secret by design: public keys, digests, the ids of resources and accounts.

/// Twilio's numbers of accounts, keys and messages: two letters and 32 hexadecimal digits.
pub fn is_account_number(value: &str) -> bool {
    const KINDS: &[&str] = &["AC", "SK", "SM", "MG", "PN", "CA", "MM"];
    let number = value.get(2..).unwrap_or_default();
    KINDS.iter().any(|kind| value.starts_with(kind)) && number.len() == 32 && is_small_hex(number)
}

/// The ids of AWS's resources: `vpc-03cacf34296354a68`.
pub fn is_resource(lower: &str) -> bool {
    const KINDS: &[&str] = &[
        "vpc", "sg", "i", "subnet", "ami", "vol", "snap", "eni", "rtb", "igw", "nat", "acl", "eipalloc", "lt", "tgw", "vpce", "fs", "dopt",
    ];
    lower.split_once('-').is_some_and(|(kind, id)| KINDS.contains(&kind) && matches!(id.len(), 8 | 17) && is_small_hex(id))
}

/// What its issuer wants everybody to see: public keys, publishable ones, digests.
pub fn is_public(value: &str, lower: &str) -> bool {
    const SIGNS: &[&str] = &[
        "pk.",
        "pk_live_",
        "pk_test_",
        "phc_",
        "sha256:",
        "sha1:",
        "md5:",
        "sha1-",
        "sha256-",
        "sha384-",
        "sha512-",
        "hmac-sha256:",
        "ssh-rsa",
        "ssh-ed25519",
    ];
    // The beginnings of public keys: of SSH (RFC 4253, 6.6) and of SubjectPublicKeyInfo (RFC 5280, 4.1).
    const KEYS: &[&str] =
        &["AAAAC3NzaC1", "AAAAB3NzaC1", "AAAAE2VjZHNh", "MFkwEwYH", "MIIBIjANBg", "MIICIjANBg", "MIGfMA0G", "MCowBQYDK2Vw"];
    let recipient = lower.starts_with("age1") && lower.len() >= 58 && lower.bytes().all(|b| b.is_ascii_alphanumeric());
    recipient || is_rum_token(value) || SIGNS.iter().any(|sign| lower.starts_with(sign)) || KEYS.iter().any(|key| value.starts_with(key))
}

/// Hexadecimal digits in small letters, as digests are written.
pub fn is_small_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// A token that Datadog has pages of the web show to everybody.
fn is_rum_token(value: &str) -> bool {
    value.strip_prefix("pub").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}
