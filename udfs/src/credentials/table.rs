//! Tables as people paste them: the value stands under the keyword, in the same column.

use super::boundary::{valid_prefix, valid_suffix};
use super::ruleset::Candidate;
use super::sighting::{Link, Reading, Sighting};
use super::tokens::{Before, Token};
use super::words::Reader;

/// Rows below the header that are read, and bytes.
const ROWS_MAX: usize = 8;
const BYTES_MAX: usize = 1200;

/// Bytes behind a keyword within which its cell closes.
const TAG_BYTES_MAX: usize = 24;

/// Looks below the keyword where it heads a column.
pub fn judge(reader: &mut Reader<'_>, found: &mut impl FnMut(Candidate)) {
    let behind = reader.text.get(reader.place.end..(reader.place.end + TAG_BYTES_MAX).min(reader.text.len())).unwrap_or_default();
    if behind.windows(5).any(|tag| tag == b"</td>" || tag == b"</th>") {
        marked_up(reader, found);
    } else {
        plain(reader, found);
    }
}

/// A table of HTML: the cells between `<td>` and `</td>`, rows to `</tr>`.
fn marked_up<'t>(reader: &mut Reader<'t>, found: &mut impl FnMut(Candidate)) {
    let text: &'t [u8] = reader.text;
    let start = reader.place.start.saturating_sub(BYTES_MAX);
    let left = valid_suffix(text.get(start..reader.place.start).unwrap_or_default());
    let header = left.rsplit("<tr").next().unwrap_or_default();
    let column = header.matches("</t").count();
    let base = reader.place.end;
    let whole = valid_prefix(text.get(base..(base + BYTES_MAX).min(text.len())).unwrap_or_default());
    let mut at = 0;
    for row in whole.split("</tr").take(ROWS_MAX + 1) {
        let before: usize = row.split("</t").take(column).map(|cell| cell.len() + "</t".len()).sum();
        if at > 0
            && let Some(cell) = row.split("</t").nth(column)
        {
            let offset = at + before;
            let inner = cell.rfind('>').map_or(0, |end| end + 1);
            let value = cell.get(inner..).unwrap_or_default();
            one(reader, found, base + offset, cell, inner, value);
        }
        at += row.len() + "</tr".len();
    }
}

/// One cell of the column, `value` standing at `inner` of the stretch, that at `base` of the text.
fn one<'t>(reader: &mut Reader<'t>, found: &mut impl FnMut(Candidate), base: usize, stretch: &'t str, inner: usize, value: &'t str) {
    if value.is_empty() || value.contains(' ') || value.chars().all(|c| c == '-' || c == ':') {
        return;
    }
    let token = Token { range: inner..inner + value.len(), before: Before::default(), line: 1, behind: None, alone: false, last: false };
    reader.base = base;
    reader.stretch = stretch;
    let sighting = Sighting { value, token: &token, link: Link::Column, place: 0, reading: Reading::default(), rest: "" };
    reader.hand(&sighting, found);
}

/// A table with separators.
fn plain<'t>(reader: &mut Reader<'t>, found: &mut impl FnMut(Candidate)) {
    let text: &'t [u8] = reader.text;
    let place = reader.place.start;
    let near = |from: usize, to: usize| text.get(from..to.min(text.len())).unwrap_or_default();
    if !near(place, place + BYTES_MAX).contains(&b'\n') {
        return;
    }
    let floor = place.saturating_sub(BYTES_MAX);
    let newline = near(floor, place).iter().rposition(|b| *b == b'\n');
    if newline.is_none() && floor > 0 {
        return;
    }
    let start = newline.map_or(0, |at| floor + at + 1);
    let whole = valid_prefix(text.get(start..(start + BYTES_MAX).min(text.len())).unwrap_or_default());
    let mut lines = whole.split('\n');
    let Some(header) = lines.next() else { return };
    let signs = ["|", "\t", ";", ",", BLANKS];
    let Some(separator) = signs.into_iter().find(|sign| header.contains(sign)) else { return };
    let column = cells(header, separator).position(|(at, cell)| (at..at + cell.len()).contains(&(place - start)));
    let Some(column) = column.filter(|_| is_header(header, separator)) else { return };
    let names = cells(header, separator).count();
    let mut at = header.len() + 1;
    for line in lines.take(ROWS_MAX) {
        let cell = cells(line, separator).nth(column).filter(|_| cells(line, separator).count() >= names);
        if let Some((offset, cell)) = cell {
            let value = cell.trim_matches([' ', '`', '*', '"', '\r']);
            let inner = offset + cell.find(value).unwrap_or(0);
            one(reader, found, start + at, line, inner, value);
        }
        at += line.len() + 1;
    }
}

/// Names of columns: two or more, each of few words, no numbers and no assignment.
fn is_header(line: &str, separator: &str) -> bool {
    const NAME_CHARS_MAX: usize = 24;
    let name = |cell: &str| cell.trim().chars().count() <= NAME_CHARS_MAX && cell.split_whitespace().count() <= 5;
    let quoted = |cell: &str| cell.trim().starts_with('"') && cell.trim().ends_with('"');
    let all_quoted = cells(line, separator).all(|(_, cell)| quoted(cell));
    cells(line, separator).count() >= 2
        && cells(line, separator).all(|(_, cell)| name(cell))
        && !line.chars().any(|c| c.is_ascii_digit() || matches!(c, ':' | '=' | '{' | '(' | '?') || c == '"' && !all_quoted)
}

/// The cells of a row with their places; separators at the ends and doubled ones close no cell, nor do more blanks than two.
fn cells<'l>(line: &'l str, separator: &str) -> impl Iterator<Item = (usize, &'l str)> {
    let outer = separator == "|" || separator == BLANKS;
    let width = separator.len();
    let mut at = 0;
    line.split(separator).filter_map(move |cell| {
        let place = at;
        at += cell.len() + width;
        (!(outer && cell.trim().is_empty())).then_some((place, cell))
    })
}

/// Two blanks or more divide the columns of a table that was lined up by hand.
const BLANKS: &str = "  ";
