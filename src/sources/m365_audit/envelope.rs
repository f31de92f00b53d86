//! What audit records come wrapped in: API pages, Elastic documents, exported tables, Graph queries, Sentinel rows.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::{Fields, Key, push_column};
use super::record;
use crate::sources::{Receiver, Record, Reject};

/// Envelopes inside envelopes are read to this depth (a page of Elastic documents whose original is a Graph page has four).
const DEPTH_MAX: u32 = 5;

/// Whether the record is one of this source's, by the names that stand in it.
pub(super) fn recognises(record: &Record<'_>) -> bool {
    match record {
        Record::Json(json) => recognises_json(json),
        Record::Csv { header, .. } => {
            let has = |name: &str| header.iter().any(|column| column.eq_ignore_ascii_case(name));
            has("AuditData") || (has("Operation") && (has("OfficeWorkload") || has("OfficeId") || (has("RecordType") && has("UserId"))))
        }
        Record::Mail(_) => false,
    }
}

fn recognises_json(json: &str) -> bool {
    /// A page may be long; its first records show what it is.
    const SHOWN: usize = 256 * 1024;
    let shown = json.as_bytes();
    let shown = &shown[..shown.len().min(SHOWN)];
    let has = |name: &str| memchr::memmem::find(shown, name.as_bytes()).is_some();
    if has("\"Operation\"") && (has("\"RecordType\"") || has("\"Workload\"") || has("\"OfficeWorkload\"")) {
        return has("\"CreationTime\"") || has("\"TimeGenerated\"") || has("\"OrganizationId\"") || has("\"AuditData\"");
    }
    let wrapped = has("\"AuditData\"") && (has("\"Operations\"") || has("\"RecordType\""));
    let by_graph = has("\"auditData\"") && (has("\"auditLogRecordType\"") || has("\"operation\""));
    wrapped
        || by_graph
        || has("\"o365audit\"")
        || (has("\"o365\"") && has("\"audit\""))
        || has("\\\"CreationTime\\\"") && has("\"original\"")
}

/// Unwraps a record of any shape and hands its audit records on.
pub(super) fn unwrap(record: &Record<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    match record {
        Record::Json(json) => value(json, 0, out),
        Record::Csv { header, row } => csv_row(header, row, out),
        Record::Mail(_) => Err(Reject::NotThisSource),
    }
}

fn value(json: &str, depth: u32, out: &mut dyn Receiver) -> Result<(), Reject> {
    let json = json.trim();
    if json.starts_with('[') {
        return elements(json, depth, out);
    }
    if !json.starts_with('{') {
        return Err(Reject::NotThisSource);
    }
    let mut fields = Fields::scan(json)?;
    if fields.has(Key::AuditData) {
        return audit_data(&fields, fields.raw(Key::AuditData), out);
    }
    if fields.has(Key::Operation) {
        return record(&mut fields, json, None, out);
    }
    if fields.has(Key::O365Audit) || fields.has(Key::O365) {
        return elastic(&fields, out);
    }
    if let Some(original) = fields.object::<ElasticEvent<'_>>(Key::ElasticEvent).and_then(|event| event.original) {
        return within(depth, |depth| value(&unquoted(original.get()), depth, out));
    }
    let list = [Key::Value, Key::Records, Key::Events].into_iter().map(|key| fields.raw(key)).find(|raw| raw.starts_with('['));
    if let Some(list) = list {
        return elements(list, depth, out);
    }
    Err(if fields.has(Key::RecordType) { Reject::bad("the record has no Operation") } else { Reject::NotThisSource })
}

fn within(depth: u32, read: impl FnOnce(u32) -> Result<(), Reject>) -> Result<(), Reject> {
    if depth >= DEPTH_MAX { Err(Reject::bad("envelopes are nested too deeply")) } else { read(depth + 1) }
}

