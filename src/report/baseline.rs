//! Which count of a person's days stands behind an alert, and its values a day beside what was to be expected.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::model::case::{Case, Series};

/// Days on a chart up to the alert's.
const DAYS_BEFORE: i64 = 34;
/// And after it: did it go on?
const DAYS_AFTER: i64 = 7;

/// A value of a person's day: a row of `series.sql`.
#[derive(Debug, Clone, Deserialize)]
pub struct Point {
    /// The person.
    pub person_id: String,
    /// What is counted.
    pub measure: String,
    /// The kind of program, where there are several.
    pub part: String,
    /// Days since 1970-01-01.
    pub day: i64,
    /// How much.
    pub value: f64,
}

/// A stretch of days of which nothing is known: a row of `unknown.sql`.
#[derive(Debug, Clone, Deserialize)]
pub struct Unknown {
    /// The person.
    pub person_id: String,
    /// `downloads` or `searches`.
    pub about: String,
    /// First day, since 1970-01-01.
    pub first_day: i64,
    /// First day after.
    pub end_day: i64,
}

/// Values by person, measure and part.
pub type Points = BTreeMap<(String, String, String), BTreeMap<i64, f64>>;

/// The rows by what they count.
pub fn by_measure(rows: Vec<Point>) -> Points {
    let mut points = Points::new();
    for row in rows {
        points.entry((row.person_id, row.measure, row.part)).or_default().insert(row.day, row.value);
    }
    points
}

/// What detections count, by id; the first that fits the alert is taken. Of a detection of the user's own any may fit.
fn measures(detection: &str) -> &'static [&'static str] {
    match detection {
        "bulk_download" => &["files", "files_in_an_hour", "megabytes"],
        "slow_drip" | "leaver_review" => &["files"],
        "credential_search_spike" => &["credential_searches"],
        "data_transfer" => &["files_outside"],
        "credential_in_message"
        | "credential_in_file"
        | "sensitive_channel_access"
        | "unusual_hours"
        | "vendor_anomaly"
        | "chat_export" => &[],
        _ => &["files", "files_outside", "credential_searches", "files_in_an_hour", "megabytes"],
    }
}

/// The measures in words, as an axis names them.
fn in_words(measure: &str) -> &'static str {
    match measure {
        "files" => "files taken a day",
        "files_in_an_hour" => "most files within an hour of the day",
        "megabytes" => "megabytes taken a day",
        "credential_searches" => "different searches for credentials a day",
        _ => "files carried outside a day",
    }
}

/// The days behind a case's newest alert; none if nothing that is counted fits.
pub fn series(case: &Case, points: &Points, unknown: &[Unknown], last_day: i64) -> Option<Series> {
    let day = case.interval_start.day();
    let known = measures(&case.detection_id);
    let is_built_in = known.len() < 5;
    let of = |measure: &str| {
        let part = match measure {
            "files" | "files_in_an_hour" | "megabytes" => {
                case.alert_key.as_deref().filter(|class| ["sync", "backup", "api", "ai"].contains(class)).unwrap_or("interactive")
            }
            _ => "",
        };
        points.get(&(case.entity_id.clone(), measure.to_owned(), part.to_owned()))
    };
    let fits = |values: &BTreeMap<i64, f64>| {
        let value = values.get(&day).copied().unwrap_or_default();
        case.observed.is_some_and(|observed| observed > 0.0 && (value - observed).abs() <= 1e-4 * observed)
    };
    let exact = known.iter().find(|measure| of(measure).is_some_and(fits));
    let nearest = known.iter().find(|measure| is_built_in && of(measure).is_some());
    let measure = exact.or(nearest)?;
    let values = of(measure)?;
    let first_day = day - DAYS_BEFORE;
    let end = day.max(last_day.min(day + DAYS_AFTER));
    let about = if *measure == "credential_searches" { "searches" } else { "downloads" };
    let silent: BTreeSet<i64> = unknown
        .iter()
        .filter(|row| row.person_id == case.entity_id && row.about == about)
        .flat_map(|row| row.first_day.max(first_day)..row.end_day.min(end + 1))
        .collect();
    Some(Series {
        measure: in_words(measure).to_owned(),
        first_day,
        alert_day: day,
        values: (first_day..=end).map(|day| values.get(&day).copied().unwrap_or_default()).collect(),
        // What was seen is known, whatever else was missing.
        unknown_days: silent.into_iter().filter(|day| !values.contains_key(day)).collect(),
        band: match (exact, case.expected) {
            (Some(_), Some(expected)) => Some((expected, case.spread.unwrap_or_default())),
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::DAY;
    use crate::report::model::Time;

    fn case(detection: &str, observed: f64) -> Case {
        Case {
            detection_id: detection.into(),
            entity_id: "p_1".into(),
            alert_key: Some("interactive".into()),
            interval_start: Time(100 * DAY),
            observed: Some(observed),
            expected: Some(2.0),
            spread: Some(1.0),
            ..Case::default()
        }
    }

    fn points() -> Points {
        let point = |measure: &str, part: &str, day, value| Point {
            person_id: "p_1".into(),
            measure: measure.into(),
            part: part.into(),
            day,
            value,
        };
        by_measure(vec![
            point("files", "interactive", 90, 3.0),
            point("files", "interactive", 100, 40.0),
            point("files_in_an_hour", "interactive", 100, 24.0),
        ])
    }

    #[test]
    fn the_count_that_fits_what_was_observed_is_shown_with_its_band() {
        let unknown = [Unknown { person_id: "p_1".into(), about: "downloads".into(), first_day: 89, end_day: 92 }];
        let shown = series(&case("bulk_download", 24.0), &points(), &unknown, 103).expect("a chart");
        assert_eq!((shown.measure.as_str(), shown.band), ("most files within an hour of the day", Some((2.0, 1.0))));
        assert_eq!((shown.first_day, shown.values.len(), shown.values[34]), (66, 38, 24.0));
        let files = series(&case("bulk_download", 40.0), &points(), &unknown, 100).expect("a chart");
        assert_eq!((files.values[24], files.values[34]), (3.0, 40.0));
        assert_eq!(files.unknown_days, [89, 91], "what was seen is known");
    }

    #[test]
    fn a_sum_over_weeks_gets_no_band_and_what_nothing_counts_no_chart() {
        assert_eq!(series(&case("slow_drip", 300.0), &points(), &[], 100).expect("a chart").band, None);
        assert_eq!(series(&case("credential_in_message", 1.0), &points(), &[], 100), None);
        assert_eq!(series(&case("my_own", 7.0), &points(), &[], 100), None);
        assert!(series(&case("my_own", 40.0), &points(), &[], 100).is_some());
    }
}
