-- title = "What did people open right after they searched for credentials?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- minutes = 10
-- limit = 200
-- [columns]
-- query = "the last search for credentials before the file was opened, masked"
-- minutes_after = "how long after the search"
WITH asked AS (
  SELECT person_id, event_time, search_query
  FROM acts
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
    AND action IN ('search', 'content_search')
    AND cardinality(credential_term(search_query)) > 0
),
opened AS (
  SELECT
    a.event_id, a.event_time, a.person_id, a.group_name, a.action, a.file_name, a.channel_name,
    last_value(q.search_query ORDER BY q.event_time) AS search_query,
    max(q.event_time) AS search_time
  FROM acts AS a
  JOIN asked AS q
    ON a.person_id = q.person_id AND a.event_time >= q.event_time
    AND a.event_time <= q.event_time + arrow_cast($minutes * 60, 'Duration(Second)')
  WHERE a.event_time >= CAST($from AS TIMESTAMP) AND a.event_time < CAST($to AS TIMESTAMP)
    AND a.outcome = 'success'
    AND a.action IN ('file_viewed', 'file_downloaded', 'file_copied', 'mail_read', 'channel_joined', 'channel_previewed')
  GROUP BY a.event_id, a.event_time, a.person_id, a.group_name, a.action, a.file_name, a.channel_name
)
SELECT
  event_time, person_id, group_name, credential_redact(search_query) AS query,
  round((date_part('epoch', event_time) - date_part('epoch', search_time)) / 60, 1) AS minutes_after,
  action, credential_redact(file_name) AS file_name, channel_name, event_id
FROM opened
ORDER BY event_time, event_id
LIMIT $limit
