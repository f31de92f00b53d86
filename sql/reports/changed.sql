-- title = "Alerts that runs of the last day changed or took back"
-- [params]
-- limit = 40
SELECT change, change_time, reason, case_id, detection_id, severity, entity_id, interval_start, summary, total
FROM (
  SELECT *, count(*) OVER () AS total
  FROM alert_changes
  WHERE change_time >= $since AND change_time < $until AND severity <> 'informational' AND change <> 'new'
) AS told
ORDER BY change DESC, change_time DESC, interval_start DESC, alert_id
LIMIT $limit
