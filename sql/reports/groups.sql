-- title = "What groups of people do: those of five or more"
-- [params]
-- people_min = 5
SELECT
  group_name,
  count(DISTINCT person_id) AS people,
  sum(files) FILTER (WHERE interval_start >= $week_start) AS files_week,
  sum(files) FILTER (WHERE interval_start < $week_start) / 3.0 AS files_usual,
  sum(events) FILTER (WHERE interval_start >= $week_start) AS events_week
FROM (
  SELECT
    group_name, person_id, interval_start, events,
    CASE WHEN class = 'interactive' AND action IN ('file_downloaded', 'file_copied') THEN CASE WHEN files = 0 THEN events ELSE files END ELSE 0 END AS files
  FROM activity_by_person
  WHERE interval_start >= $from AND interval_start < $to
    AND class = 'interactive'
    AND NOT array_has(string_to_array($unwatched, chr(31)), group_name)
) AS done
GROUP BY group_name
HAVING count(DISTINCT person_id) >= $people_min
ORDER BY people DESC, group_name