/// Reads each element; one that is broken does not keep the others back.
fn elements(list: &str, depth: u32, out: &mut dyn Receiver) -> Result<(), Reject> {
    let elements: Vec<&RawValue> = serde_json::from_str(list)?;
    if elements.is_empty() {
        return Err(Reject::Nothing);
    }
    let only_one = elements.len() == 1;
    for element in elements {
        match within(depth, |depth| value(element.get(), depth, out)) {
            Ok(()) => {}
            Err(reject) if only_one => return Err(reject),
            Err(reject) => out.reject(reject),
        }
    }
    Ok(())
}

/// The text of a JSON string; anything else as it stands.
fn unquoted(raw: &str) -> String {
    serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned())
}

/// A row or object that holds the record as `AuditData`, as an object or as a string.
fn audit_data(outer: &Fields<'_>, raw: &str, out: &mut dyn Receiver) -> Result<(), Reject> {
    let decoded;
    let json = if raw.starts_with('"') {
        decoded = unquoted(raw);
        decoded.as_str()
    } else {
        raw
    };
    match Fields::scan(json) {
        Ok(mut inner) => record(&mut inner, json, Some(outer), out),
        // A spreadsheet cuts long cells: what the other columns say is still an event.
        Err(_) if outer.has(Key::Operation) => {
            out.reject(Reject::bad("AuditData is cut off or is not JSON; only the columns beside it were read"));
            record(&mut outer.clone(), "{}", None, out)
        }
        Err(reject) => Err(reject),
    }
}

fn csv_row(header: &csv::StringRecord, row: &csv::StringRecord, out: &mut dyn Receiver) -> Result<(), Reject> {
    let mut object = String::new();
    let mut data = None;
    for (name, field) in header.iter().zip(row) {
        if name.eq_ignore_ascii_case("AuditData") {
            data = Some(field).filter(|field| !field.is_empty());
        } else if !field.is_empty() {
            push_column(&mut object, name, field);
        }
    }
    if object.is_empty() {
        object.push('{');
    }
    object.push('}');
    let mut outer = Fields::scan(&object)?;
    match data {
        Some(data) => audit_data(&outer, data, out),
        None if outer.has(Key::Operation) => record(&mut outer, &object, None, out),
        None => Err(Reject::bad("the row has neither AuditData nor an Operation")),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ElasticEvent<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow)]
    provider: Option<&'a RawValue>,
    #[serde(borrow)]
    original: Option<&'a RawValue>,
}

/// What Elastic's pipeline moved out of the record into fields of its own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Moved<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    ip: Option<&'a RawValue>,
    #[serde(borrow)]
    address: Option<&'a RawValue>,
    #[serde(borrow)]
    original: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct O365<'a> {
    #[serde(borrow)]
    audit: Option<&'a RawValue>,
}

fn elastic<'a>(outer: &Fields<'a>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let o365: O365<'a> = outer.object(Key::O365).unwrap_or_default();
    let json = if outer.has(Key::O365Audit) { outer.raw(Key::O365Audit) } else { o365.audit.map_or("", RawValue::get) };
    if !json.starts_with('{') {
        return Err(Reject::NotThisSource);
    }
    let mut moved = outer.clone();
    let mut set = |key: Key, raw: Option<&'a RawValue>| {
        if let Some(raw) = raw {
            moved.set_missing(key, raw.get());
        }
    };
    let event: ElasticEvent<'a> = outer.object(Key::ElasticEvent).unwrap_or_default();
    set(Key::Id, event.id);
    set(Key::Operation, event.action);
    set(Key::Workload, event.provider);
    let client: Moved<'a> = outer.object(Key::ElasticClient).unwrap_or_default();
    set(Key::ClientIp, client.ip.or(client.address));
    let user: Moved<'a> = outer.object(Key::ElasticUser).unwrap_or_default();
    set(Key::UserId, user.id);
    let organization: Moved<'a> = outer.object(Key::ElasticOrganization).unwrap_or_default();
    set(Key::OrganizationId, organization.id);
    let user_agent: Moved<'a> = outer.object(Key::ElasticUserAgent).unwrap_or_default();
    set(Key::UserAgent, user_agent.original);
    record(&mut Fields::scan(json)?, json, Some(&moved), out)
}
