-- title = "The first events behind some alerts, as the alerts tell them"
-- [params]
-- alerts = ""
-- events_max = 8
SELECT alert_id, event['event_time'] AS event_time, event['action'] AS action, event['object'] AS object
FROM (
  SELECT alert_id, unnest(array_slice(evidence, 1, $events_max)) AS event
  FROM alerts
  WHERE interval_start >= $from AND interval_start < $to
    AND array_has(string_to_array($alerts, ','), alert_id)
) AS told
ORDER BY alert_id, event_time, action, object
