//! The audit log of an Atlassian organization (Guard): logins, accounts, tokens, and what was opened and exported in Jira and Confluence.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ACTIONS;
use crate::event::{Action, ChannelType, ClientClass, Event, Outcome, Surface, Text};
use crate::sources::atlassian_audit::{Part, Parts, by_wording, client_ip, find, instant, project_of, surface};
use crate::sources::lenient::{self, Str};
use crate::sources::{Receiver, Reject, address};

/// What makes `attributes` those of an event of this log.
#[derive(Deserialize)]
pub struct Shape<'a> {
    #[serde(borrow, default)]
    action: Str<'a>,
    #[serde(borrow, default)]
    time: Str<'a>,
    #[serde(borrow, default)]
    actor: Option<&'a RawValue>,
}

impl Shape<'_> {
    /// An act, a time and somebody who acted.
    pub fn is_one(&self) -> bool {
        self.action.get().is_some() && self.time.get().is_some() && self.actor.is_some_and(|raw| raw.get().starts_with('{'))
    }
}

#[derive(Deserialize)]
struct LogEvent<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow)]
    attributes: Attributes<'a>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow, default)]
    action: Str<'a>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    actor: Part<Actor<'a>>,
    #[serde(borrow, default)]
    context: Parts<Thing<'a>>,
    #[serde(borrow, default)]
    container: Parts<Thing<'a>>,
    #[serde(borrow, default)]
    location: Part<Location<'a>>,
}

#[derive(Deserialize, Default)]
struct Actor<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    email: Str<'a>,
    #[serde(borrow, default)]
    auth: Part<Auth<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Auth<'a> {
    #[serde(borrow, default)]
    auth_type: Str<'a>,
    #[serde(borrow, default)]
    token_id: Str<'a>,
    #[serde(borrow, default)]
    token_label: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(borrow, default)]
    ip: Str<'a>,
    #[serde(borrow, default)]
    country_name: Str<'a>,
}

/// A thing that the act concerns (`context`) or that contains it (`container`).
#[derive(Deserialize)]
struct Thing<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    attributes: Part<ThingAttributes<'a>>,
    #[serde(borrow, default)]
    links: Part<Links<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ThingAttributes<'a> {
    #[serde(borrow, default)]
    site_host_name: Str<'a>,
    #[serde(borrow, default)]
    issue_key_or_id: Str<'a>,
    #[serde(borrow, default)]
    space_key: Str<'a>,
    #[serde(borrow, default)]
    space_name: Str<'a>,
    #[serde(borrow, default)]
    page_id: Str<'a>,
    #[serde(borrow, default)]
    page_title: Str<'a>,
    #[serde(borrow, default)]
    attachment_id: Str<'a>,
    #[serde(borrow, default)]
    attachment_name: Str<'a>,
    #[serde(borrow, default)]
    email: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
}

#[derive(Deserialize)]
struct Links<'a> {
    #[serde(borrow, default)]
    alt: Str<'a>,
}

const KNOWN: &[&str] = &["id", "type", "links"];

pub fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let record: LogEvent<'_> = serde_json::from_str(json)?;
    let attributes = &record.attributes;
    let Some(name) = attributes.action.get() else {
        return Err(Reject::bad("the event has no action"));
    };
    let action = find(ACTIONS, name).unwrap_or_else(|| by_wording(name, None));
    let mut event = Event {
        event_id: record.id.get().map_or(Cow::Borrowed(""), |id| Cow::Owned(format!("jira:{id}"))),
        event_time: instant(attributes.time),
        action,
        vendor_action: attributes.action.text(),
        attributes: lenient::rest(json, KNOWN).map(Cow::Owned),
        ..Event::default()
    };
    if action == Action::Login && name.contains("fail") {
        event.outcome = Outcome::Failed;
    }
    if let Some(location) = &attributes.location.0 {
        event.src_ip = location.ip.get().and_then(client_ip);
        event.country = location.country_name.text();
    }
    if let Some(actor) = &attributes.actor.0 {
        add_actor(actor, &mut event);
    }
    let (containers, contexts) = (&attributes.container.0, &attributes.context.0);
    for container in containers.iter().chain(contexts) {
        add_place(container, &mut event);
    }
    for context in contexts {
        add_target(context, &mut event);
    }
    if name == "user_logged_in_as_user" {
        event.on_behalf_of = event.target_account.clone().or_else(|| event.target.clone());
    }
    let in_channel = event.channel_id.is_some() || event.message_id.is_some();
    event.surface = match action {
        Action::Other if !in_channel && !name.starts_with("jira_") && !name.starts_with("confluence_") => Surface::Identity,
        _ => surface(action, None, in_channel),
    };
    out.event(event);
    Ok(())
}

