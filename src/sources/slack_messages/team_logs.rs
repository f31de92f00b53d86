//! A workspace's own logs of its apps (`team.integrationLogs`, `integration_logs.json` of an export) and accesses (`team.accessLogs`).

use std::borrow::Cow;

use super::super::lenient::{Str, rest};
use super::super::{Receiver, Reject, address, client, time};
use super::Around;
use super::shapes::type_of_id;
use crate::event::{Action, Event, Surface};

/// A row of `integration_logs.json` or `team.integrationLogs`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Integration<'a> {
    #[serde(borrow)]
    user_id: Str<'a>,
    #[serde(borrow)]
    user_name: Str<'a>,
    #[serde(borrow)]
    date: Str<'a>,
    #[serde(borrow)]
    change_type: Str<'a>,
    #[serde(borrow)]
    app_id: Str<'a>,
    #[serde(borrow)]
    app_type: Str<'a>,
    #[serde(borrow)]
    service_id: Str<'a>,
    #[serde(borrow)]
    service_type: Str<'a>,
    #[serde(borrow)]
    channel: Str<'a>,
}

/// Normalizes a change of an app or integration.
pub(super) fn integration(json: &str, around: &Around<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    const KNOWN: &[&str] = &["user_id", "user_name", "date", "change_type", "app_id", "app_type", "service_id", "service_type", "channel"];
    let row: Integration<'_> = serde_json::from_str(json)?;
    let app = row.app_id.text().or_else(|| row.service_id.text());
    let (date, user) = (row.date.get().unwrap_or_default(), row.user_id.get().unwrap_or_default());
    let change = row.change_type.get().unwrap_or_default();
    let event_time = time::read(Some(date));
    let numbered = event_time.at().is_some() && app.is_some();
    out.event(Event {
        event_id: if numbered {
            Cow::Owned(format!("slack_integration:{date}:{user}:{}:{change}", app.as_deref().unwrap_or_default()))
        } else {
            Cow::Borrowed("")
        },
        event_time,
        surface: Surface::Identity,
        action: match change {
            "added" | "enabled" => Action::AppInstalled,
            "expanded" => Action::AppScopesChanged,
            _ => Action::Other,
        },
        vendor_action: row.change_type.text(),
        actor_id: row.user_id.text(),
        actor_name: row.user_name.text(),
        app_name: row.app_type.text().or_else(|| row.service_type.text()),
        app_id: app,
        workspace_id: around.team.clone(),
        channel_type: row.channel.get().and_then(type_of_id),
        channel_id: row.channel.text(),
        attributes: rest(json, KNOWN).map(Cow::Owned),
        ..Event::default()
    });
    Ok(())
}

/// A row of `team.accessLogs`: a user's accesses from one address and program, from the first to the last.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Access<'a> {
    #[serde(borrow)]
    user_id: Str<'a>,
    #[serde(borrow)]
    username: Str<'a>,
    #[serde(borrow)]
    date_first: Str<'a>,
    #[serde(borrow)]
    ip: Str<'a>,
    #[serde(borrow)]
    user_agent: Str<'a>,
    #[serde(borrow)]
    country: Str<'a>,
}

/// Normalizes a row of the access log as the login that began it; how often and until when it went on is in the attributes.
pub(super) fn access(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    const KNOWN: &[&str] = &["user_id", "username", "ip", "user_agent", "country"];
    let access: Access<'_> = serde_json::from_str(json)?;
    let (first, user) = (access.date_first.get().unwrap_or_default(), access.user_id.get().unwrap_or_default());
    let event_time = time::read(Some(first));
    let (ip, user_agent) = (access.ip.get().and_then(address::ip), access.user_agent.text());
    out.event(Event {
        event_id: match (event_time.at(), &ip) {
            // The row grows until another program or address begins the next: its beginning names it.
            (Some(_), Some(ip)) => Cow::Owned(format!("slack_access:{first}:{user}:{ip}:{}", user_agent.as_deref().unwrap_or_default())),
            _ => Cow::Borrowed(""),
        },
        event_time,
        surface: Surface::Identity,
        action: Action::Login,
        vendor_action: Some("team.accessLogs".into()),
        actor_id: access.user_id.text(),
        actor_name: access.username.text(),
        src_ip: ip,
        client_class: user_agent.as_deref().and_then(client::from_user_agent),
        user_agent,
        country: access.country.text(),
        attributes: rest(json, KNOWN).map(Cow::Owned),
        ..Event::default()
    });
    Ok(())
}
