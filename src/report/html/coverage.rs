//! What secrets stand where, what runs changed, and what the report could not see.

use std::fmt::Write;

use super::super::escape::{html, id};
use super::super::model::Report;
use super::super::model::coverage::{Detection, Source};
use super::super::words::{count, duration, long_day, moment, place_kind, plain, short_day, whole};
use super::{charts, severity, table};
use crate::event::SECOND;

/// Closed cases from which a share of right ones means something.
const VERDICTS_MIN: u64 = 5;

/// Secrets by kind and place, how long they stood, and those that still do.
pub fn credentials(out: &mut String, report: &Report) {
    out.push_str("<section id=\"credentials\" aria-labelledby=\"credentials-title\"><h2 id=\"credentials-title\">Credentials</h2>\n");
    if report.credentials.is_empty() {
        out.push_str("<p>No secret was posted in four weeks, and none stands from before.</p></section>\n");
        return;
    }
    out.push_str(
        "<p class=\"soft\">Secrets in messages, comments and mails, counted once for each kind of place. \
         One that somebody posted is to be revoked, not only deleted.</p>\n<div class=\"two\"><div>",
    );
    table(out, "By kind and place", &["What", "Where", "#Posted in four weeks", "#Still there"], |out| {
        for row in &report.credentials {
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                html(&plain(&row.kind)),
                html(&row.place),
                row.posted,
                row.standing
            );
        }
    });
    out.push_str("</div><div>");
    let greatest = report.removals.iter().map(|row| row.secrets).max().unwrap_or_default();
    table(out, "Posted in four weeks: removed after", &["Removed", "#Secrets", "Share"], |out| {
        for row in &report.removals {
            let hot = row.after == "still there";
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"spark\">{}</td></tr>",
                html(&row.after),
                row.secrets,
                charts::share(row.secrets, greatest, hot)
            );
        }
    });
    out.push_str("</div></div>\n");
    standing(out, report);
    out.push_str("</section>\n");
}

fn standing(out: &mut String, report: &Report) {
    if report.standing.is_empty() {
        return;
    }
    let heads = ["What", "Where", "#Stands for", "#Active there since", "Case"];
    table(out, "Still standing: those first that most people could have seen", &heads, |out| {
        for row in &report.standing {
            let kind = place_kind(row.channel_type.as_deref(), row.channel_external, row.source.as_deref());
            let place = match row.channel_type.as_deref() {
                Some("public" | "private" | "site") => format!("{} ({kind})", row.channel.as_deref().unwrap_or("?")),
                _ => kind,
            };
            let case = report.open.iter().find(|case| case.fingerprint.as_ref() == Some(&row.fingerprint) && case.detail.is_some());
            let case = case.map_or_else(String::new, |case| format!("<a href=\"#case-{}\">look</a>", id(&case.case_id)));
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{} <span class=\"id soft\"><bdi>{}</bdi></span></th><td><bdi>{}</bdi></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{case}</td></tr>",
                html(&plain(row.kind.as_deref().unwrap_or("secret"))),
                html(row.masked.as_deref().unwrap_or_default()),
                html(&place),
                duration(report.until().0 - row.first_posted_time.0),
                row.active_after
            );
        }
    });
    let more = report.counts.standing.saturating_sub(report.standing.len());
    if more > 0 {
        let _ = writeln!(out, "<p class=\"more\">{}: <code>bittern hunt standing_secrets</code></p>", count(more as i64, "more", "more"));
    }
}

/// What the runs of the last day changed.
pub fn changes(out: &mut String, report: &Report) {
    out.push_str("<section id=\"changes\" aria-labelledby=\"changes-title\"><h2 id=\"changes-title\">What changed</h2>\n");
    if report.changes.is_empty() {
        let _ = writeln!(out, "<p>No run changed an alert in the 24 hours before {} UTC.</p></section>", moment(report.as_of));
        return;
    }
    let _ = writeln!(
        out,
        "<p class=\"soft\">By runs of the 24 hours before {} UTC, of whatever day. Late logs, a changed policy or a changed detection \
         can change or take back what was told before.</p>",
        moment(report.as_of)
    );
    table(out, "Alerts, by detection", &["Detection", "#New", "#Changed", "#Taken back"], |out| {
        for row in &report.changes {
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                html(&plain(&row.detection_id)),
                row.new,
                row.changed,
                row.retracted
            );
        }
    });
    if !report.changed.is_empty() {
        table(out, "Changed and taken back", &["Change", "Severity", "Day", "Who", "What it says", "-Why it ran"], |out| {
            for row in &report.changed {
                let change = if row.change == "retracted" { "taken back" } else { "changed" };
                let _ = writeln!(
                    out,
                    "<tr><td>{change}</td><td>{}</td><td class=\"nowrap\">{}</td><td class=\"id\">{}</td><td><bdi>{}</bdi></td><td class=\"less\">{}</td></tr>",
                    severity(row.severity.as_deref().unwrap_or_default()),
                    short_day(row.interval_start.day()),
                    html(row.entity_id.as_deref().unwrap_or_default()),
                    html(row.summary.as_deref().unwrap_or_default()),
                    html(row.reason.as_deref().unwrap_or_default())
                );
            }
        });
        let more = report.changed_total.saturating_sub(report.changed.len() as u64);
        if more > 0 {
            let _ = writeln!(out, "<p class=\"more\">{} in <code>alert_changes</code></p>", count(more, "more change", "more changes"));
        }
    }
    out.push_str("</section>\n");
}

