//! Times in every form the vendors write them, as UTC microseconds.

use chrono::{NaiveDate, NaiveDateTime};

use crate::event::{DAY, Micros, SECOND, When};

/// Years outside these are a broken clock or a wrong unit, not a time (`0001-01-01` is Graph's "never").
const YEAR_MIN: i64 = 1990;
const YEAR_MAX: i64 = 2200;

/// 0001-01-01T00:00:00Z, where .NET's clock begins: Graph writes it for "never".
const YEAR_ONE: Micros = -62_135_596_800 * SECOND;

/// What a field says of a time, in any form that [`parse`] reads. A blank field and a clock that was never set say nothing.
pub fn read(text: Option<&str>) -> When {
    read_as(text, parse)
}

/// The same for a field that has forms of its own.
pub fn read_as(text: Option<&str>, parse: impl Fn(&str) -> Option<Micros>) -> When {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return When::Unsaid };
    match parse(text) {
        Some(micros) => When::At(micros),
        None if any(text).is_some_and(is_unset) => When::Unsaid,
        None => When::Unreadable,
    }
}

/// Reads an ISO 8601 time (zone optional: UTC), `YYYY-MM-DD HH:MM:SS`, a US date-time with AM/PM, or an epoch in s, ms, µs or ns.
pub fn parse(text: &str) -> Option<Micros> {
    any(text.trim()).filter(|micros| plausible(*micros))
}

/// Reads an epoch whose unit follows from its size: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
pub fn from_epoch(value: i64) -> Option<Micros> {
    epoch(value).filter(|micros| plausible(*micros))
}

/// Reads Slack's message `ts`, `1643723400.123456`: seconds and a counter that is written like microseconds.
pub fn from_slack_ts(ts: &str) -> Option<Micros> {
    let (seconds, fraction) = ts.trim().split_once('.').unwrap_or((ts.trim(), ""));
    let micros = from_epoch(seconds.parse().ok()?)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(micros + fraction_micros(fraction.as_bytes()))
}

/// The first six digits of a decimal fraction, as microseconds.
fn fraction_micros(digits: &[u8]) -> i64 {
    let mut micros = 0;
    for at in 0..6 {
        micros = micros * 10 + digits.get(at).map_or(0, |b| i64::from(b - b'0'));
    }
    micros
}

/// Whether a running clock can show this.
pub fn plausible(micros: Micros) -> bool {
    const YEAR: i64 = 31_556_952 * SECOND;
    ((YEAR_MIN - 1970) * YEAR..(YEAR_MAX - 1970) * YEAR).contains(&micros)
}

/// Whether this is the first day of a clock, Unix's or .NET's: what programs write where nothing set a time, or soon after a start without one.
fn is_unset(micros: Micros) -> bool {
    [0, YEAR_ONE].iter().any(|start| (*start..start + DAY).contains(&micros))
}

/// A time in any form, plausible or not.
fn any(text: &str) -> Option<Micros> {
    iso(text.as_bytes()).or_else(|| number(text)).or_else(|| spelled(text))
}

