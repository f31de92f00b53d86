//! Gmail's events: what a message's rows say, in the Reports API and in BigQuery's export alike.
//!
//! A delivery writes a row for each stage that the message passes; only `mail_event_type` tells acts of people from stages. A row about a
//! message that came in has its sender as the actor and the mailbox as the target: the mailbox's owner has done nothing yet.

use std::borrow::Cow;

use serde::Deserialize;

use super::canonical_email;
use super::parameters::Parameters;
use crate::event::{Action, ClientClass, Event, Outcome, Text, When};
use crate::sources::address;
use crate::sources::lenient::{List, Maybe, Str};

#[derive(Deserialize, Default)]
struct MailEvent<'a> {
    #[serde(borrow, default)]
    mail_event_type: Str<'a>,
    #[serde(borrow, default)]
    success: Str<'a>,
    #[serde(default)]
    timestamp_usec: When,
    #[serde(borrow, default)]
    client_context: Maybe<ClientContext<'a>>,
}

#[derive(Deserialize)]
struct ClientContext<'a> {
    #[serde(borrow, default)]
    client_type: Str<'a>,
    #[serde(borrow, default)]
    session_context: Maybe<SessionContext<'a>>,
}

#[derive(Deserialize)]
struct SessionContext<'a> {
    #[serde(borrow, default)]
    delegate_user_email: Str<'a>,
}

#[derive(Deserialize, Default)]
struct MailMessage<'a> {
    #[serde(borrow, default)]
    rfc2822_message_id: Str<'a>,
    #[serde(borrow, default)]
    subject: Str<'a>,
    #[serde(borrow, default)]
    source: Maybe<MailAddress<'a>>,
    #[serde(borrow, default)]
    destination: List<'a>,
    #[serde(borrow, default)]
    flattened_destinations: Str<'a>,
    #[serde(borrow, default)]
    attachment: List<'a>,
    #[serde(borrow, default)]
    connection_info: Maybe<Connection<'a>>,
    #[serde(borrow, default)]
    post_delivery_info: Maybe<PostDelivery<'a>>,
}

#[derive(Deserialize)]
struct MailAddress<'a> {
    #[serde(borrow, default)]
    address: Str<'a>,
    #[serde(borrow, default)]
    from_header_displayname: Str<'a>,
}

#[derive(Deserialize)]
struct Attachment<'a> {
    #[serde(borrow, default)]
    file_name: Str<'a>,
    #[serde(borrow, default)]
    file_extension_type: Str<'a>,
    #[serde(borrow, default)]
    sha256: Str<'a>,
}

#[derive(Deserialize)]
struct Connection<'a> {
    #[serde(borrow, default)]
    client_ip: Str<'a>,
    #[serde(borrow, default)]
    ip_geo_country: Str<'a>,
}

#[derive(Deserialize)]
struct PostDelivery<'a> {
    #[serde(borrow, default)]
    interaction: Maybe<Interaction<'a>>,
}

#[derive(Deserialize)]
struct Interaction<'a> {
    #[serde(borrow, default)]
    attachment: List<'a>,
}

/// Text with the lifetime of the event out of a message that may have been put together here.
fn kept<'a>(text: &Str<'_>) -> Text<'a> {
    text.get().map(|text| Cow::Owned(text.to_owned()))
}

