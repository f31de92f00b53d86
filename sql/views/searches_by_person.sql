-- search_daily with who that is, as of the day.
SELECT
  r.*,
  coalesce(i.person_id, m.person_id, pseudonym(coalesce(r.actor_email, r.actor_id))) AS person_id,
  coalesce(i.group_name, m.group_name, CASE WHEN r.guest THEN 'Guests' ELSE 'Unknown' END) AS group_name,
  coalesce(i.department, m.department, '') || '/' || coalesce(i.role, m.role, '') AS peer_group,
  coalesce(i.projects, m.projects) AS projects,
  coalesce(i.time_zone, m.time_zone, 'UTC') AS time_zone,
  coalesce(i.start_date, m.start_date) AS start_date
FROM search_daily AS r
LEFT JOIN identities AS i
  ON r.actor_id = i.identity AND r.interval_start >= i.valid_from AND r.interval_start < i.valid_to
LEFT JOIN identities AS m
  ON r.actor_email = m.identity AND r.interval_start >= m.valid_from AND r.interval_start < m.valid_to