/// What could be seen, and what could not.
pub fn section(out: &mut String, report: &Report) {
    out.push_str("<section id=\"coverage\" aria-labelledby=\"coverage-title\"><h2 id=\"coverage-title\">What was looked at</h2>\n");
    out.push_str("<p class=\"soft\">A quiet page means little where nothing was seen.</p>\n");
    sources(out, report);
    quarantine(out, report);
    detections(out, report);
    if !report.switched_off.is_empty() {
        let _ = write!(out, "<h3 id=\"off\">Switched off</h3><p class=\"soft small\">Neither profiled nor told of.</p><ul>");
        for line in &report.switched_off {
            let _ = write!(out, "<li><bdi>{}</bdi></li>", html(line));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}

fn sources(out: &mut String, report: &Report) {
    if report.sources.is_empty() {
        out.push_str("<p>No source has delivered anything.</p>\n");
        return;
    }
    let heads = ["Source", "State", "#On the day", "Four weeks", "#Usual delay", "#Not mapped", "-Last event"];
    table(out, "Sources", &heads, |out| {
        for source in &report.sources {
            let label = match source.silent_days.len() {
                0 => format!("{} in four weeks", count(source.events, "event", "events")),
                silent => format!(
                    "{} in four weeks; not seen whole on {}",
                    count(source.events, "event", "events"),
                    count(silent as i64, "day", "days")
                ),
            };
            let bars = charts::day_bars(&source.days, &source.day_events, &source.silent_days, report.day - 27, report.day, &label);
            let unmapped = if source.events == 0 { 0.0 } else { source.other as f64 / source.events as f64 * 100.0 };
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"spark\">{bars}</td><td class=\"n\">{}</td><td class=\"n\">{unmapped:.0}%</td><td class=\"less nowrap\">{}</td></tr>",
                html(&source.source),
                state(source),
                whole(source.events_day as i64),
                source.lateness_secs.map_or_else(|| "\u{2013}".into(), |secs| duration((secs * SECOND as f64) as i64)),
                if source.state == "ended" { long_day(source.last_hour.day()) } else { moment(source.last_hour) }
            );
        }
    });
    let gaps: Vec<&Source> = report.sources.iter().filter(|source| !source.silent_days.is_empty()).collect();
    for source in gaps {
        let days: Vec<String> = source.silent_days.iter().rev().take(7).map(|day| short_day(*day)).collect();
        let _ = writeln!(
            out,
            "<p class=\"small\">{} was not seen whole on {}: what happened there is unknown, and counts as no history.</p>",
            html(&source.source),
            days.join(", ")
        );
    }
}

fn state(source: &Source) -> String {
    let class = if matches!(source.state.as_str(), "silent" | "late") { "tag new" } else { "tag" };
    format!("<span class=\"{class}\">{}</span>", html(&source.state))
}

fn quarantine(out: &mut String, report: &Report) {
    if report.quarantine.is_empty() {
        out.push_str("<p class=\"small soft\">Every line of every log could be read.</p>\n");
        return;
    }
    table(out, "Not read, by reason", &["Source", "Reason", "#Lines", "#Objects", "-First place"], |out| {
        for row in &report.quarantine {
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td><bdi>{}</bdi></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"less id\"><bdi>{}:{}</bdi></td></tr>",
                html(&row.source),
                html(row.reason.as_deref().unwrap_or_default()),
                whole(row.lines.unwrap_or_default() as i64),
                row.objects,
                html(row.first_object.as_deref().unwrap_or_default()),
                row.first_line.unwrap_or_default()
            );
        }
    });
}

fn detections(out: &mut String, report: &Report) {
    out.push_str("<div id=\"detections\"></div>\n");
    let heads = ["Detection", "State", "#Cases", "Closed as", "-Last run"];
    table(out, "Detections, and how right they were", &heads, |out| {
        for row in &report.detections {
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}{}</th><td>{}</td><td class=\"n\">{}</td><td>{}</td><td class=\"less nowrap\">{}</td></tr>",
                html(&row.title),
                if row.delivers { "" } else { " <span class=\"soft small\">(counted only)</span>" },
                told(row),
                whole(row.cases as i64),
                html(&verdicts(row)),
                row.last_run.map_or_else(|| "never".into(), moment)
            );
        }
    });
    out.push_str("<details><summary>What detections cannot see by design</summary><ul class=\"small\">");
    for row in &report.detections {
        if let Some(gaps) = &row.known_gaps {
            let _ = write!(out, "<li><b>{}</b>: {}</li>", html(&row.title), html(gaps));
        }
    }
    out.push_str("</ul></details>\n");
}

/// How closed cases ended; a share only where there are enough of them.
pub fn verdicts(row: &Detection) -> String {
    let closed = row.right + row.benign + row.wrong;
    if closed == 0 {
        return "\u{2013}".into();
    }
    let share = match closed {
        VERDICTS_MIN.. => format!("{:.0}% right: ", row.right as f64 / closed as f64 * 100.0),
        _ => String::new(),
    };
    format!("{share}{} right, {} allowed, {} wrong", row.right, row.benign, row.wrong)
}

fn told(row: &Detection) -> String {
    match (&row.blind, row.failed, row.alerts) {
        (Some(why), ..) => format!("<span class=\"tag new\">cannot fire</span> {}", html(why)),
        (None, failed @ 1.., _) => {
            format!("<span class=\"tag new\">failed</span> {}", count(failed, "time in the last day", "times in the last day"))
        }
        (None, 0, _) if row.last_run.is_none() => "<span class=\"tag new\">has not run</span>".into(),
        (None, 0, 0) => "quiet".into(),
        (None, 0, alerts) => {
            let learning = if row.learning > 0 { format!(", {} of them learning", row.learning) } else { String::new() };
            format!("{}{learning}", count(alerts, "alert", "alerts"))
        }
    }
}
