-- title = "Names and work of people as of the day, for pages that may show them"
SELECT person_id, name, role, leaving_date
FROM policy_people
WHERE valid_from < $to AND valid_to >= $day_start
ORDER BY person_id
