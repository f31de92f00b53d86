//! What becomes of one thing that a normalizer finds: its time and id, and its place in the batch.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::Reader;
use crate::event::{Event, Micros, Snapshot, TimeOrigin, When};
use crate::ingest::batch::{Place, id_hash};
use crate::sources::{Receiver, Record, Reject, time};

/// Takes what a normalizer finds in one record.
pub(super) struct Taker<'t, 'r, 'a> {
    pub(super) reader: &'t mut Reader<'a>,
    pub(super) place: Place<'t>,
    pub(super) record: Option<&'t Record<'r>>,
    pub(super) count: u64,
    pub(super) rejects: Vec<Reject>,
    pub(super) object_time: Micros,
}

impl Receiver for Taker<'_, '_, '_> {
    fn event(&mut self, mut event: Event<'_>) {
        let time = match event.event_time {
            When::At(time) => time,
            When::Unsaid if time::plausible(self.object_time) => {
                event.time_origin = Some(TimeOrigin::Object);
                self.object_time
            }
            When::Unsaid => return self.rejects.push(Reject::bad("it has no time, and neither has its raw object")),
            When::Unreadable => return self.rejects.push(Reject::bad("its time cannot be read")),
        };
        let id: Cow<'_, str> =
            if event.event_id.is_empty() { Cow::Owned(self.content_id(&event)) } else { Cow::Borrowed(event.event_id.as_ref()) };
        self.count += 1;
        let hash = id_hash(&id);
        self.reader.batch.push(&event, &id, hash, time, self.place);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.reader.summary.snapshots += 1;
        let time = snapshot.snapshot_time.unwrap_or(self.object_time);
        self.reader.snapshots.push(&snapshot, time, self.place);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl Taker<'_, '_, '_> {
    /// An id for an event whose vendor gave none: the same bytes are the same act.
    fn content_id(&self, event: &Event<'_>) -> String {
        let mut hasher = Sha256::new();
        match self.record {
            Some(Record::Json(text)) => hasher.update(text.as_bytes()),
            Some(Record::Csv { row, .. }) => hasher.update(row.as_slice().as_bytes()),
            Some(Record::Mail(bytes)) => hasher.update(bytes),
            None => hasher.update(serde_json::to_vec(event).unwrap_or_default()),
        }
        format!("{}:#{}:{}", self.place.source, hex::encode(&hasher.finalize()[..16]), self.count)
    }
}
