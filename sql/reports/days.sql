-- title = "Alerts a day over four weeks, by severity"
SELECT
  CAST(floor(date_part('epoch', interval_start) / 86400) AS BIGINT) AS day,
  count(*) FILTER (WHERE severity = 'high') AS high,
  count(*) FILTER (WHERE severity <> 'high') AS other
FROM alerts
WHERE interval_start >= $from AND interval_start < $to AND severity <> 'informational' AND status = 'firing'
GROUP BY CAST(floor(date_part('epoch', interval_start) / 86400) AS BIGINT)
ORDER BY day
