//! Calls of Meet and entries of Calendar.

use std::borrow::Cow;

use super::canonical_email;
use super::columns::{target, target_user};
use super::parameters::Parameters;
use crate::event::Event;
use crate::sources::address;

/// Fills the columns of an act in a call: its code is the place, its conference joins what happened in one call.
pub(super) fn call<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.channel_id = parameters.text("meeting_code");
    event.batch_id = parameters.text("conference_id");
    // Whom Meet knows no account of is a key; how they gave their name is all there is.
    if event.actor_email.is_none()
        && let Some(identifier) = parameters.text("identifier")
    {
        event.actor_email = canonical_email(&identifier);
        event.actor_id = event.actor_email.clone().or(Some(identifier));
    }
    event.actor_name = parameters.text("display_name");
    event.country = event.country.take().or_else(|| parameters.text("location_country"));
    if event.src_ip.is_none() {
        event.src_ip = parameters.text("ip_address").and_then(|ip| address::ip(&ip).map(|ip| Cow::Owned(ip.into_owned())));
    }
    if let Some(user) = parameters.text("target_email") {
        target_user(event, Some(user));
    } else {
        target(event, parameters.text("target_display_names"), "user");
    }
    &["meeting_code", "conference_id", "display_name", "location_country", "ip_address", "target_email", "target_display_names"]
}

/// Fills the columns of an act on a calendar: who was given rights in it, else the entry.
pub(super) fn entry<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.channel_id = parameters.text("calendar_id");
    event.user_agent = parameters.text("user_agent");
    match parameters.text_of(&["grantee_email", "event_guest"]) {
        Some(user) => target_user(event, Some(user)),
        None => target(event, parameters.text_of(&["event_id", "target_calendar_id"]), "calendar_entry"),
    }
    &["calendar_id", "user_agent", "grantee_email"]
}
