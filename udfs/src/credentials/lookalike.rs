//! What a value is more likely to be than a credential, by its own shape: a date, a path, a host, a ticket, code.

use std::borrow::Cow;

use super::languages::VOCABULARY;

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
            && (behind_port()
                || value.starts_with("C:\\")
                || value.matches(['/', '\\']).count() >= 2 && !value.contains(['!', '#', '$']))
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
        "argon2id" | "argon2i" | "argon2d" | "bcrypt" | "scrypt" | "pbkdf2" | "sha256" | "sha512" | "hmac-sha256" | "ed25519"
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

/// Twilio's numbers of accounts, keys and messages: two letters and 32 hexadecimal digits.
fn is_account_number(value: &str) -> bool {
    const KINDS: &[&str] = &["AC", "SK", "SM", "MG", "PN", "CA", "MM"];
    let number = value.get(2..).unwrap_or_default();
    KINDS.iter().any(|kind| value.starts_with(kind)) && number.len() == 32 && is_small_hex(number)
}

/// Machines and networks are told apart by what they are and a number at the end: `kyiv-web-Node2`, `Hall-Guest-5G`.
fn is_numbered_thing(value: &str) -> bool {
    const DIGITS: std::ops::RangeInclusive<usize> = 1..=3;
    const ROLES: &[&str] = &[
        "node", "web", "db", "srv", "svr", "server", "prod", "dev", "test", "uat", "stage", "staging", "repl", "replica", "pool", "gate",
        "gw", "app", "api", "vm", "host", "sql", "dc", "fs", "build", "runner", "worker", "agent", "proxy", "cluster", "rack", "core",
        "edge", "vlan", "ap",
    ];
    let Some((name, last)) = value.rsplit_once(['-', '_']) else { return false };
    let word = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let band = matches!(last.to_ascii_lowercase().as_str(), "5g" | "2g" | "6e" | "5ghz");
    let numbered = DIGITS.contains(&(last.len() - word.len())) && ROLES.contains(&word.to_ascii_lowercase().as_str());
    (band || numbered) && name.len() >= 2 && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The ids of AWS's resources: `vpc-03cacf34296354a68`.
fn is_resource(lower: &str) -> bool {
    const KINDS: &[&str] = &[
        "vpc", "sg", "i", "subnet", "ami", "vol", "snap", "eni", "rtb", "igw", "nat", "acl", "eipalloc", "lt", "tgw", "vpce", "fs", "dopt",
    ];
    lower.split_once('-').is_some_and(|(kind, id)| KINDS.contains(&kind) && matches!(id.len(), 8 | 17) && is_small_hex(id))
}

/// What its issuer wants everybody to see: public keys, publishable ones, digests.
fn is_public(value: &str, lower: &str) -> bool {
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

/// Digits with separators and at most a unit: `2026-11-20`, `10:42`, `+49 30`, `8.5kg`, `30-day`, `1,200.00`, `2x`, `#42`.
fn is_number_like(value: &str) -> bool {
    // A date and a version: `20260527_v3`.
    let value = value.rsplit_once(['_', '-']).map_or(value, |(date, version)| {
        let versioned = version.strip_prefix(['v', 'V']).is_some_and(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()));
        if versioned && date.len() >= 6 { date } else { value }
    });
    if value.len() == 8 && value.starts_with("20") && value.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let value = value.strip_prefix("UTC").or(value.strip_prefix("GMT")).filter(|rest| rest.starts_with(['+', '-'])).unwrap_or(value);
    if value.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '=' | '*' | '.' | ',' | '/' | '%'))
        && value.contains(['+', '=', '*'])
    {
        return true;
    }
    let body = value.trim_start_matches(['+', '#', '$', '€', '£', '~', '<', '>', '×', '±', '(']);
    let unit = body
        .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '/' | '-' | '%' | ' ' | '–' | '_' | '\u{a0}'));
    let digits = body.len() - unit.len();
    if digits == 0 {
        return false;
    }
    let has_joint = body.bytes().any(|b| matches!(b, b'.' | b',' | b':' | b'/' | b'-' | b'%'));
    match unit.chars().count() {
        0 => has_joint || body.len() != value.len(),
        1 => true,
        2 | 3 => unit.chars().all(char::is_alphabetic) && body.chars().filter(char::is_ascii_digit).count() <= 4 || is_time(unit),
        _ => {
            matches!(
                unit.to_ascii_lowercase().as_str(),
                "days"
                    | "day"
                    | "hours"
                    | "hour"
                    | "mins"
                    | "chars"
                    | "characters"
                    | "bits"
                    | "bytes"
                    | "weeks"
                    | "zeichen"
                    | "tage"
                    | "times"
                    | "years"
                    | "months"
                    | "minutes"
                    | "seconds"
                    | "people"
                    | "users"
            ) || is_time(unit)
        }
    }
}

