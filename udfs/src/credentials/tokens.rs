//! Cuts chat text around a keyword into the pieces that the word grammar weighs: values, with what quoted them and what stands before.

use std::ops::Range;

/// A piece of text between blanks, markup and punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Bytes in the text that was cut.
    pub range: Range<usize>,
    /// It stood in quotes, in bold or as code.
    pub quoted: bool,
    /// A sign that assigns (`:`, `=`, an arrow) stood right before it.
    pub assigned: bool,
    /// A slash or a bar alone stood right before it, as between a user and a password.
    pub divided: bool,
    /// Line breaks between the beginning of the text and it.
    pub line: usize,
    /// A sentence ended between the token before and it.
    pub new_sentence: bool,
    /// The sign right behind it, if any.
    pub behind: Option<char>,
}

const TOKENS_MAX: usize = 24;

/// Markup tags longer than this are text.
const TAG_BYTES_MAX: usize = 200;

fn closing(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '\'' => Some(&['\'']),
        '`' => Some(&['`']),
        '„' => Some(&['“', '”', '"']),
        '“' => Some(&['”', '“', '"']),
        '‘' => Some(&['’']),
        '«' => Some(&['»']),
        '»' => Some(&['«']),
        '「' => Some(&['」']),
        '『' => Some(&['』']),
        _ => None,
    }
}

fn is_script_without_blanks(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}')
}

fn ends_value(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '"'
                | '`'
                | '“'
                | '”'
                | '„'
                | '«'
                | '»'
                | '|'
                | ','
                | ';'
                | '，'
                | '。'
                | '、'
                | '；'
                | '（'
                | '）'
                | '！'
                | '？'
                | '「'
                | '」'
                | '【'
                | '】'
                | '：'
                | '＝'
                | '→'
                | '←'
                | '…'
                | '•'
                | '·'
                | '\u{200b}'
        )
}

/// Escaped markup and its length.
fn escape(rest: &str) -> Option<(&'static str, usize)> {
    [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&ndash;", "-"), ("&rarr;", "→")]
        .iter()
        .find(|(escaped, _)| rest.starts_with(escaped))
        .map(|(escaped, plain)| (*plain, escaped.len()))
}

/// The length of the markup tag at the beginning of the text, and whether it is one that quotes.
fn tag(rest: &str) -> Option<(usize, bool, bool)> {
    let inner = rest.strip_prefix('<')?;
    let name = inner.trim_start_matches('/');
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = rest.bytes().take(TAG_BYTES_MAX).position(|b| b == b'>')?;
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let quotes = !inner.starts_with('/') && matches!(name.as_str(), "b" | "strong" | "code" | "i" | "em" | "pre" | "kbd" | "tt" | "mark");
    let breaks = matches!(name.as_str(), "br" | "p" | "div" | "li" | "tr" | "ul" | "ol" | "table");
    let known = quotes
        || breaks
        || matches!(
            name.as_str(),
            "b" | "strong"
                | "code"
                | "i"
                | "em"
                | "pre"
                | "kbd"
                | "tt"
                | "mark"
                | "span"
                | "td"
                | "th"
                | "a"
                | "at"
                | "codeblock"
                | "u"
                | "s"
                | "font"
                | "tbody"
                | "attachment"
                | "img"
                | "h1"
                | "h2"
                | "h3"
                | "blockquote"
        );
    known.then_some((end + 1, quotes, breaks))
}

/// What has been seen since the last token.
#[derive(Default)]
struct Between {
    assigned: bool,
    divided: bool,
    quoted: bool,
    new_sentence: bool,
}

/// Cuts the text into tokens, [`TOKENS_MAX`] at most.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut between = Between::default();
    let (mut at, mut line) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if found.len() >= TOKENS_MAX {
            break;
        }
        let Some(c) = rest.chars().next() else { break };
        if let Some((length, quotes, breaks)) = tag(rest) {
            between.quoted |= quotes;
            line += usize::from(breaks);
            at += length;
            continue;
        }
        if let Some((plain, length)) = escape(rest) {
            // An escaped bracket opens a placeholder: leave it to the value.
            if plain != "<" {
                between.assigned |= plain == ">" || plain == "→";
                between.quoted |= plain == "\"" || plain == "'";
                at += length;
                continue;
            }
        }
        let blank_behind = rest.get(c.len_utf8()..).is_none_or(|r| r.is_empty() || r.starts_with(|n: char| n.is_whitespace() || n == '<'));
        match c {
            '\n' => {
                line += 1;
                at += 1;
                continue;
            }
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            ':' if rest.strip_prefix(':').is_some_and(|r| {
                r.starts_with(|n: char| n.is_ascii_lowercase())
                    && !found.is_empty()
                    && r.find(':').is_some_and(|e| e < 30 && r[..e].bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            }) =>
            {
                // An emoji's name.
                at += 2 + rest.get(1..).and_then(|r| r.find(':')).unwrap_or(0);
                continue;
            }
            ':' | '=' | '>' | '→' | '：' | '＝' | '←' | '⇒' | '➜' | '➡' => {
                between.assigned = true;
                at += c.len_utf8();
                continue;
            }
            '-' | '–' | '—' if blank_behind || rest.starts_with("->") || rest.starts_with("-->") || rest.starts_with("—>") => {
                between.assigned |= rest.contains("->") && rest.find("->").is_some_and(|place| place <= 1);
                between.divided |= blank_behind;
                at += c.len_utf8();
                continue;
            }
            '/' | '|' if blank_behind || c == '|' => {
                between.divided = true;
                at += 1;
                continue;
            }
            '.' | '!' | '?' | '。' | '？' | '！' if blank_behind => {
                between.new_sentence = true;
                at += c.len_utf8();
                continue;
            }
            ',' | ';' | ')' | ']' | '}' | '，' | '、' | '；' | '）' | '(' | '（' | '[' | '\\' | '•' | '·' | '…' | '”' | '」' | '】'
            | '【' => {
                at += c.len_utf8();
                continue;
            }
            '*' | '_' | '~' if !rest.starts_with("***") && !rest.starts_with("___") => {
                between.quoted |= c == '*' || c == '_';
                at += 1;
                continue;
            }
            '{' if !rest.starts_with("{{ ") || rest.starts_with("{{") && rest.get(2..).is_some_and(|r| !r.starts_with(' ')) => {
                between.quoted = true;
                at += 1;
                continue;
            }
            _ => {}
        }
        let token = match closing(c).and_then(|ends| quoted(text, at, c, ends)) {
            Some(range) if range.is_empty() => {
                at += c.len_utf8();
                continue;
            }
            Some(range) => Some((range, true)),
            None if closing(c).is_some() => {
                between.quoted = true;
                at += c.len_utf8();
                continue;
            }
            None => bare(text, at).map(|range| (range, between.quoted)),
        };
        let Some((range, quoted)) = token else {
            at += c.len_utf8();
            continue;
        };
        at = range.end;
        let behind = text.get(at..).and_then(|r| r.chars().next());
        found.push(Token {
            range,
            quoted,
            assigned: between.assigned,
            divided: between.divided,
            line,
            new_sentence: between.new_sentence,
            behind,
        });
        between = Between::default();
    }
    found
}

