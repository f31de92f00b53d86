-- When people are away or not employed, by the policy, as ranges of local dates (the end excluded; NULL is long ago, or not yet ended):
-- absences, the time before their first day and after their last. Each row of the policy speaks for the time in which it holds.
WITH listed AS (
  SELECT person_id, valid_from, valid_to, unnest(absences) AS absence
  FROM policy_people
),
stated AS (
  SELECT
    person_id, valid_from, valid_to,
    TRY_CAST(split_part(absence, '/', 1) AS DATE) AS first_day,
    TRY_CAST(split_part(absence, '/', CASE WHEN strpos(absence, '/') > 0 THEN 2 ELSE 1 END) AS DATE) + INTERVAL '1 day' AS end_day
  FROM listed
  UNION ALL
  SELECT person_id, valid_from, valid_to, NULL AS first_day, CAST(start_date AS DATE) AS end_day
  FROM policy_people
  WHERE start_date IS NOT NULL
  UNION ALL
  SELECT person_id, valid_from, valid_to, CAST(leaving_date AS DATE) + INTERVAL '1 day' AS first_day, NULL AS end_day
  FROM policy_people
  WHERE leaving_date IS NOT NULL
)
SELECT
  person_id,
  greatest(first_day, CAST(valid_from AS DATE)) AS first_day,
  least(end_day, CAST(valid_to AS DATE)) AS end_day
FROM stated
WHERE first_day IS NOT NULL OR end_day IS NOT NULL
