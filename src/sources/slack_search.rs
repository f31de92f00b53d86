//! The search queries that an administrator of Slack exports as CSV: who searched for what, when.
//!
//! The column names differ between exports; a query, a time and a person are what every form has.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{Origin, Receiver, Record, Reject, address, client, time};
use crate::event::{Action, Event, Surface, Text};

const QUERY: &[&str] =
    &["query", "search_query", "search query", "query text", "query_text", "search term", "search_term", "search_text", "search text"];
const TIME: &[&str] = &[
    "date",
    "timestamp",
    "time",
    "datetime",
    "date_time",
    "date time",
    "date (utc)",
    "time (utc)",
    "timestamp (utc)",
    "date/time",
    "date_create",
    "date created",
    "created",
    "created_at",
    "search date",
    "search_date",
    "search time",
    "search_time",
    "searched_at",
    "query_time",
    "query time",
    "event_time",
];
const USER_ID: &[&str] =
    &["user id", "user_id", "userid", "slack user id", "member id", "member_id", "actor_id", "searcher id", "searcher_id"];
const EMAIL: &[&str] = &["email", "user email", "user_email", "email address", "e-mail", "member email", "searcher email", "actor_email"];
const NAME: &[&str] =
    &["username", "user name", "user_name", "user", "name", "display name", "display_name", "full name", "real name", "member", "searcher"];
const TEAM: &[&str] = &["team id", "team_id", "workspace id", "workspace_id", "workspace", "team", "org id", "enterprise_id"];
const IP: &[&str] = &["ip", "ip address", "ip_address"];
const USER_AGENT: &[&str] = &["user agent", "user_agent", "ua"];
const SESSION: &[&str] = &["session id", "session_id"];
const CHANNEL: &[&str] = &["channel id", "channel_id"];
const ID: &[&str] = &["id", "query id", "query_id", "search id", "search_id", "event id", "event_id"];

/// Columns that only other vendors' logs have beside a query.
const FOREIGN: &[&str] = &["operation", "auditdata", "workload", "recordtype", "event_name", "applicationname", "source", "action"];

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Csv { header, .. } = *record else { return false };
    let has = |names: &[&str]| header.iter().any(|column| is_one_of(column, names));
    has(QUERY) && has(TIME) && (has(USER_ID) || has(EMAIL) || has(NAME)) && !has(FOREIGN)
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Csv { header, row } = *record else { return Err(Reject::NotThisSource) };
    // The first column of each group that is filled; its place, so that it is not listed among the rest.
    let mut used = Vec::with_capacity(12);
    let mut column = |names: &[&str]| -> Option<&str> {
        let found = names.iter().find_map(|name| {
            let at = header.iter().position(|column| column.trim().eq_ignore_ascii_case(name))?;
            row.get(at).map(str::trim).filter(|field| !field.is_empty()).map(|field| (at, field))
        });
        used.extend(found.map(|(at, _)| at));
        found.map(|(_, field)| field)
    };
    let Some(query) = column(QUERY) else { return Err(Reject::bad("the search has no query")) };
    let when = time::read(column(TIME));
    let mail = column(EMAIL);
    let (user_id, name) = (column(USER_ID), column(NAME));
    let actor_email = mail.or(name).and_then(address::email);
    let user_agent = column(USER_AGENT);
    let event_id = column(ID).map_or(Cow::Borrowed(""), |id| Cow::Owned(format!("slack_search:{id}")));
    let event = Event {
        event_id,
        event_time: when,
        surface: Surface::Chat,
        action: Action::Search,
        vendor_action: Some("search".into()),
        actor_id: user_id.map(Cow::Borrowed).or_else(|| actor_email.clone()).or(name.map(Cow::Borrowed)),
        actor_name: name.map(Cow::Borrowed),
        actor_email,
        client_class: user_agent.and_then(client::from_user_agent),
        user_agent: user_agent.map(Cow::Borrowed),
        session_id: column(SESSION).map(Cow::Borrowed),
        src_ip: column(IP).and_then(address::ip),
        workspace_id: column(TEAM).map(Cow::Borrowed),
        channel_id: column(CHANNEL).map(Cow::Borrowed),
        search_query: Some(Cow::Borrowed(query)),
        ..Event::default()
    };
    out.event(Event { attributes: others(header, row, &used), ..event });
    Ok(())
}

fn is_one_of(column: &str, names: &[&str]) -> bool {
    names.iter().any(|name| column.trim().eq_ignore_ascii_case(name))
}

/// The filled columns that have no column of ours.
fn others<'a>(header: &csv::StringRecord, row: &csv::StringRecord, used: &[usize]) -> Text<'a> {
    let rest: std::collections::BTreeMap<&str, &str> = header
        .iter()
        .zip(row.iter())
        .enumerate()
        .filter(|(at, (column, field))| !used.contains(at) && !field.trim().is_empty() && !column.trim().is_empty())
        .map(|(_, (column, field))| (column.trim(), field.trim()))
        .collect();
    if rest.is_empty() { None } else { serde_json::to_string(&rest).ok().map(Cow::Owned) }
}
