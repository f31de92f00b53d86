//! What became of a secret: where it was posted, where else it stands, who touched it afterwards, when it was removed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::model::case::{Exposure, Step};
use super::model::{CredentialCount, Removal, Time};
use super::words::{count, duration, place_kind};
use crate::event::{DAY, HOUR};

/// Places that are named one by one; the rest is counted.
const PLACES_MAX: usize = 8;

/// An act on a secret after it was posted: a row of `exposure_acts.sql`.
#[derive(Debug, Clone, Deserialize)]
pub struct Touched {
    /// The secret.
    pub fingerprint: String,
    /// When.
    pub event_time: Time,
    /// `searched`, or the action on a file that holds it.
    pub act: String,
    /// Who.
    #[serde(default)]
    pub person_id: Option<String>,
    /// How many such acts there are of this secret.
    pub total: u64,
}

fn place(exposure: &Exposure) -> String {
    let kind = place_kind(exposure.channel_type.as_deref(), exposure.channel_external, exposure.source.as_deref());
    match (&exposure.channel, exposure.channel_type.as_deref()) {
        (Some(channel), Some("public" | "private")) => format!("#{channel}, a {kind}"),
        (Some(channel), Some("site")) => format!("{channel} ({})", exposure.source.as_deref().unwrap_or("site")),
        (_, Some("direct" | "group")) | (None, _) if kind != "elsewhere" => format!("a {kind}"),
        (Some(channel), _) => channel.clone(),
        (None, _) => exposure.source.clone().unwrap_or_else(|| "a message".into()),
    }
}

/// The steps of a secret's way, in order of time; what is still so comes last.
pub fn steps(fingerprint: &str, exposures: &[Exposure], touched: &[Touched], names: &BTreeMap<String, String>, to: Time) -> Vec<Step> {
    let mut places: Vec<&Exposure> = exposures.iter().filter(|exposure| exposure.fingerprint == fingerprint).collect();
    places.sort_by_key(|exposure| exposure.first_posted_time);
    let mut steps = Vec::new();
    for (at, exposure) in places.iter().enumerate().take(PLACES_MAX) {
        let kind = if at == 0 { "posted" } else { "elsewhere" };
        let verb = if at == 0 { "Posted in" } else { "Also posted in" };
        let readers = match exposure.readers {
            Some(readers) => format!(", {} then", count(readers, "member", "members")),
            None => String::new(),
        };
        let again =
            if exposure.messages > 1 { format!(", {} in all", count(exposure.messages, "message", "messages")) } else { String::new() };
        let text = format!("{verb} {}{readers}{again}", place(exposure));
        steps.push(Step { time: Some(exposure.first_posted_time), kind: kind.into(), text });
        if let Some(removed) = exposure.removed_time {
            let text = format!("Removed from {} after {}", place(exposure), duration(removed.0 - exposure.first_posted_time.0));
            steps.push(Step { time: Some(removed), kind: "removed".into(), text });
        }
    }
    let mut told: BTreeMap<&str, u64> = BTreeMap::new();
    for act in touched.iter().filter(|act| act.fingerprint == fingerprint) {
        let who = act.person_id.as_ref().map_or("somebody", |id| names.get(id).unwrap_or(id));
        let (kind, what) = match act.act.as_str() {
            "searched" => ("searched", format!("Searched for word by word by {who}")),
            "file_viewed" => ("opened", format!("A file that holds it was opened by {who}")),
            _ => ("opened", format!("A file that holds it was downloaded by {who}")),
        };
        *told.entry(act.act.as_str()).or_default() += 1;
        steps.push(Step { time: Some(act.event_time), kind: kind.into(), text: what });
    }
    steps.sort_by_key(|step| step.time);
    for (act, shown) in told {
        let total = touched.iter().find(|row| row.fingerprint == fingerprint && row.act == act).map_or(0, |row| row.total);
        if total > shown {
            let what = if act == "searched" { "searched for" } else { "opened or downloaded" };
            steps.push(Step { time: None, kind: "opened".into(), text: format!("{} {what} later", count(total - shown, "time", "times")) });
        }
    }
    if places.len() > PLACES_MAX {
        let more = count(places.len() - PLACES_MAX, "more place", "more places");
        steps.push(Step { time: None, kind: "elsewhere".into(), text: format!("In {more}, too") });
    }
    if let Some(active) = places.iter().map(|exposure| exposure.active_after).max().filter(|active| *active > 1) {
        let text = format!("{active} people were active there from that day on, and could see it");
        steps.push(Step { time: None, kind: "seen".into(), text });
    }
    let standing: Vec<&&Exposure> = places.iter().filter(|exposure| exposure.removed_time.is_none()).collect();
    if let Some(first) = standing.first() {
        let age = duration(to.0 - first.first_posted_time.0);
        let text = match standing.len() {
            1 => format!("Still stands there, {age} after it was posted"),
            places => format!("Still stands in {places} places, {age} after it was first posted"),
        };
        steps.push(Step { time: None, kind: "standing".into(), text });
    }
    steps
}

