-- Days of which nothing is known of a person, as ranges of local dates (the end excluded; NULL is long ago): a source that the person
-- uses was silent or had not begun, or the person was absent or not employed (`away_days`). `about` is what the person uses the source for:
-- who only signs in by a new source is not unknown in everything else. A range holds for days from `first_use` on (NULL: for all), so that
-- a span of days answers as each of them alone. Covers the 60 days before $interval_start; who looks further back joins `source_days` and
-- `away_days` themselves (slow_drip, leaver_review).
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
  SELECT source, interval_start, unknown_from, unknown_to
  FROM source_days
  WHERE interval_start >= $interval_start - INTERVAL '60 days' AND interval_start < $interval_end
    AND NOT complete
)
SELECT
  u.person_id, u.about,
  -- That a source begins anew after a long silence says nothing of the days before it did.
  CASE WHEN s.unknown_from IS NULL THEN greatest(u.first_use, s.interval_start) ELSE u.first_use END AS first_use,
  CAST(local_time(s.unknown_from, u.time_zone) AS DATE) AS first_day,
  CAST(local_time(s.unknown_to - INTERVAL '1 second', u.time_zone) AS DATE) + INTERVAL '1 day' AS end_day
FROM used AS u
JOIN silent AS s ON u.source = s.source
UNION ALL
SELECT a.person_id, both.about, CAST(NULL AS TIMESTAMP) AS first_use, a.first_day, a.end_day
FROM away_days AS a
CROSS JOIN (VALUES ('downloads'), ('searches')) AS both(about)
