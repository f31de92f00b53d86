//! The report as one HTML page: readable without network and script, on paper, on a phone, by day and by night.

mod cases;
mod charts;
mod coverage;
mod people;

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::escape::{html, id};
use super::model::Report;
use super::words::{long_day, moment, whole};
pub use coverage::verdicts;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// A bird among reeds: an icon of our own, so that no browser asks a server for one.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23a63d14' d='M3 15V3l2-2v14zm4 0V7l2-3 5-1-3 2v4l-1 6z'/%3E%3C/svg%3E";

/// What the page's own policy allows: this style and this script, by their hashes, and nothing from elsewhere.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut out = String::with_capacity(256 * 1024);
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Bittern: report for {}</title>\n<link rel=\"icon\" href=\"{ICON}\">\n<style>{STYLE}</style>\n</head>\n<body>",
        policy(),
        html(&report.date)
    );
    top(&mut out, report);
    out.push_str("<main id=\"main\">\n");
    for (.., write) in sections(report) {
        write(&mut out, report);
    }
    out.push_str("</main>\n");
    let names = if report.people.iter().any(|person| person.name.is_some()) || report.open.iter().any(|case| case.name.is_some()) {
        "It shows names of people: hand it on accordingly."
    } else if report.aggregate {
        "It shows nobody: counts, and groups of five people or more."
    } else {
        "People are shown by pseudonym; who has the policy and its key can tell who they are."
    };
    let _ = writeln!(
        out,
        "<footer><p>Made by bittern {} as of {} UTC, over {} events. Times are UTC; days and hours of people are their own. {names} \
         Nothing on this page was fetched from elsewhere.</p></footer>\n<script>{SCRIPT}</script>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        moment(report.as_of),
        whole(i64::try_from(report.counts.events).unwrap_or(i64::MAX)),
    );
    out
}

/// A section: its anchor, its name in the list of sections, and what writes it.
type Section = (&'static str, &'static str, fn(&mut String, &Report));

/// The page's sections in their order. Of an empty lake there is little to say.
fn sections(report: &Report) -> Vec<Section> {
    let all: [Section; 7] = [
        ("first", "Today", first),
        ("cases", "Cases", cases::section),
        ("people", "People", people::section),
        ("credentials", "Credentials", coverage::credentials),
        ("weeks", "Four weeks", people::weeks),
        ("changes", "Changes", coverage::changes),
        ("coverage", "Coverage", coverage::section),
    ];
    let is_of_persons = |anchor: &str| report.aggregate && ["cases", "people", "changes"].contains(&anchor);
    let is_there = |anchor: &str| report.counts.events > 0 || ["first", "coverage"].contains(&anchor);
    all.into_iter().filter(|(anchor, ..)| is_there(anchor) && !is_of_persons(anchor)).collect()
}

fn top(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header class=\"top\"><p class=\"brand\">Bittern</p><h1>{}</h1>\
         <p class=\"soft\">What needs a look, and the four weeks behind it</p></header>",
        long_day(report.day)
    );
    out.push_str("<nav aria-label=\"Sections\"><ul>");
    for (anchor, name, _) in sections(report) {
        let _ = write!(out, "<li><a href=\"#{anchor}\">{name}</a></li>");
    }
    out.push_str("</ul></nav>\n");
}

/// The sentences, the counts, and the cases to look at first.
fn first(out: &mut String, report: &Report) {
    out.push_str(
        "<section id=\"first\" aria-labelledby=\"first-title\"><h2 id=\"first-title\">What needs a look today</h2>\n<div class=\"lead\">",
    );
    for sentence in &report.sentences {
        let _ = write!(out, "<p><bdi>{}</bdi></p>", html(sentence));
    }
    out.push_str("</div>\n");
    if !report.missing.is_empty() {
        out.push_str("<div class=\"note\"><ul>");
        for missing in &report.missing {
            let _ = write!(out, "<li>{} <code>{}</code></li>", html(&missing.what), html(&missing.todo));
        }
        out.push_str("</ul></div>\n");
    }
    let counts = &report.counts;
    if counts.events == 0 {
        out.push_str("</section>\n");
        return;
    }
    out.push_str("<ul class=\"tiles\">");
    let cases = if report.aggregate { "weeks" } else { "cases" };
    for (anchor, number, what, hot) in [
        (cases, counts.open_high, "open cases of severity high", true),
        (cases, counts.open, "open cases in all", false),
        (cases, counts.new, "began on the last two days", true),
        ("credentials", counts.standing, "secrets still standing where they were posted", true),
        ("coverage", counts.silent_sources, "sources silent on the day", true),
        ("detections", counts.blind_detections, "detections that cannot fire", false),
    ] {
        let class = if hot && number > 0 { " class=\"hot\"" } else { "" };
        let _ = write!(out, "<li{class}><a href=\"#{anchor}\"><b>{}</b><span>{what}</span></a></li>", whole(number as i64));
    }
    out.push_str("</ul>\n");
    if !report.first.is_empty() {
        out.push_str("<ol class=\"first\" aria-label=\"Look at these first\">");
        for case in &report.first {
            let _ = write!(
                out,
                "<li><p><a href=\"#case-{}\"><bdi>{}</bdi></a>: <bdi>{}</bdi></p><p class=\"soft\"><bdi>{}</bdi></p></li>",
                id(&case.case_id),
                html(&case.who),
                html(&case.what),
                html(&case.why)
            );
        }
        out.push_str("</ol>\n");
    }
    out.push_str("</section>\n");
}

/// A table with its caption and heads; heads that begin with `#` are of numbers, with `-` left out on a phone.
fn table(out: &mut String, caption: &str, heads: &[&str], rows: impl FnOnce(&mut String)) {
    let _ = write!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table{1}><caption>{0}</caption><thead><tr>",
        html(caption),
        // Few columns fit a phone; more scroll sideways there.
        if heads.len() <= 3 { " class=\"narrow\"" } else { "" }
    );
    for head in heads {
        let (class, name) = match head.strip_prefix('#') {
            Some(name) => (" class=\"n\"", name),
            None => match head.strip_prefix('-') {
                Some(name) => (" class=\"less\"", name),
                None => ("", *head),
            },
        };
        let _ = write!(out, "<th scope=\"col\"{class}>{name}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    rows(out);
    out.push_str("</tbody></table></div>\n");
}

/// A severity as a tag: told by its word, not by a colour alone.
fn severity(name: &str) -> String {
    let class = if ["high", "medium", "low"].contains(&name) { name } else { "" };
    format!("<span class=\"tag {class}\">{}</span>", html(name))
}
