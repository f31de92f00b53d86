//! Cases about a credential that close themselves: it was rotated, as somebody said, and nothing holds it any more.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;

use super::Bittern;
use crate::alerts::actions::{Action, Decision, Verdict};
use crate::error::Result;
use crate::interval::time_text;

/// Cases whose last decision is that their credential was rotated, and when the oldest of their postings was. Where there is none,
/// nothing else is read.
const WAITING: &str = "
  SELECT string_agg(DISTINCT a.case_id, ',') AS cases, min(coalesce(a.first_event_time, a.interval_start)) AS since
  FROM alerts AS a
  JOIN (
    SELECT case_id, last_value(decision ORDER BY action_time) AS decision
    FROM alert_actions
    WHERE decision <> 'comment'
    GROUP BY case_id
  ) AS d ON a.case_id = d.case_id
  WHERE d.decision = 'rotated'";

/// Of these cases those that nothing holds any more: every message of anybody with that credential in that place was deleted, or edited
/// into something without it, and the file was deleted. `held_by` is counted, not rows: where nothing asks for it, the engine takes a case to
/// have one message and drops it from GROUP BY.
const SETTLED: &str = "
  WITH waiting AS (
    SELECT
      case_id, max(detection_id) AS detection_id, max(alert_key) AS alert_key, max(observed) AS observed,
      max(last_event_time) AS last_event_time
    FROM alerts
    WHERE array_has(string_to_array($cases, ','), case_id)
    GROUP BY case_id
  ),
  gone AS (
    SELECT action, message_id, coalesce(channel_id, '') AS channel_id, file_id, event_time
    FROM events
    WHERE event_time >= $since AND action IN ('message_deleted', 'message_edited', 'file_deleted')
  ),
  held AS (
    SELECT
      w.case_id, coalesce(f.message_id, f.event_id) AS held_by, max(f.message_id) AS message_id, max(coalesce(f.channel_id, '')) AS channel_id,
      max(f.event_time) AS last_time
    FROM waiting AS w
    JOIN credential_findings AS f ON w.alert_key = coalesce(f.channel_id, f.source) || ' ' || f.fingerprint
    WHERE w.detection_id = 'credential_in_message' AND f.field = 'text'
    GROUP BY w.case_id, coalesce(f.message_id, f.event_id)
  ),
  removed AS (
    SELECT h.case_id, h.held_by, min(g.event_time) AS gone_time
    FROM held AS h
    LEFT JOIN gone AS g
      ON h.message_id = g.message_id AND h.channel_id = g.channel_id AND g.event_time > h.last_time AND g.action <> 'file_deleted'
    GROUP BY h.case_id, h.held_by
    UNION ALL
    SELECT w.case_id, w.alert_key AS held_by, min(g.event_time) AS gone_time
    FROM waiting AS w
    LEFT JOIN gone AS g ON w.alert_key = g.file_id AND g.event_time > w.last_event_time AND g.action = 'file_deleted'
    WHERE w.detection_id = 'credential_in_file'
    GROUP BY w.case_id, w.alert_key
  )
  SELECT r.case_id, max(r.gone_time) AS gone_time, max(w.observed) AS observed
  FROM removed AS r
  JOIN waiting AS w ON r.case_id = w.case_id
  GROUP BY r.case_id
  HAVING count(DISTINCT r.held_by) = count(DISTINCT r.held_by) FILTER (WHERE r.gone_time IS NOT NULL)
  ORDER BY r.case_id";

impl Bittern {
    /// Closes the cases whose credential was rotated and that nothing holds any more; returns their ids. Two processes at once may both
    /// write that down, which says the same.
    pub async fn close_settled(&self) -> Result<Vec<String>> {
        let waiting = self.context.sql(WAITING).await?.collect().await?;
        let Some(waiting) = waiting.iter().find(|batch| batch.num_rows() > 0 && batch.column(0).is_valid(0)) else { return Ok(Vec::new()) };
        let values = vec![
            ("cases", ScalarValue::try_from_array(waiting.column(0), 0)?),
            ("since", ScalarValue::try_from_array(waiting.column(1), 0)?),
        ];
        let mut closed = Vec::new();
        for batch in self.context.sql(SETTLED).await?.with_param_values(values)?.collect().await? {
            let cases = batch.column(0).as_string::<i32>();
            let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
            let observed = batch.column(2).as_primitive::<Float64Type>();
            closed.extend((0..batch.num_rows()).map(|row| Action {
                case_id: cases.value(row).to_owned(),
                decision: Decision::Close,
                verdict: Some(Verdict::TruePositive),
                comment: Some(format!("rotated, and nothing has held it since {}", time_text(times.value(row)))),
                until: None,
                observed: observed.is_valid(row).then(|| observed.value(row)),
                by: "bittern".into(),
            }));
        }
        self.write_down(&closed).await?;
        if !closed.is_empty() {
            tracing::info!(cases = closed.len(), "closed: rotated, and nothing holds them any more");
        }
        Ok(closed.into_iter().map(|action| action.case_id).collect())
    }
}
