-- title = "Against whom does the most lie on a day, and why?"
-- [params]
-- day = "2026-04-12"
-- limit = 50
-- [columns]
-- risk = "what fired in the four weeks up to it, halved for every week since"
-- why = "the gravest alerts of those weeks, three at most"
WITH told AS (
  SELECT
    entity_id AS person_id,
    to_char(interval_start, '%Y-%m-%d') || ' ' || summary AS line,
    row_number() OVER (PARTITION BY entity_id ORDER BY risk_score DESC, interval_start DESC, alert_id) AS place
  FROM alerts
  WHERE entity_type = 'person_id' AND status = 'firing' AND severity <> 'informational'
    AND interval_start <= CAST($day AS TIMESTAMP) AND interval_start > CAST($day AS TIMESTAMP) - INTERVAL '28 days'
)
SELECT
  r.person_id, max(r.group_name) AS group_name, max(r.risk) AS risk, bool_or(r.leaves) AS leaves, max(r.cases) AS cases,
  array_to_string(array_agg(t.line ORDER BY t.place), ' | ') AS why
FROM person_risk AS r
JOIN told AS t ON r.person_id = t.person_id AND t.place <= 3
WHERE r.day = (
  SELECT max(day) FROM person_risk WHERE day <= CAST($day AS TIMESTAMP)
)
GROUP BY r.person_id
ORDER BY risk DESC, r.person_id
LIMIT $limit
