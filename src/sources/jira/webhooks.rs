//! Jira's webhooks: issues, comments, files and work logs as they change, with their text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ACTIONS;
use super::issues::{Attachment, Comment, Fields, Issue, Place, User, join, uploads};
use crate::event::{Action, Event, Text, When};
use crate::sources::atlassian_audit::{Part, Parts, find, instant};
use crate::sources::atlassian_document::string_text;
use crate::sources::lenient::{self, Str};
use crate::sources::{Receiver, Reject};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook<'a> {
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    webhook_event: Str<'a>,
    #[serde(borrow, default)]
    event_type: Str<'a>,
    #[serde(borrow, default, rename = "issue_event_type_name")]
    issue_event: Str<'a>,
    #[serde(borrow, default)]
    user: Part<User<'a>>,
    #[serde(borrow, default)]
    atlassian_id: Str<'a>,
    #[serde(borrow, default)]
    issue: Part<Issue<'a>>,
    #[serde(borrow, default)]
    comment: Part<Comment<'a>>,
    #[serde(borrow, default)]
    attachment: Part<Attachment<'a>>,
    #[serde(borrow, default)]
    worklog: Part<Worklog<'a>>,
    #[serde(borrow, default)]
    changelog: Part<Changelog<'a>>,
}

/// Time logged on an issue, with a remark.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Worklog<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    issue_id: Str<'a>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
    #[serde(borrow, default)]
    author: Part<User<'a>>,
    #[serde(borrow, default)]
    update_author: Part<User<'a>>,
    #[serde(borrow, default)]
    comment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    updated: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Changelog<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    items: Parts<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    field: Str<'a>,
    #[serde(borrow, default, rename = "fieldtype")]
    field_type: Str<'a>,
    #[serde(borrow, default)]
    from: Str<'a>,
    #[serde(borrow, default, rename = "fromString")]
    from_text: Str<'a>,
    #[serde(borrow, default)]
    to: Str<'a>,
    #[serde(borrow, default, rename = "toString")]
    to_text: Str<'a>,
}

impl Change<'_> {
    /// Whether people write the field as text: its values have no ids.
    fn is_text(&self) -> bool {
        match self.field.get() {
            Some("summary" | "description" | "environment") => true,
            _ => self.field_type.get() == Some("custom") && self.from.get().is_none() && self.to.get().is_none(),
        }
    }
}

/// Fields that have columns or are state rather than act.
const KNOWN: &[&str] = &[
    "timestamp",
    "webhookEvent",
    "eventType",
    "user",
    "atlassianId",
    "issue",
    "comment",
    "attachment",
    "worklog",
    "changelog",
    "matchedWebhookIds",
    "project",
];

pub fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let webhook: Webhook<'_> = serde_json::from_str(json)?;
    let Some(name) = webhook.webhook_event.get().or(webhook.event_type.get()) else {
        return Err(Reject::bad("the webhook names no event"));
    };
    let fields = webhook.issue.0.as_ref().map(Issue::fields).unwrap_or_default();
    let place = webhook.issue.0.as_ref().map(|issue| issue.place(&fields)).unwrap_or_default();
    let delivery = Delivery { json, name, webhook: &webhook, fields: &fields, place: &place };
    match name {
        "jira:issue_created" | "avi:jira:created:issue" => delivery.issue_created(out),
        "jira:issue_updated" | "avi:jira:updated:issue" => delivery.issue_updated(out),
        "jira:issue_deleted" | "avi:jira:deleted:issue" => delivery.issue_deleted(out),
        "comment_created" | "avi:jira:commented:issue" => delivery.comment(Action::MessagePosted, out),
        "comment_updated" => delivery.comment(Action::MessageEdited, out),
        "comment_deleted" => delivery.comment(Action::MessageDeleted, out),
        "attachment_created" => delivery.attachment(Action::FileUploaded, out),
        "attachment_deleted" => delivery.attachment(Action::FileDeleted, out),
        "worklog_created" | "worklog_updated" | "worklog_deleted" => delivery.worklog(out),
        _ => delivery.other(out),
    }
    Ok(())
}

/// One delivery with what has been read of it.
struct Delivery<'r, 'a> {
    json: &'a str,
    name: &'r str,
    webhook: &'r Webhook<'a>,
    fields: &'r Fields<'a>,
    place: &'r Place<'a>,
}

