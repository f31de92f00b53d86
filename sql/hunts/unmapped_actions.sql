-- title = "Which vendor actions does no mapping know, and how many are they?"
-- [params]
-- from = "2024-01-01"
-- to = "2026-05-01"
-- limit = 100
-- [columns]
-- share = "of the source's events, in percent"
-- new = "first seen within the last week of what was asked for"
WITH counted AS (
  SELECT
    source, vendor_action, count(*) AS events, count(DISTINCT actor_id) AS actors,
    min(event_time) AS first_time, max(event_time) AS last_time
  FROM events
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP) AND action = 'other'
  GROUP BY source, vendor_action
),
totals AS (
  SELECT source, count(*) AS events, max(event_time) AS last_time
  FROM events
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
  GROUP BY source
)
SELECT
  c.source, credential_redact(c.vendor_action) AS vendor_action, c.events, round(100.0 * c.events / t.events, 2) AS share, c.actors,
  c.first_time >= t.last_time - INTERVAL '7 days' AS new,
  c.first_time, c.last_time
FROM counted AS c
JOIN totals AS t ON c.source = t.source
ORDER BY c.events DESC, c.source, vendor_action
LIMIT $limit