/// The tail of an ISO time: `T02:10:11Z`, `T02`.
fn is_time(unit: &str) -> bool {
    unit.starts_with(['T', 't']) && unit.bytes().skip(1).all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'Z' | b'z' | b'+' | b'-'))
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

/// `ABC-123`, `ERP_2231`, `CVE-2026-1234`, `W11`, `KB5031455`, product keys of five groups.
fn is_ticket(value: &str) -> bool {
    let groups: Vec<&str> = value.split(['-', '_', '.', '/']).collect();
    let all = |part: &str, test: fn(&u8) -> bool| !part.is_empty() && part.as_bytes().iter().all(test);
    if groups.len() >= 4 && groups.iter().all(|g| g.len() == 5 && all(g, |b| b.is_ascii_uppercase() || b.is_ascii_digit())) {
        return true;
    }
    let plain = |part: &&str| all(part, u8::is_ascii_digit) || all(part, u8::is_ascii_uppercase);
    let letters_then_digits = |part: &&str| {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = part.len() - digits.len();
        letters <= 5
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && part.bytes().take(letters).all(|b| b.is_ascii_uppercase())
    };
    let capital_groups = value.len() <= 24 && groups.iter().all(|g| plain(g) || letters_then_digits(g));
    // The systems of service desks count further: `INC0048213`.
    let numbered = letters_then_digits(&value) && value.bytes().filter(u8::is_ascii_digit).count() >= 6;
    capital_groups && (groups.len() > 1 || value.len() <= 9 || numbered) && !value.bytes().all(|b| b.is_ascii_digit())
}

const ENDINGS: &[&str] = &[
    "com", "net", "org", "io", "de", "fr", "es", "it", "pl", "nl", "uk", "eu", "br", "jp", "cn", "dev", "app", "cloud", "local",
    "internal", "lan", "corp", "test", "gov", "edu", "txt", "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "png", "jpg",
    "jpeg", "gif", "svg", "zip", "gz", "tar", "tgz", "7z", "rar", "json", "yml", "yaml", "toml", "xml", "html", "htm", "js", "ts", "tsx",
    "jsx", "py", "rs", "go", "rb", "php", "java", "kt", "cs", "cpp", "hpp", "sh", "bash", "ps1", "bat", "cmd", "exe", "dll", "so", "msi",
    "psd", "ai", "fig", "indd", "sketch", "eps", "tif", "tiff", "webp", "bmp", "heic", "deb", "rpm", "pkg", "dmg", "apk", "aab", "ipa",
    "xlsm", "vsdx", "drawio", "bin", "jar", "war", "iso", "img", "vmdk", "sql", "db", "sqlite", "log", "conf", "cfg", "ini", "env", "pem",
    "crt", "cer", "key", "pub", "pfx", "p12", "jks", "kdbx", "tf", "tfvars", "lock", "md", "rst", "mp3", "mp4", "mov", "wav", "bak", "tmp",
    "old", "patch", "diff", "service", "list", "desktop", "theme", "tpl", "j2",
];

