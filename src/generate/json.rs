//! Writes JSON straight into bytes, keys in the order in which they are given: no map in between, so that the output is
//! fast to make and the same on every run.

use std::fmt::Display;
use std::io::Write as _;

/// An object that is being written.
pub(super) struct Object<'b> {
    bytes: &'b mut Vec<u8>,
    empty: bool,
}

/// A list that is being written.
pub(super) struct List<'b> {
    bytes: &'b mut Vec<u8>,
    empty: bool,
}

/// Appends one object and a line end.
pub(super) fn line(bytes: &mut Vec<u8>, build: impl FnOnce(&mut Object<'_>)) {
    object(bytes, build);
    bytes.push(b'\n');
}

/// Appends one object.
pub(super) fn object(bytes: &mut Vec<u8>, build: impl FnOnce(&mut Object<'_>)) {
    bytes.push(b'{');
    build(&mut Object { bytes, empty: true });
    bytes.push(b'}');
}

impl Object<'_> {
    /// A string.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        quote(self.bytes, value);
    }

    /// A string from something that prints itself without quotes, backslashes and control characters (ids, numbers, times).
    pub(super) fn show(&mut self, key: &str, value: impl Display) {
        self.key(key);
        show(self.bytes, value);
    }

    /// A string, or null.
    pub(super) fn maybe(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// A number.
    pub(super) fn int(&mut self, key: &str, value: i64) {
        self.key(key);
        print(self.bytes, value);
    }

    /// A boolean.
    pub(super) fn bool(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    /// JSON as it stands.
    pub(super) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// An object in this one.
    pub(super) fn object(&mut self, key: &str, build: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        object(self.bytes, build);
    }

    /// A list in this object.
    pub(super) fn list(&mut self, key: &str, build: impl FnOnce(&mut List<'_>)) {
        self.key(key);
        self.bytes.push(b'[');
        build(&mut List { bytes: self.bytes, empty: true });
        self.bytes.push(b']');
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.bytes.push(b',');
        }
        self.empty = false;
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.extend_from_slice(b"\":");
    }
}

impl List<'_> {
    /// A string.
    pub(super) fn text(&mut self, value: &str) {
        self.comma();
        quote(self.bytes, value);
    }

    /// A string from something that prints itself plainly.
    pub(super) fn show(&mut self, value: impl Display) {
        self.comma();
        show(self.bytes, value);
    }

    /// An object in this list.
    pub(super) fn object(&mut self, build: impl FnOnce(&mut Object<'_>)) {
        self.comma();
        object(self.bytes, build);
    }

    fn comma(&mut self) {
        if !self.empty {
            self.bytes.push(b',');
        }
        self.empty = false;
    }
}

fn print(bytes: &mut Vec<u8>, value: impl Display) {
    // Writing to memory does not fail.
    let _ = write!(bytes, "{value}");
}

fn show(bytes: &mut Vec<u8>, value: impl Display) {
    bytes.push(b'"');
    print(bytes, value);
    bytes.push(b'"');
}

fn quote(bytes: &mut Vec<u8>, value: &str) {
    bytes.push(b'"');
    let mut clean = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        bytes.extend_from_slice(&value.as_bytes()[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => bytes.extend_from_slice(b"\\\""),
            b'\\' => bytes.extend_from_slice(b"\\\\"),
            b'\n' => bytes.extend_from_slice(b"\\n"),
            b'\t' => bytes.extend_from_slice(b"\\t"),
            _ => print(bytes, format_args!("\\u{byte:04x}")),
        }
    }
    bytes.extend_from_slice(&value.as_bytes()[clean..]);
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut bytes = Vec::new();
        line(&mut bytes, |o| {
            o.text("quoted", "a\"b\\c\nd\te\u{1}ü");
            o.int("n", -5);
            o.bool("b", true);
            o.maybe("none", None);
            o.list("l", |l| {
                l.text("x");
                l.object(|o| o.show("s", 1));
            });
            o.object("empty", |_| {});
        });
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("valid JSON");
        assert_eq!(value["quoted"], "a\"b\\c\nd\te\u{1}ü");
        assert_eq!(value["n"], -5);
        assert_eq!(value["l"][1]["s"], "1");
        assert!(value["none"].is_null());
        assert_eq!(bytes.last(), Some(&b'\n'));
    }
}
