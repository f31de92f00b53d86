//! Who asked what: every statement, refusal and failed login, as rows of the table `queries`. Rows are handed over without waiting and
//! appended in batches; a query never waits for the lake.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use bittern_udfs::setup::Setup;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::error::Result;
use crate::event::Micros;
use crate::lake::commit::Note;
use crate::lake::{Lake, files, tables};

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All rows were sent.
    Done,
    /// It was wrong, or could not be answered.
    Failed,
    /// It asked for what is not allowed.
    Refused,
    /// It went beyond a limit.
    Limited,
    /// Its user asked to stop it.
    Cancelled,
    /// The client went away.
    Gone,
}

impl Outcome {
    /// The value of the `outcome` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Limited => "limited",
            Self::Cancelled => "cancelled",
            Self::Gone => "gone",
        }
    }
}

/// One row of `queries`. Columns under the same names.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/serve.md")]
pub struct Record {
    pub start_time: Micros,
    pub user_name: String,
    pub role: Option<String>,
    pub application: Option<String>,
    pub address: String,
    /// As it was sent: credentials are masked when the row is written.
    pub statement: Option<String>,
    pub rows: u64,
    pub bytes: u64,
    pub seconds: f64,
    pub outcome: Outcome,
    pub code: Option<&'static str>,
}

/// Characters of a statement that are kept.
const STATEMENT_CHARS: usize = 16 * 1024;

/// Rows that wait for the lake at most; beyond that the oldest are dropped and counted.
const WAITING_MAX: usize = 50_000;

/// Rows of a commit at most.
const BATCH_ROWS: usize = 2_000;

/// How long rows wait for others before they are written.
const PERIOD: Duration = Duration::from_secs(10);

/// Where rows are handed over. Cheap to clone; the writer ends when the last clone is gone.
#[derive(Debug, Clone)]
pub struct Audit {
    sender: mpsc::UnboundedSender<Record>,
}

impl Audit {
    /// Starts the writer: the place to hand rows to, and the task that ends when all are written.
    pub fn start(lake: Lake, setup: Setup) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender }, tokio::spawn(write(lake, setup, receiver)))
    }

    /// Hands a row over.
    pub fn record(&self, mut record: Record) {
        if let Some(statement) = record.statement.as_mut() {
            let end = statement.char_indices().nth(STATEMENT_CHARS).map_or(statement.len(), |(at, _)| at);
            statement.truncate(end);
        }
        if self.sender.send(record).is_err() {
            tracing::error!("a query is missing in the audit: its writer has ended");
        }
    }
}

async fn write(lake: Lake, setup: Setup, mut receiver: mpsc::UnboundedReceiver<Record>) {
    let mut waiting: Vec<Record> = Vec::new();
    let mut open = true;
    while open || !waiting.is_empty() {
        open = gather(&mut receiver, &mut waiting).await;
        if waiting.len() > WAITING_MAX {
            let lost = waiting.len() - WAITING_MAX;
            tracing::error!(lost, "the lake takes no rows: the oldest queries of the audit are dropped");
            waiting.drain(..lost);
        }
        let some = waiting.len().min(BATCH_ROWS);
        match append(&lake, &setup, &waiting[..some]).await {
            Ok(()) => drop(waiting.drain(..some)),
            Err(error) if open => {
                tracing::error!(%error, rows = waiting.len(), "the audit cannot be written; it is tried again");
                tokio::time::sleep(PERIOD).await;
            }
            Err(error) => {
                tracing::error!("{} queries are missing in the audit: {error:#}", waiting.len());
                return;
            }
        }
    }
}

/// Takes what comes within a period; whether more may come.
async fn gather(receiver: &mut mpsc::UnboundedReceiver<Record>, waiting: &mut Vec<Record>) -> bool {
    if waiting.is_empty() {
        match receiver.recv().await {
            Some(record) => waiting.push(record),
            None => return false,
        }
    }
    let more = async {
        while waiting.len() < BATCH_ROWS {
            match receiver.recv().await {
                Some(record) => waiting.push(record),
                None => return false,
            }
        }
        true
    };
    timeout(PERIOD, more).await.unwrap_or(true)
}

async fn append(lake: &Lake, setup: &Setup, records: &[Record]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    files::append(lake, &tables::queries(), &batch(records, setup)?, &Note::new(None)).await
}

fn batch(records: &[Record], setup: &Setup) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&Record) -> Option<String>| -> ArrayRef { Arc::new(records.iter().map(of).collect::<StringArray>()) };
    let number = |of: &dyn Fn(&Record) -> u64| -> ArrayRef {
        Arc::new(records.iter().map(|record| i64::try_from(of(record)).ok()).collect::<Int64Array>())
    };
    let masked = |statement: &String| {
        let bytes = setup.rules().redact(statement.as_bytes());
        bytes.map_or_else(|| statement.clone(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampMicrosecondArray::from(records.iter().map(|record| record.start_time).collect::<Vec<_>>()).with_timezone("UTC")),
        text(&|record| Some(record.user_name.clone())),
        text(&|record| record.role.clone()),
        text(&|record| record.application.as_ref().map(masked)),
        text(&|record| Some(record.address.clone())),
        text(&|record| record.statement.as_ref().map(masked)),
        number(&|record| record.rows),
        number(&|record| record.bytes),
        Arc::new(records.iter().map(|record| Some(record.seconds)).collect::<Float64Array>()),
        text(&|record| Some(record.outcome.as_str().to_owned())),
        text(&|record| record.code.map(str::to_owned)),
    ];
    Ok(RecordBatch::try_new(tables::queries().schema, columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_in_a_statement_is_masked() {
        let token = ["ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
        let record = Record {
            start_time: 0,
            user_name: "ana".to_owned(),
            role: Some("admin".to_owned()),
            application: None,
            address: "192.0.2.1:1".to_owned(),
            statement: Some(format!("SELECT * FROM events WHERE text LIKE '%{token}%'")),
            rows: 1,
            bytes: 2,
            seconds: 0.5,
            outcome: Outcome::Done,
            code: None,
        };
        let batch = batch(&[record], &Setup::builtin(b"0123456789abcdef0123456789abcdef")).expect("a batch");
        let text = format!("{batch:?}");
        assert!(!text.contains(&token) && text.contains("SELECT * FROM events WHERE text LIKE"), "{text}");
    }
}