fn is_host_or_file(lower: &str) -> bool {
    if lower.starts_with("localhost:") {
        return true;
    }
    let version = lower.strip_prefix('v').unwrap_or(lower);
    let parts: Vec<&str> = version.split('.').collect();
    if parts.len() >= 2
        && parts.iter().take(2).all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        && lower.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~' | b'+' | b':'))
    {
        return true;
    }
    // Letters that end with a version: `tern2.14`.
    let letters = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let tail = lower.get(letters.len()..).unwrap_or_default().trim_matches('.');
    if tail.contains('.') && letters.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '_')) {
        return true;
    }
    // What a program says of itself: its name and its version.
    let product = |(name, version): (&str, &str)| {
        name.bytes().all(|b| b.is_ascii_alphanumeric()) && version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.')
    };
    if lower.split_once('/').is_some_and(product) {
        return true;
    }
    // `!plan.png!` is a picture in a wiki.
    let name = lower.trim_matches('!').split([':', '/', '?', '|']).next().unwrap_or(lower);
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ENDINGS.contains(&ending) && stem.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
    })
}

/// A command of PowerShell: a verb and a noun.
fn is_command(value: &str) -> bool {
    const VERBS: &[&str] = &[
        "Add",
        "Clear",
        "Connect",
        "ConvertFrom",
        "ConvertTo",
        "Copy",
        "Disable",
        "Enable",
        "Enter",
        "Export",
        "Get",
        "Import",
        "Install",
        "Invoke",
        "Move",
        "New",
        "Out",
        "Read",
        "Register",
        "Remove",
        "Rename",
        "Reset",
        "Restart",
        "Resume",
        "Select",
        "Send",
        "Set",
        "Start",
        "Stop",
        "Test",
        "Update",
        "Write",
    ];
    value.split_once('-').is_some_and(|(verb, noun)| VERBS.contains(&verb) && noun.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Calls, members, operators, flags: what stands beside a password in programs.
fn is_code(value: &str) -> bool {
    let words_only = |v: &str| v.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '.' | ':' | '-' | '[' | ']' | '>' | '$'));
    if value.strip_prefix("&amp;").or(value.strip_prefix('&')).is_some_and(|name| name.chars().all(char::is_alphabetic)) {
        return true;
    }
    if value.contains("()")
        || value.starts_with("--")
        || value.starts_with('-') && (value.len() <= 3 || value.chars().skip(1).all(char::is_alphabetic))
        || value.contains("->")
        || value.contains("=>")
        || value.contains("&&")
        || value.contains("::")
        || value.contains(":=")
        || value.starts_with("SQL*")
        || value.starts_with("Win32_")
    {
        return true;
    }
    if let Some((head, _)) = value.split_once('(')
        && !head.is_empty()
        && words_only(head)
    {
        return true;
    }
    // The rights of a file, as `ls -l` writes them.
    if value.len() >= 10 && value.bytes().take(10).all(|b| matches!(b, b'-' | b'd' | b'l' | b'r' | b'w' | b'x' | b's' | b't')) {
        return true;
    }
    // A method in the trace of a stack: `org.example.store.T4Reader.open`.
    let member = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
    };
    let packages = value.split('.').take_while(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase())).count();
    if packages >= 2 && value.matches('.').count() >= 3 && value.split('.').all(member) {
        return true;
    }
    // A path of two names, a key of a store.
    let name = |part: &str| {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        word.len() >= 2 && word.chars().skip(1).all(|c| c.is_lowercase() || matches!(c, '_' | '-')) && word.starts_with(char::is_alphabetic)
    };
    let colons = value.matches(':').count() >= 2 && value.chars().all(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-'));
    if colons || value.split_once('/').is_some_and(|(left, right)| name(left) && name(right)) {
        return true;
    }
    if value.contains('>') && value.split('>').all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic)) {
        return true;
    }
    // a.b.c and a_b in lower case, and names all in capitals, are names of things.
    let dotted = value.contains('.')
        && value
            .split('.')
            .all(|part| part.len() >= 2 && part.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_uppercase()));
    let camel_members = dotted && value.starts_with(|c: char| c.is_ascii_lowercase());
    let snake =
        value.contains(['_', '-']) && value.strip_prefix('.').unwrap_or(value).chars().all(|c| c.is_lowercase() || matches!(c, '_' | '-'));
    let constant = value.contains('_') && value.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
    camel_members || snake || constant
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
