-- title = "From which addresses did several people act within an hour?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- people_min = 2
-- people_max = 5
-- limit = 100
-- [columns]
-- people = "how many within one hour; offices and VPN exits have more than people_max over the whole time, and are left out"
-- logins = "of them sign-ins"
WITH hours AS (
  SELECT
    src_ip, date_trunc('hour', event_time) AS hour,
    count(DISTINCT person_id) AS people, count(*) AS acts, count(*) FILTER (WHERE action = 'login') AS logins,
    array_to_string(array_sort(array_agg(DISTINCT person_id)), ', ') AS person_ids, max(country) AS country
  FROM acts
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
    AND src_ip IS NOT NULL AND person_id IS NOT NULL AND class = 'interactive'
  GROUP BY src_ip, date_trunc('hour', event_time)
),
addresses AS (
  SELECT src_ip, count(DISTINCT person_id) AS people
  FROM acts
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
    AND src_ip IS NOT NULL AND person_id IS NOT NULL
  GROUP BY src_ip
)
SELECT h.hour, h.src_ip, h.country, h.people, h.acts, h.logins, h.person_ids
FROM hours AS h
JOIN addresses AS a ON h.src_ip = a.src_ip
WHERE h.people >= $people_min AND a.people <= $people_max
ORDER BY h.hour DESC, h.src_ip
LIMIT $limit
