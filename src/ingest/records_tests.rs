use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// Each record as text, each break as `!reason`, with their lines.
fn pieces(path: &str, bytes: &[u8]) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    read::<io::Error>(path, Box::new(Cursor::new(bytes.to_vec())), &mut |piece| {
        found.push(match piece {
            Piece::Record(Record::Json(text), line) => (text.to_owned(), line),
            Piece::Record(Record::Csv { row, .. }, line) => (row.iter().collect::<Vec<_>>().join("|"), line),
            Piece::Record(Record::Mail(bytes), line) => (format!("mail {}", bytes.len()), line),
            Piece::Broken(reason, line, _) => (format!("!{reason}"), line),
        });
        Ok(())
    })
    .expect("reading from memory");
    found
}

fn owned(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect()
}

#[test]
fn lines_are_records_and_a_broken_one_is_still_one() {
    let found = pieces("a.ndjson", b"\xef\xbb\xbf{\"a\":1}\n\n{\"a\": \"x\n{\"a\":3}\r\n");
    assert_eq!(found, owned(&[("{\"a\":1}", 1), ("{\"a\": \"x", 3), ("{\"a\":3}", 4)]));
}

#[test]
fn an_array_gives_its_elements() {
    let found = pieces("a.json", b"[\n {\"a\": [1, 2]},\n {\"b\": \"]},{\\\"\"}\n]\n");
    assert_eq!(found, owned(&[("{\"a\": [1, 2]}", 2), ("{\"b\": \"]},{\\\"\"}", 3)]));
}

#[test]
fn documents_over_several_lines_are_whole_records() {
    let found = pieces("a.json", b"{\n \"a\": 1\n}\n{\n \"b\": 2\n}");
    assert_eq!(found, owned(&[("{\n \"a\": 1\n}", 1), ("{\n \"b\": 2\n}", 4)]));
}

#[test]
fn what_ends_too_early_is_named() {
    assert_eq!(pieces("a.json", b"[{\"a\":1},{\"b\":"), owned(&[("{\"a\":1}", 1), ("!the JSON ends too early", 1)]));
    assert_eq!(pieces("a.json", b"[{\"a\":1}"), owned(&[("{\"a\":1}", 1), ("!the JSON array is never closed", 1)]));
}

#[test]
fn csv_rows_and_mails_are_records() {
    assert_eq!(pieces("a.csv", b"x,y\n1,\"2\n3\"\n4,5\n"), owned(&[("1|2\n3", 2), ("4|5", 4)]));
    assert_eq!(pieces("a", b"From: a@example.com\r\n\r\nhello"), owned(&[("mail 28", 1)]));
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), name in "[a-z]{1,3}\\.(json|csv|eml|gz)") {
        pieces(&name, &bytes);
    }

    #[test]
    fn every_line_of_json_comes_back(values in proptest::collection::vec("[a-z\\[\\]{}\\\\\"]{0,12}", 1..20)) {
        let lines: Vec<String> = values.iter().map(|v| serde_json::json!({ "v": v }).to_string()).collect();
        let read: Vec<String> = pieces("a.ndjson", lines.join("\n").as_bytes()).into_iter().map(|(text, _)| text).collect();
        prop_assert_eq!(&read, &lines);
        let array: Vec<String> = pieces("a.json", format!("[{}]", lines.join(" ,\n")).as_bytes()).into_iter().map(|(text, _)| text).collect();
        prop_assert_eq!(&array, &lines);
    }
}
