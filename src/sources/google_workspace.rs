//! Google Workspace: activities of the Reports API (one application each for Drive, Chat, Gmail, sign-in, Vault, Takeout, ...).
//!
//! Envelopes: the API's page (`admin#reports#activities`), one activity with its `events` as a list, as one object or under `event`,
//! an activity flattened into its event (`type`, `name`, `parameters` beside `id` and `actor`), and rows of BigQuery's export.
//!
//! **Identity.** One activity holds several events under one id, and shippers split them without saying which was which. So the id of an
//! event is `google:<application>:<customer>:<time in µs>:<unique qualifier>:<event name>:<number>`, the number over the actor and all
//! parameters. The place in the list does not count, which a split record has lost, nor does anything of the envelope; names and values
//! are first brought to the one form that every envelope can give (see `identity`). Events that differ in anything they say have ids of
//! their own; two that say the same in one activity are one act.
//!
//! **Counting.** Drive marks one event of an activity as primary. The others (`primary_event` false) say the same act from another side:
//! they become [`Action::Other`] under their vendor action, so that one click counts once.

mod actions;
mod activity;
mod assets;
mod bigquery;
mod columns;
mod gmail;
mod identity;
mod meetings;
mod parameters;
mod sharing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

use memchr::memmem;
use serde_json::value::RawValue;

use self::activity::{Activity, Actor, Id, VendorEvent};
use self::parameters::Parameters;
use super::lenient::{List, Str};
use super::{Origin, Receiver, Record, Reject, address};
use crate::event::{Action, ActorClass, ClientClass, Event, Text, When};

pub(super) use self::actions::ACTIONS;

/// A record longer than this is a page of the API, which names itself at its head.
const HEAD: usize = 1024 * 1024;

/// What the events of one activity share.
struct Shared<'a> {
    event: Event<'a>,
    application: Text<'a>,
    /// `google:…` up to the event's name; `None` where the activity has no id of its own.
    id: Option<String>,
    owner_domain: Text<'a>,
}

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Json(json) = record else { return false };
    let bytes = json.as_bytes();
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    const MARKS: [&str; 6] =
        ["reports#activit", "\"applicationName\"", "GSuite.", "\"record_type\"", "\"acl_change\"", "\"primary_event\""];
    if !MARKS.iter().any(|mark| memmem::find(head, mark.as_bytes()).is_some()) {
        return false;
    }
    if bytes.len() > HEAD {
        return memmem::find(bytes.get(..4096).unwrap_or(bytes), b"reports#activit").is_some();
    }
    serde_json::from_str::<Activity<'_>>(json).is_ok_and(|activity| is_ours(&activity))
}

/// Whether an object that could be read as an activity is one.
fn is_ours(activity: &Activity<'_>) -> bool {
    let text = |raw: Option<&RawValue>, part: &str| raw.is_some_and(|raw| memmem::find(raw.get().as_bytes(), part.as_bytes()).is_some());
    let application = activity.id.0.as_ref().and_then(|id| id.application_name.get());
    let flat = || {
        let (kind, name) = (activity.event_type.get().unwrap_or_default(), activity.name.get().unwrap_or_default());
        let application = actions::application(kind, name).unwrap_or_default();
        activity.parameters.is_some() && actions::find(&format!("{application}/{name}")).is_some()
    };
    activity.kind.get().is_some_and(|kind| kind.contains("reports#activit"))
        || application.is_some()
        || activity.p_log_type.get().is_some_and(|log| log.starts_with("GSuite.Activity") || log.starts_with("GSuite.Reports"))
        || (activity.row.is_some() && text(activity.schema, "\"record_type\""))
        || (activity.record_type.0.is_some() && activity.event_name.0.is_some() && !activity.time_usec.is_unsaid())
        || flat()
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = record else { return Err(Reject::NotThisSource) };
    if json.trim_start().starts_with('[') {
        return each(List(Some(serde_json::from_str(json)?)), out);
    }
    let activity: Activity<'_> = serde_json::from_str(json)?;
    if !is_ours(&activity) {
        return Err(Reject::NotThisSource);
    }
    if activity.items.0.is_some() {
        return each(activity.items, out);
    }
    one(json, activity, out)
}

