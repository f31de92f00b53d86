-- Per person and day, downloads, bytes and different files; flagged where the count lies more than six robust deviations above
-- the median of the 28 days before it. Days without a download count as zero, from the first day there are data of.
WITH daily AS (
  SELECT user_id, event_date, count(*) AS n, sum(file_size) AS bytes, distinct_count(file_id) AS files
  FROM downloads
  GROUP BY user_id, event_date
),
scored AS (
  SELECT
    d.*,
    activity_baseline(
      d.event_date, d.n, true, 28,
      named_struct('since', s.since, 'weekend', 'none', 'spread_min', 1, 'tail', false)
    ) OVER (PARTITION BY d.user_id) AS baseline
  FROM daily AS d
  CROSS JOIN (SELECT min(event_date) AS since FROM downloads) AS s
)
SELECT user_id, event_date, n, bytes, files
FROM scored
WHERE n >= 20 AND baseline['history'] >= 14 AND n - baseline['expected'] > 6 * baseline['spread']
