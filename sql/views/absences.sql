-- When people are away, by the policy: from `first_day` until before `end_day`. A day away is unknown, not quiet.
SELECT
  person_id,
  arrow_cast(split_part(stretch, '/', 1), 'Timestamp(Microsecond, Some("UTC"))') AS first_day,
  arrow_cast(split_part(stretch, '/', 2), 'Timestamp(Microsecond, Some("UTC"))') + INTERVAL '1 day' AS end_day
FROM (SELECT person_id, unnest(absences) AS stretch FROM policy_people) AS listed
WHERE regexp_like(stretch, '^\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}$')
