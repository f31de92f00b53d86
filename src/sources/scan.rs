//! A walk over JSON, member by member: values are taken as raw text or as a string, and nested objects are walked in their turn.
//!
//! This is the hottest loop of the program, and audit records are nearly flat: many short names, short strings and a few nested
//! objects. So names, strings and integers are walked here, eight bytes at a time, and everything else is left to `serde_json`,
//! which also checks what has escapes. No byte is looked at twice, and what passes is JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Reject;
use super::lenient::Str;

/// Calls `take` with each member of the object that `json` is: its name (as it stands between the quotes, escapes and all) and its raw
/// value. Nothing else may stand in `json`.
#[inline]
pub fn members<'a>(json: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Result<(), Reject> {
    let mut walk = Walk::new(json);
    let walked = walk.object(|walk, name| {
        take(name, walk.value()?);
        Some(())
    });
    if walked.is_some() && walk.is_at_end() { Ok(()) } else { Err(walk.stopped()) }
}

/// A place in the JSON. What cannot be read is `None`, and the place is where that is.
pub struct Walk<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    /// At the first value.
    #[inline(always)]
    pub fn new(json: &'a str) -> Self {
        let mut walk = Self { json, at: 0 };
        walk.space();
        walk
    }

    /// Walks over the object that begins here. `member` is called at each member's value with its name, as that stands between the
    /// quotes, escapes and all; it must walk over the value, or give up with `None`.
    #[inline(always)]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        if !self.eat(b'{') {
            return None;
        }
        self.space();
        if self.eat(b'}') {
            return Some(());
        }
        loop {
            let name = self.name()?;
            member(self, name)?;
            self.space();
            if self.eat(b'}') {
                return Some(());
            }
            if !self.eat(b',') {
                return None;
            }
            self.space();
        }
    }

    /// Any value, raw.
    #[inline(always)]
    pub fn value(&mut self) -> Option<&'a str> {
        match self.byte()? {
            b'"' => self.string(),
            b'0'..=b'9' => self.integer().or_else(|| self.other()),
            _ => self.other(),
        }
    }

    /// Any value as [`Str`] reads it.
    #[inline(always)]
    pub fn text(&mut self) -> Option<Str<'a>> {
        match self.plain() {
            Some(text) => Some(Str::plain(text)),
            None => Str::of_raw(self.value()?).ok(),
        }
    }

    /// Whether an object begins here.
    #[inline(always)]
    pub fn is_at_object(&self) -> bool {
        self.byte() == Some(b'{')
    }

    /// Whether only white space is left.
    #[inline(always)]
    pub fn is_at_end(&mut self) -> bool {
        self.space();
        self.at == self.json.len()
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline(always)]
    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[inline(always)]
    fn name(&mut self) -> Option<&'a str> {
        let quoted = self.string()?;
        let name = quoted.get(1..quoted.len().checked_sub(1)?)?;
        self.space();
        if !self.eat(b':') {
            return None;
        }
        self.space();
        Some(name)
    }

    /// What stands between the quotes of a string without escapes; where there is none, the place stays.
    #[inline(always)]
    fn plain(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        if self.byte() != Some(b'"') {
            return None;
        }
        let end = start + plain_len(self.json.as_bytes().get(start..)?);
        if self.json.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.json.get(start..end)
    }

    /// A string with its quotes.
    #[inline(always)]
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        if !self.eat(b'"') {
            return None;
        }
        self.at += plain_len(self.json.as_bytes().get(self.at..)?);
        if self.eat(b'"') {
            return self.json.get(start..self.at);
        }
        if self.byte() != Some(b'\\') {
            return None;
        }
        self.at = start;
        self.by_serde()
    }

    #[inline(always)]
    fn integer(&mut self) -> Option<&'a str> {
        let rest = self.json.as_bytes().get(self.at..)?;
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let ends = matches!(rest.get(len), Some(b',' | b'}' | b' '));
        if !ends || (len > 1 && rest.first() == Some(&b'0')) {
            return None;
        }
        let start = self.at;
        self.at += len;
        self.json.get(start..self.at)
    }

    /// Any value.
    fn other(&mut self) -> Option<&'a str> {
        let rest = self.json.get(self.at..)?;
        for word in ["false", "true", "null"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return rest.get(..word.len());
            }
        }
        self.by_serde()
    }

    /// The value that begins here, as `serde_json` reads it.
    fn by_serde(&mut self) -> Option<&'a str> {
        let rest = self.json.get(self.at..)?;
        let mut deserializer = serde_json::Deserializer::from_str(rest);
        match <&'a RawValue>::deserialize(&mut deserializer) {
            Ok(raw) => {
                self.at += raw.get().len();
                Some(raw.get())
            }
            Err(e) => {
                // Lines count too where a record has several; the column alone would be wrong then.
                let ahead = if e.line() <= 1 { e.column().saturating_sub(1) } else { 0 };
                self.at += if e.is_eof() { rest.len() } else { ahead };
                None
            }
        }
    }

    #[cold]
    fn stopped(&self) -> Reject {
        let reason = if self.at >= self.json.len() { "the JSON ends too early" } else { "this is not JSON" };
        Reject::Bad { reason: reason.to_owned(), column: Some(self.at as u64 + 1) }
    }
}

