//! Cuts chat text around a keyword into the pieces that the word grammar weighs: values, with what quoted them and what stands before.

use std::ops::Range;

use super::boundary::is_unspaced;

/// A piece of text between blanks, markup and punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Bytes in the text that was cut.
    pub range: Range<usize>,
    /// What stood before it.
    pub before: Before,
    /// Line breaks between the beginning of the text and it.
    pub line: usize,
    /// The sign right behind it, if any.
    pub behind: Option<char>,
    /// Nothing else stands on its line.
    pub alone: bool,
    /// Nothing stands behind it on its line.
    pub last: bool,
}

/// What has been seen since the token before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// Quotes, bold or code began.
    pub quoted: bool,
    /// A sign that assigns (`:`, `=`, an arrow).
    pub assigned: bool,
    /// A slash or a bar alone, as between a user and a password.
    pub divided: bool,
    /// A sentence ended.
    pub sentence: bool,
    /// A question ended.
    pub question: bool,
    /// A line ended.
    pub line: bool,
    /// A comma.
    pub comma: bool,
    /// A bracket opened.
    pub opened: bool,
}

/// A piece without blanks that is longer ends there.
const VALUE_BYTES_MAX: usize = 512;

/// Markup tags longer than this are text.
const TAG_BYTES_MAX: usize = 200;

const QUOTING_TAGS: &[&str] = &["b", "strong", "code", "i", "em", "pre", "kbd", "tt", "mark"];
const BREAKING_TAGS: &[&str] = &["br", "p", "div", "li", "tr", "ul", "ol", "table", "blockquote"];
const OTHER_TAGS: &[&str] = &["span", "td", "th", "a", "at", "codeblock", "u", "s", "font", "tbody", "attachment", "img", "h1", "h2", "h3"];

/// Markup of wikis in braces.
const BRACE_TAGS: &[&str] = &["{code", "{noformat", "{quote", "{color", "{panel"];

/// Whether a value in running text ends at this sign.
fn ends_value(c: char) -> bool {
    const WIDE: &[char] = &[
        '“', '”', '„', '«', '»', '，', '。', '、', '；', '（', '）', '！', '？', '「', '」', '【', '】', '：', '＝', '→', '←', '…', '•',
        '·', '\u{200b}',
    ];
    if c.is_ascii() {
        matches!(c, '<' | '"' | '`' | '|' | ',' | ';') || c.is_ascii_whitespace()
    } else {
        c.is_whitespace() || WIDE.contains(&c)
    }
}

/// Punctuation that says nothing about what follows.
const PUNCTUATION: &[char] =
    &[',', ';', ')', ']', '}', '，', '、', '；', '）', '(', '（', '[', '\\', '•', '·', '…', '”', '」', '】', '【', '“', '»'];

const ESCAPES: &[(&str, &str)] = &[
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&ndash;", "-"),
    ("&rarr;", "→"),
    ("&ldquo;", "\""),
    ("&rdquo;", "\""),
    ("&bdquo;", "\""),
    ("&laquo;", "\""),
    ("&raquo;", "\""),
];

fn closing(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '\'' => Some(&['\'']),
        '`' => Some(&['`']),
        '„' => Some(&['“', '”', '"']),
        '“' => Some(&['”', '“', '"']),
        '‘' => Some(&['’']),
        '«' => Some(&['»']),
        '「' => Some(&['」']),
        '『' => Some(&['』']),
        _ => None,
    }
}

/// Pictures that people put between words: no part of a value.
fn is_pictogram(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{200b}'..='\u{200f}')
}

/// Escaped markup and its length.
fn escape(rest: &str) -> Option<(&'static str, usize)> {
    ESCAPES.iter().find(|(escaped, _)| rest.starts_with(escaped)).map(|(escaped, plain)| (*plain, escaped.len()))
}

/// Whether chats write messages with a tag of this (lower-case) name.
pub fn is_tag(name: &str) -> bool {
    [QUOTING_TAGS, BREAKING_TAGS, OTHER_TAGS].iter().any(|tags| tags.contains(&name))
}

struct Tag {
    length: usize,
    quotes: bool,
    breaks: bool,
}

