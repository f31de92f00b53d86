-- title = "To which destinations that nobody approved do files go?"
-- [params]
-- from = "2024-01-01"
-- to = "2026-05-01"
-- limit = 100
-- [columns]
-- way = "transfer (device, share, session, cloud), share with outsiders, or public_link"
-- people = "how many use it: what many use wants a row in destinations.csv, what one uses wants a question"
SELECT
  way, action, coalesce(target_domain, credential_redact(target), 'anybody') AS destination,
  count(DISTINCT person_id) AS people,
  sum(files) AS files,
  count(DISTINCT local_day) AS days,
  min(first_event_time) AS first_time,
  max(last_event_time) AS last_time
FROM outflows
WHERE interval_start >= CAST($from AS TIMESTAMP) AND interval_start < CAST($to AS TIMESTAMP)
GROUP BY way, action, coalesce(target_domain, credential_redact(target), 'anybody')
ORDER BY files DESC, destination, way, action
LIMIT $limit
