//! What analysts do with cases: find them, look into them, decide.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::scalar::ScalarValue;

use super::Bittern;
use crate::alerts::actions::{self, Action, Decision, Verdict};
use crate::error::{Error, Result};
use crate::event::Micros;
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::tables;
use crate::session;
use crate::sinks::coach;

/// Characters of an id that are enough to name it, if no other begins so.
const PREFIX_MIN: usize = 6;

/// Which cases to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `open`, `acknowledged`, `closed` or `suppressed`; `None` for every state.
    pub state: Option<String>,
    /// Only this detection's.
    pub detection: Option<String>,
    /// Only those about this entity (a pseudonym or another id).
    pub entity: Option<String>,
    /// At most so many, the riskiest first.
    pub limit: usize,
}

/// A decision to write down.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// How it ended, for a close.
    pub verdict: Option<Verdict>,
    /// Why, in words. Credentials in it are masked.
    pub comment: Option<String>,
    /// Until when, for a suppression.
    pub until: Option<Micros>,
    /// Who decides.
    pub by: String,
}

/// What is listed of cases.
const CASES: &str = "SELECT substr(case_id, 1, 10) AS case, state, severity, risk_score AS risk, detection_id AS detection, entity_id AS entity,
    last_time, alerts, summary
  FROM cases
  WHERE ($state IS NULL OR state = $state) AND ($detection IS NULL OR detection_id = $detection) AND ($entity IS NULL OR entity_id = $entity)
  ORDER BY risk_score DESC, last_time DESC, case_id LIMIT $limit";

/// The same with the names of people.
const NAMED_CASES: &str = "SELECT substr(case_id, 1, 10) AS case, state, severity, risk_score AS risk, detection_id AS detection,
    entity_id AS entity, n.name, last_time, alerts, summary
  FROM cases AS c
  LEFT JOIN (SELECT person_id, max(name) AS name FROM policy_people GROUP BY person_id) AS n ON c.entity_id = n.person_id
  WHERE ($state IS NULL OR state = $state) AND ($detection IS NULL OR detection_id = $detection) AND ($entity IS NULL OR entity_id = $entity)
  ORDER BY risk_score DESC, last_time DESC, case_id LIMIT $limit";

impl Bittern {
    /// Cases as rows of the view `cases`.
    pub async fn cases(&self, filter: &Filter) -> Result<Vec<RecordBatch>> {
        let sql = if self.names { NAMED_CASES } else { CASES };
        let text = |value: &Option<String>| ScalarValue::Utf8(value.clone());
        let values = vec![
            ("state", text(&filter.state)),
            ("detection", text(&filter.detection)),
            ("entity", text(&filter.entity)),
            ("limit", ScalarValue::Int64(i64::try_from(filter.limit).ok())),
        ];
        Ok(self.context.sql(sql).await?.with_param_values(values)?.collect().await?)
    }

