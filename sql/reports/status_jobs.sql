-- title = "What each job did when it last ran, and how long it took"
SELECT
  job,
  max(run_time) AS last_time,
  max(interval_end) FILTER (WHERE state <> 'failed') AS answered_to,
  last_value(state ORDER BY run_time) AS state,
  last_value(seconds ORDER BY run_time) AS seconds,
  count(*) FILTER (WHERE state = 'failed' AND run_time >= $since) AS failed
FROM runs
GROUP BY job
ORDER BY job
