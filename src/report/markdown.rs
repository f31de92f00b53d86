//! The report as Markdown (CommonMark with tables): for mails, chats and wikis.

use std::fmt::Write;

use super::escape::{id, markdown};
use super::html::verdicts;
use super::model::Report;
use super::model::case::Case;
use super::words::{count, duration, long_day, moment, number, place_kind, plain, short_day, who, whole};

/// Cases that are written out; the others are counted.
const CASES_MAX: usize = 60;

/// The whole document.
pub fn page(report: &Report) -> String {
    let mut out = format!("# Bittern: {}\n\n", long_day(report.day));
    for sentence in &report.sentences {
        let _ = write!(out, "{} ", markdown(sentence));
    }
    out.push_str("\n\n");
    for missing in &report.missing {
        let _ = writeln!(out, "- {} `{}`", markdown(&missing.what), missing.todo.replace('`', ""));
    }
    if !report.missing.is_empty() {
        out.push('\n');
    }
    if !report.first.is_empty() {
        out.push_str("## Look at these first\n\n");
        for (at, case) in report.first.iter().enumerate() {
            let _ = writeln!(out, "{}. **{}**: {} {}", at + 1, markdown(&case.who), markdown(&case.what), markdown(&case.why));
        }
        out.push('\n');
    }
    if !report.aggregate {
        cases(&mut out, report);
        people(&mut out, report);
    }
    credentials(&mut out, report);
    groups(&mut out, report);
    if !report.aggregate {
        changes(&mut out, report);
    }
    coverage(&mut out, report);
    let _ = writeln!(
        out,
        "Made by bittern {} as of {} UTC, over {} events. Times are UTC.",
        env!("CARGO_PKG_VERSION"),
        moment(report.as_of),
        whole(i64::try_from(report.counts.events).unwrap_or(i64::MAX))
    );
    out
}

/// A table; heads that begin with `#` are of numbers. Cells are Markdown already.
fn table(out: &mut String, heads: &[&str], rows: Vec<Vec<String>>) {
    let names: Vec<&str> = heads.iter().map(|head| head.trim_start_matches('#')).collect();
    let rule: Vec<&str> = heads.iter().map(|head| if head.starts_with('#') { "---:" } else { "---" }).collect();
    let _ = writeln!(out, "| {} |\n| {} |", names.join(" | "), rule.join(" | "));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
}

fn cases(out: &mut String, report: &Report) {
    out.push_str("## Cases\n\n");
    if report.open.is_empty() {
        out.push_str("No case is open.\n\n");
    }
    let shown = report.open.len().min(CASES_MAX);
    for case in &report.open[..shown] {
        one(out, case);
    }
    let more = (report.open.len() - shown) as u64 + report.cases_left_out;
    if more > 0 {
        let _ = writeln!(out, "{}: `bittern alerts list --state open --limit 10000`\n", count(more, "more case", "more cases"));
    }
    for (cases, what) in [(&report.learning, "still learning"), (&report.done, "closed or suppressed")] {
        if !cases.is_empty() {
            let _ = writeln!(out, "{} {what}: `bittern alerts list --state all`\n", count(cases.len() as i64, "case", "cases"));
        }
    }
}

fn one(out: &mut String, case: &Case) {
    let _ = writeln!(out, "### {}: {}\n", markdown(&case.severity), markdown(&case.title));
    let group = case.group_name.as_ref().map_or_else(String::new, |group| format!(" \u{b7} {}", markdown(group)));
    let new = if case.new { "new \u{b7} " } else { "" };
    let short: String = id(&case.case_id).chars().take(10).collect();
    let _ = writeln!(
        out,
        "{new}{}{group} \u{b7} {} \u{b7} risk {} \u{b7} `bittern alerts show {short}`\n",
        markdown(&who(case)),
        moment(case.first_time),
        case.risk
    );
    let _ = writeln!(out, "{}\n", markdown(&super::words::sentence(&case.summary)));
    let steps = case.detail.iter().flat_map(|detail| &detail.chain);
    let steps: Vec<String> = steps
        .map(|step| {
            let when = step.time.map_or_else(String::new, |time| format!("{}: ", moment(time)));
            format!("- {when}{}", markdown(&step.text))
        })
        .collect();
    let whys: Vec<String> = case.why.iter().map(|why| format!("- {}", markdown(why))).collect();
    for line in whys.iter().chain(&steps) {
        let _ = writeln!(out, "{line}");
    }
    if !(whys.is_empty() && steps.is_empty()) {
        out.push('\n');
    }
}

fn people(out: &mut String, report: &Report) {
    out.push_str("## People by risk\n\n");
    if report.people.is_empty() {
        out.push_str("Nothing fired about anybody in four weeks.\n\n");
        return;
    }
    let rows = report.people.iter().map(|person| {
        let name = person.name.as_ref().map_or_else(String::new, |name| format!("{} ", markdown(name)));
        let detections: Vec<String> = person.detections.iter().map(|detection| markdown(&plain(detection))).collect();
        vec![
            format!("{name}{}{}", markdown(&person.person_id), if person.leaves { " (leaving)" } else { "" }),
            markdown(person.group_name.as_deref().unwrap_or("Unknown")),
            number(person.risk),
            person.cases.to_string(),
            detections.join(", "),
        ]
    });
    table(out, &["Person", "Group", "#Risk", "#Cases", "What fired"], rows.collect());
    let more = report.people_total.saturating_sub(report.people.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "{}: `bittern sql -c \"SELECT * FROM person_risk\"`\n", count(more, "more person", "more people"));
    }
}

