//! Go's regular expressions in Rust's, and the texts that every match of one must hold.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// A Go expression (RE2) written so that Rust's regex means the same. What is wrong in Go stays wrong.
pub fn translated(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += escape(chars.get(at..).unwrap_or_default(), &mut out),
            '[' => at += class(chars.get(at..).unwrap_or_default(), &mut out),
            // An opening brace that repeats nothing is itself.
            '{' if !is_repetition(chars.get(at..).unwrap_or_default()) => {
                out.push_str("\\{");
                at += 1;
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    out
}

/// Writes an escape and says how many characters it took.
fn escape(chars: &[char], out: &mut String) -> usize {
    match chars.get(1) {
        // Literal text up to `\E`.
        Some('Q') => {
            let rest = chars.get(2..).unwrap_or_default();
            let length = rest.windows(2).position(|two| two == ['\\', 'E']).unwrap_or(rest.len());
            let text: String = rest.iter().take(length).collect();
            out.push_str(&regex_syntax::escape(&text));
            (2 + length + 2).min(chars.len())
        }
        // In Rust these two are edges of words.
        Some(edge @ ('<' | '>')) => {
            out.push(*edge);
            2
        }
        Some('C') => {
            out.push_str("(?s-u:.)");
            2
        }
        Some(other) => {
            out.push('\\');
            out.push(*other);
            2
        }
        None => {
            out.push('\\');
            1
        }
    }
}

/// Writes a class of characters and says how many characters it took. Brackets and doubled signs inside mean nothing in Go.
fn class(chars: &[char], out: &mut String) -> usize {
    let mut at = 1;
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match c {
            ']' if at > first => {
                out.push(']');
                return at + 1;
            }
            '\\' => {
                at += escape(chars.get(at..).unwrap_or_default(), out);
                continue;
            }
            '[' if next == Some(':') => {
                let rest = chars.get(at..).unwrap_or_default();
                let length = rest.windows(2).position(|two| two == [':', ']']).map_or(1, |end| end + 2);
                out.extend(rest.iter().take(length));
                at += length;
                continue;
            }
            '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            '&' | '~' if next == Some(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        at += 1;
    }
    at
}

/// Whether the brace at the beginning opens `{2}`, `{2,}` or `{2,5}`.
fn is_repetition(chars: &[char]) -> bool {
    let inner: String = chars.iter().skip(1).take_while(|c| **c != '}').take(16).collect();
    let closed = chars.get(1 + inner.chars().count()) == Some(&'}');
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    closed
        && match inner.split_once(',') {
            Some((least, most)) => number(least) && (most.is_empty() || number(most)),
            None => number(&inner),
        }
}

/// The expression's structure, read as the matcher reads it.
pub fn parsed(pattern: &str) -> Result<Hir, String> {
    let parse = |unicode: bool| {
        let hir = ParserBuilder::new().unicode(unicode).utf8(false).nest_limit(64).build().parse(pattern);
        // The last line says what is wrong; those before show the pattern.
        hir.map_err(|error| error.to_string().lines().last().unwrap_or("does not parse").trim_start_matches("error: ").to_owned())
    };
    parse(false).or_else(|error| parse(true).map_err(|_| error))
}

/// Texts of which every match holds at least one, in small letters, each of `least` bytes or more; nothing where there are none.
pub fn required(hir: &Hir, least: usize) -> Option<Vec<String>> {
    const TEXTS_MAX: usize = 64;
    let mut parts = Parts::default();
    parts.read(hir);
    parts.close();
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
    let usable = parts.choices.into_iter().filter(|texts| texts.len() <= TEXTS_MAX && shortest(texts) >= least);
    // Beyond some length a text is rare enough: then few are better.
    const LENGTH_ENOUGH: usize = 6;
    usable.max_by_key(|texts| (shortest(texts).min(LENGTH_ENOUGH), TEXTS_MAX - texts.len(), shortest(texts)))
}

/// What was read of an expression from left to right.
#[derive(Default)]
struct Parts {
    /// What stands one after another for sure: one of these texts.
    run: Vec<String>,
    /// Sets of texts, of each of which a match holds one.
    choices: Vec<Vec<String>>,
}

/// Letters that may stand at one place of a text; more, and the texts become too many.
const LETTERS_MAX: usize = 16;

/// A longer text is no rarer.
const TEXT_BYTES_MAX: usize = 48;

impl Parts {
    fn close(&mut self) {
        if !self.run.is_empty() {
            self.choices.push(std::mem::take(&mut self.run));
        }
    }

    /// Goes on with one of `letters`.
    fn push(&mut self, letters: &[char]) {
        if self.run.first().is_some_and(|text| text.len() >= TEXT_BYTES_MAX) {
            self.close();
        }
        if self.run.is_empty() {
            self.run.push(String::new());
        }
        if self.run.len() == 1 && letters.len() > 1 {
            // One text that is long enough is better than many that are longer.
            self.choices.push(self.run.clone());
        }
        if self.run.len() * letters.len() > LETTERS_MAX {
            self.close();
            return;
        }
        self.run = self.run.iter().flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}"))).collect();
    }

    fn read(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => text.to_ascii_lowercase().chars().for_each(|letter| self.push(&[letter])),
                Err(_) => self.close(),
            },
            HirKind::Class(class) => match few(class) {
                Some(letters) => self.push(&letters),
                None => self.close(),
            },
            HirKind::Capture(capture) => self.read(&capture.sub),
            HirKind::Concat(all) => all.iter().for_each(|part| self.read(part)),
            HirKind::Repetition(repetition) if repetition.min >= 1 => {
                // The first time is joined to what stands before; what stands behind is joined to the last time.
                self.read(&repetition.sub);
                self.close();
            }
            HirKind::Repetition(_) => self.close(),
            HirKind::Alternation(branches) => {
                self.close();
                let of_branches: Option<Vec<Vec<String>>> = branches.iter().map(|branch| required(branch, 1)).collect();
                self.choices.extend(of_branches.map(|texts| texts.concat()));
            }
        }
    }
}

