-- title = "What each detection told in four weeks"
SELECT
  detection_id,
  count(*) AS alerts,
  count(DISTINCT case_id) AS cases,
  count(*) FILTER (WHERE status = 'learning') AS learning
FROM alerts
WHERE interval_start >= $from AND interval_start < $to
GROUP BY detection_id
ORDER BY detection_id