fn add_actor<'a>(actor: &Actor<'a>, event: &mut Event<'a>) {
    event.actor_email = actor.email.get().and_then(address::email).map(|email| Cow::Owned(email.into_owned()));
    event.actor_id = actor.id.text().or_else(|| event.actor_email.clone());
    event.actor_name = actor.name.text();
    if let Some(auth) = &actor.auth.0 {
        let by_token = auth.auth_type.get().is_some_and(|kind| kind.to_ascii_lowercase().contains("token"));
        if by_token || auth.token_id.get().is_some() {
            event.client_class = Some(ClientClass::Api);
            event.app_id = auth.token_id.text();
            event.app_name = auth.token_label.text();
        }
    }
}

/// The site, project, issue, space, page or file that a thing's attributes name.
fn add_place<'a>(thing: &Thing<'a>, event: &mut Event<'a>) {
    let nothing = ThingAttributes::default();
    let attributes = thing.attributes.0.as_ref().unwrap_or(&nothing);
    let keep = |column: &mut Text<'a>, value: Text<'a>| {
        if column.is_none() {
            *column = value;
        }
    };
    keep(&mut event.workspace_id, attributes.site_host_name.get().and_then(address::domain).map(Cow::Owned));
    keep(&mut event.channel_id, attributes.issue_key_or_id.text().and_then(project_of));
    keep(&mut event.channel_id, attributes.space_key.text());
    keep(&mut event.channel_name, attributes.space_name.text());
    let content = attributes.issue_key_or_id.text().or(attributes.page_id.text());
    if content.is_some() {
        keep(&mut event.permalink, thing.links.0.as_ref().and_then(|links| links.alt.text()));
    }
    keep(&mut event.file_id, attributes.attachment_id.text());
    keep(&mut event.file_name, attributes.attachment_name.text());
    if matches!(event.action, Action::FileViewed | Action::FileDownloaded | Action::Export) {
        // What was opened or taken is counted by its id, be it a file, a page or an issue.
        keep(&mut event.file_id, content.clone());
        keep(&mut event.file_name, attributes.page_title.text());
    }
    keep(&mut event.message_id, content);
    if event.channel_id.is_some() {
        event.channel_type = Some(ChannelType::Site);
    }
}

/// The user, group or other thing that was acted on: the first; an account beside it is the account that it was done to.
fn add_target<'a>(thing: &Thing<'a>, event: &mut Event<'a>) {
    let nothing = ThingAttributes::default();
    let attributes = thing.attributes.0.as_ref().unwrap_or(&nothing);
    let kind = thing.kind.get().unwrap_or_default().trim_end_matches('s');
    let name = attributes.name.text().or(attributes.email.text()).or(thing.id.text());
    if kind == "user" && event.target_account.is_none() {
        event.target_account = thing.id.text().or(attributes.email.text()).or(attributes.name.text());
    }
    if event.target.is_none() && name.is_some() {
        event.target = name;
        event.target_type = (!kind.is_empty()).then(|| Cow::Owned(kind.to_owned()));
    }
}