/// Secrets by what they are and what kind of place they stand in: posted in the weeks, and still standing. A secret in three places of
/// one kind counts once there.
pub fn by_kind(exposures: &[Exposure], from: Time) -> Vec<CredentialCount> {
    let mut secrets: BTreeMap<(String, String, &str), (bool, bool)> = BTreeMap::new();
    for exposure in exposures {
        let place = place_kind(exposure.channel_type.as_deref(), exposure.channel_external, exposure.source.as_deref());
        let kind = exposure.kind.clone().unwrap_or_else(|| "other".into());
        let entry = secrets.entry((kind, place, exposure.fingerprint.as_str())).or_default();
        entry.0 |= exposure.first_posted_time >= from;
        entry.1 |= exposure.removed_time.is_none();
    }
    let mut counts: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for ((kind, place, _), (posted, standing)) in secrets {
        let entry = counts.entry((kind, place)).or_default();
        entry.0 += usize::from(posted);
        entry.1 += usize::from(standing);
    }
    let mut counts: Vec<CredentialCount> =
        counts.into_iter().map(|((kind, place), (posted, standing))| CredentialCount { kind, place, posted, standing }).collect();
    counts.sort_by(|a, b| (b.standing + b.posted, &a.kind, &a.place).cmp(&(a.standing + a.posted, &b.kind, &b.place)));
    counts
}

/// Of the secrets posted in the weeks: how long until they were removed from where they stood longest.
pub fn removals(exposures: &[Exposure], from: Time) -> Vec<Removal> {
    const STEPS: [(i64, &str); 4] = [(HOUR, "within an hour"), (DAY, "within a day"), (7 * DAY, "within a week"), (i64::MAX, "later")];
    let mut longest: BTreeMap<&str, Option<i64>> = BTreeMap::new();
    for exposure in exposures.iter().filter(|exposure| exposure.first_posted_time >= from) {
        let stood = exposure.removed_time.map(|removed| removed.0 - exposure.first_posted_time.0);
        let entry = longest.entry(exposure.fingerprint.as_str()).or_insert(Some(0));
        *entry = match (*entry, stood) {
            (Some(before), Some(stood)) => Some(before.max(stood)),
            _ => None,
        };
    }
    let mut counts: Vec<Removal> = STEPS.iter().map(|(_, after)| Removal { after: (*after).into(), secrets: 0 }).collect();
    counts.push(Removal { after: "still there".into(), secrets: 0 });
    for stood in longest.values() {
        let at = stood.map_or(STEPS.len(), |stood| STEPS.iter().position(|(most, _)| stood < *most).unwrap_or(STEPS.len() - 1));
        counts[at].secrets += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(fingerprint: &str, channel: &str, posted: i64, removed: Option<i64>) -> Exposure {
        Exposure {
            fingerprint: fingerprint.into(),
            kind: Some("token".into()),
            masked: None,
            source: Some("slack_messages".into()),
            channel: Some(channel.into()),
            channel_type: Some("public".into()),
            channel_external: false,
            first_posted_time: Time(posted),
            messages: 1,
            readers: Some(12),
            active_after: 3,
            places: 1,
            removed_time: removed.map(Time),
        }
    }

    #[test]
    fn a_secret_is_followed_from_posting_to_removal() {
        let exposures = [exposure("f", "b", 20 * DAY, None), exposure("f", "a", 10 * DAY, Some(12 * DAY)), exposure("other", "c", 0, None)];
        let touched = [Touched {
            fingerprint: "f".into(),
            event_time: Time(11 * DAY),
            act: "searched".into(),
            person_id: Some("p_1".into()),
            total: 3,
        }];
        let told: Vec<String> =
            steps("f", &exposures, &touched, &BTreeMap::new(), Time(30 * DAY)).into_iter().map(|step| step.text).collect();
        assert_eq!(
            told,
            [
                "Posted in #a, a public channel, 12 members then",
                "Searched for word by word by p_1",
                "Removed from #a, a public channel after 2 days",
                "Also posted in #b, a public channel, 12 members then",
                "2 times searched for later",
                "3 people were active there from that day on, and could see it",
                "Still stands there, 10 days after it was posted"
            ]
        );
    }

    #[test]
    fn secrets_are_counted_once_a_kind_of_place_and_by_how_long_they_stood() {
        let exposures = [
            exposure("f", "a", 10 * DAY, Some(10 * DAY + HOUR / 2)),
            exposure("f", "b", 10 * DAY, Some(12 * DAY)),
            exposure("g", "a", 10 * DAY, None),
            exposure("old", "a", DAY, None),
        ];
        let counts = by_kind(&exposures, Time(5 * DAY));
        assert_eq!(counts, [CredentialCount { kind: "token".into(), place: "public channel".into(), posted: 2, standing: 2 }]);
        let removals: Vec<usize> = removals(&exposures, Time(5 * DAY)).into_iter().map(|removal| removal.secrets).collect();
        assert_eq!(removals, [0, 0, 1, 0, 1]);
    }
}