    /// A case, its alerts with what is behind them, and what was decided: three answers in this order.
    pub async fn case(&self, id: &str) -> Result<[Vec<RecordBatch>; 3]> {
        let case_id = self.named_case(id).await?.case_id;
        let of = async |sql: &str| -> Result<Vec<RecordBatch>> {
            let values = vec![("case", ScalarValue::from(case_id.as_str()))];
            Ok(self.context.sql(sql).await?.with_param_values(values)?.collect().await?)
        };
        Ok([
            of("SELECT * FROM cases WHERE case_id = $case").await?,
            of("SELECT interval_start, severity, risk_score, observed, expected, spread, p_value, history_days, summary, evidence_total, evidence
                FROM alerts WHERE case_id = $case ORDER BY interval_start")
            .await?,
            of("SELECT action_time, decision, verdict, comment, \"until\", \"by\" FROM alert_actions WHERE case_id = $case ORDER BY action_time")
                .await?,
        ])
    }

    /// Writes a decision about some cases down, all in one commit; returns their full ids. One that is the last decision about its case
    /// already is not written again: whoever was interrupted gives the same command once more.
    ///
    /// # Errors
    /// `Usage` for an id that names no case or several, or that of a rotated credential a case about something else; nothing is written
    /// then.
    pub async fn decide(&self, ids: &[String], decided: &Decided) -> Result<Vec<String>> {
        let comment = decided.comment.as_ref().map(|comment| match self.setup.rules().redact(comment.as_bytes()) {
            Some(masked) => String::from_utf8_lossy(&masked).into_owned(),
            None => comment.clone(),
        });
        let mut rows = Vec::new();
        for id in ids {
            let Named { case_id, detection_id, observed } = self.named_case(id).await?;
            if decided.decision == Decision::Rotated && !coach::DETECTIONS.contains(&detection_id.as_str()) {
                return Err(Error::usage(format!(
                    "`{id}` is a case of {detection_id}: it has no credential to rotate; use `ack` or `close`"
                )));
            }
            rows.push(Action {
                case_id,
                decision: decided.decision,
                verdict: decided.verdict,
                comment: comment.clone(),
                until: decided.until,
                observed,
                by: decided.by.clone(),
            });
        }
        let cases = rows.iter().map(|row| row.case_id.clone()).collect();
        let last = self.last_decisions().await?;
        rows.retain(|row| last.get(&row.case_id) != Some(&told(row)));
        self.write_down(&rows).await?;
        Ok(cases)
    }

    /// Adds decisions to the table, in one commit.
    pub(super) async fn write_down(&self, decisions: &[Action]) -> Result<()> {
        if decisions.is_empty() {
            return Ok(());
        }
        append(&self.lake, &tables::alert_actions(), &actions::batch(decisions, self.lake.clock().now())?, &Note::new(None)).await
    }

    /// What was decided last about each case, as [`told`] has it, from the newest state of the table.
    async fn last_decisions(&self) -> Result<BTreeMap<String, String>> {
        session::register(&self.context, &self.lake, &tables::alert_actions()).await?;
        let sql = "SELECT case_id, last_value(concat_ws(chr(31), decision, coalesce(verdict, ''), coalesce(comment, ''),
                     coalesce(CAST(CAST(\"until\" AS BIGINT) AS VARCHAR), ''), \"by\") ORDER BY action_time) AS told
                   FROM alert_actions GROUP BY case_id";
        let mut found = BTreeMap::new();
        for batch in &self.context.sql(sql).await?.collect().await? {
            let (cases, told) = (batch.column(0).as_string::<i32>(), cast(batch.column(1), &DataType::Utf8)?);
            let told = told.as_string::<i32>();
            found.extend((0..batch.num_rows()).map(|row| (cases.value(row).to_owned(), told.value(row).to_owned())));
        }
        Ok(found)
    }

    /// A case's full id, and where the interval of its newest alert begins.
    pub(super) async fn newest_of(&self, id: &str) -> Result<(String, Option<Micros>)> {
        let case_id = self.named_case(id).await?.case_id;
        let sql = "SELECT max(interval_start) FROM alerts WHERE case_id = $case";
        let batches =
            self.context.sql(sql).await?.with_param_values(vec![("case", ScalarValue::from(case_id.as_str()))])?.collect().await?;
        let newest = batches.first().filter(|batch| batch.num_rows() > 0).map(|batch| ScalarValue::try_from_array(batch.column(0), 0));
        let newest = match newest.transpose()? {
            Some(ScalarValue::TimestampMicrosecond(time, _)) => time,
            _ => None,
        };
        Ok((case_id, newest))
    }

    /// The case whose id, or one of whose alerts' ids, begins so.
    async fn named_case(&self, id: &str) -> Result<Named> {
        if id.len() < PREFIX_MIN {
            return Err(Error::usage(format!("`{id}` is too short: at least {PREFIX_MIN} characters of a case's or alert's id")));
        }
        let sql = "SELECT case_id, max(detection_id), max(observed) FROM alerts
                   WHERE case_id IN (SELECT case_id FROM alerts WHERE starts_with(case_id, $id) OR starts_with(alert_id, $id))
                   GROUP BY case_id";
        let batches = self.context.sql(sql).await?.with_param_values(vec![("id", ScalarValue::from(id))])?.collect().await?;
        let mut found = Vec::new();
        for batch in &batches {
            let (ids, observed) = (batch.column(0).as_string::<i32>(), batch.column(2).as_primitive::<Float64Type>());
            let detections = cast(batch.column(1), &DataType::Utf8)?;
            let detections = detections.as_string::<i32>();
            found.extend((0..batch.num_rows()).map(|row| Named {
                case_id: ids.value(row).to_owned(),
                detection_id: detections.value(row).to_owned(),
                observed: observed.is_valid(row).then(|| observed.value(row)),
            }));
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::usage(format!("no case or alert has an id that begins with `{id}`"))),
            several => Err(Error::usage(format!("{several} cases have ids that begin with `{id}`: give more of it"))),
        }
    }
}

/// All of a decision but its case, its time and what was observed by then.
fn told(action: &Action) -> String {
    let until = action.until.map(|until| until.to_string());
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let verdict = action.verdict.map_or("", Verdict::as_str);
    [action.decision.as_str(), verdict, &text(&action.comment), &text(&until), &action.by].join("\u{1f}")
}

/// A case that a command names.
struct Named {
    case_id: String,
    detection_id: String,
    /// The most observed in it.
    observed: Option<f64>,
}
