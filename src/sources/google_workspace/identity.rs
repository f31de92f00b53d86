//! What tells the events of one activity apart, whatever envelope they came in.
//!
//! Shippers write one value in several ways: a boolean as text, a list of one as the one, a name in another case, a parameter that is not
//! set as null or not at all. All of these are brought to one form here before they are hashed.

use std::borrow::Cow;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::parameters::{Parameters, first};

/// Values within values that are brought to one form; deeper ones count as they are written. Google's own nest five deep.
const DEPTH_MAX: usize = 8;

/// The activity's id, the event's name, and a number over who acted and all that the parameters say.
pub(super) fn event_id(activity: &str, actor: Option<&str>, name: &str, parameters: &Parameters<'_>) -> String {
    let mut said = String::with_capacity(1024);
    text(actor.unwrap_or_default(), &mut said);
    members(parameters.iter(), 0, &mut said);
    let number = Sha256::digest(said.as_bytes()).iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{activity}:{name}:{number:016x}")
}

/// Text with its length before it, so that no text can look like two.
fn text(text: &str, out: &mut String) {
    out.push_str(&text.len().to_string());
    out.push(':');
    out.push_str(text);
}

/// Writes a value in the one form; nothing if it says nothing.
fn value(json: &str, depth: usize, out: &mut String) {
    match json.as_bytes().first() {
        Some(b'{') if depth < DEPTH_MAX => members(Parameters::of_object(json, &[]).iter(), depth, out),
        Some(b'[') if depth < DEPTH_MAX => list(json, depth, out),
        Some(b'{' | b'[') => text(json, out),
        _ => scalar(json, out),
    }
}

/// Members sorted by name, without those that say nothing.
fn members<'p>(all: impl Iterator<Item = (&'p str, &'p str)>, depth: usize, out: &mut String) {
    let mut written = String::new();
    let mut found = Vec::new();
    for (name, json) in all {
        let start = written.len();
        value(json, depth + 1, &mut written);
        if written.len() > start {
            let lower = name.bytes().any(|byte| byte.is_ascii_uppercase());
            let name = if lower { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) };
            found.push((name, start..written.len()));
        }
    }
    if found.is_empty() {
        return;
    }
    let mut found: Vec<(Cow<'_, str>, &str)> =
        found.into_iter().map(|(name, range)| (name, written.get(range).unwrap_or_default())).collect();
    found.sort_unstable();
    out.push('{');
    for (name, written) in found {
        text(&name, out);
        out.push_str(written);
    }
    out.push('}');
}

/// A list of one is the one; in longer ones each member keeps its place.
fn list(json: &str, depth: usize, out: &mut String) {
    let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    if let [item] = items.as_slice() {
        return value(item.get(), depth + 1, out);
    }
    if items.is_empty() {
        return;
    }
    out.push('[');
    for item in items {
        let start = out.len();
        value(item.get(), depth + 1, out);
        if out.len() == start {
            text("", out);
        }
    }
    out.push(']');
}

/// A text, number or boolean; false says as little as null, for shippers leave out what is not set.
fn scalar(json: &str, out: &mut String) {
    // A whole number may be longer than any integer type: its digits are its text.
    if !json.is_empty() && json.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return text(json, out);
    }
    match first(json) {
        None => {}
        Some(said) if said.eq_ignore_ascii_case("false") => {}
        Some(said) if said.eq_ignore_ascii_case("true") => text("true", out),
        Some(said) => text(&said, out),
    }
}
