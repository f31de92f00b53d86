//! Issues, comments and attachments as Jira's APIs and webhooks write them, and the events that they are.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::{Action, ChannelType, Event, Surface, Text};
use crate::sources::atlassian_audit::{Part, Parts, account_class, instant, project_of};
use crate::sources::atlassian_document::{field_text, is_document};
use crate::sources::lenient::Str;
use crate::sources::{Receiver, Reject, address, time};

/// Somebody with an account: Cloud has `accountId`, Data Center `key` and `name`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User<'a> {
    #[serde(borrow, default)]
    account_id: Str<'a>,
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    display_name: Str<'a>,
    #[serde(borrow, default)]
    email_address: Str<'a>,
    #[serde(borrow, default)]
    account_type: Str<'a>,
}

impl<'a> User<'a> {
    /// The platform's id, else the address.
    pub fn id(&self) -> Text<'a> {
        self.account_id.text().or(self.key.text()).or(self.name.text()).or_else(|| self.email())
    }

    fn email(&self) -> Text<'a> {
        self.email_address.get().and_then(address::email).map(|email| Cow::Owned(email.into_owned()))
    }

    /// Makes this user the one who acted.
    pub fn acts_in(&self, event: &mut Event<'a>) {
        event.actor_id = self.id();
        event.actor_name = self.display_name.text().or(self.name.text());
        event.actor_email = self.email();
        event.actor_class = self.account_type.get().and_then(account_class);
    }
}

/// An issue: only `key` and `self` are sure to be there.
#[derive(Deserialize)]
pub struct Issue<'a> {
    /// The site's number for it.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    /// `OPS-12`.
    #[serde(borrow, default)]
    pub key: Str<'a>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
    #[serde(borrow, default)]
    fields: Option<&'a RawValue>,
}

/// The fields of an issue that are read.
#[derive(Deserialize, Default)]
pub struct Fields<'a> {
    #[serde(borrow, default)]
    summary: Option<&'a RawValue>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    environment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    project: Part<Project<'a>>,
    /// Files of the issue.
    #[serde(borrow, default)]
    pub attachment: Parts<Attachment<'a>>,
    #[serde(borrow, default)]
    comment: Part<Comments<'a>>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    /// When anything of the issue last changed.
    #[serde(borrow, default)]
    pub updated: Option<&'a RawValue>,
    #[serde(borrow, default)]
    creator: Part<User<'a>>,
    #[serde(borrow, default)]
    reporter: Part<User<'a>>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
}

#[derive(Deserialize)]
struct Comments<'a> {
    #[serde(borrow, default)]
    comments: Parts<Comment<'a>>,
}

/// A comment on an issue.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
    /// Who wrote it.
    #[serde(borrow, default)]
    pub author: Part<User<'a>>,
    /// Who changed it last.
    #[serde(borrow, default)]
    pub update_author: Part<User<'a>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    updated: Option<&'a RawValue>,
}

/// A file at an issue.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment<'a> {
    /// The site's number for it.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
    #[serde(borrow, default)]
    filename: Str<'a>,
    /// Who uploaded it.
    #[serde(borrow, default)]
    pub author: Part<User<'a>>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    size: Str<'a>,
    #[serde(borrow, default)]
    mime_type: Str<'a>,
    #[serde(borrow, default)]
    content: Str<'a>,
}

/// Where something stands: site, project and issue.
#[derive(Default, Clone)]
pub struct Place<'a> {
    /// Host of the site, or the cloud id where the address is the API's.
    site: Option<String>,
    /// What pages of the site begin with.
    base: Option<String>,
    issue_key: Text<'a>,
    project_key: Text<'a>,
    project_name: Text<'a>,
}

