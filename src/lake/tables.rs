//! The tables of the lake that are not made by a job: name, columns, partitions.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::columns::{events_file_schema, time_type};

/// What a table is made of.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Its name: the folder under the lake's root and the name in SQL.
    pub name: String,
    /// All columns, partition columns last.
    pub schema: SchemaRef,
    /// How many of the last columns are partitions.
    pub partitions: usize,
    /// Columns whose least and greatest values stand in the log. Never one that holds people's words.
    pub statistics: Vec<String>,
}

impl TableSpec {
    /// A table of one file set, with statistics on `statistics`.
    pub fn new(name: impl Into<String>, schema: SchemaRef, statistics: &[&str]) -> Self {
        Self { name: name.into(), schema, partitions: 0, statistics: statistics.iter().map(ToString::to_string).collect() }
    }

    /// The same, partitioned by its last `count` columns.
    #[must_use]
    pub fn partitioned(mut self, count: usize) -> Self {
        self.partitions = count;
        self
    }

    /// The column by whose time rows grow old.
    pub fn time_column(&self) -> &str {
        if self.name == "runs" { "run_time" } else { self.statistics.first().map_or("", String::as_str) }
    }

    /// The columns by which rows are sorted inside a file.
    pub fn order(&self) -> Vec<&str> {
        match self.name.as_str() {
            "events" => vec!["action", "event_time", "event_id"],
            _ => vec![self.time_column()],
        }
    }

    /// The columns as they lie in files: all but the partitions.
    pub fn file_schema(&self) -> SchemaRef {
        let fields = self.schema.fields();
        Arc::new(Schema::new(fields[..fields.len() - self.partitions].to_vec()))
    }

    /// Names of the partition columns.
    pub fn partition_columns(&self) -> Vec<String> {
        let fields = self.schema.fields();
        fields[fields.len() - self.partitions..].iter().map(|f| f.name().clone()).collect()
    }
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn time(name: &str) -> Field {
    Field::new(name, time_type(), true)
}

fn int(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn float(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

/// One row an act.
pub fn events() -> TableSpec {
    let mut fields: Vec<Arc<Field>> = events_file_schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("event_date", DataType::Date32, true)));
    TableSpec::new("events", Arc::new(Schema::new(fields)), &["event_time", "time_origin", "ingest_time", "action", "source"])
        .partitioned(1)
}

/// Statements of state: who is in a channel, where a file lies, who a user is.
pub fn snapshots() -> TableSpec {
    let fields = vec![
        text("snapshot_id"),
        time("snapshot_time"),
        text("source"),
        text("kind"),
        text("workspace_id"),
        text("channel_id"),
        text("channel_name"),
        text("channel_type"),
        Field::new("channel_external", DataType::Boolean, true),
        text("actor_id"),
        text("actor_name"),
        text("actor_email"),
        text("role"),
        text("file_id"),
        text("file_name"),
        int("file_size"),
        text("file_owner"),
        text("raw_object"),
    ];
    TableSpec::new("snapshots", Arc::new(Schema::new(fields)), &["snapshot_time"])
}

/// Raw objects that were read.
pub fn objects() -> TableSpec {
    let fields = vec![
        text("object"),
        text("etag"),
        int("bytes"),
        int("lines"),
        int("events"),
        int("quarantined"),
        text("state"),
        time("ingest_time"),
    ];
    TableSpec::new("objects", Arc::new(Schema::new(fields)), &["ingest_time"])
}

/// Places in raw objects that became no event, and why. Never the line itself. `state` says what a later reading made of a place:
/// `landed` or `gone`; nothing is still as it was.
pub fn quarantine() -> TableSpec {
    let fields = vec![
        text("object"),
        int("line"),
        int("line_to"),
        int("column"),
        text("source"),
        text("reason"),
        time("ingest_time"),
        text("state"),
        time("retry_time"),
    ];
    TableSpec::new("quarantine", Arc::new(Schema::new(fields)), &["ingest_time"])
}

/// Credentials that were masked before their events were written (`ingest.redact`): what they were, never the credential.
/// An ingest that was interrupted may tell one twice.
pub fn ingest_findings() -> TableSpec {
    let fields = vec![
        text("event_id"),
        time("event_time"),
        text("field"),
        text("rule"),
        text("kind"),
        float("confidence"),
        int("start_byte"),
        int("end_byte"),
        text("masked"),
        text("fingerprint"),
    ];
    TableSpec::new("ingest_findings", Arc::new(Schema::new(fields)), &["event_time"])
}

/// The ledger of what jobs did.
pub fn runs() -> TableSpec {
    let fields = vec![
        text("run_id"),
        text("job"),
        time("interval_start"),
        time("interval_end"),
        text("job_version"),
        text("inputs"),
        text("policy_hash"),
        int("rows_out"),
        float("seconds"),
        text("state"),
        text("reason"),
        time("run_time"),
        int("output_version"),
    ];
    TableSpec::new("runs", Arc::new(Schema::new(fields)), &["interval_start", "interval_end", "run_time"])
}

fn alert_fields() -> Vec<Field> {
    let evidence =
        Field::new("element", DataType::Struct(vec![text("event_id"), time("event_time"), text("action"), text("object")].into()), true);
    vec![
        text("alert_id"),
        text("case_id"),
        text("detection_version"),
        text("severity"),
        int("risk_score"),
        Field::new("techniques", DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))), true),
        text("entity_type"),
        text("entity_id"),
        text("alert_key"),
        text("group_name"),
        time("interval_start"),
        time("interval_end"),
        time("first_event_time"),
        time("last_event_time"),
        float("observed"),
        float("expected"),
        float("spread"),
        float("score"),
        float("p_value"),
        int("history_days"),
        int("peers"),
        text("status"),
        text("summary"),
        Field::new("evidence", DataType::List(Arc::new(evidence)), true),
        int("evidence_total"),
        text("fingerprint"),
        text("payload_hash"),
    ]
}

