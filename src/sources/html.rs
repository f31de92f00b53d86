//! HTML → text, for the bodies of chat messages, pages, comments and mails.
//!
//! A tokenizer, not a tree: nothing nests, so no input makes it recurse, and the work grows with the length of the input only.
//! It is made for searching, not for display: lines are never wrapped, code keeps its spaces, and a link shows its target where its
//! label does not, because credentials lie in all three.

mod entities;

use memchr::{memchr, memchr2, memmem};

/// The text of an HTML fragment or document (or of Confluence's storage format), one line a block.
///
/// `<pre>`, code blocks and CDATA keep their spaces and line ends; elsewhere white space collapses. Cells of a table row are parted
/// by tabs. A link whose target is not its label becomes `label <target>`. Scripts, styles and comments are left out.
pub fn to_text(html: &str) -> String {
    let mut writer = Writer { text: String::with_capacity(html.len() / 2), ..Writer::default() };
    let mut scanner = Scanner { html, at: 0, last_close: memchr::memrchr(b'>', html.as_bytes()), quotes_broken: false };
    while let Some(token) = scanner.next_token() {
        match token {
            Token::Text(text) => writer.text(text),
            Token::Verbatim(text) => writer.verbatim(text),
            Token::Open(tag) => {
                writer.open(&tag);
                if let Some(raw) = RAW_TEXT.iter().find(|raw| tag.name.eq_ignore_ascii_case(raw)) {
                    scanner.skip_raw_text(raw);
                }
            }
            Token::Close(name) => writer.close(name),
        }
    }
    writer.finish()
}

/// Elements whose content is no text.
const RAW_TEXT: &[&str] = &["script", "style"];

/// Elements that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "codeblock",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "textarea",
    "tfoot",
    "thead",
    "title",
    "tr",
    "ul",
    // Confluence's storage format
    "ac:parameter",
    "ac:plain-text-body",
    "ac:rich-text-body",
    "ac:structured-macro",
    "ac:task",
    "ac:task-body",
    "ac:task-list",
];

/// Elements whose white space counts; `codeblock` is what Teams writes.
const PREFORMATTED: &[&str] = &["pre", "codeblock", "textarea", "listing", "xmp"];

/// Attributes that show as text, by element: pictures that stand for characters, and the references of Confluence's storage format.
const SHOWN_ATTRIBUTES: &[(&str, &str)] = &[
    ("img", "alt"),
    ("emoji", "alt"),
    ("customemoji", "alt"),
    ("time", "datetime"),
    ("ri:attachment", "ri:filename"),
    ("ri:page", "ri:content-title"),
    ("ri:url", "ri:value"),
];

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// What a piece of HTML is.
enum Token<'a> {
    /// Text with character references.
    Text(&'a str),
    /// Text as it stands.
    Verbatim(&'a str),
    /// A start tag.
    Open(Tag<'a>),
    /// The name of an end tag.
    Close(&'a str),
}

/// A start tag: its name and what stands behind it up to `>`.
struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The value of an attribute as written, character references and all.
    fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return None;
            }
            // The first character belongs to the name even if it is `=`, so each turn gets ahead.
            let name_len =
                rest.bytes().skip(1).position(|b| b.is_ascii_whitespace() || b == b'=' || b == b'/').map_or(rest.len(), |at| at + 1);
            let (this, behind) = rest.split_at_checked(name_len)?;
            let behind = behind.trim_ascii_start();
            let Some(assigned) = behind.strip_prefix('=') else {
                rest = behind;
                continue;
            };
            let (value, behind) = attribute_value(assigned.trim_ascii_start());
            if this.eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = behind;
        }
    }
}

/// A value, quoted or not, and what stands behind it.
fn attribute_value(text: &str) -> (&str, &str) {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = &text[1..];
        return inner.split_once(quote).unwrap_or((inner, ""));
    }
    let end = text.bytes().position(|b| b.is_ascii_whitespace()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Cuts HTML into tokens.
struct Scanner<'a> {
    html: &'a str,
    at: usize,
    /// Where the last `>` is: behind it no tag can end, so none is looked for.
    last_close: Option<usize>,
    /// A quote somewhere is never closed: from then on a tag ends at the first `>`, so that the rest is looked at once only.
    quotes_broken: bool,
}

