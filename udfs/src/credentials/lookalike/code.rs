//! What stands beside a password in programs: commands, calls, members, operators.

/// A command of PowerShell: a verb and a noun.
pub fn is_command(value: &str) -> bool {
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
pub fn is_code(value: &str) -> bool {
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
