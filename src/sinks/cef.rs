//! A change in ArcSight's Common Event Format, version 0: `CEF:0|vendor|product|version|class|name|severity|key=value ...`.
//!
//! In the header `|` and `\` are escaped and line breaks become spaces; in values `=` and `\` are, and line breaks become `\n`. Keys and
//! lengths are those of the format's dictionary (Micro Focus, "ArcSight Common Event Format (CEF) Guide", revision 25).

use super::message::Message;
use super::plain::cut;

/// The text of a message, of at most `bytes_max` bytes: of what is too long, the summary is cut.
pub fn text(message: &Message, bytes_max: usize) -> String {
    let severity = match message.severity.as_str() {
        "high" => 8,
        "medium" => 5,
        "low" => 3,
        _ => 1,
    };
    let header = [
        "Bittern",
        "bittern",
        env!("CARGO_PKG_VERSION"),
        &cut(&message.detection.id, 100),
        &cut(&message.detection.title, 200),
        &severity.to_string(),
    ];
    let mut line = String::from("CEF:0");
    for field in header {
        line.push('|');
        line.push_str(&escaped(field, '|', " "));
    }
    line.push('|');
    let pairs: Vec<String> = extension(message)
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={}", escaped(&value, '=', "\\n")))
        .collect();
    line.push_str(&pairs.join(" "));
    // Last, so that what is cut is the sentence and nothing else; every receiver finds the ids.
    let room = bytes_max.saturating_sub(line.len() + " msg=".len());
    line.push_str(" msg=");
    line.push_str(&fitting(&message.summary, room));
    line
}

/// As much of a value as fits once it is escaped.
fn fitting(value: &str, room: usize) -> String {
    let whole = escaped(value, '=', "\\n");
    if whole.len() <= room {
        return whole;
    }
    let mut kept = String::new();
    for c in value.chars() {
        let next = escaped(c.encode_utf8(&mut [0; 4]), '=', "\\n");
        if kept.len() + next.len() + '\u{2026}'.len_utf8() > room {
            break;
        }
        kept.push_str(&next);
    }
    kept.push('\u{2026}');
    kept
}

fn extension(message: &Message) -> Vec<(&'static str, String)> {
    let millis = |time: i64| time.div_euclid(1_000).to_string();
    let text = |value: &Option<String>| value.as_deref().map(|value| cut(value, 500)).unwrap_or_default();
    vec![
        ("rt", millis(message.change_time)),
        ("start", message.first_event_time.map(millis).unwrap_or_default()),
        ("end", message.last_event_time.map(millis).unwrap_or_default()),
        ("externalId", message.id.clone()),
        ("act", message.change.to_owned()),
        ("cat", message.detection.techniques.join(",")),
        ("outcome", message.status.clone()),
        ("suid", cut(&message.entity.id, 500)),
        ("suser", message.entity.email.clone().or_else(|| message.entity.name.clone()).map(|name| cut(&name, 500)).unwrap_or_default()),
        ("cn1Label", message.risk_score.map(|_| "riskScore".into()).unwrap_or_default()),
        ("cn1", message.risk_score.map(|risk| risk.to_string()).unwrap_or_default()),
        ("cfp1Label", message.observed.map(|_| "observed".into()).unwrap_or_default()),
        ("cfp1", message.observed.map(|observed| observed.to_string()).unwrap_or_default()),
        ("cfp2Label", message.expected.map(|_| "expected".into()).unwrap_or_default()),
        ("cfp2", message.expected.map(|expected| expected.to_string()).unwrap_or_default()),
        ("cs1Label", "alertId".into()),
        ("cs1", message.alert_id.clone()),
        ("cs2Label", "caseId".into()),
        ("cs2", message.case_id.clone()),
        ("cs3Label", message.entity.group.as_ref().map(|_| "group".into()).unwrap_or_default()),
        ("cs3", text(&message.entity.group)),
        ("cs4Label", "payloadHash".into()),
        ("cs4", message.payload_hash.clone()),
    ]
}

/// The text with backslashes and one more character escaped, and every line break as `line_break`; other controls do not reach here.
fn escaped(text: &str, special: char, line_break: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' | '\r' => out.push_str(line_break),
            c if c == special => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::message::tests::message;

    #[test]
    fn a_line_is_as_written_down() {
        insta::assert_snapshot!(text(&message("52 files on Friday; usually 2"), 8192));
    }

    #[test]
    fn hostile_text_ends_no_field_and_no_line() {
        let mut hostile = message("one\ntwo|three=four\\five\u{1b}\u{202e}cn1=99 \"x\"");
        hostile.detection.title = "a|b\\c\nd=e".into();
        let line = text(&hostile, 8192);
        assert!(line.contains("|a\\|b\\\\c d=e|8|"), "{line}");
        assert!(line.ends_with("msg=one\\ntwo|three\\=four\\\\five\\\\u{1b}\\\\u{202e}cn1\\=99 \"x\""), "{line}");
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn what_is_too_long_is_cut_and_never_within_an_escape() {
        let full = message(&"=\\\u{fc}\n".repeat(300_000));
        for bytes_max in 900..1000 {
            let line = text(&full, bytes_max);
            assert!(line.len() <= bytes_max && line.ends_with('\u{2026}'), "{bytes_max}: {}", line.len());
            let (_, value) = line.split_once(" msg=").expect("has one");
            let trailing = value.trim_end_matches('\u{2026}').chars().rev().take_while(|c| *c == '\\').count();
            assert_eq!(trailing % 2, 0, "{value}");
        }
    }
}
