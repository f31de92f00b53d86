//! What the report says on top: what is missing, the counts, the cases to look at first, and the sentences.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Installation;
use super::model::case::Exposure;
use super::model::{Counts, First, Missing, Report};
use super::words::{self, count, sentence};

/// Cases that the page names first.
const FIRST_MAX: usize = 5;

/// What the lake holds of all: the row of `holdings.sql`.
#[derive(Debug, Default, Deserialize)]
pub struct Held {
    /// Rows of `events`.
    pub events: u64,
    /// Raw objects that were read.
    pub objects: u64,
    /// Entries of the ledger.
    pub runs: u64,
    /// People in the policy.
    pub people: u64,
}

/// What is not there at all, and what to do about it.
pub fn missing(held: &Held, report: &Report, installation: &Installation<'_>) -> Vec<Missing> {
    let mut missing = Vec::new();
    let mut tell = |what: &str, todo: &str| missing.push(Missing { what: what.into(), todo: todo.into() });
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    if installation.problems > 0 {
        tell(
            &format!(
                "{} in SQL files or policy: until that is mended, no detection runs.",
                count(number(installation.problems), "thing is wrong", "things are wrong")
            ),
            "bittern check",
        );
    }
    if held.objects == 0 && held.events == 0 {
        tell("No log has been read yet.", "bittern ingest PATH...");
    } else if held.events == 0 {
        tell("Logs were read, but no line of them became an event.", "bittern status");
    } else if report.sources.iter().all(|source| source.last_hour < report.from) {
        tell("No event lies in the four weeks up to this day.", "bittern report --date DAY");
    }
    if held.runs == 0 {
        tell("No detection has run yet.", "bittern run");
    } else if installation.stale_jobs > 0 {
        let what = count(number(installation.stale_jobs), "answer is", "answers are");
        tell(&format!("{what} stale: logs, policy or SQL changed since the last run."), "bittern run");
    }
    if installation.too_old > 0 {
        let what = count(number(installation.too_old), "interval changed", "intervals changed");
        tell(&format!("{what}, but lie further back than the lookback and keep their old answers."), "bittern run --from DAY --to DAY");
    }
    if held.people == 0 {
        tell("The policy names no people: groups, peers, leavers and local hours are unknown.", "policy/people.csv, and --policy DIR");
    }
    missing
}

/// The counts on top.
pub fn counts(report: &mut Report, exposures: &[Exposure]) {
    let standing: BTreeSet<&str> =
        exposures.iter().filter(|exposure| exposure.removed_time.is_none()).map(|exposure| exposure.fingerprint.as_str()).collect();
    report.counts = Counts {
        open_high: report.open.iter().filter(|case| case.severity == "high").count(),
        open: report.open.len(),
        new: report.open.iter().filter(|case| case.new).count(),
        standing: standing.len(),
        silent_sources: report.sources.iter().filter(|source| source.state == "silent").count(),
        blind_detections: report.detections.iter().filter(|detection| detection.blind.is_some()).count(),
        events: report.counts.events,
    };
}

/// The cases to look at first: the most pressing, one a person.
pub fn first(report: &mut Report) {
    let mut seen = BTreeSet::new();
    let mut first = Vec::new();
    let pressing = report.open.iter().filter(|case| case.state == "open");
    for case in pressing {
        if first.len() == FIRST_MAX {
            break;
        }
        if case.entity_id != "nobody" && !seen.insert(case.entity_id.as_str()) {
            continue;
        }
        let standing = case.detail.iter().flat_map(|detail| &detail.chain).find(|step| step.kind == "standing");
        let mut why: Vec<String> = case.why.iter().filter(|why| !why.starts_with("By ") && !why.starts_with("Compared")).cloned().collect();
        why.extend(standing.map(|step| sentence(&step.text)));
        let when = if case.new { "New on" } else { "Open since" };
        let when = format!("{when} {}", words::short_day(case.first_time.day()));
        why.push(sentence(&when));
        let group = case.group_name.as_ref().map_or_else(String::new, |group| format!(" ({group})"));
        first.push(First {
            case_id: case.case_id.clone(),
            who: format!("{}{group}", words::who(case)),
            what: sentence(&case.summary),
            why: why.join(" "),
        });
    }
    report.first = first;
}

/// What needs a look and why, in sentences.
pub fn sentences(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    let mut told = Vec::new();
    if counts.events == 0 {
        return vec!["There is nothing to report yet: the lake holds no events.".into()];
    }
    told.push(match (counts.open, counts.new) {
        (0, _) => format!("No case is open of the four weeks up to {}.", words::short_day(report.day)),
        (open, new) => {
            let high = match counts.open_high {
                0 => String::new(),
                high if high == open => ", all of severity high".into(),
                high => format!(", {high} of them of severity high"),
            };
            let new = match new {
                0 => "none of them began on the last two days".to_owned(),
                new => format!("{new} began on the last two days"),
            };
            format!("{} open{high}; {new}.", count(open, "case is", "cases are"))
        }
    });
    if let Some(person) = report.people.first().filter(|person| person.risk >= 1.0) {
        let name = person.name.as_ref().unwrap_or(&person.person_id);
        let leaves = if person.leaves { ", who is leaving" } else { "" };
        let detections: Vec<String> = person.detections.iter().map(|id| words::plain(id)).collect();
        told.push(format!("The person with most risk is {name}{leaves}: {}.", words::list(&detections)));
    }
    if counts.standing > 0 {
        told.push(match counts.standing {
            1 => "One secret still stands where somebody posted it.".to_owned(),
            standing => {
                format!("{} secrets still stand where somebody posted them.", words::whole(i64::try_from(standing).unwrap_or(i64::MAX)))
            }
        });
    }
    let (new, changed, retracted) =
        report.changes.iter().fold((0, 0, 0), |sum, row| (sum.0 + row.new, sum.1 + row.changed, sum.2 + row.retracted));
    if retracted > 0 || changed > 0 {
        let parts = [(new, "added"), (changed, "changed"), (retracted, "took back")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, verb)| format!("{verb} {}", count(i64::try_from(*number).unwrap_or(i64::MAX), "alert", "alerts")))
            .collect();
        told.push(format!("Runs of the last day {}.", words::list(&parts)));
    }
    let silent: Vec<String> = report.sources.iter().filter(|source| source.state == "silent").map(|source| source.source.clone()).collect();
    if !silent.is_empty() {
        told.push(format!("Silent on the day: {}. What happened there is not known.", words::list(&silent)));
    }
    told.extend(match counts.blind_detections {
        0 => None,
        1 => Some("One detection cannot fire, because what it needs is not there.".to_owned()),
        blind => Some(format!("{blind} detections cannot fire, because what they need is not there.")),
    });
    if report.cases_left_out > 0 {
        told.push(format!("{} not read: there are too many.", count(report.cases_left_out, "case is", "cases are")));
    }
    told
}