/// The markup tag at the beginning of the text.
fn tag(rest: &str) -> Option<Tag> {
    if let Some(name) = BRACE_TAGS.iter().find(|name| rest.starts_with(**name)) {
        let end = rest.bytes().take(TAG_BYTES_MAX).position(|b| b == b'}')?;
        return (end >= name.len()).then_some(Tag { length: end + 1, quotes: false, breaks: true });
    }
    let inner = rest.strip_prefix('<')?;
    let name = inner.trim_start_matches('/');
    let end = rest.bytes().take(TAG_BYTES_MAX).position(|b| b == b'>')?;
    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let quotes = QUOTING_TAGS.contains(&name.as_str());
    let breaks = BREAKING_TAGS.contains(&name.as_str());
    (quotes || breaks || OTHER_TAGS.contains(&name.as_str())).then_some(Tag {
        length: end + 1,
        quotes: quotes && !inner.starts_with('/'),
        breaks,
    })
}

/// The tokens of a text, in order.
#[derive(Debug)]
pub struct Tokens<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    any: bool,
}

/// Cuts the text into tokens, as they are asked for.
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0, line: 0, any: false }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let mut before = Before::default();
        loop {
            while self.text.as_bytes().get(self.at) == Some(&b' ') {
                self.at += 1;
            }
            if let Some(end) = plain_word(self.text, self.at) {
                let range = self.at..end;
                self.at = end;
                return Some(self.token(range, before));
            }
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            if let Some(skipped) = between(rest, first, self.any, self.at == 0, &mut before, &mut self.line) {
                self.at += skipped;
                continue;
            }
            let quotes = closing(first);
            let range = match quotes {
                Some(ends) => {
                    before.quoted = true;
                    quoted(self.text, self.at, first, ends)
                }
                None => bare(self.text, self.at),
            };
            let Some(range) = range.filter(|range| quotes.is_some() || !range.is_empty()) else {
                self.at += first.len_utf8();
                continue;
            };
            self.at = range.end + if range.is_empty() { first.len_utf8() } else { 0 };
            return Some(self.token(range, before));
        }
    }
}

impl Tokens<'_> {
    /// The token, the text being read up to behind it.
    fn token(&mut self, range: Range<usize>, before: Before) -> Token {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let last = ends_line(rest);
        let alone = (before.line || !self.any) && last;
        self.any = true;
        Token { range, before, line: self.line, behind: rest.chars().next(), alone, last }
    }
}

/// Where a word ends that begins here, letters and digits with a blank behind them: most tokens of a sentence, and quickly seen.
fn plain_word(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let length = rest.iter().take(VALUE_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric()).count();
    (length > 0 && matches!(rest.get(length), None | Some(b' '))).then_some(at + length)
}

/// Whether nothing but markup and closing signs stands before the line's end.
fn ends_line(rest: &str) -> bool {
    if matches!(rest.as_bytes(), [b' ', next, ..] if next.is_ascii_alphanumeric()) {
        return false;
    }
    let rest = rest.trim_start_matches([' ', '`', '"', '\'', '*', '_', '.', ')', '”', '}']);
    rest.is_empty() || rest.starts_with('\n') || rest.starts_with("</") || rest.starts_with("<br") || rest.starts_with("\\n")
}

