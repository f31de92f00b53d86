//! What lies neither in Drive nor in Chat: Looker Studio's reports (`data_studio`) and Keep's notes.

use std::borrow::Cow;

use super::columns::target_user;
use super::parameters::Parameters;
use crate::event::{ChannelType, Event};
use crate::sources::address;

/// Fills the columns of an act on a report or data source.
pub(super) fn report<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    event.file_id = parameters.text("ASSET_ID");
    event.file_name = parameters.text("ASSET_NAME");
    event.file_type = parameters.text("ASSET_TYPE");
    event.file_owner = parameters.text("OWNER_EMAIL");
    event.channel_id = parameters.text("PARENT_WORKSPACE_ID");
    event.channel_type = event.channel_id.as_ref().map(|_| ChannelType::Site);
    target_user(event, parameters.text("TARGET_USER_EMAIL"));
    if let Some(domain) = parameters.text("TARGET_DOMAIN").filter(|_| event.target.is_none()) {
        event.target_domain = address::domain(&domain).map(Cow::Owned);
        event.target_type = Some(Cow::Borrowed("domain"));
        event.target = Some(domain);
    }
    &["ASSET_ID", "ASSET_NAME", "ASSET_TYPE", "OWNER_EMAIL", "PARENT_WORKSPACE_ID", "TARGET_USER_EMAIL"]
}

/// Fills the columns of an act on a note, or on a file attached to one; both are named by their addresses.
pub(super) fn note<'a>(event: &mut Event<'a>, parameters: &Parameters<'a>) -> &'static [&'static str] {
    let note = parameters.text("note_name");
    event.file_id = parameters.text("attachment_name").or_else(|| note.clone());
    event.object_url = note;
    event.file_owner = parameters.text("owner_email");
    &["note_name", "attachment_name", "owner_email"]
}
