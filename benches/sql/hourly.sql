-- The most downloads in any hour that ends in a person's day; flagged where it is more than three times the highest of the 28
-- days with downloads before it.
WITH daily AS (
  SELECT user_id, unnest(sliding_peaks(ts, 60, event_date)) AS busiest
  FROM downloads
  GROUP BY user_id
),
peaks AS (
  SELECT user_id, busiest['day'] AS event_date, busiest['peak'] AS peak FROM daily
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
