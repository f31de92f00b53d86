-- title = "File with credentials shared"
-- severity = "medium"
-- techniques = ["T1552.008", "T1552.001"]
-- interval = "1 hour"
-- entity = "person_id"
-- known_gaps = "Only the name of the file is seen; its content is not opened."
WITH named AS (
  SELECT event_id, first_value(fingerprint ORDER BY start_byte) AS fingerprint
  FROM credential_findings
  WHERE interval_start >= $interval_start AND interval_start < $interval_end AND field = 'file_name'
  GROUP BY event_id
),
shared AS (
  SELECT
    a.*,
    n.fingerprint,
    -- The name itself may be the credential: then its fingerprint stands for it.
    coalesce(a.file_id, n.fingerprint, a.file_name) AS file
  FROM acts AS a
  LEFT JOIN named AS n ON a.event_id = n.event_id
  WHERE a.event_time >= $interval_start AND a.event_time < $interval_end
    AND a.outcome = 'success'
    AND a.action IN ('file_uploaded', 'file_shared', 'link_created') AND (credential_file(a.file_name) OR n.event_id IS NOT NULL)
    AND (a.actor_class IS NULL OR a.actor_class IN ('human', 'guest'))
)
SELECT
  date_trunc('hour', event_time) AS interval_time,
  coalesce(person_id, 'nobody') AS entity_id,
  file AS alert_key,
  max(group_name) AS group_name,
  CASE WHEN count(fingerprint) > 0 THEN 'high' ELSE 'medium' END AS severity,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time,
  CAST(count(*) AS DOUBLE) AS observed,
  'A file that holds credentials by its name (' || coalesce(credential_redact(max(file_name)), '') || ') was shared'
    || coalesce(' in #' || max(channel_name), '') AS summary,
  array_agg(DISTINCT event_id) AS evidence_ids
FROM shared
GROUP BY date_trunc('hour', event_time), coalesce(person_id, 'nobody'), file
