//! Confluence Cloud's audit records (`/wiki/rest/api/audit`): spaces, exports, rights and accounts.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ACTIONS;
use crate::event::{ActorClass, ChannelType, Event, Micros};
use crate::sources::atlassian_audit::{Part, Parts, account_class, by_wording, client_ip, find, id_of_content, instant, surface};
use crate::sources::lenient::{self, Str};
use crate::sources::{Receiver, Reject, address};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloudRecord<'a> {
    #[serde(borrow, default)]
    author: Part<Author<'a>>,
    #[serde(borrow, default)]
    remote_address: Str<'a>,
    #[serde(borrow, default)]
    creation_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    summary: Str<'a>,
    #[serde(borrow, default)]
    category: Str<'a>,
    #[serde(borrow, default)]
    affected_object: Part<Object<'a>>,
    #[serde(borrow, default)]
    changed_values: Parts<Change<'a>>,
    #[serde(borrow, default)]
    associated_objects: Parts<Object<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Author<'a> {
    #[serde(borrow, default)]
    account_id: Str<'a>,
    #[serde(borrow, default)]
    account_type: Str<'a>,
    #[serde(borrow, default)]
    user_key: Str<'a>,
    #[serde(borrow, default)]
    username: Str<'a>,
    #[serde(borrow, default)]
    display_name: Str<'a>,
    #[serde(borrow, default)]
    email: Str<'a>,
    #[serde(borrow, default)]
    is_external_collaborator: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    object_type: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    old_value: Str<'a>,
    #[serde(borrow, default)]
    new_value: Str<'a>,
}

impl CloudRecord<'_> {
    fn id(&self, time: Option<Micros>, summary: &str) -> Cow<'static, str> {
        let author = self.author.0.as_ref();
        let who = [
            Some(summary),
            author.and_then(|author| author.account_id.get()),
            author.and_then(|author| author.display_name.get()),
            self.remote_address.get(),
        ];
        let objects = self.affected_object.0.iter().chain(&self.associated_objects.0);
        let parts = who
            .into_iter()
            .chain(objects.flat_map(|object| [object.object_type.get(), object.name.get()]))
            .chain(self.changed_values.0.iter().flat_map(|change| [change.name.get(), change.old_value.get(), change.new_value.get()]));
        id_of_content("confluence", time, parts)
    }
}

const KNOWN: &[&str] = &["author", "remoteAddress", "creationDate", "summary"];

pub fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let record: CloudRecord<'_> = serde_json::from_str(json)?;
    let Some(summary) = record.summary.get() else {
        return Err(Reject::bad("the audit record has no summary"));
    };
    let category = record.category.get();
    let action = find(ACTIONS, summary).unwrap_or_else(|| by_wording(summary, category));
    let event_time = instant(record.creation_date);
    let mut event = Event {
        event_id: record.id(event_time.at(), summary),
        event_time,
        action,
        vendor_action: record.summary.text(),
        src_ip: record.remote_address.get().and_then(client_ip),
        attributes: lenient::rest(json, KNOWN).map(Cow::Owned),
        ..Event::default()
    };
    if let Some(author) = &record.author.0 {
        add_author(author, &mut event);
    }
    add_objects(&record, &mut event);
    event.surface = surface(action, category, event.channel_name.is_some() || event.file_name.is_some());
    out.event(event);
    Ok(())
}

fn add_author<'a>(author: &Author<'a>, event: &mut Event<'a>) {
    event.actor_email = author.email.get().and_then(address::email).map(|email| Cow::Owned(email.into_owned()));
    event.actor_id = author.account_id.text().or(author.user_key.text()).or(author.username.text()).or_else(|| event.actor_email.clone());
    event.actor_name = author.display_name.text();
    event.actor_class = if author.is_external_collaborator.bool() == Some(true) {
        Some(ActorClass::Guest)
    } else if event.actor_id.is_none() && author.display_name.get() == Some("System") {
        Some(ActorClass::System)
    } else {
        author.account_type.get().and_then(account_class)
    };
}

fn add_objects<'a>(record: &CloudRecord<'a>, event: &mut Event<'a>) {
    for object in record.affected_object.0.iter().chain(&record.associated_objects.0) {
        let kind = object.object_type.get().unwrap_or_default().to_ascii_lowercase();
        match kind.as_str() {
            "space" => {
                event.channel_name = object.name.text();
                event.channel_type = Some(ChannelType::Site);
            }
            "page" | "blog" | "blogpost" | "blog post" | "attachment" if event.file_name.is_none() => event.file_name = object.name.text(),
            "user" => event.target_account = event.target_account.take().or(object.name.text()),
            _ if event.target.is_none() && object.name.get().is_some() => {
                event.target = object.name.text();
                event.target_type = (!kind.is_empty()).then_some(Cow::Owned(kind));
            }
            _ => {}
        }
    }
    if event.target.is_none() && event.target_account.is_some() {
        event.target.clone_from(&event.target_account);
        event.target_type = Some(Cow::Borrowed("user"));
    }
    if event.channel_name.is_some() {
        let mut changes = record.changed_values.0.iter();
        let is_key = |change: &&Change<'_>| change.name.get().is_some_and(|name| name == "Space key" || name == "Space");
        event.channel_id = changes.find(is_key).and_then(|change| change.new_value.text());
    }
}
