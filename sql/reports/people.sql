-- title = "Who stands out on the day, and how that came over four weeks"
-- [params]
-- limit = 25
SELECT
  person_id,
  last_value(group_name ORDER BY day) AS group_name,
  -- The view ends with the last alert; since then it halves every week.
  round(
    last_value(risk ORDER BY day) * power(0.5, (date_part('epoch', $to) - date_part('epoch', max(day))) / 86400 / 7 - 1.0 / 7), 1
  ) AS risk,
  last_value(leaves ORDER BY day) AS leaves,
  last_value(cases ORDER BY day) AS cases,
  last_value(detections ORDER BY day) AS detections,
  max(day) AS last_day,
  array_agg(to_char(day, '%Y-%m-%d') ORDER BY day) AS days,
  array_agg(risk ORDER BY day) AS risks,
  count(*) OVER () AS total
FROM person_risk
WHERE day >= $from AND day < $to
  AND NOT array_has(string_to_array($unwatched, chr(31)), coalesce(group_name, 'Unknown'))
GROUP BY person_id
ORDER BY risk DESC, person_id
LIMIT $limit