impl<'a> Scanner<'a> {
    fn next_token(&mut self) -> Option<Token<'a>> {
        let rest = self.html.get(self.at..).filter(|rest| !rest.is_empty())?;
        if !rest.starts_with('<') {
            let end = memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
            return Some(Token::Text(self.take(rest, end)));
        }
        if let Some(token) = self.markup(rest) {
            return Some(token);
        }
        // A `<` that begins no tag is text up to the next one.
        let end = memchr(b'<', &rest.as_bytes()[1..]).map_or(rest.len(), |at| at + 1);
        Some(Token::Text(self.take(rest, end)))
    }

    /// Moves over `len` bytes of `rest`, which begins where the scanner stands.
    fn take(&mut self, rest: &'a str, len: usize) -> &'a str {
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// The tag, comment or CDATA section that `rest` begins with; `None` if the `<` is only a character.
    fn markup(&mut self, rest: &'a str) -> Option<Token<'a>> {
        if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let len = memmem::find(inner.as_bytes(), b"]]>").unwrap_or(inner.len());
            self.at += ("<![CDATA[".len() + len + "]]>".len()).min(rest.len());
            return Some(Token::Verbatim(inner.get(..len)?));
        }
        if let Some(inner) = rest.strip_prefix("<!--") {
            // `<!-->` closes itself.
            let close = if inner.starts_with('>') { Some(0) } else { memmem::find(inner.as_bytes(), b"-->").map(|at| at + 2) };
            self.at += close.map_or(rest.len(), |at| "<!--".len() + at + 1);
            return Some(Token::Text(""));
        }
        if self.last_close.is_none_or(|close| close < self.at) {
            return None;
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            let len = memchr(b'>', rest.as_bytes())? + 1;
            self.take(rest, len);
            return Some(Token::Text(""));
        }
        let (is_close, inner) = rest.strip_prefix("</").map_or((false, rest.get(1..)?), |inner| (true, inner));
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let len = self.tag_len(inner)?;
        let content = inner.get(..len)?;
        self.at += rest.len() - inner.len() + len + 1;
        let name_len = content.bytes().position(|b| b.is_ascii_whitespace() || b == b'/').unwrap_or(content.len());
        let (name, attributes) = content.split_at_checked(name_len)?;
        Some(if is_close { Token::Close(name) } else { Token::Open(Tag { name, attributes }) })
    }

    /// How far the `>` is that closes the tag; quoted values may hold others.
    fn tag_len(&mut self, inner: &str) -> Option<usize> {
        let bytes = inner.as_bytes();
        let simple = memchr(b'>', bytes);
        let quoted = memchr2(b'"', b'\'', bytes.get(..simple?)?).is_some();
        if !quoted || self.quotes_broken {
            return simple;
        }
        let mut at = 0;
        loop {
            at += memchr::memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
            let found = bytes[at];
            if found == b'>' {
                return Some(at);
            }
            at += 1;
            // Only behind a `=` does a quote open a value.
            let opens = bytes[..at - 1].trim_ascii_end().ends_with(b"=");
            if opens {
                let Some(len) = memchr(found, &bytes[at..]) else {
                    self.quotes_broken = true;
                    return simple;
                };
                at += len + 1;
            }
        }
    }

    /// Moves to the end tag of an element whose content is no text.
    fn skip_raw_text(&mut self, name: &str) {
        let Some(rest) = self.html.as_bytes().get(self.at..) else { return };
        let end = memmem::find_iter(rest, b"</").find(|at| {
            let behind = at + 2;
            rest.get(behind..behind + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        });
        self.at += end.unwrap_or(rest.len());
    }
}

/// Puts text together.
#[derive(Default)]
struct Writer {
    text: String,
    /// White space was seen that shows only if more text follows on the line.
    space: bool,
    /// How many preformatted elements are open.
    preformatted: usize,
    /// The target of the open link and where its label begins.
    link: Option<(String, usize)>,
    /// A cell of this row is already written.
    in_row: bool,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr(b'&', rest.as_bytes()) {
            let (before, reference) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.run(before);
            let (character, len) = character_reference(reference).unwrap_or(('&', 1));
            self.character(character);
            rest = reference.get(len..).unwrap_or_default();
        }
        self.run(rest);
    }

    /// Text without character references.
    fn run(&mut self, text: &str) {
        if self.preformatted > 0 {
            return text.chars().for_each(|c| self.character(c));
        }
        let mut words = text.split(|c: char| c.is_ascii_whitespace());
        // What stands between two words, or before the first and behind the last, is one space.
        if let Some(first) = words.next() {
            self.word(first);
        }
        for word in words {
            self.space = true;
            self.word(word);
        }
    }

    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        self.settle_space();
        if word.is_ascii() {
            self.text.push_str(word);
        } else {
            word.chars().for_each(|c| self.character(c));
        }
    }

    /// One character that is meant: it does not collapse.
    fn character(&mut self, c: char) {
        self.settle_space();
        match c {
            '\u{a0}' => self.text.push(' '),
            // Invisible, and put into the middle of long words by editors.
            '\u{ad}' | '\u{200b}' | '\u{feff}' | '\0' | '\r' => {}
            _ => self.text.push(c),
        }
    }

    fn settle_space(&mut self) {
        if std::mem::take(&mut self.space) && !self.text.is_empty() && !self.text.ends_with(['\n', '\t', ' ']) {
            self.text.push(' ');
        }
    }

    fn verbatim(&mut self, text: &str) {
        self.settle_space();
        text.chars().filter(|c| *c != '\r').for_each(|c| self.text.push(c));
    }

    /// Ends the line unless nothing stands on it.
    fn line(&mut self) {
        self.space = false;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let name = tag.name;
        if name.eq_ignore_ascii_case("a") {
            self.end_link();
            self.settle_space();
            self.link = tag.attribute("href").map(decode).filter(|target| leads_away(target)).map(|target| (target, self.text.len()));
        } else if name.eq_ignore_ascii_case("br") {
            self.space = false;
            self.text.push('\n');
        } else if name.eq_ignore_ascii_case("td") || name.eq_ignore_ascii_case("th") {
            self.space = false;
            if self.in_row && !self.text.ends_with('\n') {
                self.text.push('\t');
            }
            self.in_row = true;
        } else if is_one_of(BLOCKS, name) {
            // A paragraph inside a cell does not end the row.
            self.in_row &= !name.eq_ignore_ascii_case("tr");
            self.line();
        } else if let Some((_, attribute)) = SHOWN_ATTRIBUTES.iter().find(|(element, _)| element.eq_ignore_ascii_case(name)) {
            tag.attribute(attribute).into_iter().for_each(|value| self.text(value));
        }
        if is_one_of(PREFORMATTED, name) {
            self.preformatted = self.preformatted.saturating_add(1);
        }
    }

    fn close(&mut self, name: &str) {
        if is_one_of(PREFORMATTED, name) {
            self.preformatted = self.preformatted.saturating_sub(1);
        }
        if name.eq_ignore_ascii_case("a") {
            self.end_link();
        } else if name.eq_ignore_ascii_case("tr") {
            self.in_row = false;
            self.line();
        } else if is_one_of(BLOCKS, name) {
            self.line();
        }
    }

    /// Writes the target behind the label, unless the label is the target.
    fn end_link(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        let label = self.text.get(start..).unwrap_or_default().trim();
        if bare(label) == bare(&target) {
            return;
        }
        let parted = label.is_empty() || self.space;
        self.settle_space();
        if !parted {
            self.text.push(' ');
        }
        self.text.push('<');
        self.text.push_str(&target);
        self.text.push('>');
    }

    fn finish(mut self) -> String {
        self.end_link();
        let kept = self.text.trim_end().len();
        self.text.truncate(kept);
        self.text
    }
}