impl<'a> Place<'a> {
    /// Reads the site out of an API address (`self`) where it is not known yet.
    pub fn learn_site(&mut self, api_address: Option<&str>) {
        if self.site.is_some() {
            return;
        }
        let Some((base, _)) = api_address.and_then(|address| address.split_once("/rest/")) else {
            return;
        };
        if base.contains("://api.atlassian.com/") {
            self.site = address::file_name(base).map(str::to_owned);
        } else {
            self.site = address::domain(base);
            self.base = Some(base.to_owned());
        }
    }

    /// An id that is the same in every envelope: `jira:<site>:<kind>:<number>`, with what parts one state from the next.
    pub fn event_id(&self, kind: &str, number: Option<&str>, state: Option<&str>) -> Cow<'static, str> {
        let Some(number) = number else { return Cow::Borrowed("") };
        let site = self.site.as_deref().unwrap_or("-");
        Cow::Owned(match state {
            Some(state) => format!("jira:{site}:{kind}:{number}:{state}"),
            None => format!("jira:{site}:{kind}:{number}"),
        })
    }

    /// An event here.
    pub fn event(&self, action: Action) -> Event<'a> {
        let page = self.base.as_ref().zip(self.issue_key.as_ref());
        Event {
            action,
            surface: Surface::Ticket,
            workspace_id: self.site.clone().map(Cow::Owned),
            channel_id: self.project_key.clone(),
            channel_name: self.project_name.clone(),
            channel_type: self.project_key.is_some().then_some(ChannelType::Site),
            permalink: page.map(|(base, key)| Cow::Owned(format!("{base}/browse/{key}"))),
            message_id: self.issue_key.clone(),
            ..Event::default()
        }
    }
}

impl<'a> Fields<'a> {
    /// Who wrote the issue: its creator; who it is written for only where there is no creator.
    pub fn author(&self) -> Option<&User<'a>> {
        self.creator.0.as_ref().or(self.reporter.0.as_ref())
    }
}

impl<'a> Issue<'a> {
    /// The fields, or none where the record has none.
    pub fn fields(&self) -> Fields<'a> {
        self.fields.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// Where the issue stands.
    pub fn place(&self, fields: &Fields<'a>) -> Place<'a> {
        let project = fields.project.0.as_ref();
        let mut place = Place {
            issue_key: self.key.text(),
            project_key: project.and_then(|project| project.key.text()).or_else(|| self.key.text().and_then(project_of)),
            project_name: project.and_then(|project| project.name.text()),
            ..Place::default()
        };
        place.learn_site(self.address.get());
        place
    }

    /// The issue as it was written, without who wrote it.
    pub fn posted(&self, place: &Place<'a>, fields: &Fields<'a>) -> Event<'a> {
        let mut event = place.event(Action::MessagePosted);
        event.event_id = place.event_id("issue", self.id.get().or(self.key.get()), None);
        event.event_time = instant(fields.created);
        event.text = self.text(fields);
        event
    }