/// The activities of a page.
fn each(items: List<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let items: Vec<&RawValue> = items.items();
    if items.is_empty() {
        return Err(Reject::Nothing);
    }
    for item in items {
        let read = serde_json::from_str::<Activity<'_>>(item.get()).map_err(Reject::from);
        if let Err(reject) = read.and_then(|activity| one(item.get(), activity, out)) {
            out.reject(reject);
        }
    }
    Ok(())
}

fn one(json: &str, activity: Activity<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    if let (Some(row), Some(schema)) = (activity.row, activity.schema) {
        let named = bigquery::row(row, schema).ok_or_else(|| Reject::bad("the row and its schema do not fit together"))?;
        return export_row(&named, &serde_json::from_str(&named)?, out);
    }
    if activity.record_type.0.is_some() && activity.event_name.0.is_some() {
        return export_row(json, &activity, out);
    }
    let shared = shared(&activity);
    let mut events = activity.events.0;
    events.extend(activity.event.0);
    if events.is_empty() && (activity.name.0.is_some() || activity.event_type.0.is_some() || activity.parameters.is_some()) {
        events.push(VendorEvent { event_type: activity.event_type, name: activity.name, parameters: activity.parameters });
    }
    if events.is_empty() {
        if activity.kind.get().is_some_and(|kind| kind.ends_with("activities")) {
            return Err(Reject::Nothing);
        }
        return Err(Reject::bad("the activity holds no event"));
    }
    for event in events {
        let parameters = Parameters::read(event.parameters);
        emit(&shared, event.event_type.get().unwrap_or_default(), event.name.text(), &parameters, out);
    }
    Ok(())
}

/// A row of BigQuery's export with its columns named: the activity's fields, and the event's under the application's name.
fn export_row(json: &str, activity: &Activity<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    const ENVELOPE: [&str; 9] =
        ["time_usec", "email", "event_name", "event_type", "record_type", "ip_address", "unique_identifier", "event_id", "domain_name"];
    let mut parameters = Parameters::of_object(json, &ENVELOPE);
    let application = activity.record_type.get().unwrap_or_default().to_ascii_lowercase();
    parameters.unfold(&application);
    let mut shared = shared(activity);
    shared.event.src_ip = activity.flat_ip.get().and_then(bigquery::ip_bytes).map(Cow::Owned).or(shared.event.src_ip);
    if let (Some(qualifier), Some(time)) = (activity.unique_identifier.get(), shared.event.event_time.at()) {
        shared.id = Some(format!("google:{application}::{time}:{qualifier}"));
    }
    shared.application = Some(Cow::Owned(application));
    emit(&shared, "", activity.event_name.text(), &parameters, out);
    Ok(())
}

fn shared<'a>(activity: &Activity<'a>) -> Shared<'a> {
    let empty = (Id::default(), Actor::default());
    let id = activity.id.0.as_ref().unwrap_or(&empty.0);
    let actor = activity.actor.0.as_ref().unwrap_or(&empty.1);
    let times = [id.time, activity.p_event_time, activity.timestamp, activity.time_usec, activity.time, activity.at_timestamp];
    let event_time = times.into_iter().fold(When::Unsaid, When::or);
    let address_text = actor.email.text().or_else(|| activity.email.text());
    let actor_email = address_text.as_ref().and_then(canonical_email);
    let app = actor.application_info.0.as_ref();
    let id_text = id.unique_qualifier.get().map(|qualifier| {
        let mut text = format!("google:{}:", id.application_name.get().unwrap_or_default());
        let when = event_time.at().map(|micros| micros.to_string()).unwrap_or_default();
        let _ = write!(text, "{}:{when}:{qualifier}", id.customer_id.get().unwrap_or_default());
        text
    });
    let event = Event {
        event_time,
        actor_id: actor.profile_id.text().or_else(|| actor_email.clone()).or_else(|| actor.key.text()).or(address_text),
        actor_class: actor_class(actor, actor_email.as_deref()),
        client_class: if activity.agentic.bool() == Some(true) { Some(ClientClass::Ai) } else { app.map(|_| ClientClass::Api) },
        app_id: app.and_then(|app| app.oauth_client_id.text()),
        app_name: app.and_then(|app| app.application_name.text()),
        actor_email,
        src_ip: [&activity.ip_address, &activity.flat_ip].into_iter().find_map(canonical_ip),
        country: activity.network.0.as_ref().and_then(|network| network.region_code.text()),
        workspace_id: id.customer_id.text(),
        ..Event::default()
    };
    Shared { event, application: id.application_name.text(), id: id_text, owner_domain: activity.owner_domain.text() }
}

