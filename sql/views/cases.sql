-- One row for what alerts about the same thing over time belong to, with what analysts decided. A case is open until somebody takes or
-- closes it; one that was closed is open again when it has doubled since, one that is suppressed when something happens after that time.
WITH told AS (
  SELECT
    case_id,
    max(detection_id) AS detection_id,
    max(entity_type) AS entity_type,
    max(entity_id) AS entity_id,
    last_value(severity ORDER BY interval_start, alert_id) AS severity,
    max(risk_score) AS risk_score,
    last_value(group_name ORDER BY interval_start, alert_id) AS group_name,
    last_value(summary ORDER BY interval_start, alert_id) AS summary,
    count(*) AS alerts,
    min(coalesce(first_event_time, interval_start)) AS first_time,
    max(coalesce(last_event_time, interval_end)) AS last_time,
    max(observed) AS observed,
    last_value(status ORDER BY interval_start, alert_id) AS status
  FROM alerts
  GROUP BY case_id
),
decided AS (
  SELECT
    case_id,
    last_value(decision ORDER BY action_time) FILTER (WHERE decision <> 'comment') AS decision,
    last_value(verdict ORDER BY action_time) FILTER (WHERE decision <> 'comment') AS verdict,
    last_value("until" ORDER BY action_time) FILTER (WHERE decision <> 'comment') AS "until",
    last_value(observed ORDER BY action_time) FILTER (WHERE decision <> 'comment') AS observed_then,
    last_value("by" ORDER BY action_time) AS last_by,
    last_value(comment ORDER BY action_time) FILTER (WHERE comment IS NOT NULL) AS comment
  FROM alert_actions
  GROUP BY case_id
)
SELECT
  t.case_id,
  CASE
    WHEN d.decision IN ('ack', 'rotated') THEN 'acknowledged'
    WHEN d.decision = 'close' AND coalesce(t.observed >= 2 * d.observed_then AND t.observed > 0, false) THEN 'open'
    WHEN d.decision = 'close' THEN 'closed'
    WHEN d.decision = 'suppress' AND t.last_time < d."until" THEN 'suppressed'
    ELSE 'open'
  END AS state,
  t.detection_id, t.entity_type, t.entity_id, t.severity, t.risk_score, t.group_name, t.summary, t.alerts, t.first_time, t.last_time,
  t.observed, t.status, d.verdict, d.comment, d.last_by
FROM told AS t
LEFT JOIN decided AS d ON t.case_id = d.case_id
