-- title = "Who was active in the night of a day, by their own clock?"
-- [params]
-- day = "2026-03-09"
-- night_begins = 22
-- night_ends = 6
-- limit = 200
-- [columns]
-- hours = "hours of the night with acts, on the person's clock: those before night_ends are of the next morning"
-- nights_before = "nights with acts in the four weeks before"
WITH hours AS (
  SELECT
    person_id, group_name, local_hour, events, readings, first_event_time, last_event_time,
    date_trunc('day', local_hour - arrow_cast($night_ends * 3600, 'Duration(Second)')) AS night
  FROM hours_by_person
  WHERE interval_start >= CAST($day AS TIMESTAMP) - INTERVAL '29 days' AND interval_start < CAST($day AS TIMESTAMP) + INTERVAL '2 days'
    AND (date_part('hour', local_hour) >= $night_begins OR date_part('hour', local_hour) < $night_ends)
),
nights AS (
  SELECT
    person_id, night, max(group_name) AS group_name, sum(events) AS events, sum(readings) AS readings,
    array_to_string(array_sort(array_agg(DISTINCT to_char(local_hour, '%H'))), ' ') AS hours,
    min(first_event_time) AS first_event_time, max(last_event_time) AS last_event_time
  FROM hours
  GROUP BY person_id, night
)
SELECT
  n.person_id, max(n.group_name) AS group_name, max(n.hours) AS hours, max(n.events) AS acts, max(n.readings) AS readings,
  count(b.night) AS nights_before,
  min(n.first_event_time) AS first_event_time, max(n.last_event_time) AS last_event_time
FROM nights AS n
LEFT JOIN nights AS b ON n.person_id = b.person_id AND b.night < n.night AND b.night >= n.night - INTERVAL '28 days'
WHERE n.night = CAST($day AS TIMESTAMP)
GROUP BY n.person_id
ORDER BY nights_before, readings DESC, acts DESC, n.person_id
LIMIT $limit
