//! Slack's Audit Logs API: pages (`{"entries": […]}`), one entry a line, and entries that Panther has processed.
//!
//! Entries carry no message text, and downloads carry neither channel nor size. The API's lists of its actions and schemas are no acts.

mod actions;
mod entry;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memmem;
use serde_json::value::RawValue;

use super::lenient::{Str, when};
use super::slack_messages::shapes::type_of_id;
use super::{Origin, Receiver, Record, Reject, address, client};
use crate::event::{Action, ActorClass, ChannelType, ClientClass, Event, Outcome, Surface, Text, When};

pub(super) use actions::ACTIONS;
use entry::{Actor, Entity, Entry, Fields, push_key};

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Json(json) = *record else { return false };
    let has = |key: &str| memmem::find(json.as_bytes(), key.as_bytes()).is_some();
    let is_entry = has("\"action\"") && has("\"actor\"") && (has("\"date_create\"") || (has("\"context\"") && has("\"ua\"")));
    let is_other = (has("\"entries\"") && has("\"response_metadata\"")) || has("\"workspace_or_org\"") || has("\"schemas\"");
    is_entry || (is_other && Entry::read(json).is_ok_and(|entry| is_empty_page(&entry) || is_listing(&entry)))
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = *record else { return Err(Reject::NotThisSource) };
    if json.trim_ascii_start().starts_with('[') {
        return all(serde_json::from_str(json)?, out);
    }
    let entry = Entry::read(json)?;
    match entry.entries {
        Some(entries) if entries.starts_with('[') => all(serde_json::from_str(entries)?, out),
        _ => one(entry, out),
    }
}

fn all(entries: Vec<&RawValue>, out: &mut dyn Receiver) -> Result<(), Reject> {
    for entry in &entries {
        let done = Entry::read(entry.get()).map_err(Reject::from).and_then(|entry| one(entry, out));
        match done {
            Ok(()) | Err(Reject::Nothing) => {}
            Err(Reject::NotThisSource) => out.reject(Reject::bad("an entry has no action")),
            Err(bad) => out.reject(bad),
        }
    }
    if entries.is_empty() { Err(Reject::Nothing) } else { Ok(()) }
}

/// Whether this is a page of the log without an entry.
fn is_empty_page(entry: &Entry<'_>) -> bool {
    entry.entries.is_some_and(|raw| raw.strip_prefix('[').is_some_and(|rest| rest.trim_ascii_start() == "]"))
}

/// Whether this is the API's list of actions (`{"actions": {"workspace_or_org": […]}}`) or of schemas (`{"schemas": [{"type": …}]}`).
fn is_listing(entry: &Entry<'_>) -> bool {
    let schemas = entry.unknown.list("schemas").items::<Fields<'_>>();
    entry.unknown.fields("actions").raw("workspace_or_org").is_some() || schemas.first().is_some_and(|schema| schema.raw("type").is_some())
}

fn one(entry: Entry<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Some(name) = entry.action.get() else {
        return Err(if is_listing(&entry) { Reject::Nothing } else { Reject::NotThisSource });
    };
    let action = actions::action(name).unwrap_or_default();
    let context = entry.context.unwrap_or_default();
    let details = entry.details.unwrap_or_default();
    let entity = entry.entity.unwrap_or_default();
    let of_details = details.raw("action_timestamp").map_or(When::Unsaid, when);
    let mut event = Event {
        event_id: entry.id.get().map_or(Cow::Borrowed(""), |id| Cow::Owned(["slack_audit:", id].concat())),
        event_time: entry.date_create.or(entry.p_event_time).or(of_details),
        action,
        outcome: outcome_of(name),
        surface: surface_of(action, name, entity.kind.as_deref().unwrap_or_default()),
        src_ip: context.ip_address.0.and_then(ip),
        client_class: context.ua.get().and_then(client::from_user_agent),
        user_agent: context.ua.0,
        session_id: context.session_id.0,
        workspace_id: context.location.and_then(|location| location.id.0),
        ..Event::default()
    };
    if let Some(app) = context.app {
        event.app_id = app.id.0;
        event.app_name = app.name.0;
        event.client_class = event.client_class.or(Some(ClientClass::Api));
    }
    if name.starts_with("mcp_slack_") || name.starts_with("slack_ai_") {
        event.client_class = Some(ClientClass::Ai);
    }
    if let Some(actor) = entry.actor {
        actor_columns(&mut event, actor, name);
    }
    let taken = entity_columns(&mut event, &entity);
    details_columns(&mut event, &details, action);
    event.attributes = attributes(&details, &entity.object, taken, &entry.unknown);
    event.vendor_action = entry.action.0;
    out.event(event);
    Ok(())
}