/// What stands between two tokens: how much of it to skip, or nothing where a token begins.
fn between(rest: &str, first: char, some_found: bool, begins: bool, before: &mut Before, line: &mut usize) -> Option<usize> {
    if let Some(tag) = matches!(first, '<' | '{').then(|| tag(rest)).flatten() {
        before.quoted |= tag.quotes;
        before.line |= tag.breaks;
        *line += usize::from(tag.breaks);
        return Some(tag.length);
    }
    // An escaped bracket opens a placeholder: it is left to the value.
    if let Some((plain, length)) = (first == '&').then(|| escape(rest)).flatten().filter(|(plain, _)| *plain != "<") {
        before.assigned |= plain == ">" || plain == "→";
        before.quoted |= plain == "\"" || plain == "'";
        return Some(length);
    }
    let length = first.len_utf8();
    if first.is_alphanumeric() {
        return None;
    }
    let blank_behind =
        rest.get(length..).is_none_or(|r| r.is_empty() || r.starts_with(|n: char| n.is_whitespace() || n == '<' || is_unspaced(n)));
    if let Some(length) = face(rest) {
        return Some(length);
    }
    match first {
        '\n' => {
            before.line = true;
            *line += 1;
        }
        _ if first.is_whitespace() => {}
        ':' if some_found && emoji(rest).is_some() => return emoji(rest),
        ':' | '=' | '>' | '→' | '：' | '＝' | '←' | '⇒' | '➔' | '➜' | '➡' | '\u{1f449}' => before.assigned = true,
        _ if is_pictogram(first) => {}
        '-' | '–' | '—' if blank_behind || rest.get(length..).is_some_and(|r| r.starts_with('>') || r.starts_with("->")) => {
            before.assigned |= !blank_behind;
            before.divided |= blank_behind;
        }
        '.' if rest.starts_with("....") => {
            // A row of dots leads to a value, as in a printed form.
            let dots = rest.len() - rest.trim_start_matches('.').len();
            before.assigned |= rest.get(dots..).is_some_and(|r| r.starts_with([' ', '\t']));
            return Some(dots);
        }
        '+' | '&' if blank_behind => before.divided = true,
        '!' if rest.starts_with("!=") => before.assigned = true,
        '/' | '|' if blank_behind || first == '|' || begins || rest.starts_with("// ") => before.divided = true,
        '.' | '!' | '?' | '。' | '？' | '！' if blank_behind => {
            before.sentence = true;
            before.question |= matches!(first, '?' | '？');
        }
        '*' | '_' | '~' if !rest.starts_with("***") && !rest.starts_with("___") => {
            before.quoted |=
                first != '~' && rest.get(length..).is_some_and(|r| r.starts_with(|n: char| n.is_alphanumeric() || n == '_' || n == '`'));
        }
        '{' if !rest.starts_with("{{ ") => before.quoted = true,
        _ if PUNCTUATION.contains(&first) => {
            before.comma |= matches!(first, ',' | '，' | '、');
            before.opened |= matches!(first, '(' | '（' | '[');
        }
        _ => return None,
    }
    Some(length)
}

/// The length of a face made of signs (`:)`) at the beginning of the text: its colon assigns nothing.
fn face(rest: &str) -> Option<usize> {
    const FACES: &[&str] = &[
        ":)", ":(", ":D", ":P", ":p", ":/", ":S", ":s", ":O", ":o", ":-)", ":-(", ":-D", ":-P", ":-/", ":'(", "=)", "=(", "=D", "(:", "(=",
    ];
    let face = rest.starts_with([':', '=', '(']).then(|| FACES.iter().find(|face| rest.starts_with(**face))).flatten()?;
    let behind = rest.get(face.len()..).unwrap_or_default();
    (behind.is_empty() || behind.starts_with(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '!' | '?'))).then_some(face.len())
}

/// The length of an emoji's name (`:point_down:`) at the beginning of the text.
fn emoji(rest: &str) -> Option<usize> {
    const NAME_BYTES_MAX: usize = 30;
    let name = rest.strip_prefix(':')?;
    let end = name.find(':').filter(|end| (2..NAME_BYTES_MAX).contains(end))?;
    name.get(..end)?.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then_some(end + 2)
}

