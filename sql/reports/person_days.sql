-- title = "What a person did a day in the thirty days up to the day, by act"
-- [params]
-- person = ""
SELECT action, CAST(date_part('epoch', local_day) / 86400 AS BIGINT) AS day, sum(events) AS events
FROM activity_by_person
WHERE person_id = $person AND interval_start >= $to - INTERVAL '31 days' AND interval_start < $to
GROUP BY action, local_day
ORDER BY action, local_day
