-- Whether telling posters helps: one row a group, of the people who posted credentials. `coached` were told by a sink of kind `coach`;
-- `coached_again` posted another credential after that, `others_again` did so without having been told.
WITH posted AS (
  SELECT
    case_id, max(entity_id) AS entity_id, max(coalesce(group_name, 'Unknown')) AS group_name,
    min(coalesce(first_event_time, interval_start)) AS first_time
  FROM alerts
  WHERE detection_id IN ('credential_in_message', 'credential_in_file') AND entity_id <> 'nobody'
  GROUP BY case_id
),
told AS (
  SELECT case_id, min(delivery_time) AS told_time
  FROM deliveries
  WHERE change = 'coached' AND state = 'delivered'
  GROUP BY case_id
),
people AS (
  SELECT
    p.entity_id,
    last_value(p.group_name ORDER BY p.first_time, p.case_id) AS group_name,
    count(*) AS cases,
    count(t.told_time) AS told_cases,
    min(t.told_time) AS told_time,
    max(p.first_time) AS last_time
  FROM posted AS p
  LEFT JOIN told AS t ON p.case_id = t.case_id
  GROUP BY p.entity_id
)
SELECT
  group_name,
  count(*) AS posters,
  sum(cases) AS cases,
  count(told_time) AS coached,
  count(*) FILTER (WHERE last_time > told_time) AS coached_again,
  CAST(count(*) FILTER (WHERE last_time > told_time) AS DOUBLE) / nullif(count(told_time), 0) AS coached_again_rate,
  count(*) FILTER (WHERE told_time IS NULL AND cases > 1) AS others_again,
  CAST(count(*) FILTER (WHERE told_time IS NULL AND cases > 1) AS DOUBLE) / nullif(count(*) - count(told_time), 0) AS others_again_rate
FROM people
GROUP BY group_name
