//! Text of logs as text: nothing in it opens a tag, a link or a table cell, moves a cursor or turns the reading direction.

/// Characters of a text that are shown at most: a summary may hold a file's name, and a name may be a book.
const CHARS_MAX: usize = 600;

/// Whether a character is shown by its number: it cannot be seen, or changes how its neighbours are seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The characters to show, each by itself or by its number; line ends and tabs as spaces.
fn visible(text: &str) -> impl Iterator<Item = Shown> + '_ {
    let cut = text.char_indices().nth(CHARS_MAX).map(|(at, _)| at);
    let rest = cut.map(|_| Shown::Plain('\u{2026}'));
    text.get(..cut.unwrap_or(text.len()))
        .unwrap_or(text)
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => Shown::Plain(' '),
            c if is_hidden(c) => Shown::Number(u32::from(c)),
            c => Shown::Plain(c),
        })
        .chain(rest)
}

enum Shown {
    Plain(char),
    Number(u32),
}

/// For HTML, in text and in attributes between quotation marks.
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for shown in visible(text) {
        match shown {
            Shown::Plain('&') => safe.push_str("&amp;"),
            Shown::Plain('<') => safe.push_str("&lt;"),
            Shown::Plain('>') => safe.push_str("&gt;"),
            Shown::Plain('"') => safe.push_str("&quot;"),
            Shown::Plain('\'') => safe.push_str("&#39;"),
            Shown::Plain(c) => safe.push(c),
            Shown::Number(number) => safe.push_str(&format!("\\u{{{number:x}}}")),
        }
    }
    safe
}

/// For Markdown, within a line or a table cell: every mark that means something stands behind a backslash, also those that make a bare
/// address a link (CommonMark and GitHub's tables, autolinks and formulas).
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    let shown: Vec<Shown> = visible(text).collect();
    let is_word = |at: Option<usize>| matches!(at.and_then(|at| shown.get(at)), Some(Shown::Plain(c)) if c.is_alphanumeric());
    for (at, one) in shown.iter().enumerate() {
        match one {
            Shown::Plain('&') => safe.push_str("&amp;"),
            Shown::Plain('<') => safe.push_str("&lt;"),
            Shown::Plain('>') => safe.push_str("&gt;"),
            Shown::Plain(c) if "\\`*[]#|~$@".contains(*c) => {
                safe.push('\\');
                safe.push(*c);
            }
            // Inside a word it is a letter like any other.
            Shown::Plain('_') if !(is_word(at.checked_sub(1)) && is_word(Some(at + 1))) => safe.push_str("\\_"),
            // `http://` and `www.` are links by themselves.
            Shown::Plain(':') if matches!(shown.get(at + 1), Some(Shown::Plain('/'))) => safe.push_str("\\:"),
            Shown::Plain('.') if safe.to_ascii_lowercase().ends_with("www") => safe.push_str("\\."),
            Shown::Plain(c) => safe.push(*c),
            Shown::Number(number) => safe.push_str(&format!("\\\\u{{{number:x}}}")),
        }
    }
    safe
}

/// An id of ours as an anchor or a word of a command: letters, digits, `_` and `-`; whatever else stands there is left out.
pub fn id(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text_in_html() {
        assert_eq!(html("\"><script>alert(1)</script> & 'x'"), "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;x&#39;");
        assert_eq!(html("a\u{202e}b\u{0}\u{1b}[31m\nc\u{200b}"), "a\\u{202e}b\\u{0}\\u{1b}[31m c\\u{200b}");
    }

    #[test]
    fn hostile_text_stays_text_in_markdown() {
        let text = "a|b `c` [d](http://e) **f** <img> ![g](h) www.i.example\n# j \u{202e}k x@y.example _z_ a_b";
        assert_eq!(
            markdown(text),
            "a\\|b \\`c\\` \\[d\\](http\\://e) \\*\\*f\\*\\* &lt;img&gt; !\\[g\\](h) www\\.i.example \\# j \\\\u{202e}k x\\@y.example \\_z\\_ a_b"
        );
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(html(&"é".repeat(10_000)).chars().count(), CHARS_MAX + 1);
        assert_eq!(id("../a\" b_9-"), "ab_9-");
    }
}