    /// Summary, description, environment, and what stands in the site's own text fields.
    pub fn text(&self, fields: &Fields<'a>) -> Text<'a> {
        let own = [fields.summary, fields.description, fields.environment];
        let mut parts: Vec<Cow<'a, str>> = own.into_iter().flatten().filter_map(field_text).collect();
        if let Some(raw) = self.fields.filter(|raw| memmem::find(raw.get().as_bytes(), b"\"customfield_").is_some()) {
            parts.extend(custom_texts(raw));
        }
        join(parts)
    }
}

impl<'a> Comment<'a> {
    /// The comment as it was written, changed or taken away, without who did it.
    pub fn event(&self, place: &Place<'a>, action: Action) -> Event<'a> {
        let mut place = place.clone();
        place.learn_site(self.address.get());
        let mut event = place.event(action);
        let state = match action {
            Action::MessageEdited => instant(self.updated).at().map(|micros| micros.to_string()),
            Action::MessageDeleted => Some("deleted".to_owned()),
            _ => None,
        };
        event.event_id = place.event_id("comment", self.id.get(), state.as_deref());
        event.event_time = instant(if action == Action::MessagePosted { self.created } else { self.updated });
        event.thread_id = event.message_id.take();
        event.message_id = self.id.text();
        if let Some((link, id)) = event.permalink.as_ref().zip(self.id.get()) {
            event.permalink = Some(Cow::Owned(format!("{link}?focusedCommentId={id}")));
        }
        if action != Action::MessageDeleted {
            event.text = self.body.and_then(field_text);
        }
        event
    }
}

impl<'a> Attachment<'a> {
    /// The file as it was uploaded or deleted; the uploader is the owner, who acted is left open.
    pub fn event(&self, place: &Place<'a>, action: Action) -> Event<'a> {
        let mut place = place.clone();
        place.learn_site(self.address.get().or(self.content.get()));
        let mut event = place.event(action);
        let state = (action == Action::FileDeleted).then_some("deleted");
        event.event_id = place.event_id("attachment", self.id.get(), state);
        event.event_time = instant(self.created.filter(|_| action == Action::FileUploaded));
        event.file_id = self.id.text();
        event.file_name = self.filename.text();
        event.file_type = self.mime_type.text();
        event.file_size = self.size.int().filter(|size| *size >= 0);
        event.object_url = self.content.text();
        event.file_owner = self.author.0.as_ref().and_then(User::id);
        event
    }
}

/// An issue fetched through the API: the issue, its comments and its files, each at its own time.
pub fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let issue: Issue<'_> = serde_json::from_str(json)?;
    let fields = issue.fields();
    let place = issue.place(&fields);
    let mut event = issue.posted(&place, &fields);
    if let Some(author) = fields.author() {
        author.acts_in(&mut event);
    }
    out.event(event);
    if let Some(comments) = &fields.comment.0 {
        for comment in &comments.comments.0 {
            let mut event = comment.event(&place, Action::MessagePosted);
            if let Some(author) = &comment.author.0 {
                author.acts_in(&mut event);
            }
            out.event(event);
        }
    }
    uploads(&fields, &place, out);
    Ok(())
}

/// The files that an issue has, as uploads by those who uploaded them.
pub fn uploads(fields: &Fields<'_>, place: &Place<'_>, out: &mut dyn Receiver) {
    for attachment in &fields.attachment.0 {
        let mut event = attachment.event(place, Action::FileUploaded);
        if let Some(author) = &attachment.author.0 {
            author.acts_in(&mut event);
        }
        out.event(event);
    }
}

/// Parts one below the other; a single part stays borrowed.
pub fn join(mut parts: Vec<Cow<'_, str>>) -> Text<'_> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Cow::Owned(parts.join("\n\n"))),
    }
}

/// What people wrote into a site's own fields (`customfield_10042`): strings and documents. Ranks and times are not written by people.
fn custom_texts(fields: &RawValue) -> Vec<Cow<'_, str>> {
    struct Custom;
    impl<'de> Visitor<'de> for Custom {
        type Value = Vec<Cow<'de, str>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut texts = Vec::new();
            while let Some(key) = map.next_key::<Str<'de>>()? {
                if !key.get().is_some_and(|key| key.starts_with("customfield_")) {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                let value = map.next_value::<&'de RawValue>()?;
                let written = value.get().starts_with('"') || is_document(value.get());
                texts.extend(field_text(value).filter(|text| written && !is_machine_made(text)));
            }
            Ok(texts)
        }
    }
    serde_json::Deserializer::from_str(fields.get()).deserialize_map(Custom).unwrap_or_default()
}

/// A rank (`0|i0000f:`), an empty structure or a time.
fn is_machine_made(text: &str) -> bool {
    let is_rank = text
        .split_once('|')
        .is_some_and(|(bucket, rank)| bucket.len() == 1 && (rank.ends_with(':') || rank.contains(':')) && !rank.contains(' '));
    is_rank || text == "{}" || time::parse(text).is_some()
}
