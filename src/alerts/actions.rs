//! What analysts decide about cases: rows of `alert_actions`. Only added to, so that no rerun of a detection loses a decision.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::error::Result;
use crate::event::Micros;
use crate::lake::tables;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Somebody looks into it.
    Ack,
    /// Its credential was made worthless; over once nothing holds it any more.
    Rotated,
    /// It is over, with a verdict.
    Close,
    /// Nothing but words.
    Comment,
    /// Not to be shown until a time.
    Suppress,
    /// To be looked at again.
    Reopen,
}

impl Decision {
    /// The value of the `decision` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Rotated => "rotated",
            Self::Close => "close",
            Self::Comment => "comment",
            Self::Suppress => "suppress",
            Self::Reopen => "reopen",
        }
    }
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Verdict {
    /// It was what the alert says, and wrong.
    TruePositive,
    /// It was what the alert says, and allowed.
    Benign,
    /// It was not what the alert says.
    FalsePositive,
}

impl Verdict {
    /// The value of the `verdict` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TruePositive => "true_positive",
            Self::Benign => "benign",
            Self::FalsePositive => "false_positive",
        }
    }
}

/// One decision about one case. Columns of `alert_actions` under the same names.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the column of the same name, described in docs/alerts.md")]
pub struct Action {
    pub case_id: String,
    pub decision: Decision,
    pub verdict: Option<Verdict>,
    pub comment: Option<String>,
    pub until: Option<Micros>,
    /// The greatest value observed in the case by then: a closed case that doubles is open again.
    pub observed: Option<f64>,
    pub by: String,
}

/// The decisions as rows of the table.
pub fn batch(actions: &[Action], now: Micros) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&Action) -> Option<String>| -> ArrayRef { Arc::new(actions.iter().map(of).collect::<StringArray>()) };
    let times = |of: &dyn Fn(&Action) -> Option<Micros>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(actions.iter().map(of).collect::<Vec<_>>()).with_timezone("UTC"))
    };
    let columns: Vec<ArrayRef> = vec![
        times(&|_| Some(now)),
        text(&|action| Some(action.case_id.clone())),
        text(&|action| Some(action.decision.as_str().to_owned())),
        text(&|action| action.verdict.map(|verdict| verdict.as_str().to_owned())),
        text(&|action| action.comment.clone()),
        times(&|action| action.until),
        Arc::new(actions.iter().map(|action| action.observed).collect::<Float64Array>()),
        text(&|action| Some(action.by.clone())),
    ];
    Ok(RecordBatch::try_new(tables::alert_actions().schema, columns)?)
}
