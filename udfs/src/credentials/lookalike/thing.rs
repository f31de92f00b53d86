//! Hosts, files, machines, tickets: what has a name and a number.

/// Machines and networks are told apart by what they are and a number at the end: `kyiv-web-Node2`, `Hall-Guest-5G`.
pub fn is_numbered_thing(value: &str) -> bool {
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

/// `ABC-123`, `ERP_2231`, `CVE-2026-1234`, `W11`, `KB5031455`, product keys of five groups.
pub fn is_ticket(value: &str) -> bool {
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

pub fn is_host_or_file(lower: &str) -> bool {
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
