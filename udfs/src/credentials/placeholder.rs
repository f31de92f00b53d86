//! Values that stand where a credential would stand: masks, templates, variables, "your-key-here".

mod lists;

use lists::{PASSWORD_WORDS, REFERENCES, TOKEN_MARKS};

fn lowered(value: &[u8]) -> String {
    String::from_utf8_lossy(value).to_lowercase()
}

/// Only signs that people use to hide or to leave a blank.
fn is_mask(text: &str) -> bool {
    let signs = text
        .chars()
        .filter(|c| matches!(c, '*' | '.' | '•' | '●' | '…' | '_' | '-' | '#' | '?' | '·' | '█' | '▒' | '○' | '＊' | '^' | '=' | '~'))
        .count();
    signs == text.chars().count()
        || text.len() > 1 && !text.contains(|c: char| c.is_alphanumeric() || matches!(c, '!' | '$' | '%'))
        || text.contains("***")
        || text.contains("•••")
        || text.contains("●●")
        || text.contains("███")
        || text.contains("____")
        || is_escaped_sign(text)
}

/// A sign written by its number, cut off before or behind its end: `&#9679`.
fn is_escaped_sign(text: &str) -> bool {
    let number = text.strip_prefix("&#").map(|number| number.trim_end_matches(';'));
    number.is_some_and(|number| number.len() >= 3 && number.strip_prefix('x').unwrap_or(number).bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `xxxx`, `XXXX-XXXX`, `x1x2`: three of four characters are the letter x, or the last four.
fn is_crossed_out(text: &str) -> bool {
    let crosses = text.chars().filter(|c| matches!(c, 'x' | 'X')).count();
    text.ends_with("xxxx") || crosses >= 3 && crosses * 4 >= text.chars().filter(|c| c.is_alphanumeric()).count() * 3
}

/// A class of characters of a regular expression, or the list of signs that a generator may use.
fn is_pattern(text: &str) -> bool {
    if text.contains("(?i") || text.starts_with("?i)") {
        return true;
    }
    let class = text.contains('[') && ["a-z", "0-9", "[^", "\\w", "\\d"].iter().any(|part| text.contains(part));
    let signs =
        text.len() >= 8 && !ESCAPED.iter().fold(text.to_owned(), |text, sign| text.replace(sign, "")).contains(char::is_alphanumeric);
    class || signs
}

/// Signs as chats escape them.
const ESCAPED: &[&str] = &["&amp;", "&lt;", "&gt;", "&quot;"];

/// The longest run of one byte.
fn longest_run(value: &[u8]) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for &byte in value {
        run = if last == Some(byte) { run + 1 } else { 1 };
        last = Some(byte);
        longest = longest.max(run);
    }
    longest
}

/// Counts the steps of a run that goes up by one (`abcdef`, `123456`): the longest.
fn longest_staircase(value: &[u8]) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None::<u8>);
    for &byte in value {
        run = if last.is_some_and(|l| l.checked_add(1) == Some(byte)) { run + 1 } else { 1 };
        last = Some(byte);
        longest = longest.max(run);
    }
    longest
}

/// `abcdef12345`: nothing but two or three runs of neighbours.
fn is_stairs(value: &[u8]) -> bool {
    const BYTES_MIN: usize = 8;
    let breaks = value.windows(2).filter(|pair| pair[0].checked_add(1) != Some(pair[1])).count();
    value.len() >= BYTES_MIN && breaks <= 2
}

/// Counts the steps of a run of letters and one of digits that alternate (`a1b2c3`): the longest.
fn longest_zigzag(value: &[u8]) -> usize {
    let (mut longest, mut run) = (0, 2);
    for window in value.windows(3) {
        let [last, between, next] = window else { break };
        let alternates = last.is_ascii_digit() != between.is_ascii_digit();
        run = if alternates && last.checked_add(1) == Some(*next) { run + 1 } else { 2 };
        longest = longest.max(run);
    }
    longest
}

/// What follows a dollar sign: a name alone, or a name with an index or a path behind it.
fn is_variable(name: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | ':' | '.'));
    letters(name)
        || name.len() == 1 && name.bytes().all(|b| b.is_ascii_digit())
        || name.split_once(['/', '[', '-', '>']).is_some_and(|(head, _)| letters(head))
}

/// A variable of a template inside the value: `${name}`, `{{ name }}`, `#{name}`.
fn holds_variable(text: &str) -> bool {
    let named = |open: &str, close: &str| {
        text.split(open).skip(1).any(|rest| {
            rest.split_once(close).is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ' ' | ':' | '|'))
            })
        })
    };
    named("${", "}") || named("{{", "}}") || named("#{", "}") || named("$(", ")")
}

/// Words for a password inside names.
const NAMES: &[&str] = &["password", "passwort", "passwd", "kennwort", "motdepasse", "contraseña", "contrasena", "senha", "wachtwoord"];

