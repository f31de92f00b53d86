-- The most downloads in any hour that ends in a person's day; flagged where it is more than three times the highest of the 28
-- days with downloads before it. Hours within a day are found folder by folder; those that reach back across midnight
-- lie in the last hour of one day and the first of the next.
WITH peaks AS (
  SELECT user_id, event_date, max(peak) AS peak
  FROM (
    SELECT user_id, event_date, sliding_peak(ts, 60) AS peak
    FROM downloads
    GROUP BY user_id, event_date
    UNION ALL
    SELECT user_id, busiest['day'] AS event_date, busiest['peak'] AS peak
    FROM (
      SELECT user_id, unnest(sliding_peaks(ts, 60, event_date)) AS busiest
      FROM downloads
      WHERE date_part('hour', ts) IN (0, 23)
      GROUP BY user_id
    ) AS nights
  ) AS hours
  GROUP BY user_id, event_date
),
base AS (
  SELECT
    *,
    max(peak) OVER before AS top,
    count(*) OVER before AS seen
  FROM peaks
  WINDOW before AS (PARTITION BY user_id ORDER BY event_date ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING)
)
SELECT user_id, event_date, peak
FROM base
WHERE seen >= 7 AND peak >= 20 AND peak > 3 * top
