-- Days of which nothing is known of a person, as ranges of local dates (the end excluded; NULL is long ago): a source that the person
-- uses was silent or had not begun, or the person was absent or not employed. `about` is what the person uses the source for:
-- who only signs in by a new source is not unknown in everything else. A range holds for days from `first_use` on (NULL: for all), so that
-- a span of days answers as each of them alone. Covers the 60 days before $interval_start.
WITH used AS (
  SELECT person_id, source, time_zone, about, min(interval_start) AS first_use
  FROM (
    SELECT
      person_id, source, time_zone, interval_start,
      CASE WHEN action IN ('search', 'content_search') THEN 'searches' ELSE 'downloads' END AS about
    FROM activity_by_person
    WHERE interval_start >= $interval_start - INTERVAL '60 days' AND interval_start < $interval_end
      AND action IN ('file_downloaded', 'file_synced', 'file_copied', 'search', 'content_search')
  ) AS acts_about
  GROUP BY person_id, source, time_zone, about
),
silent AS (
  SELECT source, unknown_from, unknown_to
  FROM source_days
  WHERE interval_start >= $interval_start - INTERVAL '60 days' AND interval_start < $interval_end
    AND NOT complete
),
away AS (
  SELECT person_id, valid_from, valid_to, unnest(absences) AS absence
  FROM policy_people
),
-- Each row of the policy speaks for the time in which it holds.
stated AS (
  SELECT
    person_id, valid_from, valid_to,
    TRY_CAST(split_part(absence, '/', 1) AS DATE) AS first_day,
    TRY_CAST(split_part(absence, '/', CASE WHEN strpos(absence, '/') > 0 THEN 2 ELSE 1 END) AS DATE) + INTERVAL '1 day' AS end_day
  FROM away
  UNION ALL
  SELECT person_id, valid_from, valid_to, NULL AS first_day, CAST(start_date AS DATE) AS end_day
  FROM policy_people
  WHERE start_date IS NOT NULL
  UNION ALL
  SELECT person_id, valid_from, valid_to, CAST(leaving_date AS DATE) + INTERVAL '1 day' AS first_day, NULL AS end_day
  FROM policy_people
  WHERE leaving_date IS NOT NULL
)
SELECT
  u.person_id, u.about,
  u.first_use,
  CAST(local_time(s.unknown_from, u.time_zone) AS DATE) AS first_day,
  CAST(local_time(s.unknown_to - INTERVAL '1 second', u.time_zone) AS DATE) + INTERVAL '1 day' AS end_day
FROM used AS u
JOIN silent AS s ON u.source = s.source
UNION ALL
SELECT
  person_id, about,
  CAST(NULL AS TIMESTAMP) AS first_use,
  greatest(first_day, CAST(valid_from AS DATE)) AS first_day,
  least(end_day, CAST(valid_to AS DATE)) AS end_day
FROM stated
CROSS JOIN (VALUES ('downloads'), ('searches')) AS both(about)
WHERE first_day IS NOT NULL OR end_day IS NOT NULL