/// The letters of a class in one case, if they are few.
fn few(class: &Class) -> Option<Vec<char>> {
    let all: Vec<char> = match class {
        Class::Unicode(class) => class.iter().flat_map(|range| range.start()..=range.end()).take(2 * LETTERS_MAX + 1).collect(),
        Class::Bytes(class) => {
            class.iter().flat_map(|range| (range.start()..=range.end()).map(char::from)).take(2 * LETTERS_MAX + 1).collect()
        }
    };
    let mut letters: Vec<char> = all.iter().map(char::to_ascii_lowercase).collect();
    letters.sort_unstable();
    letters.dedup();
    (letters.len() <= LETTERS_MAX && all.iter().all(char::is_ascii)).then_some(letters)
}

#[cfg(test)]
mod tests {
    use regex::bytes::RegexBuilder;

    use super::{parsed, required, translated};

    fn needs(pattern: &str) -> Option<Vec<String>> {
        required(&parsed(&translated(pattern)).expect("parses"), 3)
    }

    #[test]
    fn what_go_reads_otherwise_is_rewritten() {
        for (go, text, matches) in [
            (r"^\${(?:[A-Z]+)}$", "${HOME}", true),
            (r"^{\d{0,2}}$", "{12}", true),
            (r"[[x]", "[", true),
            (r"[]a]", "]", true),
            (r"[^]]", "]", false),
            (r"[a&&b]", "&", true),
            (r"\Qa.b\E+", "a.bb", true),
            (r"\Qa.b\E", "axb", false),
            (r"\<key\>", "<key>", true),
            (r"[[:digit:]]{2}x", "12x", true),
            (r"x{,3}", "x{,3}", true),
            (r"\x60v\x60", "`v`", true),
        ] {
            let regex = RegexBuilder::new(&translated(go)).build().expect(go);
            assert_eq!(regex.is_match(text.as_bytes()), matches, "{go} on {text}");
        }
    }

    #[test]
    fn the_texts_that_a_match_must_hold_are_the_longest_there_are() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(needs(r"\b(acme_[a-z0-9]{20})\b"), one("acme_"));
        assert_eq!(needs(r"(?i)acme[\w.-]{0,20}?token=([a-f0-9]{32})"), one("token="));
        assert_eq!(needs("[ab]Q~.*"), Some(vec!["aq~".to_owned(), "bq~".to_owned()]));
        assert_eq!(needs("(?i:key)[0-9]+(?:abcd|wxyz)"), Some(vec!["abcd".to_owned(), "wxyz".to_owned()]));
        assert_eq!(needs("[a-z0-9]{32}"), None);
        assert_eq!(needs("(?:abcd|[0-9]{9})"), None);
        assert_eq!(needs("(?:abcd)?efgh"), one("efgh"));
        assert_eq!(needs("(?:abcd)+x"), one("abcd"));
    }
}
