//! People by risk, and the organisation over four weeks.

use std::fmt::Write;

use super::super::escape::{html, id};
use super::super::model::{Person, Report};
use super::super::words::{count, number, plain};
use super::{charts, table};

/// People in the table; those after it are folded.
const SHOWN: usize = 10;

/// The section about people.
pub fn section(out: &mut String, report: &Report) {
    out.push_str("<section id=\"people\" aria-labelledby=\"people-title\"><h2 id=\"people-title\">People by risk</h2>\n");
    out.push_str(
        "<p class=\"soft\">All that fired about a person in four weeks, added up by its risk and halved for every week since. \
         It says where to look, not who did wrong.</p>\n",
    );
    if report.people.is_empty() {
        out.push_str("<p>Nothing fired about anybody in four weeks.</p></section>\n");
        return;
    }
    let shown = report.people.len().min(SHOWN);
    rows(out, report, "The people against whom most lies", &report.people[..shown]);
    if report.people.len() > shown {
        let rest = &report.people[shown..];
        let _ = writeln!(out, "<details><summary>{}</summary>", count(rest.len() as i64, "more person", "more people"));
        rows(out, report, "More people by risk", rest);
        out.push_str("</details>\n");
    }
    let more = report.people_total.saturating_sub(report.people.len() as u64);
    if more > 0 {
        let _ = writeln!(
            out,
            "<p class=\"more\">{}: <code>bittern sql -c \"SELECT * FROM person_risk\"</code></p>",
            count(more, "more person", "more people")
        );
    }
    out.push_str("</section>\n");
}

fn rows(out: &mut String, report: &Report, caption: &str, people: &[Person]) {
    table(out, caption, &["Person", "#Risk", "Four weeks", "Group", "What fired"], |out| {
        for person in people {
            let name = match &person.name {
                Some(name) => format!("<bdi>{}</bdi><br><span class=\"id soft\">{}</span>", html(name), html(&person.person_id)),
                None => format!("<span class=\"id\">{}</span>", html(&person.person_id)),
            };
            let greatest = person.history.iter().map(|(_, risk)| *risk).fold(person.risk, f64::max);
            let spark = charts::spark(
                &with_today(person, report.day),
                report.day - 27,
                report.day,
                &format!("risk over four weeks, at most {}, now {}", number(greatest), number(person.risk)),
            );
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{name}</th><td class=\"n\">{}</td><td class=\"spark\">{spark}</td><td><bdi>{}</bdi>{}</td><td>{}</td></tr>",
                number(person.risk),
                html(person.group_name.as_deref().unwrap_or("Unknown")),
                if person.leaves { " <span class=\"tag new\">leaving</span>" } else { "" },
                fired(report, person)
            );
        }
    });
}

/// The history goes as far as there are alerts; from then on it halves every week.
fn with_today(person: &Person, today: i64) -> Vec<(i64, f64)> {
    let mut points = person.history.clone();
    if let Some((last, risk)) = points.last().copied() {
        points.extend((last + 1..=today).map(|day| (day, risk * 0.5f64.powf((day - last) as f64 / 7.0))));
    }
    points
}

/// What fired about a person, each a link to the case where it has a place on the page.
fn fired(report: &Report, person: &Person) -> String {
    let mut told: Vec<String> = Vec::new();
    for detection in &person.detections {
        let name = plain(detection);
        let case =
            report.open.iter().find(|case| case.entity_id == person.person_id && case.detection_id == *detection && case.detail.is_some());
        told.push(match case {
            Some(case) => format!("<a href=\"#case-{}\">{}</a>", id(&case.case_id), html(&name)),
            None => html(&name),
        });
    }
    told.join(", ")
}

/// The organisation over four weeks: alerts a day, hours, groups.
pub fn weeks(out: &mut String, report: &Report) {
    out.push_str("<section id=\"weeks\" aria-labelledby=\"weeks-title\"><h2 id=\"weeks-title\">The last four weeks</h2>\n");
    out.push_str("<p class=\"soft\">Of all people together, and of groups of five or more: what fewer do is not shown here.</p>\n<div class=\"two\">");
    out.push_str(&charts::days(&report.days, report.day - 27, report.day));
    if report.hours.is_empty() {
        out.push_str("<p class=\"soft\">Nothing is known of hours yet.</p>");
    } else {
        out.push_str(&charts::hours(&report.hours));
    }
    out.push_str("</div>\n");
    if !report.groups.is_empty() {
        let heads = ["Group", "#People", "#Open cases", "#Files taken in seven days", "#A week before that"];
        table(out, "Groups of five people or more", &heads, |out| {
            for group in &report.groups {
                let _ = writeln!(
                    out,
                    "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                    html(&group.group_name),
                    group.people,
                    group.cases,
                    number(group.files_week.unwrap_or_default()),
                    number(group.files_usual.unwrap_or_default().round())
                );
            }
        });
    }
    out.push_str("</section>\n");
}
