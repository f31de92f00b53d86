-- title = "File with credentials shared"
-- severity = "medium"
-- techniques = ["T1552.008", "T1552.001"]
-- interval = "1 hour"
-- entity = "person_id"
-- known_gaps = "Only the name of the file is seen; its content is not opened."
WITH shared AS (
  SELECT
    *,
    -- The name itself may be the credential: then its fingerprint stands for it.
    coalesce(file_id, credential_find(file_name)[1]['fingerprint'], file_name) AS file
  FROM acts
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND outcome = 'success'
    AND action IN ('file_uploaded', 'file_shared', 'link_created') AND (credential_file(file_name) OR credential_match(file_name))
    AND (actor_class IS NULL OR actor_class IN ('human', 'guest'))
)
SELECT
  date_trunc('hour', event_time) AS interval_time,
  coalesce(person_id, 'nobody') AS entity_id,
  file AS alert_key,
  max(group_name) AS group_name,
  CASE WHEN bool_or(credential_match(file_name)) THEN 'high' ELSE 'medium' END AS severity,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time,
  CAST(count(*) AS DOUBLE) AS observed,
  'A file that holds credentials by its name (' || coalesce(credential_redact(max(file_name)), '') || ') was shared'
    || coalesce(' in #' || max(channel_name), '') AS summary,
  array_agg(DISTINCT event_id) AS evidence_ids
FROM shared
GROUP BY date_trunc('hour', event_time), coalesce(person_id, 'nobody'), file
