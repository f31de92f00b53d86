//! The plain parts of Betterleaks' `filter` expressions: entropy, and lists of patterns and words that discard a finding.

use crate::credentials::rules::{Exception, Target};

/// What a filter says that can be said here too.
#[derive(Debug, Default, PartialEq)]
pub struct Filter {
    /// Entropy below which a finding is discarded, in bits a character.
    pub entropy: f64,
    /// Findings are discarded where all tests of one list hold.
    pub exceptions: Vec<Vec<Exception>>,
    /// The parts that are not understood.
    pub unknown: Vec<String>,
}

/// Nested deeper, an expression is not read.
const DEPTH_MAX: usize = 16;

/// Reads the expression, a list of reasons to discard joined by `||`.
pub fn read(text: &str) -> Filter {
    let mut filter = Filter::default();
    let plain: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    if plain.split_whitespace().any(|word| word == "let") {
        filter.unknown.push("an expression with variables".to_owned());
        return filter;
    }
    reasons(&plain, &mut filter, 0);
    filter
}

fn reasons(text: &str, filter: &mut Filter, depth: usize) {
    for clause in split(text, "||") {
        let clause = clause.trim();
        match inside_parentheses(clause) {
            _ if clause.is_empty() => {}
            Some(inner) if depth < DEPTH_MAX => reasons(inner, filter, depth + 1),
            _ => reason(clause, filter),
        }
    }
}

