//! The cases: a card each for the most pressing, a line each for the others.

use std::fmt::Write;

use super::super::escape::{html, id};
use super::super::model::case::{Case, Detail, Step};
use super::super::model::{Report, Time};
use super::super::words::{count, moment, plain, short_day, who};
use super::{charts, severity, table};

/// Lines of a fold that are written out.
const FOLDED_MAX: usize = 200;
/// Lines after the cards.
const LINES_MAX: usize = 400;

/// The section.
pub fn section(out: &mut String, report: &Report) {
    out.push_str("<section id=\"cases\" aria-labelledby=\"cases-title\"><h2 id=\"cases-title\">Cases</h2>\n");
    out.push_str(
        "<p class=\"soft\">A case is what alerts about the same thing belong to, however often it happens. \
         Cases that nobody has closed stand here until they are four weeks old.</p>\n",
    );
    if report.open.is_empty() {
        out.push_str("<p>No case is open.</p>\n");
    } else {
        out.push_str(
            "<div class=\"filter\" hidden><input type=\"search\" aria-label=\"Show only cases with these words\" placeholder=\"Filter: a person, a channel, a word\">\
             <select aria-label=\"Show only this severity\"><option value=\"\">Every severity</option><option>high</option><option>medium</option>\
             <option>low</option></select><button type=\"button\" aria-pressed=\"false\">Unfold evidence</button><output class=\"soft small\"></output></div>\n",
        );
    }
    let cards: Vec<&Case> = report.open.iter().filter(|case| case.detail.is_some()).collect();
    for (new, heading) in [(true, "New: begun on the last two days"), (false, "Open from before")] {
        let some: Vec<&&Case> = cards.iter().filter(|case| case.new == new).collect();
        if some.is_empty() {
            continue;
        }
        let _ = writeln!(out, "<h3>{heading} <span class=\"soft\">({})</span></h3>", some.len());
        for case in some {
            card(out, case);
        }
    }
    let lines: Vec<&Case> = report.open.iter().filter(|case| case.detail.is_none()).collect();
    if !lines.is_empty() {
        let shown = lines.len().min(LINES_MAX);
        rows(out, &format!("{}, in a line each", count(lines.len() as i64, "more open case", "more open cases")), &lines[..shown]);
        more(out, lines.len() - shown, report.cases_left_out, "bittern alerts list --state open --limit 10000");
    } else {
        more(out, 0, report.cases_left_out, "bittern alerts list --state open --limit 10000");
    }
    fold(
        out,
        "learning",
        &report.learning,
        "still learning: too little history to be sure",
        "bittern alerts list --state open --limit 10000",
    );
    fold(out, "done", &report.done, "closed or suppressed", "bittern alerts list --state all --limit 10000");
    out.push_str("</section>\n");
}

fn more(out: &mut String, cut: usize, left_out: u64, command: &str) {
    let more = cut as u64 + left_out;
    if more > 0 {
        let _ = writeln!(out, "<p class=\"more\">{}: <code>{command}</code></p>", count(more, "more case", "more cases"));
    }
}

fn fold(out: &mut String, anchor: &str, cases: &[Case], what: &str, command: &str) {
    if cases.is_empty() {
        return;
    }
    let _ =
        writeln!(out, "<details class=\"fold\" id=\"{anchor}\"><summary>{} {what}</summary>", count(cases.len() as i64, "case", "cases"));
    let shown: Vec<&Case> = cases.iter().take(FOLDED_MAX).collect();
    rows(out, &format!("Cases {what}"), &shown);
    more(out, cases.len() - shown.len(), 0, command);
    out.push_str("</details>\n");
}

fn rows(out: &mut String, caption: &str, cases: &[&Case]) {
    table(out, caption, &["#Risk", "Severity", "Who", "What", "-Last", "State", "Case"], |out| {
        for case in cases {
            let ended = case.verdict.as_ref().map_or_else(|| plain(&case.state), |verdict| format!("{}: {}", case.state, plain(verdict)));
            let _ = writeln!(
                out,
                "<tr id=\"case-{0}\" data-severity=\"{1}\"><td class=\"n\">{2}</td><td>{3}</td><td><bdi>{4}</bdi></td><td><bdi>{5}</bdi></td>\
                 <td class=\"less nowrap\">{6}</td><td>{7}{8}</td><td class=\"id\">{9}</td></tr>",
                id(&case.case_id),
                html(&case.severity),
                case.risk,
                severity(&case.severity),
                html(&who(case)),
                html(&case.summary),
                short_day(case.last_time.day()),
                html(&ended),
                case.comment.as_ref().map_or_else(String::new, |comment| format!("; <bdi>\u{201c}{}\u{201d}</bdi>", html(comment))),
                &id(&case.case_id).chars().take(10).collect::<String>(),
            );
        }
    });
}

