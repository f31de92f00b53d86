-- title = "Who touched a file, and where has it been?"
-- [params]
-- file = ""
-- from = "2024-01-01"
-- to = "2026-05-01"
-- limit = 500
-- [columns]
-- file = "parameter: id, hash or name of the file; empty: the file that most people downloaded"
-- place = "channel, or where it went; masked"
WITH asked AS (
  SELECT CAST($file AS VARCHAR) AS file
  UNION ALL
  SELECT file
  FROM (
    SELECT coalesce(file_id, file_name) AS file, count(DISTINCT coalesce(actor_email, actor_id)) AS people
    FROM events
    WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP) AND action = 'file_downloaded' AND $file = ''
    GROUP BY coalesce(file_id, file_name)
    ORDER BY people DESC, file
    LIMIT 1
  ) AS most
)
SELECT
  a.event_time, a.source, a.action, a.outcome, a.person_id, a.group_name, credential_redact(a.file_name) AS file_name, a.file_size,
  credential_redact(coalesce(a.channel_name, a.channel_id, a.target_domain, a.target)) AS place, a.device_name, a.event_id
FROM acts AS a
JOIN asked AS q ON q.file = a.file_id OR lower(q.file) = lower(a.file_hash) OR lower(q.file) = lower(a.file_name)
WHERE a.event_time >= CAST($from AS TIMESTAMP) AND a.event_time < CAST($to AS TIMESTAMP)
ORDER BY a.event_time, a.event_id
LIMIT $limit
