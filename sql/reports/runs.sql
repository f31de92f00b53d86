-- title = "When each job last ran, and what failed"
SELECT
  job,
  max(run_time) AS last_time,
  max(interval_end) FILTER (WHERE state <> 'failed') AS answered_to,
  count(*) FILTER (WHERE state = 'failed' AND run_time >= $since AND run_time < $until) AS failed
FROM runs
GROUP BY job
ORDER BY job