/// What stands between quotes on one line.
fn quoted(text: &str, at: usize, open: char, ends: &[char]) -> Option<Range<usize>> {
    const QUOTED_BYTES_MAX: usize = 160;
    let start = at + open.len_utf8();
    let rest = text.get(start..)?;
    for (place, c) in rest.char_indices().take(QUOTED_BYTES_MAX) {
        if c == '\n' {
            return None;
        }
        if ends.contains(&c) && !rest.get(..place).is_some_and(|r| r.ends_with('\\')) {
            // Code in backticks may hold an assignment of its own: only what is one word is a value.
            let inner = rest.get(..place)?;
            let several = inner.contains(char::is_whitespace);
            return (!several || open != '`').then_some(start..start + place);
        }
    }
    None
}

/// What stands up to the next blank or sign that no password holds.
fn bare(text: &str, at: usize) -> Option<Range<usize>> {
    const VALUE_BYTES_MAX: usize = 512;
    let rest = text.get(at..)?;
    let first = rest.chars().next()?;
    let script = is_script_without_blanks(first);
    let mut end = 0;
    for (place, c) in rest.char_indices() {
        let placeholder = place == 0 && (c == '<' || c == '•' || c == '…');
        if place > VALUE_BYTES_MAX
            || ends_value(c) && !placeholder
            || is_script_without_blanks(c) != script
            || c == '&' && place > 0 && escape(&rest[place..]).is_some()
            || c == '}' && rest[place..].starts_with("}}")
        {
            break;
        }
        end = place + c.len_utf8();
    }
    let value = rest.get(..end)?;
    let mut value = value.trim_end_matches(['.', ':', '?', '*', '~', '\'', '’', '\\']);
    while let Some(inner) = value.strip_suffix([')', ']', '}']).filter(|inner| !inner.contains(['(', '[', '{'])) {
        value = inner.trim_end_matches(['.', ':', '?', '*', '\'']);
    }
    (!value.is_empty()).then(|| at..at + value.len())
}
