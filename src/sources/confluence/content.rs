//! Pages, blog posts, comments and attachments as Confluence's APIs (v1 and v2) and webhooks write them, and the events that they are.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Action, ChannelType, Event, Surface, Text, When};
use crate::sources::atlassian_audit::{Part, account_class, instant, space_key};
use crate::sources::atlassian_document::{document_text, is_document};
use crate::sources::lenient::{self, Str};
use crate::sources::{Receiver, Reject, address, html};

/// One piece of content. The three APIs name most things differently; no record has all.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Content<'a> {
    /// The site's number for it.
    #[serde(borrow, default)]
    pub id: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    content_type: Str<'a>,
    #[serde(borrow, default)]
    title: Str<'a>,
    #[serde(borrow, default)]
    space_key: Str<'a>,
    #[serde(borrow, default)]
    space_id: Str<'a>,
    #[serde(borrow, default)]
    space: Part<Space<'a>>,
    #[serde(borrow, default)]
    version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    creation_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    modification_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    creator_account_id: Str<'a>,
    #[serde(borrow, default)]
    creator_key: Str<'a>,
    #[serde(borrow, default)]
    author_id: Str<'a>,
    #[serde(borrow, default)]
    last_modifier_account_id: Str<'a>,
    #[serde(borrow, default)]
    last_modifier_key: Str<'a>,
    #[serde(borrow, default)]
    history: Part<History<'a>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
    #[serde(borrow, default, rename = "_links")]
    links: Part<Links<'a>>,
    #[serde(borrow, default)]
    parent: Option<&'a RawValue>,
    #[serde(borrow, default)]
    container: Option<&'a RawValue>,
    #[serde(borrow, default)]
    page_id: Str<'a>,
    #[serde(borrow, default)]
    file_name: Str<'a>,
    #[serde(borrow, default)]
    file_size: Str<'a>,
    #[serde(borrow, default)]
    media_type: Str<'a>,
    #[serde(borrow, default)]
    comment: Str<'a>,
    #[serde(borrow, default)]
    extensions: Part<FileDetails<'a>>,
}

/// A space: where content stands.
#[derive(Deserialize, Clone)]
struct Space<'a> {
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Version<'a> {
    #[serde(borrow, default)]
    number: Str<'a>,
    #[serde(borrow, default)]
    when: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    by: Part<User<'a>>,
    #[serde(borrow, default)]
    author_id: Str<'a>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct History<'a> {
    #[serde(borrow, default)]
    created_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_by: Part<User<'a>>,
}

/// Somebody with an account.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
pub struct User<'a> {
    #[serde(borrow, default)]
    account_id: Str<'a>,
    #[serde(borrow, default)]
    user_key: Str<'a>,
    #[serde(borrow, default)]
    username: Str<'a>,
    #[serde(borrow, default)]
    display_name: Str<'a>,
    #[serde(borrow, default)]
    email: Str<'a>,
    #[serde(borrow, default)]
    account_type: Str<'a>,
}

impl<'a> User<'a> {
    /// Makes this user the one who acted.
    pub fn acts_in(&self, event: &mut Event<'a>) {
        event.actor_email = self.email.get().and_then(address::email).map(|email| Cow::Owned(email.into_owned()));
        event.actor_id = self.account_id.text().or(self.user_key.text()).or(self.username.text()).or_else(|| event.actor_email.clone());
        event.actor_name = self.display_name.text();
        event.actor_class = self.account_type.get().and_then(account_class);
    }
}

#[derive(Deserialize, Clone)]
struct Links<'a> {
    #[serde(borrow, default)]
    base: Str<'a>,
    #[serde(borrow, default)]
    webui: Str<'a>,
    #[serde(borrow, default, rename = "self")]
    address: Str<'a>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct FileDetails<'a> {
    #[serde(borrow, default)]
    media_type: Str<'a>,
    #[serde(borrow, default)]
    file_size: Str<'a>,
}