/// What stands between quotes on one line.
fn quoted(text: &str, at: usize, open: char, ends: &[char]) -> Option<Range<usize>> {
    const QUOTED_CHARS_MAX: usize = 160;
    const WORDS_MAX: usize = 8;
    let start = at + open.len_utf8();
    let rest = text.get(start..)?;
    let mut escaped = false;
    for (place, c) in rest.char_indices().take(QUOTED_CHARS_MAX) {
        if c == '\n' {
            return None;
        }
        if ends.contains(&c) && !escaped {
            // Code in backticks may hold an assignment of its own: only what is one word is a value.
            let inner = rest.get(..place)?;
            let inner = inner.strip_suffix("&nbsp;").unwrap_or(inner);
            let lead = inner.len() - inner.strip_prefix("&nbsp;").unwrap_or(inner).trim_start().len();
            let trimmed = inner.get(lead..).unwrap_or_default().trim();
            let from = start + lead;
            let words = || trimmed.split(' ').count() <= WORDS_MAX && trimmed.chars().all(|c| c.is_alphanumeric() || c == ' ');
            return (open != '`' || !trimmed.contains(char::is_whitespace) || words()).then_some(from..from + trimmed.len());
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Whether this is the name of an escaped sign or letter: `amp`, `uuml`.
pub fn is_entity(name: &str) -> bool {
    const LETTERS: &[&str] = &["uml", "acute", "grave", "circ", "tilde", "cedil", "slash", "ring", "lig"];
    matches!(name, "amp" | "lt" | "gt") || LETTERS.iter().any(|letter| name.len() > letter.len() && name.ends_with(letter))
}

/// What stands up to the next blank or sign that no password holds.
fn bare(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let first = rest.chars().next()?;
    let script = is_unspaced(first);
    // Letters and digits need no look of their own.
    let plain = rest.bytes().take(VALUE_BYTES_MAX).take_while(u8::is_ascii_alphanumeric).count();
    let mut end = plain;
    for (place, c) in rest.get(plain..)?.char_indices().map(|(place, c)| (plain + place, c)) {
        let here = rest.get(place..).unwrap_or_default();
        let opens = place == 0 && matches!(c, '<' | '•' | '…');
        // A semicolon may end an escaped sign inside the value.
        let entity = c == ';' && rest.get(..place).and_then(|r| r.rsplit_once('&')).is_some_and(|(_, name)| is_entity(name));
        // A quote between letters is a sign like others.
        let inner = c == '"'
            && rest.get(..place).is_some_and(|r| r.ends_with(char::is_alphanumeric))
            && here.get(1..).is_some_and(|r| r.starts_with(char::is_alphanumeric));
        // "Gravel;48": digits alone behind a semicolon are no next setting.
        let number = here.get(1..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
        let numbered =
            c == ';' && place > 0 && number.len() + 1 < here.len() && !number.starts_with(|c: char| !c.is_whitespace() && c != '<');
        let ends = ends_value(c) && !entity && !inner && !numbered;
        let markup = match c {
            '&' => {
                place > 0
                    && escape(here)
                        .is_some_and(|(_, length)| !here.get(length..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())))
            }
            '}' => here.starts_with("}}"),
            '{' => place > 0 && tag(here).is_some(),
            _ => false,
        };
        if place > VALUE_BYTES_MAX || ends && !opens || is_unspaced(c) != script || markup {
            break;
        }
        end = place + c.len_utf8();
    }
    let value = rest.get(..end)?;
    if value.len() >= 3 && value.bytes().all(|b| matches!(b, b'*' | b'_' | b'.')) {
        return Some(at..at + value.len());
    }
    // Behind a number the star is a key, unless it closes bold.
    let bold = at.checked_sub(1).and_then(|before| text.as_bytes().get(before)) == Some(&b'*');
    let number = value.trim_end_matches(['.', ':']).strip_suffix('*').filter(|digits| !bold && digits.bytes().all(|b| b.is_ascii_digit()));
    if let Some(number) = number.filter(|digits| !digits.is_empty()) {
        return Some(at..at + number.len() + 1);
    }
    let mut value = value.trim_end_matches(['.', ':', '?', '*', '~', '\'', '’', '\\']);
    while let Some(inner) = value.strip_suffix([')', ']', '}']).filter(|inner| !inner.contains(['(', '[', '{'])) {
        value = inner.trim_end_matches(['.', ':', '?', '*', '\'']);
    }
    Some(at..at + value.len())
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn text_is_cut_at_blanks_markup_and_quotes() {
        let cases: &[(&str, &[&str])] = &[
            (": Tern-91!, thanks", &["Tern-91!", "thanks"]),
            (" <b>Tern&amp;91</b><br>next", &["Tern&amp;91", "next"]),
            (" is `Tern-91`.", &["is", "Tern-91"]),
            ("は Tern91です", &["は", "Tern91", "です"]),
            (" {{Tern^91}} and", &["Tern^91", "and"]),
            (": &lt;your password&gt;", &["&lt;your", "password"]),
            (" = \"a b\"", &["a b"]),
            (" :) Tern-91 =D", &["Tern-91"]),
            (": ********` in", &["********", "in"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = tokens(text).map(|token| &text[token.range.clone()]).collect();
            assert_eq!(found, *expected, "{text}");
        }
    }
}