/// One row for a person to look at.
pub fn alerts() -> TableSpec {
    let mut fields = alert_fields();
    fields.extend([text("detection_id"), text("month")]);
    TableSpec::new("alerts", Arc::new(Schema::new(fields)), &["interval_start", "interval_end"]).partitioned(2)
}

/// What analysts decided about cases; only added to.
pub fn alert_actions() -> TableSpec {
    let fields = vec![
        time("action_time"),
        text("case_id"),
        text("decision"),
        text("verdict"),
        text("comment"),
        time("until"),
        float("observed"),
        text("by"),
    ];
    TableSpec::new("alert_actions", Arc::new(Schema::new(fields)), &["action_time"])
}

/// What changed in `alerts`, by which run: append-only.
pub fn alert_changes() -> TableSpec {
    let fields = vec![
        text("change"),
        text("reason"),
        text("run_id"),
        time("change_time"),
        text("alert_id"),
        text("case_id"),
        text("detection_id"),
        text("severity"),
        text("status"),
        text("entity_id"),
        time("interval_start"),
        time("interval_end"),
        float("observed"),
        text("summary"),
        text("payload_hash"),
        // Of lakes that are older than deliveries these are NULL.
        text("alert_key"),
        text("entity_type"),
        text("group_name"),
        int("risk_score"),
        time("first_event_time"),
        time("last_event_time"),
        float("expected"),
        int("evidence_total"),
        text("fingerprint"),
    ];
    TableSpec::new("alert_changes", Arc::new(Schema::new(fields)), &["change_time", "interval_start"])
}

/// What was told to sinks, and what was tried: append-only. Rows with the state `cursor` say up to when a sink was told everything.
pub fn deliveries() -> TableSpec {
    let fields = vec![
        text("sink"),
        text("change_id"),
        text("alert_id"),
        text("case_id"),
        text("payload_hash"),
        text("change"),
        time("change_time"),
        int("attempt"),
        text("state"),
        time("delivery_time"),
        time("retry_time"),
        text("error"),
    ];
    TableSpec::new("deliveries", Arc::new(Schema::new(fields)), &["sink", "change_time", "state", "delivery_time"])
}

/// What `maintain` did: `compact`, `checkpoint`, `vacuum`, `retention`, `erase`, and `done` for a whole round.
pub fn maintenance() -> TableSpec {
    let fields = vec![
        time("action_time"),
        text("action"),
        text("table_name"),
        text("column_name"),
        time("before"),
        int("files"),
        int("rows"),
        int("bytes"),
        text("person_id"),
        text("why"),
        text("run_id"),
    ];
    TableSpec::new("maintenance", Arc::new(Schema::new(fields)), &["action_time"])
}

/// Who asked what of the server, and how it ended: append-only.
pub fn queries() -> TableSpec {
    let fields = vec![
        time("start_time"),
        text("user_name"),
        text("role"),
        text("application"),
        text("address"),
        text("statement"),
        int("rows"),
        int("bytes"),
        float("seconds"),
        text("outcome"),
        text("code"),
    ];
    TableSpec::new("queries", Arc::new(Schema::new(fields)), &["start_time"])
}

/// Who saw names instead of pseudonyms, when, why, by which command and of what: append-only.
pub fn unmaskings() -> TableSpec {
    let fields = vec![time("unmask_time"), text("by"), text("why"), text("command"), text("what")];
    TableSpec::new("unmaskings", Arc::new(Schema::new(fields)), &["unmask_time"])
}

/// Every table that is not made by a job.
pub fn all() -> Vec<TableSpec> {
    vec![
        events(),
        snapshots(),
        objects(),
        quarantine(),
        ingest_findings(),
        runs(),
        alerts(),
        alert_changes(),
        alert_actions(),
        deliveries(),
        maintenance(),
        queries(),
        unmaskings(),
    ]
}