/// A body in one representation or several.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    storage: Part<Representation<'a>>,
    #[serde(borrow, default)]
    atlas_doc_format: Part<Representation<'a>>,
    #[serde(borrow, default)]
    view: Part<Representation<'a>>,
    #[serde(borrow, default)]
    export_view: Part<Representation<'a>>,
    #[serde(borrow, default)]
    value: Str<'a>,
}

#[derive(Deserialize)]
struct Representation<'a> {
    #[serde(borrow, default)]
    value: Str<'a>,
}

impl<'a> Content<'a> {
    /// The same, known to be of a kind that it does not say itself.
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = Str(Some(Cow::Borrowed(kind)));
        self
    }

    /// `page`, `blogpost`, `comment` or `attachment`.
    pub fn kind(&self) -> &str {
        self.kind.get().or(self.content_type.get()).unwrap_or("page")
    }

    /// The number of this version, 1 being the first.
    pub fn version(&self) -> Option<i64> {
        let raw = self.version?;
        let number = if raw.get().starts_with('{') { self.version_details().number } else { serde_json::from_str(raw.get()).ok()? };
        number.int()
    }

    fn version_details(&self) -> Version<'a> {
        self.version.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// When it was first written.
    pub fn created(&self) -> When {
        let history = self.history.0.as_ref().and_then(|history| history.created_date);
        instant(self.creation_date).or(instant(history)).or(instant(self.created_at))
    }

    /// When this version was written.
    pub fn modified(&self) -> When {
        let version = self.version_details();
        instant(version.when).or(instant(version.created_at)).or(instant(self.modification_date)).or(self.created())
    }

    /// Makes whoever wrote this version the one who acted.
    pub fn writer_acts_in(&self, event: &mut Event<'a>) {
        let version = self.version_details();
        let created_by = self.history.0.as_ref().and_then(|history| history.created_by.0.as_ref());
        if let Some(user) = version.by.0.as_ref().or(created_by) {
            return user.acts_in(event);
        }
        let ids = [version.author_id, self.last_modifier_account_id.clone(), self.last_modifier_key.clone()];
        let creators = [self.creator_account_id.clone(), self.creator_key.clone(), self.author_id.clone()];
        event.actor_id = ids.into_iter().chain(creators).find_map(|id| id.0);
    }

    /// The host of the site that it stands in.
    fn site(&self) -> Option<String> {
        let links = self.links.0.as_ref();
        let addresses = [links.and_then(|links| links.base.get()), self.address.get(), links.and_then(|links| links.address.get())];
        addresses.into_iter().flatten().find_map(address::domain)
    }

    fn permalink(&self) -> Text<'a> {
        let links = self.links.0.as_ref();
        if let Some((base, page)) = links.and_then(|links| links.base.get().zip(links.webui.get())) {
            return Some(Cow::Owned(format!("{base}{page}")));
        }
        self.address.text().filter(|address| !address.contains("/rest/"))
    }

    /// `confluence:<site>:<kind>:<number>:<state>`, the same in every envelope.
    pub fn event_id(&self, state: &str) -> Cow<'static, str> {
        let Some(number) = self.id.get() else { return Cow::Borrowed("") };
        let site = self.site();
        Cow::Owned(format!("confluence:{}:{}:{number}:{state}", site.as_deref().unwrap_or("-"), self.kind()))
    }

    /// An event about this content: where it stands and what it is called.
    pub fn event(&self, action: Action) -> Event<'a> {
        let mut event = Event {
            action,
            surface: Surface::Ticket,
            workspace_id: self.site().map(Cow::Owned),
            permalink: self.permalink(),
            ..Event::default()
        };
        let space = self.space.0.as_ref();
        event.channel_id = space
            .and_then(|space| space.key.text())
            .or(self.space_key.text())
            .or_else(|| event.permalink.as_deref().and_then(space_key).map(Cow::Owned))
            .or(self.space_id.text());
        event.channel_name = space.and_then(|space| space.name.text());
        event.channel_type = event.channel_id.is_some().then_some(ChannelType::Site);
        let parent = || self.container.or(self.parent).and_then(|raw| serde_json::from_str::<Content<'a>>(raw.get()).ok());
        match self.kind() {
            "attachment" => self.name_file(&mut event),
            "comment" => {
                event.message_id = self.id.text();
                let parent = parent();
                event.thread_id = parent.as_ref().and_then(|parent| parent.id.text()).or(self.page_id.text());
                if event.channel_id.is_none()
                    && let Some(parent) = parent.filter(|parent| parent.kind() != "comment")
                {
                    let place = parent.event(action);
                    event.channel_id = place.channel_id;
                    event.channel_name = place.channel_name;
                    event.channel_type = place.channel_type;
                }
            }
            _ => event.message_id = self.id.text(),
        }
        if matches!(action, Action::FileViewed | Action::Export | Action::FileCopied) && event.file_id.is_none() {
            // What was opened or taken is counted by its id, be it a file or a page.
            event.file_id = self.id.text();
            event.file_name = self.title.text();
        }
        event
    }

    fn name_file(&self, event: &mut Event<'a>) {
        let details = self.extensions.0.as_ref();
        event.file_id = self.id.text();
        event.file_name = self.file_name.text().or(self.title.text());
        event.file_type = self.media_type.text().or_else(|| details.and_then(|details| details.media_type.text()));
        let size = self.file_size.int().or_else(|| details.and_then(|details| details.file_size.int()));
        event.file_size = size.filter(|size| *size >= 0);
        event.file_owner = self.creator_account_id.text().or(self.creator_key.text()).or(self.author_id.text());
        event.message_id = self.page_id.text();
    }

    /// Title and body; of a comment the body, of a file the remark that came with it.
    pub fn text(&self) -> Text<'a> {
        let body = self.body.and_then(body_text);
        match self.kind() {
            "comment" => body.map(Cow::Owned),
            "attachment" => self.comment.text(),
            _ => match (self.title.text(), body) {
                (Some(title), Some(body)) => Some(Cow::Owned(format!("{title}\n\n{body}"))),
                (title, body) => title.or(body.map(Cow::Owned)),
            },
        }
    }
}

