//! Confluence: Cloud and Data Center audit records, webhooks, and content as the REST API gives it.
//!
//! Audit logs hold no text; titles and bodies come from webhooks and from content fetched through the API. Each version of a page or
//! comment has one `event_id`, whichever way it arrives.

mod actions;
mod audit;
mod content;
#[cfg(test)]
mod tests;
mod webhooks;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use self::actions::ACTIONS;
use super::atlassian_audit::{AuditHead, AuditRecord, first_of};
use super::lenient::Str;
use super::{Origin, Receiver, Record, Reject};

/// What tells the shapes apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    // pages
    #[serde(borrow, default)]
    results: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entities: Option<&'a RawValue>,
    // a Cloud audit record
    #[serde(borrow, default)]
    creation_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    summary: Str<'a>,
    #[serde(borrow, default)]
    author: Option<&'a RawValue>,
    #[serde(borrow, default)]
    affected_object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    category: Str<'a>,
    // a Data Center audit record
    #[serde(borrow, default)]
    affected_objects: Option<&'a RawValue>,
    // content
    #[serde(borrow, default)]
    id: Str<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    title: Str<'a>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    space_id: Str<'a>,
    // a webhook
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
    user_key: Str<'a>,
    #[serde(borrow, default)]
    page: Option<&'a RawValue>,
    #[serde(borrow, default)]
    blog: Option<&'a RawValue>,
    #[serde(borrow, default)]
    comment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    space: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachments: Option<&'a RawValue>,
    #[serde(borrow, default)]
    issue: Option<&'a RawValue>,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    CloudAudit,
    DataCenterAudit,
    Webhook,
    Content,
}

/// Keys of which every shape has one: a search for them is cheaper than parsing.
const MARKS: &[&str] = &["creationDate", "affectedObjects", "timestamp", "version", "avi:confluence:"];

pub(super) fn recognises(record: &Record<'_>, origin: &Origin<'_>) -> bool {
    let Record::Json(json) = record else { return false };
    if !MARKS.iter().any(|mark| memmem::find(json.as_bytes(), mark.as_bytes()).is_some()) {
        return false;
    }
    if json.trim_start().starts_with('[') {
        return first_of(json).is_some_and(|first| kind(first, origin).is_some());
    }
    let Ok(shape) = serde_json::from_str::<Shape<'_>>(json) else {
        return false;
    };
    match page(&shape) {
        Some(members) => first_of(members).is_some_and(|first| kind(first, origin).is_some()),
        None => kind_of_shape(&shape, json, origin).is_some(),
    }
}

pub(super) fn normalize(record: &Record<'_>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = *record else {
        return Err(Reject::NotThisSource);
    };
    if json.trim_start().starts_with('[') {
        return each(json, origin, out);
    }
    let shape: Shape<'_> = serde_json::from_str(json)?;
    match page(&shape) {
        Some(members) => each(members, origin, out),
        None => one(json, kind_of_shape(&shape, json, origin), origin, out),
    }
}

/// Every member of a list; a bad one does not stop the others.
fn each(list: &str, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let members: Vec<&RawValue> = serde_json::from_str(list)?;
    for member in members {
        match one(member.get(), kind(member.get(), origin), origin, out) {
            Ok(()) | Err(Reject::Nothing) => {}
            Err(Reject::NotThisSource) => out.reject(Reject::bad("a member of the list is no record of Confluence's")),
            Err(bad) => out.reject(bad),
        }
    }
    Ok(())
}

fn one(json: &str, kind: Option<Kind>, origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match kind {
        Some(Kind::CloudAudit) => audit::normalize(json, out),
        Some(Kind::DataCenterAudit) => serde_json::from_str::<AuditRecord<'_>>(json)?.normalize("confluence", json, ACTIONS, out),
        Some(Kind::Webhook) => webhooks::normalize(json, origin.path, out),
        Some(Kind::Content) => content::normalize(json, out),
        None => Err(Reject::NotThisSource),
    }
}

fn page<'a>(shape: &Shape<'a>) -> Option<&'a str> {
    let list = |raw: Option<&'a RawValue>| raw.map(RawValue::get).filter(|json| json.starts_with('['));
    list(shape.results).or_else(|| list(shape.entities))
}

fn kind(json: &str, origin: &Origin<'_>) -> Option<Kind> {
    kind_of_shape(&serde_json::from_str(json).ok()?, json, origin)
}

fn kind_of_shape(shape: &Shape<'_>, json: &str, origin: &Origin<'_>) -> Option<Kind> {
    let is_object = |raw: Option<&RawValue>| raw.is_some_and(|raw| raw.get().starts_with('{'));
    let has_subject = is_object(shape.affected_object) || shape.category.get().is_some();
    if shape.creation_date.is_some() && shape.summary.get().is_some() && is_object(shape.author) && has_subject {
        return Some(Kind::CloudAudit);
    }
    if shape.affected_objects.is_some() {
        let head: AuditHead<'_> = serde_json::from_str(json).ok()?;
        // Acts that both products log alike are told apart by where the log lies.
        let lies_there = memmem::find(origin.path.to_ascii_lowercase().as_bytes(), b"confluence").is_some();
        return (head.is_one() && (head.is_confluence() || lies_there && !head.is_jira())).then_some(Kind::DataCenterAudit);
    }
    if webhooks::is_one(shape) {
        return Some(Kind::Webhook);
    }
    let is_content = matches!(shape.kind.get(), Some("page" | "blogpost" | "comment" | "attachment")) || shape.space_id.get().is_some();
    let has_words = shape.title.get().is_some() || is_object(shape.body);
    (is_content && has_words && shape.id.get().is_some() && is_object(shape.version)).then_some(Kind::Content)
}