fn credentials(out: &mut String, report: &Report) {
    out.push_str("## Credentials\n\n");
    if report.credentials.is_empty() {
        out.push_str("No secret was posted in four weeks, and none stands from before.\n\n");
        return;
    }
    let rows = report.credentials.iter();
    let rows = rows.map(|row| vec![markdown(&plain(&row.kind)), markdown(&row.place), row.posted.to_string(), row.standing.to_string()]);
    table(out, &["What", "Where", "#Posted in four weeks", "#Still there"], rows.collect());
    let rows = report.removals.iter().map(|row| vec![markdown(&row.after), row.secrets.to_string()]);
    table(out, &["Removed", "#Secrets"], rows.collect());
    let rows = report.standing.iter().map(|row| {
        let kind = place_kind(row.channel_type.as_deref(), row.channel_external, row.source.as_deref());
        vec![
            format!(
                "{} {}",
                markdown(&plain(row.kind.as_deref().unwrap_or("secret"))),
                markdown(row.masked.as_deref().unwrap_or_default())
            ),
            format!("{} ({kind})", markdown(row.channel.as_deref().or(row.source.as_deref()).unwrap_or("?"))),
            duration(report.until().0 - row.first_posted_time.0),
            row.active_after.to_string(),
        ]
    });
    table(out, &["Still standing", "Where", "#For", "#Active there since"], rows.collect());
}

fn groups(out: &mut String, report: &Report) {
    if report.groups.is_empty() {
        return;
    }
    out.push_str("## Groups of five people or more\n\n");
    let rows = report.groups.iter().map(|group| {
        vec![
            markdown(&group.group_name),
            group.people.to_string(),
            group.cases.to_string(),
            number(group.files_week.unwrap_or_default()),
            number(group.files_usual.unwrap_or_default().round()),
        ]
    });
    table(out, &["Group", "#People", "#Open cases", "#Files taken in seven days", "#A week before that"], rows.collect());
}

fn changes(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## What runs of the 24 hours before {} UTC changed\n", moment(report.as_of));
    if report.changes.is_empty() {
        out.push_str("Nothing.\n\n");
        return;
    }
    let rows = report.changes.iter();
    let rows = rows.map(|row| vec![markdown(&row.detection_id), row.new.to_string(), row.changed.to_string(), row.retracted.to_string()]);
    table(out, &["Detection", "#New", "#Changed", "#Taken back"], rows.collect());
    for row in &report.changed {
        let change = if row.change == "retracted" { "Taken back" } else { "Changed" };
        let _ = writeln!(
            out,
            "- {change}: {} of {}, {}",
            markdown(&row.detection_id),
            short_day(row.interval_start.day()),
            markdown(row.summary.as_deref().unwrap_or_default())
        );
    }
    if !report.changed.is_empty() {
        out.push('\n');
    }
}

fn coverage(out: &mut String, report: &Report) {
    out.push_str("## What was looked at\n\n");
    let rows = report.sources.iter().map(|source| {
        vec![
            markdown(&source.source),
            markdown(&source.state),
            whole(source.events_day as i64),
            whole(source.events as i64),
            source.silent_days.len().to_string(),
            moment(source.last_hour),
        ]
    });
    if !report.sources.is_empty() {
        table(out, &["Source", "State", "#On the day", "#In four weeks", "#Days not seen whole", "Last event"], rows.collect());
    }
    let rows = report.quarantine.iter().map(|row| {
        vec![
            markdown(&row.source),
            markdown(row.reason.as_deref().unwrap_or_default()),
            whole(row.lines.unwrap_or_default() as i64),
            format!("{}:{}", markdown(row.first_object.as_deref().unwrap_or_default()), row.first_line.unwrap_or_default()),
        ]
    });
    if !report.quarantine.is_empty() {
        table(out, &["Not read of", "Reason", "#Lines", "First place"], rows.collect());
    }
    let rows = report.detections.iter().map(|row| {
        let state = match (&row.blind, row.failed) {
            (Some(why), _) => format!("cannot fire: {}", markdown(why)),
            (None, 1..) => "failed in the last day".into(),
            (None, 0) if row.last_run.is_none() => "has not run".into(),
            (None, 0) => String::new(),
        };
        vec![markdown(&row.detection_id), whole(row.alerts as i64), whole(row.cases as i64), markdown(&verdicts(row)), state]
    });
    table(out, &["Detection", "#Alerts", "#Cases", "Closed as", "State"], rows.collect());
    for line in &report.switched_off {
        let _ = writeln!(out, "- Switched off: {}", markdown(line));
    }
    if !report.switched_off.is_empty() {
        out.push('\n');
    }
}
