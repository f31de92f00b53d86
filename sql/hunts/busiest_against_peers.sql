-- title = "Who does far more of something than those with the same role?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- acts_min = 50
-- peers_min = 2
-- limit = 50
-- [columns]
-- peers = "others of the same department and role who did any of it"
-- peers_median = "what they did in the same time"
-- times = "the person's acts over that"
WITH totals AS (
  SELECT
    person_id, peer_group, max(group_name) AS group_name, action,
    CAST(sum(events) AS DOUBLE) AS acts, count(DISTINCT local_day) AS days
  FROM activity_by_person
  WHERE interval_start >= CAST($from AS TIMESTAMP) AND interval_start < CAST($to AS TIMESTAMP)
    AND class = 'interactive' AND peer_group <> '/'
  GROUP BY person_id, peer_group, action
),
compared AS (
  SELECT
    t.person_id, t.group_name, t.peer_group, t.action, t.acts, t.days,
    count(o.person_id) AS peers, median(o.acts) AS peers_median, max(o.acts) AS peers_most
  FROM totals AS t
  JOIN totals AS o ON t.peer_group = o.peer_group AND t.action = o.action AND t.person_id <> o.person_id
  WHERE t.acts >= $acts_min
  GROUP BY t.person_id, t.group_name, t.peer_group, t.action, t.acts, t.days
)
SELECT
  person_id, group_name, peer_group, action, acts, days, peers, peers_median, peers_most,
  round(acts / greatest(peers_median, 1), 1) AS times
FROM compared
WHERE peers >= $peers_min AND acts > peers_most
ORDER BY times DESC, acts DESC, person_id
LIMIT $limit
