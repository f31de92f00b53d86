-- title = "What alerts up to the day belong to: the newest alert of each case, and what was decided about it"
-- [params]
-- rows_max = 20000
WITH told AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY case_id ORDER BY interval_start DESC, alert_id) AS place,
    count(*) OVER (PARTITION BY case_id) AS alerts,
    min(coalesce(first_event_time, interval_start)) OVER (PARTITION BY case_id) AS first_time,
    max(coalesce(last_event_time, interval_end)) OVER (PARTITION BY case_id) AS last_time,
    max(risk_score) OVER (PARTITION BY case_id) AS risk
  FROM alerts
  WHERE interval_start < $to AND severity <> 'informational'
)
SELECT
  t.case_id, t.alert_id, t.detection_id, c.state, t.severity, t.status, t.risk, t.entity_type, t.entity_id, t.alert_key, t.group_name,
  t.alerts, t.first_time, t.last_time, t.interval_start, t.observed, t.expected, t.spread, t.p_value, t.history_days, t.peers,
  t.summary, t.evidence_total, t.fingerprint, t.techniques, c.verdict, c.comment, c.last_by,
  count(*) OVER () AS total
FROM told AS t
JOIN cases AS c ON t.case_id = c.case_id
WHERE t.place = 1 AND t.interval_start >= $from
ORDER BY c.state IN ('open', 'acknowledged') DESC, t.risk DESC, t.last_time DESC, t.case_id
LIMIT $rows_max
