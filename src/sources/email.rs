//! Mail: RFC 5322 messages (journals, archives, exports) and what mail gateways and Exchange's message trace write about them.
//!
//! One message is one [`Action::EmailSent`](crate::event::Action) with all its recipients, and its id is its Message-ID, so that the
//! message itself and a gateway's record of it are one event. A record about one recipient of several (a message trace) or about one
//! stage of the way (receipt, processing) adds that recipient or stage to the id, because it is only a part of the act.
//!
//! `target_domain` is the recipients' domain if exactly one lies outside the sender's own (a subdomain counts as own); none or several
//! leave it empty, for then no one place received the mail. `target_account` is that recipient if there is exactly one outside.

mod gateway;
mod mailbox;
mod message;
mod spelling;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{Origin, Receiver, Record, Reject};

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    match record {
        Record::Mail(_) => true,
        Record::Json(json) => gateway::recognises(json),
        Record::Csv { header, .. } => gateway::recognises_columns(header),
    }
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match record {
        Record::Mail(bytes) => message::normalize(bytes, out),
        Record::Json(json) => gateway::normalize(json, out),
        Record::Csv { header, row } => gateway::normalize_row(header, row, out),
    }
}

/// A Message-ID without its angle brackets.
fn message_id(text: &str) -> Option<&str> {
    Some(text.trim().trim_start_matches('<').trim_end_matches('>').trim()).filter(|id| !id.is_empty())
}

/// Whether a domain is the sender's own or a part of it.
fn is_own(own: &str, domain: &str) -> bool {
    let part = |whole: &str, part: &str| part.strip_suffix(whole).is_some_and(|front| front.is_empty() || front.ends_with('.'));
    part(own, domain) || part(domain, own)
}

/// The one domain and the one address outside the sender's organisation.
fn outside<'r>(sender: Option<&str>, recipients: &'r [Cow<'_, str>]) -> (Option<&'r str>, Option<&'r str>) {
    let Some((_, own)) = sender.and_then(|sender| sender.rsplit_once('@')) else { return (None, None) };
    let outside: Vec<(&str, &str)> = recipients
        .iter()
        .filter_map(|one| Some((one.as_ref(), one.rsplit_once('@')?.1)))
        .filter(|(_, domain)| !is_own(own, domain))
        .collect();
    let Some((address, domain)) = outside.first().copied() else { return (None, None) };
    let one_domain = outside.iter().all(|(_, other)| *other == domain);
    (one_domain.then_some(domain), (outside.len() == 1).then_some(address))
}

/// Adds an address once.
fn add_recipient<'a>(recipients: &mut Vec<Cow<'a, str>>, address: Cow<'a, str>) {
    // Lists of thousands are searched back a while only: twice the same address does no harm, a quadratic pass would.
    if !recipients.iter().rev().take(256).any(|known| *known == address) {
        recipients.push(address);
    }
}
