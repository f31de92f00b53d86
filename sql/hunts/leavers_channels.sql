-- title = "Where were people active before they left the organisation?"
-- [params]
-- days = 30
-- limit = 200
-- [columns]
-- leaving_date = "by the policy; of who has only given notice empty"
-- new = "they were never in that channel before those days"
WITH spans AS (
  SELECT person_id, group_name, known_day, leaving_date, coalesce(leaving_date, known_day + INTERVAL '90 days') AS end_day
  FROM leavers
)
SELECT
  l.person_id, l.group_name, l.leaving_date, coalesce(max(p.channel_name), max(v.channel_name), v.channel_id) AS channel,
  max(p.sensitivity) AS sensitivity,
  sum(v.events) AS acts,
  sum(v.downloads) AS downloads,
  min(v.interval_start) >= l.end_day - arrow_cast($days * 86400, 'Duration(Second)') AS new,
  max(v.last_event_time) AS last_time
FROM spans AS l
JOIN visits_by_person AS v ON l.person_id = v.person_id AND v.interval_start <= l.end_day
LEFT JOIN policy_channels AS p ON v.channel_id = p.channel_id AND v.interval_start >= p.valid_from AND v.interval_start < p.valid_to
GROUP BY l.person_id, l.group_name, l.leaving_date, l.end_day, v.channel_id
HAVING max(v.interval_start) >= l.end_day - arrow_cast($days * 86400, 'Duration(Second)')
-- The engine takes person_id for a key of these rows, too, and sorts by nothing that stands behind it: max() of it is none.
ORDER BY l.leaving_date DESC, max(l.person_id), downloads DESC, acts DESC, channel
LIMIT $limit