/// The text of a body: storage format, ADF or rendered HTML.
fn body_text(raw: &RawValue) -> Option<String> {
    let text = if raw.get().starts_with('"') {
        let Str(value) = serde_json::from_str(raw.get()).ok()?;
        written(value.as_deref()?)
    } else {
        let body: Body<'_> = serde_json::from_str(raw.get()).ok()?;
        let representations = [&body.storage, &body.atlas_doc_format, &body.export_view, &body.view];
        let value = representations.into_iter().find_map(|part| part.0.as_ref().and_then(|part| part.value.get()));
        written(value.or(body.value.get())?)
    };
    Some(text).filter(|text| !text.is_empty())
}

fn written(value: &str) -> String {
    if is_document(value) { document_text(value) } else { html::to_text(value) }
}

/// Content fetched through the API is the act of writing the version that it has.
pub fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let content: Content<'_> = serde_json::from_str(json)?;
    let is_first = content.version().is_none_or(|version| version <= 1);
    let action = match (content.kind(), is_first) {
        ("attachment", _) => Action::FileUploaded,
        (_, true) => Action::MessagePosted,
        (_, false) => Action::MessageEdited,
    };
    let mut event = content.event(action);
    event.event_id = content.event_id(&format!("v{}", content.version().unwrap_or(1)));
    event.event_time = content.modified();
    content.writer_acts_in(&mut event);
    event.text = content.text();
    if let Some(container) = content.container.filter(|_| content.kind() == "attachment")
        && let Ok(container) = serde_json::from_str::<Content<'_>>(container.get())
    {
        event.message_id = container.id.text();
    }
    const KNOWN: &[&str] = &[
        "id",
        "type",
        "title",
        "space",
        "version",
        "history",
        "body",
        "_links",
        "_expandable",
        "container",
        "extensions",
        "createdAt",
        "authorId",
    ];
    event.attributes = lenient::rest(json, KNOWN).map(Cow::Owned);
    out.event(event);
    Ok(())
}
