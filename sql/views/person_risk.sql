-- How much lies against a person on a day: what fired in the four weeks up to it, by its risk, halved for every week since.
-- Three medium alerts of different kinds outrank a high one. Of one detection's alerts of a day the gravest counts whole, the second half, the
-- third a third: fifty secrets in one upload are no fifty reasons. Of one case only the gravest alert of a day counts. What is there to be counted
-- (informational) or is still learning adds nothing, and who leaves weighs half as much again until then.
-- `person_risk` of a day later than the last alert is that of the last day, halved for every week since.
WITH settings AS (
  SELECT 7.0 AS half_life_days, 1.5 AS leaver_factor
),
cases AS (
  SELECT
    entity_id AS person_id, date_trunc('day', interval_start) AS alert_day, detection_id, case_id,
    max(group_name) AS group_name,
    CAST(max(risk_score) AS DOUBLE) AS risk
  FROM alerts
  WHERE entity_type = 'person_id' AND entity_id <> 'nobody' AND status = 'firing' AND severity <> 'informational'
  GROUP BY entity_id, date_trunc('day', interval_start), detection_id, case_id
),
weighed AS (
  SELECT
    *,
    risk / row_number() OVER (PARTITION BY person_id, alert_day, detection_id ORDER BY risk DESC, case_id) AS weight
  FROM cases
),
-- Every alert speaks on its own day and the 27 after it, as far as there are alerts of anybody.
spoken AS (
  SELECT
    w.person_id, w.alert_day + arrow_cast(n.value * 86400, 'Duration(Second)') AS day, w.group_name, w.detection_id, w.case_id,
    n.value AS age, w.weight * power(0.5, n.value / s.half_life_days) AS weight
  FROM weighed AS w
  CROSS JOIN generate_series(0, 27) AS n
  CROSS JOIN settings AS s
),
summed AS (
  SELECT
    person_id, day,
    max(group_name) AS group_name,
    sum(weight) AS weight,
    count(DISTINCT case_id) AS cases,
    count(DISTINCT case_id) FILTER (WHERE age = 0) AS new_cases,
    array_sort(array_agg(DISTINCT detection_id)) AS detections
  FROM spoken
  WHERE day <= (SELECT max(date_trunc('day', interval_start)) FROM alerts)
  GROUP BY person_id, day
)
SELECT
  r.person_id,
  r.day,
  r.group_name,
  round(r.weight * CASE WHEN l.person_id IS NULL THEN 1 ELSE s.leaver_factor END, 1) AS risk,
  l.person_id IS NOT NULL AS leaves,
  r.cases,
  r.new_cases,
  r.detections
FROM summed AS r
CROSS JOIN settings AS s
LEFT JOIN leavers AS l
  ON r.person_id = l.person_id AND r.day >= l.known_day AND r.day <= coalesce(l.leaving_date, l.known_day + INTERVAL '180 days')
