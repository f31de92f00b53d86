//! Numbers, days and sentences as the report writes them.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use super::model::case::Case;
use super::model::{Person, Time};
use crate::event::{HOUR, Micros, SECOND};

/// `1 alert`, `1,234 alerts`.
pub fn count(number: impl TryInto<i64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    format!("{} {}", whole(number), if number == 1 { one } else { many })
}

/// With a comma before every three digits.
pub fn whole(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whole from ten on, with one digit after the point below.
pub fn number(value: f64) -> String {
    if value.abs() >= 9.95 || (value - value.round()).abs() < 0.05 { whole(value.round() as i64) } else { format!("{value:.1}") }
}

fn date(day: i64) -> NaiveDate {
    i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days).unwrap_or_default()
}

/// `Friday 10 April 2026`.
pub fn long_day(day: i64) -> String {
    date(day).format("%A %-d %B %Y").to_string()
}

/// `Fri 10 April`.
pub fn short_day(day: i64) -> String {
    date(day).format("%a %-d %B").to_string()
}

/// `10 Apr`.
pub fn tick(day: i64) -> String {
    date(day).format("%-d %b").to_string()
}

/// Whether a day is a Saturday or Sunday.
pub fn is_weekend(day: i64) -> bool {
    date(day).weekday().num_days_from_monday() >= 5
}

/// `Fri 10 April, 18:03` in UTC.
pub fn moment(time: Time) -> String {
    let clock = DateTime::from_timestamp_micros(time.0).map_or_else(String::new, |t| format!(", {:02}:{:02}", t.hour(), t.minute()));
    format!("{}{clock}", short_day(time.day()))
}

/// `3 minutes`, `5 hours`, `12 days`.
pub fn duration(micros: Micros) -> String {
    let minutes = micros / (60 * SECOND);
    match minutes {
        ..2 => "a minute".into(),
        2..120 => count(minutes, "minute", "minutes"),
        120..2880 => count(micros / HOUR, "hour", "hours"),
        _ => count(micros / (24 * HOUR), "day", "days"),
    }
}

/// `a, b and c`.
pub fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// With a capital letter in front and a full stop behind.
pub fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let whole = format!("{first}{}", chars.as_str());
    if whole.is_empty() || whole.ends_with(['.', '!', '?']) { whole } else { format!("{whole}.") }
}

/// Who a case is about: the name where it may be shown, else the pseudonym, or the kind of thing and its id.
pub fn who(case: &Case) -> String {
    match (&case.name, case.entity_type.as_deref()) {
        (Some(name), _) => name.clone(),
        (None, Some("person_id") | None) if case.entity_id == "nobody" => "Nobody whom the log names".into(),
        (None, Some("person_id") | None) => case.entity_id.clone(),
        (None, Some("channel_id")) => format!("Channel {}", case.entity_id),
        (None, Some(kind)) => format!("{} {}", sentence(kind).trim_end_matches('.'), case.entity_id),
    }
}

/// How far what was counted is from what is usual, in sentences; nothing if the alert compares with nothing.
pub fn compared(case: &Case) -> Vec<String> {
    let mut told = Vec::new();
    if let (Some(observed), Some(expected)) = (case.observed, case.expected) {
        let usual = match case.spread {
            Some(spread) if spread > 0.0 && expected > 0.0 => format!("{} \u{b1} {}", number(expected), number(spread)),
            _ if expected < 0.05 => "none".into(),
            _ => number(expected),
        };
        let days = case.history_days.filter(|days| *days > 0);
        let over = days.map_or_else(String::new, |days| format!(" ({})", count(days, "known day", "known days")));
        let times = if expected >= 0.5 && observed / expected >= 1.5 {
            format!("; this is {} times as much", number(observed / expected))
        } else {
            String::new()
        };
        if observed > expected {
            told.push(format!("Usual is {usual}{over}{times}."));
        }
    }
    if let Some(p) = case.p_value.filter(|p| *p > 0.0 && *p < 0.2) {
        let once = 1.0 / p;
        told.push(match once {
            ..1e6 => format!("By the person's own history so much comes by chance on about one day in {}.", rounded(once)),
            _ => "By the person's own history so much hardly ever comes by chance (less than one day in a million).".into(),
        });
    }
    if let Some(peers) = case.peers.filter(|peers| *peers > 0) {
        told.push(format!("Compared with {} as well.", count(peers, "peer", "peers")));
    }
    if case.alerts > 1 {
        told.push(format!("{} belong to this case since {}.", count(case.alerts, "alert", "alerts"), short_day(case.first_time.day())));
    }
    told
}

/// What else is known of the person.
pub fn about(person: Option<&Person>, other_cases: usize) -> Vec<String> {
    let mut told = Vec::new();
    if person.is_some_and(|person| person.leaves) {
        told.push("This person is leaving.".into());
    }
    if other_cases > 0 {
        told.push(format!("{} about the same person.", count(other_cases, "more open case is", "more open cases are")));
    }
    told
}

/// Two leading digits.
fn rounded(value: f64) -> String {
    let scale = 10f64.powf((value.abs().log10().floor() - 1.0).max(0.0));
    whole(((value / scale).round() * scale) as i64)
}

/// A kind of act or credential, as people say it: `file_downloaded` → `file downloaded`.
pub fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// What kind of place a message stands in.
pub fn place_kind(channel_type: Option<&str>, external: bool, source: Option<&str>) -> String {
    let kind = match channel_type {
        Some("public") => "public channel",
        Some("private") => "private channel",
        Some("direct") => "direct message",
        Some("group") => "group chat",
        Some("site") => "project or site",
        Some(other) => return plain(other),
        None if source == Some("email") => "mail",
        None => "elsewhere",
    };
    if external { format!("{kind} with outsiders") } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([whole(0), whole(999), whole(1_000), whole(-1_234_567)], ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([number(4.35879), number(12.4), number(3.0), number(9.97)], ["4.4", "12", "3", "10"]);
        assert_eq!(rounded(40_412.0), "40,000");
        assert_eq!([duration(30 * SECOND), duration(5 * HOUR), duration(80 * HOUR)], ["a minute", "5 hours", "3 days"]);
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn what_is_far_from_usual_is_said_in_words() {
        let case = Case {
            observed: Some(135.0),
            expected: Some(4.35879),
            spread: Some(2.36405),
            p_value: Some(0.00025),
            history_days: Some(17),
            alerts: 1,
            ..Case::default()
        };
        assert_eq!(
            compared(&case),
            [
                "Usual is 4.4 \u{b1} 2.4 (17 known days); this is 31 times as much.",
                "By the person's own history so much comes by chance on about one day in 4,000."
            ]
        );
        assert_eq!(compared(&Case::default()), Vec::<String>::new());
    }

    #[test]
    fn days_are_written_out() {
        assert_eq!(long_day(20_553), "Friday 10 April 2026");
        assert_eq!((tick(20_553).as_str(), is_weekend(20_553), is_weekend(20_554)), ("10 Apr", false, true));
        assert_eq!(moment(Time(1_775_844_219_000_000)), "Fri 10 April, 18:03");
    }
}
