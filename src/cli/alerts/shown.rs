//! A case for a person to read: what happened and why that matters, then everything around it.

use super::super::output::{safe, table};
use super::super::picture::{chart, day, sparkline};
use crate::interval::time_text;
use crate::report::model::Time;
use crate::report::model::case::{Case, Detail};
use crate::report::single::Told;

/// Evidence that is shown: the table below has the rest.
const EVIDENCE: usize = 20;

/// Other cases that are shown.
const OTHERS: usize = 10;

/// The page.
pub fn page(told: &Told) -> String {
    let case = &told.case;
    let mut text = head(case);
    for why in &case.why {
        text.push_str(&format!("  {}\n", safe(why)));
    }
    if let Some(detail) = &case.detail {
        text.push_str(&detailed(detail));
    }
    if !told.acts.is_empty() {
        text.push_str("\nThe thirty days up to it\n");
        let width = told.acts.iter().map(|acts| acts.action.len()).max().unwrap_or_default();
        for acts in &told.acts {
            text.push_str(&format!("  {:width$}  {:>7}  {}\n", acts.action, acts.events, sparkline(&acts.days)));
        }
    }
    if !told.others.is_empty() {
        text.push_str("\nWhat else fired\n");
        let row = |other: &Case| {
            vec![
                other.case_id.chars().take(10).collect(),
                other.state.clone(),
                other.severity.clone(),
                other.risk.to_string(),
                other.detection_id.clone(),
                day(other.interval_start.day()),
                other.summary.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = told.others.iter().take(OTHERS).map(row).collect();
        text.push_str(&table(&["case", "state", "severity", "risk", "detection", "day", "summary"], &rows));
    }
    text.push_str(&tuning(told));
    text
}

fn head(case: &Case) -> String {
    let who = case.name.as_ref().map_or_else(|| case.entity_id.clone(), |name| format!("{name} ({})", case.entity_id));
    let group = case.group_name.as_ref().map_or_else(String::new, |group| format!(", {group}"));
    let learning = if case.status == "learning" { ", still learning" } else { "" };
    let times = if case.alerts == 1 { String::new() } else { format!(", {} alerts since {}", case.alerts, minute(case.first_time)) };
    let mut text = format!(
        "{}\n{}\n\n  case {} · {} · {}, risk {}{learning}\n  {}{group}\n  {}{times}\n",
        safe(&case.title),
        safe(&case.summary),
        case.case_id,
        case.state,
        case.severity,
        case.risk,
        safe(&who),
        minute(case.last_time),
        group = safe(&group)
    );
    if let Some(verdict) = &case.verdict {
        let by = case.last_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        text.push_str(&format!("  closed as {verdict}{}\n", safe(&by)));
    }
    text
}

fn detailed(detail: &Detail) -> String {
    let mut text = String::new();
    if let Some(series) = &detail.series {
        text.push_str(&format!("\n{}", chart(series)));
    }
    if !detail.chain.is_empty() {
        text.push_str("\nWhat became of the secret\n");
        for step in &detail.chain {
            let time = step.time.map_or_else(|| "now".to_owned(), minute);
            text.push_str(&format!("  {time:16}  {}\n", safe(&step.text)));
        }
    }
    if !detail.hours.is_empty() {
        text.push_str("\nWhat was read at which hours, two weeks up to it\n");
        let mut hours = vec![0.0; 24];
        for row in &detail.hours {
            if let Some(hour) = usize::try_from(row.hour).ok().and_then(|hour| hours.get_mut(hour)) {
                *hour += row.readings as f64;
            }
        }
        text.push_str(&format!("  {}\n  0     6     12    18\n", sparkline(&hours)));
    }
    if !detail.evidence.is_empty() {
        text.push_str("\nEvidence\n");
        for row in detail.evidence.iter().take(EVIDENCE) {
            let (time, action) = (row.event_time.map_or_else(String::new, minute), row.action.as_deref().unwrap_or_default());
            text.push_str(&format!("  {time:16}  {action:22}  {}\n", safe(&one_line(row.object.as_deref().unwrap_or_default()))));
        }
        if detail.evidence.len() > EVIDENCE {
            text.push_str(&format!("  and {} more, below\n", detail.evidence.len() - EVIDENCE));
        }
    }
    text
}

/// What somebody does about an alert that should not have been one.
fn tuning(told: &Told) -> String {
    let (case, mut text) = (&told.case, String::from("\nHow to tune\n"));
    let id = &case.detection_id;
    if !told.params.is_empty() {
        let params: Vec<String> = told.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for line in wrapped(&params, 110) {
            text.push_str(&format!("  {}\n", safe(&line)));
        }
        if let Some((name, value)) = told.params.iter().next() {
            text.push_str(&format!(
                "  bittern backtest {id} --param {name}={}   how many alerts another value would have made\n",
                safe(value)
            ));
        }
    }
    text.push_str(&format!(
        "  bittern explain --detection {id} --person {} --date {}\n",
        safe(&case.entity_id),
        day(case.interval_start.day())
    ));
    // A kind of program is a key, too, but everybody's.
    const CLASSES: [&str; 5] = ["interactive", "sync", "backup", "api", "ai"];
    let key = case.alert_key.as_deref().filter(|key| !key.is_empty() && !CLASSES.contains(key));
    let key = key.map_or_else(String::new, |key| format!(" or of {}", one_line(key)));
    let of = safe(&format!("{}{key}", case.entity_id));
    text.push_str(&format!(
        "  a row of {of} in policy/exceptions.csv silences it for good; policy/approvals.csv allows it for some days\n"
    ));
    if let Some(gaps) = &told.known_gaps {
        text.push_str(&format!("  not seen: {}\n", safe(gaps)));
    }
    text
}

/// Words in lines of some width.
fn wrapped(words: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < width => line.extend([" ", word]),
            _ => lines.push(word.clone()),
        }
    }
    lines
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn minute(time: Time) -> String {
    time_text(time.0).chars().take(16).collect::<String>().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_of_a_case_stays_text() {
        let bad = "\u{1b}[2J\u{202e}x";
        let case = Case {
            title: bad.into(),
            summary: bad.into(),
            entity_id: bad.into(),
            why: vec![bad.into()],
            alert_key: Some(bad.into()),
            ..Case::default()
        };
        let other = case.clone();
        let told =
            Told { case, others: vec![other], acts: Vec::new(), known_gaps: Some(bad.into()), params: [("a".into(), bad.into())].into() };
        let text = page(&told);
        assert!(text.contains("How to tune") && text.contains("What else fired"));
        assert!(!text.chars().any(|c| c == '\u{1b}' || c == '\u{202e}'), "{text:?}");
    }
}
