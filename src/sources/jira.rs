//! Jira: Cloud and Data Center audit records, the Atlassian organization's audit log, webhooks, and issues as the REST API gives them.
//!
//! Audit logs hold no text of issues; it comes from webhooks or from issues fetched through the API. Both give the same comment the
//! same `event_id`. Ids count within a site, so a site's host is part of them where the record names it.

mod actions;
mod audit;
mod issues;
mod organization;
#[cfg(test)]
mod tests;
mod webhooks;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use self::actions::ACTIONS;
use super::atlassian_audit::{AuditHead, AuditRecord, Part, first_of};
use super::lenient::Str;
use super::{Origin, Receiver, Record, Reject};

/// What tells the shapes apart. A record has one of them; a page has members of one of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    // pages
    #[serde(borrow, default)]
    records: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entities: Option<&'a RawValue>,
    #[serde(borrow, default)]
    issues: Option<&'a RawValue>,
    #[serde(borrow, default)]
    limit: Str<'a>,
    // a webhook
    #[serde(borrow, default)]
    webhook_event: Str<'a>,
    #[serde(borrow, default)]
    event_type: Str<'a>,
    // a Cloud audit record
    #[serde(borrow, default)]
    summary: Str<'a>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    category: Str<'a>,
    // a Data Center audit record
    #[serde(borrow, default)]
    affected_objects: Option<&'a RawValue>,
    // an event of the organization's log
    #[serde(borrow, default)]
    attributes: Part<organization::Shape<'a>>,
    // an issue
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    fields: Option<&'a RawValue>,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    CloudAudit,
    DataCenterAudit,
    Organization,
    Webhook,
    Issue,
}

/// Keys of which every shape has one: a search for them is cheaper than parsing.
const MARKS: &[&str] = &["webhookEvent", "eventType", "category", "affectedObjects", "records", "attributes", "fields"];

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    let Record::Json(json) = record else { return false };
    if !MARKS.iter().any(|mark| memmem::find(json.as_bytes(), mark.as_bytes()).is_some()) {
        return false;
    }
    if json.trim_start().starts_with('[') {
        return first_of(json).is_some_and(|first| kind(first).is_some());
    }
    let Ok(shape) = serde_json::from_str::<Shape<'_>>(json) else {
        return false;
    };
    match page(&shape) {
        Some((members, expected)) => match first_of(members) {
            Some(first) => kind(first) == Some(expected),
            // An empty page of audit records says so by its limit; other empty lists could be anybody's.
            None => shape.records.is_some() && shape.limit.get().is_some(),
        },
        None => kind_of_shape(&shape, json).is_some(),
    }
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Record::Json(json) = *record else {
        return Err(Reject::NotThisSource);
    };
    if json.trim_start().starts_with('[') {
        return each(json, None, out);
    }
    let shape: Shape<'_> = serde_json::from_str(json)?;
    match page(&shape) {
        Some((members, expected)) => each(members, Some(expected), out),
        None => one(json, kind_of_shape(&shape, json), out),
    }
}

/// Every member of a list; a bad one does not stop the others.
fn each(list: &str, expected: Option<Kind>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let members: Vec<&RawValue> = serde_json::from_str(list)?;
    for member in members {
        let kind = expected.or_else(|| kind(member.get()));
        match one(member.get(), kind, out) {
            Ok(()) | Err(Reject::Nothing) => {}
            Err(Reject::NotThisSource) => out.reject(Reject::bad("a member of the list is no record of Jira's")),
            Err(bad) => out.reject(bad),
        }
    }
    Ok(())
}

fn one(json: &str, kind: Option<Kind>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match kind {
        Some(Kind::CloudAudit) => audit::normalize(json, out),
        Some(Kind::DataCenterAudit) => serde_json::from_str::<AuditRecord<'_>>(json)?.normalize("jira", json, ACTIONS, out),
        Some(Kind::Organization) => organization::normalize(json, out),
        Some(Kind::Webhook) => webhooks::normalize(json, out),
        Some(Kind::Issue) => issues::normalize(json, out),
        None => Err(Reject::NotThisSource),
    }
}

/// The members of a page, and what they are.
fn page<'a>(shape: &Shape<'a>) -> Option<(&'a str, Kind)> {
    let list = |raw: Option<&'a RawValue>| raw.map(RawValue::get).filter(|json| json.starts_with('['));
    list(shape.records)
        .map(|members| (members, Kind::CloudAudit))
        .or_else(|| list(shape.data).map(|members| (members, Kind::Organization)))
        .or_else(|| list(shape.entities).map(|members| (members, Kind::DataCenterAudit)))
        .or_else(|| list(shape.issues).map(|members| (members, Kind::Issue)))
        .filter(|_| shape.webhook_event.get().is_none())
}

fn kind(json: &str) -> Option<Kind> {
    kind_of_shape(&serde_json::from_str(json).ok()?, json)
}

fn kind_of_shape(shape: &Shape<'_>, json: &str) -> Option<Kind> {
    let of_forge = |name: &str| name.starts_with("avi:jira:");
    if shape.webhook_event.get().is_some_and(actions::is_webhook_event) || shape.event_type.get().is_some_and(of_forge) {
        return Some(Kind::Webhook);
    }
    if shape.attributes.0.as_ref().is_some_and(organization::Shape::is_one) {
        return Some(Kind::Organization);
    }
    if shape.affected_objects.is_some() {
        let head: AuditHead<'_> = serde_json::from_str(json).ok()?;
        return head.is_one().then_some(Kind::DataCenterAudit);
    }
    if shape.summary.get().is_some() && shape.created.is_some() && shape.category.get().is_some() {
        return Some(Kind::CloudAudit);
    }
    let is_issue = shape.key.get().is_some_and(|key| key.contains('-')) && shape.fields.is_some_and(|raw| raw.get().starts_with('{'));
    is_issue.then_some(Kind::Issue)
}
