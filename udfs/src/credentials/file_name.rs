//! Names of files that hold credentials: `id_rsa`, `.npmrc`, `vault.kdbx`, `passwords.xlsx`.

mod lists;

use super::term;
use lists::{ENDINGS, MANAGERS, NAMES, PARTS, PUBLIC_ENDINGS, SOURCE_ENDINGS};

/// What kind of credential a file of this name holds, or nothing where the name does not say so.
pub fn kind(name: &[u8]) -> Option<&'static str> {
    const NAME_BYTES_MAX: usize = 4096;
    let name = String::from_utf8_lossy(name.get(name.len().saturating_sub(NAME_BYTES_MAX)..).unwrap_or_default())
        .to_lowercase()
        .replace('\\', "/");
    let named = name.rsplit('/').next().unwrap_or(&name).trim();
    let base = without_copy(named);
    let ending = base.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_public = |ending: &str| PUBLIC_ENDINGS.contains(&ending);
    if base.is_empty() || base.rsplit('.').take(2).any(is_public) {
        return None;
    }
    if let Some((_, kind)) = NAMES.iter().find(|(whole, _)| *whole == base || *whole == named) {
        return Some(kind);
    }
    if let Some((_, kind)) = ENDINGS.iter().find(|(known, _)| *known == ending || base.strip_prefix('.') == Some(known)) {
        return Some(kind);
    }
    if SOURCE_ENDINGS.contains(&ending) {
        return None;
    }
    let spaced: String =
        base.chars().map(|c| if matches!(c, '_' | '-' | '.' | '(' | ')' | '[' | ']' | '&' | '+' | ',' | '=') { ' ' } else { c }).collect();
    if base.contains(".env.") || ending == "env" {
        return Some("environment");
    }
    if term::is_topic(&spaced) || spaced.contains("public") || spaced.contains("requirement") {
        return None;
    }
    if let Some((_, kind)) = PARTS.iter().find(|(part, _)| name.contains(part)) {
        return Some(kind);
    }
    if spaced.contains("service account") && matches!(ending, "json" | "p12" | "pem" | "zip" | "txt") {
        return Some("private_key");
    }
    let exported = ["export", "vault", "backup", "passwor", "logins"].iter().any(|what| spaced.contains(what));
    if exported
        && MANAGERS.iter().any(|manager| spaced.contains(manager))
        && matches!(ending, "csv" | "json" | "zip" | "xml" | "txt" | "html")
    {
        return Some("vault");
    }
    if matches!(ending, "key" | "pem" | "asc" | "gpg") {
        return key_file(base, &spaced, ending);
    }
    words(base, &spaced, ending)
}

/// The name of which this is a copy: `wp-config.php.bak`, `id_rsa.old`, `secrets.yml~`, `Copy of passwords.xlsx`.
fn without_copy(base: &str) -> &str {
    const COPIES: &[&str] = &[".bak", ".backup", ".old", ".orig", ".save", ".swp", ".copy", ".tmp", ".1", "~"];
    const COPY_OF: &[&str] = &["copy of ", "kopie von ", "copie de ", "copia de ", "copia di ", "cópia de ", "kopie van "];
    let base = COPY_OF.iter().find_map(|copy| base.strip_prefix(copy)).unwrap_or(base);
    COPIES.iter().find_map(|copy| base.strip_suffix(copy)).filter(|rest| !rest.is_empty()).unwrap_or(base)
}

/// `.key` is also Keynote's ending, `.asc` also a signature's: a name of one word is a key.
fn key_file(base: &str, spaced: &str, ending: &str) -> Option<&'static str> {
    // Slides have titles with blanks; keys are named after hosts.
    const OF_KEYS: &[&str] =
        &["private", "server", "ssl", "tls", "ssh", "rsa", "host", "wildcard", "ca", "client", "sign", "prod", "gpg", "pgp"];
    let titled = ending == "key" && base.contains(' ') && !spaced.split_whitespace().any(|word| OF_KEYS.contains(&word));
    if titled {
        return None;
    }
    let words = spaced.split_whitespace().count();
    let signature = spaced.contains("sums")
        || spaced.contains("checksum")
        || spaced.contains(" tar ")
        || spaced.contains(" gz ")
        || spaced.contains(" zip ")
        || spaced.contains("release");
    match ending {
        "pem"
            if spaced.contains("cert")
                || spaced.contains("chain")
                || spaced.contains("bundle")
                || spaced.split_whitespace().any(|word| word == "ca") =>
        {
            None
        }
        "pem" => Some("private_key"),
        "asc" | "gpg" if signature => None,
        _ if words <= 5 && !spaced.contains("keynote") && !spaced.contains("slides") => Some("private_key"),
        _ => None,
    }
}

