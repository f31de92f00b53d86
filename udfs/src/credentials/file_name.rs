//! Names of files that hold credentials: `id_rsa`, `.npmrc`, `vault.kdbx`, `passwords.xlsx`.

use super::term;

/// Whole names, lower-case.
const NAMES: &[(&str, &str)] = &[
    (".netrc", "login"),
    ("_netrc", "login"),
    (".pgpass", "login"),
    ("pgpass.conf", "login"),
    (".my.cnf", "login"),
    (".npmrc", "token"),
    (".pypirc", "token"),
    (".git-credentials", "login"),
    (".dockercfg", "token"),
    (".dockerconfigjson", "token"),
    (".htpasswd", "password_hash"),
    ("htpasswd", "password_hash"),
    (".s3cfg", "access_key"),
    (".boto", "access_key"),
    (".env", "environment"),
    ("prod.env", "environment"),
    (".envrc", "environment"),
    ("rootkey.csv", "access_key"),
    ("accesskeys.csv", "access_key"),
    ("credentials", "login"),
    ("credentials.csv", "login"),
    ("credentials.json", "login"),
    ("client_secret.json", "token"),
    ("service-account.json", "private_key"),
    ("service_account.json", "private_key"),
    ("id_rsa", "private_key"),
    ("id_dsa", "private_key"),
    ("id_ecdsa", "private_key"),
    ("id_ed25519", "private_key"),
    ("id_xmss", "private_key"),
    ("identity.key", "private_key"),
    ("ssh_host_rsa_key", "private_key"),
    ("ssh_host_ed25519_key", "private_key"),
    ("ssh_host_ecdsa_key", "private_key"),
    ("master.key", "private_key"),
    ("server.key", "private_key"),
    ("private.key", "private_key"),
    ("private_key", "private_key"),
    ("private-key", "private_key"),
    ("shadow", "password_hash"),
    ("passwd", "password_hash"),
    ("ntds.dit", "password_hash"),
    ("sam.hive", "password_hash"),
    ("logins.json", "login"),
    ("key4.db", "login"),
    ("login data", "login"),
    ("cookies.sqlite", "cookie"),
    ("filezilla.xml", "login"),
    ("sitemanager.xml", "login"),
    ("recentservers.xml", "login"),
    ("winscp.ini", "login"),
    (".ftpconfig", "login"),
    ("sftp-config.json", "login"),
    ("sftp.json", "login"),
    (".remote-sync.json", "login"),
    ("deployment-config.json", "login"),
    ("unattend.xml", "login"),
    ("sysprep.xml", "login"),
    ("groups.xml", "login"),
    ("web.config", "connection_string"),
    ("wp-config.php", "connection_string"),
    ("localsettings.php", "connection_string"),
    ("config.php", "connection_string"),
    ("database.yml", "connection_string"),
    ("secrets.yml", "environment"),
    ("secrets.yaml", "environment"),
    ("secrets.json", "environment"),
    ("settings.xml", "login"),
    ("terraform.tfstate", "environment"),
    ("terraform.tfvars", "environment"),
    ("kubeconfig", "token"),
    ("admin.conf", "token"),
    (".bash_history", "history"),
    (".zsh_history", "history"),
    (".mysql_history", "history"),
    (".psql_history", "history"),
    (".rediscli_history", "history"),
    (".sqlite_history", "history"),
    ("consolehost_history.txt", "history"),
    (".irb_history", "history"),
    (".python_history", "history"),
    (".node_repl_history", "history"),
    (".tugboat", "token"),
    (".vault-token", "token"),
    (".terraformrc", "token"),
    ("carrierwave.rb", "access_key"),
    ("omniauth.rb", "token"),
    ("knife.rb", "private_key"),
    ("secret_token.rb", "private_key"),
    ("proftpdpasswd", "password_hash"),
    ("jenkins.plugins.publish_over_ssh.bapsshpublisherplugin.xml", "login"),
    ("credentials.xml", "login"),
    ("passwords.txt", "password"),
    ("otr.private_key", "private_key"),
    (".esmtprc", "login"),
    (".msmtprc", "login"),
    ("dbeaver-data-sources.xml", "login"),
    ("credentials-config.json", "login"),
    ("mongoid.yml", "connection_string"),
    ("wallet.dat", "recovery_code"),
    (".aws_credentials", "access_key"),
    (".vault_pass", "password"),
    (".vault-pass", "password"),
    (".wgetrc", "login"),
    (".curlrc", "login"),
    (".smbcredentials", "login"),
    (".fetchmailrc", "login"),
    ("wg0.conf", "private_key"),
    ("auth.json", "token"),
    ("hub.config", "token"),
    (".gem/credentials", "token"),
    (".yarnrc.yml", "token"),
    ("confcons.xml", "login"),
    ("sam.save", "password_hash"),
    ("security.save", "password_hash"),
    ("lsass.dmp", "password_hash"),
];

