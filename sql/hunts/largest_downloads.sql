-- title = "Who took the most files, by kind of program?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- places = 5
-- [columns]
-- class = "interactive, sync, backup, api or ai"
-- place = "rank within the class by files of a day"
-- peak_60m = "most acts within an hour, of one source and action"
-- megabytes = "of the files whose size the log says"
WITH days AS (
  SELECT
    class, local_day, person_id, max(group_name) AS group_name,
    sum(CASE WHEN files = 0 THEN events ELSE files END) AS files, max(peak_60m) AS peak_60m, round(sum(bytes) / 1e6, 1) AS megabytes,
    array_to_string(array_sort(array_agg(DISTINCT source)), ', ') AS sources
  FROM activity_by_person
  WHERE interval_start >= CAST($from AS TIMESTAMP) AND interval_start < CAST($to AS TIMESTAMP)
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
  GROUP BY class, local_day, person_id
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY class ORDER BY files DESC, local_day, person_id) AS place
  FROM days
)
SELECT class, place, local_day, person_id, group_name, files, peak_60m, megabytes, sources
FROM ranked
WHERE place <= $places
ORDER BY class, place
