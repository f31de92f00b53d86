-- title = "Who turned up with a new device or in a new country?"
-- [params]
-- from = "2026-03-20"
-- to = "2026-05-01"
-- days_before_min = 10
-- limit = 200
-- [columns]
-- days_before = "days on which the log named a device (a country) of this person before"
-- known = "how many others it named before"
-- people = "how many people ever had it: a device of several is shared"
WITH sightings AS (
  SELECT person_id, interval_start, 'device' AS kind, device_name AS value, device_managed AS managed, events
  FROM devices_by_person
  WHERE device_name IS NOT NULL
  UNION ALL
  SELECT person_id, interval_start, 'country' AS kind, country AS value, CAST(NULL AS BOOLEAN) AS managed, events
  FROM devices_by_person
  WHERE country IS NOT NULL
),
firsts AS (
  SELECT person_id, kind, value, min(interval_start) AS first_day, bool_or(managed) AS managed, sum(events) AS events
  FROM sightings
  WHERE interval_start < CAST($to AS TIMESTAMP)
  GROUP BY person_id, kind, value
),
before AS (
  SELECT
    f.person_id, f.kind, f.value,
    count(DISTINCT s.interval_start) AS days_before,
    count(DISTINCT s.value) AS known
  FROM firsts AS f
  JOIN sightings AS s ON f.person_id = s.person_id AND f.kind = s.kind AND s.interval_start < f.first_day
  WHERE f.first_day >= CAST($from AS TIMESTAMP)
  GROUP BY f.person_id, f.kind, f.value
),
shared AS (
  SELECT kind, value, count(DISTINCT person_id) AS people
  FROM firsts
  GROUP BY kind, value
)
SELECT
  f.first_day, f.person_id, f.kind, credential_redact(f.value) AS value, f.managed, f.events, b.days_before, b.known, p.people
FROM firsts AS f
JOIN before AS b ON f.person_id = b.person_id AND f.kind = b.kind AND f.value = b.value
JOIN shared AS p ON f.kind = p.kind AND f.value = p.value
WHERE b.days_before >= $days_before_min
ORDER BY f.first_day DESC, f.person_id, f.kind, value
LIMIT $limit
