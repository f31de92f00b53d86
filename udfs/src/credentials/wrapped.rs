//! Tokens that a client, a terminal or a mail broke over lines.

use std::ops::Range;

/// Lines of a token beyond this are not joined.
const LINES_MAX: usize = 8;

/// A line that ends earlier was ended by a person.
const WIDTH_MIN: usize = 40;

/// How much before the token and behind its last line comes along, for what a pattern wants to see around it.
const SIDE_BYTES: usize = 256;

/// The lines of a token as one.
#[derive(Debug, PartialEq, Eq)]
pub struct Joined {
    /// The text without the line ends.
    pub text: Vec<u8>,
    /// For each piece where it starts in `text` and in the source.
    pieces: Vec<(usize, usize)>,
}

impl Joined {
    /// Where `range` of the joined text stands in the source, line ends included.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let piece = self.pieces.iter().rev().find(|(joined, _)| *joined <= at);
            piece.map_or(at, |(joined, source)| source + (at - joined))
        };
        place(range.start)..place(range.end.saturating_sub(1)) + 1
    }

    /// Whether `range` of the joined text lies over a joint.
    pub fn crosses(&self, range: &Range<usize>) -> bool {
        self.pieces.iter().any(|(joined, _)| range.start < *joined && *joined < range.end)
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'~' | b'%')
}

/// A longer run on one line was not broken.
const LINE_BYTES_MAX: usize = 1024;

fn token_end(text: &[u8], at: usize) -> usize {
    at + text.get(at..).unwrap_or_default().iter().take(LINE_BYTES_MAX).take_while(|&&b| is_token(b)).count()
}

/// Where the next line's text starts, behind marks of quoting, if a line ends at `at`.
fn next_line(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    let next = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n"))?;
    let marks = next.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'>' | b'|')).count();
    Some(text.len() - next.len() + marks)
}

/// Joins the lines of the token that is at `at`, or says that its line does not end in it.
pub fn joined(text: &[u8], at: usize) -> Option<Joined> {
    let mut end = token_end(text, at);
    let mut next = next_line(text, end)?;
    let from = at.saturating_sub(SIDE_BYTES);
    let line_start = text.get(from..at)?.iter().rposition(|&b| b == b'\n').map_or(from, |newline| from + newline + 1);
    let width = end - line_start;
    if width < WIDTH_MIN {
        return None;
    }
    let mut whole = text.get(line_start..end)?.to_vec();
    let mut pieces = vec![(0, line_start)];
    for _ in 0..LINES_MAX {
        let piece_end = token_end(text, next);
        if piece_end == next {
            return None;
        }
        if whole.last() == Some(&b'=') {
            // A soft line end of quoted-printable.
            whole.pop();
        }
        pieces.push((whole.len(), next));
        whole.extend_from_slice(text.get(next..piece_end)?);
        end = piece_end;
        // The last line is shorter than those that were broken.
        match next_line(text, piece_end) {
            Some(after) if piece_end - next + 2 >= width && token_end(text, after) > after => next = after,
            _ => break,
        }
    }
    let behind = (end + SIDE_BYTES).min(text.len());
    pieces.push((whole.len(), end));
    whole.extend_from_slice(text.get(end..behind)?);
    Some(Joined { text: whole, pieces })
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_token_broken_over_lines_is_joined_and_mapped_back() {
        let token = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let (head, tail) = token.split_at(30);
        for line_end in ["\n", "\r\n", "\n> ", "\\\n   ", "=\n"] {
            let text = format!("first line\nexport MY_TOKEN={head}{line_end}{tail}\nnext");
            let at = text.find(head).expect("is there");
            let joined = joined(text.as_bytes(), at).expect("joins");
            let whole = String::from_utf8(joined.text.clone()).expect("text");
            let place = whole.find(token).expect("is whole");
            let source = joined.source(&(place..place + token.len()));
            assert_eq!(&text[source], format!("{head}{line_end}{tail}"));
            assert!(joined.crosses(&(place..place + token.len())));
        }
    }

    #[test]
    fn a_short_line_or_one_that_goes_on_is_left_alone() {
        assert_eq!(joined(b"ghp_abc\ndef", 0), None);
        assert_eq!(joined(b"0123456789012345678901234567890123456789 ghp_abc is\ndef", 41), None);
        assert_eq!(joined(b"0123456789012345678901234567890123456789 ghp_abc\n\ndef", 41), None);
        assert_eq!(joined(b"0123456789012345678901234567890123456789 ghp_abc", 41), None);
    }
}