impl<'a> Delivery<'_, 'a> {
    fn time(&self) -> When {
        instant(self.webhook.timestamp).or(instant(self.fields.updated))
    }

    /// Adds what every event of the delivery has: when, who and which webhook. The time of the delivery beats the thing's own.
    fn send(&self, mut event: Event<'a>, actor: Option<&User<'a>>, out: &mut dyn Receiver) {
        event.event_time = self.time().or(event.event_time);
        event.vendor_action = self.webhook.webhook_event.text().or(self.webhook.event_type.text());
        // A delivery to an app names who acted by id alone.
        let named = self.webhook.atlassian_id.text();
        match self.webhook.user.0.as_ref().or(actor.filter(|_| named.is_none())) {
            Some(user) => user.acts_in(&mut event),
            None => event.actor_id = named,
        }
        if event.attributes.is_none() {
            event.attributes = lenient::rest(self.json, KNOWN).map(Cow::Owned);
        }
        out.event(event);
    }

    fn issue_created(&self, out: &mut dyn Receiver) {
        let Some(issue) = &self.webhook.issue.0 else {
            return self.other(out);
        };
        self.send(issue.posted(self.place, self.fields), self.fields.author(), out);
        uploads(self.fields, self.place, out);
    }

    /// An update is any of: text changed, files added or taken away, a comment. One event for each.
    fn issue_updated(&self, out: &mut dyn Receiver) {
        let changes = self.webhook.changelog.0.as_ref().map_or(&[][..], |log| &log.items.0);
        let mut sent = false;
        let texts = self.changed_text(changes);
        if changes.iter().any(Change::is_text) {
            let mut event = self.changelog_event(Action::MessageEdited);
            event.text = texts;
            self.send(event, None, out);
            sent = true;
        }
        for change in changes.iter().filter(|change| change.field.get() == Some("Attachment")) {
            self.changed_file(change, out);
            sent = true;
        }
        if self.webhook.comment.0.is_some() {
            let action = match self.webhook.issue_event.get() {
                Some("issue_comment_edited") => Action::MessageEdited,
                Some("issue_comment_deleted") => Action::MessageDeleted,
                _ => Action::MessagePosted,
            };
            self.comment(action, out);
            sent = true;
        }
        if !sent {
            let restricts = changes.iter().any(|change| change.field.get() == Some("security"));
            let mut event = self.changelog_event(if restricts { Action::PermissionChanged } else { Action::Other });
            let kept: Vec<&str> = KNOWN.iter().filter(|key| **key != "changelog").copied().collect();
            event.attributes = lenient::rest(self.json, &kept).map(Cow::Owned);
            self.send(event, None, out);
        }
    }

    fn changelog_event(&self, action: Action) -> Event<'a> {
        let mut event = self.place.event(action);
        let id = self.webhook.changelog.0.as_ref().and_then(|log| log.id.get());
        event.event_id = self.place.event_id("changelog", id, None);
        event
    }

    /// The new values of the text fields that changed; the fields themselves where the log leaves them out.
    fn changed_text(&self, changes: &[Change<'a>]) -> Text<'a> {
        let new = changes.iter().filter(|change| change.is_text()).filter_map(|change| change.to_text.text()).map(string_text);
        join(new.collect())
    }

    /// A file that the log of changes says was added or removed; the issue's own list has its size.
    fn changed_file(&self, change: &Change<'a>, out: &mut dyn Receiver) {
        let (id, name, action) = match change.to.get() {
            Some(_) => (&change.to, &change.to_text, Action::FileUploaded),
            None => (&change.from, &change.from_text, Action::FileDeleted),
        };
        let listed = self.fields.attachment.0.iter().find(|attachment| attachment.id.get() == id.get());
        let event = listed.map(|attachment| attachment.event(self.place, action)).unwrap_or_else(|| {
            let state = (action == Action::FileDeleted).then_some("deleted");
            let mut event = self.place.event(action);
            event.event_id = self.place.event_id("attachment", id.get(), state);
            event.file_id = id.text();
            event.file_name = name.text();
            event
        });
        self.send(event, None, out);
    }

    fn issue_deleted(&self, out: &mut dyn Receiver) {
        let mut event = self.place.event(Action::MessageDeleted);
        let number = self.webhook.issue.0.as_ref().and_then(|issue| issue.id.get().or(issue.key.get()));
        event.event_id = self.place.event_id("issue", number, Some("deleted"));
        self.send(event, None, out);
    }

    fn comment(&self, action: Action, out: &mut dyn Receiver) {
        let Some(comment) = &self.webhook.comment.0 else {
            return self.other(out);
        };
        let author = match action {
            Action::MessagePosted => comment.author.0.as_ref(),
            Action::MessageEdited => comment.update_author.0.as_ref().or(comment.author.0.as_ref()),
            // Whoever deletes a comment need not be who wrote it.
            _ => None,
        };
        self.send(comment.event(self.place, action), author, out);
    }

    fn attachment(&self, action: Action, out: &mut dyn Receiver) {
        let Some(attachment) = &self.webhook.attachment.0 else {
            return self.other(out);
        };
        let author = attachment.author.0.as_ref().filter(|_| action == Action::FileUploaded);
        self.send(attachment.event(self.place, action), author, out);
    }

    /// A remark on logged time is a message; time without a remark is none.
    fn worklog(&self, out: &mut dyn Receiver) {
        let Some(worklog) = &self.webhook.worklog.0 else {
            return self.other(out);
        };
        let text = worklog.comment.and_then(crate::sources::atlassian_document::field_text);
        let action = find(ACTIONS, self.name).filter(|action| text.is_some() || *action == Action::MessageDeleted);
        let mut place = self.place.clone();
        place.learn_site(worklog.address.get());
        let mut event = place.event(action.unwrap_or_default());
        let state = match action {
            Some(Action::MessagePosted) => None,
            Some(Action::MessageDeleted) => Some("deleted".to_owned()),
            _ => instant(worklog.updated).at().map(|micros| micros.to_string()),
        };
        event.event_id = place.event_id("worklog", worklog.id.get(), state.as_deref());
        event.thread_id = event.message_id.take().or(worklog.issue_id.text());
        event.message_id = worklog.id.text();
        if event.action != Action::MessageDeleted {
            event.text = text;
        }
        let author = worklog.update_author.0.as_ref().or(worklog.author.0.as_ref()).filter(|_| event.action != Action::MessageDeleted);
        self.send(event, author, out);
    }

    /// Projects, sprints, versions, filters and what else Jira may come to send.
    fn other(&self, out: &mut dyn Receiver) {
        let event = self.place.event(find(ACTIONS, self.name).unwrap_or_default());
        let event = Event { attributes: lenient::rest(self.json, &["timestamp", "webhookEvent", "user"]).map(Cow::Owned), ..event };
        self.send(event, None, out);
    }
}