/// A document that names credentials: a spreadsheet of passwords, a list of logins, a note with an access.
fn words(base: &str, spaced: &str, ending: &str) -> Option<&'static str> {
    const HOLDERS: &[&str] = &[
        "xlsx", "xls", "csv", "ods", "txt", "doc", "docx", "odt", "pdf", "md", "rtf", "json", "yml", "yaml", "zip", "7z", "rar", "gz",
        "png", "jpg", "jpeg", "heic", "one", "numbers", "tsv", "sql", "dump", "ini", "conf", "cfg", "xml", "html", "eml", "msg", "gsheet",
        "gdoc", "",
    ];
    // In a file's name these say more often what a program or a page is about.
    const WEAK: &[&str] = &[
        "token",
        "tokens",
        "secret",
        "login",
        "pw",
        "key",
        "cred",
        "clave",
        "parola",
        ".env",
        "geheimnis",
        "암호",
        "parole",
        "eyj",
        "sg.",
        "令牌",
        "トークン",
    ];
    let found = term::terms(spaced.as_bytes());
    let strong = found.iter().any(|word| !WEAK.contains(&word.as_str()));
    let is_value = |word: &str| super::value::password_strength(word) >= 0.38 || super::value::token_strength(word) >= 0.5;
    // The value may hold the signs at which words are cut.
    let stem = base.strip_suffix(ending).map_or(base, |stem| stem.trim_end_matches('.'));
    let whole = stem.split([' ', '=', '(', ')', '[', ']', ',']).filter(|piece| piece.len() >= 8);
    let valued = spaced.split_whitespace().chain(whole).any(is_value);
    // Names of rules and tests in many words speak of what they look for.
    const WORDS_MAX: usize = 4;
    let configured = matches!(ending, "yml" | "yaml" | "xml" | "json" | "html" | "md");
    if configured && spaced.split_whitespace().count() > WORDS_MAX + 1 && !valued {
        return None;
    }
    let plain = ending == "txt" && found.iter().any(|word| word.starts_with("token") || word.starts_with("secret") || word == "pw");
    (HOLDERS.contains(&ending) && (strong || plain || valued && !found.is_empty())).then_some("password")
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn names_that_hold_credentials_are_known() {
        for name in [
            "id_rsa",
            "/home/a/.ssh/id_ed25519",
            ".npmrc",
            "vault.kdbx",
            "passwords.xlsx",
            "Passwörter Büro.txt",
            "prod.env",
            ".env.production",
            "mots_de_passe_compta.ods",
            "C:\\Users\\a\\keys\\jump.ppk",
            "パスワード一覧.xlsx",
            "AuthKey_ABC123.p8",
            "github-recovery-codes.txt",
            "vpn-credentials.zip",
            "foo_password",
            "star.example.com-private.key",
        ] {
            assert!(kind(name.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn names_that_only_speak_of_credentials_stay_quiet() {
        for name in [
            "id_rsa.pub",
            ".env.example",
            "password_policy.pdf",
            "PasswordField.test.tsx",
            "Design tokens export.json",
            "secret_santa_2026.xlsx",
            "Keynote - Q4 all hands talk.key",
            "release-4.18.2.tar.gz.asc",
            "known_hosts",
            "example.com.csr",
            "passport_scan.pdf",
            "login-page-wireframes.fig",
            "",
            "/",
            "Boarding Pass BER-LIS.pdf",
            "tokenizer.json",
        ] {
            assert_eq!(kind(name.as_bytes()), None, "{name}");
        }
    }
}
