-- title = "When people read and write, by day of the week and hour of their own days, over four weeks"
-- [params]
-- people_min = 5
SELECT
  CAST(date_part('dow', h.local_hour) AS BIGINT) AS weekday,
  CAST(date_part('hour', h.local_hour) AS BIGINT) AS hour,
  -- What a handful of people did is theirs, not the organisation's.
  CASE WHEN count(DISTINCT h.person_id) >= $people_min THEN sum(h.events) END AS events
FROM hours_by_person AS h
WHERE h.interval_start >= $from AND h.interval_start < $to
  AND NOT array_has(string_to_array($unwatched, chr(31)), h.group_name)
GROUP BY CAST(date_part('dow', h.local_hour) AS BIGINT), CAST(date_part('hour', h.local_hour) AS BIGINT)
ORDER BY weekday, hour
