-- title = "What the runs of the last day changed, by detection"
SELECT
  detection_id,
  count(*) FILTER (WHERE change = 'new') AS new,
  count(*) FILTER (WHERE change = 'changed') AS changed,
  count(*) FILTER (WHERE change = 'retracted') AS retracted
FROM alert_changes
WHERE change_time >= $since AND change_time < $until AND severity <> 'informational'
GROUP BY detection_id
ORDER BY count(*) DESC, detection_id
