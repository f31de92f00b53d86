//! Which changes of an alert a sink is told of: a pure function of the alert's history, the sink's filter and the time.

use crate::event::{HOUR, Micros};

/// How long after its end an interval is still waited for: logs come late.
pub const GRACE: Micros = HOUR;

/// What a run did to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was not there before.
    New,
    /// It was there, otherwise.
    Changed,
    /// It is no longer there.
    Retracted,
}

impl Kind {
    /// The value of the `change` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Retracted => "retracted",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::New, Self::Changed, Self::Retracted].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One row of `alert_changes`. Columns under the same names.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/alerts.md")]
pub struct Change {
    pub change: Kind,
    pub reason: String,
    pub run_id: String,
    pub change_time: Micros,
    pub alert_id: String,
    pub case_id: String,
    pub detection_id: String,
    pub severity: String,
    pub status: String,
    pub entity_id: String,
    pub interval_start: Micros,
    pub interval_end: Micros,
    pub observed: Option<f64>,
    pub summary: String,
    pub payload_hash: String,
    pub entity_type: Option<String>,
    pub group_name: Option<String>,
    pub risk_score: Option<i64>,
    pub first_event_time: Option<Micros>,
    pub last_event_time: Option<Micros>,
    pub expected: Option<f64>,
    pub evidence_total: Option<i64>,
    pub fingerprint: Option<String>,
}

impl Change {
    /// What tells this change from every other: the same however often it is sent.
    pub fn change_id(&self) -> String {
        crate::alerts::digest(&[self.change.as_str(), &self.run_id, &self.alert_id, &self.payload_hash])
    }

    /// When nothing more is waited for.
    fn close(&self) -> Micros {
        self.interval_end.saturating_add(GRACE)
    }
}

/// What a sink is to be told of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// Places in the history, in order, and what the change is to this sink.
    pub told: Vec<(usize, Kind)>,
    /// The change that will be told once the interval is over, if no other comes before.
    pub later: Option<usize>,
}

/// Goes through the history of one alert, in order. A change is told if the sink does not know the alert and its filter wants it; and of an
/// alert that it knows: a retraction; another payload hash; a value twice what was last told; and, once the interval is over, the last
/// state before that. An alert that a sink knows is told of whatever the filter says now: it would stand wrong there for ever.
pub fn due(history: &[Change], wanted: &dyn Fn(&Change) -> bool, now: Micros) -> Due {
    let mut due = Due::default();
    let mut known: Option<&Change> = None;
    for (place, change) in history.iter().enumerate() {
        let kind = match (change.change, known) {
            (Kind::Retracted, Some(_)) => Kind::Retracted,
            (Kind::Retracted, None) => continue,
            (_, None) if wanted(change) => Kind::New,
            (_, None) => continue,
            (_, Some(last)) if says_more(last, change) => Kind::Changed,
            (_, Some(last)) => {
                let next_time = history.get(place + 1).map_or(Micros::MAX, |next| next.change_time);
                let closing = last.change_time < last.close() && change.change_time < change.close() && next_time >= change.close();
                if !closing || (last.observed == change.observed && last.summary == change.summary) {
                    continue;
                }
                if now < change.close() {
                    due.later = Some(place);
                    continue;
                }
                Kind::Changed
            }
        };
        known = (kind != Kind::Retracted).then_some(change);
        due.told.push((place, kind));
    }
    due
}

fn says_more(last: &Change, change: &Change) -> bool {
    let doubled = matches!((last.observed, change.observed), (Some(then), Some(now)) if then > 0.0 && now >= 2.0 * then);
    last.payload_hash != change.payload_hash || doubled
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A change at an hour, about an interval that ends at hour 24.
    pub(crate) fn change(kind: Kind, hour: i64, severity: &str, observed: f64) -> Change {
        Change {
            change: kind,
            reason: "never run".into(),
            run_id: format!("r{hour}"),
            change_time: hour * HOUR,
            alert_id: "a1".into(),
            case_id: "c1".into(),
            detection_id: "bulk_download".into(),
            severity: severity.into(),
            status: "firing".into(),
            entity_id: "p_1".into(),
            interval_start: 0,
            interval_end: 24 * HOUR,
            observed: Some(observed),
            summary: format!("{observed} files"),
            payload_hash: format!("h-{severity}"),
            entity_type: Some("person_id".into()),
            group_name: Some("Sales".into()),
            risk_score: Some(70),
            first_event_time: Some(0),
            last_event_time: Some(hour * HOUR),
            expected: Some(1.0),
            evidence_total: Some(3),
            fingerprint: None,
        }
    }

    fn told(history: &[Change], least: &str, now: i64) -> (Vec<(usize, Kind)>, Option<usize>) {
        let order = ["low", "medium", "high"];
        let place = |severity: &str| order.iter().position(|known| *known == severity);
        let due = due(history, &|change| place(&change.severity) >= place(least), now * HOUR);
        (due.told, due.later)
    }

    #[test]
    fn a_growing_count_is_told_when_it_doubles_and_when_the_interval_closes() {
        use Kind::{Changed, New, Retracted};
        let counts = [10.0, 12.0, 19.0, 20.0, 25.0, 30.0];
        let mut history: Vec<Change> =
            counts.iter().enumerate().map(|(n, count)| change(if n == 0 { New } else { Changed }, n as i64 + 1, "low", *count)).collect();
        assert_eq!(told(&history, "low", 10), (vec![(0, New), (3, Changed)], Some(5)), "30 waits for the end");
        assert_eq!(told(&history, "low", 25), (vec![(0, New), (3, Changed), (5, Changed)], None), "an hour after the end");
        history.push(change(Changed, 30, "low", 31.0));
        assert_eq!(told(&history, "low", 40).0, vec![(0, New), (3, Changed), (5, Changed)], "late rows that say little more");
        history.push(change(Changed, 31, "low", 60.0));
        history.push(change(Retracted, 32, "low", 60.0));
        history.push(change(New, 33, "low", 60.0));
        let all = vec![(0, New), (3, Changed), (5, Changed), (7, Changed), (8, Retracted), (9, New)];
        assert_eq!(told(&history, "low", 40).0, all);
    }

    #[test]
    fn a_filter_decides_who_is_told_first_and_not_what_comes_after() {
        use Kind::{Changed, New, Retracted};
        let history = [
            change(New, 1, "low", 1.0),
            change(Changed, 2, "high", 1.0),
            change(Changed, 3, "medium", 1.0),
            change(Retracted, 4, "medium", 1.0),
        ];
        assert_eq!(told(&history, "high", 40).0, vec![(1, New), (2, Changed), (3, Retracted)]);
        assert_eq!(told(&history[..1], "high", 40).0, vec![]);
        assert_eq!(told(&[change(New, 1, "low", 1.0), change(Retracted, 2, "low", 1.0)], "high", 40).0, vec![]);
    }

    #[test]
    fn what_is_told_twice_is_delivered_once() {
        let twice = [change(Kind::New, 1, "low", 3.0), change(Kind::New, 2, "low", 3.0)];
        assert_eq!(told(&twice, "low", 40), (vec![(0, Kind::New)], None));
        assert_ne!(twice[0].change_id(), twice[1].change_id());
    }
}
