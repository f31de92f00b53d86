-- title = "Who opened a file in the hour after its secret was posted?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- minutes = 60
-- limit = 200
-- [columns]
-- held = "where the secret is: in the file's name, or in the text that came with it"
-- minutes_after = "how long after it was posted"
WITH posted AS (
  SELECT
    e.file_id, f.fingerprint,
    max(f.kind) AS kind, max(f.field) AS held, min(f.event_time) AS posted_time, min(coalesce(f.actor_email, f.actor_id)) AS poster
  FROM credential_findings AS f
  JOIN events AS e ON f.event_id = e.event_id
  WHERE f.event_time >= CAST($from AS TIMESTAMP) AND f.event_time < CAST($to AS TIMESTAMP)
    AND e.event_time >= CAST($from AS TIMESTAMP) AND e.event_time < CAST($to AS TIMESTAMP)
    AND e.file_id IS NOT NULL
  GROUP BY e.file_id, f.fingerprint
)
SELECT
  a.event_time, a.person_id, a.group_name, a.action, credential_redact(a.file_name) AS file_name,
  p.kind, p.held, p.fingerprint, p.posted_time,
  round((date_part('epoch', a.event_time) - date_part('epoch', p.posted_time)) / 60, 1) AS minutes_after,
  a.src_ip, a.device_name
FROM posted AS p
JOIN acts AS a
  ON p.file_id = a.file_id AND a.event_time >= p.posted_time
  AND a.event_time <= p.posted_time + arrow_cast($minutes * 60, 'Duration(Second)')
WHERE a.event_time >= CAST($from AS TIMESTAMP) AND a.event_time < CAST($to AS TIMESTAMP) + INTERVAL '1 day'
  AND a.outcome = 'success'
  AND a.action IN ('file_viewed', 'file_downloaded', 'file_synced', 'file_copied')
  AND coalesce(a.actor_email, a.actor_id) <> p.poster
ORDER BY a.event_time, a.event_id
LIMIT $limit
