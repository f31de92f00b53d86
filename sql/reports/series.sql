-- title = "What some people did a day, by what detections count"
-- [params]
-- people = ""
WITH some AS (
  SELECT unnest(string_to_array($people, ',')) AS person_id
),
downloads AS (
  SELECT
    a.person_id, a.class, a.local_day,
    sum(CASE WHEN a.files = 0 THEN a.events ELSE a.files END) AS files,
    max(least(a.peak_60m, CASE WHEN a.files = 0 THEN a.events ELSE a.files END)) AS peak_60m,
    sum(a.bytes) / 1e6 AS megabytes
  FROM activity_by_person AS a
  JOIN some AS s ON a.person_id = s.person_id
  WHERE a.interval_start >= $from - INTERVAL '35 days' AND a.interval_start < $to
    AND a.action IN ('file_downloaded', 'file_synced', 'file_copied')
  GROUP BY a.person_id, a.class, a.local_day
),
measured AS (
  SELECT person_id, 'files' AS measure, class AS part, local_day, CAST(files AS DOUBLE) AS value FROM downloads
  UNION ALL
  SELECT person_id, 'files_in_an_hour' AS measure, class AS part, local_day, CAST(peak_60m AS DOUBLE) AS value FROM downloads
  UNION ALL
  SELECT person_id, 'megabytes' AS measure, class AS part, local_day, megabytes AS value FROM downloads
  UNION ALL
  SELECT q.person_id, 'credential_searches' AS measure, '' AS part, q.local_day, CAST(sum(q.credential_searches) AS DOUBLE) AS value
  FROM searches_by_person AS q
  JOIN some AS s ON q.person_id = s.person_id
  WHERE q.interval_start >= $from - INTERVAL '35 days' AND q.interval_start < $to
  GROUP BY q.person_id, q.local_day
  UNION ALL
  SELECT o.person_id, 'files_outside' AS measure, '' AS part, o.local_day, CAST(sum(o.files) AS DOUBLE) AS value
  FROM outflows AS o
  JOIN some AS s ON o.person_id = s.person_id
  WHERE o.interval_start >= $from - INTERVAL '35 days' AND o.interval_start < $to
    AND o.way = 'transfer'
  GROUP BY o.person_id, o.local_day
)
SELECT person_id, measure, part, CAST(date_part('epoch', local_day) / 86400 AS BIGINT) AS day, value
FROM measured
WHERE value > 0
ORDER BY person_id, measure, part, day
