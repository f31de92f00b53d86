//! Messages: posted, edited, deleted; and the system's lines about who came and went.

use std::borrow::Cow;

use super::super::lenient::rest;
use super::super::slack_text::MessageText;
use super::super::{Receiver, Reject, time};
use super::Around;
use super::act::{Act, base};
use super::happening::KNOWN;
use super::shapes::File;
use crate::event::{Action, Event, Text};

/// What a message's subtype makes of it; subtypes that are not here are messages that somebody posted. A topic or purpose is one, too: people
/// write it.
const SUBTYPES: &[(&str, Action)] = &[
    ("bot_add", Action::AppInstalled),
    ("bot_disable", Action::Other),
    ("bot_enable", Action::Other),
    ("bot_remove", Action::Other),
    ("channel_archive", Action::Other),
    ("channel_canvas_updated", Action::Other),
    ("channel_convert_to_private", Action::PermissionChanged),
    ("channel_convert_to_public", Action::PermissionChanged),
    ("channel_join", Action::ChannelJoined),
    ("channel_leave", Action::ChannelLeft),
    ("channel_name", Action::Other),
    ("channel_posting_permissions", Action::PermissionChanged),
    ("channel_unarchive", Action::Other),
    ("ekm_access_denied", Action::Other),
    ("group_archive", Action::Other),
    ("group_join", Action::ChannelJoined),
    ("group_leave", Action::ChannelLeft),
    ("group_name", Action::Other),
    ("group_unarchive", Action::Other),
    ("huddle_thread", Action::Other),
    ("joiner_notification", Action::Other),
    ("pinned_item", Action::Other),
    ("tabbed_canvas_updated", Action::Other),
    ("unpinned_item", Action::Other),
];

/// Normalizes a message or a change of one.
pub(super) fn normalize<'a>(act: &Act<'a>, json: &'a str, around: &Around<'a>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match act.subtype.get() {
        Some("message_changed") => changed(act, around, out),
        Some("message_deleted") => deleted(act, around, out),
        // A count of replies, and the place where a message was: neither says when what happened.
        Some("message_replied" | "tombstone") => Err(Reject::Nothing),
        _ => {
            posted(act, json, around, out);
            Ok(())
        }
    }
}

fn posted<'a>(act: &Act<'a>, json: &'a str, around: &Around<'a>, out: &mut dyn Receiver) {
    let stamp = act.ts.text().or_else(|| act.event_ts.text());
    let mut event = base(act, around);
    let subtype = act.subtype.get().unwrap_or_default();
    event.action = SUBTYPES.binary_search_by_key(&subtype, |(name, _)| name).map_or(Action::MessagePosted, |at| SUBTYPES[at].1);
    event.vendor_action = act.subtype.text().or_else(|| act.kind.text());
    event.event_time = time::read(stamp.as_deref()).or(around.event_time);
    event.event_id = id(&event.channel_id, &stamp, "", around);
    event.message_id = stamp.clone();
    event.thread_id = act.thread_ts.text();
    event.attributes = rest(json, KNOWN).map(Cow::Owned);
    if event.action == Action::AppInstalled {
        event.app_id = event.app_id.take().or_else(|| act.bot_id.text());
    }

    let files = files_of(act);
    for (at, file) in files.iter().enumerate() {
        out.event(upload(&event, file, at, &stamp, around));
    }
    event.text = whole_text(act, &files);
    if let Some(first) = files.first() {
        file_columns(&mut event, first);
    }
    if event.action == Action::MessagePosted
        && let Some(edit) = edit_stamp(act)
    {
        event.action = Action::MessageEdited;
        event.event_time = time::read(Some(&edit)).or(event.event_time);
        event.event_id = id(&event.channel_id, &stamp, &edit, around);
        edited_by(&mut event, act);
    }
    out.event(event);
}

/// An edit; one that leaves what the author wrote as it was (a link unfurled, a reply counted) is none.
fn changed<'a>(act: &Act<'a>, around: &Around<'a>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Some(raw) = act.message else { return Err(Reject::bad("the changed message is missing")) };
    let message: Act<'a> = serde_json::from_str(raw.get())?;
    let previous: Option<Act<'a>> = act.previous_message.and_then(|raw| serde_json::from_str(raw.get()).ok());
    if message.subtype.get() == Some("tombstone") {
        // A message with replies is not taken away but replaced.
        return deleted_message(act, previous.as_ref().unwrap_or(&message), around, out);
    }
    let is_edit = match &previous {
        Some(previous) => written_text(&message) != written_text(previous),
        None => message.edited.inner.is_some(),
    };
    if !is_edit {
        return Err(Reject::Nothing);
    }
    let around = inside(act, around);
    let mut event = base(&message, &around);
    let edit = edit_stamp(&message).or_else(|| act.event_ts.text()).or_else(|| act.ts.text());
    event.action = Action::MessageEdited;
    event.vendor_action = act.subtype.text();
    event.event_time = time::read(edit.as_deref()).or(around.event_time);
    event.event_id = id(&event.channel_id, &message.ts.text(), edit.as_deref().unwrap_or_default(), &around);
    event.message_id = message.ts.text();
    event.thread_id = message.thread_ts.text();
    event.attributes = rest(raw.get(), KNOWN).map(Cow::Owned);
    let files = files_of(&message);
    event.text = whole_text(&message, &files);
    if let Some(first) = files.first() {
        file_columns(&mut event, first);
    }
    edited_by(&mut event, &message);
    out.event(event);
    Ok(())
}

