-- title = "Which outsiders came into a channel that is sensitive or has outsiders?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- limit = 200
-- [columns]
-- member = "pseudonym of the account that came in"
-- why = "guest: the platform says so; unknown: people.csv has no such account"
-- acts = "what they did in the channel since"
WITH guests AS (
  SELECT actor_id FROM snapshots WHERE kind = 'user' AND role = 'guest' AND actor_id IS NOT NULL
  UNION
  SELECT actor_id FROM events WHERE actor_class = 'guest' AND actor_id IS NOT NULL AND event_time < CAST($to AS TIMESTAMP)
),
open_channels AS (
  SELECT DISTINCT channel_id FROM snapshots WHERE kind = 'channel' AND channel_external AND channel_id IS NOT NULL
),
came AS (
  SELECT
    m.channel_id, m.actor_id,
    min(m.change_time) AS since,
    bool_or(m.role ILIKE '%guest%') AS guest,
    last_value(m.change ORDER BY m.change_time, m.change) AS last_change
  FROM channel_members AS m
  WHERE m.interval_start < CAST($to AS TIMESTAMP)
  GROUP BY m.channel_id, m.actor_id
),
acted AS (
  SELECT channel_id, actor_id, sum(events) AS acts, max(last_event_time) AS last_act_time
  FROM channel_daily
  WHERE interval_start < CAST($to AS TIMESTAMP)
  GROUP BY channel_id, actor_id
)
SELECT
  c.since, coalesce(p.channel_name, c.channel_id) AS channel, p.sensitivity, o.channel_id IS NOT NULL AS has_outsiders,
  pseudonym(c.actor_id) AS member,
  CASE WHEN coalesce(c.guest, false) OR g.actor_id IS NOT NULL THEN 'guest' ELSE 'unknown' END AS why,
  c.last_change = 'left' AS has_left, coalesce(a.acts, 0) AS acts, a.last_act_time
FROM came AS c
LEFT JOIN guests AS g ON c.actor_id = g.actor_id
LEFT JOIN identities AS i ON c.actor_id = i.identity AND c.since >= i.valid_from AND c.since < i.valid_to
LEFT JOIN policy_channels AS p ON c.channel_id = p.channel_id AND c.since >= p.valid_from AND c.since < p.valid_to
LEFT JOIN open_channels AS o ON c.channel_id = o.channel_id
LEFT JOIN acted AS a ON c.channel_id = a.channel_id AND c.actor_id = a.actor_id
WHERE c.since >= CAST($from AS TIMESTAMP)
  AND (p.sensitivity = 'high' OR o.channel_id IS NOT NULL)
  AND (coalesce(c.guest, false) OR g.actor_id IS NOT NULL OR i.person_id IS NULL)
ORDER BY c.since DESC, channel, member
LIMIT $limit
