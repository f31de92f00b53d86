//! Objects with mutated bytes: each lands whole, or stands in quarantine with a reason; whatever lies beside it lands.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use bittern::clock::Clock;
use bittern::config::Config;
use bittern::pipeline::Bittern;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::{NOW, config, land, rows};

/// Records of an object.
const RECORDS: usize = 12;

/// One event as a line; the object's name stands in its id.
fn line(object: &str, number: usize) -> String {
    serde_json::json!({
        "event_id": format!("{object}:{number}"), "event_time": format!("2026-03-02T10:{number:02}:00Z"), "action": "login",
        "source": "x", "surface": "chat", "actor_id": format!("U{number}"),
    })
    .to_string()
}

fn lines(object: &str) -> Vec<u8> {
    (0..RECORDS).map(|number| line(object, number) + "\n").collect::<String>().into_bytes()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn table(object: &str, compression: Compression) -> Vec<u8> {
    let column =
        |of: &dyn Fn(usize) -> String| -> ArrayRef { Arc::new((0..RECORDS).map(|number| Some(of(number))).collect::<StringArray>()) };
    let batch = RecordBatch::try_from_iter([
        ("row_id", column(&|number| format!("{object}:{number}"))),
        ("row_time", column(&|number| format!("2026-03-02T10:{number:02}:00Z"))),
        ("who", column(&|number| format!("U{number}"))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// A source of numbers that is the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Changes bytes in one of the ways in which disks, networks and people do.
fn mutated(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let length = bytes.len();
    let at = random.below(length);
    let to = (at + 1 + random.below(64)).min(length);
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => (0..8).for_each(|_| bytes[random.below(length)] ^= 1 << random.below(8)),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..to)),
        4 => bytes[at..to].fill(0),
        5 => bytes[at..to].fill_with(|| u8::try_from(random.below(256)).unwrap()),
        6 => {
            let piece = bytes[at..to].to_vec();
            let place = random.below(length);
            bytes.splice(place..place, piece);
        }
        // Near the end: footers, checksums and lengths.
        _ => {
            let near = length - 1 - random.below(length.min(16));
            bytes[near] = u8::try_from(random.below(256)).unwrap();
        }
    }
    bytes
}

/// What has to be said of an object that is read by line: the ids that it shows, how many events it has, and how many lines are none.
fn readable(bytes: &[u8]) -> (BTreeSet<String>, usize, usize) {
    let (mut ids, mut without, mut others) = (BTreeSet::new(), 0, 0);
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<serde_json::Value>(line) {
            Ok(value) => match value["event_id"].as_str().filter(|id| !id.is_empty()) {
                Some(id) => drop(ids.insert(id.to_owned())),
                // The event gets an id from its bytes.
                None => without += 1,
            },
            Err(_) => others += 1,
        }
    }
    let shown = ids.len() + without;
    (ids, shown, others)
}

/// What the lake says of an object.
#[derive(Debug, Default)]
struct Told {
    ids: BTreeSet<String>,
    events: usize,
    /// First and last line, and why.
    places: Vec<(u64, u64, String)>,
    known: bool,
}

async fn told(folder: &Path) -> BTreeMap<String, Told> {
    let bittern = open(folder).await;
    let mut found: BTreeMap<String, Told> = BTreeMap::new();
    let name = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let values = async |sql: &str| -> Vec<serde_json::Value> {
        rows(&bittern, sql).await.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for row in values("SELECT event_id, raw_object FROM events").await {
        let object = found.entry(name(&row, "raw_object")).or_default();
        object.ids.insert(row["event_id"].as_str().unwrap().to_owned());
        object.events += 1;
    }
    for row in values("SELECT object, line, line_to, reason FROM quarantine").await {
        let line = |key: &str| row[key].as_u64().unwrap_or_default();
        let reason = row["reason"].as_str().unwrap().to_owned();
        found.entry(name(&row, "object")).or_default().places.push((line("line"), line("line_to"), reason));
    }
    for row in values("SELECT object FROM objects").await {
        found.entry(name(&row, "object")).or_default().known = true;
    }
    found
}

async fn open(folder: &Path) -> Bittern {
    let lake = folder.join("lake").display().to_string();
    let config = Config { sql: Some(folder.join("sql")), ..config(folder, None) };
    Bittern::open_to_land(&config, &lake, Clock::Fixed(NOW)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mutated_objects_land_or_stand_in_quarantine_and_hold_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    std::fs::create_dir_all(folder.path().join("sql/sources")).unwrap();
    std::fs::write(
        folder.path().join("sql/sources/tabled.sql"),
        "-- title = \"Tabled\"\n-- surface = \"identity\"\n-- requires = [\"row_id\"]\n-- [columns]\n-- row_id = \"VARCHAR\"\n\
         -- row_time = \"VARCHAR\"\n-- who = \"VARCHAR\"\n\
         SELECT row_id AS event_id, row_time AS event_time, 'login' AS action, who AS actor_id FROM raw\n",
    )
    .unwrap();
    let count = (2_000 / super::stride(5)).max(40);
    let mut random = Random(41);
    let mut written: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for number in 0..count {
        let (kind, bytes) = match number % 4 {
            0 => ("parquet", table(&format!("o{number}"), if number % 8 == 0 { Compression::SNAPPY } else { Compression::UNCOMPRESSED })),
            1 => ("ndjson.gz", gzipped(&lines(&format!("o{number}")))),
            2 => ("ndjson", lines(&format!("o{number}"))),
            _ => {
                let members: Vec<String> = (0..RECORDS).map(|at| line(&format!("o{number}"), at)).collect();
                ("json", format!("[{}]", members.join(", ")).into_bytes())
            }
        };
        let whole = format!("o{number:05}-whole.ndjson");
        std::fs::write(raw.join(whole), lines(&format!("w{number}"))).unwrap();
        let name = format!("o{number:05}-mutated.{kind}");
        let bytes = mutated(bytes, &mut random);
        std::fs::write(raw.join(&name), &bytes).unwrap();
        written.insert(name, bytes);
    }
    let summary = land(&open(folder.path()).await, &[&raw]).await.unwrap();
    assert_eq!(summary.objects, 2 * count as u64);

    let told = told(folder.path()).await;
    let mut wrong = Vec::new();
    let (mut landed, mut quarantined) = (0, 0);
    for number in 0..count {
        let whole = &told[&format!("o{number:05}-whole.ndjson")];
        assert!(whole.known && whole.events == RECORDS && whole.places.is_empty(), "{number}: {whole:?}");
    }
    let nothing = Told::default();
    let landed_ids: BTreeSet<&String> = told.values().flat_map(|told| &told.ids).collect();
    for (name, bytes) in &written {
        let found = told.get(name).unwrap_or(&nothing);
        let problem = silent(name, bytes, found, &landed_ids);
        wrong.extend(problem.map(|problem| format!("{name}: {problem}; {:?}, {} events", found.places, found.events)));
        landed += usize::from(found.places.is_empty());
        quarantined += usize::from(!found.places.is_empty());
    }
    println!("{count} mutated objects: {landed} landed whole, {quarantined} stand in quarantine, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What was read is not read again.
    let again = land(&open(folder.path()).await, &[&raw]).await.unwrap();
    assert_eq!((again.objects, again.events), (0, 0));
}

/// What of an object is neither an event nor in quarantine. An id that became another object's by damage is that one's event.
fn silent(name: &str, bytes: &[u8], found: &Told, landed: &BTreeSet<&String>) -> Option<String> {
    if !found.known {
        return Some("not a word of it".to_owned());
    }
    if found.places.iter().any(|(.., reason)| reason.is_empty()) {
        return Some("no reason".to_owned());
    }
    if name.ends_with(".parquet") || name.ends_with(".json") {
        // Every row, or a reason. Rows whose ids were changed into one another's are the same event.
        return (found.events < RECORDS - 1 && found.places.is_empty()).then(|| "rows are missing".to_owned());
    }
    let mut plain = Vec::new();
    if name.ends_with(".gz") {
        let ended = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain);
        if ended.is_err() {
            return found.places.is_empty().then(|| "a damaged archive is not in quarantine".to_owned());
        }
    } else {
        plain = bytes.to_vec();
    }
    let (ids, shown, others) = readable(&plain);
    if let Some(id) = ids.iter().find(|id| !landed.contains(id) && found.places.is_empty()) {
        return Some(format!("{id:?} is nowhere"));
    }
    let places: u64 = found.places.iter().map(|(first, last, _)| last - first + 1).sum();
    let elsewhere = ids.iter().filter(|id| !found.ids.contains(*id) && landed.contains(id)).count();
    if ((found.events + elsewhere) as u64 + places) < (shown + others) as u64 {
        return Some(format!("{shown} records and {others} lines that are none"));
    }
    None
}