fn canonical_ip<'a>(text: &Str<'a>) -> Text<'a> {
    match text.0.as_ref()? {
        Cow::Borrowed(text) => address::ip(text),
        Cow::Owned(text) => address::ip(text).map(|ip| Cow::Owned(ip.into_owned())),
    }
}

fn canonical_email<'a>(text: &Cow<'a, str>) -> Text<'a> {
    match text {
        Cow::Borrowed(text) => address::email(text),
        Cow::Owned(text) => address::email(text).map(|email| Cow::Owned(email.into_owned())),
    }
}

/// `KEY` callers are robots, Google itself, or people whom Meet knows no account of.
fn actor_class(actor: &Actor<'_>, email: Option<&str>) -> Option<ActorClass> {
    let key = actor.key.get().unwrap_or_default();
    match actor.caller_type.get() {
        _ if email.is_some_and(|email| email.ends_with("gserviceaccount.com")) => Some(ActorClass::Service),
        Some("USER") => Some(ActorClass::Human),
        Some("EXTERNAL_USER") => Some(ActorClass::Guest),
        Some("KEY") if key.contains("EXTERNAL") || key.contains("ANONYMOUS") => Some(ActorClass::Guest),
        Some("KEY") if key.eq_ignore_ascii_case("SYSTEM") => Some(ActorClass::System),
        Some("KEY" | "APPLICATION" | "SERVICE_ACCOUNT") => Some(ActorClass::Service),
        _ => None,
    }
}

/// Builds one event and hands it over.
fn emit(shared: &Shared<'_>, kind: &str, name: Text<'_>, parameters: &Parameters<'_>, out: &mut dyn Receiver) {
    let name = name.as_deref().map_or(kind, str::trim);
    let application = shared.application.as_deref().or_else(|| actions::application(kind, name)).unwrap_or("unknown");
    let key = columns::key(application, name, parameters);
    let secondary = parameters.bool("primary_event") == Some(false);
    let action = if secondary { Action::Other } else { columns::action(&key, application, (kind, name), parameters) };
    let mut event = shared.event.clone();
    let id = shared.id.as_deref().map(|activity| identity::event_id(activity, shared.event.actor_id.as_deref(), name, parameters));
    event.event_id = Cow::Owned(id.unwrap_or_default());
    event.action = action;
    event.vendor_action = Some(Cow::Borrowed(&key));
    let owner_domain = ("owner_domain", shared.owner_domain.clone());
    let event = columns::fill(event, application, name, parameters, owner_domain);
    if matches!(application, "chat") && matches!(action, Action::ChannelJoined | Action::ChannelLeft) {
        return members(event, parameters, out);
    }
    out.event(event);
}

/// Whoever is added to a space or removed from it is the one who joined or left it: one event each, and who did it in `attributes`.
fn members(event: Event<'_>, parameters: &Parameters<'_>, out: &mut dyn Receiver) {
    let targets = parameters.texts("target_users");
    if targets.is_empty() {
        return out.event(event);
    }
    for target in targets {
        let mut joined = event.clone();
        if !joined.event_id.is_empty() {
            joined.event_id = Cow::Owned(format!("{}:{target}", event.event_id));
        }
        joined.attributes = parameters
            .rest(columns::CHAT, &[("changed_by", event.actor_email.clone().or_else(|| event.actor_id.clone()))])
            .map(Cow::Owned)
            .or(joined.attributes);
        joined.actor_email = canonical_email(&target);
        joined.actor_id = joined.actor_email.clone().or(Some(target));
        (joined.actor_class, joined.src_ip, joined.country, joined.recipients) = (None, None, None, Vec::new());
        (joined.target, joined.target_type) = (None, None);
        out.event(joined);
    }
}
