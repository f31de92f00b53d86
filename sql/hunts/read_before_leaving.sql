-- title = "What did people read in a channel right before they left it?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- days = 7
-- acts_min = 1
-- limit = 200
-- [columns]
-- left_time = "when they left the channel, or were taken out of it"
-- readings = "files taken or opened there, previews and searches, in the days before"
WITH departures AS (
  SELECT c.channel_id, coalesce(i.person_id, pseudonym(c.actor_id)) AS person_id, min(c.change_time) AS left_time
  FROM channel_members AS c
  LEFT JOIN identities AS i ON c.actor_id = i.identity AND c.change_time >= i.valid_from AND c.change_time < i.valid_to
  WHERE c.change = 'left' AND c.interval_start >= CAST($from AS TIMESTAMP) AND c.interval_start < CAST($to AS TIMESTAMP)
  GROUP BY c.channel_id, coalesce(i.person_id, pseudonym(c.actor_id)), date_trunc('day', c.change_time)
)
SELECT
  d.left_time, d.person_id, max(a.group_name) AS group_name,
  coalesce(max(p.channel_name), max(a.channel_name), d.channel_id) AS channel, max(p.sensitivity) AS sensitivity,
  count(*) FILTER (WHERE a.action IN ('file_downloaded', 'file_synced', 'file_copied')) AS downloads,
  count(*) FILTER (WHERE a.action IN ('file_viewed', 'channel_previewed', 'search')) AS openings,
  count(*) AS readings,
  min(a.event_time) AS first_time,
  max(a.event_time) AS last_time
FROM departures AS d
JOIN acts AS a
  ON d.person_id = a.person_id AND d.channel_id = a.channel_id
  AND a.event_time <= d.left_time AND a.event_time >= d.left_time - arrow_cast($days * 86400, 'Duration(Second)')
LEFT JOIN policy_channels AS p ON d.channel_id = p.channel_id AND d.left_time >= p.valid_from AND d.left_time < p.valid_to
WHERE a.outcome = 'success'
  AND a.action IN ('file_downloaded', 'file_synced', 'file_copied', 'file_viewed', 'channel_previewed', 'search')
GROUP BY d.left_time, d.person_id, d.channel_id
HAVING count(*) >= $acts_min
ORDER BY readings DESC, d.left_time, d.person_id
LIMIT $limit