/// [`address::ip`] that keeps the record's lifetime.
fn ip(text: Cow<'_, str>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => address::ip(text),
        Cow::Owned(text) => address::ip(&text).map(|ip| Cow::Owned(ip.into_owned())),
    }
}

fn email(text: Cow<'_, str>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => address::email(text),
        Cow::Owned(text) => address::email(&text).map(|email| Cow::Owned(email.into_owned())),
    }
}

fn outcome_of(action: &str) -> Outcome {
    match action {
        "file_downloaded_blocked" | "file_download_blocked" | "file_upload_blocked_by_type" | "file_share_blocked_by_type" => {
            Outcome::Blocked
        }
        "ip_allowlist_access_denied" | "child_app_auto_install_denied" => Outcome::Blocked,
        _ if action.ends_with("_failed") || action.ends_with("_failure") => Outcome::Failed,
        _ => Outcome::Success,
    }
}

/// Content and its channels are chat; accounts, apps, roles and the settings of whole workspaces are identity.
fn surface_of(action: Action, name: &str, entity: &str) -> Surface {
    const CONTENT: [&str; 8] = ["file", "channel", "message", "canvas", "list_", "huddle", "thread", "export"];
    match action {
        Action::Login | Action::AppInstalled | Action::AppScopesChanged => Surface::Identity,
        Action::PermissionChanged | Action::Other => match entity {
            "file" | "channel" | "message" | "canvas" | "list" | "huddle" | "workflow" | "workflow_v2" => Surface::Chat,
            "" if !name.starts_with("pref.") && CONTENT.iter().any(|word| name.contains(word)) => Surface::Chat,
            _ => Surface::Identity,
        },
        _ => Surface::Chat,
    }
}

fn actor_columns<'a>(event: &mut Event<'a>, actor: Actor<'a>, action: &str) {
    let (kind, who) = (actor.kind.get().unwrap_or_default(), actor.account);
    let is_service = matches!(kind, "app" | "bot" | "service" | "workflow");
    let account_type = who.account_type.get().unwrap_or_default();
    event.actor_class =
        if who.id.get() == Some("USLACKBOT") { Some(ActorClass::System) } else { class_of(kind, is_service, account_type, action) };
    if is_service {
        event.client_class = event.client_class.or(Some(ClientClass::Api));
    }
    event.actor_id = who.id.0;
    event.actor_name = who.name.0;
    event.actor_email = who.email.0.and_then(email);
    event.actor_org = who.team.0;
    if event.actor_id.is_none() {
        event.actor_id = event.actor_email.clone();
    }
}

fn class_of(kind: &str, is_service: bool, account: &str, action: &str) -> Option<ActorClass> {
    let contains = |word: &str| account.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    if is_service || contains("bot") {
        Some(ActorClass::Service)
    } else if matches!(kind, "system" | "slack") {
        Some(ActorClass::System)
    } else if contains("guest")
        || contains("external")
        || matches!(action, "guest_channel_join" | "guest_channel_leave" | "guest_joined_workspace")
    {
        Some(ActorClass::Guest)
    } else {
        None
    }
}

