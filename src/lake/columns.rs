//! The columns of `events`, once: name, how an [`Event`] fills it, and how Parquet stores it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::scalar::ScalarValue;

use crate::event::{Event, Micros};

/// A time, in microseconds since 1970, as a value of that type: what queries and filters compare with.
pub fn utc(time: Micros) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(time), Some("UTC".into()))
}

/// The type of every time column: microseconds, UTC.
pub fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// How an event fills a text column.
pub type TextOf = for<'e> fn(&'e Event<'_>) -> Option<&'e str>;

/// Text columns in schema order, after `event_id`.
pub const TEXT: &[(&str, TextOf)] = &[
    ("time_origin", |e| e.time_origin.map(|o| o.as_str())),
    ("surface", |e| Some(e.surface.as_str())),
    ("action", |e| Some(e.action.as_str())),
    ("vendor_action", |e| e.vendor_action.as_deref()),
    ("outcome", |e| Some(e.outcome.as_str())),
    ("batch_id", |e| e.batch_id.as_deref()),
    ("actor_id", |e| e.actor_id.as_deref()),
    ("actor_name", |e| e.actor_name.as_deref()),
    ("actor_email", |e| e.actor_email.as_deref()),
    ("actor_org", |e| e.actor_org.as_deref()),
    ("on_behalf_of", |e| e.on_behalf_of.as_deref()),
    ("actor_class", |e| e.actor_class.map(|c| c.as_str())),
    ("client_class", |e| e.client_class.map(|c| c.as_str())),
    ("app_id", |e| e.app_id.as_deref()),
    ("app_name", |e| e.app_name.as_deref()),
    ("session_id", |e| e.session_id.as_deref()),
    ("src_ip", |e| e.src_ip.as_deref()),
    ("user_agent", |e| e.user_agent.as_deref()),
    ("country", |e| e.country.as_deref()),
    ("device_name", |e| e.device_name.as_deref()),
    ("os", |e| e.os.as_deref()),
    ("workspace_id", |e| e.workspace_id.as_deref()),
    ("channel_id", |e| e.channel_id.as_deref()),
    ("channel_name", |e| e.channel_name.as_deref()),
    ("channel_type", |e| e.channel_type.map(|c| c.as_str())),
    ("permalink", |e| e.permalink.as_deref()),
    ("message_id", |e| e.message_id.as_deref()),
    ("thread_id", |e| e.thread_id.as_deref()),
    ("text", |e| e.text.as_deref()),
    ("search_query", |e| e.search_query.as_deref()),
    ("file_id", |e| e.file_id.as_deref()),
    ("file_name", |e| e.file_name.as_deref()),
    ("file_type", |e| e.file_type.as_deref()),
    ("file_hash", |e| e.file_hash.as_deref()),
    ("file_owner", |e| e.file_owner.as_deref()),
    ("object_url", |e| e.object_url.as_deref()),
    ("sensitivity_label", |e| e.sensitivity_label.as_deref()),
    ("target", |e| e.target.as_deref()),
    ("target_type", |e| e.target_type.as_deref()),
    ("target_domain", |e| e.target_domain.as_deref()),
    ("target_account", |e| e.target_account.as_deref()),
    ("attributes", |e| e.attributes.as_deref()),
];

/// Text columns whose values are a closed list.
pub const CLOSED: &[&str] = &["time_origin", "surface", "action", "outcome", "actor_class", "client_class", "channel_type"];

/// Columns that hold people's own words: outside every statistic, compressed hard, no dictionary.
pub const PROSE: &[&str] = &["text", "search_query", "file_name", "target", "attributes", "object_url", "permalink"];

/// Columns by whose least and greatest values row groups and pages are passed over: times, and what files are sorted by.
pub const COUNTED: &[&str] = &["event_time", "time_origin", "action", "interval_start", "local_day", "run_time", "ingest_time"];

/// Columns by which single rows are looked up.
pub const LOOKED_UP: &[&str] = &["event_id", "actor_id", "file_id", "message_id"];

/// The schema of `events` as it lies in Parquet files; `event_date`, the partition column, is the last of the table's.
pub fn events_file_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let mut fields = vec![
        Field::new("event_id", DataType::Utf8, false),
        Field::new("event_time", time_type(), false),
        Field::new("ingest_time", time_type(), false),
        Field::new("source", DataType::Utf8, false),
        text("raw_object"),
        Field::new("raw_line", DataType::Int64, true),
    ];
    fields.extend(TEXT.iter().map(|(name, _)| text(name)));
    fields.extend([
        Field::new("device_managed", DataType::Boolean, true),
        Field::new("channel_external", DataType::Boolean, true),
        Field::new("file_size", DataType::Int64, true),
        Field::new("recipients", DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))), true),
    ]);
    Arc::new(Schema::new(fields))
}
