-- One night of the daily job: the newest day ($day) from its downloads, the 28 days before from `daily`, the rows of the nights before.
WITH days AS (
  SELECT user_id, event_date, count(*) AS n, sum(file_size) AS bytes, distinct_count(file_id) AS files
  FROM downloads
  WHERE event_date = CAST($day AS DATE)
  GROUP BY user_id, event_date
  UNION ALL
  SELECT user_id, event_date, n, bytes, files
  FROM daily
  WHERE event_date >= CAST($day AS DATE) - INTERVAL '28 days' AND event_date < CAST($day AS DATE)
),
scored AS (
  SELECT
    user_id,
    max(event_date) AS event_date,
    max(n) FILTER (WHERE event_date = CAST($day AS DATE)) AS n,
    max(bytes) FILTER (WHERE event_date = CAST($day AS DATE)) AS bytes,
    max(files) FILTER (WHERE event_date = CAST($day AS DATE)) AS files,
    activity_baseline_at(
      event_date, n, true, 28, CAST($day AS DATE),
      named_struct('since', (SELECT min(event_date) FROM days), 'weekend', 'none', 'spread_min', 1, 'tail', false)
    ) AS baseline
  FROM days
  GROUP BY user_id
)
SELECT user_id, event_date, n, bytes, files
FROM scored
WHERE event_date = CAST($day AS DATE) AND n >= 20 AND baseline['history'] >= 14 AND n - baseline['expected'] > 6 * baseline['spread']
