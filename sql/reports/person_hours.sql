-- title = "What some people read, by hour of their own days"
-- [params]
-- people = ""
SELECT
  h.person_id,
  CAST(floor(date_part('epoch', h.local_hour) / 86400) AS BIGINT) AS day,
  CAST(date_part('hour', h.local_hour) AS BIGINT) AS hour,
  sum(h.readings) AS readings
FROM hours_by_person AS h
JOIN (SELECT unnest(string_to_array($people, ',')) AS person_id) AS s ON h.person_id = s.person_id
WHERE h.interval_start >= $from - INTERVAL '14 days' AND h.interval_start < $to AND h.readings > 0
GROUP BY h.person_id, CAST(floor(date_part('epoch', h.local_hour) / 86400) AS BIGINT), CAST(date_part('hour', h.local_hour) AS BIGINT)
ORDER BY h.person_id, day, hour