fn deleted<'a>(act: &Act<'a>, around: &Around<'a>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let previous: Option<Act<'a>> = act.previous_message.and_then(|raw| serde_json::from_str(raw.get()).ok());
    deleted_message(act, &previous.unwrap_or_default(), around, out)
}

/// A deletion. Slack does not say who deleted: the author of the message is its target, not the actor.
fn deleted_message<'a>(act: &Act<'a>, message: &Act<'a>, around: &Around<'a>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mut event = base(act, around);
    let stamp = act.deleted_ts.text().or_else(|| message.ts.text());
    let deletion = act.event_ts.text().or_else(|| act.ts.text());
    event.action = Action::MessageDeleted;
    event.vendor_action = act.subtype.text();
    event.event_time = time::read(deletion.as_deref()).or(around.event_time);
    event.event_id = id(&event.channel_id, &stamp, "deleted", around);
    event.message_id = stamp;
    event.thread_id = message.thread_ts.text();
    event.target = author(message);
    event.target_type = event.target.as_ref().map(|_| "message_author".into());
    let files = files_of(message);
    event.text = whole_text(message, &files);
    if let Some(first) = files.first() {
        file_columns(&mut event, first);
    }
    out.event(event);
    Ok(())
}

/// What is known of a message from the event that wraps it: its channel.
fn inside<'a>(act: &Act<'a>, around: &Around<'a>) -> Around<'a> {
    let wrapper = base(act, around);
    let mut around = around.clone();
    around.place = super::path::Place { id: wrapper.channel_id, name: wrapper.channel_name, kind: wrapper.channel_type };
    around
}

/// The one who edited takes the actor's place, if that was not the author.
fn edited_by<'a>(event: &mut Event<'a>, message: &Act<'a>) {
    let editor = message.edited.inner.as_ref().and_then(|edited| edited.user.text());
    if editor.is_none() || editor == event.actor_id || editor == message.bot_id.text() {
        return;
    }
    event.target = event.actor_id.take();
    event.target_type = event.target.as_ref().map(|_| "message_author".into());
    event.actor_id = editor;
    (event.actor_name, event.actor_email, event.actor_org) = (None, None, None);
    (event.actor_class, event.client_class) = (None, None);
}

fn author<'a>(message: &Act<'a>) -> Text<'a> {
    message.user.bare.text().or_else(|| message.bot_id.text())
}

fn edit_stamp<'a>(message: &Act<'a>) -> Text<'a> {
    message.edited.inner.as_ref().and_then(|edited| edited.ts.text())
}

/// `slack:<channel>:<ts>` and what happened to the message; without a channel or `ts`, Slack's id of the delivery.
fn id<'a>(channel: &Text<'_>, stamp: &Text<'_>, change: &str, around: &Around<'a>) -> Cow<'a, str> {
    match (channel, stamp) {
        (Some(channel), Some(stamp)) if change.is_empty() => Cow::Owned(format!("slack:{channel}:{stamp}")),
        (Some(channel), Some(stamp)) => Cow::Owned(format!("slack:{channel}:{stamp}:{change}")),
        _ => around.event_id.as_ref().map_or(Cow::Borrowed(""), |id| Cow::Owned(format!("slack:{id}"))),
    }
}

fn files_of<'a>(act: &Act<'a>) -> Vec<File<'a>> {
    let mut files: Vec<File<'a>> = act.files.items();
    // Messages of before 2018 have one file and no list.
    if files.is_empty()
        && let Some(file) = &act.file.inner
    {
        files.push(file.clone());
    }
    files
}

/// The event of one file of a message: its upload, or its sharing where somebody else owns it.
fn upload<'a>(message: &Event<'a>, file: &File<'a>, at: usize, stamp: &Text<'a>, around: &Around<'a>) -> Event<'a> {
    let mut event = message.clone();
    let owner = file.user.text();
    event.action =
        if owner.is_some() && event.actor_id.is_some() && owner != event.actor_id { Action::FileShared } else { Action::FileUploaded };
    event.attributes = None;
    let number = file.id.get().map_or_else(|| format!("file{at}"), str::to_owned);
    event.event_id = id(&event.channel_id, stamp, &number, around);
    if event.channel_id.is_none() && !event.event_id.is_empty() {
        event.event_id = Cow::Owned(format!("{}:{number}", event.event_id));
    }
    file_columns(&mut event, file);
    event
}

/// The columns of a file.
pub(super) fn file_columns<'a>(event: &mut Event<'a>, file: &File<'a>) {
    event.file_id = file.id.text();
    event.file_name = file.shown_name();
    event.file_type = file.shown_type();
    event.file_size = file.bytes();
    event.file_owner = file.user.text();
    event.object_url = file.url_private.text().or_else(|| file.permalink.text());
}

/// All that a reader of the message sees.
fn whole_text<'a>(act: &Act<'a>, files: &[File<'a>]) -> Text<'a> {
    let mut text = MessageText::new(&act.text.0);
    text.add_blocks(act.blocks);
    text.add_attachments(&act.attachments, true);
    text.add_files(files);
    text.finish()
}

/// What the author wrote: without what links unfurl into.
fn written_text<'a>(act: &Act<'a>) -> Text<'a> {
    let mut text = MessageText::new(&act.text.0);
    text.add_blocks(act.blocks);
    text.add_attachments(&act.attachments, false);
    text.finish()
}
