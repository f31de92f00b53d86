-- title = "Credential words in a message or file name (ATT&CK's analytic as written)"
-- severity = "informational"
-- techniques = ["T1552.008"]
-- interval = "1 hour"
-- entity = "person_id"
-- deliver = false
-- known_gaps = "Fires on every mention: it is there to be counted and joined, not to be read one by one."
SELECT
  date_trunc('hour', event_time) AS interval_time,
  coalesce(person_id, 'nobody') AS entity_id,
  coalesce(channel_id, source) AS alert_key,
  max(group_name) AS group_name,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time,
  CAST(count(*) AS DOUBLE) AS observed,
  CAST(count(*) AS VARCHAR) || ' messages or files with the words password, token, apikey, credentials or login in '
    || coalesce('#' || max(channel_name), max(channel_id), max(source)) AS summary,
  array_agg(event_id) AS evidence_ids
FROM acts
WHERE event_time >= $interval_start AND event_time < $interval_end
  AND source IN ('google_workspace', 'm365_audit', 'slack_messages', 'slack_audit', 'teams_messages')
  AND action IN ('message_posted', 'file_uploaded')
  AND (
    text ILIKE '%password%' OR text ILIKE '%token%' OR text ILIKE '%apikey%' OR text ILIKE '%credentials%' OR text ILIKE '%login%'
    OR file_name ILIKE '%password%' OR file_name ILIKE '%token%' OR file_name ILIKE '%apikey%' OR file_name ILIKE '%credentials%'
  )
GROUP BY date_trunc('hour', event_time), coalesce(person_id, 'nobody'), coalesce(channel_id, source)
