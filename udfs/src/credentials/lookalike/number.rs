//! Numbers, dates, times and measures.

/// Digits with separators and at most a unit: `2026-11-20`, `10:42`, `+49 30`, `8.5kg`, `30-day`, `1,200.00`, `2x`, `#42`.
pub fn is_number_like(value: &str) -> bool {
    // A date and a version: `20260527_v3`.
    let value = value.rsplit_once(['_', '-']).map_or(value, |(date, version)| {
        let versioned = version.strip_prefix(['v', 'V']).is_some_and(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()));
        if versioned && date.len() >= 6 { date } else { value }
    });
    if value.len() == 8 && value.starts_with("20") && value.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let value = value.strip_prefix("UTC").or(value.strip_prefix("GMT")).filter(|rest| rest.starts_with(['+', '-'])).unwrap_or(value);
    if value.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '=' | '*' | '.' | ',' | '/' | '%'))
        && value.contains(['+', '=', '*'])
    {
        return true;
    }
    let body = value.trim_start_matches(['+', '#', '$', '€', '£', '~', '<', '>', '×', '±', '(']);
    let unit = body
        .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '/' | '-' | '%' | ' ' | '–' | '_' | '\u{a0}'));
    let digits = body.len() - unit.len();
    if digits == 0 {
        return false;
    }
    let has_joint = body.bytes().any(|b| matches!(b, b'.' | b',' | b':' | b'/' | b'-' | b'%'));
    match unit.chars().count() {
        0 => has_joint || body.len() != value.len(),
        1 => true,
        2 | 3 => unit.chars().all(char::is_alphabetic) && body.chars().filter(char::is_ascii_digit).count() <= 4 || is_time(unit),
        _ => {
            matches!(
                unit.to_ascii_lowercase().as_str(),
                "days"
                    | "day"
                    | "hours"
                    | "hour"
                    | "mins"
                    | "chars"
                    | "characters"
                    | "bits"
                    | "bytes"
                    | "weeks"
                    | "zeichen"
                    | "tage"
                    | "times"
                    | "years"
                    | "months"
                    | "minutes"
                    | "seconds"
                    | "people"
                    | "users"
            ) || is_time(unit)
        }
    }
}

/// The tail of an ISO time: `T02:10:11Z`, `T02`.
fn is_time(unit: &str) -> bool {
    unit.starts_with(['T', 't']) && unit.bytes().skip(1).all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'Z' | b'z' | b'+' | b'-'))
}
