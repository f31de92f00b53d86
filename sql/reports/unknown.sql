-- title = "Days of which nothing is known of some people"
-- [params]
-- people = ""
SELECT DISTINCT
  u.person_id, u.about,
  CAST(date_part('epoch', u.first_day) / 86400 AS BIGINT) AS first_day,
  CAST(date_part('epoch', u.end_day) / 86400 AS BIGINT) AS end_day
FROM unknown_days AS u
JOIN (SELECT unnest(string_to_array($people, ',')) AS person_id) AS s ON u.person_id = s.person_id
WHERE u.first_day IS NOT NULL
ORDER BY person_id, about, first_day, end_day
