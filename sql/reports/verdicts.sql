-- title = "How closed cases ended, by detection"
SELECT
  detection_id,
  count(*) FILTER (WHERE verdict = 'true_positive') AS right,
  count(*) FILTER (WHERE verdict = 'benign') AS benign,
  count(*) FILTER (WHERE verdict = 'false_positive') AS wrong
FROM (
  SELECT c.detection_id, a.case_id, last_value(a.verdict ORDER BY a.action_time) AS verdict
  FROM alert_actions AS a
  JOIN (SELECT case_id, max(detection_id) AS detection_id FROM alerts WHERE interval_start < $to GROUP BY case_id) AS c
    ON a.case_id = c.case_id
  WHERE a.decision = 'close' AND a.verdict IS NOT NULL
  GROUP BY c.detection_id, a.case_id
) AS ended
GROUP BY detection_id
ORDER BY detection_id
