//! The events behind an alert: id, time, action and what it was done to, with credentials masked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, TimestampMicrosecondType};
use datafusion::prelude::SessionContext;

use super::{Alert, EVIDENCE_MAX};
use crate::error::{Error, Result};
use crate::event::Micros;
use crate::lake::columns::utc;
use crate::session;

/// One event of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The event.
    pub event_id: String,
    /// When.
    pub event_time: Micros,
    /// What was done.
    pub action: String,
    /// To what, with credentials masked.
    pub object: Option<String>,
}

/// What an event was done to: the most telling of its columns, masked.
const OBJECT: &str = "SELECT e.event_id, e.event_time, e.action,
       credential_redact(coalesce(e.file_name, e.search_query, e.target, e.channel_name, e.object_url, e.message_id)) AS object
FROM events e JOIN fired f ON e.event_id = f.event_id
WHERE e.event_time >= $first AND e.event_time <= $last";

/// Fills in the evidence of alerts, the first events by time and id.
pub async fn fill(context: &SessionContext, alerts: &mut [Alert]) -> Result<()> {
    let mut ids: Vec<&str> = alerts.iter().flat_map(|alert| alert.evidence_ids.iter().map(String::as_str)).collect();
    ids.sort_unstable();
    ids.dedup();
    let times = alerts.iter().flat_map(|alert| [alert.first_event_time, alert.last_event_time]).flatten();
    let (first, last) = times.fold((Micros::MAX, Micros::MIN), |(first, last), time| (first.min(time), last.max(time)));
    if ids.is_empty() || first > last {
        return Ok(());
    }
    let schema = Arc::new(Schema::new(vec![Field::new("event_id", DataType::Utf8, false)]));
    let fired = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(StringArray::from(ids))])?;
    session::register_rows(context, "fired", fired)?;
    let frame = context.sql(OBJECT).await?.with_param_values(vec![("first", utc(first)), ("last", utc(last))])?;
    let mut found = HashMap::new();
    for batch in frame.collect().await? {
        read(&batch, &mut found);
    }
    context.deregister_table("fired")?;
    for alert in alerts {
        let mut events: BTreeMap<(Micros, &str), &Evidence> = BTreeMap::new();
        for id in &alert.evidence_ids {
            if let Some(evidence) = found.get(id) {
                events.insert((evidence.event_time, id), evidence);
            }
        }
        alert.evidence = events.into_values().take(EVIDENCE_MAX).cloned().collect();
    }
    Ok(())
}

fn read(batch: &RecordBatch, found: &mut HashMap<String, Evidence>) {
    let (ids, actions, objects) =
        (batch.column(0).as_string::<i32>(), batch.column(2).as_string::<i32>(), batch.column(3).as_string::<i32>());
    let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
    for row in 0..batch.num_rows() {
        let evidence = Evidence {
            event_id: ids.value(row).to_owned(),
            event_time: times.value(row),
            action: actions.value(row).to_owned(),
            object: objects.is_valid(row).then(|| objects.value(row).to_owned()),
        };
        found.insert(evidence.event_id.clone(), evidence);
    }
}

/// The evidence as a list column of the field's type.
pub fn column(field: &Field, alerts: &[Alert]) -> Result<ArrayRef> {
    let DataType::List(element) = field.data_type() else { return Err(Error::internal("evidence is a list")) };
    let DataType::Struct(fields) = element.data_type() else { return Err(Error::internal("evidence is a list of structs")) };
    let all = || alerts.iter().flat_map(|alert| &alert.evidence);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(all().map(|e| Some(e.event_id.as_str())).collect::<StringArray>()),
        Arc::new(TimestampMicrosecondArray::from_iter_values(all().map(|e| e.event_time)).with_timezone("UTC")),
        Arc::new(all().map(|e| Some(e.action.as_str())).collect::<StringArray>()),
        Arc::new(all().map(|e| e.object.as_deref()).collect::<StringArray>()),
    ];
    let values = StructArray::try_new(fields.clone(), columns, None)?;
    let offsets = OffsetBuffer::from_lengths(alerts.iter().map(|alert| alert.evidence.len()));
    Ok(Arc::new(ListArray::try_new(Arc::clone(element), offsets, Arc::new(values), None)?))
}
