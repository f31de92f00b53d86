-- The daily job by the day of a clock one hour ahead: groups that do not follow the folders, as those of `activity_daily` do not.
WITH daily AS (
  SELECT user_id, date_trunc('day', ts + INTERVAL '1 hour') AS local_day, count(*) AS n, sum(file_size) AS bytes, distinct_count(file_id) AS files
  FROM downloads
  GROUP BY user_id, date_trunc('day', ts + INTERVAL '1 hour')
),
scored AS (
  SELECT
    d.*,
    activity_baseline(
      CAST(d.local_day AS DATE), d.n, true, 28,
      named_struct('since', s.since, 'weekend', 'none', 'spread_min', 1, 'tail', false)
    ) OVER (PARTITION BY d.user_id) AS baseline
  FROM daily AS d
  CROSS JOIN (SELECT min(event_date) AS since FROM downloads) AS s
)
SELECT user_id, local_day, n, bytes, files
FROM scored
WHERE n >= 20 AND baseline['history'] >= 14 AND n - baseline['expected'] > 6 * baseline['spread']