/// Names of things in lower case that say "password" themselves: `user.password_md5`, `dummy-password-for-test`, `mysecretpassword`.
fn is_named_after_itself(text: &str, value: &[u8]) -> bool {
    // A selector or an anchor of a page starts with a sign of its own; a controller's action has one inside.
    let anchor = text.trim_start_matches('#').len() < text.len() || text.contains('/');
    let plain = text.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '-' | '.' | '[' | ']' | '/' | ':') || anchor && c == '#');
    let parts = |name: &&str| text.split(|c: char| !c.is_alphanumeric()).any(|part| part == *name);
    let lower = !value.iter().any(u8::is_ascii_uppercase);
    plain && NAMES.iter().any(|name| text.contains(name)) || lower && NAMES.iter().any(parts) && text.contains(['_', '.'])
}

/// Whether anything in the value was put there for a reader to replace or to see as hidden.
fn template(text: &str, value: &[u8]) -> Option<&'static str> {
    let text = text.trim_matches(['\'', '"', '\\']);
    if is_mask(text) {
        return Some("a mask, not a value");
    }
    if is_pattern(text) {
        return Some("a pattern, not a value");
    }
    if is_crossed_out(text) {
        return Some("a placeholder of x");
    }
    if text.starts_with('<') || text.starts_with("&lt;") || text.starts_with('[') && text.ends_with(']') {
        return Some("a placeholder in brackets");
    }
    if text.starts_with('%') && text.ends_with('%') && text.len() > 2
        || text.starts_with('{') && text.ends_with('}')
        || text.starts_with("{{")
        || text.starts_with("${")
        || text.starts_with("$(")
        || text.contains("$env:")
        || holds_variable(text)
    {
        return Some("a template variable");
    }
    let assigned = text.rsplit_once('=').map_or(text, |(_, assigned)| assigned.trim_end_matches(')'));
    if [text, assigned].iter().any(|text| text.trim_start_matches('.').strip_prefix('$').is_some_and(is_variable)) {
        return Some("a variable");
    }
    if value.len() >= 4 && longest_run(value) == value.len() {
        return Some("one character repeated");
    }
    None
}

/// Why a machine's token is a placeholder, if it is one.
pub fn token(value: &[u8]) -> Option<&'static str> {
    let text = lowered(value);
    if let Some(reason) = template(&text, value) {
        return Some(reason);
    }
    // A host may well be called after an example.
    let beside_host = text.strip_prefix("https://").and_then(|link| link.split_once('/')).map_or(text.as_str(), |(_, path)| path);
    if TOKEN_MARKS.iter().any(|mark| beside_host.contains(mark)) {
        return Some("a word that marks an example");
    }
    if longest_run(value) >= 8 && value.len() < 400 {
        return Some("one character repeated");
    }
    if (longest_staircase(value) >= 10 || longest_zigzag(value) >= 10) && value.len() < 400 || is_stairs(value) {
        return Some("a run of neighbouring characters");
    }
    None
}

/// Why a person's password is a placeholder, if it is one.
pub fn password(value: &[u8]) -> Option<&'static str> {
    let text = lowered(value);
    if let Some(reason) = template(&text, value) {
        return Some(reason);
    }
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    if PASSWORD_WORDS.contains(&bare) {
        return Some("a word for a password, not a password");
    }
    if REFERENCES.iter().any(|reference| reference.len() > 2 && text.starts_with(reference))
        || value.starts_with(b"AgA")
        || value.starts_with(b"AgB")
    {
        return Some("a reference to a value elsewhere");
    }
    // Words in capitals alone, to be written over: `MOT_DE_PASSE_ICI`.
    let capitals = value.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') && value.iter().filter(|b| **b == b'_').count() >= 2;
    if capitals || is_named_after_itself(&text, value) {
        return Some("a name for a password, not a password");
    }
    let own = ["your", "ihr", "dein", "votre", "ton", "tu", "su", "seu", "sua", "tua", "mein", "twoje", "jouw"];
    let named = |text: &str| NAMES.iter().any(|name| text.contains(name));
    if own.iter().any(|own| bare.strip_prefix(own).is_some_and(named)) {
        return Some("a placeholder for the reader's own value");
    }
    let parts: Vec<&str> = bare.split(|c: char| !c.is_alphanumeric()).collect();
    if parts.len() > 1 && parts.first().is_some_and(|first| own.contains(first)) || bare.starts_with("your") && bare.len() > 6 {
        return Some("a placeholder for the reader's own value");
    }
    if text.contains("example")
        || text.contains("placeholder")
        || text.contains("redacted")
        || text.contains("changeme")
        || text.contains("replace_")
        || text.contains("insert_")
        || text.contains("fakekey")
        || text.contains("fakepass")
        || text.contains("fakesecret")
        || text.contains("-here")
        || text.contains("_here")
    {
        return Some("a word that marks an example");
    }
    None
}

#[cfg(test)]
mod tests;