/// Fills the columns of an event of Gmail's.
pub(super) fn fill<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    let info: MailEvent<'_> = parameters.json("event_info").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let message: MailMessage<'_> = parameters.json("message_info").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    event.event_time = event.event_time.or(info.timestamp_usec);
    if info.success.bool() == Some(false) {
        event.outcome = Outcome::Failed;
    }
    if let Some(context) = &info.client_context.0 {
        event.client_class = event.client_class.or(match context.client_type.get() {
            Some("WEB" | "IOS" | "ANDROID") => Some(ClientClass::Interactive),
            Some("IMAP" | "POP3") => Some(ClientClass::Sync),
            Some("API") => Some(ClientClass::Api),
            _ => None,
        });
        if let Some(delegate) = context.session_context.0.as_ref().and_then(|session| kept(&session.delegate_user_email)) {
            event.on_behalf_of = event.actor_email.clone().or_else(|| event.actor_id.clone());
            event.actor_email = canonical_email(&delegate);
            event.actor_id = Some(delegate);
        }
    }
    let source = message.source.0.as_ref().and_then(|source| kept(&source.address));
    if event.actor_id.is_none() && event.action == Action::EmailSent {
        event.actor_email = source.as_ref().and_then(canonical_email);
        event.actor_name = message.source.0.as_ref().and_then(|source| kept(&source.from_header_displayname));
        event.actor_id = source.clone();
    }
    let received = event.action == Action::Other && source.as_deref().and_then(address::email) != event.actor_email;
    if let Some(sender) = source.filter(|_| received) {
        event.target_type = Some(Cow::Borrowed("mailbox"));
        event.target = event.actor_email.take().or(event.actor_id.take());
        event.actor_class = None;
        event.actor_email = canonical_email(&sender);
        event.actor_id = event.actor_email.clone().or(Some(sender));
    }
    event.recipients = recipients(&message);
    event.target_domain = outside_domain(event.actor_email.as_deref(), &event.recipients).map(Cow::Owned);
    event.message_id = message.rfc2822_message_id.get().map(|id| Cow::Owned(id.trim_matches(['<', '>']).to_owned()));
    event.text = kept(&message.subject);
    let opened = message.post_delivery_info.0.as_ref().and_then(|info| info.interaction.0.as_ref());
    let attachments: Vec<Attachment<'_>> = opened
        .map(|opened| opened.attachment.items())
        .filter(|list: &Vec<_>| !list.is_empty())
        .unwrap_or_else(|| message.attachment.items());
    if let Some(file) = attachments.first() {
        event.file_name = kept(&file.file_name);
        event.file_type = kept(&file.file_extension_type);
        event.file_hash = kept(&file.sha256);
        event.file_id = event.file_hash.clone();
    }
    if let Some(connection) = &message.connection_info.0 {
        let ip = connection.client_ip.get().and_then(address::ip).map(|ip| Cow::Owned(ip.into_owned()));
        event.src_ip = event.src_ip.take().or(ip);
        event.country = event.country.take().or_else(|| kept(&connection.ip_geo_country));
    }
    &[]
}

/// The addresses of the destinations, or of their flattened form `service:selector:address,...`.
fn recipients<'a>(message: &MailMessage<'_>) -> Vec<Cow<'a, str>> {
    let listed: Vec<MailAddress<'_>> = message.destination.items();
    let mut found: Vec<Cow<'a, str>> = listed.iter().filter_map(|one| lower(one.address.get()?)).collect();
    if found.is_empty() {
        let flat = message.flattened_destinations.get().unwrap_or_default();
        found = flat.split([',', ' ']).filter_map(|one| lower(one.rsplit(':').next()?)).collect();
    }
    found
}

fn lower<'a>(text: &str) -> Option<Cow<'a, str>> {
    address::email(text).map(|email| Cow::Owned(email.into_owned()))
}

/// The one domain other than the sender's that the message goes to; `None` if there are none or several.
fn outside_domain(sender: Option<&str>, recipients: &[Cow<'_, str>]) -> Option<String> {
    let own = sender.and_then(|sender| sender.rsplit_once('@')).map_or("", |(_, domain)| domain);
    let mut domains = recipients.iter().filter_map(|one| one.rsplit_once('@')).map(|(_, domain)| domain).filter(|domain| *domain != own);
    let first = domains.next()?;
    domains.all(|domain| domain == first).then(|| first.to_owned())
}

/// What kind of act the row is about.
pub(super) fn mail_event_type(parameters: &Parameters<'_>) -> Option<i64> {
    let info: MailEvent<'_> = serde_json::from_str(parameters.json("event_info")?).ok()?;
    info.mail_event_type.int()
}