/// Puts the thing acted on into its columns; returns the fields that have one.
fn entity_columns<'a>(event: &mut Event<'a>, entity: &Entity<'a>) -> &'static [&'static str] {
    let thing = &entity.object;
    let Some(kind) = entity.kind.as_deref() else { return &[] };
    match kind {
        "file" | "canvas" | "list" => {
            event.file_id = thing.text("id");
            event.file_name = thing.text("name").or_else(|| thing.text("title"));
            event.file_type = thing.text("filetype");
            &["id", "name", "filetype"]
        }
        "channel" => {
            event.channel_id = thing.text("id");
            event.channel_name = thing.text("name");
            event.channel_type = match thing.text("privacy").as_deref() {
                Some("public") => Some(ChannelType::Public),
                Some("private") => Some(ChannelType::Private),
                Some("im" | "dm") => Some(ChannelType::Direct),
                Some("mpim") => Some(ChannelType::Group),
                _ => event.channel_id.as_deref().and_then(type_of_id),
            };
            event.channel_external = match (thing.bool("is_shared"), thing.bool("is_org_shared")) {
                (Some(false), _) => Some(false),
                (Some(true), Some(false)) => Some(true),
                // Shared within the organisation, perhaps outside it too.
                _ => None,
            };
            &["id", "name", "privacy"]
        }
        "message" => {
            event.message_id = thing.text("timestamp");
            event.channel_id = thing.text("channel");
            event.channel_type = event.channel_id.as_deref().and_then(type_of_id);
            event.workspace_id = event.workspace_id.take().or_else(|| thing.text("team"));
            &["channel", "timestamp", "team"]
        }
        "app" => {
            event.app_id = thing.text("id").or_else(|| event.app_id.take());
            event.app_name = thing.text("name").or_else(|| event.app_name.take());
            &["id", "name"]
        }
        _ => {
            event.target = thing.text("id").or_else(|| thing.text("name"));
            event.target_type = entity.kind.clone();
            &["id"]
        }
    }
}

fn details_columns<'a>(event: &mut Event<'a>, details: &Fields<'a>, action: Action) {
    event.object_url = details.text("url_private");
    if event.channel_id.is_none() {
        event.channel_id = details.fields("shared_with").text("channel_id").or_else(|| details.text("channel_id"));
        event.channel_type = event.channel_id.as_deref().and_then(type_of_id);
    }
    if action == Action::VendorAnomaly {
        let reasons = details.list("reason").items::<Str<'a>>();
        let mut reasons: Vec<Cow<'a, str>> = reasons.into_iter().filter_map(|reason| reason.0).collect();
        if !reasons.is_empty() {
            event.target = if reasons.len() == 1 { reasons.pop() } else { Some(Cow::Owned(reasons.join(","))) };
            event.target_type = Some("anomaly_reason".into());
        }
        event.country = details.text("location").and_then(|location| country_of(&location));
    }
}

/// `GB` of `London, England, GB`.
fn country_of(location: &str) -> Text<'static> {
    let code = location.rsplit(',').next()?.trim();
    (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())).then(|| Cow::Owned(code.to_owned()))
}

/// What has no column, under the vendor's own words: `{"details": {…}, "entity": {…}, …}`.
fn attributes<'a>(details: &Fields<'a>, entity: &Fields<'a>, taken: &[&str], unknown: &Fields<'a>) -> Text<'a> {
    // Most entries have a title, a name or a few settings that have no column.
    let mut json = String::with_capacity(128);
    for (key, fields, taken) in [("details", details, &["url_private"][..]), ("entity", entity, taken)] {
        let before = json.len();
        json.push(if before == 0 { '{' } else { ',' });
        push_key(&mut json, key);
        if !fields.write_rest(taken, &mut json) {
            json.truncate(before);
        }
    }
    let mut rest = String::new();
    if unknown.write_rest(&[], &mut rest) {
        json.push(if json.is_empty() { '{' } else { ',' });
        json.push_str(rest.get(1..rest.len() - 1).unwrap_or_default());
    }
    if json.is_empty() {
        return None;
    }
    json.push('}');
    Some(Cow::Owned(json))
}
