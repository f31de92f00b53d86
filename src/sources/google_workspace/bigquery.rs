//! Rows of BigQuery's export of Workspace logs: values apart from their names, addresses as bytes.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::sources::address;
use crate::sources::lenient::Str;

/// Records within records that are followed.
const DEPTH_MAX: usize = 16;

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    f: Vec<Cell<'a>>,
}

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(borrow)]
    v: &'a RawValue,
}

#[derive(Deserialize)]
struct Schema<'a> {
    #[serde(borrow)]
    fields: Vec<Field<'a>>,
}

#[derive(Deserialize)]
struct Field<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    mode: Str<'a>,
    #[serde(default)]
    fields: Vec<Self>,
}

/// A row of BigQuery's REST API with the names of its schema put to its values, as a JSON object.
pub(super) fn row(row: &RawValue, schema: &RawValue) -> Option<String> {
    let schema: Schema<'_> = serde_json::from_str(schema.get()).ok()?;
    let mut json = String::with_capacity(row.get().len() * 2);
    object(row, &schema.fields, 0, &mut json)?;
    Some(json)
}

fn object(raw: &RawValue, fields: &[Field<'_>], depth: usize, json: &mut String) -> Option<()> {
    let row: Row<'_> = serde_json::from_str(raw.get()).ok()?;
    if depth > DEPTH_MAX || row.f.len() != fields.len() {
        return None;
    }
    json.push('{');
    for (at, (cell, field)) in row.f.iter().zip(fields).enumerate() {
        if at > 0 {
            json.push(',');
        }
        json.push_str(&serde_json::to_string(field.name.get().unwrap_or_default()).unwrap_or_default());
        json.push(':');
        value(cell.v, field, depth, json)?;
    }
    json.push('}');
    Some(())
}

fn value(raw: &RawValue, field: &Field<'_>, depth: usize, json: &mut String) -> Option<()> {
    let single = |raw: &RawValue, json: &mut String| {
        if field.fields.is_empty() || raw.get() == "null" {
            json.push_str(raw.get());
            return Some(());
        }
        object(raw, &field.fields, depth + 1, json)
    };
    if field.mode.get() != Some("REPEATED") || raw.get() == "null" {
        return single(raw, json);
    }
    let cells: Vec<Cell<'_>> = serde_json::from_str(raw.get()).ok()?;
    json.push('[');
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        single(cell.v, json)?;
    }
    json.push(']');
    Some(())
}

/// The address in a column of type BYTES: Base64 of its text, or of its 4 or 16 bytes.
pub(super) fn ip_bytes(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    if let Some(ip) = std::str::from_utf8(&bytes).ok().and_then(address::ip) {
        return Some(ip.into_owned());
    }
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(ip.to_canonical().to_string())
}