fn epoch(value: i64) -> Option<Micros> {
    match value.unsigned_abs() {
        0..100_000_000_000 => value.checked_mul(SECOND),
        100_000_000_000..100_000_000_000_000 => value.checked_mul(1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Some(value),
        _ => Some(value / 1_000),
    }
}

fn number(text: &str) -> Option<Micros> {
    if let Ok(value) = text.parse::<i64>() {
        return epoch(value);
    }
    let (whole, fraction) = text.split_once('.')?;
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let micros = epoch(whole)?;
    Some(if whole.unsigned_abs() < 100_000_000_000 { micros + fraction_micros(fraction.as_bytes()) } else { micros })
}

/// `YYYY-MM-DD[T ]HH:MM[:SS[.f…]][ ][Z|UTC|±HH[:]MM]` without allocating: most records of most sources pass here.
fn iso(text: &[u8]) -> Option<Micros> {
    let digits = |from: usize, to: usize| -> Option<i64> {
        let mut value = 0;
        for b in text.get(from..to)? {
            if !b.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(b - b'0');
        }
        Some(value)
    };
    if text.get(4) != Some(&b'-') || text.get(7) != Some(&b'-') {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() * SECOND;
    if text.len() == 10 {
        return Some(midnight);
    }
    if !matches!(text.get(10), Some(b'T' | b't' | b' ')) || text.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (digits(11, 13)?, digits(14, 16)?);
    let mut at = 16;
    let mut second = 0;
    let mut micros = 0;
    if text.get(at) == Some(&b':') {
        second = digits(17, 19)?;
        at = 19;
        if matches!(text.get(at), Some(b'.' | b',')) {
            let start = at + 1;
            at = start;
            while text.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            micros = fraction_micros(&text[start..at]);
        }
    }
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let offset = offset_seconds(text[at..].trim_ascii_start())?;
    Some(midnight + (hour * 3_600 + minute * 60 + second - offset) * SECOND + micros)
}

/// Seconds east of UTC; none written is UTC.
fn offset_seconds(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        [] | b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let mut digits = [0_i64; 4];
    let mut count = 0;
    for b in &zone[1..] {
        match b {
            b'0'..=b'9' if count < 4 => {
                digits[count] = i64::from(b - b'0');
                count += 1;
            }
            b':' if count == 2 => {}
            _ => return None,
        }
    }
    let minutes = match count {
        2 => (digits[0] * 10 + digits[1]) * 60,
        4 => (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3],
        _ => return None,
    };
    (minutes <= 18 * 60).then_some(sign * minutes * 60)
}

/// Forms that people's locale gives an export: month first, as Microsoft's portals write them, and RFC 2822 dates.
fn spelled(text: &str) -> Option<Micros> {
    const FORMS: [&str; 6] = [
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%Y %H:%M",
        "%b %d, %Y %I:%M:%S %p",
        "%b %d, %Y, %I:%M:%S %p",
    ];
    let naive = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    if let Some(naive) = naive {
        return Some(naive.and_utc().timestamp_micros());
    }
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|time| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_one_instant_is_the_same_microsecond() {
        let expected = 1_658_996_552_000_000;
        for text in [
            "2022-07-28T08:22:32Z",
            "2022-07-28T08:22:32",
            "2022-07-28 08:22:32",
            "2022-07-28T08:22:32.000+0000",
            "2022-07-28T10:22:32.0000000+02:00",
            "2022-07-28T03:52:32-0430",
            "2022-07-28 08:22:32.000 UTC",
            "7/28/2022 8:22:32 AM",
            "07/28/2022 08:22:32",
            "Thu, 28 Jul 2022 08:22:32 +0000",
            "1658996552",
            "1658996552000",
            "1658996552000000",
            "1658996552000000000",
            "1658996552.0",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn fractions_keep_microseconds() {
        assert_eq!(parse("2022-07-28T08:22:32.1234567Z"), Some(1_658_996_552_123_456));
        assert_eq!(from_slack_ts("1643723400.123456"), Some(1_643_723_400_123_456));
        assert_eq!(from_slack_ts("1643723400.1234567890"), Some(1_643_723_400_123_456));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "0",
            "0001-01-01T00:00:00Z",
            "yesterday",
            "2022-13-01",
            "2022-07-28T99:00:00Z",
            "12:30",
            "-1",
            "123",
            "2022-07-28T08:22:32+99:99",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_without_a_time_is_not_one_with_a_wrong_time() {
        for unsaid in ["", "  ", "0", "123", "0000000000.000000", "1970-01-01T00:00:00Z", "1970-01-01 00:12:30", "0001-01-01T00:00:00Z"] {
            assert_eq!(read(Some(unsaid)), When::Unsaid, "{unsaid}");
        }
        assert_eq!(read(None), When::Unsaid);
        for wrong in ["yesterday", "-", "12:30", "-1", "1970-01-02", "1980-01-01", "200000", "9999-12-31T23:59:59Z", "2022-13-01"] {
            assert_eq!(read(Some(wrong)), When::Unreadable, "{wrong}");
        }
        assert_eq!(read(Some(" 1658996552 ")), When::At(1_658_996_552_000_000));
    }

    #[test]
    fn of_several_fields_the_first_that_is_a_time_counts() {
        let (none, wrong, one, two) = (When::Unsaid, When::Unreadable, When::At(1), When::At(2));
        for (fields, expected) in [
            ([none, none], none),
            ([none, wrong], wrong),
            ([wrong, none], wrong),
            ([wrong, two], two),
            ([one, wrong], one),
            ([one, two], one),
        ] {
            assert_eq!(fields[0].or(fields[1]), expected, "{fields:?}");
        }
    }
}
