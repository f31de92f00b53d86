//! Jira Cloud's audit records (`/rest/api/3/auditing/record`): changes of configuration, accounts and rights. No issue, no text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ACTIONS;
use crate::event::{Action, ChannelType, Event, Outcome};
use crate::sources::atlassian_audit::{Part, Parts, by_wording, client_ip, find, instant, surface};
use crate::sources::lenient::{self, Str};
use crate::sources::{Receiver, Reject};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloudRecord<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    summary: Str<'a>,
    #[serde(borrow, default)]
    remote_address: Str<'a>,
    #[serde(borrow, default)]
    author_key: Str<'a>,
    #[serde(borrow, default)]
    author_account_id: Str<'a>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    category: Str<'a>,
    #[serde(borrow, default)]
    object_item: Part<Item<'a>>,
    #[serde(borrow, default)]
    changed_values: Parts<Change<'a>>,
    #[serde(borrow, default)]
    associated_items: Parts<Item<'a>>,
}

/// What was changed, or what has to do with it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    type_name: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    #[serde(borrow, default)]
    field_name: Str<'a>,
    #[serde(borrow, default)]
    changed_to: Str<'a>,
}

const KNOWN: &[&str] = &["id", "summary", "remoteAddress", "authorAccountId", "created"];

pub fn normalize(json: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let record: CloudRecord<'_> = serde_json::from_str(json)?;
    let Some(summary) = record.summary.get() else {
        return Err(Reject::bad("the audit record has no summary"));
    };
    let category = record.category.get();
    let action = find(ACTIONS, summary).unwrap_or_else(|| by_wording(summary, category));
    let event_time = instant(record.created);
    let mut event = Event {
        // Ids count within a site and the record does not name its site; the time parts two sites.
        event_id: match (record.id.get(), event_time.at()) {
            (Some(id), Some(micros)) => Cow::Owned(format!("jira:audit:{id}:{micros}")),
            _ => Cow::Borrowed(""),
        },
        event_time,
        action,
        vendor_action: record.summary.text(),
        actor_id: record.author_account_id.text().or(record.author_key.text()),
        src_ip: record.remote_address.get().and_then(client_ip),
        attributes: lenient::rest(json, KNOWN).map(Cow::Owned),
        ..Event::default()
    };
    if action == Action::Login && summary.contains("fail") {
        event.outcome = Outcome::Failed;
    }
    add_items(&record, &mut event);
    event.surface = surface(action, category, event.channel_name.is_some());
    out.event(event);
    Ok(())
}

fn add_items<'a>(record: &CloudRecord<'a>, event: &mut Event<'a>) {
    let object = record.object_item.0.iter();
    for item in object.chain(&record.associated_items.0) {
        match item.type_name.get().unwrap_or_default() {
            "PROJECT" => {
                event.channel_name = item.name.text();
                event.channel_type = Some(ChannelType::Site);
            }
            "USER" => event.target_account = event.target_account.take().or(item.id.text()).or(item.name.text()),
            kind if event.target.is_none() => {
                event.target = item.name.text().or(item.id.text());
                event.target_type = (!kind.is_empty()).then(|| Cow::Owned(kind.to_ascii_lowercase()));
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
        event.channel_id = changes.find(|change| change.field_name.get() == Some("Key")).and_then(|change| change.changed_to.text());
    }
}
