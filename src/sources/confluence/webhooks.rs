//! Confluence's webhooks: pages, comments, files and spaces as they change or are looked at.
//!
//! Data Center and Forge name the event in the body; Cloud's older webhooks name it only in the address that they are sent to, which a
//! shipper may have kept in the object's path. Where nobody names it, the content's own dates tell.

use std::borrow::Cow;
use std::mem;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::{Content, User};
use super::{ACTIONS, Shape};
use crate::event::{Action, ChannelType, Event, SECOND, Surface, When};
use crate::sources::atlassian_audit::{Part, Parts, account_class, by_wording, find, instant};
use crate::sources::lenient::{self, Str};
use crate::sources::{Receiver, Reject, address};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook<'a> {
    #[serde(borrow, default)]
    event: Str<'a>,
    #[serde(borrow, default)]
    event_type: Str<'a>,
    #[serde(borrow, default)]
    webhook_event: Str<'a>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user_account_id: Str<'a>,
    #[serde(borrow, default)]
    account_type: Str<'a>,
    #[serde(borrow, default)]
    user_key: Str<'a>,
    #[serde(borrow, default)]
    atlassian_id: Str<'a>,
    #[serde(borrow, default)]
    user: Part<User<'a>>,
    #[serde(borrow, default)]
    page: Part<Content<'a>>,
    #[serde(borrow, default)]
    blog: Part<Content<'a>>,
    #[serde(borrow, default)]
    blogpost: Part<Content<'a>>,
    #[serde(borrow, default)]
    content: Part<Content<'a>>,
    #[serde(borrow, default)]
    comment: Part<Content<'a>>,
    #[serde(borrow, default)]
    attachment: Parts<Content<'a>>,
    #[serde(borrow, default)]
    attachments: Parts<Content<'a>>,
    #[serde(borrow, default)]
    attached_to: Part<Content<'a>>,
    #[serde(borrow, default)]
    space: Part<Space<'a>>,
    #[serde(borrow, default)]
    group_name: Str<'a>,
    #[serde(borrow, default)]
    query: Str<'a>,
    #[serde(borrow, default)]
    update_trigger: Str<'a>,
}

#[derive(Deserialize)]
struct Space<'a> {
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
}

/// What events of Confluence's begin with.
const FAMILIES: &[&str] = &[
    "page_",
    "blog_",
    "comment_",
    "attachment_",
    "space_",
    "content_",
    "label_",
    "group_",
    "user_",
    "search_",
    "login",
    "logout",
    "cache_",
    "theme_",
    "relation_",
];

/// Whether a record of that shape is one of these webhooks.
pub fn is_one(shape: &Shape<'_>) -> bool {
    if shape.event_type.get().is_some_and(|name| name.starts_with("avi:confluence:")) {
        return true;
    }
    if shape.issue.is_some() || shape.timestamp.is_none() {
        return false;
    }
    let about = [shape.page, shape.blog, shape.comment, shape.space, shape.content, shape.attachment, shape.attachments];
    let has_subject = about.iter().flatten().any(|raw| raw.get().starts_with(['{', '[']));
    let names = [shape.event.get(), shape.event_type.get(), shape.webhook_event.get()];
    let named = names.iter().flatten().any(|name| FAMILIES.iter().any(|family| name.starts_with(family)));
    let user = shape.user_account_id.get().or(shape.user_key.get()).is_some();
    match shape.webhook_event.get() {
        // Jira's comments and files have the same names there, and say who in `author`.
        Some(name) => has_subject && (user || ["page_", "blog_", "space_"].iter().any(|family| name.starts_with(family))),
        None => (user && (has_subject || named)) || (named && has_subject),
    }
}

pub fn normalize(json: &str, path: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mut webhook: Webhook<'_> = serde_json::from_str(json)?;
    let attachments = mem::take(&mut webhook.attachments.0).into_iter().chain(mem::take(&mut webhook.attachment.0));
    let attachments: Vec<Content<'_>> = attachments.map(|content| content.of_kind("attachment")).collect();
    let comment = webhook.comment.0.take().map(|comment| comment.of_kind("comment"));
    let written = webhook.event.text().or(webhook.event_type.text()).or(webhook.webhook_event.text());
    let name = written.or_else(|| name_in(path));
    let delivery = Delivery { json, name, time: instant(webhook.timestamp), webhook: &webhook };
    let page = [&webhook.page, &webhook.blog, &webhook.blogpost, &webhook.content].into_iter().find_map(|page| page.0.as_ref());
    if !attachments.is_empty() {
        for attachment in &attachments {
            delivery.about_attachment(attachment, out);
        }
    } else if let Some(content) = comment.as_ref().or(page) {
        delivery.about(content, out);
    } else {
        delivery.about_the_rest(out);
    }
    Ok(())
}

/// The name of an event in the path of the object that holds it.
fn name_in(path: &str) -> Option<Cow<'static, str>> {
    let mut words = path.split(['/', '=', '.']);
    words.find_map(|word| ACTIONS.iter().find(|(name, _)| *name == word && name.contains('_'))).map(|(name, _)| Cow::Borrowed(*name))
}

/// One delivery with what has been read of it.
struct Delivery<'r, 'a> {
    json: &'a str,
    name: Option<Cow<'a, str>>,
    time: When,
    webhook: &'r Webhook<'a>,
}

