//! What a test received from a normalizer, as JSON that it can ask.

use serde_json::Value;

use crate::event::{Event, Snapshot};
use crate::sources::{Origin, Receiver, Record, Reject, Source};

/// Everything one record yielded.
#[derive(Default)]
pub struct Collected {
    /// The events, one JSON object each.
    pub events: Vec<Value>,
    /// The parts that could not be read.
    pub rejects: Vec<Reject>,
    /// What normalizing returned.
    pub end: Option<Reject>,
}

impl Receiver for Collected {
    fn event(&mut self, event: Event<'_>) {
        self.events.push(serde_json::to_value(event).expect("events are JSON"));
    }
    fn snapshot(&mut self, _snapshot: Snapshot<'_>) {}
    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl Collected {
    /// Normalizes a record as that source's.
    pub fn from(source: Source, record: &Record<'_>, path: &str) -> Self {
        let mut collected = Self::default();
        let origin = Origin { path, object_time: 0, export: None };
        collected.end = source.normalize(record, &origin, &mut collected).err();
        collected
    }

    /// Normalizes JSON that must be recognised as that source's.
    pub fn recognised(source: Source, json: &str) -> Self {
        let origin = Origin { path: "raw/x.json", object_time: 0, export: None };
        assert_eq!(Source::recognise(&Record::Json(json), &origin), Some(source), "{json}");
        Self::from(source, &Record::Json(json), origin.path)
    }

    /// A column of an event as text, `""` if it is empty.
    pub fn column(&self, at: usize, name: &str) -> String {
        match self.events.get(at).and_then(|event| event.get(name)) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        }
    }

    /// Asserts columns of the only event.
    pub fn has(&self, columns: &[(&str, &str)]) {
        assert_eq!((self.events.len(), &self.end), (1, &None));
        self.has_at(0, columns);
    }

    /// Asserts columns of one of several events.
    pub fn has_at(&self, at: usize, columns: &[(&str, &str)]) {
        for (name, expected) in columns {
            assert_eq!(&self.column(at, name), expected, "{name} of {:?}", self.events.get(at));
        }
    }
}

/// Feeds arbitrary text, and a valid record with a piece cut out or replaced: nothing may panic.
pub fn never_panics(source: Source, valid: &[&str], noise: &str, cut: (usize, usize)) {
    let origin = Origin { path: noise, object_time: 0, export: None };
    let feed = |json: &str| {
        let record = Record::Json(json);
        let _ = Source::recognise(&record, &origin);
        let _ = source.normalize(&record, &origin, &mut Collected::default());
    };
    feed(noise);
    for json in valid {
        let (from, to) = (cut.0 % (json.len() + 1), cut.1 % (json.len() + 1));
        let mut bytes = json.as_bytes().to_vec();
        bytes.splice(from.min(to)..from.max(to), noise.bytes());
        feed(&String::from_utf8_lossy(&bytes));
    }
}