/// How many bytes stand before the next quote, backslash or control character (or before the end).
#[inline(always)]
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    // The lowest marked byte is right; bytes above it may be marked by a borrow, which does not matter.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut words = bytes.chunks_exact(8);
    let mut len = 0;
    for word in &mut words {
        let word = u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let marks = zero(word ^ QUOTES) | zero(word ^ BACKSLASHES) | control;
        if marks != 0 {
            return len + marks.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    len + words.remainder().iter().take_while(|b| **b != b'"' && **b != b'\\' && **b >= 0x20).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<Vec<(String, String)>, Reject> {
        let mut read = Vec::new();
        members(json, |name, value| read.push((name.to_owned(), value.to_owned())))?;
        Ok(read)
    }

    /// What serde_json says of the same text: each member with its raw value, or nothing if it is no object.
    fn read_by_serde(json: &str) -> Option<usize> {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json).ok().map(|members| members.len())
    }

    #[test]
    fn members_keep_their_raw_values() {
        let json = r#" {"a" : "x\n\"y" , "b\u0041":-1.5e3,"c":[1,{"d":"}"}],"e":true,"f":null,"g":0,"h":"0123456789abcdef"} "#;
        let expected = [
            ("a", "\"x\\n\\\"y\""),
            ("b\\u0041", "-1.5e3"),
            ("c", "[1,{\"d\":\"}\"}]"),
            ("e", "true"),
            ("f", "null"),
            ("g", "0"),
            ("h", "\"0123456789abcdef\""),
        ];
        let read = read(json).expect("valid");
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_json_says_where() {
        for (json, column) in [
            ("", 1),
            ("[]", 1),
            ("{", 2),
            ("{\"a\"", 5),
            ("{\"a\":", 6),
            ("{\"a\":1", 7),
            ("{\"a\":1,}", 8),
            ("{\"a\":1}x", 8),
            ("{\"a\" 1}", 6),
            ("{\"a\":\"\t\"}", 7),
            ("{\"a\":1 \"b\":2}", 8),
            ("{\"a\":[1,}}", 9),
        ] {
            let found = match read(json) {
                Err(Reject::Bad { column, .. }) => column,
                _ => None,
            };
            assert_eq!(found, Some(column), "{json}");
        }
        for json in ["{\"a\":01}", "{\"a\":1.}", "{\"a\":\"\\x\"}", "{\"a\":truth}", "{\"a\":tru}", "{\"a\":-}", "{\"a\":[}"] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_serde_reads(
            json in r#"\{("[a-c\\é]{0,9}":("[a-z"\\u0é ]{0,20}"|[0-9.e-]{1,4}|true|null|\[[0-9,]{0,4}\])[,} ]{0,2}){0,4}\}?"#,
        ) {
            // serde_json refuses numbers and surrogates that have no value, which raw values may have.
            if read_by_serde(&json).is_some() {
                prop_assert!(read(&json).is_ok());
            } else if let Ok(members) = read(&json) {
                for (_, value) in members {
                    prop_assert!(serde_json::from_str::<&RawValue>(&value).is_ok());
                }
            }
        }

        #[test]
        fn no_bytes_panic(json in "[{}\\[\\]\",:\\\\a-z0-9 \u{0}-\u{20}é]{0,60}") {
            read(&json).ok();
            read(&format!("{{{json}")).ok();
        }

        #[test]
        fn the_plain_part_ends_where_a_byte_by_byte_search_ends(text in "[a-z\"\\\\\u{0}-\u{20}é€\u{7f}-\u{ff}]{0,40}") {
            let bytes = text.as_bytes();
            let expected = bytes.iter().take_while(|b| **b != b'"' && **b != b'\\' && **b >= 0x20).count();
            prop_assert_eq!(plain_len(bytes), expected);
        }
    }
}