const KNOWN: &[&str] = &[
    "event",
    "eventType",
    "webhookEvent",
    "timestamp",
    "userAccountId",
    "accountType",
    "userKey",
    "atlassianId",
    "user",
    "page",
    "blog",
    "blogpost",
    "content",
    "comment",
    "attachment",
    "attachments",
    "attachedTo",
    "space",
    "groupName",
    "query",
    "suppressNotifications",
];

impl<'a> Delivery<'_, 'a> {
    /// The act: by name, else by whether the content was written at the time of the delivery.
    fn action(&self, content: &Content<'a>) -> Action {
        if let Some(name) = &self.name {
            return find(ACTIONS, name).unwrap_or_else(|| by_wording(name, None));
        }
        let close = |time: When| time.at().zip(self.time.at()).is_some_and(|(then, now)| now.abs_diff(then) < 60 * SECOND.unsigned_abs());
        let is_first = content.version().is_none_or(|version| version <= 1);
        match content.kind() {
            "attachment" if close(content.created()) => Action::FileUploaded,
            "attachment" => Action::Other,
            _ if is_first && close(content.created()) => Action::MessagePosted,
            _ if close(content.modified()) || self.webhook.update_trigger.get().is_some() => Action::MessageEdited,
            _ => Action::Other,
        }
    }

    fn about(&self, content: &Content<'a>, out: &mut dyn Receiver) {
        let action = self.action(content);
        let mut event = content.event(action);
        match action {
            Action::MessagePosted | Action::MessageEdited => {
                event.event_id = content.event_id(&format!("v{}", content.version().unwrap_or(1)));
                event.event_time = content.modified();
                event.text = content.text();
            }
            Action::MessageDeleted => event.event_id = content.event_id("deleted"),
            _ => event.event_id = self.passing_id(content),
        }
        self.send(event, Some(content).filter(|_| matches!(action, Action::MessagePosted | Action::MessageEdited)), out);
    }

    fn about_attachment(&self, attachment: &Content<'a>, out: &mut dyn Receiver) {
        let action = self.action(attachment);
        let mut event = attachment.event(action);
        event.text = attachment.text();
        event.event_id = match action {
            Action::FileUploaded => attachment.event_id(&format!("v{}", attachment.version().unwrap_or(1))),
            Action::FileDeleted => attachment.event_id("deleted"),
            _ => self.passing_id(attachment),
        };
        if let Some(page) = &self.webhook.attached_to.0 {
            let place = page.event(Action::Other);
            event.message_id = place.message_id;
            event.permalink = event.permalink.or(place.permalink);
            event.channel_id = event.channel_id.or(place.channel_id);
            event.channel_name = event.channel_name.or(place.channel_name);
            event.channel_type = event.channel_type.or(place.channel_type);
        }
        self.send(event, Some(attachment).filter(|_| action == Action::FileUploaded), out);
    }

    /// Spaces, groups, logins, searches.
    fn about_the_rest(&self, out: &mut dyn Receiver) {
        let name = self.name.as_deref().unwrap_or_default();
        let action = find(ACTIONS, name).unwrap_or_else(|| by_wording(name, None));
        let mut event = Event { action, surface: Surface::Ticket, search_query: self.webhook.query.text(), ..Event::default() };
        if let Some(space) = &self.webhook.space.0 {
            event.channel_id = space.key.text();
            event.channel_name = space.name.text();
            event.channel_type = Some(ChannelType::Site);
            event.workspace_id = space.address.get().and_then(address::domain).map(Cow::Owned);
        } else if ["user_", "group_", "login", "logout"].iter().any(|family| name.starts_with(family)) {
            event.surface = Surface::Identity;
        }
        if self.webhook.group_name.get().is_some() {
            event.target = self.webhook.group_name.text();
            event.target_type = Some(Cow::Borrowed("group"));
        }
        self.send(event, None, out);
    }

    /// The id of an act that leaves nothing behind: who looked at what, when.
    fn passing_id(&self, content: &Content<'a>) -> Cow<'static, str> {
        let (Some(name), Some(micros)) = (&self.name, self.time.at()) else {
            return Cow::Borrowed("");
        };
        let who = self.webhook.user_account_id.get().or(self.webhook.user_key.get()).or(self.webhook.atlassian_id.get());
        content.event_id(&format!("{name}:{}:{micros}", who.unwrap_or("-")))
    }

    /// Adds what every event of the delivery has: when, who and which webhook.
    fn send(&self, mut event: Event<'a>, writer: Option<&Content<'a>>, out: &mut dyn Receiver) {
        let webhook = self.webhook;
        event.event_time = self.time.or(event.event_time);
        event.vendor_action.clone_from(&self.name);
        event.attributes = lenient::rest(self.json, KNOWN).map(Cow::Owned);
        let id = webhook.user_account_id.text().or(webhook.user_key.text()).or(webhook.atlassian_id.text());
        match (&webhook.user.0, id) {
            (Some(user), id) => {
                user.acts_in(&mut event);
                event.actor_id = id.or(event.actor_id);
            }
            (None, Some(id)) => event.actor_id = Some(id),
            (None, None) => {
                if let Some(writer) = writer {
                    writer.writer_acts_in(&mut event);
                }
            }
        }
        event.actor_class = event.actor_class.or(webhook.account_type.get().and_then(account_class));
        out.event(event);
    }
}
