-- Panther's macro for anomalies: standard deviations above the user's own mean of days with downloads; a flat history has none and drops out.
SELECT person_id, day, (n - mean) / deviation AS score
FROM (
  SELECT
    person_id, day, n,
    avg(n) OVER (PARTITION BY person_id) AS mean,
    stddev(n) OVER (PARTITION BY person_id) AS deviation
  FROM (
    SELECT person_id, date_trunc('day', event_time) AS day, CAST(count(*) AS DOUBLE) AS n
    FROM acts
    WHERE action = 'file_downloaded' AND outcome = 'success' AND actor_class = 'human'
    GROUP BY person_id, date_trunc('day', event_time)
  ) AS daily
) AS scored
WHERE deviation > 0