fn card(out: &mut String, case: &Case) {
    let Some(detail) = &case.detail else { return };
    let anchor = id(&case.case_id);
    let short: String = anchor.chars().take(10).collect();
    let _ = write!(
        out,
        "<article class=\"case\" id=\"case-{anchor}\" data-severity=\"{}\" aria-labelledby=\"title-{anchor}\"><div class=\"head\">{}\
         <h4 id=\"title-{anchor}\"><bdi>{}</bdi></h4>",
        html(&case.severity),
        severity(&case.severity),
        html(&case.title)
    );
    if case.new {
        out.push_str("<span class=\"tag new\">new</span>");
    }
    if case.state == "acknowledged" {
        out.push_str("<span class=\"tag\">somebody looks into it</span>");
    }
    let _ = write!(out, "</div>\n<p class=\"meta\"><bdi>{}</bdi>", html(&who(case)));
    if let Some(group) = &case.group_name {
        let _ = write!(out, " \u{b7} <bdi>{}</bdi>", html(group));
    }
    let _ = writeln!(out, " \u{b7} {} \u{b7} risk {}</p>", times(case), case.risk);
    let figure = match (&detail.series, detail.hours.is_empty()) {
        (_, false) => charts::person_hours(&detail.hours, case.interval_start.day()),
        (Some(series), true) => charts::baseline(series),
        (None, true) => String::new(),
    };
    let side = if figure.is_empty() { chain(&detail.chain) } else { figure };
    let class = if side.is_empty() { "body" } else { "body pair" };
    let _ =
        write!(out, "<div class=\"{class}\"><div><p class=\"what\"><bdi>{}</bdi></p>", html(&super::super::words::sentence(&case.summary)));
    if !case.why.is_empty() {
        out.push_str("<ul class=\"why\">");
        for why in &case.why {
            let _ = write!(out, "<li><bdi>{}</bdi></li>", html(why));
        }
        out.push_str("</ul>");
    }
    if let Some(comment) = &case.comment {
        let by = case.last_by.as_deref().filter(|by| !by.is_empty()).map_or_else(String::new, |by| format!(" ({})", html(by)));
        let _ = write!(out, "<p class=\"small\"><bdi>\u{201c}{}\u{201d}{by}</bdi></p>", html(comment));
    }
    evidence(out, case, detail);
    let _ = writeln!(out, "</div>{}</div>", if side.is_empty() { String::new() } else { format!("<div>{side}</div>") });
    let techniques = case.techniques.iter().map(|technique| html(technique)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        "<p class=\"meta\">{techniques}{}<code>bittern alerts show {short}</code></p></article>",
        if techniques.is_empty() { "" } else { " \u{b7} " }
    );
}

fn times(case: &Case) -> String {
    if case.last_time.day() == case.first_time.day() || case.alerts < 2 {
        moment(case.first_time)
    } else {
        format!("{} to {}", short_day(case.first_time.day()), short_day(case.last_time.day()))
    }
}

fn chain(steps: &[Step]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let mut out = String::from("<ol class=\"chain\" aria-label=\"What became of it\">");
    for step in steps {
        let class = id(&step.kind);
        let when = match step.time {
            Some(time) => format!("<time datetime=\"{}\">{}</time>", crate::interval::time_text(time.0), moment(time)),
            None => "<span class=\"still\">Since</span>".into(),
        };
        let _ = write!(out, "<li class=\"{class}\">{when}<bdi>{}</bdi></li>", html(&step.text));
    }
    out.push_str("</ol>");
    out
}

fn evidence(out: &mut String, case: &Case, detail: &Detail) {
    if detail.evidence.is_empty() {
        return;
    }
    let total = case.evidence_total.unwrap_or_default().max(detail.evidence.len() as i64);
    let _ = write!(out, "<details><summary>{} behind it</summary>", count(total, "event", "events"));
    table(out, "The first events behind the alert", &["Time", "Act", "What it was done to"], |out| {
        for event in &detail.evidence {
            let _ = writeln!(
                out,
                "<tr><td class=\"nowrap\">{}</td><td>{}</td><td><bdi>{}</bdi></td></tr>",
                event.event_time.map_or_else(String::new, |time: Time| moment(time)),
                html(&plain(event.action.as_deref().unwrap_or_default())),
                html(event.object.as_deref().unwrap_or_default())
            );
        }
    });
    let more = total - detail.evidence.len() as i64;
    if more > 0 {
        let short: String = id(&case.case_id).chars().take(10).collect();
        let _ = write!(
            out,
            "<p class=\"small soft\">{}: <code>bittern alerts show {short}</code></p>",
            count(more, "more event", "more events")
        );
    }
    out.push_str("</details>");
}