/// Whether a link's target says anything: not a place on the same page, a script or a whole picture.
fn leads_away(target: &str) -> bool {
    let scheme = target.split(':').next().unwrap_or_default();
    !target.is_empty()
        && !target.starts_with('#')
        && !["javascript", "data", "cid"].iter().any(|skipped| scheme.eq_ignore_ascii_case(skipped))
}

/// An address without what a label leaves out.
fn bare(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    ["https://", "http://", "mailto:", "tel:"].iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(address)
}

/// An attribute's value with its character references decoded.
fn decode(value: &str) -> String {
    let mut decoded = String::with_capacity(value.len());
    let mut rest = value.trim();
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, reference) = rest.split_at_checked(at).unwrap_or((rest, ""));
        decoded.push_str(before);
        let (character, len) = character_reference(reference).unwrap_or(('&', 1));
        decoded.push(character);
        rest = reference.get(len..).unwrap_or_default();
    }
    decoded.push_str(rest);
    decoded
}

/// The character that a reference at the start of `text` stands for, and how long the reference is.
fn character_reference(text: &str) -> Option<(char, usize)> {
    const DIGITS_MAX: usize = 8;
    let body = text.strip_prefix('&')?;
    if let Some(number) = body.strip_prefix('#') {
        let (digits, radix, skipped) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16, 3),
            None => (number, 10, 2),
        };
        let len = digits.bytes().take(DIGITS_MAX).take_while(|b| char::from(*b).is_digit(radix)).count();
        let code = u32::from_str_radix(digits.get(..len)?, radix).ok()?;
        let closed = usize::from(digits.as_bytes().get(len) == Some(&b';'));
        return Some((numbered(code), skipped + len + closed));
    }
    let len = body.bytes().take(entities::NAME_LEN_MAX).take_while(u8::is_ascii_alphanumeric).count();
    let name = body.get(..len)?;
    if body.as_bytes().get(len) == Some(&b';') {
        return entities::character(name).map(|character| (character, len + 2));
    }
    // These five are often written without the semicolon; a parameter of a URL (`&lt=`) is none of them.
    let bare = matches!(name, "amp" | "lt" | "gt" | "quot" | "nbsp") && body.as_bytes().get(len) != Some(&b'=');
    bare.then(|| entities::character(name)).flatten().map(|character| (character, len + 1))
}

/// The character of that number; those from 128 to 159 mean what Windows-1252 means by them.
fn numbered(code: u32) -> char {
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let windows = code.checked_sub(128).and_then(|at| WINDOWS_1252.get(at as usize).copied());
    windows.or_else(|| char::from_u32(code)).filter(|c| *c != '\0').unwrap_or('\u{fffd}')
}

#[cfg(test)]
mod tests;
