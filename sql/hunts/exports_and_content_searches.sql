-- title = "Who exported data, or searched through everybody's content?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- limit = 200
-- [columns]
-- machine = "a program did it"
-- days_before = "days on which the person did that before"
WITH done AS (
  SELECT
    e.local_day, e.source, e.action, e.vendor_action, e.machine, e.events, e.credential_searches, e.first_event_time,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(e.actor_email, e.actor_id))) AS person_id,
    coalesce(i.group_name, m.group_name, 'Unknown') AS group_name
  FROM export_daily AS e
  LEFT JOIN identities AS i ON e.actor_id = i.identity AND e.interval_start >= i.valid_from AND e.interval_start < i.valid_to
  LEFT JOIN identities AS m ON e.actor_email = m.identity AND e.interval_start >= m.valid_from AND e.interval_start < m.valid_to
  WHERE e.action IN ('export', 'content_search') AND e.interval_start < CAST($to AS TIMESTAMP)
),
days AS (
  SELECT
    local_day, person_id, action, max(group_name) AS group_name, bool_or(machine) AS machine, sum(events) AS acts,
    sum(credential_searches) AS credential_searches,
    array_to_string(array_sort(array_agg(DISTINCT vendor_action)), ', ') AS names, min(first_event_time) AS first_event_time
  FROM done
  GROUP BY local_day, person_id, action
),
ordered AS (
  SELECT *, row_number() OVER (PARTITION BY person_id, action ORDER BY local_day) - 1 AS days_before
  FROM days
)
SELECT
  local_day, person_id, group_name, action, machine, acts, credential_searches, credential_redact(names) AS names, days_before,
  first_event_time
FROM ordered
WHERE local_day >= CAST($from AS TIMESTAMP)
ORDER BY local_day DESC, person_id, action
LIMIT $limit
