//! What a document shows of an answer, beside the answer.
//!
//! Lines are compared in their order, from the first to the last. A line `...` stands for any that are left out; at the end of a line or
//! cell `...` stands for its rest. A table may leave columns out. What differs from run to run (pseudonyms, ids, seconds) counts as the same.

/// Rows that are shown where there was no row before.
const ROWS: usize = 3;

/// Where an answer is not what is shown of it.
pub fn difference(shown: &str, answer: &str) -> Option<String> {
    let answered: Vec<&str> = answer.lines().filter(|line| says_something(line)).collect();
    let (mut at, mut skips, mut columns) = (0, false, None::<Vec<usize>>);
    for line in shown.lines().filter(|line| says_something(line)) {
        if line == "..." {
            skips = true;
            continue;
        }
        let is_row = line.starts_with('|');
        columns = columns.filter(|_| is_row);
        let found = answered.iter().enumerate().skip(at).take(if skips { usize::MAX } else { 1 }).find_map(|(n, other)| {
            let kept = match (&columns, is_row) {
                (_, false) => same(line, other).then_some(None),
                (None, true) => picked(line, other).map(Some),
                (Some(columns), true) => row_is(line, other, columns).then(|| Some(columns.clone())),
            };
            kept.map(|kept| (n, kept))
        });
        let Some((n, kept)) = found else {
            return Some(format!("it shows\n  {line}\nand got\n  {}", answered.get(at).unwrap_or(&"nothing more")));
        };
        (at, skips, columns) = (n + 1, false, kept);
    }
    if skips { None } else { answered.get(at).map(|more| format!("it shows nothing more, and got\n  {more}")) }
}

/// The answer, shown anew: of a table the same columns and as many rows as before. What shows more than one table, and leaves something
/// out, is somebody's to write.
pub fn anew(shown: &str, answer: &str) -> Option<String> {
    let other = |line: &str| !line.starts_with('|') && line != "...";
    if shown.lines().any(|line| line == "...") && shown.lines().any(other) {
        return None;
    }
    let tables = |text: &str| text.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect::<Vec<_>>();
    let (before, rows) = (tables(shown), tables(answer));
    let columns = before.first().and_then(|head| rows.iter().find_map(|row| picked(head, row)));
    let (Some(columns), Some(head)) = (columns, rows.first()) else {
        return Some(answer.lines().filter(|line| says_something(line)).map(|line| format!("{line}\n")).collect());
    };
    let count = if before.len() > 1 { before.len() - 1 } else { ROWS };
    let width = cells(head, usize::MAX).len();
    let kept: Vec<Vec<String>> = rows.iter().take(count + 1).map(|row| of(row, width, &columns)).collect();
    let wide = |n: usize| kept.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in &kept {
        let padded: Vec<String> = row.iter().enumerate().map(|(n, cell)| format!("{cell:<width$}", width = wide(n))).collect();
        text.push_str(&format!("| {} |\n", padded.join(" | ")));
    }
    let all = answer.lines().filter(|line| says_something(line)).count();
    Some(text + if all > kept.len() { "...\n" } else { "" })
}

/// Rules between rows and empty lines are not compared.
fn says_something(line: &str) -> bool {
    line.chars().any(|c| !matches!(c, '+' | '-' | '|' | ' '))
}

/// Cells of a table's row, at most as many as its head has: a text may hold what parts cells.
fn cells(row: &str, width: usize) -> Vec<&str> {
    row.trim().trim_start_matches('|').trim_end_matches('|').splitn(width, " | ").map(str::trim).collect()
}

/// Where the columns of a shown head stand in the answer's: its width, and their places.
fn picked(shown: &str, answer: &str) -> Option<Vec<usize>> {
    let all = cells(answer, usize::MAX);
    let mut places = cells(shown, usize::MAX).iter().map(|name| all.iter().position(|other| other == name)).collect::<Option<Vec<_>>>()?;
    places.push(all.len());
    answer.starts_with('|').then_some(places)
}

fn row_is(shown: &str, answer: &str, columns: &[usize]) -> bool {
    let Some((width, places)) = columns.split_last() else { return false };
    let (shown, answered) = (cells(shown, places.len()), cells(answer, *width));
    shown.len() == places.len() && answered.len() == *width && shown.iter().zip(places).all(|(cell, place)| same(cell, answered[*place]))
}

fn of(row: &str, width: usize, columns: &[usize]) -> Vec<String> {
    let all = cells(row, width);
    let cut = |text: &str| match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}...", text[..at].trim_end()),
        None => text.to_owned(),
    };
    columns[..columns.len() - 1].iter().map(|place| all.get(*place).map(|cell| cut(cell)).unwrap_or_default()).collect()
}

fn same(shown: &str, answer: &str) -> bool {
    match shown.strip_suffix("...") {
        Some(begin) => bare(answer).starts_with(&bare(begin)) || answer.starts_with(begin),
        None => bare(shown) == bare(answer),
    }
}

/// A line without what differs from key to key (pseudonyms, ids of cases, fingerprints), from run to run (seconds) and from width to width.
fn bare(line: &str) -> String {
    let hex = |word: &str| word.chars().all(|c| c.is_ascii_hexdigit());
    let of = |(word, next): (&str, &str)| match word.strip_prefix("p_") {
        Some(rest) if rest.len() == 16 && hex(rest) => "p_*".to_owned(),
        _ if (word.len() == 10 || word.len() == 32) && hex(word) => "*".to_owned(),
        _ if word.parse::<f64>().is_ok() && matches!(next.trim_end_matches([')', ',']), "s" | "ms") => "*".to_owned(),
        _ => word.to_owned(),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let next = words.iter().skip(1).copied().chain([""]);
    words.iter().map(|word| word.trim_start_matches('(')).zip(next).map(of).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_answer_is_compared_with_what_is_shown_of_it() {
    let answer =
        "took 3.1 s\n+--+\n| a | b | who                |\n+--+\n| 1 | x | p_0123456789abcdef |\n| 2 | y | p_1123456789abcdef |\n\nof 2\n";
    for shown in [
        "took 2 s\n| a | b | who |\n| 1 | x | p_aaaaaaaaaaaaaaaa |\n| 2 | y | p_aaaaaaaaaaaaaaaa |\nof 2",
        "...\n| a | who |\n...\n| 2 | p_aaaaaaaaaaaaaaaa |\nof...",
        "...\n| b |\n| x |\n...",
    ] {
        assert_eq!(difference(shown, answer), None, "{shown}");
    }
    for shown in
        ["took 2 s", "...\n| a | c |\n...", "...\n| a | who |\n| 2 | p_aaaaaaaaaaaaaaaa |\nof 2", "...\nof 3", "...\n| b |\n| z |\n..."]
    {
        assert!(difference(shown, answer).is_some(), "{shown}");
    }
    assert_eq!(anew("| b |\n| z |\n", answer).unwrap(), "| b |\n| x |\n...\n");
    assert_eq!(anew("...\nof 3\n", answer), None);
}
