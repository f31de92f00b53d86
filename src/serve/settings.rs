//! What `SET` may change and `SHOW` shows: how a client is answered, nothing of the server.

use std::collections::{BTreeMap, HashMap};

use super::audit::Outcome;
use super::problem::Problem;

/// The version that clients are told: what they may ask of the catalogue depends on it.
pub const SERVER_VERSION: &str = "16.6";

/// What there is to set, with its value unless a client says otherwise.
const SETTINGS: [(&str, &str); 26] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("idle_in_transaction_session_timeout", "0"),
    ("in_hot_standby", "off"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("is_superuser", "off"),
    ("jit", "off"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("row_security", "on"),
    ("search_path", "public"),
    ("server_encoding", "UTF8"),
    ("server_version", SERVER_VERSION),
    ("session_authorization", ""),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("timezone", "UTC"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
];

/// Settings whose value clients are told at the start, and when it changes.
const REPORTED: [(&str, &str); 12] = [
    ("application_name", "application_name"),
    ("client_encoding", "client_encoding"),
    ("datestyle", "DateStyle"),
    ("default_transaction_read_only", "default_transaction_read_only"),
    ("in_hot_standby", "in_hot_standby"),
    ("integer_datetimes", "integer_datetimes"),
    ("intervalstyle", "IntervalStyle"),
    ("is_superuser", "is_superuser"),
    ("server_encoding", "server_encoding"),
    ("server_version", "server_version"),
    ("session_authorization", "session_authorization"),
    ("standard_conforming_strings", "standard_conforming_strings"),
];

/// A connection's settings.
#[derive(Debug, Clone)]
pub struct Settings(HashMap<String, String>);

impl Settings {
    /// The settings of a new connection, with those of its first message that may be set; others are left as they are.
    pub fn new(user: &str, asked: &BTreeMap<String, String>) -> Self {
        let mut settings: HashMap<String, String> =
            SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        settings.insert("session_authorization".to_owned(), user.to_owned());
        let mut settings = Self(settings);
        for (name, value) in asked {
            let name = canonical(&name.to_lowercase());
            if check(&name, value).is_ok() {
                settings.set(&name, value);
            }
        }
        settings
    }

    /// Sets what [`check`] allows.
    pub fn set(&mut self, name: &str, value: &str) {
        let value = match SETTINGS.iter().find(|(known, _)| *known == name) {
            Some((_, default)) if value.eq_ignore_ascii_case("default") => *default,
            _ => value,
        };
        // The one encoding and the one way of dates that there are, however they are written.
        let value = match name {
            "client_encoding" => "UTF8",
            "datestyle" => "ISO, YMD",
            _ => value,
        };
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// A setting's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them, for writing values as text.
    pub fn all(&self) -> &HashMap<String, String> {
        &self.0
    }

    /// Names and values that clients are told.
    pub fn reported(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let told = REPORTED.iter().filter_map(|(name, shown)| Some((*shown, self.get(name)?)));
        told.chain([("TimeZone", self.get("timezone").unwrap_or("UTC"))])
    }

    /// The name under which a client is told of a change of a setting.
    pub fn reported_name(name: &str) -> Option<&'static str> {
        if name == "timezone" {
            return Some("TimeZone");
        }
        REPORTED.iter().find(|(known, _)| *known == name).map(|(_, shown)| *shown)
    }

    /// The statement timeout that the client asked for, in milliseconds.
    pub fn statement_timeout(&self) -> Option<u64> {
        let text = self.get("statement_timeout")?.trim();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let factor = match unit.trim() {
            "" | "ms" => 1,
            "s" => 1_000,
            "min" => 60_000,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(factor).filter(|millis| *millis > 0)
    }
}

/// The name a setting goes by.
pub fn canonical(name: &str) -> String {
    match name {
        "time_zone" | "time zone" => "timezone".to_owned(),
        "names" => "client_encoding".to_owned(),
        "transaction_isolation_level" => "transaction_isolation".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether a setting may have a value.
///
/// # Errors
/// What would change the server, or cannot be kept.
pub fn check(name: &str, value: &str) -> Result<(), Problem> {
    let lower = value.to_lowercase();
    let only = |allowed: &[&str]| {
        if allowed.contains(&lower.as_str()) || lower == "default" {
            return Ok(());
        }
        Err(Problem::new("22023", format!("`{name}` can only be {}", allowed.join(" or ")), Outcome::Refused))
    };
    match name {
        "application_name"
        | "client_min_messages"
        | "extra_float_digits"
        | "idle_in_transaction_session_timeout"
        | "lock_timeout"
        | "statement_timeout"
        | "jit"
        | "row_security" => Ok(()),
        "bytea_output" => only(&["hex", "escape"]),
        "client_encoding" => only(&["utf8", "utf-8", "unicode"]),
        "intervalstyle" => only(&["postgres", "iso_8601", "sql_standard", "postgres_verbose"]),
        "standard_conforming_strings" => only(&["on"]),
        "default_transaction_read_only" | "transaction_read_only" => only(&["on", "true", "1"]),
        "default_transaction_isolation" | "transaction_isolation" => {
            only(&["read committed", "repeatable read", "serializable", "read uncommitted"])
        }
        "search_path" => only(&[
            "public",
            "public, \"$user\"",
            "public,\"$user\"",
            "public, $user",
            "\"$user\", public",
            "\"$user\",public",
            "$user, public",
            "public, pg_catalog",
            "pg_catalog, public",
            "",
        ]),
        "datestyle" if lower.starts_with("iso") || lower == "default" => Ok(()),
        "datestyle" => only(&["iso"]),
        // Times are UTC, and are sent so: a client that converts does it on its side.
        "timezone" => Ok(()),
        _ => Err(Problem::refused(format!("`{name}` cannot be set"))),
    }
}
