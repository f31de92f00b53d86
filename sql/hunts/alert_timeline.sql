-- title = "What did the person of an alert do around it?"
-- [params]
-- alert_id = ""
-- hours_before = 24
-- hours_after = 24
-- limit = 1000
-- [columns]
-- evidence = "this act is evidence of the alert"
-- object = "file, search, target, channel or address, masked"
WITH asked AS (
  -- Without an id the gravest alert of a person.
  SELECT alert_id, entity_id, first_event_time, last_event_time, evidence
  FROM alerts
  WHERE entity_type = 'person_id' AND entity_id <> 'nobody'
    AND ($alert_id = '' OR alert_id = $alert_id)
  ORDER BY risk_score DESC, alert_id
  LIMIT 1
),
proof AS (
  SELECT alert_id, unnest(evidence) AS shown
  FROM asked
),
named AS (
  SELECT alert_id, shown['event_id'] AS event_id
  FROM proof
)
SELECT
  a.event_time, a.source, a.action, a.outcome, a.class,
  credential_redact(coalesce(a.file_name, a.search_query, a.target, a.channel_name, a.channel_id, a.object_url)) AS object,
  a.channel_name, a.src_ip, a.country, a.device_name,
  n.event_id IS NOT NULL AS evidence,
  a.event_id
FROM asked AS q
JOIN acts AS a
  ON q.entity_id = a.person_id
  AND a.event_time >= q.first_event_time - arrow_cast($hours_before * 3600, 'Duration(Second)')
  AND a.event_time <= q.last_event_time + arrow_cast($hours_after * 3600, 'Duration(Second)')
LEFT JOIN named AS n ON a.event_id = n.event_id
ORDER BY a.event_time, a.event_id
LIMIT $limit