/// Endings that mean a container of credentials whatever the name.
const ENDINGS: &[(&str, &str)] = &[
    ("kdbx", "vault"),
    ("kdb", "vault"),
    ("1pux", "vault"),
    ("opvault", "vault"),
    ("agilekeychain", "vault"),
    ("psafe3", "vault"),
    ("keychain", "vault"),
    ("keychain-db", "vault"),
    ("kwallet", "vault"),
    ("keyring", "vault"),
    ("enpass", "vault"),
    ("dashlane", "vault"),
    ("gnucash", "vault"),
    ("ppk", "private_key"),
    ("pfx", "private_key"),
    ("p12", "private_key"),
    ("p8", "private_key"),
    ("jks", "private_key"),
    ("bks", "private_key"),
    ("keystore", "private_key"),
    ("pkcs12", "private_key"),
    ("pvk", "private_key"),
    ("snk", "private_key"),
    ("ovpn", "private_key"),
    ("mobileprovision", "private_key"),
    ("rdp", "login"),
    ("pubxml", "login"),
    ("publishsettings", "login"),
    ("tblk", "private_key"),
    ("rdg", "login"),
    ("cscfg", "connection_string"),
    ("psd1cred", "login"),
    ("hta_cred", "login"),
    ("pcf", "login"),
    ("jceks", "private_key"),
    ("tfvars", "environment"),
    ("tfstate", "environment"),
    ("kirbi", "token"),
    ("keytab", "private_key"),
    ("kubeconfig", "token"),
    ("1pif", "vault"),
    ("walletx", "recovery_code"),
];

/// Parts of a name that mean key material or an export of credentials.
const PARTS: &[(&str, &str)] = &[
    ("recovery-codes", "recovery_code"),
    ("recovery codes", "recovery_code"),
    ("recovery_codes", "recovery_code"),
    ("recovery key", "recovery_code"),
    ("recovery-key", "recovery_code"),
    ("backup-codes", "recovery_code"),
    ("backup codes", "recovery_code"),
    ("backup_codes", "recovery_code"),
    ("backupcodes", "recovery_code"),
    ("seed phrase", "recovery_code"),
    ("seed-phrase", "recovery_code"),
    ("seed_phrase", "recovery_code"),
    ("seedphrase", "recovery_code"),
    ("emergency kit", "recovery_code"),
    ("emergency-kit", "recovery_code"),
    ("firebase-adminsdk", "private_key"),
    ("service-account", "private_key"),
    ("serviceaccount", "private_key"),
    ("authkey_", "private_key"),
    ("accesskeys", "access_key"),
    ("access_keys", "access_key"),
    ("access-keys", "access_key"),
    ("kubeconfig", "token"),
    ("keepass", "vault"),
    (".aws/credentials", "access_key"),
    (".kube/config", "token"),
    (".docker/config.json", "token"),
    ("client_secret_", "token"),
    ("private.key", "private_key"),
    ("private-key", "private_key"),
    ("private_key", "private_key"),
    ("privatekey", "private_key"),
    ("id_rsa", "private_key"),
    ("id_ed25519", "private_key"),
    ("id_ecdsa", "private_key"),
    ("vault-pass", "password"),
    ("vault_pass", "password"),
    ("docker-config", "token"),
    ("logindaten", "login"),
    ("login data", "login"),
    ("login_data", "login"),
    ("login-data", "login"),
    ("login details", "login"),
    ("login_details", "login"),
    ("metamask", "recovery_code"),
    ("wallet seed", "recovery_code"),
    ("apikey", "api_key"),
    ("api_key", "api_key"),
    ("api-key", "api_key"),
    ("gcp-key", "private_key"),
    ("sa-key", "private_key"),
    ("credentials.tfrc.json", "token"),
    ("accesstoken", "token"),
    ("clientsecret", "token"),
    ("unseal", "recovery_code"),
    ("vault-init", "recovery_code"),
    ("vault_init", "recovery_code"),
    ("lsass", "password_hash"),
    ("ntds", "password_hash"),
    ("sam hive", "password_hash"),
    ("etc_shadow", "password_hash"),
    ("etc-shadow", "password_hash"),
    ("utc--", "private_key"),
    ("electrum", "recovery_code"),
    ("sitemanager.xml", "login"),
    ("confcons.xml", "login"),
    ("web.config.", "connection_string"),
    ("admin.conf", "token"),
    ("wg0-", "private_key"),
    ("ntlm", "password_hash"),
    ("bcrypt_dump", "password_hash"),
    ("_hives", "password_hash"),
    ("24 words", "recovery_code"),
    ("cookies_session", "cookie"),
    ("session_cookies", "cookie"),
    ("svc_account", "private_key"),
    ("svc-account", "private_key"),
    ("svcaccount", "private_key"),
];

/// Programs whose exports are lists of passwords.
const MANAGERS: &[&str] =
    &["bitwarden", "lastpass", "1password", "dashlane", "keeper", "nordpass", "roboform", "enpass", "keepass", "chrome", "firefox", "edge"];

/// Endings of programs, pages and media that name passwords without holding any.
const SOURCE_ENDINGS: &[&str] = &[
    "rs", "py", "js", "ts", "tsx", "jsx", "java", "kt", "cs", "cpp", "c", "h", "go", "rb", "php", "swift", "scala", "html", "css", "scss",
    "vue", "svelte", "fig", "drawio", "epub", "mp4", "mov", "mp3", "webm", "pptx", "ppt", "svg", "ics", "test", "spec", "sketch", "po",
    "strings", "resx", "ipynb", "vtt", "feature",
];

/// Endings of public halves and checksums.
const PUBLIC_ENDINGS: &[&str] =
    &["pub", "crt", "cer", "csr", "sha256", "sha512", "md5", "sig", "example", "sample", "tmpl", "template", "dist"];

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
