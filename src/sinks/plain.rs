//! Text for other programs' screens: of a bounded length, and with nothing in it that moves a cursor or turns the reading direction.

/// Bytes a text of a message may have. Summaries have a few hundred; what is longer is cut.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;

/// The text with every control and direction mark made visible (`\u{202e}`), line feeds and tabs kept, and cut to a length.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(TEXT_BYTES_MAX));
    for c in text.chars() {
        if shown.len() >= TEXT_BYTES_MAX {
            shown.push('\u{2026}');
            break;
        }
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Characters that a reader does not see, but that change what the reader sees.
fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

/// The longest beginning of a text that has at most so many bytes, with a mark where something is missing.
pub fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mark = "\u{2026}";
    let mut end = bytes_max.saturating_sub(mark.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{mark}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_and_long_texts_cut() {
        assert_eq!(plain("a\u{1b}[31m\u{202e}b\r\nc\t\u{0}"), "a\\u{1b}[31m\\u{202e}b\\u{d}\nc\t\\u{0}");
        assert_eq!(plain(&"\u{fc}".repeat(1_000_000)).len(), TEXT_BYTES_MAX + 3);
        assert_eq!(cut("\u{fc}\u{fc}\u{fc}\u{fc}", 7), "\u{fc}\u{fc}\u{2026}");
        assert_eq!(cut("ab", 2), "ab");
        assert_eq!(cut("abcdef", 1), "\u{2026}");
    }
}
