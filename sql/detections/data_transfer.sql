-- title = "Transfer to an external device or unapproved cloud"
-- severity = "high"
-- techniques = ["IT1021", "T1052.001", "T1567.002"]
-- interval = "1 day"
-- reads = "-2 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "Needs an endpoint's or a proxy's log; a phone's own cloud backup is not seen."
-- [params]
-- files_min = 3
WITH transfers AS (
  SELECT
    coalesce(t.person_id, 'nobody') AS person_id,
    date_trunc('day', local_time(t.event_time, t.time_zone)) AS local_day,
    t.event_id, t.event_time, t.group_name, t.file_name, t.action,
    credential_redact(coalesce(t.target_domain, t.target, t.action)) AS destination
  FROM acts AS t
  LEFT JOIN policy_destinations AS p
    ON p.approved
    AND ((p.kind = 'domain' AND (lower(t.target_domain) = lower(p.value) OR ends_with(lower(t.target_domain), '.' || lower(p.value))))
      OR (p.kind = 'device' AND t.target = p.value)
      OR (p.kind = 'share' AND t.target = p.value)
      OR (p.kind = 'tenant' AND t.target_account = p.value))
    AND t.event_time >= p.valid_from AND t.event_time < p.valid_to
  WHERE t.event_time >= $interval_start - INTERVAL '1 day' AND t.event_time < $interval_end + INTERVAL '1 day'
    AND t.action IN ('removable_media_write', 'cloud_upload', 'network_share_write', 'remote_session_copy')
    AND t.outcome = 'success'
    AND p.value IS NULL
),
downloads AS (
  SELECT
    person_id, event_time, file_name
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '2 days' AND event_time < $interval_end + INTERVAL '1 day'
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
    AND outcome = 'success'
    AND file_name IS NOT NULL
),
matched AS (
  SELECT DISTINCT t.event_id
  FROM transfers AS t
  JOIN downloads AS d
    ON t.person_id = d.person_id AND t.file_name = d.file_name
    AND d.event_time <= t.event_time AND d.event_time >= t.event_time - INTERVAL '1 day'
)
SELECT
  t.local_day AS interval_time,
  t.person_id AS entity_id,
  t.destination AS alert_key,
  max(t.group_name) AS group_name,
  min(t.event_time) AS first_event_time,
  max(t.event_time) AS last_event_time,
  CAST(count(DISTINCT coalesce(t.file_name, t.event_id)) AS DOUBLE) AS observed,
  CAST(count(m.event_id) AS DOUBLE) AS score,
  CAST(count(DISTINCT coalesce(t.file_name, t.event_id)) AS VARCHAR) || ' files went to '
    || CASE max(t.action)
         WHEN 'removable_media_write' THEN 'a removable device'
         WHEN 'network_share_write' THEN 'a network share'
         WHEN 'remote_session_copy' THEN 'a remote session'
         ELSE 'a cloud that is not approved'
       END
    || ' (' || t.destination || '), ' || CAST(count(m.event_id) AS VARCHAR)
    || ' of them downloaded from chat or shared files in the day before' AS summary,
  array_agg(t.event_id ORDER BY t.event_time) AS evidence_ids
FROM transfers AS t
LEFT JOIN matched AS m ON t.event_id = m.event_id
WHERE t.local_day >= $interval_start AND t.local_day < $interval_end
GROUP BY t.local_day, t.person_id, t.destination
HAVING count(DISTINCT coalesce(t.file_name, t.event_id)) >= $files_min OR count(m.event_id) > 0
