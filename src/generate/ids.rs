//! Names that vendors give to things, made by mixing numbers: the same thing has the same id in every record, and no table of
//! ids has to be kept.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike};

use crate::event::{Micros, SECOND};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Mixes two numbers into one that looks random (the finalizer of splitmix64).
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_add(0x632b_e59b_d9b4_e019).rotate_left(31);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One of `list`, decided by `number`.
pub(super) fn one_of<T>(list: &[T], number: u64) -> &T {
    &list[(number % list.len() as u64) as usize]
}

/// A version 4 UUID.
#[derive(Clone, Copy)]
pub(super) struct Uuid(pub(super) u64);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let halves = [mix(self.0, 1), mix(self.0, 2)];
        let mut text = [b'-'; 36];
        let mut digit = 0;
        for (at, place) in text.iter_mut().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                continue;
            }
            let nibble = (halves[digit / 16] >> (4 * (digit % 16))) & 15;
            digit += 1;
            *place = match at {
                14 => b'4',
                19 => HEX[(nibble & 3 | 8) as usize],
                _ => HEX[nibble as usize],
            };
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// An id as Slack makes them: a letter, `0`, and nine capitals or digits.
#[derive(Clone, Copy)]
pub(super) struct SlackId(pub(super) char, pub(super) u64);

impl fmt::Display for SlackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut rest = mix(self.1, u64::from(u32::from(self.0)));
        let mut text = [b'0'; 10];
        for place in &mut text[1..] {
            *place = ALPHABET[(rest % 36) as usize];
            rest /= 36;
        }
        write!(f, "{}{}", self.0, std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// An id of lower-case hexadecimal digits, 64 at most.
#[derive(Clone, Copy)]
pub(super) struct Hex(pub(super) u64, pub(super) usize);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; 64];
        let digits = &mut text[..self.1.min(64)];
        for (part, piece) in digits.chunks_mut(16).enumerate() {
            let mut rest = mix(self.0, part as u64 + 11);
            for place in piece {
                *place = HEX[(rest & 15) as usize];
                rest >>= 4;
            }
        }
        f.write_str(std::str::from_utf8(digits).unwrap_or_default())
    }
}

/// How a time is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// `2026-03-02T08:15:00`, the way Microsoft's audit log writes UTC.
    Bare,
    /// `2026-03-02T08:15:00.123Z`
    Millis,
    /// `2026-03-02T08:15:00.123+0000`, the way Atlassian writes it.
    Offset,
}

/// A time in one of the forms.
#[derive(Clone, Copy)]
pub(super) struct Iso(pub(super) Micros, pub(super) Form);

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_micros(self.0).unwrap_or_default();
        let mut text = *b"0000-00-00T00:00:00.000";
        let parts = [
            (0, 4, time.year().unsigned_abs()),
            (5, 2, time.month()),
            (8, 2, time.day()),
            (11, 2, time.hour()),
            (14, 2, time.minute()),
            (17, 2, time.second()),
            (20, 3, time.timestamp_subsec_millis()),
        ];
        for (at, width, mut number) in parts {
            for place in text[at..at + width].iter_mut().rev() {
                *place = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        let (length, zone) = match self.1 {
            Form::Bare => (19, ""),
            Form::Millis => (23, "Z"),
            Form::Offset => (23, "+0000"),
        };
        f.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())?;
        f.write_str(zone)
    }
}

/// Slack's `ts`: seconds, a point, six digits.
#[derive(Clone, Copy)]
pub(super) struct Ts(pub(super) Micros);

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_vendors_shapes() {
        let uuid = Uuid(7).to_string();
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
        let slack = SlackId('U', 7).to_string();
        assert!(slack.starts_with("U0") && slack.len() == 11, "{slack}");
        assert_eq!(Hex(7, 24).to_string().len(), 24);
        assert_ne!(Uuid(7).to_string(), Uuid(8).to_string());
    }

    #[test]
    fn times_are_written_in_each_form() {
        let time = 1_772_439_300_123_456;
        assert_eq!(Iso(time, Form::Bare).to_string(), "2026-03-02T08:15:00");
        assert_eq!(Iso(time, Form::Millis).to_string(), "2026-03-02T08:15:00.123Z");
        assert_eq!(Iso(time, Form::Offset).to_string(), "2026-03-02T08:15:00.123+0000");
        assert_eq!(Ts(time).to_string(), "1772439300.123456");
    }
}