fn reason(clause: &str, filter: &mut Filter) {
    if let Some(entropy) = entropy(clause) {
        filter.entropy = filter.entropy.max(entropy);
        return;
    }
    match split(clause, "&&").into_iter().map(test).collect::<Option<Vec<Exception>>>() {
        Some(tests) => filter.exceptions.push(tests),
        None => filter.unknown.push(clause.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// `entropy(finding.secret) <= 3.5`: the number.
fn entropy(clause: &str) -> Option<f64> {
    let (name, arguments, behind) = call(clause)?;
    let bound = behind.trim().strip_prefix("<=").or(behind.trim().strip_prefix('<'))?;
    let secret = name == "entropy" && target(arguments) == Some(Target::Secret);
    bound.trim().parse::<f64>().ok().filter(|bound| secret && bound.is_finite())
}

/// `matchesAny(finding["secret"], [...])`, `containsAny(...)`.
fn test(part: &str) -> Option<Exception> {
    let part = inside_parentheses(part.trim()).unwrap_or(part.trim());
    let (name, arguments, behind) = call(part)?;
    let [about, list] = split(arguments, ",").try_into().ok()?;
    let target = target(about).filter(|_| behind.trim().is_empty())?;
    let texts = list.trim().strip_prefix('[')?.strip_suffix(']')?;
    let texts: Vec<String> = split(texts, ",").into_iter().map(str::trim).filter(|t| !t.is_empty()).map(quoted).collect::<Option<_>>()?;
    match name {
        "matchesAny" if !texts.is_empty() => Some(Exception { target, patterns: texts, words: Vec::new() }),
        "containsAny" if !texts.is_empty() => Some(Exception { target, patterns: Vec::new(), words: texts }),
        _ => None,
    }
}

/// A function's name without its group, what stands between its parentheses, and what stands behind them.
fn call(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.trim().split_once('(')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    let end = closing(rest)?;
    let name = name.strip_prefix("filter.").unwrap_or(name);
    plain.then_some((name, rest.get(..end)?, rest.get(end + 1..)?))
}

fn target(text: &str) -> Option<Target> {
    let name = text.trim().strip_prefix("finding")?.trim();
    let name = name.strip_prefix('.').or_else(|| name.strip_prefix("[\"")?.strip_suffix("\"]"))?;
    match name {
        "secret" => Some(Target::Secret),
        "match" => Some(Target::Match),
        "line" => Some(Target::Line),
        _ => None,
    }
}

/// The text of a string: raw between backquotes or behind `r`, with escapes between double quotes.
fn quoted(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('`').and_then(|t| t.strip_suffix('`')) {
        return Some(raw.to_owned());
    }
    if let Some(raw) = text.strip_prefix("r\"\"\"").and_then(|t| t.strip_suffix("\"\"\"")) {
        return Some(raw.to_owned());
    }
    if let Some(raw) = text.strip_prefix("r\"").and_then(|t| t.strip_suffix('"')) {
        return Some(raw.to_owned());
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => plain.push('\n'),
                't' => plain.push('\t'),
                'r' => plain.push('\r'),
                other => plain.push(other),
            },
            c => plain.push(c),
        }
    }
    Some(plain)
}

/// The length of the string that starts at the beginning, or nothing where none does.
fn string_length(text: &str) -> Option<usize> {
    let find = |open: usize, close: &str| text.get(open..).and_then(|t| t.find(close)).map(|at| open + at + close.len());
    if text.starts_with("r\"\"\"") {
        return find(4, "\"\"\"");
    }
    if text.starts_with("r\"") {
        return find(2, "\"");
    }
    if text.starts_with('`') {
        return find(1, "`");
    }
    if !text.starts_with('"') {
        return None;
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Calls `each` with the places and depths of what is outside strings, until it says to stop.
fn walk(text: &str, mut each: impl FnMut(usize, i32) -> bool) {
    let (mut at, mut depth) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = string_length(rest) {
            at += length;
            continue;
        }
        let c = rest.chars().next().unwrap_or(' ');
        depth -= i32::from(matches!(c, ')' | ']' | '}'));
        if !each(at, depth) {
            return;
        }
        depth += i32::from(matches!(c, '(' | '[' | '{'));
        at += c.len_utf8();
    }
}

/// Where the parenthesis closes that was opened right before the text.
fn closing(text: &str) -> Option<usize> {
    let mut end = None;
    walk(text, |at, depth| {
        if depth < 0 {
            end = Some(at);
        }
        depth >= 0
    });
    end
}

fn inside_parentheses(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('(')?;
    let end = closing(rest)?;
    (end + 1 == rest.len()).then(|| &rest[..end])
}

/// The parts between `divider`s that stand outside of strings and parentheses.
fn split<'t>(text: &'t str, divider: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut start = 0;
    walk(text, |at, depth| {
        if depth == 0 && at >= start && text.get(at..).is_some_and(|rest| rest.starts_with(divider)) {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + divider.len();
        }
        true
    });
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::{Filter, read};
    use crate::credentials::rules::{Exception, Target};

    #[test]
    fn entropy_and_lists_are_read_in_both_versions_of_the_syntax() {
        let old = r#"filter.entropy(finding["secret"]) <= 3.5 || filter.matchesAny(finding["line"], [r"""(?i)demo""", "a\\.b"])"#;
        let new = "entropy(finding.secret) < 3.5\n|| // a remark\n(matchesAny(finding.line, [`(?i)demo`, `a\\.b`]))";
        let wanted = Filter {
            entropy: 3.5,
            exceptions: vec![vec![Exception {
                target: Target::Line,
                patterns: vec!["(?i)demo".to_owned(), "a\\.b".to_owned()],
                words: Vec::new(),
            }]],
            unknown: Vec::new(),
        };
        assert_eq!(read(old), wanted);
        assert_eq!(read(&new.replace(" // a remark", "")), wanted);
    }

    #[test]
    fn what_is_joined_by_and_holds_together_or_is_not_used() {
        let both = read(r#"containsAny(finding["secret"], ["x,y", "||"]) && matchesAny(finding["match"], [`q`])"#);
        assert_eq!(both.exceptions.len(), 1);
        assert_eq!(both.exceptions[0].len(), 2);
        assert_eq!(both.exceptions[0][0].words, ["x,y", "||"]);
        let unknown = read(r#"containsAny(finding["secret"], ["x"]) && attributes["path"] == "y" || tokenRatio(finding["secret"]) >= 2.5"#);
        assert!(unknown.exceptions.is_empty());
        assert_eq!(unknown.unknown.len(), 2);
        assert_eq!(read("let x = 1; x < 2").unknown.len(), 1);
        assert_eq!(read(&"(".repeat(10_000)).exceptions.len(), 0);
    }
}
